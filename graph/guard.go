package graph

import (
	"errors"
	"fmt"
	"sync/atomic"

	"descent/internal/goroutine"
)

// ErrInUse is the error of [Program.Run], and of all else that reads or changes
// variables and can return one, while another goroutine is at it.
var ErrInUse = errors.New("graph: in use by another goroutine at this moment: a program, and programs that share variables if one has updates, " +
	"run one at a time: take turns with a sync.Mutex or Store.Exclusive, or give each goroutine a program of its own")

var errTeam = fmt.Errorf("the Team of this program works for another goroutine; give each a Team of its own: %w", ErrInUse)

const (
	errBuilding = "graph: two goroutines use one graph at once: build in one at a time, or give each a graph of its own, as Graph.Sibling makes"
	errOthers   = "graph: another goroutine has run this program since this one did: read results in the goroutine that computed them, before the next run, " +
		"or keep both in Store.Exclusive"
)

// A guard notices two goroutines that use one thing at once. It never waits:
// whoever comes second is refused. It is 0 while nobody uses the thing, the
// number of the goroutine that has it to itself, or minus the number of those
// that share it.
type guard struct{ by atomic.Int64 }

// held is what somebody has taken of a guard.
type held uint8

const (
	nothing held = iota // also: more is not needed
	shared
	exclusive
)

// takeAlone takes the thing for goroutine me; nothing, if it has that already.
func (g *guard) takeAlone(me int64) (h held, ok bool) {
	if g.by.CompareAndSwap(0, me) {
		return exclusive, true
	}
	return nothing, g.by.Load() == me
}

// takeShared takes the thing together with others; nothing, if me has it alone.
func (g *guard) takeShared(me int64) (h held, ok bool) {
	for {
		n := g.by.Load()
		if n > 0 {
			return nothing, n == me
		}
		if g.by.CompareAndSwap(n, n-1) {
			return shared, true
		}
	}
}

// give gives back what was taken.
func (g *guard) give(h held) {
	switch h {
	case exclusive:
		g.by.Store(0)
	case shared:
		g.by.Add(1)
	}
}

// Exclusive calls f while no other goroutine uses the variables of s: no program
// that reads or changes them runs elsewhere, so what f runs and then reads
// belongs together. It does not wait: if another goroutine is at it the error is
// [ErrInUse], else that of f. f may call Exclusive again.
func (s *Store) Exclusive(f func() error) error {
	h, ok := s.use.takeAlone(goroutine.ID())
	if !ok {
		return ErrInUse
	}
	defer s.use.give(h)
	return f()
}

// reading begins the reading of variables: defer s.use.give(s.reading()).
func (s *Store) reading() held {
	h, ok := s.use.takeShared(goroutine.ID())
	if !ok {
		panic(ErrInUse)
	}
	return h
}

// building begins the use of a graph: defer g.use.give(g.building()).
func (g *Graph) building() held {
	h, ok := g.use.takeAlone(goroutine.ID())
	if !ok {
		panic(errBuilding)
	}
	return h
}

// use is what a goroutine has taken to use a program: its own memory, and the
// variables.
type use struct{ own, variables held }

// running takes what a run needs.
func (p *Program) running(me int64) (u use, ok bool) {
	if u.own, ok = p.use.takeAlone(me); !ok {
		return u, false
	}
	s := &p.g.store.use
	if p.changes {
		u.variables, ok = s.takeAlone(me)
	} else {
		u.variables, ok = s.takeShared(me)
	}
	if !ok {
		p.use.give(u.own)
	}
	return u, ok
}

func (p *Program) done(u use) {
	p.g.store.use.give(u.variables)
	p.use.give(u.own)
}

// ran notes who runs the program.
func (p *Program) ran(me int64) {
	if was := p.last.Load(); was != me {
		p.several = p.several || was != 0 && was != -me
		p.last.Store(me)
	}
}

// reading begins the reading of results: defer p.done(p.reading()). If several
// goroutines run the program, they are of the one that did last.
func (p *Program) reading() (u use) {
	me := goroutine.ID()
	own, ok := p.use.takeShared(me)
	if ok && p.m.Borrows() {
		if u.variables, ok = p.g.store.use.takeShared(me); !ok {
			p.use.give(own)
		}
	}
	if !ok {
		panic(ErrInUse)
	}
	u.own = own
	switch was := p.last.Load(); {
	case was == me:
		p.last.Store(-me)
	case p.several && was != -me:
		p.done(u)
		panic(errOthers)
	}
	return u
}

// awaited tells whether another goroutine that has run the program has come to
// read its results just now. Between the two there is nothing to see, so who
// would run it next looks for some moments: better to refuse that run by an error
// than the reading by a panic. If the other does not come, it has left the program
// to us.
func (p *Program) awaited(me int64) bool {
	was := p.last.Load()
	if was <= 0 || was == me {
		return false
	}
	for range 500 {
		if p.last.Load() != was {
			return true
		}
	}
	return false
}
