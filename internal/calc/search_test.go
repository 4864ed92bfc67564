package calc

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent/optimizers/search"
)

// method is the method of that name.
func method(t *testing.T, name string) search.Method {
	t.Helper()
	m, err := search.Parse(name, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

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

func (s *Search) from(t *testing.T, start, bounds string) {
	t.Helper()
	for _, pair := range strings.Split(start, ",") {
		name, text, _ := strings.Cut(pair, "=")
		v, err := ParseValue(strings.ReplaceAll(text, ";", ","))
		if err != nil {
			t.Fatal(err)
		}
		s.Start = append(s.Start, Binding{name, v})
	}
	var err error
	if s.Bounds, err = ParseBounds(bounds); err != nil {
		t.Fatal(err)
	}
}

// Each method finds each minimum, or that there is none.
func TestSearches(t *testing.T) {
	for _, c := range searches {
		for _, name := range []string{"lbfgs", "bfgs", "cg", "newton", "steepest", "cmaes"} {
			if strings.Contains(c.but, name) {
				continue
			}
			s := Search{Text: c.text, Steps: 10000, Tolerance: 1e-8, Seed: 1}
			s.from(t, c.start, c.bounds)
			f, err := s.Run(context.Background(), name, method(t, name))
			if err != nil {
				t.Fatal(err)
			}
			none := math.IsNaN(c.f)
			if !strings.HasPrefix(f.Kind, c.kind) || f.Converged == none {
				t.Errorf("%s from %s by %s: %q at %v, f = %v after %d evaluations: %s; want %q", c.text, c.start, name, f.Kind, f.X, f.F, f.Evaluations, f.Stopped, c.kind)
			}
			if d := math.Abs(f.F.Data[0] - c.f); !none && !(d <= 1e-7*(1e-3*math.Abs(f.Trace[0])+1)) {
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
		{"1+exp(x)", "x=-40", "lbfgs", 10000, "not converged", false}, // rounding hides where it goes
	} {
		m, err := search.Parse(c.method, 1)
		if err != nil {
			t.Fatal(err)
		}
		s := Search{Text: c.text, Steps: c.steps, Tolerance: 1e-8, Seed: 1}
		if c.start == "x=range" {
			s.Start = []Binding{{"x", Value{[]int{maxEigen + 1}, make([]float64, maxEigen+1)}}}
			for i := range s.Start[0].Value.Data {
				s.Start[0].Value.Data[i] = float64(i)
			}
		} else {
			s.from(t, c.start, "")
		}
		f, err := s.Run(context.Background(), c.method, m)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Kind; got != c.kind && !strings.HasPrefix(got, c.kind+":") || f.Converged != c.converged || (f.Failure() == "") != c.converged {
			t.Errorf("%s by %s: %q, %t, %q; want %q", c.text, c.method, got, f.Converged, f.Failure(), c.kind)
		}
	}
}

// convex returns a strictly convex function of n variables with units and a
// size drawn at random, and a start.
func convex(rng *rand.Rand, n int) *Search {
	s := &Search{Steps: 10000, Tolerance: 1e-8, Seed: 1}
	unit := make([]float64, n)
	for i := range n {
		unit[i] = math.Pow(10, float64(rng.IntN(5)-2))
		s.Start = append(s.Start, Binding{fmt.Sprint("x", i), Number(unit[i] * 3 * rng.NormFloat64())})
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
	s.Text = fmt.Sprintf("%g*(%s+%d)", size, strings.Join(terms, "+"), rng.IntN(2)*rng.IntN(100))
	return s
}

// What is found, and what is said of it, does not depend on the units of the
// variables or the size of the function: three methods that share little agree,
// and a run that is cut short is not called a minimum.
func TestScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for k := range 60 {
		s := convex(rng, 1+k%4)
		least := nan
		for _, name := range []string{"newton", "lbfgs", "bfgs"} {
			f, err := s.Run(context.Background(), name, method(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if math.IsNaN(least) {
				least = f.F.Data[0]
			}
			if d := math.Abs(f.F.Data[0] - least); f.Kind != "minimum" || !(d <= 1e-10*math.Abs(f.Trace[0])) {
				t.Errorf("%s by %s: %q, f = %v, least %v: %s", s.Text, name, f.Kind, f.F, least, f.Stopped)
			}
			short := *s
			short.Steps = 2
			f, err = short.Run(context.Background(), name, method(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if f.F.Data[0]-least > 1e-9*(f.Trace[0]-least) && f.Kind != "not converged" {
				t.Errorf("%s by %s after 2 steps: %q, f = %v, least %v", s.Text, name, f.Kind, f.F, least)
			}
		}
	}
}
