// Package tabular makes a task of a model and a loss, as text, that learn a column of rows:
// what the target needs is fitted on the training rows.
package tabular

import (
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/train"
	"descent/train/score"
)

// A Setup is a model and a loss that fit each other and the target.
type Setup struct {
	Model    models.Spec  `json:"model"`
	Loss     *losses.Spec `json:"loss"`
	Features int          `json:"features"`
	Shape    []int        `json:"shape,omitempty"`    // Of a row's inputs, if it is not their number
	Sequence bool         `json:"sequence,omitempty"` // Its two lengths are steps and features, not a picture's
	Classes  int          `json:"classes,omitempty"`  // 0 for regression
	Levels   []int        `json:"-"`                  // Of the inputs that are numbers of levels, see data.Dataset; nil if none is
	Images
	// The target of a regression is divided by Scale after Offset is taken
	// off: the loss is in these units.
	Offset float64 `json:"offset,omitempty"`
	Scale  float64 `json:"scale,omitempty"`
	// Raw does this inside the model: the loss sees the target's own unit, and
	// the layers are trained as well as without.
	Raw bool `json:"raw,omitempty"`
	// Calibration corrects the probabilities of classes; nil leaves them as they are.
	Calibration *score.Calibration `json:"calibration,omitempty"`

	Unit    *Setup         `json:"-"` // whose Offset and Scale the target keeps, if not nil
	Mixed   bool           `json:"-"` // rows are mixed with others in training
	Metrics []train.Metric `json:"-"` // besides those that fit the task

	Weighted     bool      `json:"-"` // rows have weights
	ClassWeights []float64 `json:"-"` // in the loss of training; nil if classes count the same
}

// Images are how pictures become the inputs of a model.
type Images struct {
	Resized bool `json:"resized,omitempty"` // to the shape of the model's inputs
	// Mean and Deviation of each channel are taken off, and divided by; none for
	// numbers that stay from 0 to 1.
	Mean      []float64 `json:"channel_mean,omitempty"`
	Deviation []float64 `json:"channel_deviation,omitempty"`
}

// DefaultLoss is the loss of train and bench when none is given. It is a proper
// scoring rule, so that the probabilities which predict prints are those of the
// data; label smoothing, which pulls them towards 1/classes, has to be asked for.
func (s *Setup) DefaultLoss() *losses.Spec {
	name := "mse"
	if s.Model.Codes() {
		name = "bce_logits"
	} else if s.Classes > 0 {
		name = "cross_entropy"
	}
	if own := s.Model.Loss(); own != "" {
		name = own
	}
	loss, err := losses.ByName(name)
	if err != nil {
		panic(err) // a name of ours
	}
	return loss
}

// Outputs says how many numbers the model gives for a row, and what has to be
// done so that the loss understands model and target.
func (s *Setup) Outputs(row *losses.Row) (n int, oneHot bool, err error) {
	regression := s.Classes == 0
	switch row.Task {
	case losses.Regression:
		switch {
		case row.Target == losses.Probabilities:
			return 0, false, fmt.Errorf("loss %s compares distributions; a row has one target", row.Name)
		case regression && row.Pred == losses.MeanLogVariance:
			return 2, false, nil
		case regression:
			return 1, false, nil
		case row.Target == losses.Real && row.Pred == losses.Real:
			return s.Classes, true, nil // scores that should be 1 for the class, else 0
		}
		return 0, false, fmt.Errorf("loss %s is for numbers; the target has %d classes", row.Name, s.Classes)
	case losses.Comparison:
		return 0, false, fmt.Errorf("loss %s compares arrays; it cannot train on a table", row.Name)
	}
	switch {
	case regression:
		return 0, false, fmt.Errorf("loss %s is for classes; the target is a number (--task classification treats numbers as classes)", row.Name)
	case row.Task == losses.Classification:
		return s.Classes, false, nil
	case s.Classes == 2:
		return 1, false, nil
	}
	return s.Classes, true, nil // each class against the others
}

// MaxWeights bounds the memory that a slip of the finger, or a hostile
// model.json, can ask for.
const MaxWeights = 1 << 28

// Of says what rows a data set has.
func (s *Setup) Of(d *data.Dataset) {
	s.Features, s.Classes, s.Shape, s.Levels = d.Features(), len(d.Classes), nil, d.Levels
	if s.Model.Codes() {
		s.Classes = 0
	}
	if len(d.Shape) > 1 {
		s.Shape = slices.Clone(d.Shape)
	}
}

// RowShape is that of a row's inputs.
func (s *Setup) RowShape() []int {
	if s.Shape == nil {
		return []int{s.Features}
	}
	return s.Shape
}

