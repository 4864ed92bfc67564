package formula

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/spec"
)

// Terms are what nodes are turned into to be simplified and written. Equal
// terms are one term. Sums and products are flat, so that like terms and like
// factors meet:
//
//	sum      num + Σ k[i]·args[i]
//	product  num · Π args[i]^k[i]
type term struct {
	id    int
	kind  kind
	num   float64 // of a number, a sum or a product
	fn    string  // name of a leaf or a function
	args  []*term
	k     []float64  // coefficients, exponents, or the elements of a list
	set   []spec.Arg // settings of a call
	shape graph.Shape
}

type kind byte

const (
	number kind = iota
	leaf
	sum
	product
	call // also lists, whose elements are k
)

// algebra makes terms.
type algebra struct {
	known map[string]*term
	terms map[*graph.Node]*term
}

func (a *algebra) intern(t term) *term {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %x %s %v|", t.kind, math.Float64bits(t.num), t.fn, t.shape)
	for _, x := range t.args {
		fmt.Fprintf(&b, "%d ", x.id)
	}
	for _, x := range t.k {
		fmt.Fprintf(&b, "%x ", math.Float64bits(x))
	}
	for _, s := range t.set {
		fmt.Fprintf(&b, "%s=%s ", s.Name, spec.Format(s.Value))
	}
	key := b.String()
	if old := a.known[key]; old != nil {
		return old
	}
	t.id = len(a.known)
	a.known[key] = &t
	return &t
}

func (a *algebra) number(x float64) *term { return a.intern(term{kind: number, num: x}) }

// wide returns the common shape of terms.
func wide(args []*term) graph.Shape {
	var s graph.Shape
	for _, x := range args {
		if b, err := graph.Broadcast(s, x.shape); err == nil {
			s = b
		}
	}
	return s
}

// counts are terms, each once, with what they are multiplied by or raised to.
type counts struct {
	args  []*term
	k     []float64
	index map[int]int
}

func (c *counts) count(t *term, k float64) {
	if i, ok := c.index[t.id]; ok {
		c.k[i] += k
		return
	}
	if c.index == nil {
		c.index = map[int]int{}
	}
	c.index[t.id] = len(c.args)
	c.args, c.k = append(c.args, t), append(c.k, k)
}

// dropZeros leaves out the terms that cancelled, and returns how many are left.
func (c *counts) dropZeros() (n int) {
	for i, k := range c.k {
		if k != 0 {
			c.args[n], c.k[n] = c.args[i], k
			n++
		}
	}
	c.args, c.k = c.args[:n], c.k[:n]
	return n
}

// linear collects a sum.
type linear struct {
	counts
	a   *algebra
	num float64
}

func (l *linear) add(c float64, t *term) {
	switch {
	case t.kind == number:
		l.num += float64(c * t.num)
		return
	case t.kind == sum && math.Abs(c) == 1:
		l.num += float64(c * t.num)
		for i, x := range t.args {
			l.add(c*t.k[i], x)
		}
		return
	case t.kind == product && t.num != 1:
		l.add(c*t.num, l.a.product(1, t.args, t.k))
		return
	}
	l.count(t, c)
}

// sum returns num + Σ k·args.
func (a *algebra) sum(num float64, args []*term, k []float64) *term {
	l := &linear{a: a, num: num}
	for i, x := range args {
		l.add(k[i], x)
	}
	switch n := l.dropZeros(); {
	case n == 0:
		return a.number(l.num)
	case n == 1 && l.num == 0:
		return a.product(l.k[0], l.args, []float64{1})
	}
	return a.intern(term{kind: sum, num: l.num, args: l.args, k: l.k, shape: wide(l.args)})
}

// factors collects a product.
type factors struct {
	counts
	num float64
}

func (f *factors) mul(t *term, k float64) {
	switch {
	case t.kind == number:
		f.num *= elementary.Pow(t.num, k)
		return
	case t.kind == product && (k == math.Trunc(k) || len(t.args) == 1 && t.num == 1 && t.k[0] == 1):
		f.num *= elementary.Pow(t.num, k)
		for i, x := range t.args {
			f.mul(x, k*t.k[i])
		}
		return
	}
	f.count(t, k)
}

// product returns num · Π args^k.
func (a *algebra) product(num float64, args []*term, k []float64) *term {
	f := &factors{num: num}
	for i, x := range args {
		f.mul(x, k[i])
	}
	switch n := f.dropZeros(); {
	case n == 0 || f.num == 0:
		return a.number(f.num)
	case n == 1 && f.num == 1 && f.k[0] == 1:
		return f.args[0]
	case n == 1 && f.k[0] == 1 && f.num == -1 && f.args[0].kind == sum:
		neg := make([]float64, len(f.args[0].k))
		for i, c := range f.args[0].k {
			neg[i] = -c
		}
		return a.sum(-f.args[0].num, f.args[0].args, neg)
	}
	return a.intern(term{kind: product, num: f.num, args: f.args, k: f.k, shape: wide(f.args)})
}

// call returns fn(args, settings) with the given shape.
func (a *algebra) call(fn string, s graph.Shape, set []spec.Arg, args ...*term) *term {
	switch {
	case fn == "where":
		return a.where(s, args[0], args[1], args[2])
	case len(args) == 2 && args[0].kind == number && args[1].kind == number:
		if y, ok := compare(fn, args[0].num, args[1].num); ok {
			return a.number(y)
		}
	}
	return a.intern(term{kind: call, fn: fn, args: args, set: set, shape: s})
}

