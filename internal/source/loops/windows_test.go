package loops

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"descent/internal/kernel"
)

// window returns a kernel's walk along an axis.
func walk(r *rand.Rand) kernel.Window {
	w := kernel.Window{In: 3 + r.IntN(7), Kernel: 1 + r.IntN(3), Stride: 1 + r.IntN(3), Dilation: 1 + r.IntN(2), Before: r.IntN(2)}
	w.Out = max(1, (w.In+2*w.Before-(w.Kernel-1)*w.Dilation-1)/w.Stride+1)
	return w
}

// Convolutions and their gradients are those of kernels, bit for bit, also with groups, strides
// and holes.
func TestConvolutions(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		groups := 1 + r.IntN(3)
		s := kernel.ConvShape{Batch: 1, Groups: groups, In: groups * (1 + r.IntN(3)), Out: groups * (1 + r.IntN(3)), Rows: walk(r), Columns: walk(r)}
		h, c := s.Rows, s.Columns
		x, w, y := random(r, h.In*c.In*s.In, false), random(r, s.Weights(), false), random(r, h.Out*c.Out*s.Out, false)
		run := func(near bool) int {
			switch {
			case s.In == groups && s.Out == groups:
				return 0
			case c.Kernel == 1 || groups > 1 || !near:
				return 1
			}
			return c.Kernel
		}
		for mode, f := range map[kernel.ConvMode]func(got []float32){
			kernel.ConvForward: func(got []float32) {
				conv(got, x, w, 1, h.In, c.In, s.In, s.Out, groups, h.Kernel, c.Kernel, run(c.Dilation == 1), h.Out, c.Out, h.Stride, c.Stride, h.Dilation, c.Dilation, h.Before, c.Before)
			},
			kernel.ConvInput: func(got []float32) {
				convInput(got, y, w, 1, h.In, c.In, s.In, s.Out, groups, h.Kernel, c.Kernel, run(c.Stride%c.Dilation == 0), h.Out, c.Out, h.Stride, c.Stride, h.Dilation, c.Dilation, h.Before, c.Before)
			},
			kernel.ConvWeights: func(got []float32) {
				convWeights(got, x, y, h.In, c.In, s.In, s.Out, groups, h.Kernel, c.Kernel, run(true), h.Out, c.Out, h.Stride, c.Stride, h.Dilation, c.Dilation, h.Before, c.Before)
			},
		} {
			s.Mode = mode
			operands := map[kernel.ConvMode][3][]float32{kernel.ConvForward: {y, x, w}, kernel.ConvInput: {x, y, w}, kernel.ConvWeights: {w, x, y}}[mode]
			got, want := make([]float32, len(operands[0])), make([]float32, len(operands[0]))
			kernel.NewConv[float32](s).Run(&want[0], &operands[1][0], &operands[2][0], nil)
			f(got)
			same(t, fmt.Sprintf("%+v", s), got, want)
		}
	}
}

// Pools are those of kernels.
func TestPools(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		s := kernel.PoolShape{Batch: 1 + r.IntN(2), Channels: 1 + r.IntN(3), Rows: walk(r), Columns: walk(r), Adaptive: r.IntN(3) == 0, Inside: r.IntN(2) == 0, Divisor: r.IntN(2) * r.IntN(5)}
		if s.Adaptive {
			s.Rows.Out, s.Columns.Out = 1+r.IntN(s.Rows.In), 1+r.IntN(s.Columns.In)
		}
		h, c := s.Rows, s.Columns
		x, n := random(r, s.Batch*h.In*c.In*s.Channels, r.IntN(2) == 0), s.Batch*h.Out*c.Out*s.Channels
		y, index, wantY, wantIndex := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		p := kernel.NewPool[float32](s)
		p.Max([][]float32{wantY, wantIndex}, [][]float32{x}, 0, s.Batch)
		maxPool(y, index, x, s.Batch, h.In, c.In, s.Channels, h.Out, c.Out, h.Kernel, c.Kernel, h.Stride, c.Stride, h.Dilation, c.Dilation, h.Before, c.Before, s.Adaptive, s.Inside, s.Divisor)
		same(t, fmt.Sprintf("largest of %+v", s), append(y, index...), append(wantY, wantIndex...))
		back, wantBack := make([]float32, len(x)), make([]float32, len(x))
		p.Unpool([][]float32{wantBack}, [][]float32{wantY, wantIndex}, 0, s.Batch)
		unpool(back, y, index, s.Batch, h.In, c.In, s.Channels, h.Out, c.Out)
		same(t, fmt.Sprintf("back to %+v", s), back, wantBack)
		if h.Dilation == 1 && c.Dilation == 1 || s.Adaptive {
			p.Mean([][]float32{wantY}, [][]float32{x}, 0, s.Batch)
			meanPool(y, x, s.Batch, h.In, c.In, s.Channels, h.Out, c.Out, h.Kernel, c.Kernel, h.Stride, c.Stride, h.Dilation, c.Dilation, h.Before, c.Before, s.Adaptive, s.Inside, s.Divisor)
			same(t, fmt.Sprintf("mean of %+v", s), y, wantY)
		}
	}
}

// Attention is that of kernels, with a mask and without, of all keys and of those before.
func TestAttention(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		s := kernel.AttentionShape{Pairs: 4, Queries: 1 + r.IntN(90), Keys: 1 + r.IntN(90), Width: 1 + r.IntN(4), Values: 1 + r.IntN(4), Scale: 0.7, Causal: r.IntN(2) == 0, Heads: 2 * r.IntN(2)}
		if s.Causal {
			s.Keys = s.Queries
		}
		q, k, v := random(r, 4*s.Queries*s.Width, false), random(r, 4*s.Keys*s.Width, false), random(r, 4*s.Keys*s.Values, false)
		mask := make([]float32, 2*s.Keys)
		for i := range mask {
			mask[i] = float32(r.IntN(2))
		}
		block := s.Queries
		if s.Causal {
			block = s.Block()
		}
		got, want := make([]float32, 4*s.Queries*s.Values), make([]float32, 4*s.Queries*s.Values)
		weights := make([]float32, 4*s.Kept())
		w := kernel.NewAttentionWorker[float32](s, s.Dense(), false)
		for i := range 4 {
			w.Forward(i, want, weights, q, k, v, mask)
		}
		attention(got, weights, q, k, v, mask, 4, s.Queries, s.Keys, s.Width, s.Values, s.Heads, block, float32(s.Scale), s.Causal)
		same(t, fmt.Sprintf("%+v", s), got, want)
	}
}
