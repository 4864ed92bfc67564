// Package series makes rows of a table whose rows follow each other in time: a row is a
// window of steps, from which the steps that follow it are to be forecast.
package series

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"descent/data"
)

// A Schema says how tables become windows. It is kept beside the model.
type Schema struct {
	Time    string   `json:"time"`    // the column that orders the rows
	Columns []string `json:"columns"` // the numbers of a step; the first is the target
	Window  int      `json:"window"`  // steps that are seen
	Horizon int      `json:"horizon"` // steps that are forecast
	// A column is divided by Scale after Offset is taken off: those of training.
	Offset []float64 `json:"offset"`
	Scale  []float64 `json:"scale"`
	// Interval, if not nil, is that of the forecasts.
	Interval *Interval `json:"interval,omitempty"`
}

// A Series is steps in the order of time.
type Series struct {
	Columns []string
	Values  []float64 // steps × columns
	Times   []float64 // days of dates since 1970, or numbers
	Dates   bool      // that times are
	Notes   []string  // what was done to the rows that their user should know
}

// Target is the name of the column that is forecast.
func (c *Schema) Target() string { return c.Columns[0] }

// Features is how many numbers a window has.
func (c *Schema) Features() int { return c.Window * len(c.Columns) }

// maxSteps bounds windows and horizons.
const maxSteps = 1 << 16

// Check reports a schema that makes no windows.
func (c *Schema) Check() error {
	n := len(c.Columns)
	switch {
	case c.Window < 1 || c.Window > maxSteps || c.Horizon < 1 || c.Horizon > maxSteps:
		return fmt.Errorf("a window of %d steps and a horizon of %d: both are 1 to %d", c.Window, c.Horizon, maxSteps)
	case n < 1 || len(c.Offset) != n || len(c.Scale) != n:
		return fmt.Errorf("a series of %d columns with %d offsets and %d scales", n, len(c.Offset), len(c.Scale))
	case slices.ContainsFunc(c.Scale, func(s float64) bool { return !(s > 0) }):
		return fmt.Errorf("scales %v; they are above 0", c.Scale)
	case c.Interval != nil && (len(c.Interval.Low) != c.Horizon || len(c.Interval.High) != c.Horizon):
		return fmt.Errorf("an interval of %d and %d steps for a horizon of %d", len(c.Interval.Low), len(c.Interval.High), c.Horizon)
	}
	return nil
}

// Choose returns the columns of a step: the target, then the other numbers but those
// that are dropped. Columns of words and dates are left out, which notes say.
func Choose(t *data.Table, time, target string, drop []string) (columns, notes []string, err error) {
	for _, name := range append([]string{time, target}, drop...) {
		if _, err := t.Column(name); err != nil {
			return nil, nil, err
		}
	}
	if time == target {
		return nil, nil, fmt.Errorf("%s: column %q orders the rows; it cannot be the target, too", t.Name, time)
	}
	columns = []string{target}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Name == time || c.Name == target || slices.Contains(drop, c.Name):
		case c.Kind == data.Numeric:
			columns = append(columns, c.Name)
		default:
			notes = append(notes, fmt.Sprintf("column %s is not used: the steps of a series are numbers", c.Name))
		}
	}
	return columns, notes, nil
}

