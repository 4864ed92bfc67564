package browser

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"descent/cmd/descent/internal/play"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// Times are the machine's: these tests print them, and hold them against nothing.

//go:embed watch.js
var watch string

// measured opens a page as people have it: in a browser that has started, which does more
// for a while than it seems to, and lets things move and does not record what is loaded. It
// watches the page.
func measured(t *testing.T, file, hash string) *tab {
	t.Helper()
	b := open(t, 1280, word(t), "", network.Disable(), emulation.SetEmulatedMedia(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(watch).Do(ctx)
		return err
	}))
	b.do(chromedp.Sleep(2*time.Second), chromedp.Navigate("file://"+file+hash))
	return b
}

// word writes a page of one word.
func word(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "word.html")
	if err := os.WriteFile(file, []byte("<!DOCTYPE html><p id='state'>descent"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// How soon the page is painted, beside one of a word, and how soon it shows what its engine
// says.
func TestStart(t *testing.T) {
	file := written(t, play.Write)
	const painted = `performance.getEntriesByName('first-contentful-paint')`
	var bare, whole, answered []float64
	for range 5 {
		b := measured(t, word(t), "")
		b.until(painted + `.length > 0`)
		bare = append(bare, b.number(painted+`[0].startTime`))
		b.close()
		b = measured(t, file, "")
		b.until(`watch.answered > 0`)
		whole, answered = append(whole, b.number(painted+`[0].startTime`)), append(answered, b.number(`watch.answered`))
		b.complaints()
		b.close()
	}
	t.Logf("medians of five: painted after %.0f ms, a page of a word after %.0f ms; first answer after %.0f ms", median(whole), median(bare), median(answered))
}

// While things move, frames come and nothing blocks the page for long; nor when the page is
// opened.
func TestFrames(t *testing.T) {
	file := written(t, play.Write)
	for _, hash := range []string{"#n=2000&o=sgd&o=momentum&o=adam&o=nadam", "#points=circles&epochs=30&o=adam(lr%3D0.02)&o=sgd(lr%3D0.1)"} {
		b := measured(t, word(t), "")
		opened := b.traced(func() {
			b.do(chromedp.Navigate("file://" + file + hash))
			b.until(`watch.answered > 0`)
			b.do(chromedp.Sleep(2 * time.Second)) // the rest is asked and shown
		})
		var frames []float64
		played := b.traced(func() {
			b.do(chromedp.Evaluate(`setInterval(() => { const run = document.getElementById('run'); if (run.textContent == 'Play') run.click(); })`, nil))
			b.do(chromedp.Evaluate(`watch.frames.length = 0`, nil), chromedp.Sleep(10*time.Second), chromedp.Evaluate(`watch.frames`, &frames))
		})
		if len(frames) < 30 {
			t.Fatalf("%s: %d frames in 10 s", hash, len(frames))
		}
		t.Logf("%s: %d frames, median %.1f ms, longest %.1f ms; longest task %.0f ms, of computing %.0f ms; of opening %.0f ms, of computing %.0f ms",
			hash, len(frames), median(frames), slices.Max(frames), longest(played, task.wall), longest(played, task.cpu), longest(opened, task.wall), longest(opened, task.cpu))
		b.complaints()
		b.close()
	}
}

// A task is one of a page's main thread: how long it took and, of that, how long it computed,
// in microseconds. On a machine that has other things to do, the second tells more.
type task struct{ Dur, TDur float64 }

func (t task) wall() float64 { return t.Dur / 1000 }
func (t task) cpu() float64  { return t.TDur / 1000 }

func longest(tasks []task, of func(task) float64) float64 {
	return of(slices.MaxFunc(tasks, func(a, b task) int { return cmp.Compare(of(a), of(b)) }))
}

// traced returns the tasks of the page while something is done.
func (b *tab) traced(do func()) []task {
	b.t.Helper()
	type event struct {
		Name     string
		PID, TID int
		task
	}
	var events []event
	over := make(chan error, 1)
	ctx, stop := context.WithCancel(b)
	defer stop()
	chromedp.ListenBrowser(ctx, func(e any) {
		switch e := e.(type) {
		case *tracing.EventDataCollected:
			for _, text := range e.Value {
				var x event
				if err := json.Unmarshal(text, &x); err != nil {
					b.t.Error(err)
				}
				events = append(events, x)
			}
		case *tracing.EventTracingComplete:
			over <- nil
		}
	})
	browser := func(do chromedp.Action) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			return do.Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
		})
	}
	b.do(browser(tracing.Start().WithTraceConfig(&tracing.TraceConfig{IncludedCategories: []string{"toplevel", "blink.user_timing"}})))
	do()
	b.do(chromedp.Evaluate(`performance.mark('traced')`, nil), browser(tracing.End()))
	select {
	case <-over:
	case <-b.Done():
		b.t.Fatal(b.Err())
	}
	at := slices.IndexFunc(events, func(e event) bool { return e.Name == "traced" })
	if at < 0 {
		b.t.Fatal("the trace has no mark of the page")
	}
	var tasks []task
	for _, e := range events {
		if e.PID == events[at].PID && e.TID == events[at].TID {
			tasks = append(tasks, e.task)
		}
	}
	return tasks
}

// number is what an expression is.
func (b *tab) number(expression string) (x float64) {
	b.t.Helper()
	b.do(chromedp.Evaluate(expression, &x))
	return x
}

// close ends the browser.
func (b *tab) close() {
	b.t.Helper()
	if err := chromedp.Cancel(b); err != nil {
		b.t.Error(err)
	}
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
