package minimum

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/calc"
	"descent/ops"
	"descent/optimizers/search"
	"descent/optimizers/search/point"
)

var nan = math.NaN()

// searches are functions with the answer that every method has to give; nan is
// a value that is not known, or not asked for.
var searches = []struct {
	text, start, bounds string
	f                   float64 // the least value
	kind                string  // what the kind begins with
	but                 string  // methods that it is too much for
}{
	// beside the edge of a domain
	{"-2*log(p)-log(1-p)", "p=0.05", "", 3*math.Log(3) - 2*math.Log(2), "minimum", ""},
	{"mean(-([1,1,0]*log(p)+[0,0,1]*log(1-p)))", "p=0.5", "", 0.6365141682948128, "minimum", ""},
	{"mean(-([1,1,0]*log(p)+[0,0,1]*log(1-p)))", "p=0.01", "", 0.6365141682948128, "minimum", ""},
	{"mean(-([1,1,0]*log(p)+[0,0,1]*log(1-p)))", "p=0.999", "", 0.6365141682948128, "minimum", ""},
	{"x-log(x)", "x=5", "", 1, "minimum", ""},
	{"x-log(x)", "x=1e-6", "", 1, "minimum", ""},
	{"x-log(x)", "x=1e6", "", 1, "minimum", ""},
	{"x^0.5+1/x", "x=9", "", 3 / math.Cbrt(4), "minimum", ""},
	{"x^1.5-3*x", "x=0.1", "", -4, "minimum", ""},
	{"x-log1p(x)", "x=7", "", 0, "minimum", ""},
	{"x*log(x)", "x=3", "", -1 / math.E, "minimum", ""},
	{"acos(x)", "x=0", "", 0, "minimum at the edge of the domain", ""},
	{"sqrt(x)", "x=2", "", 0, "minimum at the edge of the domain", ""},
	{"x-log(1-x^2-y^2)", "x=0.5,y=0.5", "", -0.2259871559, "minimum", ""},
	{"a+b-log(a*b-c^2)", "a=2,b=3,c=1", "", 2, "minimum", ""},
	{"sqrt(x)+(y-1)^2", "x=2,y=3", "", 0, "minimum at the edge of the domain", "cmaes"},
	{"sqrt(x)+sqrt(y)+(z-1)^2", "x=2,y=3,z=0", "", 0, "minimum at the edge of the domain", "cmaes"},
	{"mean(-([1,0]*log(p)+[0,1]*log(1-p)))", "p=[0.5;0.1]", "", 0, "minimum at the edge of the domain", "cmaes"},
	// no minimum
	{"x", "x=0", "", nan, "unbounded", ""},
	{"1e12*x", "x=1", "", nan, "unbounded", ""},
	{"1e-12*x", "x=1", "", nan, "unbounded", ""},
	{"-x^2", "x=1", "", nan, "unbounded", ""},
	{"log(x)", "x=5", "", nan, "unbounded", ""},
	{"1/x", "x=-1", "", nan, "unbounded", ""},
	{"-sqrt(x)", "x=1", "", nan, "unbounded", ""},
	{"x^2-y^2", "x=1,y=0.1", "", nan, "unbounded", ""},
	{"exp(x)", "x=-19", "", nan, "no minimum", ""},
	{"1/(1+exp(-x))", "x=0", "", nan, "no minimum", ""},
	{"log(1+exp(-x))", "x=0", "", nan, "no minimum", ""},
	{"atan(x)", "x=0", "", nan, "no minimum", ""},
	{"1/x", "x=1", "", nan, "no minimum", "cmaes"}, // which jumps over the pole,
	// kinks
	{"abs(x)", "x=3", "", 0, "minimum at a kink", ""},
	{"abs(x)", "x=0", "", 0, "minimum at a kink", ""},
	{"max(x,-x)+(y-2)^2", "x=2,y=2", "", 0, "minimum at a kink", ""},
	{"abs(x)+abs(y-1)", "x=3,y=-2", "", 0, "minimum at a kink", ""},
	{"norm([x,y-1])", "x=3,y=4", "", 0, "minimum at a kink", ""},
	{"20-20*exp(-0.2*sqrt(0.5*(x^2+y^2)))+e-exp(0.5*(cos(2*pi*x)+cos(2*pi*y)))", "x=0.1,y=0.1", "", 0, "minimum at a kink", ""},
	// flat places
	{"x^4", "x=3", "", 0, "minimum, flat to second order in these directions: x", ""},
	{"1+x^4+y^2", "x=3,y=1", "", 1, "minimum, flat to second order in these directions: x", "steepest"},
	{"(x-y)^2", "x=3,y=1", "", 0, "minimum, flat in these directions: x + y", ""},
	{"x^2+0*y", "x=3,y=1", "", 0, "minimum, flat in these directions: y", ""},
	{"relu(x-1)", "x=-3", "", 0, "flat in these directions: x", ""},
	// scales
	{"1e-12*(x-3)^2", "x=0", "", 0, "minimum", ""},
	{"1e12*(x-3)^2", "x=0", "", 0, "minimum", ""},
	{"(1e6*x-3)^2", "x=0", "", 0, "minimum", ""},
	{"(1e-6*x-3)^2", "x=0", "", 0, "minimum", ""},
	{"(x-1e8)^2+(y-1)^2", "x=0,y=0", "", 0, "minimum", ""},
	{"x^2+1e12*y^2", "x=1,y=1", "", 0, "minimum", ""},
	// several variables
	{"(1-x)^2+100*(y-x^2)^2", "x=-1.2,y=1", "", 0, "minimum", "steepest"},
	{"(1-x)^2+100*(y-x^2)^2", "x=-120,y=100", "", 0, "minimum", "steepest"},
	{"1e-12*((1-x)^2+100*(y-x^2)^2)", "x=-1.2,y=1", "", 0, "minimum", "steepest"},
	{"1e12*((1-x)^2+100*(y-x^2)^2)", "x=-1.2,y=1", "", 0, "minimum", "steepest"},
	{"(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2", "x=1,y=1", "", 0, "minimum", ""},
	{"(x+2*y-7)^2+(2*x+y-5)^2", "x=0,y=0", "", 0, "minimum", ""},
	{"(x^2+y-11)^2+(x+y^2-7)^2", "x=0,y=0", "", 0, "minimum", ""},
	{"20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)", "x=0.2,y=-0.1", "", 0, "minimum", ""},
	{"(x+10*y)^2+5*(z-w)^2+(y-2*z)^4+10*(x-w)^4", "x=3,y=-1,z=0,w=1", "", 0, "minimum, flat to second order", "steepest"},
	{"100*(x^2-y)^2+(x-1)^2+(z-1)^2+90*(z^2-w)^2+10.1*((y-1)^2+(w-1)^2)+19.8*(y-1)*(w-1)", "x=-3,y=-1,z=-3,w=-1", "", 0, "minimum", "steepest"},
	// bounds
	{"(x-3)^2", "x=0", "x=0:2", 1, "minimum at a bound", ""},
	{"x+(y-1)^2", "x=3,y=0", "x=1:", 1, "minimum at a bound", ""},
	{"(1-x)^2+100*(y-x^2)^2", "x=-1.2,y=1", "x=-2:0.5", 0.25, "minimum at a bound", "steepest"},
	{"(x-3)^2", "x=0", "x=-9:9", 0, "minimum", ""},
}

