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

// recurrent is a step of Adam on a net that walks along sequences: ten classes from the
// last state, or the next of 65 characters at each step.
func recurrent(kind string, batch, steps, inputs, units int, team *graph.Team) (task, error) {
	cells := map[string]models.Cell{"lstm": models.LSTM(0), "gru": models.GRU(), "char": models.LSTM(0)}
	cell, ok := cells[kind]
	if !ok {
		return task{}, fmt.Errorf("no recurrent net %q", kind)
	}
	g := graph.New(graph.Float32, 1)
	layer := models.NewRecurrent(models.RecurrentOptions{Cell: cell, Units: units, Last: kind != "char"}).Layer()
	var loss *node
	var feeds []graph.Feed
	if kind == "char" {
		const characters = 65
		x, y := g.Indices("x", batch, steps), g.Indices("y", batch*steps)
		table := g.Param("emb", graph.Zeros, characters, inputs)
		loss = losses.CrossEntropy(head(ops.Reshape(layer(ops.Take(table, x, 0)), -1, units), characters), y)
		feeds = []graph.Feed{graph.Let(x, classes(1, batch*steps, characters)), graph.Let(y, classes(2, batch*steps, characters))}
	} else {
		x, y := g.Input("x", batch, steps, inputs), g.Indices("y", batch)
		loss = losses.CrossEntropy(head(layer(x), 10), y)
		drawn, xs := uniform(1, steps*batch*inputs, -1, 1), make([]float32, steps*batch*inputs)
		for t := range steps { // drawn in the order of steps
			for b := range batch {
				copy(xs[(b*steps+t)*inputs:][:inputs], drawn[(t*batch+b)*inputs:])
			}
		}
		feeds = []graph.Feed{graph.Let(x, xs), graph.Let(y, classes(2, batch, 10))}
	}
	drawn(g)
	return trained(loss, optimizers.Descend(loss, optimizers.Adam()), 0.001, team, feeds...)
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
