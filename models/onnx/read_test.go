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

// TestOfPyTorch: nets that PyTorch has written are models that compute the same.
func TestOfPyTorch(t *testing.T) {
	python := foreign.Python(t, "torch", "onnx")
	folder := t.TempDir()
	if out, err := exec.Command(python, "testdata/write.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(files) < 10 {
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
		got := computed(t, net, numbersOf(t, base+".in"))
		if worst := apart(got, numbersOf(t, base+".out")); !(worst <= 1e-5) {
			t.Errorf("%s: %s is off by %v", filepath.Base(base), net.Model, worst)
		}
	}
}

// computed is what a net makes of rows.
func computed(t *testing.T, net *onnx.Net, in []float64) []float64 {
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
	x := g.Input("x", append([]int{3}, net.Shape...)...)
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
		err = p.Run(graph.Let(x, in))
	}
	if err != nil {
		t.Fatal(err)
	}
	out := p.Float64s(y)
	return out
}
