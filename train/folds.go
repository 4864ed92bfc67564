package train

import (
	"context"
	"sync"
	"sync/atomic"
)

// CrossValidate calls a function for each of n divisions of the rows (see
// [descent/data.Source.Folds]), on so many goroutines. Each goroutine has a function of its
// own, which begin makes: with a trainer, say, that is [Trainer.Reset] for each division by
// a seed of its own, so that a net is compiled once a goroutine, and what a division gives
// does not depend on their number. The first error ends all, and so does ctx.
func CrossValidate(ctx context.Context, n, workers int, begin func() (func(ctx context.Context, i int) error, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(max(workers, 1), n) {
		all.Go(func() {
			do, err := begin()
			for err == nil && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				err = do(ctx, i)
			}
			if err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
