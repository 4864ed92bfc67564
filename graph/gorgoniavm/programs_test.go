package gorgoniavm

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Programs as people write them with gorgonia, small and with fixed numbers: each
// runs on gorgonia's machines and on ours, with nothing changed but the machine,
// and must show the same numbers.

// machines are what a program makes its machines with.
type machines struct {
	tape func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM
	lisp func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM
}

var gorgonias = machines{
	tape: func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM { return gorgonia.NewTapeMachine(g, opts...) },
	lisp: func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM { return gorgonia.NewLispMachine(g, opts...) },
}

// oursOf are our machines, strict about graphs that are not compiled, and of which
// only those ops run by their own Do that a program names.
func oursOf(t *testing.T, o Options) machines {
	check := func(m *Machine) gorgonia.VM {
		if r := m.Report(); r.Fallback != nil || len(r.ByDo) > 0 {
			t.Errorf("%v", r)
		}
		return m
	}
	return machines{
		tape: func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM { return check(o.NewTapeMachine(g, opts...)) },
		lisp: func(g *G, opts ...gorgonia.VMOpt) gorgonia.VM { return check(o.NewLispMachine(g, opts...)) },
	}
}

// A program returns all numbers that it would print.
type program func(m machines) seen

var programs = map[string]program{
	"linear regression":      linearRegression,
	"iris":                   irisRegression,
	"logistic regression":    logisticRegression,
	"multilayer perceptron":  perceptron,
	"convolutional network":  convnet,
	"parts of convolutions":  parts,
	"autoencoder":            variational,
	"adversarial networks":   adversarial,
	"characters":             characters,
	"deep Q-network":         deepQ,
	"agent":                  agent,
	"normalised batches":     normalised,
	"recurrent, by the tape": recurrent,
	"descent by Set":         bySet,
	"slices that move":       movingSlices,
	"several costs":          severalCosts,
	"embedding":              embedding,
}

func TestPrograms(t *testing.T) {
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			want := p(gorgonias)
			for _, o := range []Options{{}, {OnlyRead: true}} {
				got := p(oursOf(t, o))
				if len(got) != len(want) || len(want) == 0 {
					t.Fatalf("%+v: %d numbers, gorgonia's machine makes %d", o, len(got), len(want))
				}
				for i := range got {
					if d := math.Abs(got[i]-want[i]) / math.Max(1e-3, math.Abs(want[i])); !(d <= 1e-9) {
						t.Fatalf("%+v: number %d is %v, with gorgonia's machine %v", o, i, got[i], want[i])
					}
				}
			}
		})
	}
}

// What programs have in common.

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

func array(from, to float64, seed int, d ...int) *tensor.Dense {
	n := 1
	for _, l := range d {
		n *= l
	}
	return tensor.New(tensor.WithShape(d...), tensor.WithBacking(values(n, from, to, seed)))
}

func input(g *G, name string, d ...int) *gnode {
	return gorgonia.NewTensor(g, tensor.Float64, len(d), gorgonia.WithShape(d...), gorgonia.WithName(name))
}

func weight(g *G, name string, seed int, d ...int) *gnode {
	return shared(g, name, array(-.4, .4, seed, d...))
}

func shared(g *G, name string, v *tensor.Dense) *gnode {
	return gorgonia.NewTensor(g, tensor.Float64, v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// seen are the numbers that a program has printed.
type seen []float64

func (s *seen) see(vs ...gorgonia.Value) {
	for _, v := range vs {
		*s = append(*s, floats(v)...)
	}
}

func (s *seen) nodes(ns ...*gnode) {
	for _, n := range ns {
		s.see(n.Value())
	}
}

func dense(x, w, b *gnode) *gnode {
	return must(gorgonia.BroadcastAdd(must(gorgonia.Mul(x, w)), b, nil, []byte{0}))
}

func linearRegression(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(20), gorgonia.WithName("x"), gorgonia.WithValue(array(0, 3, 1, 20)))
	y := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(20), gorgonia.WithName("y"), gorgonia.WithValue(array(0, 6, 1, 20)))
	a := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("a"), gorgonia.WithValue(0.3))
	c := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("c"), gorgonia.WithValue(0.1))
	pred := must(gorgonia.Add(must(gorgonia.Mul(x, a)), c))
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(pred, y))))))
	must(gorgonia.Grad(cost, a, c))
	vm := m.tape(g, gorgonia.BindDualValues(a, c))
	defer vm.Close()
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithClip(5))
	for range 50 {
		ok(vm.RunAll())
		s.nodes(cost)
		s.see(must(a.Grad()), must(c.Grad()))
		ok(solver.Step([]gorgonia.ValueGrad{a, c}))
		vm.Reset()
	}
	s.nodes(a, c)
	return s
}

