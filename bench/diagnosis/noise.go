// Package diagnosis says what a training is like from inside: how noisy the gradients
// of its batches are, and how curved its loss is.
package diagnosis

import "math"

// Noise learns how much gradients of batches differ. The zero value has seen none.
type Noise struct {
	batches int
	mean    []float64
	around  float64 // sum of squared distances from the mean
}

// Add adds the gradient of one more batch. All batches have as many rows, and no row is
// in two.
func (n *Noise) Add(gradient []float64) {
	if n.mean == nil {
		n.mean = make([]float64, len(gradient))
	}
	n.batches++
	for i, g := range gradient { // Welford 1962: what is the same in all batches leaves exactly 0
		d := g - n.mean[i]
		n.mean[i] += d / float64(n.batches)
		n.around += float64(d * (g - n.mean[i]))
	}
}

// Gradient is the norm of the mean gradient.
func (n *Noise) Gradient() float64 { return math.Sqrt(inner(n.mean, n.mean)) }

// Scale is the simple noise scale tr Σ/‖G‖² in rows: Σ is the covariance of the gradients
// of single rows, G the gradient of all rows. Of the square of a batch's gradient, noise
// is half on average where the batch has so many rows. Each batch has size rows, out of
// all. Where ok is false the scale cannot be told: of fewer than two batches, and where
// ‖G‖² is too small to be found above the noise.
//
// McCandlish et al. 2018, https://arxiv.org/abs/1812.06162, equation 2.9.
func (n *Noise) Scale(size, all int) (scale float64, ok bool) {
	if n.batches < 2 {
		return 0, false
	}
	trace, squared := n.estimates(size, all)
	return trace / squared, squared > 0
}

// estimates returns tr Σ and ‖G‖² without bias, as in the paper's appendix A.1, but that
// the rows are drawn without putting back: the closer their mean is to G, the more of all
// rows they are.
func (n *Noise) estimates(size, all int) (trace, squared float64) {
	seen := float64(n.batches * size)
	trace = float64(size) * n.around / float64(n.batches-1)
	return trace, inner(n.mean, n.mean) - float64(trace/seen*(1-seen/float64(all)))
}

// inner is the inner product.
func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += float64(a[i] * b[i])
	}
	return sum
}
