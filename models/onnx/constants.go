package onnx

import (
	"math"
	"slices"

	"descent/internal/elementary"
)

// What operators make of constants.

// of two numbers, and of one, are what operators compute element by element.
var (
	ofTwo = map[string]func(a, b float64) float64{
		"Add": func(a, b float64) float64 { return a + b }, "Sub": func(a, b float64) float64 { return a - b },
		"Mul": func(a, b float64) float64 { return a * b }, "Div": func(a, b float64) float64 { return a / b },
		"Pow": elementary.Pow, "Max": math.Max, "Min": math.Min,
		"Equal": func(a, b float64) float64 { return truthOf(a == b) }, "Less": func(a, b float64) float64 { return truthOf(a < b) },
		"LessOrEqual": func(a, b float64) float64 { return truthOf(a <= b) }, "Greater": func(a, b float64) float64 { return truthOf(a > b) },
		"GreaterOrEqual": func(a, b float64) float64 { return truthOf(a >= b) },
		"And":            func(a, b float64) float64 { return truthOf(a != 0 && b != 0) }, "Or": func(a, b float64) float64 { return truthOf(a != 0 || b != 0) },
	}
	ofOne = map[string]func(x float64) float64{
		"Neg": func(x float64) float64 { return -x }, "Not": func(x float64) float64 { return truthOf(x == 0) }, "Abs": math.Abs,
		"Sqrt": math.Sqrt, "Floor": math.Floor, "Ceil": math.Ceil, "Reciprocal": func(x float64) float64 { return 1 / x },
		"Exp": elementary.Exp, "Log": elementary.Log, "Sin": elementary.Sin, "Cos": elementary.Cos,
	}
)

func truthOf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// evaluated is what a node makes of constants, nil if it is none of those that are known.
func (r *reader) evaluated(s *step) *tensor {
	var in []*tensor
	for _, name := range s.in {
		t := r.constants[name]
		if s.op != "Shape" && (t == nil || t.size() == 0) {
			return nil
		}
		in = append(in, t)
	}
	switch {
	case s.op == "Constant":
		return s.constant()
	case s.op == "Shape" && len(in) == 1:
		if dims, ok := r.dims[s.in[0]]; ok {
			n := len(dims)
			from, to := within(s.whole("start", 0), n), within(s.whole("end", n), n)
			return ofWholes(dims[min(from, to):to])
		}
	case s.op == "ConstantOfShape" && len(in) == 1:
		return r.filled(s, in[0])
	case s.op == "Range" && len(in) == 3:
		return r.counting(in)
	case s.op == "Trilu" && len(in) > 0:
		return triangle(s, in)
	case s.op == "Concat" && len(in) > 0:
		return r.joined(s, in)
	case s.op == "Gather" && len(in) == 2 && len(in[0].dims) == 2 && s.whole("axis", 0) == 0:
		return r.taken(in[0], in[1])
	case (s.op == "ReduceSum" || s.op == "ReduceMean" || s.op == "ReduceL2") && len(in) > 0:
		return r.summed(s, in[0])
	case s.op == "MatMul" && len(in) == 2:
		return r.product(in[0], in[1])
	case ofTwo[s.op] != nil && len(in) == 2:
		return r.together(func(x []float64) float64 { return ofTwo[s.op](x[0], x[1]) }, in...)
	case ofOne[s.op] != nil && len(in) == 1:
		return r.together(func(x []float64) float64 { return ofOne[s.op](x[0]) }, in...)
	case s.op == "Where" && len(in) == 3:
		return r.together(func(x []float64) float64 {
			if x[0] != 0 {
				return x[1]
			}
			return x[2]
		}, in...)
	}
	return nil
}

func ofWholes(list []int) *tensor {
	t := &tensor{dims: []int{len(list)}, ints: []int64{}}
	for _, n := range list {
		t.ints = append(t.ints, int64(n))
	}
	return t
}

