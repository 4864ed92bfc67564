package graph

// The gradient of a branch that was not taken is exactly 0, whatever the
// derivatives inside that branch are. Multiplying a zero adjoint by an infinite
// derivative would make NaN, as in PyTorch and JAX, and treating every zero as
// absorbing would hide the NaN of x·log x at 0. So reverse mode remembers where
// an adjoint is dead, which is something else than being zero: op gradients say
// it by [Branches], and VJP carries it from node to node as a condition: through
// elementwise operations, reductions, and whatever moves elements. Operations
// that mix elements, such as matrix products, end it, except for a condition
// that is a scalar. Graphs without branches pay nothing, others for a mask or
// two.

// Locality says which elements of an op's inputs an element of its result
// depends on. An op says it by a method Locality() Locality; Mixes is assumed
// of others.
type Locality uint8

const (
	Mixes       Locality = iota // any
	Elementwise                 // those at its own index, after broadcasting
	Moves                       // sums and copies of elements, of the first input: the gradient is linear in dy with coefficients ≥ 0
)

func localityOf(op Op) Locality {
	if l, ok := op.(interface{ Locality() Locality }); ok {
		return l.Locality()
	}
	return Mixes
}

// mixed returns, for an op that mixes elements along some axes only, the shape
// of its input with those axes at length 1; it broadcasts to the shape of the
// result. Reductions that keep their axes are such ops, and softmax. An op says
// it by a method Mixed(x Shape) Shape.
func mixed(y *Node) (s Shape, ok bool) {
	o, ok := y.op.(interface{ Mixed(x Shape) Shape })
	if ok {
		s = o.Mixed(y.in[0].shape)
	}
	return s, ok
}

// Branches splits the gradient d of a choice between its branches: where c is
// not 0 it belongs to the first, elsewhere to the second. The rest of each is 0,
// and dead: nothing that it is multiplied by on the way to the leaves matters,
// not even an infinity.
func Branches(c, d *Node) (first, second *Node) { return mask(c, d), Apply(maskOp{not: true}, c, d) }

// mask returns d where c is not 0, else 0.
func mask(c, d *Node) *Node { return Apply(maskOp{}, c, d) }

type maskOp struct{ not bool }

// negatable describes an op that looks at a condition, or at its opposite.
func negatable(name string, not bool) Call {
	if not {
		return CallOf(name, "not", true)
	}
	return CallOf(name)
}

func (o maskOp) Name() string                  { return Title(o.Describe()) }
func (o maskOp) Describe() Call                { return negatable("mask", o.not) }
func (maskOp) Shape(in []Shape) (Shape, error) { return Broadcast(in[0], in[1]) }
func (maskOp) Locality() Locality              { return Elementwise }
func (o maskOp) Grad(y, dy *Node) []*Node      { return []*Node{nil, Apply(o, y.in[0], dy)} }
func (o maskOp) Lower(b *Builder, in []Value) Value {
	if o.not {
		return b.Where(in[0], b.Const(0), in[1])
	}
	return b.Where(in[0], in[1], b.Const(0))
}

// Chosen is the gradient d of an operand of a selection, such as the larger of
// two. c is above 0 where the operand was chosen, and 0 where it was not: there
// the gradient is 0, and dead as in [Branches]. It is NaN where c is, since an
// operand that is NaN makes the derivatives of all unknown. No gradient goes
// to c.
func Chosen(c, d *Node) *Node { return Apply(chosenOp{}, c, d) }

type chosenOp struct{}

func (o chosenOp) Name() string                  { return Title(o.Describe()) }
func (chosenOp) Describe() Call                  { return CallOf("chosen") }
func (chosenOp) Shape(in []Shape) (Shape, error) { return Broadcast(in[0], in[1]) }
func (chosenOp) Locality() Locality              { return Elementwise }
func (chosenOp) Grad(y, dy *Node) []*Node        { return []*Node{nil, Chosen(y.in[0], dy)} }
func (chosenOp) Lower(b *Builder, in []Value) Value {
	return b.Where(b.Lt(b.Const(0), in[0]), in[1], in[0])
}

// alive is 1 where x is not 0, else 0.
func alive(x *Node) *Node { return Apply(aliveOp{}, x) }

type aliveOp struct{ not bool }

