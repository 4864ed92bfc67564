package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent/cmd/descent/internal/play"
)

// A marionette is a Firefox that is driven by its own protocol: a length, a colon, and JSON.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
type marionette struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	sent int
}

// firefox starts a headless Firefox.
func firefox(t testing.TB) *marionette {
	t.Helper()
	path := installed(t, "Firefox", "firefox-esr", "firefox")
	profile, err := os.MkdirTemp("", "firefox")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(`user_pref("marionette.port", 0);`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, late := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(late)
	cmd := exec.CommandContext(ctx, path, "--marionette", "--headless", "--no-remote", "--profile", profile)
	cmd.Env = append(os.Environ(), "HOME="+profile)
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m := &marionette{t: t}
	t.Cleanup(func() {
		if m.conn == nil {
			late()
		} else {
			_, _ = fmt.Fprint(m.conn, message(m.sent, "Marionette:Quit", map[string]any{}))
			defer m.conn.Close()
		}
		_ = cmd.Wait()
	})
	var port []byte
	for len(port) == 0 { // Firefox writes down which port it took
		select {
		case <-ctx.Done():
			t.Fatal("Firefox does not start")
		case <-time.After(100 * time.Millisecond):
			port, _ = os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
		}
	}
	var dial net.Dialer
	if m.conn, err = dial.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port)))); err != nil {
		t.Fatal(err)
	}
	deadline, _ := ctx.Deadline()
	_ = m.conn.SetDeadline(deadline)
	m.in = bufio.NewReader(m.conn)
	m.read() // who it is
	m.call("WebDriver:NewSession", map[string]any{})
	return m
}

// message is a command as it is sent.
func message(id int, name string, args any) string {
	text, err := json.Marshal([]any{0, id, name, args})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%d:%s", len(text), text)
}

func (m *marionette) read() []byte {
	m.t.Helper()
	head, err := m.in.ReadString(':')
	if err != nil {
		m.t.Fatal("Firefox: ", err)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil {
		m.t.Fatal("Firefox: ", err)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(m.in, text); err != nil {
		m.t.Fatal("Firefox: ", err)
	}
	return text
}

// call has Firefox do something, and returns what comes of it.
func (m *marionette) call(name string, args any) any {
	m.t.Helper()
	if _, err := fmt.Fprint(m.conn, message(m.sent, name, args)); err != nil {
		m.t.Fatal(err)
	}
	m.sent++
	var answer [4]any // 1, the number of the command, an error, a result
	if err := json.Unmarshal(m.read(), &answer); err != nil || answer[2] != nil {
		m.t.Fatalf("Firefox: %s: %v %v", name, err, answer[2])
	}
	if result, ok := answer[3].(map[string]any); ok {
		return result["value"]
	}
	return answer[3]
}

// text is what an expression is.
func (m *marionette) text(expression string) string {
	m.t.Helper()
	return fmt.Sprint(m.call("WebDriver:ExecuteScript", map[string]any{"script": "return String(" + expression + ")", "args": []any{}}))
}

// until waits for an expression to be true.
func (m *marionette) until(expression string) {
	m.t.Helper()
	for m.text(expression) != "true" {
		time.Sleep(100 * time.Millisecond)
	}
}

// The page works in Firefox, too: it has the numbers that the engine gives here, and what
// every page must have as far as a page can tell.
func TestFirefox(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "play", "--out", "page.html")
	m := firefox(t)
	m.call("WebDriver:SetWindowRect", map[string]any{"width": 900, "height": 900})
	address := "file://" + filepath.Join(dir, "page.html")
	m.call("WebDriver:Navigate", map[string]any{"url": address + "#f=x%5E2%2F20+%2B+y%5E2&x=-8+2&n=60&o=adam(lr%3D0.3)"})
	m.until(settled + ` && document.querySelectorAll('#limits li').length == 1`)
	m.until(`document.getElementById('step').textContent == '60'`)
	want := ask(t, play.Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"adam(lr=0.3)"}, Steps: 60}).Runs[0]
	if got, err := strconv.ParseFloat(m.text(`document.querySelector('#ends tr').cells[2].textContent`), 64); err != nil || math.Abs(got/want.F[60]-1) > 1e-5 {
		t.Errorf("Firefox has %v (%v), the engine here %v", got, err, want.F[60])
	}
	for _, question := range []string{"wide", "contrast"} {
		if wrong := m.call("WebDriver:ExecuteScript", map[string]any{"script": soundScript + "return JSON.stringify(sound." + question + "())", "args": []any{}}); wrong != "[]" {
			t.Errorf("Firefox: %v", wrong)
		}
	}
	if others := m.text(`performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('blob:'))`); others != "" {
		t.Errorf("Firefox asks for %s", others)
	}
	m.call("WebDriver:Navigate", map[string]any{"url": "about:blank"})
	m.call("WebDriver:Navigate", map[string]any{"url": address + "#points=moons&rows=120&epochs=20&o=adam(lr%3D0.02)"})
	m.until(`/1 net, 90 points/.test(document.getElementById('state').textContent)`)
}
