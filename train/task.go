package train

import (
	"errors"
	"fmt"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/ops"
	"descent/train/score"
)

// A Task is what is to be learned, in one of two forms. The usual one has a Model
// and a Loss, for inputs "x" and targets "y" of a [data.Dataset]. The general one
// has Compute, a function of a batch: any inputs and targets, any number of
// predictions and losses. Settings of the one form are not for the other.
type Task struct {
	// Model makes n×outputs predictions of n×Features inputs, for any n.
	Model func(x *graph.Node) *graph.Node
	// Loss compares predictions with targets. Targets are n×1 numbers, or n
	// class numbers if there are Classes; but with two classes and a model of
	// one output they are n×1 numbers, 0 and 1.
	Loss func(pred, target *graph.Node) *graph.Node
	// Output, if not nil, makes what is predicted of what the loss takes:
	// probabilities of logits, counts of their logarithms.
	Output func(pred *graph.Node) *graph.Node
	// Residuals, if not nil, are those of whose squares Loss is the mean: for
	// methods of least squares, such as search.LevenbergMarquardt.
	Residuals func(pred, target *graph.Node) *graph.Node

	Features int // inputs of one row
	// OneHot gives the loss n×Classes targets, 1 for the row's class and else
	// 0, instead of class numbers.
	OneHot bool
	// Weighted multiplies the loss of each row by its number in the array
	// "weight". Loss then gives a loss for each row, or for each element: it has no
	// reduction. The mean is over rows, not over weights, so that batches, and
	// what is gathered of several, add up to the whole: weights of mean 1 keep the
	// scale of the loss.
	Weighted bool
	// ClassWeight, if not nil, multiplies the loss of each row by the number of its class,
	// in the same way and beside Weighted: classes that are rare, or dear to miss, count
	// for more. Scores do not have these weights, but a [score.Calibration] knows them.
	ClassWeight []float64
	// Mixed makes the loss of training, where rows are mixed with others, a mixture of
	// that with a row's target and that with the other row's, for [Run].Augment.
	Mixed bool

	// Compute is the general form: it makes predictions and losses of what it takes
	// from the batch. It is called for batches of several sizes, in training and in
	// evaluation.
	Compute func(b *Batch) Result
	// Truth names the array that scores compare the first prediction of Compute
	// with; "" means that there are no scores but the losses and Metrics.
	Truth string

	// Both forms have the rest.

	// Penalty, if not nil, is added to the loss in training: a regulariser
	// over the parameters.
	Penalty func(params []*graph.Node) *graph.Node
	Classes int // 0 for regression: the target is then one number
	// Threshold divides two classes if the model has one output: the second is
	// predicted above it. 0.5 is right for probabilities, 0 for other scores.
	Threshold float64
	// Gives says what the first prediction of a classification is, so that scores of
	// probabilities can be computed.
	Gives Meaning
	// Calibration, if not nil, corrects these probabilities, and decides by them.
	Calibration *score.Calibration
	// Unit, if not nil, turns a target and the first prediction of a regression into
	// the unit that scores are in, where training is in another.
	Unit func(x float64) float64
	// Metrics are computed beside those of the table that fit the task.
	Metrics []Metric
}

// A Result is what a task computes of a batch.
type Result struct {
	// Predictions have a row for each of the batch, along their first axis.
	Predictions []Prediction
	// Losses are scalars. What is minimised is their sum, each with its weight;
	// one whose weight is 0 is only reported.
	Losses []Loss
}

// A Prediction is one of the outputs of a model.
type Prediction struct {
	Name string
	Node *graph.Node
}

// A Loss is one of the numbers that training lowers.
type Loss struct {
	Name   string
	Weight float64
	Node   *graph.Node
	// Residuals, if not nil, are those of whose squares Node is the mean.
	Residuals *graph.Node
}

// A Batch is what [Task.Compute] takes rows from. Arrays are known by name; they
// may have any shape and any element type of [data.Array].
type Batch struct {
	g      *graph.Graph
	n      int
	fields []*field
}

// Rows returns the number of rows.
func (b *Batch) Rows() int { return b.n }

// Graph returns the graph in which the batch is computed.
func (b *Batch) Graph() *graph.Graph { return b.g }

// Training reports whether the batch is one of training.
func (b *Batch) Training() bool { return b.g.Training() }

// Numbers returns the array of that name as rows×shape numbers: any array, of
// floats, whole numbers or bytes.
func (b *Batch) Numbers(name string, shape ...int) *graph.Node {
	return b.take(field{name: name, shape: shape, kind: numbers})
}

// Whole returns the array of that name, which holds int or uint8, as rows×shape
// indices: classes, tokens.
func (b *Batch) Whole(name string, shape ...int) *graph.Node {
	return b.take(field{name: name, shape: shape, kind: whole})
}