// irisRegression gets its gradients without dual values.
func irisRegression(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(0, 3, 1, 30, 5))
	y := shared(g, "y", array(0, 2, 2, 30))
	theta := shared(g, "theta", array(0, 1, 3, 5))
	pred := must(gorgonia.Mul(x, theta))
	var predicted gorgonia.Value
	gorgonia.Read(pred, &predicted)
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(pred, y))))))
	grads := must(gorgonia.Grad(cost, theta))
	vm := m.tape(g, gorgonia.BindDualValues(theta))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.001))
	for range 40 {
		ok(vm.RunAll())
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{theta})))
		s.see(predicted)
		s.nodes(theta, cost)
		vm.Reset()
	}
	s.see(must(theta.Grad()))
	_ = grads
	return s
}

func logisticRegression(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x, y := input(g, "x", 24, 6), input(g, "y", 24)
	w := weight(g, "w", 3, 6)
	b := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("b"), gorgonia.WithValue(0.05))
	one := gorgonia.NewConstant(1.0)
	prob := must(gorgonia.Sigmoid(must(gorgonia.Add(must(gorgonia.Mul(x, w)), b))))
	var probs gorgonia.Value
	gorgonia.Read(prob, &probs)
	right := must(gorgonia.HadamardProd(y, must(gorgonia.Log(prob))))
	wrong := must(gorgonia.HadamardProd(must(gorgonia.Sub(one, y)), must(gorgonia.Log(must(gorgonia.Sub(one, prob))))))
	cost := must(gorgonia.Mean(must(gorgonia.Neg(must(gorgonia.Add(right, wrong))))))
	decay := must(gorgonia.Sum(must(gorgonia.Square(w))))
	cost = must(gorgonia.Add(cost, must(gorgonia.Mul(gorgonia.NewConstant(0.01), decay))))
	must(gorgonia.Grad(cost, w, b))
	prog, locMap, err := gorgonia.Compile(g)
	ok(err)
	vm := m.tape(g, gorgonia.WithPrecompiled(prog, locMap), gorgonia.BindDualValues(w, b))
	solver := gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithL2Reg(1e-4))
	for i := range 30 {
		ok(gorgonia.Let(x, array(-1, 1, i%3, 24, 6)))
		target := array(0, 2, i%3, 24)
		for k, v := range target.Float64s() {
			target.Float64s()[k] = math.Floor(v)
		}
		ok(gorgonia.Let(y, target))
		ok(vm.RunAll())
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w, b})))
		s.see(probs)
		s.nodes(w, b)
		vm.Reset()
	}
	return s
}

// perceptron walks over batches that are views of the data.
func perceptron(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x, y := input(g, "x", 8, 5), input(g, "y", 8, 3)
	w0, b0 := weight(g, "w0", 1, 5, 7), weight(g, "b0", 2, 1, 7)
	w1, b1 := weight(g, "w1", 3, 7, 3), weight(g, "b1", 4, 1, 3)
	h := must(gorgonia.Rectify(dense(x, w0, b0)))
	p := must(gorgonia.SoftMax(dense(h, w1, b1)))
	cost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(must(gorgonia.Log(p)), y))))))
	params := gorgonia.Nodes{w0, b0, w1, b1}
	must(gorgonia.Grad(cost, params...))
	var costVal gorgonia.Value
	gorgonia.Read(cost, &costVal)
	vm := m.tape(g, gorgonia.BindDualValues(params...))
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithBatchSize(8))
	data, targets := array(-1, 1, 5, 32, 5), array(0, 1, 6, 32, 3)
	for range 4 {
		for b := 0; b < 32; b += 8 {
			ok(gorgonia.Let(x, must(data.Slice(gorgonia.S(b, b+8)))))
			ok(gorgonia.Let(y, must(targets.Slice(gorgonia.S(b, b+8)))))
			ok(vm.RunAll())
			ok(solver.Step(gorgonia.NodesToValueGrads(params)))
			s.see(costVal)
			vm.Reset()
		}
	}
	s.nodes(params...)
	return s
}

