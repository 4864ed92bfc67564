package bench

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/bench/bbob"
)

// A case is an instance, whatever case the trainer has had before: on the sphere a step
// of rate ½ goes to the optimum, from a start of the case's own, and reaches all targets.
func TestBBOBInstances(t *testing.T) {
	s := &Study{Name: "sphere", Problems: []Problem{BBOB{1, 3}}, Entrants: entrants(t, "sgd(lr=0.5)"), Budget: 10, Seed: 1, Seeds: 3, Workers: 1}
	r := run(t, s)
	for _, o := range r.Runs {
		if len(o.Hits) != len(bbob.Targets) || slices.Min(o.Hits) < 1 || o.Hits[50] != 2 {
			t.Errorf("case %d reached its targets after %v", o.Case, o.Hits)
		}
	}
	p := BBOB{1, 3}
	trainer, err := p.Prepare(entrants(t, "sgd")[0])
	if err != nil {
		t.Fatal(err)
	}
	var starts [][]float64
	for _, k := range []int{4, 0, 9, 4} {
		if _, err := p.Begin(&Attempt{Job: Job{Case: k, Budget: 10}, Trainer: trainer, Out: &Outcome{}}); err != nil {
			t.Fatal(err)
		}
		f, err := bbob.New(1, 3, k+1)
		if err != nil {
			t.Fatal(err)
		}
		if got := trainer.Store().Lookup("xopt").Float64s(); !slices.Equal(got, f.At) {
			t.Errorf("case %d has its optimum at %v, want %v", k, got, f.At)
		}
		starts = append(starts, trainer.Store().Lookup("x").Float64s())
	}
	for i, x := range starts {
		for _, v := range x {
			if math.Abs(v) > 4 {
				t.Errorf("a start at %v", x)
			}
		}
		if same := slices.Equal(x, starts[0]); same != (i == 0 || i == 3) {
			t.Errorf("starts %v", starts)
		}
	}
}

// Dimensions are those that are asked for.
func TestSuiteDimensions(t *testing.T) {
	problems, _, err := noiseless(SuiteOptions{Dims: []int{2, 40}})
	if err != nil || len(problems) != 48 {
		t.Fatalf("%d problems, %v", len(problems), err)
	}
	if info, err := problems[47].Describe(); err != nil || info.Name != "f24-lunacek-40" || info.Dim != 40 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, _, err := noiseless(SuiteOptions{Dims: []int{1}}); err == nil || !strings.Contains(err.Error(), "dimension 1: it is from 2 to 40") {
		t.Error(err)
	}
}
