package ops

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/graph/lower"
)

// Windows that walk over the spatial axes of arrays of images × channels × one or
// two lengths: what convolutions and pools have in common.

// after is how little padding a walk needs behind the end.
func after(w lower.Window) int {
	return max(0, (w.Out-1)*w.Stride+w.Dilation*(w.Kernel-1)+1-w.In-w.Before)
}

// places returns how many places a window has along an axis with so much padding
// in all.
func places(w lower.Window, padding int) (int, error) {
	span := w.Dilation*(w.Kernel-1) + 1
	if room := w.In + padding; w.Kernel < 1 || span > room {
		return 0, fmt.Errorf("a window of %d elements does not fit in a length of %d with %d of padding", span, w.In, padding)
	}
	return (w.In+padding-span)/w.Stride + 1, nil
}

// pictures checks that x is images × channels × one or two lengths; those of three are
// volumes.
func pictures(x graph.Shape) error {
	if r := x.Rank(); r != 3 && r != 4 {
		return fmt.Errorf("%v is not images x channels x one to three lengths", x)
	}
	return nil
}

// flat is the walk along an axis of length 1, the rows of what has one spatial
// axis.
var flat = lower.Window{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}

// rowsAndColumns are the walks along one or two axes as those along two.
func rowsAndColumns(walks []lower.Window) (rows, columns lower.Window) {
	if len(walks) == 1 {
		return flat, walks[0]
	}
	return walks[0], walks[1]
}

// spatial are the walks along the axes that there are.
func spatial(rows, columns lower.Window, axes int) []lower.Window {
	return []lower.Window{rows, columns}[2-axes:]
}

// of collects a number of each walk.
func of(walks []lower.Window, f func(w lower.Window) int) (out []int) {
	for _, w := range walks {
		out = append(out, f(w))
	}
	return out
}

// widened gives an array of one spatial axis a second one, of length 1.
func widened(b *builder, x value) value {
	if s := b.Shape(x); s.Rank() == 3 {
		return b.Reshape(x, graph.Dims(s.Dim(0), s.Dim(1), 1, s.Dim(2)))
	}
	return x
}

var errFit = errors.New("lengths and settings do not fit the operands")
