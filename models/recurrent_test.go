package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// torchCells are cells by the names that PyTorch's layers have.
var torchCells = map[string]models.Cell{"rnn": models.RNN(ops.Tanh), "rnn_relu": models.RNN(ops.ReLU), "lstm": models.LSTM(0), "gru": models.GRU()}

// withWeights replaces a layer's parameters by nodes of PyTorch's names.
func withWeights(scope string, outs []*node, in map[string]*node) []*node {
	var own, other []*node
	for _, p := range outs[0].Graph().Params() {
		if name, ok := strings.CutPrefix(p.Name(), scope+"."); ok {
			own, other = append(own, p), append(other, in[name])
		}
	}
	return graph.Substitute(outs, own, other)
}

// TestRecurrentAgainstPyTorch compares layers and cells: values, gradients, products
// with the Hessian.
func TestRecurrentAgainstPyTorch(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata/rnn.json") {
		kind, single := strings.CutSuffix(c.Op, "_cell")
		cell := torchCells[kind]
		golden.Compare(t, &c, func(in map[string]*node) map[string]*node {
			if single {
				return oneStep(&c, cell, in)
			}
			bias := c.Args["bias"].(bool)
			r := models.NewRecurrent(models.RecurrentOptions{Cell: cell, Units: in["weight_hh_l0"].Shape().Dim(1), Layers: int(c.Args["layers"].(float64)),
				Bidirectional: c.Args["bidirectional"].(bool), NoBias: !bias, Every: len(c.Name) % 3})
			x, first := in["x"], c.Args["batch_first"].(bool)
			if !first {
				x = ops.Transpose(x, 1, 0, 2)
			}
			var lengths *node
			if list := c.Wholes("lengths"); list != nil {
				values := make([]float64, len(list))
				for i, n := range list {
					values[i] = float64(n)
				}
				lengths = x.Graph().Array(values, len(values))
			}
			var states []*node
			for _, name := range []string{"h0", "c0"}[:cell.States] {
				if in[name] != nil {
					states = append(states, in[name])
				}
			}
			y, last := r.Run(x, lengths, states)
			outs := withWeights(cell.Name, append([]*node{y}, last...), in)
			if !first {
				outs[0] = ops.Transpose(outs[0], 1, 0, 2)
			}
			named := map[string]*node{"y": outs[0], "h": outs[1]}
			if cell.States > 1 {
				named["c"] = outs[2]
			}
			return named
		})
	}
}

// oneStep is a layer of one step.
func oneStep(c *golden.Case, cell models.Cell, in map[string]*node) map[string]*node {
	r := models.NewRecurrent(models.RecurrentOptions{Cell: cell, Units: in["weight_hh"].Shape().Dim(1)})
	states := []*node{ops.ExpandDims(in["h"], 0)}
	if cell.States > 1 {
		states = append(states, ops.ExpandDims(in["c"], 0))
	}
	_, last := r.Run(ops.ExpandDims(in["x"], 1), nil, states)
	renamed := map[string]*node{}
	for name, n := range in {
		renamed[name+"_l0"] = n
	}
	last = withWeights(cell.Name, last, renamed)
	named := map[string]*node{"h": ops.Squeeze(last[0], 0)}
	if cell.States > 1 {
		named["c"] = ops.Squeeze(last[1], 0)
	}
	return named
}

// TestCharLSTMTrains holds the losses of 30 steps of Adam against PyTorch's.
func TestCharLSTMTrains(t *testing.T) {
	var f struct {
		Text string
		Case trained
	}
	golden.Read(t, "testdata/charlstm.json", &f)
	characters := slices.Sorted(slices.Values([]rune(f.Text)))
	characters = slices.Compact(characters)
	const B, T = 8, 20
	g := graph.New(graph.Float64, 1)
	x, y := g.Indices("x", B, T), g.Indices("y", B*T)
	table := g.Param("emb.weight", graph.Zeros, len(characters), 8)
	h := models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(0), Units: 16, Name: "rnn"}).Layer()(ops.Take(table, x, 0))
	head, bias := g.Param("head.weight", graph.Zeros, len(characters), 16), g.Param("head.bias", graph.Zeros, len(characters))
	step := optimizers.Descend(losses.CrossEntropy(ops.Add(ops.Linear(ops.Reshape(h, B*T, 16), head), bias), y), optimizers.Adam())
	f.Case.set(t, g)
	p, err := graph.Function{Outputs: []*node{step.Loss}, Updates: step.Updates}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	text := []rune(f.Text)
	for s, want := range f.Case.Losses {
		var window, next []int
		for b := range B {
			at := int(golden.Hash(uint32(7000+s), uint32(b))>>8) % (500 - T)
			for i := range T {
				k, _ := slices.BinarySearch(characters, text[at+i])
				window = append(window, k)
				k, _ = slices.BinarySearch(characters, text[at+i+1])
				next = append(next, k)
			}
		}
		if err := p.Run(graph.Let(x, window), graph.Let(y, next), graph.Let(step.LR, []float64{0.01})); err != nil {
			t.Fatal(err)
		}
		if got := p.Scalar(step.Loss); !(math.Abs(got-want) <= 1e-10) {
			t.Fatalf("step %d: loss %v, want %v", s, got, want)
		}
	}
}

