package exec

import (
	"fmt"
	"math"
	"math/rand/v2"

	"descent/internal/kernel"
)

// A generator makes random programs: maps over shapes that broadcast against
// each other, reductions, products and convolutions with bias and ReLU, attentions, views,
// placements, calls with several results, loops of random bodies, parameters that are updated alike, outputs.
type generator struct {
	*rand.Rand
	f      *Func
	vals   []Val
	leaves []Val        // those that may be updated
	slab   []int        // by leaf: which slab its memory is from; -1 for inputs
	loose  map[Val]bool // made of constants alone: folded in float64
	r, c   int
	inside bool // a body of a loop
}

var codes = []kernel.Code{kernel.Add, kernel.Sub, kernel.Mul, kernel.Div, kernel.Max, kernel.Lt, kernel.Where, kernel.Neg,
	kernel.Abs, kernel.Sqrt, kernel.Exp, kernel.Tanh, kernel.Add, kernel.Mul, kernel.Sub, kernel.Sin, kernel.Pow, kernel.Min, kernel.Where, kernel.Eq}

// A scope bounds random programs: the length of an axis, and how many steps are
// tried.
type scope struct{ side, steps int }

var (
	large = scope{40, 60}
	small = scope{5, 6} // thousands a second, for fuzzing
)

func randomFunc(rng *rand.Rand, of scope) *generator {
	g := &generator{Rand: rng, f: &Func{}, loose: map[Val]bool{}}
	g.r, g.c = 1+g.IntN(of.side), 1+g.IntN(of.side)
	switch g.IntN(12) {
	case 2: // several tiles, and several blocks of a sum
		g.r, g.c = 1+g.IntN(3*of.side+10), 1+g.IntN(3*of.side+10)
	case 0:
		g.r = 0
	case 1:
		g.c = 0
	case 3: // what is as long as a row is as long as a column
		g.c = g.r
	}
	r, c := g.r, g.c
	for i, s := range [][]int{{r, c}, {r, c}, {r, c}, {c}, {r, 1}, {}, {1, 1}, {2, r, c}, {2, 1, c}, {1}, {}} {
		l := g.leaf(fmt.Sprint("l", i), s, g.IntN(3)-1)
		if g.slab[len(g.slab)-1] >= 0 {
			g.leaves = append(g.leaves, l)
		}
	}
	for range 3 {
		g.constant(g.NormFloat64())
	}
	for _, x := range []float64{0, 1, math.Copysign(0, -1), 2} {
		g.constant(x)
	}
	steps := 5 + g.IntN(of.steps)
	batches := g.IntN(3)
	for i := range steps {
		if batches > 0 && i%15 == 10 {
			g.batch(batches)
			batches--
		}
		g.step()
	}
	for range 1 + g.IntN(6) {
		g.f.Output(g.any())
	}
	g.updates()
	return g
}

// fix makes leaves that are neither inputs nor updated fixed.
func (g *generator) fix() {
	for i := range g.f.leaves {
		g.f.leaves[i].Fixed = !g.f.leaves[i].Input
	}
	for _, u := range g.f.updates {
		g.f.leaves[g.f.vals[u.Leaf].leaf].Fixed = false
	}
}

// Bool is true half of the time.
func (g *generator) Bool() bool { return g.IntN(2) == 0 }

func (g *generator) add(vs ...Val) {
	for _, v := range vs {
		x := &g.f.vals[v]
		loose := len(x.args) > 0
		for _, a := range x.args {
			loose = loose && g.loose[a]
		}
		if x.kind == kMap && x.code == kernel.Where && g.loose[x.args[0]] {
			loose = g.loose[x.args[1]] || g.loose[x.args[2]]
		}
		g.loose[v] = loose || x.kind == kConst
		g.vals = append(g.vals, v)
	}
}

func (g *generator) leaf(name string, dims []int, slab int) Val {
	l := g.f.Leaf(Leaf{Name: name, Dims: dims, Input: slab < 0})
	g.slab = append(g.slab, slab)
	g.add(l)
	return l
}

func (g *generator) constant(x float64) {
	dims := [][]int{nil, {1}, {g.c}, {g.r, g.c}}[g.IntN(4)]
	g.add(g.f.Const(x, dims))
}

func (g *generator) any() Val { return g.vals[g.IntN(len(g.vals))] }

// recent prefers values made last.
func (g *generator) recent() Val {
	return g.vals[max(0, len(g.vals)-1-g.IntN(1+g.IntN(len(g.vals))))]
}

