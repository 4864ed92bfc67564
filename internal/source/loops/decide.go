package loops

import "math"

// What a model's output stands for, as packages train and score compute it.

// softmaxWide replaces n numbers by their softmax.
func softmaxWide(p []float64, n int) {
	top, sum := math.Inf(-1), 0.0
	for k := 0; k < n; k++ {
		top = max(top, p[k])
	}
	for k := 0; k < n; k++ {
		p[k] = Exp(p[k] - top)
		sum += p[k]
	}
	for k := 0; k < n; k++ {
		p[k] /= sum
	}
}

// normalize divides n probabilities by their sum.
func normalize(p []float64, n int) {
	sum := 0.0
	for k := 0; k < n; k++ {
		sum += p[k]
	}
	for k := 0; k < n; k++ {
		p[k] /= sum
	}
}

// first returns the place of the first of the largest of n numbers.
func first(x []float64, n int) int {
	best := 0
	for k := 1; k < n; k++ {
		if x[k] > x[best] || x[best] != x[best] {
			best = k
		}
	}
	return best
}

// The calibrations of package score.

// logOf is the logarithm of a probability, of 1e-9 at least.
func logOf(p float64) float64 { return Log(max(p, 1e-9)) }

// divide divides n probabilities by the weights of their classes.
func divide(p, by []float64, n int) {
	for k := 0; k < n; k++ {
		p[k] /= by[k]
	}
	normalize(p, n)
}

// temper makes n probabilities the softmax of their logarithms, divided by a temperature.
func temper(p []float64, n int, temperature float64) {
	top := math.Inf(-1)
	for k := 0; k < n; k++ {
		top = max(top, p[k])
	}
	top = logOf(top)
	for k := 0; k < n; k++ {
		p[k] = Exp((logOf(p[k]) - top) / temperature)
	}
	normalize(p, n)
}

// alongLine returns the probability whose logit is on a line over that of p.
func alongLine(p, slope, offset float64) float64 {
	return Sigmoid(float64(slope*(logOf(p)-logOf(1-p))) + offset)
}

// climb returns the height at p of a curve through n points.
func climb(p float64, x, y []float64, n int) float64 {
	i := 0
	for i < n && x[i] < p {
		i++
	}
	if i == 0 {
		return y[0]
	}
	if i == n {
		return y[n-1]
	}
	if x[i] == p {
		return y[i]
	}
	return y[i-1] + float64((y[i]-y[i-1])*(p-x[i-1])/(x[i]-x[i-1]))
}

// settle divides n probabilities by their sum; if no class has any, all have the same.
func settle(p []float64, n int) {
	sum := 0.0
	for k := 0; k < n; k++ {
		sum += p[k]
	}
	for k := 0; k < n && sum == 0; k++ {
		p[k] = 1
	}
	normalize(p, n)
}

// favoured returns the place of the largest of n probabilities times their weights.
func favoured(p, weights []float64, n int) int {
	best, most := 0, math.Inf(-1)
	for k := 0; k < n; k++ {
		if x := float64(p[k] * weights[k]); x > most {
			best, most = k, x
		}
	}
	return best
}
