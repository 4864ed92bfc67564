package kernel

import (
	"math/rand/v2"
	"testing"

	"descent/internal/guard"
)

// TestFewChannels compares convolutions whose result has few channels, pixels side by side
// and gradients that are folded, with their definition, whole and in chunks, each operand
// next to a page that cannot be accessed.
func TestFewChannels(t *testing.T) {
	valid := func(in, kernel, stride int) Window {
		return Window{In: in, Out: (in-kernel)/stride + 1, Kernel: kernel, Stride: stride, Dilation: 1}
	}
	wide := func(w Window, dilation, before int) Window {
		w.Dilation, w.Before = dilation, before
		return w
	}
	rooms := guard.New(t, 4, 8*1<<17)
	for _, l := range []struct {
		name            string
		batch, in, out  int
		rows, columns   Window
		abreast, folded [3]bool // by mode, of float32 with AVX-512
	}{
		{"first", 2, 1, 6, window(14, 5, 1), window(14, 5, 1), [3]bool{true, false, true}, [3]bool{ConvInput: true}},
		{"second", 2, 6, 16, valid(14, 5, 1), valid(14, 5, 1), [3]bool{}, [3]bool{ConvInput: true}},
		{"last", 2, 20, 1, window(9, 3, 1), window(12, 3, 1), [3]bool{true, false, true}, [3]bool{}},
		{"strides", 2, 2, 3, window(12, 5, 2), window(16, 5, 2), [3]bool{true, false, true}, [3]bool{}},
		{"deep", 1, 3, 64, window(13, 5, 2), window(17, 5, 2), [3]bool{}, [3]bool{ConvInput: true}},
		{"dilated", 1, 5, 40, wide(valid(20, 7, 1), 2, 6), wide(valid(21, 5, 1), 2, 4), [3]bool{}, [3]bool{ConvInput: true}},
		{"far", 2, 4, 32, wide(window(6, 3, 1), 1, 4), wide(window(5, 5, 1), 1, 6), [3]bool{}, [3]bool{ConvInput: true}},
		{"sequence", 2, 3, 48, one, window(100, 9, 1), [3]bool{}, [3]bool{ConvInput: true}},
		{"not so few, whose rows take several calls", 1, 48, 20, window(20, 3, 1), window(20, 3, 1), [3]bool{}, [3]bool{}},
	} {
		t.Run(l.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 21))
			for mode := range ConvMode(3) {
				s := ConvShape{Mode: mode, Batch: l.batch, In: l.in, Out: l.out, Groups: 1, Rows: l.rows, Columns: l.columns}
				s.Bias, s.ReLU = mode == ConvForward, mode == ConvForward
				for _, isa := range isas() {
					c := newConv[float32](isa, s)
					if isa == AVX512 && ((c.abreast != nil) != l.abreast[mode] || (c.folded != nil) != l.folded[mode]) || isa == Portable && (c.abreast != nil || c.folded != nil) {
						t.Errorf("%v, mode %d: abreast %v, folded %v", isa, mode, c.abreast != nil, c.folded != nil)
					}
				}
				if c := newConv[float64](AVX512, s); mode == ConvForward && c.abreast != nil {
					t.Error("float64 is abreast: an infinite pixel would be seen by others")
				}
				checkConv[float32](t, rooms, s, rng)
				checkConv[float64](t, rooms, s, rng)
			}
		})
	}
}
