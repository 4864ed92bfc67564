package exec

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestTeamRunsEachChunkOnce hands out many jobs of all sizes, some after the
// helpers have parked.
func TestTeamRunsEachChunkOnce(t *testing.T) {
	for _, size := range []int{1, 2, 4} {
		team := newTeam(size)
		var count [100]atomic.Int32
		run := func(chunk, worker int) {
			if worker < 0 || worker >= size {
				t.Errorf("worker %d of %d", worker, size)
			}
			count[chunk].Add(1)
		}
		for job := range 2000 {
			n := job % 100
			team.each(n, run)
			for i := range count {
				want := int32(0)
				if i < n {
					want = 1
				}
				if got := count[i].Swap(0); got != want {
					t.Fatalf("team of %d, job of %d: chunk %d ran %d times", size, n, i, got)
				}
			}
			if job%500 == 0 {
				time.Sleep(2 * spinTime)
			}
		}
		if n := testing.AllocsPerRun(10, func() { team.each(3, run) }); n != 0 {
			t.Errorf("%v allocations a job", n)
		}
		team.Close()
		team.Close()
	}
}
