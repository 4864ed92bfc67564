package exec

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"descent/internal/kernel"
)

// dot is C = op(A)·op(B) for each of a batch of pairs of matrices. A third operand
// is a row that is added to every row of C; then relu takes max(C, 0). If it is
// scaled, the third operand is a number and the fourth an array: C is the array
// plus the number times the product. If it is added, the third operand is an array: C is
// the array plus the product.
type dot struct {
	plain
	m, n, k int
	ta, tb  bool
	bias    bool
	relu    bool
	scaled  bool
	added   bool
}

// Dot multiplies the last two axes of a and b as matrices; the axes before
// them broadcast. With ta or tb the stored matrix is the transpose.
func (f *Func) Dot(a, b Val, ta, tb bool) Val {
	da, db := f.vals[a].dims, f.vals[b].dims
	ra, rb := len(da)-2, len(db)-2
	o := dot{m: da[ra], k: da[ra+1], n: db[rb+1], ta: ta, tb: tb}
	if ta {
		o.m, o.k = o.k, o.m
	}
	if tb {
		o.n = db[rb]
	}
	return f.operation(o, append(slices.Clone(broadcast(da[:ra], db[:rb])), o.m, o.n), a, b)
}

// pairs lists where the matrices of each pair start, or nothing for a single one.
func (o dot) pairs(dims, a, b []int) (offA, offB []int) {
	lead := dims[:len(dims)-2]
	if size(lead) == 1 {
		return nil, nil
	}
	return offsets(lead, a[:len(a)-2], o.m*o.k), offsets(lead, b[:len(b)-2], o.n*o.k)
}

// offsets lists where each matrix of a broadcast batch starts.
func offsets(lead, dims []int, each int) []int {
	v := BroadcastView(dims, lead)
	out := make([]int, 0, v.Len())
	idx := make([]int, len(lead))
	for range v.Len() {
		at := 0
		for i, k := range idx {
			at += k * v.Stride[i]
		}
		out = append(out, at*each)
		for i := len(idx) - 1; i >= 0; i-- {
			if idx[i]++; idx[i] < lead[i] {
				break
			}
			idx[i] = 0
		}
	}
	return out
}

func (o dot) line(args []string) string {
	name := fmt.Sprintf("dot[%dx%dx%d]", o.m, o.k, o.n)
	for _, more := range []struct {
		does bool
		name string
	}{{o.scaled, "+scale+add"}, {o.added, "+add"}, {o.bias, "+bias"}, {o.relu, "+relu"}} {
		if more.does {
			name += more.name
		}
	}
	for k, t := range []bool{o.ta, o.tb} {
		if t {
			args[k] += "ᵀ"
		}
	}
	return called(name, args)
}

func (o dot) verify(dims []int, args [][]int) error {
	last := func(d []int, t bool) [2]int {
		r := len(d) - 2
		if t {
			return [2]int{d[r+1], d[r]}
		}
		return [2]int{d[r], d[r+1]}
	}
	want := 2
	if o.bias || o.added {
		want = 3
	}
	if o.scaled {
		want = 4
	}
	if len(args) != want || last(args[0], o.ta) != [2]int{o.m, o.k} || last(args[1], o.tb) != [2]int{o.k, o.n} || last(dims, false) != [2]int{o.m, o.n} ||
		o.bias && size(args[2]) != o.n || o.added && size(args[2]) != size(dims) || o.scaled && (size(args[2]) != 1 || size(args[3]) != size(dims)) {
		return fmt.Errorf("product of %d×%d and %d×%d", o.m, o.k, o.k, o.n)
	}
	return nil
}

// overwrites: a product that is added to an array, or scaled, moves it.
func (o dot) overwrites() int {
	switch {
	case o.scaled:
		return 3
	case o.added:
		return 2
	}
	return -1
}

