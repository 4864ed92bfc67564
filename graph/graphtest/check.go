package graphtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
)

// A Result says how well an operation did.
type Result struct {
	Name    string
	Worst1  float64 // largest error of a first derivative
	Worst2  float64 // of a product with the Hessian
	Worst32 float64 // of a float32 value or gradient against float64
	Points1 int     // random points at which first derivatives were checked
	Points2 int     // and second ones
	// Points that say nothing: where the value is not finite, which is a problem
	// unless the case is [Case.Partial], and where differences of small steps
	// disagree among themselves, as beside a pole or a kink.
	NotFinite, Unreliable int
	Problems              []string // whatever else is wrong

	at [3][][]int // the shapes of the worst errors
}

// The bounds that a correct operation keeps.
const (
	Bound1  = 1e-6
	Bound2  = 1e-4
	Bound32 = 1e-4
)

// Err returns what is wrong with the operation, or nil.
func (r *Result) Err() error {
	p := slices.Clone(r.Problems)
	if n := r.NotFinite + r.Unreliable; r.Points1 == 0 && n > 0 {
		p = append(p, fmt.Sprintf("nothing could be compared: the value is not finite at %d of %d points, differences say nothing at %d", r.NotFinite, n, r.Unreliable))
	}
	bounds := []float64{Bound1, Bound2, Bound32}
	for i, worst := range r.worst() {
		what := []string{"gradient", "second derivative", "float32"}[i]
		switch {
		case worst == math.MaxFloat64:
			p = append(p, fmt.Sprintf("%s: NaN for inputs of shapes %v", what, r.at[i]))
		case worst > bounds[i]:
			p = append(p, fmt.Sprintf("%s: error %.2g for inputs of shapes %v, at most %g is right", what, worst, r.at[i], bounds[i]))
		}
	}
	if p == nil {
		return nil
	}
	return fmt.Errorf("%s: %q", r.Name, p)
}

func (r *Result) worst() [3]float64 { return [3]float64{r.Worst1, r.Worst2, r.Worst32} }

// Check checks a case at the given number of random points for each sample,
// and at a quarter of them in the middle of a larger graph.
func Check(c Case, points int) Result {
	r := Result{Name: c.Name}
	for i, s := range c.Each() {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		before := r.worst()
		for _, deep := range []bool{false, true} {
			n := points
			if deep {
				n = (points + 3) / 4
			}
			k, err := newTrial(&c, s, deep, rng)
			if err == nil {
				err = k.run(&r, n)
			}
			if err != nil {
				r.Problems = append(r.Problems, fmt.Sprintf("shapes %v, numbers %v: %v", s.Shapes, s.Num, err))
				break
			}
		}
		for k, worst := range r.worst() {
			if worst > before[k] {
				r.at[k] = s.Shapes
			}
		}
	}
	return r
}

// trial is one sample being checked.
type trial struct {
	c        *Case
	s        Sample
	rng      *rand.Rand
	in       [][]float64 // the point, by input
	m, m32   *model
	full     *graph.Program // value, gradient, products
	small    *graph.Program // value and gradient, for differences
	checked  *graph.Program // everything, without fusion
	v, w     [][]float64    // directions by differentiated input; weights of the result
	gradient [][]float64
}

func newTrial(c *Case, s Sample, deep bool, rng *rand.Rand) (*trial, error) {
	k := &trial{c: c, s: s, rng: rng}
	for i, d := range s.Shapes {
		x := make([]float64, graph.Dims(d...).Size())
		c.At(i).Fill(rng, i, x)
		k.in = append(k.in, x)
	}
	k.m, k.m32 = newModel(c, s, graph.Float64, deep), newModel(c, s, graph.Float32, deep)
	for _, x := range k.m.wrt {
		k.v = append(k.v, make([]float64, x.Shape().Size()))
		k.gradient = append(k.gradient, make([]float64, x.Shape().Size()))
	}
	k.w = [][]float64{make([]float64, k.m.y.Shape().Size())}
	var err error
	if k.small, err = graph.Compile(append(k.m.grads, k.m.loss)...); err != nil {
		return nil, err
	}
	all := k.m.all(!c.Once)
	if k.full, err = (graph.Function{Outputs: all, Verify: true}).Compile(); err != nil {
		return nil, err
	}
	if k.checked, err = (graph.Function{Outputs: all, Check: true, Verify: true}).Compile(); err != nil {
		return nil, err
	}
	k.m32.program, err = graph.Compile(append(k.m32.grads, k.m32.y)...)
	return k, err
}

