package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// rounded are the rows whose value is a sum or a difference of rounded numbers:
// their error is one of the size of what is added. That of all others is
// relative.
var rounded = map[string]bool{"gelu": true, "gelu_tanh": true, "sum": true, "mean": true, "variance": true, "logsumexp": true, "softmax": true, "standardize": true, "rms_norm": true, "normalize": true, "group_norm": true, "inverse_std": true, "inverse_rms": true,
	"logsoftmax": true, "matmul": true, "linear": true, "dot": true, "softmax_nll": true, "std": true, "softshrink": true, "attention": true, "attention_grad": true,
	"log_add_exp": true, "lgamma": true, "digamma": true, "trigamma": true, "polygamma": true, "betaln": true, "sinc": true, "sinc_derivative": true, "normal": true}

// inexact are the rows whose oracle is only good to a dozen digits, at edges or
// everywhere: their last digits are tested where they are computed.
var inexact = map[string]bool{"pow": true, "sin": true, "cos": true, "tan": true, "lgamma": true, "digamma": true, "trigamma": true, "polygamma": true, "betaln": true,
	"normcdf": true, "sinc": true, "sinc_derivative": true}

// moderate are the rows whose oracles are only good for numbers of moderate
// size; TestSpecialFunctions and package elementary have their edges.
var moderate = map[string]bool{"digamma": true, "trigamma": true, "polygamma": true, "betaln": true, "logit": true, "sinc": true, "sinc_derivative": true,
	"csch": true, "sech": true, "lgamma": true, "gamma": true, "normcdf": true}

// TestValues compares each row with its oracle: on its own samples, and at all
// pairs of edges if it is elementwise, for both element types.
func TestValues(t *testing.T) {
	for _, c := range ops.Cases(ops.Table) {
		want, ok := values[c.Name]
		if slices.Contains(byHand, c.Name) {
			continue
		}
		if !ok {
			t.Errorf("%s has no oracle: add the definition as a plain loop to values", c.Name)
			continue
		}
		for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
			for i, s := range samplesOf(c) {
				if err := compareValue(c, s, dt, inputs(c, s, dt, uint64(i)), want); err != nil {
					t.Errorf("%s of %v, shapes %v, numbers %v: %v", c.Name, dt, s.Shapes, s.Num, err)
				}
			}
			if !moderate[c.Name] && (c.Samples == nil || slices.EqualFunc(c.Samples, graphtest.Shapes(1, c.Samples[0].Num...), sameSample)) {
				s, in := atEdges(c, dt)
				if err := compareValue(c, s, dt, in, want); err != nil {
					t.Errorf("%s of %v: %v", c.Name, dt, err)
				}
			}
		}
	}
	if n := len(values) + len(byHand); n != len(ops.Table) {
		t.Errorf("%d oracles for %d rows", n, len(ops.Table))
	}
}

func samplesOf(c graphtest.Case) []graphtest.Sample {
	if c.Samples == nil {
		return graphtest.Shapes(c.Inputs)
	}
	return c.Samples
}

func sameSample(a, b graphtest.Sample) bool {
	return slices.Equal(a.Num, b.Num) && slices.EqualFunc(a.Shapes, b.Shapes, slices.Equal)
}

// inputs draws arguments from the row's domain, as the element type holds them.
func inputs(c graphtest.Case, s graphtest.Sample, dt graph.Dtype, seed uint64) (in []array) {
	rng := rand.New(rand.NewPCG(seed, 7))
	for i, d := range s.Shapes {
		a := array{d, make([]float64, size(d))}
		domainOf(c, i).Fill(rng, i, a.x)
		in = append(in, array{d, mapped(a.x, func(x float64) float64 { return stored(dt, x) })})
	}
	return in
}

func domainOf(c graphtest.Case, i int) graphtest.Domain {
	if len(c.Domain) == 0 {
		return graphtest.Normal
	}
	return c.Domain[min(i, len(c.Domain)-1)]
}

// atEdges has all edges, or all pairs or triples of them.
func atEdges(c graphtest.Case, dt graph.Dtype) (graphtest.Sample, []array) {
	n := len(edges)
	var s graphtest.Sample
	if c.Samples != nil {
		s.Num = c.Samples[0].Num
	}
	in := make([]array, c.Inputs)
	for i := range in {
		d := make([]int, c.Inputs)
		for k := range d {
			d[k] = 1
		}
		d[i] = n
		in[i] = array{d, mapped(edges, func(x float64) float64 { return stored(dt, x) })}
		s.Shapes = append(s.Shapes, d)
	}
	return s, in
}

