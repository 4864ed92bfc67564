package graph

import "descent/graph/lower"

// A Shape is the lengths of an array's axes.
type Shape = lower.Shape

// MaxRank is the largest number of axes an array may have.
const MaxRank = lower.MaxRank

// Dims returns the shape with the given axis lengths. It panics if there are
// more than [MaxRank] of them, one is negative, or the array would have more than
// 2^40 elements.
func Dims(dims ...int) Shape { return lower.Dims(dims...) }

// Broadcast returns the common shape of two arrays by NumPy's rule: axes are
// aligned at the end, and an axis of length 1 stretches.
func Broadcast(a, b Shape) (Shape, error) { return lower.Broadcast(a, b) }

// A Builder writes an op as a program of primitives, see [Op]; a Value is a line of it.
// Loops and kernels of an op's own are described in package lower.
type (
	Builder = lower.Builder
	Value   = lower.Value
)
