package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func save(t *testing.T, path string, r *Results) {
	t.Helper()
	var b bytes.Buffer
	if err := errors.Join(r.WriteJSON(&b), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// The elements and attributes that the page is made of. None of them loads or
// runs anything.
var (
	elements   = strings.Fields("html head meta title style body main header section footer h1 h2 p div table thead tbody tr th td small details summary ul li pre b br svg g path circle rect line polyline polygon text tspan")
	attributes = strings.Fields("lang charset http-equiv content name class title role width height viewBox style d cx cy r x y x1 y1 x2 y2 dx dy points fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin fill-rule opacity transform text-anchor font-family font-size font-weight baseline-shift xmlns")
)

// parsePage parses the page as XML, which it is as well, and returns its text.
func parsePage(t *testing.T, page []byte) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(page, []byte("<!DOCTYPE html>"))))
	var text strings.Builder
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return text.String()
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			text.Write(tok)
		case xml.StartElement:
			if !slices.Contains(elements, tok.Name.Local) {
				t.Fatalf("element <%s>", tok.Name.Local)
			}
			for _, a := range tok.Attr {
				if !slices.Contains(attributes, a.Name.Local) {
					t.Fatalf("attribute %s of <%s>", a.Name.Local, tok.Name.Local)
				}
			}
		}
	}
}

var hostile = []string{
	"</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", `" onmouseover="alert(1)`, "' onclick='alert(1)",
	"</style><script>alert(1)</script>", "</title><svg onload=alert(1)>", "javascript:alert(1)", "{{.}}", "&lt;script&gt;",
	"]]><script>", "<!--", "\x00\x1b[31m", "\u202eabc", strings.Repeat("W", 5000), "", " ", "a&b<c>d\"e'f",
}

// Whatever names are, they stay text.
func TestLabelsStayText(t *testing.T) {
	r := run(t, small(t, "iris", "sgd", "adam"))
	rng := rand.New(rand.NewPCG(5, 6))
	any := func() string { return hostile[rng.IntN(len(hostile))] + hostile[rng.IntN(len(hostile))] }
	for range 100 {
		a, b := any()+"1", any()+"2"
		c := *r
		c.Setup.Data, c.Setup.Model, c.Setup.Loss, c.Command = any(), any(), any(), any()
		c.Setup.Notes, c.Machine.CPU = []string{any()}, any()
		c.Optimizers, c.Runs, c.Pairs = slices.Clone(r.Optimizers), slices.Clone(r.Runs), slices.Clone(r.Pairs)
		rename := func(name *string) {
			*name = map[string]string{"sgd": a, "adam": b}[*name]
		}
		for i := range c.Optimizers {
			rename(&c.Optimizers[i].Optimizer)
		}
		for i := range c.Runs {
			rename(&c.Runs[i].Optimizer)
		}
		for i := range c.Pairs {
			rename(&c.Pairs[i].A)
			rename(&c.Pairs[i].B)
		}
		c.Verdict = c.verdict()
		var page bytes.Buffer
		if err := c.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		text := parsePage(t, page.Bytes())
		if strings.Contains(a, "alert(1)</script>") && !strings.Contains(text, "<script>alert(1)</script>") {
			t.Fatal("a label is not shown")
		}
		var table bytes.Buffer
		if err := c.WriteTable(&table); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(table.String(), "\x00\x1b") {
			t.Fatal("a label controls the terminal")
		}
	}
}

func TestPageLoadsNothing(t *testing.T) {
	r := run(t, small(t, "iris", "sgd", "adam"))
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	parsePage(t, b.Bytes())
	if !strings.Contains(page, `content="default-src &#39;none&#39;;`) && !strings.Contains(page, `content="default-src 'none';`) {
		t.Error("no content security policy")
	}
	for _, bad := range []string{"<script", "@import", "url(", "href=", "src="} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, want := range append(r.Verdict[:1:1], "Learning curves", "sgd", "adam", "Do it again") {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
