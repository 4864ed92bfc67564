package exec

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// Options choose how a program is made.
type Options struct {
	// Check makes every value a step of its own, so that Run can say which
	// was the first to become NaN or infinite. Slow.
	Check bool
	// Interpret runs arithmetic as one loop per primitive instead of as
	// machine code, as DESCENT_JIT=off in the environment does. Results are
	// the same bits.
	Interpret bool
	// Team shares large steps; nil is the caller alone. Results are the same
	// bits for any size.
	Team *Team
	// Verify runs the verifier after every pass.
	Verify bool
}

// A Program is a compiled Func: flat steps over one arena. Run allocates
// nothing and cannot fail. A Program is used by one goroutine at a time.
type Program[T kernel.Float] struct {
	f *Func
	arrangement
	options  Options
	steps    []step
	stepOf   []int // by group: the step that computes it
	arena    []T
	scalars  []float64
	leaves   [][]T      // by Func.leaves; nil for scalars that are inputs
	slots    []*float64 // of scalars, by Func.leaves
	loads    []scalarLoad[T]
	wide     []scalarLoad[float64]
	ends     []step    // updates that could not be computed in place
	once     int       // steps of what is fixed, the first ones
	starters []starter // steps that prepare something of what is fixed
	stale    bool      // they have not run since that changed
	consts   map[uint64][]T
	blocks   map[Val][]float64 // sums of the blocks of totals in regions
	scratch  [][][]T           // by worker: segments
	regions  *regionBuilder[T] // while the program is made
	team     *Team
	shares   bool // the team shares some steps
	tuner    tuner
	outputs  []output[T]
	borrows  bool       // an output is memory of the caller
	pages    *jit.Pages // nil where arithmetic is interpreted
	products map[productPlan]*kernel.Product[T]
}

// A starter is a step that prepares something of a fixed operand, or shares what that
// of another lane of a loop has prepared.
type starter interface {
	start()
	share(first starter)
}

type output[T kernel.Float] struct {
	data   []T
	scalar *float64
}

type scalarLoad[T kernel.Float] struct {
	from *T
	to   *float64
}

// Compile makes a program. memory gives the storage of each leaf that is not
// an input, nor wide; it must not move while the program lives, may start at any
// element, and is neither read nor written beyond its length unless the leaf is
// padded.
func Compile[T kernel.Float](f *Func, memory func(leaf int) []T, o Options) (*Program[T], error) {
	wanted, err := jit.Wanted()
	if err := errors.Join(err, kernel.ISAError()); err != nil {
		return nil, err
	}
	o.Interpret = o.Interpret || !wanted || !jit.Available()
	l, err := prepare(f, memory, o)
	if err != nil {
		return nil, err
	}
	return assemble(f, l, memory, kernel.Aligned[T](max(l.plan.arena, 1)), o), nil
}

// An arrangement is what a program's steps compute, in their order, and where.
type arrangement struct {
	groups []group
	plan   *plan
}

// prepare improves f, and the bodies of its loops, and lays it out. Without memory
// no updates are batched.
func prepare[T kernel.Float](f *Func, memory func(leaf int) []T, o Options) (l arrangement, err error) {
	var check func(*Func) error
	if o.Verify {
		check = Verify
	}
	_, f.double = any(T(0)).(float64)
	if err := f.optimize(check, !o.Check); err != nil {
		return l, err
	}
	if !o.Check {
		f.markFixed()
	}
	for i := range f.vals {
		if loop, ok := f.vals[i].op.(*loop); ok {
			if err := loop.prepare(func(body *Func) (arrangement, error) { return prepare[T](body, nil, o) }, o.Check); err != nil {
				return l, err
			}
		}
	}
	groups := fuse(f)
	switch {
	case o.Check:
		groups = singles(f)
	case memory != nil:
		groups = batchUpdates(f, groups, memory)
		fallthrough
	default:
		groups = reduceInRegions(f, splitConflicting(f, groups))
	}
	l.plan, l.groups = planMemory(f, schedule(f, groups))
	if o.Verify {
		err = verifyPlan(f, l.groups, l.plan)
	}
	return l, err
}

