package play

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/internal/page"
	"descent/optimizers/search"
)

func ask(t testing.TB, q Question) *Reply {
	t.Helper()
	r, err := answer(t, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(t testing.TB, q Question) (*Reply, error) {
	t.Helper()
	text, err := numjson.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Answer(t.Context(), text, nil)
	if err != nil {
		return nil, err
	}
	return r.(*Reply), nil
}

// Gradient descent on x² multiplies x by 1-2·rate in each step, and on x²/20 + y² both
// variables by factors of their own.
func TestPaths(t *testing.T) {
	r := ask(t, Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"sgd(lr=0.75)", "adam(lr=0.1)"}, Steps: 20})
	if len(r.Runs) != 2 || len(r.Curves) != 3 || len(r.Film.Runs) != 2 {
		t.Fatalf("%d runs, %d curves", len(r.Runs), len(r.Curves))
	}
	for _, run := range r.Runs {
		if run.Path[0][0] != -8 || run.Path[0][1] != 2 {
			t.Errorf("%s starts at %v", run.Optimizer, run.Path[0])
		}
	}
	run := r.Runs[0]
	if c := run.Curvatures; len(c) != 2 || math.Abs(c[0]-0.1) > 1e-9 || math.Abs(c[1]-2) > 1e-9 {
		t.Errorf("the curvatures are %v", c)
	}
	if len(run.Path) != 21 {
		t.Fatalf("%d points", len(run.Path))
	}
	for k, at := range run.Path {
		x, y := -8*math.Pow(1-0.075, float64(k)), 2*math.Pow(-0.5, float64(k))
		gradient := math.Hypot(x/10, 2*y)
		moved := 0.0
		if k > 0 {
			moved = math.Hypot(x-run.Path[k-1][0], y-run.Path[k-1][1])
		}
		for name, pair := range map[string][2]float64{"x": {at[0], x}, "y": {at[1], y}, "f": {run.F[k], x*x/20 + y*y},
			"gradient": {run.Gradient[k], gradient}, "moved": {run.Moved[k], moved}} {
			if math.Abs(pair[0]-pair[1]) > 1e-12*(1+math.Abs(pair[1])) {
				t.Errorf("step %d: %s is %v, not %v", k, name, pair[0], pair[1])
			}
		}
	}
	for _, svg := range r.Curves {
		if !strings.HasPrefix(svg, "<svg") || !strings.Contains(svg, "adam(lr=0.1)") {
			t.Errorf("a curve is %.80q", svg)
		}
	}
	boxed := ask(t, Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"sgd"}, Steps: 1, Box: [][2]float64{{-3, 3}, {-1, 2}}})
	if boxed.Film.X != [2]float64{-3, 3} || boxed.Film.Y != [2]float64{-1, 2} {
		t.Errorf("shown are %v, %v", boxed.Film.X, boxed.Film.Y)
	}
	if over := ask(t, Question{Formula: "x^2/20 + y^2", Optimizers: []string{"sgd"}, Steps: 5, Surface: true}); over.Relief == nil || len(over.Relief.Runs[0]) != len(over.Film.Runs[0].Path) {
		t.Errorf("the surface is %+v", over.Relief)
	}
	if one := ask(t, Question{Surface: true, Formula: "(u-3)^2", Optimizers: []string{"newton"}, Steps: 10}); one.Start[0] != 1 || one.Variables[0] != "u" || math.Abs(one.Runs[0].Best[0]-3) > 1e-9 || one.Film.Curve == nil {
		t.Errorf("of one variable: %+v", one.Runs)
	}
}

// Gradient descent diverges from 2/curvature on; a search has no rate.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		formula string
		limit   float64
	}{{"x^2", 1}, {"x^2/20 + y^2", 1}, {"5*x^2", 0.2}, {"3*x^2 + 2*y^2", 1.0 / 3}} {
		r := ask(t, Question{Formula: c.formula, Start: []float64{3, 2}, Optimizers: []string{"sgd(lr=0.25)", "lbfgs"}, Steps: 100, Rates: true})
		if len(r.Limits) != 1 || len(r.Curves) != 1 {
			t.Fatalf("%s: %+v", c.formula, r)
		}
		if l := r.Limits[0]; math.Abs(l.Rate/c.limit-1) > 1e-3 || l.Own != 0.25 {
			t.Errorf("%s: from %v on, not %v", c.formula, l.Rate, c.limit)
		}
	}
	if r := ask(t, Question{Formula: "x^2", Optimizers: []string{"lbfgs"}, Steps: 10, Rates: true}); len(r.Limits) != 0 || len(r.Curves) != 0 {
		t.Errorf("a search has a learning rate: %+v", r)
	}
}

