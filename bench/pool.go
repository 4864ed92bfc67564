package bench

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Tally says how many jobs of a study are done. Total grows if a grid does.
type Tally struct {
	Phase       string
	Done, Total int
	Failed      int // jobs that diverged
	Elapsed     time.Duration
	Remain      time.Duration // an estimate
	Crew        []Worker      // of a study that has one

	soFar *sofar
}

// all returns do of each item, in their order. So many goroutines share the
// work; the error is that of the first item that has one, or ctx's.
func all[T, U any](ctx context.Context, workers int, items []T, do func(context.Context, T) (U, error)) ([]U, error) {
	going, stop := context.WithCancel(ctx)
	defer stop()
	out, errs := make([]U, len(items)), make([]error, len(items))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(items)) {
		wg.Go(func() {
			for going.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return
				}
				if out[i], errs[i] = do(ctx, items[i]); errs[i] != nil {
					stop()
				}
			}
		})
	}
	wg.Wait()
	return out, cmp.Or(append(errs, ctx.Err())...)
}
