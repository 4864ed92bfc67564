package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"descent/ops"
)

func suite(t *testing.T, problems []Problem, optimizers ...string) *Suite {
	t.Helper()
	s := &Suite{Name: "test", Problems: problems, Budget: 100, Seed: 1}
	for _, text := range optimizers {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Entrants = append(s.Entrants, e)
	}
	return s
}

func runSuite(t *testing.T, s *Suite) *SuiteResults {
	t.Helper()
	r, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var parabola = Problem{Name: "parabola", F: func(x *node) *node { return ops.Sum(ops.Square(x)) }, Start: []float64{1}, At: []float64{0}}

// By hand: with rate 1/4, x halves at each step, so f is 4^-j after j steps,
// seen at evaluation j+1: below 0.1 at j=2, 0.01 at 4, 0.001 at 5, and so on.
func TestSuiteByHand(t *testing.T) {
	s := suite(t, []Problem{parabola}, "sgd(lr=0.25)")
	s.Starts = 1
	r := runSuite(t, s)
	if got, want := r.Runs[0].Hits, []int{3, 5, 6, 8, 10, 11}; !slices.Equal(got, want) {
		t.Errorf("targets reached at %v, want %v", got, want)
	}
	// Area: 1 - mean(ln hit)/ln 100; the product of the hits is 79200.
	m := r.Optimizers[0]
	near(t, "area", m.Tuned.Area, 1-11.279731/(6*4.605170), 1e-6)
	near(t, "reached", m.Tuned.Reached, 1, 1e-12)
	if m.Solved != 1 || m.Default == nil || *m.Default != m.Tuned {
		t.Errorf("%+v", m)
	}
}

func TestSuiteDivergence(t *testing.T) {
	s := suite(t, []Problem{parabola}, "sgd(lr=1e200)", "sgd(lr=0.25)")
	r := runSuite(t, s)
	last := r.Optimizers[1]
	if last.Optimizer != "sgd(lr=1e200)" || last.Diverged != 1 || last.Solved != 0 {
		t.Errorf("%+v", last)
	}
}

func TestSuiteWorkersDoNotMatter(t *testing.T) {
	want := ""
	for _, workers := range []int{1, 2, 4} {
		s := suite(t, Problems[:6], "sgd", "adam", "rmsprop")
		s.Workers = workers
		r := runSuite(t, s)
		r.Timing, r.Machine = Timing{}, Machine{}
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		switch got := b.String(); {
		case want == "":
			want = got
		case got != want:
			t.Errorf("%d workers give other results than 1", workers)
		}
	}
}

func TestSuiteReport(t *testing.T) {
	r := runSuite(t, suite(t, Problems[:4], "sgd", "adam"))
	r.Command, r.Suite = hostile[0], hostile[1]
	for i := range r.Optimizers {
		r.Optimizers[i].Optimizer += hostile[i]
	}
	r.Problems[0].About = hostile[4]
	r.Verdict = r.verdict()
	var page, table, text bytes.Buffer
	if err := errors.Join(r.WriteHTML(&page), r.WriteTable(&table), r.WriteJSON(&text)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(parsePage(t, page.Bytes()), "<script>alert(1)</script>") || !json.Valid(text.Bytes()) {
		t.Error("a label is not shown, or the JSON is not valid")
	}
}

// Results that are empty are refused, not a panic.
func TestEmptySuiteReport(t *testing.T) {
	if err := (&SuiteResults{}).WriteHTML(io.Discard); err == nil {
		t.Error("an empty suite has a report")
	}
}

func TestSuiteMistakes(t *testing.T) {
	for _, s := range []*Suite{suite(t, nil, "sgd"), suite(t, Problems), {Problems: Problems[:1], Entrants: []Entrant{{}}, Budget: 1}} {
		if _, err := s.Run(context.Background()); err == nil {
			t.Errorf("no error for %+v", s)
		}
	}
}

// A method with a line search is an entrant like a rule: it has no rate, and each
// of its evaluations counts.
func TestSuiteOfMethods(t *testing.T) {
	var entrants []Entrant
	for _, text := range []string{"lbfgs", "newton", "cmaes(sigma=0.3)", "adam(lr=0.1)"} {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		entrants = append(entrants, e)
	}
	run := func(budget, workers int) *SuiteResults {
		s := &Suite{Name: "few", Problems: Problems[:4], Entrants: entrants, Budget: budget, Starts: 2, Workers: workers}
		r, err := s.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	long, short := run(300, 1), run(20, 2)
	for i, a := range long.Runs {
		b := short.Runs[i]
		if search := a.Optimizer != "adam(lr=0.1)"; search != (a.LR == 0) {
			t.Errorf("%s has the rate %v", a.Optimizer, a.LR)
		}
		for k, hit := range a.Hits {
			want := hit // what a budget does not reach is all that it changes
			if hit > 20 {
				want = 0
			}
			if b.Hits[k] != want {
				t.Errorf("%s on %s: target %d after %d evaluations, with a budget of 20 after %d", a.Optimizer, a.Problem, k, hit, b.Hits[k])
			}
		}
	}
	if best := long.Optimizers[0]; best.Optimizer != "newton" && best.Optimizer != "lbfgs" || best.Solved != 4 || best.Default == nil || best.OneRate != 0 {
		t.Errorf("%+v", best)
	}
}
