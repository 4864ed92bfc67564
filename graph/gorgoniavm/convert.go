package gorgoniavm

import (
	"fmt"
	"slices"
	"strings"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/tensor"
)

// A conversion is one node of gorgonia's that becomes nodes of ours. Its value is
// what gorgonia computes; its gradient the derivative of that.
type conversion struct {
	*translator
	n    *gnode
	kids []*gnode
	in   []*node
	out  []int
}

// A row says how an op of gorgonia's is converted; convert returns nil where it
// cannot be. whole ops do the same to whole numbers. One that caches is
// asked by gorgonia's derivative for what its Do has left behind.
type row struct {
	convert func(c *conversion) (*node, error)
	whole   bool
	caches  bool
}

// conversions are by the name of the op's Go type. What is not among them runs
// by its own Do.
var conversions = map[string]row{
	"elemUnaryOp":         {convert: unary},
	"elemBinOp":           {convert: binary},
	"linAlgBinOp":         {convert: product},
	"tensordotOp":         {convert: tensordot},
	"sumOp":               {convert: sum},
	"maxOp":               {convert: largest},
	"minBetween":          {convert: func(c *conversion) (*node, error) { return ops.Min(c.in[0], c.in[1]), nil }},
	"maxBetween":          {convert: func(c *conversion) (*node, error) { return ops.Max(c.in[0], c.in[1]), nil }},
	"softmaxOp":           {convert: softmax},
	"sparsemaxOp":         {convert: sparsemax},
	"dropoutOp":           {convert: dropout},
	"BatchNormOp":         {convert: batchNorm, caches: true},
	"GroupNormOp":         {convert: groupNorm, caches: true},
	"im2colOp":            {convert: im2col},
	"maxPoolOp":           {convert: maxPool, caches: true},
	"avgPoolOp":           {convert: avgPool, caches: true},
	"globalAveragePoolOp": {convert: func(c *conversion) (*node, error) { return reshaped(ops.Mean(c.in[0], 2, 3), c.out), nil }},
	"upsampleOp":          {convert: upsample},
	"ctcLossOp":           {convert: ctcLoss, whole: true},
	"Iop":                 {convert: func(c *conversion) (*node, error) { return c.in[0], nil }, whole: true},
	"sizeOp":              {convert: size, whole: true},
	"reshapeOp":           {convert: func(c *conversion) (*node, error) { return reshaped(c.in[0], c.out), nil }, whole: true},
	"transposeOp":         {convert: transpose, whole: true},
	"concatOp":            {convert: concat, whole: true},
	"sliceOp":             {convert: slice, whole: true},
	"repeatOp":            {convert: repeat, whole: true},
	"atOp":                {convert: at, whole: true},
	"byIndicesOp":         {convert: byIndices, whole: true},
	"diagFlatOp":          {convert: diagFlat, whole: true},
}

// Settings of the op; the first that cannot be read is an error.

func (c *conversion) int(path ...string) (int, error) {
	f, err := setting(c.n.Op(), path...)
	if err != nil {
		return 0, err
	}
	if f.CanUint() {
		return int(f.Uint()), nil
	}
	if !f.CanInt() {
		return 0, fmt.Errorf("%T's field %v is no number", c.n.Op(), path)
	}
	return int(f.Int()), nil
}

func (c *conversion) ints(name string) ([]int, error) {
	f, err := setting(c.n.Op(), name)
	if err != nil {
		return nil, err
	}
	out := make([]int, f.Len())
	for i := range out {
		out[i] = int(f.Index(i).Int())
	}
	return out, nil
}

func (c *conversion) float(name string) (float64, error) {
	f, err := setting(c.n.Op(), name)
	if err != nil || !f.CanFloat() {
		return 0, fmt.Errorf("%T has no number %s", c.n.Op(), name)
	}
	return f.Float(), nil
}

func (c *conversion) bool(name string) (bool, error) {
	f, err := setting(c.n.Op(), name)
	if err != nil {
		return false, err
	}
	return f.Bool(), nil
}

// mode reads a setting that users change between runs.
func (c *conversion) mode(name string) (bool, error) {
	f, err := setting(c.n.Op(), name)
	if err != nil {
		return false, err
	}
	was := f.Bool()
	c.changes = append(c.changes, func() bool { return f.Bool() != was })
	return was, nil
}

var unaryOps = map[string]func(*node) *node{
	"abs": ops.Abs, "sign": ops.Sign, "ceil": ops.Ceil, "floor": ops.Floor, "sin": ops.Sin, "cos": ops.Cos, "exp": ops.Exp,
	"ln": ops.Log, "log2": ops.Log2, "neg": ops.Neg, "square": ops.Square, "sqrt": ops.Sqrt, "inv": ops.Reciprocal,
	"invSqrt": func(x *node) *node { return ops.Reciprocal(ops.Sqrt(x)) },
	"cube":    ops.Cube, "tanh": ops.Tanh, "sigmoid": ops.Sigmoid, "log1p": ops.Log1p, "expm1": ops.Expm1, "softplus": ops.Softplus,
}

