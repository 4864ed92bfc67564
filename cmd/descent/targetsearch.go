package main

import (
	"fmt"
	"math"

	"descent/data"
	"descent/train"

	"github.com/spf13/cobra"
)

// allRight is the score of labels that is of whole rows.
var allRight = train.Metric{Name: "all_labels_right", Doc: "share of rows of which all labels are right", Larger: true}

// ranking is the score of a name, the usual one of "", whose mean over targets ranks settings.
func (s *targetsSetup) ranking(name string) (train.Metric, error) {
	var classes []string
	if s.Labels {
		classes = labelWords
	}
	if name == "" {
		name, _ = s.usual()
	}
	if s.Labels && name == allRight.Name {
		return allRight, nil
	}
	m, err := train.ParseMetric(name, classes)
	switch {
	case err != nil:
		return m, usage(fmt.Errorf("--score: %w", err))
	case m.Of == train.OfNumbers == s.Labels:
		return m, usage(fmt.Errorf("--score %s: these targets have no such score", name))
	case m.Unit:
		return m, usage(fmt.Errorf("--score %s is in the unit of each target, so that a mean over them says nothing; r2 has none", name))
	}
	return m, nil
}

// of is a score of all targets: the mean of those that have it, or that of whole rows.
func (s *targetScores) of(name string) float64 {
	if name == allRight.Name {
		return s.All
	}
	sum, n := 0.0, 0
	for _, target := range s.names {
		if v := s.Targets[target][name]; !math.IsNaN(v) { // a label that no row has is not ranked
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(n)
}

// targetsOutcome scores a trainer on rows that it has not seen.
func (own *folder) targetsOutcome(t *train.Trainer, d *data.Dataset, by string) (out outcome, err error) {
	said, _, err := t.Predict(d)
	if err != nil {
		return out, err
	}
	s := own.Targets
	all := s.scores(s.rows(own.truth, s.own(said), d.Weight))
	out = outcome{Score: all.of(by), Loss: 1 - all.Mean}
	if s.Labels {
		out.Loss = all.of("log_loss")
	}
	return out, nil
}

// explore searches, if that was asked for.
func (t *targetsRun) explore(cmd *cobra.Command) error {
	return t.trainOptions.explore(cmd, t.parts)
}

// tellSearch tells what a search has found, and what those within folds are worth.
func (t *targetsRun) tellSearch() {
	x := &t.exploring
	var honest *foldScore
	if x.runs != nil {
		f := t.folding
		t.folding.k = x.found.outer.Len() / x.found.repeats
		scores := t.foldScores(t.correctedFolds(x.found.outer, x.runs))
		t.r.Folds = t.foldsReport(x.found.outer, x.trained, x.runs, scores)
		t.r.Folds.Trials = len(x.found.trials)
		own := t.r.Folds.over(scores, x.found.by.Name, func(s *targetScores) float64 { return s.of(x.found.by.Name) })
		t.folding, honest = f, &own
	}
	t.r.Search = x.report(honest)
}