func convnet(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x, y := input(g, "x", 4, 1, 8, 8), input(g, "y", 4, 3)
	w0, w1, w2 := weight(g, "w0", 1, 3, 1, 3, 3), weight(g, "w1", 2, 4, 3, 3, 3), weight(g, "w2", 3, 16, 3)
	layer := func(x, w *gnode) *gnode {
		c := must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		return must(gorgonia.MaxPool2D(must(gorgonia.Rectify(c)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}
	l1 := layer(layer(x, w0), w1)
	flat := must(gorgonia.Reshape(l1, tensor.Shape{4, 16}))
	out := must(gorgonia.SoftMax(must(gorgonia.Mul(flat, w2))))
	cost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(must(gorgonia.Log(out)), y))))))
	params := gorgonia.Nodes{w0, w1, w2}
	must(gorgonia.Grad(cost, params...))
	var costVal gorgonia.Value
	gorgonia.Read(cost, &costVal)
	vm := m.tape(g, gorgonia.BindDualValues(params...))
	solver := gorgonia.NewRMSPropSolver(gorgonia.WithBatchSize(4), gorgonia.WithLearnRate(0.005))
	for i := range 6 {
		ok(gorgonia.Let(x, array(0, 1, i, 4, 1, 8, 8)))
		ok(gorgonia.Let(y, array(0, 1, i+1, 4, 3)))
		ok(vm.RunAll())
		s.see(costVal)
		ok(solver.Step(gorgonia.NodesToValueGrads(params)))
		vm.Reset()
	}
	s.nodes(params...)
	return s
}

// parts reads what is inside of convolutions, and its gradients. Two of them have
// their columns in common, and the cost depends on those, too.
func parts(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(0, 1, 1, 2, 2, 5, 6))
	v, w := weight(g, "v", 2, 3, 2, 3, 2), weight(g, "w", 3, 3, 2, 3, 2)
	layer := func(x, w *gnode) *gnode {
		return must(gorgonia.Conv2d(x, w, tensor.Shape{3, 2}, []int{1, 0}, []int{2, 1}, []int{1, 2}))
	}
	a, b := layer(x, v), layer(x, w)
	rows := children(a)[0]
	product := children(rows)[0]
	columns := children(children(product)[0])[0]
	squares := must(gorgonia.Mean(must(gorgonia.Square(columns))))
	cost := must(gorgonia.Add(squares, must(gorgonia.Mean(must(gorgonia.Tanh(must(gorgonia.HadamardProd(a, b))))))))
	must(gorgonia.Grad(cost, x, v, w))
	read := make([]gorgonia.Value, 7)
	for i, n := range (gorgonia.Nodes{a, rows, product, columns, rows.Deriv(), product.Deriv(), columns.Deriv()}) {
		gorgonia.Read(n, &read[i])
	}
	vm := m.tape(g, gorgonia.BindDualValues(x, v, w))
	defer vm.Close()
	ok(vm.RunAll())
	s.see(read...)
	s.see(must(x.Grad()), must(v.Grad()), must(w.Grad()), cost.Value())
	return s
}