func unary(c *conversion) (*node, error) {
	f := unaryOps[fmt.Sprint(c.n.Op())]
	if f == nil {
		return nil, nil
	}
	return f(c.in[0]), nil
}

var binaryOps = map[string]func(x, y *node) *node{
	"+": ops.Add, "-": ops.Sub, "⊙": ops.Mul, "÷": ops.Div, "^": ops.Pow,
	"<": ops.Less, ">": ops.Greater, "<=": ops.LessEqual, ">=": ops.GreaterEqual, "==": ops.Equal, "!=": ops.NotEqual,
}

// binary does not broadcast: sizes agree, or one operand has one element.
func binary(c *conversion) (*node, error) {
	sign, _, _ := strings.Cut(fmt.Sprint(c.n.Op()), " ")
	f := binaryOps[sign]
	if f == nil {
		return nil, nil
	}
	x, y := c.in[0], c.in[1]
	switch nx, ny := x.Shape().Size(), y.Shape().Size(); {
	case nx == ny:
		x, y = reshaped(x, c.out), reshaped(y, c.out)
	case nx == 1:
		x, y = reshaped(x, nil), reshaped(y, c.out)
	case ny == 1:
		x, y = reshaped(x, c.out), reshaped(y, nil)
	default:
		return nil, fmt.Errorf("%v and %v do not fit", x.Shape(), y.Shape())
	}
	return f(x, y), nil
}

// Kinds of products (operatorLinAlg.go).
const (
	matrixMatrix = iota
	matrixVector
	vectorVector
	outer
	batched
)

func product(c *conversion) (*node, error) {
	kind, err := c.int("āBinaryOperator")
	if err != nil {
		return nil, err
	}
	x, y := c.in[0], c.in[1]
	switch kind {
	case vectorVector:
		return ops.Sum(ops.Mul(flat(x), flat(y))), nil
	case outer:
		return ops.Outer(flat(x), flat(y)), nil
	case matrixMatrix, matrixVector, batched:
	default:
		return nil, nil
	}
	swapX, swapY, err := c.swaps()
	if err != nil {
		return nil, err
	}
	if swapX {
		x = swapped(x)
	}
	if swapY {
		y = swapped(y)
	}
	return reshaped(ops.MatMul(x, y), c.out), nil
}

// swaps says which operands of a product are transposed.
func (c *conversion) swaps() (x, y bool, err error) {
	if x, err = c.bool("transA"); err != nil {
		return x, y, err
	}
	y, err = c.bool("transB")
	return x, y, err
}

func flat(x *node) *node { return reshaped(x, []int{x.Shape().Size()}) }

// swapped exchanges the last two axes, if there are two.
func swapped(x *node) *node {
	r := x.Shape().Rank()
	if r < 2 {
		return x
	}
	order := identity(r)
	order[r-1], order[r-2] = r-2, r-1
	return ops.Transpose(x, order...)
}

