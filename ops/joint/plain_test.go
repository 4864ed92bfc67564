package joint_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
	"descent/ops/joint"
)

// An oracle is an operation as a plain loop, of operands with their shapes and of the
// numbers of a sample.
type oracle func(in [][]float64, shapes [][]int, num []float64) []float64

var oracles = map[string]oracle{
	"sparsemax": func(in [][]float64, shapes [][]int, num []float64) []float64 {
		axis, d := int(num[0]), shapes[0]
		if axis < 0 {
			axis += len(d)
		}
		inner := graph.Dims(d[axis+1:]...).Size()
		out := make([]float64, len(in[0]))
		for first := range in[0] {
			if first/inner%d[axis] != 0 {
				continue
			}
			var line []float64
			for i := range d[axis] {
				line = append(line, in[0][first+i*inner])
			}
			for i, p := range simplex(line) {
				out[first+i*inner] = p
			}
		}
		return out
	},
	"rank_pairs": func(in [][]float64, shapes [][]int, _ []float64) (out []float64) {
		n := shapes[0][len(shapes[0])-1]
		for at := 0; at < len(in[0]); at += n {
			sum, pairs := 0.0, 0.0
			for i := range n {
				for j := range n {
					if in[1][at+i] > in[1][at+j] {
						sum += math.Log(1 + math.Exp(in[0][at+j]-in[0][at+i]))
						pairs++
					}
				}
			}
			out = append(out, sum/math.Max(pairs, 1))
		}
		return out
	},
	"cox": func(in [][]float64, _ [][]int, _ []float64) []float64 { return partial(in[0], in[1], in[2], false) },
	"info_nce": func(in [][]float64, shapes [][]int, num []float64) (out []float64) {
		n, d, temperature := shapes[0][0], shapes[0][1], 0.1
		if len(num) > 0 {
			temperature = num[0]
		}
		cos := func(i, j int) float64 {
			ab, aa, bb := 0.0, 0.0, 0.0
			for k := range d {
				a, b := in[0][i*d+k], in[1][j*d+k]
				ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
			}
			return ab / math.Sqrt(aa*bb)
		}
		for i := range n {
			sum := 0.0
			for j := range n {
				sum += math.Exp(cos(i, j) / temperature)
			}
			out = append(out, math.Log(sum)-cos(i, i)/temperature)
		}
		return out
	},
	"batch_triplet": func(in [][]float64, shapes [][]int, num []float64) (out []float64) {
		n, d, margin := shapes[0][0], shapes[0][1], 1.0
		if len(num) > 0 {
			margin = num[0]
		}
		for i := range n {
			p, q := math.Inf(-1), math.Inf(1)
			for j := range n {
				far := 0.0
				for k := range d {
					far += math.Pow(in[0][i*d+k]-in[0][j*d+k], 2)
				}
				switch far = math.Sqrt(far); {
				case in[1][i] != in[1][j]:
					q = math.Min(q, far)
				case i != j:
					p = math.Max(p, far)
				}
			}
			out = append(out, math.Max(0, margin+p-q))
		}
		return out
	},
	"ctc": func(in [][]float64, shapes [][]int, num []float64) (out []float64) {
		n, classes, most, blank := shapes[0][1], shapes[0][2], shapes[1][1], 0
		if len(num) > 0 {
			blank = int(num[0])
		}
		for i := range n {
			steps, length, sum := int(in[2][i]), int(in[3][i]), 0.0
			path := make([]int, steps)
			for { // all that may be said
				if slices.Equal(collapsed(path, blank), in[1][i*most:][:length]) {
					p := 0.0
					for t, c := range path {
						p += in[0][(t*n+i)*classes+c]
					}
					sum += math.Exp(p)
				}
				if !next(path, classes) {
					break
				}
			}
			out = append(out, -math.Log(sum))
		}
		return out
	},
}

// simplex are the probabilities nearest to x, by halving an interval for τ.
func simplex(x []float64) (p []float64) {
	lo, hi := slices.Min(x)-1, slices.Max(x)
	for range 200 {
		mid, sum := (lo+hi)/2, 0.0
		for _, v := range x {
			sum += math.Max(0, v-mid)
		}
		if sum > 1 {
			lo = mid
		} else {
			hi = mid
		}
	}
	for _, v := range x {
		p = append(p, math.Max(0, v-lo))
	}
	return p
}

// collapsed is what is left of a path without repetitions and blanks.
func collapsed(path []int, blank int) []float64 {
	left := []float64{}
	for t, c := range path {
		if c != blank && (t == 0 || path[t-1] != c) {
			left = append(left, float64(c))
		}
	}
	return left
}

// next counts on; it reports whether there was more.
func next(path []int, classes int) bool {
	for t := range path {
		if path[t]++; path[t] < classes {
			return true
		}
		path[t] = 0
	}
	return false
}

// partial is Cox's partial likelihood.
func partial(score, time, event []float64, efron bool) []float64 {
	out := make([]float64, len(score))
	for i := range score {
		if event[i] == 0 {
			continue
		}
		risk, tied, deaths, before := 0.0, 0.0, 0.0, 0.0
		for j := range score {
			if time[j] >= time[i] {
				risk += math.Exp(score[j])
			}
			if time[j] == time[i] && event[j] == 1 {
				tied += math.Exp(score[j])
				deaths++
				if j < i {
					before++
				}
			}
		}
		if efron {
			risk -= before / deaths * tied
		}
		out[i] = math.Log(risk) - score[i]
	}
	return out
}

