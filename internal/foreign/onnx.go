package foreign

import (
	_ "embed"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"descent/internal/atomicfile"
	"descent/internal/numjson"
)

//go:embed run.js
var runtimeScript []byte

//go:embed check.py
var checkerScript []byte

// An Array is an input or output of a file of ONNX.
type Array struct {
	Type string `json:"type"` // float32, int64 or string
	Dims []int  `json:"dims"`
	Data []any  `json:"data"`
}

// Floats is an array of numbers.
func Floats(values []float64, dims ...int) Array {
	a := Array{"float32", dims, nil}
	for _, x := range values {
		a.Data = append(a.Data, x)
	}
	return a
}

// Numbers are the elements of an array of numbers.
func (a Array) Numbers() (list []float64) {
	for _, x := range a.Data {
		switch x := x.(type) {
		case float64:
			list = append(list, x)
		case string:
			list = append(list, map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[x])
		}
	}
	return list
}

// A Question is a file of ONNX and its inputs.
type Question struct {
	Name  string
	File  []byte
	Feeds map[string]Array
}

// ONNXRuntime answers questions, by their names and those of outputs. A file that it does
// not take is an error of the test.
func ONNXRuntime(t testing.TB, all []Question) map[string]map[string]Array {
	t.Helper()
	node := Node(t, "onnxruntime-node")
	folder, _ := write(t, all)
	script := script(t, "run.js", runtimeScript)
	if out, err := node(script, folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	answers := map[string]map[string]Array{}
	for _, q := range all {
		out, wrong := outputs(t, filepath.Join(folder, q.Name))
		if wrong != "" {
			t.Errorf("%s: %s", q.Name, wrong)
		}
		answers[q.Name] = out
	}
	return answers
}

// outputs are what a program has written of a question, or what it says is wrong.
func outputs(t testing.TB, question string) (map[string]Array, string) {
	t.Helper()
	text, err := os.ReadFile(question + ".out.json")
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Error   string
		Outputs map[string]Array
	}
	if err := numjson.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out.Outputs, out.Error
}

// CheckONNX holds files against ONNX's own checker.
func CheckONNX(t testing.TB, all []Question) {
	t.Helper()
	python := Python(t, "onnx")
	_, files := write(t, all)
	out, err := exec.Command(python, append([]string{script(t, "check.py", checkerScript)}, files...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// write writes files and inputs to a folder.
func write(t testing.TB, all []Question) (folder string, files []string) {
	t.Helper()
	folder = t.TempDir()
	for _, q := range all {
		feeds, err := numjson.Marshal(q.Feeds)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, q.Name)
		for ending, text := range map[string][]byte{".onnx": q.File, ".json": feeds} {
			if err := atomicfile.Write(path+ending, text); err != nil {
				t.Fatal(err)
			}
		}
		files = append(files, path+".onnx")
	}
	return folder, files
}

// script writes a program to a folder of its own.
func script(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := atomicfile.Write(path, text); err != nil {
		t.Fatal(err)
	}
	return path
}