// of is the search for the least value of a formula from a start such as
// "x=1,y=[2;3]", within bounds such as "x=0:2,y=1:".
func of(t *testing.T, text, start, bounds string) *Search {
	t.Helper()
	var given []calc.Binding
	var names []string
	for _, pair := range strings.Split(start, ",") {
		name, text, _ := strings.Cut(pair, "=")
		v, err := calc.ParseValue(strings.ReplaceAll(text, ";", ","))
		if err != nil {
			t.Fatal(err)
		}
		given, names = append(given, calc.Binding{Name: name, Value: v}), append(names, name)
	}
	return build(t, text, given, names, bounds)
}

func build(t *testing.T, text string, given []calc.Binding, names []string, bounds string) *Search {
	t.Helper()
	e, err := calc.At(text, given, names...)
	if err != nil {
		t.Fatal(err)
	}
	return &Search{Value: e.Node, Params: e.Params, Bounds: boundsOf(t, bounds, names), Steps: 10000, Tolerance: 1e-8}
}

// boundsOf reads bounds such as "x=0:2,y=1:".
func boundsOf(t *testing.T, text string, names []string) []search.Bound {
	t.Helper()
	out := make([]search.Bound, len(names))
	for _, pair := range strings.Split(text, ",") {
		if name, ends, ok := strings.Cut(pair, "="); ok {
			lo, hi, _ := strings.Cut(ends, ":")
			out[slices.Index(names, name)] = search.Bound{Lo: end(t, lo, math.Inf(-1)), Hi: end(t, hi, math.Inf(1))}
		}
	}
	return out
}

