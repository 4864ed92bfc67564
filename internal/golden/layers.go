package golden

import (
	"maps"
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/internal/numjson"
	"descent/ops"
)

// A Case is an operation's arguments, inputs, outputs and derivatives, as another
// library computes them in float64. The derivatives are those of L, the sum over
// the outputs that Cotangents name of output·uniform(seed, -1, 1).
type Case struct {
	Name, Op   string
	Note       string
	Args       map[string]any
	Inputs     map[string]Drawn
	Outputs    map[string]struct{ Shape, Data Numbers }
	Cotangents map[string]uint32
	Grads      map[string]Numbers // of L by each input
	Directions map[string]uint32
	HVP        map[string]Numbers // the Hessian of L times the directions
}

// Cases reads the cases of a file.
func Cases(t testing.TB, path string) []Case {
	var f struct{ Cases []Case }
	Read(t, path, &f)
	return f.Cases
}

// A Drawn is an array whose elements are hashes of a seed.
type Drawn struct {
	Shape        []int
	Seed         uint32
	Lo, Hi, Step float64
	Steps, Below int // how many values there are, if they are few
	Grad         bool
	Data         Numbers // the elements, if they are not drawn
}

// Uniform draws n numbers of [lo, hi).
func Uniform(seed uint32, n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = lo + float64((hi-lo)*(float64(Hash(seed, uint32(i)))/(1<<32)))
	}
	return x
}

// Hash is element i of the numbers that belong to a seed, of 32 bits.
func Hash(seed, i uint32) uint32 {
	x := i + seed*0x9E3779B9
	x = (x ^ x>>16) * 0x85EBCA6B
	x = (x ^ x>>13) * 0xC2B2AE35
	return x ^ x>>16
}

// Values are the elements.
func (d Drawn) Values() []float64 {
	n := graph.Dims(d.Shape...).Size()
	if d.Data != nil || n == 0 {
		return d.Data
	}
	x := Uniform(d.Seed, n, d.Lo, d.Hi)
	for i := range x {
		switch few := int(Hash(d.Seed, uint32(i)) >> 8); {
		case d.Below > 0:
			x[i] = d.Lo + float64(few%d.Below)
		case d.Steps > 0:
			x[i] = d.Lo + float64(d.Step*float64(few%d.Steps))
		}
	}
	return x
}

// Numbers are floats, of which those that are not finite are texts.
type Numbers []float64

// UnmarshalJSON reads them.
func (n *Numbers) UnmarshalJSON(text []byte) error {
	var raw []any
	if err := numjson.Unmarshal(text, &raw); err != nil {
		return err
	}
	for _, v := range raw {
		if x, ok := v.(float64); ok {
			*n = append(*n, x)
			continue
		}
		*n = append(*n, map[any]float64{"NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)}[v])
	}
	return nil
}

// Wholes returns a setting that is a number, or a list of them; nil if there is
// none.
func (c *Case) Wholes(name string) (list []int) {
	switch v := c.Args[name].(type) {
	case float64:
		return []int{int(v)}
	case []any:
		for _, x := range v {
			list = append(list, int(x.(float64)))
		}
	}
	return list
}

// Compare builds the outputs of a case, by name, of its inputs, and fails if they, the
// gradients or the products with the Hessian differ from what the other library has.
func Compare(t testing.TB, c *Case, build func(in map[string]*graph.Node) map[string]*graph.Node) {
	g := graph.New(graph.Float64, 1)
	in := map[string]*graph.Node{}
	for name, d := range c.Inputs {
		in[name] = g.Param(name, graph.From(d.Values()...), d.Shape...)
	}
	outs, want := build(in), map[*graph.Node][]float64{}
	for name, o := range c.Outputs {
		if y := outs[name]; y != nil { // else it is none here, such as the weights of an attention
			want[y] = o.Data
		}
	}
	by := slices.Sorted(maps.Keys(c.Grads))
	var xs []*graph.Node
	for _, name := range by {
		xs = append(xs, in[name])
	}
	grads := graph.Grad(along(g, outs, c.Cotangents), xs...)
	named := map[string]*graph.Node{}
	for i, d := range grads {
		want[d], named[by[i]] = c.Grads[by[i]], d
	}
	if c.HVP != nil {
		for i, d := range graph.Grad(along(g, named, c.Directions), xs...) {
			want[d] = c.HVP[by[i]]
		}
	}
	p, err := graph.Function{Outputs: slices.Collect(maps.Keys(want)), Verify: true}.Compile()
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		t.Errorf("%s: %v", c.Name, err)
		return
	}
	for y, w := range want {
		Near(t, c.Name+" "+y.String(), p.Float64s(y), w)
	}
}

// along is the sum of nodes times numbers that are drawn.
func along(g *graph.Graph, nodes map[string]*graph.Node, seeds map[string]uint32) *graph.Node {
	sum := g.Const(0)
	for _, name := range slices.Sorted(maps.Keys(seeds)) {
		y := nodes[name]
		sum = ops.Add(sum, ops.Sum(ops.Mul(y, g.Array(Uniform(seeds[name], y.Shape().Size(), -1, 1), y.Shape().Dims()...))))
	}
	return sum
}

// Near fails if numbers differ by more than 1e-12 of the largest.
func Near(t testing.TB, what string, got, want []float64) {
	t.Helper()
	scale := 1.0
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= 1e-12*scale) {
			t.Errorf("%s: element %d is %v, want %v", what, i, got[i], w)
			return
		}
	}
}