func (o aliveOp) Name() string                  { return Title(o.Describe()) }
func (o aliveOp) Describe() Call                { return negatable("alive", o.not) }
func (aliveOp) Shape(in []Shape) (Shape, error) { return in[0], nil }
func (aliveOp) Locality() Locality              { return Elementwise }
func (aliveOp) Grad(_, _ *Node) []*Node         { return nil }
func (o aliveOp) Lower(b *Builder, in []Value) Value {
	if o.not {
		return b.Eq(in[0], b.Const(0))
	}
	return b.Ne(in[0], b.Const(0))
}

// complete reports whether a or b is always alive: they are the branches of one
// condition.
func complete(a, b *Node) bool {
	p, ok := a.op.(aliveOp)
	q, also := b.op.(aliveOp)
	return ok && also && p.not != q.not && a.in[0] == b.in[0]
}

// An adjoint is the gradient with respect to a node, and where it is alive: nil
// means everywhere. Elements that are dead are 0, unless raw: then they hold
// whatever elementwise rules made of them, and [adjoint.clean] is due before
// they meet others.
type adjoint struct {
	d, live *Node // live broadcasts to d's shape
	raw     bool
}

func (a adjoint) clean() *Node {
	if !a.raw {
		return a.d
	}
	if l, ok := a.live.op.(aliveOp); ok {
		return Apply(maskOp(l), a.live.in[0], a.d)
	}
	return mask(a.live, a.d)
}

// pass accumulates what y passes to those of its inputs that are on.
func pass(y *Node, own adjoint, on []bool, accumulate func(*Node, adjoint)) {
	local := Mixes
	if own.live != nil {
		if local = localityOf(y.op); local != Elementwise {
			own.d, own.raw = own.clean(), false
		}
	}
	for i, d := range y.op.Grad(y, own.d) {
		x := y.in[i]
		if d == nil || !on[x.id] {
			continue
		}
		a := adjoint{d: d, live: own.live, raw: own.raw}
		if d != own.d {
			if c := branch(y, i, d); c == nil {
				a = carry(y, a, i, local)
			} else if a.live = c; own.live != nil {
				_, unclean := d.op.(chosenOp) // NaN also where own is dead
				a.live, a.raw = Mul(c, own.live), own.raw || unclean
			}
		}
		accumulate(x, a.sumTo(x.shape))
	}
}

// branch returns where a branch is taken, if d is the gradient of one by y's
// rule.
func branch(y *Node, i int, d *Node) *Node {
	if y.in[i].role != Computed {
		return nil
	}
	if _, reduces := mixed(y); !reduces && localityOf(y.op) != Elementwise {
		return nil
	}
	switch m := d.op.(type) {
	case maskOp:
		return Apply(aliveOp(m), d.in[0])
	case chosenOp:
		return alive(d.in[0])
	}
	return nil
}

// carry says where the adjoint that y passes to its input i is alive.
func carry(y *Node, a adjoint, i int, local Locality) adjoint {
	switch {
	case a.live == nil:
	case local == Elementwise:
		a.raw = true
	case local == Moves && a.live.shape.Rank() > 0:
		a.live = alive(y.op.Grad(y, BroadcastTo(a.live, y.shape))[i])
	case local == Mixes && a.live.shape.Rank() > 0:
		s, ok := mixed(y)
		if !ok {
			a.live = nil // no longer known, but to a condition that is a scalar
			break
		}
		if a.raw = true; a.live.shape != s {
			a.live = alive(SumTo(BroadcastTo(a.live, y.shape), s))
		}
	default:
		a.raw = local == Mixes
	}
	return a
}

// sumTo is [SumTo] of an adjoint.
func (a adjoint) sumTo(s Shape) adjoint {
	if a.d.err != nil || a.d.shape == s {
		return a
	}
	out := adjoint{d: SumTo(a.clean(), s), live: a.live}
	if a.live != nil && a.live.shape.Rank() > 0 {
		out.live = alive(SumTo(BroadcastTo(a.live, a.d.shape), s))
	}
	return out
}

// plus returns the sum of two adjoints: it is alive where either is.
func (a adjoint) plus(b adjoint) adjoint {
	if a.live == b.live {
		return adjoint{Add(a.d, b.d), a.live, a.raw || b.raw}
	}
	sum := adjoint{d: Add(a.clean(), b.clean())}
	if a.live != nil && b.live != nil && !complete(a.live, b.live) {
		sum.live = alive(Add(a.live, b.live))
	}
	return sum
}
