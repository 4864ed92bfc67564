package lab

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/plot"
	"descent/optimizers/search"
)

// A Param is a number of an experiment that a reader may move.
type Param struct {
	Name    string
	Label   Text
	Default float64 // the tutorial's
	Lo, Hi  float64
	Log     bool // even steps are factors
	Whole   bool
}

// What most experiments have.
func rate(def, lo, hi float64) Param {
	return Param{Name: "lr", Label: Text{"learning rate", "学习率"}, Default: def, Lo: lo, Hi: hi, Log: true}
}

func stepsTo(def, most float64) Param {
	return Param{Name: "steps", Label: Text{"steps", "步数"}, Default: def, Lo: 1, Hi: most, Whole: true}
}

func lambda(def, lo, hi float64) Param {
	return Param{Name: "lambda", Label: Text{EN: "λ"}, Default: def, Lo: lo, Hi: hi, Log: true}
}

// noise is how much of the noise of a file's rows there is.
var noise = named("noise", Text{"noise", "噪声"}, 1, 0, 5)

// noisy returns x and y of a file, whose noise about a + b·x is as many times as much.
func noisy(file string, a, b, times float64) (x, y []float64) {
	x, y = column(file, "x"), column(file, "y")
	if times != 1 { // the file's own, to the bit
		for i := range y {
			line := a + float64(b*x[i])
			y[i] = line + float64(times*(y[i]-line))
		}
	}
	return x, y
}

// symbol is a parameter that is called as in the formula.
func symbol(name string, def, lo, hi float64) Param {
	return named(name, Text{EN: name}, def, lo, hi)
}

func named(name string, label Text, def, lo, hi float64) Param {
	return Param{Name: name, Label: label, Default: def, Lo: lo, Hi: hi}
}

// byFactors and whole say how a parameter moves.
func (p Param) byFactors() Param { p.Log = true; return p }
func (p Param) whole() Param     { p.Whole = true; return p }

// allows says what is wrong with a value.
func (p Param) allows(v float64) error {
	switch {
	case !(v >= p.Lo && v <= p.Hi):
		return fmt.Errorf("%s = %v: it goes from %v to %v", p.Name, v, p.Lo, p.Hi)
	case p.Whole && v != math.Trunc(v):
		return fmt.Errorf("%s = %v: it is a whole number", p.Name, v)
	}
	return nil
}

// Check says what is wrong with values of the experiment's parameters.
func (e *Experiment) Check(set map[string]float64) error {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		p := e.param(name)
		if p == nil {
			var names []string
			for _, p := range e.Free {
				names = append(names, p.Name)
			}
			if names == nil {
				return fmt.Errorf("no parameter %q: %s has none", name, e.Name)
			}
			return fmt.Errorf("no parameter %q: %s has %s", name, e.Name, strings.Join(names, ", "))
		}
		if err := p.allows(set[name]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Experiment) param(name string) *Param {
	for i := range e.Free {
		if e.Free[i].Name == name {
			return &e.Free[i]
		}
	}
	return nil
}

// Param is the value of a parameter.
func (r *Run) Param(name string) float64 {
	p := r.Experiment.param(name)
	if p == nil {
		panic("lab: " + r.Experiment.Name + " has no parameter " + name)
	}
	if v, ok := r.set[name]; ok {
		return v
	}
	return p.Default
}

func (r *Run) count(name string) int { return int(r.Param(name)) }

// Moved reports whether a parameter is not the tutorial's. Then numbers have nothing to be
// compared with.
func (r *Run) Moved() bool {
	for name := range r.set {
		if r.Param(name) != r.Experiment.param(name).Default {
			return true
		}
	}
	return false
}

// Judged reports whether the run says anything of the claim.
func (r *Run) Judged() bool { return r.Experiment.General || !r.Moved() }

// show writes a number for people, six digits of it.
func show(x float64) string {
	near, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if a := math.Abs(near); a != 0 && (a < 1e-6 || a >= 1e7) {
		return strconv.FormatFloat(near, 'g', -1, 64)
	}
	return strconv.FormatFloat(near, 'f', -1, 64)
}

// times writes a factor before a name in a title: 1 is not written.
func times(x float64) string {
	if x == 1 {
		return ""
	}
	return show(x)
}

// after is where a search was after so many steps, or where it ended before.
func after(res *search.Result, steps int) search.Point {
	return res.Trace[min(steps, len(res.Trace)-1)]
}

// inside shows of a figure of a curve and paths on it what the curve shows, if a path
// leaves that.
func inside(fig *plot.Figure) *plot.Figure {
	var x, y []float64
	for _, l := range fig.Layers {
		switch l := l.(type) {
		case plot.Line:
			if x == nil {
				x, y = l.X, l.Y
			}
		case plot.Path:
			if slices.Min(l.X) < x[0] || slices.Max(l.X) > x[len(x)-1] {
				lo, hi := slices.Min(y), slices.Max(y)
				room := (hi - lo) / 20
				fig.X.Min, fig.X.Max, fig.Y.Min, fig.Y.Max = x[0], x[len(x)-1], lo-room, hi+room
			}
		}
	}
	return fig
}
