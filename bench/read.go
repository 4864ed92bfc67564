package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"descent/internal/numjson"
)

// maxResults is the largest file that Read takes.
const maxResults = 256 << 20

// Read reads results that [Results.WriteJSON] has written, or a version before it, as
// a league of one track, or a league of several.
func Read(path string) (*League, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxResults))
	if err == nil {
		text, err = unzipped(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l := &League{}
	if err := numjson.Unmarshal(text, l); err == nil && len(l.Tracks) > 0 {
		if l.Format != resultsFormat {
			return nil, fmt.Errorf("%s: a league of format %d; this version reads format %d", path, l.Format, resultsFormat)
		}
		for _, r := range l.Tracks {
			if err := r.checkRuns(); err != nil { // what follows from them is not in a league
				return nil, fmt.Errorf("%s: not the results of a benchmark: %w", path, err)
			}
		}
		return l, nil
	}
	r, err := parseResults(path, text)
	if err != nil {
		return nil, err
	}
	return &League{Format: r.Format, Command: r.Command, Plan: r.Plan, Revision: r.Revision, Verdict: r.Verdict, Tracks: []*Results{r}}, nil
}

// parseResults reads the text of a file of results of one track.
func parseResults(path string, text []byte) (*Results, error) {
	var kind struct {
		Format         int
		Suite, Command string
	}
	r := &Results{}
	err := numjson.Unmarshal(text, &kind)
	switch {
	case err == nil && kind.Format == 1 && kind.Suite != "":
		return nil, fmt.Errorf("%s: results of the suite %s in format 1, which this version does not read; make them again: %s", path, kind.Suite, kind.Command)
	case err == nil && kind.Format == 1:
		r, err = parseFormat1(text)
	case err == nil && kind.Format == 2:
		r, err = parseFormat2(text)
	case err == nil && kind.Format != resultsFormat:
		return nil, fmt.Errorf("%s: results of format %d; this version reads formats 1 to %d", path, kind.Format, resultsFormat)
	case err == nil:
		err = numjson.Unmarshal(text, r)
	}
	if err == nil {
		err = r.Check()
	}
	if err == nil && kind.Format < resultsFormat {
		r.derive()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: not the results of a benchmark: %w", path, err)
	}
	return r, nil
}

// Check reports what no study has found, and what is missing.
func (r *Results) Check() error {
	err := r.checkRuns()
	if err == nil && len(r.Optimizers) == 0 {
		err = errors.New("optimizers are missing")
	}
	return err
}

func (r *Results) checkRuns() error {
	unnamed := func(p ProblemInfo) bool { return p.Name == "" || p.Score == "" }
	switch {
	case r == nil || len(r.Problems) == 0 || slices.ContainsFunc(r.Problems, unnamed):
		return errors.New("what was compared is missing")
	case len(r.Runs) == 0:
		return errors.New("runs are missing")
	}
	exact := map[string]bool{}
	for _, p := range r.Problems {
		scored := func(o *Outcome) bool { return o != nil && o.Trained != nil && p.scoring().run(o) != nil }
		if _, ok := scorings[p.Score]; !ok && !slices.ContainsFunc(r.Runs, scored) {
			return fmt.Errorf("problem %q is scored by %q", p.Name, p.Score)
		}
		exact[p.Name] = p.function()
	}
	for _, o := range append(r.Runs, r.Trials...) {
		if o == nil || o.Trained == nil && !exact[o.Problem] {
			return errors.New("a run has no scores")
		}
	}
	return nil
}

// parseFormat1 reads the form that results of one net had before they were those of
// a suite of one. Trials, which had another form, are left out.
func parseFormat1(text []byte) (*Results, error) {
	var old struct {
		Results
		Setup struct {
			ProblemInfo
			Seed      uint64
			Seeds     int
			TuneSeeds int `json:"tune_seeds"`
			Steps     int
		} `json:"setup"`
		Checkpoints []int
		Target      float64 `json:"target_val_loss"`
		Baselines   *Baselines
		Runs        []struct {
			Outcome
			Steps int `json:"steps_to_target"`
		} `json:"runs"`
		Trials any `json:"trials"`
		Pairs  any `json:"pairs"`
	}
	if err := numjson.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	r, p := &old.Results, old.Setup.ProblemInfo
	p.Name, p.Budget, p.Checkpoints, p.Target, p.Baselines = p.Data, old.Setup.Steps, old.Checkpoints, &old.Target, old.Baselines
	r.Problems, r.Runs, r.Trials = []ProblemInfo{p}, nil, nil
	r.Setup = Setup{Name: p.Name, Seed: old.Setup.Seed, Seeds: old.Setup.Seeds}
	for _, run := range old.Runs {
		run.Problem, run.Phase, run.Budget, run.Hits = p.Name, Score, p.Budget, []int{run.Steps}
		r.Runs = append(r.Runs, &run.Outcome)
	}
	return r, nil
}

// parseFormat2 reads results of the protocol before this one: grids of rates, one
// division of the rows. The runs that count are those at the rate that was chosen.
func parseFormat2(text []byte) (*Results, error) {
	var old struct {
		Results
		Runs []struct {
			Outcome
			Start int `json:"start"`
		} `json:"runs"`
		Overall, Pairs, Trials any
	}
	if err := numjson.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	r := &old.Results
	chosen := map[[2]string]float64{}
	for _, o := range r.Optimizers {
		chosen[[2]string{o.Problem, o.Optimizer}] = o.LR
	}
	for _, run := range old.Runs {
		if run.LR == chosen[[2]string{run.Problem, run.Optimizer}] {
			run.Case = run.Start
			r.Runs = append(r.Runs, &run.Outcome)
		}
	}
	return r, nil
}
