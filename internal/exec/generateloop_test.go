package exec

import (
	"slices"

	"descent/internal/kernel"
)

// take makes an array of the first elements of a value that has so many, or of a number.
func (g *generator) take(dims ...int) Val {
	for range 8 {
		if x := g.recent(); g.f.vals[x].n >= size(dims) && !g.f.vals[x].scalar() {
			return g.first(x, dims...)
		}
	}
	return g.f.Const(0.5, dims)
}

// attention makes an attention over values that there are, and its gradient.
func (g *generator) attention() {
	s := kernel.AttentionShape{Pairs: 1 + g.IntN(4), Queries: 1 + g.IntN(20), Keys: 1 + g.IntN(20), Width: 1 + g.IntN(9), Values: 1 + g.IntN(9), Scale: 0.5}
	if s.Causal = g.Bool(); s.Causal {
		s.Keys = s.Queries
	}
	args := []Val{g.take(s.Pairs, s.Queries, s.Width), g.take(s.Pairs, s.Keys, s.Width), g.take(s.Pairs, s.Keys, s.Values)}
	if g.Bool() {
		s.Heads = []int{1, s.Pairs}[g.IntN(2)]
		args = append(args, g.take(s.Pairs/s.Heads, s.Keys))
	}
	y, kept := g.f.Attention(s, args...)
	g.add(y)
	if g.Bool() {
		dy := g.take(s.Pairs, s.Queries, s.Values)
		g.add(g.f.AttentionGrad(s, append(args, dy, kept)...)...)
	}
}

// loop makes a loop whose body is a random program: of a part of an array, of what is
// carried from step to step, in place or along a stack, and of an array that stays. It
// leaves what is carried next, and a part of another stack. Where rows depend on no
// others there are lanes.
func (g *generator) loop() {
	steps, rows, n := 1+g.IntN(4), []int{1, 3, 16, 37}[g.IntN(4)], 1+g.IntN(5)
	if g.inside {
		steps, rows = 2, 1
	}
	part, dims := rows*n, []int{rows, n}
	l := &Loop{Name: "loop", Steps: steps}
	args := []Val{g.take(steps, rows, n), g.take(rows, n), g.take(rows, n)}
	along := Walk{Step: part}
	if l.Reverse = g.Bool(); l.Reverse {
		along = Walk{Start: (steps - 1) * part, Step: -part}
	}
	in := &generator{Rand: g.Rand, f: &Func{}, loose: map[Val]bool{}, r: rows, c: n, inside: true}
	leaf := func(name string, w Walk, fixed bool) Val {
		l.Leaves = append(l.Leaves, w)
		return in.f.Leaf(Leaf{Name: name, Dims: dims, Fixed: fixed})
	}
	in.add(leaf("part", along, false), leaf("stays", Walk{Array: 2}, g.Bool()))
	l.Starts = []Start{{Operand: 1}}
	stack := []int{steps, rows, n}
	next := leaf("carried", Walk{Result: true}, false)
	in.add(next)
	if l.Results = [][]int{dims}; g.Bool() { // from part to part
		l.Results = [][]int{{steps + 1, rows, n}}
		l.Leaves[len(l.Leaves)-1].Step = part
		next = leaf("next", Walk{Result: true, Start: part, Step: part}, false)
	}
	along.Result, along.Array = true, 1
	out := leaf("out", along, false)
	if g.Bool() {
		l.Results = append(l.Results, stack)
	} else {
		l.Own = append(l.Own, stack)
	}
	for _, x := range []float64{0, 1, in.NormFloat64()} {
		in.constant(x)
	}
	for range 1 + g.IntN(8) {
		in.step()
	}
	for _, to := range []Val{next, out} {
		in.f.Update(to, in.last(dims))
	}
	if stop := in.last(nil); g.IntN(4) == 0 && stop >= 0 {
		l.Stops = true
		in.f.Output(stop)
	}
	if g.IntN(4) == 0 {
		l.Conditional = true
		args = append(args, g.take(1))
	}
	l.Body = in.f
	g.add(g.f.Loop(l, args...)...)
}

// last is one of the values of a shape, rather a late one; -1 if there is none.
func (g *generator) last(dims []int) Val {
	for i := len(g.vals) - 1; i >= 0; i-- {
		if v := g.vals[i]; slices.Equal(g.dims(v), dims) && (i < 5 || g.IntN(3) > 0) {
			return v
		}
	}
	return -1
}

// loop runs a body as it was written, over parts of arrays.
func (o *oracle) loop(l *Loop, dst []float64, args [][]float64) {
	arrays := parts(dst, l.Results)
	for _, d := range l.Own {
		arrays = append(arrays, make([]float64, size(d)))
	}
	for _, s := range l.Starts {
		copy(arrays[s.Result][s.At:], args[s.Operand])
	}
	if l.Conditional && args[len(args)-1][0] == 0 {
		return
	}
	for t := range l.Steps {
		body := &oracle{f: l.Body, leaves: make([][]float64, len(l.Leaves))}
		for i, w := range l.Leaves {
			array := args
			if w.Result {
				array = arrays
			}
			body.leaves[i] = array[w.Array][w.Start+t*w.Step:][:size(l.Body.leaves[i].Dims)]
		}
		if out := body.run(); l.Stops && out[0][0] != 0 {
			return
		}
	}
}

// attention computes a pair at a time.
func (o *oracle) attention(a attention, dst []float64, args [][]float64) {
	out := parts(dst, a.results())
	if a.whole > 0 {
		out = [][]float64{dst, dst, dst}
	}
	w := kernel.NewAttentionWorker[float64](a.AttentionShape, a.at, a.back)
	q, k, v, rest := args[0], args[1], args[2], args[3:]
	var mask []float64
	if a.Heads > 0 {
		mask, rest = rest[0], rest[1:]
	}
	for i := range a.Pairs {
		if a.back {
			w.Backward(i, out[0], out[1], out[2], q, k, v, mask, rest[0], rest[1])
		} else {
			w.Forward(i, out[0], out[1], q, k, v, mask)
		}
	}
}

// parts are the arrays of several results, each in cache lines of its own.
func parts(dst []float64, shapes [][]int) (arrays [][]float64) {
	at := 0
	for _, d := range shapes {
		arrays = append(arrays, dst[at:at+size(d)])
		at += alignUp(size(d))
	}
	return arrays
}
