package plot

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		log    bool
		n      float64 // room
		want   string
	}{
		{0, 10, false, 5, "0 2 4 6 8 10"},
		{0, 1, false, 5, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{-.35, .42, false, 4, "−0.2 0.0 0.2 0.4"},
		{0, 2.3e6, false, 5, "0 0.5×10^6 1.0×10^6 1.5×10^6 2.0×10^6"},
		{0, 3e-6, false, 4, "0 1×10^−6 2×10^−6 3×10^−6"},
		{1e-5, 1, true, 6, "10^−5 10^−4 10^−3 10^−2 10^−1 10^0"},
		{.01, 100, true, 5, "0.01 0.1 1 10 100"},
		{1, 30, true, 9, "1 2 5 10 20"},
		{4, 6, true, 4, "4.0 4.5 5.0 5.5 6.0"},
		{1e-12, 1e12, true, 5, "10^−12 10^−7 10^−2 10^3 10^8"},
	} {
		s := scale{span: span{c.lo, c.hi}, log: c.log, p1: c.n}
		var got []string
		for _, k := range s.ticks(1) {
			if !s.within(k.at) {
				t.Errorf("[%g, %g]: tick at %g", c.lo, c.hi, k.at)
			}
			if k.major() {
				got = append(got, k.s+strings.Repeat("^", btoi(k.sup != ""))+k.sup)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("[%g, %g]: %s, want %s", c.lo, c.hi, strings.Join(got, " "), c.want)
		}
	}
}

// The outlines around a disc have the disc's area; a hole's is negative.
func TestRegions(t *testing.T) {
	const n = 101
	area := func(f func(x, y float64) float64) (sum float64, loops int) {
		u := scale{span: span{-1, 1}}
		for _, l := range regions(sample(f, u, u, n), 0) {
			for i, p := range l {
				q := l[(i+1)%len(l)]
				sum += (p.x*q.y - q.x*p.y) / 2 * 4 // the square's area is 4, not 1
			}
			loops++
		}
		return math.Abs(sum), loops
	}
	for _, c := range []struct {
		name  string
		f     func(x, y float64) float64
		want  float64
		loops int
	}{
		{"disc", func(x, y float64) float64 { return .64 - x*x - y*y }, .64 * math.Pi, 1},
		{"all but a disc", func(x, y float64) float64 { return x*x + y*y - .25 }, 4 - .25*math.Pi, 2},
		{"everything", func(x, y float64) float64 { return 1 }, 4, 1},
		{"nothing", func(x, y float64) float64 { return -1 }, 0, 0},
		{"undefined", func(x, y float64) float64 { return math.NaN() }, 0, 0},
		{"half", func(x, y float64) float64 { return x }, 2, 1},
		{"a saddle", func(x, y float64) float64 { return x*y - 1e-9 }, 2, 2},
		{"infinite", func(x, y float64) float64 { return 1 / max(x, 0) }, 4, 1},
	} {
		if got, loops := area(c.f); math.Abs(got-c.want) > .05 || loops != c.loops {
			t.Errorf("%s: area %g in %d loops, want %g in %d", c.name, got, loops, c.want, c.loops)
		}
	}
}

// Clipped lines and areas stay inside.
func TestClip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	box := rect{0, 0, 10, 10}
	for range 300 {
		var pts []point
		for range 8 {
			pts = append(pts, point{r.Float64()*30 - 10, r.Float64()*30 - 10})
		}
		parts := append(clipLine(pts, box), clipArea(pts, box))
		for _, part := range parts {
			for _, p := range part {
				if !(rect{-1e-9, -1e-9, 10 + 1e-9, 10 + 1e-9}).contains(p) {
					t.Fatalf("%v is outside", p)
				}
			}
		}
	}
}

func TestSimplifyAndThin(t *testing.T) {
	var pts []point
	for i := range 5000 {
		pts = append(pts, point{float64(i) / 50, 20 * math.Sin(float64(i)/300)})
	}
	pts[2500].y = 77
	for name, got := range map[string][]point{"simplify": simplify(pts, .1), "thin": thin(pts)} {
		peak := false
		for _, p := range got {
			peak = peak || p.y == 77
		}
		if len(got) > len(pts)/3 || !peak {
			t.Errorf("%s: %d points of %d, peak kept: %t", name, len(got), len(pts), peak)
		}
		for i := 0; i < len(pts); i += 7 {
			d := math.Inf(1)
			for k := 1; k < len(got); k++ {
				d = min(d, distance(pts[i], got[k-1], got[k]))
			}
			if d > .35 {
				t.Fatalf("%s: %v is %g away from the line", name, pts[i], d)
			}
		}
	}
}

func TestText(t *testing.T) {
	if got := clean("a\nb\x00\xff\u202ec\ufffe"); got != "a b\ufffdc" {
		t.Errorf("clean: %q", got)
	}
	for _, s := range []string{"one two three four five", "一二三四五六七八九十", strings.Repeat("x", 60), ""} {
		lines := wrap(s, 10, 60, 3)
		for _, l := range lines {
			if textWidth(l, 10) > 60 {
				t.Errorf("%q is wider than 60", l)
			}
		}
		if len(lines) > 3 {
			t.Errorf("%q: %d lines", s, len(lines))
		}
	}
}

// The widths that the layout counts with are enough for the PNG's font.
func TestWidths(t *testing.T) {
	for _, s := range []string{"Training loss on digits", "−2.5×10", "λ=0.1, θ → x²", "momentum(0.01, beta=0.9)", "WMwm%@"} {
		w := 0.0
		for _, r := range s {
			g, _ := glyphOf(r)
			w += g.advance
		}
		if w > textWidth(s, 1) {
			t.Errorf("%q: %g wide, the layout counts with %g", s, w, textWidth(s, 1))
		}
	}
}

// Text can be read on any colour of a heat map.
func TestContrast(t *testing.T) {
	ratio := func(a, b rgba) float64 {
		x, y := a.luminance(), b.luminance()
		return (max(x, y) + .05) / (min(x, y) + .05)
	}
	for i := range 101 {
		bg := counts.at(float64(i) / 100)
		if r := ratio(bg, textOn(bg)); r < 4.5 {
			t.Errorf("text on %s: contrast %.1f", bg.hex(), r)
		}
	}
	for _, c := range []rgba{ink, faint} {
		if r := ratio(c, white); r < 7 {
			t.Errorf("%s on white: contrast %.1f", c.hex(), r)
		}
	}
	if l := counts.at(0).luminance(); l <= counts.at(1).luminance() || heights.at(0).luminance() >= heights.at(1).luminance() {
		t.Error("the ramps must be monotonous in luminance")
	}
}