func identity(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// tensordot contracts axes: a product of matrices, once they lie last in x and
// first in y.
func tensordot(c *conversion) (*node, error) {
	a, err := c.ints("aAxes")
	if err != nil {
		return nil, err
	}
	b, err := c.ints("bAxes")
	if err != nil {
		return nil, err
	}
	x, y := c.in[0], c.in[1]
	inner := 1
	for _, axis := range a {
		inner *= x.Shape().Dim(axis)
	}
	x = ops.Transpose(x, append(others(x, a), a...)...)
	y = ops.Transpose(y, append(b, others(y, b)...)...)
	x = reshaped(x, []int{x.Shape().Size() / inner, inner})
	y = reshaped(y, []int{inner, y.Shape().Size() / inner})
	return reshaped(ops.MatMul(x, y), c.out), nil
}

// others are the axes of x that are not among some.
func others(x *node, axes []int) []int {
	used := map[int]bool{}
	for _, a := range axes {
		used[a] = true
	}
	var out []int
	for i := range x.Shape().Rank() {
		if !used[i] {
			out = append(out, i)
		}
	}
	return out
}

func sum(c *conversion) (*node, error) {
	along, err := c.ints("along")
	if err != nil {
		return nil, err
	}
	return reshaped(ops.Sum(c.in[0], along...), c.out), nil
}

// largest gives each of the largest elements the whole gradient, as gorgonia does.
func largest(c *conversion) (*node, error) {
	along, err := c.ints("along")
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	d := x.Shape().Dims()
	per := make([]int, len(d))
	for i := range per {
		if per[i] = 1; len(along) > 0 && !slices.Contains(along, i) {
			per[i] = d[i]
		}
	}
	y := ops.AMax(x, along...)
	all := func(x *node) *node { return ops.Broadcast(reshaped(x, per), d...) }
	return reshaped(graph.Custom(y, func(dy *node) []*node {
		return []*node{ops.Mul(ops.Equal(x, all(y)), all(dy))}
	}, x), c.out), nil
}

func size(c *conversion) (*node, error) {
	axis, err := c.int("axis")
	if err != nil {
		return nil, err
	}
	if s := c.kids[0].Shape(); axis < len(s) {
		return c.g.Const(float64(s[axis])), nil
	}
	return c.g.Const(1), nil
}

func transpose(c *conversion) (*node, error) {
	pattern, err := c.ints("pattern")
	if err != nil {
		return nil, err
	}
	return ops.Transpose(c.in[0], pattern...), nil
}

func concat(c *conversion) (*node, error) {
	axis, err := c.int("axis")
	if err != nil {
		return nil, err
	}
	return ops.Concat(axis, c.in...), nil
}

// sliced is what is sliced, by gorgonia.Slice or, between runs, by
// gorgonia.UnsafeLet.
type sliced interface{ IsSlice() tensor.Slice }

// bounds are a slice's; those of all if there is none.
func bounds(s tensor.Slice, length int) (start, stop, step int) {
	if s == nil || s.End() <= s.Start() {
		return 0, length, 1
	}
	return s.Start(), min(s.End(), length), max(s.Step(), 1)
}

func slice(c *conversion) (*node, error) {
	axis, err := c.int("along")
	op, ok := c.n.Op().(sliced)
	if err != nil || !ok {
		return nil, err
	}
	x := c.in[0]
	if x.Shape().Rank() <= axis {
		return nil, fmt.Errorf("axis %d of %v", axis, x.Shape())
	}
	length := x.Shape().Dim(axis)
	start, stop, step := bounds(op.IsSlice(), length)
	if !c.moving[c.n] {
		c.changes = append(c.changes, func() bool {
			a, b, s := bounds(op.IsSlice(), length)
			moved := a != start || b != stop || s != step
			c.moving[c.n] = c.moving[c.n] || moved
			return moved
		})
		return reshaped(ops.Slice(x, axis, start, stop, step), c.out), nil
	}
	size := (stop - start + step - 1) / step
	index := c.user.fed(c.translator, c.n, size, func() ([]int, error) {
		a, b, s := bounds(op.IsSlice(), length)
		if (b-a+s-1)/s != size {
			return nil, fmt.Errorf("%v had %d elements along axis %d and has %d", c.n, size, axis, (b-a+s-1)/s)
		}
		at := identity(size)
		for i := range at {
			at[i] = a + i*s
		}
		return at, nil
	})
	return reshaped(ops.Take(x, index, axis), c.out), nil
}

// repeat repeats elements along an axis, each after itself.
func repeat(c *conversion) (*node, error) {
	along, err := c.int("along")
	if err != nil {
		return nil, err
	}
	d := c.in[0].Shape().Dims()
	for len(d) <= along {
		d = append(d, 1)
	}
	if len(c.out) <= along || d[along] == 0 {
		return nil, fmt.Errorf("axis %d of %v", along, c.out)
	}
	x := reshaped(c.in[0], d)
	if d[along] == 1 {
		return ops.Broadcast(x, c.out...), nil
	}
	with := append(append(append([]int{}, d[:along+1]...), 1), d[along+1:]...)
	to := append([]int{}, with...)
	to[along+1] = c.out[along] / d[along]
	return reshaped(ops.Broadcast(reshaped(x, with), to...), c.out), nil
}

func at(c *conversion) (*node, error) {
	coords, err := c.ints("coordinates")
	if err != nil {
		return nil, err
	}
	s, offset := c.in[0].Shape(), 0
	if len(coords) != s.Rank() {
		return nil, fmt.Errorf("coordinates %v in %v", coords, s)
	}
	for i, k := range coords {
		offset = offset*s.Dim(i) + k
	}
	return ops.View(c.in[0], nil, nil, offset), nil
}

func byIndices(c *conversion) (*node, error) {
	axis, err := c.int("axis")
	if err != nil {
		return nil, err
	}
	return reshaped(ops.Take(c.in[0], flat(c.in[1]), axis), c.out), nil
}

func diagFlat(c *conversion) (*node, error) {
	n := c.in[0].Shape().Size()
	return reshaped(ops.Place(flat(c.in[0]), []int{n * n}, []int{n + 1}, 0), c.out), nil
}
