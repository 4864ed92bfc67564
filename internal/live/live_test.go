package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"descent/internal/live"
)

// events reads a stream: what it has of the next event.
func next(t *testing.T, r *bufio.Reader) (name, text string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\n")
		switch key, value, _ := strings.Cut(line, ": "); key {
		case "event":
			name = value
		case "data":
			text += value + "\n"
		case "":
			return name, text
		}
	}
}

// Who looks on has each page, also lines that are empty, the last one and its end, after
// which the server is over.
func TestFollowed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var version atomic.Int64
	p := live.New(func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "<main>\n\npage %d</main>\n", version.Load())
		return err
	})
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- p.Serve(ctx, l) }()
	url := "http://" + l.Addr().String()
	shell, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(shell.Body)
	shell.Body.Close()
	for _, want := range []string{"new EventSource", "connect-src &#39;self&#39;", "script-src &#39;sha256-"} {
		if got := strings.ReplaceAll(string(text), "'", "&#39;"); !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	stream, err := http.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	r := bufio.NewReader(stream.Body)
	for i := range 3 {
		version.Store(int64(i))
		if i > 0 {
			p.Changed()
		}
		if name, text := next(t, r); name != "page" || text != fmt.Sprintf("<main>\n\npage %d</main>\n", i) {
			t.Errorf("event %s: %q", name, text)
		}
	}
	foreign, err := http.NewRequest("GET", url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Host = "evil.example.com"
	if r, err := http.DefaultClient.Do(foreign); err != nil || r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("by another name: %v, %v", r, err)
	} else {
		r.Body.Close()
	}
	version.Store(9)
	p.End()
	stop()
	if name, text := next(t, r); name != "page" || !strings.Contains(text, "page 9") {
		t.Errorf("event %s: %q", name, text)
	}
	if name, _ := next(t, r); name != "end" {
		t.Errorf("event %s in the end", name)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}