func end(t *testing.T, text string, otherwise float64) float64 {
	t.Helper()
	if text == "" {
		return otherwise
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Each method finds each minimum, or that there is none.
func TestSearches(t *testing.T) {
	for _, c := range searches {
		for _, name := range []string{"lbfgs", "bfgs", "cg", "newton", "steepest", "cmaes"} {
			if strings.Contains(c.but, name) {
				continue
			}
			m, err := search.ParseMethod(name, 1)
			if err != nil {
				t.Fatal(err)
			}
			f, err := of(t, c.text, c.start, c.bounds).Run(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			none := math.IsNaN(c.f)
			if !strings.HasPrefix(f.Kind, c.kind) || f.Converged == none {
				t.Errorf("%s from %s by %s: %q at %v, f = %v after %d evaluations: %s; want %q", c.text, c.start, name, f.Kind, f.X, f.F, f.Evaluations, f.Stopped, c.kind)
			}
			if d := math.Abs(f.F - c.f); !none && !(d <= 1e-7*(1e-3*math.Abs(f.Trace[0])+1)) {
				t.Errorf("%s from %s by %s: f = %v, want %v", c.text, c.start, name, f.F, c.f)
			}
		}
	}
}

// What rules leave behind is called what it is.
func TestRuns(t *testing.T) {
	for _, c := range []struct {
		text, start, method string
		steps               int
		kind                string
		converged           bool
	}{
		{"x^2+y^2", "x=5,y=1", "adam(lr=0.1)", 10000, "minimum", true},
		{"x^2", "x=5", "momentum(lr=0.01)", 40, "not converged", false}, // its best point is near 0 by chance
		{"x^3", "x=1", "sgd(lr=0.01)", 10000, "unbounded", false},
		{"x^3", "x=0", "sgd(lr=0.01)", 10000, "saddle", true},
		{"-x", "x=0", "sgd(lr=0.1)", 10000, "unbounded", false},
		{"-x^2", "x=0", "lbfgs", 10000, "maximum", true},
		{"x^2-y^2", "x=1,y=0", "newton", 10000, "saddle", true},
		{"x*y", "x=0,y=0", "lbfgs", 10000, "saddle", true},
		{"1e4*(x-3)^4+x^2", "x=0", "sgd(lr=1e-9)", 10, "not converged", false},
		{"x-log(x)", "x=0.5", "sgd(lr=3)", 10000, "not converged", false},
		{"-2*log(p)-log(1-p)", "p=0.05", "sgd(lr=0.1)", 10000, "not converged: the run diverged", false},
		{"-2*log(p)-log(1-p)", "p=0.05", "adam(lr=0.1)", 10000, "minimum", true},
		{"x^2", "x=5", "sgd(lr=1.1)", 10, "not converged: the run diverged", false},
		{"x^2", "x=5", "sgd(lr=1.1)", 10000, "not converged: the run diverged", false},
		{"sum(x^2)", "x=range", "lbfgs", 10000, "unknown", true},
		{"sum(x^4)", "x=range", "sgd(lr=1e-9)", 10, "not converged", false},
		{"cosh(1000*x)", "x=0.1", "lbfgs", 10000, "minimum", true},
		{"x^2*y^2", "x=1,y=2", "lbfgs", 10000, "minimum, flat in these directions: y", true},
		{"abs(x-1e30)", "x=0", "lbfgs", 10000, "not converged", false},
		{"abs(x-1e30)", "x=0", "adam(lr=0.1)", 10000, "not converged", false},
		{"1+exp(x)", "x=-40", "lbfgs", 10000, "not converged", false}, // rounding hides where it goes
	} {
		m, err := search.ParseMethod(c.method, 1)
		if err != nil {
			t.Fatal(err)
		}
		var s *Search
		if c.start == "x=range" {
			many := calc.Value{Shape: []int{point.MaxEigen + 1}, Data: make([]float64, point.MaxEigen+1)}
			for i := range many.Data {
				many.Data[i] = float64(i)
			}
			s = build(t, c.text, []calc.Binding{{Name: "x", Value: many}}, []string{"x"}, "")
		} else {
			s = of(t, c.text, c.start, "")
		}
		s.Steps = c.steps
		f, err := s.Run(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Kind; got != c.kind && !strings.HasPrefix(got, c.kind+":") || f.Converged != c.converged {
			t.Errorf("%s by %s: %q, %t; want %q", c.text, c.method, got, f.Converged, c.kind)
		}
	}
}

// convex returns a strictly convex function of n variables with units and a
// size drawn at random, and a start.
func convex(t *testing.T, rng *rand.Rand, n int) (s *Search, text string) {
	var start []calc.Binding
	var names []string
	unit := make([]float64, n)
	for i := range n {
		unit[i] = math.Pow(10, float64(rng.IntN(5)-2))
		names = append(names, fmt.Sprint("x", i))
		start = append(start, calc.Binding{Name: names[i], Value: calc.Number(unit[i] * 3 * rng.NormFloat64())})
	}
	var terms []string
	for k := range n + 1 {
		var row []string
		for i := range n {
			row = append(row, fmt.Sprintf("%g*x%d", rng.NormFloat64()/unit[i], i))
		}
		shape := []string{"(@-1)^2", "(@+0.5)^2", "log(1+exp(@))+0.1*(@)^2", "(@)^4+(@-1)^2", "sqrt(1+(@)^2)"}[(k+rng.IntN(5))%5]
		terms = append(terms, strings.ReplaceAll(shape, "@", strings.Join(row, "+")))
	}
	size := math.Pow(10, float64(rng.IntN(25)-12))
	text = fmt.Sprintf("%g*(%s+%d)", size, strings.Join(terms, "+"), rng.IntN(2)*rng.IntN(100))
	return build(t, text, start, names, ""), text
}

// What is found, and what is said of it, does not depend on the units of the
// variables or the size of the function: three methods that share little agree,
// and a run that is cut short is not called a minimum.
func TestScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for k := range 60 {
		s, text := convex(t, rng, 1+k%4)
		least := nan
		for _, m := range []search.Method{search.NewtonCG{}, search.NewLBFGS(), search.BFGS{}} {
			f, err := s.Run(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsNaN(least) {
				least = f.F
			}
			if d := math.Abs(f.F - least); f.Kind != "minimum" || !(d <= 1e-10*math.Abs(f.Trace[0])) {
				t.Errorf("%s by %T: %q, f = %v, least %v: %s", text, m, f.Kind, f.F, least, f.Stopped)
			}
			short := *s
			short.Steps = 2
			f, err = short.Run(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			if f.F-least > 1e-9*(f.Trace[0]-least) && f.Kind != "not converged" {
				t.Errorf("%s by %T after 2 steps: %q, f = %v, least %v", text, m, f.Kind, f.F, least)
			}
		}
	}
}

// A run starts where the parameters are and leaves them there, so that one search
// can be made by several methods.
func TestStaysPut(t *testing.T) {
	s := of(t, "(x-1)^2+sum((y-2)^2)", "x=5,y=[3;4]", "x=0:9")
	for _, run := range []func() (*Found, error){
		func() (*Found, error) { return s.Run(context.Background(), search.NewLBFGS()) },
		func() (*Found, error) {
			return s.Anneal(context.Background(), search.Annealing{Temperature: 1, Cool: 0.9, Sigma: 0.5, Seed: 1})
		},
	} {
		f, err := run()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.Path[0][1:], []float64{3, 4}) || math.Abs(f.Path[0][0]-5) > 1e-12 || !f.Converged {
			t.Errorf("from %v: %s", f.Path[0], f.Kind)
		}
		for k, want := range [][]float64{{5}, {3, 4}} {
			if got := s.Params[k].Variable().Float64s(); !slices.Equal(got, want) {
				t.Errorf("%v is %v after a run, want %v", s.Params[k], got, want)
			}
		}
	}
	if got := s.Names(); !slices.Equal(got, []string{"x", "y[0]", "y[1]"}) {
		t.Errorf("%q", got)
	}
}

// A search for a maximum speaks of one.
func TestMaximum(t *testing.T) {
	for text, want := range map[string]string{"-(x-1)^2": "maximum", "x^2": "unbounded: the value rises without bound in the direction x", "1-exp(-x)": "no maximum: the value rises for ever in the direction x, towards 1"} {
		s := of(t, text, "x=3", "")
		s.Maximize = true
		f, err := s.Run(context.Background(), search.NewLBFGS())
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind != want {
			t.Errorf("%s: %q, want %q", text, f.Kind, want)
		}
	}
}

// What cannot be searched is an error.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 0)
	x, in := g.Param("x", graph.Fill(3)), g.Input("in")
	vector := g.Param("v", graph.Zeros, 2)
	for want, s := range map[string]*Search{
		"2 bounds for 1":        {Value: ops.Square(x), Params: []*graph.Node{x}, Bounds: make([]search.Bound, 2)},
		"is not a parameter":    {Value: ops.Square(in), Params: []*graph.Node{in}},
		"x=3 is not within its": {Value: ops.Square(x), Params: []*graph.Node{x}, Bounds: []search.Bound{{Lo: 0, Hi: 1}}},
		"only a scalar":         {Value: ops.Square(vector), Params: []*graph.Node{vector}},
		"no parameters to vary": {Value: ops.Square(x)},
	} {
		if _, err := s.Run(context.Background(), search.NewLBFGS()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
