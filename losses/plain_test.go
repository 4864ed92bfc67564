package losses_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/spec"
	"descent/losses"
)

// The value of every loss in the table, with every setting of its examples and
// every reduction, by a plain loop written from its formula. That the gradients
// are those of the value is TestDerivatives' business, and PyTorch's numbers
// are a second opinion where it has the loss.

// each is what a loss is before its reduction: a number for each element or
// sample, and what the mean is divided by.
type each struct {
	loss   []float64
	weight float64
}

type plain func(in []array, a spec.Args) each

// elementwise is a plain loss of one prediction and one target.
func elementwise(f func(x, y float64, a spec.Args) float64) plain {
	return func(in []array, a spec.Args) (e each) {
		for i, x := range in[0].Data {
			loss := f(x, in[1].Data[i], a)
			e.loss = append(e.loss, loss*weightAt(a, "weight", i))
		}
		e.weight = float64(len(e.loss))
		return e
	}
}

// weightAt is the weight of the i-th element's column, if the loss has any.
func weightAt(a spec.Args, name string, i int) float64 {
	for _, s := range a.Row().Settings {
		if s.Name == name && a.List(name) != nil {
			return a.List(name)[i%len(a.List(name))]
		}
	}
	return 1
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) } // moderate x only

func crossEntropy2(x, t float64) float64 {
	return -t*math.Log(logistic(x)) - (1-t)*math.Log(1-logistic(x))
}

