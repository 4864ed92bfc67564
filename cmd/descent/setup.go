package main

import (
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/data/series"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/train"
	"descent/train/score"
)

// A setup is a model and a loss that fit each other and the target. It is what
// a saved model needs to be built again.
type setup struct {
	Model    models.Spec  `json:"model"`
	Loss     *losses.Spec `json:"loss"`
	Features int          `json:"features"`
	Shape    []int        `json:"shape,omitempty"`   // of a row's inputs, if it is not their number
	Classes  int          `json:"classes,omitempty"` // 0 for regression
	levels   []int        // of the inputs that are numbers of levels, see data.Dataset; nil if none is
	imageSetup
	// The target of a regression is divided by Scale after Offset is taken
	// off: the loss is in these units.
	Offset float64 `json:"offset,omitempty"`
	Scale  float64 `json:"scale,omitempty"`
	// Raw does this inside the model: the loss sees the target's own unit, and
	// the layers are trained as well as without.
	Raw bool `json:"raw,omitempty"`
	// Calibration corrects the probabilities of classes; nil leaves them as they are.
	Calibration *score.Calibration `json:"calibration,omitempty"`

	unit    *setup         // whose Offset and Scale the target keeps, if not nil
	mixed   bool           // rows are mixed with others in training
	metrics []train.Metric // besides those that fit the task

	weighted     bool      // rows have weights
	classWeights []float64 // in the loss of training; nil if classes count the same
	// Text is what a model of text has in place of inputs and a target.
	Text *textSetup `json:"text,omitempty"`
	// Series is what a model of a series has in place of them.
	Series *series.Schema `json:"series,omitempty"`
	// Targets is what a model of several targets has in place of one.
	Targets *targetsSetup `json:"targets,omitempty"`
	// Puzzle is what sequences that are made up have in place of them.
	Puzzle *puzzleSetup `json:"-"`
}

// defaultLoss is the loss of train and bench when none is given. It is a proper
// scoring rule, so that the probabilities which predict prints are those of the
// data; label smoothing, which pulls them towards 1/classes, has to be asked for.
func (s *setup) defaultLoss() *losses.Spec {
	name := "mse"
	if s.Model.Codes() {
		name = "bce_logits"
	} else if s.Classes > 0 {
		name = "cross_entropy"
	}
	if own := s.Model.Loss(); own != "" {
		name = own
	}
	return must(losses.ByName(name))
}

