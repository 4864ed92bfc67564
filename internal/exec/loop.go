package exec

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"descent/internal/kernel"
)

// A Loop runs a body, a program of its own, once for each of its steps. The leaves
// of the body are parts of arrays outside, operands and results of the loop, and
// its updates are what a step leaves behind: in the same place, as a training step
// changes parameters, or in the next of many parts. So a body is compiled like any
// other program, once, however many steps there are.
type Loop struct {
	Name    string
	Body    *Func
	Steps   int
	Reverse bool    // for messages: the last step has the number 0
	Leaves  []Walk  // by leaf of the body
	Starts  []Start // what is in results before the first step
	Results [][]int // shapes
	Own     [][]int // of arrays that nobody reads after the loop: they are numbered after the results
	// Stops says that the body's first output, a scalar, ends the loop after the
	// step in which it is not 0. Parts that no step has written are 0 then.
	Stops bool
	// Conditional says that there are no steps where the last operand, of one element,
	// is 0. Results are what they start as then, and 0 elsewhere.
	Conditional bool
}

// partial reports whether there may be fewer steps than Steps.
func (l *Loop) partial() bool { return l.Stops || l.Conditional }

// written are the shapes of what steps may change.
func (l *Loop) written() [][]int { return slices.Concat(l.Results, l.Own) }

// writes reports whether steps change a leaf of the body.
func (l *Loop) writes(leaf int) bool {
	return slices.ContainsFunc(l.Body.updates, func(u Update) bool { return l.Body.vals[u.Leaf].leaf == leaf })
}

// A Walk is where a leaf of a body is: in step t, the elements of an array from
// Start + t·Step on.
type Walk struct {
	Result      bool // the array is a result of the loop, or its own, not an operand
	Array       int
	Start, Step int
}

// A Start copies an operand to a result, from element At on.
type Start struct{ Operand, Result, At int }

// loop is the operation.
type loop struct {
	plain
	*Loop
	body  arrangement // of the body
	lanes int         // those that take some rows each through all steps, see [Loop.divide]
	parts []int       // by leaf: elements from lane to lane
	// places are the operands in whose place the results are; nil if these have memory of
	// their own.
	places []int
}

