package bench

import (
	"math"

	"descent/data"
	"descent/internal/rng"
	"descent/internal/spec"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// A Workload is a net of a suite: data that are part of the program, a model, a loss,
// a budget, and what its scores are measured against. Doc says what it stresses.
type Workload struct {
	spec.Row
	Data  string // an embedded set; its classes and targets decide the loss
	Model string
	Net   func(outputs int) models.Layer
	// Epochs and Batch are the budget.
	Epochs, Batch int
	Reference
}

// Workloads are those of the suite small. References are means over 20 divisions of the
// rows: of the constant, and of Adam at the best of 30 rates.
var Workloads = []Workload{
	{spec.Row{Name: "digits-mlp", Doc: "classes of pictures, a layer of 32", Source: "https://doi.org/10.24432/C50P49"}, "digits", "mlp(32)",
		func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }, 20, 32, Reference{0.103, 0.970, 0.94}},
	{spec.Row{Name: "digits-softmax", Doc: "a convex loss", Source: "https://doi.org/10.24432/C50P49"}, "digits", "softmax", models.Softmax, 15, 32, Reference{0.103, 0.966, 0.93}},
	{spec.Row{Name: "digits-deep", Doc: "six narrow layers", Source: "https://doi.org/10.24432/C50P49"}, "digits", "mlp(24,24,24,24,24,24, act=tanh)",
		func(n int) models.Layer { return models.MLP(ops.Tanh, 24, 24, 24, 24, 24, 24, n) }, 15, 32, Reference{0.103, 0.963, 0.92}},
	{spec.Row{Name: "wine-mlp", Doc: "few rows", Source: "https://doi.org/10.24432/C5PC7J"}, "wine", "mlp(16)",
		func(n int) models.Layer { return models.MLP(ops.ReLU, 16, n) }, 40, 16, Reference{0.400, 0.971, 0.85}},
	{spec.Row{Name: "cancer-softmax", Doc: "inputs that nearly repeat each other", Source: "https://doi.org/10.24432/C5DW2B"}, "breast_cancer", "softmax", models.Softmax, 30, 16, Reference{0.623, 0.965, 0.94}},
	{spec.Row{Name: "diabetes-mlp", Doc: "a regression that is mostly noise", Source: "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"}, "diabetes", "mlp(16, act=tanh)",
		func(n int) models.Layer { return models.MLP(ops.Tanh, 16, n) }, 20, 16, Reference{1.02, 0.529, 0.75}},
}

// problem makes the net of a row.
func (w *Workload) problem() (Problem, error) {
	src, err := data.Open(w.Data, data.CSVOptions{})
	if err != nil {
		return nil, err
	}
	divide := func(k int) (*data.Parts, error) {
		scaling := data.Standard
		if len(src.Shape) > 1 {
			scaling = data.MinMax
		}
		parts, err := src.Prepare("", data.Options{Scaling: scaling, Fractions: data.Fractions{Val: 0.15, Test: 0.2}, Seed: rng.Mix(uint64(k))})
		if err == nil {
			standardise(parts)
		}
		return parts, err
	}
	parts, err := divide(0)
	if err != nil {
		return nil, err
	}
	n := &Net{Name: w.Name, About: w.Doc, Data: w.Data, Model: w.Model, Loss: "cross_entropy", Parts: parts, Cases: divide, Epochs: w.Epochs, Batch: w.Batch, Reference: &w.Reference,
		Task: train.Task{Loss: losses.CrossEntropy, Features: parts.Train.Features(), Classes: len(parts.Train.Classes), Gives: train.Logits}}
	outputs := n.Task.Classes
	if outputs == 0 {
		outputs, n.Loss, n.Task.Loss, n.Task.Residuals, n.Task.Gives = 1, "mse", losses.MSE, ops.Sub, train.OtherScores
	}
	n.Task.Model = w.Net(outputs)
	return n, nil
}

// standardise gives the targets of a regression mean 0 and variance 1 on the training
// rows.
func standardise(p *data.Parts) {
	if p.Train.Y == nil {
		return
	}
	mean, square := stats.Mean(p.Train.Y), 0.0
	for _, y := range p.Train.Y {
		square += float64((y - mean) * (y - mean))
	}
	deviation := math.Sqrt(square / float64(len(p.Train.Y)))
	for _, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		for i := range d.Y {
			d.Y[i] = (d.Y[i] - mean) / deviation
		}
	}
}
