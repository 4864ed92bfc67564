package models

import (
	"fmt"
	"math/rand/v2"

	"descent/graph"
	"descent/ops"
)

// A Cell is what a recurrent layer does in a step. What its input x and its state h
// make are x·weight_ihᵀ + bias_ih and h·weight_hhᵀ + bias_hh, for each row of the
// batch Gates times as many numbers as the layer has units; h is the first of its
// states.
type Cell struct {
	Name   string // of its layers
	Gates  int
	States int // arrays of batch × units that go from step to step
	// Step makes the next states; the first of them is the layer's output. in is
	// what the input makes, batch × units for each gate, rec what the state does;
	// unless Apart is set, in is their sum and rec is nil.
	Step  func(in, rec, states []*node) (next []*node)
	Apart bool
	// Forget is where bias_ih starts for the second gate.
	Forget float64
}

// RNN is h ← tanh(W·x + U·h), or another activation: Elman 1990,
// https://doi.org/10.1207/s15516709cog1402_1.
func RNN(act Layer) Cell {
	return Cell{Name: "rnn", Gates: 1, States: 1, Step: func(in, _, _ []*node) []*node { return []*node{act(in[0])} }}
}

// LSTM is the cell with gates i, f, g, o, in this order, as PyTorch's:
//
//	c ← σ(f)·c + σ(i)·tanh(g);  h = σ(o)·tanh(c)
//
// Hochreiter, Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735, with
// forget gates, whose bias starts at forget: at 1 the cell remembers at first.
func LSTM(forget float64) Cell {
	return Cell{Name: "lstm", Gates: 4, States: 2, Forget: forget, Step: func(in, _, s []*node) []*node {
		c := ops.Add(ops.Mul(ops.Sigmoid(in[1]), s[1]), ops.Mul(ops.Sigmoid(in[0]), ops.Tanh(in[2])))
		return []*node{ops.Mul(ops.Sigmoid(in[3]), ops.Tanh(c)), c}
	}}
}

// GRU is the cell with gates r, z, n, in this order, as PyTorch's: r acts on what the
// state makes, after its product.
//
//	n = tanh(nₓ + σ(r)·nₕ);  h ← n + σ(z)·(h - n)
//
// Cho and others 2014, https://arxiv.org/abs/1406.1078.
func GRU() Cell {
	return Cell{Name: "gru", Gates: 3, States: 1, Apart: true, Step: func(in, rec, s []*node) []*node {
		r := ops.Sigmoid(ops.Add(in[0], rec[0]))
		z := ops.Sigmoid(ops.Add(in[1], rec[1]))
		n := ops.Tanh(ops.Add(in[2], ops.Mul(r, rec[2])))
		return []*node{ops.Add(n, ops.Mul(z, ops.Sub(s[0], n)))}
	}}
}

// Leaky is a leaky integrator: h ← (1 - leak)·h + leak·tanh(W·x + U·h). Jaeger and
// others 2007, https://doi.org/10.1016/j.neunet.2007.04.016.
func Leaky(leak float64) Cell {
	return Cell{Name: "leaky", Gates: 1, States: 1, Step: func(in, _, s []*node) []*node {
		return []*node{ops.Add(ops.Scale(1-leak, s[0]), ops.Scale(leak, ops.Tanh(in[0])))}
	}}
}

// RecurrentOptions say what a recurrent layer is.
type RecurrentOptions struct {
	Cell
	Units         int
	Layers        int  // one above the other; 0 is one
	Bidirectional bool // beside each, one that walks from the last step to the first
	Last          bool // the layer's output is that of the last step alone, not of all
	NoBias        bool
	Input         graph.Init // of each gate of weight_ih, inputs × units; Glorot if nil
	Recurrent     graph.Init // of each gate of weight_hh, units × units; orthogonal if nil
	Every         int        // what is kept for the gradient, see [graph.ScanOptions]
	Name          string     // prefix of its parameters; that of the cell if empty
}

