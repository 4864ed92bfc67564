package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"descent/graph"
	"descent/internal/stats"
	"descent/optimizers/search"
)

// Bootstrap makes intervals of the percentiles of the estimates from rows that are
// drawn anew: either each row's model value and a residual drawn from all, which are
// centred and scaled by √(n/dof) first, or rows of the table, each of its group. Its standard errors are
// the standard deviations.
type Bootstrap struct {
	Replicates int    `help:"how often" range:"[10,1000000]"`
	Resample   string `help:"what is drawn with replacement" range:"residuals|rows"`
	Seed       uint64
}

// Resampled tells of a bootstrap.
type Resampled struct {
	Replicates int    `json:"replicates"`
	Failed     int    `json:"failed"` // did not converge, and do not count
	Resample   string `json:"resample"`
}

func (b Bootstrap) of(ctx context.Context, f *Fit, how How) error {
	if !f.Converged || f.DOF < 1 {
		f.Notes = append(f.Notes, "no bootstrap: it needs a minimum to start from, and degrees of freedom")
		return nil
	}
	workers := how.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	samples := make([][]float64, b.Replicates)
	var group sync.WaitGroup
	var lock sync.Mutex
	var failure error
	next, done := 0, 0
	take := func(err error) (int, bool) { // the number of the next replicate
		lock.Lock()
		defer lock.Unlock()
		failure = errors.Join(failure, err)
		next++
		return next - 1, next <= b.Replicates && failure == nil && ctx.Err() == nil
	}
	for range min(workers, b.Replicates) {
		group.Go(func() {
			r, err := f.replica(how)
			for k, ok := take(err); ok; k, ok = take(err) {
				if samples[k], err = r.fit(ctx, b, k); err != nil {
					continue
				}
				lock.Lock()
				if done++; how.Progress != nil {
					how.Progress(done, b.Replicates)
				}
				lock.Unlock()
			}
		})
	}
	group.Wait()
	if failure != nil || ctx.Err() != nil {
		return errors.Join(failure, ctx.Err())
	}
	f.resampled(b, slices.DeleteFunc(samples, func(x []float64) bool { return x == nil }))
	return nil
}

// resampled makes standard errors and intervals of the samples.
func (f *Fit) resampled(b Bootstrap, samples [][]float64) {
	f.Bootstrap = &Resampled{b.Replicates, b.Replicates - len(samples), b.Resample}
	if f.Bootstrap.Failed > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d of %d replicates of the bootstrap did not converge and do not count", f.Bootstrap.Failed, b.Replicates))
	}
	if f.samples = samples; len(samples) < 2 {
		return
	}
	for j, name := range f.Names() {
		if f.determined != nil && !f.determined(j) {
			continue
		}
		values, sum := make([]float64, len(samples)), 0.0
		for k, x := range samples {
			values[k] = x[j]
		}
		mean := stats.Mean(values)
		for _, v := range values {
			sum += float64((v - mean) * (v - mean))
		}
		slices.Sort(values)
		f.Parameters[name] = Estimate{f.at[j], math.Sqrt(sum / float64(len(values)-1)),
			stats.Quantile(values, (1-f.Level)/2), stats.Quantile(values, (1+f.Level)/2)}
	}
}

// A replica is a model of its own whose rows can be changed.
type replica struct {
	f        *Fit
	how      How
	s        *system
	end      ending
	fed      [][]float64 // what the graph is fed with: columns, root, response
	original [][]float64
	noise    []float64 // residuals to draw from, unweighted rows alike
	fitted   []float64
	mates    [][]int   // rows of the same group as each
	root     []float64 // nil if all rows count alike
}

// replica builds the model once more, with a response that is fed.
func (f *Fit) replica(how How) (*replica, error) {
	s, err := f.model.system(f.at, !how.marquardt())
	if err != nil {
		return nil, err
	}
	y, err := s.observed()
	if err != nil {
		return nil, err
	}
	g := s.model.Graph()
	s.response = g.Input(g.Unique("response drawn"), s.rows)
	s.feed(s.response, y)
	r := &replica{f: f, how: how, s: s, fed: s.fed, root: slices.Clone(f.model.kept.root)}
	for _, values := range s.fed {
		r.original = append(r.original, slices.Clone(values))
	}
	plain, err := f.model.system(f.at, false)
	if err != nil {
		return nil, err
	}
	if r.fitted, _, err = plain.linearise(f.at); err != nil {
		return nil, err
	}
	r.mates = mates(s)
	r.noise = f.noise(y, r.fitted, r.root)
	r.end.problem, r.end.residuals, err = how.problems(f.model, s)
	r.end.free, r.end.once = s.free, true
	return r, err
}

// mates are the rows of the group of each row.
func mates(s *system) [][]int {
	own := map[int][]int{}
	group := func(i int) int {
		if s.groups == nil {
			return 0
		}
		return s.groups[i]
	}
	for i := range s.rows {
		own[group(i)] = append(own[group(i)], i)
	}
	out := make([][]int, s.rows)
	for i := range out {
		out[i] = own[group(i)]
	}
	return out
}

// noise are the weighted residuals, centred and as large as errors are.
func (f *Fit) noise(y, fitted, root []float64) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		if out[i] = y[i] - fitted[i]; root != nil {
			out[i] *= root[i]
		}
	}
	mean, scale := stats.Mean(out), math.Sqrt(float64(f.Rows)/float64(max(f.DOF, 1)))
	for i := range out {
		out[i] = (out[i] - mean) * scale
	}
	return out
}

// fit draws rows for replicate k and returns the estimates, nil if the search does
// not converge.
func (r *replica) fit(ctx context.Context, b Bootstrap, k int) ([]float64, error) {
	rng := rand.New(rand.NewPCG(b.Seed, uint64(k)))
	n := r.s.rows
	response := len(r.fed) - 1
	for i := range n {
		if b.Resample == TableRows {
			j := r.mates[i][rng.IntN(len(r.mates[i]))]
			for c := range r.fed {
				r.fed[c][i] = r.original[c][j]
			}
			continue
		}
		e := r.noise[rng.IntN(n)]
		if r.root != nil {
			e /= r.root[i]
		}
		r.fed[response][i] = r.fitted[i] + e
	}
	end := r.end
	end.problem.Start = slices.Clone(r.f.at)
	for i, bound := range r.s.free {
		end.problem.Start[i] = bound.Free(r.f.at[i])
	}
	if v := end.problem.Func(end.problem.Start); notFinite(v) {
		return nil, nil
	}
	found, err := r.how.search(ctx, &end)
	if reason := found.result.Reason; err != nil || reason == search.MaxIterations || !reason.Converged() && r.how.marquardt() || notFinite(found.result.F) {
		return nil, err
	}
	x := slices.Clone(found.result.X)
	for i, bound := range r.s.free {
		x[i] = bound.Value(x[i])
	}
	return x, nil
}

// feed gives an input its numbers, which a replica may change.
func (s *system) feed(n *graph.Node, values []float64) {
	s.feeds, s.fed = append(s.feeds, graph.Let(n, values)), append(s.fed, values)
}
