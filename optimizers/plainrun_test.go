package optimizers

import (
	"fmt"
	"math"
	"testing"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// A field is the loss on which rules are held against plain loops, of
// parameters of all ranks,
//
//	Σ ½cᵢ(xᵢ-1)² + ¼qᵢxᵢ⁴ + uᵢxᵢ + ½k(Σx)²
//
// where u changes from step to step.
type field struct {
	ps   []*plain
	c, u [][]float64
}

const fieldQ, fieldK = 0.3, 0.1

func newField() *field {
	f := &field{}
	n := 0
	for _, p := range []struct {
		name string
		dims []int
	}{{"w", []int{3, 2}}, {"b", []int{2}}, {"a", nil}, {"k", []int{2, 2, 3}}} {
		q := &plain{name: p.name, dims: p.dims, mem: map[string][]float64{}}
		size := graph.Dims(p.dims...).Size()
		c := make([]float64, size)
		for i := range size {
			n++
			q.x = append(q.x, 1.5*math.Sin(float64(n)))
			if p.name == "b" {
				q.x[i] = 0 // has no size
			}
			c[i] = 0.2 + 0.1*float64(n%5)
		}
		f.ps, f.c, f.u = append(f.ps, q), append(f.c, c), append(f.u, make([]float64, size))
	}
	return f
}

// at sets u for a step.
func (f *field) at(step int) {
	for k := range f.u {
		for i := range f.u[k] {
			f.u[k][i] = math.Cos(1.3*float64(step) + float64(3*k+i*i))
		}
	}
}

func (f *field) loss(x [][]float64) (loss float64) {
	sum := 0.0
	for k := range x {
		for i, v := range x[k] {
			sum += v
			loss += f.c[k][i]*(v-1)*(v-1)/2 + fieldQ*v*v*v*v/4 + f.u[k][i]*v
		}
	}
	return loss + fieldK*sum*sum/2
}

// step is what a plain chain sees of the field at x.
func (f *field) step(x [][]float64) *plainStep {
	all := func(z [][]float64, f func(k, i int, z, sum float64) float64) [][]float64 {
		sum, out := 0.0, make([][]float64, len(z))
		for k := range z {
			for _, v := range z[k] {
				sum += v
			}
		}
		for k := range z {
			for i, v := range z[k] {
				out[k] = append(out[k], f(k, i, v, sum))
			}
		}
		return out
	}
	return &plainStep{seed: 7, loss: f.loss(x),
		gradient: func(x [][]float64) [][]float64 {
			return all(x, func(k, i int, v, sum float64) float64 {
				return f.c[k][i]*(v-1) + fieldQ*v*v*v + f.u[k][i] + fieldK*sum
			})
		},
		curve: func(z [][]float64) [][]float64 {
			return all(z, func(k, i int, z, sum float64) float64 {
				return (f.c[k][i]+3*fieldQ*x[k][i]*x[k][i])*z + fieldK*sum
			})
		}}
}

// training builds the field as a graph.
func (f *field) training(rule Rule) (tr *Training, u []*node) {
	g := graph.New(graph.Float64, 7)
	loss, sum := g.Const(0), g.Const(0)
	for k, q := range f.ps {
		p, in := g.Param(q.name, graph.From(q.x...), q.dims...), g.Input("u_"+q.name, q.dims...)
		c := g.State("c_"+q.name, graph.From(f.c[k]...), q.dims...)
		well := ops.Scale(0.5, ops.Mul(c, ops.Square(ops.Shift(-1, p))))
		quartic := ops.Scale(fieldQ/4, ops.Square(ops.Square(p)))
		loss = ops.Add(loss, ops.Sum(ops.Add(ops.Add(well, quartic), ops.Mul(in, p))))
		sum, u = ops.Add(sum, ops.Sum(p)), append(u, in)
	}
	return Descend(ops.Add(loss, ops.Scale(fieldK/2, ops.Square(sum))), rule), u
}

// usual are rates that go up and down.
func usual(step int) float64 { return 0.04 / (1 + 0.2*float64((step+2)%4)) }

// against runs a rule and its plain loops side by side.
func against(t *testing.T, rule Rule, steps int, rate func(step int) float64) {
	t.Helper()
	path := ""
	if _, ok := rule.(Chain); !ok {
		path = "0."
	}
	links := plainOf(rule, path)
	if links == nil {
		t.Errorf("%v has no plain loop: add its formula to plainOf", rule)
		return
	}
	f := newField()
	tr, u := f.training(rule)
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(rule, err)
	}
	for i := range steps {
		f.at(i)
		feeds := []graph.Feed{graph.Let(tr.LR, []float64{rate(i)})}
		var x [][]float64
		for k, q := range f.ps {
			feeds, x = append(feeds, graph.Let(u[k], f.u[k])), append(x, q.x)
		}
		if err := prog.Run(feeds...); err != nil {
			t.Fatal(rule, err)
		}
		f.step(x).run(f.ps, links, rate(i))
		for k, q := range f.ps {
			if err := agree(q, tr, k); err != nil {
				t.Errorf("%v, step %d, parameter %s: %v", rule, i+1, q.name, err)
				return
			}
		}
	}
}

