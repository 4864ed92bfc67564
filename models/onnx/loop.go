package onnx

import (
	"slices"

	"descent/graph"
)

// A loop becomes a Scan, whose body has what depends on the values that a step is given;
// all else is computed before it, and the body uses it by its name.

// depth returns how many loops are around what a node depends on.
func (w *writer) depth(n *graph.Node) int {
	if d, ok := w.depths[n]; ok {
		return d
	}
	depth := 0
	for i := range n.Arity() {
		depth = max(depth, w.depth(n.Arg(i)))
	}
	w.depths[n] = depth
	return depth
}

// loop writes a result of a loop.
func (w *writer) loop(p pair, l *graph.Loop, result int) string {
	key := slices.Concat(l.Carry, l.X)[0]
	if w.loops[key] == nil {
		if l.Stop != nil || l.When != nil {
			return w.fail("%v: a loop that ends, or has steps, on a condition cannot be written", p.a)
		}
		other, _ := p.b.Loop()
		w.loops[key] = w.scan(l, other)
	}
	return w.loops[key][result]
}

// scan writes a loop and returns the names of its results.
func (w *writer) scan(l, other *graph.Loop) []string {
	xs := w.each(pairs(l.Xs, other.Xs))
	body := &block{name: w.fresh("steps")}
	given := pairs(slices.Concat(l.Carry, l.X), slices.Concat(other.Carry, other.X))
	in := w.each(pairs(l.Init, other.Init))
	w.blocks = append(w.blocks, body)
	depth := len(w.blocks) - 1
	for _, p := range given {
		w.depths[p.a] = depth
		w.names[p.a] = w.fresh("given")
		body.inputs = append(body.inputs, inside(w.names[p.a], p))
	}
	if len(l.X) == 0 { // a Scan walks along something
		name := w.fresh("given")
		body.inputs = append(body.inputs, value{name: name, elem: float32s})
		xs = []string{w.constant("steps", []int{l.Steps}, make([]float64, l.Steps))}
	}
	back := w.in(depth)
	for _, p := range pairs(slices.Concat(l.Next, l.Y), slices.Concat(other.Next, other.Y)) {
		name := w.one("Identity", w.name(p))
		body.outputs = append(body.outputs, inside(name, p))
	}
	back()
	w.blocks = w.blocks[:depth]
	s := step{op: "Scan", in: append(in, xs...), set: []attribute{set("body", body), set("num_scan_inputs", len(xs))}}
	if l.Reverse {
		s.set = append(s.set, set("scan_input_directions", slices.Repeat([]int{1}, len(xs))))
		if len(l.Y) > 0 {
			s.set = append(s.set, set("scan_output_directions", slices.Repeat([]int{1}, len(l.Y))))
		}
	}
	for range body.outputs {
		s.out = append(s.out, w.fresh("scan"))
	}
	w.here.nodes = append(w.here.nodes, s)
	return s.out
}

// each are the names of some nodes.
func (w *writer) each(all []pair) (names []string) {
	for _, p := range all {
		names = append(names, w.name(p))
	}
	return names
}

// inside is an input or output of a step, whose lengths of rows are not told.
func inside(name string, p pair) value {
	v := value{name: name, elem: float32s}
	for _, n := range p.dims() {
		v.dims = append(v.dims, dim{n: n})
	}
	return v
}