// variational is given its noise, which gorgonia would draw by the clock.
func variational(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x, noise := input(g, "x", 6, 10), input(g, "noise", 6, 2)
	enc, mu, sd := weight(g, "enc", 1, 10, 8), weight(g, "mu", 2, 8, 2), weight(g, "sd", 3, 8, 2)
	dec, out := weight(g, "dec", 4, 2, 8), weight(g, "out", 5, 8, 10)
	h := must(gorgonia.Tanh(must(gorgonia.Mul(x, enc))))
	mean, logVar := must(gorgonia.Mul(h, mu)), must(gorgonia.Mul(h, sd))
	half := gorgonia.NewConstant(0.5)
	z := must(gorgonia.Add(mean, must(gorgonia.HadamardProd(must(gorgonia.Exp(must(gorgonia.HadamardProd(half, logVar)))), noise))))
	r := must(gorgonia.Sigmoid(must(gorgonia.Mul(must(gorgonia.Softplus(must(gorgonia.Mul(z, dec)))), out))))
	fit := must(gorgonia.Mean(must(gorgonia.BinaryXent(r, x))))
	kl := must(gorgonia.Sub(must(gorgonia.Add(must(gorgonia.Square(mean)), must(gorgonia.Exp(logVar)))), logVar))
	cost := must(gorgonia.Add(fit, must(gorgonia.HadamardProd(half, must(gorgonia.Mean(kl))))))
	params := gorgonia.Nodes{enc, mu, sd, dec, out}
	must(gorgonia.Grad(cost, params...))
	var costVal gorgonia.Value
	gorgonia.Read(cost, &costVal)
	vm := m.tape(g, gorgonia.BindDualValues(params...))
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.02), gorgonia.WithL2Reg(1e-4), gorgonia.WithClip(1))
	for i := range 20 {
		ok(gorgonia.Let(x, array(.05, .95, i%4, 6, 10)))
		ok(gorgonia.Let(noise, array(-1, 1, i, 6, 2)))
		ok(vm.RunAll())
		s.see(costVal)
		ok(solver.Step(gorgonia.NodesToValueGrads(params)))
		vm.Reset()
	}
	s.nodes(params...)
	return s
}

// adversarial has two graphs over the same tensors, each with a machine and a
// solver.
func adversarial(m machines) (s seen) {
	gw0, gw1 := array(-.5, .5, 1, 3, 6), array(-.5, .5, 2, 6, 4)
	dw0, dw1 := array(-.5, .5, 3, 4, 6), array(-.5, .5, 4, 6, 1)
	generate := func(g *G, z *gnode) (*gnode, gorgonia.Nodes) {
		a, b := shared(g, "gw0", gw0), shared(g, "gw1", gw1)
		return must(gorgonia.Tanh(must(gorgonia.Mul(must(gorgonia.LeakyRelu(must(gorgonia.Mul(z, a)), .2)), b)))), gorgonia.Nodes{a, b}
	}
	judge := func(g *G, x *gnode) (*gnode, gorgonia.Nodes) {
		a, b := shared(g, "dw0", dw0), shared(g, "dw1", dw1)
		return must(gorgonia.Sigmoid(must(gorgonia.Mul(must(gorgonia.LeakyRelu(must(gorgonia.Mul(x, a)), .2)), b)))), gorgonia.Nodes{a, b}
	}
	dg := gorgonia.NewGraph()
	x, label := input(dg, "x", 8, 4), input(dg, "label", 8, 1)
	verdict, dps := judge(dg, x)
	dcost := must(gorgonia.Mean(must(gorgonia.BinaryXent(verdict, label))))
	must(gorgonia.Grad(dcost, dps...))
	gg := gorgonia.NewGraph()
	z := input(gg, "z", 8, 3)
	fake, gps := generate(gg, z)
	fooled, _ := judge(gg, fake)
	gcost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.Log(fooled))))))
	must(gorgonia.Grad(gcost, gps...))
	var fakeVal gorgonia.Value
	gorgonia.Read(fake, &fakeVal)
	dvm, gvm := m.tape(dg, gorgonia.BindDualValues(dps...)), m.tape(gg, gorgonia.BindDualValues(gps...))
	ds, gs := gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(.01)), gorgonia.NewAdamSolver(gorgonia.WithLearnRate(.01))
	one, zero := array(.9, .9, 0, 8, 1), array(.1, .1, 0, 8, 1)
	for i := range 12 {
		ok(gorgonia.Let(z, array(-1, 1, i, 8, 3)))
		ok(gvm.RunAll())
		s.nodes(gcost)
		ok(gs.Step(gorgonia.NodesToValueGrads(gps)))
		for _, batch := range []struct{ x, y gorgonia.Value }{{array(-1, 1, 3*i, 8, 4), one}, {fakeVal, zero}} {
			ok(gorgonia.Let(x, batch.x))
			ok(gorgonia.Let(label, batch.y))
			ok(dvm.RunAll())
			s.nodes(dcost)
			ok(ds.Step(gorgonia.NodesToValueGrads(dps)))
			dvm.Reset()
		}
		gvm.Reset()
	}
	s.see(gw0, gw1, dw0, dw1)
	return s
}

