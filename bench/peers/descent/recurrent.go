package main

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// recurrentLoss is the loss of a net that walks along sequences: ten classes from the
// last state, or the next of 65 characters at each step. x and y are what it is fed.
func recurrentLoss(g *graph.Graph, kind string, batch, steps, inputs, units int) (x, y, loss *node, err error) {
	cells := map[string]models.Cell{"lstm": models.LSTM(0), "gru": models.GRU(), "char": models.LSTM(0)}
	cell, ok := cells[kind]
	if !ok {
		return nil, nil, nil, fmt.Errorf("no recurrent net %q", kind)
	}
	layer := models.NewRecurrent(models.RecurrentOptions{Cell: cell, Units: units, Last: kind != "char"}).Layer()
	if kind == "char" {
		x, y = g.Indices("x", batch, steps), g.Indices("y", batch*steps)
		table := g.Param("emb", graph.Zeros, characters, inputs)
		return x, y, losses.CrossEntropy(head(ops.Reshape(layer(ops.Take(table, x, 0)), -1, units), characters), y), nil
	}
	x, y = g.Input("x", batch, steps, inputs), g.Indices("y", batch)
	return x, y, losses.CrossEntropy(head(layer(x), 10), y), nil
}

const characters = 65

// recurrent is a step of Adam on such a net.
func recurrent(kind string, batch, steps, inputs, units int, team *graph.Team) (task, error) {
	g := graph.New(graph.Float32, 1)
	x, y, loss, err := recurrentLoss(g, kind, batch, steps, inputs, units)
	if err != nil {
		return task{}, err
	}
	drawn(g)
	t := optimizers.Descend(loss, optimizers.Adam())
	if kind == "char" {
		return trained(loss, t, 0.001, team, graph.Let(x, classes(1, batch*steps, characters)), graph.Let(y, classes(2, batch*steps, characters)))
	}
	all, xs := uniform(1, steps*batch*inputs, -1, 1), make([]float32, steps*batch*inputs)
	for t := range steps { // drawn in the order of steps
		for b := range batch {
			copy(xs[(b*steps+t)*inputs:][:inputs], all[(t*batch+b)*inputs:])
		}
	}
	return trained(loss, t, 0.001, team, graph.Let(x, xs), graph.Let(y, classes(2, batch, 10)))
}

// drawn sets weights to those of every peer.
func drawn(g *graph.Graph) {
	for k, p := range g.Params() {
		if s := p.Shape(); s.Rank() > 1 {
			bound := 1 / math.Sqrt(float64(s.Dim(1)))
			if p.Name() == "emb" {
				bound = 0.1
			}
			w := make([]float64, s.Size())
			for i := range w {
				w[i] = float64(between(-1, 1, hash(100+k, i))) * bound
			}
			must(p.Variable().Set(w))
		}
	}
}

// sequence predicts classes from the last state of an LSTM.
func sequence() (task, error) {
	g := graph.New(graph.Float32, 1).Evaluation()
	x := g.Input("x", 1, 32, 64)
	layer := models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(0), Units: 64, Last: true}).Layer()
	z := head(layer(x), 10)
	drawn(g)
	return called([]*node{z}, nil, graph.Let(x, uniform(1, 32*64, -1, 1)))
}

// called is a program that is called with values each time; its number is the mean size
// of its first output.
func called(outputs []*node, updates []graph.Update, feeds ...graph.Feed) (task, error) {
	p, err := graph.Function{Outputs: outputs, Updates: updates}.Compile()
	if err != nil {
		return task{}, err
	}
	return task{step: func() { must(p.Run(feeds...)) }, number: func() float64 { return meanAbs(graph.Output[float32](p, outputs[0])) }}, nil
}

// head is a logit for each class.
func head(x *node, classes int) *node {
	g := x.Graph()
	return ops.Add(ops.Linear(x, g.Param("head.weight", graph.Zeros, classes, x.Shape().Dim(1))), g.Param("head.bias", graph.Zeros, classes))
}

func classes(seed, n, below int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = int(hash(seed, i)>>8) % below
	}
	return out
}
