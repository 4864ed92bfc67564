package browser

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"descent/cmd/descent/internal/engine"
	"descent/internal/page"

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

// installed is where a browser is, which has some names.
func installed(t testing.TB, browser string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("skipped: there is no ", browser)
	return ""
}

// open opens a page of a file.
func open(t testing.TB, width int64, file, hash string, first ...chromedp.Action) *tab {
	t.Helper()
	return visit(t, width, "file://"+file+hash, first...)
}

// visit opens a page in a headless Chromium, width pixels wide; it may ask for nothing but
// itself and how it changes, and nothing moves in it that was not asked to, unless first, what is done
// before, changes that.
func visit(t testing.TB, width int64, address string, first ...chromedp.Action) *tab {
	t.Helper()
	browser := installed(t, "Chromium", "chromium", "chromium-browser", "google-chrome")
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
		case *runtime.EventConsoleAPICalled:
			for _, arg := range e.Args {
				b.complain(fmt.Sprintf("console: %s", arg.Value))
			}
		case *log.EventEntryAdded:
			b.complain("log: " + e.Entry.Text)
		case *network.EventRequestWillBeSent:
			scheme, _, _ := strings.Cut(e.Request.URL, ":")
			if own, _, _ := strings.Cut(address, "#"); e.Request.URL != own && e.Request.URL != own+"events" && scheme != "blob" && scheme != "data" {
				b.complain("request: " + e.Request.URL)
			}
		}
	})
	b.do(network.Enable(), log.Enable(), media("light"), chromedp.EmulateViewport(width, 900))
	b.do(first...)
	b.do(chromedp.Navigate(address))
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

// written writes a page, if this test was built with its engine.
func written(t testing.TB, write func(io.Writer, *page.Engine) error) string {
	t.Helper()
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("skipped: DESCENT_SLOW=1 opens pages in a browser")
	}
	e, err := engine.Load("of the test")
	if err != nil {
		t.Skip("skipped: ", err)
	}
	var text bytes.Buffer
	if err := write(&text, e); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

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
	b.do(chromedp.Evaluate(`window.scrollTo(0, 0)`, nil), chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(b.t.Name(), "/", "-")+"-"+name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
