package train

import (
	"fmt"
	"runtime"
	"slices"

	"descent/data"
	"descent/graph"
)

// A Predictor computes what a model predicts, of any number of rows. Goroutines may
// use it at once: as many as there are processors work, and others wait for them.
// Its weights are its own and never change. Its memory is bounded: rows pass
// through batches of a few sizes, each compiled once for a goroutine that works.
type Predictor struct {
	task    Task
	root    *graph.Graph
	one     *program
	idle    chan *reader
	outputs []Output
}

// An Output is a prediction of some rows.
type Output struct {
	Name   string
	Shape  []int // of a row
	Values []float64

	width int
}

// batchSizes are the numbers of rows of the programs. What is left over of the
// larger ones fills a part of a smaller one.
var batchSizes = [...]int{1024, 256, 64, 16, 4, 1}

// A reader is what one goroutine predicts with.
type reader struct {
	programs [len(batchSizes)]*program
	rows     []int
	outputs  []Output
}

// Predictor returns a predictor with the weights of this moment: averages, if the
// rule keeps some.
func (t *Trainer) Predictor() (*Predictor, error) {
	var values [][]float64
	err := t.alone(func() (err error) {
		values, err = t.weights(nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newPredictor(t.task, t.root.Dtype(), func(vars []*graph.Variable) error {
		for i, v := range vars {
			if err := v.Set(values[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// LoadPredictor returns a predictor with the weights that [Trainer.Save] has written.
func LoadPredictor(task Task, dtype graph.Dtype, path string) (*Predictor, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	p, err := DecodePredictor(task, dtype, text, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// DecodePredictor returns a predictor with the weights of a text that
// [Trainer.Encode] has made, with that metadata.
func DecodePredictor(task Task, dtype graph.Dtype, text []byte, meta map[string]string) (*Predictor, error) {
	if err := checkTask(&task, dtype); err != nil {
		return nil, err
	}
	return newPredictor(task, dtype, func(vars []*graph.Variable) error {
		values, err := decodeModel(text, vars, meta)
		if err != nil {
			return err
		}
		return assign(vars, values, "")
	})
}

func newPredictor(task Task, dtype graph.Dtype, fill func([]*graph.Variable) error) (*Predictor, error) {
	p := &Predictor{task: task, root: graph.New(dtype, 0), idle: make(chan *reader, runtime.GOMAXPROCS(0))}
	var err error
	if p.one, err = p.build(1); err != nil {
		return nil, err
	}
	if len(p.one.result.Predictions) == 0 {
		return nil, errNoPrediction
	}
	for _, x := range p.one.result.Predictions {
		dims := x.Node.Shape().Dims()[1:]
		p.outputs = append(p.outputs, Output{Name: x.Name, Shape: dims, width: x.Node.Shape().Size()})
	}
	for range cap(p.idle) {
		p.idle <- &reader{outputs: slices.Clone(p.outputs)}
	}
	return p, fill(p.one.model())
}

func (p *Predictor) build(n int) (*program, error) {
	t := &Trainer{task: p.task, root: p.root}
	return t.build(n, predict)
}

// Sibling returns an empty graph that shares the weights: for programs of one's own,
// such as one that sees a step of a sequence at a time. They must not change them.
func (p *Predictor) Sibling() *graph.Graph { return p.root.Sibling() }

// Graph builds what is predicted of so many rows as nodes of a graph of its own, which
// shares the weights: for what writes a model in another form. The model's inputs are
// leaves of it by the names of arrays, "x" in the usual form of a task.
func (p *Predictor) Graph(rows int) ([]Prediction, error) {
	t := &Trainer{task: p.task, root: p.root}
	made, _, err := t.outline(rows, predict)
	if err != nil {
		return nil, err
	}
	return made.result.Predictions, nil
}

// Outputs returns names and shapes of the predictions, without values.
func (p *Predictor) Outputs() []Output { return slices.Clone(p.outputs) }

// Decide returns the class that a row of the first prediction stands for.
func (p *Predictor) Decide(row []float64) int { return p.task.Decide(row) }

// Probabilities returns the probability of each class that a row of the first
// prediction stands for; nil if the task gives none.
func (p *Predictor) Probabilities(row []float64) []float64 { return p.task.Probabilities(row) }

// Predict returns the first prediction of the rows of d, row-major, and how many
// numbers it has for each row. Targets are not needed.
func (p *Predictor) Predict(d data.Rows) (out []float64, width int, err error) {
	if err := p.one.matchInputs(d, &p.task); err != nil {
		return nil, 0, err
	}
	width = p.outputs[0].width
	out = make([]float64, d.Rows()*width)
	return out, width, p.PredictTo(out, d)
}

// PredictTo is [Predictor.Predict] into dst, which has room for all numbers. In
// steady state it allocates nothing.
func (p *Predictor) PredictTo(dst []float64, d data.Rows) error {
	if err := p.one.matchInputs(d, &p.task); err != nil {
		return err
	}
	width := p.outputs[0].width
	if len(dst) != d.Rows()*width {
		return fmt.Errorf("train: room for %d numbers; %d rows of %d are predicted", len(dst), d.Rows(), width)
	}
	return p.each(d, func(first, n int, out []Output) error {
		copy(dst[first*width:(first+n)*width], out[0].Values)
		return nil
	})
}

// Each predicts the rows of d piece by piece and gives f all outputs of n rows, of
// which first is the first; they are valid until f returns. An error of f ends it.
func (p *Predictor) Each(d data.Rows, f func(first, n int, out []Output) error) error {
	if err := p.one.matchInputs(d, &p.task); err != nil {
		return err
	}
	return p.each(d, f)
}

func (p *Predictor) each(d data.Rows, f func(first, n int, out []Output) error) error {
	r := <-p.idle
	defer func() { p.idle <- r }()
	for first := 0; first < d.Rows(); {
		k := sizeFor(d.Rows() - first)
		if r.programs[k] == nil {
			var err error
			if r.programs[k], err = p.build(batchSizes[k]); err != nil {
				return err
			}
		}
		n := min(batchSizes[k], d.Rows()-first)
		if err := r.run(r.programs[k], d, first, n); err != nil {
			return err
		}
		if err := f(first, n, r.outputs); err != nil {
			return err
		}
		first += n
	}
	return nil
}

// sizeFor returns the number of the batch size for what is left: the largest that
// is filled, or half filled, if there are so many rows.
func sizeFor(rows int) int {
	for k, size := range batchSizes {
		if 2*rows > size {
			return k
		}
	}
	return len(batchSizes) - 1
}

// run predicts rows first to first+n. A batch that is not full repeats the last.
func (r *reader) run(p *program, d data.Rows, first, n int) error {
	r.rows = r.rows[:0]
	for i := range p.n {
		r.rows = append(r.rows, first+min(i, n-1))
	}
	if err := p.load(d, r.rows, true); err != nil {
		return err
	}
	if err := p.p.Run(p.feeds...); err != nil {
		return err
	}
	for i, x := range p.result.Predictions {
		o := &r.outputs[i]
		size := p.n * o.width
		o.Values = slices.Grow(o.Values[:0], size)[:size]
		p.p.Read(x.Node, o.Values)
		o.Values = o.Values[:n*o.width]
	}
	return nil
}
