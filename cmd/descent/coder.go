package main

import (
	"fmt"
	"io"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/internal/baseline"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// The outputs of an autoencoder, as --output has them.
const (
	reconstruction = "reconstruction"
	code           = "code"
)

// codeOutputs are what an autoencoder predicts, in the order of its task.
var codeOutputs = []string{reconstruction, code}

// codeLoss is the loss of an autoencoder if none is given: inputs from 0 to 1 are taken
// for probabilities.
func codeLoss(d *data.Dataset) *losses.Spec {
	if betweenZeroAndOne(d) {
		return must(losses.ByName("bce_logits"))
	}
	return must(losses.ByName("mse"))
}

func betweenZeroAndOne(d *data.Dataset) bool {
	var row []float64
	for i := range d.Rows() {
		row = d.X.Row(row, i)
		if slices.ContainsFunc(row, func(x float64) bool { return x < 0 || x > 1 }) {
			return false
		}
	}
	return true
}

// logits tells whether the loss takes inputs for probabilities.
func (s *setup) logits() bool { return s.Loss.Pred == losses.Logits }

// checkCodeLoss refuses a loss that cannot compare inputs with what is made of their
// codes.
func (s *setup) checkCodeLoss() error {
	row := s.Loss.Row
	switch {
	case !(row.Task == losses.Binary && row.Pred == losses.Logits) && !(row.Task == losses.Regression && row.Pred == losses.Real && row.Target == losses.Real):
		return fmt.Errorf("loss %s cannot compare the inputs with what %s makes of their codes; bce_logits can if they are from 0 to 1, else mse, mae, huber", row.Name, s.Model)
	case !losses.IsFormula(s.Loss.String()) && !s.Loss.Args.Is("reduction", "mean"):
		return fmt.Errorf("loss %s: the loss of an autoencoder is the sum over the inputs of a row, and the mean over rows; leave the reduction out", s.Loss)
	}
	return nil
}

// codes is what an autoencoder computes of rows.
type codes struct {
	again, code *graph.Node
	losses      []train.Loss
}

// codesOf builds an autoencoder over rows x. A row's loss is the sum over its inputs, in
// nats if they are probabilities, so that the divergence can be added.
func (s *setup) codesOf(c *models.Coder, x *graph.Node) codes {
	in := s.Standardized(x)
	mean, logVariance := c.Encode(in)
	drawn := mean
	if logVariance != nil {
		drawn = c.Draw(mean, logVariance)
	}
	target := in
	if s.logits() {
		target = x
	}
	out := codes{code: mean, losses: []train.Loss{{Name: reconstruction, Weight: 1, Node: ops.Scale(float64(s.Features), s.Loss.Loss(c.Decode(drawn), target))}}}
	if logVariance != nil {
		out.losses = append(out.losses, train.Loss{Name: "divergence", Weight: s.Model.Beta(), Node: models.Divergence(mean, logVariance)})
	}
	out.again = s.ownUnit(c.Decode(mean))
	return out
}

// ownUnit turns what a coder makes of a code into inputs.
func (s *setup) ownUnit(out *graph.Node) *graph.Node {
	switch {
	case s.logits():
		return ops.Sigmoid(out)
	case s.Mean == nil || out.Err() != nil:
		return out
	}
	n, c := out.Shape().Dim(0), len(s.Mean)
	per := ops.Mul(ops.Reshape(out, n, c, s.Features/c), out.Graph().Array(s.Deviation, c, 1))
	return ops.Reshape(ops.Add(per, out.Graph().Array(s.Mean, c, 1)), n, s.Features)
}

// coder builds the autoencoder.
func (s *setup) coder() (*models.Coder, *models.Summary, error) {
	if err := s.checkCodeLoss(); err != nil {
		return nil, nil, err
	}
	c, sum, err := s.Model.Coder(s.RowShape())
	if err != nil {
		return nil, nil, err
	}
	return c, sum, s.AllowWeights(sum)
}

// coderTask is the task of an autoencoder: its inputs are its target.
func (s *setup) coderTask() (train.Task, error) {
	c, _, err := s.coder()
	if err != nil {
		return train.Task{}, err
	}
	return train.Task{Compute: func(b *train.Batch) train.Result {
		out := s.codesOf(c, b.Numbers("x", s.Features))
		return train.Result{Losses: out.losses, Predictions: []train.Prediction{{Name: reconstruction, Node: out.again}, {Name: code, Node: out.code}}}
	}}, nil
}

// chooseCoder fills in what an autoencoder needs.
func (o *trainOptions) chooseCoder(parts *data.Parts) error {
	if o.Loss == nil {
		o.Loss = codeLoss(parts.Train)
	}
	if err := o.checkCodeLoss(); err != nil {
		return err
	}
	if o.logits() && !betweenZeroAndOne(parts.Train) {
		return fmt.Errorf("loss %s is for inputs from 0 to 1, as those of pictures are; --loss mse is for others, and --scaling minmax makes them so", o.Loss)
	}
	return nil
}

// scoreCoder scores an autoencoder, and the mean of the training rows in its place.
func (r *report) scoreCoder(o *trainOptions, t *train.Trainer, d *data.Dataset) error {
	s, err := t.Evaluate(d)
	if err != nil {
		return err
	}
	r.Scores = s.Values()
	r.Baseline, err = baseline.OfInputs(r.parts.Train, d, func(pred, x *graph.Node) *graph.Node {
		if !o.logits() {
			pred, x = o.Standardized(pred), o.Standardized(x)
		}
		return ops.Scale(float64(o.Features), o.Loss.Loss(pred, x))
	}, o.logits())
	r.Epochs, r.Best, r.Stopped = r.history.Epochs, r.history.Best, r.history.Reason
	r.Baselines.Constant = map[string]float64{"loss": r.Baseline}
	return err
}

// printCoder prints the scores of an autoencoder.
func (r *report) printCoder(w io.Writer, o *trainOptions) {
	unit := "a row"
	if o.logits() {
		unit = "nats a row"
	}
	parts := ""
	if _, ok := r.Scores["loss_divergence"]; ok {
		parts = fmt.Sprintf(", %.4f for its inputs and %.4f for its code", r.Scores["loss_"+reconstruction], r.Scores["loss_divergence"])
	}
	fmt.Fprintf(w, "\non %s: loss %.4f %s%s\n", r.scored(), r.Scores["loss"], unit, parts)
	fmt.Fprintf(w, "always saying the mean of the training rows: loss %.4f\n", r.Baseline)
	if !(r.Scores["loss"] < r.Baseline) {
		fmt.Fprintln(w, "the model does not beat that")
	}
}

// shows chooses the output of an autoencoder that is predicted.
func (m *saved) shows(output string) error {
	if !m.Model.Codes() {
		if output != "" {
			return fmt.Errorf("--output %s is for an autoencoder; the model is %s", output, m.Model)
		}
		return nil
	}
	if m.shown = slices.Index(codeOutputs, or(output, code)); m.shown < 0 {
		return fmt.Errorf("--output %s: there are %s and %s", output, code, reconstruction)
	}
	return nil
}

// shownNames are the columns of that output.
func (m *saved) shownNames() (names []string) {
	if codeOutputs[m.shown] == code {
		for i := range m.Model.Code() {
			names = append(names, fmt.Sprintf("%s_%d", code, i+1))
		}
		return names
	}
	if m.Schema != nil {
		return m.Schema.Features()
	}
	for i := range m.Features {
		names = append(names, fmt.Sprintf("x_%d", i+1))
	}
	return names
}
