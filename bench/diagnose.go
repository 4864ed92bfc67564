package bench

import (
	"cmp"
	"context"
	"slices"

	"descent/internal/elementary"
)

// A Diagnosis is what the first scored run of an optimizer on a problem was like from
// inside, seen when it was done again.
type Diagnosis struct {
	Problem   string `json:"problem"`
	Optimizer string `json:"optimizer"`
	// Same says that it gave the same bits again; a program that is an optimizer may not.
	Same       bool `json:"same"`
	Parameters int  `json:"parameters"`
	// Batches is the number of batches of training rows that gradients are taken of, Size
	// the rows of each, and Curved how many of them, from the first, the loss is the mean
	// of whose Hessian is looked at. All optimizers on a problem have the same.
	Batches int    `json:"batches"`
	Size    int    `json:"batch_rows"`
	Curved  int    `json:"curved_batches"`
	Looks   []Look `json:"looks"`
}

// A Look is what there was to see after a gradient evaluation and the step after it.
type Look struct {
	Step int     `json:"step"` // gradient evaluations
	LR   float64 `json:"lr"`   // of the step; 0 of a method
	// Gradient is the norm of the mean gradient. NoiseScale says how much those of
	// batches differ, in rows; nil if it cannot be told. See [diagnosis.Noise].
	Gradient   float64  `json:"gradient"`
	NoiseScale *float64 `json:"noise_scale"`
	// Update is the length of the step, or of a method's last move, over that of all
	// parameters before; nil if they were 0.
	Update *float64 `json:"update"`
	// Largest and Lowest are the ends of the spectrum of the Hessian, known within Error.
	// See [diagnosis.Eigenvalues].
	Largest float64 `json:"largest"`
	Lowest  float64 `json:"lowest"`
	Error   float64 `json:"error"`
	// Bound is the eigenvalue above which such steps, with the gradient of all rows, move
	// away from the minimum of a quadratic function; nil where nobody knows.
	Bound *float64 `json:"bound"`
}

// mostLooks is how often a run is looked at.
const mostLooks = 12

// looks returns the steps after which a run of so many is looked at: the first, the last,
// and some between, evenly spread on a logarithm.
func looks(steps int) (out []int) {
	for i := range mostLooks {
		share := float64(i) / (mostLooks - 1)
		out = append(out, int(elementary.Exp(share*elementary.Log(float64(steps)))+0.5))
	}
	return slices.Compact(out)
}

// diagnose looks at the first scored run of each pairing.
func (w *work) diagnose(ctx context.Context) error {
	w.tally.Phase = "looking inside"
	mine := slices.DeleteFunc(slices.Clone(w.pairings), func(p *pairing) bool { return p.other })
	got, err := all(ctx, w.Workers, mine, func(ctx context.Context, p *pairing) (*Diagnosis, error) {
		d, err := remembered(w, p, "diagnosis", w.runsOf(p)[0], func(string) (*Diagnosis, error) { return w.inside(ctx, p) })
		if err == nil {
			w.count(p, p.runs[0])
		}
		return d, err
	})
	for i, p := range mine {
		p.diagnosis = got[i]
	}
	return err
}

// inside does the first scored run of a pairing again and looks at it.
func (w *work) inside(ctx context.Context, p *pairing) (*Diagnosis, error) {
	if p.runs[0].Error != "" { // nobody could do it
		return &Diagnosis{Problem: p.info.Name, Optimizer: p.Label, Same: true}, nil
	}
	job := w.runsOf(p)[0]
	d, out, err := w.look(ctx, p.info, job, looks(cmp.Or(job.Budget, p.info.Budget)))
	if err == nil {
		d.Same = p.runs[0].equal(w.kept(out))
	}
	return d, err
}

// look does a job by a trainer of its own, and looks at it after some steps.
func (r *Runner) look(ctx context.Context, info *ProblemInfo, job Job, at []int) (*Diagnosis, *Outcome, error) {
	i := slices.IndexFunc(r.infos, func(p ProblemInfo) bool { return p.Name == info.Name })
	w := &watched{Problem: r.problems[i], info: info, at: at, out: &Diagnosis{Problem: info.Name, Optimizer: job.Optimizer}}
	own, err := NewRunner([]Problem{w}, r.entrants...)
	if err != nil {
		return nil, nil, err
	}
	out, err := own.Do(ctx, job)
	return w.out, out, err
}