// agree compares a parameter and what to evaluate in its place.
func agree(q *plain, tr *Training, k int) error {
	want := q.x
	if q.eval != "" {
		if want = q.mem[q.eval]; want == nil {
			want = make([]float64, len(q.x))
		}
	}
	for _, c := range []struct {
		what      string
		got, want []float64
	}{{"value", tr.Params[k].Variable().Float64s(), q.x}, {"average", tr.Eval[k].Variable().Float64s(), want}} {
		if !(apart([][]float64{c.want}, [][]float64{c.got}) <= 1e-11) {
			return fmt.Errorf("%s %v, want %v", c.what, c.got, c.want)
		}
	}
	return nil
}

// Each row of the table, alone, with every setting changed, and behind rules
// that change the gradient, the rate and the parameter it sees.
func TestRulesAgainstPlainLoops(t *testing.T) {
	const steps = 14
	for i := range Table {
		e := &Table[i]
		t.Run(e.Name, func(t *testing.T) {
			against(t, with(e, e.New()), steps, usual)
			against(t, Chain{Group("w|a", 0.5), Decay(0.3), L2(0.1), with(e, e.New())}, steps, usual)
			against(t, Chain{Accumulate(3), ClipRule{Max: 2}, with(e, e.New())}, steps, usual)
			for _, s := range spec.Fields(e.Structs()...) {
				before, after := variants(t, e, s)
				against(t, with(e, before), steps, usual)
				against(t, with(e, after), steps, usual)
			}
		})
	}
}

// What the usual runs do not reach: estimates that grow, limits that bind or do
// not, a rate that starts at 0.
func TestRulesFarOut(t *testing.T) {
	constant := func(c float64) func(int) float64 { return func(int) float64 { return c } }
	for _, c := range []struct {
		text  string
		steps int
		rate  func(int) float64
	}{
		{"prodigy(d0=0.01)", 60, constant(1)},
		{"prodigy(d0=0.001, coef=5, beta2=0.9)", 60, constant(1)},
		{"adafactor", 20, constant(3)},
		{"agc(max=50) | sgd", 5, usual},
		{"clip_each(100) | sgd", 5, usual},
		{"polyak(least=1000)", 3, usual},
		{"polyak", 12, constant(100)},
		{"sgd | schedulefree", 9, func(i int) float64 { return 0.03 * float64(max(0, i-1)) }},
		{"radam(beta2=0.9)", 30, usual},
		{"shampoo(every=3, beta2=0.9)", 40, usual},
		{"shampoo(every=1, eps=0.01, longest=2)", 20, usual},
		{"soap(every=1)", 40, usual},
		{"soap(every=4, longest=2)", 20, usual},
		{"psgd(rate=0.5)", 120, usual},
		{"psgd(every=3, damping=0.1)", 40, usual},
		{"sophia(every=3, gamma=1)", 20, constant(0.01)},
		{"adagrad(lr_decay=0.5) | decay(0.3)", 5, usual},
		{"group(b, lr=2) | polyak | decay(0.3)", 5, usual},
		{"group(b, lr=3) | adagrad(lr_decay=0.5) | decay(0.3)", 6, usual},
		{"group(b, lr=3) | sgd | schedulefree", 9, usual},
		{"group(!b, lr=0.5) | adamw", 6, usual},
		{"accumulate(2) | accumulate(3) | adam", 20, usual},
		{"freeze(w) | group(!w, lr=3) | adam | lookahead(k=2) | ema(0.5)", 12, usual},
	} {
		o, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		against(t, o.Rule, c.steps, c.rate)
	}
}

// Where the gradient is 0 from the first step, no rule divides by it: what moves
// is what decay moves.
func TestNoGradient(t *testing.T) {
	rules := map[string]Rule{"adagrad(inside, eps=0)": AdaGradRule{Inside: true}}
	for i := range Table {
		if e := &Table[i]; e.Name != "noise" && e.Name != "l2" { // there is a gradient then
			rules[e.Name] = with(e, e.New())
		}
	}
	for name, r := range rules {
		g := graph.New(graph.Float64, 1)
		w, z := g.Param("w", ramp, 3, 2), g.Param("z", graph.Zeros, 2)
		flat := ops.Add(ops.Sum(ops.Mul(w, g.Const(0))), ops.Sum(ops.Mul(z, g.Const(0))))
		tr := Descend(flat, r)
		p, err := tr.Compile()
		if err != nil {
			t.Fatal(name, err)
		}
		before := append(w.Variable().Float64s(), 0, 0)
		for range 3 {
			if err := p.Run(graph.Let(tr.LR, []float64{0.1})); err != nil {
				t.Fatal(name, err)
			}
		}
		keep := 1.0
		if name == "adamw" || name == "decay" {
			keep = math.Pow(1-0.1*0.01, 3)
		}
		for k, x := range append(w.Variable().Float64s(), z.Variable().Float64s()...) {
			if !(math.Abs(x-keep*before[k]) <= 1e-3) { // yogi's mean starts at 1e-6
				t.Errorf("%s: element %d went from %v to %v", name, k, before[k], x)
			}
		}
	}
}
