package exec

import (
	"fmt"
	"slices"

	"descent/internal/kernel"
)

// conv is a convolution, or its gradient by one of its operands, of arrays whose
// channels are last. A third operand of one that goes forward is a bias.
type conv struct {
	plain
	kernel.ConvShape
}

// Conv adds a convolution: y of x and w, dx of dy and w, or dw of x and dy.
func (f *Func) Conv(s kernel.ConvShape, a, b Val) Val {
	o := conv{ConvShape: s}
	return f.operation(o, o.shapes()[o.made()], a, b)
}

// shapes are those of x, of w and of y.
func (o conv) shapes() [3][]int {
	r, c := o.Rows, o.Columns
	return [3][]int{{o.Batch, r.In, c.In, o.In}, {r.Kernel, c.Kernel, o.In / o.Groups, o.Out}, {o.Batch, r.Out, c.Out, o.Out}}
}

// made is which of them is the result; the others are the operands, dy the first
// of dx's.
func (o conv) made() int {
	return [...]int{kernel.ConvForward: 2, kernel.ConvInput: 0, kernel.ConvWeights: 1}[o.Mode]
}

func (o conv) line(args []string) string {
	name := [...]string{kernel.ConvForward: "conv", kernel.ConvInput: "conv_input", kernel.ConvWeights: "conv_weights"}[o.Mode]
	name = fmt.Sprintf("%s[%dx%dx%d %dx%d]", name, o.Rows.In, o.Columns.In, o.In, o.Rows.Kernel, o.Columns.Kernel)
	if o.Bias {
		name += "+bias"
	}
	if o.ReLU {
		name += "+relu"
	}
	return called(name, args)
}

func (o conv) verify(dims []int, args [][]int) error {
	s := o.shapes()
	want := map[kernel.ConvMode][][]int{
		kernel.ConvForward: {s[0], s[1]}, kernel.ConvInput: {s[2], s[1]}, kernel.ConvWeights: {s[0], s[2]},
	}[o.Mode]
	if o.Bias {
		want = append(want, args[len(args)-1])
	}
	if !slices.Equal(dims, s[o.made()]) || !slices.EqualFunc(args, want, slices.Equal) || o.Bias && size(args[2]) != o.Out {
		return fmt.Errorf("convolution of %v to %v", args, dims)
	}
	return nil
}

// epilogue adds a bias and takes max(·, 0) while the result is in registers.
func (o conv) epilogue(f *Func, x, m *value, k int) (operation, []Val) {
	y := &f.vals[m.args[1-k]]
	switch {
	case o.Mode != kernel.ConvForward || o.ReLU:
	case m.code == kernel.Add && !o.Bias && isRow(y, o.Out):
		o.Bias = true
		return o, []Val{x.args[0], x.args[1], m.args[1-k]}
	case m.code == kernel.Max && y.isZero():
		o.ReLU = true
		return o, f.own(x.args)
	}
	return nil, nil
}

func (o conv) step(f anyFrame) step { return stepOf(o, f, convStep[float32], convStep[float64]) }

// convolution is the step. Its chunks are images, or bands of one.
type convolution[T kernel.Float] struct {
	c         *kernel.Conv[T]
	dst, a, b *T
	bias      *T
	fixed     bool // the weights are, and prepared by start
}

func convStep[T kernel.Float](o conv, f frame[T]) step {
	s := &convolution[T]{c: kernel.NewConv[T](o.ConvShape), dst: f.result(), a: f.arg(0), b: f.arg(1)}
	if o.Bias {
		s.bias = f.arg(2)
	}
	if s.fixed = o.Mode != kernel.ConvWeights && f.fixed(1); s.fixed {
		f.p.starters = append(f.p.starters, s)
	}
	return s
}

func (s *convolution[T]) slots(visit func(*uintptr)) {
	for _, p := range []**T{&s.dst, &s.a, &s.b, &s.bias} {
		visit(slot(p))
	}
}

func (s *convolution[T]) start()              { s.c.Prepare(s.b) }
func (s *convolution[T]) share(first starter) { s.c.UsePrepared(first.(*convolution[T]).c) }
func (s *convolution[T]) chunks() int         { return s.c.Chunks() }
func (s *convolution[T]) reserve(workers int) { s.c.Reserve(workers) }

func (s *convolution[T]) run() {
	s.prepare()
	for i := range s.c.Chunks() {
		s.chunk(i, 0)
	}
	s.finish()
}

func (s *convolution[T]) prepare() {
	if !s.fixed {
		s.c.Prepare(s.b)
	}
}

func (s *convolution[T]) chunk(i, worker int) { s.c.RunChunk(i, worker, s.dst, s.a, s.b, s.bias) }
func (s *convolution[T]) finish()             { s.c.Finish(s.dst) }
