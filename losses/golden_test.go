package losses_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/ops"
)

// number is a float64 that JSON may hold as "nan", "inf" or "-inf".
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	_, err := fmt.Sscan(strings.Trim(string(b), `"`), (*float64)(n))
	return err
}

// numbers is an array of any number of axes, flattened.
type numbers []float64

func (a *numbers) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		var x number
		err := json.Unmarshal(b, &x)
		*a = numbers{float64(x)}
		return err
	}
	*a = numbers{}
	for _, raw := range list {
		var sub numbers
		if err := json.Unmarshal(raw, &sub); err != nil {
			return err
		}
		*a = append(*a, sub...)
	}
	return nil
}

// array is an argument of a loss.
type array struct {
	Dims  []int
	Data  numbers
	Index bool
}

// result is what a loss of some arrays is.
type result struct {
	dims  []int
	value []float64
	grad  [][]float64 // of the sum of the value, for each array, nil for indices
}

// run computes a loss and its gradients.
func run(dtype graph.Dtype, loss func(in []*graph.Node) *graph.Node, arrays ...array) (result, error) {
	g := graph.New(dtype, 1)
	var in, real []*graph.Node
	var feeds []graph.Feed
	for i, a := range arrays {
		if a.Index {
			x := g.Indices(fmt.Sprint("x", i), a.Dims...)
			ints := make([]int, len(a.Data))
			for k, v := range a.Data {
				ints[k] = int(v)
			}
			in, feeds = append(in, x), append(feeds, graph.Let(x, ints))
			continue
		}
		x := g.Input(fmt.Sprint("x", i), a.Dims...)
		in, real, feeds = append(in, x), append(real, x), append(feeds, graph.Let(x, []float64(a.Data)))
	}
	leaves := slices.Clone(in)
	y := loss(in)
	grads := graph.Grad(ops.Sum(y), real...)
	p, err := graph.Function{Outputs: append([]*graph.Node{y}, grads...), Verify: true}.Compile()
	if err != nil {
		return result{}, err
	}
	if err := p.Run(feeds...); err != nil {
		return result{}, err
	}
	r := result{dims: y.Shape().Dims(), value: p.Float64s(y)}
	for _, x := range leaves {
		var d []float64
		for k, w := range real {
			if w == x {
				d = p.Float64s(grads[k])
			}
		}
		r.grad = append(r.grad, d)
	}
	return r, nil
}

// named makes the loss that a text names.
func named(t testing.TB, spec string) func(in []*graph.Node) *graph.Node {
	t.Helper()
	s, err := losses.ByName(spec)
	if err != nil {
		t.Fatal(err)
	}
	return func(in []*graph.Node) *graph.Node {
		if len(in) == 3 {
			return s.Loss3(in[0], in[1], in[2])
		}
		return s.Loss(in[0], in[1])
	}
}

// differ describes the first element that differs by more than tol, relative to
// elements above 1, or returns "".
func differ(got, want []float64, tol float64) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d elements, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		same := g == w || math.IsNaN(g) && math.IsNaN(w)
		if !same && !(math.Abs(g-w) <= tol*max(1, math.Abs(w))) {
			return fmt.Sprintf("element %d is %v, want %v", i, g, w)
		}
	}
	return ""
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func TestTorchExtra(t *testing.T) {
	var raw, more []json.RawMessage
	readJSON(t, "torch_extra.json", &raw)
	readJSON(t, "torch_density.json", &more)
	for i, r := range append(raw[1:], more[1:]...) {
		var c struct {
			Loss  string
			In    []array
			Value numbers
			Dims  []int
			Grad  []*numbers
		}
		if err := json.Unmarshal(r, &c); err != nil {
			t.Fatal(err)
		}
		got, err := run(graph.Float64, named(t, c.Loss), c.In...)
		if err != nil {
			t.Errorf("case %d: %s: %v", i, c.Loss, err)
			continue
		}
		if d := differ(got.value, c.Value, 1e-12); d != "" || fmt.Sprint(got.dims) != fmt.Sprint(c.Dims) {
			t.Errorf("case %d: %s: shape %v, want %v; value %s", i, c.Loss, got.dims, c.Dims, d)
		}
		for k, want := range c.Grad {
			if want == nil {
				continue
			}
			if d := differ(got.grad[k], *want, 1e-12); d != "" {
				t.Errorf("case %d: %s: gradient %d: %s\n in %v", i, c.Loss, k, d, c.In)
			}
		}
	}
	t.Logf("%d cases", len(raw)+len(more)-2)
}

// The arrays that torch_losses.json does not spell out.
var (
	halves = array{Dims: []int{4, 3}, Data: numbers{0, 1, .5, 1, 0, 0, 0, 0, 1, .2, .8, 1}}
	shares = array{Dims: []int{4, 3}, Data: numbers{.1, .2, .7, .9, .05, .05, .3, .3, .4, 0, 1, 0}}
	counts = array{Dims: []int{4, 3}, Data: numbers{3, 0, 1, 2, 5, 0, 1, 1, 1, 0, 2, 4}}
	signs  = array{Dims: []int{4, 3}, Data: numbers{-1, 1, 1, 1, -1, -1, -1, -1, 1, -1, 1, 1}}
)

