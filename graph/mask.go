package graph

// The gradient of a branch that was not taken is exactly 0, whatever the
// derivatives inside that branch are. Multiplying a zero adjoint by an infinite
// derivative would make NaN, as in PyTorch and JAX, and treating every zero as
// absorbing would hide the NaN of x·log x at 0. So reverse mode remembers where
// an adjoint is dead, which is something else than being zero: op gradients say
// it by [Mask], VJP carries it from node to node as a condition, and masks what
// a node passes on where its own adjoint was dead. Graphs without branches pay
// nothing.

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

// Mask returns d where c is not 0, and 0 elsewhere. In a gradient rule it says
// that the elements elsewhere are dead: nothing that they are multiplied by on
// the way to the leaves matters, not even an infinity.
func Mask(c, d *Node) *Node { return Apply(maskOp{}, c, d) }

type maskOp struct{}

func (maskOp) Name() string                       { return "mask" }
func (maskOp) Shape(in []Shape) (Shape, error)    { return Broadcast(in[0], in[1]) }
func (maskOp) Locality() Locality                 { return Elementwise }
func (maskOp) Grad(y, dy *Node) []*Node           { return []*Node{nil, Mask(y.in[0], dy)} }
func (maskOp) Lower(b *Builder, in []Value) Value { return b.Where(in[0], in[1], b.Const(0)) }

// alive is 1 where x is not 0, else 0.
func alive(x *Node) *Node { return Apply(aliveOp{}, x) }

type aliveOp struct{}

func (aliveOp) Name() string                       { return "alive" }
func (aliveOp) Shape(in []Shape) (Shape, error)    { return in[0], nil }
func (aliveOp) Locality() Locality                 { return Elementwise }
func (aliveOp) Grad(_, _ *Node) []*Node            { return nil }
func (aliveOp) Lower(b *Builder, in []Value) Value { return b.Ne(in[0], b.Const(0)) }

// An adjoint is the gradient with respect to a node, and where it is alive: nil
// means everywhere. Where it is dead, d is 0.
type adjoint struct{ d, live *Node }

// passed returns the adjoint that y, whose adjoint is own, passes to its input
// i: what the op's rule made of it, d, masked where own is dead.
func passed(y *Node, own adjoint, i int, d *Node) adjoint {
	x, local := y.in[i].shape, localityOf(y.op)
	_, branch := d.op.(maskOp) // the rule of a branch says what is dead
	branch = branch && d != own.d
	if d.err != nil || own.live == nil && !branch {
		return adjoint{d: SumTo(d, x)}
	}
	live := own.live
	switch {
	case branch:
		live = alive(d.in[0])
		if own.live != nil {
			live = Mul(live, own.live)
			d = Mask(own.live, d)
		}
	case local == Elementwise:
		if d != own.d {
			d = Mask(live, d)
		}
	case local == Moves:
		live = alive(y.op.Grad(y, BroadcastTo(live, y.shape))[i])
	default: // all is alive unless nothing is
		live = alive(SumTo(live, Shape{}))
		d = Mask(live, d)
	}
	if d.shape != x {
		live = alive(SumTo(BroadcastTo(live, d.shape), x))
	}
	return adjoint{SumTo(d, x), BroadcastTo(live, x)}
}

// plus returns the sum of two adjoints: it is alive where either is.
func (a adjoint) plus(b adjoint) adjoint {
	sum := adjoint{d: Add(a.d, b.d)}
	switch {
	case a.live == nil || b.live == nil:
	case a.live == b.live:
		sum.live = a.live
	default:
		sum.live = alive(Add(a.live, b.live))
	}
	return sum
}