// A Recurrent is a layer that walks along sequences. Its parameters have PyTorch's
// names and shapes: weight_ih_l0 is Gates·Units × inputs, and so on for layers l1, ...
// and _reverse.
type Recurrent struct {
	o  RecurrentOptions
	id *graph.Identity
}

// NewRecurrent returns a recurrent layer.
func NewRecurrent(o RecurrentOptions) *Recurrent {
	o.Layers = max(o.Layers, 1)
	return &Recurrent{o, new(graph.Identity)}
}

// Layer is the layer from sequences, batch × time × inputs, to sequences of as many
// outputs as it has units, or twice as many if it is bidirectional; or, if it is told
// so, to those of the last step: for the direction from the last step to the first,
// that is the first. Pictures of one channel are sequences of their rows.
func (r *Recurrent) Layer() Layer {
	return func(x *node) *node {
		if x.Err() == nil && x.Shape().Rank() == 4 && x.Shape().Dim(1) == 1 {
			x = ops.Squeeze(x, 1)
		}
		y, last := r.Run(x, nil, nil)
		if !r.o.Last || y.Err() != nil {
			return y
		}
		n := last[0].Shape().Dim(0)
		if !r.o.Bidirectional {
			return ops.Squeeze(ops.Slice(last[0], 0, n-1, n, 1), 0)
		}
		two := ops.Transpose(ops.Slice(last[0], 0, n-2, n, 1), 1, 0, 2)
		return ops.Reshape(two, two.Shape().Dim(0), 2*r.o.Units)
	}
}

// Run walks along sequences x, batch × time × inputs. lengths, if not nil, is how many
// steps each row of the batch has: behind them outputs are 0, and the other direction
// starts at each row's last. states, if not nil, are what the cell's states start at,
// directions × batch × units each, layer by layer, forward before backward; 0 if they
// are not given. It returns the outputs of all steps and the states at the end, in the
// same order.
func (r *Recurrent) Run(x, lengths *node, states []*node) (y *node, last []*node) {
	if bad := r.misfit(x, states); bad != nil {
		for range max(r.o.States, 1) {
			last = append(last, bad)
		}
		return bad, last
	}
	s := x.Graph().Scope(r.id, r.o.Cell.Name, r.o.Name)
	ends := make([][]*node, r.o.States)
	y = ops.Transpose(x, 1, 0, 2)
	directions := r.directions()
	for l := range r.o.Layers {
		var outs []*node
		for d := range directions {
			walk := direction{r.o, s, fmt.Sprintf("_l%d%s", l, [...]string{"", "_reverse"}[d]), d > 0}
			out, end := walk.run(y, lengths, start(states, l*directions+d))
			outs = append(outs, out)
			for i := range end {
				ends[i] = append(ends[i], end[i])
			}
		}
		y = ops.Concat(-1, outs...)
	}
	for _, e := range ends {
		last = append(last, ops.Stack(0, e...))
	}
	y = ops.Transpose(y, 1, 0, 2)
	return x.Graph().Mark("Recurrent", s.Name, y), last
}

// misfit returns what is wrong with the arguments of Run, or nil.
func (r *Recurrent) misfit(x *node, states []*node) *node {
	switch {
	case x.Err() != nil:
		return x
	case r.o.Step == nil || r.o.Gates < 1 || r.o.States < 1:
		return graph.Bad(fmt.Errorf("a cell of %d gates and %d states", r.o.Gates, r.o.States), "recurrent", x)
	case r.o.Units < 1:
		return graph.Bad(fmt.Errorf("%d units; a layer has at least one", r.o.Units), r.o.Cell.Name, x)
	case x.Shape().Rank() != 3:
		return graph.Bad(fmt.Errorf("the input is %v; it takes sequences, batch x time x features", x.Shape()), r.o.Cell.Name, x)
	case states != nil && len(states) != r.o.States:
		return graph.Bad(fmt.Errorf("%d states to start at; the cell has %d", len(states), r.o.States), r.o.Cell.Name, x)
	}
	want := graph.Dims(r.o.Layers*r.directions(), x.Shape().Dim(0), r.o.Units)
	for _, s := range states {
		if s.Err() == nil && s.Shape() != want {
			return graph.Bad(fmt.Errorf("a state starts at %v; directions x batch x units are %v", s.Shape(), want), r.o.Cell.Name, x, s)
		}
	}
	return nil
}

