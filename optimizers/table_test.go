package optimizers

import (
	"go/ast"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/internal/sources"
	"descent/internal/spec"
	"descent/ops"
)

// testNet is a small problem with every kind of parameter that rules treat
// differently, whose gradients are noisy: a matrix, a bias and a scalar.
func testNet(dt graph.Dtype, rule Rule, steps int) ([]float64, error) {
	g := graph.New(dt, 7)
	x, y := g.Input("x", 8, 4), g.Input("y", 8, 3)
	w := g.Param("w", ramp, 4, 3)
	b := g.Param("b", ramp, 3)
	a := g.Param("a", graph.Fill(1.5))
	loss := ops.Mean(ops.Square(ops.Sub(ops.Mul(a, ops.Add(ops.Tanh(ops.MatMul(x, w)), b)), y)))
	tr := Descend(loss, rule)
	p, err := tr.Compile()
	if err != nil {
		return nil, err
	}
	xs, ys := make([]float64, 32), make([]float64, 24)
	for k := range steps {
		for i := range xs {
			xs[i] = float64((i*7+k*5)%11)/5 - 1
		}
		for i := range ys {
			ys[i] = float64((i*5+k*3)%7)/3 - 1
		}
		if err := p.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(tr.LR, []float64{0.02 / float64(1+k%3)})); err != nil {
			return nil, err
		}
	}
	var out []float64
	for _, n := range append([]*node{w, b, a}, tr.Eval...) {
		out = append(out, n.Variable().Float64s()...)
	}
	return out, nil
}

// with returns a rule that can be trained: a link that does not move by itself
// is put beside one that does.
func with(e *Entry, r Rule) Rule {
	switch {
	case e.LR != 0:
		return r
	case e.After:
		return Chain{Adam(), r}
	}
	return Chain{r, Momentum()}
}

// What a setting needs beside it to matter, and values that matter where the
// usual change would not.
var (
	needed = []struct{ rule, setting, beside string }{
		{"sgd", "dampening", "momentum=0.5"}, {"sgd", "nesterov", "momentum=0.5"}, {"sgd", "velocity", "momentum=0.5"}, {"schedulefree_sgd", "velocity", "momentum=0.5"},
		{"adam", "corrected", "amsgrad=true"}, {"optax_nadam", "corrected", "amsgrad=true"}, {"schedulefree_adamw", "nesterov", "beta1=0.5"}, {"adamw", "corrected", "amsgrad=true"}, {"schedulefree_adamw", "corrected", "amsgrad=true"}, {"keras_adam", "corrected", "amsgrad=true"}, {"keras_adam", "amsgrad", "beta2=0.4"}, {"optax_amsgrad", "eps_hat", "corrected=false"},
		{"asgd", "alpha", "lambda=0.1"}, {"asgd", "lambda", ""},
		{"rprop", "maximum", ""}, {"rprop", "minimum", ""},
		{"sophia", "every", "gamma=5"}, {"schedulefree_sgd", "dampening", "momentum=0.5"}, {"schedulefree_sgd", "nesterov", "momentum=0.5"},
		{"schedulefree_adamw", "match", "lambda=0.1"}, {"schedulefree_adamw", "spare", "lambda=0.1"},
		{"shampoo", "eps", "every=2"}, {"shampoo", "longest", "every=2"}, {"psgd", "every", ""},
		{"polyak", "scale", "least=0.1"}, {"polyak", "least", "scale=0.01"},
		{"clip", "exact", "max=0.1"}, {"clip_each", "max", ""}, {"group", "match", "lr=0.3"},
	}
	telling = map[string]string{"shampoo.every": "3", "shampoo.eps": "0.1", "longest": "2", "psgd.damping": "0.5", "rprop.minimum": "0.05", "rprop.maximum": "0.03", "asgd.t0": "3", "clip.max": "0.1", "clip_value.max": "0.01", "clip_each.max": "0.05",
		"agc.eps": "3", "agc.max": "0.05", "match": "w|a", "freeze.match": "b", "eps": "0.1", "adagrad.eps": "0.1", "adafactor.eps": "5", "polyak.scale": "0.001", "cautious.floor": "1", "prodigy.coef": "1000"}
)

// variants returns a row's rule before and after one of its settings changes.
func variants(t *testing.T, e *Entry, s spec.Setting) (before, after Rule) {
	t.Helper()
	base, text := e.Name, s.Name+"="+golden.Changed(e.Name, s, telling)
	for _, n := range needed {
		if n.rule == e.Name && n.setting == s.Name && n.beside != "" {
			base, text = base+"("+n.beside+")", n.beside+", "+text
		}
	}
	a, err := Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(e.Name + "(" + text + ")")
	if err != nil {
		t.Fatal(err)
	}
	return a.Rule, b.Rule
}

