package torch_test

import (
	"bytes"
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
	"descent/internal/safetensors"
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
	{"widen", "conv(4, 3, norm=weight) | relu | upsample(2, mode=linear) | pad(1, mode=reflect) | conv_transpose(4, 3, stride=2, padding=1, output_padding=1) | instance_norm(affine=true) | relu | pixel_shuffle(2) | adaptive_pool(2) | dense(3, norm=spectral)", []int{2, 6, 6}, 0, "conv_transpose"},
	{"volume", "conv3d(3, 3) | relu | pool(2) | conv_transpose(2, 2, stride=2) | avg_pool(2) | global_pool", []int{2, 4, 6, 5}, 0, ""},
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

// nets runs testdata/nets.py on the inputs of all cases, with files by ending, and returns
// the folder and what PyTorch makes of the inputs.
func nets(t *testing.T, mode string, files func(name string, y *graph.Node) map[string][]byte) (folder string, out map[string][]float64) {
	t.Helper()
	python := foreign.Python(t, "torch", "numpy")
	folder, out = t.TempDir(), map[string][]float64{}
	for _, c := range cases {
		_, y := build(t, c.model, c.shape, c.tokens)
		all := files(c.name, y)
		for _, v := range input(c.name, c.shape, c.tokens) {
			all[".in"] = binary.LittleEndian.AppendUint32(all[".in"], math.Float32bits(float32(v)))
		}
		all[".shape"] = []byte(strings.Trim(fmt.Sprint(append([]int{rows}, c.shape...)), "[]"))
		for ending, text := range all {
			if err := os.WriteFile(filepath.Join(folder, c.name+ending), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := exec.Command(python, "testdata/nets.py", mode, folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range cases {
		text, err := os.ReadFile(filepath.Join(folder, c.name+".out"))
		if err != nil {
			t.Fatal(err)
		}
		for ; len(text) >= 4; text = text[4:] {
			out[c.name] = append(out[c.name], float64(math.Float32frombits(binary.LittleEndian.Uint32(text))))
		}
	}
	return folder, out
}

// agree holds what PyTorch makes against what our program makes.
func agree(t *testing.T, name string, theirs, ours []float64) {
	t.Helper()
	if len(theirs) != len(ours) {
		t.Fatalf("%s: %d numbers, %d here", name, len(theirs), len(ours))
	}
	for i, w := range ours {
		if !(math.Abs(theirs[i]-w) <= 1e-5*max(1, math.Abs(w))) {
			t.Errorf("%s: output %d is %v in PyTorch, %v here", name, i, theirs[i], w)
			return
		}
	}
}

// TestPyTorch: PyTorch's nets load the files and compute the same.
func TestPyTorch(t *testing.T) {
	_, theirs := nets(t, "load", func(_ string, y *graph.Node) map[string][]byte {
		return map[string][]byte{".safetensors": torch.Encode(y.Graph(), nil)}
	})
	for _, c := range cases {
		x, y := build(t, c.model, c.shape, c.tokens)
		agree(t, c.name, theirs[c.name], computed(t, x, y, input(c.name, c.shape, c.tokens)))
	}
}

// TestOfPyTorch: models take the weights of files that PyTorch has written, in single and
// half precision, whatever the names of modules, and compute the same.
func TestOfPyTorch(t *testing.T) {
	folder, theirs := nets(t, "save", func(string, *graph.Node) map[string][]byte { return map[string][]byte{} })
	for _, c := range cases {
		text, err := os.ReadFile(filepath.Join(folder, c.name+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		x, y := build(t, c.model, c.shape, c.tokens)
		ours, _, err := torch.Decode(text, y.Graph(), nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		fill(t, y.Graph(), ours)
		agree(t, c.name, theirs[c.name], computed(t, x, y, input(c.name, c.shape, c.tokens)))
	}
}

// fill gives a graph the weights of a file of ours.
func fill(t *testing.T, g *graph.Graph, text []byte) {
	t.Helper()
	f, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range f.Tensors {
		if err := g.Store().Lookup(x.Name).Set(x.Float64s()); err != nil {
			t.Fatal(err)
		}
	}
}

// Which module a layer takes is told by names, by numbers in them, or by the caller; else
// it is an error.
func TestMatches(t *testing.T) {
	_, y := build(t, "dense(3) | relu | dense(3)", []int{3}, 0)
	of := func(names ...string) []byte {
		var f safetensors.File
		for i, name := range names {
			f.Tensors = append(f.Tensors, safetensors.Of(name+".weight", true, []int{3, 3}, slices.Repeat([]float64{float64(i)}, 9)), safetensors.Of(name+".bias", true, []int{3}, make([]float64, 3)))
		}
		return safetensors.Encode(f)
	}
	for _, c := range []struct {
		names []string
		given map[string]string
		want  string // the first weight of both layers, or the error
	}{
		{[]string{"dense2", "dense"}, nil, "1 0"},
		{[]string{"10", "9"}, nil, "1 0"},
		{[]string{"a.fc2", "a.fc1"}, nil, "1 0"},
		{[]string{"in", "out"}, nil, "layer dense may be one of in, out"},
		{[]string{"out", "in"}, map[string]string{"dense": "in"}, "1 0"},
		{[]string{"in", "out"}, map[string]string{"dense": "nosuch"}, "there is no nosuch.bias"},
		{[]string{"in", "out"}, map[string]string{"conv": "in"}, "no layer conv"},
		{[]string{"fc1"}, nil, "no module has its arrays, bias 3 and weight 3x3; there are none left"},
		{[]string{"fc1", "fc2", "fc3"}, nil, "no place for fc3.bias 3, fc3.weight 3x3"},
	} {
		ours, _, err := torch.Decode(of(c.names...), y.Graph(), c.given)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v, not %s", c.names, err, c.want)
			}
			continue
		}
		f, err := safetensors.Decode(ours)
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]float64{}
		for _, x := range f.Tensors {
			first[x.Name] = x.Float64s()[0]
		}
		if got := fmt.Sprint(first["dense.w"], first["dense2.w"]); got != c.want {
			t.Errorf("%v: %v, not %v", c.names, got, c.want)
		}
	}
}

// Weights of nanoGPT go where those of modules of PyTorch's do; its masks are no weights.
func TestByHand(t *testing.T) {
	_, y := build(t, "embed(8, rows=11) | gpt(heads=2, layers=2) | dense(11, bias=false, steps=true)", []int{6}, 11)
	text := torch.Encode(y.Graph(), nil)
	want, _, err := torch.Decode(text, y.Graph(), nil)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer("in_proj_", "c_attn.", "out_proj", "c_proj")
	modules := map[string]string{"embed": "transformer.wte", "position": "transformer.wpe", "layernorm5": "transformer.ln_f", "dense5": "lm_head"}
	for i, of := range []string{"", "2", "3", "4"} {
		block := fmt.Sprintf("transformer.h.%d.", i/2)
		modules["layernorm"+of] = fmt.Sprintf("%sln_%d", block, i%2+1)
		modules["dense"+of] = block + []string{"mlp.c_fc", "mlp.c_proj"}[i%2]
		if i < 2 {
			modules["attention"+of] = fmt.Sprintf("transformer.h.%d.attn", i)
		}
	}
	f, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Tensors {
		layer, rest, _ := strings.Cut(f.Tensors[i].Name, ".")
		f.Tensors[i].Name = modules[layer] + "." + names.Replace(rest)
	}
	mask := make([]float64, 36)
	for i := range mask {
		if i%6 <= i/6 {
			mask[i] = 1
		}
	}
	f.Tensors = append(f.Tensors, safetensors.Of("transformer.h.0.attn.bias", true, []int{1, 1, 6, 6}, mask))
	given := map[string]string{"embed": "transformer.wte", "layernorm5": "transformer.ln_f"}
	got, _, err := torch.Decode(safetensors.Encode(*f), y.Graph(), given)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("other weights")
	}
	f.Tensors[len(f.Tensors)-1].F32[1] = 1
	if _, _, err := torch.Decode(safetensors.Encode(*f), y.Graph(), given); err == nil || !strings.Contains(err.Error(), "no place for transformer.h.0.attn.bias") {
		t.Errorf("an array that is no mask: %v", err)
	}
}
