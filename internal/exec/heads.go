package exec

import (
	"slices"

	"descent/internal/kernel"
)

// heads makes attentions read and write heads where they lie side by side in the rows
// of an array of all heads: a strided read of one matrix for each pair, or a place of
// the results, is no copy then.
func heads(f *Func) {
	if f.dense {
		return
	}
	uses := f.useCounts()
	rewrite(f, func(i Val, v *value) Val {
		switch o := v.op.(type) {
		case attention:
			v.op = f.readHeads(o, v.args)
		case gather:
			if f.writeHeads(o, v, uses) {
				return v.args[0]
			}
		case *place:
			f.joinHeads(o, v, uses)
		}
		return i
	})
}

// readHeads replaces operands that are strided reads by what these read.
func (f *Func) readHeads(o attention, args []Val) attention {
	dy := &o.at.Y
	read := []struct {
		k, rows, columns int
		at               *kernel.AttentionRows
	}{{0, o.Queries, o.Width, &o.at.Q}, {1, o.Keys, o.Width, &o.at.K}, {2, o.Keys, o.Values, &o.at.V}, {len(args) - 2, o.Queries, o.Values, dy}}
	if !o.back {
		read = read[:3]
	}
	for _, r := range read {
		x := args[r.k]
		for f.vals[x].kind == kShape && f.vals[x].n == f.vals[f.vals[x].args[0]].n {
			x = f.vals[x].args[0]
		}
		if view, ok := f.vals[x].gathered(); ok {
			if at, ok := o.rowsOf(&view, r.rows, r.columns); ok {
				*r.at, args[r.k] = at, f.vals[x].args[0]
			}
		}
	}
	return o
}

// rowsOf says where a view has the matrices of pairs, if it goes from pair to pair,
// and in each from row to row.
func (o attention) rowsOf(v *kernel.View, rows, columns int) (at kernel.AttentionRows, ok bool) {
	r := v.Rank - 2
	if r < 0 || v.Len() == 0 || v.Dims[r] != rows || v.Dims[r+1] != columns || v.Stride[r+1] != 1 || v.Stride[r] < columns || v.Len() != o.Pairs*rows*columns {
		return at, false
	}
	at = kernel.AttentionRows{Start: v.Offset, Heads: 1, Row: v.Stride[r]}
	var dims, strides []int // of the axes of pairs, those that go on each other as one
	for i, d := range v.Dims[:r] {
		last := len(dims) - 1
		switch {
		case d == 1:
		case last >= 0 && strides[last] == d*v.Stride[i]:
			dims[last], strides[last] = dims[last]*d, v.Stride[i]
		default:
			dims, strides = append(dims, d), append(strides, v.Stride[i])
		}
	}
	switch len(dims) {
	case 0:
	case 1:
		at.Batch = strides[0]
	case 2:
		at.Heads, at.Batch, at.Head = dims[1], strides[0], strides[1]
	default:
		return at, false
	}
	return at, true
}

// result tells which result of an attention x is, that nobody else reads.
func (f *Func) result(x Val, uses []int) (o attention, of Val, k int, ok bool) {
	v := &f.vals[x]
	if v.kind != kShape || uses[x] != 1 {
		return o, 0, 0, false
	}
	of = v.args[0]
	if o, ok = f.vals[of].op.(attention); !ok {
		return o, 0, 0, false
	}
	at := 0
	for k, d := range o.results() {
		if at == v.from && size(d) == v.n && o.whole == 0 {
			return o, of, k, o.back || k == 0
		}
		at += alignUp(size(d))
	}
	return o, 0, 0, false
}

// sizes are the rows and columns of result k, and where it is.
func (o *attention) sizes(k int) (rows, columns int, at *kernel.AttentionRows) {
	switch {
	case !o.back:
		return o.Queries, o.Values, &o.at.Y
	case k == 0:
		return o.Queries, o.Width, &o.at.DQ
	case k == 1:
		return o.Keys, o.Width, &o.at.DK
	}
	return o.Keys, o.Values, &o.at.DV
}

// writeHeads lets an attention write a result in the order in which its only reader
// reads it, and reports whether it does.
func (f *Func) writeHeads(g gather, v *value, uses []int) bool {
	x := &f.vals[v.args[0]]
	o, of, k, ok := f.result(v.args[0], uses)
	if !ok {
		return false
	}
	view, ok := inverse(&g.view, x.dims)
	if !ok {
		return false
	}
	rows, columns, at := o.sizes(k)
	if *at, ok = o.rowsOf(&view, rows, columns); !ok {
		return false
	}
	f.vals[of].op = o
	x.dims = slices.Clone(v.dims)
	return true
}

// joinHeads makes of a place that is filled by all the gradients of an attention what
// writes them there itself.
func (f *Func) joinHeads(p *place, v *value, uses []int) {
	if len(p.views) != 3 {
		return
	}
	first, of, _, ok := f.result(v.args[0], uses)
	filled := 0
	for i, a := range v.args {
		o, same, k, result := f.result(a, uses)
		if !ok || !result || same != of || !o.back {
			return
		}
		rows, columns, at := first.sizes(k)
		if *at, ok = o.rowsOf(&p.views[i], rows, columns); !ok {
			return
		}
		filled += p.views[i].Len()
	}
	if filled != v.n {
		return
	}
	first.whole = v.n
	v.op, v.args = first, f.own(f.vals[of].args)
}
