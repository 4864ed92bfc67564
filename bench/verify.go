package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"descent/internal/numjson"
)

// A Mismatch is a number, or a text, that is not what it is when it is derived again.
type Mismatch struct {
	Where   string `json:"where"`
	Stated  any    `json:"stated"`
	Derived any    `json:"derived"`
}

// A Verification is what came of deriving results again.
type Verification struct {
	Runs       int        `json:"runs"` // that were done again
	Of         int        `json:"of"`
	Values     int        `json:"values"` // that were compared
	Mismatches []Mismatch `json:"mismatches"`
}

// Verify derives results again, from the study that their plan says: what the problems
// are, which runs follow from the seeds and from the choices of settings, each of so
// large a part of the runs, and all that is summed up. With digits above 0, numbers of
// runs are compared to so many; else to the last bit. Measured times are not looked at.
func (r *Results) Verify(ctx context.Context, s *Study, part float64, digits int) (*Verification, error) {
	runner, err := s.prepare(ctx)
	if err != nil {
		return nil, err
	}
	w := &work{Study: s, Runner: runner, instructions: ThisMachine().Instructions}
	if err := w.pair(); err != nil {
		return nil, err
	}
	v := &Verification{Of: len(r.Runs) + len(r.Trials) + len(r.Diagnoses), Mismatches: []Mismatch{}}
	if digits > 0 { // by another instruction set
		w.instructions = r.Setup.Instructions
	}
	if err := v.compare("", w.outline().known(), r.known(), 0); err != nil || len(v.Mismatches) > 0 {
		return v, err // other rows, or another study: nothing else would be the same
	}
	for _, p := range w.pairings {
		of := func(o *Outcome) bool { return o.Problem == p.info.Name && o.Optimizer == p.Label }
		for _, o := range r.Trials {
			if of(o) {
				p.trials = append(p.trials, o)
			}
		}
		for _, o := range r.Runs {
			if of(o) {
				p.runs = append(p.runs, o)
			}
		}
	}
	if err := v.redo(ctx, w, part, digits); err != nil {
		return nil, err
	}
	if err := v.lookAgain(ctx, w, r.Diagnoses, part, digits); err != nil {
		return nil, err
	}
	again := *r
	again.derive()
	again.Verdict = again.verdict()
	stated := *r
	if s.brief {
		again, stated = *again.stated(), *stated.stated()
	}
	for _, x := range []*Results{&again, &stated} {
		x.Problems, x.Runs, x.Trials, x.Diagnoses, x.Measured = nil, nil, nil, nil, Measured{}
	}
	err = v.compare("", again, stated, 0)
	slices.SortStableFunc(v.Mismatches, func(a, b Mismatch) int { return strings.Compare(a.Where, b.Where) })
	return v, err
}

// known is what is known of results before anything is run.
func (r *Results) known() any {
	return struct {
		Setup    Setup         `json:"setup"`
		Problems []ProblemInfo `json:"problems"`
	}{r.Setup, r.Problems}
}

// redo compares the jobs with those that follow from the study, and does some of them
// again.
func (v *Verification) redo(ctx context.Context, w *work, part float64, digits int) error {
	type pair struct {
		where  string
		job    Job
		stated *Outcome
	}
	var todo []pair
	for _, p := range w.pairings {
		tries, jobs := w.trialsOf(p), []Job{}
		if len(p.trials) == len(tries) {
			p.choose()
			jobs = w.runsOf(p)
		}
		where := p.info.Name + ", " + p.Label
		for _, c := range []struct {
			what   string
			jobs   []Job
			stated []*Outcome
		}{{"trial", tries, p.trials}, {"run", jobs, p.runs}} {
			if len(c.jobs) != len(c.stated) {
				v.Mismatches = append(v.Mismatches, Mismatch{where + ": number of " + c.what + "s", len(c.stated), len(c.jobs)})
				continue
			}
			for i, job := range c.jobs {
				todo = append(todo, pair{fmt.Sprintf("%s: %s %d", where, c.what, i), job, c.stated[i]})
			}
		}
	}
	at := func(x pair) float64 { return sampled(w.Seed, x.job) }
	todo = slices.DeleteFunc(todo, func(x pair) bool { return at(x) >= part })
	slices.SortStableFunc(todo, func(a, b pair) int { return cmp.Compare(at(a), at(b)) })
	var mu sync.Mutex
	_, err := all(ctx, w.Workers, todo, func(ctx context.Context, x pair) (struct{}, error) {
		out, err := w.Do(ctx, x.job)
		if err != nil {
			return struct{}{}, err
		}
		mu.Lock()
		defer mu.Unlock()
		v.Runs++
		if err = v.compare(x.where, w.kept(out), x.stated, digits); w.OnRedone != nil {
			w.OnRedone(v)
		}
		return struct{}{}, err
	})
	return err
}

