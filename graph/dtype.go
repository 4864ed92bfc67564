package graph

import "gorgonia.org/tensor"

// A Dtype is the type of an array's elements, as gorgonia.org/tensor has it.
type Dtype = tensor.Dtype

// The element types of a graph's arrays.
var (
	Float32 = tensor.Float32
	Float64 = tensor.Float64
)