// OneHot returns the array of that name, which holds one int or uint8 a row, as
// rows×classes numbers: 1 for the row's class, else 0.
func (b *Batch) OneHot(name string, classes int) *graph.Node {
	return b.take(field{name: name, shape: []int{classes}, kind: oneHot, classes: classes})
}

// take returns the input of a field, which it declares the first time.
func (b *Batch) take(f field) *graph.Node {
	for _, old := range b.fields {
		if old.name == f.name && old.kind == f.kind && slices.Equal(old.shape, f.shape) {
			return old.node
		}
	}
	f.shape = slices.Clone(f.shape)
	dims := append([]int{b.n}, f.shape...)
	if f.kind == whole {
		f.node = b.g.Indices(f.name, dims...)
	} else {
		f.node = b.g.Input(f.name, dims...)
	}
	b.fields = append(b.fields, &f)
	return f.node
}

// inputs and targets name the arrays of the usual form.
const (
	inputs  = "x"
	targets = "y"
	weights = "weight"
)

// compute makes what the task is of a batch, in either form.
func (task *Task) compute(b *Batch) Result {
	if task.Compute != nil {
		return task.Compute(b)
	}
	pred := task.Model(b.Numbers(inputs, task.Features))
	if err := rowwise(pred, b.n); err != nil {
		pred = graph.Bad(err, "model", pred)
	}
	target := task.target(b, pred)
	loss := Loss{Name: "loss", Weight: 1, Node: task.Loss(pred, target)}
	if task.Residuals != nil {
		loss.Residuals = task.Residuals(pred, target)
	}
	if factors := task.factors(b, target); len(factors) > 0 {
		loss.Node = weighted(loss.Node, b.n, factors)
	}
	if task.Mixed && b.Training() {
		other := task.targetOf(b, pred, data.MixedWith(targets))
		share := ops.Mean(b.Numbers(data.MixedShare))
		loss.Node = ops.Add(ops.Mul(share, loss.Node), ops.Mul(ops.Shift(1, ops.Neg(share)), task.Loss(pred, other)))
	}
	if task.Output != nil && !b.Training() {
		pred = task.Output(pred)
	}
	return Result{[]Prediction{{"prediction", pred}}, []Loss{loss}}
}

// factors are the weights of the rows of a batch, whose classes are in a target.
func (task *Task) factors(b *Batch, target *graph.Node) (all []*graph.Node) {
	if task.Weighted {
		all = append(all, b.Numbers(weights))
	}
	if w := task.ClassWeight; w != nil {
		switch of := b.g.Array(w, len(w)); {
		case target.Shape().Rank() == 1: // the number of each row's class
			all = append(all, ops.Take(of, target, 0))
		case target.Shape().Dim(1) == 1: // 0 or 1
			all = append(all, ops.Shift(w[0], ops.Scale(w[1]-w[0], target)))
		default: // 1 for the class of each row
			all = append(all, ops.MatMul(target, of))
		}
	}
	return all
}

// weighted returns the mean over n rows of losses that are multiplied by factors.
func weighted(loss *graph.Node, n int, factors []*graph.Node) *graph.Node {
	s := loss.Shape()
	if loss.Err() != nil {
		return loss
	}
	if s.Rank() == 0 || s.Dim(0) != n {
		return graph.Bad(fmt.Errorf("the losses of %d rows are %v; with weights the loss must have no reduction, such as losses.MSEWith(losses.None)", n, s), "weighted loss", loss)
	}
	column := append([]int{n}, slices.Repeat([]int{1}, s.Rank()-1)...)
	for _, f := range factors {
		loss = ops.Mul(loss, ops.Reshape(f, column...))
	}
	return ops.Mean(loss)
}

// target returns what the loss of the usual form compares predictions with.
func (task *Task) target(b *Batch, pred *graph.Node) *graph.Node {
	return task.targetOf(b, pred, targets)
}

// targetOf returns an array of targets.
func (task *Task) targetOf(b *Batch, pred *graph.Node, name string) *graph.Node {
	out := pred.Shape()
	one := out.Rank() == 2 && out.Dim(1) == 1
	f := field{name: name, kind: numbers, classes: task.Classes}
	switch {
	case task.Classes == 0, task.Classes == 2 && one:
		f.shape = []int{1}
	case task.OneHot:
		f.kind, f.shape = oneHot, []int{task.Classes}
	default:
		f.kind = whole
	}
	return b.take(f)
}

// Target declares the input "y" that the loss compares a batch of n
// predictions with, see [Task].Loss.
func (task *Task) Target(pred *graph.Node, n int) *graph.Node {
	return task.target(&Batch{g: pred.Graph(), n: n}, pred)
}

