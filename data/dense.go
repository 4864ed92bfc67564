//go:build !nogorgonia

package data

import (
	"fmt"

	"gorgonia.org/tensor"
)

// FromDense returns a tensor as an array whose rows are its first axis. Its
// elements are float64, float32, int or uint8. A view that is not contiguous is
// copied.
func FromDense(t *tensor.Dense) (Array, error) {
	if t == nil || t.Dims() == 0 {
		return Array{}, fmt.Errorf("data: a tensor without axes; the first is that of the rows")
	}
	if t.RequiresIterator() {
		t = t.Materialize().(*tensor.Dense)
	}
	shape := []int(t.Shape()[1:])
	switch v := t.Data().(type) {
	case []float64:
		return NewArray(v, shape...)
	case []float32:
		return NewArray(v, shape...)
	case []int:
		return NewArray(v, shape...)
	case []uint8:
		return NewArray(v, shape...)
	}
	return Array{}, fmt.Errorf("data: a tensor of %v; elements are float64, float32, int or uint8", t.Dtype())
}
