package optimizers

import (
	"fmt"
	"math"
	"slices"

	"descent/optimizers/kronecker"
)

// Rules with a matrix for each axis, by eigenvalues (Jacobi) and reflections
// (Householder) in place of Newton's iteration and Gram and Schmidt's method.

// kept is what is kept under a name, of so many elements.
func (q *plain) kept(name string, n int, start func(i int) float64) []float64 {
	if q.mem[name] == nil {
		q.mem[name] = make([]float64, n)
		for i := range n {
			q.mem[name][i] = start(i)
		}
	}
	return q.mem[name]
}

func zero(int) float64 { return 0 }

func unitMatrix(n int) func(i int) float64 {
	return func(i int) float64 {
		if i/n == i%n {
			return 1
		}
		return 0
	}
}

// lines calls f with the elements of each line of an array along an axis.
func lines(dims []int, axis int, f func(at []int)) {
	inner, outer := 1, 1
	for _, n := range dims[axis+1:] {
		inner *= n
	}
	for _, n := range dims[:axis] {
		outer *= n
	}
	for o := range outer {
		for k := range inner {
			at := make([]int, dims[axis])
			for i := range at {
				at[i] = (o*dims[axis]+i)*inner + k
			}
			f(at)
		}
	}
}

// moments are Σ xᵢxⱼ over the lines along an axis.
func momentsAlong(x []float64, dims []int, axis int) []float64 {
	n := dims[axis]
	out := make([]float64, n*n)
	lines(dims, axis, func(at []int) {
		for i, a := range at {
			for j, b := range at {
				out[i*n+j] += x[a] * x[b]
			}
		}
	})
	return out
}

// timesAlong multiplies each line along an axis by a matrix.
func timesAlong(m, x []float64, dims []int, axis int) []float64 {
	n, out := dims[axis], make([]float64, len(x))
	lines(dims, axis, func(at []int) {
		for i, a := range at {
			for j, b := range at {
				out[a] += m[i*n+j] * x[b]
			}
		}
	})
	return out
}

// ofDiagonal is a diagonal matrix.
func ofDiagonal(d []float64) []float64 {
	m := make([]float64, len(d)*len(d))
	for i, v := range d {
		m[i*len(d)+i] = v
	}
	return m
}

func diagonalPart(m []float64, n int) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = m[i*n+i]
	}
	return d
}

// eigen has the eigenvalues of a symmetric matrix and, in columns, its eigenvectors, by
// Jacobi's rotations.
func eigen(a []float64, n int) (values, vectors []float64) {
	a, v := slices.Clone(a), ofDiagonal(slices.Repeat([]float64{1}, n))
	for range 60 {
		for p := range n {
			for q := p + 1; q < n; q++ {
				if a[p*n+q] == 0 {
					continue
				}
				angle := math.Atan2(2*a[p*n+q], a[q*n+q]-a[p*n+p]) / 2
				c, s := math.Cos(angle), math.Sin(angle)
				turn := func(m []float64, i, j int) {
					x, y := m[i], m[j]
					m[i], m[j] = c*x-s*y, s*x+c*y
				}
				for k := range n {
					turn(a, k*n+p, k*n+q)
				}
				for k := range n {
					turn(a, p*n+k, q*n+k)
					turn(v, k*n+p, k*n+q)
				}
			}
		}
	}
	return diagonalPart(a, n), v
}

// powerOf is a symmetric matrix to a power.
func powerOf(a []float64, n int, power float64) []float64 {
	values, v := eigen(a, n)
	for i := range values {
		values[i] = math.Pow(values[i], power)
	}
	return multiplied(multiplied(v, ofDiagonal(values), n, n, n), transposed(v, n, n), n, n, n)
}

// reflected is the Q of a = QR with a positive diagonal of R, by Householder's
// reflections.
func reflected(a []float64, n int) []float64 {
	a, q := slices.Clone(a), ofDiagonal(slices.Repeat([]float64{1}, n))
	for j := range n {
		w := make([]float64, n)
		for i := j; i < n; i++ {
			w[i] = a[i*n+j]
		}
		w[j] += math.Copysign(size2(w), w[j])
		if size2(w) == 0 {
			continue
		}
		w = scaled(w, 1/size2(w))
		mirror := ofDiagonal(slices.Repeat([]float64{1}, n))
		for i, x := range w {
			for k, y := range w {
				mirror[i*n+k] -= 2 * x * y
			}
		}
		a, q = multiplied(mirror, a, n, n, n), multiplied(q, mirror, n, n, n)
	}
	for j := range n {
		if a[j*n+j] < 0 {
			for i := range n {
				q[i*n+j] = -q[i*n+j]
			}
		}
	}
	return q
}