// characters is a recurrent network of characters, a graph for each text, by the
// LispMachine.
func characters(m machines) (s seen) {
	const vocab, hidden = 4, 5
	wx, wh, wo := array(-.5, .5, 1, hidden, vocab), array(-.5, .5, 2, hidden, hidden), array(-.5, .5, 3, vocab, hidden)
	solver := gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(.01), gorgonia.WithL2Reg(1e-6), gorgonia.WithClip(5))
	text := []int{0, 2, 1, 3, 2, 0, 1}
	for i := range 8 {
		g := gorgonia.NewGraph()
		params := gorgonia.Nodes{shared(g, "wx", wx), shared(g, "wh", wh), shared(g, "wo", wo)}
		h := shared(g, "h", array(0, 0, 0, hidden))
		var cost *gnode
		for k := range 3 + i%3 {
			x := gorgonia.OneHotVector(text[k], vocab, tensor.Float64, gorgonia.WithName(fmt.Sprint("x", k, i)))
			h = must(gorgonia.Tanh(must(gorgonia.Add(must(gorgonia.Mul(params[0], x)), must(gorgonia.Mul(params[1], h))))))
			p := must(gorgonia.SoftMax(must(gorgonia.Mul(params[2], h))))
			loss := must(gorgonia.Neg(must(gorgonia.Log(must(gorgonia.Slice(p, gorgonia.S(text[k+1])))))))
			if cost == nil {
				cost = loss
			} else {
				cost = must(gorgonia.Add(cost, loss))
			}
		}
		vm := m.lisp(g)
		ok(vm.RunAll())
		s.nodes(cost)
		ok(solver.Step(gorgonia.NodesToValueGrads(params)))
		ok(vm.Close())
	}
	s.see(wx, wh, wo)
	return s
}

// deepQ has a network that acts, one that is trained and one that is a copy from
// time to time.
func deepQ(m machines) (s seen) {
	type net struct {
		g      *G
		x, q   *gnode
		params gorgonia.Nodes
	}
	make := func(batch, seed int) net {
		n := net{g: gorgonia.NewGraph()}
		n.x = input(n.g, "x", batch, 4)
		n.params = gorgonia.Nodes{weight(n.g, "w0", seed, 4, 6), weight(n.g, "w1", seed+1, 6, 2)}
		n.q = must(gorgonia.Mul(must(gorgonia.Rectify(must(gorgonia.Mul(n.x, n.params[0])))), n.params[1]))
		return n
	}
	act, train, target := make(1, 1), make(5, 1), make(5, 7)
	actions, goal := input(train.g, "actions", 5, 2), input(train.g, "goal", 5)
	chosen := must(gorgonia.Sum(must(gorgonia.HadamardProd(train.q, actions)), 1))
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(chosen, goal))))))
	must(gorgonia.Grad(cost, train.params...))
	actVM, trainVM, targetVM := m.tape(act.g), m.tape(train.g, gorgonia.BindDualValues(train.params...)), m.tape(target.g)
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(.02))
	for i := range 15 {
		if i%5 == 0 {
			for k, p := range train.params {
				ok(gorgonia.Let(target.params[k], p.Value().(*tensor.Dense).Clone().(*tensor.Dense)))
			}
		}
		for k, p := range train.params { // shared with what is trained
			ok(gorgonia.Let(act.params[k], p.Value()))
		}
		ok(gorgonia.Let(act.x, array(-1, 1, i, 1, 4)))
		ok(actVM.RunAll())
		s.nodes(act.q)
		actVM.Reset()
		ok(gorgonia.Let(target.x, array(-1, 1, i+2, 5, 4)))
		ok(targetVM.RunAll())
		best := array(0, 0, 0, 5)
		q := floats(target.q.Value())
		for k := range 5 {
			best.Float64s()[k] = .1 + .9*math.Max(q[2*k], q[2*k+1])
		}
		targetVM.Reset()
		picked := array(0, 0, 0, 5, 2)
		for k := range 5 {
			picked.Float64s()[2*k+(i+k)%2] = 1
		}
		ok(gorgonia.Let(train.x, array(-1, 1, i+3, 5, 4)))
		ok(gorgonia.Let(actions, picked))
		ok(gorgonia.Let(goal, best))
		ok(trainVM.RunAll())
		s.nodes(cost)
		ok(solver.Step(gorgonia.NodesToValueGrads(train.params)))
		trainVM.Reset()
	}
	s.nodes(train.params...)
	return s
}

