package onnx

import (
	"math"
	"slices"
)

// Before layers are looked for, the lengths of all values are found, and the elements of
// those that do not depend on the input: programs write what they know of shapes, masks and
// positions as operators, too.

// anyRows stands for the number of rows where a file takes any: a prime that no array
// reaches, so that a length is that of the rows if it is divided by it.
const anyRows = math.MaxInt32

// maxSize bounds an array whose lengths are known, and keeps products of them exact.
const maxSize = 1 << 62

// infer notes what is known of what a node makes.
func (r *reader) infer(s *step) {
	if len(s.out) == 0 {
		return
	}
	if t := r.evaluated(s); t != nil {
		if t.size() <= r.room {
			r.room -= t.size()
			r.constants[s.out[0]] = t
			r.note(s.out[0], t.dims)
		}
		return
	}
	if len(s.in) == 0 || s.domain != "" && s.domain != "ai.onnx" {
		return
	}
	x, known := r.dims[s.in[0]]
	if f := moving[s.op]; f != nil && known {
		if out, ok := f(r, s, contiguous(x)); ok {
			for i, l := range out[:min(len(out), len(s.out))] {
				r.note(s.out[i], l.dims())
				if t := r.constants[s.in[0]]; t != nil && t.size() > 0 { // elements of a type that is read
					r.moved(s, i, t, l)
				}
			}
			return
		}
	}
	if f := lengths[s.op]; f != nil && known {
		for i, dims := range f(r, s, x) {
			if i < len(s.out) && s.out[i] != "" {
				r.note(s.out[i], dims)
			}
		}
	}
}

// note notes lengths that make sense.
func (r *reader) note(value string, dims []int) {
	size := 1
	for _, n := range dims {
		if n < 1 || size > maxSize/n {
			return
		}
		size *= n
	}
	r.dims[value] = dims
}

// moved notes a constant whose elements were moved.
func (r *reader) moved(s *step, i int, t *tensor, l layout) {
	size, ok := r.fits(l.dims())
	if !ok {
		return
	}
	r.room -= size
	out := &tensor{dims: l.dims()}
	for _, at := range l.offsets() {
		if t.floats != nil {
			out.floats = append(out.floats, t.floats[at])
		} else {
			out.ints = append(out.ints, t.ints[at])
		}
	}
	if s.op == "Cast" {
		out = out.as(s.whole("to", float32s))
	}
	r.constants[s.out[i]] = out
}

// as is a constant with elements of another type.
func (t *tensor) as(elem int) *tensor {
	whole := elem == int64s || elem == int32s
	out := &tensor{dims: t.dims}
	for i := range t.size() {
		switch x := t.at(i); {
		case whole:
			out.ints = append(out.ints, int64(x))
		case elem == bools && x != 0:
			out.floats = append(out.floats, 1)
		case elem == bools:
			out.floats = append(out.floats, 0)
		default:
			out.floats = append(out.floats, float32(x))
		}
	}
	return out
}

// at is an element as a number.
func (t *tensor) at(i int) float64 {
	if t.floats != nil {
		return float64(t.floats[i])
	}
	return float64(t.ints[i])
}

func (t *tensor) size() int { return len(t.floats) + len(t.ints) }

// broadcast are the lengths of what is computed of two arrays, element by element.
func broadcast(a, b []int) (out []int, ok bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out = slices.Clone(a)
	for i, n := range b {
		at := len(a) - len(b) + i
		switch {
		case out[at] == 1:
			out[at] = n
		case n != 1 && n != out[at]:
			return nil, false
		}
	}
	return out, true
}
