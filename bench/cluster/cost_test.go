//go:build linux

package cluster

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"descent/bench"
)

// processor is how much processor time this process has had, in milliseconds.
func processor(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

// BenchmarkCost says how much processor time it takes to hand out a run that computes
// nothing, to hand it in and to keep it on disk: of server, coordinator and worker together.
func BenchmarkCost(b *testing.B) {
	const runs = 200
	dir := b.TempDir()
	l, s := here(b, dir), study(b, dir)
	c, d := begin(b, l, s)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go l.work(ctx, d, func(_ context.Context, j bench.Job) (*bench.Outcome, error) { return &bench.Outcome{Job: j}, nil }, 1, wait)
	before, all := processor(b), 0
	for b.Loop() {
		at := time.Now().UnixNano()
		var wg sync.WaitGroup
		for i := range runs {
			wg.Go(func() {
				if _, err := c.Do(ctx, fmt.Sprintf("%d-%d", at, i), bench.Job{}); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		all += runs
	}
	b.ReportMetric((processor(b)-before)/float64(all), "processor-ms/run")
}
