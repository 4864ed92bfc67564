package losses_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/losses"
	"descent/ops"
)

// Losses of logits of any size are finite, with gradients that point the right
// way: a prediction that is far off has the gradient of a straight line.
func TestExtremeLogits(t *testing.T) {
	vec := func(x ...float64) array { return array{Dims: []int{len(x)}, Data: x} }
	class := func(c float64) array { return array{Index: true, Data: numbers{c}} }
	for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
		for _, c := range []struct {
			loss        string
			x, y        array
			value, grad []float64
		}{
			{"bce_logits(reduction=none)", vec(1e3, -1e3, 1e3, -1e3, 1e30), vec(0, 1, 1, 0, 0.5), []float64{1e3, 1e3, 0, 0, 5e29}, []float64{1, -1, 0, 0, 0.5}},
			{"bce_logits(pos_weight=[3], reduction=none)", vec(-1e3, 1e3), vec(1, 1), []float64{3e3, 0}, []float64{-3, 0}},
			{"soft_margin(reduction=none)", vec(1e3, -1e3), vec(-1, -1), []float64{1e3, 0}, []float64{1, 0}},
			{"focal(gamma=2, alpha=-1, reduction=none)", vec(1e3, -1e3, 1e3), vec(0, 1, 1), []float64{1e3, 1e3, 0}, []float64{1, -1, 0}},
			{"focal(gamma=0.5, alpha=-1, reduction=none)", vec(1e3, -1e3, 1e3), vec(0, 1, 1), []float64{1e3, 1e3, 0}, []float64{1, -1, 0}},
			{"focal(gamma=0, alpha=-1, reduction=none)", vec(1e3, -1e3, 1e3), vec(0, 1, 1), []float64{1e3, 1e3, 0}, []float64{1, -1, 0}},
			{"log_cosh(reduction=none)", vec(1e3, -1e3, 1e30), vec(0, 0, 0), []float64{1e3 - math.Ln2, 1e3 - math.Ln2, 1e30}, []float64{1, -1, 1}},
			{"negative_binomial_nll(reduction=none)", vec(1e3, -1e3), vec(2, 3), []float64{1e3, 3e3}, []float64{1, -3}},
			{"student_nll(df=1, reduction=none)", vec(1e30, -1e30, 0), vec(0, 0, 0), []float64{2 * math.Log(1e30), 2 * math.Log(1e30), 0}, []float64{2e-30, -2e-30, 0}},
			{"sparsemax_loss", vec(1e3, -1e3, 0), class(0), []float64{0}, []float64{0, 0, 0}},
			{"sparsemax_loss", vec(1e3, -1e3, 0), class(1), []float64{2e3}, []float64{1, -1, 0}},
			{"sparsemax_loss(reduction=sum)", vec(3, 1, 0), class(-100), []float64{0}, []float64{0, 0, 0}},
			{"huber(reduction=none)", vec(1e30, -1e30), vec(0, 0), []float64{1e30, 1e30}, []float64{1, -1}},
			{"cross_entropy", vec(1e3, -1e3, 0), class(0), []float64{0}, []float64{0, 0, 0}},
			{"cross_entropy", vec(1e3, -1e3, 0), class(1), []float64{2e3}, []float64{1, -1, 0}},
			{"cross_entropy", vec(-1e3, -1e3, -1e3), class(1), []float64{math.Log(3)}, []float64{1. / 3, -2. / 3, 1. / 3}},
			{"cross_entropy(label_smoothing=0.3)", vec(1e3, -1e3, 0), class(0), []float64{0.1*1e3 + 0.1*2e3}, []float64{0.2, -0.1, -0.1}},
			{"cross_entropy", vec(1e30, -1e30, 0), vec(0.5, 0.5, 0), []float64{1e30}, []float64{0.5, -0.5, 0}},
			{"multilabel_soft_margin", vec(1e3, -1e3), vec(0, 0), []float64{500}, []float64{0.5, 0}},
		} {
			got, err := run(dt, named(t, c.loss), c.x, c.y)
			if err != nil {
				t.Errorf("%s: %v", c.loss, err)
				continue
			}
			tol := 1e-14
			if dt == graph.Float32 {
				tol = 1e-6
			}
			if d := differ(got.value, c.value, tol); d != "" {
				t.Errorf("%v %s: value %s", dt, c.loss, d)
			}
			if d := differ(got.grad[0], c.grad, tol); d != "" {
				t.Errorf("%v %s: gradient %s", dt, c.loss, d)
			}
		}
	}
}

// Logits of a thousand that differ by less than one keep their digits, also in
// float32: the loss depends on differences, and these are exact.
func TestLargeEqualLogits(t *testing.T) {
	x := array{Dims: []int{2}, Data: numbers{1000, 1000 - 0.0625}}
	want := math.Log1p(math.Exp(-0.0625))
	for dt, tol := range map[graph.Dtype]float64{graph.Float64: 1e-15, graph.Float32: 1e-7} {
		got, err := run(dt, named(t, "cross_entropy"), x, array{Index: true, Data: numbers{0}})
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(got.value, []float64{want}, tol); d != "" {
			t.Errorf("%v: %s", dt, d)
		}
	}
}

// precise is x to 200 bits.
func precise(x float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(x) }

