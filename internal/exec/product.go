package exec

import (
	"unsafe"

	"descent/internal/kernel"
)

// product multiplies a pair of matrices, or a batch of pairs.
type product[T kernel.Float] struct {
	p             *kernel.Product[T]
	c, a, b, bias *T
	d             dot
	together      int // pairs that a worker takes at a time
	from, to      []T // copied before, if the result of a scaled product is not in place
}

// pairWork is how long a worker should be busy with small pairs, in nanoseconds.
// Tests make it shorter.
var pairWork = 10_000

func (p *Program[T]) productStep(i Val, v *value) step {
	d := *v.dot
	s := &product[T]{c: p.ptr(i), a: p.ptr(v.args[0]), b: p.ptr(v.args[1]), d: d, together: 1}
	o := kernel.ProductOptions{TransA: d.ta, TransB: d.tb, ReLU: d.relu, Scale: d.scaled, Bias: len(v.args) > 2 && !d.scaled}
	if len(v.args) > 2 {
		s.bias = p.ptr(v.args[2])
	}
	if d.scaled && p.plan.homes[i].place != placeLeaf {
		s.from, s.to = unsafe.Slice(p.ptr(v.args[3]), v.n), unsafe.Slice(s.c, v.n)
	}
	s.p = kernel.NewProductWith[T](d.m, d.n, d.k, o)
	if s.p.Chunks() == 1 {
		s.together = max(1, pairWork/max(s.p.Nanoseconds(), 1))
	}
	if p.team.Size() == 1 || s.chunks() == 1 {
		return s
	}
	s.p.Reserve(p.team.Size())
	p.shares = true
	return &sharedProduct[T]{product: s, team: p.team, run1: s.chunk}
}

func (s *product[T]) pairs() int {
	if s.d.offA == nil {
		return 1
	}
	return len(s.d.offA)
}

// pair returns the operands and the result of a pair.
func (s *product[T]) pair(i int) (c, a, b *T) {
	if s.d.offA == nil {
		return s.c, s.a, s.b
	}
	return elem(s.c, i*s.d.m*s.d.n), elem(s.a, s.d.offA[i]), elem(s.b, s.d.offB[i])
}

func (s *product[T]) run() {
	copy(s.to, s.from)
	for i := range s.pairs() {
		c, a, b := s.pair(i)
		s.p.RunBias(c, a, b, s.bias)
	}
}

// chunks returns how many parts a team divides the work into: each product's, or
// some whole products.
func (s *product[T]) chunks() int {
	return (s.pairs() + s.together - 1) / s.together * s.p.Chunks()
}

func (s *product[T]) chunk(i, worker int) {
	n := s.p.Chunks()
	first := i / n * s.together
	for k := first; k < min(first+s.together, s.pairs()); k++ {
		c, a, b := s.pair(k)
		s.p.RunChunk(i%n, worker, c, a, b, s.bias)
	}
}

// sharedProduct is a product that a team shares.
type sharedProduct[T kernel.Float] struct {
	*product[T]
	team *Team
	run1 func(chunk, worker int)
}

func (s *sharedProduct[T]) run() {
	if s.team.alone {
		s.product.run()
		return
	}
	copy(s.to, s.from)
	s.team.each(s.chunks(), s.run1)
}
