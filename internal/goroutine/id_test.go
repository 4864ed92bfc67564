package goroutine

import (
	"sync"
	"testing"
)

// TestID: goroutines that live at the same time have different numbers, also
// after their stacks have moved; each keeps its own.
func TestID(t *testing.T) {
	const n = 100
	ids := make([]int64, n)
	var all, started sync.WaitGroup
	started.Add(n)
	for i := range ids {
		all.Go(func() {
			ids[i] = ID()
			started.Done()
			started.Wait()
			if deep(1000) != ids[i] {
				t.Errorf("goroutine %d has two numbers", i)
			}
		})
	}
	all.Wait()
	seen := map[int64]bool{ID(): true}
	for _, id := range ids {
		if id <= 0 || seen[id] {
			t.Fatalf("number %d, or twice", id)
		}
		seen[id] = true
	}
}

// deep returns the number as it is below many calls.
func deep(n int) int64 {
	var room [128]byte
	if n == 0 {
		return ID()
	}
	id := deep(n - 1)
	room[n%len(room)] = 1
	return id + int64(room[(n+1)%len(room)])
}