func (g *generator) dims(v Val) []int { return g.f.vals[v].dims }

func (g *generator) step() {
	x := g.any()
	d := g.dims(x)
	switch k := g.IntN(20); {
	case k == 0 && len(d) > 0:
		g.add(g.f.Reduce(kernel.Reduction(g.IntN(4)), x, []int{g.IntN(len(d))}))
	case k == 1 && len(d) == 2:
		g.product(x)
	case k == 6 && len(d) == 2:
		g.convolution(x)
	case k == 7:
		g.attention()
	case k == 8 && (!g.inside || g.IntN(4) == 0):
		g.loop()
	case k == 2:
		g.reshape(x)
	case k == 3 && len(d) > 0:
		g.slices(x)
	case k == 4:
		g.call(x)
	case k == 5 && len(d) == 2:
		axes := []int{0, 1}
		g.add(g.f.Reshape(g.f.Reduce(kernel.ReduceSum, x, axes), nil))
	default:
		g.elementwise(x)
	}
}

func (g *generator) elementwise(x Val) {
	code := codes[g.IntN(len(codes))]
	args := []Val{x}
	dims := g.dims(x)
	for len(args) < code.Arity() {
		y := g.recent()
		if d := tryBroadcast(dims, g.dims(y)); d != nil || len(dims)+len(g.dims(y)) == 0 {
			dims, args = d, append(args, y)
		} else {
			args = append(args, args[0])
		}
	}
	if g.Bool() {
		args[0], args[len(args)-1] = args[len(args)-1], args[0]
	}
	all := true
	for _, a := range args {
		all = all && g.loose[a]
	}
	if all && !exact[code] {
		code = []kernel.Code{0, kernel.Neg, kernel.Mul, kernel.Where}[len(args)]
	}
	g.add(g.f.Map(code, args...))
}

// exact primitives are the same folded and computed.
var exact = map[kernel.Code]bool{kernel.Add: true, kernel.Sub: true, kernel.Mul: true, kernel.Div: true, kernel.Max: true, kernel.Min: true,
	kernel.Lt: true, kernel.Eq: true, kernel.Neg: true, kernel.Abs: true, kernel.Sqrt: true, kernel.Where: true}

// product multiplies x and its transpose. Its operands are small whole numbers:
// whatever order it adds in, the sum is exact.
func (g *generator) product(x Val) {
	d := g.dims(x)
	x = g.whole(x)
	t := g.f.Gather(x, kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{d[1], d[0]}, Stride: [kernel.MaxRank]int{1, d[1]}})
	y := g.f.Dot(x, t, false, false)
	if g.Bool() {
		y = g.f.Dot(t, x, g.Bool() && d[0] == d[1], false)
	}
	g.layer(y, x)
}

// layer adds y and maps of it that an operation can compute as well, such as a bias
// and max(., 0), and others that only look like them. The row is the start of x.
func (g *generator) layer(y, x Val) {
	if g.Bool() {
		g.add(y)
	}
	d := g.dims(y)
	n := d[len(d)-1]
	for range g.IntN(4) {
		other := g.f.Const([]float64{0, 0, math.Copysign(0, -1), 1}[g.IntN(4)], nil)
		if g.Bool() && n <= g.f.vals[x].n {
			other = g.first(x, n)
		}
		args := []Val{y, other}
		if g.Bool() {
			args[0], args[1] = other, y
		}
		y = g.f.Map([]kernel.Code{kernel.Add, kernel.Add, kernel.Add, kernel.Max, kernel.Max, kernel.Max, kernel.Mul, kernel.Min}[g.IntN(8)], args...)
	}
	g.add(y)
}

// first makes an array of the first elements of x.
func (g *generator) first(x Val, dims ...int) Val {
	return g.f.Reshape(g.f.Gather(x, kernel.View{Rank: 1, Dims: [kernel.MaxRank]int{size(dims)}, Stride: [kernel.MaxRank]int{1}}), dims)
}

// whole makes small whole numbers of x.
func (g *generator) whole(x Val) Val {
	x = g.f.Map(kernel.Max, g.f.Map(kernel.Min, x, g.f.Const(100, nil)), g.f.Const(-100, nil))
	return g.f.Map(kernel.Round, x)
}

