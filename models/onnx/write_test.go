package onnx_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/docs"
	"descent/internal/foreign"
	"descent/models"
	"descent/models/onnx"
	"descent/ops"
	"descent/ops/shape"
)

// more are models besides the examples of the table: settings that examples do not have.
var more = []string{
	"mlp(8, act=gelu, norm=batch)", "conv(4, 3, stride=2, padding=0, dilation=2)", "conv(4, 3, groups=2, bias=false)", "pool(3, stride=2, ceil=true)", "avg_pool(3, stride=2, ceil=true)",
	"avg_pool(3, stride=2, padding=1, inside=true)", "adaptive_pool(3)", "adaptive_pool(3, of=max)", "global_pool(max)", "lstm(5, layers=2) | dense(2)", "bidirectional(gru(5, last=false))", "rnn(4, last=false)",
	"gpt(layers=2, heads=2, position=rotary)", "gpt(heads=2, position=sinusoid)", "transformer(2, norm=post)", "attention(2, bias=false)", "ode(dense(12) | tanh, steps=5)", "ode(dense(12) | tanh, steps=3, method=euler)",
	"residual(conv(8, 3, stride=2) | relu | conv(8, 3))", "residual(dense(5))", "concat(dense(3), dense(4) | relu) | dense(2)", "layer_norm(axes=1)", "rms_norm(axes=1, affine=false)", "transpose | conv(4, 3) | transpose",
	"conv_transpose(4, 3, stride=2, padding=1, output_padding=1, groups=2)", "conv_transpose(4, 2, stride=3, dilation=2)", "upsample(size=[5, 7], mode=linear)", "upsample(2, mode=linear, corners=true)", "upsample(1.7)", "upsample(2, mode=cubic)",
	"upsample(1.5, mode=nearest_exact)", "pad([1, 2], mode=replicate)", "pad([1, 2, 2, 1], mode=circular)", "instance_norm(affine=true)", "dense(5, norm=weight)", "conv(4, 3, norm=spectral)",
}

// rowShapes are what rows of models of the table may have.
var rowShapes = [][]int{{12}, {64}, {6, 4}, {6, 64}, {4, 8, 8}, {1, 28, 28}, {3, 16, 16}}

// texts are models with each row of the table.
func texts() (all []string) {
	for _, row := range models.Table {
		for _, e := range row.Examples {
			all = append(all, row.Name+"("+e+")")
		}
		if len(row.Examples) == 0 {
			all = append(all, row.Name)
		}
	}
	return append(all, more...)
}

// A subject is a model with its input.
type subject struct {
	text  string
	shape []int
	spec  models.Spec
	layer models.Layer
	store *graph.Graph
}

