package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"descent/internal/web"
)

// echoing serves what answers with what it is sent, within so long; end ends it.
func echoing(t *testing.T, within time.Duration) (addr string, end func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() {
		over <- web.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %v", text, err)
		}), within, 4)
	}()
	return l.Addr().String(), func() error { stop(); return <-over }
}

// Clients open connections ahead of what they ask: one that has been silent for longer than a
// request may take is answered, as one that has asked before is, and is closed in the end.
func TestOpenedAhead(t *testing.T) {
	const within = 50 * time.Millisecond
	addr, end := echoing(t, within)
	var ahead [2]net.Conn
	for i := range ahead {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ahead[i] = c
	}
	time.Sleep(4 * within)
	for range 2 {
		if _, err := io.WriteString(ahead[0], "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1024)
		n, err := ahead[0].Read(got)
		if err != nil || !strings.HasPrefix(string(got[:n]), "HTTP/1.1 200 OK") || !strings.HasSuffix(string(got[:n]), "abcd <nil>") {
			t.Fatalf("%q, %v", got[:n], err)
		}
		time.Sleep(4 * within)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	for _, c := range ahead {
		if rest, err := io.ReadAll(c); len(rest) > 0 {
			t.Errorf("%q, %v", rest, err)
		}
	}
}
