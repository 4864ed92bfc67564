package browser

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"descent/cmd/descent/internal/play"
	"descent/internal/numjson"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const settled = `/optimizers?,/.test(document.getElementById('state').textContent)`

// A user opens the page, types a formula, moves the start by keys, and adds an optimizer;
// the page has the numbers that the engine gives here, says nothing on its console, and
// asks for nothing from outside.
func TestPage(t *testing.T) {
	file := written(t, play.Write)
	b := open(t, 1280, file, "")
	b.until(settled)
	b.picture("wide")
	b.do(chromedp.Evaluate(`document.getElementById("formula").select()`, nil), chromedp.SendKeys("#formula", "(a - 1)^2 + 2*b^2"))
	b.until(`document.querySelectorAll('#start input').length == 2 && document.querySelector('#start input').name == 'a'`)
	b.do(chromedp.Click("#add"))
	b.until(settled + ` && document.querySelectorAll('#ends tr').length == 5`)
	b.do(chromedp.Evaluate(`document.getElementById("map").focus()`, nil), chromedp.KeyEvent(kb.ArrowRight))
	b.until(`document.querySelector('#start input').value > -8`)
	b.until(`document.querySelectorAll('#limits li').length == 5`)

	address := b.text(`decodeURIComponent(location.hash)`)
	if !strings.Contains(address, "(a+-+1)^2") || strings.Count(address, "o=") != 5 {
		t.Errorf("the address is %s", address)
	}
	b.complaints()

	// The same address gives the same page, whose numbers are those of the engine here.
	other := open(t, 380, file, "#f=x%5E2%2F20+%2B+y%5E2&x=-8+2&n=60&o=sgd(lr%3D0.9)&o=adam(lr%3D0.3)")
	other.until(settled)
	other.picture("narrow")
	want := ask(t, play.Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"sgd(lr=0.9)", "adam(lr=0.3)"}, Steps: 60})
	other.until(`document.getElementById('step').textContent == '60'`)
	for i, run := range want.Runs {
		cell := func(k int) string {
			return other.text(fmt.Sprintf(`document.querySelectorAll('#ends tr')[%d].cells[%d].firstChild.textContent`, i, k))
		}
		if kind := cell(5); kind != run.Kind {
			t.Errorf("%s: the page says %q, the engine here %q", run.Optimizer, kind, run.Kind)
		}
		for k, values := range map[int][]float64{2: run.F, 3: run.Gradient, 4: run.Moved} {
			last := values[len(values)-1]
			if got, err := strconv.ParseFloat(cell(k), 64); err != nil || math.Abs(got/last-1) > 1e-5 {
				t.Errorf("%s: column %d of the page has %v (%v), the engine here %v", run.Optimizer, k, got, err, last)
			}
		}
	}
	if wide := other.text(`document.documentElement.scrollWidth <= 380`); wide != "true" {
		t.Errorf("at 380 pixels the page is %s wide", other.text(`document.documentElement.scrollWidth`))
	}
	other.complaints()
}

