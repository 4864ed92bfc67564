package search

import (
	"math"
	"math/rand/v2"
	"sort"

	"descent/internal/elementary"

	"gonum.org/v1/gonum/mat"
)

// CMAES is the evolution strategy with covariance matrix adaptation: it needs
// no gradient and survives many local minima. Gonum's draws without regard to
// its step size, so this is ours. Hansen 2016, https://arxiv.org/abs/1604.00772.
type CMAES struct {
	Sigma      float64 `help:"first step; 0 is 0.5" range:"[0,inf)"`
	Population int     `help:"points of a generation; 0 is 4 + 3·log n" range:"[0,inf)"`
	Seed       uint64
}

// cma is the state of a search, in the paper's symbols.
type cma struct {
	n, lambda           int
	w                   []float64
	mu, cc, cs, c1, cmu float64
	damp, chi, sigma    float64
	mean, pc, ps        []float64
	c                   *mat.SymDense
	b                   mat.Dense // eigenvectors of c
	d                   []float64 // roots of its eigenvalues
	generation          int
}

func (m CMAES) start(x []float64) *cma {
	n := float64(len(x))
	s := &cma{n: len(x), lambda: m.Population, sigma: m.Sigma, mean: x,
		pc: make([]float64, len(x)), ps: make([]float64, len(x)), c: mat.NewSymDense(len(x), nil)}
	if s.sigma == 0 {
		s.sigma = 0.5
	}
	if s.lambda == 0 {
		s.lambda = 4 + int(3*elementary.Log(n))
	}
	s.lambda = max(s.lambda, 4)
	total, squares := 0.0, 0.0
	for i := range s.lambda / 2 {
		v := elementary.Log(float64(float64(s.lambda)/2)+0.5) - elementary.Log(float64(i+1))
		s.w = append(s.w, v)
		total += v
	}
	for i := range s.w {
		s.w[i] /= total
		squares += float64(s.w[i] * s.w[i])
	}
	s.mu = 1 / squares
	s.cc = (4 + s.mu/n) / (n + 4 + 2*s.mu/n)
	s.cs = (s.mu + 2) / (n + s.mu + 5)
	s.c1 = 2 / (float64((n+1.3)*(n+1.3)) + s.mu)
	s.cmu = min(1-s.c1, 2*(s.mu-2+1/s.mu)/(float64((n+2)*(n+2))+s.mu))
	s.damp = 1 + float64(2*max(0, math.Sqrt((s.mu-1)/(n+1))-1)) + s.cs
	s.chi = math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))
	for i := range s.n {
		s.c.SetSym(i, i, 1)
	}
	return s
}

// sample is a point: z is standard normal, y = BDz, and x = mean + σ·y.
type sample struct {
	x, y []float64
	f    float64
}

// Search implements [Method].
func (m CMAES) Search(run *Run) Reason {
	rng := rand.New(rand.NewPCG(m.Seed, 4))
	s := m.start(run.Start())
	if f := run.Value(s.mean); math.IsInf(f, 1) {
		run.Visit(s.mean, f, nil)
		return NotFinite
	}
	for !run.Exhausted() {
		if why := s.factor(); why != "" {
			return why
		}
		all := make([]sample, s.lambda)
		for k := range all {
			all[k] = s.draw(rng)
			all[k].f = run.Value(all[k].x)
		}
		sort.SliceStable(all, func(i, j int) bool { return all[i].f < all[j].f })
		if math.IsInf(all[0].f, 1) { // all are outside of the domain
			s.sigma /= 2
			continue
		}
		if run.Visit(all[0].x, all[0].f, nil) {
			return Finished
		}
		s.update(all)
	}
	return Finished
}

// factor takes the covariance apart; it has a reason to end when the
// distribution has become a point.
func (s *cma) factor() Reason {
	var e mat.EigenSym
	if !e.Factorize(s.c, true) {
		return NoProgress
	}
	s.d = e.Values(s.d)
	e.VectorsTo(&s.b)
	widest := 0.0
	for i, v := range s.d {
		if !(v > 0) {
			return NoProgress
		}
		s.d[i] = math.Sqrt(v)
		widest = max(widest, s.sigma*s.d[i])
	}
	switch {
	case math.IsInf(widest, 1): // the further, the lower
		return Unbounded
	case widest <= 1e-15*(1+maxAbs(s.mean)):
		return StepSmall
	}
	return ""
}

func (s *cma) draw(rng *rand.Rand) sample {
	z := make([]float64, s.n)
	for i := range z {
		z[i] = s.d[i] * elementary.Normal(rng)
	}
	y := make([]float64, s.n)
	mat.NewVecDense(s.n, y).MulVec(&s.b, mat.NewVecDense(s.n, z))
	return sample{x: axpy(make([]float64, s.n), s.mean, s.sigma, y), y: y}
}

// update moves the mean to the better half and adapts step and covariance.
func (s *cma) update(all []sample) {
	s.generation++
	step := make([]float64, s.n)
	for i, w := range s.w {
		axpy(step, step, w, all[i].y)
	}
	axpy(s.mean, s.mean, s.sigma, step)
	white := make([]float64, s.n) // B·D⁻¹·Bᵀ·step
	v := mat.NewVecDense(s.n, white)
	v.MulVec(s.b.T(), mat.NewVecDense(s.n, step))
	for i := range white {
		white[i] /= s.d[i]
	}
	v.MulVec(&s.b, mat.VecDenseCopyOf(v))
	grow := math.Sqrt(s.cs * (2 - s.cs) * s.mu)
	for i := range s.ps {
		s.ps[i] = float64((1-s.cs)*s.ps[i]) + float64(grow*white[i])
	}
	length := math.Sqrt(dot(s.ps, s.ps))
	s.sigma *= elementary.Exp(s.cs / s.damp * (length/s.chi - 1))
	stall := 0.0
	if length/math.Sqrt(1-elementary.Pow(1-s.cs, 2*float64(s.generation)))/s.chi < 1.4+2/float64(s.n+1) {
		stall = 1
	}
	for i := range s.pc {
		s.pc[i] = float64((1-s.cc)*s.pc[i]) + float64(stall*math.Sqrt(s.cc*(2-s.cc)*s.mu)*step[i])
	}
	keep := 1 - s.c1 - s.cmu + float64((1-stall)*s.c1*s.cc*(2-s.cc))
	for i := range s.n {
		for j := i; j < s.n; j++ {
			c := float64(keep*s.c.At(i, j)) + float64(s.c1*s.pc[i]*s.pc[j])
			for k, w := range s.w {
				c += float64(s.cmu * w * all[k].y[i] * all[k].y[j])
			}
			s.c.SetSym(i, j, c)
		}
	}
}