var plains = map[string]plain{
	"mse":   elementwise(func(x, y float64, _ spec.Args) float64 { return (x - y) * (x - y) }),
	"mae":   elementwise(func(x, y float64, _ spec.Args) float64 { return math.Abs(x - y) }),
	"huber": elementwise(func(x, y float64, a spec.Args) float64 { return huberOf(math.Abs(x-y), a.Number("delta")) }),
	"smooth_l1": elementwise(func(x, y float64, a spec.Args) float64 {
		if beta := a.Number("beta"); beta > 0 {
			return huberOf(math.Abs(x-y), beta) / beta
		}
		return math.Abs(x - y)
	}),
	"log_cosh": elementwise(func(x, y float64, _ spec.Args) float64 { return math.Log(math.Cosh(x - y)) }),
	"quantile": elementwise(func(x, y float64, a spec.Args) float64 {
		if y > x {
			return a.Number("tau") * (y - x)
		}
		return (1 - a.Number("tau")) * (x - y)
	}),
	"poisson_nll": elementwise(func(x, y float64, a spec.Args) float64 {
		loss := math.Exp(x) - y*x
		if !a.Flag("log_input") {
			loss = x - y*math.Log(x+a.Number("eps"))
		}
		if a.Flag("full") && y > 1 {
			loss += y*math.Log(y) - y + math.Log(2*math.Pi*y)/2
		}
		return loss
	}),
	"gaussian_nll": gaussian,
	"negative_binomial_nll": elementwise(func(x, y float64, a spec.Args) float64 {
		r, mean := 1/a.Number("alpha"), math.Exp(x) // y failures before the r-th success
		loss := (y+r)*math.Log(r+mean) - y*x - r*math.Log(r)
		if a.Flag("full") {
			return loss + logGamma(r) + logGamma(y+1) - logGamma(y+r)
		}
		return loss - y*math.Log(r)
	}),
	"gamma_nll": elementwise(func(x, y float64, a spec.Args) float64 {
		k, scale := a.Number("shape"), math.Exp(x)/a.Number("shape")
		loss := k*math.Log(scale) + y/scale
		if a.Flag("full") {
			return loss + logGamma(k) - (k-1)*math.Log(y)
		}
		return loss + k*math.Log(k)
	}),
	"beta_nll": elementwise(func(x, y float64, a spec.Args) float64 {
		alpha := a.Number("precision") * logistic(x)
		beta := a.Number("precision") - alpha
		return logGamma(alpha) + logGamma(beta) - logGamma(alpha+beta) - (alpha-1)*math.Log(y) - (beta-1)*math.Log(1-y)
	}),
	"student_nll": elementwise(func(x, y float64, a spec.Args) float64 {
		df, s := a.Number("df"), a.Number("scale")
		loss := math.Log(s) + (df+1)/2*math.Log(1+(y-x)*(y-x)/(s*s*df))
		if a.Flag("full") {
			loss += logGamma(df/2) - logGamma((df+1)/2) + math.Log(df*math.Pi)/2
		}
		return loss
	}),
	"sparsemax_loss": sparsemax,
	"kl": elementwise(func(x, y float64, a spec.Args) float64 {
		if a.Flag("log_target") {
			return math.Exp(y) * (y - x)
		}
		return y * (math.Log(y) - x)
	}),
	"hinge":         elementwise(func(x, y float64, _ spec.Args) float64 { return math.Max(0, 1-x*y) }),
	"squared_hinge": elementwise(func(x, y float64, _ spec.Args) float64 { return math.Pow(math.Max(0, 1-x*y), 2) }),
	"perceptron":    elementwise(func(x, y float64, _ spec.Args) float64 { return math.Max(0, -x*y) }),
	"soft_margin":   elementwise(func(x, y float64, _ spec.Args) float64 { return math.Log(1 + math.Exp(-x*y)) }),
	"hinge_embedding": elementwise(func(x, y float64, a spec.Args) float64 {
		if y == 1 {
			return x
		}
		return math.Max(0, a.Number("margin")-x)
	}),
	"bce": elementwise(func(p, t float64, _ spec.Args) float64 { return -t*math.Log(p) - (1-t)*math.Log(1-p) }),
	"bce_logits": func(in []array, a spec.Args) each {
		at := -1 // of the element
		return elementwise(func(x, t float64, a spec.Args) float64 {
			at++
			return -weightAt(a, "pos_weight", at)*t*math.Log(logistic(x)) - (1-t)*math.Log(logistic(-x))
		})(in, a)
	},
	"focal": elementwise(func(x, t float64, a spec.Args) float64 {
		p := logistic(x)
		missed := p*(1-t) + (1-p)*t
		loss := math.Pow(missed, a.Number("gamma")) * crossEntropy2(x, t)
		if alpha := a.Number("alpha"); alpha >= 0 {
			loss *= alpha*t + (1-alpha)*(1-t)
		}
		return loss
	}),
	"cross_entropy": func(in []array, a spec.Args) each {
		return byClass(in, func(z []float64) []float64 {
			sum := 0.0
			for _, v := range z {
				sum += math.Exp(v)
			}
			logp := make([]float64, len(z))
			for c, v := range z {
				logp[c] = v - math.Log(sum)
			}
			return logp
		}, a.List("weight"), a.Number("label_smoothing"))
	},
	"nll": func(in []array, a spec.Args) each {
		return byClass(in, func(logp []float64) []float64 { return logp }, a.List("weight"), 0)
	},
	"multi_margin":           multiMargin,
	"multilabel_soft_margin": multiLabel,
	"margin_ranking": func(in []array, a spec.Args) (e each) {
		for i, s := range in[2].Data {
			e.loss = append(e.loss, math.Max(0, a.Number("margin")-s*(in[0].Data[i]-in[1].Data[i])))
		}
		return each{e.loss, float64(len(e.loss))}
	},
	"cosine_embedding": func(in []array, a spec.Args) each {
		return byRow(in, func(x, y []float64, alike float64) float64 {
			cos := inner(x, y) / math.Sqrt((inner(x, x)+1e-12)*(inner(y, y)+1e-12)) // as PyTorch
			if alike == 1 {
				return 1 - cos
			}
			return math.Max(0, cos-a.Number("margin"))
		})
	},
	"triplet": triplet,
}

func logGamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

