package main

import (
	"fmt"
	"slices"
	"strings"
)

// A work is one line of the comparison.
type work struct {
	Name    string // what peers are asked for: kind-name-sizes
	Title   string
	Threads int
	Kind    kind
	Quick   bool // part of a quick run
	// Within is how far a peer's number may be from ours, relatively, for the work to be
	// the same; 0.1 % if 0.
	Within float64
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

// served says whether a peer that is alive does it, not a process of its own.
func (k kind) served() bool { return k == batches || k == whole }

type aims = map[string]float64

// works returns all lines.
func works() []work {
	nets, pictures, sequences := nets(), pictures(), sequences()
	return slices.Concat(nets, pictures, sequences, predictions(), norms(), attentions(), functions(), updates(), elementwise(), products(), processes(), costs(slices.Concat(pictures, sequences)), shared(nets, pictures, sequences),
		[]work{
			{Name: "sweep-loop", Title: "75 trainings on digits, in two processes", Threads: 2, Kind: whole, Aims: aims{"torch": 8}},
			{Name: "sweep-bmm", Title: "75 trainings on digits, all nets at once", Threads: 2, Kind: whole, Aims: aims{"torch": 1}},
		})
}

// nets are training steps.
func nets() (all []work) {
	add := func(rule string, batch int, sizes string, a aims) {
		all = append(all, work{Name: fmt.Sprintf("mlp-%s-%d-%s", rule, batch, sizes),
			Title: fmt.Sprintf("MLP %s, B=%d, %s", sizes, batch, titles[rule]), Threads: 1, Quick: batch < 256, Aims: a})
	}
	add("adam", 32, "4-16-3", aims{"torch": 50, "gorgonia": 40, "c": 0.6})
	add("sgd", 32, "64-32-10", aims{"torch": 18, "gorgonia": 35, "c": 0.75})
	add("adam", 32, "64-32-10", aims{"torch": 30, "gorgonia": 35, "c": 0.75})
	add("sgd", 64, "784-128-10", aims{"torch": 1.9, "gorgonia": 20, "c": 1.05})
	add("adam", 64, "784-128-10", aims{"torch": 2.6, "gorgonia": 20, "c": 1.05})
	add("adam", 256, "784-512-256-10", aims{"torch": 1.45, "gorgonia": 20, "c": 1})
	add("adam", 256, "1024-1024-1024-10", aims{"torch": 1.2, "gorgonia": 15, "c": 1})
	return all
}

// pictures are training steps of nets of pictures.
func pictures() (all []work) {
	const normed = 0.005 // batch norm and Adam amplify rounding
	for _, n := range []struct {
		name, title string
		batch       int
		aim, within float64
	}{
		{"lenet", "LeNet-5", 64, 2.4, 0}, {"cnn", "CNN with batch norm", 64, 1.6, normed},
		{"resnet8", "ResNet-8", 32, 1.5, normed}, {"resnet8", "ResNet-8", 128, 1.5, normed},
		{"resnet20", "ResNet-20", 32, 1.3, normed}, {"resnet20", "ResNet-20", 128, 1.3, normed}, {"conv1d", "1-D convnet", 32, 1.5, 0},
		{"depthwise", "depthwise-separable block", 32, 2.3, normed}, {"vae", "VAE 784-400-20", 128, 1.7, 0}, {"convae", "convolutional autoencoder", 64, 1, 0},
	} {
		all = append(all, work{Name: fmt.Sprintf("pictures-%s-%d", n.name, n.batch), Title: fmt.Sprintf("%s, B=%d, Adam", n.title, n.batch),
			Threads: 1, Quick: n.name == "lenet", Within: n.within, Aims: aims{"torch": n.aim}})
	}
	return all
}

// predictions are of one picture, one sequence, and the next token of one.
func predictions() (all []work) {
	for _, n := range []struct {
		name, title string
		aim         float64
	}{{"lenet", "LeNet-5", 2.2}, {"cnn", "CNN with batch norm", 1.35}, {"resnet8", "ResNet-8", 1.5}} {
		all = append(all, work{Name: "infer-" + n.name, Title: n.title + ", one picture predicted", Threads: 1, Aims: aims{"onnx": n.aim}})
	}
	return append(all,
		work{Name: "infer-lstm", Title: "LSTM 64-64, T=32, one sequence predicted", Threads: 1, Aims: aims{"onnx": 1.6}},
		work{Name: "infer-token", Title: "GPT 4x128, 4 heads, one token after 63", Threads: 1, Aims: aims{"onnx": 1.6}})
}

// sequences are training steps of recurrent nets.
func sequences() (all []work) {
	for _, n := range []struct {
		name, title                 string
		batch, steps, inputs, units int
		aim                         float64
	}{
		{"lstm", "LSTM", 32, 32, 64, 64, 4}, {"gru", "GRU", 32, 32, 64, 64, 4.5}, {"lstm", "LSTM", 32, 128, 64, 256, 1.7}, {"char", "LSTM of characters", 32, 64, 32, 128, 2.5},
	} {
		all = append(all, work{Name: fmt.Sprintf("recurrent-%s-%d-%d-%d-%d", n.name, n.batch, n.steps, n.inputs, n.units),
			Title: fmt.Sprintf("%s %d-%d, T=%d, B=%d, Adam", n.title, n.inputs, n.units, n.steps, n.batch), Threads: 1, Quick: n.name == "gru", Aims: aims{"torch": n.aim}})
	}
	return all
}

// norms are normalisations alone, forward and backward.
func norms() []work {
	return []work{
		{Name: "norm-batch-64-32-28-28", Title: "batch norm 64x32x28x28, both ways", Threads: 1, Quick: true, Aims: aims{"torch": 2.3}},
		{Name: "norm-layer-1024-128", Title: "layer norm 1024x128, both ways", Threads: 1, Quick: true, Aims: aims{"torch": 2.8}},
	}
}

// attentions are layers of sequences, forward and backward, and steps of nets of them.
func attentions() []work {
	of := func(name, title string, aim float64) work {
		return work{Name: name, Title: title, Threads: 1, Aims: aims{"torch": aim}}
	}
	return []work{
		of("attention-all", "attention B=16 H=4 T=64 D=32, both ways", 2.1), of("attention-causal", "the same, causal", 2.5),
		of("embedding-10000-64-2048", "embedding 10000x64, 2048 rows, gather and scatter-add", 4),
		of("gpt-2-64-32-32", "GPT 2x64, 4 heads, context 32, B=32, Adam", 1.9), of("gpt-4-128-64-16", "GPT 4x128, 4 heads, context 64, B=16, Adam", 1.4),
		of("columns-13-3-64-128", "transformer on 13 columns, 3x64, 4 heads, B=128, Adam", 1.9),
	}
}

// shared are the nets once more, with two threads.
func shared(nets, pictures, sequences []work) (all []work) {
	for i, w := range nets {
		w.Threads, w.Aims = 2, aims{"descent": 0.97}
		if i >= 3 { // the steps of over 200 µs are among these
			w.Aims = aims{"descent": 1.7}
		}
		if i >= 5 {
			w.Aims["torch"] = []float64{1.3, 1.2}[i-5]
		}
		w.Quick = i == 4
		all = append(all, w)
	}
	for _, w := range pictures {
		w.Threads, w.Aims, w.Quick = 2, aims{"descent": 1.7}, false
		all = append(all, w)
	}
	for _, w := range sequences {
		w.Threads, w.Aims, w.Quick = 2, aims{"descent": 1.5}, false
		all = append(all, w)
	}
	return all
}

// functions are losses that are no nets.
func functions() []work {
	return []work{
		{Name: "rosenbrock", Title: "Rosenbrock, a gradient step", Threads: 1, Quick: true, Aims: aims{"torch": 100, "gorgonia": 100}},
		{Name: "hvp-tanh-32-64-64-10", Title: "Hessian-vector product, MLP 64-64-10, B=32", Threads: 1, Quick: true, Aims: aims{"torch": 10}},
	}
}

// updates are optimizers alone.
func updates() (all []work) {
	for _, rule := range []string{"adam", "adamw", "adagrad", "momentum", "sgd"} {
		for _, n := range []int{1e6, 1e7} {
			for _, tensors := range []int{1, 100} {
				ratio := map[string]float64{"adam": 2.5, "adamw": 2.5, "adagrad": 1.7, "momentum": 1, "sgd": 1}[rule]
				all = append(all, work{Name: fmt.Sprintf("update-%s-%d-%d", rule, n, tensors),
					Title: fmt.Sprintf("%s, %d M parameters in %d", titles[rule], n/1e6, tensors), Threads: 1,
					Quick: n == 1e6 && (rule == "adam" || rule == "sgd"), Aims: aims{"torch": ratio, "memcpy": 0.9}})
			}
		}
	}
	return all
}

// elementwise are functions of each element.
func elementwise() (all []work) {
	for _, f := range []string{"exp", "tanh", "sigmoid", "log"} {
		for _, n := range []int{1 << 10, 1 << 16, 1 << 20} {
			all = append(all, work{Name: fmt.Sprintf("map-%s-%d", f, n), Title: fmt.Sprintf("%s of %d floats", f, n), Threads: 1,
				Quick: n == 1<<16, Aims: aims{"torch": 3}})
		}
	}
	return all
}

// products are matrix products, square ones and those of dense layers.
func products() (all []work) {
	add := func(m, k, n int, names ...string) {
		for _, p := range names {
			aim := 1.0
			if m == 1024 && k == 1024 || n < 16 {
				aim = 0.95
			}
			all = append(all, work{Name: fmt.Sprintf("gemm-%s-%d-%d-%d", p, m, k, n),
				Title: fmt.Sprintf("matrix product %dx%dx%d %s", m, k, n, p), Threads: 1, Quick: k == 784, Aims: aims{"c": aim}})
		}
	}
	for _, n := range []int{32, 64, 128, 256, 512, 1024} {
		add(n, n, n, "fwd")
	}
	for _, s := range [][3]int{{64, 784, 128}, {32, 64, 32}, {256, 1024, 1024}, {64, 128, 10}} {
		add(s[0], s[1], s[2], "fwd", "wgrad", "xgrad")
	}
	return all
}

// processes are measured from the outside.
func processes() []work {
	return []work{
		{Name: "first-adam-32-64-32-10", Title: "process start to first step, MLP 64-32-10", Threads: 1, Kind: start, Quick: true, Aims: aims{"ours": 7}},
		{Name: "scalar", Title: "process of 1,000 scalar steps", Threads: 1, Kind: process, Quick: true, Aims: aims{"ours": 5}},
		{Name: "logistic", Title: "process of 1,000 logistic-regression steps", Threads: 1, Kind: process, Quick: true, Aims: aims{"ours": 12}},
		{Name: "peak-adam-256-784-512-256-10", Title: "peak memory, MLP 784-512-256-10, B=256", Threads: 1, Kind: peak, Quick: true, Aims: aims{"ours": 24}},
	}
}

// costs are what nets cost beside time: the most memory that a process has which trains
// one, and how long it takes to build and compile its graph.
func costs(nets []work) (all []work) {
	for _, w := range nets {
		_, net, _ := strings.Cut(w.Name, "-")
		title := strings.TrimSuffix(w.Title, ", Adam")
		all = append(all, work{Name: "memory-" + net, Title: "peak memory, " + title, Threads: 1, Kind: peak, Within: w.Within, Aims: aims{"torch": 1}},
			work{Name: "compile-" + net, Title: "build and compile, " + title, Threads: 1, Aims: aims{"ours": 20_000}})
	}
	return all
}

var titles = map[string]string{"adam": "Adam", "adamw": "AdamW", "adagrad": "AdaGrad", "momentum": "momentum", "sgd": "SGD"}
