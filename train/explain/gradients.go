package explain

import (
	"fmt"

	"descent/data"
	"descent/graph"
	"descent/ops"
	"descent/train"
)

// Gradients computes integrated gradients (Sundararajan, Taly and Yan 2017,
// https://arxiv.org/abs/1703.01365): how much each input of a row moves a prediction away from
// that of a row to compare with. The slope of the prediction by the input is averaged along
// the straight way between the two rows, and multiplied by how far apart they are. Their sum
// is the difference of the two predictions (completeness), but for what a mean over Steps
// points leaves. It works for one goroutine at a time.
type Gradients struct {
	p        *graph.Program
	x, pick  *graph.Node
	slope    *graph.Node
	features int
	steps    int
	way, one []float64
	slopes   []float64
}

// NewGradients returns what explains predictions of a model, by so many points on the way.
// The task is one with a Model.
func NewGradients(p *train.Predictor, task *train.Task, steps int) (*Gradients, error) {
	if task.Model == nil || steps < 1 {
		return nil, fmt.Errorf("explain: gradients of a task with a Model: %v, by %d steps", task.Model != nil, steps)
	}
	width := 1
	for _, n := range p.Outputs()[0].Shape {
		width *= n
	}
	g := p.Sibling().Evaluation()
	e := &Gradients{features: task.Features, steps: steps, x: g.Input("x", steps, task.Features), pick: g.Input("pick", steps, width),
		way: make([]float64, steps*task.Features), one: make([]float64, steps*width), slopes: make([]float64, steps*task.Features)}
	out := task.Model(e.x)
	if task.Output != nil {
		out = task.Output(out)
	}
	e.slope = graph.Grad(ops.Sum(ops.Mul(ops.Reshape(out, steps, width), e.pick)), e.x)[0]
	var err error
	e.p, err = graph.Function{Outputs: []*graph.Node{e.slope}}.Compile()
	return e, err
}

// Of returns what each input of a row does to its prediction, compared with another row: to
// the sum of its numbers, each times its number in pick, such as 1 for the class that is asked
// for and else 0.
func (e *Gradients) Of(row, from, pick []float64) ([]float64, error) {
	w := e.features
	if len(row) != w || len(from) != w || len(pick)*e.steps != len(e.one) {
		return nil, fmt.Errorf("explain: rows of %d and %d inputs and %d numbers; the model has %d inputs and %d numbers", len(row), len(from), len(pick), w, len(e.one)/e.steps)
	}
	for k := range e.steps {
		t := (float64(k) + 0.5) / float64(e.steps)
		for j, x := range row {
			e.way[k*w+j] = from[j] + float64(t*(x-from[j]))
		}
		copy(e.one[k*len(pick):], pick)
	}
	if err := e.p.Run(graph.Let(e.x, e.way), graph.Let(e.pick, e.one)); err != nil {
		return nil, err
	}
	e.p.Read(e.slope, e.slopes)
	sum := make([]float64, w)
	for k := range e.steps {
		for j := range sum {
			sum[j] += e.slopes[k*w+j]
		}
	}
	for j, x := range row {
		sum[j] *= (x - from[j]) / float64(e.steps)
	}
	return sum, nil
}

// Mean returns the mean row of d, to compare others with.
func Mean(d *data.Dataset) []float64 {
	w := d.Features()
	mean := make([]float64, w)
	for i, x := range d.X.Numbers() {
		mean[i%w] += x / float64(d.Rows())
	}
	return mean
}