// assemble makes the steps of a program whose intermediate values are in arena.
func assemble[T kernel.Float](f *Func, l arrangement, memory func(leaf int) []T, arena []T, o Options) *Program[T] {
	p := &Program[T]{f: f, arrangement: l, arena: arena, consts: map[uint64][]T{}, team: o.Team, options: o, stale: true}
	if !o.Interpret {
		p.pages = &jit.Pages{}
	}
	p.scalars = make([]float64, p.plan.slots)
	p.bindLeaves(memory)
	p.emitAll()
	if p.pages != nil && seal(p.pages) != nil {
		p.pages, p.options.Interpret = nil, true // a host may refuse at any time what it allowed before
		p.emitAll()
	}
	for _, v := range f.outputs {
		if f.vals[v].scalar() {
			p.outputs = append(p.outputs, output[T]{scalar: p.scalarOrConst(v)})
		} else {
			p.outputs = append(p.outputs, output[T]{data: unsafe.Slice(p.ptr(v), f.vals[v].n)})
			h := p.plan.allocs[v]
			p.borrows = p.borrows || h.space == spaceLeaf && !f.leaves[h.at].Input
		}
	}
	return p
}

// seal is a variable so that a test can be a host that refuses.
var seal = (*jit.Pages).Seal

// emitAll makes the steps.
func (p *Program[T]) emitAll() {
	p.steps, p.stepOf, p.ends, p.once, p.starters, p.shares = nil, nil, nil, 0, nil, false
	p.scratch, p.blocks = make([][][]T, p.team.Size()), nil
	p.products = map[productPlan]*kernel.Product[T]{}
	for _, g := range p.groups {
		p.emit(g)
		p.stepOf = append(p.stepOf, len(p.steps)-1)
		if p.f.isFixed(g.vals[0]) {
			p.once = len(p.steps)
		}
	}
	p.regions = nil
	p.emitCopies()
}

func bytesOf[T kernel.Float](f *Func) (int, error) {
	l, err := prepare[T](f, nil, Options{})
	if err != nil {
		return 0, err
	}
	n := l.plan.arena
	for i := range f.vals {
		v := &f.vals[i]
		if o, is := v.op.(dot); is && o.packsOnce() && f.isFixed(v.args[1]) && !f.isFixed(Val(i)) {
			n += f.vals[v.args[1]].n // about as large, packed
		}
	}
	for _, l := range f.leaves {
		if l.Input {
			n += alignUp(max(size(l.Dims), 1))
		}
	}
	return n * int(sizeOf(T(0))), nil
}

// singles makes each value its own group.
func singles(f *Func) []group {
	var gs []group
	for i := range f.vals {
		if v := &f.vals[i]; !v.memoryless() {
			gs = append(gs, group{vals: []Val{Val(i)}, region: v.arrayMap()})
		}
	}
	return gs
}

func (p *Program[T]) bindLeaves(memory func(int) []T) {
	p.leaves = make([][]T, len(p.f.leaves))
	p.slots = make([]*float64, len(p.f.leaves))
	var inputs []T // side by side, for the sake of huge pages
	room := 0
	for _, l := range p.f.leaves {
		if l.Input && len(l.Dims) > 0 {
			room += alignUp(max(size(l.Dims), 1))
		}
	}
	for i := range p.f.vals {
		v := &p.f.vals[i]
		if v.kind != kLeaf {
			continue
		}
		if v.scalar() {
			p.slots[v.leaf] = p.scalar(Val(i))
		}
		l := p.f.leaves[v.leaf]
		switch {
		case l.Wide != nil:
			p.wide = append(p.wide, scalarLoad[float64]{l.Wide, p.slots[v.leaf]})
		case !l.Input:
			p.leaves[v.leaf] = memory(v.leaf)
			if v.scalar() {
				p.loads = append(p.loads, scalarLoad[T]{&p.leaves[v.leaf][0], p.slots[v.leaf]})
			}
		case !v.scalar():
			p.leaves[v.leaf] = take(&inputs, v.n, alignUp(max(v.n, 1)), room)
		}
	}
}

// Input returns the memory of an input leaf, to be filled before Run; nil if
// it is a scalar.
func (p *Program[T]) Input(leaf int) []T { return p.leaves[leaf] }

// ScalarInput returns the slot of an input leaf of rank 0.
func (p *Program[T]) ScalarInput(leaf int) *float64 { return p.slots[leaf] }

// Output returns the memory of output i, valid until the next Run. For a
// scalar it returns nil; see [Program.Scalar].
func (p *Program[T]) Output(i int) []T { return p.outputs[i].data }

// Scalar returns the value of output i of rank 0.
func (p *Program[T]) Scalar(i int) float64 { return *p.outputs[i].scalar }