// addProducts adds a product to another in the place of that, where both are wanted for their
// sum alone: the state's gradient by several gates, what the input and the state make.
// Sources do without.
func addProducts(f *Func) {
	if f.dense {
		return
	}
	uses := f.useCounts()
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind != kMap || v.code != kernel.Add || v.n == 0 {
			continue
		}
		for k, x := range v.args {
			y := v.args[1-k]
			p := &f.vals[x]
			o, product := p.op.(dot)
			_, other := f.vals[y].op.(dot)
			if !product || !other || x == y || uses[x] != 1 || uses[y] != 1 || len(v.dims) != 2 || !slices.Equal(f.vals[y].dims, v.dims) || !slices.Equal(p.dims, v.dims) || !f.addsTo(o) {
				continue
			}
			o.added = true
			*v = value{kind: kOperation, op: o, args: f.own([]Val{p.args[0], p.args[1], y}), dims: v.dims, n: v.n, tag: v.tag}
			break
		}
	}
}

// addsTo reports whether a product may be added to an array, or scaled, with the bits
// of both one after another.
func (f *Func) addsTo(o dot) bool {
	can := kernel.CanScale[float32]
	if f.double {
		can = kernel.CanScale[float64]
	}
	return !o.bias && !o.relu && !o.scaled && !o.added && can(o.m, o.n, o.k, o.ta, o.tb)
}

// simplify reads a transposed operand in place.
func (o dot) simplify(f *Func, i Val, v *value) Val {
	for k, t := range []*bool{&o.ta, &o.tb} {
		x := &f.vals[v.args[k]]
		if view, ok := x.gathered(); ok && transposes(&view, f.vals[x.args[0]].dims) {
			v.args[k] = x.args[0]
			*t = !*t
			v.op = o
		}
	}
	return i
}

// turn makes of a product that is only read transposed the product of the transposed
// operands, in the other order.
func turn(f *Func) {
	uses := f.useCounts()
	for i := range f.vals {
		v := &f.vals[i]
		view, ok := v.gathered()
		if !ok || uses[v.args[0]] != 1 {
			continue
		}
		x := &f.vals[v.args[0]]
		if o, ok := x.op.(dot); ok && len(x.dims) == 2 && !o.bias && !o.relu && !o.scaled && !o.added && transposes(&view, x.dims) {
			v.op = dot{m: o.n, n: o.m, k: o.k, ta: !o.tb, tb: !o.ta}
			v.args = f.own([]Val{x.args[1], x.args[0]})
		}
	}
}

// epilogue adds a bias row and takes max(·, 0) while the result is in registers.
func (o dot) epilogue(f *Func, x, m *value, k int) (operation, []Val) {
	y := &f.vals[m.args[1-k]]
	switch {
	case o.relu || o.scaled || o.added:
	case m.code == kernel.Add && !o.bias && isRow(y, o.n):
		o.bias = true
		return o, []Val{x.args[0], x.args[1], m.args[1-k]}
	case m.code == kernel.Max && y.isZero():
		o.relu = true
		return o, f.own(x.args)
	}
	return nil, nil
}

// isZero reports whether every element is 0, and not -0.
func (v *value) isZero() bool { return v.kind == kConst && v.imm == 0 && !math.Signbit(v.imm) }

// isRow reports whether y is an array of n elements along the last axis.
func isRow(y *value, n int) bool {
	return !y.scalar() && y.n == n && y.dims[len(y.dims)-1] == n && y.kind != kConst
}

func (o dot) accumulate(f *Func, x *value) operation {
	if x.n != o.m*o.n || !f.addsTo(o) {
		return nil
	}
	o.scaled = true
	return o
}

func (o dot) few(dims []int, _ [][]int, rows []bool, n int) operation {
	if len(dims) != 2 || o.ta || slices.Contains(rows[1:], true) {
		return nil
	}
	o.m = n
	return o
}

func (o dot) step(f anyFrame) step { return stepOf(o, f, productStep[float32], productStep[float64]) }

// product multiplies a pair of matrices, or a batch of pairs.
type product[T kernel.Float] struct {
	dot
	p          *kernel.Product[T]
	c, a, b    *T
	extra      *T    // the bias, or the number that scales
	offA, offB []int // where each pair starts; nil when there is one
	together   int   // pairs that a worker takes at a time
	from, to   []T   // copied before, if the result is not in place of what is added to
}

