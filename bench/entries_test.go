package bench

import (
	"context"
	"strings"
	"testing"

	"descent/data"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/train"

	"gorgonia.org/tensor"
)

// TestEntriesAreChecked: a study whose sizes, names or rates make no
// sense is refused before it begins, by an error that names them.
func TestEntriesAreChecked(t *testing.T) {
	rows := &data.Dataset{X: data.ArrayOf(make([]float64, 6), 2), Inputs: []string{"a", "b"}, Y: []float64{1, 2, 3}}
	short := &data.Dataset{X: data.ArrayOf(make([]float64, 6), 2), Inputs: []string{"a", "b"}, Y: []float64{1}}
	sgd := Entrant{Label: "sgd", Rule: optimizers.SGD()}
	minus := -1.0
	for _, c := range []struct {
		want   string
		change func(s *Study, n *Net)
	}{
		{"no rows to train on", func(s *Study, n *Net) { n.Parts = nil }},
		{"no rows to train on", func(s *Study, n *Net) { n.Parts.Train = nil }},
		{"hold out both", func(s *Study, n *Net) { n.Parts.Val = nil }},
		{"hold out both", func(s *Study, n *Net) { n.Parts.Test = nil }},
		{"1 targets for 3 rows", func(s *Study, n *Net) { n.Parts.Test = short }},
		{"no problems", func(s *Study, n *Net) { s.Problems = nil }},
		{`problem "x" needs`, func(s *Study, n *Net) { s.Problems = []Problem{Function{Name: "x", F: Functions[0].F}} }},
		{"two problems", func(s *Study, n *Net) { s.Problems = append(s.Problems, Functions[0]) }},
		{"budget -1", func(s *Study, n *Net) { s.Budget = -1 }},
		{"no optimizers", func(s *Study, n *Net) { s.Entrants = nil }},
		{`called "sgd"`, func(s *Study, n *Net) { s.Entrants = []Entrant{sgd, sgd} }},
		{"there is no rule", func(s *Study, n *Net) { s.Entrants = []Entrant{{Label: "none"}} }},
		{"beta1", func(s *Study, n *Net) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.AdamRule{Beta1: 7}}} }},
		{"x: a learning rate of -1", func(s *Study, n *Net) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.SGD(), Default: -1}} }},
		{"x: a learning rate of -1", func(s *Study, n *Net) { s.Entrants = []Entrant{{Label: "x", Rule: optimizers.SGD(), Rate: &minus}} }},
		{"-1 seeds", func(s *Study, n *Net) { s.Seeds = -1 }},
		{"-1 trials", func(s *Study, n *Net) { s.Trials = -1 }},
		{"margin -1", func(s *Study, n *Net) { s.Margin = -1 }},
		{`did you mean "full"`, func(s *Study, n *Net) { s.Track = "ful" }},
		{"give the net a Reference", func(s *Study, n *Net) {}},
		{"-1 epochs", func(s *Study, n *Net) { n.Epochs = -1 }},
		{"batch size -1", func(s *Study, n *Net) { n.Batch = -1 }},
		{"-1 workers", func(s *Study, n *Net) { s.Workers = -1 }},
		{"element type int", func(s *Study, n *Net) { n.Dtype = tensor.Int }},
	} {
		n := &Net{Data: "rows", Task: train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 2},
			Parts: &data.Parts{Train: rows, Val: rows, Test: rows}, Epochs: 1}
		s := &Study{Problems: []Problem{n, Functions[0]}, Entrants: []Entrant{sgd}, Seeds: 1, Trials: 1}
		c.change(s, n)
		if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}
