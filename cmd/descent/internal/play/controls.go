package play

import (
	"cmp"
	"slices"

	"descent/internal/spec"
	"descent/optimizers"
	"descent/optimizers/search"
)

// A Control is an optimizer as the page offers it: what stands in its row.
type Control struct {
	Name     string    `json:"name"`
	Doc      string    `json:"doc"`
	Fails    string    `json:"fails,omitempty"` // when
	Source   string    `json:"source,omitempty"`
	Settings []Setting `json:"settings"`
}

// A Setting is one of an optimizer's.
type Setting struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Kind    string   `json:"kind"` // number, flag or word
	Default any      `json:"default"`
	Choices []string `json:"choices,omitempty"`
	// Of a number: what it can be, in words, and a slider's ends and scale, which is
	// "", log, or below1, evenly in the logarithm of what is left to 1. Without ends there
	// is no slider.
	Range string  `json:"range,omitempty"`
	Lo    float64 `json:"lo,omitempty"`
	Hi    float64 `json:"hi,omitempty"`
	Scale string  `json:"scale,omitempty"`
}

var scales = map[spec.Scale]string{spec.Even: "", spec.Log: "log", spec.Below1: "below1"}

// Controls are the optimizers that a page offers: search methods, and all rules that move.
func Controls() (all []Control) {
	for i := range search.Table {
		e := &search.Table[i]
		if !e.Squares { // a formula is no sum of squares that it would know of
			all = append(all, control(&e.Row, e.Fails))
		}
	}
	for i := range optimizers.Table {
		if e := &optimizers.Table[i]; e.LR > 0 {
			all = append(all, control(&e.Row, e.Fails))
		}
	}
	slices.SortFunc(all, func(a, b Control) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func control(r *spec.Row, fails string) Control {
	c := Control{Name: r.Name, Doc: r.Doc, Fails: fails, Source: r.Source, Settings: []Setting{}}
	for _, s := range r.All() {
		out := Setting{Name: s.Name, Doc: s.Doc, Default: s.Default, Choices: s.Choices, Range: s.Range}
		switch s.Kind {
		case spec.Number, spec.Whole:
			out.Kind = "number"
			out.slider(&s)
		case spec.Flag:
			out.Kind = "flag"
		case spec.Word:
			out.Kind = "word"
		default:
			continue // a list is for whoever writes the text
		}
		if s.Default != nil {
			c.Settings = append(c.Settings, out)
		}
	}
	return c
}

// slider gives a number the ends of what is searched, or of what it can be.
func (out *Setting) slider(s *spec.Setting) {
	switch {
	case s.Name == "lr":
		out.Lo, out.Hi, out.Scale = leastRate, mostRate, "log"
	case s.Search != nil && s.Search.Hi > s.Search.Lo:
		out.Lo, out.Hi, out.Scale = s.Search.Lo, s.Search.Hi, scales[s.Search.Scale]
	case s.Range == "[0,1)" || s.Range == "[0,1]" || s.Range == "(0,1)":
		out.Hi = 1
	}
	if s.Range == "[0,1)" || s.Range == "(0,1)" {
		out.Hi = min(out.Hi, 0.9999)
	}
}

// An Example is a function to begin with.
type Example struct {
	Name, Formula string
	Start         []float64
	Optimizers    []string
	Steps         int
}

// Examples are the functions that the page offers.
var Examples = []Example{
	{"A parabola", "x^2", []float64{3}, []string{"sgd(lr=0.1)", "sgd(lr=1.1)"}, 30},
	{"A valley", "x^2/20 + y^2", []float64{-8, 2}, []string{"sgd(lr=0.9)", "momentum(lr=0.1)", "adagrad(lr=1.5)", "adam(lr=0.3)"}, 60},
	{"A bowl with ripples", "x^2 + 10*sin(x) + y^2 + 5*sin(y)", []float64{4, 3}, []string{"sgd(lr=0.05)", "adam(lr=0.1)", "lbfgs"}, 60},
	{"Rosenbrock's bent valley", "(1 - x)^2 + 100*(y - x^2)^2", []float64{-1.2, 1}, []string{"lbfgs", "newton", "adam(lr=0.1)"}, 300},
	{"Himmelblau's four minima", "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", []float64{0, 0}, []string{"sgd(lr=0.01)", "adam(lr=0.3)", "lbfgs"}, 80},
	{"Beale's flat plain", "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2", []float64{1, 1}, []string{"sgd(lr=0.02)", "rmsprop(lr=0.05)", "adam(lr=0.1)"}, 200},
	{"A saddle", "x^2 - y^2 + y^4/4", []float64{2, 0.001}, []string{"sgd(lr=0.1)", "momentum(lr=0.05)", "adam(lr=0.1)"}, 100},
	{"A kink", "abs(x) + 3*abs(y)", []float64{3, 2}, []string{"sgd(lr=0.1)", "adam(lr=0.1)"}, 60},
	{"Rastrigin's minima on a grid", "20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)", []float64{-1.3, 1.4}, []string{"adam(lr=0.1)", "cmaes", "annealing"}, 200},
	{"One variable, several minima", "x^4 - 4*x^3 + 4*x^2 + x^2*sin(2*pi*x)", []float64{0.5}, []string{"sgd(lr=0.01)", "adam(lr=0.1)", "annealing"}, 100},
}
