package search

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

// bowl is a sum of squares of many variables.
func bowl(n int) *Problem {
	p := &Problem{Start: make([]float64, n)}
	p.Grad = func(x, grad []float64) (f float64) {
		for i, v := range x {
			d := v - 1
			grad[i] = float64(i+1) * d
			f += grad[i] * d / 2
		}
		return f
	}
	p.Func = func(x []float64) float64 { return p.Grad(x, make([]float64, n)) }
	p.HVP = func(_, v, hv []float64) {
		for i := range v {
			hv[i] = float64(i+1) * v[i]
		}
	}
	return p
}

// TestNeeds: a row says whether a method needs residuals, and whether it keeps a
// number for each pair of variables.
func TestNeeds(t *testing.T) {
	const n = 400
	for i := range Table {
		e := &Table[i]
		m := e.New(1)
		if got := EntryOf(m); got != e {
			t.Errorf("the row of %s is %v", e.Name, got)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Minimize(context.Background(), bowl(n), m, Stop{Evaluations: 20})
		runtime.ReadMemStats(&after)
		if e.Squares != errors.Is(err, errNoResiduals) || !e.Squares && err != nil {
			t.Errorf("%s: needs residuals %v, without them %v", e.Name, e.Squares, err)
		}
		if large := after.TotalAlloc-before.TotalAlloc > n*n*8; !e.Squares && large != e.Pairs {
			t.Errorf("%s: keeps pairs %v, has allocated %d bytes for %d variables", e.Name, e.Pairs, after.TotalAlloc-before.TotalAlloc, n)
		}
	}
	if EntryOf(MultiStart{}) != nil {
		t.Error("a method without a row has one")
	}
}

// TestVisited: it is called at each point of the trace, and can end the search.
func TestVisited(t *testing.T) {
	seen := 0
	res, err := Minimize(context.Background(), bowl(5), NewLBFGS(), Stop{Grad: 1e-9, Visited: func(x []float64, f float64) {
		if want := bowl(5).Func(x); f != want {
			t.Errorf("%v at %v, want %v", f, x, want)
		}
		seen++
	}})
	if err != nil || seen != len(res.Trace) {
		t.Errorf("%d calls for %d points, %v", seen, len(res.Trace), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	res, err = Minimize(ctx, bowl(5), NewLBFGS(), Stop{Visited: func([]float64, float64) { cancel() }})
	if err != nil || len(res.Trace) != 1 || res.Reason != Cancelled {
		t.Errorf("%d points, %s, %v", len(res.Trace), res.Reason, err)
	}
	mistake := errors.New("mistake")
	if _, err := Minimize(context.Background(), bowl(5), NewLBFGS(), Stop{Visited: func([]float64, float64) { Fail(mistake) }}); !errors.Is(err, mistake) {
		t.Errorf("%v", err)
	}
}

// TestRelative: a search ends at a part of the gradient that it starts with.
func TestRelative(t *testing.T) {
	for _, part := range []float64{1e-2, 1e-6} {
		res, err := Minimize(context.Background(), bowl(5), GradientDescent{}, Stop{Relative: part})
		if err != nil || res.Reason != GradientSmall {
			t.Fatal(res.Reason, err)
		}
		for i, p := range res.Trace {
			if end := i == len(res.Trace)-1; end != (p.Grad <= part*5) {
				t.Errorf("part %v: gradient %v at point %d of %d", part, p.Grad, i, len(res.Trace))
			}
		}
	}
}