// Read returns columns of a table in the order of time. It is an error if a time is
// missing or there twice, or a target is missing; other missing numbers are those of the
// step before, which a note says. Notes also tell of rows that were not in order, and of
// times that are not evenly spaced.
func Read(t *data.Table, time string, columns []string) (*Series, error) {
	at, dates, err := times(t, time)
	if err != nil {
		return nil, err
	}
	n, w := t.Rows(), len(columns)
	s := &Series{Columns: columns, Values: make([]float64, n*w), Times: make([]float64, n), Dates: dates}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if !slices.IsSorted(at) {
		sort.SliceStable(order, func(i, j int) bool { return at[order[i]] < at[order[j]] })
		s.Notes = append(s.Notes, fmt.Sprintf("rows were not in the order of %s: they were sorted", time))
	}
	for i, row := range order {
		if s.Times[i] = at[row]; i > 0 && at[row] == s.Times[i-1] {
			return nil, fmt.Errorf("%s and %s: the same %s; a series has one row for each time, so add rows up, or keep one series of several", t.Where(order[i-1]), t.Where(row), time)
		}
	}
	s.spacing(time)
	for k, name := range columns {
		c, err := t.Column(name)
		if err != nil {
			return nil, err
		}
		if c.Kind != data.Numeric {
			return nil, fmt.Errorf("%s: column %q is not numbers, and a series is", t.Name, name)
		}
		if err := s.fill(t, c, k, order); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// times returns the times of the rows, and whether they are dates.
func times(t *data.Table, name string) (at []float64, dates bool, err error) {
	c, err := t.Column(name)
	if err != nil {
		return nil, false, err
	}
	if c.Kind == data.Categorical {
		return nil, false, fmt.Errorf("%s: column %q has neither dates nor numbers, so that it orders no rows", t.Name, name)
	}
	at = c.Values.Numbers()
	if row := slices.IndexFunc(at, math.IsNaN); row >= 0 {
		return nil, false, fmt.Errorf("%s: %s is missing; each row of a series has its time", t.Where(row), name)
	}
	return at, c.Kind == data.Date, nil
}

// spacing notes times whose steps differ by more than those of months do.
func (s *Series) spacing(time string) {
	const months = 31.0 / 28
	var steps []float64
	for i := 1; i < len(s.Times); i++ {
		steps = append(steps, s.Times[i]-s.Times[i-1])
	}
	if len(steps) == 0 {
		return
	}
	if lo, hi := slices.Min(steps), slices.Max(steps); hi > lo*months*1.001 {
		s.Notes = append(s.Notes, fmt.Sprintf("%s is not evenly spaced, by %.6g to %.6g: a step is a row, however long it took", time, lo, hi))
	}
}

// fill reads column k.
func (s *Series) fill(t *data.Table, c *data.Column, k int, order []int) error {
	values, filled, last := c.Values.Numbers(), 0, math.NaN()
	for _, row := range order { // what comes before the first is taken to be like it
		if !math.IsNaN(values[row]) {
			last = values[row]
			break
		}
	}
	if math.IsNaN(last) {
		return fmt.Errorf("%s: column %q has no number", t.Name, c.Name)
	}
	for i, row := range order {
		v := values[row]
		if math.IsNaN(v) {
			if k == 0 {
				return fmt.Errorf("%s: %s is missing; a series needs each number of its target, so fill it in, or leave out what is before it", t.Where(row), c.Name)
			}
			filled, v = filled+1, last
		}
		s.Values[i*len(s.Columns)+k], last = v, v
	}
	if filled > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d missing numbers of %s are taken to be those of the step before", filled, c.Name))
	}
	return nil
}

// Steps is the number of steps.
func (s *Series) Steps() int { return len(s.Times) }

// Part returns the steps from one to before another.
func (s *Series) Part(from, to int) *Series {
	w := len(s.Columns)
	return &Series{Columns: s.Columns, Values: s.Values[from*w : to*w], Times: s.Times[from:to], Dates: s.Dates}
}

// Target returns the numbers that are forecast.
func (s *Series) Target() []float64 {
	y := make([]float64, s.Steps())
	for i := range y {
		y[i] = s.Values[i*len(s.Columns)]
	}
	return y
}

// Parts divides a series: the latest steps are for testing, those before for
// validation. It is an error if one of them has no window.
func (c *Schema) Parts(s *Series, val, test float64) (train, valid, tested *Series, err error) {
	n := s.Steps()
	b := n - int(math.Round(float64(float64(n)*test)))
	a := b - int(math.Round(float64(float64(n)*val)))
	for _, p := range []struct {
		name  string
		steps int
	}{{"training", a}, {"validation", b - a}, {"testing", n - b}} {
		if p.steps < c.Window+c.Horizon {
			return nil, nil, nil, fmt.Errorf("%d steps for %s, of %d, are too few for a window of %d and a horizon of %d; no window reaches from one part into another", p.steps, p.name, n, c.Window, c.Horizon)
		}
	}
	return s.Part(0, a), s.Part(a, b), s.Part(b, n), nil
}

// Fit sets the means and deviations of the columns to those of the steps of training.
func (c *Schema) Fit(s *Series) {
	w := len(c.Columns)
	c.Offset, c.Scale = make([]float64, w), make([]float64, w)
	n := float64(s.Steps())
	for i, v := range s.Values {
		c.Offset[i%w] += v / n
	}
	for i, v := range s.Values {
		d := v - c.Offset[i%w]
		c.Scale[i%w] += float64(d*d) / n
	}
	for k, v := range c.Scale {
		if c.Scale[k] = math.Sqrt(v); !(c.Scale[k] > 0) || math.IsInf(c.Scale[k], 0) {
			c.Scale[k] = 1
		}
	}
}

// Rows returns the windows of a series, one for each step from which the horizon can
// be seen: "x" are their numbers, window × columns, "y" the targets that follow, both in
// the scale of training. Windows overlap and are not copied.
func (c *Schema) Rows(s *Series) (data.Arrays, error) {
	w, n := len(c.Columns), s.Steps()-c.Horizon
	if n < c.Window {
		return nil, fmt.Errorf("%d steps are too few for a window of %d and a horizon of %d", s.Steps(), c.Window, c.Horizon)
	}
	values := c.scaled(s)
	target := make([]float64, s.Steps()-c.Window)
	for i := range target {
		target[i] = values[(c.Window+i)*w]
	}
	x, err := data.Windows(values[:n*w], w, c.Features())
	if err != nil {
		return nil, err
	}
	y, err := data.Windows(target, 1, c.Horizon)
	return data.Arrays{"x": x, "y": y}, err
}

// Last returns the last window of a series, from which what is not known is forecast.
func (c *Schema) Last(s *Series) (data.Arrays, error) {
	if s.Steps() < c.Window {
		return nil, fmt.Errorf("%d rows, and the model sees a window of %d", s.Steps(), c.Window)
	}
	x, err := data.NewArray(c.scaled(s.Part(s.Steps()-c.Window, s.Steps())), c.Features())
	return data.Arrays{"x": x}, err
}

func (c *Schema) scaled(s *Series) []float64 {
	w := len(c.Columns)
	values := make([]float64, len(s.Values))
	for i, v := range s.Values {
		values[i] = (v - c.Offset[i%w]) / c.Scale[i%w]
	}
	return values
}

// Own turns forecasts into the unit of the target, in place.
func (c *Schema) Own(pred []float64) []float64 {
	for i, v := range pred {
		pred[i] = float64(v*c.Scale[0]) + c.Offset[0]
	}
	return pred
}