// Borrows reports whether the memory of an output is that of a leaf which belongs
// to the caller.
func (p *Program[T]) Borrows() bool { return p.borrows }

// Renew says that a fixed leaf has changed.
func (p *Program[T]) Renew() { p.stale = true }

// Run executes the program.
func (p *Program[T]) Run() {
	if p.stale {
		p.start()
		p.stale = false
	}
	if !p.shares {
		p.execute()
		return
	}
	began := time.Now()
	p.team.alone = p.tuner.alone
	p.execute()
	now := time.Now()
	p.tuner.note(now, now.Sub(began))
}

// load reads the scalars that belong to the caller.
func (p *Program[T]) load() {
	for _, l := range p.loads {
		*l.to = float64(*l.from)
	}
	for _, l := range p.wide {
		*l.to = *l.from
	}
}

// start computes what is fixed.
func (p *Program[T]) start() {
	p.load()
	for _, s := range p.steps[:p.once] {
		s.run()
	}
	for _, s := range p.starters {
		s.start()
	}
}

func (p *Program[T]) execute() {
	p.load()
	for _, s := range p.steps[p.once:] {
		s.run()
	}
	for _, s := range p.ends {
		s.run()
	}
}

// A NonFinite is a value that became NaN or infinite.
type NonFinite struct {
	Tag   int
	Steps []int  // of the loops that it is in, the outermost first
	Loop  string // the name of the innermost
}

// RunChecked executes a program compiled with Check up to the first value that is
// NaN or infinite, and returns it, or nil.
func (p *Program[T]) RunChecked() *NonFinite {
	p.load()
	for i, s := range p.steps {
		s.run()
		if l, ok := s.(*loopStep[T]); ok && l.bad != nil {
			return l.bad
		}
		for _, v := range p.groups[i].vals {
			if !p.finite(v) {
				return &NonFinite{Tag: p.f.vals[v].tag}
			}
		}
	}
	for _, s := range p.ends {
		s.run()
	}
	return nil
}

func (p *Program[T]) finite(v Val) bool {
	x := &p.f.vals[v]
	if _, ok := x.op.(*loop); ok {
		return true // its body was checked
	}
	if x.scalar() {
		return !math.IsNaN(*p.scalar(v)) && !math.IsInf(*p.scalar(v), 0)
	}
	if p.plan.allocs[v].space == spaceNone {
		return true
	}
	for _, e := range unsafe.Slice(p.ptr(v), x.n) {
		if e-e != 0 {
			return false
		}
	}
	return true
}

// ptr returns the first element of an array value; where there is none, an
// address that may not be used.
func (p *Program[T]) ptr(v Val) *T {
	x := &p.f.vals[v]
	if x.n == 0 {
		return &p.arena[0]
	}
	root, from := v, 0
	for p.f.vals[root].kind == kShape {
		from += p.f.vals[root].from
		root = p.f.vals[root].args[0]
	}
	if p.f.vals[root].kind == kConst {
		return &p.constArray(p.f.vals[root].imm, x.n)[0]
	}
	switch h := p.plan.allocs[root]; h.space {
	case spaceArena:
		return &p.arena[h.at+from]
	case spaceLeaf:
		return &p.leaves[h.at][0]
	}
	panic(fmt.Sprintf("exec: value %d has no memory", v))
}

// scalar returns the slot of a scalar value.
func (p *Program[T]) scalar(v Val) *float64 { return &p.scalars[p.plan.allocs[v].at] }

func (p *Program[T]) scalarOrConst(v Val) *float64 {
	if x := &p.f.vals[v]; x.kind == kConst {
		c := x.imm
		return &c
	}
	return p.scalar(v)
}

// constArray returns at least n elements equal to x, shared by all who ask.
func (p *Program[T]) constArray(x float64, n int) []T {
	k := math.Float64bits(x)
	if len(p.consts[k]) < max(n, 1) {
		s := kernel.Aligned[T](max(n, 1))
		for i := range s {
			s[i] = T(x)
		}
		p.consts[k] = s
	}
	return p.consts[k]
}

// ArenaBytes returns the size of the arena.
func (p *Program[T]) ArenaBytes() int {
	var zero T
	return p.plan.arena * int(unsafe.Sizeof(zero))
}

// Steps returns the number of steps.
func (p *Program[T]) Steps() int { return len(p.steps) + len(p.ends) }
