package shape_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/ops/internal/rowtest"
	"descent/ops/shape"
)

func TestTable(t *testing.T) { rowtest.Check(t, shape.Table) }

// What makes no sense is reported with what is wrong and where.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	m, x, v := g.Input("m", 3, 4), g.Input("x", 2, 6, 4, 5), g.Input("v", 5)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{shape.Pad(m, 0, 1), "ends [1]: two numbers for the last axis of 3x4"},
		{shape.Pad(v, 0, 1, 1, 1, 1), "ends [1 1 1 1]"},
		{shape.Pad(v, 0, -3, -3), "3 and 3 elements cannot be taken from 5 along axis 0"},
		{shape.PadReflect(m, 4, 0), "4 and 0 mirrored elements of 4 along axis 1"},
		{shape.PadCircular(m, 0, 5), "0 and 5 elements from the other end of 4"},
		{shape.PadReplicate(g.Input("e", 2, 0), 1, 0), "no element to repeat along axis 1"},
		{shape.Roll(m, []int{1, 2}, 0), "2 shifts for 1 axes"},
		{shape.Roll(m, []int{1}, 2), "axis 2 of an array of 2 axes"},
		{shape.Tril(v, 0), "5 is not a matrix"},
		{shape.PixelShuffle(x, 2), "6 channels are not whole blocks of 2 places along each of 2 axes"},
		{shape.PixelShuffle(m, 2), "3x4 is not images x channels x one, two or three lengths"},
		{shape.PixelUnshuffle(x, 2), "a length of 5 does not divide into 2"},
		{shape.ChannelShuffle(x, 4), "do not divide into 4 groups"},
		{shape.Upsample(x, shape.UpsampleOptions{}), "lengths or a scale say what the result is"},
		{shape.Upsample(x, shape.UpsampleOptions{Lengths: []int{2}, Scale: []float64{2}}), "and not both"},
		{shape.Upsample(x, shape.UpsampleOptions{Lengths: []int{2, 3, 4}}), "lengths [2 3 4]: one number, or one for each of 2 axes"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{0.1}}), "a length of 4 times 0.1 is no length"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{2}, Corners: true}), "corners are for the modes linear and cubic"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{2}, Mode: "area"}), `mode "area"; there are nearest`},
		{shape.Resample(m, 2, 3, shape.Linear, false, 0), "axis 2 of an array of 2 axes"},
		{shape.Resample(m, 0, -1, shape.Linear, false, 0), "lengths 3 and -1"},
		{shape.Unfold(x, shape.WindowOptions{Kernel: []int{6}}), "a window of 6 elements does not fit in a length of 4 with 0 of padding"},
		{shape.Unfold(x, shape.WindowOptions{Kernel: []int{2}, Stride: []int{0}}), "stride 0; at least 1 is needed"},
		{shape.Fold(x, shape.WindowOptions{Kernel: []int{2}}, 3), "2x6x4x5 is not images x columns x places"},
		{shape.Fold(g.Input("c", 1, 4, 5), shape.WindowOptions{Kernel: []int{2}}, 3, 3), "windows of 4 elements at 4 places are not what 1x4x5 has"},
		{shape.ConvTranspose(x, g.Input("w", 6, 2, 3), shape.TransposeOptions{}), "the kernel 6x2x3 has not as many axes as 2x6x4x5"},
		{shape.ConvTranspose(x, g.Input("k", 4, 2, 3, 3), shape.TransposeOptions{}), "the kernel 4x2x3x3 in 1 groups is not for the 6 channels"},
		{shape.ConvTranspose(x, g.Input("l", 6, 2, 3, 3), shape.TransposeOptions{OutputPadding: []int{1}}), "output padding 1 is not below the stride 1"},
		{shape.ConvTranspose(x, g.Input("n", 6, 2, 3, 3), shape.TransposeOptions{Padding: []int{3}}), "a length of 4 with a kernel of 3 makes one of 0"},
		{shape.LPPool(x, 0, ops.PoolOptions{Kernel: []int{2}}), "p=0; it is a number above 0"},
		{shape.Einsum("ij,jk", m), `"ij,jk" has 2 operands, and there are 1`},
		{shape.Einsum("ijk->i", m), `"ijk" names the axes of operand 1, 3x4, which has 2`},
		{shape.Einsum("ij->ii", m), `the result has 'i' twice`},
		{shape.Einsum("ij->k", m), `no operand has 'k'`},
		{shape.Einsum("i2->i", m), `'2' in "i2" is no letter of an axis`},
		{shape.Einsum("ii->i", m), `lengths 3 and 4 of 'i'`},
		{shape.Einsum("ij,j->i", m, v), `lengths 4 and 5 of j`},
		{shape.Einsum("...,...", m, x), `lengths 3 and 4 of ...`},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "table_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}