// agent has two machines on one graph, which grows between them.
func agent(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := input(g, "x", 1, 3)
	w0, w1 := weight(g, "w0", 1, 3, 5), weight(g, "w1", 2, 5, 2)
	p := must(gorgonia.SoftMax(must(gorgonia.Mul(must(gorgonia.Tanh(must(gorgonia.Mul(x, w0)))), w1))))
	play := m.tape(g)
	taken, reward := input(g, "taken", 1, 2), gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("reward"))
	cost := must(gorgonia.Neg(must(gorgonia.Mul(must(gorgonia.Sum(must(gorgonia.HadamardProd(taken, must(gorgonia.Sqrt(p)))))), reward))))
	must(gorgonia.Grad(cost, w0, w1))
	learn := m.tape(g, gorgonia.BindDualValues(w0, w1))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(.05))
	for i := range 20 {
		ok(gorgonia.Let(x, array(-1, 1, i, 1, 3)))
		ok(play.RunAll())
		odds := floats(p.Value())
		s.nodes(p)
		play.Reset()
		choice := array(0, 0, 0, 1, 2)
		if odds[0] > .5 {
			choice.Float64s()[0] = 1
		} else {
			choice.Float64s()[1] = 1
		}
		ok(gorgonia.Let(taken, choice))
		ok(gorgonia.Let(reward, math.Sin(float64(i))))
		ok(learn.RunAll())
		s.nodes(cost)
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w0, w1})))
		learn.Reset()
	}
	s.nodes(w0, w1)
	return s
}

// normalised trains with batch norm and evaluates with its running statistics.
func normalised(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x, y := input(g, "x", 6, 4), input(g, "y", 6, 4)
	w, scale, bias := weight(g, "w", 1, 4, 4), weight(g, "scale", 2, 6, 4), weight(g, "bias", 3, 6, 4)
	h, _, _, op, err := gorgonia.BatchNorm(must(gorgonia.Mul(x, w)), scale, bias, .2, 1e-5)
	ok(err)
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(h, y))))))
	params := gorgonia.Nodes{w, scale, bias}
	must(gorgonia.Grad(cost, params...))
	vm := m.tape(g, gorgonia.BindDualValues(params...))
	solver := gorgonia.NewMomentum(gorgonia.WithLearnRate(.05))
	run := func(i int) {
		ok(gorgonia.Let(x, array(-1, 1, i, 6, 4)))
		ok(gorgonia.Let(y, array(-1, 1, i+1, 6, 4)))
		ok(vm.RunAll())
		s.nodes(cost)
		mean, variance := op.Stats()
		s.see(mean, variance)
	}
	for i := range 10 {
		run(i)
		ok(solver.Step(gorgonia.NodesToValueGrads(params)))
		vm.Reset()
	}
	ok(op.SetTraining(false))
	run(20)
	s.nodes(params...)
	return s
}