// Task builds the task of a model that predicts a number, or classes.
func (s *Setup) Task() (train.Task, error) {
	var none train.Task
	loss, row := s.Loss, s.Loss.Row
	n, oneHot, err := s.Outputs(row)
	if err != nil {
		return none, err
	}
	if s.Model.Tokens() {
		return none, fmt.Errorf("model %s takes tokens; a table has numbers", s.Model)
	}
	model, sum, err := s.RowModel(n)
	if err != nil {
		return none, err
	}
	if s.Mean != nil {
		model = models.Sequential(s.Standardized, model)
	}
	if err := s.AllowWeights(sum); err != nil {
		return none, err
	}
	if loss.Args.Has("log_input") && loss.Args.Given("log_input") {
		return none, fmt.Errorf("loss %s: the model predicts the logarithm of the count; log_input cannot be set", s.Loss)
	}
	if s.Raw {
		model = models.Sequential(model, func(x *graph.Node) *graph.Node { return ops.Shift(s.Offset, ops.Scale(s.Scale, x)) })
	}
	if s.Weighted || s.ClassWeights != nil {
		if loss, err = Unreduced(loss); err != nil {
			return none, err
		}
	}
	t := train.Task{Model: model, Loss: loss.Loss, Weighted: s.Weighted, ClassWeight: s.ClassWeights, Residuals: loss.Residuals(), Features: s.Features, Classes: s.Classes, OneHot: oneHot, Mixed: s.Mixed, Metrics: s.Metrics, Calibration: s.Calibration}
	if s.Mixed {
		t.Residuals = nil
	}
	if s.Classes == 0 {
		t.Unit = func(x float64) float64 { return s.Number([]float64{x}) }
	}
	if s.GivesProbabilities() {
		t.Gives = train.Probabilities
	}
	giveOutput(&t, row)
	return t, nil
}

// giveOutput says what predictions are, by what the loss takes.
func giveOutput(t *train.Task, row *losses.Row) {
	logSoftmax := func(x *graph.Node) *graph.Node { return ops.LogSoftmax(x, -1) }
	switch {
	case row.Target == losses.Counts || row.Target == losses.Positives:
		t.Output = ops.Exp
	case row.Target == losses.Fractions:
		t.Output = ops.Sigmoid
	case row.Pred == losses.LogProbabilities:
		t.Model, t.Output = models.Sequential(t.Model, logSoftmax), ops.Exp
	case row.Pred == losses.Logits && row.Task == losses.Classification:
		t.Output = models.Sequential(logSoftmax, ops.Exp)
	case row.Pred == losses.Logits:
		t.Output, t.Threshold = ops.Sigmoid, 0.5
	case row.Pred == losses.Probabilities:
		t.Model, t.Threshold = models.Sequential(t.Model, ops.Sigmoid), 0.5
	}
	if row.Target == losses.PlusMinus {
		t.Loss, t.Residuals = ofSigns(t.Loss), ofSigns(t.Residuals)
	}
}

// RowModel is the model of rows with so many outputs, which embeds levels; a linear model
// has a weight for each.
func (s *Setup) RowModel(outputs int) (models.Layer, *models.Summary, error) {
	switch {
	case s.Sequence && len(s.Shape) == 2:
		return s.Model.ForSequence(s.Shape[0], s.Shape[1], outputs)
	case s.Levels == nil:
		return s.Model.For(s.RowShape(), outputs)
	}
	first, inputs := models.EmbedLevels(s.Levels, 0), 0
	if s.Model.String() == "linear" {
		first = models.OneHotLevels(s.Levels)
	}
	for _, n := range s.Levels {
		switch {
		case n == 0:
			n = 1
		case s.Model.String() != "linear":
			n = models.LevelWidth(n)
		}
		inputs += n
	}
	model, _, err := s.Model.For([]int{inputs}, outputs)
	if err != nil {
		return nil, nil, err
	}
	model = models.Sequential(first, model)
	sum, err := models.Summarize(model, s.Features)
	return model, sum, err
}

// AllowWeights refuses a model with too many weights.
func (s *Setup) AllowWeights(sum *models.Summary) error {
	if w := sum.Trainable + sum.Frozen; w > MaxWeights {
		return fmt.Errorf("model %s would have %.3g weights; at most %.3g are allowed", s.Model, float64(w), float64(MaxWeights))
	}
	return nil
}

// AddMetric adds the metric of a text, and returns its name.
func (s *Setup) AddMetric(text string, classes []string) (string, error) {
	m, err := train.ParseMetric(text, classes)
	if err == nil && m.Probabilities && !s.GivesProbabilities() {
		err = fmt.Errorf("%s needs probabilities, and loss %s gives none", m.Name, s.Loss)
	}
	if err == nil && !slices.ContainsFunc(s.Metrics, func(have train.Metric) bool { return have.Name == m.Name }) {
		s.Metrics = append(s.Metrics, m)
	}
	return m.Name, err
}