// lookAgain compares diagnoses with those of the study's first runs, and makes some of
// them again.
func (v *Verification) lookAgain(ctx context.Context, w *work, stated []Diagnosis, part float64, digits int) error {
	var mine []*pairing
	if w.Diagnose {
		mine = w.pairings
	}
	if len(stated) != len(mine) {
		v.Mismatches = append(v.Mismatches, Mismatch{"number of diagnoses", len(stated), len(mine)})
		return nil
	}
	for i, p := range mine {
		p.diagnosis = &stated[i]
	}
	mine = slices.DeleteFunc(slices.Clone(mine), func(p *pairing) bool { return len(p.runs) == 0 || sampled(w.Seed, w.runsOf(p)[0]) >= part })
	v.Runs += len(mine)
	got, err := all(ctx, w.Workers, mine, w.inside)
	for i, p := range mine {
		if err == nil {
			err = v.compare(p.info.Name+", "+p.Label+": diagnosis", got[i], p.diagnosis, digits)
		}
	}
	return err
}

// sampled is a number from 0 to 1 that follows from a job.
func sampled(seed uint64, job Job) float64 {
	return float64(seedOf(seed, fmt.Sprint("sample", job), 0)) / (1 << 53)
}

// compare adds what differs between two values as JSON.
func (v *Verification) compare(where string, derived, stated any, digits int) error {
	a, err := tree(derived)
	if err != nil {
		return err
	}
	b, err := tree(stated)
	if err == nil {
		v.walk(where, a, b, digits)
	}
	return err
}

// tree is a value as JSON has it.
func tree(x any) (out any, err error) {
	text, err := numjson.Marshal(x)
	if err == nil {
		err = numjson.Unmarshal(text, &out)
	}
	return out, err
}

// walk adds what differs between two trees.
func (v *Verification) walk(where string, derived, stated any, digits int) {
	join := func(key any) string {
		if where == "" {
			return fmt.Sprint(key)
		}
		return fmt.Sprintf("%s.%v", where, key)
	}
	switch a := derived.(type) {
	case map[string]any:
		b, ok := stated.(map[string]any)
		for key := range a {
			if ok {
				v.walk(join(key), a[key], b[key], digits)
			}
		}
		for key := range b {
			if _, known := a[key]; !known {
				v.Values++
				v.Mismatches = append(v.Mismatches, Mismatch{join(key), b[key], nil})
			}
		}
		if ok {
			return
		}
	case []any:
		if b, ok := stated.([]any); ok && len(a) == len(b) {
			for i := range a {
				v.walk(join(i), a[i], b[i], digits)
			}
			return
		}
	case float64:
		if b, ok := stated.(float64); ok && (a == b || digits > 0 && math.Abs(a-b) <= math.Pow10(-digits)*math.Max(math.Abs(a), math.Abs(b))) {
			v.Values++
			return
		}
	default:
		if derived == stated {
			v.Values++
			return
		}
	}
	v.Values++
	v.Mismatches = append(v.Mismatches, Mismatch{where, stated, derived})
}