func compare(fn string, x, y float64) (float64, bool) {
	holds, ok := map[string]bool{"<": x < y, "<=": x <= y, "==": x == y, "!=": x != y}[fn]
	if holds {
		return 1, ok
	}
	return 0, ok
}

// where chooses; both branches alike are no choice, and neither is
// where(y == 0, 0, y·z).
func (a *algebra) where(s graph.Shape, c, x, y *term) *term {
	switch {
	case c.kind == number && c.num != 0, x == y:
		return x
	case c.kind == number:
		return y
	}
	if c.kind == call && c.fn == "==" && c.args[1].kind == number && c.args[1].num == 0 && x.kind == number && x.num == 0 && y.kind == product {
		for i, f := range y.args {
			if f == c.args[0] && y.k[i] > 0 {
				return y
			}
		}
	}
	return a.intern(term{kind: call, fn: "where", args: []*term{c, x, a.otherwise(c, y)}, shape: s})
}

// otherwise is y where c does not hold: factors that choose by c are known.
func (a *algebra) otherwise(c, y *term) *term {
	if y.kind == call && y.fn == "where" && y.args[0] == c {
		return y.args[2]
	}
	if y.kind != product {
		return y
	}
	args := slices.Clone(y.args)
	for i, x := range args {
		if x.kind == call && x.fn == "where" && x.args[0] == c {
			args[i] = x.args[2]
		}
	}
	return a.product(y.num, args, y.k)
}

// maxExpanded is the number of terms up to which a product of sums is expanded.
const maxExpanded = 24

// expand multiplies out products of sums.
func (a *algebra) expand(t *term) *term {
	if t.kind != sum && t.kind != product {
		return t
	}
	args := make([]*term, len(t.args))
	for i, x := range t.args {
		args[i] = a.expand(x)
	}
	if t.kind == sum {
		out := &linear{a: a, num: t.num}
		for i, x := range args {
			if x.kind != sum {
				out.add(t.k[i], x)
				continue
			}
			out.num += float64(t.k[i] * x.num)
			for j, y := range x.args {
				out.add(t.k[i]*x.k[j], y)
			}
		}
		return a.sum(out.num, out.args, out.k)
	}
	out := []*term{a.number(t.num)}
	for i, x := range args {
		parts := []*term{a.product(1, []*term{x}, []float64{t.k[i]})}
		if x.kind == sum && t.k[i] == 1 && len(out)*(len(x.args)+1) <= maxExpanded {
			parts = nil
			for j, y := range x.args {
				parts = append(parts, a.product(x.k[j], []*term{y}, []float64{1}))
			}
			if x.num != 0 {
				parts = append(parts, a.number(x.num))
			}
		}
		var next []*term
		for _, y := range out {
			for _, z := range parts {
				next = append(next, a.product(1, []*term{y, z}, []float64{1, 1}))
			}
		}
		out = next
	}
	ones := make([]float64, len(out))
	for i := range ones {
		ones[i] = 1
	}
	return a.sum(0, out, ones)
}

// stretch returns t in the given shape.
func (a *algebra) stretch(t *term, s graph.Shape) *term {
	if t.shape == s {
		return t
	}
	return a.intern(term{kind: call, fn: "broadcast", args: []*term{bare(t)}, set: settings("lengths", s.Dims()), shape: s})
}

// bare takes away a stretch, which elementwise operations do by themselves.
func bare(t *term) *term {
	if t.kind == call && t.fn == "broadcast" {
		return t.args[0]
	}
	return t
}

func floats(n []int) []float64 {
	out := make([]float64, len(n))
	for i, x := range n {
		out[i] = float64(x)
	}
	return out
}

// reshape returns t with its elements under another shape.
func (a *algebra) reshape(t *term, s graph.Shape) *term {
	if t.shape == s {
		return t
	}
	if b := bare(t); b.shape.Rank() == 0 || b.shape.Size() == 1 && t.shape.Size() != 1 {
		return a.stretch(a.reshape(b, graph.Shape{}), s)
	}
	if t.kind == call && t.fn == "reshape" {
		return a.reshape(t.args[0], s)
	}
	if t.kind == call && t.fn == "list" {
		return a.intern(term{kind: call, fn: "list", k: t.k, shape: s})
	}
	return a.intern(term{kind: call, fn: "reshape", args: []*term{t}, set: over("lengths", floats(s.Dims())), shape: s})
}

// total sums t over axes, which are dropped. What does not change along them
// goes before the sum.
func (a *algebra) total(t *term, axes []int) *term {
	s := drop(t.shape, axes)
	if len(axes) == 0 {
		return t
	}
	count := 1.0
	for _, x := range axes {
		count *= float64(t.shape.Dim(x))
	}
	if b := bare(t); b.shape.Rank() == 0 {
		return a.stretch(a.product(count, []*term{b}, []float64{1}), s)
	}
	var out, in []*term
	var kout, kin []float64
	num := 1.0
	if t.kind == product {
		num = t.num
		for i, x := range t.args {
			if x.shape.Rank() == 0 {
				out, kout = append(out, x), append(kout, t.k[i])
			} else {
				in, kin = append(in, x), append(kin, t.k[i])
			}
		}
		t = a.product(1, in, kin)
	}
	var k []float64
	if len(axes) < t.shape.Rank() {
		k = floats(axes)
	}
	y := a.call("sum", s, over("axis", k), t)
	return a.product(num, append(out, y), append(kout, 1))
}

func drop(s graph.Shape, axes []int) graph.Shape {
	var d []int
	for i, n := range s.Dims() {
		gone := false
		for _, x := range axes {
			gone = gone || x == i
		}
		if !gone {
			d = append(d, n)
		}
	}
	return graph.Dims(d...)
}
