package draw

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/internal/plot"
	"descent/ops"
	"descent/optimizers/search"
	"descent/optimizers/search/fit"
)

// valley is x² + 9y² with a path on it, bounded where x is 1.
func valley() *Landscape {
	return &Landscape{Names: []string{"x", "y"}, F: func(x []float64) float64 { return x[0]*x[0] + 9*x[1]*x[1] },
		Bounds: []search.Bound{{Lo: math.Inf(-1), Hi: 1}, {}},
		Paths:  []Path{{Name: "<b>", X: [][]float64{{-3, 2}, {0, 1}, {1, 0}}, F: []float64{45, 9, 1}}, {Name: "lost", X: [][]float64{{-3, 2}, {1e9, -1e12}}, F: []float64{45, math.Inf(1)}}}}
}

// parabola is a function of one number that has no value below 0.
func parabola() *Landscape {
	return &Landscape{Names: []string{"x"}, F: func(x []float64) float64 { return x[0] * math.Sqrt(x[0]) }, Bounds: make([]search.Bound, 1),
		Paths: []Path{{Name: "a", X: [][]float64{{2}, {0.25}}, F: []float64{math.Sqrt(8), 0.125}}}}
}

// What is shown holds the paths but for what is lost, and ends at bounds.
func TestFrame(t *testing.T) {
	l := valley()
	l.frame()
	if l.lo[0] != -4 || l.hi[0] != 1 || l.lo[1] != -0.5 || l.hi[1] != 2.5 {
		t.Errorf("%v to %v", l.lo, l.hi)
	}
}

func TestPicture(t *testing.T) {
	three := &Landscape{Names: []string{"a", "b", "c"}, Paths: []Path{{Name: "m", F: []float64{3, 2, 1}}}}
	for name, c := range map[string]struct {
		l       *Landscape
		surface bool
		want    []plot.Layer // of these types
	}{
		"contour": {valley(), false, []plot.Layer{plot.Contour{}, plot.Path{}, plot.Path{}}},
		"surface": {valley(), true, []plot.Layer{plot.Surface{}, plot.Path{}, plot.Path{}}},
		"curve":   {parabola(), false, []plot.Layer{plot.Line{}, plot.Path{}}},
		"values":  {three, false, []plot.Layer{plot.Line{}}},
	} {
		fig, err := c.l.Picture(name, c.surface)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, want := kinds(fig.Layers), kinds(c.want); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		wellFormed(t, func(w io.Writer) error { return fig.WriteSVG(w) })
	}
	if _, err := three.Picture("", true); err == nil {
		t.Error("a surface of three variables")
	}
	jumps := parabola()
	jumps.Paths[0].Jumps = true
	if fig, err := jumps.Picture("", false); err != nil || kinds(fig.Layers) != kinds([]plot.Layer{plot.Line{}, plot.Scatter{}}) {
		t.Errorf("%v, %s", err, kinds(fig.Layers))
	}
}

func kinds(layers []plot.Layer) string {
	var out []string
	for _, l := range layers {
		out = append(out, fmt.Sprintf("%T", l))
	}
	return strings.Join(out, " ")
}

