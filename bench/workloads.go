package bench

import (
	"descent/data"
	"descent/internal/spec"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// A Workload is a net of a suite: data that are part of the program, follow from a seed or
// are in files that it names, a model, a loss, a budget, and what its scores are measured against. Doc says
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
	// Files are what rows come from that are not part of the program, if they do, by their
	// SHA-256, and From makes Rows of the folder that has them.
	Files map[string]string
	From  func(folder string) func(k int) (*data.Parts, error)
}

const (
	digitsSource = "https://doi.org/10.24432/C50P49"
	textSource   = "https://corpus.canterbury.ac.nz"
)

// Workloads are those of the suite small. References are means over cases, which
// TestWorkloads measures: of the constant, or of the model before training where rows
// have no targets that a constant could say; and of Adam at the best of 10 rates.
var Workloads = []Workload{
	{Row: spec.Row{Name: "digits-mlp", Doc: "classes of pictures, a layer of 32", Source: digitsSource}, Data: "digits", Model: "mlp(32)", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }), Epochs: 20, Batch: 32, Reference: Reference{0.103, 0.970, 0.94}},
	{Row: spec.Row{Name: "digits-softmax", Doc: "a convex loss", Source: digitsSource}, Data: "digits", Model: "softmax", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: classes(models.Softmax), Epochs: 15, Batch: 32, Reference: Reference{0.103, 0.966, 0.93}},
	{Row: spec.Row{Name: "digits-deep", Doc: "six narrow layers", Source: digitsSource}, Data: "digits", Model: "mlp(24,24,24,24,24,24, act=tanh)", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: classes(func(n int) models.Layer { return models.MLP(ops.Tanh, 24, 24, 24, 24, 24, 24, n) }), Epochs: 15, Batch: 32, Reference: Reference{0.103, 0.963, 0.92}},
	{Row: spec.Row{Name: "digits-wide", Doc: "a layer with more weights than rows", Source: digitsSource}, Data: "digits", Model: "mlp(256)", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 256, n) }), Epochs: 8, Batch: 32, Reference: Reference{0.103, 0.978, 0.95}},
	{Row: spec.Row{Name: "digits-cnn", Doc: "shared weights", Source: digitsSource}, Data: "digits", Model: "conv(8, 3) | tanh | average_pool(2)", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: classes(convolutions), Epochs: 5, Batch: 32, Reference: Reference{0.103, 0.968, 0.93}},
	{Row: spec.Row{Name: "digits-mislabelled", Doc: "a third of the labels of training are wrong", Source: digitsSource}, Data: "digits", Model: "mlp(32)", Loss: "cross_entropy",
		Rows: mislabelled, Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }), Epochs: 8, Batch: 32, Reference: Reference{0.103, 0.924, 0.87}},
	{Row: spec.Row{Name: "digits-autoencoder", Doc: "a bottleneck of 8 numbers", Source: digitsSource}, Data: "digits", Model: "mlp(32, 8, 32)", Loss: "mse of the pixels",
		Rows: unlabelled(embedded("digits")), Task: autoencoder, Epochs: 15, Batch: 32, Reference: Reference{0.25, 0.037, 0.055}},
	{Row: spec.Row{Name: "digits-vae", Doc: "a random layer, and two losses against each other", Source: digitsSource}, Data: "digits", Model: "vae(32, 8)", Loss: "evidence lower bound",
		Rows: unlabelled(embedded("digits")), Task: variational, Epochs: 15, Batch: 32, Reference: Reference{47.9, 25.9, 28}},
	{Row: spec.Row{Name: "digits-halves", Doc: "a contrastive loss: which lower half belongs to the upper", Source: digitsSource}, Data: "digits", Model: "two mlp(32, 16)", Loss: "InfoNCE of 8",
		Rows: halves, Task: contrastive, Epochs: 10, Batch: 32, Reference: Reference{2.082, 0.685, 1.1}},
	{Row: spec.Row{Name: "wine-mlp", Doc: "few rows", Source: "https://doi.org/10.24432/C5PC7J"}, Data: "wine", Model: "mlp(16)", Loss: "cross_entropy",
		Rows: embedded("wine"), Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 16, n) }), Epochs: 40, Batch: 16, Reference: Reference{0.400, 0.971, 0.85}},
	{Row: spec.Row{Name: "cancer-logistic", Doc: "inputs that nearly repeat each other", Source: "https://doi.org/10.24432/C5DW2B"}, Data: "breast_cancer", Model: "softmax", Loss: "cross_entropy",
		Rows: embedded("breast_cancer"), Task: classes(models.Softmax), Epochs: 30, Batch: 16, Reference: Reference{0.623, 0.965, 0.94}},
	{Row: spec.Row{Name: "diabetes-mlp", Doc: "a regression that is mostly noise", Source: "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"}, Data: "diabetes", Model: "mlp(16, act=tanh)", Loss: "mse",
		Rows: embedded("diabetes"), Task: numbers(func() models.Layer { return models.MLP(ops.Tanh, 16, 1) }), Epochs: 20, Batch: 16, Reference: Reference{1.02, 0.529, 0.75}},
	{Row: spec.Row{Name: "imbalanced", Doc: "four classes, of which one has 80 % of the rows and one 1 %", Source: "generated"}, Data: "gaussians", Model: "mlp(16)", Loss: "cross_entropy",
		Rows: imbalanced, Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 16, n) }), Epochs: 10, Batch: 32, Reference: Reference{0.8, 0.971, 0.95}},
	{Row: spec.Row{Name: "heavy-tails", Doc: "targets of training with noise that has no variance, Student's t with 2 degrees of freedom", Source: "generated"}, Data: "teacher", Model: "mlp(16, act=tanh)", Loss: "mse",
		Rows: heavyTailed, Task: numbers(func() models.Layer { return models.MLP(ops.Tanh, 16, 1) }), Epochs: 20, Batch: 32, Reference: Reference{1.5, 0.13, 0.4}},
	{Row: spec.Row{Name: "ill-conditioned", Doc: "least squares with a condition number of 10,000", Source: "generated"}, Data: "linear", Model: "linear", Loss: "mse",
		Rows: illConditioned, Task: numbers(models.Linear), Epochs: 20, Batch: 32, Reference: Reference{1.01, 0.0103, 0.05}},
	{Row: spec.Row{Name: "noisy-quadratic", Doc: "a tenth of the directions is a hundred times as steep, and the minimum is noisy", Source: "https://arxiv.org/abs/1903.05499"}, Data: "noise", Model: "100 numbers", Loss: "quadratic",
		Rows: noise, Task: noisyQuadratic(), Epochs: 20, Batch: 32, Reference: Reference{373, 96, 105}},
	{Row: spec.Row{Name: "rosenbrock-100", Doc: "a bent valley in 100 dimensions", Source: "https://doi.org/10.1093/comjnl/3.3.175"}, Data: "none", Model: "100 numbers", Loss: "Rosenbrock",
		Rows: unused, Task: valley, Epochs: 10, Batch: 1, Reference: Reference{199, 0.003, 5}},
	{Row: spec.Row{Name: "saddle", Doc: "a symmetric product that begins beside a strict saddle", Source: "https://arxiv.org/abs/1605.08101"}, Data: "none", Model: "20x3 numbers", Loss: "square of XX'-M",
		Rows: unused, Task: saddle(), Epochs: 5, Batch: 1, Reference: Reference{1, 0, 0.01}},
	{Row: spec.Row{Name: "factorisation", Doc: "a matrix of rank 3 of which a third is known", Source: "generated"}, Data: "ratings", Model: "matrix factorisation, rank 3", Loss: "mse",
		Rows: ratings, Task: factorisation, Epochs: 20, Batch: 32, Reference: Reference{1.2, 0.14, 0.6}},
	{Row: spec.Row{Name: "rare-words", Doc: "an embedding: most words are seen a few times", Source: "generated"}, Data: "words", Model: "embed(8), mean, linear", Loss: "cross_entropy",
		Rows: rareWords, Task: bagOfWords, Epochs: 10, Batch: 32, Reference: Reference{0.75, 0.934, 0.88}},
	{Row: spec.Row{Name: "char-lstm", Doc: "a recurrent net: the next letter of a text", Source: textSource}, Data: "alice", Model: "embed(16) | lstm(32)", Loss: "cross_entropy",
		Rows: windows(16, 1600), Task: nextLetter(16, func() models.Layer { return recurrent(16, 32) }), Epochs: 2, Batch: 32, Reference: Reference{3.32, 1.95, 2.2}},
	{Row: spec.Row{Name: "char-gpt", Doc: "attention: the next letter of a text", Source: textSource}, Data: "alice", Model: "embed(32) | gpt(layers=1, heads=2)", Loss: "cross_entropy",
		Rows: windows(16, 1600), Task: nextLetter(16, func() models.Layer { return transformer(32, 1, 2) }), Epochs: 2, Batch: 32, Reference: Reference{3.89, 2.19, 2.4}},
	{Row: spec.Row{Name: "poisson", Doc: "second derivatives in the loss: u'' = f by a net, scored by its distance from u", Source: "https://doi.org/10.1016/j.jcp.2018.10.045"}, Data: "points", Model: "mlp(16,16, act=tanh)", Loss: "mse of the residual",
		Rows: points, Task: physics, Epochs: 20, Batch: 32, Reference: Reference{0.5, 0.0004, 0.01}},
	{Row: spec.Row{Name: "bandit", Doc: "policy gradient: what is not tried is not known", Source: "https://doi.org/10.1007/BF00992696"}, Data: "contexts", Model: "mlp(16)", Loss: "minus the reward",
		Rows: contexts, Task: policy, Epochs: 10, Batch: 32, Reference: Reference{0, -1, -0.85}},
}

// problem makes the net of a row, whose files a folder has.
func (w *Workload) problem(folder string) (Problem, error) {
	rows := w.Rows
	if w.From != nil {
		rows = w.From(folder)
	}
	parts, err := rows(0)
	if err != nil {
		return nil, err
	}
	return &Net{Name: w.Name, About: w.Doc, Data: w.Data, Model: w.Model, Loss: w.Loss, Parts: parts, Cases: rows, Task: w.Task(parts), Epochs: w.Epochs, Batch: w.Batch, Reference: &w.Reference}, nil
}
