package plot

import (
	"bytes"
	"flag"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew, and PNGs to look at next to them in TMPDIR")

func svgOf(t testing.TB, p Picture) string {
	t.Helper()
	var buf bytes.Buffer
	if err := p.WriteSVG(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestGolden(t *testing.T) {
	for _, g := range gallery {
		path := filepath.Join("testdata", g.name+".svg")
		if *update {
			if err := g.picture.Save(path); err != nil {
				t.Fatal(err)
			}
			if err := g.picture.Save(filepath.Join(os.TempDir(), g.name+".png")); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := svgOf(t, g.picture); got != string(want) {
			t.Errorf("%s: the picture changed; if it should have, go test -update and look at it", g.name)
		}
	}
}

// TestSound checks every picture of the gallery as [sound] does, and that there
// is nothing to clash when several are in one page.
func TestSound(t *testing.T) {
	for _, g := range gallery {
		if err := sound(svgOf(t, g.picture)); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}

func TestPNG(t *testing.T) {
	for _, g := range gallery {
		if g.name == "grid" && testing.Short() {
			continue
		}
		var buf bytes.Buffer
		if err := g.picture.WritePNG(&buf); err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		img, err := png.Decode(&buf)
		if err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		dark := 0
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					dark++
				}
			}
		}
		if dark < 1000 {
			t.Errorf("%s: an empty picture", g.name)
		}
	}
}

// A PNG says so when it lacks characters.
func TestMissingGlyphs(t *testing.T) {
	s, err := oddFigure().scene()
	if err != nil {
		t.Fatal(err)
	}
	if s.missing() == 0 {
		t.Error("Go Regular has learnt Chinese: the note can go")
	}
	s, err = fitFigure().scene()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.missing(); n != 0 {
		t.Errorf("%d characters missing in plain text", n)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"a.svg": "", "b.PNG": "", "c.pdf": "only .svg and .png", "d": "must end in .svg or .png",
	} {
		err := fitFigure().Save(filepath.Join(dir, name))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(dir, "a.svg")
	before, _ := os.ReadFile(path)
	if err := (&Figure{Layers: []Layer{nil}}).Save(path); err == nil {
		t.Error("a nil layer was saved")
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("a figure that cannot be drawn damaged the file")
	}
}

// Mistakes that are the program's, not the data's, are errors.
func TestErrors(t *testing.T) {
	f := func(x, y float64) float64 { return 0 }
	nan := math.NaN()
	for _, c := range []struct {
		fig  *Figure
		want string
	}{
		{&Figure{Layers: []Layer{Line{Name: "a", X: []float64{1}, Y: []float64{1, 2}}}}, `line "a": 1 x values and 2 y values`},
		{&Figure{Layers: []Layer{Line{Y: []float64{1, 2}, Lo: []float64{1, 2}}}}, "2 lower and 0 upper"},
		{&Figure{Layers: []Layer{Contour{F: f}}}, "needs ranges"},
		{&Figure{Layers: []Layer{Contour{}}}, "without a function"},
		{&Figure{Layers: []Layer{Contour{F: f, Levels: []float64{2, 1}}}}, "ascend"},
		{&Figure{Layers: []Layer{Surface{F: f, N: 1}}}, "1 samples"},
		{&Figure{Layers: []Layer{Surface{F: f}, Line{}}}, "only with paths"},
		{&Figure{Layers: []Layer{Heat{}, Heat{}}}, "only one"},
		{&Figure{Layers: []Layer{Heat{Z: [][]float64{{1}, {1, 2}}}}}, "row 1 has 2"},
		{&Figure{Layers: []Layer{Heat{Z: [][]float64{{1}}, Rows: []string{"a", "b"}}}}, "2 names of rows"},
		{&Figure{X: Axis{Min: 2, Max: 1}}, "from 2 to 1"},
		{&Figure{X: Axis{Log: true, Min: 0, Max: 1}}, "logarithmic"},
		{&Figure{Width: 7}, "size 7x400"},
		{&Figure{Width: nan}, "size NaN"},
	} {
		err := c.fig.WriteSVG(&bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want ...%s...", err, c.want)
		}
	}
	if err := (&Grid{}).WriteSVG(&bytes.Buffer{}); err == nil {
		t.Error("an empty grid was drawn")
	}
}

// What cannot be drawn is counted below the picture.
func TestNotes(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		fig  *Figure
		want string
	}{
		{&Figure{Layers: []Layer{Line{Y: []float64{1, nan, inf, 2}}}}, "2 values are NaN or infinite"},
		{&Figure{Layers: []Layer{Scatter{X: []float64{-1, 1}, Y: []float64{1, 2}}}, X: Axis{Log: true}}, "1 value of x is not above 0"},
		{&Figure{Layers: []Layer{Bars{Y: []float64{0, -1, 2}}}, Y: Axis{Log: true}}, "2 values of y are not above 0"},
		{&Figure{Layers: []Layer{HRule{At: nan}}}, "1 value is NaN"},
		{&Figure{}, "no data"},
		{&Figure{Layers: []Layer{Heat{}}}, "no data"},
		{&Figure{Layers: []Layer{Scatter{X: []float64{nan}, Y: []float64{1}}}}, "no data"},
	} {
		if s := svgOf(t, c.fig); !strings.Contains(s, c.want) {
			t.Errorf("%+v: no note %q", c.fig.Layers, c.want)
		}
	}
}

func TestLegend(t *testing.T) {
	legendOf := func(f *Figure) *legend {
		p := &panel{scene: newScene(640, 400, ""), fig: f, area: rect{0, 0, 640, 400}, styles: styles(f.Layers)}
		b := bounds{x: nothing, y: nothing}
		for _, l := range f.Layers {
			l.extent(&b)
		}
		if err := p.scales(&b); err != nil {
			t.Fatal(err)
		}
		p.key = newLegend(f, p.styles, 600)
		if err := p.drawPlane(); err != nil {
			t.Fatal(err)
		}
		return &p.key
	}
	cross := []Layer{Line{Name: "a", Y: []float64{0, 1}}, Line{Name: "b", Y: []float64{1, 0}}}
	if l := legendOf(&Figure{Layers: cross}); l.side != onRight {
		t.Error("two diagonals leave no corner, but the legend is in one")
	}
	if l := legendOf(&Figure{Layers: cross[1:]}); l.side != inside || l.at.x < 320 || l.at.y > 200 {
		t.Error("a falling line leaves the upper right corner, but the legend is not there")
	}
	cross[0] = Line{Name: strings.Repeat("a long name ", 9), Y: []float64{0, 1}}
	if l := legendOf(&Figure{Layers: cross}); l.side != underneath {
		t.Error("a wide legend is not below")
	}
}

func BenchmarkSVG(b *testing.B) {
	benchmark(b, func(p Picture) error { return p.WriteSVG(&bytes.Buffer{}) })
}
func BenchmarkPNG(b *testing.B) {
	benchmark(b, func(p Picture) error { return p.WritePNG(&bytes.Buffer{}) })
}

func benchmark(b *testing.B, write func(Picture) error) {
	for _, g := range gallery {
		b.Run(g.name, func(b *testing.B) {
			for b.Loop() {
				if err := write(g.picture); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
