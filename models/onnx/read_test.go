package onnx_test

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/foreign"
	"descent/internal/safetensors"
	"descent/models"
	"descent/models/onnx"
	"descent/models/torch"
	"descent/ops"
)

// numbersOf reads a file of float32.
func numbersOf(t *testing.T, name string) (list []float64) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for ; len(text) >= 4; text = text[4:] {
		list = append(list, float64(math.Float32frombits(binary.LittleEndian.Uint32(text))))
	}
	return list
}

// blocks are layers that nets have, which are found whole.
var blocks = map[string]string{
	"nanogpt": "embed(width=8, rows=11) | position | transformer(heads=2, layers=2, hidden=32, causal=true, act=gelu) | layer_norm", "nanogpt11": "transformer(heads=2, layers=2, hidden=32, causal=true, act=gelu)",
	"newgelu":  "transformer(heads=2, layers=2, hidden=32, causal=true, act=gelu_tanh)",
	"tutorial": "transformer(heads=2, layers=2, hidden=16, causal=true, norm=post, act=relu)", "encoders": "transformer(heads=2, layers=2, hidden=16, causal=false, act=gelu)",
	"heads": "transformer(heads=4, layers=1, hidden=32, causal=true, act=relu)", "vit": "transformer(heads=2, layers=1, hidden=32, causal=false, act=gelu)",
	"mha17": "attention(heads=4, causal=false, bias=false)", "masked": "attention(heads=2, causal=true, bias=true)", "both": "gru(units=5, bidirectional=true, bias=true, last=true) | dense(units=2)",
}

// TestOfPyTorch: nets that PyTorch has written are models that compute the same.
func TestOfPyTorch(t *testing.T) {
	python := foreign.Python(t, "torch", "onnx")
	folder := t.TempDir()
	if out, err := exec.Command(python, "testdata/write.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(files) < 40 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(name, ".onnx")
		f, err := onnx.Read(text)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(base), err)
			continue
		}
		net, err := f.Net()
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(base), err)
			continue
		}
		in, want := numbersOf, numbersOf(t, base+".out")
		if net.Tokens {
			in = wholesOf
		}
		got := computed(t, net, in(t, base+".in"), 11, len(want))
		if worst := apart(got, want); !(worst <= 1e-5) {
			t.Errorf("%s: %s is off by %v", filepath.Base(base), net.Model, worst)
		}
		if want := blocks[filepath.Base(base)]; !strings.Contains(net.Model, want) {
			t.Errorf("%s: %s has no %s", filepath.Base(base), net.Model, want)
		}
	}
}

// wholesOf reads a file of int64.
func wholesOf(t *testing.T, name string) (list []float64) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for ; len(text) >= 8; text = text[8:] {
		list = append(list, float64(binary.LittleEndian.Uint64(text)))
	}
	return list
}

// computed is what a net makes of rows: of those of text, of the last step if it is told so.
func computed(t *testing.T, net *onnx.Net, in []float64, tokens, outputs int) []float64 {
	t.Helper()
	spec, err := models.Parse(net.Model)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := spec.Layer()
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float32, 1).Evaluation()
	const rows = 3
	x := g.Input("x", append([]int{rows}, net.Shape...)...)
	feed := graph.Let(x, in)
	if net.Tokens {
		x = models.Tokens(g, "tokens", rows, net.Shape[0], tokens)
		whole := make([]int, len(in))
		for i, k := range in {
			whole[i] = int(k)
		}
		feed = graph.Let(x, whole)
	}
	y := layer(x)
	if err := graph.Mistakes(y); err != nil {
		t.Fatalf("%s: %v", net.Model, err)
	}
	ours, _, err := torch.Decode(net.Weights, g, nil)
	if err != nil {
		t.Fatalf("%s: %v", net.Model, err)
	}
	f, err := safetensors.Decode(ours)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range f.Tensors {
		if err := g.Store().Lookup(w.Name).Set(w.Float64s()); err != nil {
			t.Fatal(err)
		}
	}
	switch net.Link {
	case "softmax":
		y = ops.Softmax(y, -1)
	case "log_softmax":
		y = ops.LogSoftmax(y, -1)
	case "sigmoid":
		y = ops.Sigmoid(y)
	}
	p, err := graph.Compile(y)
	if err == nil {
		err = p.Run(feed)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := p.Float64s(y)
	if d := y.Shape().Dims(); net.Steps && outputs == rows*net.Outputs {
		var last []float64
		for i := range rows {
			last = append(last, out[((i+1)*d[1]-1)*d[2]:][:d[2]]...)
		}
		return last
	}
	return out
}
