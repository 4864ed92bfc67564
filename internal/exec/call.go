package exec

import (
	"fmt"
	"slices"

	"descent/internal/kernel"
)

// A Call is an opaque loop over rows that are independent of each other: its
// functions must set all elements of the rows lo to hi, hi excluded, of each
// result dst, whatever they held, from the operands src, and nothing else.
// Operands and results of rank 0 are slices of one element. What a row is, the
// loop knows; one with no rows does all, whatever lo and hi.
type Call struct {
	Name string
	F32  func(dst, src [][]float32, lo, hi int)
	F64  func(dst, src [][]float64, lo, hi int)
	Rows int
	// Work is about how long a row takes, in nanoseconds; 0 stands for one
	// nanosecond for each element of the results.
	Work int
	// Over says that the one result has the elements of the first operand before
	// the rows are done, which replace some of them. It may have the operand's
	// memory, so the loop does not look at that.
	Over bool
	// Key makes two calls the same computation when their keys are equal and
	// not nil. It must be comparable.
	Key any
	// Source writes a call of it, of all rows, as a statement of a [Source]; nil if it
	// cannot be written.
	Source func(dst, src []string) string
}

type call struct {
	plain
	*Call
	outs [][]int // shapes of several results
}

// Call runs an opaque loop whose results have the given shapes.
func (f *Func) Call(c *Call, outs [][]int, args ...Val) []Val {
	o := &call{Call: c}
	if len(outs) > 1 {
		o.outs = outs
	}
	return f.operations(o, outs, args...)
}

func (o *call) line(args []string) string { return called(o.Name, args) }
func (o *call) key() any                  { return o.Key }
func (o *call) pure() bool                { return o.Key != nil }
func (o *call) results() [][]int          { return o.outs }

func (o *call) overwrites() int {
	if o.Over {
		return 0
	}
	return -1
}

func (o *call) verify(dims []int, args [][]int) error {
	switch {
	case o.Rows < 0 || o.Work < 0:
		return fmt.Errorf("%s has %d rows of %d ns", o.Name, o.Rows, o.Work)
	case o.Over && (o.outs != nil || len(args) == 0 || !slices.Equal(dims, args[0])):
		return fmt.Errorf("%s of shape %v over %v", o.Name, dims, args)
	}
	return nil
}

func (o *call) step(f anyFrame) step {
	return stepOf(o, f,
		func(o *call, f frame[float32]) step { return callStep(o, f, o.F32) },
		func(o *call, f frame[float64]) step { return callStep(o, f, o.F64) })
}

func callStep[T kernel.Float](o *call, f frame[T], fn func(dst, src [][]T, lo, hi int)) step {
	work := o.Work * 1000
	if work == 0 {
		work = f.v.n * 1000 / max(o.Rows, 1)
	}
	s := &calling[T]{rows: rowsOf(o.Rows, work), fn: fn, dst: f.outs(), src: f.arrays()}
	if o.Over && f.v.n > 0 && &s.dst[0][0] != &s.src[0][0] {
		s.from = s.src[0]
	}
	return s
}

// calling is the step of a call.
type calling[T kernel.Float] struct {
	rows
	fn       func(dst, src [][]T, lo, hi int)
	dst, src [][]T
	from     []T // copied before, if the result is over an operand and not in its place
}

func (s *calling[T]) run() {
	s.prepare()
	s.fn(s.dst, s.src, 0, s.n)
}

func (s *calling[T]) prepare() { copy(s.dst[0], s.from) }

func (s *calling[T]) slots(visit func(*uintptr)) {
	for _, arrays := range [][][]T{s.dst, s.src} {
		for i := range arrays {
			visit(start(&arrays[i]))
		}
	}
	if s.from != nil {
		visit(start(&s.from))
	}
}

func (s *calling[T]) chunk(i, _ int) {
	lo, hi := s.span(i)
	s.fn(s.dst, s.src, lo, hi)
}