// convolution convolves an image x of two channels with a kernel made of its first
// elements, or takes one of the gradients. As in product, sums are exact.
func (g *generator) convolution(x Val) {
	d := g.dims(x)
	w := func(n int) kernel.Window {
		return kernel.Window{In: n, Out: (n-1)/2 + 1, Kernel: 2, Stride: 2, Dilation: 1, Before: 1}
	}
	s := kernel.ConvShape{Batch: 1, In: 2, Out: 3, Groups: 1, Rows: w(d[0]), Columns: w(d[1] / 2)}
	if d[1]%2 != 0 || g.f.vals[x].n < s.Weights() {
		return
	}
	x = g.whole(x)
	image, weights := g.f.Reshape(x, []int{1, d[0], d[1] / 2, 2}), g.first(x, 2, 2, 2, 3)
	y := g.f.Conv(s, image, weights)
	switch g.IntN(4) {
	case 0:
		s.Mode = kernel.ConvInput
		y = g.f.Conv(s, g.whole(y), weights)
	case 1:
		s.Mode = kernel.ConvWeights
		y = g.f.Conv(s, image, g.whole(y))
	}
	g.layer(y, x)
}

func (g *generator) reshape(x Val) {
	n := g.f.vals[x].n
	flat := g.f.Reshape(x, []int{n})
	g.add(flat, g.f.Reshape(g.f.Reshape(x, []int{n, 1}), g.dims(x)))
	if n == 1 {
		g.add(g.f.Reshape(x, nil), g.f.Reshape(flat, []int{1, 1}))
	}
}

// slices cuts x along its first axis and joins the two the other way round.
func (g *generator) slices(x Val) {
	d := g.dims(x)
	v := BroadcastView(d, d)
	row := 1
	for i := len(d) - 1; i >= 0; i-- {
		v.Stride[i] = row
		row *= d[i]
	}
	row = v.Stride[0]
	k := g.IntN(d[0] + 1)
	a, b := v, v
	a.Dims[0], b.Dims[0], b.Offset = k, d[0]-k, k*row
	xa, xb := g.f.Gather(x, a), g.f.Gather(x, b)
	g.add(xa, xb)
	b.Offset, a.Offset = 0, (d[0]-k)*row
	if g.Bool() {
		g.add(g.f.Place(d, []Val{xb, xa}, []kernel.View{b, a}))
	} else {
		g.add(g.f.Place(d, []Val{xa}, []kernel.View{a}))
	}
}

// call makes a loop with one to three results, some of them scalars.
func (g *generator) call(x Val) {
	args := []Val{x}
	for g.IntN(2) == 0 && len(args) < 4 {
		args = append(args, g.any())
	}
	shapes := [][]int{g.dims(x), nil, {1}, {g.r, g.c}, {g.c}, {3}, {0}}
	outs := [][]int{shapes[g.IntN(len(shapes))]}
	for g.IntN(2) == 0 && len(outs) < 3 {
		outs = append(outs, shapes[g.IntN(len(shapes))])
	}
	rows := g.IntN(20)
	c := &Call{Name: "mix", F32: mixRows[float32](rows), F64: mixRows[float64](rows), Rows: rows}
	if g.Bool() {
		c.Key = (rows*100+len(outs))*10000 + size(outs[0])
	}
	g.add(g.f.Call(c, outs, args...)...)
	if n := g.f.vals[x].n; n > 0 && !g.f.vals[x].scalar() && g.Bool() {
		g.add(g.f.Call(evens(n), [][]int{g.dims(x)}, append(args, g.any())...)...)
	}
}

// evens writes over every other of n elements of its first operand, of two or more.
func evens(n int) *Call {
	return &Call{Name: "evens", Over: true, Rows: (n + 1) / 2, Work: 50, F32: evenRows[float32], F64: evenRows[float64]}
}

func evenRows[T kernel.Float](dst, src [][]T, lo, hi int) {
	for r := lo; r < hi; r++ {
		last := src[len(src)-1]
		if len(last) > 0 {
			dst[0][2*r] = 3 * last[r%len(last)]
		}
	}
}

// mix fills its results from its operands.
func mix[T kernel.Float](dst, src [][]T, _, _ int) {
	for i, d := range dst {
		for k := range d {
			d[k] = T(i)
			for j, s := range src {
				if len(s) > 0 {
					d[k] += T(j+1) * s[(k+i)%len(s)]
				}
			}
		}
	}
}

// mixRows is mix for a loop of some rows: row r has the elements r, r+rows, ….
func mixRows[T kernel.Float](rows int) func(dst, src [][]T, lo, hi int) {
	if rows == 0 {
		return mix[T]
	}
	return func(dst, src [][]T, lo, hi int) {
		for i, d := range dst {
			for r := lo; r < hi; r++ {
				for k := r; k < len(d); k += rows {
					d[k] = T(i)
					for j, s := range src {
						if len(s) > 0 {
							d[k] += T(j+1) * s[(k+i)%len(s)]
						}
					}
				}
			}
		}
	}
}