func TestPlainLoops(t *testing.T) {
	for _, c := range ops.Cases(joint.Table) {
		f := oracles[c.Name]
		if f == nil {
			t.Errorf("%s has no oracle", c.Name)
			continue
		}
		for i, s := range c.Samples {
			if s.Build != nil { // Efron's
				f = func(in [][]float64, _ [][]int, _ []float64) []float64 { return partial(in[0], in[1], in[2], true) }
			}
			rng := rand.New(rand.NewPCG(uint64(i), 3))
			g := graph.New(graph.Float64, 1)
			var in []*node
			var x [][]float64
			for k, d := range s.Shapes {
				v := make([]float64, graph.Dims(d...).Size())
				c.At(k).Fill(rng, k, v)
				x, in = append(x, v), append(in, g.Param(string(rune('a'+k)), graph.From(v...), d...))
			}
			if len(x[0]) == 0 {
				continue
			}
			near(t, c.Name, graphtest.Values(t, c.Node(s, in))[0], f(x, s.Shapes, s.Num))
		}
	}
}

func near(t *testing.T, name string, got, want []float64) {
	t.Helper()
	for i, w := range want {
		if len(got) != len(want) || !(math.Abs(got[i]-w) <= 1e-11*(1+math.Abs(w)) || got[i] == w) {
			t.Errorf("%s: %v, want %v", name, got, want)
			return
		}
	}
}

// TestCoxOfR compares with what R's coxph gives: a data set of six rows whose solution is a
// closed form (T. Therneau, survival, vignette "validation", test 1), and the remission times
// of Freireich et al. 1963 (MASS::gehan).
func TestCoxOfR(t *testing.T) {
	gehanTime := []float64{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23, 6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35}
	gehanEvent := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}
	gehanX := append(slices.Repeat([]float64{1}, 21), slices.Repeat([]float64{0}, 21)...)
	six := [][]float64{{1, 1, 6, 6, 8, 9}, {1, 0, 1, 1, 0, 1}, {1, 1, 1, 0, 0, 0}}
	for _, c := range []struct {
		name           string
		time, event, x []float64
		efron          bool
		b, se          float64 // the coefficient and its standard error
		at0, best      float64 // log likelihoods, 0 for those that are not known
		tolerance      float64
	}{
		{"six, breslow", six[0], six[1], six[2], false, math.Log((3 + math.Sqrt(33)) / 2), 0, -4.564348, -3.824750, 1e-6},
		{"six, efron", six[0], six[1], six[2], true, 1.676857, 0, -4.276666, 0, 1e-6},
		{"gehan, breslow", gehanTime, gehanEvent, gehanX, false, 1.5092, 0.4096, 0, 0, 1e-4},
		{"gehan, efron", gehanTime, gehanEvent, gehanX, true, 1.5721, 0.4124, 0, 0, 1e-4},
	} {
		g := graph.New(graph.Float64, 1)
		b := g.Input("b")
		loss := ops.Sum(joint.Cox(ops.Mul(b, g.Array(c.x, len(c.x))), g.Array(c.time, len(c.x)), g.Array(c.event, len(c.x)), c.efron))
		slope := graph.Grad(loss, b)[0]
		p, err := graph.Compile(loss, slope, graph.Grad(slope, b)[0])
		if err != nil {
			t.Fatal(err)
		}
		at, outs := 0.0, []float64{0, 0, 0}
		for step := range 20 { // Newton's
			if err := p.Run(graph.Let(b, []float64{at})); err != nil {
				t.Fatal(err)
			}
			outs = []float64{p.Scalar(loss), p.Scalar(slope), 0}
			outs[2] = p.Scalar(graph.Grad(slope, b)[0])
			if step == 0 && c.at0 != 0 && math.Abs(-outs[0]-c.at0) > c.tolerance {
				t.Errorf("%s: %v at 0, R has %v", c.name, -outs[0], c.at0)
			}
			at -= outs[1] / outs[2]
		}
		if math.Abs(at-c.b) > c.tolerance || c.best != 0 && math.Abs(-outs[0]-c.best) > c.tolerance || c.se != 0 && math.Abs(1/math.Sqrt(outs[2])-c.se) > c.tolerance {
			t.Errorf("%s: %v ± %v with %v, R has %v ± %v with %v", c.name, at, 1/math.Sqrt(outs[2]), -outs[0], c.b, c.se, c.best)
		}
	}
}

// Sparsemax of what is large, infinite or no number.
func TestSparsemaxFarOut(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ x, want []float64 }{
		{[]float64{1e35, 1e35, 9e34}, []float64{0.5, 0.5, 0}},
		{[]float64{1000.25, 1000, -1e38}, []float64{0.625, 0.375, 0}},
		{[]float64{0.5, -inf, 0}, []float64{0.75, 0, 0.25}},
		{[]float64{1, nan, 0}, []float64{nan, nan, nan}},
	} {
		for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
			y := joint.Sparsemax(graph.New(dt, 1).Param("x", graph.From(c.x...), 3), 0)
			for i, got := range graphtest.Values(t, y)[0] {
				if w := c.want[i]; got != w && !(math.IsNaN(got) && math.IsNaN(w)) {
					t.Errorf("%v of %v: element %d is %v, want %v", c.x, dt, i, got, w)
				}
			}
		}
	}
}
