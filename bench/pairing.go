package bench

import (
	"cmp"
	"fmt"
	"slices"

	"descent/bench/tuning"
	"descent/optimizers"
)

// A pairing is an optimizer on a problem, and the setting that was chosen for it.
type pairing struct {
	*Entrant
	info   *ProblemInfo
	space  *tuning.Space
	trials []*Outcome // the first with the default; none if there is nothing to tune
	runs   []*Outcome

	chosen tuning.Setting
	rule   string // as text, for the journal
	other  bool   // another part of the study does it

	diagnosis *Diagnosis // nil if nobody asked for it
}

// pair plans all pairings, problem by problem.
func (w *work) pair() error {
	for i := range w.infos {
		for k := range w.Entrants {
			p := &pairing{Entrant: &w.Entrants[k], info: &w.infos[i]}
			var err error
			if p.space, err = p.Entrant.space(w.track); err != nil {
				return err
			}
			if p.info.Rates != nil {
				p.space.Rates(*p.info.Rates)
			}
			p.chosen = p.space.Default
			if p.rule = fmt.Sprintf("%#v", p.Method); p.Rule != nil {
				p.rule = optimizers.Format(p.Rule)
			}
			w.pairings = append(w.pairings, p)
			if p.other = w.parts > 0 && (len(w.pairings)-1)%w.parts != w.number; p.other {
				continue
			}
			if w.tally.Total += w.Seeds; w.Diagnose {
				w.tally.Total++
			}
			if len(p.space.Ranges) > 0 {
				w.tally.Total += 1 + w.Trials
			}
		}
	}
	return nil
}

// with gives the job of a pairing a setting.
func (p *pairing) with(job Job, s tuning.Setting) Job {
	if job.LR = s.LR; s.Optimizer != p.space.Default.Optimizer {
		job.Settings = s.Optimizer
	}
	return job
}

// trialsOf are the trials of a pairing. Trial 0 has the default; trial i of every
// optimizer has the same seed.
func (w *work) trialsOf(p *pairing) (jobs []Job) {
	if len(p.space.Ranges) == 0 {
		return nil
	}
	draws := seedOf(w.Seed, "draws", 0)
	for i := range w.Trials + 1 {
		setting := p.space.Default
		if i > 0 {
			setting = p.space.Draw(draws, i)
		}
		job := p.with(w.job(p.info.Name, p.Entrant, Tune), setting)
		job.Seed = seedOf(w.Seed, string(Tune), i)
		jobs = append(jobs, job)
	}
	return jobs
}

// runsOf are the runs of a pairing that count: with the chosen setting, fresh seeds and
// fresh cases.
func (w *work) runsOf(p *pairing) (jobs []Job) {
	for rep := range w.Seeds {
		job := p.with(w.job(p.info.Name, p.Entrant, Score), p.chosen)
		job.Seed = seedOf(w.Seed, string(Score), rep)
		if p.info.Cases {
			job.Case = rep + 1
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// choose takes the setting with the best validation score.
func (p *pairing) choose() {
	if len(p.trials) > 0 {
		best := p.trials[p.info.order(p.trials)[0]]
		p.chosen = tuning.Setting{Optimizer: cmp.Or(best.Settings, p.space.Default.Optimizer), LR: best.LR}
	}
}

// order returns the trials by number, from the best validation score to the worst. Of
// equals the lower validation loss comes first, and then the earlier trial.
func (p *ProblemInfo) order(trials []*Outcome) []int {
	out := make([]int, len(trials))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.criterion(trials[b]), p.criterion(trials[a])), cmp.Compare(trials[a].end(), trials[b].end()))
	})
	return out
}