// truth names the array that scores compare predictions with, "" if there is none.
func (task *Task) truth() string {
	if task.Compute == nil {
		return targets
	}
	return task.Truth
}

// complete reports what a task lacks.
func (task *Task) complete() error {
	switch {
	case task.Compute != nil && (task.Model != nil || task.Loss != nil || task.Output != nil || task.Residuals != nil || task.Features != 0 || task.OneHot || task.Weighted || task.ClassWeight != nil || task.Mixed):
		return errors.New("train: the task has Compute; Model, Loss, Output, Residuals, Features, OneHot, Weighted, ClassWeight and Mixed are for a task without")
	case task.Compute == nil && task.Truth != "":
		return errors.New(`train: Truth is for a task with Compute; else it is "y"`)
	case task.Compute == nil && task.Model == nil:
		return errors.New("train: the task has no Model")
	case task.Compute == nil && task.Loss == nil:
		return errors.New("train: the task has no Loss")
	case task.Compute == nil && task.Features < 1:
		return fmt.Errorf("train: Features of the task is %d; it is the number of inputs of a row", task.Features)
	case (task.Weighted || task.ClassWeight != nil) && task.Residuals != nil:
		return errors.New("train: the task has Residuals and Weighted or ClassWeight; with Compute, residuals can have the roots of weights as factors")
	case task.Mixed && (task.Weighted || task.ClassWeight != nil || task.Residuals != nil):
		return errors.New("train: the task has Mixed and Weighted, ClassWeight or Residuals; with Compute, a loss can be anything")
	case task.Classes < 0 || task.Classes == 1:
		return fmt.Errorf("train: Classes of the task is %d; it is 0 for a regression, else at least 2", task.Classes)
	case task.ClassWeight != nil && (len(task.ClassWeight) != task.Classes || slices.ContainsFunc(task.ClassWeight, func(w float64) bool { return !(w > 0 && w <= maxWeight) })):
		return fmt.Errorf("train: ClassWeight of the task is %v; it has a number above 0 for each of %d classes", task.ClassWeight, task.Classes)
	case task.Calibration != nil && task.Gives == OtherScores:
		return errors.New("train: the task has Calibration, and Gives does not say how it has probabilities")
	case task.Calibration != nil:
		if err := task.Calibration.Check(task.Classes); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	return nil
}

// rowwise reports predictions that are not a row for each of n inputs. A vector
// is refused, too: compared with n×1 targets it would be stretched to n×n.
func rowwise(pred *graph.Node, n int) error {
	if s := pred.Shape(); pred.Err() == nil && (s.Rank() != 2 || s.Dim(0) != n) {
		return fmt.Errorf("train: the model makes %v of %d rows; it must make rows×outputs (ops.Reshape can)", s, n)
	}
	return nil
}

// check reports a result that cannot be trained or predicted.
func (r *Result) check(n int) error {
	seen, weight := map[string]bool{}, 0.0
	for _, p := range r.Predictions {
		switch {
		case p.Name == "" || p.Node == nil || seen[p.Name]:
			return fmt.Errorf("train: prediction %q: each has a name of its own and a node", p.Name)
		case p.Node.Err() == nil && (p.Node.Shape().Rank() == 0 || p.Node.Shape().Dim(0) != n):
			return fmt.Errorf("train: prediction %q of %d rows is %v; its first axis is the rows", p.Name, n, p.Node.Shape())
		}
		seen[p.Name] = true
	}
	clear(seen)
	for _, l := range r.Losses {
		switch {
		case l.Name == "" || l.Node == nil || seen[l.Name]:
			return fmt.Errorf("train: loss %q: each has a name of its own and a node", l.Name)
		case !(l.Weight >= 0 && l.Weight <= maxWeight):
			return fmt.Errorf("train: loss %q has weight %v; weights are finite and at least 0", l.Name, l.Weight)
		case l.Node.Err() == nil && l.Node.Shape().Rank() != 0:
			return fmt.Errorf("train: loss %q is %v, not one number: ops.Mean makes one", l.Name, l.Node.Shape())
		}
		seen[l.Name] = true
		weight += l.Weight
	}
	if weight == 0 {
		return errors.New("train: no loss has a weight: nothing would be learned")
	}
	return nil
}

const maxWeight = 1e30

// total is what is minimised.
func (r *Result) total() (sum *graph.Node) {
	for _, l := range r.Losses {
		x := l.Node
		switch l.Weight {
		case 0:
			continue
		case 1:
		default:
			x = ops.Scale(l.Weight, x)
		}
		if sum == nil {
			sum = x
		} else {
			sum = graph.Add(sum, x)
		}
	}
	return sum
}
