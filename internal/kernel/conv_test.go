package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/internal/guard"
)

// randomWindow is a walk with some stride, dilation and padding, which may leave out
// elements, or pad by more than the kernel.
func randomWindow(rng *rand.Rand) Window {
	for {
		w := Window{In: 1 + rng.IntN(12), Kernel: 1 + rng.IntN(4), Stride: 1 + rng.IntN(3)*rng.IntN(2), Dilation: 1 + rng.IntN(3)*rng.IntN(2), Before: rng.IntN(4)}
		if room := w.In + w.Before + rng.IntN(4) - w.Dilation*(w.Kernel-1) - 1; room >= 0 {
			w.Out = room/w.Stride + 1
			return w
		}
	}
}

func randomConv(rng *rand.Rand) ConvShape {
	groups := []int{1, 1, 1, 2, 3, 7}[rng.IntN(6)]
	s := ConvShape{Batch: 1 + rng.IntN(3), In: groups * (1 + rng.IntN(5)), Out: groups * (1 + rng.IntN(5)), Groups: groups,
		Rows: randomWindow(rng), Columns: randomWindow(rng), Mode: ConvMode(rng.IntN(3))}
	switch rng.IntN(4) {
	case 0: // several panels, and a part of one
		s.Groups, s.In, s.Out = 1, 1+rng.IntN(40), 1+rng.IntN(40)
	case 1: // depthwise
		s.Groups = 1 + rng.IntN(20)
		s.In, s.Out = s.Groups, s.Groups
	}
	if s.Mode == ConvForward {
		s.Bias, s.ReLU = rng.IntN(2) == 0, rng.IntN(2) == 0
	}
	return s
}

// sizes are those of x, w and y.
func (s *ConvShape) sizes() [3]int {
	x, y := s.image()
	return [3]int{s.Batch * x, s.Weights(), s.Batch * y}
}

// plain is the definition: what the operands add to the result, which is w, x or
// y as the mode says, and the sum of the sizes of what is added.
func (s *ConvShape) plain(x, w, y, bias []float64) (out, bound []float64) {
	made := [3]int{2, 0, 1}[s.Mode]
	out, bound = make([]float64, s.sizes()[made]), make([]float64, s.sizes()[made])
	all, p, q := [3][]float64{x, w, y}, (made+1)%3, (made+2)%3
	s.each(func(at [3]int) {
		product := all[p][at[p]] * all[q][at[q]]
		out[at[made]] += product
		bound[at[made]] += math.Abs(product)
	})
	for i := range out {
		if s.Bias {
			out[i] += bias[i%s.Out]
			bound[i] += math.Abs(bias[i%s.Out])
		}
		if s.ReLU {
			out[i] = max(out[i], 0)
		}
	}
	return out, bound
}

// each visits the triples of elements of x, w and y that are multiplied.
func (s *ConvShape) each(visit func(at [3]int)) {
	r, c := s.Rows, s.Columns
	for n := range s.Batch {
		for p := range r.Out * c.Out {
			for o := range s.Out {
				for k := range r.Kernel * c.Kernel {
					row, col := r.At(p/c.Out, k/c.Kernel), c.At(p%c.Out, k%c.Kernel)
					if row < 0 || row >= r.In || col < 0 || col >= c.In {
						continue
					}
					for i := range s.in() {
						x := ((n*r.In+row)*c.In+col)*s.In + o/s.out()*s.in() + i
						visit([3]int{x, (k*s.in()+i)*s.Out + o, (n*r.Out*c.Out+p)*s.Out + o})
					}
				}
			}
		}
	}
}

// TestConv compares random convolutions and their gradients with their definition,
// whole and in chunks, each operand next to a page that cannot be accessed.
func TestConv(t *testing.T) {
	rooms := guard.New(t, 4, 8*1<<17)
	rng := rand.New(rand.NewPCG(1, 3))
	for range 400 {
		s := randomConv(rng)
		checkConv[float32](t, rooms, s, rng)
		checkConv[float64](t, rooms, s, rng)
	}
}

// checkConv computes a convolution on all instruction sets.
func checkConv[T Float](t *testing.T, rooms *guard.Rooms, s ConvShape, rng *rand.Rand) {
	t.Helper()
	made := [3]int{2, 0, 1}[s.Mode]
	sizes := s.sizes()
	var in [4][]T
	var wide [4][]float64
	for i, n := range [4]int{sizes[0], sizes[1], sizes[2], s.Out} {
		in[i], wide[i] = guard.Take[T](rooms, i, n, rng.IntN(2) == 0), make([]float64, n)
		for k := range in[i] {
			in[i][k] = T(rng.NormFloat64())
			wide[i][k] = float64(in[i][k])
		}
	}
	want, bound := s.plain(wide[0], wide[1], wide[2], wide[3])
	operands := [3][2]int{{0, 1}, {2, 1}, {0, 2}}[s.Mode]
	dst, a, b, bias := &in[made][0], &in[operands[0]][0], &in[operands[1]][0], &in[3][0]
	garbage := slices.Clone(in[made])
	for _, isa := range isas() {
		copy(in[made], garbage)
		c := newConv[T](isa, s)
		c.Run(dst, a, b, bias)
		name := fmt.Sprintf("%T %v %+v", *dst, isa, s)
		eps := map[bool]float64{true: 0x1p-24, false: 0x1p-52}[c.size == 4]
		for i, v := range in[made] {
			if d := math.Abs(float64(v) - want[i]); !(d <= eps*float64(sizes[1]+sizes[0]+3)*bound[i]) {
				t.Fatalf("%s: element %d is %v, want %v", name, i, v, want[i])
			}
		}
		alone := slices.Clone(in[made])
		c.Reserve(2)
		clear(in[made])
		c.Prepare(b)
		for i := c.Chunks() - 1; i >= 0; i-- {
			c.RunChunk(i, i%2, dst, a, b, bias)
		}
		c.Finish(dst)
		sameBits(t, name+" in chunks", in[made], alone)
	}
}

// TestConvChunks divides convolutions large enough for that, also those of one image.
func TestConvChunks(t *testing.T) {
	rooms := guard.New(t, 4, 8*1<<20)
	three := func(n int) Window { return Window{In: n, Out: n, Kernel: 3, Stride: 1, Dilation: 1, Before: 1} }
	for _, batch := range []int{1, 6} {
		for i := range 6 {
			s := ConvShape{Mode: ConvMode(i / 2), Batch: batch, In: 32, Out: 64, Groups: 1, Rows: three(7), Columns: three(8)}
			if i%2 == 1 {
				s.Rows, s.Columns = one, window(201, 5, 1)
			}
			for _, isa := range isas() {
				if c := newConv[float32](isa, s); c.Chunks() < 2 && batch > 1 {
					t.Errorf("%v %+v is one chunk", isa, s)
				}
			}
			checkConv[float32](t, rooms, s, rand.New(rand.NewPCG(1, 4)))
		}
	}
}
