package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/losses"
	"descent/optimizers/search"
)

// A span is where predictions or targets are drawn from.
type span struct {
	domain graphtest.Domain
	lo, hi float64
	name   string
}

func between(lo, hi float64) span {
	return span{graphtest.Range(lo, hi), lo, hi, fmt.Sprintf("%v to %v", lo, hi)}
}

func (s span) String() string { return s.name }

// touches says whether x is in the span or at the whole numbers around it, which
// are its ends where the span was found by trying.
func (s span) touches(x float64) bool { return x >= math.Floor(s.lo) && x <= math.Ceil(s.hi) }

// spans are tried in this order for a loss that does not say where it is finite.
var spans = []span{{graphtest.Normal, math.Inf(-1), math.Inf(1), "normal numbers"}, between(0.2, 3), between(0.05, 0.95), between(-0.95, 0.95), between(1.05, 3)}

// lossCase says where a loss is checked.
func lossCase(text string, row *losses.Row, loss losses.Loss, given map[string]search.Bound, points int) (c graphtest.Case, pred, target span) {
	c = graphtest.Case{Name: text, Inputs: 2, Partial: losses.IsFormula(text) || len(given) > 0,
		Samples: []graphtest.Sample{graphtest.One([]int{4, 3}, []int{4, 3}), graphtest.One([]int{3}, []int{3})},
		Build:   func(in []*graph.Node, _ []float64) *graph.Node { return loss(in[0], in[1]) }}
	c.Samples = slices.DeleteFunc(c.Samples, func(s graphtest.Sample) bool { // sums over axis 1 have no vectors
		return len(s.Shapes[0]) < 2 && lossNode(loss, row, s).Err() != nil
	})
	preds, targets := spans, spans
	switch {
	case row.Target == losses.Classes:
		targets = []span{{domain: graphtest.Below(3), lo: 0, hi: 2, name: "classes"}}
		c.Samples = []graphtest.Sample{graphtest.One([]int{4, 3}, []int{4})}
	case row.Pred == losses.Probabilities || row.Target == losses.Probabilities:
		unit := spans[2]
		unit.domain = graphtest.Fixed(unit.domain)
		preds, targets = spans[2:3], []span{unit}
	}
	if b, ok := given["pred"]; ok {
		preds = []span{between(b.Lo, b.Hi)}
	}
	if b, ok := given["target"]; ok {
		targets = []span{between(b.Lo, b.Hi)}
	}
	pred, target = choose(loss, row, c.Samples[0], preds, targets, points)
	c.Domain = []graphtest.Domain{pred.domain, target.domain}
	for _, own := range losses.Cases() {
		if own.Name == text && len(given) == 0 {
			return own, pred, target
		}
	}
	return c, pred, target
}

// choose returns the first pair of spans in which the loss is finite wherever it
// is tried, or else most often.
func choose(loss losses.Loss, row *losses.Row, s graphtest.Sample, preds, targets []span, points int) (pred, target span) {
	best := -1
	for far := range len(preds) + len(targets) - 1 { // near the normal ones first
		for i := range min(far+1, len(preds)) {
			j := far - i
			if j >= len(targets) {
				continue
			}
			p, err := newProbe(loss, row, s, graph.Float64)
			if err != nil {
				return preds[0], targets[0] // which the check reports
			}
			rng := rand.New(rand.NewPCG(1, 1))
			count := 0
			for range points {
				preds[i].domain.Fill(rng, 0, p.pred)
				targets[j].domain.Fill(rng, 1, p.target)
				if p.finite() {
					count++
				}
			}
			if count > best {
				best, pred, target = count, preds[i], targets[j]
			}
			if count == points {
				return pred, target
			}
		}
	}
	return pred, target
}

// A probe computes a loss and its gradient at points.
type probe struct {
	pred, target []float64 // what is put in
	x, t, y, dx  *graph.Node
	program      *graph.Program
	max          float64 // of the type
}

func newProbe(loss losses.Loss, row *losses.Row, s graphtest.Sample, dt graph.Dtype) (*probe, error) {
	g := graph.New(dt, 0)
	p := &probe{x: g.Param("pred", graph.Zeros, s.Shapes[0]...), t: targetOf(g, row, s.Shapes[1]), max: math.MaxFloat64}
	if dt == graph.Float32 {
		p.max = math.MaxFloat32
	}
	p.y = loss(p.x, p.t)
	p.pred, p.target = make([]float64, p.x.Shape().Size()), make([]float64, p.t.Shape().Size())
	var err error
	p.dx = graph.Grad(p.y, p.x)[0]
	p.program, err = graph.Compile(p.y, p.dx)
	return p, err
}

// finite says whether the loss and its gradient are, at what was put in.
func (p *probe) finite() bool { return p.largest() <= math.MaxFloat64 }

// largest is the largest magnitude of the loss and its gradient, infinite if one
// is not finite.
func (p *probe) largest() float64 {
	feed := graph.Let(p.t, p.target)
	if p.t.Role() == graph.Index {
		whole := make([]int, len(p.target))
		for i, x := range p.target {
			whole[i] = int(x)
		}
		feed = graph.Let(p.t, whole)
	}
	if p.x.Variable().Set(p.pred) != nil || p.program.Run(feed) != nil {
		return math.Inf(1)
	}
	out := math.Abs(p.program.Scalar(p.y))
	for _, d := range p.program.Float64s(p.dx) {
		out = max(out, math.Abs(d))
	}
	if math.IsNaN(out) {
		return math.Inf(1)
	}
	return out
}