// constant is what a node of the operator Constant makes.
func (s *step) constant() *tensor {
	for _, a := range s.set {
		switch v := a.value.(type) {
		case *tensor:
			return v
		case float32:
			return &tensor{floats: []float32{v}}
		case int:
			return &tensor{ints: []int64{int64(v)}}
		case []float32:
			return &tensor{dims: []int{len(v)}, floats: v}
		case []int:
			return ofWholes(v)
		}
	}
	return nil
}

// together computes a function of elements that broadcast. Of whole numbers it is whole.
func (r *reader) together(f func(x []float64) float64, in ...*tensor) *tensor {
	dims, ok, whole := in[0].dims, true, true
	for i, t := range in {
		if d, fits := broadcast(dims, t.dims); fits {
			dims = d
		} else {
			ok = false
		}
		whole = whole && (t.ints != nil || i == 0 && len(in) == 3)
	}
	if size, fits := r.fits(dims); !ok || !fits || size == 0 {
		return nil
	}
	var at [][]int
	for _, t := range in {
		l := layout{axes: slices.Concat(make([][]digit, len(dims)-len(t.dims)), contiguous(t.dims).axes)}
		for i, n := range dims {
			if n > 1 && length(l.axes[i]) == 1 {
				l.axes[i] = []digit{{n, 0}}
			}
		}
		at = append(at, l.offsets())
	}
	out := &tensor{dims: dims}
	x := make([]float64, len(in))
	for i := range at[0] {
		for k, t := range in {
			x[k] = t.at(at[k][i])
		}
		switch y := f(x); {
		case whole && !(math.Abs(y) < maxSize):
			return nil
		case whole:
			out.ints = append(out.ints, int64(y))
		default:
			out.floats = append(out.floats, float32(y))
		}
	}
	return out
}

// fits is how many elements an array has, if there is room for them.
func (r *reader) fits(dims []int) (size int, ok bool) {
	size = 1
	for _, n := range dims {
		if n < 0 || n > 0 && size > r.room/n {
			return 0, false
		}
		size *= n
	}
	return size, size <= r.room
}

func (r *reader) filled(s *step, shape *tensor) *tensor {
	t := &tensor{}
	for _, n := range shape.ints {
		t.dims = append(t.dims, int(n))
	}
	size, ok := r.fits(t.dims)
	v, given := s.get("value").(*tensor)
	switch {
	case !ok || given && v.size() != 1:
		return nil
	case given && v.ints != nil:
		t.ints = slices.Repeat(v.ints, size)
	case given:
		t.floats = slices.Repeat(v.floats, size)
	default:
		t.floats = make([]float32, size)
	}
	return t
}

// counting are numbers from a first one to before an end.
func (r *reader) counting(in []*tensor) *tensor {
	for _, t := range in {
		if t.size() != 1 {
			return nil
		}
	}
	first, end, by := in[0].at(0), in[1].at(0), in[2].at(0)
	n := math.Ceil((end - first) / by)
	if !(n >= 1 && n <= float64(r.room)) {
		return nil
	}
	t := &tensor{dims: []int{int(n)}}
	for i := range int(n) {
		if x := first + float64(float64(i)*by); in[0].ints != nil {
			t.ints = append(t.ints, int64(x))
		} else {
			t.floats = append(t.floats, float32(x))
		}
	}
	return t
}

// triangle keeps one side of a diagonal.
func triangle(s *step, in []*tensor) *tensor {
	k, n := 0, len(in[0].dims)
	if len(in) > 1 && in[1].size() == 1 {
		k = int(in[1].at(0))
	}
	if n < 2 || in[0].floats == nil {
		return nil
	}
	out := &tensor{dims: in[0].dims, floats: slices.Clone(in[0].floats)}
	rows, columns := out.dims[n-2], out.dims[n-1]
	for i := range out.floats {
		row, column := i/columns%rows, i%columns
		if upper := s.whole("upper", 1) != 0; upper && column-row < k || !upper && column-row > k {
			out.floats[i] = 0
		}
	}
	return out
}

