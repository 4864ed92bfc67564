package optimizers

import (
	"errors"
	"math"
)

var (
	errNoHVP       = errors.New("optimizers: this method needs Hessian-vector products; ProblemOf provides them")
	errNoResiduals = errors.New("optimizers: this method needs residuals; ResidualProblem provides them")
)

// LevenbergMarquardt minimises ½Σr² by steps that solve
//
//	min ‖J·d + r‖² + λ·‖D·d‖²
//
// with a QR factorisation, where D holds the largest column norms of J so far,
// as in MINPACK, so that the method does not depend on the units of the
// parameters. λ follows the ratio of the actual to the predicted fall, and no
// step is longer than twice the longest before it, the first not longer than
// the start itself: a long first step can end on a plateau.
// Moré 1978, https://doi.org/10.1007/BFb0067700; Nielsen 1999.
type LevenbergMarquardt struct {
	Lambda float64 // first λ; 0 is 1e-3
}

// Search implements [Method]. It needs Problem.Residuals.
func (m LevenbergMarquardt) Search(run *Run) Reason {
	p := run.Problem
	if p.Residuals == nil {
		panic(evalError{errNoResiduals})
	}
	n, rows := len(p.Start), p.Count
	x, trial := run.Start(), make([]float64, n)
	r, jac := make([]float64, rows), make([]float64, rows*n)
	grad, diag := make([]float64, n), make([]float64, n)
	lambda, grow := m.Lambda, 2.0
	if lambda == 0 {
		lambda = 1e-3
	}
	f := linearise(run, x, r, jac, grad, diag)
	if run.Visit(x, f, grad) {
		return Finished
	}
	leash := scaledNorm(diag, x)
	if leash == 0 {
		leash = 1
	}
	for !run.Exhausted() {
		if newton := damped(jac, r, diag, 0, rows, n); predicted(jac, r, newton, rows, n) <= 1e-12*f {
			return polish(run, x, newton, r, jac, grad, diag)
		}
		d := damped(jac, r, diag, lambda, rows, n)
		length := scaledNorm(diag, d)
		if length > leash {
			lambda *= 2
			continue
		}
		axpy(trial, x, 1, d)
		if stepVanishes(x, d) {
			return NoProgress // nothing lower can be represented
		}
		fall := f - run.Value(trial)
		if !(fall > 0) || !(fall > 1e-4*predicted(jac, r, d, rows, n)) {
			lambda *= grow
			grow *= 2
			if math.IsInf(lambda, 1) {
				return NoProgress
			}
			continue
		}
		ratio := fall / predicted(jac, r, d, rows, n)
		lambda = max(lambda*max(0.1, 1-math.Pow(2*ratio-1, 3)), 1e-300)
		grow = 2
		leash = max(leash, 2*length)
		copy(x, trial)
		f = linearise(run, x, r, jac, grad, diag)
		if run.Visit(x, f, grad) {
			return Finished
		}
	}
	return Finished
}

// polish takes undamped steps where the value is too flat to compare, as long
// as they become shorter: the last digits of the parameters.
func polish(run *Run, x, d, r, jac, grad, diag []float64) Reason {
	n := len(x)
	before := math.Inf(1)
	for {
		size := scaledNorm(diag, d)
		if !(size < before/2) || stepVanishes(x, d) {
			return ChangeSmall
		}
		before = size
		axpy(x, x, 1, d)
		f := linearise(run, x, r, jac, grad, diag)
		run.settle(x, f)
		if run.Visit(x, f, grad) {
			return Finished
		}
		d = damped(jac, r, diag, 0, len(r), n)
	}
}

// linearise evaluates residuals, Jacobian and gradient Jᵀr, and raises the
// scales to the norms of J's columns. It returns ½Σr².
func linearise(run *Run, x, r, jac, grad, diag []float64) float64 {
	run.Problem.Residuals(x, r, jac)
	run.res.Evaluations++
	n := len(x)
	for k := range n {
		g, s := 0.0, 0.0
		for i := range r {
			j := jac[i*n+k]
			g += j * r[i]
			s += j * j
		}
		grad[k] = g
		diag[k] = max(diag[k], math.Sqrt(s))
	}
	return run.keep(x, 0.5*dot(r, r))
}

// predicted returns by how much ½Σr² falls if the residuals are linear.
func predicted(jac, r, d []float64, rows, n int) float64 {
	fall := 0.0
	for i := range rows {
		jd := dot(jac[i*n:(i+1)*n], d)
		fall -= jd * (r[i] + 0.5*jd)
	}
	return fall
}

// scaledNorm returns ‖D·d‖.
func scaledNorm(diag, d []float64) (size float64) {
	for k := range d {
		size = math.Hypot(size, d[k]*diag[k])
	}
	return size
}

func stepVanishes(x, d []float64) bool {
	for i := range x {
		if x[i]+d[i] != x[i] {
			return false
		}
	}
	return true
}

// damped solves the least-squares problem [J; √λ·D]·d = [-r; 0] by Householder
// reflections. A parameter that nothing depends on does not move.
func damped(jac, r, diag []float64, lambda float64, rows, n int) []float64 {
	m := rows + n
	a := make([]float64, m*n) // by columns
	b := make([]float64, m)
	for k := range n {
		for i := range rows {
			a[k*m+i] = jac[i*n+k]
		}
		s := diag[k]
		if s == 0 {
			s = 1
		}
		a[k*m+rows+k] = math.Sqrt(lambda) * s
	}
	for i := range rows {
		b[i] = -r[i]
	}
	for k := range n {
		householder(a[k*m:(k+1)*m], a[(k+1)*m:], b, m, k)
	}
	d := make([]float64, n)
	for k := n - 1; k >= 0; k-- {
		s := b[k]
		for j := k + 1; j < n; j++ {
			s -= a[j*m+k] * d[j]
		}
		if diagonal := a[k*m+k]; diagonal != 0 {
			d[k] = s / diagonal
		}
	}
	return d
}

// householder zeroes col below element k and applies the same reflection to the
// columns after it and to b.
func householder(col, rest, b []float64, m, k int) {
	norm := 0.0
	for _, v := range col[k:] {
		norm = math.Hypot(norm, v)
	}
	if norm == 0 {
		return
	}
	if col[k] > 0 {
		norm = -norm
	}
	v := append([]float64(nil), col[k:]...)
	v[0] -= norm
	vv := dot(v, v)
	apply := func(c []float64) {
		t := 2 * dot(v, c) / vv
		axpy(c, c, -t, v)
	}
	apply(col[k:])
	for at := 0; at < len(rest); at += m {
		apply(rest[at+k : at+m])
	}
	apply(b[k:m])
}
