package gorgoniavm

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"descent/internal/goroutine"
	"descent/internal/kernel"

	"gorgonia.org/tensor"
)

// An adamStep is what gorgonia.AdamSolver does to one large parameter. Done as it is
// asked for, that is 17 passes over arrays and four new ones, which are garbage after the
// next step. What the solver alone can see is put off instead, and done tile by tile:
//
//	t := clone(g), t *= 1-β₁, g *= g, g *= 1-β₂
//
// are done with the last of these, and
//
//	t += β₁m, g += β₂v, v′ := clone(g), m̂ := clone(t), v̂ := clone(g),
//	m̂ *= 1/(1-β₁ᵗ), v̂ *= 1/(1-β₂ᵗ), v̂ = √v̂, v̂ += ε, m̂ *= -η, m̂ /= v̂
//
// with theirs; w += m̂ follows by itself. Only w, m and v may have another engine: no
// array that they are used with is put off by then. t and v′ are m and v of the next
// step, so that of m, v, m̂ and v̂ the memory is free for further clones.
type adamStep struct {
	bytes  int64
	wide   bool           // float64
	fresh  unsafe.Pointer // the memory of a clone that is still to be copied to
	clones []*memory
	old    []unsafe.Pointer // m and v
	passes []pass           // put off
	over   bool             // but for w
}

// worthPuttingOff is how many bytes make up for looking who calls.
const worthPuttingOff = 1 << 14

// adamSteps are those of all goroutines, by goroutine.
var adamSteps struct {
	sync.Mutex
	running atomic.Int32
	of      map[int64]*adamStep
}

// currentStep returns the step that this goroutine is in; nil if it is in none.
func currentStep() *adamStep {
	if adamSteps.running.Load() == 0 {
		return nil
	}
	adamSteps.Lock()
	defer adamSteps.Unlock()
	return adamSteps.of[goroutine.ID()]
}

// setStep makes s, or none, the step that this goroutine is in.
func setStep(s *adamStep) {
	adamSteps.Lock()
	defer adamSteps.Unlock()
	if s == nil {
		delete(adamSteps.of, goroutine.ID())
	} else {
		if adamSteps.of == nil {
			adamSteps.of = map[int64]*adamStep{}
		}
		adamSteps.of[goroutine.ID()] = s
	}
	adamSteps.running.Store(int32(len(adamSteps.of)))
}

// cloneOfAdam says whether the memory that an engine is asked for, by the caller, is
// for a clone that AdamSolver.Step makes itself.
func cloneOfAdam() bool {
	var pcs [3]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for _, name := range []string{"gorgonia.org/tensor.(*Dense).makeArray", "gorgonia.org/tensor.(*Dense).Clone", "gorgonia.org/gorgonia.(*AdamSolver).Step"} {
		if f, _ := frames.Next(); f.Function != name {
			return false
		}
	}
	return true
}

// cloneInStep returns memory for a clone, of any content.
func cloneInStep(bytes int64) *memory {
	s := currentStep()
	if s == nil || s.over || s.bytes != bytes || len(s.clones) == cap(s.clones) {
		if s != nil {
			s.leave()
		}
		s = &adamStep{bytes: bytes, clones: make([]*memory, 0, 4), passes: make([]pass, 0, 11)}
		setStep(s)
	}
	m := takeMemory(bytes)
	s.fresh, s.clones = m.at, append(s.clones, m)
	return m
}

// copies puts off the copying to a clone, if it is one.
func (s *adamStep) copies(dst, src tensor.Memory) bool {
	if s.fresh == nil || dst.Uintptr() != uintptr(s.fresh) || src.MemSize() != uintptr(s.bytes) {
		return false
	}
	from := src.Uintptr()
	s.passes = append(s.passes, pass{code: copying, dst: s.fresh, x: *(*unsafe.Pointer)(unsafe.Pointer(&from))})
	runtime.KeepAlive(src)
	s.fresh = nil
	return true
}

