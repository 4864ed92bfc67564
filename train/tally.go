package train

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
	"descent/train/score"
)

// metrics returns the rows that are computed for a task.
func (task *Task) metrics() (rows []*Metric) {
	for i := range Metrics {
		m := &Metrics[i]
		asked := slices.ContainsFunc(task.Metrics, func(x Metric) bool { return x.asked && x.Name == m.Name })
		if !asked && task.truth() != "" && m.fits(task.Classes, task.Gives != OtherScores) {
			rows = append(rows, m)
		}
	}
	for i := range task.Metrics {
		rows = append(rows, &task.Metrics[i])
	}
	return rows
}

// fits tells whether a row of the table is computed of so many classes.
func (m *Metric) fits(classes int, probabilities bool) bool {
	switch {
	case m.ways() == 0, m.Probabilities && !probabilities:
		return false
	case !m.asked && (m.from > 0 && classes < m.from || m.to > 0 && classes > m.to):
		return false
	case m.Of == AnyTask:
		return true
	}
	return (m.Of == OfClasses) == (classes > 0)
}

// ways counts how a metric can be computed.
func (m *Metric) ways() (n int) {
	for _, has := range []bool{m.Classes != nil, m.Numbers != nil, m.Whole != nil, m.Sums > 0 && m.Add != nil && m.Mean != nil} {
		if has {
			n++
		}
	}
	return n
}

// checkMetrics reports metrics of a task that cannot be computed.
func checkMetrics(task *Task) error {
	seen := map[string]bool{"loss": true}
	for _, m := range task.metrics() {
		switch {
		case m.Name == "" || seen[m.Name] || strings.HasPrefix(m.Name, lossPrefix):
			return fmt.Errorf("train: a metric %q: each needs a name of its own, which is not that of a loss", m.Name)
		case m.ways() != 1:
			return fmt.Errorf("train: metric %s needs one of Classes, Numbers, Whole, or Sums, Add and Mean", m.Name)
		case m.Classes != nil && (task.truth() == "" || task.Classes == 0):
			return fmt.Errorf("train: metric %s is for a classification; the task is none", m.Name)
		case m.Numbers != nil && (task.truth() == "" || task.Classes > 0):
			return fmt.Errorf("train: metric %s is for a regression; the task is none", m.Name)
		case m.Probabilities && task.Gives == OtherScores:
			return fmt.Errorf("train: metric %s needs probabilities; Gives of the task does not say how it has some", m.Name)
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

func newTally(task *Task, d data.Rows, first string, only []string) *tally {
	t := &tally{task: task, rows: task.metrics()}
	if len(only) > 0 {
		t.rows = slices.DeleteFunc(t.rows, func(m *Metric) bool { return !slices.Contains(only, m.Name) })
	}
	t.sums = make([][]float64, len(t.rows))
	for i, m := range t.rows {
		if m.Add != nil {
			t.sums[i] = make([]float64, m.Sums)
		}
	}
	if task.truth() != "" || slices.ContainsFunc(t.rows, func(m *Metric) bool { return m.Whole != nil }) {
		t.all = &Outcome{Rows: d, Predictions: map[string][]float64{}, task: task, first: first}
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
	s := &Scores{}
	switch {
	case t.task.truth() == "":
		s.Metrics = map[string]float64{}
	case t.task.Classes > 0:
		needs := slices.ContainsFunc(t.rows, func(m *Metric) bool { return m.Probabilities })
		s = classified(t.all.classes(needs), t.rows)
	default:
		s = regressed(t.all.numbers(), t.rows)
	}
	for i, m := range t.rows {
		switch {
		case m.Whole != nil:
			s.Metrics[m.Name] = m.Whole(t.all)
		case m.Add != nil:
			s.Metrics[m.Name] = m.Mean(t.sums[i])
		}
	}
	return s
}

// Classified scores predicted classes by the rows of [Metrics] that fit, and by more.
// It panics if [score.Classes.Check] has something to report.
func Classified(c *score.Classes, more ...Metric) *Scores {
	if err := c.Check(); err != nil {
		panic(err.Error())
	}
	return classified(c, fitting(c.K, c.P != nil, more))
}

// Regressed scores predicted numbers, as [Classified] does classes.
func Regressed(x *score.Numbers, more ...Metric) *Scores {
	if err := x.Check(); err != nil {
		panic(err.Error())
	}
	return regressed(x, fitting(0, false, more))
}

func fitting(classes int, probabilities bool, more []Metric) (rows []*Metric) {
	for _, table := range [][]Metric{Metrics, more} {
		for i := range table {
			if m := &table[i]; m.fits(classes, probabilities) {
				rows = append(rows, m)
			}
		}
	}
	return rows
}

func classified(c *score.Classes, rows []*Metric) *Scores {
	s := &Scores{Rows: len(c.Truth), Confusion: make([][]int, c.K), Each: c.Each(), Metrics: map[string]float64{}}
	for k := range s.Confusion {
		s.Confusion[k] = make([]int, c.K)
	}
	for i, k := range c.Truth {
		s.Confusion[k][c.Decided[i]]++
	}
	for _, m := range rows {
		if m.Classes != nil {
			s.Metrics[m.Name] = m.Classes(c)
		}
	}
	return s
}

func regressed(x *score.Numbers, rows []*Metric) *Scores {
	s := &Scores{Rows: len(x.Truth), Metrics: map[string]float64{}}
	for _, m := range rows {
		if m.Numbers != nil {
			s.Metrics[m.Name] = m.Numbers(x)
		}
	}
	return s
}
