package score

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/elementary"
)

// A Calibration turns the probabilities of a model into those that rows which it was
// not trained on have shown, and decides by them. It is fitted by [Calibrate]; the zero
// value leaves probabilities as they are.
type Calibration struct {
	Method string  `json:"method,omitempty"` // a name of Calibrations
	Rows   int     `json:"rows,omitempty"`   // that it was fitted on
	Before float64 `json:"before,omitempty"` // log loss of these rows, of the model
	After  float64 `json:"after,omitempty"`  // and calibrated

	// Trained are the weights of the classes in the loss of training, which the
	// probabilities of the model are divided by; nil if there were none.
	Trained []float64 `json:"trained,omitempty"`
	// Temperature divides logits: below 1 the model was not sure enough.
	Temperature float64 `json:"temperature,omitempty"`
	// Lines give logits by those of the model, Steps probabilities: of the second of
	// two classes, or of each against the rest.
	Lines []Line  `json:"lines,omitempty"`
	Steps []Steps `json:"steps,omitempty"`

	// Favour multiplies probabilities before the largest decides; nil if they decide as
	// they are. Of two classes the second is then decided for above the probability
	// Favour[0] / (Favour[0] + Favour[1]).
	Favour []float64 `json:"favour,omitempty"`
	Aim    string    `json:"aim,omitempty"` // what Favour was chosen for
}

// A Line is a straight line.
type Line struct {
	Slope  float64 `json:"slope"`
	Offset float64 `json:"offset"`
}

// Steps are points of a curve that rises, straight between them and level outside.
type Steps struct {
	X []float64 `json:"x"`
	Y []float64 `json:"y"`
}

// A CalibrationRow is a way to calibrate.
type CalibrationRow struct {
	Name, Doc string
	fit       func(c *Calibration, held *Classes)
	apply     func(c *Calibration, p []float64)
}

// Calibrations are the ways to calibrate.
var Calibrations = []CalibrationRow{
	{"temperature", "divides logits by one number; decisions stay as they are (Guo et al. 2017)", fitTemperature, (*Calibration).temper},
	{"platt", "a line for the logit of each class against the rest (Platt 1999)", fitLines, (*Calibration).alongLines},
	{"isotonic", "any rising curve for each class against the rest; needs some thousand rows (Zadrozny, Elkan 2002)", fitSteps, (*Calibration).climb},
}

// CalibrationNamed returns the row of that name.
func CalibrationNamed(name string) (*CalibrationRow, error) {
	var names []string
	for i := range Calibrations {
		if Calibrations[i].Name == name {
			return &Calibrations[i], nil
		}
		names = append(names, Calibrations[i].Name)
	}
	return nil, fmt.Errorf("no calibration %q; there are %s", name, strings.Join(names, ", "))
}

// Calibrate fits a calibration to rows that the model was not trained on, by their
// truth, probabilities and weights. Trained are the weights of the classes in
// training, nil if there were none.
func Calibrate(method string, held *Classes, trained []float64) (*Calibration, error) {
	row, err := CalibrationNamed(method)
	if err != nil {
		return nil, err
	}
	if err := held.Check(); err != nil {
		return nil, err
	}
	if len(held.Truth) == 0 || held.P == nil {
		return nil, fmt.Errorf("score: no probabilities to calibrate")
	}
	c := &Calibration{Rows: len(held.Truth), Before: held.LogLoss(), Trained: trained, Favour: trained}
	clean := c.Applied(held)
	c.Method = method
	row.fit(c, clean)
	c.After = c.Applied(held).LogLoss()
	return c, nil
}

// Applied returns the rows with calibrated probabilities, and what these decide.
func (c *Calibration) Applied(x *Classes) *Classes {
	out := &Classes{K: x.K, Truth: x.Truth, Weight: x.Weight, P: slices.Clone(x.P), Decided: make([]int, len(x.Truth))}
	for i := range out.Truth {
		c.Apply(out.row(i))
		out.Decided[i] = c.Decide(out.row(i))
	}
	return out
}

