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

	"descent/internal/plot"
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
	elements   = strings.Fields("html head meta title style body main header section footer h1 h2 p div table thead tbody tr th td small details summary ul li pre b br script svg g path circle rect line polyline polygon text tspan")
	attributes = strings.Fields("id lang charset http-equiv content name class title role width height viewBox style d cx cy r x y x1 y1 x2 y2 dx dy points fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin fill-rule opacity transform text-anchor font-family font-size font-weight baseline-shift xmlns")
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
	for _, study := range kinds {
		r := run(t, study(t))
		rng := rand.New(rand.NewPCG(5, 6))
		any := func() string { return hostile[rng.IntN(len(hostile))] + hostile[rng.IntN(len(hostile))] }
		for range 20 {
			labelled(t, r, any)
		}
	}
}

// labelled writes results whose texts are others.
func labelled(t *testing.T, r *Results, any func() string) {
	a, b := any()+"1", any()+"2"
	c := *r
	c.Setup.Name, c.Command, c.Measured.Machine.CPU = any(), any(), any()
	c.Problems, c.Overall, c.Optimizers, c.Pairs, c.Runs = slices.Clone(r.Problems), slices.Clone(r.Overall), slices.Clone(r.Optimizers), slices.Clone(r.Pairs), nil
	c.Diagnoses = slices.Clone(r.Diagnoses)
	for i := range c.Problems {
		p := &c.Problems[i]
		p.Data, p.Model, p.Loss, p.About, p.Notes = any(), any(), any(), any(), []string{any()}
	}
	first := r.Optimizers[0].Optimizer
	rename := func(name *string) {
		if *name == first {
			*name = a
		} else {
			*name = b
		}
	}
	for i := range c.Overall {
		rename(&c.Overall[i].Optimizer)
	}
	for i := range c.Optimizers {
		rename(&c.Optimizers[i].Optimizer)
	}
	for i := range c.Diagnoses {
		rename(&c.Diagnoses[i].Optimizer)
	}
	for _, run := range r.Runs {
		run := *run
		rename(&run.Optimizer)
		c.Runs = append(c.Runs, &run)
	}
	for i := range c.Pairs {
		rename(&c.Pairs[i].A)
		rename(&c.Pairs[i].B)
	}
	c.Verdict = c.verdict()
	var page, table bytes.Buffer
	if err := errors.Join(c.WriteHTML(&page), c.WriteTable(&table)); err != nil {
		t.Fatal(err)
	}
	text := parsePage(t, page.Bytes())
	if strings.Contains(a, "alert(1)</script>") && !strings.Contains(text, "<script>alert(1)</script>") {
		t.Fatal("a label is not shown")
	}
	if strings.ContainsAny(table.String(), "\x00\x1b") {
		t.Fatal("a label controls the terminal")
	}
}

func TestPageLoadsNothing(t *testing.T) {
	for name, study := range kinds {
		r := run(t, study(t))
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		text := parsePage(t, b.Bytes())
		if !strings.Contains(page, `content="default-src &#39;none&#39;;`) && !strings.Contains(page, `content="default-src 'none';`) {
			t.Errorf("%s: no content security policy", name)
		}
		if strings.Count(page, "<script") != 1 || strings.Count(page, "script-src 'sha256-")+strings.Count(page, "script-src &#39;sha256-") != 1 {
			t.Errorf("%s: another script than the one of which the policy has the sum", name)
		}
		for _, bad := range []string{"@import", "url(", "href=", "src="} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page has %s", name, bad)
			}
		}
		wants := append(r.Verdict[:1:1], r.Optimizers[0].Optimizer, "Results", "Details", "Do it again")
		if r.suite() {
			wants = append(wants, "Profiles", "Ranks", "Each problem", "Mean rank over trials", "Cost of tuning")
		} else {
			wants = append(wants, "Learning curves", "Which differences are shown?", "scored runs", "(always the same)")
		}
		if len(r.Diagnoses) > 0 {
			wants = append(wants, "Why", "Curvature beside the rate", "Noise of gradients")
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
	}
}

// Results that are empty are refused, not a panic.
func TestEmptyReport(t *testing.T) {
	if err := (&Results{}).WriteHTML(io.Discard); err == nil {
		t.Error("results of nothing have a report")
	}
}

// By hand: of four optimizers on 4 problems ranks must differ by 2.57·√(4·5/24) = 2.345.
// The first three are within that, and so are all but the first.
func TestDifferences(t *testing.T) {
	r := &Results{Problems: make([]ProblemInfo, 4), Overall: []Standing{{Optimizer: "a", Rank: 1}, {Optimizer: "b", Rank: 1.9}, {Optimizer: "c", Rank: 3.3}, {Optimizer: "d", Rank: 3.8}}}
	f := r.differences()
	if want := []string{"d", "c", "b", "a"}; !slices.Equal(f.Y.Names, want) {
		t.Errorf("rows %v, want %v from below", f.Y.Names, want)
	}
	var bars [][2][]float64
	for _, l := range f.Layers {
		if l, ok := l.(plot.Line); ok {
			bars = append(bars, [2][]float64{l.X, l.Y})
		}
	}
	want := [][2][]float64{{{3.3, 3.3}, {1, 3}}, {{3.8, 3.8}, {0, 2}}}
	if !slices.EqualFunc(bars, want, func(a, b [2][]float64) bool { return slices.Equal(a[0], b[0]) && slices.Equal(a[1], b[1]) }) {
		t.Errorf("bars %v, want %v", bars, want)
	}
}