// subjectOf returns a model for the first shape of rows that it takes, nil if there is none.
func subjectOf(t testing.TB, text string) *subject {
	t.Helper()
	spec, err := models.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range rowShapes {
		s := &subject{text: text, shape: shape, spec: spec, store: graph.New(graph.Float32, 1)}
		if spec.Codes() {
			c, _, err := spec.Coder(shape)
			if err != nil {
				continue
			}
			flat := graph.Dims(shape...).Size()
			s.shape = []int{flat}
			s.layer = func(x *graph.Node) *graph.Node { code, _ := c.Encode(x); return c.Decode(code) }
		} else if s.layer, err = spec.Layer(); spec.String() == "linear" { // which has no layer but that of its outputs
			s.layer, err = spec.Build(3)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, y := s.build(2); graph.Mistakes(y) == nil {
			return s
		}
	}
	return nil
}

func (s *subject) build(rows int) (x, y *graph.Node) {
	g := s.store.Sibling().Evaluation()
	if s.spec.Tokens() {
		x = models.Tokens(g, "x", rows, 6, 10)
	} else {
		x = g.Input("x", append([]int{rows}, s.shape...)...)
	}
	return x, s.layer(x)
}

// encode writes the model.
func (s *subject) encode() ([]byte, error) {
	return onnx.Encode(func(rows int) (*onnx.Model, error) {
		x, y := s.build(rows)
		return &onnx.Model{Name: s.text, Inputs: []onnx.Value{{Name: "x", Node: x}}, Outputs: []onnx.Value{{Name: "y", Node: y}}}, graph.Mistakes(y)
	})
}

// rows are inputs and what our program makes of them.
func (s *subject) rows(t *testing.T, n int) (feed foreign.Array, want []float64) {
	t.Helper()
	x, y := s.build(n)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, v := range s.store.Store().Variables() {
		values := v.Float64s()
		for i := range values {
			values[i] += 0.03 * rng.Float64()
		}
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	p, err := graph.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	dims := x.Shape().Dims()
	in := make([]float64, x.Shape().Size())
	whole := make([]int, len(in))
	for i := range in {
		in[i] = float64(float32(rng.NormFloat64()))
		whole[i] = rng.IntN(10)
	}
	let := graph.Let(x, in)
	feed = foreign.Floats(in, dims...)
	if s.spec.Tokens() {
		let, feed = graph.Let(x, whole), foreign.Array{Type: "int64", Dims: dims}
		for _, k := range whole {
			feed.Data = append(feed.Data, k)
		}
	}
	if err := p.Run(let); err != nil {
		t.Fatal(err)
	}
	return feed, p.Float64s(y)
}

// TestLayers: onnxruntime computes of every layer what our programs do, for a number of
// rows that the file does not know, and its checker has nothing to say.
func TestLayers(t *testing.T) {
	var questions []foreign.Question
	want := map[string][]float64{}
	for i, text := range texts() {
		s := subjectOf(t, text)
		if s == nil {
			t.Errorf("%s: no shape of rows fits", text)
			continue
		}
		feed, y := s.rows(t, 3)
		file, err := s.encode()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		name := fmt.Sprintf("%02d", i)
		want[name] = y
		questions = append(questions, foreign.Question{Name: name, File: file, Feeds: map[string]foreign.Array{"x": feed}})
	}
	if t.Failed() {
		return
	}
	all := texts()
	t.Run("onnx", func(t *testing.T) { foreign.CheckONNX(t, questions) })
	t.Run("onnxruntime-node", func(t *testing.T) {
		for name, out := range foreign.ONNXRuntime(t, questions) {
			var i int
			fmt.Sscan(strings.TrimLeft(name, "0")+" ", &i)
			if worst := apart(out["y"].Numbers(), want[name]); !(worst <= 1e-5) {
				t.Errorf("%s: off by %v", all[i], worst)
			}
		}
	})
}

// apart is the largest difference of numbers, of the largest of them if that is above 1.
func apart(got, want []float64) (worst float64) {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	scale := 1.0
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i, w := range want {
		switch d := math.Abs(got[i]-w) / scale; {
		case got[i] == w || math.IsNaN(got[i]) && math.IsNaN(w):
		case math.IsNaN(d):
			return math.Inf(1)
		default:
			worst = max(worst, d)
		}
	}
	return worst
}

// The page lists the operations.
func TestPage(t *testing.T) {
	var b strings.Builder
	var one, theirs []string
	for _, r := range onnx.Table {
		if strings.Contains(r.Ops, ",") {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r.Name, r.Ops)
		} else {
			one, theirs = append(one, "`"+r.Name+"`"), append(theirs, r.Ops)
		}
	}
	head := "| operation | operators of ONNX |\n|---|---|\n| " + strings.Join(one, ", ") + " | one each: " + strings.Join(theirs, ", ") + " |\n"
	docs.Part(t, "../../docs/export.md", "operations", head+b.String())
}

// samples are the operations of package ops with the numbers that they are checked with,
// as far as they can be written: one model that has them all, with what our program makes
// of them.
type samples struct {
	g     *graph.Graph
	rng   *rand.Rand
	model onnx.Model
	lets  []graph.Feed
	feeds map[string]foreign.Array
}

// inputs declares the inputs of a sample and draws numbers for them.
func (s *samples) inputs(c graphtest.Case, shapes [][]int) (in []*graph.Node, values []onnx.Value) {
	for k, shape := range shapes {
		d := graphtest.Normal
		if len(c.Domain) > 0 {
			d = c.Domain[min(k, len(c.Domain)-1)]
		}
		name := s.g.Unique("x")
		x := make([]float64, graph.Dims(shape...).Size())
		d.Fill(s.rng, k, x)
		var n *graph.Node
		if d.Index {
			n = s.g.Indices(name, shape...)
			whole, a := make([]int, len(x)), foreign.Array{Type: "int64", Dims: shape}
			for j, v := range x {
				whole[j], a.Data = int(v), append(a.Data, v)
			}
			s.lets, s.feeds[name] = append(s.lets, graph.Let(n, whole)), a
		} else {
			n = s.g.Input(name, shape...)
			for j := range x {
				x[j] = float64(float32(x[j]))
			}
			s.lets, s.feeds[name] = append(s.lets, graph.Let(n, x)), foreign.Floats(x, shape...)
		}
		in, values = append(in, n), append(values, onnx.Value{Name: name, Node: n})
	}
	return in, values
}

// add adds a sample, if it can be written.
func (s *samples) add(c graphtest.Case, i int, sample graphtest.Sample) error {
	in, values := s.inputs(c, sample.Shapes)
	build := sample.Build
	if build == nil {
		build = func(in []*graph.Node) *graph.Node { return c.Build(in, sample.Num) }
	}
	out := onnx.Value{Name: fmt.Sprintf("%s-%d", c.Name, i), Node: build(in)}
	_, err := onnx.Encode(func(int) (*onnx.Model, error) {
		return &onnx.Model{Inputs: values, Outputs: []onnx.Value{out}}, graph.Mistakes(out.Node)
	})
	if err == nil {
		s.model.Inputs, s.model.Outputs = append(s.model.Inputs, values...), append(s.model.Outputs, out)
		return nil
	}
	s.lets = s.lets[:len(s.lets)-len(values)]
	for _, v := range values {
		delete(s.feeds, v.Name)
	}
	return err
}

// note notes the operations that a node is made of.
func note(reached map[string]bool, n *graph.Node) {
	if c, ok := n.Describe(); ok {
		reached[c.Name] = true
	}
	for i := range n.Arity() {
		note(reached, n.Arg(i))
	}
}

// TestOperations: onnxruntime computes of every operation with a row what our programs do.
func TestOperations(t *testing.T) {
	const most = 8 // samples of an operation
	s := &samples{g: graph.New(graph.Float32, 1), rng: rand.New(rand.NewPCG(1, 2)), feeds: map[string]foreign.Array{}}
	for _, c := range ops.Cases(slices.Concat(ops.Table, shape.Table)) {
		if c.Samples == nil {
			c.Samples = graphtest.Shapes(c.Inputs)
		}
		for i, sample := range c.Samples[:min(most, len(c.Samples))] {
			if slices.ContainsFunc(sample.Shapes, func(s []int) bool { return slices.Contains(s, 0) }) {
				continue
			}
			if err := s.add(c, i, sample); err != nil && !strings.Contains(err.Error(), "has no row") && !strings.Contains(err.Error(), "cannot be written") {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	reached, want := map[string]bool{}, map[string][]float64{}
	var outputs []*graph.Node
	for _, out := range s.model.Outputs {
		note(reached, out.Node)
		outputs = append(outputs, out.Node)
	}
	for _, r := range onnx.Table {
		if !reached[r.Name] {
			t.Errorf("no sample has %s", r.Name)
		}
	}
	p, err := graph.Compile(outputs...)
	if err == nil {
		err = p.Run(s.lets...)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range s.model.Outputs {
		want[out.Name] = p.Float64s(out.Node)
	}
	file, err := onnx.Encode(func(int) (*onnx.Model, error) { return &s.model, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Run("onnxruntime-node", func(t *testing.T) {
		out := foreign.ONNXRuntime(t, []foreign.Question{{Name: "all", File: file, Feeds: s.feeds}})["all"]
		for name, want := range want {
			if worst := apart(out[name].Numbers(), want); !(worst <= 1e-5) {
				t.Errorf("%s: off by %v: %v, not %v", name, worst, out[name].Numbers(), want)
			}
		}
	})
}

// An operation without a row is named.
func TestUnknownOperation(t *testing.T) {
	_, err := onnx.Encode(func(rows int) (*onnx.Model, error) {
		x := graph.New(graph.Float32, 1).Input("x", rows, 3)
		return &onnx.Model{Inputs: []onnx.Value{{Name: "x", Node: x}}, Outputs: []onnx.Value{{Name: "y", Node: ops.Gamma(x)}}}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "gamma") {
		t.Errorf("%v", err)
	}
}
