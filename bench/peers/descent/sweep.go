package main

import (
	"cmp"
	"slices"
	"sync"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/ops"
	"descent/optimizers"
)

// rates are the learning rates of the sweep; each is tried with three seeds.
var rates = map[string][]float64{
	"sgd":      {0.01, 0.03, 0.1, 0.3, 1},
	"momentum": {0.003, 0.01, 0.03, 0.1, 0.3},
	"adagrad":  {0.003, 0.01, 0.03, 0.1, 0.3},
	"rmsprop":  {0.0003, 0.001, 0.003, 0.01, 0.03},
	"adam":     {0.0003, 0.001, 0.003, 0.01, 0.03},
}

const (
	rows, pixels = 1797, 64
	epochs       = 20
	batchSize    = 32
)

// sweep trains 75 nets on the digits, from their graphs to their last step,
// on two goroutines. Its number is the mean of their losses at step 20.
func sweep() task {
	xs, ys := digits()
	var orders [3][epochs][]int
	for seed := range orders {
		for e := range orders[seed] {
			h := func(i int) uint32 { return hash(1000+100*seed+e, i) }
			order := make([]int, rows)
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(h(i), h(j)) })
			orders[seed][e] = order
		}
	}
	var mean float64
	step := func() {
		type job struct {
			rule string
			lr   float64
			seed int
		}
		jobs := make(chan job, 75)
		for rule, lrs := range rates {
			for _, lr := range lrs {
				for seed := range orders {
					jobs <- job{rule, lr, seed}
				}
			}
		}
		close(jobs)
		var sums [2]float64
		var workers sync.WaitGroup
		for w := range sums {
			workers.Go(func() {
				for j := range jobs {
					sums[w] += train(xs, ys, orders[j.seed][:], j.rule, j.lr, j.seed)
				}
			})
		}
		workers.Wait()
		mean = (sums[0] + sums[1]) / 75
	}
	return task{step: step, number: func() float64 { return mean }}
}

// train trains one net and returns its loss at step 20. What is measured is the
// engine, as in peers that have no loop of their own, so package train is not in it.
func train(xs []float32, ys []int, orders [][]int, rule string, lr float64, seed int) (loss float64) {
	root := graph.New(graph.Float32, 1)
	type program struct {
		p     *graph.Program
		loss  *node
		x     []float32
		feeds []graph.Feed
	}
	classes := make([]int, batchSize)
	compile := func(n int) program {
		g := root.Sibling()
		x, y := g.Input("x", n, pixels), g.Indices("y", n)
		loss := losses.CrossEntropy(layers(ops.ReLU, 100+10*seed, []int{32, 10})(x), y)
		t := optimizers.Descend(loss, rules[rule].rule)
		p, err := t.Compile()
		must(err)
		feeds := []graph.Feed{graph.Let(y, classes[:n]), graph.Let(t.LR, []float64{lr})}
		return program{p, loss, graph.Buffer[float32](p, x), feeds}
	}
	whole, last := compile(batchSize), compile(rows%batchSize)
	step := 0
	for _, order := range orders {
		for from := 0; from < rows; from += batchSize {
			batch := order[from:min(from+batchSize, rows)]
			p := whole
			if len(batch) < batchSize {
				p = last
			}
			data.Gather(p.x, xs, pixels, batch)
			data.Gather(classes[:len(batch)], ys, 1, batch)
			must(p.p.Run(p.feeds...))
			if step++; step == 20 {
				loss = p.p.Scalar(p.loss)
			}
		}
	}
	return loss
}

// digits returns the rows, divided by 16, and the classes.
func digits() (xs []float32, ys []int) {
	s, err := data.Open("digits", data.CSVOptions{})
	must(err)
	var columns [][]float64
	for _, c := range s.Table.Columns {
		columns = append(columns, c.Values.Numbers())
	}
	for i := range rows {
		for _, c := range columns[:pixels] {
			xs = append(xs, float32(c[i]/16))
		}
		ys = append(ys, int(columns[pixels][i]))
	}
	return xs, ys
}
