package exec

import (
	"fmt"
	"strconv"
	"strings"

	"descent/internal/kernel"
)

// written is what operations are that can be written as source.
type written interface {
	source(w *writer, i Val, v *value)
}

// The sources of operations.

func (o dot) source(w *writer, i Val, v *value) {
	if o.k == 0 {
		w.cannot(v, "a product of nothing")
	}
	ai, ak, bk, bj := o.strides()
	lead := v.dims[:len(v.dims)-2]
	call := func(c, a, b string) {
		if o.scaled {
			w.line("addProduct(%s, %s, %s, %s, %d, %d, %d, %d, %d, %d, %d)", c, a, b, w.array(v.args[2]), o.m, o.n, o.k, ai, ak, bk, bj)
			return
		}
		w.line("product(%s, %s, %s, %d, %d, %d, %d, %d, %d, %d)", c, a, b, o.m, o.n, o.k, ai, ak, bk, bj)
	}
	if o.scaled && w.array(v.args[3]) != w.array(i) {
		w.line("move(%s, %s, %d)", w.array(i), w.array(v.args[3]), v.n)
	}
	if size(lead) == 1 {
		call(w.array(i), w.array(v.args[0]), w.array(v.args[1]))
	} else {
		w.nest(lead, func(at []string) {
			matrix := func(x Val, dims []int, each int) string {
				view := BroadcastView(dims, lead)
				strides := make([]int, len(lead))
				for i := range lead {
					strides[i] = view.Stride[i] * each
				}
				array, from := w.memory(x)
				return fmt.Sprintf("%s[%s:]", array, placeAt(at, strides, from))
			}
			da, db := w.f.vals[v.args[0]].dims, w.f.vals[v.args[1]].dims
			call(matrix(i, lead, o.m*o.n), matrix(v.args[0], da[:len(da)-2], o.m*o.k), matrix(v.args[1], db[:len(db)-2], o.k*o.n))
		})
	}
	if o.bias {
		w.line("addRow(%s, %s, %d, %d)", w.array(i), w.array(v.args[2]), v.n/o.n, o.n)
	}
	if o.relu {
		w.line("rectify(%s, %d)", w.array(i), v.n)
	}
}

func (o reduction) source(w *writer, i Val, v *value) {
	src := w.array(v.args[0])
	switch {
	case v.scalar():
		w.line("%s := total(%s, %d)", w.scalar(i), src, o.mid)
		return
	case o.sumsColumns():
		w.line("columns(%s, %s, %d, %d, %d)", w.array(i), src, o.mid, o.inner, kernel.ColumnStripe(o.inner))
		return
	}
	call := map[kernel.Reduction][2]string{
		kernel.ReduceSum: {"sums", ""}, kernel.ReduceProd: {"products", ""}, kernel.ReduceMax: {"extremes", ", 1"}, kernel.ReduceMin: {"extremes", ", -1"},
		kernel.ReduceArgMax: {"places", ", 1"}, kernel.ReduceArgMin: {"places", ", -1"},
	}[o.how]
	w.line("%s(%s, %s, %d, %d, %d%s)", call[0], w.array(i), src, o.outer, o.mid, o.inner, call[1])
}

func (o box) source(w *writer, i Val, v *value) {
	w.line("%s = real(%s)", w.at(i, "0"), w.scalar(v.args[0]))
}

func (o unbox) source(w *writer, i Val, v *value) {
	w.line("%s := float64(%s)", w.scalar(i), w.at(v.args[0], strconv.Itoa(o.from)))
}

func (o gather) source(w *writer, i Val, v *value) {
	dims := o.view.Dims[:o.view.Rank]
	dense := BroadcastView(dims, dims)
	w.nest(dims, func(at []string) {
		w.line("%s = %s", w.walk(i, at, &dense), w.walk(v.args[0], at, &o.view))
	})
}

func (o *place) source(w *writer, i Val, v *value) {
	w.line("fill(%s, %d, 0)", w.array(i), v.n)
	for k, a := range v.args {
		view := &o.views[k]
		dims := view.Dims[:view.Rank]
		dense := BroadcastView(dims, dims)
		w.nest(dims, func(at []string) {
			w.line("%s = %s", w.walk(i, at, view), w.walk(a, at, &dense))
		})
	}
}

// walk writes the element of a value that a view is at.
func (w *writer) walk(x Val, at []string, view *kernel.View) string {
	array, from := w.memory(x)
	return fmt.Sprintf("%s[%s]", array, placeAt(at, view.Stride[:view.Rank], from+view.Offset))
}

func (o *call) source(w *writer, i Val, v *value) {
	if o.Source == nil {
		w.cannot(v, o.Name)
		return
	}
	array, at := w.memory(i)
	shapes := o.outs
	if shapes == nil {
		shapes = [][]int{v.dims}
	}
	var dst, src []string
	for _, d := range shapes {
		dst = append(dst, fmt.Sprintf("%s[%d:]", array, at))
		at += alignUp(size(d))
	}
	for _, a := range v.args {
		src = append(src, w.array(a))
	}
	if o.Over && dst[0] != src[0] {
		w.line("move(%s, %s, %d)", dst[0], src[0], v.n)
	}
	w.line("%s", o.Source(dst, src))
}

