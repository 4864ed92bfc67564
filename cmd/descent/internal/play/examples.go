package play

import (
	"fmt"
	"slices"

	"descent/bench/bbob"
	"descent/bench/classic"
	"descent/graph"
	"descent/internal/suggest"
)

// An Example is a function to begin with.
type Example struct {
	Name       string
	Formula    string
	Start      []float64
	Optimizers []string
	Steps      int
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

// A Problem is a function of the suites of descent bench that can be drawn.
type Problem struct {
	Suite string       `json:"suite"`
	Name  string       `json:"name"` // as descent bench calls it
	About string       `json:"about"`
	Start []float64    `json:"start"`
	Box   [][2]float64 `json:"box,omitempty"` // what to show of it; none lets the paths decide
	Known

	value func(x *graph.Node) *graph.Node
}

// Known is what is known of a problem.
type Known struct {
	At  []float64 `json:"at"`  // its lowest point
	Min float64   `json:"min"` // the value there
}

// Problems returns those of one or two variables of the suite classic, and bbob's functions in two
// dimensions: the first instance of each, whose value is how far it is above the minimum.
func Problems() (all []Problem) {
	for _, f := range classic.Table {
		if len(f.Start) <= 2 {
			all = append(all, Problem{Suite: "classic", Name: f.Name, About: f.About, Start: f.Start, Known: Known{f.At, f.Min}, value: f.F})
		}
	}
	for i, row := range bbob.Table {
		f, err := bbob.New(i+1, 2, 1)
		if err != nil {
			panic(err) // the table has it
		}
		all = append(all, Problem{Suite: "bbob", Name: fmt.Sprintf("f%d-%s-2", i+1, row.Name), About: row.About, Start: []float64{-4, 3}, Box: [][2]float64{{-5, 5}, {-5, 5}},
			Known: Known{At: f.At}, value: func(x *graph.Node) *graph.Node { return f.Value(x) }})
	}
	return all
}

// ofProblem makes the ground that of a problem.
func (g *ground) ofProblem() error {
	all := Problems()
	i := slices.IndexFunc(all, func(p Problem) bool { return p.Name == g.Problem })
	if i < 0 {
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		if near := suggest.Nearest(g.Problem, names); near != "" {
			return fmt.Errorf("there is no problem %q; did you mean %q?", g.Problem, near)
		}
		return fmt.Errorf("there is no problem %q", g.Problem)
	}
	p := all[i]
	start := slices.Clone(p.Start)
	copy(start, g.Start)
	x := graph.New(graph.Float64, 0).Param("x", graph.From(start...), len(start))
	g.names, g.value, g.params, g.known = []string{"x", "y"}[:len(start)], p.value(x), []*graph.Node{x}, &p.Known
	return nil
}
