package main

import (
	"strings"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// once does a work that is measured as a whole process.
func once(work string) answer {
	a := answer{Work: work}
	kind, rest, _ := strings.Cut(work, "-")
	name, sizes, _ := strings.Cut(rest, "-")
	var t task
	var err error
	steps := 1000
	switch kind {
	case "first", "peak":
		n := numbers(sizes)
		t, err = mlp(name, n[0], n[1:], nil)
		steps = map[string]int{"first": 1, "peak": 20}[kind]
	case "memory":
		if n := numbers(sizes); len(n) > 1 {
			t, err = recurrent(name, n[0], n[1], n[2], n[3], nil)
		} else {
			t, err = pictured(name, n[0], nil)
		}
		if err == nil {
			return answer{Work: work, Check: map[string]float64{variant: t.check()}, PeakKB: peakKB()}
		}
	case "scalar":
		t, err = scalar()
	case "logistic":
		t, err = logistic()
	default:
		a.Error = "not offered"
		return a
	}
	must(err)
	a.Check = map[string]float64{variant: t.after(steps)}
	if kind == "peak" {
		a.PeakKB = peakKB()
	}
	return a
}

// scalar lowers x² from 5.
func scalar() (task, error) {
	g := graph.New(graph.Float32, 1)
	x := g.Param("x", graph.Fill(5))
	loss := ops.Square(x)
	return trained(loss, optimizers.Descend(loss, optimizers.SGD()), 0.001, nil)
}

// logistic fits a logistic regression of 100 rows of 3 inputs.
func logistic() (task, error) {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", 100, 3), g.Input("y", 100, 1)
	xs, ys := uniform(7, 300, -2, 2), make([]float32, 100)
	for i := range ys {
		if xs[3*i]-float32(2*xs[3*i+1])+float32(xs[3*i+2]/2)+0.3 > 0 {
			ys[i] = 1
		}
	}
	loss := losses.BCELogits(models.Logistic()(x), y)
	return trained(loss, optimizers.Descend(loss, optimizers.SGD()), 0.1, nil, graph.Let(x, xs), graph.Let(y, ys))
}