// Each setting of each rule, changed alone, changes the trajectory.
func TestEverySettingCounts(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		for _, s := range spec.Fields(e.Structs()...) {
			t.Run(e.Name+"/"+s.Name, func(t *testing.T) {
				before, after := variants(t, e, s)
				if reflect.DeepEqual(before, after) {
					t.Fatalf("%v is not changed", before)
				}
				a, err := testNet(graph.Float64, with(e, before), 12)
				if err != nil {
					t.Fatal(err)
				}
				b, err := testNet(graph.Float64, with(e, after), 12)
				if err != nil {
					t.Fatal(err)
				}
				if reflect.DeepEqual(a, b) {
					t.Errorf("%v and %v do the same", before, after)
				}
			})
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		r := e.New()
		text := Format(r)
		again, err := Parse(text)
		if err != nil || again.Given {
			t.Errorf("%s: %+v %v", text, again, err)
			continue
		}
		if !reflect.DeepEqual(again.Rule, r) {
			t.Errorf("%s prints as %s, which is %v", e.Name, text, again.Rule)
		}
		if _, chain := r.(Chain); !chain && text != e.Name {
			t.Errorf("%s prints as %s", e.Name, text)
		}
	}
	for _, text := range []string{"adam(beta2=0.99)", "clip(max=2) | adam(beta1=0.5, eps=0.001)", "sgd(nesterov=true)", "decay(lambda=0.1, match=!*.b|x, spare=true) | nadam"} {
		o, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := Format(o.Rule); got != text {
			t.Errorf("%s prints as %s", text, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Optimizer
	}{
		{" Adam( lr=1e-2,beta2 = 0.99 )|clip(1)", Optimizer{Rule: Chain{AdamRule{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8}, Clip(1)}, LR: 1e-2, Given: true}},
		{"adamw(lambda=0, beta1=0)", Optimizer{Rule: Chain{Decay(0), AdamRule{Beta2: 0.999, Eps: 1e-8}}, LR: 1e-3}},
		{"clip(2)", Optimizer{Rule: Clip(2)}},
		{"clip | SGD(lr=0)", Optimizer{Rule: Chain{Clip(1), SGD()}, Given: true}},
		{"freeze(a|b*) | rprop", Optimizer{Rule: Chain{Freeze("a|b*"), Rprop()}, LR: 0.01}},
	} {
		c.want.Text = strings.TrimSpace(c.text)
		if got, err := Parse(c.text); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", c.text, got, err, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"adma", `unknown optimizer "adma"; did you mean "adam"?`},
		{"adam(bta2=0.9)", `did you mean "beta2"?`},
		{"adam(beta2=1)", "adam: beta2=1 is not in [0,1)"},
		{"adam(beta1=-0.1)", "is not in [0,1)"},
		{"adam(beta1=NaN)", "is not in [0,1)"},
		{"adam(lr=-1)", "lr=-1 is not in [0,inf)"},
		{"adam(lr=x)", "lr=x is not a number"},
		{"adam(lr=0..1)", "above 0"},
		{"adam(beta1=0.1..0.2)", "is a range"},
		{"group(a, 2, 3)", "only the first"},
		{"sgd(lr=0.1) | adam(lr=1)", "twice"},
		{"adam(lr=1) | sgd(lr=2)", "twice"},
		{"adam(beta1=0.1, beta1=0.2)", "twice"},
		{"adam(weight_decay=0.1)", "l2(0.01) | adam"},
		{"adam(0.9, 0.99)", "only the first"},
		{"adam(beta1=0.9", "closing bracket"},
		{"adam |", "a name is missing"},
		{"", "a name is missing"},
		{"sgd(nesterov=2)", "is not true or false"},
		{"clip(0)", "is not in (0,inf)"},
		{"clip(lr=1)", "no setting"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"adam(lr=1e-3, beta2=0.99) | clip(1)", "a(b=[1,2)", ")(", "|", "sgd(momentum=1e400)", "decay(match=!*|b)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Parse(text)
		if err != nil {
			return
		}
		printed := Format(o.Rule)
		again, err := Parse(printed)
		if err != nil || !reflect.DeepEqual(o.Rule, again.Rule) {
			t.Errorf("%q prints as %q, which is %v, %v", text, printed, again.Rule, err)
		}
	})
}

// What is wrong with a rule is reported when its step is compiled.
func TestBadSettingIsReported(t *testing.T) {
	_, err := testNet(graph.Float64, AdamRule{Beta1: 2}, 1)
	if err == nil || !strings.Contains(err.Error(), "beta1=2 is not in [0,1)") {
		t.Error(err)
	}
	_, err = testNet(graph.Float64, Chain{Freeze("nothing"), SGD()}, 1)
	if err == nil || !strings.Contains(err.Error(), `no parameter is named "nothing"`) {
		t.Error(err)
	}
}

// Every exported type that is a rule has a row, and every row a reason; a rule as text
// is its own name.
func TestEveryRuleHasARow(t *testing.T) {
	listed := map[string]bool{}
	for i := range Table {
		e := Table[i]
		for _, p := range e.Structs() {
			listed[reflect.TypeOf(p).Name()] = true
		}
		if e.Doc == "" || e.Fails == "" || e.Source == "" {
			t.Errorf("%s: the table does not say what it is for, when it fails or where it is from", e.Name)
		}
		for _, s := range e.All() {
			if s.Doc == "" {
				t.Errorf("%s: %s has no help", e.Name, s.Name)
			}
			if s.Range == "" && s.Kind == spec.Number {
				t.Errorf("%s: %s has no range", e.Name, s.Name)
			}
		}
	}
	for _, fn := range append(sources.Functions(t, "."), sources.Functions(t, "kronecker")...) {
		name := sources.Receiver(fn)
		if ast.IsExported(name) && fn.Name.Name == "Update" && name != "Chain" && name != "FormulaRule" && !listed[name] {
			t.Errorf("%s has no row in Table", name)
		}
	}
}

// ramp starts parameters at different values.
func ramp(_ *rand.Rand, _ graph.Shape, dst []float64) {
	for i := range dst {
		dst[i] = float64(i%5)/4 - 0.4
	}
}

// No rule is a mistake wherever it stands, not an accident.
func TestNoRule(t *testing.T) {
	for _, r := range []Rule{nil, Chain{nil}, Chain{Adam(), nil}} {
		if err := Check(r); err == nil || err.Error() != "there is no rule; Adam() is one" {
			t.Errorf("%v: %v", r, err)
		}
	}
}

// twice asks for its states each time it needs them.
type twice struct{}

func (twice) Update(s *Step) *node {
	s.Set(s.State("m"), ops.Add(s.State("m"), s.Grad))
	return s.State("m")
}

// A state that is asked for again is the same.
func TestStateAgain(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(2), 1)
	tr := Descend(ops.Sum(ops.Square(w)), twice{})
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Run(graph.Let(tr.LR, []float64{0.25})); err != nil {
			t.Fatal(err)
		}
	}
	// The first step moves by the state's 0, the second by the first gradient, 4.
	if got := w.Variable().Float64s()[0]; got != 1 {
		t.Errorf("w is %v, want 1", got)
	}
}

