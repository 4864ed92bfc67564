//go:build !nogorgonia

package graph

import (
	"fmt"
	"math"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// What a graph is for gorgonia is here and in expr.go. The build tag nogorgonia leaves both out, see
// nogorgonia.go.

// A Dtype is the type of an array's elements, as gorgonia.org/tensor has it.
type Dtype = tensor.Dtype

// The element types of a graph's arrays.
var (
	Float32 = tensor.Float32
	Float64 = tensor.Float64
)

// exprNode is a node of gorgonia's.
type exprNode = *gorgonia.Node

// denseOnce is a variable's storage as a tensor, made when somebody asks for it.
type denseOnce struct {
	once sync.Once
	is   *tensor.Dense
}

// Tensor returns the storage, nil if it has no elements. Changing its elements
// changes the variable; programs that only predict are slower from then on, as they
// look at all variables of the store in each run.
func (v *Variable) Tensor() *tensor.Dense {
	v.store.lent.Store(true)
	v.dense.once.Do(func() {
		var backing any = v.f64
		if v.f32 != nil {
			backing = v.f32
		}
		switch {
		case v.shape.Rank() == 0:
			v.dense.is = tensor.New(tensor.FromScalar(v.Float64s()[0]), tensor.WithBacking(backing))
		case v.shape.Size() > 0:
			v.dense.is = tensor.New(tensor.WithShape(v.shape.Dims()...), tensor.WithBacking(backing))
		}
	})
	return v.dense.is
}

var _ gorgonia.VM = (*Program)(nil)

// RunAll implements gorgonia.VM: inputs take the values bound to their
// gorgonia nodes with gorgonia.Let.
func (p *Program) RunAll() error {
	feeds := make([]Feed, 0, len(p.inputs))
	for _, in := range p.inputs {
		v := in.node.Expr().Value()
		if v == nil {
			continue
		}
		f := Feed{n: in.node}
		if !f.bind(v) {
			return fmt.Errorf("graph: input %v is bound to %T", in.node, v.Data())
		}
		if in.node.role == Index {
			for i, x := range append(f.f64, float64s(f.f32)...) {
				if x != math.Trunc(x) {
					return fmt.Errorf("graph: %s[%d] = %v is not a whole number", in.node.name, i, x)
				}
				f.ints = append(f.ints, int(x))
			}
			f.f32, f.f64 = nil, nil
		}
		feeds = append(feeds, f)
	}
	return p.Run(feeds...)
}

// bind feeds a value of gorgonia; it is not ok if that is not of floats.
func (f *Feed) bind(v gorgonia.Value) (ok bool) {
	switch d := v.Data().(type) {
	case []float32:
		f.f32 = d
	case []float64:
		f.f64 = d
	case float32:
		f.f32 = []float32{d}
	case float64:
		f.f64 = []float64{d}
	default:
		return false
	}
	return true
}

func float64s(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, x := range s {
		out[i] = float64(x)
	}
	return out
}

// Reset implements gorgonia.VM. It does nothing: a program can always run
// again.
func (p *Program) Reset() {}

// Close implements gorgonia.VM. It does nothing.
func (p *Program) Close() error { return nil }