// recurrent passes the last state to the next run.
func recurrent(m machines) (s seen) {
	g := gorgonia.NewGraph()
	wx, wh := weight(g, "wx", 1, 3, 4), weight(g, "wh", 2, 4, 4)
	first := shared(g, "h", array(0, 0, 0, 2, 4))
	h := first
	var cost *gnode
	var xs gorgonia.Nodes
	for k := range 3 {
		x := input(g, fmt.Sprint("x", k), 2, 3)
		xs = append(xs, x)
		h = must(gorgonia.Tanh(must(gorgonia.Add(must(gorgonia.Mul(x, wx)), must(gorgonia.Mul(h, wh))))))
		c := must(gorgonia.Mean(must(gorgonia.Square(h))))
		if cost == nil {
			cost = c
		} else {
			cost = must(gorgonia.Add(cost, c))
		}
	}
	var last, costVal gorgonia.Value
	gorgonia.Read(h, &last)
	gorgonia.Read(cost, &costVal)
	must(gorgonia.Grad(cost, wx, wh))
	vm := m.tape(g, gorgonia.BindDualValues(wx, wh))
	solver := gorgonia.NewAdaGradSolver()
	for i := range 10 {
		for k, x := range xs {
			ok(gorgonia.Let(x, array(-1, 1, i+k, 2, 3)))
		}
		ok(vm.RunAll())
		s.see(last, costVal)
		ok(gorgonia.Let(first, last.(*tensor.Dense).Clone())) // else gorgonia reads it when it has been overwritten
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{wx, wh})))
		vm.Reset()
	}
	s.nodes(wx, wh)
	return s
}

// bySet descends by an expression of the gradient.
func bySet(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(-1, 1, 1, 5, 3))
	y := shared(g, "y", array(-1, 1, 2, 5))
	w := weight(g, "w", 3, 3)
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(must(gorgonia.Mul(x, w)), y))))))
	d := must(gorgonia.Grad(cost, w))[0]
	next := must(gorgonia.Sub(w, must(gorgonia.HadamardProd(gorgonia.NewConstant(.1), d))))
	vm := m.tape(g)
	for range 10 {
		ok(vm.RunAll())
		s.nodes(cost, next)
		ok(vm.(interface{ Set(a, b *gnode) error }).Set(w, next))
		vm.Reset()
	}
	s.nodes(w)
	return s
}

// movingSlices slices another part in each run.
func movingSlices(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(-1, 1, 1, 8, 3))
	w := weight(g, "w", 3, 3)
	part := must(gorgonia.Slice(x, gorgonia.S(0, 2)))
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Mul(part, w))))))
	must(gorgonia.Grad(cost, w))
	vm := m.tape(g, gorgonia.BindDualValues(w))
	for i := range 4 {
		ok(gorgonia.UnsafeLet(part, gorgonia.S(2*i, 2*i+2)))
		ok(vm.RunAll())
		s.nodes(cost)
		s.see(must(w.Grad()))
		vm.Reset()
	}
	return s
}

// severalCosts differentiates two costs of one graph, which share no variable.
func severalCosts(m machines) (s seen) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(-1, 1, 1, 4, 3))
	a, b := weight(g, "a", 2, 3), weight(g, "b", 3, 3)
	one := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Mul(x, a))))))
	two := must(gorgonia.Sum(must(gorgonia.Cube(must(gorgonia.Mul(x, b))))))
	must(gorgonia.Grad(one, a))
	must(gorgonia.Grad(two, b))
	vm := m.tape(g, gorgonia.BindDualValues(a, b))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(.01))
	for range 5 {
		ok(vm.RunAll())
		s.nodes(one, two)
		s.see(must(a.Grad()), must(b.Grad()))
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{a, b})))
		vm.Reset()
	}
	return s
}

// embedding picks rows by whole numbers.
func embedding(m machines) (s seen) {
	g := gorgonia.NewGraph()
	table := weight(g, "table", 1, 6, 3)
	at := gorgonia.NewTensor(g, tensor.Int, 1, gorgonia.WithShape(4), gorgonia.WithName("at"))
	rows := must(gorgonia.ByIndices(table, at, 0))
	cost := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(rows, gorgonia.NewConstant(.3)))))))
	must(gorgonia.Grad(cost, table))
	var picked gorgonia.Value
	gorgonia.Read(rows, &picked) // gorgonia overwrites the node's own
	vm := m.tape(g, gorgonia.BindDualValues(table))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(.2))
	for i := range 6 {
		ok(gorgonia.Let(at, tensor.New(tensor.WithShape(4), tensor.WithBacking([]int{i % 6, 2, 5 - i%6, 2}))))
		ok(vm.RunAll())
		s.see(picked)
		s.nodes(cost)
		ok(solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{table})))
		vm.Reset()
	}
	s.nodes(table)
	return s
}
