package exec

import (
	"strings"
	"unsafe"

	"descent/internal/kernel"
)

// An operation is what a value computes from its operands if it is not
// elementwise, which is the compiler's own business: a reduction, a product, a
// strided copy, somebody's loop. All that the compiler asks of one is here. Only
// two types are known by name elsewhere: strided reads, which maps and products can
// do by themselves, and reductions, which end fused regions. So a new operation is
// one file: a type that embeds [plain], for the answers that most give, with a
// function on [Func] that adds it to a program.
//
// Operations are comparable values and are not changed in place. Two that are
// equal compute the same from the same operands, unless key says otherwise.
type operation interface {
	// line is what a listing says of a value, given the names of its operands.
	line(args []string) string
	// verify returns what is wrong with a result of shape dims from operands of
	// shapes args: a mistake of a pass.
	verify(dims []int, args [][]int) error
	// step returns what is to be done in a run: [stepOf] its steps for both types of
	// elements. One that is [divisible] is shared by a team.
	step(anyFrame) step

	// key, if not nil, is comparable and stands for the operation where common
	// subexpressions are sought.
	key() any
	// pure reports whether it computes the same whenever its operands are the same.
	pure() bool
	// results are the shapes of several results, which lie in one array, see
	// [Func.operations]; nil if there is one.
	results() [][]int
	// wide reports whether a result of rank 0 is made as the float64 that all
	// scalars are, and not as an element of an array.
	wide() bool
	// room is how many elements of memory its step needs for itself while it runs.
	room() int
	// overwrites is the operand in whose place the result may be written, or -1.
	overwrites() int

	// constant is every element of the result if every element of the one operand
	// is x; it is not ok if that is nothing simple, or there are more operands.
	constant(x float64) (c float64, ok bool)
	// simplify applies identities that hold bit for bit to v, value i of f: it
	// changes v and returns i, or returns an earlier value to use instead.
	simplify(f *Func, i Val, v *value) Val
	// epilogue returns the operation, and its operands, that also computes m, a map
	// of two operands of which the k-th is x, the operation's value, which nobody
	// else wants; or nil.
	epilogue(f *Func, x, m *value, k int) (operation, []Val)
	// accumulate returns the operation that computes p + s·x, x being its value
	// and its operands those of x, then s, a scalar, and p, an array; or nil. It
	// should overwrite p.
	accumulate(f *Func, x *value) operation
	// few returns the operation for the first n rows of its result, of shape dims, and
	// of the operands, of shapes args, whose first axis is rows; or nil, if a row of the
	// result depends on others than that row of these.
	few(dims []int, args [][]int, rows []bool, n int) operation
}

// plain is embedded by operations. It has the answers of those that can do
// nothing more than compute.
type plain struct{}

func (plain) key() any                                               { return nil }
func (plain) pure() bool                                             { return true }
func (plain) results() [][]int                                       { return nil }
func (plain) wide() bool                                             { return false }
func (plain) room() int                                              { return 0 }
func (plain) overwrites() int                                        { return -1 }
func (plain) constant(float64) (float64, bool)                       { return 0, false }
func (plain) simplify(_ *Func, i Val, _ *value) Val                  { return i }
func (plain) epilogue(*Func, *value, *value, int) (operation, []Val) { return nil, nil }
func (plain) accumulate(*Func, *value) operation                     { return nil }
func (plain) few([]int, [][]int, []bool, int) operation              { return nil }

// operation adds a value that o computes.
func (f *Func) operation(o operation, dims []int, args ...Val) Val {
	return f.add(value{kind: kOperation, op: o, args: f.own(args), dims: dims})
}

// operations adds the values of an operation that may have several results: they
// lie in one array, each in cache lines of its own.
func (f *Func) operations(o operation, outs [][]int, args ...Val) []Val {
	if len(outs) == 1 {
		return []Val{f.operation(o, outs[0], args...)}
	}
	total, starts := 0, make([]int, len(outs))
	for i, d := range outs {
		starts[i] = total
		total += alignUp(size(d))
	}
	all := f.operation(o, []int{total}, args...)
	vals := make([]Val, len(outs))
	for i, d := range outs {
		vals[i] = f.add(value{kind: kShape, args: f.own([]Val{all}), dims: d, from: starts[i]})
	}
	return vals
}

// called writes an operation as a listing does.
func called(name string, args []string) string {
	return strings.Join(append([]string{name}, args...), " ")
}

// key is what two operations that compute the same have in common.
func (v *value) key() any {
	if k := v.op.key(); k != nil {
		return k
	}
	return v.op
}

// A frame is where an operation's step finds its operands and puts its result.
type frame[T kernel.Float] struct {
	p *Program[T]
	i Val
	v *value
}

// anyFrame is a frame[float32] or a frame[float64]. Were these types part of
// [operation], each package that knows a Func would compile all of this one again:
// the compiler makes the methods of generic types wherever it meets them.
type anyFrame interface{ frame() }

func (frame[T]) frame() {}

// stepOf returns the step of operation o in one of both types.
func stepOf[O operation](o O, f anyFrame, in32 func(O, frame[float32]) step, in64 func(O, frame[float64]) step) step {
	if f, ok := f.(frame[float32]); ok {
		return in32(o, f)
	}
	return in64(o, f.(frame[float64]))
}

// result is the first element of the result.
func (f frame[T]) result() *T { return f.p.ptr(f.i) }

// room is memory for the step itself.
func (f frame[T]) room() []T { return f.p.arena[f.p.plan.rooms[f.i]:][:f.v.op.room()] }

// scalar is a result of rank 0 of an operation that is wide.
func (f frame[T]) scalar() *float64 { return f.p.scalar(f.i) }

// arg is the first element of operand k.
func (f frame[T]) arg(k int) *T { return f.p.ptr(f.v.args[k]) }

// fixed reports whether operand k is the same in all runs, or steps of a loop, while
// the result is not.
func (f frame[T]) fixed(k int) bool { return f.p.f.isFixed(f.v.args[k]) && !f.p.f.isFixed(f.i) }

// dims is the shape of operand k.
func (f frame[T]) dims(k int) []int { return f.p.f.vals[f.v.args[k]].dims }

// array is operand k.
func (f frame[T]) array(k int) []T { return unsafe.Slice(f.arg(k), f.p.f.vals[f.v.args[k]].n) }

// arrays are all operands.
func (f frame[T]) arrays() (all [][]T) {
	for k := range f.v.args {
		all = append(all, f.array(k))
	}
	return all
}

// outs are the results, one or several.
func (f frame[T]) outs() (all [][]T) {
	shapes := f.v.op.results()
	if shapes == nil {
		shapes = [][]int{f.v.dims}
	}
	at := 0
	for _, d := range shapes {
		all = append(all, unsafe.Slice(elem(f.result(), at), size(d)))
		at += alignUp(size(d))
	}
	return all
}

// operationStep makes the step of an operation.
func (p *Program[T]) operationStep(i Val, v *value) step {
	return p.shared(v.op.step(frame[T]{p, i, v}))
}
