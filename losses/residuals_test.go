package losses_test

import (
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/ops"
)

// TestResiduals: where a loss has residuals it is the mean of their squares, and with
// another reduction it has none.
func TestResiduals(t *testing.T) {
	var with []string
	for i := range losses.Table {
		row := &losses.Table[i]
		s, err := losses.ByName(row.Name)
		if err != nil || s.Residuals() == nil {
			continue
		}
		with = append(with, row.Name)
		g := graph.New(graph.Float64, 1)
		x, y := g.Array([]float64{0.3, -2, 1.5, 0.1}, 2, 2), g.Array([]float64{1, -1, -1, 1}, 2, 2)
		loss, mean := s.Loss(x, y), ops.Mean(ops.Square(s.Residuals()(x, y)))
		p, err := graph.Compile(loss, mean)
		if err == nil {
			err = p.Run()
		}
		if a, b := p.Scalar(loss), p.Scalar(mean); err != nil || math.Abs(a-b) > 1e-15 || a == 0 {
			t.Errorf("%s is %v, the mean square of its residuals %v; %v", row.Name, a, b, err)
		}
		if sum, err := losses.ByName(row.Name + "(reduction=sum)"); err != nil || sum.Residuals() != nil {
			t.Errorf("%s has residuals; %v", sum, err)
		}
	}
	if want := []string{"mse", "squared_hinge"}; !slices.Equal(with, want) {
		t.Errorf("%v have residuals, want %v", with, want)
	}
	if s, err := losses.ByName("mean((pred - target)^2)"); err != nil || s.Residuals() != nil {
		t.Errorf("a formula has residuals; %v", err)
	}
}