// sparsemax is ½Σ(z²-τ²) + ½ - z_y over the scores z above τ, which leave 1 above it.
func sparsemax(in []array, _ spec.Args) (e each) {
	scores(in[0], func(sample int, z []float64) {
		y := int(in[1].Data[sample])
		down := slices.Sorted(slices.Values(z))
		slices.Reverse(down)
		tau, sum := 0.0, 0.0
		for k, v := range down {
			if sum += v; 1+float64(k+1)*v > sum {
				tau = (sum - 1) / float64(k+1)
			}
		}
		loss := 0.5 - z[y]
		for _, v := range z {
			if v > tau {
				loss += (v*v - tau*tau) / 2
			}
		}
		e.loss = append(e.loss, loss)
		e.weight++
	})
	return e
}

func huberOf(r, delta float64) float64 {
	if r < delta {
		return r * r / 2
	}
	return delta * (r - delta/2)
}

// gaussian takes means and then logarithms of variances along the last axis.
func gaussian(in []array, a spec.Args) (e each) {
	n := in[1].Dims[len(in[1].Dims)-1]
	for i, y := range in[1].Data {
		row, k := i/n, i%n
		mean, v := in[0].Data[2*n*row+k], math.Max(math.Exp(in[0].Data[2*n*row+n+k]), a.Number("eps"))
		loss := (math.Log(v) + (mean-y)*(mean-y)/v) / 2
		if a.Flag("full") {
			loss += math.Log(2*math.Pi) / 2
		}
		e.loss = append(e.loss, loss)
	}
	return each{e.loss, float64(len(e.loss))}
}

// scores calls f with the numbers of the classes of each sample: the classes
// are axis 1, or the only one.
func scores(x array, f func(sample int, z []float64)) {
	d := append(slices.Clone(x.Dims), 1)
	if len(x.Dims) == 1 {
		d = []int{1, x.Dims[0], 1}
	}
	rest := 1
	for _, n := range d[2:] {
		rest *= n
	}
	for i := range d[0] {
		for j := range rest {
			var z []float64
			for c := range d[1] {
				z = append(z, x.Data[(i*d[1]+c)*rest+j])
			}
			f(i*rest+j, z)
		}
	}
}

// byClass is the cross-entropy of the log-probabilities that logp makes of a
// sample's numbers.
func byClass(in []array, logp func(z []float64) []float64, weight []float64, smoothing float64) (e each) {
	shares := map[int][]float64{} // of each sample, if the target is probabilities
	if !in[1].Index {
		scores(in[1], func(sample int, t []float64) { shares[sample] = t })
	}
	scores(in[0], func(sample int, z []float64) {
		of := func(c int) float64 {
			if weight == nil {
				return 1
			}
			return weight[c]
		}
		share, n := shares[sample], 1.0
		if share == nil {
			y := int(in[1].Data[sample])
			share, n = make([]float64, len(z)), of(y)
			share[y] = 1
		}
		loss := 0.0
		for c, l := range logp(z) {
			loss -= of(c) * l * (share[c]*(1-smoothing) + smoothing/float64(len(z)))
		}
		e.loss = append(e.loss, loss)
		e.weight += n
	})
	return e
}

func multiMargin(in []array, a spec.Args) (e each) {
	scores(in[0], func(sample int, z []float64) {
		y, loss := int(in[1].Data[sample]), 0.0
		for c, v := range z {
			if c != y {
				loss += math.Pow(math.Max(0, a.Number("margin")-z[y]+v), a.Number("p")) / float64(len(z))
			}
		}
		e.loss = append(e.loss, loss*weightAt(a, "weight", y))
	})
	return each{e.loss, float64(len(e.loss))}
}

func multiLabel(in []array, a spec.Args) (e each) {
	n := in[0].Dims[len(in[0].Dims)-1]
	for i := 0; i < len(in[0].Data); i += n {
		loss := 0.0
		for c := range n {
			loss += weightAt(a, "weight", c) * crossEntropy2(in[0].Data[i+c], in[1].Data[i+c]) / float64(n)
		}
		e.loss = append(e.loss, loss)
	}
	return each{e.loss, float64(len(e.loss))}
}

