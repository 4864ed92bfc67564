package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Extended does a study of which a part is done: runs that are the same are taken from r,
// and so are what was measured and checked, which a browser cannot do again. What r has of
// runs is believed; see [Results.Verify].
func (r *Results) Extended(ctx context.Context, s *Study) (*Results, error) {
	if here := ThisMachine().Instructions; here != r.Setup.Instructions {
		return nil, fmt.Errorf("bench: the runs were done by %s instructions, and here are %s: they would not be those of one study", r.Setup.Instructions, here)
	}
	more := *s
	more.known = map[Job]*Outcome{}
	for _, o := range slices.Concat(r.Runs, r.Trials) {
		if o.Error == "" {
			more.known[o.Job] = o
		}
	}
	return more.run(ctx, r)
}

// done returns the outcome of a job of a pairing that is known, nil if it is not.
func (s *Study) done(p *pairing, job Job) *Outcome {
	job.Budget = cmp.Or(job.Budget, p.info.Budget)
	return s.known[job]
}
