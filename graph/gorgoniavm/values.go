package gorgoniavm

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// numbers appends the elements of a value of any type, in row-major order. Bools
// are 1 or 0.
func numbers(dst []float64, v gorgonia.Value) ([]float64, error) {
	if d, ok := v.(*tensor.Dense); ok && (d.RequiresIterator() || !d.DataOrder().IsRowMajor()) {
		v = d.Materialize().(*tensor.Dense)
	}
	switch x := v.Data().(type) {
	case []float64:
		return append(dst, x...), nil
	case []float32:
		return appendAll(dst, x), nil
	case []int:
		return appendAll(dst, x), nil
	case []int64:
		return appendAll(dst, x), nil
	case []int32:
		return appendAll(dst, x), nil
	case []uint8:
		return appendAll(dst, x), nil
	case []bool:
		for _, b := range x {
			dst = append(dst, number(b))
		}
		return dst, nil
	case float64:
		return append(dst, x), nil
	case float32:
		return append(dst, float64(x)), nil
	case int:
		return append(dst, float64(x)), nil
	case int64:
		return append(dst, float64(x)), nil
	case int32:
		return append(dst, float64(x)), nil
	case uint8:
		return append(dst, float64(x)), nil
	case bool:
		return append(dst, number(x)), nil
	}
	return dst, fmt.Errorf("a value of %T has no numbers", v)
}

func appendAll[E float32 | int | int64 | int32 | uint8](dst []float64, x []E) []float64 {
	for _, e := range x {
		dst = append(dst, float64(e))
	}
	return dst
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// wholes are the elements of a value of whole numbers.
func wholes(dst []int, v gorgonia.Value) ([]int, error) {
	if d, ok := v.(*tensor.Dense); ok && !d.RequiresIterator() && d.Dtype() == tensor.Int && !d.IsScalar() {
		return append(dst, d.Ints()...), nil
	}
	x, err := numbers(nil, v)
	for _, e := range x {
		dst = append(dst, int(e))
	}
	return dst, err
}

// own gives a tensor the engine of the machine, as gorgonia's machines do.
func (s *settings) own(v gorgonia.Value) {
	if d, ok := v.(*tensor.Dense); ok {
		tensor.WithEngine(s.engine)(d)
	}
}

// ownSolved is own for a parameter, or its gradient, that a solver is to change.
func (s *settings) ownSolved(v gorgonia.Value) {
	s.own(v)
	if d, ok := v.(*tensor.Dense); ok && s.engine == tensor.Engine(gorgonia.StandardEngine{}) {
		tensor.WithEngine(arithmetic{})(d)
	}
}

// newValue returns a value of gorgonia's with zeros: a scalar if there are no
// lengths.
func newValue(dt tensor.Dtype, dims []int) (gorgonia.Value, error) {
	if len(dims) > 0 {
		return tensor.New(tensor.WithShape(dims...), tensor.Of(dt)), nil
	}
	switch dt {
	case tensor.Float64:
		return gorgonia.NewF64(0), nil
	case tensor.Float32:
		return gorgonia.NewF32(0), nil
	case tensor.Int:
		return gorgonia.NewI(0), nil
	case tensor.Int64:
		return gorgonia.NewI64(0), nil
	case tensor.Int32:
		return gorgonia.NewI32(0), nil
	case tensor.Byte:
		return gorgonia.NewU8(0), nil
	case tensor.Bool:
		return gorgonia.NewB(false), nil
	}
	return nil, fmt.Errorf("there are no values of type %v", dt)
}

// valueFor returns a value for a node. What gorgonia's Tensordot contracts wholly is
// a scalar by its type and a tensor of one element by its value.
func valueFor(n *gnode) (gorgonia.Value, error) {
	if n.IsScalar() && n.Op() != nil && opName(n.Op()) == "tensordotOp" {
		return newValue(n.Dtype(), []int{1})
	}
	return newValue(n.Dtype(), dims(n))
}

// bind binds a value to a node that is computed.
func bind(n *gnode, v gorgonia.Value) error {
	if n.Shape().Eq(v.Shape()) || isDual(n) {
		return gorgonia.UnsafeLet(n, v)
	}
	setBound(n, v)
	return nil
}

// fill sets a value to elements that a program has made.
func fill[T float32 | float64](dst gorgonia.Value, src []T) error {
	switch d := dst.(type) {
	case *gorgonia.F64:
		*d = gorgonia.F64(src[0])
	case *gorgonia.F32:
		*d = gorgonia.F32(src[0])
	case *gorgonia.I:
		*d = gorgonia.I(src[0])
	case *gorgonia.I64:
		*d = gorgonia.I64(src[0])
	case *gorgonia.I32:
		*d = gorgonia.I32(src[0])
	case *gorgonia.U8:
		*d = gorgonia.U8(src[0])
	case *gorgonia.B:
		*d = src[0] != 0
	case *tensor.Dense:
		return fillDense(d, src)
	default:
		return fmt.Errorf("a value of %T cannot be set", dst)
	}
	return nil
}

func fillDense[T float32 | float64](d *tensor.Dense, src []T) error {
	if d.IsScalar() {
		return d.SetAt(src[0])
	}
	if d.RequiresIterator() || !d.DataOrder().IsRowMajor() {
		return fmt.Errorf("the value is a view")
	}
	switch d.Dtype() {
	case tensor.Float64:
		convert(d.Float64s(), src)
	case tensor.Float32:
		convert(d.Float32s(), src)
	case tensor.Int:
		convert(d.Ints(), src)
	case tensor.Int64:
		convert(d.Int64s(), src)
	case tensor.Int32:
		convert(d.Int32s(), src)
	case tensor.Byte:
		convert(d.Uint8s(), src)
	case tensor.Bool:
		for i, b := range d.Bools() {
			if now := src[i] != 0; now != b {
				d.Bools()[i] = now
			}
		}
	default:
		return fmt.Errorf("a value of type %v cannot be set", d.Dtype())
	}
	return nil
}

func convert[D float32 | float64 | int | int64 | int32 | uint8, S float32 | float64](dst []D, src []S) {
	if s, ok := any(src).([]D); ok {
		copy(dst, s)
		return
	}
	for i, x := range src {
		dst[i] = D(x)
	}
}
