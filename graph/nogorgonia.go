//go:build nogorgonia

package graph

import "reflect"

// With the build tag nogorgonia graphs are no graphs of gorgonia's: there is no Expr, no Tensor, and a
// program is no gorgonia.VM. All else is as ever, in a third of the size: the engine of pages is built so.

// A Dtype is the type of an array's elements.
type Dtype struct{ reflect.Type }

// The element types of a graph's arrays.
var (
	Float32 = Dtype{reflect.TypeFor[float32]()}
	Float64 = Dtype{reflect.TypeFor[float64]()}
)

type (
	mirror    struct{}
	exprNode  struct{}
	denseOnce struct{}
)
