package exec

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/internal/kernel"
)

// recurrent is a loop that has all that cells have: products by matrices that are the
// same in all steps, a bias, a mask of rows, slices and a joining of columns, a sum of
// each row.
func recurrent(rows, in, units, steps int) *Func {
	f := &Func{}
	dims := func(d ...int) []int { return d }
	x := f.Leaf(Leaf{Name: "x", Dims: dims(steps, rows, in), Input: true})
	h := f.Leaf(Leaf{Name: "h", Dims: dims(rows, units), Input: true})
	w := f.Leaf(Leaf{Name: "w", Dims: dims(in, 2*units), Input: true})
	u := f.Leaf(Leaf{Name: "u", Dims: dims(units, 2*units), Input: true})
	c := f.Leaf(Leaf{Name: "c", Dims: dims(2 * units), Input: true})
	mask := f.Leaf(Leaf{Name: "mask", Dims: dims(rows), Input: true})

	b := &Func{}
	was, is := b.Leaf(Leaf{Name: "was", Dims: dims(rows, units)}), b.Leaf(Leaf{Name: "is", Dims: dims(rows, units)})
	part := b.Leaf(Leaf{Name: "part", Dims: dims(rows, in)})
	bw := b.Leaf(Leaf{Name: "w", Dims: dims(in, 2*units), Fixed: true})
	bu := b.Leaf(Leaf{Name: "u", Dims: dims(units, 2*units), Fixed: true})
	bc := b.Leaf(Leaf{Name: "c", Dims: dims(2 * units), Fixed: true})
	bm := b.Reshape(b.Leaf(Leaf{Name: "mask", Dims: dims(rows), Fixed: true}), dims(rows, 1))
	both := b.Map(kernel.Add, b.Map(kernel.Add, b.Dot(part, bw, false, false), b.Dot(was, bu, false, false)), bc)
	half := func(k int) Val {
		v := kernel.View{Rank: 2, Offset: k * units}
		v.Dims[0], v.Dims[1], v.Stride[0], v.Stride[1] = rows, units, 2*units, 1
		return b.Gather(both, v)
	}
	next := b.Map(kernel.Mul, b.Map(kernel.Tanh, half(0)), b.Map(kernel.Sigmoid, half(1)))
	sum := b.Reduce(kernel.ReduceSum, next, []int{1})
	next = b.Map(kernel.Add, next, b.Map(kernel.Mul, sum, b.Const(0.01, dims(rows, 1))))
	left := kernel.View{Rank: 2}
	left.Dims[0], left.Dims[1], left.Stride[0], left.Stride[1] = rows, units/2, units, 1
	right := left
	right.Offset = units / 2
	read := func(v kernel.View) Val { return b.Gather(next, v) }
	turned := b.Place(dims(rows, units), []Val{read(right), read(left)}, []kernel.View{left, right})
	b.Update(is, b.Map(kernel.Add, was, b.Map(kernel.Mul, bm, b.Map(kernel.Sub, turned, was))))

	n := rows * units
	l := &Loop{Name: "cells", Body: b, Steps: steps, Results: [][]int{{steps + 1, rows, units}}, Starts: []Start{{Operand: 1}}, Leaves: []Walk{
		{Result: true, Step: n}, {Result: true, Start: n, Step: n}, {Step: rows * in}, {Array: 2}, {Array: 3}, {Array: 4}, {Array: 5}}}
	f.Output(f.Loop(l, x, h, w, u, c, mask)[0])
	return f
}

// compiled runs a function on numbers of its own.
func compiled(t *testing.T, f *Func, o Options) (out []float64, listing string) {
	t.Helper()
	p, err := Compile[float64](f, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range f.leaves {
		for k := range p.Input(i) {
			p.Input(i)[k] = rng.NormFloat64() / 4
		}
	}
	p.Run()
	p.Run()
	return slices.Clone(p.Output(0)), p.Listing()
}

// A loop in lanes computes what it computes without, up to the order of sums in
// products, and its bits do not depend on the workers.
func TestLanes(t *testing.T) {
	const rows, in, units, steps = 48, 24, 48, 5
	defer func(n int) { laneRows = n }(laneRows)
	laneRows = rows
	want, listing := compiled(t, recurrent(rows, in, units, steps), Options{Verify: true})
	if strings.Contains(listing, "lanes") {
		t.Fatal(listing)
	}
	laneRows = 16
	var first []float64
	for workers := 1; workers <= 3; workers++ {
		team := newTeam(workers)
		for _, o := range []Options{{Team: team}, {Team: team, Verify: true, Interpret: true}} {
			got, listing := compiled(t, recurrent(rows, in, units, steps), o)
			if !strings.Contains(listing, "in 3 lanes") {
				t.Fatal(listing)
			}
			if first == nil {
				first = got
			}
			for i, x := range got {
				if math.Abs(x-want[i]) > 1e-13 {
					t.Fatalf("%d workers: element %d is %v, without lanes %v", workers, i, x, want[i])
				}
				if math.Float64bits(x) != math.Float64bits(first[i]) {
					t.Fatalf("%d workers: other bits at element %d", workers, i)
				}
			}
		}
		team.Close()
	}
}

// Bodies in which a row depends on others, or lanes would write one thing, have no lanes.
func TestNoLanes(t *testing.T) {
	const rows, units = 32, 64
	for name, last := range map[string]func(b *Func, was, u Val) Val{
		"sum over rows": func(b *Func, was, u Val) Val {
			return b.Map(kernel.Add, b.Dot(was, u, false, false), b.Reduce(kernel.ReduceSum, was, []int{0}))
		},
		"rows turned round": func(b *Func, was, u Val) Val {
			v := kernel.View{Rank: 2, Offset: (rows - 1) * units}
			v.Dims[0], v.Dims[1], v.Stride[0], v.Stride[1] = rows, units, -units, 1
			return b.Gather(b.Dot(was, u, false, false), v)
		},
		"rows by rows": func(b *Func, was, u Val) Val {
			return b.Dot(b.Dot(was, b.Dot(was, u, false, false), false, true), was, false, false)
		},
		"a row for all": func(b *Func, was, u Val) Val {
			v := BroadcastView([]int{1, units}, []int{rows, units})
			return b.Map(kernel.Add, b.Dot(was, u, false, false), b.Gather(was, v))
		},
	} {
		b := &Func{}
		was := b.Leaf(Leaf{Name: "was", Dims: []int{rows, units}})
		u := b.Leaf(Leaf{Name: "u", Dims: []int{units, units}, Fixed: true})
		b.Update(was, last(b, was, u))
		l := &Loop{Name: name, Body: b, Steps: 3, Results: [][]int{{rows, units}}, Starts: []Start{{}}, Leaves: []Walk{{Result: true}, {Array: 1}}}
		if d := l.divide(); d != nil {
			t.Errorf("%s: %d lanes", name, d.lanes)
		}
	}
	// The same with rows alone has them.
	b := &Func{}
	was := b.Leaf(Leaf{Name: "was", Dims: []int{rows, units}})
	u := b.Leaf(Leaf{Name: "u", Dims: []int{units, units}, Fixed: true})
	b.Update(was, b.Map(kernel.Tanh, b.Dot(was, u, false, false)))
	l := &Loop{Name: "alone", Body: b, Steps: 3, Results: [][]int{{rows, units}}, Starts: []Start{{}}, Leaves: []Walk{{Result: true}, {Array: 1}}}
	if d := l.divide(); d == nil || d.lanes != 2 {
		t.Error("no lanes")
	}
}
