package bench

import (
	"context"
	"math"
	"strings"
	"testing"

	"descent/data"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/train"

	"gorgonia.org/tensor"
)

// TestEntriesAreChecked: a study or a suite whose sizes, names or rates make no
// sense is refused before it begins, by an error that names them.
func TestEntriesAreChecked(t *testing.T) {
	rows := &data.Dataset{X: make([]float64, 6), Inputs: []string{"a", "b"}, Y: []float64{1, 2, 3}}
	short := &data.Dataset{X: make([]float64, 6), Inputs: []string{"a", "b"}, Y: []float64{1}}
	sgd := Entrant{Label: "sgd", Rule: optimizers.SGD()}
	minus := -1.0
	for _, c := range []struct {
		want   string
		change func(s *Study)
	}{
		{"no rows to train on", func(s *Study) { s.Parts = nil }},
		{"no rows to train on", func(s *Study) { s.Parts.Train = nil }},
		{"hold out both", func(s *Study) { s.Parts.Val = nil }},
		{"hold out both", func(s *Study) { s.Parts.Test = nil }},
		{"1 targets for 3 rows", func(s *Study) { s.Parts.Test = short }},
		{"no optimizers", func(s *Study) { s.Entrants = nil }},
		{`called "sgd"`, func(s *Study) { s.Entrants = []Entrant{sgd, sgd} }},
		{"there is no rule", func(s *Study) { s.Entrants = []Entrant{{Label: "none"}} }},
		{"beta1", func(s *Study) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.AdamRule{Beta1: 7}}} }},
		{"x: a learning rate of -1", func(s *Study) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.SGD(), Default: -1}} }},
		{"x: a learning rate of -1", func(s *Study) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.SGD(), Rate: &minus}} }},
		{"-1 seeds", func(s *Study) { s.Seeds = -1 }},
		{"-1 seeds for tuning", func(s *Study) { s.TuneSeeds = -1 }},
		{"-1 epochs", func(s *Study) { s.Epochs = -1 }},
		{"-1 batch size", func(s *Study) { s.Batch = -1 }},
		{"-1 workers", func(s *Study) { s.Workers = -1 }},
		{"no learning rates", func(s *Study) { s.Rates = []float64{} }},
		{"a learning rate of NaN", func(s *Study) { s.Rates = []float64{math.NaN()} }},
		{"element type int", func(s *Study) { s.Dtype = tensor.Int }},
	} {
		s := Study{Task: train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 2}, Entrants: []Entrant{sgd},
			Parts: &data.Parts{Train: rows, Val: rows, Test: rows}, Seeds: 1, TuneSeeds: 1, Epochs: 1, Rates: []float64{0.1}}
		c.change(&s)
		if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("study: error %v, want %q in it", err, c.want)
		}
	}
	for _, c := range []struct {
		want   string
		change func(s *Suite)
	}{
		{"needs problems", func(s *Suite) { s.Problems = nil }},
		{"needs problems and optimizers", func(s *Suite) { s.Entrants = nil }},
		{"budget -1", func(s *Suite) { s.Budget = -1 }},
		{"starts -1", func(s *Suite) { s.Starts = -1 }},
		{"workers -1", func(s *Suite) { s.Workers = -1 }},
		{`problem "x" needs`, func(s *Suite) { s.Problems = []Problem{{Name: "x", F: quadratic(10)}} }},
		{"two problems", func(s *Suite) { s.Problems = append(Problems[:1:1], Problems[0]) }},
		{"there is no rule", func(s *Suite) { s.Entrants = []Entrant{{Label: "none"}} }},
		{`called "sgd"`, func(s *Suite) { s.Entrants = []Entrant{sgd, sgd} }},
		{"a learning rate of -1", func(s *Suite) { s.Rates = []float64{-1} }},
	} {
		s := Suite{Name: "s", Problems: Problems[:1], Entrants: []Entrant{sgd}, Budget: 5, Starts: 1, Rates: []float64{0.1}}
		c.change(&s)
		if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("suite: error %v, want %q in it", err, c.want)
		}
	}
}
