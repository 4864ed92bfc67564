package browser

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"descent/cmd/descent/internal/play"
	"descent/internal/numjson"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is a page in a browser, and what it complained of.
type tab struct {
	context.Context
	t    testing.TB
	mu   sync.Mutex
	said []string
}

// open opens a page of a file in a headless browser, width pixels wide.
func open(t testing.TB, width int64, file, hash string) *tab {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("skipped: there is no Chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	ctx, late := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(late)
	b := &tab{Context: ctx, t: t}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			b.complain("log: " + e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if url := e.Request.URL; !strings.HasPrefix(url, "file:") && !strings.HasPrefix(url, "blob:") {
				b.complain("request: " + url)
			}
		}
	})
	b.do(network.Enable(), log.Enable(), chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+file+hash))
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, text)
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		var state string
		_ = chromedp.Run(b, chromedp.Evaluate(`[location.hash, document.getElementById('error').textContent, document.getElementById('state').textContent].join(' | ')`, &state))
		b.t.Fatalf("%v; the page is %s, and says %q", err, state, b.said)
	}
}

// until waits for a JavaScript expression to be true.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.do(chromedp.Poll(expression, nil, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(time.Minute)))
}

// text is what an expression is.
func (b *tab) text(expression string) (out string) {
	b.t.Helper()
	b.do(chromedp.Evaluate("String("+expression+")", &out))
	return out
}

// page writes the page, if this test was built with its engine.
func page(t testing.TB) string {
	t.Helper()
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("skipped: DESCENT_SLOW=1 opens pages in a browser")
	}
	var text strings.Builder
	if err := play.Write(&text, "of the test"); err != nil {
		t.Skip("skipped: ", err)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const settled = `document.getElementById('state').textContent.includes('optimizers,')`

// A user opens the page, types a formula, moves the start by keys, and adds an optimizer;
// the page has the numbers that the engine gives here, says nothing on its console, and
// asks for nothing from outside.
func TestPage(t *testing.T) {
	file := page(t)
	b := open(t, 1280, file, "")
	b.until(settled)
	b.picture("wide")
	b.do(chromedp.Evaluate(`document.getElementById("formula").select()`, nil), chromedp.SendKeys("#formula", "(a - 1)^2 + 2*b^2"))
	b.until(`document.querySelectorAll('#start input').length == 2 && document.querySelector('#start input').name == 'a'`)
	b.do(chromedp.Click("#add"))
	b.until(settled + ` && document.querySelectorAll('#ends tr').length == 5`)
	b.do(chromedp.Focus("#map"), chromedp.SendKeys("#map", "\u0302")) // ArrowRight
	b.until(`document.querySelector('#start input').value != '-8'`)
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
	question, err := numjson.Marshal(play.Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"sgd(lr=0.9)", "adam(lr=0.3)"}, Steps: 60})
	if err != nil {
		t.Fatal(err)
	}
	var want play.Reply
	if err := numjson.Unmarshal(play.Answer(t.Context(), question), &want); err != nil {
		t.Fatal(err)
	}
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

// Nets learn points, of a shape and of one's own by clicks, in the page as here.
func TestNets(t *testing.T) {
	file := page(t)
	b := open(t, 1280, file, "#points=moons&rows=120&epochs=20&o=adam(lr%3D0.02)&o=sgd(lr%3D0.1)")
	b.until(learned)
	b.picture("nets")
	question, err := numjson.Marshal(play.Question{Net: &play.NetQuestion{Points: "moons", Rows: 120, Noise: 0.1, Seed: 1, Model: "mlp(8,8)", Loss: "bce_logits",
		Optimizers: []string{"adam(lr=0.02)", "sgd(lr=0.1)"}, Epochs: 20, Batch: 16}})
	if err != nil {
		t.Fatal(err)
	}
	var want play.Reply
	if err := numjson.Unmarshal(play.Answer(t.Context(), question), &want); err != nil || want.Error != "" {
		t.Fatal(err, want.Error)
	}
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
	b.do(chromedp.Evaluate(`document.getElementById('a-function').click()`, nil))
	b.until(settled)
	b.complaints()
}

const learned = `/nets, 9[01] points/.test(document.getElementById('state').textContent)`

// complaints reports what the page complained of.
func (b *tab) complaints() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.said {
		b.t.Error(text)
	}
}

// picture keeps a picture of the page, for people, where DESCENT_PICTURES names a folder.
func (b *tab) picture(name string) {
	folder := os.Getenv("DESCENT_PICTURES")
	if folder == "" {
		return
	}
	var png []byte
	b.do(chromedp.Sleep(7*time.Second), chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
