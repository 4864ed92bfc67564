package play

import (
	"context"
	"errors"
	"fmt"
	"math"

	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// A NetQuestion asks for nets that learn which of two classes points are of.
type NetQuestion struct {
	Points     string       `json:"points"`        // a row of [Shapes], or "own"
	Own        [][3]float64 `json:"own,omitempty"` // x, y, and the class, 0 or 1
	Rows       int          `json:"rows"`
	Noise      float64      `json:"noise"` // of a shape: standard deviation, beside a size of 1
	Seed       uint64       `json:"seed"`  // of the points, of weights and of the order of rows
	Model      string       `json:"model"` // as [models.Parse] reads it; the output is added
	Loss       string       `json:"loss"`  // as [losses.ByName] reads it, also a formula, in which pred is the logit
	Optimizers []string     `json:"optimizers"`
	Epochs     int          `json:"epochs"`
	Batch      int          `json:"batch"`
	Penalty    float64      `json:"penalty"` // half of it times the sum of squared weights is added to the loss
}

// A NetReply is what came of it.
type NetReply struct {
	Points [][3]float64 `json:"points"`
	Tests  int          `json:"tests"` // the last so many points are not trained on
	Size   float64      `json:"size"`  // surfaces go from minus that to that, both ways
	N      int          `json:"n"`     // cells along each axis
	Epochs []int        `json:"epochs"`
	Nets   []Net        `json:"nets"`
	Curves []string     `json:"curves"` // loss of the points that are trained on and of the others, as SVG
	Params int          `json:"params"`
}

// A Net is one optimizer's, after each of Epochs.
type Net struct {
	Optimizer string      `json:"optimizer"`
	Color     string      `json:"color"`
	Surfaces  [][]int     `json:"surfaces"` // the probability of class 1 in percent, row by row from below
	Scores    []NetScores `json:"scores"`
	Diverged  int         `json:"diverged,omitempty"` // the step at which the loss was no number
	// Units are what those of hidden layers give at each place in the end, from -100 to 100:
	// by layer, unit and cell. A net that diverged has none.
	Units   [][][]int `json:"units,omitempty"`
	Weights []Matrix  `json:"weights,omitempty"` // by layer
}

// NetScores are losses and shares of points that are right, in training and of others.
type NetScores struct {
	Train     float64 `json:"train"`
	Test      float64 `json:"test"`
	TrainHits float64 `json:"train_hits"`
	TestHits  float64 `json:"test_hits"`
}

// What a question may cost, and what is shown.
const (
	mostPoints  = 2000
	mostEpochs  = 1000
	mostWork    = 4e8 // products of a weight and an input
	surfaceSize = 44
	surfaces    = 30
)

func (q *NetQuestion) check() error {
	switch {
	case q.Points == "own" && len(q.Own) > mostPoints || q.Points != "own" && (q.Rows < 20 || q.Rows > mostPoints):
		return fmt.Errorf("there are 20 to %d points", mostPoints)
	case q.Epochs < 1 || q.Epochs > mostEpochs:
		return fmt.Errorf("%d epochs; there are 1 to %d", q.Epochs, mostEpochs)
	case q.Batch < 1:
		return fmt.Errorf("batches of %d points; there is at least 1", q.Batch)
	case !(q.Noise >= 0 && q.Noise <= 10), !(q.Penalty >= 0 && q.Penalty <= 10):
		return fmt.Errorf("noise %v, penalty %v; they are from 0 to 10", q.Noise, q.Penalty)
	case len(q.Optimizers) == 0:
		return errors.New("no optimizer: add one")
	}
	return nil
}

// answer trains a net with each optimizer.
func (q *NetQuestion) answer(ctx context.Context) (*NetReply, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	r := &NetReply{N: surfaceSize, Size: 1.5}
	var err error
	if r.Points, r.Size, err = q.points(); err != nil {
		return nil, err
	}
	r.Tests = len(r.Points) / 4
	training, test, err := divided(r.Points, r.Tests)
	if err != nil {
		return nil, err
	}
	task, params, work, err := q.task()
	if err != nil {
		return nil, err
	}
	if r.Params = params; work*float64(training.Rows()*q.Epochs*len(q.Optimizers)) > mostWork {
		return nil, errors.New("that is more work than a page should do: take a smaller model, fewer points or fewer epochs")
	}
	r.Epochs = epochs(q.Epochs)
	colors := plot.Colors(q.Optimizers...)
	for _, text := range q.Optimizers {
		net := Net{Optimizer: text, Color: colors[text].Hex()}
		if err := q.train(ctx, r, &net, task, training, test); err != nil {
			return nil, err
		}
		for i := range net.Weights {
			net.Weights[i].show()
		}
		r.Nets = append(r.Nets, net)
	}
	return r, r.draw(colors)
}

// task is what all optimizers minimise, with how many parameters and products it has.
func (q *NetQuestion) task() (task train.Task, params int, work float64, err error) {
	model, err := models.Parse(q.Model)
	if err != nil {
		return task, 0, 0, err
	}
	loss, err := losses.ByName(q.Loss)
	if err != nil {
		return task, 0, 0, err
	}
	if !losses.IsFormula(q.Loss) && (loss.Row.Task != losses.Binary || loss.Row.Pred != losses.Logits) {
		return task, 0, 0, fmt.Errorf("loss %s: the net gives a logit for each point; take a loss that compares it with 0 and 1, such as bce_logits or focal, or a formula in pred and target", q.Loss)
	}
	layers, sum, err := model.For([]int{2}, 1)
	if err != nil {
		return task, 0, 0, err
	}
	return train.Task{Model: layers, Loss: loss.Loss, Features: 2, Classes: 2, Gives: train.Logits}, sum.Trainable, float64(sum.Products), nil
}

// epochs are those after which nets are shown: all, or some that lie ever further apart.
func epochs(n int) (out []int) {
	for i := range surfaces + 1 {
		e := int(math.Round(float64(n) * float64(i*i) / (surfaces * surfaces)))
		if len(out) == 0 || e > out[len(out)-1] {
			out = append(out, e)
		}
	}
	return out
}

func (q *NetQuestion) train(ctx context.Context, r *NetReply, net *Net, task train.Task, training, test *data.Dataset) error {
	text := net.Optimizer
	if q.Penalty > 0 {
		text = fmt.Sprintf("l2(%v) | %s", q.Penalty, text)
	}
	o, err := optimizers.Parse(text)
	if err != nil {
		if m, _ := search.Parse(net.Optimizer); m.Method != nil {
			err = fmt.Errorf("%s searches with all rows; nets learn by rules, such as adam", net.Optimizer)
		}
		return err
	}
	t, err := train.New(task, o.Rule, graph.Float32, q.Seed)
	if err != nil {
		return err
	}
	grid, err := data.FromFunc(surfaceSize*surfaceSize, func(i int) ([]float64, int) {
		x, y := place(i, surfaceSize, r.Size)
		return []float64{x, y}, 0
	})
	if err != nil {
		return err
	}
	look := func() error {
		logits, _, err := t.Predict(grid)
		if err != nil {
			return err
		}
		surface := make([]int, len(logits))
		for i, z := range logits {
			surface[i] = int(100 / (1 + elementary.Exp(-z)))
		}
		a, err := t.Evaluate(training, "accuracy")
		if err != nil {
			return err
		}
		b, err := t.Evaluate(test, "accuracy")
		if err != nil {
			return err
		}
		net.weigh(t)
		net.Surfaces = append(net.Surfaces, surface)
		net.Scores = append(net.Scores, NetScores{a.Loss, b.Loss, a.Metrics["accuracy"], b.Metrics["accuracy"]})
		return nil
	}
	if err := look(); err != nil {
		return err
	}
	_, err = t.Fit(ctx, train.Run{Train: training, Epochs: q.Epochs, Batch: min(q.Batch, training.Rows()), Seed: q.Seed, Schedule: schedule.Constant(o.LR), Callbacks: []train.Callback{func(s *train.State) error {
		if s.Ended == nil || s.Ended.Epoch != r.Epochs[min(len(net.Surfaces), len(r.Epochs)-1)] {
			return nil
		}
		return look()
	}}})
	var diverged *train.DivergedError
	if errors.As(err, &diverged) {
		net.Diverged = diverged.Step
		return nil
	}
	if err == nil {
		net.Units, err = r.units(t)
	}
	return err
}

// draw draws the losses.
func (r *NetReply) draw(colors map[string]plot.Color) error {
	for _, c := range []struct {
		label string
		of    func(NetScores) float64
	}{{"loss of the points in training", func(s NetScores) float64 { return s.Train }}, {"loss of the others", func(s NetScores) float64 { return s.Test }}} {
		fig := &plot.Figure{X: plot.Axis{Label: "epoch"}, Y: plot.Axis{Label: c.label}, Width: 560, Height: 320}
		for _, net := range r.Nets {
			line := plot.Line{Name: net.Optimizer, Color: colors[net.Optimizer]}
			for i, s := range net.Scores {
				line.X, line.Y = append(line.X, float64(r.Epochs[i])), append(line.Y, numbers([]float64{c.of(s)}, false)...)
			}
			fig.Layers = append(fig.Layers, line)
		}
		svg, err := picture(fig)
		if err != nil {
			return err
		}
		r.Curves = append(r.Curves, svg)
	}
	return nil
}

// divided makes tables of the points: the last so many are for the test.
func divided(points [][3]float64, tests int) (training, test *data.Dataset, err error) {
	var counts [2]int
	for _, p := range points[:len(points)-tests] {
		counts[int(p[2])]++
	}
	if counts[0] == 0 || counts[1] == 0 || tests == 0 {
		return nil, nil, errors.New("there must be points of both classes, five at least")
	}
	of := func(points [][3]float64) (*data.Dataset, error) {
		d, err := data.FromFunc(len(points), func(i int) ([]float64, int) { return points[i][:2], int(points[i][2]) })
		if err == nil {
			d.Classes = []string{"0", "1"}
		}
		return d, err
	}
	if training, err = of(points[:len(points)-tests]); err == nil {
		test, err = of(points[len(points)-tests:])
	}
	return training, test, err
}