// batch makes parameters and moments that are updated alike, from gradients of
// different origin.
func (g *generator) batch(slab int) {
	n := 2 + g.IntN(4)
	origin, clip := g.IntN(5), g.IntN(4)
	small, ahead := g.IntN(3) == 0, g.Bool()
	var ws, ms, ds, news []Val
	shared := g.any()
	for i := range n {
		dims := [][]int{{1 + g.IntN(60)}, {1 + g.IntN(9), 1 + g.IntN(9)}, {2, 3, 4}, {16}, {33}}[g.IntN(5)]
		if small {
			dims = []int{20}
		}
		ws = append(ws, g.leaf(fmt.Sprint("w", slab, i), dims, 10*slab))
		ms = append(ms, g.leaf(fmt.Sprint("m", slab, i), dims, 10*slab+1))
	}
	for i := range ws {
		ds = append(ds, g.gradient(origin, i, ws, shared))
		m := g.f.Map(kernel.Add, g.f.Map(kernel.Mul, ms[i], g.f.Const(0.9, nil)), ds[i])
		news = append(news, m)
		g.add(m)
	}
	scale := g.f.Const(0.1, nil)
	if clip < 2 { // by the norm of all gradients, or of all moments
		norm := g.f.Const(1, nil)
		for i := range ws {
			x := [][]Val{ds, news}[clip][i]
			square := g.f.Map(kernel.Mul, x, x)
			axes := make([]int, len(g.dims(x)))
			for k := range axes {
				axes[k] = k
			}
			norm = g.f.Map(kernel.Add, norm, g.f.Reshape(g.f.Reduce(kernel.ReduceSum, square, axes), nil))
		}
		scale = g.f.Map(kernel.Div, scale, g.f.Map(kernel.Sqrt, norm))
		g.add(norm, scale)
	}
	for i, w := range ws {
		by := g.f.Map(kernel.Mul, scale, news[i])
		if ahead { // as Nesterov does: the gradient is read once more
			by = g.f.Map(kernel.Add, g.f.Map(kernel.Mul, scale, ds[i]), by)
		}
		next := g.f.Map(kernel.Sub, w, by)
		if g.IntN(10) > 0 {
			g.f.Update(w, next)
		}
		if g.IntN(10) > 0 {
			g.f.Update(ms[i], news[i])
		}
		if g.IntN(6) == 0 {
			g.f.Output([]Val{ds[i], next, w, ms[i], news[i]}[g.IntN(5)])
		}
	}
}

// gradient returns something of the shape of ws[i].
func (g *generator) gradient(origin, i int, ws []Val, shared Val) Val {
	dims := g.dims(ws[i])
	n := size(dims)
	switch origin {
	case 0: // an input
		return g.leaf(fmt.Sprint("d", len(g.f.vals)), dims, -1)
	case 1: // another parameter, or itself
		for _, k := range []int{i + 1, i - 1} {
			if k >= 0 && k < len(ws) && g.f.vals[ws[k]].n == n && g.Bool() {
				return g.f.Reshape(ws[k], dims)
			}
		}
		return g.f.Map(kernel.Sin, ws[i])
	case 2: // one result of a loop
		outs := g.f.Call(&Call{Name: "mix", F32: mix[float32], F64: mix[float64]}, [][]int{dims, {2}}, ws[i], shared)
		g.add(outs...)
		return outs[0]
	case 3: // the whole result of a loop, reshaped
		return g.f.Reshape(g.f.Call(&Call{Name: "mix", F32: mix[float32], F64: mix[float64]}, [][]int{{n}}, shared, ws[i])[0], dims)
	}
	v := BroadcastView([]int{1}, dims)
	return g.f.Map(kernel.Mul, g.f.Gather(ws[max(0, i-1)], v), ws[i])
}

// updates lets leaves take other values of their shape, swaps among them.
func (g *generator) updates() {
	for _, l := range g.leaves {
		for range 20 {
			v := g.any()
			if fmt.Sprint(g.dims(v)) == fmt.Sprint(g.dims(l)) && g.Bool() {
				g.f.Update(l, v)
				break
			}
		}
	}
}

func tryBroadcast(a, b []int) (out []int) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	return broadcast(a, b)
}
