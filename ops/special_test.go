package ops_test

import (
	"math"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// specialValues are values and gradients of functions of one or two numbers,
// from mpmath with 40 digits and, at the edges, those of PyTorch and NumPy. What
// the kernels compute is held against internal/kernel/testdata/special.json.
var specialValues = []struct {
	f     any
	in    []float64
	y     float64
	grads []float64
}{
	{ops.Lgamma, []float64{2.5}, 0.28468287047291915963, []float64{0.70315664064524318723}},
	{ops.Digamma, []float64{2.5}, 0.70315664064524318723, []float64{0.490357756100234865}},
	{ops.Gamma, []float64{2.5}, 1.3293403881791370205, []float64{0.934734521626085534}},
	{ops.Polygamma, []float64{1, 2.5}, 0.490357756100234865, []float64{0, -0.236204051641727403}},
	{ops.Betaln, []float64{2, 3}, -2.4849066497880003102, []float64{-13.0 / 12, -7.0 / 12}},
	{ops.Erfc, []float64{10}, 2.0884875837625447570e-45, []float64{-4.19765623135441689e-44}},
	{ops.Erfc, []float64{inf}, 0, []float64{0}},
	{ops.Erfinv, []float64{0.5}, 0.47693627620446987338, []float64{1.1125848189719498}},
	{ops.Erfinv, []float64{1}, inf, []float64{inf}},
	{ops.NormCDF, []float64{-30}, 4.9067139271481870599e-198, []float64{1.4736461348785476e-196}},
	{ops.Logit, []float64{0.500000001}, 3.99999988687227415e-9, []float64{4}},
	{ops.Logit, []float64{1e-300}, -690.775527898213705, []float64{1e300}},
	{ops.Logit, []float64{0.2}, -1.38629436111989055, []float64{6.25}},
	{ops.Logit, []float64{0.74}, 1.04596855518268766, []float64{5.1975051975051975}},
	{ops.Logit, []float64{0}, -inf, []float64{inf}},
	{ops.Logit, []float64{1.5}, nan, nil},
	{ops.LogAddExp, []float64{1, 2}, 2.31326168751822283, []float64{0.26894142136999512, 0.73105857863000488}},
	{ops.LogAddExp, []float64{-1000, -1001}, -999.686738312481777, nil},
	{ops.LogAddExp, []float64{1000, 1000}, 1000.6931471805599453, []float64{0.5, 0.5}},
	{ops.LogAddExp, []float64{inf, inf}, inf, []float64{nan, nan}},
	{ops.LogAddExp, []float64{-inf, -inf}, -inf, []float64{nan, nan}},
	{ops.LogAddExp, []float64{-inf, 2}, 2, []float64{0, 1}},
	{ops.LogAddExp, []float64{nan, 2}, nan, []float64{nan, nan}},
	{ops.Sinc, []float64{0}, 1, []float64{0}},
	{ops.Sinc, []float64{0.3}, 0.85839369133413684, []float64{-0.902028130138888792}},
	{ops.Sinc, []float64{1}, 0, []float64{-1}},
	{ops.Sech, []float64{20}, 4.12230724487711564e-9, []float64{-4.12230724487711564e-9}},
	{ops.Sech, []float64{800}, 0, []float64{0}},
	{ops.Csch, []float64{1e-10}, 9999999999.99999964, []float64{-1e20}},
	{ops.Csch, []float64{-2}, -0.275720564771783208, nil},
	{ops.Coth, []float64{-2}, -1.0373147207275481, []float64{-0.0760218298380710993}},
	{ops.Coth, []float64{20}, 1, []float64{-1.69934170211664e-17}},
	{ops.Asinh, []float64{1e-20}, 9.99999999999999945e-21, []float64{1}},
	{ops.Asinh, []float64{0.3}, 0.295673047563422428, []float64{0.957826285221151396}},
	{ops.Asinh, []float64{-2}, -1.44363547517881034, []float64{0.447213595499957939}},
	{ops.Asinh, []float64{1e8}, 19.1138279245123108, []float64{1e-8}},
	{ops.Asinh, []float64{-1e200}, -461.210165779369082, nil},
	{ops.Asinh, []float64{-inf}, -inf, []float64{0}},
	{ops.Asinh, []float64{nan}, nan, []float64{nan}},
	{ops.Acosh, []float64{1}, 0, []float64{inf}},
	{ops.Acosh, []float64{1.0000001}, 0.000447213591903734727, []float64{2236.06792094530899}},
	{ops.Acosh, []float64{2.5}, 1.56679923697241108, []float64{0.436435780471984763}},
	{ops.Acosh, []float64{1e300}, 691.468675078773651, nil},
	{ops.Acosh, []float64{0.5}, nan, []float64{nan}},
	{ops.Acosh, []float64{-1e300}, nan, nil},
	{ops.Atanh, []float64{1e-20}, 9.99999999999999945e-21, []float64{1}},
	{ops.Atanh, []float64{-0.9}, -1.47221948958322035, []float64{5.26315789473684321}},
	{ops.Atanh, []float64{1}, inf, []float64{inf}},
	{ops.Atanh, []float64{1.5}, nan, nil},
	{ops.XLog1pY, []float64{0, 2}, 0, []float64{1.09861228866810969, 0}},
	{ops.XLog1pY, []float64{0, -1}, 0, []float64{0, nan}},
	{ops.XLog1pY, []float64{2, 1e-20}, 2e-20, []float64{1e-20, 2}},
	{ops.XLog1pY, []float64{0, nan}, nan, nil},
	{ops.Remainder, []float64{5, 3}, 2, []float64{1, -1}},
	{ops.Remainder, []float64{-5, 3}, 1, []float64{1, 2}},
	{ops.Remainder, []float64{5, -3}, -1, []float64{1, 2}},
	{ops.Remainder, []float64{-5, -3}, -2, []float64{1, -1}},
	{ops.Remainder, []float64{6, 3}, 0, []float64{1, -2}},
	{ops.Remainder, []float64{1, 0.1}, 0.09999999999999995, []float64{1, -9}},
	{ops.Remainder, []float64{-1, inf}, inf, nil},
	{ops.Remainder, []float64{3, 0}, nan, nil},
	{ops.Fmod, []float64{5, 3}, 2, []float64{1, -1}},
	{ops.Fmod, []float64{-5, 3}, -2, []float64{1, 1}},
	{ops.Fmod, []float64{5, -3}, 2, []float64{1, 1}},
	{ops.Fmod, []float64{1e20, 3}, 1, nil},
	{ops.Heaviside, []float64{0, 0.3}, 0.3, []float64{0, 1}},
	{ops.Heaviside, []float64{-1, 0.3}, 0, []float64{0, 0}},
	{ops.Heaviside, []float64{2, nan}, 1, []float64{0, 0}},
	{ops.Heaviside, []float64{nan, 0.3}, nan, nil},
	{ops.IsNaN, []float64{nan}, 1, []float64{0}},
	{ops.IsNaN, []float64{inf}, 0, []float64{0}},
	{ops.IsInf, []float64{-inf}, 1, []float64{0}},
	{ops.IsInf, []float64{nan}, 0, []float64{0}},
	{ops.IsFinite, []float64{-1e308}, 1, []float64{0}},
	{ops.IsFinite, []float64{nan}, 0, []float64{0}},
	{ops.IsFinite, []float64{inf}, 0, []float64{0}},
}

var inf, nan = math.Inf(1), math.NaN()

func TestSpecialValues(t *testing.T) {
	for _, c := range specialValues {
		for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
			g := graph.New(dt, 1)
			var in []*node
			for i, x := range c.in {
				if dt == graph.Float32 && x != float64(float32(x)) {
					in = nil
					break
				}
				in = append(in, param(g, string(rune('x'+i)), x, x)) // arrays, which have the graph's type
			}
			if in == nil {
				continue
			}
			y := apply(c.f, in)
			got := graphtest.Values(t, append(graph.Grad(ops.Sum(y), in...), y)...)
			for i, want := range append(append([]float64(nil), c.grads...), c.y) {
				k := i
				if i == len(c.grads) {
					k = len(in)
				}
				bound := map[graph.Dtype]float64{graph.Float64: 4e-15, graph.Float32: 1e-6}[dt]
				floor := map[graph.Dtype]float64{graph.Float32: 1e-37}[dt] // the least normal number, about
				for _, v := range got[k] {
					if v != want && !(v != v && want != want) && !(math.Abs(v-want) <= bound*math.Abs(want)+floor) {
						t.Errorf("%v at %v, %v: number %d is %v, want %v", y, c.in, dt, k, v, want)
					}
				}
			}
		}
	}
}

func apply(f any, in []*node) *node {
	if f, ok := f.(func(*node) *node); ok {
		return f(in[0])
	}
	return f.(func(_, _ *node) *node)(in[0], in[1])
}

// TestDerivativesOfHighOrder takes derivatives again and again.
func TestDerivativesOfHighOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(*node) *node
		x    float64
		want []float64 // by order
	}{
		{"lgamma", ops.Lgamma, 1, []float64{0, -0.57721566490153286, 1.6449340668482264, -2.4041138063191886, 6.4939394022668291, -24.886266123440879}},
		{"sinc", ops.Sinc, 0, []float64{1, 0, -3.2898681336964529, 0, 19.481818206800487, 0}},
	} {
		g := graph.New(graph.Float64, 1)
		x := g.Param("x", graph.From(c.x))
		y := c.f(x)
		for i, want := range c.want {
			if got := graphtest.Values(t, y)[0][0]; math.Abs(got-want) > 1e-14*max(1, math.Abs(want)) {
				t.Errorf("%s: derivative %d is %v, want %v", c.name, i, got, want)
			}
			y = graph.Grad(y, x)[0]
		}
	}
}
