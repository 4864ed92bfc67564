package exec

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent/internal/kernel"
)

// pictureNet is two convolutions with what stands between them in a net of pictures:
// bias, a rectifier, a sum of each channel, a mask, a residue; outside, channels are
// the second axis of three or four.
func pictureNet(f *Func, rank int) {
	const n, c, h, w = 2, 4, 3, 5
	lengths := map[int][]int{4: {h, w}, 3: {w}}[rank]
	shape := append([]int{n, c}, lengths...)
	wide := []int{n, c, 1, w}
	if rank == 4 {
		wide = shape
	}
	x := f.Leaf(Leaf{Name: "x", Dims: shape, Input: true})
	k := f.Leaf(Leaf{Name: "k", Dims: []int{1, 1, c, c}, Input: true})
	bias := f.Leaf(Leaf{Name: "bias", Dims: []int{c}, Input: true})
	one := func(n int) kernel.Window {
		return kernel.Window{In: n, Out: n, Kernel: 1, Stride: 1, Dilation: 1}
	}
	s := kernel.ConvShape{Batch: n, In: c, Out: c, Groups: 1, Rows: one(wide[2]), Columns: one(w)}
	perChannel := append([]int{c}, make([]int, len(lengths))...)
	for i := range lengths {
		perChannel[1+i] = 1
	}
	conv := func(x Val) Val {
		in := f.Gather(f.Reshape(x, wide), kernel.View{Rank: 4, Dims: [kernel.MaxRank]int{n, wide[2], w, c}, Stride: [kernel.MaxRank]int{c * wide[2] * w, w, 1, wide[2] * w}})
		return f.Reshape(f.Gather(f.Conv(s, in, k), outerView(wide)), shape)
	}
	y := conv(x)
	y = f.Map(kernel.Max, f.Map(kernel.Add, y, f.Reshape(bias, perChannel)), f.Const(0, nil))
	axes := []int{0}
	for i := range lengths {
		axes = append(axes, 2+i)
	}
	sum := f.Reduce(kernel.ReduceSum, y, axes)
	most := f.Reduce(kernel.ReduceMax, y, axes[1:])
	y = f.Map(kernel.Mul, f.Map(kernel.Sub, y, sum), f.Map(kernel.Lt, most, f.Map(kernel.Add, y, f.Const(0.5, nil))))
	y = f.Map(kernel.Add, y, f.Gather(most, BroadcastView(f.Dims(most), shape)))
	z := conv(f.Map(kernel.Add, y, x))
	f.Output(f.Map(kernel.Tanh, f.Map(kernel.Add, z, y)))
	f.Output(f.Reshape(z, []int{n, size(shape[1:])}))
	f.Output(sum)
	f.Output(f.Map(kernel.Sin, sum)) // whose order is its own
}

// TestTransposes: the last two axes of a dense array, swapped, and nothing else.
func TestTransposes(t *testing.T) {
	for _, c := range []struct {
		dims, walk, stride []int
		offset             int
		want               bool
	}{
		{[]int{2, 3}, []int{3, 2}, []int{1, 3}, 0, true},
		{[]int{4, 2, 3}, []int{4, 3, 2}, []int{6, 1, 3}, 0, true},
		{[]int{1, 3}, []int{3, 1}, []int{1, 0}, 0, true},
		{[]int{2, 3}, []int{2, 3}, []int{3, 1}, 0, false},
		{[]int{3, 2}, []int{3, 2}, []int{1, 2}, 0, false}, // of which some are read twice
		{[]int{4, 2, 3}, []int{2, 3, 4}, []int{3, 1, 6}, 0, false},
		{[]int{4, 2, 3}, []int{2, 3, 2}, []int{6, 1, 3}, 0, false},
		{[]int{3, 3}, []int{3, 3}, []int{0, 3}, 0, false},
		{[]int{3, 3}, []int{3, 3}, []int{1, 3}, 1, false},
		{[]int{6}, []int{6}, []int{1}, 0, false},
		{[]int{2, 3}, []int{1, 3, 2}, []int{6, 1, 3}, 0, false},
	} {
		v := kernel.View{Rank: len(c.walk), Offset: c.offset}
		copy(v.Dims[:], c.walk)
		copy(v.Stride[:], c.stride)
		if got := transposes(&v, c.dims); got != c.want {
			t.Errorf("%v read as %v by %v: %v, want %v", c.dims, c.walk, c.stride, got, c.want)
		}
	}
}

// TestLayout compares nets of pictures with the oracle, which computes them as they are
// written, and sees that nothing is read in another order between the convolutions.
func TestLayout(t *testing.T) {
	for _, rank := range []int{3, 4} {
		f, plain := &Func{}, &Func{}
		pictureNet(f, rank)
		pictureNet(plain, rank)
		p, err := Compile[float64](f, nil, Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, uint64(rank)))
		o := &oracle{f: plain}
		for i := range 3 {
			in := p.Input(i)
			for k := range in {
				in[k] = rng.NormFloat64()
			}
			o.leaves = append(o.leaves, append([]float64(nil), in...))
		}
		p.Run()
		for i, want := range o.run() {
			for k, got := range p.Output(i) {
				if math.Abs(got-want[k]) > 1e-13*(1+math.Abs(want[k])) {
					t.Fatalf("rank %d: output %d, element %d is %v, want %v", rank, i, k, got, want[k])
				}
			}
		}
		// In: x, for the convolution and for the residue, where sequences get an axis
		// too. Out: two outputs. And a largest that is broadcast.
		if n := strings.Count(p.Listing(), "gather"); n > 5 {
			t.Errorf("rank %d: %d reads in another order\n%s", rank, n, p.Listing())
		}
		if rank == 4 && !strings.Contains(p.Listing(), "+bias+relu") {
			t.Errorf("rank %d: no bias or rectifier in a convolution\n%s", rank, p.Listing())
		}
	}
}
