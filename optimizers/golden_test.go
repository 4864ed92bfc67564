package optimizers

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
)

// torchOptions are the options of a torch optimizer, as in its constructor.
type torchOptions map[string]any

func (o torchOptions) num(name string, def float64) float64 {
	switch v := o[name].(type) {
	case float64:
		return v
	case nil:
		return def
	}
	panic(name)
}

func (o torchOptions) pair(name string, a, b float64) (float64, float64) {
	if v, ok := o[name].([]any); ok {
		return v[0].(float64), v[1].(float64)
	}
	return a, b
}

func (o torchOptions) flag(name string) bool { v, _ := o[name].(bool); return v }

// torchRule returns our rule for torch's, and its learning rate.
func torchRule(t *testing.T, name string, o torchOptions) (Rule, float64) {
	t.Helper()
	b1, b2 := o.pair("betas", 0.9, 0.999)
	eps := o.num("eps", 1e-8)
	var r Rule
	lr := 1e-3
	decay := o.num("weight_decay", 0)
	switch name {
	case "SGD":
		r = SGDRule{Momentum: o.num("momentum", 0), Dampening: o.num("dampening", 0), Nesterov: o.flag("nesterov")}
	case "Adagrad":
		r, lr = AdaGradRule{Eps: o.num("eps", 1e-10), Decay: o.num("lr_decay", 0), Initial: o.num("initial_accumulator_value", 0)}, 1e-2
	case "Adadelta":
		r, lr = AdaDeltaRule{o.num("rho", 0.9), o.num("eps", 1e-6)}, 1
	case "RMSprop":
		r, lr = RMSPropRule{Alpha: o.num("alpha", 0.99), Eps: eps, Momentum: o.num("momentum", 0), Centered: o.flag("centered")}, 1e-2
	case "Adam":
		r = AdamRule{Beta1: b1, Beta2: b2, Eps: eps, AMSGrad: o.flag("amsgrad")}
	case "AdamW":
		r = Chain{Decay(o.num("weight_decay", 0.01)), AdamRule{Beta1: b1, Beta2: b2, Eps: eps, AMSGrad: o.flag("amsgrad")}}
		decay = 0
	case "Adamax":
		r, lr = AdamaxRule{b1, b2, eps}, 2e-3
	case "NAdam":
		r, lr = NAdamRule{b1, b2, eps, o.num("momentum_decay", 4e-3)}, 2e-3
	case "RAdam":
		r = RAdamRule{b1, b2, eps}
	case "Rprop":
		down, up := o.pair("etas", 0.5, 1.2)
		lo, hi := o.pair("step_sizes", 1e-6, 50)
		r, lr = RpropRule{down, up, lo, hi}, 1e-2
	case "ASGD":
		r, lr = ASGDRule{o.num("lambd", 1e-4), o.num("alpha", 0.75), o.num("t0", 1e6)}, 1e-2
	default:
		t.Fatalf("no rule for %s", name)
	}
	if decay != 0 {
		r = Chain{L2(decay), r}
	}
	return r, o.num("lr", lr)
}

// torchCall parses "Adam(lr=0.1,betas=(0.5,0.9))".
func torchCall(t *testing.T, text string) (string, torchOptions) {
	t.Helper()
	name, args, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	o := torchOptions{}
	for _, m := range regexp.MustCompile(`(\w+)=(\([^)]*\)|[^,]*)`).FindAllStringSubmatch(args, -1) {
		v := strings.NewReplacer("(", "[", ")", "]", "True", "true", "False", "false").Replace(m[2])
		var x any
		if err := json.Unmarshal([]byte(v), &x); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o[m[1]] = x
	}
	return name, o
}

// fed trains by given gradients: the loss Σ g·p has gradient g.
func fed(t *testing.T, x0 []float64, G [][]float64, rule Rule, lr float64, maximize bool, visit func(step int, x []float64)) {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	p, in := g.Param("p", graph.From(x0...), len(x0)), g.Input("g", len(x0))
	loss := ops.Sum(ops.Mul(in, p))
	var tr *Training
	if maximize {
		tr = Ascend(loss, rule)
	} else {
		tr = Descend(loss, rule)
	}
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i, grad := range G {
		if err := prog.Run(graph.Let(in, grad), graph.Let(tr.LR, []float64{lr})); err != nil {
			t.Fatal(err)
		}
		visit(i+1, p.Variable().Float64s())
	}
}

type bitExact struct {
	X0   golden.Hexes              `json:"x0"`
	G    []golden.Hexes            `json:"G"`
	Runs map[string][]golden.Hexes `json:"runs"`

	Clip struct {
		G   []float64
		Max float64
		Out golden.Hexes
	} `json:"clip_grad_norm"`
}

func (b *bitExact) gradients(t *testing.T) (G [][]float64) {
	for _, h := range b.G {
		G = append(G, h.Floats(t))
	}
	return G
}