// run checks the sample at n points.
func (k *trial) run(r *Result, n int) error {
	for i := range n {
		k.draw()
		if err := k.start(k.full); err != nil {
			return err
		}
		if k.c.Partial && !finite(k.full.Scalar(k.m.loss)) {
			r.NotFinite++
			continue
		}
		for j, d := range k.m.grads {
			k.full.Read(d, k.gradient[j])
		}
		if i == 0 {
			if err := k.same(); err != nil {
				return err
			}
		}
		if i%4 == 0 {
			e, err := k.single()
			if err != nil {
				return err
			}
			r.Worst32 = max(r.Worst32, e)
		}
		if len(k.m.wrt) > 0 {
			k.start(k.small)
			k.compare(r, i < 3)
		}
	}
	return nil
}

// compare checks the derivatives at the point.
func (k *trial) compare(r *Result, elements bool) {
	if !finite(k.small.Scalar(k.m.loss)) {
		r.Worst1 = math.MaxFloat64
		r.Points1++
		return
	}
	if e, ok := k.first(elements); ok {
		r.Worst1 = max(r.Worst1, e)
		r.Points1++
	} else {
		r.Unreliable++
		return
	}
	if k.c.Once {
		return
	}
	if e, ok := k.second(); ok {
		r.Worst2 = max(r.Worst2, e)
		r.Points2++
	} else {
		r.Unreliable++
	}
}

// draw picks a point, a direction and weights. Numbers are rounded to float32,
// so that both element types see the same.
func (k *trial) draw() {
	for i, x := range k.in {
		k.c.At(i).Fill(k.rng, i, x)
	}
	for _, set := range [][][]float64{k.v, k.w} {
		for _, x := range set {
			for i := range x {
				x[i] = float64(2*float64(k.rng.Float64())) - 1
			}
		}
	}
	for _, set := range [][][]float64{k.in, k.v, k.w} {
		for _, x := range set {
			for i := range x {
				x[i] = float64(float32(x[i]))
			}
		}
	}
}

// start runs a program of the float64 model at the point.
func (k *trial) start(p *graph.Program) error {
	return p.Run(k.m.feeds(k.in, k.v, k.w[0])...)
}

// first compares the gradient with differences along the direction and, if
// asked, along single elements. It is not ok if the differences say nothing.
func (k *trial) first(elements bool) (worst float64, ok bool) {
	along, scale := 0.0, 0.0
	for j, g := range k.gradient {
		for i := range g {
			along += float64(g[i] * k.v[j][i])
			scale += math.Abs(g[i] * k.v[j][i])
		}
	}
	worst, ok = judge(Bound1, func(step float64) float64 { return k.slope(k.v, step) }, func(a, b float64) float64 {
		return relative(a-b, max(scale, math.Abs(b)))
	}, along)
	if !ok {
		return 0, false
	}
	worst = max(worst, relative(along-k.full.Scalar(k.m.jvp), scale)) // forward against reverse
	if !elements {
		return worst, true
	}
	unit := make([][]float64, len(k.v))
	for j := range k.v {
		unit[j] = make([]float64, len(k.v[j]))
	}
	for j, g := range k.gradient {
		for i := range min(len(g), 24) {
			unit[j][i] = 1
			e, ok := judge(Bound1, func(step float64) float64 { return k.slope(unit, step) }, func(a, b float64) float64 {
				return relative(a-b, max(math.Abs(g[i]), math.Abs(b)))
			}, g[i])
			unit[j][i] = 0
			if !ok {
				return 0, false
			}
			worst = max(worst, e)
		}
	}
	return worst, true
}

