package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
)

func write(t *testing.T, p Page, body string, data any) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b, Body(body), data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What comes from outside is text, in every place of a page, and cannot break it
// or turn it around.
func TestEscapes(t *testing.T) {
	const nasty = "</title></h1></div><script>alert(1)</script>&\" \x1b[31m\x00\u202e'"
	text := write(t, Page{Title: nasty, Subtitle: nasty, Heading: nasty}, `<div title="{{.}}">{{.}}</div>`, nasty)
	if strings.Contains(text, "<script") || strings.ContainsAny(text, "\x1b\x00\u202e") {
		t.Errorf("the page has what it was given: %s", text)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Entity = xml.HTMLEntity
	shown := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok && strings.Contains(string(c), "<script>alert(1)</script>") {
			shown++
		}
	}
	if shown != 4 {
		t.Errorf("the text is shown in %d places of 4", shown)
	}
}

// A page loads nothing, and runs its own script or none.
func TestPolicy(t *testing.T) {
	plain := write(t, Page{Title: "a"}, "b", nil)
	for _, bad := range []string{"<script", "script-src", "@import", "url(", "href=", "src="} {
		if strings.Contains(plain, bad) {
			t.Errorf("a page without a script has %s", bad)
		}
	}
	for _, want := range []string{`<html lang="en">`, `content="default-src 'none'; style-src`, "<h1>a</h1>", "@media print"} {
		if !strings.Contains(plain, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	const script = "'use strict';\nif (1 < 2 && '</b>') { document.title = \"x\"; }\n"
	text := write(t, Page{Lang: "zh", Title: "a", Heading: "h", Style: "i { color: red; }\n", Script: script}, "b", nil)
	for _, want := range []string{`<html lang="zh">`, "<h1>h</h1>", "i { color: red; }", "<title>a</title>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	ran := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(text)
	if ran == nil {
		t.Fatal("the script is not there")
	}
	sum := sha256.Sum256([]byte(ran[1]))
	hash := strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")
	if !strings.Contains(text, "script-src 'sha256-"+hash+"'") {
		t.Errorf("the policy does not allow the script that the page has: %s", text[:400])
	}
	if text := write(t, Page{Script: "1", Engine: &Engine{WASM: []byte("<"), Start: []byte("<")}}, "b", nil); !strings.Contains(text, "' 'wasm-unsafe-eval'; worker-src blob:; ") {
		t.Errorf("a page with a worker: %.400s", text)
	}
	if text := write(t, Page{Script: "1"}, "b", nil); strings.Contains(text, "wasm") || strings.Contains(text, "blob:") {
		t.Errorf("a page without a worker: %.400s", text)
	}
}

// An engine is in a page as it is: all its texts, decoded one by one, and its worker's script.
func TestEngine(t *testing.T) {
	wasm := make([]byte, 2*piece+1000)
	for i := range wasm {
		wasm[i] = byte(i * i >> 5)
	}
	text := write(t, Page{Script: "1", Engine: &Engine{WASM: wasm, Start: []byte("start();")}}, "b", nil)
	decoded := func(pattern string) (all []byte, n int) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			part, err := base64.StdEncoding.DecodeString(m[1])
			if err != nil {
				t.Fatal(err)
			}
			all, n = append(all, part...), n+1
		}
		return all, n
	}
	if got, n := decoded("<i>([^<]*)</i>"); !bytes.Equal(got, wasm) || n != 3 {
		t.Errorf("%d texts with %d bytes, not 3 with the %d of the engine", n, len(got), len(wasm))
	}
	if got, _ := decoded(`<div id="worker" hidden>([^<]*)</div>`); string(got) != "start();"+workerScript {
		t.Errorf("the worker's script is %.100s", got)
	}
	if !strings.Contains(text, "painted(() => {\n1});\n</script>") {
		t.Error("the script does not wait until the page is painted")
	}
}

func TestPlain(t *testing.T) {
	if got, want := Plain("a\tb\x1b\u202e\n梯度"), "a\ufffdb\ufffd\ufffd\n梯度"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