// What the page offers can be done: every optimizer with its defaults, and with every
// slider at both ends; every example.
func TestOffers(t *testing.T) {
	for _, c := range Controls() {
		texts := []string{c.Name}
		for _, s := range c.Settings {
			for _, v := range []float64{s.Lo, s.Hi} {
				if s.Lo != s.Hi && !(v == 0 && strings.HasPrefix(s.Range, "(")) {
					texts = append(texts, fmt.Sprintf("%s(%s=%v)", c.Name, s.Name, v))
				}
			}
			for _, v := range s.Choices {
				texts = append(texts, fmt.Sprintf("%s(%s=%s)", c.Name, s.Name, v))
			}
			if s.Doc == "" {
				t.Errorf("%s of %s: nothing is said of it", s.Name, c.Name)
			}
		}
		for _, text := range texts {
			if _, err := search.ParseMethod(text, 0); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		if r := ask(t, Question{Formula: "x^2 + y^2", Start: []float64{3, 2}, Optimizers: []string{c.Name}, Steps: 3}); len(r.Runs) != 1 {
			t.Errorf("%s: %d runs", c.Name, len(r.Runs))
		}
	}
	for _, e := range Examples {
		r := ask(t, Question{Formula: e.Formula, Start: e.Start, Optimizers: e.Optimizers, Steps: e.Steps})
		if len(r.Variables) != len(e.Start) {
			t.Errorf("%s: %v", e.Name, r.Variables)
		}
	}
}

// Mistakes are answers that say what is wrong.
func TestMistakes(t *testing.T) {
	good := Question{Formula: "x^2", Optimizers: []string{"sgd"}, Steps: 10}
	for want, change := range map[string]func(*Question){
		"variables":    func(q *Question) { q.Formula = "x+y+z" },
		"too early":    func(q *Question) { q.Formula = "x^" },
		"did you mean": func(q *Question) { q.Optimizers = []string{"adm"} },
		"no optimizer": func(q *Question) { q.Optimizers = nil },
		"5001 steps":   func(q *Question) { q.Steps = 5001 },
		"between":      func(q *Question) { q.Box = [][2]float64{{1, 1}} },
		"sum(":         func(q *Question) { q.Formula = "[x, x]" },
	} {
		q := good
		change(&q)
		if _, err := answer(t, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: the error is %v, without %q", q, err, want)
		}
	}
	if r, err := Answer(t.Context(), []byte(`{"formula": `), nil); err == nil {
		t.Errorf("half a question is answered: %+v", r)
	}
}

// A page has its engine.
func TestWrite(t *testing.T) {
	var text strings.Builder
	err := Write(&text, &page.Engine{WASM: []byte("\xfb\xef\xbeprogram"), Version: "<test>"})
	if err != nil || strings.Contains(text.String(), "<test>") || !strings.Contains(text.String(), "'wasm-unsafe-eval'; worker-src blob:") || !strings.Contains(text.String(), "++++cHJvZ3JhbQ==") {
		t.Errorf("%v", err)
	}
}

func learn(t testing.TB, q NetQuestion) *Reply {
	t.Helper()
	return ask(t, Question{Net: &q})
}

// Nets learn every shape, a line only what a line divides; surfaces agree with scores, and
// the same question has the same answer.
func TestNets(t *testing.T) {
	for _, s := range Shapes {
		q := NetQuestion{Points: s.Name, Rows: 300, Noise: 0.05, Seed: 1, Model: "mlp(16,16)", Loss: "bce_logits", Optimizers: []string{"adam(lr=0.02)"}, Epochs: 150, Batch: 16}
		r := learn(t, q)
		net := r.Net.Nets[0]
		if len(r.Net.Points) != 300 || len(net.Surfaces) != len(r.Net.Epochs) || len(net.Scores) != len(r.Net.Epochs) || r.Net.Epochs[len(r.Net.Epochs)-1] != 150 || len(r.Net.Curves) != 2 {
			t.Fatalf("%s: %d points, %d surfaces, %d scores of epochs %v", s.Name, len(r.Net.Points), len(net.Surfaces), len(net.Scores), r.Net.Epochs)
		}
		// A ReLU bends along a line: what a unit of the first layer gives is 0 or linear.
		if len(net.Units) != 2 || len(net.Units[0]) != 16 || len(net.Units[0][0]) != unitSize*unitSize {
			t.Fatalf("%s: units of %d layers", s.Name, len(net.Units))
		}
		for u, cells := range net.Units[0] {
			for i := 1; i+1 < unitSize; i++ {
				if a, b, c := cells[i-1], cells[i], cells[i+1]; a < 0 || a > 100 || a > 0 && b > 0 && c > 0 && max(a-2*b+c, 2*b-a-c) > 2 {
					t.Errorf("%s: unit %d gives %d, %d, %d in a row", s.Name, u, a, b, c)
				}
			}
		}
		last := net.Scores[len(net.Scores)-1]
		if last.TestHits < 0.95 || last.Train > net.Scores[0].Train/3 {
			t.Errorf("%s: %+v after %+v", s.Name, last, net.Scores[0])
		}
		// The cell of a point decides for its class nearly as often as the net does.
		surface, hits := net.Surfaces[len(net.Surfaces)-1], 0
		for _, p := range r.Net.Points {
			cell := func(x float64) int { return min(max(int((x/r.Net.Size+1)/2*surfaceSize), 0), surfaceSize-1) }
			if (surface[cell(p[1])*surfaceSize+cell(p[0])] >= 50) == (p[2] == 1) {
				hits++
			}
		}
		if hits < 270 {
			t.Errorf("%s: the surface decides %d of 300 points right", s.Name, hits)
		}
		q.Model = "linear"
		line := learn(t, q).Net.Nets[0]
		if line.Units != nil {
			t.Errorf("%s: a line has units", s.Name)
		}
		if hit := line.Scores[len(line.Scores)-1].TestHits; (hit > 0.95) != (s.Name == "blobs") {
			t.Errorf("%s: a line has %v of the points right", s.Name, hit)
		}
	}
	q := NetQuestion{Points: "own", Own: [][3]float64{{0, 0, 0}, {1, 0, 1}, {0, 2, 0}, {1, 2, 1}, {0, 1, 0}, {1, 1, 1}, {0.1, 0.5, 0}, {0.9, 0.5, 1}},
		Seed: 3, Model: "mlp(4)", Loss: "focal", Optimizers: []string{"sgd(lr=0.1)", "adam(lr=0.1)"}, Epochs: 40, Batch: 4, Penalty: 0.001}
	a, b := learn(t, q), learn(t, q)
	if len(a.Net.Nets) != 2 || a.Net.Tests != 2 || fmt.Sprint(a.Net.Nets) != fmt.Sprint(b.Net.Nets) {
		t.Errorf("%+v", a.Net)
	}
	q.Optimizers = []string{"sgd(lr=1e30)"}
	q.Loss = "bce_logits"
	if r := learn(t, q); r.Net.Nets[0].Diverged == 0 {
		t.Errorf("%+v", r.Net)
	}
	for want, change := range map[string]func(*NetQuestion){
		"20 to":        func(q *NetQuestion) { q.Points, q.Rows = "moons", 3 },
		"there are":    func(q *NetQuestion) { q.Points, q.Rows = "mons", 100 },
		"both classes": func(q *NetQuestion) { q.Own = q.Own[:1] },
		"a class":      func(q *NetQuestion) { q.Own = [][3]float64{{0, 0, 2}} },
		"epochs":       func(q *NetQuestion) { q.Epochs = 0 },
		"batches":      func(q *NetQuestion) { q.Batch = 0 },
		"noise":        func(q *NetQuestion) { q.Noise = math.NaN() },
		"by rules":     func(q *NetQuestion) { q.Optimizers = []string{"lbfgs"} },
		"logit":        func(q *NetQuestion) { q.Loss = "mse" },
		"more work":    func(q *NetQuestion) { q.Model, q.Epochs = "mlp(3000,3000)", 1000 },
		"mlpp":         func(q *NetQuestion) { q.Model = "mlpp(3)" },
	} {
		bad := q
		change(&bad)
		r, err := bad.answer(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: the error is %v, without %q: %+v", bad, err, want, r)
		}
	}
}

// What is known of a problem holds, and the film marks it; its start is its own if there is
// none.
func TestProblems(t *testing.T) {
	names := map[string]bool{}
	for _, p := range Problems() {
		if names[p.Name] {
			t.Errorf("%s: twice", p.Name)
		}
		names[p.Name] = true
		r := ask(t, Question{Problem: p.Name, Optimizers: []string{"sgd(lr=1e-9)"}, Steps: 1, Start: p.At})
		if f := r.Runs[0].F[0]; math.Abs(f-p.Min) > 1e-9*(1+math.Abs(p.Min)) || r.Known.Min != p.Min || r.Film.Mark[0] != p.At[0] || r.Film.Mark[1] != p.At[1] {
			t.Errorf("%s: %v at its lowest point %v, not %v; marked is %v", p.Name, f, p.At, p.Min, r.Film.Mark)
		}
		r = ask(t, Question{Problem: p.Name, Optimizers: []string{"cmaes"}, Steps: 10, Box: p.Box})
		if r.Start[0] != p.Start[0] || r.Start[1] != p.Start[1] || r.Runs[0].F[0] <= p.Min || r.Runs[0].Least < p.Min-1e-9 {
			t.Errorf("%s: from %v, %v down to %v", p.Name, r.Start, r.Runs[0].F[0], r.Runs[0].Least)
		}
	}
	if len(names) < 30 {
		t.Errorf("%d problems", len(names))
	}
	if _, err := answer(t, Question{Problem: "both", Optimizers: []string{"sgd"}, Steps: 1}); err == nil || !strings.Contains(err.Error(), `did you mean "booth"?`) {
		t.Error(err)
	}
}

// What Adam keeps of each variable are the means of its paper, of the gradients on its path;
// a search, and plain descent, keep nothing.
func TestStates(t *testing.T) {
	q := Question{Formula: "x^2/20 + y^2", Start: []float64{-8, 2}, Optimizers: []string{"adam(lr=0.3)"}, Steps: 20}
	run := ask(t, q).Runs[0]
	g, err := q.bind()
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.keeps(t.Context(), q.Optimizers[0])
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range all {
		m, v := 0.0, 0.0
		for i, got := range k.values {
			d := run.Path[i][0] / 10
			if strings.HasSuffix(k.name, "of y") {
				d = 2 * run.Path[i][1]
			}
			m, v = 0.9*m+0.1*d, 0.999*v+0.001*d*d
			want := map[byte]float64{'m': m, 'v': v}[k.name[0]]
			if math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Errorf("%s after step %d is %v, not %v", k.name, i+1, got, want)
			}
		}
		seen[k.name] = len(k.values) == 20
	}
	if len(seen) != 4 || !seen["m of x"] || !seen["m of y"] || !seen["v of x"] || !seen["v of y"] {
		t.Errorf("kept are %v", seen)
	}
	q.States, q.Optimizers = true, []string{"sgd", "lbfgs", "adam", "momentum"}
	if r := ask(t, q); len(r.Curves) != 2 || !strings.Contains(r.Curves[0], "m of x") {
		t.Errorf("%d pictures", len(r.Curves))
	}
	q.Problem = "booth"
	if r := ask(t, q); len(r.Curves) != 2 || !strings.Contains(r.Curves[0], "v of y") {
		t.Errorf("of a problem %d pictures", len(r.Curves))
	}
	for _, c := range Controls() { // whatever it keeps can be drawn
		ask(t, Question{Formula: "x^2 + y^2", Start: []float64{3, 2}, Optimizers: []string{c.Name}, Steps: 3, States: true})
	}
}