func compareValue(c graphtest.Case, s graphtest.Sample, dt graph.Dtype, in []array, want oracle) error {
	g := graph.New(dt, 1)
	var nodes []*node
	for i, a := range in {
		nodes = append(nodes, g.Param(fmt.Sprint("x", i), graph.From(a.x...), a.dims...))
	}
	y := c.Build(nodes, s.Num)
	p, err := graph.Compile(y)
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		return err
	}
	w := want(in, s.Num)
	if !slices.Equal(y.Shape().Dims(), w.dims) && len(w.dims)+y.Shape().Rank() > 0 {
		return fmt.Errorf("shape %v, want %v", y.Shape(), w.dims)
	}
	eps := map[graph.Dtype]float64{graph.Float64: 0x1p-53, graph.Float32: 0x1p-24}[dt]
	if y.Shape().Rank() == 0 && len(in[0].dims) == 0 {
		eps = 0x1p-53
	}
	tiny := map[graph.Dtype]float64{graph.Float64: 1e-307, graph.Float32: 1e-37}[dt]
	for i, got := range p.Float64s(y) {
		e := w.x[i]
		if got == e || got == stored(dt, e) || math.IsNaN(got) && math.IsNaN(e) {
			continue
		}
		scale := math.Abs(e) + tiny
		if rounded[c.Name] {
			scale = max(1, scale)
		}
		ulps := 16.0
		if inexact[c.Name] {
			ulps = 512
		}
		if !(math.Abs(got-e) <= ulps*eps*scale) {
			return fmt.Errorf("element %d is %v, want %v", i, got, e)
		}
	}
	return nil
}

// stored is x as the element type has it.
func stored(dt graph.Dtype, x float64) float64 {
	if dt == graph.Float32 {
		return float64(float32(x))
	}
	return x
}

// byHand are the rows that take more than numbers; TestByHand has their values.
var byHand = []string{"view", "place", "scatter",
	"conv", "conv_input", "conv_weights", "max_pool", "max_pool_index", "max_unpool", "avg_pool", "avg_pool_grad",
	"adaptive_max_pool", "adaptive_max_pool_index", "adaptive_avg_pool", "adaptive_avg_pool_grad", "global_max_pool", "global_avg_pool"}

func TestByHand(t *testing.T) {
	for name, c := range map[string]struct {
		make func(g *graph.Graph) *node
		want []float64
		dims []int
	}{
		"view of overlapping windows": {func(g *graph.Graph) *node {
			return ops.View(g.Array([]float64{1, 2, 3, 4}, 4), []int{3, 2}, []int{1, 1}, 0)
		},
			[]float64{1, 2, 2, 3, 3, 4}, []int{3, 2}},
		"view from the end": {func(g *graph.Graph) *node {
			return ops.View(g.Array([]float64{1, 2, 3, 4, 5, 6}, 6), []int{3}, []int{-2}, 5)
		},
			[]float64{6, 4, 2}, []int{3}},
		"place that overlaps adds": {func(g *graph.Graph) *node {
			return ops.Place(g.Array([]float64{1, 2, 3, 4, 5, 6}, 3, 2), []int{4}, []int{1, 1}, 0)
		}, []float64{1, 2 + 3, 4 + 5, 6}, []int{4}},
		"convolution that pads with one zero, after": {func(g *graph.Graph) *node {
			return ops.Conv(g.Array([]float64{1, 2, 3}, 1, 1, 3), g.Array([]float64{1, 10}, 1, 1, 2), ops.ConvOptions{Same: true})
		}, []float64{21, 32, 3}, []int{1, 1, 3}},
		"scatter of rows": {func(g *graph.Graph) *node {
			return ops.Scatter(g.Array([]float64{1, 2, 3, 4, 5, 6}, 3, 2), g.Array([]float64{2, 0, 2}, 3), 0, false, 3, 2)
		}, []float64{3, 4, 0, 0, 6, 8}, []int{3, 2}},
		"scatter along an axis": {func(g *graph.Graph) *node {
			return ops.Scatter(g.Array([]float64{1, 2, 3, 4}, 2, 2), g.Array([]float64{0, 1, 0, 0}, 2, 2), 0, true, 2, 2)
		}, []float64{1 + 3, 4, 0, 2}, []int{2, 2}},
	} {
		y := c.make(graph.New(graph.Float64, 1))
		p, err := graph.Compile(y)
		if err == nil {
			err = p.Run()
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := p.Float64s(y); !slices.Equal(got, c.want) || !slices.Equal(y.Shape().Dims(), c.dims) {
			t.Errorf("%s: %v of shape %v, want %v", name, got, y.Shape(), c.want)
		}
	}
}