func equalBits(a, b []float64) bool {
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func TestTorchBitExact(t *testing.T) {
	var gold bitExact
	golden.Read(t, "testdata/torch_optim_bit_exact.json", &gold)
	x0, G := gold.X0.Floats(t), gold.gradients(t)
	for text, rows := range gold.Runs {
		t.Run(text, func(t *testing.T) {
			name, o := torchCall(t, text)
			rule, lr := torchRule(t, name, o)
			bad := false
			fed(t, x0, G, rule, lr, o.flag("maximize"), func(step int, x []float64) {
				if want := rows[step-1].Floats(t); !equalBits(x, want) && !bad {
					bad = true
					t.Errorf("%v, step %d:\n%x, want\n%x", rule, step, x, want)
				}
			})
		})
	}
}

func TestTorchExtraBitExact(t *testing.T) {
	var base bitExact
	golden.Read(t, "testdata/torch_optim_bit_exact.json", &base)
	x0, G := base.X0.Floats(t), base.gradients(t)
	var gold struct {
		Runs []struct {
			Rule    string
			Options torchOptions
			Steps   []int
			X       []golden.Hexes
		}
	}
	golden.Read(t, "testdata/torch_extra.json", &gold)
	for _, run := range gold.Runs {
		t.Run(fmt.Sprint(run.Rule, run.Options), func(t *testing.T) {
			rule, lr := torchRule(t, run.Rule, run.Options)
			bad, k := false, 0
			fed(t, x0, G, rule, lr, run.Options.flag("maximize"), func(step int, x []float64) {
				if k == len(run.Steps) || step != run.Steps[k] {
					return
				}
				if want := run.X[k].Floats(t); !equalBits(x, want) && !bad {
					bad = true
					t.Errorf("%v, step %d:\n%x, want\n%x", rule, step, x, want)
				}
				k++
			})
		})
	}
}

func TestClipBitExact(t *testing.T) {
	var gold bitExact
	golden.Read(t, "testdata/torch_optim_bit_exact.json", &gold)
	// With rate 1 from 0, the parameter is minus the clipped gradient.
	fed(t, []float64{0, 0, 0}, [][]float64{gold.Clip.G}, Clip(gold.Clip.Max), 1, true, func(_ int, x []float64) {
		if want := gold.Clip.Out.Floats(t); !equalBits(x, want) {
			t.Errorf("clipped to %x, want %x", x, want)
		}
	})
}

// onProblem trains the two variables of a problem.
func onProblem(t *testing.T, dt graph.Dtype, name string, rule Rule, lr float64, maximize bool, steps int, visit func(step int, x []float64)) {
	t.Helper()
	g := graph.New(dt, 1)
	w := g.Param("w", graph.From(golden.Starts[name]...), 2)
	at := func(i int) *node { return ops.Sum(ops.Slice(w, 0, i, i+1, 1)) }
	loss := golden.Problems[name](at(0), at(1))
	tr := Descend(loss, rule)
	if maximize {
		tr = Ascend(loss, rule)
	}
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		if err := prog.Run(graph.Let(tr.LR, []float64{lr})); err != nil {
			t.Fatal(err)
		}
		visit(i+1, w.Variable().Float64s())
	}
}

// number is a float64 that JSON may hold as "nan".
func trajectoryCall(t *testing.T, text string) (string, torchOptions) {
	text = strings.Replace(text, " (torch>=2.0 semantics)", "", 1)
	text = strings.Replace(text, "init=", "initial_accumulator_value=", 1)
	words := strings.Fields(strings.TrimSuffix(text, " default"))
	for i, w := range words[1:] {
		if !strings.Contains(w, "=") {
			words[i+1] += "=True"
		}
	}
	return torchCall(t, words[0]+"("+strings.Join(words[1:], ",")+")")
}

func TestTorchTrajectories(t *testing.T) {
	var gold struct {
		Runs map[string]map[string]golden.Trajectory
	}
	golden.Read(t, "testdata/torch_trajectories.json", &gold)
	golden.Read(t, "testdata/torch2_nadam.json", &gold.Runs)
	n := 0
	for text, byProblem := range gold.Runs {
		if strings.HasPrefix(text, "LBFGS") {
			continue // TestTorchLBFGS
		}
		name, o := trajectoryCall(t, text)
		if text == "SGD lr=1e-3 maximize" {
			// The row's name is wrong, its numbers are of 1e-5: the first step
			// from -1.2, where the slope is -215.6, goes to -1.202156.
			o["lr"] = 1e-5
		}
		for problem, tr := range byProblem {
			rule, lr := torchRule(t, name, o)
			n++
			onProblem(t, graph.Float64, problem, rule, lr, o.flag("maximize"), 100, func(step int, x []float64) {
				tr.Compare(t, text+" on "+problem, step, x)
			})
		}
	}
	t.Log(n, "trajectories")
}
