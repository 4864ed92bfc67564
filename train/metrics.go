package train

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
)

// A Kind of task says which metrics fit it.
type Kind uint8

// The kinds.
const (
	AnyTask   Kind = iota
	OfClasses      // the first prediction decides for a class
	OfNumbers      // the first number of the first prediction is one
)

// A Metric says how good predictions are, as one number. It is accumulated over
// batches as sums, or computed of all predictions at once.
type Metric struct {
	Name   string // in logs; of validation rows with val_ in front
	Doc    string
	Of     Kind
	Larger bool // is better
	// Unit says that it is in the unit of the target.
	Unit bool

	// Whole is the metric of all rows.
	Whole func(all *Outcome) float64

	// Add adds what a batch has to Sums numbers, which are zeros at first, and Mean
	// makes the metric of them.
	Sums int
	Add  func(batch *Outcome, sums []float64)
	Mean func(sums []float64) float64

	score func(s *Scores) float64 // of the table: where it is in Scores
}

// Metrics are the metrics by name. Those that fit a task are computed by
// [Trainer.Evaluate]. The definitions are scikit-learn's, see [Scores].
var Metrics = []Metric{
	{Name: "accuracy", Of: OfClasses, Larger: true, Doc: "share of rows whose class is right",
		score: func(s *Scores) float64 { return s.Accuracy }},
	{Name: "precision", Of: OfClasses, Larger: true, Doc: "share of what is predicted as a class that is of it, mean over classes",
		score: func(s *Scores) float64 { return s.Precision }},
	{Name: "recall", Of: OfClasses, Larger: true, Doc: "share of a class that is predicted as it, mean over classes",
		score: func(s *Scores) float64 { return s.Recall }},
	{Name: "f1", Of: OfClasses, Larger: true, Doc: "harmonic mean of precision and recall, mean over classes",
		score: func(s *Scores) float64 { return s.F1 }},
	{Name: "r2", Of: OfNumbers, Larger: true, Doc: "share of the variance that is explained",
		score: func(s *Scores) float64 { return s.R2 }},
	{Name: "mae", Of: OfNumbers, Unit: true, Doc: "mean of absolute errors",
		score: func(s *Scores) float64 { return s.MAE }},
	{Name: "rmse", Of: OfNumbers, Unit: true, Doc: "root of the mean of squared errors",
		score: func(s *Scores) float64 { return s.RMSE }},
}

// An Outcome is what a model makes of some rows.
type Outcome struct {
	// Rows and Index say which they are: row i is row Index[i] of Rows.
	Rows  data.Rows
	Index []int
	// Predictions are the outputs by name, row-major.
	Predictions map[string][]float64

	task  *Task
	first string // name of the first prediction
}

// Len returns the number of rows.
func (o *Outcome) Len() int { return len(o.Index) }

// Prediction returns the outputs of the first prediction, row-major, and how many
// there are for a row.
func (o *Outcome) Prediction() (values []float64, width int) {
	values = o.Predictions[o.first]
	return values, len(values) / max(o.Len(), 1)
}

// Decided returns the class that is decided for, for each row.
func (o *Outcome) Decided() []int {
	values, width := o.Prediction()
	out := make([]int, o.Len())
	for i := range out {
		out[i] = min(o.task.Decide(values[i*width:(i+1)*width]), o.task.Classes-1)
	}
	return out
}

// Numbers returns an array of the rows; it panics if there is none of that name.
func (o *Outcome) Numbers(name string) []float64 { return gatherAll[float64](o, name) }

// Whole returns an array of int or uint8 of the rows; it panics if there is none.
func (o *Outcome) Whole(name string) []int { return gatherAll[int](o, name) }

func gatherAll[T float64 | int](o *Outcome, name string) []T {
	a, ok := o.Rows.Array(name)
	if !ok {
		panic(fmt.Sprintf("train: the rows have no array %q", name))
	}
	width := 1
	for _, n := range a.Shape() {
		width *= n
	}
	out := make([]T, o.Len()*width)
	data.GatherArray(out, a, o.Index)
	return out
}

// append adds what comes next of the same rows.
func (o *Outcome) append(b *Outcome) {
	o.Index = append(o.Index, b.Index...)
	for name, values := range b.Predictions {
		o.Predictions[name] = append(o.Predictions[name], values...)
	}
}

// metrics returns the rows that are computed for a task.
func (task *Task) metrics() (rows []*Metric) {
	kind := OfNumbers
	if task.Classes > 0 {
		kind = OfClasses
	}
	for i := range Metrics {
		if m := &Metrics[i]; task.truth() != "" && (m.Of == kind || m.Of == AnyTask) {
			rows = append(rows, m)
		}
	}
	for i := range task.Metrics {
		rows = append(rows, &task.Metrics[i])
	}
	return rows
}

// checkMetrics reports metrics of a task that cannot be computed.
func checkMetrics(task *Task) error {
	seen := map[string]bool{"loss": true}
	for _, m := range task.metrics() {
		sums := m.Sums > 0 && m.Add != nil && m.Mean != nil
		switch {
		case m.Name == "" || seen[m.Name] || strings.HasPrefix(m.Name, lossPrefix):
			return fmt.Errorf("train: a metric %q: each needs a name of its own, which is not that of a loss", m.Name)
		case m.score == nil && sums == (m.Whole != nil):
			return fmt.Errorf("train: metric %s needs either Whole, or Sums, Add and Mean", m.Name)
		}
		seen[m.Name] = true
	}
	return nil
}

// metric returns the row of a task's metric, or nil.
func (task *Task) metric(name string) *Metric {
	rows := task.metrics()
	if i := slices.IndexFunc(rows, func(m *Metric) bool { return m.Name == name }); i >= 0 {
		return rows[i]
	}
	return nil
}

// A tally accumulates the metrics of a task over batches.
type tally struct {
	task *Task
	rows []*Metric
	sums [][]float64
	all  *Outcome // nil if no metric needs all predictions
}

func newTally(task *Task, d data.Rows, first string) *tally {
	t := &tally{task: task, rows: task.metrics()}
	t.sums = make([][]float64, len(t.rows))
	for i, m := range t.rows {
		if m.Add != nil {
			t.sums[i] = make([]float64, m.Sums)
		} else if t.all == nil {
			t.all = &Outcome{Rows: d, Predictions: map[string][]float64{}, task: task, first: first}
		}
	}
	return t
}

func (t *tally) add(batch *Outcome) {
	for i, m := range t.rows {
		if m.Add != nil {
			m.Add(batch, t.sums[i])
		}
	}
	if t.all != nil {
		t.all.append(batch)
	}
}

// scores returns the metrics.
func (t *tally) scores() *Scores {
	s := &Scores{bare: true}
	if name := t.task.truth(); name != "" {
		if t.task.Classes > 0 {
			s = Classified(t.all.Whole(name), t.all.Decided(), t.task.Classes)
		} else {
			values, width := t.all.Prediction()
			first := make([]float64, t.all.Len())
			for i := range first {
				first[i] = values[i*width]
			}
			s = Regressed(t.all.Numbers(name), first)
		}
	}
	s.More = map[string]float64{}
	for i, m := range t.rows {
		switch {
		case m.score != nil:
		case m.Whole != nil:
			s.More[m.Name] = m.Whole(t.all)
		default:
			s.More[m.Name] = m.Mean(t.sums[i])
		}
	}
	return s
}
