package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/guard"
)

// TestTiles compares convolutions that are done in tiles with their definition, whole
// and in chunks, each operand next to a page that cannot be accessed.
func TestTiles(t *testing.T) {
	rooms := guard.New(t, 4, 8*1<<17)
	rng := rand.New(rand.NewPCG(1, 9))
	for range 16 {
		axis := func() Window {
			in, before := 4+rng.IntN(7), rng.IntN(4)
			return Window{In: in, Out: max(4, in+before+rng.IntN(4)-2), Kernel: 3, Stride: 1, Dilation: 1, Before: before}
		}
		s := ConvShape{Mode: ConvMode(rng.IntN(3)), Batch: 1 + rng.IntN(3), In: 16 + 16*rng.IntN(3), Out: 16 + 16*rng.IntN(3), Groups: 1, Rows: axis(), Columns: axis()}
		if s.Mode == ConvForward {
			s.Bias, s.ReLU = rng.IntN(2) == 0, rng.IntN(2) == 0
		}
		for _, isa := range isas() {
			if c := newConv[float32](isa, s); (c.tiles == nil) != (isa == Portable) {
				t.Fatalf("%v %+v: tiles %v", isa, s, c.tiles)
			}
		}
		checkConv[float32](t, rooms, s, rng)
	}
}

// TestLines does the same in one dimension, with kernels of several lengths, of several
// blocks, and of odd lengths of rows.
func TestLines(t *testing.T) {
	rooms := guard.New(t, 4, 8*1<<17)
	rng := rand.New(rand.NewPCG(1, 11))
	for i := range 12 {
		kernel, in := 3+2*rng.IntN(3), lineLength+rng.IntN(9)
		before := rng.IntN(kernel + 1)
		s := ConvShape{Mode: ConvMode(i % 3), Batch: 1 + rng.IntN(3), In: 32 + 16*rng.IntN(3), Out: 32 + 16*rng.IntN(3), Groups: 1, Rows: one,
			Columns: Window{In: in, Out: max(lineLength, in+before+rng.IntN(4)-kernel), Kernel: kernel, Stride: 1, Dilation: 1, Before: before}}
		if i < 3 {
			s.Batch, s.In, s.Out, s.Columns.In, s.Columns.Out = 1, 32, 32, 801, 802+i%2
		}
		if s.Mode == ConvForward {
			s.Bias, s.ReLU = rng.IntN(2) == 0, rng.IntN(2) == 0
		}
		for _, isa := range isas() {
			if c := newConv[float32](isa, s); (c.lines == nil) != (isa == Portable) || c.lines != nil && (c.lines.block < c.lines.tiles) != (i < 3) {
				t.Fatalf("%v %+v: lines %+v", isa, s, c.lines)
			}
		}
		checkConv[float32](t, rooms, s, rng)
	}
}

// one is an axis of one element.
var one = Window{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}

// TestTilesError: the error of tiles and of lines is about that of the definition, also if
// numbers have a mean. It is in the documentation.
func TestTilesError(t *testing.T) {
	if Active() == Portable {
		t.Skip("nothing is done in tiles without AVX2")
	}
	for _, axes := range [][2]Window{{window(14, 3, 1), window(14, 3, 1)}, {one, window(40, 3, 1)}, {one, window(40, 5, 1)}} {
		for _, mean := range []float64{0, 3} {
			for mode := range ConvMode(3) {
				s := ConvShape{Mode: mode, Batch: 1, In: 64, Out: 64, Groups: 1, Rows: axes[0], Columns: axes[1]}
				tiles, definition := convErrors(s, mean)
				t.Logf("%dx%d, mode %d, mean %v: error %.2g in tiles, %.2g by the definition", s.Rows.Kernel, s.Columns.Kernel, mode, mean, tiles, definition)
				if !(tiles < 2*definition) {
					t.Errorf("%dx%d, mode %d, mean %v: error %.2g in tiles, %.2g by the definition", s.Rows.Kernel, s.Columns.Kernel, mode, mean, tiles, definition)
				}
			}
		}
	}
}

// convErrors returns the largest errors of a convolution of numbers with a mean, and of
// weights or gradients without one, relative to the root mean square of the result.
func convErrors(s ConvShape, mean float64) (tiles, definition float64) {
	rng := rand.New(rand.NewPCG(1, 10))
	made := [3]int{2, 0, 1}[s.Mode]
	operands := [3][2]int{{0, 1}, {2, 1}, {0, 2}}[s.Mode]
	sizes := s.sizes()
	var wide [3][]float64
	var in [3]*float32
	for i, n := range sizes {
		in[i], wide[i] = ramp[float32](n), make([]float64, n)
		for k := range wide[i] {
			x := float32(rng.NormFloat64())
			if i == operands[0] {
				x += float32(mean)
			}
			*element(in[i], k), wide[i][k] = x, float64(x)
		}
	}
	want, _ := s.plain(wide[0], wide[1], wide[2], nil)
	square := 0.0
	for _, v := range want {
		square += v * v
	}
	worst := func() (e float64) {
		NewConv[float32](s).Run(in[made], in[operands[0]], in[operands[1]], nil)
		for i, v := range want {
			e = max(e, math.Abs(float64(*element(in[made], i))-v))
		}
		return e / math.Sqrt(square/float64(len(want)))
	}
	tiles = worst()
	defer func(was bool) { direct = was }(direct)
	direct = true
	return tiles, worst()
}

func TestChooseMethod(t *testing.T) {
	for _, c := range []struct {
		name        string
		direct, bad bool
	}{{"", false, false}, {"winograd", false, false}, {"direct", true, false}, {"Direct", false, true}} {
		if got, err := chooseMethod(c.name); got != c.direct || (err != nil) != c.bad {
			t.Errorf("chooseMethod(%q) = %v, %v", c.name, got, err)
		}
	}
}
