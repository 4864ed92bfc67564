package onnx

import "slices"

// A strided read becomes operators of ONNX where its steps are those along axes of the
// operand, which are divided where the read walks along a part of one: transposes,
// slices, flips, heads of an attention. Any other is a list of indices, within each row
// if the rows are outermost.

// An axis is one of the operand's.
type axis struct {
	length, stride int // elements
	ofRows         bool
	start, step    int // of the read
	used           bool
}

// A read is a view for some rows.
type read struct {
	lengths, strides []int
	offset           int
	from             []axis
}

// readOf describes the view of p.a; rows tells which axes depend on the rows.
func readOf(p pair, c call) read {
	r := read{lengths: p.a.Shape().Dims(), strides: c.wholes("strides"), offset: c.whole("offset")}
	dims, marked := p.a.Arg(0).Shape().Dims(), p.arg(0).dims()
	stride := 1
	for i := len(dims) - 1; i >= 0; i-- {
		r.from = append(r.from, axis{length: dims[i], stride: stride, ofRows: marked[i] == ofRows, step: 1})
		stride *= dims[i]
	}
	slices.Reverse(r.from)
	return r
}

// divide divides axes of the operand where a stride of the read falls within one.
func (r *read) divide() {
	for _, s := range r.strides {
		s = max(s, -s)
		for i, a := range r.from {
			inner := s / a.stride
			if !a.ofRows && s > a.stride && s%a.stride == 0 && inner < a.length && a.length%inner == 0 && !r.has(s) {
				r.from[i].length, r.from[i].stride = a.length/inner, s
				r.from = slices.Insert(r.from, i+1, axis{length: inner, stride: a.stride, step: 1})
				break
			}
		}
	}
}

// has tells whether an axis has that stride.
func (r *read) has(stride int) bool {
	return slices.ContainsFunc(r.from, func(a axis) bool { return a.stride == stride })
}

// match finds for each axis of the read that of the operand which it walks along; ok is
// false if there is none. Axes of length 1 walk nowhere, and have none, -1.
func (r *read) match() (order []int, ok bool) {
	rest := r.offset
	for i := range r.from {
		r.from[i].start = rest / r.from[i].stride
		rest %= r.from[i].stride
	}
	for i, n := range r.lengths {
		if n == 1 {
			order = append(order, -1)
			continue
		}
		at := slices.IndexFunc(r.from, func(a axis) bool {
			s := max(r.strides[i], -r.strides[i])
			return !a.used && s > 0 && s%a.stride == 0 && (n-1)*s/a.stride < a.length
		})
		if at < 0 {
			return nil, false
		}
		a := &r.from[at]
		a.used, a.step = true, r.strides[i]/a.stride
		if last := a.start + (n-1)*a.step; last < 0 || last >= a.length || a.ofRows && (a.step != 1 || n != a.length) {
			return nil, false
		}
		order = append(order, at)
	}
	return order, true
}

// writeView writes a strided read.
func writeView(w *writer, p pair, c call) string {
	r := readOf(p, c)
	r.divide()
	order, ok := r.match()
	if !ok {
		return writeIndices(w, p, c)
	}
	x := w.name(p.arg(0))
	if len(r.from) != len(p.arg(0).dims()) {
		x = w.reshape(x, r.lengthsOf())
	}
	x = w.sliced(x, r, order)
	// Axes that are walked along come in the order of the result, those of which one
	// element is taken before them.
	var perm []int
	for i, a := range r.from {
		if !a.used {
			perm = append(perm, i)
		}
	}
	for _, at := range order {
		if at >= 0 {
			perm = append(perm, at)
		}
	}
	if !slices.IsSorted(perm) {
		x = w.add("Transpose", []string{x}, set("perm", perm))
	}
	if len(perm) != len(order) || slices.Contains(order, -1) {
		x = w.reshape(x, p.dims())
	}
	return x
}

// lengthsOf are the lengths of the operand's axes, as they were divided.
func (r *read) lengthsOf() (dims []int) {
	for _, a := range r.from {
		if a.ofRows {
			dims = append(dims, ofRows)
		} else {
			dims = append(dims, a.length)
		}
	}
	return dims
}

// sliced takes what the read has of each axis.
func (w *writer) sliced(x string, r read, order []int) string {
	var starts, ends, axes, steps []int
	for i, a := range r.from {
		n := 1
		if k := slices.Index(order, i); k >= 0 {
			n = r.lengths[k]
		}
		if n == a.length && a.step == 1 {
			continue
		}
		end := a.start + (n-1)*a.step
		if end += sign(a.step); end < 0 {
			end = -a.length - 1 // before the first
		}
		starts, ends, axes, steps = append(starts, a.start), append(ends, end), append(axes, i), append(steps, a.step)
	}
	if axes == nil {
		return x
	}
	return w.one("Slice", x, w.list(starts...), w.list(ends...), w.list(axes...), w.list(steps...))
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// writeIndices writes a read as indices: of the elements of each row, or of all.
func writeIndices(w *writer, p pair, c call) string {
	from, to := p.arg(0).dims(), p.dims()
	strides, offset := c.wholes("strides"), c.whole("offset")
	_, fixed := size(from)
	if !fixed {
		row, whole := size(from[1:])
		_, also := size(to[1:])
		if from[0] != ofRows || to[0] != ofRows || !whole || !also || strides[0] != row {
			return w.fail("%v reads across rows", p.a)
		}
		strides, to = strides[1:], to[1:]
	} else if _, also := size(to); !also {
		return w.fail("%v reads across rows", p.a)
	}
	at := []int{offset}
	for i, n := range to {
		var next []int
		for _, a := range at {
			for k := range n {
				next = append(next, a+k*strides[i])
			}
		}
		at = next
	}
	if fixed {
		return w.reshape(w.add("Gather", []string{w.reshape(w.name(p.arg(0)), []int{-1}), w.list(at...)}, set("axis", 0)), to)
	}
	row, _ := size(from[1:])
	flat := w.reshape(w.name(p.arg(0)), []int{ofRows, row})
	return w.reshape(w.add("Gather", []string{flat, w.list(at...)}, set("axis", 1)), p.dims())
}