// The start follows the pointer while it is down, and the map stays; then a problem of a suite
// is chosen, whose lowest point the page knows.
func TestStarts(t *testing.T) {
	b := open(t, 1280, written(t, play.Write), "#f=x%5E2%2F20+%2B+y%5E2&x=-8+2&n=60&o=sgd(lr%3D0.9)")
	b.until(settled)
	mouse := func(kind input.MouseType, x, y float64) chromedp.Action {
		var box [2]float64
		return chromedp.Tasks{chromedp.Evaluate(`(() => { const b = document.getElementById('map').getBoundingClientRect(); return [b.x, b.y]; })()`, &box),
			chromedp.ActionFunc(func(ctx context.Context) error {
				return input.DispatchMouseEvent(kind, box[0]+x, box[1]+y).WithButton(input.Left).WithClickCount(1).Do(ctx)
			})}
	}
	number := func(expression string) float64 {
		v, err := strconv.ParseFloat(b.text(expression), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	at := func(k int) float64 {
		return number(fmt.Sprintf(`document.querySelectorAll('#start input')[%d].value`, k))
	}
	b.do(mouse(input.MousePressed, 200, 200))
	b.until(`decodeURIComponent(location.hash).includes('box=')`)
	box, x, y := b.text(`new URLSearchParams(location.hash.slice(1)).get('box')`), at(0), at(1)
	for i := range 10 {
		b.do(mouse(input.MouseMoved, 200+20*float64(i), 200-10*float64(i)))
	}
	b.do(mouse(input.MouseReleased, 380, 110), mouse(input.MouseMoved, 500, 50))
	b.until(fmt.Sprintf(`document.querySelectorAll('#start input')[0].value > %v`, x+2))
	if at(1) <= y || b.text(`new URLSearchParams(location.hash.slice(1)).get('box')`) != box {
		t.Errorf("from %v, %v to %v, %v; the map was %s", x, y, at(0), at(1), box)
	}
	first := `(document.getElementById('at').value = 0, document.getElementById('at').oninput(), document.querySelector('#ends tr').cells[2].textContent)`
	b.until(fmt.Sprintf(`Math.abs(%s - %v) < 1e-3`, first, at(0)*at(0)/20+at(1)*at(1)))

	b.do(chromedp.Evaluate(`document.getElementById('as').value = 'surface', document.getElementById('as').onchange()`, nil))
	b.until(`document.getElementById('map').hidden && document.querySelector('#relief path[stroke-width="2"]').getAttribute('d').length > 100`)
	x = at(0)
	b.do(chromedp.Evaluate(`document.getElementById('relief').focus()`, nil), chromedp.KeyEvent(kb.ArrowLeft))
	b.until(fmt.Sprintf(`document.querySelectorAll('#start input')[0].value < %v && location.hash.includes('as=surface')`, x))

	b.do(chromedp.Evaluate(`document.getElementById('example').value = 'booth', document.getElementById('example').onchange()`, nil))
	b.until(`document.getElementById('state').textContent.includes('The lowest value is 0 at 1, 3, the cross on the map.')`)
	want := ask(t, play.Question{Problem: "booth", Optimizers: []string{"lbfgs"}, Steps: 200}).Runs[0]
	if kind := b.text(`document.querySelector('#ends tr').cells[5].textContent`); !strings.HasPrefix(kind, want.Kind) || !strings.Contains(kind, "above the lowest") {
		t.Errorf("of booth: %q, and the engine here says %q", kind, want.Kind)
	}
	if address := b.text(`location.hash`); !strings.HasPrefix(address, "#problem=booth&") {
		t.Errorf("the address is %s", address)
	}
	b.complaints()
}

// Why gradient descent on x² diverges at a rate of 1.1 is found by moving one slider: from 1 on
// it does, and the page says that the curvature is 2.
func TestLesson(t *testing.T) {
	b := open(t, 1280, written(t, play.Write), "#f=x%5E2&x=3&n=30&o=sgd(lr%3D0.1)")
	ends := func(rate float64) (f float64, kind string) {
		// The slider is from 1e-4 to 100, evenly in the logarithm.
		b.do(chromedp.Evaluate(fmt.Sprintf(`{ const s = document.querySelector('#entrants input[type=range]'); s.value = %v; s.oninput({ target: s }); }`, 1000*(math.Log10(rate)+4)/6), nil))
		b.until(fmt.Sprintf(`Math.abs(/lr=([0-9.]+)/.exec(document.querySelector('#ends tr').cells[0].textContent)[1] / %v - 1) < 0.02`, rate))
		f, err := strconv.ParseFloat(b.text(`document.querySelector('#ends tr').cells[2].textContent`), 64)
		if err != nil {
			t.Fatal(err)
		}
		return f, b.text(`document.querySelector('#ends tr span').textContent`)
	}
	b.until(settled)
	if f, kind := ends(0.9); f > 1e-3 {
		t.Errorf("at a rate of 0.9 the value is %v: %s", f, kind)
	}
	if f, kind := ends(1.1); f < 9 {
		t.Errorf("at a rate of 1.1 the value is %v: %s", f, kind)
	}
	b.until(`document.getElementById('why').textContent.includes('from a rate of 2/2 = 1 on') && /descends below a learning rate of (1|1\.000|0\.999)/.test(document.getElementById('limits').textContent)`)
	b.picture("lesson")
	b.complaints()
}

// Nets learn points, of a shape and of one's own by clicks, in the page as here.
func TestNets(t *testing.T) {
	file := written(t, play.Write)
	b := open(t, 1280, file, "#points=moons&rows=120&epochs=20&o=adam(lr%3D0.02)&o=sgd(lr%3D0.1)")
	b.until(learned)
	b.picture("nets")
	want := ask(t, play.Question{Net: &play.NetQuestion{Points: "moons", Rows: 120, Noise: 0.1, Seed: 1, Model: "mlp(8,8)", Loss: "bce_logits",
		Optimizers: []string{"adam(lr=0.02)", "sgd(lr=0.1)"}, Epochs: 20, Batch: 16}})
	b.until(`document.getElementById('step').textContent == '20'`)
	for i, net := range want.Net.Nets {
		last := net.Scores[len(net.Scores)-1]
		for k, value := range map[int]float64{2: last.Train, 3: last.Test, 5: 100 * last.TestHits} {
			cell := b.text(fmt.Sprintf(`document.querySelectorAll('#ends tr')[%d].cells[%d].textContent`, i, k))
			if got, err := strconv.ParseFloat(cell, 64); err != nil || math.Abs(got/value-1) > 1e-4 { // rounding differs with the instruction set
				t.Errorf("%s: column %d of the page has %v (%v), the engine here %v", net.Optimizer, k, cell, err, value)
			}
		}
	}
	b.do(chromedp.Evaluate(`document.getElementById('adds').value = '1'; {
		const c = document.querySelector('#nets canvas'), box = c.getBoundingClientRect();
		c.dispatchEvent(new MouseEvent('click', { clientX: box.x + box.width / 2, clientY: box.y + box.height / 4 }));
	}`, nil))
	b.until(`decodeURIComponent(location.hash).includes('own=') && document.getElementById('points').value == 'own' && ` + learned)
	count := func() int { return strings.Count(b.text(`location.hash`), "%3B") }
	before := count()
	b.do(chromedp.Evaluate(`document.getElementById('adds').value = '0', document.querySelector('#nets canvas').focus()`, nil),
		chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
	b.until(fmt.Sprintf(`location.hash.split('%%3B').length == %d && location.hash.includes('%%2C0&') && document.activeElement.tagName == 'CANVAS'`, before+2))
	matrix := `[...document.querySelectorAll('#nets .weights canvas')].map(c => c.toDataURL()).join()`
	b.until(`document.querySelectorAll('#nets .weights canvas').length == 6`)
	last := b.text(matrix)
	b.do(chromedp.Evaluate(`document.getElementById('at').value = 0, document.getElementById('at').oninput()`, nil))
	if b.text(matrix) == last {
		t.Error("the weights are the same in the beginning and in the end")
	}
	b.do(chromedp.Evaluate(`{
		const rows = [...Array(60).keys()].map(i => [i % 7, 10 * (i % 5), i % 7 > 3 ? 'yes' : 'no'].join());
		const d = new DataTransfer();
		d.items.add(new File(['x,y,class\n' + rows.join('\n')], 'points.csv'));
		document.getElementById('nets').dispatchEvent(new DragEvent('drop', { dataTransfer: d, bubbles: true, cancelable: true }));
	}`, nil))
	b.until(`document.getElementById('state').textContent.startsWith('2 nets, 45 points') && location.hash.split('%3B').length == 60`)
	b.do(chromedp.Evaluate(`document.getElementById('points').value = 'moons', document.getElementById('points').onchange()`, nil))
	b.until(learned)
	b.do(chromedp.Evaluate(`document.getElementById('loss').value = 'mean(softplus(pred) - target*pred)', document.getElementById('loss').onchange()`, nil))
	b.until(`location.hash.includes('softplus') && ` + learned)
	b.do(chromedp.Evaluate(`document.getElementById('a-function').click()`, nil))
	b.until(settled)
	b.complaints()
}

// The page works as well where the command shows it, until Ctrl-C.
func TestServed(t *testing.T) {
	address, end := served(t, t.TempDir(), "play", "--serve", "127.0.0.1:0")
	b := visit(t, 1280, address)
	b.until(settled)
	b.complaints()
	if err := end(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

// The page works in a frame of another page, with the address of the frame.
func TestFramed(t *testing.T) {
	page := written(t, play.Write)
	outside := filepath.Join(filepath.Dir(page), "outside.html")
	if err := os.WriteFile(outside, []byte(`<!DOCTYPE html><html lang="en"><title>Course</title><iframe src="page.html#f=x%5E2&x=3&n=30&o=sgd(lr%3D0.9)&o=sgd(lr%3D1.1)" title="Gradient descent on a parabola" width="100%" height="900" loading="lazy"></iframe>`), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(page))))
	defer srv.Close()
	b := visit(t, 1280, srv.URL+"/outside.html")
	b.until(`frames[0].document.getElementById('state')?.textContent == '2 optimizers, 30 steps.'`)
	if kind := b.text(`frames[0].document.querySelectorAll('#ends tr')[1].textContent`); !strings.Contains(kind, "diverged") {
		t.Errorf("in the frame: %s", kind)
	}
}

const learned = `/nets, 9[0-9] points/.test(document.getElementById('state').textContent)`

// ask is what the engine answers here.
func ask(t testing.TB, q play.Question) *play.Reply {
	t.Helper()
	text, err := numjson.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := play.Answer(t.Context(), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.(*play.Reply)
}
