package lower

import (
	"fmt"
	"math/bits"

	"descent/internal/kernel"
)

// A RowIndex says how indices choose rows.
type RowIndex = kernel.RowIndex

// rowsKey tells loops over chosen rows apart.
type rowsKey struct {
	RowIndex
	what string
}

// rowsCall writes a call of a loop over chosen rows.
func rowsCall(name string, r RowIndex, dst string, src []string) string {
	return fmt.Sprintf("%s(%s, %s, %s, %d, %d, %d, %d)", name, dst, src[0], src[1], r.Outer, r.N, r.Count, r.Inner)
}

// nanoseconds is about how long it takes to copy or add so many elements.
func nanoseconds(elements int) int { return 4 + elements/8 }

// TakeRows returns an array of shape s: the rows of x that index names, and 0
// where it names none.
func (b *Builder) TakeRows(r RowIndex, s Shape, x, index Value) Value {
	return b.Kernel(Kernel{Name: "take", Key: rowsKey{r, "take"}, Rows: r.Outer * r.Count, Work: nanoseconds(r.Inner),
		F32:    func(dst, src [][]float32, lo, hi int) { kernel.TakeRows(&r, dst[0], src[0], src[1], lo, hi) },
		F64:    func(dst, src [][]float64, lo, hi int) { kernel.TakeRows(&r, dst[0], src[0], src[1], lo, hi) },
		Source: func(dst, src []string) string { return rowsCall("take", r, dst[0], src) },
	}, []Shape{s}, x, index)[0]
}

// AddRows returns an array of shape s: zeros to whose rows those of dy are added
// that index names, in the order of the indices.
func (b *Builder) AddRows(r RowIndex, s Shape, dy, index Value) Value {
	rows := r.Outer * r.N
	each := nanoseconds(r.Inner) + r.Outer*r.Count*nanoseconds(r.Inner)/max(rows, 1)
	return b.Kernel(Kernel{Name: "add_rows", Key: rowsKey{r, "add"}, Rows: rows, Work: each,
		F32:    func(dst, src [][]float32, lo, hi int) { kernel.AddRows(&r, dst[0], src[0], src[1], lo, hi) },
		F64:    func(dst, src [][]float64, lo, hi int) { kernel.AddRows(&r, dst[0], src[0], src[1], lo, hi) },
		Source: func(dst, src []string) string { return rowsCall("scatter", r, dst[0], src) },
	}, []Shape{s}, dy, index)[0]
}

// FirstRows returns, for a vector of indices, rows: each index that is below n and
// the first of its kind, else -1; and next: where the next equal one is, or 0.
func (b *Builder) FirstRows(index Value, n int) (rows, next Value) {
	s := b.Shape(index)
	room := 1 << bits.Len(uint(2*s.Size()))
	out := b.Kernel(Kernel{Name: "first_rows", Key: rowsKey{RowIndex{N: n}, "first"},
		F32: func(dst, src [][]float32, _, _ int) { kernel.FirstRows(dst[0], dst[1], dst[2], src[0], n) },
		F64: func(dst, src [][]float64, _, _ int) { kernel.FirstRows(dst[0], dst[1], dst[2], src[0], n) },
	}, []Shape{s, s, Dims(room)}, index)
	return out[0], out[1]
}

// SumRows adds to each row of x, k×…, that is the first of its index those with
// the same index, in their order; other rows are 0. The index is below n.
func (b *Builder) SumRows(x, index Value, n int) Value {
	s := b.Shape(x)
	rows, next := b.FirstRows(index, n)
	inner := s.Size() / max(1, s.Dim(0))
	return b.Kernel(Kernel{Name: "sum_rows", Key: rowsKey{RowIndex{Inner: inner}, "sum"}, Rows: s.Dim(0), Work: nanoseconds(inner),
		F32: func(dst, src [][]float32, lo, hi int) { kernel.SumRows(dst[0], src[0], src[1], src[2], inner, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { kernel.SumRows(dst[0], src[0], src[1], src[2], inner, lo, hi) },
	}, []Shape{s}, x, rows, next)[0]
}

// PutRows returns x with the rows that index names, none of them twice, replaced
// by those of y. As the new value of a variable it is written in place: what it
// costs does not depend on the size of x.
func (b *Builder) PutRows(x, index, y Value) Value {
	s, n := b.Shape(x), b.Shape(index).Size()
	inner := s.Size() / max(1, s.Dim(0))
	return b.Kernel(Kernel{Name: "put_rows", Key: rowsKey{RowIndex{N: s.Dim(0), Inner: inner}, "put"}, Rows: n, Work: nanoseconds(inner), Over: true,
		F32: func(dst, src [][]float32, lo, hi int) {
			kernel.PutRows(dst[0], src[2], src[1], s.Dim(0), inner, lo, hi)
		},
		F64: func(dst, src [][]float64, lo, hi int) {
			kernel.PutRows(dst[0], src[2], src[1], s.Dim(0), inner, lo, hi)
		},
	}, []Shape{s}, x, index, y)[0]
}