// joined are constants one after the other along an axis.
func (r *reader) joined(s *step, in []*tensor) *tensor {
	out := &tensor{dims: slices.Clone(in[0].dims)}
	axis, ok := counted(s.whole("axis", 0), len(out.dims))
	if !ok {
		return nil
	}
	out.dims[axis] = 0
	for _, t := range in {
		if len(t.dims) != len(out.dims) || !slices.Equal(t.dims[:axis], out.dims[:axis]) || !slices.Equal(t.dims[axis+1:], out.dims[axis+1:]) || (t.ints == nil) != (in[0].ints == nil) {
			return nil
		}
		out.dims[axis] += t.dims[axis]
	}
	size, ok := r.fits(out.dims)
	outer := length(slices.Concat(contiguous(out.dims[:axis]).axes...))
	if !ok || size == 0 {
		return nil
	}
	for i := range outer {
		for _, t := range in {
			n := t.size() / outer
			if t.ints != nil {
				out.ints = append(out.ints, t.ints[i*n:][:n]...)
			} else {
				out.floats = append(out.floats, t.floats[i*n:][:n]...)
			}
		}
	}
	return out
}

// summed are sums over axes, of squares if a norm is wanted, or means.
func (r *reader) summed(s *step, t *tensor) *tensor {
	axes, given := r.list(s, "axes", 1)
	if t.floats == nil || !given && len(s.in) > 1 {
		return nil
	}
	kept := make([]int, len(t.dims))
	out := &tensor{}
	to := layout{}
	for i, n := range t.dims {
		gone := !given || slices.Contains(axes, i) || slices.Contains(axes, i-len(t.dims))
		if kept[i] = n; gone {
			kept[i] = 1
		}
		if !gone || s.whole("keepdims", 1) == 1 {
			out.dims = append(out.dims, kept[i])
		}
	}
	for i, axis := range contiguous(kept).axes {
		if t.dims[i] != kept[i] {
			axis = []digit{{t.dims[i], 0}}
		}
		to.axes = append(to.axes, axis)
	}
	sums := make([]float64, length(slices.Concat(contiguous(kept).axes...)))
	for i, at := range to.offsets() {
		x := t.at(i)
		if s.op == "ReduceL2" {
			x = float64(x * x)
		}
		sums[at] += x
	}
	for _, x := range sums {
		switch s.op {
		case "ReduceL2":
			x = math.Sqrt(x)
		case "ReduceMean":
			x /= float64(t.size() / len(sums))
		}
		out.floats = append(out.floats, float32(x))
	}
	return out
}

// product is that of two matrices.
func (r *reader) product(a, b *tensor) *tensor {
	if !matrix(a) || !matrix(b) || a.dims[1] != b.dims[0] {
		return nil
	}
	rows, n, columns := a.dims[0], a.dims[1], b.dims[1]
	if work, ok := r.fits([]int{rows, n, columns}); !ok || work == 0 {
		return nil
	}
	out := &tensor{dims: []int{rows, columns}}
	for i := range rows {
		for k := range columns {
			sum := 0.0
			for j := range n {
				sum += float64(a.at(i*n+j) * b.at(j*columns+k))
			}
			out.floats = append(out.floats, float32(sum))
		}
	}
	return out
}

// taken are rows of a table.
func (r *reader) taken(table, index *tensor) *tensor {
	if _, ok := r.fits(append(slices.Clone(index.dims), table.dims[1])); !ok || table.floats == nil || index.ints == nil {
		return nil
	}
	out := &tensor{dims: append(slices.Clone(index.dims), table.dims[1])}
	for _, k := range index.ints {
		row, ok := counted(int(k), table.dims[0])
		if !ok {
			return nil
		}
		out.floats = append(out.floats, table.floats[row*table.dims[1]:][:table.dims[1]]...)
	}
	return out
}