// Apply calibrates the probabilities of a row in place.
func (c *Calibration) Apply(p []float64) {
	for k := range c.Trained {
		p[k] /= c.Trained[k]
	}
	if c.Trained != nil {
		normalize(p)
	}
	if row, err := CalibrationNamed(c.Method); err == nil {
		row.apply(c, p)
	}
}

// Decide returns the class that calibrated probabilities decide for, the first of
// equal ones.
func (c *Calibration) Decide(p []float64) int {
	best, most := 0, math.Inf(-1)
	for k, x := range p {
		if c.Favour != nil {
			x *= c.Favour[k]
		}
		if x > most {
			best, most = k, x
		}
	}
	return best
}

// Threshold returns the probability above which the second of two classes is decided
// for.
func (c *Calibration) Threshold() float64 {
	if c.Favour == nil {
		return 0.5
	}
	return c.Favour[0] / (c.Favour[0] + c.Favour[1])
}

// Check reports a calibration that is none of so many classes.
func (c *Calibration) Check(classes int) error {
	positive := func(x []float64) bool {
		return !slices.ContainsFunc(x, func(v float64) bool { return !(v > 0) || math.IsInf(v, 0) })
	}
	each := classes
	if classes == 2 {
		each = 1
	}
	wrong := c.Trained != nil && (len(c.Trained) != classes || !positive(c.Trained)) || c.Favour != nil && (len(c.Favour) != classes || slices.Min(c.Favour) < 0)
	switch c.Method {
	case "":
	case "temperature":
		wrong = wrong || !positive([]float64{c.Temperature})
	case "platt":
		wrong = wrong || len(c.Lines) != each
	case "isotonic":
		wrong = wrong || len(c.Steps) != each
		for _, s := range c.Steps {
			wrong = wrong || len(s.X) == 0 || len(s.X) != len(s.Y) || !slices.IsSorted(s.X) || !slices.IsSorted(s.Y)
		}
	default:
		wrong = true
	}
	if wrong {
		return fmt.Errorf("calibration %q does not fit %d classes", c.Method, classes)
	}
	return nil
}

// normalize divides probabilities by their sum.
func normalize(p []float64) {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	for k := range p {
		p[k] /= sum
	}
}

// least is the smallest probability that logits are made of: what is below has been
// rounded away by then, or cannot be known of any number of rows.
const least = 1e-9

func logOf(p float64) float64 { return elementary.Log(max(p, least)) }

func logit(p float64) float64 { return logOf(p) - logOf(1-p) }

// temper makes p the softmax of logarithms of p that are divided by the temperature.
func (c *Calibration) temper(p []float64) {
	top := logOf(slices.Max(p))
	for k, x := range p {
		p[k] = elementary.Exp((logOf(x) - top) / c.Temperature)
	}
	normalize(p)
}

// each gives f the probability of the second of two classes, or of each of more, and
// puts what it returns in its place.
func each(p []float64, f func(k int, p float64) float64) {
	if len(p) == 2 {
		p[1] = f(0, p[1])
		p[0] = 1 - p[1]
		return
	}
	sum := 0.0
	for k, x := range p {
		p[k] = f(k, x)
		sum += p[k]
	}
	if sum == 0 { // no class has any
		for k := range p {
			p[k] = 1
		}
	}
	normalize(p)
}

func (c *Calibration) alongLines(p []float64) {
	each(p, func(k int, p float64) float64 {
		return elementary.Sigmoid(float64(c.Lines[k].Slope*logit(p)) + c.Lines[k].Offset)
	})
}

func (c *Calibration) climb(p []float64) {
	each(p, func(k int, p float64) float64 { return c.Steps[k].at(p) })
}

// at returns the height of the curve.
func (s *Steps) at(x float64) float64 {
	i, found := slices.BinarySearch(s.X, x)
	switch {
	case i == 0:
		return s.Y[0]
	case found:
		return s.Y[i]
	case i == len(s.X):
		return s.Y[i-1]
	}
	return s.Y[i-1] + float64((s.Y[i]-s.Y[i-1])*(x-s.X[i-1])/(s.X[i]-s.X[i-1]))
}
