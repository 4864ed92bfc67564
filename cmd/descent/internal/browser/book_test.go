package browser

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/internal/page"
	"descent/lab"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// book is the book in a language, live, as a file.
func book(t *testing.T, lang string) string {
	t.Helper()
	return written(t, func(w io.Writer, e *page.Engine) error {
		var runs []*lab.Run
		for _, e := range lab.Table() {
			runs = append(runs, e.Do(nil))
		}
		return lab.WriteBook(w, runs, lang, e)
	})
}

// chapter is an expression for what a chapter of the book has.
func chapter(name, inside string) string {
	return fmt.Sprintf("document.querySelector('#%s %s')", name, inside)
}

// says is an expression for whether a chapter says a text of what it does.
func says(name, text string) string {
	return fmt.Sprintf("%s.textContent.startsWith(%q)", chapter(name, "[role=status]"), text)
}

// A reader opens one experiment by its address, with parameters set; moves one by keys; runs the
// tutorial's numbers again. The page has what the engine gives here, in its language.
func TestBook(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			b := open(t, 1280, book(t, lang), "#step-sizes&lr3=0.99&steps=40")
			nothing := says("step-sizes", lab.Word("nothing", lang))
			b.until(nothing)
			b.same(lab.Question{Experiment: "step-sizes", Set: map[string]float64{"lr3": 0.99, "steps": 40}, Lang: lang})
			if got, want := b.text(chapter("step-sizes", ".ruling")+".textContent"), lab.Word("holds", lang); !strings.HasSuffix(got, want) {
				t.Errorf("the verdict is %q, of a claim that cannot be judged here", got)
			}
			b.picture("book-" + lang)

			key(b, "step-sizes", 4, "\u0303") // ArrowRight
			b.until(`location.hash == '#step-sizes&lr3=0.99&steps=41'`)
			b.until(chapter("step-sizes", "td") + `.textContent.includes('41') && ` + nothing)

			b.do(chromedp.Evaluate(chapter("step-sizes", "button")+".click()", nil))
			b.until(says("step-sizes", answered(t, lab.Question{Experiment: "step-sizes", Lang: lang}).Summary))
			b.same(lab.Question{Experiment: "step-sizes", Lang: lang})
			b.until(`location.hash == '#step-sizes'`)

			// One experiment alone, for a lesson, and the whole book again.
			shown := `[...document.querySelectorAll('nav, section')].filter(e => e.offsetHeight).map(e => e.id) == `
			b.do(chromedp.Evaluate(`location.hash = '#step-sizes&steps=20&alone'`, nil))
			b.until(shown + `'step-sizes' && ` + chapter("step-sizes", "td") + `.textContent.includes('20')`)
			b.picture("alone-" + lang)
			key(b, "step-sizes", 4, "\u0303")
			b.until(`location.hash == '#step-sizes&steps=21&alone'`)
			b.do(chromedp.Evaluate(chapter("step-sizes", "button:nth-of-type(3)")+".click()", nil))
			b.until(`!(` + shown + `'step-sizes') && location.hash == '#step-sizes&steps=21'`)

			// A claim that can be judged wherever parameters are.
			b.do(chromedp.Evaluate(`location.hash = '#sgd-adam&sgd=0.001'`, nil))
			b.until(chapter("sgd-adam", ".ruling") + fmt.Sprintf(`.textContent == %q`, lab.Word("moved", lang)+lab.Word("colon", lang)+lab.Word("holds", lang)))
			b.complaints()
		})
	}
}

