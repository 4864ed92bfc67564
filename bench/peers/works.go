package main

import (
	"fmt"
	"slices"
)

// A work is one line of the comparison.
type work struct {
	Name    string // what peers are asked for: kind-name-sizes
	Title   string
	Threads int
	Kind    kind
	Quick   bool // part of a quick run
	// Aims are the ratios that each peer's time should have to ours, at least.
	// The aim of "descent" is that of our one-thread time to our two-thread
	// time, "ours" the most of our own time or memory.
	Aims map[string]float64
}

// A kind says what is measured.
type kind uint8

const (
	batches kind = iota // microseconds of a step, by the peer's own clock
	start               // milliseconds from process start to its answer
	process             // milliseconds of a whole process
	peak                // MB resident at most
	whole               // as batches, but minutes long
)

func (k kind) unit() string { return [...]string{"µs", "ms", "ms", "MB", "µs"}[k] }

type aims = map[string]float64

// works returns all lines.
func works() (all []work) {
	add := func(w work) {
		w.Threads = max(w.Threads, 1)
		all = append(all, w)
	}
	mlp := func(rule string, batch int, sizes string, a aims) {
		name := fmt.Sprintf("mlp-%s-%d-%s", rule, batch, sizes)
		title := fmt.Sprintf("MLP %s, B=%d, %s", sizes, batch, titles[rule])
		add(work{Name: name, Title: title, Aims: a, Quick: true})
	}
	mlp("adam", 32, "4-16-3", aims{"torch": 50, "gorgonia": 40, "c": 0.6})
	mlp("sgd", 32, "64-32-10", aims{"torch": 18, "gorgonia": 35, "c": 0.75})
	mlp("adam", 32, "64-32-10", aims{"torch": 30, "gorgonia": 35, "c": 0.75})
	mlp("sgd", 64, "784-128-10", aims{"torch": 1.9, "gorgonia": 20, "c": 1.05})
	mlp("adam", 64, "784-128-10", aims{"torch": 2.6, "gorgonia": 20, "c": 1.05})
	mlp("adam", 256, "784-512-256-10", aims{"torch": 1.45, "gorgonia": 20, "c": 1})
	mlp("adam", 256, "1024-1024-1024-10", aims{"torch": 1.2, "gorgonia": 15, "c": 1})
	nets := slices.Clone(all)

	add(work{Name: "rosenbrock", Title: "Rosenbrock, a gradient step", Quick: true, Aims: aims{"torch": 100, "gorgonia": 100}})
	add(work{Name: "hvp-tanh-32-64-64-10", Title: "Hessian-vector product, MLP 64-64-10, B=32", Quick: true, Aims: aims{"torch": 10}})
	for _, rule := range []string{"adam", "adamw", "adagrad", "momentum", "sgd"} {
		for _, n := range []int{1e6, 1e7} {
			for _, tensors := range []int{1, 100} {
				ratio := map[string]float64{"adam": 2.5, "adamw": 2.5, "adagrad": 1.7, "momentum": 1, "sgd": 1}[rule]
				add(work{
					Name:  fmt.Sprintf("update-%s-%d-%d", rule, n, tensors),
					Title: fmt.Sprintf("%s, %d M parameters in %d", titles[rule], n/1e6, tensors),
					Quick: n == 1e6 && (rule == "adam" || rule == "sgd"), Aims: aims{"torch": ratio, "memcpy": 0.9},
				})
			}
		}
	}
	for _, f := range []string{"exp", "tanh", "sigmoid", "log"} {
		for _, n := range []int{1 << 10, 1 << 16, 1 << 20} {
			add(work{Name: fmt.Sprintf("map-%s-%d", f, n), Title: fmt.Sprintf("%s of %d floats", f, n), Quick: n == 1<<16,
				Aims: aims{"torch": 3}})
		}
	}
	gemm := func(m, k, n int, products ...string) {
		for _, p := range products {
			aim := 1.0
			if m == 1024 && k == 1024 || n < 16 {
				aim = 0.95
			}
			add(work{Name: fmt.Sprintf("gemm-%s-%d-%d-%d", p, m, k, n), Title: fmt.Sprintf("matrix product %dx%dx%d %s", m, k, n, p),
				Quick: k == 784, Aims: aims{"c": aim}})
		}
	}
	for _, n := range []int{32, 64, 128, 256, 512, 1024} {
		gemm(n, n, n, "fwd")
	}
	for _, s := range [][3]int{{64, 784, 128}, {32, 64, 32}, {256, 1024, 1024}, {64, 128, 10}} {
		gemm(s[0], s[1], s[2], "fwd", "wgrad", "xgrad")
	}

	const digits = "adam-32-64-32-10"
	add(work{Name: "first-" + digits, Title: "process start to first step, MLP 64-32-10", Kind: start, Quick: true, Aims: aims{"ours": 7}})
	add(work{Name: "scalar", Title: "process of 1,000 scalar steps", Kind: process, Quick: true, Aims: aims{"ours": 5}})
	add(work{Name: "logistic", Title: "process of 1,000 logistic-regression steps", Kind: process, Quick: true, Aims: aims{"ours": 12}})
	add(work{Name: "peak-adam-256-784-512-256-10", Title: "peak memory, MLP 784-512-256-10, B=256", Kind: peak, Quick: true, Aims: aims{"ours": 24}})

	for i, w := range nets {
		w.Threads, w.Aims = 2, aims{"descent": 0.97}
		if i >= 3 { // the steps of over 200 µs are among these
			w.Aims = aims{"descent": 1.7}
		}
		if i >= 5 {
			w.Aims["torch"] = []float64{1.3, 1.2}[i-5]
		}
		w.Quick = i >= 5
		add(w)
	}
	add(work{Name: "sweep-loop", Title: "75 trainings on digits, in two processes", Threads: 2, Kind: whole, Aims: aims{"torch": 8}})
	add(work{Name: "sweep-bmm", Title: "75 trainings on digits, all nets at once", Threads: 2, Kind: whole, Aims: aims{"torch": 1}})
	return all
}

var titles = map[string]string{"adam": "Adam", "adamw": "AdamW", "adagrad": "AdaGrad", "momentum": "momentum", "sgd": "SGD"}