// outputs says how many numbers the model gives for a row, and what has to be
// done so that the loss understands model and target.
func (s *setup) outputs(row *losses.Row) (n int, oneHot bool, err error) {
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

// maxWeights bounds the memory that a slip of the finger, or a hostile
// model.json, can ask for.
const maxWeights = 1 << 28

// of says what rows a data set has.
func (s *setup) of(d *data.Dataset) {
	s.Features, s.Classes, s.Shape, s.levels = d.Features(), len(d.Classes), nil, d.Levels
	if s.Model.Codes() {
		s.Classes = 0
	}
	if len(d.Shape) > 1 {
		s.Shape = slices.Clone(d.Shape)
	}
}

// shape is that of a row's inputs.
func (s *setup) shape() []int {
	if s.Shape == nil {
		return []int{s.Features}
	}
	return s.Shape
}

// task builds the task.
func (s *setup) task() (train.Task, error) {
	var none train.Task
	if s.Text != nil {
		return s.textTask()
	}
	if s.Series != nil {
		return s.seriesTask()
	}
	if s.Puzzle != nil {
		return s.puzzleTask()
	}
	if s.Targets != nil {
		return s.targetsTask()
	}
	if s.Model.Codes() {
		return s.coderTask()
	}
	loss, row := s.Loss, s.Loss.Row
	n, oneHot, err := s.outputs(row)
	if err != nil {
		return none, err
	}
	if s.Model.Tokens() {
		return none, fmt.Errorf("model %s takes tokens; a table has numbers", s.Model)
	}
	model, sum, err := s.rowModel(n)
	if err != nil {
		return none, err
	}
	if s.Mean != nil {
		model = models.Sequential(s.standardized, model)
	}
	if err := s.allowWeights(sum); err != nil {
		return none, err
	}
	if loss.Args.Has("log_input") && loss.Args.Given("log_input") {
		return none, fmt.Errorf("loss %s: the model predicts the logarithm of the count; log_input cannot be set", s.Loss)
	}
	if s.Raw {
		model = models.Sequential(model, func(x *graph.Node) *graph.Node { return ops.Shift(s.Offset, ops.Scale(s.Scale, x)) })
	}
	if s.weighted || s.classWeights != nil {
		if loss, err = unreduced(loss); err != nil {
			return none, err
		}
	}
	t := train.Task{Model: model, Loss: loss.Loss, Weighted: s.weighted, ClassWeight: s.classWeights, Residuals: loss.Residuals(), Features: s.Features, Classes: s.Classes, OneHot: oneHot, Mixed: s.mixed, Metrics: s.metrics, Calibration: s.Calibration}
	if s.mixed {
		t.Residuals = nil
	}
	if s.Classes == 0 {
		t.Unit = func(x float64) float64 { return s.number([]float64{x}) }
	}
	if s.givesProbabilities() {
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

// rowModel is the model of rows with so many outputs, which embeds levels; a linear model
// has a weight for each.
func (s *setup) rowModel(outputs int) (models.Layer, *models.Summary, error) {
	if s.levels == nil {
		return s.Model.For(s.shape(), outputs)
	}
	first, inputs := models.EmbedLevels(s.levels, 0), 0
	if s.Model.String() == "linear" {
		first = models.OneHotLevels(s.levels)
	}
	for _, n := range s.levels {
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

// allowWeights refuses a model with too many weights.
func (s *setup) allowWeights(sum *models.Summary) error {
	if w := sum.Trainable + sum.Frozen; w > maxWeights {
		return fmt.Errorf("model %s would have %.3g weights; at most %.3g are allowed", s.Model, float64(w), float64(maxWeights))
	}
	return nil
}

// summary lists the layers of the model.
func (s *setup) summary() (*models.Summary, error) {
	if s.Model.Codes() {
		_, sum, err := s.coder()
		return sum, err
	}
	task, err := s.task()
	if err != nil {
		return nil, err
	}
	return models.Summarize(task.Model, s.Features)
}

// ofSigns gives a loss that takes -1 and 1 targets that are 0 and 1.
func ofSigns(loss losses.Loss) losses.Loss {
	if loss == nil {
		return nil
	}
	return func(pred, y *graph.Node) *graph.Node { return loss(pred, ops.Shift(-1, ops.Scale(2, y))) }
}

// givesProbabilities tells whether the model of the loss does; a hinge has none.
func (s *setup) givesProbabilities() bool { return s.Classes > 0 && s.Loss.Pred != losses.Real }

// number turns the prediction for a row into a number in the target's own unit.
func (s *setup) number(out []float64) float64 {
	if s.Raw {
		return out[0]
	}
	return s.Offset + float64(s.Scale*out[0])
}

// scaleTarget chooses Offset and Scale so that the training targets have mean 0
// and variance 1, unless the loss needs them as they are, and applies them. With
// raw the loss is to see them as they are, and the model's output is scaled.
func (s *setup) scaleTarget(parts *data.Parts, raw bool) error {
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
	if link := links[s.linked()]; link != nil && len(y) > 0 {
		if s.Offset, s.Raw = link(stats.Mean(y)), true; s.unit != nil {
			s.Offset, s.Raw = s.unit.Offset, s.unit.Raw
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
	if s.unit != nil {
		s.Offset, s.Scale = s.unit.Offset, s.unit.Scale
	}
	s.Raw = raw
	s.unitOf(parts.Train, parts.Val, parts.Test)
	return nil
}

// links make a prediction of the mean of targets, where the loss takes its logarithm or
// logit: models begin there, however far from 0 that is.
var links = map[losses.Domain]func(mean float64) float64{
	losses.Counts:    func(mean float64) float64 { return elementary.Log(max(mean, 1e-6)) },
	losses.Positives: elementary.Log,
	losses.Fractions: func(mean float64) float64 { return elementary.Log(mean / (1 - mean)) },
}

// linked is the domain of targets whose logarithm or logit is predicted, "" for others.
func (s *setup) linked() losses.Domain {
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

// unitOf applies Offset and Scale to targets, unless the loss is to see them as they
// are.
func (s *setup) unitOf(sets ...*data.Dataset) {
	if s.Classes > 0 || s.Raw || s.Offset == 0 && s.Scale == 1 {
		return
	}
	for _, d := range sets {
		for i := range d.Y {
			d.Y[i] = (d.Y[i] - s.Offset) / s.Scale
		}
	}
}