// The figures of Optax's documentation: the loss Σx² from (1, 2, 3) on.
func TestDoWGFigures(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(1, 2, 3), 3)
	tr := Descend(ops.Sum(ops.Square(x)), DoWG())
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{14, 13.925367, 13.872763, 13.775433, 13.596172, 13.268837} {
		if err := p.Run(graph.Let(tr.LR, []float64{1})); err != nil {
			t.Fatal(err)
		}
		if got := p.Scalar(tr.Loss); math.Abs(got-want) > 2e-5 { // theirs are float32
			t.Errorf("after %d steps %v, not %v", i, got, want)
		}
	}
}

// Whatever moves has a range for its rate, of a source; ranges are of settings, and
// may be written as they are. A text with one is for a search alone.
func TestSpaces(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if e.LR > 0 && (len(e.Space) == 0 || e.Space[0].Name != "lr" || e.SpaceSource == "") {
			t.Errorf("%s: the range of its rate, or who published it, is missing", e.Name)
		}
		for _, r := range e.Space {
			c := spec.Of(e.Name, r.Name, r.Interval)
			if a, err := e.Bind(c); err != nil || a.Value(r.Name) != r.Interval {
				t.Errorf("%s: %v", c, err)
			}
			if _, err := Parse(c.String()); err == nil || !strings.Contains(err.Error(), "is a range, which bench searches") {
				t.Errorf("%s is an optimizer: %v", c, err)
			}
		}
	}
	if _, err := Parse("clip(0.1..10) | adam"); err == nil || !strings.Contains(err.Error(), "max=0.1..10 is a range") {
		t.Error(err)
	}
}