// directions are those of each layer.
func (r *Recurrent) directions() int {
	if r.o.Bidirectional {
		return 2
	}
	return 1
}

// start is what one direction of one layer starts at, nil for 0.
func start(states []*node, i int) (out []*node) {
	for _, s := range states {
		out = append(out, ops.Squeeze(ops.Slice(s, 0, i, i+1, 1), 0))
	}
	return out
}

// A direction is one layer in one direction.
type direction struct {
	RecurrentOptions
	scope   graph.Scope
	suffix  string
	reverse bool
}

// run walks along x, time × batch × inputs.
func (d direction) run(x, lengths *node, states []*node) (y *node, last []*node) {
	g, batch := x.Graph(), x.Shape().Dim(1)
	rows := d.Gates * d.Units
	w := d.scope.Param("weight_ih"+d.suffix, perGate(or(d.Input, Glorot), d.Gates), rows, x.Shape().Dim(2))
	u := d.scope.Param("weight_hh"+d.suffix, perGate(or(d.Recurrent, Orthogonal(1)), d.Gates), rows, d.Units)
	var bias [2]*node
	if !d.NoBias {
		bias[0] = d.scope.Param("bias_ih"+d.suffix, d.biases, rows)
		bias[1] = d.scope.Param("bias_hh"+d.suffix, graph.Zeros, rows)
	}
	for range d.States - len(states) {
		states = append(states, g.Const(0, batch, d.Units))
	}
	o := graph.ScanOptions{Name: d.scope.Name + d.suffix, Reverse: d.reverse, Lengths: lengths, Every: d.Every}
	if !d.Apart && !d.NoBias {
		bias[0] = ops.Add(bias[0], bias[1])
	}
	of := func(p *node, k int) *node { return ops.Slice(p, 0, k*d.Units, (k+1)*d.Units, 1) }
	last, ys := graph.Scan(states, []*node{x}, o, func(s, x []*node) (next, y []*node) {
		var in, rec []*node
		for k := range d.Gates { // products of its own: what they make lies side by side, and so do its gradients
			fromX, fromH := ops.Linear(x[0], of(w, k)), ops.Linear(s[0], of(u, k))
			switch {
			case d.Apart && d.NoBias:
				in, rec = append(in, fromX), append(rec, fromH)
			case d.Apart:
				in, rec = append(in, ops.Add(fromX, of(bias[0], k))), append(rec, ops.Add(fromH, of(bias[1], k)))
			case d.NoBias:
				in = append(in, ops.Add(fromX, fromH))
			default:
				in = append(in, ops.Add(ops.Add(fromX, of(bias[0], k)), fromH))
			}
		}
		next = d.Step(in, rec, s)
		return next, next[:1]
	})
	return ys[0], last
}

// biases are those of the second gate, at Forget, between zeros.
func (d direction) biases(_ *rand.Rand, _ graph.Shape, dst []float64) {
	clear(dst)
	for i := d.Units; i < min(2*d.Units, len(dst)); i++ {
		dst[i] = d.Forget
	}
}

// perGate draws the weights of each gate, outputs × inputs, as a matrix of inputs ×
// outputs by itself.
func perGate(init graph.Init, gates int) graph.Init {
	return func(rng *rand.Rand, s graph.Shape, dst []float64) {
		units, inputs := s.Dim(0)/gates, s.Dim(1)
		drawn := make([]float64, units*inputs)
		for k := range gates {
			init(rng, graph.Dims(inputs, units), drawn)
			for i, v := range drawn {
				dst[(k*units+i%units)*inputs+i/units] = v
			}
		}
	}
}