func plainAxes(rule Rule, path string) link {
	switch r := rule.(type) {
	case kronecker.ShampooRule:
		return each(func(q *plain) { plainShampoo(q, r, path) })
	case kronecker.SOAPRule:
		return each(func(q *plain) { plainSOAP(q, r, path) })
	}
	r := rule.(kronecker.PSGDRule)
	return func(s *plainStep, ps []*plain) {
		top := 0.0
		for _, q := range ps {
			mean := 0.0
			for _, g := range q.d {
				mean += math.Pow(g, 4) / float64(len(q.d))
			}
			top = math.Max(top, mean)
		}
		for _, q := range ps {
			plainPSGD(q, r, path, math.Pow(top+math.Pow(r.Damping, 4), -1.0/8), q.noise(s, path, false))
		}
	}
}

func plainShampoo(q *plain, r kronecker.ShampooRule, path string) {
	m, v := q.state(path+"m", 0), q.state(path+"v", 0)
	mean, adam := make([]float64, len(q.d)), make([]float64, len(q.d))
	for i, g := range q.d {
		mean[i] = decayTo(&m[i], r.Beta1, g) / unbias(r.Beta1, q.t)
		adam[i] = mean[i] / (root(decayTo(&v[i], r.Beta2, g*g)/unbias(r.Beta2, q.t)) + 1e-8)
	}
	for axis, n := range q.dims {
		l := q.kept(fmt.Sprint(path, "L", axis), n*n, zero)
		for i, x := range momentsAlong(q.d, q.dims, axis) {
			decayTo(&l[i], r.Beta2, x)
		}
		x := q.kept(fmt.Sprint(path, "root", axis), n*n, unitMatrix(n))
		if part := slices.Clone(l); n > r.Longest || int(q.t)%r.Every == 0 {
			if n > r.Longest {
				part = ofDiagonal(diagonalPart(l, n))
			}
			part = scaled(part, 1/math.Max(size2(part), 1e-36))
			for i := range n {
				part[i*n+i] += r.Eps
			}
			copy(x, powerOf(part, n, -1/float64(2*len(q.dims))))
		}
		mean = timesAlong(x, mean, q.dims, axis)
	}
	q.d = adam
	if len(q.dims) > 0 && int(q.t) >= r.Every && size2(mean) > 0 {
		q.d = scaled(mean, size2(adam)/size2(mean))
	}
}

func plainSOAP(q *plain, r kronecker.SOAPRule, path string) {
	var axes []int
	if len(q.dims) > 1 {
		for axis, n := range q.dims {
			if n <= r.Longest {
				axes = append(axes, axis)
			}
		}
	}
	axesOf := func(axis int) []float64 { // in columns
		n := q.dims[axis]
		return q.kept(fmt.Sprint(path, "Q", axis), n*n, unitMatrix(n))
	}
	enter := func(x []float64) []float64 {
		for _, axis := range axes {
			n := q.dims[axis]
			x = timesAlong(transposed(axesOf(axis), n, n), x, q.dims, axis)
		}
		return x
	}
	leave := func(x []float64) []float64 {
		for _, axis := range axes {
			x = timesAlong(axesOf(axis), x, q.dims, axis)
		}
		return x
	}
	m, v := q.state(path+"m", 0), q.state(path+"v", 0) // m in its own axes
	g, move := q.d, make([]float64, len(q.d))
	if q.t > 1 {
		h := enter(g)
		for i := range g {
			decayTo(&m[i], r.Beta1, g[i])
			decayTo(&v[i], r.Beta2, h[i]*h[i])
		}
		move = slices.Clone(enter(m))
		for i := range move {
			move[i] *= root(unbias(r.Beta2, q.t-1)) / unbias(r.Beta1, q.t-1) / (root(v[i]) + r.Eps)
		}
		move = leave(move)
	}
	for _, axis := range axes {
		n := q.dims[axis]
		l := q.kept(fmt.Sprint(path, "L", axis), n*n, zero)
		trace := 0.0
		for i, x := range momentsAlong(g, q.dims, axis) {
			if decayTo(&l[i], r.Beta2, x); i/n == i%n {
				trace += l[i]
			}
		}
		if int(q.t-1)%r.Every > 0 {
			continue
		}
		Q := axesOf(axis)
		sizes := diagonalPart(multiplied(transposed(Q, n, n), multiplied(l, Q, n, n, n), n, n, n), n)
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(math.Copysign(1, sizes[b]-sizes[a])) })
		swap := make([]float64, n*n) // takes the order-th element to each place
		for i, k := range order {
			swap[i*n+k] = 1
		}
		copy(v, timesAlong(swap, v, q.dims, axis))
		steady := scaled(l, 1/math.Max(trace, 1e-36))
		for i := range n {
			steady[i*n+i] += 1e-6
		}
		copy(Q, reflected(multiplied(steady, multiplied(Q, transposed(swap, n, n), n, n, n), n, n, n), n))
	}
	q.d = move
}

