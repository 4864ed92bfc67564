package bbob

import (
	"cmp"
	"math"
	"slices"

	"descent/internal/elementary"
)

// The numbers of an instance, drawn by the generators of 2009, which COCO keeps so that
// instances stay what they were.

// uniform returns n numbers in (0, 1), by Park and Miller's generator with a shuffle of
// 32, as COCO's bbob2009_unif. Its divisions in floating point are exact in integers.
func uniform(n int, seed int64) []float64 {
	if seed < 0 {
		seed = -seed
	}
	if seed < 1 {
		seed = 1
	}
	next := func() {
		k := seed / 127773
		seed = 16807*(seed-k*127773) - 2836*k
		if seed < 0 {
			seed += math.MaxInt32
		}
	}
	var kept [32]int64
	for i := 39; i >= 0; i-- {
		if next(); i < len(kept) {
			kept[i] = seed
		}
	}
	out, now := make([]float64, n), kept[0]
	for i := range out {
		next()
		k := now / 67108865
		now, kept[k] = kept[k], seed
		out[i] = float64(now) / 2.147483647e9
		if out[i] == 0 {
			out[i] = 1e-99
		}
	}
	return out
}

// normal returns n numbers of the normal distribution, by Box and Muller.
func normal(n int, seed int64) []float64 {
	u, out := uniform(2*n, seed), make([]float64, n)
	for i := range out {
		out[i] = math.Sqrt(float64(-2*elementary.Log(u[i]))) * elementary.Cos(float64(2*math.Pi*u[n+i]))
		if out[i] == 0 {
			out[i] = 1e-99
		}
	}
	return out
}

// lowest is the value of a function at its minimum, with two decimals.
func lowest(seed int64) float64 {
	a, b := normal(1, seed)[0], normal(1, seed+1)[0]
	return min(1000, max(-1000, math.Floor(float64(100*100*a)/b+0.5)/100))
}

// optimum is where a function is lowest: in [-4, 4], with four decimals.
func optimum(n int, seed int64) []float64 {
	x := uniform(n, seed)
	for i, u := range x {
		if x[i] = float64(8*math.Floor(1e4*u))/1e4 - 4; x[i] == 0 {
			x[i] = -1e-5
		}
	}
	return x
}

// A matrix is square; element i, j is at i·n + j.
type matrix []float64

// rotation is an orthogonal matrix: columns of normal numbers, made orthogonal one
// after another.
func rotation(n int, seed int64) matrix {
	g, m := normal(n*n, seed), make(matrix, n*n)
	for i := range g {
		m[i%n*n+i/n] = g[i]
	}
	dot := func(i, j int) (sum float64) {
		for k := range n {
			sum += float64(m[k*n+i] * m[k*n+j])
		}
		return sum
	}
	for i := range n {
		for j := range i {
			part := dot(i, j)
			for k := range n {
				m[k*n+i] -= float64(part * m[k*n+j])
			}
		}
		length := math.Sqrt(dot(i, i))
		for k := range n {
			m[k*n+i] /= length
		}
	}
	return m
}

// times is a·Λ·b, of a diagonal Λ.
func (a matrix) times(diagonal []float64, b matrix) matrix {
	n, out := len(diagonal), make(matrix, len(a))
	for i := range n {
		for j := range n {
			for k := range n {
				out[i*n+j] += float64(a[i*n+k] * diagonal[k] * b[k*n+j])
			}
		}
	}
	return out
}

// powers goes from 1 to last by n equal factors: the diagonal of Λ, if last is the root
// of what it is called by.
func powers(n int, last float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = elementary.Pow(last, float64(i)/float64(n-1))
	}
	return out
}

// drawn collects the numbers of an instance.
type drawn struct {
	n    int
	seed int64
	at   []float64
	data []Array
}

func (d *drawn) keep(name string, values []float64, dims ...int) {
	d.data = append(d.data, Array{name, dims, values})
}

// moved draws the optimum.
func (d *drawn) moved() {
	d.at = optimum(d.n, d.seed)
	d.keep("xopt", d.at, d.n)
}

// turns are the two rotations that functions use.
func (d *drawn) turns() (r, q matrix) { return rotation(d.n, d.seed+1000000), rotation(d.n, d.seed) }

// turned draws the optimum and one rotation.
func turned(d *drawn) {
	d.moved()
	d.keep("R", rotation(d.n, d.seed+1000000), d.n, d.n)
}

// stretched draws the optimum, one rotation R, and M = R·Λ·Q with Λ from 1 to last.
func stretched(last float64) func(d *drawn) {
	return func(d *drawn) {
		d.moved()
		r, q := d.turns()
		d.keep("R", r, d.n, d.n)
		d.keep("M", r.times(powers(d.n, last), q), d.n, d.n)
	}
}

// halfway draws a rotation after which the optimum is at ½ of each coordinate.
func halfway(d *drawn) {
	q := rotation(d.n, d.seed)
	d.keep("Q", q, d.n, d.n)
	d.at = make([]float64, d.n)
	for i, v := range q {
		d.at[i%d.n] += float64(v / 2)
	}
}

// peaks draws what Gallagher's functions are made of: peaks at random places, of random
// widths, and higher and higher. The first is the highest.
func peaks(count int, condition, width float64) func(d *drawn) {
	return func(d *drawn) {
		n, r := d.n, rotation(d.n, d.seed)
		conditions, heights := []float64{condition}, []float64{10}
		for i, k := range order(uniform(count-1, d.seed)) {
			conditions = append(conditions, elementary.Pow(1000, float64(k)/float64(count-2)))
			heights = append(heights, float64(float64(i)/float64(count-2)*(9.1-1.1))+1.1)
		}
		place := uniform(n*count, d.seed)
		widths, centres := make([]float64, count*n), make([]float64, count*n)
		for p := range count {
			for j, k := range order(uniform(n, d.seed+int64(1000*p))) {
				widths[p*n+j] = elementary.Pow(conditions[p], float64(k)/float64(n-1)-0.5)
			}
			for j := range n {
				place[p*n+j] = float64(width*place[p*n+j]) - float64(width/2)
				if p == 0 { // the highest is not too far out
					place[j] *= 0.8
				}
			}
			for i := range n {
				for j := range n {
					centres[p*n+i] += float64(r[i*n+j] * place[p*n+j])
				}
			}
		}
		d.at = slices.Clone(place[:n])
		d.keep("R", r, n, n)
		d.keep("centres", centres, count, n)
		d.keep("widths", widths, count, n)
		d.keep("heights", heights, count)
	}
}

// order has the numbers of the elements, the least first.
func order(x []float64) []int {
	out := make([]int, len(x))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	return out
}

// signed draws signs and puts the optimum at size times them.
func (d *drawn) signed(size float64, negative func(i int) bool) {
	sign := make([]float64, d.n)
	d.at = make([]float64, d.n)
	for i := range sign {
		sign[i] = 1
		if negative(i) {
			sign[i] = -1
		}
		d.at[i] = sign[i] * size
	}
	d.keep("sign", sign, d.n)
}
