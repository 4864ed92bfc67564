package bench

import (
	"descent/data"
	"descent/internal/spec"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// A Workload is a net of a suite: data that are part of the program or follow from a
// seed, a model, a loss, a budget, and what its scores are measured against. Doc says
// what it stresses.
type Workload struct {
	spec.Row
	Data, Model, Loss string // for the report
	// Rows are those of a case: a division, or rows that are drawn anew.
	Rows func(k int) (*data.Parts, error)
	Task func(p *data.Parts) train.Task
	// Epochs and Batch are the budget.
	Epochs, Batch int
	Reference
}

const (
	digitsSource = "https://doi.org/10.24432/C50P49"
	textSource   = "https://corpus.canterbury.ac.nz"
)

// Workloads are those of the suite small. References are means over cases, which
// TestWorkloads measures: of the constant, or of the model before training where rows
// have no targets that a constant could say; and of Adam at the best of 10 rates.
var Workloads = []Workload{
	{spec.Row{Name: "digits-mlp", Doc: "classes of pictures, a layer of 32", Source: digitsSource}, "digits", "mlp(32)", "cross_entropy",
		embedded("digits"), classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }), 20, 32, Reference{0.103, 0.970, 0.94}},
	{spec.Row{Name: "digits-softmax", Doc: "a convex loss", Source: digitsSource}, "digits", "softmax", "cross_entropy",
		embedded("digits"), classes(models.Softmax), 15, 32, Reference{0.103, 0.966, 0.93}},
	{spec.Row{Name: "digits-deep", Doc: "six narrow layers", Source: digitsSource}, "digits", "mlp(24,24,24,24,24,24, act=tanh)", "cross_entropy",
		embedded("digits"), classes(func(n int) models.Layer { return models.MLP(ops.Tanh, 24, 24, 24, 24, 24, 24, n) }), 15, 32, Reference{0.103, 0.963, 0.92}},
	{spec.Row{Name: "digits-wide", Doc: "a layer with more weights than rows", Source: digitsSource}, "digits", "mlp(256)", "cross_entropy",
		embedded("digits"), classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 256, n) }), 8, 32, Reference{0.103, 0.978, 0.95}},
	{spec.Row{Name: "digits-cnn", Doc: "shared weights", Source: digitsSource}, "digits", "conv(8, 3) | tanh | average_pool(2)", "cross_entropy",
		embedded("digits"), classes(convolutions), 5, 32, Reference{0.103, 0.968, 0.93}},
	{spec.Row{Name: "digits-mislabelled", Doc: "a third of the labels of training are wrong", Source: digitsSource}, "digits", "mlp(32)", "cross_entropy",
		mislabelled, classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }), 8, 32, Reference{0.103, 0.924, 0.87}},
	{spec.Row{Name: "digits-autoencoder", Doc: "a bottleneck of 8 numbers", Source: digitsSource}, "digits", "mlp(32, 8, 32)", "mse of the pixels",
		untargeted, autoencoder, 15, 32, Reference{0.25, 0.037, 0.055}},
	{spec.Row{Name: "digits-vae", Doc: "a random layer, and two losses against each other", Source: digitsSource}, "digits", "vae(32, 8)", "evidence lower bound",
		untargeted, variational, 15, 32, Reference{47.9, 25.9, 28}},
	{spec.Row{Name: "digits-halves", Doc: "a contrastive loss: which lower half belongs to the upper", Source: digitsSource}, "digits", "two mlp(32, 16)", "InfoNCE of 8",
		halves, contrastive, 10, 32, Reference{2.082, 0.685, 1.1}},
	{spec.Row{Name: "wine-mlp", Doc: "few rows", Source: "https://doi.org/10.24432/C5PC7J"}, "wine", "mlp(16)", "cross_entropy",
		embedded("wine"), classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 16, n) }), 40, 16, Reference{0.400, 0.971, 0.85}},
	{spec.Row{Name: "cancer-logistic", Doc: "inputs that nearly repeat each other", Source: "https://doi.org/10.24432/C5DW2B"}, "breast_cancer", "softmax", "cross_entropy",
		embedded("breast_cancer"), classes(models.Softmax), 30, 16, Reference{0.623, 0.965, 0.94}},
	{spec.Row{Name: "diabetes-mlp", Doc: "a regression that is mostly noise", Source: "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"}, "diabetes", "mlp(16, act=tanh)", "mse",
		embedded("diabetes"), numbers(func() models.Layer { return models.MLP(ops.Tanh, 16, 1) }), 20, 16, Reference{1.02, 0.529, 0.75}},
	{spec.Row{Name: "imbalanced", Doc: "four classes, of which one has 80 % of the rows and one 1 %", Source: "generated"}, "gaussians", "mlp(16)", "cross_entropy",
		imbalanced, classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 16, n) }), 10, 32, Reference{0.8, 0.971, 0.95}},
	{spec.Row{Name: "heavy-tails", Doc: "targets of training with noise that has no variance, Student's t with 2 degrees of freedom", Source: "generated"}, "teacher", "mlp(16, act=tanh)", "mse",
		heavyTailed, numbers(func() models.Layer { return models.MLP(ops.Tanh, 16, 1) }), 20, 32, Reference{1.5, 0.13, 0.4}},
	{spec.Row{Name: "ill-conditioned", Doc: "least squares with a condition number of 10,000", Source: "generated"}, "linear", "linear", "mse",
		illConditioned, numbers(models.Linear), 20, 32, Reference{1.01, 0.0103, 0.05}},
	{spec.Row{Name: "noisy-quadratic", Doc: "a tenth of the directions is a hundred times as steep, and the minimum is noisy", Source: "https://arxiv.org/abs/1903.05499"}, "noise", "100 numbers", "quadratic",
		noise, noisyQuadratic(), 20, 32, Reference{373, 96, 105}},
	{spec.Row{Name: "rosenbrock-100", Doc: "a bent valley in 100 dimensions", Source: "https://doi.org/10.1093/comjnl/3.3.175"}, "none", "100 numbers", "Rosenbrock",
		unused, valley, 10, 1, Reference{199, 0.003, 5}},
	{spec.Row{Name: "saddle", Doc: "a symmetric product that begins beside a strict saddle", Source: "https://arxiv.org/abs/1605.08101"}, "none", "20x3 numbers", "square of XX'-M",
		unused, saddle(), 5, 1, Reference{1, 0, 0.01}},
	{spec.Row{Name: "factorisation", Doc: "a matrix of rank 3 of which a third is known", Source: "generated"}, "ratings", "matrix factorisation, rank 3", "mse",
		ratings, factorisation, 20, 32, Reference{1.2, 0.14, 0.6}},
	{spec.Row{Name: "rare-words", Doc: "an embedding: most words are seen a few times", Source: "generated"}, "words", "embed(8), mean, linear", "cross_entropy",
		rareWords, bagOfWords, 10, 32, Reference{0.75, 0.934, 0.88}},
	{spec.Row{Name: "char-lstm", Doc: "a recurrent net: the next letter of a text", Source: textSource}, "alice", "embed(16) | lstm(32)", "cross_entropy",
		letters, nextLetter(recurrent), 2, 32, Reference{3.32, 1.95, 2.2}},
	{spec.Row{Name: "char-gpt", Doc: "attention: the next letter of a text", Source: textSource}, "alice", "embed(32) | gpt(layers=1, heads=2)", "cross_entropy",
		letters, nextLetter(transformer), 2, 32, Reference{3.89, 2.19, 2.4}},
	{spec.Row{Name: "poisson", Doc: "second derivatives in the loss: u'' = f by a net, scored by its distance from u", Source: "https://doi.org/10.1016/j.jcp.2018.10.045"}, "points", "mlp(16,16, act=tanh)", "mse of the residual",
		points, physics, 20, 32, Reference{0.5, 0.0004, 0.01}},
	{spec.Row{Name: "bandit", Doc: "policy gradient: what is not tried is not known", Source: "https://doi.org/10.1007/BF00992696"}, "contexts", "mlp(16)", "minus the reward",
		contexts, policy, 10, 32, Reference{0, -1, -0.85}},
}

// problem makes the net of a row.
func (w *Workload) problem() (Problem, error) {
	parts, err := w.Rows(0)
	if err != nil {
		return nil, err
	}
	return &Net{Name: w.Name, About: w.Doc, Data: w.Data, Model: w.Model, Loss: w.Loss, Parts: parts, Cases: w.Rows, Task: w.Task(parts), Epochs: w.Epochs, Batch: w.Batch, Reference: &w.Reference}, nil
}
