package plot

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// noisy are curves that cross all the time.
func noisy(names ...string) *Figure {
	r := rand.New(rand.NewPCG(7, 8))
	f := &Figure{Title: "noise", X: Axis{Label: "step"}, Y: Axis{Label: "loss"}}
	for _, n := range names {
		l := Line{Name: n}
		for i := range 100 {
			l.Y = append(l.Y, math.Exp(-float64(i)/20)+.1*r.NormFloat64())
		}
		f.Layers = append(f.Layers, l)
	}
	return f
}

func TestBraids(t *testing.T) {
	f := noisy("a", "b")
	if !braids(f.Layers) {
		t.Error("curves that cross all the time are braided")
	}
	apart := noisy("a", "b")
	for i := range apart.Layers[1].(Line).Y {
		apart.Layers[1].(Line).Y[i] += 10
	}
	marked := noisy("a", "b")
	for i, l := range marked.Layers {
		l := l.(Line)
		l.Marks = true
		marked.Layers[i] = l
	}
	if braids(apart.Layers) || braids(marked.Layers) || braids(noisy("a").Layers) {
		t.Error("these are not braided")
	}
}

// A smoothed line is the line, at any distance of its points, and noise gets less.
func TestSmooth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 3, 20, 399, 5000} {
		var run, noise []point
		x := 0.0
		for range n {
			x += .1 + r.Float64()
			run, noise = append(run, point{x, 3 - 2*x}), append(noise, point{x, r.NormFloat64()})
		}
		for _, p := range smooth(run) {
			if math.Abs(p.y-(3-2*p.x)) > 1e-6*(1+x) {
				t.Fatalf("%d points: %v is not on the line", n, p)
			}
		}
		before, after := 0.0, 0.0
		for _, p := range noise {
			before += p.y * p.y / float64(n)
		}
		out := smooth(noise)
		for _, p := range out {
			after += p.y * p.y / float64(len(out))
		}
		if n > 300 && after > before/4 {
			t.Errorf("%d points: noise of %.2g became %.2g", n, before, after)
		}
	}
}

// The names at curves' ends are in order, do not touch, and are where they would
// be if nothing is in their way.
func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	gap := lineHeight(noteSize)
	for range 1000 {
		var tails []tail
		y := 10.0
		for range 1 + r.IntN(8) {
			y += 40 * r.Float64() * float64(r.IntN(2))
			tails = append(tails, tail{at: point{0, y}})
		}
		spread(tails, 0, 400)
		for i, a := range tails {
			if i > 0 && a.y-tails[i-1].y < gap-1e-9 || a.y < -1e-9 || a.y > 400+1e-9 {
				t.Fatalf("%v", tails)
			}
			alone := (i == 0 || a.at.y-tails[i-1].y >= gap) && (i == len(tails)-1 || tails[i+1].y-a.at.y >= gap)
			if alone && math.Abs(a.y-a.at.y) > gap*float64(len(tails)) {
				t.Fatalf("%v: the name is far from its end", a)
			}
		}
	}
	one := []tail{{at: point{0, 100}}, {at: point{0, 300}}}
	if spread(one, 0, 400); one[0].y != 100 || one[1].y != 300 {
		t.Errorf("%v moved without need", one)
	}
}

// Each braided curve has its name in the picture once: at its end, not in a
// legend, and within the picture.
func TestTails(t *testing.T) {
	names := []string{"sgd", "momentum", "adam", strings.Repeat("long ", 30)}
	f := noisy(names...)
	var b bytes.Buffer
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	for _, n := range names[:3] {
		if got := strings.Count(b.String(), ">"+n+"</text>"); got != 1 {
			t.Errorf("%s is in the picture %d times", n, got)
		}
	}
	if !strings.Contains(b.String(), "…</text>") {
		t.Error("a name that is too long is not shortened")
	}
}

// The usual optimizers have colours of their own, which stay with them whatever
// else is there.
func TestColors(t *testing.T) {
	usual := []string{"sgd", "momentum", "adagrad", "adam", "adamw", "rmsprop", "lbfgs"}
	all := Colors(usual...)
	seen := map[string]string{}
	for _, n := range usual {
		if other := seen[all[n].Hex()]; other != "" {
			t.Errorf("%s and %s have one colour", n, other)
		}
		seen[all[n].Hex()] = n
		if alone := Colors(n)[n]; alone != all[n] {
			t.Errorf("%s is %v alone and %v among others", n, alone, all[n])
		}
	}
	for _, n := range []string{"adam(lr=0.1)", "clip(1) | adam", "Adam, lr = 0.1"} {
		if Colors(n)[n] != all["adam"] {
			t.Errorf("%q alone does not have adam's colour", n)
		}
	}
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("adam(lr=%d)", i))
	}
	colors, looks := Colors(many...), map[Color]bool{}
	for _, c := range colors {
		if c == Gray || c == Yellow || looks[c] || !regexp.MustCompile(`^#([0-9a-f]{3}){1,2}$`).MatchString(c.Hex()) {
			t.Errorf("%v, %s: twice, or a colour that means something else", c, c.Hex())
		}
		looks[c] = true
	}
	if again := Colors(append([]string{many[7]}, many...)...); fmt.Sprint(again) != fmt.Sprint(colors) {
		t.Error("the order of the names matters")
	}
}

// Say reaches each text of a picture but numbers.
func TestSay(t *testing.T) {
	word := regexp.MustCompile(`>([^<]*[a-z][^<]*)</(text|title)>`)
	for _, p := range gallery {
		say := func(s string) string {
			if s == "" {
				return ""
			}
			return "ä"
		}
		switch p := p.picture.(type) {
		case *Figure:
			old := p.Say
			p.Say = say
			defer func() { p.Say = old }()
		case *Grid:
			old := p.Say
			p.Say = say
			defer func() { p.Say = old }()
		}
		var b bytes.Buffer
		if err := p.picture.WriteSVG(&b); err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(b.String(), -1) {
			t.Errorf("%s: %q is as it was", p.name, m[1])
		}
	}
}
