package shape

import (
	"errors"
	"fmt"
	"math"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Convolutions that widen, and pools of powers.

// TransposeOptions say how a transposed convolution walks. A list has a number for each
// spatial axis, or one for all of them.
type TransposeOptions struct {
	Stride  []int // between the places of neighbours of x in the result; 1 if nil
	Padding []int // what is left out at both ends of the result; 0 if nil
	// OutputPadding is how much longer the result is at its end, below the stride or
	// the dilation; 0 if nil.
	OutputPadding []int
	Dilation      []int // from element to element of the kernel; 1 if nil
	Groups        int   // as in [ops.ConvOptions]
}

// ConvTranspose returns the transposed convolution of x, images × channels × one to
// three lengths n, with the kernel w, channels × channels of a group of the result ×
// lengths k:
//
//	y[n,o,i] = Σ w[c,o,j]·x[n,c,p], over p and j with stride·p + dilation·j - padding = i
//
// of (n-1)·stride - 2·padding + dilation·(k-1) + output padding + 1 places along an
// axis. It is the gradient of a convolution by what is convolved.
func ConvTranspose(x, w *node, o TransposeOptions) *node {
	if err := graph.Mistakes(x, w); err != nil {
		return graph.Bad(err, "conv_transpose", x, w)
	}
	from, err := spatial(x.Shape())
	if err == nil && w.Shape().Rank() != x.Shape().Rank() {
		err = fmt.Errorf("the kernel %v has not as many axes as %v", w.Shape(), x.Shape())
	}
	if err == nil && (w.Shape().Dim(0) != x.Shape().Dim(1) || w.Shape().Dim(0)%max(o.Groups, 1) != 0 || o.Groups < 0) {
		err = fmt.Errorf("the kernel %v in %d groups is not for the %d channels of %v", w.Shape(), max(o.Groups, 1), x.Shape().Dim(1), x.Shape())
	}
	var to, ends, zeros []int
	if err == nil {
		to, ends, zeros, err = o.lengths(from, w.Shape().Dims()[2:])
	}
	if err != nil {
		return graph.Bad(err, "conv_transpose", x, w)
	}
	walk := ops.ConvOptions{Stride: o.Stride, Padding: ends, Dilation: o.Dilation, Groups: o.Groups}
	return Pad(ops.ConvInput(x, w, walk, to...), 0, zeros...)
}

// lengths returns those of the result, how much padding the convolution has whose
// gradient it is, and the zeros that [Pad] adds to it: what output padding asks for
// where no element of x reaches.
func (o *TransposeOptions) lengths(from, kernel []int) (to, ends, zeros []int, err error) {
	n := len(from)
	stride, e1 := lower.PerAxis("stride", o.Stride, n, 1, 1)
	padding, e2 := lower.PerAxis("padding", o.Padding, n, 0, 0)
	more, e3 := lower.PerAxis("output padding", o.OutputPadding, n, 0, 0)
	dilation, e4 := lower.PerAxis("dilation", o.Dilation, n, 1, 1)
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return nil, nil, nil, err
	}
	to, ends, zeros = make([]int, n), make([]int, 2*n), make([]int, 2*n)
	for i, d := range from {
		p := padding[i]
		length := (d-1)*stride[i] - 2*p + dilation[i]*(kernel[i]-1) + more[i] + 1
		switch {
		case more[i] >= max(stride[i], dilation[i]):
			return nil, nil, nil, fmt.Errorf("output padding %d is not below the stride %d, nor the dilation %d", more[i], stride[i], dilation[i])
		case d < 1 || kernel[i] < 1 || length < 1 || length > math.MaxInt32:
			return nil, nil, nil, fmt.Errorf("a length of %d with a kernel of %d makes one of %d", d, kernel[i], length)
		}
		ends[i], ends[n+i] = p, max(0, p-more[i])
		if beyond := more[i] - p; beyond >= stride[i] { // else it is less than a place
			length -= beyond
			zeros[2*(n-1-i)+1] = beyond
		}
		to[i] = length
	}
	return to, ends, zeros, nil
}

// LPPool returns the p-norm of each window of x, images × channels × one to three
// lengths: (Σ x^p)^(1/p). A window that hangs over the end, with o.Ceil, counts as if
// its mean were that of a whole one, as in PyTorch. Of the options it takes the kernel,
// the stride and Ceil.
func LPPool(x *node, p float64, o ops.PoolOptions) *node {
	if x.Err() != nil {
		return x
	}
	lengths, err := spatial(x.Shape())
	kernel := o.Kernel
	if err == nil {
		kernel, err = lower.PerAxis("kernel", kernel, len(lengths), 0, 1)
	}
	if err == nil && !(p > 0 && !math.IsInf(p, 1)) {
		err = fmt.Errorf("p=%v; it is a number above 0", p)
	}
	if err != nil {
		return graph.Bad(err, "lp_pool", x)
	}
	c := x.Graph().Const
	mean := ops.AvgPool(ops.Pow(x, c(p)), ops.PoolOptions{Kernel: kernel, Stride: o.Stride, Ceil: o.Ceil})
	return ops.Pow(ops.Scale(float64(graph.Dims(kernel...).Size()), mean), c(1/p))
}
