package series_test

import (
	"context"
	"fmt"
	"math"

	"descent/data"
	"descent/data/series"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// A net learns a season and a slope, which the last value does not know.
func Example() {
	const days = 300
	var day, sales []float64
	for i := range days {
		day = append(day, float64(i))
		sales = append(sales, 100+0.2*float64(i)+20*math.Sin(2*math.Pi*float64(i)/7))
	}
	table, err := data.NewTable("sales",
		data.Column{Name: "day", Kind: data.Numeric, Values: data.ArrayOf(day, 1)},
		data.Column{Name: "sales", Kind: data.Numeric, Values: data.ArrayOf(sales, 1)})
	check(err)
	s, err := series.Read(table, "day", []string{"sales"})
	check(err)
	c := &series.Schema{Time: "day", Columns: s.Columns, Window: 14, Horizon: 3}
	known, _, later, err := c.Parts(s, 0.15, 0.2)
	check(err)
	c.Fit(known)
	rows, err := c.Rows(known)
	check(err)
	spec, err := models.Parse("dense(16) | tanh")
	check(err)
	model, err := spec.Build(c.Horizon)
	check(err)
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		next := model(b.Numbers("x", c.Features()))
		loss := losses.MSE(next, b.Numbers("y", c.Horizon))
		return train.Result{Predictions: []train.Prediction{{Name: "next", Node: next}}, Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss}}}
	}}
	t, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	check(err)
	_, err = t.Fit(context.Background(), train.Run{Train: rows, Epochs: 60, Batch: 16, Schedule: schedule.Constant(0.01)})
	check(err)
	test, err := c.Rows(later)
	check(err)
	next, _, err := t.Predict(test)
	check(err)
	ours := series.Score(c.Own(next), c.Truth(later), c.Horizon)
	last := series.Score(c.Seasonal(later, 1), c.Truth(later), c.Horizon)
	fmt.Println("better than half the error of the last value:", ours.MAE < last.MAE/2)
	// Output: better than half the error of the last value: true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
