package exec

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Team is a few goroutines that share the chunks of large steps. Channels
// hand work over in tens of microseconds, as long as such a step takes, so the
// helpers spin: for the whole of a run, and a little while after.
//
// Every worker has a share of a job's chunks, side by side, so that from step to
// step and from run to run it finds its share of the parameters in its own cache;
// who is done takes from the end of another's share. The caller works too, so it
// never waits for a helper that has not started. What a chunk is does not depend
// on the team: results are the same bits for any size.
type Team struct {
	size   int
	run    func(chunk, worker int) // of the current job
	shares []share
	left   atomic.Int64 // chunks not yet done
	wake   chan struct{}
	sleep  atomic.Int32 // helpers that are parked
	stop   atomic.Bool
	done   sync.WaitGroup
	alone  bool // for now, the caller does all by itself
}

// A share is the chunks that a worker has not yet claimed: first<<32 | end. It
// has a cache line to itself. A claim is a compare-and-swap of the whole: one
// that succeeds is of the job that is there, however old the caller's look at
// it was.
type share struct {
	span atomic.Uint64
	_    [56]byte
}

// spinTime is how long a helper waits for work before it parks. Waking it
// takes longer than most steps, so it is longer than the steps of a small net
// that are not shared.
const spinTime = 200 * time.Microsecond

// NewTeam returns a team of n workers, of which the caller is one; there are
// no more than processors, since helpers that spin would take the place of
// those that work. Close it.
func NewTeam(n int) *Team { return newTeam(min(n, runtime.GOMAXPROCS(0))) }

func newTeam(n int) *Team {
	t := &Team{size: max(n, 1), wake: make(chan struct{}, max(n, 1))}
	t.shares = make([]share, t.size)
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
	for w := range t.shares {
		t.shares[w].span.Store(uint64(w*n/t.size)<<32 | uint64((w+1)*n/t.size))
	}
	t.rouse()
	for t.claim(0) {
	}
	for t.left.Load() > 0 {
		pause()
	}
}

// rouse wakes the helpers that are parked.
func (t *Team) rouse() {
	for t.sleep.Load() > 0 {
		select {
		case t.wake <- struct{}{}:
			t.sleep.Add(-1)
		default:
			return
		}
	}
}

// claim takes and runs one chunk, if there is one: the next of the worker's own
// share, or the last of another's.
func (t *Team) claim(worker int) bool {
	for k := range t.size {
		s := &t.shares[(worker+k)%t.size].span
		for {
			old := s.Load()
			first, end := old>>32, old&(1<<32-1)
			if first >= end {
				break
			}
			chunk, rest := first, (first+1)<<32|end
			if k > 0 {
				chunk, rest = end-1, first<<32|(end-1)
			}
			if s.CompareAndSwap(old, rest) {
				t.run(int(chunk), worker)
				t.left.Add(-1)
				return true
			}
		}
	}
	return false
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
