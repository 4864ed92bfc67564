package browser

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed sound.js
var soundScript string

// mostKeys is how often a page is tabbed through at most.
const mostKeys = 2000

// sound demands of a page what every page must have: it fits windows of three widths, light and
// dark, with texts in sufficient contrast (WCAG's AA); the keyboard reaches all that can
// be acted on, which can be seen and has a name; nothing was complained of.
func (b *tab) sound() {
	b.t.Helper()
	b.wrong("", "open()")
	for _, width := range []int64{380, 768, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			b.do(media(scheme))
			what := fmt.Sprintf("%d pixels, %s", width, scheme)
			b.wrong(what, "wide()")
			if width == 1280 { // colours are those of all widths
				b.wrong(what, "contrast()")
			}
			b.picture(fmt.Sprintf("%d-%s", width, scheme))
		}
	}
	b.keyboard()
	b.named()
	b.complaints()
}

// wrong reports what a question of sound.js is answered with.
func (b *tab) wrong(what, question string) {
	b.t.Helper()
	var all []string
	b.do(chromedp.Evaluate("globalThis.sound ??= (() => { "+soundScript+" return sound; })()", nil), chromedp.Evaluate("sound."+question, &all))
	for i, text := range all {
		if i == 20 {
			b.t.Errorf("%s: and %d more", what, len(all)-i)
			break
		}
		b.t.Errorf("%s: %s", what, text)
	}
}

// keyboard walks over the page by the key Tab.
func (b *tab) keyboard() {
	b.t.Helper()
	b.wrong("keyboard", "start()")
	for range mostKeys {
		var further bool
		b.do(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate("sound.walk()", &further))
		if !further {
			break
		}
		b.wrong("keyboard", "unseen()")
	}
	b.wrong("keyboard", "missed()")
}

// named demands that what takes the focus has a name for those who do not see it.
func (b *tab) named() {
	b.t.Helper()
	type value struct {
		Value any `json:"value"`
	}
	var tree struct { // what is needed of it: browsers add kinds of properties
		Nodes []struct {
			Ignored    bool  `json:"ignored"`
			Role       value `json:"role"`
			Name       value `json:"name"`
			Properties []struct {
				Name  string `json:"name"`
				Value value  `json:"value"`
			} `json:"properties"`
		} `json:"nodes"`
	}
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
	}))
	for _, n := range tree.Nodes {
		for _, p := range n.Properties {
			if p.Name == "focusable" && p.Value.Value == true && !n.Ignored && n.Role.Value != "RootWebArea" && (n.Name.Value == nil || n.Name.Value == "") {
				b.t.Errorf("a %v that takes the focus has no name", n.Role.Value)
			}
		}
	}
}

// media is what a user has chosen for all pages: a scheme of colours, and that nothing moves
// which was not asked to.
func media(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}})
}

// What is wrong with a page is noticed.
func TestSound(t *testing.T) {
	if command == "" {
		t.Skip("skipped: DESCENT_SLOW=1 opens pages in a browser")
	}
	for want, body := range map[string]string{
		"contrast":                "<p style='color: #888; background: #999'>text",
		"contrast 1.00 of text":   "<svg width=200 height=50><rect width=200 height=50 fill='#123456'/><text x=20 y=30 fill='#123456'>text</text></svg>",
		"contrast 2.85 of input":  "<label>a <input style='color: #999; background: #fff' value=text></label>",
		"pixels wide":             "<pre>" + strings.Repeat("wide ", 400),
		"does not reach button":   "<button onfocus='this.blur()'>a</button>",
		"not to be seen on":       "<button style='outline: none'>a</button>",
		"has no name":             "<input>",
		"console: \"said\"":       "<script>console.log('said')</script>",
		"exception":               "<script>throw new Error('thrown')</script>",
		"request: http://0.0.0.0": "<script>setTimeout(() => fetch('http://0.0.0.0:1/').catch(() => 0))</script>",
	} {
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, []byte("<!DOCTYPE html><html lang=en><title>page</title>"+body), 0o600); err != nil {
			t.Fatal(err)
		}
		seen := &witness{TB: t}
		b := open(t, 1280, file, "")
		b.t = seen
		b.sound()
		if text := strings.Join(seen.errors, "\n"); !strings.Contains(text, want) {
			t.Errorf("%s: %q is not among %q", body, want, text)
		}
	}
}

// A witness takes note of what a test would fail by.
type witness struct {
	testing.TB
	errors []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}
func (w *witness) Error(args ...any) { w.errors = append(w.errors, fmt.Sprint(args...)) }
