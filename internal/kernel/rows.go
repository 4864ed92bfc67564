package kernel

import (
	"sync"
	"unsafe"
)

// RowIndex says how indices choose rows: x is Outer tables of N rows of Inner
// elements, of each of which the rows that Count indices name are taken.
type RowIndex struct{ Outer, N, Count, Inner int }

// at returns the row that an index names, or -1 if there is none.
func at[T Float](index T, n int) int {
	if index >= 0 && index < T(n) {
		return int(index)
	}
	return -1
}

// TakeRows sets the rows lo to hi-1 of dst, Outer·Count of them, to those of x
// that index names; to 0 where it names none.
func TakeRows[T Float](s *RowIndex, dst, x, index []T, lo, hi int) {
	if s.Inner == 0 {
		return
	}
	for lo < hi {
		o := lo / s.Count
		end := min(hi, (o+1)*s.Count)
		table := unsafe.SliceData(x[o*s.N*s.Inner:]) // there may be none
		takeRows(Active(), &dst[lo*s.Inner], table, &index[lo-o*s.Count], end-lo, s.N, s.Inner)
		lo = end
	}
}

func portableTakeRows[T Float](dst, x, index *T, rows, n, inner int) {
	for r, i := range unsafe.Slice(index, rows) {
		y := unsafe.Slice(element(dst, r*inner), inner)
		if j := at(i, n); j >= 0 {
			copy(y, unsafe.Slice(element(x, j*inner), inner))
		} else {
			clear(y)
		}
	}
}

// The additions of rows, looked up once: a portable loop is made anew each time.
var (
	addRows32 = sync.OnceValue(func() Func[float32] { return Vector[float32](Add) })
	addRows64 = sync.OnceValue(func() Func[float64] { return Vector[float64](Add) })
)

func rowAdder[T Float]() Func[T] {
	if _, single := any(T(0)).(float32); single {
		return any(addRows32()).(Func[T])
	}
	return any(addRows64()).(Func[T])
}

// AddRows sets the rows lo to hi-1 of dst, Outer·N of them, to the sums of those
// rows of dy whose index names them, in the order of the indices.
func AddRows[T Float](s *RowIndex, dst, dy, index []T, lo, hi int) {
	clear(dst[lo*s.Inner : hi*s.Inner])
	if lo == hi || s.Inner == 0 {
		return
	}
	add := rowAdder[T]()
	for o := lo / s.N; o*s.N < hi; o++ {
		for k, i := range index[:s.Count] {
			r := o*s.N + at(i, s.N)
			if r < max(lo, o*s.N) || r >= hi {
				continue
			}
			y := &dst[r*s.Inner]
			add(y, y, &dy[(o*s.Count+k)*s.Inner], nil, s.Inner)
		}
	}
}

// FirstRows finds equal indices in time that depends on their number alone.
// rows[k] is the k-th index if it is the first of its kind and below n, else -1;
// next[k] is the position of the next equal one, or 0. table is memory to work in,
// a power of two of elements, at least twice as many as there are indices.
func FirstRows[T Float](rows, next, table, index []T, n int) {
	met := unsafe.Slice((*uint32)(unsafe.Pointer(&table[0])), len(table)) // 1 more than the last position at which an index was met; 0 is free
	clear(met)
	clear(next)
	last := uint32(len(met) - 1)
	for k, i := range index {
		j := at(i, n)
		if j < 0 {
			rows[k] = -1
			continue
		}
		rows[k] = i
		h := uint32(j) * 0x9e3779b1
		h ^= h >> 15
		for met[h&last] != 0 && index[met[h&last]-1] != i {
			h++
		}
		slot := &met[h&last]
		if *slot != 0 {
			rows[k] = -1
			next[*slot-1] = T(k)
		}
		*slot = uint32(k + 1)
	}
}

// SumRows sets row k of dst, for k from lo to hi-1, to the sum of the rows of x at
// k and at the positions that follow it in next, if rows[k] is not -1, else to 0:
// rows and next are those of [FirstRows].
func SumRows[T Float](dst, x, rows, next []T, inner, lo, hi int) {
	if inner == 0 {
		return
	}
	add := rowAdder[T]()
	alone := lo // from here on rows stay as they are: copied at a time
	for k := lo; k < hi; k++ {
		if rows[k] >= 0 && next[k] == 0 {
			continue
		}
		copy(dst[alone*inner:k*inner], x[alone*inner:])
		alone = k + 1
		y := dst[k*inner:][:inner]
		if rows[k] < 0 {
			clear(y)
			continue
		}
		first := &x[k*inner]
		for j := int(next[k]); j > 0; j = int(next[j]) {
			add(&y[0], first, &x[j*inner], nil, inner)
			first = &y[0]
		}
	}
	copy(dst[alone*inner:hi*inner], x[alone*inner:])
}

// PutRows replaces the rows of dst, n of them, that rows names by those of x. No
// row is named twice.
func PutRows[T Float](dst, x, rows []T, n, inner, lo, hi int) {
	for k := lo; k < hi; k++ {
		if j := at(rows[k], n); j >= 0 {
			copy(dst[j*inner:][:inner], x[k*inner:])
		}
	}
}