// ofSigns gives a loss that takes -1 and 1 targets that are 0 and 1.
func ofSigns(loss losses.Loss) losses.Loss {
	if loss == nil {
		return nil
	}
	return func(pred, y *graph.Node) *graph.Node { return loss(pred, ops.Shift(-1, ops.Scale(2, y))) }
}

// GivesProbabilities tells whether the model of the loss does; a hinge has none.
func (s *Setup) GivesProbabilities() bool { return s.Classes > 0 && s.Loss.Pred != losses.Real }

// Number turns the prediction for a row into a number in the target's own unit.
func (s *Setup) Number(out []float64) float64 {
	if s.Raw {
		return out[0]
	}
	return s.Offset + float64(s.Scale*out[0])
}

// ScaleTarget chooses Offset and Scale so that the training targets have mean 0
// and variance 1, unless the loss needs them as they are, and applies them. With
// raw the loss is to see them as they are, and the model's output is scaled.
func (s *Setup) ScaleTarget(parts *data.Parts, raw bool) error {
	s.Offset, s.Scale, s.Raw = 0, 1, false
	row := s.Loss.Row
	if s.Classes > 0 || s.Model.Codes() {
		return nil
	}
	y := parts.Train.Y
	for _, x := range y {
		if off := outOf(row.Target, x); off != "" {
			return fmt.Errorf("loss %s is for %s; the target has %v", row.Name, off, x)
		}
	}
	if link := links[s.Linked()]; link != nil && len(y) > 0 {
		if s.Offset, s.Raw = link(stats.Mean(y)), true; s.Unit != nil {
			s.Offset, s.Raw = s.Unit.Offset, s.Unit.Raw
		}
		return nil
	}
	if row.Target != losses.Real || row.Pred != losses.Real && row.Pred != losses.MeanLogVariance {
		return nil
	}
	if raw && row.Pred != losses.Real {
		return nil // a variance has no offset
	}
	mean, square := 0.0, 0.0
	for _, x := range y {
		mean += x / float64(len(y))
	}
	for _, x := range y {
		square += float64((x - mean) * (x - mean))
	}
	s.Offset = mean
	if sd := math.Sqrt(square / float64(len(y))); sd > 0 && !math.IsInf(sd, 0) {
		s.Scale = sd
	}
	if s.Unit != nil {
		s.Offset, s.Scale = s.Unit.Offset, s.Unit.Scale
	}
	s.Raw = raw
	s.UnitOf(parts.Train, parts.Val, parts.Test)
	return nil
}

// links make a prediction of the mean of targets, where the loss takes its logarithm or
// logit: models begin there, however far from 0 that is.
var links = map[losses.Domain]func(mean float64) float64{
	losses.Counts:    func(mean float64) float64 { return elementary.Log(max(mean, 1e-6)) },
	losses.Positives: elementary.Log,
	losses.Fractions: func(mean float64) float64 { return elementary.Log(mean / (1 - mean)) },
}

// Linked is the domain of targets whose logarithm or logit is predicted, "" for others.
func (s *Setup) Linked() losses.Domain {
	if s.Loss != nil && s.Classes == 0 && links[s.Loss.Target] != nil {
		return s.Loss.Target
	}
	return ""
}

// outOf says what a target of a domain is if x is none.
func outOf(d losses.Domain, x float64) string {
	switch {
	case d == losses.Counts && x < 0:
		return "counts"
	case d == losses.Positives && !(x > 0), d == losses.Fractions && !(x > 0 && x < 1):
		return string(d)
	}
	return ""
}

// UnitOf applies Offset and Scale to targets, unless the loss is to see them as they
// are.
func (s *Setup) UnitOf(sets ...*data.Dataset) {
	if s.Classes > 0 || s.Raw || s.Offset == 0 && s.Scale == 1 {
		return
	}
	for _, d := range sets {
		for i := range d.Y {
			d.Y[i] = (d.Y[i] - s.Offset) / s.Scale
		}
	}
}

// Standardized returns the inputs with the means of their channels taken off.
func (s *Setup) Standardized(x *graph.Node) *graph.Node {
	if s.Mean == nil || x.Err() != nil {
		return x
	}
	n, c := x.Shape().Dim(0), len(s.Mean)
	per := ops.Reshape(x, n, c, s.Features/c)
	mean, deviation := x.Graph().Array(s.Mean, c, 1), x.Graph().Array(s.Deviation, c, 1)
	return ops.Reshape(ops.Div(ops.Sub(per, mean), deviation), n, s.Features)
}