// Weights of a net are what moves it: one step of gradient descent changes each by the rate
// times its gradient, which is known of logistic regression.
func TestWeights(t *testing.T) {
	own := [][3]float64{{0, 0, 0}, {1, 0, 1}, {0, 2, 0}, {1, 2, 1}, {0, 1, 0}, {1, 1, 1}, {0.1, 0.5, 0}, {0.9, 0.5, 1}}
	r := learn(t, NetQuestion{Points: "own", Own: own, Seed: 3, Model: "linear", Loss: "mean(softplus(pred) - target*pred)", Optimizers: []string{"sgd(lr=0.5)"}, Epochs: 1, Batch: 100})
	if w := r.Net.Nets[0].Weights; len(w) != 1 || w[0].Rows*w[0].Cols != 2 || len(w[0].Cells) != 2 {
		t.Fatalf("%+v", w)
	}
	w := r.Net.Nets[0].Weights[0]
	training := r.Net.Points[:len(r.Net.Points)-r.Net.Tests]
	for i := range 2 {
		d := 0.0
		for _, p := range training {
			z := w.values[0][0]*p[0] + w.values[0][1]*p[1]
			d += (1/(1+math.Exp(-z)) - p[2]) * p[i] / float64(len(training))
		}
		if got, want := w.values[1][i], w.values[0][i]-0.5*d; math.Abs(got-want) > 1e-6 {
			t.Errorf("weight %d is %v after a step, not %v", i, got, want)
		}
		if got, want := float64(w.Cells[1][i]), 100*w.values[1][i]/w.Largest; math.Abs(got-want) > 0.5 {
			t.Errorf("cell %d is %v, not %v", i, got, want)
		}
	}
}
