// Package live shows a page that changes in browsers, by one stream of events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
package live

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"descent/internal/page"
	"descent/internal/web"
)

//go:embed follow.js
var script string

var waiting = page.Body(`<p class="note">The page comes when there is something to show.</p>`)

// How often a page that is another one is sent at most, how long a client may take for it, and how many may
// look on.
const (
	interval  = 500 * time.Millisecond
	sendTime  = 10 * time.Second
	onlookers = 16
)

// A Page is what is shown. What changes it calls Changed, and in the end End.
type Page struct {
	write func(io.Writer) error

	mu      sync.Mutex
	version int
	ended   bool
	news    chan struct{} // closed by what changes

	writing sync.Mutex
	of      int // the version of text
	text    []byte
}

// New returns a page. write writes it as HTML, whenever somebody looks and it has changed:
// in a goroutine of its own, one at a time.
func New(write func(io.Writer) error) *Page {
	return &Page{write: write, news: make(chan struct{}), version: 1}
}

// Changed says that the page is another one.
func (p *Page) Changed() { p.change(false) }

// End says that it stays as it is now.
func (p *Page) End() { p.change(true) }

func (p *Page) change(end bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version++
	p.ended = p.ended || end
	close(p.news)
	p.news = make(chan struct{})
}

// Serve shows the page to who comes to l until ctx ends and all have its end.
func (p *Page) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Page{Title: "descent", Script: script, Follows: true, Images: true}.Write(w, waiting, nil) // who asked may have gone
	})
	mux.HandleFunc("GET /events", p.events)
	return web.Serve(ctx, l, web.Guard(mux), sendTime, onlookers)
}

// events sends the page whenever it has changed.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // it asks once, and looks on
	seen, sent := 0, []byte(nil)
	for {
		version, ended, news := p.now()
		if version > seen {
			text, err := p.as(version)
			if seen = version; err != nil {
				return
			}
			if !bytes.Equal(text, sent) && (out.SetWriteDeadline(time.Now().Add(sendTime)) != nil || send(w, "page", text) != nil || out.Flush() != nil) {
				return
			}
			sent = text
		}
		if ended {
			_ = send(w, "end", nil) // who looked on may have gone
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-news:
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(interval):
		}
	}
}

// now returns which version the page has.
func (p *Page) now() (version int, ended bool, news chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version, p.ended, p.news
}

// as returns the page in a version, or a later one.
func (p *Page) as(version int) ([]byte, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.of < version {
		var b bytes.Buffer
		if err := p.write(&b); err != nil {
			return nil, err
		}
		p.text, p.of = b.Bytes(), version
	}
	return p.text, nil
}

// send writes an event.
func send(w io.Writer, name string, text []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\n", name)
	for line := range bytes.Lines(append(bytes.TrimSuffix(text, []byte("\n")), '\n')) {
		b.WriteString("data: ")
		b.Write(line)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}