// pairWork is how long a worker should be busy with small pairs, in nanoseconds.
// Tests make it shorter.
var pairWork = 10_000

// fewRows is how many rows a product has at most whose fixed factor is kept as it is
// packed. With more, packing is a few hundredths of the work, and not worth the memory.
const fewRows = 128

// packsOnce reports whether a fixed factor is packed for all runs. A single row reads it
// as it is.
func (o dot) packsOnce() bool { return o.m > 1 && o.m <= fewRows }

func productStep[T kernel.Float](o dot, f frame[T]) step {
	s := &product[T]{dot: o, c: f.result(), a: f.arg(0), b: f.arg(1), together: 1}
	s.offA, s.offB = o.pairs(f.v.dims, f.dims(0), f.dims(1))
	if o.bias || o.scaled {
		s.extra = f.arg(2)
	}
	if k := o.overwrites(); k >= 0 && f.arg(k) != s.c {
		s.from, s.to = f.array(k), unsafe.Slice(s.c, f.v.n)
	}
	plan := productPlan{o.m, o.n, o.k, kernel.ProductOptions{TransA: o.ta, TransB: o.tb, ReLU: o.relu, Scale: o.scaled, Bias: o.bias, Accumulate: o.added}}
	if s.offA == nil && f.fixed(1) && o.packsOnce() {
		if p := kernel.NewProductWith[T](o.m, o.n, o.k, plan.options); p.Prepack() {
			s.p, f.p.starters = p, append(f.p.starters, s)
		}
	}
	if s.p == nil {
		s.p = f.p.product(plan)
	}
	if s.p.Chunks() == 1 {
		s.together = max(1, pairWork/max(s.p.Nanoseconds(), 1))
	}
	return s
}

// A productPlan is all that a planned product depends on.
type productPlan struct {
	m, n, k int
	options kernel.ProductOptions
}

// product returns the planned product of all steps that are alike: one after another they
// pack into the same memory.
func (p *Program[T]) product(plan productPlan) *kernel.Product[T] {
	if p.products[plan] == nil {
		p.products[plan] = kernel.NewProductWith[T](plan.m, plan.n, plan.k, plan.options)
	}
	return p.products[plan]
}

func (s *product[T]) slots(visit func(*uintptr)) {
	for _, p := range []**T{&s.c, &s.a, &s.b, &s.extra} {
		visit(slot(p))
	}
	visit(start(&s.from))
	visit(start(&s.to))
}

// start packs a factor that all steps of a loop have.
func (s *product[T]) start() { s.p.Pack(s.b) }

func (s *product[T]) share(first starter) { s.p.UsePacked(first.(*product[T]).p) }

func (s *product[T]) count() int { return max(1, len(s.offA)) }

// pair returns the operands and the result of a pair.
func (s *product[T]) pair(i int) (c, a, b *T) {
	if s.offA == nil {
		return s.c, s.a, s.b
	}
	return elem(s.c, i*s.m*s.n), elem(s.a, s.offA[i]), elem(s.b, s.offB[i])
}

func (s *product[T]) run() {
	copy(s.to, s.from)
	for i := range s.count() {
		c, a, b := s.pair(i)
		s.p.RunBias(c, a, b, s.extra)
	}
}

// chunks are each product's, or some whole products.
func (s *product[T]) chunks() int { return (s.count() + s.together - 1) / s.together * s.p.Chunks() }

func (s *product[T]) reserve(workers int) { s.p.Reserve(workers) }
func (s *product[T]) prepare()            { copy(s.to, s.from) }
func (s *product[T]) finish()             {}

func (s *product[T]) chunk(i, worker int) {
	n := s.p.Chunks()
	first := i / n * s.together
	for k := first; k < min(first+s.together, s.count()); k++ {
		c, a, b := s.pair(k)
		s.p.RunChunk(i%n, worker, c, a, b, s.extra)
	}
}
