package tuning

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/spec"
	"descent/optimizers"
	"descent/optimizers/search"
)

func track(t testing.TB, name string) *Track {
	t.Helper()
	row, err := spec.Find("track", Tracks, name)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func parse(t testing.TB, text, on string) *Space {
	t.Helper()
	s, err := Parse(text, track(t, on))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is searched for: what the text says, and what the track adds to it.
func TestSpaces(t *testing.T) {
	for _, c := range []struct{ text, track, want, base string }{
		{"adam", "default", "", "adam"},
		{"adam", "lr", "lr=0.0001..1 log", "adam"},
		{"adam", "full", "lr=0.0001..1 log, beta1=0.5..0.999 log of 1-x, beta2=0.8..0.999 log of 1-x", "adam"},
		{"adam(beta2=0.99, lr=0.01)", "full", "beta1=0.5..0.999 log of 1-x", "adam(beta2=0.99, lr=0.01)"},
		{"adam(lr=1e-4..1e-1, beta2=0.9..0.9999, eps=1e-10..1e-3)", "lr", "lr=0.0001..0.1 log, beta2=0.9..0.9999 log of 1-x, eps=1e-10..0.001 log", "adam"},
		{"clip(0.5..20) | sgd", "lr", "lr=0.0001..1 log, max=0.5..20 log", "clip | sgd"},
		{"clip(0.5..2) | sgd(lr=1)", "lr", "max=0.5..2", "clip | sgd(lr=1)"},
		{"clip(0.5..20) | m=0.9*m+g; m", "full", "lr=0.0001..1 log, max=0.5..20 log", "clip | m=0.9*m+g; m"},
		{"lbfgs", "full", "", "lbfgs"},
		{"prodigy", "self-tuning", "", "prodigy"},
		{"lbfgs(history=3)", "self-tuning", "", "lbfgs(history=3)"},
	} {
		s := parse(t, c.text, c.track)
		var got []string
		for _, r := range s.Ranges {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s=%v %s", r.Name, r.Interval, r.Scale)))
		}
		if strings.Join(got, ", ") != c.want || s.Default.Optimizer != c.base {
			t.Errorf("%s on %s: %s of %s", c.text, c.track, got, s.Default.Optimizer)
		}
	}
	for _, c := range []struct{ text, track, want string }{
		{"adam(lr=1e-4..1)", "default", "has no trials"}, {"adam", "self-tuning", "such as prodigy or lbfgs"}, {"adma", "lr", `did you mean "adam"`},
		{"adam(weight_decay=1)", "lr", "decay(0.01) | adam"}, {"adam(beta1=0.5..2)", "lr", "not in [0,1)"}, {"clip(1)", "lr", "no rule in it moves"},
		{"sgd(nesterov=0..1)", "lr", "true or false"}, {"lbfgs(lr=1..2)", "lr", "not searched for"}, {"adam(", "lr", "bracket"}, {"adam(lr=0..1)", "lr", "above 0"},
	} {
		if _, err := Parse(c.text, track(t, c.track)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s on %s: error %v, want %q", c.text, c.track, err, c.want)
		}
	}
}

// Every setting that any rule's space draws can be read, and lies in the ranges; the
// text has no rate.
func TestDraws(t *testing.T) {
	for i := range optimizers.Table {
		e := &optimizers.Table[i]
		if e.LR == 0 {
			continue
		}
		s := parse(t, e.Name, "full")
		for k := 1; k <= 40; k++ {
			d := s.Draw(7, k)
			o, err := search.Parse(d.Optimizer)
			if err != nil || o.Given {
				t.Fatalf("%s: %+v: %v", e.Name, d, err)
			}
			for _, r := range s.Ranges {
				x := d.LR
				if r.Name != "lr" {
					calls, _ := spec.ParseChain(d.Optimizer)
					x = calls[0].Get(r.Name).(float64)
				}
				if slack := 1e-2 * (r.Hi - r.Lo); x < r.Lo-slack*boolean(r.Scale == spec.Even) || x > r.Hi+1e-12 || x < r.Lo*0.99 {
					t.Errorf("%s: %s=%v is not in %v", e.Name, r.Name, x, r.Interval)
				}
			}
		}
	}
	s := parse(t, "adam", "full")
	if a, b := s.Draw(1, 3), s.Draw(2, 3); a == b {
		t.Errorf("two seeds draw %+v", a)
	}
	// These are the draws of every machine.
	if got := fmt.Sprint(s.Draw(1, 1), s.Draw(1, 2)); got != wantDraws {
		t.Errorf("%s", got)
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Numbers of the sequence are spread evenly: of base^2 in a row, each interval of
// length 1/base^2 has one, whatever the seed permutes.
func TestHalton(t *testing.T) {
	for k, base := range primes[:5] {
		for _, seed := range []uint64{0, 1, 99} {
			n := int(base * base)
			var at []int
			for i := range n {
				at = append(at, int(halton(seed, k, n+i)*float64(n)))
			}
			slices.Sort(at)
			for i, x := range at {
				if i != x {
					t.Fatalf("base %d: intervals %v", base, at)
				}
			}
		}
	}
}

// The closed form is the mean over all subsets, counted one by one.
func TestBestOf(t *testing.T) {
	scores := []float64{0.9, 0.7, 0.8, 0.2, 0.4} // from the best criterion to the worst
	const byDefault = 0.6
	for better := 0; better <= len(scores); better++ {
		for k := 0; k <= len(scores); k++ {
			sum, count := 0.0, 0.0
			for set := range 1 << len(scores) {
				best, members := -1, 0
				for i := len(scores) - 1; i >= 0; i-- {
					if set>>i&1 == 1 {
						best, members = i, members+1
					}
				}
				if members != k {
					continue
				}
				count++
				if best < 0 || best >= better {
					sum += byDefault
				} else {
					sum += scores[best]
				}
			}
			if got := BestOf(k, scores, better, byDefault); math.Abs(got-sum/count) > 1e-12 {
				t.Errorf("best of %d, %d better than the default: %v, want %v", k, better, got, sum/count)
			}
		}
	}
}

const wantDraws = "{adam(beta1=0.981, beta2=0.9819) 0.00368} {adam(beta1=0.99761, beta2=0.9476) 0.0368}"
