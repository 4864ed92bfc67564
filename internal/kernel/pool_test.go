package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"descent/internal/guard"
)

func randomPool(rng *rand.Rand) PoolShape {
	s := PoolShape{Batch: 1 + rng.IntN(2), Channels: 1 + rng.IntN(40), Rows: randomWindow(rng), Columns: randomWindow(rng),
		Inside: rng.IntN(2) == 0, Divisor: rng.IntN(2) * rng.IntN(5)}
	switch rng.IntN(4) {
	case 0:
		s.Adaptive = true
	case 1: // windows side by side
		s.Rows, s.Columns = Window{In: 8, Out: 4, Kernel: 2, Stride: 2, Dilation: 1}, Window{In: 9, Out: 3, Kernel: 3, Stride: 3, Dilation: 1}
	}
	return s
}

// window lists the elements of the plane of an image that are in the window of a
// place, and how many it has with padding.
func (p *PoolShape) window(r, c int) (at []int, full int) {
	axis := func(w Window, o int) (in []int, full int) {
		if p.Adaptive {
			for i := int(math.Floor(float64(o*w.In) / float64(w.Out))); i < int(math.Ceil(float64((o+1)*w.In)/float64(w.Out))); i++ {
				in = append(in, i)
			}
			return in, len(in)
		}
		for k := range w.Kernel {
			i := o*w.Stride + k*w.Dilation - w.Before
			if i >= 0 && i < w.In {
				in = append(in, i)
			}
		}
		return in, min(w.Kernel, w.In+w.Before-o*w.Stride+w.Before)
	}
	rows, tall := axis(p.Rows, r)
	columns, wide := axis(p.Columns, c)
	for _, i := range rows {
		for _, j := range columns {
			at = append(at, i*p.Columns.In+j)
		}
	}
	return at, tall * wide
}

// divided is what the sum of a window is divided by.
func (p *PoolShape) divided(r, c int) float64 {
	in, full := p.window(r, c)
	switch {
	case p.Divisor != 0:
		return float64(p.Divisor)
	case p.Inside:
		return float64(len(in))
	}
	return float64(full)
}

// TestPool compares random pools with their definition and with plain Go, bit for bit,
// each operand next to a page that cannot be accessed.
func TestPool(t *testing.T) {
	rooms := guard.New(t, 3, 8*1<<15)
	eachISA(t, func(t *testing.T, isa ISA) {
		rng := rand.New(rand.NewPCG(1, 7))
		for range 300 {
			s := randomPool(rng)
			checkPool[float32](t, rooms, isa, s, rng)
			checkPool[float64](t, rooms, isa, s, rng)
		}
	})
}

func checkPool[T Float](t *testing.T, rooms *guard.Rooms, isa ISA, s PoolShape, rng *rand.Rand) {
	t.Helper()
	in, out := s.sizes()
	x, y, index := guard.Take[T](rooms, 0, s.Batch*in, rng.IntN(2) == 0), guard.Take[T](rooms, 1, s.Batch*out, rng.IntN(2) == 0), guard.Take[T](rooms, 2, s.Batch*out, rng.IntN(2) == 0)
	strange := []T{T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1)), 0, T(math.Copysign(0, -1))}
	for k := range x {
		if x[k] = T(rng.IntN(5)); rng.IntN(20) == 0 {
			x[k] = strange[rng.IntN(len(strange))]
		}
	}
	p, plain := newPool[T](isa, s), newPool[T](Portable, s)
	name := fmt.Sprintf("%T %v %+v", T(0), isa, s)
	p.Max([][]T{y, index}, [][]T{x}, 0, s.Batch)
	s.places(func(n, r, c, k, at int) {
		best, which := T(math.Inf(-1)), -1
		elements, _ := s.window(r, c)
		for _, e := range elements {
			v := x[n*in+e*s.Channels+k]
			if which < 0 || v > best || v != v {
				best, which = v, e
			}
		}
		if !(y[at] == best || best != best && y[at] != y[at]) || index[at] != T(which) {
			t.Fatalf("%s: the largest of place %d,%d is %v at %v, want %v at %d", name, r, c, y[at], index[at], best, which)
		}
	})
	for k := range x {
		x[k] = T(rng.NormFloat64())
	}
	same := func(what string, run func(p *Pool[T]), made []T) {
		run(plain)
		want := append([]T(nil), made...)
		clear(made)
		run(p)
		sameBits(t, name+" "+what, made, want)
	}
	same("mean", func(p *Pool[T]) { p.Mean([][]T{y}, [][]T{x}, 0, s.Batch) }, y)
	if s.Rows.Dilation > 1 || s.Columns.Dilation > 1 {
		return // of largest elements only
	}
	eps := float64(len(x)) * map[bool]float64{true: 0x1p-24, false: 0x1p-53}[unsafe.Sizeof(T(0)) == 4]
	s.places(func(n, r, c, k, at int) {
		sum, bound := 0.0, 0.0
		elements, _ := s.window(r, c)
		for _, e := range elements {
			v := float64(x[n*in+e*s.Channels+k])
			sum, bound = sum+v, bound+math.Abs(v)
		}
		by := s.divided(r, c)
		if d := math.Abs(float64(y[at])*by - sum); len(elements) > 0 && d > eps*(bound+math.Abs(sum)) {
			t.Fatalf("%s: the mean of place %d,%d is %v, want %v", name, r, c, y[at], sum/by)
		}
	})
	for k := range y {
		y[k] = T(rng.NormFloat64())
	}
	same("share", func(p *Pool[T]) { p.Share([][]T{x}, [][]T{y}, 0, s.Batch) }, x)
	want, bound := make([]float64, len(x)), make([]float64, len(x))
	s.places(func(n, r, c, k, at int) {
		elements, _ := s.window(r, c)
		for _, e := range elements {
			v := float64(y[at]) / s.divided(r, c)
			want[n*in+e*s.Channels+k] += v
			bound[n*in+e*s.Channels+k] += math.Abs(v)
		}
	})
	for k, v := range x {
		if d := math.Abs(float64(v) - want[k]); d > eps*bound[k] {
			t.Fatalf("%s: element %d has the share %v, want %v", name, k, v, want[k])
		}
	}
}

// places visits the elements of the result.
func (p *PoolShape) places(visit func(n, r, c, k, at int)) {
	at := 0
	for n := range p.Batch {
		for r := range p.Rows.Out {
			for c := range p.Columns.Out {
				for k := range p.Channels {
					visit(n, r, c, k, at)
					at++
				}
			}
		}
	}
}
