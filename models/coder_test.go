package models_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
)

// coderOf builds a coder of a text for rows of a shape in a graph, over rows x, and
// sets its parameters to random numbers, which it returns by name.
func coderOf(t *testing.T, text string, shape []int, g *graph.Graph, x *graph.Node) (*models.Coder, map[string][]float64) {
	t.Helper()
	s, err := models.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := s.Coder(shape)
	if err != nil {
		t.Fatal(err)
	}
	if err := graph.Mistakes(c.Layer(x)); err != nil {
		t.Fatal(err)
	}
	rng, p := rand.New(rand.NewPCG(3, 4)), map[string][]float64{}
	for _, v := range g.Store().Variables() {
		if v.Role() != graph.Param {
			continue
		}
		values := make([]float64, v.Shape().Size())
		for i := range values {
			values[i] = rng.NormFloat64() / 2
		}
		p[v.Name()] = values
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	return c, p
}

var someRows = []float64{0.5, -1, 2, 0.25, 1, 0, -0.5, 1.5, 0.75, -2, 1, 1}

// The codes and the rows again, as plain loops compute them.
func TestCoders(t *testing.T) {
	layer := func(p map[string][]float64, name string, x matrix) matrix {
		w, b := p[name+".w"], p[name+".b"]
		return rowwise(x, func(r []float64) []float64 {
			y := append([]float64(nil), b...)
			for j := range y {
				for i, v := range r {
					y[j] += v * w[i*len(b)+j]
				}
			}
			return y
		})
	}
	rows := matrix{someRows[:4], someRows[4:8], someRows[8:]}
	for _, text := range []string{"autoencoder(5, 3, 2, act=tanh)", "vae(5, 3, 2, act=tanh)", "autoencoder(2, encoder=dense(5) | tanh | dense(3) | tanh, decoder=dense(3) | tanh | dense(5) | tanh)"} {
		g := graph.New(graph.Float64, 1).Evaluation()
		x := g.Param("x", graph.From(someRows...), 3, 4)
		c, p := coderOf(t, text, []int{4}, g, x)
		p["x"] = nil
		if err := g.Store().Lookup("x").Set(someRows); err != nil {
			t.Fatal(err)
		}
		code, logVariance := c.Encode(x)
		again := c.Decode(code)
		outputs := []*graph.Node{code, again}
		if logVariance != nil {
			outputs = append(outputs, logVariance)
		}
		program, err := graph.Function{Outputs: outputs}.Compile()
		if err == nil {
			err = program.Run()
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		tanh := func(x matrix) matrix { return tanhOf(nil, x) }
		hidden := tanh(layer(p, "dense2", tanh(layer(p, "dense", rows))))
		wantCode := layer(p, "code", hidden)
		want := []matrix{wantCode, layer(p, "output", tanh(layer(p, "dense4", tanh(layer(p, "dense3", wantCode)))))}
		if logVariance != nil {
			want = append(want, layer(p, "log_variance", hidden))
		}
		for k, n := range outputs {
			got := program.Float64s(n)
			for i, r := range want[k] {
				for j, w := range r {
					if math.Abs(got[i*len(r)+j]-w) > 1e-13*(1+math.Abs(w)) {
						t.Fatalf("%s: output %d, row %d: %v, want %v", text, k, i, got[i*len(r)+j], w)
					}
				}
			}
		}
	}
}

// Drawn codes have the mean and the variance that they were drawn with, differ from
// batch to batch in training, and are the same in evaluation.
func TestDraw(t *testing.T) {
	const n = 20000
	c := models.NewCoder(models.CoderOptions{Features: 1, Code: 1, Variational: true})
	for _, training := range []bool{true, false} {
		g := graph.New(graph.Float64, 1)
		if !training {
			g.Evaluation()
		}
		code := c.Draw(g.Const(1.5, n, 1), g.Const(2*math.Log(0.5), n, 1))
		p, err := graph.Function{Outputs: []*graph.Node{code}, Updates: g.Kept()}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		draw := func() []float64 {
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			return append([]float64(nil), p.Float64s(code)...)
		}
		first, second := draw(), draw()
		mean, variance := meanAndVariance(first)
		if math.Abs(mean-1.5) > 5*0.5/math.Sqrt(n) || math.Abs(variance-0.25) > 5*0.25*math.Sqrt(2./n) {
			t.Errorf("training %v: mean %v, variance %v, want 1.5 and 0.25", training, mean, variance)
		}
		if (first[0] != second[0]) != training {
			t.Errorf("training %v: drawn %v, then %v", training, first[0], second[0])
		}
	}
}

// The divergence is the integral that it is defined as.
func TestDivergence(t *testing.T) {
	density := func(x, mean, deviation float64) float64 {
		z := (x - mean) / deviation
		return math.Exp(-z*z/2) / (deviation * math.Sqrt(2*math.Pi))
	}
	mean, logVariance := []float64{0, 1.5, -0.3, 2}, []float64{0, -1, 0.7, -3}
	want := 0.0
	for i, m := range mean {
		s := math.Exp(logVariance[i] / 2)
		const steps = 100000
		lo, hi := m-12*s, m+12*s
		for k := range steps {
			x := lo + (hi-lo)*(float64(k)+0.5)/steps
			if q := density(x, m, s); q > 0 {
				want += q * math.Log(q/density(x, 0, 1)) * (hi - lo) / steps / 2 // the mean of two rows
			}
		}
	}
	g := graph.New(graph.Float64, 1)
	got := models.Divergence(g.Array(mean, 2, 2), g.Array(logVariance, 2, 2))
	if x := values(t, got, graph.Function{})[0]; math.Abs(x-want) > 1e-6 {
		t.Errorf("%v, want %v", x, want)
	}
}

// The gradient of a variational autoencoder's loss is its slope, through codes that are
// drawn.
func TestCoderGradient(t *testing.T) {
	for _, text := range []string{"vae(3, 2, act=tanh)", "autoencoder(3, 2, act=tanh)", "vae(2, encoder=conv(2, 2) | tanh, decoder=dense(3) | tanh)"} {
		g := graph.New(graph.Float64, 1).Evaluation()
		x := g.Array(someRows, 3, 4)
		c, p := coderOf(t, text, []int{2, 2}, g, x)
		code, logVariance := c.Encode(x)
		drawn, loss := code, g.Const(0)
		if logVariance != nil {
			drawn, loss = c.Draw(code, logVariance), models.Divergence(code, logVariance)
		}
		loss = ops.Add(loss, losses.BCELogits(c.Decode(drawn), ops.Sigmoid(x)))
		params := g.Params()
		program, err := graph.Function{Outputs: append([]*graph.Node{loss}, graph.Grad(loss, params...)...)}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		run := func() float64 {
			if err := program.Run(); err != nil {
				t.Fatal(err)
			}
			return program.Scalar(loss)
		}
		run()
		gradients := graph.Grad(loss, params...)
		for k, w := range params {
			slopes := append([]float64(nil), program.Float64s(gradients[k])...)
			for i := range slopes {
				const h = 1e-5
				at := func(x float64) float64 {
					moved := append([]float64(nil), p[w.Name()]...)
					moved[i] += x
					if err := w.Variable().Set(moved); err != nil {
						t.Fatal(err)
					}
					return run()
				}
				want := (at(h) - at(-h)) / (2 * h)
				at(0)
				if math.Abs(slopes[i]-want) > 1e-8*(1+math.Abs(want)) {
					t.Errorf("%s: the slope by %s[%d] is %v, want %v", text, w.Name(), i, slopes[i], want)
				}
			}
		}
	}
}

func TestCoderTexts(t *testing.T) {
	for text, want := range map[string]string{
		"vae(400, 20)": "vae(400, 20)", "VAE(20, beta=1)": "vae(20)", "vae(8, 2, beta=4)": "vae(8, 2, beta=4)",
		"autoencoder(4, encoder=conv(8, 3) | relu, decoder=dense(9))": "autoencoder(4, encoder=conv(8, 3) | relu, decoder=dense(9))",
	} {
		s, err := models.Parse(text)
		if err != nil || s.String() != want || !s.Codes() || s.Code() != map[byte]int{'v': 20, 'V': 20, 'a': 4}[text[0]] && s.Code() != 2 {
			t.Errorf("%s: %s with a code of %d, %v", text, s, s.Code(), err)
		}
		if _, err := s.Build(3); err == nil || !strings.Contains(err.Error(), "learns its inputs") {
			t.Errorf("%s predicts a target: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"vae": "units is missing", "vae(20) | relu": "autoencoder and vae stand alone", "dense(3) | vae(20)": "stand alone",
		"vae(40, 20, encoder=relu)": "vae: 2 units are hidden layers and a code", "vae(2, beta=-1)": "beta=-1 is not in [0,inf)", "vae(2, encoder=rely)": `did you mean "relu"`,
		"residual(vae(3))": "learns its inputs",
	} {
		s, err := models.Parse(text)
		if err == nil {
			_, err = s.Build(1)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	s, err := models.Parse("vae(20, encoder=conv(8, 3) | pool(9))")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Coder([]int{4, 4}); err == nil || !strings.Contains(err.Error(), "pool(9) (character 30), whose input is n x 8 x 4 x 4") {
		t.Error(err)
	}
	plain, err := models.Parse("mlp(3)")
	if err != nil || plain.Codes() || plain.Code() != 0 || plain.Beta() != 0 {
		t.Errorf("%v", err)
	}
	if _, _, err := plain.Coder([]int{3}); err == nil || !strings.Contains(err.Error(), "is no autoencoder") {
		t.Error(err)
	}
	g := graph.New(graph.Float64, 1)
	c := models.NewCoder(models.CoderOptions{Features: 3, Code: 2})
	code, _ := c.Encode(g.Input("x", 5, 4))
	for _, c := range []struct {
		bad  *graph.Node
		want string
	}{{code, "the coder takes rows of 3 numbers"}, {c.Decode(g.Input("z", 5, 3)), "they have 2 numbers"}, {c.Draw(g.Input("m", 5, 2), g.Input("v", 5, 2)), "not variational"}} {
		if err := graph.Mistakes(c.bad); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