func TestTorchLosses(t *testing.T) {
	type row struct{ Loss, Grad numbers }
	var file map[string]json.RawMessage
	readJSON(t, "torch_losses.json", &file)
	read := func(key string, into any) {
		t.Helper()
		if err := json.Unmarshal(file[key], into); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		delete(file, key)
	}
	x, y := array{Dims: []int{4, 3}}, array{Dims: []int{4}, Index: true}
	var weight []float64
	read("x", &x.Data)
	read("y", &y.Data)
	read("class_weight", &weight)
	ignored := array{Dims: []int{4}, Index: true, Data: numbers{-100, -100, -100, -100}}

	const w = "weight=[0.5, 1, 2]"
	reduced := map[string]struct {
		name, settings string
		target         array
	}{
		"ce": {"cross_entropy", "", y}, "ce_w": {"cross_entropy", w, y}, "ce_ls0.1": {"cross_entropy", "label_smoothing=0.1", y},
		"ce_ignore": {"cross_entropy", "ignore_index=0", y}, "ce_prob": {"cross_entropy", "", shares},
		"ce_prob_w": {"cross_entropy", w, shares}, "ce_all_ignored": {"cross_entropy", "", ignored},
		"bcel": {"bce_logits", "", halves}, "bcel_w": {"bce_logits", w, halves}, "bcel_pw": {"bce_logits", "pos_weight=[1, 2, 3]", halves},
		"mse": {"mse", "", halves}, "l1": {"mae", "", halves},
		"huber0.5": {"huber", "delta=0.5", halves}, "smoothl1_0.5": {"smooth_l1", "beta=0.5", halves},
		"kl":          {"kl", "", shares},
		"poisson_log": {"poisson_nll", "", halves}, "poisson_full": {"poisson_nll", "full=true", counts},
		"multi_margin": {"multi_margin", "", y}, "multi_margin_p2_w": {"multi_margin", "p=2, " + w, y},
		"soft_margin": {"soft_margin", "", signs},
	}
	rows := 0
	for key := range file {
		var want row
		read(key, &want)
		rows++
		c, ok := reduced[key]
		reduction := "mean"
		if !ok {
			i := strings.LastIndexByte(key, '_')
			c, ok = reduced[key[:i]]
			reduction = key[i+1:]
		}
		if !ok {
			t.Errorf("no loss for row %q", key)
			continue
		}
		spec := c.name + "(" + c.settings + ", reduction=" + reduction + ")"
		loss := named(t, strings.Replace(spec, "(, ", "(", 1))
		got, err := run(graph.Float64, func(in []*graph.Node) *graph.Node {
			if c.name == "kl" {
				in[0] = ops.LogSoftmax(in[0], 1)
			}
			return loss(in)
		}, x, c.target)
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if d := differ(got.value, want.Loss, 1e-12); d != "" {
			t.Errorf("%s: value %s", key, d)
		}
		if d := differ(got.grad[0], want.Grad, 1e-12); d != "" {
			t.Errorf("%s: gradient %s", key, d)
		}
	}
	t.Logf("%d rows", rows)
}

// The rows of torch_nonsmooth.json that are losses; x is the prediction, or the
// arrays stacked. "smooth_l1 beta=0 at 0" is left out: its gradient, -1 in
// PyTorch 1.13, contradicts its l1_loss, which it is; ours is 0 as there.
func TestTorchNonsmooth(t *testing.T) {
	var file map[string]struct {
		Y    numbers
		Grad json.RawMessage // numbers, or an error message
	}
	readJSON(t, "torch_nonsmooth.json", &file)
	vec := func(x ...float64) array { return array{Dims: []int{len(x)}, Data: x} }
	row := func(x ...float64) array { return array{Dims: []int{1, len(x)}, Data: x} }
	for _, c := range []struct {
		key, loss string
		in        []array
		grad      []int // the arrays whose gradients the row has; nil is the first
	}{
		{"l1_loss at 0", "mae", []array{vec(0), vec(0)}, nil},
		{"huber d=1 at +-1, +-2", "huber(reduction=sum)", []array{vec(1, -1, 2, -2), vec(0, 0, 0, 0)}, nil},
		{"huber d=2 at 3", "huber(delta=2)", []array{vec(3), vec(0)}, nil},
		{"bce at 0,1 (log clamp -100)", "bce(reduction=none)", []array{vec(0, 1), vec(1, 0)}, nil},
		{"bce_logits 1000", "bce_logits(reduction=none)", []array{vec(1000, 1000), vec(0, 1)}, nil},
		{"hinge_embedding", "hinge_embedding(reduction=none)", []array{vec(1, 1), vec(1, -1)}, nil},
		{"multi_margin", "multi_margin", []array{row(1, 0, 1), {Dims: []int{1}, Data: numbers{0}, Index: true}}, nil},
		{"soft_margin", "soft_margin", []array{vec(0), vec(1)}, nil},
		{"poisson_nll log", "poisson_nll", []array{vec(0.5), vec(3)}, nil},
		{"gaussian_nll var<eps", "gaussian_nll", []array{vec(1), vec(0), vec(0)}, []int{0, 2}},
		{"triplet", "triplet", []array{row(0, 0), row(0, 0), row(1, 0)}, []int{0, 1, 2}},
		{"cosine_embedding", "cosine_embedding", []array{row(1, 0), row(0, 1), vec(-1)}, []int{0, 1}},
	} {
		want, ok := file[c.key]
		if !ok {
			t.Errorf("no row %q", c.key)
			continue
		}
		got, err := run(graph.Float64, named(t, c.loss), c.in...)
		if err != nil {
			t.Errorf("%s: %v", c.key, err)
			continue
		}
		var grads numbers
		if err := json.Unmarshal(want.Grad, &grads); err != nil {
			t.Fatal(err)
		}
		if c.grad == nil {
			c.grad = []int{0}
		}
		var mine []float64
		for _, k := range c.grad {
			mine = append(mine, got.grad[k]...)
		}
		if d := differ(got.value, want.Y, 1e-12); d != "" {
			t.Errorf("%s: value %s", c.key, d)
		}
		if d := differ(mine, grads, 1e-12); d != "" {
			t.Errorf("%s: gradient %s", c.key, d)
		}
	}
}
