package exec

import (
	"strings"
	"testing"

	"descent/internal/kernel"
)

// TestVerify plants a mistake in each kind of value: the verifier says which value
// it is, and nothing of one that is right.
func TestVerify(t *testing.T) {
	view := kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{4, 3}, Stride: [kernel.MaxRank]int{1, 4}}
	rows := func(rows int) *Call {
		return &Call{Name: "loop", Rows: rows, F32: mix[float32], F64: mix[float64]}
	}
	for _, c := range []struct {
		name  string
		build func(f *Func, x Val) Val
		spoil func(v *value)
		says  string
	}{
		{"map", func(f *Func, x Val) Val { return f.Map(kernel.Exp, x) }, func(v *value) { v.dims = []int{4, 3} }, "does not broadcast"},
		{"reshape", func(f *Func, x Val) Val { return f.Reshape(x, []int{12}) }, func(v *value) { v.dims, v.n = []int{6}, 6 }, "reshape of"},
		{"one of two results", func(f *Func, x Val) Val { return f.Call(rows(0), [][]int{{2}, {3}}, x)[1] }, func(v *value) { v.from += Pad }, "reshape of"},
		{"reduction", func(f *Func, x Val) Val { return f.Reduce(kernel.ReduceMax, x, []int{1}) }, func(v *value) { v.op = reduction{outer: 3, mid: 3, inner: 1} }, "3×3×1"},
		{"product", func(f *Func, x Val) Val { return f.Dot(x, x, true, false) }, func(v *value) { v.op = dot{m: 4, n: 4, k: 3} }, "product of"},
		{"convolution", func(f *Func, x Val) Val { return pointwise(f, x) }, func(v *value) { o := v.op.(conv); o.In = 2; v.op = o }, "convolution of"},
		{"bias", func(f *Func, x Val) Val { return f.Dot(x, x, true, false) }, func(v *value) { v.op = dot{m: 4, n: 4, k: 3, ta: true, bias: true} }, "product of"},
		{"strided read", func(f *Func, x Val) Val { return f.Gather(x, view) }, func(v *value) { v.dims = []int{3, 4} }, "gather"},
		{"place", func(f *Func, x Val) Val {
			return f.Place([]int{5, 4}, []Val{x}, []kernel.View{BroadcastView([]int{3, 4}, []int{3, 4})})
		},
			func(v *value) { v.args = []Val{1} }, "place 0"},
		{"call", func(f *Func, x Val) Val { return f.Call(rows(3), [][]int{{3}}, x)[0] }, func(v *value) { v.op = &call{Call: rows(-1)} }, "-1 rows"},
		{"loop", func(f *Func, x Val) Val { return sums(f, x, f.Const(0, []int{4}), 3, 4)[0] }, func(v *value) { v.op.(*loop).Leaves[2].Step = 5 }, "leaf 2 leaves [3 4]"},
		{"loop that changes an operand", func(f *Func, x Val) Val { return sums(f, x, f.Const(0, []int{4}), 3, 4)[0] }, func(v *value) { v.op.(*loop).Leaves[1].Result = false; v.op.(*loop).Leaves[1].Start = 0 }, "a step changes an operand"},
		{"start of a loop", func(f *Func, x Val) Val { return sums(f, x, f.Const(0, []int{4}), 3, 4)[0] }, func(v *value) { v.op.(*loop).Starts[0].At = 13 }, "does not start in"},
		{"call over", func(f *Func, x Val) Val { return f.Call(evens(12), [][]int{{3, 4}}, x, x)[0] }, func(v *value) { v.dims = []int{4, 3} }, "over"},
		{"unbox", func(f *Func, x Val) Val { return f.operation(unbox{from: 11}, nil, x) }, func(v *value) { v.op = unbox{from: 12} }, "element 12 of 12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &Func{}
			x := f.Leaf(Leaf{Name: "x", Dims: []int{3, 4}, Input: true})
			f.Const(0, []int{5}) // value 1
			v := c.build(f, x)
			if err := Verify(f); err != nil {
				t.Fatalf("as it is: %v", err)
			}
			c.spoil(&f.vals[v])
			if err := Verify(f); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("spoilt: %v, want %q", err, c.says)
			}
			f.Output(v)
			if _, err := Compile[float64](f, nil, Options{Verify: true}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("compiled: %v, want %q", err, c.says)
			}
		})
	}
}

// pointwise convolves the rows of x, as images of one pixel, with x itself.
func pointwise(f *Func, x Val) Val {
	d := f.Dims(x)
	one := kernel.Window{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}
	s := kernel.ConvShape{Batch: d[0], In: d[1], Out: d[0], Groups: 1, Rows: one, Columns: one}
	return f.Conv(s, f.Reshape(x, []int{d[0], 1, 1, d[1]}), f.Reshape(x, []int{1, 1, d[1], d[0]}))
}