// byRow is a loss of two vectors, along the last axis, and a number.
func byRow(in []array, f func(x, y []float64, s float64) float64) (e each) {
	n := in[0].Dims[len(in[0].Dims)-1]
	for i, s := range in[2].Data {
		e.loss = append(e.loss, f(in[0].Data[i*n:(i+1)*n], in[1].Data[i*n:(i+1)*n], s))
	}
	return each{e.loss, float64(len(e.loss))}
}

func inner(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

func triplet(in []array, a spec.Args) (e each) {
	n := in[0].Dims[len(in[0].Dims)-1]
	distance := func(x, y []float64) float64 {
		sum := 0.0
		for i := range x {
			sum += math.Pow(math.Abs(x[i]-y[i]+a.Number("eps")), a.Number("p"))
		}
		return math.Pow(sum, 1/a.Number("p"))
	}
	for i := 0; i < len(in[0].Data); i += n {
		anchor, pos, neg := in[0].Data[i:i+n], in[1].Data[i:i+n], in[2].Data[i:i+n]
		far := distance(anchor, neg)
		if a.Flag("swap") {
			far = math.Min(far, distance(pos, neg))
		}
		e.loss = append(e.loss, math.Max(0, a.Number("margin")+distance(anchor, pos)-far))
	}
	return each{e.loss, float64(len(e.loss))}
}

// reduced is the value of a loss with a reduction.
func (e each) reduced(reduction string, first int) []float64 {
	sum := 0.0
	for _, v := range e.loss {
		sum += v
	}
	switch reduction {
	case "sum":
		return []float64{sum}
	case "batchmean":
		return []float64{sum / float64(first)}
	case "none":
		return e.loss
	}
	return []float64{sum / e.weight}
}

func TestPlainLoops(t *testing.T) {
	for _, row := range losses.Table {
		if plains[row.Name] == nil {
			t.Errorf("%s has no plain loop: write its formula into plains", row.Name)
		}
	}
	if len(plains) != len(losses.Table) {
		t.Errorf("%d plain loops for %d losses", len(plains), len(losses.Table))
	}
	for _, c := range losses.Cases() {
		text := strings.TrimSuffix(c.Name, " of probabilities")
		for _, reduction := range []string{"mean", "sum", "none", "batchmean"} {
			s := withReduction(t, text, reduction)
			for i, sample := range c.Samples {
				in := draw(c, sample, uint64(i))
				got, err := run(graph.Float64, named(t, s), in...)
				if err != nil {
					t.Errorf("%s: %v", s, err)
					continue
				}
				l, _ := losses.ByName(s)
				e := plains[l.Name](in, l.Args)
				first := 1 // of the losses' axes; those of one sample have none
				if n := len(e.loss); len(sample.Shapes[0]) > 1 || n == len(in[0].Data) {
					first = sample.Shapes[0][0]
				}
				if d := differ(got.value, e.reduced(reduction, first), 1e-13); d != "" {
					t.Errorf("%s, shapes %v: %s", s, sample.Shapes, d)
				}
			}
		}
	}
}

// withReduction is the text of a loss with another reduction.
func withReduction(t *testing.T, text, reduction string) string {
	t.Helper()
	text = strings.TrimSuffix(text, ")")
	for _, r := range []string{"mean", "sum", "none", "batchmean"} {
		text = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(text, "reduction="+r), ", "), "(")
	}
	if strings.Contains(text, "(") {
		return text + ", reduction=" + reduction + ")"
	}
	return text + "(reduction=" + reduction + ")"
}

// draw makes the arrays of a case's sample.
func draw(c graphtest.Case, s graphtest.Sample, seed uint64) (in []array) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for i, dims := range s.Shapes {
		d := c.Domain[min(i, len(c.Domain)-1)]
		n := 1
		for _, k := range dims {
			n *= k
		}
		a := array{Dims: dims, Data: make(numbers, n), Index: d.Index}
		d.Fill(rng, i, a.Data)
		in = append(in, a)
	}
	return in
}