// Every experiment gives in the page what it should; one that runs can be stopped.
func TestAllOfTheBook(t *testing.T) {
	b := open(t, 1280, book(t, "en"), "")
	b.until(chapter("annealing", "button"))
	b.do(chromedp.Evaluate(chapter("annealing", "button")+".click()", nil))
	b.until(`!` + chapter("annealing", "button:nth-of-type(2)") + ".hidden")
	b.do(chromedp.Evaluate(chapter("annealing", "button:nth-of-type(2)")+".click()", nil))
	b.until(says("annealing", lab.Word("stopped", "en")))
	b.do(chromedp.Evaluate(`document.querySelectorAll('section form').forEach(f => f.querySelector('button').click())`, nil))
	for _, e := range lab.Table() {
		b.until(says(e.Name, answered(t, lab.Question{Experiment: e.Name, Lang: "en"}).Summary))
	}
	if wrong := b.text(`[...document.querySelectorAll('section')].filter(s => [...s.querySelectorAll('tbody tr')].some(r => r.cells[3].textContent != '✓')).map(s => s.id)`); wrong != "" {
		t.Errorf("not as expected in the page: %s", wrong)
	}
	b.complaints()
}

// On a telephone nothing is cut off; without script there is the book to read, and no control.
func TestBookElsewhere(t *testing.T) {
	file := book(t, "zh")
	b := open(t, 380, file, "#sgd-adam&adam=1")
	b.until(says("sgd-adam", lab.Word("nothing", "zh")))
	b.picture("book-narrow")
	if wide := b.text(`document.documentElement.scrollWidth`); wide != "380" {
		t.Errorf("at 380 pixels the page is %s wide", wide)
	}
	b.complaints()
	b.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate("file://"+file+"?plain"))
	for expression, want := range map[string]string{
		`document.querySelectorAll('form, button, input').length`: "0",
		`document.getElementById('live').offsetHeight`:            "0",
		`document.querySelectorAll('section').length`:             strconv.Itoa(len(lab.Table())),
		`document.querySelectorAll('figure svg').length > 40`:     "true",
	} {
		if got := b.text(expression); got != want {
			t.Errorf("without script %s is %s, not %s", expression, got, want)
		}
	}
}

// key presses a key on a parameter of a chapter.
func key(b *tab, name string, i int, key string) {
	id := fmt.Sprintf("#%s .row:nth-of-type(%d) input[type=range]", name, i+1)
	b.do(chromedp.Focus(id), chromedp.SendKeys(id, key))
}

// same holds a chapter against what is answered here: its numbers, and, on the portable
// kernels, which are the page's, every stroke of its pictures.
func (b *tab) same(q lab.Question) {
	b.t.Helper()
	r := answered(b.t, q)
	for i, l := range r.Lines {
		cell := func(k int) string {
			return b.text(fmt.Sprintf("document.querySelectorAll('#%s tbody tr')[%d].cells[%d].textContent", q.Experiment, i, k))
		}
		got, err := strconv.ParseFloat(cell(1), 64)
		want, _ := strconv.ParseFloat(l.Got, 64)
		if cell(0) != l.Name || err != nil || math.Abs(got-want) > 1e-8*math.Abs(want) {
			b.t.Errorf("the page has %s = %s, the engine here %s = %s", cell(0), cell(1), l.Name, l.Got)
		}
		mark := map[bool]string{true: "✓", false: "✗"}[l.Agrees]
		if l.Want == "" {
			l.Want, mark = "–", ""
		}
		if cell(2) != l.Want || cell(3) != mark {
			b.t.Errorf("%s: the page expects %s: %q, the engine here %s: %q", l.Name, cell(2), cell(3), l.Want, mark)
		}
	}
	if os.Getenv("DESCENT_ISA") != "portable" {
		return
	}
	for i, svg := range r.Pictures {
		if same := b.text(fmt.Sprintf(`document.querySelectorAll('#%s figure svg')[%d].isEqualNode(new DOMParser().parseFromString(%q, 'image/svg+xml').documentElement)`, q.Experiment, i, svg)); same != "true" {
			b.t.Errorf("%s: picture %d of the page is another", q.Experiment, i)
		}
	}
}

// answered is what the engine answers here.
func answered(t testing.TB, q lab.Question) *lab.Reply {
	t.Helper()
	text, err := numjson.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := lab.Answer(t.Context(), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.(*lab.Reply)
}
