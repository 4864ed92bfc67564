package lower

import (
	"fmt"
	"strings"

	"descent/internal/kernel"
)

// MaxRank is the largest number of axes an array may have.
const MaxRank = kernel.MaxRank

// A Shape is the lengths of an array's axes. The zero Shape is a scalar's.
// Shapes are comparable values.
type Shape struct {
	rank int8
	dim  [MaxRank]int32
}

// Dims returns the shape with the given axis lengths. It panics if there are
// more than [MaxRank] of them, one is negative, or the array would have more than
// 2^40 elements.
func Dims(dims ...int) Shape {
	s, err := ShapeOf(dims)
	if err != nil {
		panic("graph: " + err.Error())
	}
	return s
}

// maxSize is the number of elements that an array may have.
const maxSize = 1 << 40

// ShapeOf is [Dims] for lengths that come from elsewhere: what is wrong with them is an
// error.
func ShapeOf(dims []int) (Shape, error) {
	if len(dims) > MaxRank {
		return Shape{}, fmt.Errorf("%d axes, at most %d are possible", len(dims), MaxRank)
	}
	s := Shape{rank: int8(len(dims))}
	size := 1
	for i, d := range dims {
		if d < 0 || d > 1<<31-1 {
			return Shape{}, fmt.Errorf("axis %d of length %d", i, d)
		}
		if d > 0 && size > maxSize/d {
			return Shape{}, fmt.Errorf("axes of lengths %v: more than 2^40 elements", dims)
		}
		size *= d
		s.dim[i] = int32(d)
	}
	return s, nil
}

// Rank returns the number of axes.
func (s Shape) Rank() int { return int(s.rank) }

// Dim returns the length of axis i. It panics if there is no such axis.
func (s Shape) Dim(i int) int {
	if i < 0 || i >= int(s.rank) {
		panic(fmt.Sprintf("graph: axis %d of the shape %v", i, s))
	}
	return int(s.dim[i])
}

// Axis returns the number of an axis that may be counted from the end, -1 being the last.
// It is an error if there is no such axis.
func (s Shape) Axis(axis int) (int, error) {
	k := axis
	if k < 0 {
		k += s.Rank()
	}
	if k < 0 || k >= s.Rank() {
		return 0, fmt.Errorf("axis %d of an array of %d axes", axis, s.Rank())
	}
	return k, nil
}

// Dims returns the axis lengths in a new slice.
func (s Shape) Dims() []int {
	d := make([]int, s.rank)
	for i := range d {
		d[i] = int(s.dim[i])
	}
	return d
}

// Size returns the number of elements.
func (s Shape) Size() int {
	n := 1
	for _, d := range s.dim[:s.rank] {
		n *= int(d)
	}
	return n
}

// String formats the shape as in 32x784; a scalar's is "scalar".
func (s Shape) String() string {
	if s.rank == 0 {
		return "scalar"
	}
	var b strings.Builder
	for i, d := range s.dim[:s.rank] {
		if i > 0 {
			b.WriteByte('x')
		}
		fmt.Fprint(&b, d)
	}
	return b.String()
}

// Broadcast returns the common shape of two arrays by NumPy's rule: axes are
// aligned at the end, and an axis of length 1 stretches.
func Broadcast(a, b Shape) (Shape, error) {
	if a.rank < b.rank {
		a, b = b, a
	}
	out, k := a, a.rank-b.rank
	for i, d := range b.dim[:b.rank] {
		switch e := &out.dim[int(k)+i]; {
		case *e == d || d == 1:
		case *e == 1:
			*e = d
		default:
			return Shape{}, fmt.Errorf("shapes %v and %v do not broadcast", a, b)
		}
	}
	return out, nil
}
