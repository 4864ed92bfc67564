package lab

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"descent/internal/plot"
)

// What an experiment may need, wherever its parameters are: bytes of pictures, and pieces of
// memory, which grow with all that is computed, however fast the machine is.
const (
	mostDrawn     = 600_000
	mostAllocated = 3_000_000
)

// corners are values of all parameters at ends of their ranges, each at both: every second
// one is low, the others are high, and the other way round.
func corners(e *Experiment) (all []map[string]float64) {
	if len(e.Free) == 0 {
		return nil
	}
	for turn := range 2 {
		set := map[string]float64{}
		for i, p := range e.Free {
			set[p.Name] = p.Lo
			if i%2 == turn {
				set[p.Name] = p.Hi
			}
		}
		all = append(all, set)
	}
	return all
}

// Wherever its parameters are an experiment runs, says something, in both languages, that
// is compared with nothing, and draws what it draws with the tutorial's.
func TestCorners(t *testing.T) {
	for _, e := range Table() {
		usual := e.Do(nil)
		for _, set := range corners(&e) {
			t.Run(fmt.Sprint(e.Name, set), func(t *testing.T) {
				var before, then runtime.MemStats
				runtime.ReadMemStats(&before)
				r := e.Do(set)
				runtime.ReadMemStats(&then)
				if n := then.Mallocs - before.Mallocs; n > mostAllocated {
					t.Errorf("%d pieces of memory", n)
				}
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				if !r.Moved() || r.Judged() != e.General || !r.OK() {
					t.Errorf("moved %v, judged %v, OK %v", r.Moved(), r.Judged(), r.OK())
				}
				if len(r.Numbers) == 0 || len(r.Pictures) != len(usual.Pictures) {
					t.Errorf("%d numbers, %d pictures in place of %d", len(r.Numbers), len(r.Pictures), len(usual.Pictures))
				}
				for _, n := range r.Numbers {
					if said := n.In("zh"); n.Compared() || foreign(said) != nil {
						t.Errorf("number: %s", said)
					}
				}
				size := 0
				for _, p := range r.PicturesIn("zh") {
					var svg bytes.Buffer
					if err := p.WriteSVG(&svg); err != nil {
						t.Error(err)
					}
					size += svg.Len()
				}
				if size > mostDrawn {
					t.Errorf("pictures of %d bytes", size)
				}
			})
		}
	}
}

// Each parameter is one: with a name for the command line and one for people, a range around
// the tutorial's value, and moving it moves what is measured or drawn.
func TestParams(t *testing.T) {
	for _, e := range Table() {
		seen := map[string]bool{}
		base := map[string]float64{}
		if e.param("seeds") != nil {
			base["seeds"] = 5 // each of which is a search
		}
		usual := e.Do(base)
		for _, p := range e.Free {
			at := e.Name + " " + p.Name
			if seen[p.Name] || p.Name == "" || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("%s: not a name, or twice", at)
			}
			seen[p.Name] = true
			if p.Label.EN == "" || p.Label.ZH == "" && foreign(p.Label.EN) != nil && p.Label.EN != p.Name {
				t.Errorf("%s: the label is %q", at, p.Label)
			}
			if !(p.Lo < p.Hi) || p.Log && p.Lo <= 0 || p.allows(p.Default) != nil || p.allows(p.Lo) != nil || p.allows(p.Hi) != nil {
				t.Errorf("%s: %v from %v to %v", at, p.Default, p.Lo, p.Hi)
			}
			moves := func(to float64) bool {
				set := maps.Clone(base)
				set[p.Name] = to
				return differ(t, e.Do(set), usual)
			}
			if !moves(p.Lo) && !moves(p.Hi) {
				t.Errorf("%s: it changes nothing", at)
			}
		}
	}
}

// differ reports whether runs measured or drew other things.
func differ(t *testing.T, a, b *Run) bool {
	t.Helper()
	if a.Err != nil {
		t.Fatalf("%s: %v", a.Experiment.Name, a.Err)
	}
	got := func(r *Run) (out []float64) {
		for _, n := range r.Numbers {
			out = append(out, n.Got)
		}
		return out
	}
	drawn := func(r *Run) string {
		var out bytes.Buffer
		for _, p := range r.Pictures {
			if err := p.WriteSVG(&out); err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	}
	return !slices.Equal(got(a), got(b)) || drawn(a) != drawn(b)
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		experiment, name string
		value            float64
		want             string
	}{
		{"step-sizes", "lr1", 0.2, ""},
		{"step-sizes", "steps", 12, ""},
		{"step-sizes", "lr", 0.2, `no parameter "lr": step-sizes has x, lr1, lr2, lr3, steps`},
		{"step-sizes", "lr1", 3, "lr1 = 3: it goes from 0.001 to 2"},
		{"step-sizes", "lr1", math.NaN(), "lr1 = NaN: it goes from 0.001 to 2"},
		{"step-sizes", "steps", 1.5, "steps = 1.5: it is a whole number"},
		{"rmsprop-moments", "lr", 1, `no parameter "lr": rmsprop-moments has none`},
	} {
		e, _ := Lookup(c.experiment)
		set := map[string]float64{c.name: c.value}
		got := ""
		if err := e.Check(set); err != nil {
			got = err.Error()
		}
		r := e.Do(set)
		if got != c.want || (r.Err != nil) != (c.want != "") {
			t.Errorf("%s %v: %q, %v", c.experiment, set, got, r.Err)
		}
	}
}

// With the tutorial's values a run is the tutorial's.
func TestUnmoved(t *testing.T) {
	for _, e := range Table() {
		set := map[string]float64{}
		for _, p := range e.Free {
			set[p.Name] = p.Default
		}
		if r := e.Do(set); r.Moved() || !r.OK() {
			t.Errorf("%s: moved %v, OK %v", e.Name, r.Moved(), r.OK())
		}
	}
}

func TestInside(t *testing.T) {
	curve := plot.Line{X: []float64{-1, 0, 1}, Y: []float64{1, 0, 1}}
	for _, c := range []struct {
		x    float64
		want plot.Axis
	}{{1, plot.Axis{}}, {1.5, plot.Axis{Min: -1, Max: 1}}, {-2, plot.Axis{Min: -1, Max: 1}}} {
		fig := inside(&plot.Figure{Layers: []plot.Layer{curve, plot.Path{X: []float64{0, c.x}, Y: []float64{0, 1}}}})
		if fig.X.Min != c.want.Min || fig.X.Max != c.want.Max {
			t.Errorf("a path to %v is shown from %v to %v", c.x, fig.X.Min, fig.X.Max)
		}
	}
}

func TestShow(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 3: "3", -0.2: "-0.2", 1e-6: "0.000001", 1e-7: "1e-07", 123456: "123456", 2e7: "2e+07", 0.1 + 0.2: "0.3"} {
		if got := show(x); got != want {
			t.Errorf("%v is shown as %s, not %s", x, got, want)
		}
	}
}
