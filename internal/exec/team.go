package exec

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Team is a few goroutines that share the chunks of large steps. Channels
// hand work over in tens of microseconds, as long as such a step takes, so the
// helpers spin: for the whole of a run, and a little while after. Chunks are
// claimed one by one, and the caller claims too, so it never waits for a helper
// that has not started. What a chunk is does not depend on the team: results
// are the same bits for any size.
type Team struct {
	size  int
	run   func(chunk, worker int) // of the current job
	left  atomic.Int64            // chunks not yet done
	state atomic.Uint64           // epoch<<32 | chunks<<16 | next chunk
	wake  chan struct{}
	sleep atomic.Int32 // helpers that are parked
	stop  atomic.Bool
	done  sync.WaitGroup
}

// spinTime is how long a helper waits for work before it parks. Waking it
// takes longer than most steps, so it is longer than the steps of a small net
// that are not shared.
const spinTime = 200 * time.Microsecond

// maxChunks is how many parts a step may have.
const maxChunks = 1<<16 - 1

// NewTeam returns a team of n workers, of which the caller is one. Close it.
func NewTeam(n int) *Team {
	t := &Team{size: max(n, 1), wake: make(chan struct{}, max(n, 1))}
	for w := 1; w < t.size; w++ {
		t.done.Add(1)
		go t.help(w)
	}
	return t
}

// Size returns the number of workers; a nil team has one.
func (t *Team) Size() int {
	if t == nil {
		return 1
	}
	return t.size
}

// Close ends the helpers.
func (t *Team) Close() {
	if t.stop.Swap(true) {
		return
	}
	for range t.size {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
	t.done.Wait()
}

// each runs chunks 0 to n-1, each once, on whoever is free. run is kept from
// one call to the next so that calls do not allocate.
func (t *Team) each(n int, run func(chunk, worker int)) {
	t.run = run
	t.left.Store(int64(n))
	epoch := t.state.Load()>>32 + 1
	t.state.Store(epoch<<32 | uint64(n)<<16)
	for t.sleep.Load() > 0 {
		select {
		case t.wake <- struct{}{}:
			t.sleep.Add(-1)
			continue
		default:
		}
		break
	}
	for t.claim(0) {
	}
	for t.left.Load() > 0 {
		pause()
	}
}

// claim takes and runs one chunk, if there is one. The epoch in the state
// keeps a late helper from taking a chunk of the next job in the name of the
// last one.
func (t *Team) claim(worker int) bool {
	for {
		s := t.state.Load()
		next, n := s&maxChunks, s>>16&maxChunks
		if next >= n {
			return false
		}
		if t.state.CompareAndSwap(s, s+1) {
			t.run(int(next), worker)
			t.left.Add(-1)
			return true
		}
	}
}

func (t *Team) help(worker int) {
	defer t.done.Done()
	idle := time.Now()
	for spins := 0; !t.stop.Load(); spins++ {
		if t.claim(worker) {
			spins, idle = 0, time.Time{}
			continue
		}
		pause()
		if spins%256 != 255 {
			continue
		}
		if idle.IsZero() {
			idle = time.Now()
		}
		if time.Since(idle) > spinTime {
			t.sleep.Add(1)
			<-t.wake
			idle = time.Time{}
		} else if spins%4096 == 4095 {
			runtime.Gosched()
		}
	}
}
