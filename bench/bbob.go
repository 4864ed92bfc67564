package bench

import (
	"fmt"
	"math/rand/v2"

	"descent/bench/bbob"
	"descent/graph"
	"descent/internal/spec"
	"descent/train"
)

// A BBOB is a problem: a function of COCO's suite bbob. Case k is its instance k+1,
// which has its minimum elsewhere and is turned otherwise: settings are chosen on the
// first instance and scored on others. Runs start anywhere in [-4, 4]. Their targets are
// COCO's, [bbob.Targets].
type BBOB struct {
	Number int // from 1 to 24
	Dim    int // from 2 to 40
}

func (p BBOB) instance(k int) (*bbob.Function, error) { return bbob.New(p.Number, p.Dim, k+1) }

// name is that of a function which there is.
func (p BBOB) name() string {
	return fmt.Sprintf("f%d-%s-%d", p.Number, bbob.Table[p.Number-1].Name, p.Dim)
}

// Describe implements [Problem].
func (p BBOB) Describe() (ProblemInfo, error) {
	f, err := p.instance(0)
	if err != nil {
		return ProblemInfo{}, err
	}
	return ProblemInfo{Name: p.name(), About: f.About, Budget: functionBudget, Score: "area", Schedule: "constant", Dtype: "float64", Cases: true,
		Rates: &spec.Interval{Lo: 1e-6, Hi: 10}, Dim: p.Dim, Targets: bbob.Targets, Absolute: true}, nil
}

// Prepare implements [Problem]. What differs between instances are states.
func (p BBOB) Prepare(e Entrant) (*train.Trainer, error) {
	f, err := p.instance(0)
	if err != nil {
		return nil, err
	}
	return train.New(train.Task{Compute: func(b *train.Batch) train.Result {
		g := b.Graph()
		x := g.Param("x", graph.Zeros, p.Dim)
		data := make([]*node, len(f.Data))
		for i, a := range f.Data {
			data[i] = g.State(a.Name, graph.From(a.Values...), a.Dims...)
		}
		return train.Result{Losses: []train.Loss{{Name: "value", Weight: 1, Node: f.Value(x, data...)}}}
	}}, e.Rule, graph.Float64, 0)
}

// Begin implements [Problem].
func (p BBOB) Begin(a *Attempt) (train.Run, error) {
	f, err := p.instance(a.Case)
	if err == nil {
		err = a.Trainer.Reset(a.Seed)
	}
	if err != nil {
		return train.Run{}, err
	}
	rng := rand.New(rand.NewPCG(seedOf(0, p.name(), a.Case), 0))
	start := make([]float64, p.Dim)
	for i := range start {
		start[i] = float64(8*rng.Float64()) - 4
	}
	arrays := append(f.Data, bbob.Array{Name: "x", Values: start})
	for _, array := range arrays {
		if err := a.Trainer.Store().Lookup(array.Name).Set(array.Values); err != nil {
			return train.Run{}, err
		}
	}
	return descend(a, noter(a.Out, 0, func(float64) []float64 { return bbob.Targets }))
}

// Score implements [Problem].
func (p BBOB) Score(*Attempt) error { return nil }