// trained is how a net was trained elsewhere.
type trained struct {
	Weights []struct {
		Name            string
		Shape           []int
		Seed            uint32
		Scale, Constant float64
	}
	Losses []float64
}

// set sets the parameters of those names.
func (c *trained) set(t *testing.T, g *graph.Graph) {
	for _, w := range c.Weights {
		values := slices.Repeat([]float64{w.Constant}, graph.Dims(w.Shape...).Size())
		if w.Seed != 0 {
			for i, v := range golden.Uniform(w.Seed, len(values), -1, 1) {
				values[i] = v * w.Scale
			}
		}
		v := g.Store().Lookup(w.Name)
		if v == nil {
			t.Fatalf("no parameter %s", w.Name)
		}
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
}

// Weights start gate by gate: those of the state as orthogonal matrices.
func TestRecurrentStarts(t *testing.T) {
	g := graph.New(graph.Float64, 7)
	models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(1), Units: 3}).Layer()(g.Input("x", 2, 4, 5))
	u := g.Store().Lookup("lstm.weight_hh_l0").Float64s()
	for k := range 4 {
		m := u[k*9 : k*9+9]
		for i := range 3 {
			for j := range 3 {
				dot, want := 0.0, 0.0
				for c := range 3 {
					dot += m[i*3+c] * m[j*3+c]
				}
				if i == j {
					want = 1
				}
				if math.Abs(dot-want) > 1e-12 {
					t.Errorf("gate %d: rows %d and %d have the product %v", k, i, j, dot)
				}
			}
		}
	}
	w := g.Store().Lookup("lstm.weight_ih_l0").Float64s()
	limit := math.Sqrt(6. / (5 + 3))
	if len(w) != 12*5 || slices.Max(w) >= limit || slices.Min(w) < -limit || slices.Max(w) < limit/2 {
		t.Errorf("weights of the input from %v to %v, limit %v", slices.Min(w), slices.Max(w), limit)
	}
	if b := g.Store().Lookup("lstm.bias_ih_l0").Float64s(); !slices.Equal(b, []float64{0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("biases %v", b)
	}
}

func TestRecurrentMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 2, 4, 5)
	lstm := func(units int) *models.Recurrent {
		return models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(1), Units: units})
	}
	run := func(r *models.Recurrent, x *node, states ...*node) *node { y, _ := r.Run(x, nil, states); return y }
	for want, y := range map[string]*node{
		"0 units":                 run(lstm(0), x),
		"batch x time x features": run(lstm(3), g.Input("rows", 2, 4)),
		"a cell of 0 gates":       run(models.NewRecurrent(models.RecurrentOptions{Units: 2}), x),
		"1 states to start at":    run(lstm(3), x, g.Const(0, 1, 2, 3)),
		"a state starts at 1x2x4; directions x batch x units are 1x2x3": run(lstm(3), x, g.Const(0, 1, 2, 3), g.Const(0, 1, 2, 4)),
		"no method \"heun\"": models.ODE(ops.Tanh, models.ODEOptions{Method: "heun", Steps: 1})(x),
		"no steps":           models.ODE(ops.Tanh, models.ODEOptions{})(x),
		"f makes 2x3 of 2x4": models.ODE(models.Sequential(models.Dense(3), ops.Tanh), models.ODEOptions{Steps: 2, Method: "euler"})(g.Input("u", 2, 4)),
	} {
		if err := y.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{
		"bidirectional(dense(3))":         "can walk both ways",
		"bidirectional(gru(3) | lstm(3))": "can walk both ways",
		"lstm(3) | dense(2)":              "", // a row of all steps
	} {
		if _, err := models.Parse(text); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s, err := models.Parse("bidirectional(gru(8, last=true))"); err != nil || s.Long() != "gru(8, last=true, bidirectional=true)" {
		t.Error(s.Long(), err)
	}
}

// The error of a method of order p falls by 2ᵖ where steps are half as long: dx/dt =
// -x² from 1 has x = 1/(1+t).
func TestODEOrders(t *testing.T) {
	for name, order := range map[string]float64{"euler": 1, "midpoint": 2, "rk4": 4} {
		var off [2]float64
		for i, steps := range []int{8, 16} {
			g := graph.New(graph.Float64, 1)
			y := models.ODE(func(x *node) *node { return ops.Neg(ops.Square(x)) }, models.ODEOptions{Method: name, Steps: steps, Time: 1})(g.Const(1, 1, 1))
			off[i] = math.Abs(values(t, y, graph.Function{})[0] - 0.5)
		}
		if got := math.Log2(off[0] / off[1]); math.Abs(got-order) > 0.2 {
			t.Errorf("%s is of order %v, want %v", name, got, order)
		}
	}
}
