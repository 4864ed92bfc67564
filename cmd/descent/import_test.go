package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/safetensors"
	"descent/models"
	"descent/models/onnx"
	"descent/ops"

	"google.golang.org/protobuf/encoding/protowire"
)

// What export has written is the same model again, with its columns and classes.
func TestImportOwn(t *testing.T) {
	model := fitted(t)
	rows := saved2 + "/table/rows.csv"
	dir := t.TempDir()
	file, again := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "again")
	for _, args := range [][]string{{"export", model, "--to", "safetensors", "--out", file}, {"import", file, "--out", again}} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	if a, b := predicted(t, model, rows), predicted(t, again, rows); a != b {
		t.Errorf("predicts %s, not %s", b, a)
	}
}

// twoLayers is a file as PyTorch would write it: two layers of two numbers each.
func twoLayers(t *testing.T, modules ...string) string {
	t.Helper()
	var f safetensors.File
	for _, name := range modules {
		f.Tensors = append(f.Tensors, safetensors.Of(name+".weight", true, []int{2, 2}, []float64{1, -1, 0.5, 2}), safetensors.Of(name+".bias", true, []int{2}, []float64{0.5, -0.5}))
	}
	name := filepath.Join(t.TempDir(), "net.safetensors")
	if err := os.WriteFile(name, safetensors.Encode(f), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A file of weights becomes a model by what flags say; what they lack is said.
func TestImport(t *testing.T) {
	file, odd := twoLayers(t, "0", "2"), twoLayers(t, "in", "out")
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("x1,x2\n1,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Of x = (1, 3) the first layer makes (-1.5, 6), then relu, then (-5.5, 11.5).
	layers := "dense(2) | relu | dense(2)"
	for _, c := range []struct {
		args []string
		want string // the predictions, or the error
	}{
		{[]string{file, "--model", layers, "--columns", "2", "--class-names", "no,yes"}, `[{"prediction":"yes","probabilities":{"no":4.13993`},
		{[]string{file, "--model", layers, "--columns", "x1,x2", "--outputs", "a,b"}, `[{"prediction":{"a":-5.5,"b":11.5}}`},
		{[]string{odd, "--model", layers, "--columns", "2", "--outputs", "a,b", "--map", "dense=in"}, `[{"prediction":{"a":-5.5,"b":11.5}}`},
		{[]string{odd, "--model", layers, "--columns", "2", "--outputs", "a,b"}, "--map dense=in, or another, says which"},
		{[]string{file, "--columns", "2"}, "--model does, such as"},
		{[]string{file, "--model", layers}, "one of --columns and --shape"},
		{[]string{file, "--model", layers, "--columns", "2", "--shape", "2"}, "one of --columns and --shape"},
		{[]string{file, "--model", layers, "--shape", "2,0"}, "lengths are at least 1"},
		{[]string{file, "--model", layers, "--columns", "0"}, "there are 1 to"},
		{[]string{file, "--model", layers, "--columns", "2", "--class-names", "one"}, "at least two"},
		{[]string{file, "--model", layers, "--columns", "2", "--class-names", "2", "--outputs", "a,b"}, "leave out --outputs"},
		{[]string{file, "--model", layers, "--columns", "3", "--class-names", "2"}, "no module has its arrays"},
		{[]string{file, "--model", "vae(2, 1)", "--columns", "2"}, "is taken from export alone"},
		{[]string{file, "--model", "nanogpt", "--columns", "3"}, "is one of text: --characters and --context are for it"},
		{[]string{file, "--model", "nanogpt"}, "--context 0: it is 1 to"},
		{[]string{file, "--model", "nanogpt", "--context", "8"}, "no module has its arrays"},
		{[]string{file, "--model", layers, "--columns", "2", "--context", "8"}, "--characters and --context are for a text"},
		{[]string{file, "--model", layers, "--columns", "a,a", "--class-names", "2"}, "two columns are called"},
		{[]string{rows, "--model", layers, "--columns", "2"}, "safetensors"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		status, out, errs := descent(append([]string{"import", "--out", dir}, c.args...)...)
		if status != 0 {
			if !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
				t.Errorf("%v: status %d, %s", c.args, status, errs)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%v: a folder was made", c.args)
			}
			continue
		}
		if got := predicted(t, dir, rows); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, not %s", c.args, got, c.want)
		}
	}
	if status, _, errs := descent("import", file, "--model", layers); status != exitUsage || !strings.Contains(errs, "--out DIR is missing") {
		t.Errorf("status %d, %s", status, errs)
	}
}

// Pictures of one channel are the same with a length for it, as other programs have them, and
// without, as data do.
func TestImportPictures(t *testing.T) {
	dir := t.TempDir()
	trained, file := filepath.Join(dir, "trained"), filepath.Join(dir, "net.safetensors")
	const layers = "conv(4, 3) | relu | pool(2)"
	for _, args := range [][]string{
		{"train", "digits", "--model", layers, "--epochs", "1", "--folds", "0", "--out", trained, "-q"},
		{"export", trained, "--to", "safetensors", "--out", file},
	} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, errs)
		}
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, bare(t, text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	pictures, want := digitFiles(t, 5, 8), ""
	for _, shape := range []string{"8,8", "1,8,8"} {
		model := filepath.Join(dir, shape)
		if status, _, errs := descent("import", file, "--model", layers+" | dense(10)", "--shape", shape, "--class-names", "10", "--out", model); status != 0 {
			t.Fatalf("%s: status %d, %s", shape, status, errs)
		}
		status, out, errs := descent("predict", model, pictures)
		if status != 0 || strings.Count(out, ".png,") != 5 || want != "" && out != want {
			t.Errorf("%s: status %d, %s%s, not %s", shape, status, out, errs, want)
		}
		want = out
	}
}

// bare is a file of ONNX, or of safetensors, without what it says of its model.
func bare(t *testing.T, text []byte) (file []byte) {
	t.Helper()
	if f, err := safetensors.Decode(text); err == nil {
		f.Meta = nil
		return safetensors.Encode(*f)
	}
	const meta = 14 // in https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto
	for len(text) > 0 {
		number, _, n := protowire.ConsumeField(text)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		if number != meta {
			file = append(file, text[:n]...)
		}
		text = text[n:]
	}
	return file
}

// A model of text writes on alike when it comes back: whole, by what its file says of it, and
// by its layers alone.
func TestImportText(t *testing.T) {
	dir := t.TempDir()
	model := filepath.Join(dir, "model")
	if status, _, errs := descent("train", "alice", "-m", "embed(8) | gpt(heads=2, layers=2)", "--context", "8", "--batch", "400", "--epochs", "1", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	said := func(model string) string {
		t.Helper()
		status, out, errs := descent("generate", model, "--prompt", "Alice ", "--length", "30", "--temperature", "0")
		if status != 0 {
			t.Fatal(errs)
		}
		return out
	}
	want := said(model)
	for _, to := range []string{"onnx", "safetensors"} {
		file := filepath.Join(dir, "m."+to)
		if status, _, errs := descent("export", model, "--to", to, "--out", file); status != 0 {
			t.Fatal(errs)
		}
		alone := filepath.Join(dir, "alone."+to)
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(alone, bare(t, text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		told := []string{"--characters", "alice"}
		if to == "safetensors" {
			told = append(told, "--context", "8", "--model", "embed(8) | gpt(heads=2, layers=2)")
		}
		for _, args := range [][]string{{file}, append(told, alone)} {
			again := filepath.Join(t.TempDir(), "again")
			if status, _, errs := descent(append([]string{"import", "--out", again}, args...)...); status != 0 {
				t.Fatalf("%v: %s", args, errs)
			}
			if got := said(again); got != want {
				t.Errorf("%v: it writes %q, not %q", args, got, want)
			}
		}
	}
	for _, c := range [][]string{
		{filepath.Join(dir, "alone.onnx"), "256 tokens, bytes, if --characters names no text"}, {filepath.Join(dir, "alone.onnx"), "leave out --context", "--context", "9"},
		{filepath.Join(dir, "alone.onnx"), "is one of text", "--columns", "8"}, {filepath.Join(dir, "alone.onnx"), "embedded texts are alice", "--characters", "nowhere"},
	} {
		status, _, errs := descent(append([]string{"import", c[0], "--out", filepath.Join(dir, "none")}, c[2:]...)...)
		if status != exitUsage || !strings.Contains(errs, c[1]) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %s", c, status, errs)
		}
	}
}

// A file of ONNX that export has written is the same model again.
func TestImportOwnONNX(t *testing.T) {
	model := fitted(t)
	rows := saved2 + "/table/rows.csv"
	dir := t.TempDir()
	file, again := filepath.Join(dir, "m.onnx"), filepath.Join(dir, "again")
	for _, args := range [][]string{{"export", model, "--to", "onnx", "--out", file}, {"import", file, "--out", again}} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	if a, b := predicted(t, model, rows), predicted(t, again, rows); a != b {
		t.Errorf("predicts %s, not %s", b, a)
	}
}

// A net of sequences of two lengths takes them as steps and features, not as pictures of one
// channel, and comes back as such.
func TestImportSequence(t *testing.T) {
	store := graph.New(graph.Float32, 1)
	layer := must(must(models.Parse("transformer(2) | dense(2)")).Layer())
	text, err := onnx.Encode(func(rows int) (*onnx.Model, error) {
		x := store.Sibling().Evaluation().Input("x", rows, 3, 4)
		return &onnx.Model{Inputs: []onnx.Value{{Name: "x", Node: x}}, Outputs: []onnx.Value{{Name: "y", Node: layer(x)}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, model, again := filepath.Join(dir, "net.onnx"), filepath.Join(dir, "model"), filepath.Join(dir, "again")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"import", file, "--class-names", "a,b", "--out", model}, {"export", model, "--to", "onnx", "--out", file}, {"import", file, "--out", again}} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	in := make([]float64, 12)
	for i := range in {
		in[i] = float64(i%5) / 4
	}
	row := data.Arrays{"x": must(data.NewArray(in, len(in)))}
	g := store.Sibling().Evaluation()
	x := g.Input("x", 1, 3, 4)
	y := layer(x)
	p, err := graph.Compile(y)
	if err == nil {
		err = p.Run(graph.Let(x, in))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{model, again} {
		got, _, err := exportedOf(t, m).by.Predict(row)
		if err != nil {
			t.Fatal(err)
		}
		want := p.Float64s(y)[1] - p.Float64s(y)[0]
		if odds := math.Log(got[1] / got[0]); !(math.Abs(odds-want) < 1e-5) {
			t.Errorf("%s: %v is %v, not %v", m, got, odds, want)
		}
	}
}

// A file of ONNX that another program has written says its layers, what goes in and what
// comes out; flags name it.
func TestImportONNX(t *testing.T) {
	file := func(link func(*graph.Node) *graph.Node, out int) string {
		text, err := onnx.Encode(func(rows int) (*onnx.Model, error) {
			g := graph.New(graph.Float32, 1)
			x := g.Input("x", rows, 2)
			y := ops.Add(ops.MatMul(x, g.Param("w", graph.Fill(0.5), 2, out)), g.Param("b", graph.Zeros, out))
			return &onnx.Model{Inputs: []onnx.Value{{Name: "x", Node: x}}, Outputs: []onnx.Value{{Name: "y", Node: link(y)}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "net.onnx")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	none := func(y *graph.Node) *graph.Node { return y }
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("x1,x2\n1,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string // the predictions, or the error
	}{
		{[]string{file(none, 1)}, `[{"prediction":2}]`},
		{[]string{file(none, 2)}, `[{"prediction":{"prediction1":2,"prediction2":2}}]`},
		{[]string{file(none, 2), "--outputs", "a,b"}, `[{"prediction":{"a":2,"b":2}}]`},
		{[]string{file(func(y *graph.Node) *graph.Node { return ops.Softmax(y, -1) }, 2)}, `[{"prediction":"0","probabilities":{"0":0.5,"1":0.5}}]`},
		{[]string{file(none, 2), "--class-names", "a,b"}, `[{"prediction":"a","probabilities":{"a":0.5,"b":0.5}}]`},
		{[]string{file(ops.Sigmoid, 1), "--class-names", "a,b"}, `[{"prediction":"b","probabilities":{"a":0.11920`},
		{[]string{file(ops.Sigmoid, 2), "--outputs", "a,b"}, `[{"prediction":["a","b"],"probabilities":{"a":0.880797`},
		{[]string{file(func(y *graph.Node) *graph.Node { return ops.Softmax(y, -1) }, 2), "--outputs", "a,b"}, "leave out --outputs"},
		{[]string{file(none, 2), "--outputs", "a"}, "--outputs names 1 numbers, and 2 come out"},
		{[]string{file(none, 2), "--model", "linear"}, "leave out --model"},
		{[]string{file(none, 2), "--shape", "3"}, "leave out --shape"},
		{[]string{file(none, 2), "--columns", "3"}, "no module has its arrays"},
		{[]string{file(ops.Square, 2)}, "operator Mul"},
		{[]string{file(ops.ReLU, 2), "--outputs", "a,b"}, `[{"prediction":{"a":2,"b":2}}]`},
		{[]string{file(none, 2), "--context", "3"}, "--characters and --context are for a text"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		status, _, errs := descent(append([]string{"import", "--out", dir}, c.args...)...)
		if status != 0 {
			if !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
				t.Errorf("%v: status %d, %s", c.args[1:], status, errs)
			}
			continue
		}
		if got := predicted(t, dir, rows); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, not %s", c.args[1:], got, c.want)
		}
	}
}