// The page has what it plays: the paths to where they are lost, values or ranks.
func TestAnimate(t *testing.T) {
	data := regexp.MustCompile(`(?s)<div id="data" hidden>(.*?)</div>`)
	play := func(l *Landscape) (f Film) {
		var b bytes.Buffer
		if err := l.Animate(&b, "<title>"); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(data.FindStringSubmatch(b.String())[1])
		if err := numjson.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := play(valley())
	if f.N != gridSize || len(f.Grid) != gridSize*gridSize || f.X != [2]float64{-4, 1} || len(f.Runs) != 2 || f.Runs[0].Name != "<b>" || len(f.Runs[0].Path) != 3 || f.Runs[0].Path[1] != [2]float64{0, 1} || *f.Runs[0].F[2] != 1 {
		t.Errorf("%+v", f.Runs)
	}
	if last := f.Runs[1].F; len(last) != 2 || last[1] != nil {
		t.Errorf("the lost path: %+v", f.Runs[1])
	}
	f = play(parabola())
	if f.Grid != nil || len(f.Curve) != samples || f.Curve[0][1] != nil || f.Curve[samples-1][1] == nil || f.Runs[0].Path[0] != [2]float64{2, math.Sqrt(8)} {
		t.Errorf("%+v", f.Runs)
	}
	long := parabola()
	long.Paths[0].X, long.Paths[0].F = make([][]float64, 10*maxFrames), make([]float64, 10*maxFrames)
	for i := range long.Paths[0].X {
		long.Paths[0].X[i] = []float64{1}
	}
	if f := play(long); len(f.Runs[0].Path) > maxFrames {
		t.Errorf("%d frames", len(f.Runs[0].Path))
	}
	if err := (&Landscape{Names: []string{"a", "b", "c"}}).Animate(io.Discard, ""); err == nil {
		t.Error("an animation of three variables")
	}
}

func TestGraph(t *testing.T) {
	g := graph.New(graph.Float64, 0)
	x, y := g.Param("x<y", graph.Zeros, 2), g.Input("y")
	sum := ops.Sum(x)
	text := wellFormed(t, func(w io.Writer) error { return Graph(w, []*graph.Node{x, sum, y, ops.Mul(sum, y)}) })
	if strings.Count(text, "<rect") != 5 || strings.Count(text, "<path") != 3 || !strings.Contains(text, "x&lt;y") {
		t.Error(text)
	}
	if err := Graph(io.Discard, make([]*graph.Node, maxDrawn+1)); err == nil {
		t.Error("a graph of any size is drawn")
	}
}

// A model of one column is a curve with a band; one of more is fitted against
// observed.
func TestFit(t *testing.T) {
	tb, err := data.NewTable("d", data.Column{Name: "x", Kind: data.Numeric, Values: data.ArrayOf([]float64{1, 2, 3, 4}, 1)}, data.Column{Name: "z", Kind: data.Numeric, Values: data.ArrayOf([]float64{1, 0, 1, 1}, 1)},
		data.Column{Name: "y", Kind: data.Numeric, Values: data.ArrayOf([]float64{2, 4.1, 5.9, 8}, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]plot.Layer{"y ~ a*x": {plot.Line{}, plot.Scatter{}}, "y ~ a*x+0*z": {plot.Scatter{}, plot.Line{}}} {
		m, err := fit.New(text, tb, []fit.Parameter{{Name: "a", Start: 1}}, fit.Weights{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := m.Fit(context.Background(), fit.How{Steps: 100, Level: 0.9})
		if err != nil {
			t.Fatal(err)
		}
		fig, err := Fit(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := kinds(fig.Layers); got != kinds(want) || fig.Title != text {
			t.Errorf("%s: %s", text, got)
		}
		if l, ok := fig.Layers[0].(plot.Line); ok && (l.Name != "fit, 90% band" || l.X[0] != 1 || l.X[samples-1] != 4 || !(l.Lo[0] < l.Y[0] && l.Y[0] < l.Hi[0])) {
			t.Errorf("%+v", l)
		}
	}
}

// wellFormed returns what is written, which is XML.
func wellFormed(t *testing.T, write func(w io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return b.String()
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// A surface has, of each path, a line for each point of the film that lies on it.
func TestRelief(t *testing.T) {
	l := valley()
	f, err := l.Film()
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Relief(f)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, func(w io.Writer) error { _, err := io.WriteString(w, r.SVG); return err })
	for i, run := range f.Runs {
		if len(r.Runs[i]) != len(run.Path) || len(r.Runs[i][0]) == 0 {
			t.Errorf("%s: %d lines for %d points", run.Name, len(r.Runs[i]), len(run.Path))
		}
	}
	if _, err := parabola().Relief(f); err == nil {
		t.Error("a surface of one variable")
	}
}