// The steps of differences: the first suits functions that vary over a length of
// 1, the last is where rounding takes over.
const (
	h        = 2.5e-4
	shrink   = 8
	smallest = 1e-7
)

// judge returns how far a derivative is from differences. If they disagree with
// it at the first step, smaller ones are taken until two of them agree, for a
// difference of fourth order that changes little when its step shrinks by 8 has
// no error to speak of (Richardson): a derivative that is then off is wrong. It is
// not ok if no two agree, which says nothing about the derivative.
func judge[T any](bound float64, difference func(step float64) T, off func(a, b T) float64, derivative T) (e float64, ok bool) {
	d := difference(h)
	if e = off(derivative, d); e <= bound {
		return e, true
	}
	for step := h / shrink; step > smallest; step /= shrink {
		finer := difference(step)
		if off(finer, d) <= bound/4 {
			return off(derivative, finer), true
		}
		d = finer
	}
	return 0, false
}

// slope is the derivative of the loss along v by differences.
func (k *trial) slope(v [][]float64, step float64) float64 {
	at := func(t float64) float64 {
		k.move(v, t)
		return k.small.Scalar(k.m.loss)
	}
	return stencil(step, at(step), at(-step), at(2*step), at(-2*step))
}

func stencil(step, p, m, pp, mm float64) float64 {
	return (float64(8*(p-m)) - (pp - mm)) / (12 * step)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// move runs the small program at the point plus t·v.
func (k *trial) move(v [][]float64, t float64) {
	for j, x := range k.m.wrt {
		k.m.set(x, k.in[k.m.input[j]], v[j], t)
	}
	k.small.Run()
}

// second compares the products with the Hessian with differences of the
// gradient. It is not ok if those say nothing.
func (k *trial) second() (worst float64, ok bool) {
	for j, d := range k.m.products {
		hv := k.full.Float64s(d)
		e, ok := judge(Bound2, func(step float64) []float64 { return k.bend(j, step) }, func(a, b []float64) float64 {
			off, scale := 0.0, 0.0
			for i := range a {
				off, scale = larger(off, a[i]-b[i]), larger(scale, b[i])
			}
			return relative(off, scale)
		}, hv)
		if !ok {
			return 0, false
		}
		worst = max(worst, e)
	}
	return worst, true
}

// bend is the derivative of a gradient along the direction by differences.
func (k *trial) bend(j int, step float64) []float64 {
	var g [4][]float64
	for s, t := range []float64{step, -step, 2 * step, -2 * step} {
		k.move(k.v, t)
		g[s] = k.small.Float64s(k.m.grads[j])
	}
	out := make([]float64, len(g[0]))
	for i := range out {
		out[i] = stencil(step, g[0][i], g[1][i], g[2][i], g[3][i])
	}
	return out
}

// single compares value and gradient in float32 with those in float64.
func (k *trial) single() (float64, error) {
	if err := k.m32.program.Run(k.m32.feeds(k.in, k.v, k.w[0])...); err != nil {
		return 0, err
	}
	worst := 0.0
	for j, d := range append(k.m32.grads, k.m32.y) {
		got := k.m32.program.Float64s(d)
		want := k.full.Float64s(append(k.m.grads, k.m.y)[j])
		off, scale := 0.0, 0.0
		for i := range got {
			off, scale = larger(off, got[i]-want[i]), larger(scale, want[i])
		}
		worst = max(worst, relative(off, scale))
	}
	return worst, nil
}

// larger returns the larger of a and |b|, NaN counting as largest.
func larger(a, b float64) float64 { return max(a, math.Abs(b)) }

// relative returns the error for a difference; what is no number is the
// largest.
func relative(off, scale float64) float64 {
	e := math.Abs(off) / (scale + 0.01)
	if math.IsNaN(e) {
		return math.MaxFloat64
	}
	return e
}