// takes puts a pass over n elements off, or does it with all that were, if somebody else
// may read its result next; not if it is none of the step's.
func (s *adamStep) takes(p pass, n int, size uintptr) bool {
	if s == nil || s.over {
		return false
	}
	if int64(n)*int64(size) != s.bytes {
		s.do(nil)
		return false
	}
	s.wide = size == 8
	if !s.copied(p) {
		s.passes = append(s.passes, p)
	}
	if p.sum != nil {
		s.old = append(s.old, p.x)
	}
	switch {
	case p.code == kernel.Div && len(s.clones) == cap(s.clones) && p.y == s.clones[3].at:
		s.dropGradient()
		s.do(p.y)
		giveMemory(s.clones[3])
		for _, at := range s.old {
			giveMemory(&memory{at, s.bytes})
		}
		s.over = true
	case p.y == nil && p.sum == nil && !s.made(p.dst):
		s.do(nil)
	}
	return true
}

// copied joins a change of a clone with its making.
func (s *adamStep) copied(p pass) bool {
	for i := len(s.passes) - 1; i >= 0; i-- {
		switch q := &s.passes[i]; {
		case q.code == copying && q.dst == p.dst && p.x == p.dst && p.y == nil && p.sum == nil:
			q.code, q.number = p.code, p.number
			return true
		case q.dst == p.dst || q.x == p.dst || q.y == p.dst:
			return false
		}
	}
	return false
}

// dropGradient lets g += β₂v be v′ = g + β₂v: g is cleared next.
func (s *adamStep) dropGradient() {
	v := s.clones[1].at
	i := slices.IndexFunc(s.passes, func(p pass) bool { return p.code == copying && p.dst == v })
	if i < 1 || s.passes[i-1].sum != s.passes[i].x || s.passes[i-1].dst != s.passes[i].x {
		return
	}
	g := s.passes[i].x
	s.passes[i-1].dst = v
	s.passes = slices.Delete(s.passes, i, i+1)
	for k := i; k < len(s.passes); k++ {
		if s.passes[k].x == g {
			s.passes[k].x = v
		}
	}
}

// made says whether an array is one of the step's clones.
func (s *adamStep) made(at unsafe.Pointer) bool {
	for _, m := range s.clones {
		if m.at == at {
			return true
		}
	}
	return false
}

// do does what was put off. Nothing is left in the array that is hidden.
func (s *adamStep) do(hidden unsafe.Pointer) {
	if s.wide {
		loops64.together(s.passes, int(s.bytes/8), hidden)
	} else {
		loops32.together(s.passes, int(s.bytes/4), hidden)
	}
	s.passes = s.passes[:0]
}

// leave ends a step, or one that takes another course.
func (s *adamStep) leave() {
	if s.over {
		giveMemory(s.clones[2])
	} else {
		s.do(nil)
	}
	setStep(nil)
}

// memory is that of a tensor.
type memory struct {
	at    unsafe.Pointer
	bytes int64
}

func newMemory(bytes int64) *memory {
	return &memory{unsafe.Pointer(unsafe.SliceData(make([]byte, bytes))), bytes}
}

// Uintptr implements tensor.Memory.
func (m *memory) Uintptr() uintptr { return uintptr(m.at) }

// MemSize implements tensor.Memory.
func (m *memory) MemSize() uintptr { return uintptr(m.bytes) }

// spare is memory that nobody uses: a *sync.Pool of each number of bytes.
var spare sync.Map

func giveMemory(m *memory) {
	p, _ := spare.LoadOrStore(m.bytes, new(sync.Pool))
	p.(*sync.Pool).Put(m)
}

func takeMemory(bytes int64) *memory {
	if p, ok := spare.Load(bytes); ok {
		if m, ok := p.(*sync.Pool).Get().(*memory); ok {
			return m
		}
	}
	return newMemory(bytes)
}