func plainPSGD(q *plain, r kronecker.PSGDRule, path string, scale float64, noise []float64) {
	dims := q.dims
	if len(dims) == 0 {
		dims = []int{1}
	}
	m := q.state(path+"m", 0)
	keep := math.Min(r.Momentum, 1-1/q.t)
	white := make([]float64, len(q.d))
	for i, g := range q.d {
		white[i] = g + r.Damping*noise[i]
		decayTo(&m[i], keep, g)
	}
	factor := func(axis int) []float64 {
		n := dims[axis]
		one := unitMatrix(n)
		return q.kept(fmt.Sprint(path, "Q", axis), n*n, func(i int) float64 { return math.Pow(scale, 1/float64(len(dims))) * one(i) })
	}
	apply := func(x []float64) []float64 {
		for axis, n := range dims {
			x = timesAlong(multiplied(transposed(factor(axis), n, n), factor(axis), n, n, n), x, dims, axis)
		}
		return x
	}
	if int(q.t-1)%r.Every == 0 {
		w := apply(white)
		for axis, n := range dims {
			Q, a, bound := factor(axis), momentsAlong(w, dims, axis), q.kept(fmt.Sprint(path, "l", axis), 1, zero)
			dense := n > 1 && n <= r.Longest && n*n <= len(w)
			if !dense {
				a = ofDiagonal(diagonalPart(a, n))
			}
			share := float64(len(w)) / float64(n)
			size := lowerBound(a, diagonalPart(a, n), n) + share
			bound[0] = math.Max(size, r.BetaL*bound[0]+(1-r.BetaL)*size)
			for i, x := range multiplied(a, Q, n, n, n) {
				Q[i] -= r.Rate / bound[0] * (x - share*Q[i])
			}
			if dense {
				turnTowardsSymmetry(Q, n)
			}
		}
		if int(q.t)%100 == 0 {
			product := 1.0
			tops := make([]float64, len(dims))
			for axis := range dims {
				tops[axis] = largestOf(factor(axis))
				product *= tops[axis]
			}
			for axis := range dims {
				copy(factor(axis), scaled(factor(axis), math.Pow(product, 1/float64(len(dims)))/tops[axis]))
			}
		}
	}
	q.d = apply(m)
	if size := rootMean(q.d); size > 2 {
		q.d = scaled(q.d, 2/size)
	}
	for i := range q.d {
		q.d[i] = math.Max(-10, math.Min(10, q.d[i]))
	}
}

func largestOf(x []float64) (top float64) {
	for _, v := range x {
		top = math.Max(top, math.Abs(v))
	}
	return top
}

// lowerBound is what four products with the matrix make of its longest row; of a
// diagonal it is the largest element. part are elements of which the largest scales.
func lowerBound(a, part []float64, n int) float64 {
	top := largestOf(part) + 1e-36
	a = scaled(a, 1/top)
	longest := a[:n]
	for i := range n {
		if row := a[i*n : i*n+n]; size2(row) > size2(longest) {
			longest = row
		}
	}
	v := slices.Clone(longest)
	for k := range 4 {
		if k%2 == 1 {
			v = scaled(v, 1/(size2(v)+1e-36))
		}
		v = multiplied(v, a, 1, n, n)
	}
	return top * size2(v)
}

func turnTowardsSymmetry(q []float64, n int) {
	r := transposed(q, n, n)
	for i := range r {
		r[i] -= q[i]
	}
	r = scaled(r, 1/(lowerBound(r, r, n)+1e-36))
	once := multiplied(r, q, n, n, n)
	again := multiplied(r, once, n, n, n)
	first, second := 0.0, 0.0
	for i := range n {
		first, second = first+once[i*n+i], second+again[i*n+i]
	}
	angle := 1.0 / 8
	if second < 0 {
		angle = math.Min(angle, -first/second)
	}
	for i := range q {
		q[i] += angle * (once[i] + angle/2*again[i])
	}
}
