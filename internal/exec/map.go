package exec

import (
	"fmt"
	"math"
	"slices"

	"descent/internal/kernel"
)

// Map applies a primitive elementwise; operands broadcast as in NumPy.
func (f *Func) Map(c kernel.Code, args ...Val) Val {
	if len(args) != c.Arity() {
		panic(fmt.Sprintf("exec: %v takes %d operands, got %d", c, c.Arity(), len(args)))
	}
	var dims []int
	for _, a := range args {
		dims = broadcast(dims, f.vals[a].dims)
	}
	return f.add(value{kind: kMap, code: c, args: f.own(args), dims: dims})
}

// broadcast returns NumPy's common shape of two that are known to have one.
func broadcast(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	k := len(a) - len(b)
	for i, d := range b {
		if d != a[k+i] && d != 1 {
			out := slices.Clone(a)
			for i, d := range b {
				if out[k+i] == 1 {
					out[k+i] = d
				} else if d != 1 && d != out[k+i] {
					panic(fmt.Sprintf("exec: shapes %v and %v do not broadcast", a, b))
				}
			}
			return out
		}
	}
	return a
}

// mapIdentity applies x·1, x/1, x-0, x+(-0), -(-x), pow(x, 1 or 2) and choices
// that are known, and drops broadcasts that the primitive does by itself.
func (f *Func) mapIdentity(i Val, v *value) Val {
	for k, a := range v.args {
		x := &f.vals[a]
		if bv, ok := x.gathered(); ok {
			src := f.vals[x.args[0]].dims
			if len(src) <= len(x.dims) && canBroadcast(src, x.dims) && bv == BroadcastView(src, x.dims) && f.stillBroadcasts(v, k, src) {
				v.args[k] = x.args[0]
			}
		}
	}
	same := func(a Val) Val {
		if slices.Equal(f.vals[a].dims, v.dims) {
			return a
		}
		return i
	}
	is := func(a Val, x float64) bool {
		c := &f.vals[a]
		return c.kind == kConst && c.imm == x && math.Signbit(c.imm) == math.Signbit(x)
	}
	negZero := math.Copysign(0, -1)
	switch v.code {
	case kernel.Mul:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
		if is(v.args[0], 1) {
			return same(v.args[1])
		}
	case kernel.Div:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
	case kernel.Sub:
		if is(v.args[1], 0) {
			return same(v.args[0])
		}
	case kernel.Add:
		if is(v.args[1], negZero) {
			return same(v.args[0])
		}
		if is(v.args[0], negZero) {
			return same(v.args[1])
		}
	case kernel.Neg:
		if x := &f.vals[v.args[0]]; x.kind == kMap && x.code == kernel.Neg {
			return x.args[0]
		}
	case kernel.Where:
		if is(v.args[0], 1) {
			return same(v.args[1])
		}
		if is(v.args[0], 0) {
			return same(v.args[2])
		}
	case kernel.Pow:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
		if is(v.args[1], 2) {
			v.code, v.args = kernel.Mul, []Val{v.args[0], v.args[0]}
		}
	}
	return i
}

// stillBroadcasts reports whether v keeps its shape when operand k has shape d.
func (f *Func) stillBroadcasts(v *value, k int, d []int) bool {
	var dims []int
	for j, a := range v.args {
		x := f.vals[a].dims
		if j == k {
			x = d
		}
		dims = broadcast(dims, x)
	}
	return slices.Equal(dims, v.dims)
}

func canBroadcast(from, to []int) bool {
	k := len(to) - len(from)
	for i, d := range from {
		if d != 1 && d != to[k+i] {
			return false
		}
	}
	return true
}

// addScalar adds a primitive on single numbers. Neighbours share a step, but
// in a checking program each step is one group.
func (p *Program[T]) addScalar(op scalarOp) {
	if k := len(p.steps) - 1; k >= p.once && !p.options.Check {
		if s, ok := p.steps[k].(*scalarOps); ok {
			s.ops = append(s.ops, op)
			return
		}
	}
	p.steps = append(p.steps, &scalarOps{[]scalarOp{op}})
}

// scalarOp is one primitive on single float64 numbers.
type scalarOp struct {
	code    kernel.Code
	dst     *float64
	a, b, c *float64
}

type scalarOps struct{ ops []scalarOp }

func (*scalarOps) slots(func(*uintptr)) {}

func (s *scalarOps) run() {
	for i := range s.ops {
		o := &s.ops[i]
		switch o.code { // the common ones without a call
		case kernel.Add:
			*o.dst = *o.a + *o.b
		case kernel.Sub:
			*o.dst = *o.a - *o.b
		case kernel.Mul:
			*o.dst = *o.a * *o.b
		case kernel.Div:
			*o.dst = *o.a / *o.b
		default:
			x, y, z := *o.a, 0.0, 0.0
			if o.b != nil {
				y = *o.b
			}
			if o.c != nil {
				z = *o.c
			}
			*o.dst = kernel.Eval(o.code, x, y, z)
		}
	}
}
