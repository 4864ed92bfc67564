package baseline

import (
	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/losses"
	"descent/ops"
	"descent/train"
)

// OfInputs returns the loss of saying the mean of the training rows for each of
// others, which an autoencoder must beat. With logits the loss takes what is said as
// such, and inputs are from 0 to 1.
func OfInputs(training, scored *data.Dataset, loss losses.Loss, logits bool) (float64, error) {
	mean := make([]float64, training.Features())
	row := make([]float64, len(mean))
	x, _ := training.Array("x")
	for i := range training.Rows() {
		data.GatherArray(row, x, []int{i})
		for k, v := range row {
			mean[k] += v / float64(training.Rows())
		}
	}
	if logits {
		for k, p := range mean {
			p = min(max(p, 1e-6), 1-1e-6) // what never was 0 may be so once
			mean[k] = elementary.Log(p / (1 - p))
		}
	}
	t, err := train.New(train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Numbers("x", len(mean))
		said := ops.Add(ops.Scale(0, x), x.Graph().Array(mean, 1, len(mean)))
		return train.Result{Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss(said, x)}}}
	}}, nil, graph.Float64, 1)
	if err != nil {
		return 0, err
	}
	s, err := t.Evaluate(scored)
	if err != nil {
		return 0, err
	}
	return s.Loss, nil
}