func (o conv) source(w *writer, i Val, v *value) {
	r, c := o.Rows, o.Columns
	run := c.Kernel // columns of the kernel whose products are one sum
	near := c.Dilation == 1
	if o.Mode == kernel.ConvInput {
		near = c.Stride%c.Dilation == 0
	}
	switch {
	case o.In == o.Groups && o.Out == o.Groups:
		run = 0
	case c.Kernel > 1 && (o.Groups > 1 || !near) || c.Kernel == 1:
		run = 1
	}
	name := [...]string{kernel.ConvForward: "conv", kernel.ConvInput: "convInput", kernel.ConvWeights: "convWeights"}[o.Mode]
	batch := fmt.Sprint(o.Batch, ", ")
	if o.Mode == kernel.ConvWeights {
		if batch = ""; o.Batch > 1 { // whose sums have the order of chunks
			w.cannot(v, "conv_weights of several images")
		}
	}
	w.line("%s(%s, %s, %s, %s%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d)", name, w.array(i), w.array(v.args[0]), w.array(v.args[1]),
		batch, r.In, c.In, o.In, o.Out, o.Groups, r.Kernel, c.Kernel, run, r.Out, c.Out, r.Stride, c.Stride, r.Dilation, c.Dilation, r.Before, c.Before)
	if o.Bias {
		w.line("addRow(%s, %s, %d, %d)", w.array(i), w.array(v.args[2]), v.n/o.Out, o.Out)
	}
	if o.ReLU {
		w.line("rectify(%s, %d)", w.array(i), v.n)
	}
}

func (o attention) source(w *writer, i Val, v *value) {
	if o.back || o.Kept() == 0 {
		w.cannot(v, strings.Fields(o.line(nil))[0])
		return
	}
	array, at := w.memory(i)
	weights := at + alignUp(o.Pairs*o.Queries*o.Values)
	mask := w.array(v.args[0]) // which nobody reads
	if o.Heads > 0 {
		mask = w.array(v.args[3])
	}
	block := o.Queries
	if o.Causal {
		block = o.Block()
	}
	w.line("attention(%s[%d:], %s[%d:], %s, %s, %s, %s, %d, %d, %d, %d, %d, %d, %d, %s, %v)", array, at, array, weights, w.array(v.args[0]), w.array(v.args[1]), w.array(v.args[2]), mask,
		o.Pairs, o.Queries, o.Keys, o.Width, o.Values, o.Heads, block, w.element(o.Scale), o.Causal)
}

func (o *loop) source(w *writer, i Val, v *value) {
	if o.partial() {
		w.cannot(v, o.Name+", a loop that may end early,")
		return
	}
	type place struct {
		array string
		at    int
	}
	var args, outs []place
	for _, a := range v.args {
		array, at := w.memory(a)
		args = append(args, place{array, at})
	}
	array, at := w.memory(i)
	shapes := o.Results
	for _, d := range shapes {
		outs = append(outs, place{array, at})
		at += alignUp(size(d))
	}
	room := w.base + w.plan.rooms[i]
	at = room + o.arena()
	for _, d := range o.Own {
		outs = append(outs, place{"m.arena", at})
		at += alignUp(size(d))
	}
	for _, s := range o.Starts {
		w.line("move(%s[%d:], %s, %d)", outs[s.Result].array, outs[s.Result].at+s.At, w.array(v.args[s.Operand]), w.f.vals[v.args[s.Operand]].n)
	}
	of := func(leaf int) place {
		p := args
		if o.Leaves[leaf].Result {
			p = outs
		}
		x := p[o.Leaves[leaf].Array]
		return place{x.array, x.at + o.Leaves[leaf].Start}
	}
	part := func(leaf int) string { return fmt.Sprintf("part%d_%d", i, leaf) }
	body := &writer{f: o.Body, double: w.double, base: room, arena: w.arena, indent: w.indent + 1, leaf: func(leaf int) (string, int) {
		if o.Leaves[leaf].Step != 0 {
			return part(leaf), 0
		}
		return of(leaf).array, of(leaf).at
	}}
	body.program(o.body)
	if w.err == nil {
		w.err = body.err
	}
	w.line("for step%d := 0; step%d < %d; step%d++ {", i, i, o.Steps, i)
	w.indent++
	for leaf, read := range body.read {
		if step := o.Leaves[leaf].Step; read && step != 0 {
			w.line("%s := %s[%s:]", part(leaf), of(leaf).array, placeAt([]string{fmt.Sprint("step", i)}, []int{step}, of(leaf).at))
		}
	}
	w.text.WriteString(body.first.String() + body.text.String())
	w.indent--
	w.line("}")
}