// bigExp is eˣ, by its series for x/2¹².
func bigExp(x *big.Float) *big.Float {
	const halvings = 12
	r := precise(0).SetMantExp(x, -halvings)
	sum, term := precise(1), precise(1)
	for n := 1.0; n < 60; n++ {
		term.Mul(term, r).Quo(term, precise(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog1p is log(1+y), by Newton's method on eˡ = 1+y.
func bigLog1p(y *big.Float) *big.Float {
	f, _ := y.Float64()
	if math.Abs(f) < 1e-30 { // the next term of the series is relatively as small
		return y
	}
	l := precise(math.Log1p(f))
	for range 3 { // l += (1+y)/eˡ - 1
		q := precise(1)
		q.Add(q, y).Quo(q, bigExp(l)).Sub(q, precise(1))
		l.Add(l, q)
	}
	return l
}

// Logistic losses keep their relative accuracy in both tails, where nothing but
// e^-|x| is left, and log cosh keeps it near 0.
func TestRelativeAccuracy(t *testing.T) {
	relative := func(what string, x, got float64, want *big.Float) {
		t.Helper()
		w, _ := want.Float64()
		if math.Abs(got-w) > 4e-16*math.Abs(w) {
			t.Errorf("%s at %v is %v, want %v", what, x, got, w)
		}
	}
	one := func(text string, x, y float64) result {
		got, err := run(graph.Float64, named(t, text), array{Data: numbers{x}}, array{Data: numbers{y}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, x := range []float64{-700, -100, -40, -20, -5, -1, -1e-3, 0, 1e-3, 1, 5, 20, 40, 100, 700} {
		e := bigExp(precise(x))
		softplus := bigLog1p(e) // log(1 + eˣ)
		sigmoid := precise(1)
		sigmoid.Quo(e, sigmoid.Add(sigmoid, e))
		r := one("bce_logits", x, 0)
		relative("bce_logits", x, r.value[0], softplus)
		relative("its gradient", x, r.grad[0][0], sigmoid)
		r = one("soft_margin", x, -1)
		relative("soft_margin", x, r.value[0], softplus)
		relative("its gradient", x, r.grad[0][0], sigmoid)
	}
	for _, x := range []float64{1e-150, 1e-8, 1e-3, 0.5, 0.999, 1, 1.001, 5, 50} {
		// cosh x - 1 = (eˣ-1)²/2eˣ
		m := precise(x)
		if x > 1e-20 {
			m.Sub(bigExp(m), precise(1))
		}
		m.Mul(m, m).Quo(m, bigExp(precise(x))).Quo(m, precise(2))
		relative("log_cosh", x, one("log_cosh", x, 0).value[0], bigLog1p(m))
	}
}

// A checking run, which stops at the first infinity, finds none in a loss that
// is finite, not even on the way.
func TestNothingInfiniteOnTheWay(t *testing.T) {
	x := array{Dims: []int{2, 3}, Data: numbers{1e3, -1e3, 0, 40, -40, 1}}
	p := array{Dims: []int{2, 3}, Data: numbers{0, 1, 0.5, 1, 0, 0.25}}
	logp := array{Dims: []int{2, 3}, Data: numbers{-1e3, -1e-9, -2, -3, -1, -0.5}}
	bits := array{Dims: []int{2, 3}, Data: numbers{1, 0, 1, 0, 1, 0}}
	for _, c := range []struct {
		loss string
		in   []array
	}{
		{"bce", []array{p, bits}}, {"bce_logits", []array{x, bits}}, {"focal", []array{x, bits}},
		{"focal(gamma=0.5)", []array{x, bits}}, {"soft_margin", []array{x, bits}},
		{"kl", []array{logp, bits}}, {"negative_binomial_nll(full=true)", []array{x, bits}}, {"student_nll(df=1)", []array{{Dims: []int{1}, Data: numbers{1e200}}, {Dims: []int{1}, Data: numbers{0}}}}, {"poisson_nll(full=true)", []array{logp, bits}}, {"log_cosh", []array{x, bits}},
		{"cross_entropy", []array{x, p}}, {"multilabel_soft_margin", []array{x, bits}},
		{"cross_entropy", []array{x, {Dims: []int{2}, Data: numbers{0, -100}, Index: true}}},
	} {
		if err := checkedRun(named(t, c.loss), c.in); err != nil {
			t.Errorf("%s: %v", c.loss, err)
		}
	}
}

// checkedRun runs a loss and its gradient by its prediction in a program that
// looks for infinities.
func checkedRun(loss func(in []*graph.Node) *graph.Node, arrays []array) error {
	g := graph.New(graph.Float64, 1)
	var in []*graph.Node
	var feeds []graph.Feed
	for i, a := range arrays {
		if a.Index {
			x, ints := g.Indices(fmt.Sprint("x", i), a.Dims...), make([]int, len(a.Data))
			for k, v := range a.Data {
				ints[k] = int(v)
			}
			in, feeds = append(in, x), append(feeds, graph.Let(x, ints))
			continue
		}
		x := g.Input(fmt.Sprint("x", i), a.Dims...)
		in, feeds = append(in, x), append(feeds, graph.Let(x, []float64(a.Data)))
	}
	y := loss(in)
	p, err := graph.Function{Outputs: []*graph.Node{y, graph.Grad(y, in[0])[0]}, Check: true}.Compile()
	if err != nil {
		return err
	}
	return p.Run(feeds...)
}

// The bounds of the derivative checks catch a loss whose gradient is wrong.
func TestDerivativeCheckHasTeeth(t *testing.T) {
	loss := func(in []*graph.Node, _ []float64) *graph.Node {
		return losses.MSE(ops.StopGradient(in[0]), in[1])
	}
	c := graphtest.Case{Name: "planted", Inputs: 2, Build: loss, Samples: []graphtest.Sample{graphtest.One([]int{3}, []int{3})}}
	if r := graphtest.Check(c, 3); r.Err() == nil {
		t.Error("a missing gradient is not found")
	}
}