// prepare improves the body and lays it out, for the rows of a lane where there are
// lanes.
func (o *loop) prepare(layOut func(*Func) (arrangement, error), checking bool) (err error) {
	o.lanes, o.parts = 1, make([]int, len(o.Leaves))
	if d := o.divide(); d != nil && !checking {
		l := *o.Loop
		l.Body, o.Loop, o.lanes, o.parts = d.body, &l, d.lanes, d.parts
	}
	if o.body, err = layOut(o.Body); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

// Loop adds a loop and returns its results.
func (f *Func) Loop(l *Loop, args ...Val) []Val {
	return f.operations(&loop{Loop: l}, l.Results, args...)
}

func (o *loop) line(args []string) string {
	name := fmt.Sprintf("%s: loop of %d steps", o.Name, o.Steps)
	if o.lanes > 1 {
		name += fmt.Sprintf(" in %d lanes", o.lanes)
	}
	if o.places != nil {
		name += fmt.Sprintf(" in place of operands %v", o.places)
	}
	return called(name, args)
}

// pure: what its steps compute is.
func (o *loop) pure() bool {
	return !slices.ContainsFunc(o.Body.vals, func(v value) bool { return v.kind == kOperation && !v.op.pure() })
}

func (o *loop) results() [][]int { return o.Results }

// room is the arena of the body of each lane, and behind them what is the loop's own.
func (o *loop) room() int {
	n := o.lanes * o.arena()
	for _, d := range o.Own {
		n += alignUp(size(d))
	}
	return n
}

func (o *loop) arena() int { return alignUp(max(o.body.plan.arena, 1)) }

// verify checks that leaves stay in their arrays, and that steps change results
// only.
func (o *loop) verify(_ []int, args [][]int) error {
	b := o.Body
	if len(o.Leaves) != len(b.leaves) {
		return fmt.Errorf("%s: %d leaves, %d places for them", o.Name, len(b.leaves), len(o.Leaves))
	}
	for i, w := range o.Leaves {
		if b.leaves[i].Fixed && (w.Step != 0 || w.Result) {
			return fmt.Errorf("%s: leaf %d is fixed, and changes", o.Name, i)
		}
		arrays := args
		if w.Result {
			arrays = o.written()
		}
		if w.Array >= len(arrays) {
			return fmt.Errorf("%s: leaf %d is of array %d of %d", o.Name, i, w.Array, len(arrays))
		}
		end := w.Start + (o.Steps-1)*w.Step
		n := size(b.leaves[i].Dims)
		if o.parts != nil { // the body is that of a lane
			n += (o.lanes - 1) * o.parts[i]
		}
		if min(w.Start, end) < 0 || max(w.Start, end)+n > size(arrays[w.Array]) {
			return fmt.Errorf("%s: leaf %d leaves %v", o.Name, i, arrays[w.Array])
		}
	}
	for _, s := range o.Starts {
		if s.At < 0 || s.At+size(args[s.Operand]) > size(o.written()[s.Result]) {
			return fmt.Errorf("%s: %v does not start in %v", o.Name, args[s.Operand], o.written()[s.Result])
		}
	}
	for _, u := range b.updates {
		if !o.Leaves[b.vals[u.Leaf].leaf].Result {
			return fmt.Errorf("%s: a step changes an operand", o.Name)
		}
	}
	return Verify(b)
}

func (o *loop) step(f anyFrame) step { return stepOf(o, f, newLoopStep[float32], newLoopStep[float64]) }

// loopStep runs the body. What moves is at its first place while the body's steps
// are made; the places where they keep addresses are known then.
type loopStep[T kernel.Float] struct {
	*loop
	lanes  []lane[T]
	starts []step
	rest   []rest[T]
	when   []T        // unless nil, there are no steps where it is 0
	bad    *NonFinite // in a checking program
}

// A lane is the body for some rows.
type lane[T kernel.Float] struct {
	body   *Program[T]
	movers []mover
}

// A mover is an address that a step of the body keeps, and how far it moves.
type mover struct {
	at    *uintptr
	start uintptr // of the first step
	step  uintptr // in bytes
}

// rest is a result of which a loop of fewer steps leaves parts unwritten.
type rest[T kernel.Float] struct {
	array []T
	part  int
	walk  Walk
}

func newLoopStep[T kernel.Float](o *loop, f frame[T]) step {
	args, outs := f.arrays(), f.outs()
	at := o.lanes * o.arena()
	for _, d := range o.Own {
		outs = append(outs, f.room()[at:][:size(d)])
		at += alignUp(size(d))
	}
	s := &loopStep[T]{loop: o}
	if o.Conditional {
		s.when = args[len(args)-1]
	}
	for _, c := range o.Starts {
		from := args[c.Operand]
		s.starts = append(s.starts, &move[T]{outs[c.Result][c.At:][:len(from)], from})
	}
	for i := range o.lanes {
		s.lanes = append(s.lanes, s.newLane(i, f, args, outs))
	}
	return s
}

// newLane makes the body of lane i.
func (s *loopStep[T]) newLane(i int, f frame[T], args, outs [][]T) (l lane[T]) {
	o := s.loop
	places := make([]*T, len(o.Leaves))
	windows := make([][]T, len(o.Leaves)) // stand for what moves until it is known where
	memory := func(leaf int) []T {
		w, n := o.Leaves[leaf], size(o.Body.leaves[leaf].Dims)
		array := args
		if w.Result {
			array = outs
		}
		part := array[w.Array][w.Start+i*o.parts[leaf]:][:n]
		if w.Step == 0 || n == 0 {
			return part
		}
		places[leaf] = &part[0]
		windows[leaf] = kernel.Aligned[T](n)
		if w.Result && o.partial() && o.writes(leaf) {
			s.rest = append(s.rest, rest[T]{array[w.Array], n, w})
		}
		return windows[leaf]
	}
	options := f.p.options
	if o.lanes > 1 {
		options.Team = nil // it shares the lanes
	}
	l.body = assemble(o.Body, o.body, memory, f.room()[i*o.arena():][:o.arena()], options)
	f.p.shares = f.p.shares || l.body.shares
	l.steps(func(b step) { b.slots(func(at *uintptr) { s.bind(&l, at, windows, places) }) })
	if i > 0 {
		for k, p := range l.body.starters {
			p.share(s.lanes[0].body.starters[k])
		}
		l.body.starters = nil
	}
	return l
}

// steps visits the body's.
func (l *lane[T]) steps(visit func(step)) {
	for _, steps := range [][]step{l.body.steps, l.body.ends} {
		for _, b := range steps {
			visit(b)
		}
	}
}

// bind replaces an address in a window by that of the first step.
func (s *loopStep[T]) bind(l *lane[T], at *uintptr, windows [][]T, places []*T) {
	for leaf, w := range windows {
		from := uintptr(unsafe.Pointer(unsafe.SliceData(w)))
		within, size := *at-from, uintptr(len(w))*sizeOf(T(0))
		if len(w) == 0 || *at < from || within >= size {
			continue
		}
		*at = uintptr(unsafe.Pointer(places[leaf])) + within
		l.movers = append(l.movers, mover{at, *at, uintptr(s.Leaves[leaf].Step) * sizeOf(T(0))})
		return
	}
}

func (s *loopStep[T]) slots(visit func(*uintptr)) {
	for _, c := range s.starts {
		c.slots(visit)
	}
	for k := range s.lanes {
		l := &s.lanes[k]
		for i := range l.movers {
			visit(&l.movers[i].start)
		}
		l.steps(func(b step) { b.slots(visit) })
	}
	for i := range s.rest {
		visit(start(&s.rest[i].array))
	}
	if s.when != nil {
		visit(start(&s.when))
	}
}

func (s *loopStep[T]) run() {
	s.prepare()
	for i := range s.lanes {
		s.chunk(i, 0)
	}
}

func (s *loopStep[T]) chunks() int { return len(s.lanes) }
func (s *loopStep[T]) reserve(int) {}
func (s *loopStep[T]) finish()     {}

func (s *loopStep[T]) prepare() {
	for _, c := range s.starts {
		c.run()
	}
	if s.idle() {
		s.bad = nil
		s.clear(0)
		return
	}
	for i := range s.lanes {
		s.lanes[i].body.start()
	}
}

// idle reports whether there are no steps this time.
func (s *loopStep[T]) idle() bool { return s.when != nil && s.when[0] == 0 }

// clear makes 0 what the steps from t on would have written.
func (s *loopStep[T]) clear(t int) {
	for _, r := range s.rest {
		r.clear(t, s.Steps)
	}
}

// chunk takes a lane through all steps.
func (s *loopStep[T]) chunk(i, _ int) {
	if s.idle() {
		return
	}
	l := &s.lanes[i]
	for i := range l.movers {
		*l.movers[i].at = l.movers[i].start
	}
	for t := range s.Steps {
		if t > 0 {
			for i := range l.movers {
				m := &l.movers[i]
				*m.at += m.step
			}
		}
		if l.body.options.Check {
			if s.bad = l.body.RunChecked(); s.bad != nil {
				if s.Reverse {
					t = s.Steps - 1 - t
				}
				s.bad.in(s.Name, t)
				return
			}
		} else {
			l.body.execute()
		}
		if s.Stops && l.body.Scalar(0) != 0 {
			s.clear(t + 1)
			return
		}
	}
}

// clear makes the parts of the steps from t on 0.
func (r *rest[T]) clear(t, steps int) {
	for ; t < steps; t++ {
		clear(r.array[r.walk.Start+t*r.walk.Step:][:r.part])
	}
}

// in says that the value is in a step of a loop.
func (n *NonFinite) in(loop string, step int) {
	if n.Steps == nil {
		n.Loop = loop
	}
	n.Steps = slices.Insert(n.Steps, 0, step)
}

// listing lists the body: what its leaves are, and its steps.
func (s *loopStep[T]) listing() string {
	var b strings.Builder
	for i, w := range s.Leaves {
		kind, moves := "operand", ""
		switch {
		case w.Result && w.Array >= len(s.Results):
			kind, w.Array = "own", w.Array-len(s.Results)
		case w.Result:
			kind = "result"
		}
		if w.Step != 0 {
			moves = fmt.Sprintf(" from %d in steps of %d", w.Start, w.Step)
		}
		fmt.Fprintf(&b, "%s %v: %s %d%s\n", s.Body.leaves[i].Name, s.Body.leaves[i].Dims, kind, w.Array, moves)
	}
	b.WriteString(s.lanes[0].body.Listing())
	return "     | " + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n     | ") + "\n"
}
