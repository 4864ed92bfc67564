package gorgoniavm

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// large is more than [worthPuttingOff], and no multiple of a tile.
const rowsOfLarge, columnsOfLarge = 67, 71

// parameterOf is one whose value and gradient have the given engines.
func parameterOf(dt tensor.Dtype, seed, rows int, value, grad tensor.Engine) *held {
	of := func(seed int, e tensor.Engine) *tensor.Dense {
		x := tensor.New(tensor.Of(dt), tensor.WithShape(rows, columnsOfLarge), tensor.WithEngine(e))
		ok(fill(x, values(rows*columnsOfLarge, -1, 1, seed)))
		return x
	}
	return &held{of(seed, value), of(seed+1, grad)}
}

// give gives parameters gradients.
func give(ps []gorgonia.ValueGrad, step int) {
	for i, p := range ps {
		g := must(p.Grad()).(*tensor.Dense)
		ok(fill(g, values(g.DataSize(), -1, 1, 100*i+step)))
	}
}

// TestAdamTogether: gorgonia's Adam moves parameters to the bits that it has on
// gorgonia's engine, whatever the engine of the values is, that of what it kept from
// other gradients, and whether other solvers move the parameters, too.
func TestAdamTogether(t *testing.T) {
	theirs, ours := tensor.Engine(gorgonia.StandardEngine{}), tensor.Engine(arithmetic{})
	settings := map[string][]gorgonia.SolverOpt{
		"defaults": nil,
		"all":      {gorgonia.WithL1Reg(.02), gorgonia.WithL2Reg(.03), gorgonia.WithClip(.4), gorgonia.WithBatchSize(3), gorgonia.WithEps(1e-3)},
	}
	kinds := map[string]func(e tensor.Engine) (value, before tensor.Engine){
		"engine of both":         func(e tensor.Engine) (_, _ tensor.Engine) { return e, e },
		"another of values":      func(e tensor.Engine) (_, _ tensor.Engine) { return theirs, e },
		"another of what it has": func(e tensor.Engine) (_, _ tensor.Engine) { return e, theirs },
	}
	for with, opts := range settings {
		for kind, engines := range kinds {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				end := func(e tensor.Engine) (all [][]float64) {
					value, before := engines(e)
					solvers := []gorgonia.Solver{gorgonia.NewAdamSolver(opts...), gorgonia.NewAdamSolver(opts...)}
					var ps []gorgonia.ValueGrad
					for i, rows := range []int{rowsOfLarge, 2, 2 * rowsOfLarge, rowsOfLarge} {
						ps = append(ps, parameterOf(dt, i, rows, value, before))
					}
					for step := range 7 {
						give(ps, step)
						ok(solvers[step%5/3].Step(ps))
						for _, p := range ps {
							tensor.WithEngine(e)(must(p.Grad()).(*tensor.Dense))
							all = append(all, must(numbers(nil, p.Value())), must(numbers(nil, must(p.Grad()))))
						}
					}
					return all
				}
				if got, want := end(ours), end(theirs); !slices.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%s, %s, %v: other values than gorgonia's", with, kind, dt)
				}
				if currentStep() != nil && kind != "another of values" {
					t.Errorf("%s, %s, %v: the step has no end", with, kind, dt)
				}
			}
		}
	}
}

// TestAdamByHand: what somebody else does with the tensors is done at once.
func TestAdamByHand(t *testing.T) {
	show := func(e tensor.Engine) string {
		p := parameterOf(tensor.Float64, 1, rowsOfLarge, e, e)
		w, g := p.value.(*tensor.Dense), p.grad.(*tensor.Dense)
		c := g.Clone().(*tensor.Dense)
		first := slices.Clone(c.Float64s())
		must(tensor.Mul(c, .5, tensor.UseUnsafe()))
		second := slices.Clone(c.Float64s())
		must(tensor.Add(w, c, tensor.UseUnsafe()))
		s := must(tensor.Sign(must(tensor.Sub(w, g)))).(*tensor.Dense)
		n := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rowsOfLarge, columnsOfLarge), tensor.WithEngine(e))
		return fmt.Sprint(first, second, w.Float64s(), s.Float64s(), n.Float64s())
	}
	if show(arithmetic{}) != show(gorgonia.StandardEngine{}) {
		t.Error("other values than gorgonia's")
	}
}

// TestAdamMemory: after the first steps no arrays are made, and solvers of several
// goroutines do not disturb each other.
func TestAdamMemory(t *testing.T) {
	const workers, steps = 3, 12
	end := func(e tensor.Engine) (out [workers][]float64) {
		var all sync.WaitGroup
		for k := range workers {
			all.Go(func() {
				ps := []gorgonia.ValueGrad{parameterOf(tensor.Float32, k, rowsOfLarge, e, e), parameterOf(tensor.Float32, k+5, rowsOfLarge, e, e)}
				solver := gorgonia.NewAdamSolver()
				for step := range steps {
					give(ps, step+k)
					ok(solver.Step(ps))
				}
				out[k] = must(numbers(nil, ps[1].Value()))
			})
		}
		all.Wait()
		return out
	}
	ours, theirs := end(arithmetic{}), end(gorgonia.StandardEngine{})
	for k := range workers {
		if !slices.Equal(ours[k], theirs[k]) {
			t.Errorf("worker %d has other values than gorgonia's", k)
		}
	}
	p := parameterOf(tensor.Float64, 1, 20*rowsOfLarge, arithmetic{}, arithmetic{})
	ps, solver := []gorgonia.ValueGrad{p}, gorgonia.NewAdamSolver()
	ok(solver.Step(ps))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range steps {
		ok(solver.Step(ps))
	}
	runtime.ReadMemStats(&after)
	size := uint64(8 * p.value.(*tensor.Dense).DataSize())
	if got := (after.TotalAlloc - before.TotalAlloc) / steps; got >= 2*size { // under the race detector a sync.Pool forgets some, and workspaces
		t.Errorf("a step makes %d bytes, gorgonia's would make %d", got, 4*size)
	}
}
