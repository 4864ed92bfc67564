package torch_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/foreign"
	"descent/models"
	"descent/models/torch"
)

// cases are models of which testdata/nets.py has the net in PyTorch, by the name.
var cases = []struct {
	name, model string
	shape       []int // of a row
	tokens      int   // that rows are of, 0 if of numbers
	// layers are the names of the table that the case is for.
	layers string
}{
	{"dense", "dense(7) | tanh | dense(3, bias=false)", []int{5}, 0, "dense"},
	{"conv", "conv(4, 3) | relu | conv(6, 3, stride=2, padding=0, groups=2, bias=false) | batch_norm | relu | dense(3)", []int{2, 8, 8}, 0, "conv batch_norm"},
	{"conv1d", "conv(6, 3, dilation=2) | depthwise(3) | global_pool", []int{3, 9}, 0, "depthwise"},
	{"norms", "group_norm(2) | layer_norm | batch_norm | dense(3)", []int{4, 5}, 0, "group_norm layer_norm"},
	{"rnn", "rnn(5, layers=2, last=true)", []int{6, 4}, 0, "rnn"},
	{"lstm", "lstm(5, layers=2, last=true) | dense(2)", []int{6, 4}, 0, "lstm"},
	{"gru", "bidirectional(gru(5, last=false))", []int{6, 4}, 0, "gru bidirectional"},
	{"embed", "embed(8) | dense(3, steps=true) | transpose | global_pool", []int{6}, 9, "embed"},
	{"attention", "attention(4, bias=false)", []int{6, 8}, 0, "attention"},
	{"transformer", "transformer(2)", []int{6, 8}, 0, "transformer"},
	{"after", "transformer(2, norm=post, act=relu)", []int{6, 8}, 0, ""},
	{"gpt", "gpt(layers=2, heads=2)", []int{6, 8}, 0, "gpt position"},
	{"residual", "residual(conv(4, 3, stride=2) | relu | conv(4, 3)) | relu | global_pool", []int{2, 8, 8}, 0, "residual"},
}

// others are the layers that have arrays and no case, with the reason.
var others = map[string]string{
	"linear": "dense", "softmax": "dense", "logistic": "dense", "mlp": "dense", "lenet": "conv, dense", "resnet": "conv, batch_norm, residual", "nanogpt": "embed, gpt",
	"autoencoder": "dense", "vae": "dense", "freeze": "what it holds", "concat": "what it holds", "ode": "what it holds",
	"rms_norm": "torch 1.13 has none", "leaky": "PyTorch has none",
}

const rows = 3

// input returns rows of a case.
func input(name string, shape []int, tokens int) []float64 {
	rng := rand.New(rand.NewPCG(7, uint64(len(name))))
	x := make([]float64, rows*graph.Dims(shape...).Size())
	for i := range x {
		if x[i] = float64(float32(rng.NormFloat64())); tokens > 0 {
			x[i] = float64(rng.IntN(tokens))
		}
	}
	return x
}

// build returns the graph of a case, with weights that no initialiser would draw: gains,
// shifts, biases and statistics that are not 0 or 1.
func build(t *testing.T, model string, shape []int, tokens int) (x, y *graph.Node) {
	t.Helper()
	spec, err := models.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := spec.Layer()
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float32, 3).Evaluation()
	if tokens > 0 {
		x = models.Tokens(g, "x", rows, shape[0], tokens)
	} else {
		x = g.Input("x", append([]int{rows}, shape...)...)
	}
	y = layer(x)
	if err := graph.Mistakes(y); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for _, v := range g.Store().Variables() {
		values := v.Float64s()
		for i := range values {
			values[i] += 0.2 + 0.1*rng.Float64()
		}
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	return x, y
}

// computed is what our program makes of the rows.
func computed(t *testing.T, x, y *graph.Node, in []float64) []float64 {
	t.Helper()
	p, err := graph.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	feed := graph.Let(x, in)
	if x.Role() == graph.Index {
		whole := make([]int, len(in))
		for i, v := range in {
			whole[i] = int(v)
		}
		feed = graph.Let(x, whole)
	}
	if err := p.Run(feed); err != nil {
		t.Fatal(err)
	}
	return p.Float64s(y)
}

// TestCases: every layer with arrays has a case, or a reason why not.
func TestCases(t *testing.T) {
	var named []string
	for _, c := range cases {
		named = append(named, strings.Fields(c.layers)...)
	}
	for _, row := range models.Table {
		spec, err := models.Parse(sample(row))
		if err != nil {
			t.Fatal(err)
		}
		_, other := others[row.Name]
		if has := slices.Contains(named, row.Name); has == other && (has || declares(spec)) {
			t.Errorf("%s: a case %v, a reason %v", row.Name, has, other)
		}
	}
}

// sample is a text with that layer.
func sample(row models.Row) string {
	if len(row.Examples) > 0 {
		return row.Name + "(" + row.Examples[0] + ")"
	}
	return row.Name
}

// declares tells whether a model has arrays.
func declares(spec models.Spec) bool {
	if spec.Codes() {
		return true
	}
	for _, shape := range [][]int{{12}, {6, 4}, {4, 8, 8}, {1, 28, 28}, {6}} {
		layer, err := spec.Layer()
		if err != nil {
			continue
		}
		g := graph.Outline(graph.Float32)
		x := g.Input("x", append([]int{1}, shape...)...)
		if spec.Tokens() {
			x = models.Tokens(g, "t", 1, 6, 9)
		}
		if graph.Mistakes(layer(x)) == nil {
			return len(g.Params()) > 0
		}
	}
	return true
}

// TestPyTorch: PyTorch's nets load the files and compute the same.
func TestPyTorch(t *testing.T) {
	python := foreign.Python(t, "torch", "numpy")
	folder := t.TempDir()
	want := map[string][]float64{}
	for _, c := range cases {
		x, y := build(t, c.model, c.shape, c.tokens)
		in := input(c.name, c.shape, c.tokens)
		want[c.name] = computed(t, x, y, in)
		var bytes []byte
		for _, v := range in {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(float32(v)))
		}
		path := filepath.Join(folder, c.name)
		for ending, text := range map[string][]byte{".safetensors": torch.Encode(y.Graph(), nil), ".in": bytes, ".shape": []byte(strings.Trim(fmt.Sprint(append([]int{rows}, c.shape...)), "[]"))} {
			if err := os.WriteFile(path+ending, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := exec.Command(python, "testdata/nets.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range cases {
		text, err := os.ReadFile(filepath.Join(folder, c.name+".out"))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) != 4*len(want[c.name]) {
			t.Fatalf("%s: %d bytes for %d numbers", c.name, len(text), len(want[c.name]))
		}
		for i, w := range want[c.name] {
			got := float64(math.Float32frombits(binary.LittleEndian.Uint32(text[4*i:])))
			if !(math.Abs(got-w) <= 1e-5*max(1, math.Abs(w))) {
				t.Errorf("%s: output %d is %v in PyTorch, %v here", c.name, i, got, w)
				break
			}
		}
	}
}
