package linalg

import "math"

// Eigenvalues and vectors of a symmetric matrix: reflections make it tridiagonal, and
// rotations diagonal. https://doi.org/10.56021/9781421407944, algorithms 8.3.1 to 8.3.3.

func eigenEach[T float32 | float64](dst [][]T, a []T, n, lo, hi int) {
	for i := lo; i < hi; i++ {
		values, vectors, work := dst[0][i*n:][:n], dst[1][i*n*n:][:n*n], dst[2][i*n*(n+3):][:n*(n+3)]
		if !decomposeSymmetric(values, vectors, work, a[i*n*n:][:n*n], n) {
			fill(values, nan)
			fill(vectors, nan)
		}
	}
}

// decomposeSymmetric finds the eigenvalues of (x+xᵀ)/2 and, as columns, its eigenvectors. It
// reports whether there are any: x may be no numbers.
func decomposeSymmetric[T float32 | float64](values, vectors, work, x []T, n int) bool {
	largest := 0.0
	for _, v := range x {
		largest = max(largest, math.Abs(float64(v)))
	}
	if math.IsNaN(largest) || math.IsInf(largest, 0) {
		return false
	}
	// By a power of 2, which is exact, squares are kept in range.
	_, exponent := math.Frexp(largest)
	exponent = max(exponent, -1000)
	down, up := math.Ldexp(1, -exponent), math.Ldexp(1, exponent)
	a := vectors
	for i := range n {
		for j := range n {
			a[i*n+j] = T((float64(float64(x[i*n+j])*down) + float64(float64(x[j*n+i])*down)) / 2)
		}
	}
	q, off, scales, scratch := work[:n*n], work[n*n:][:n], work[n*n+n:][:n], work[n*n+2*n:][:n]
	tridiagonal(a, values, off, scales, scratch, n)
	reflections(q, a, scales, n)
	if !diagonal(values, off, q, n) {
		return false
	}
	for i := range values {
		values[i] = T(float64(values[i]) * up)
	}
	order(values, q, n)
	for k := range n {
		column(vectors, q[k*n:][:n], k, n)
	}
	return true
}

// tridiagonal makes the symmetric a tridiagonal, by reflections on both sides: the result
// is on and off the diagonal. Reflection k is 1 - scale·v·vᵀ; row k of a keeps v, from its
// element k+1 on.
func tridiagonal[T float32 | float64](a, on, off, scales, w []T, n int) {
	for k := range n {
		on[k] = a[k*n+k]
		if k+1 == n {
			break
		}
		v := a[k*n+k+1:][:n-k-1]
		off[k], scales[k] = v[0], 0
		rest := dot(v[1:], v[1:])
		if rest == 0 {
			continue
		}
		first := float64(v[0])
		length := math.Copysign(math.Sqrt(float64(first*first)+rest), first)
		first += length
		off[k], v[0] = T(-length), T(first)
		scale := 2 / (float64(first*first) + rest)
		scales[k] = T(scale)
		w := w[k+1:][:len(v)]
		for i := range w {
			w[i] = T(scale * dot(a[(k+1+i)*n+k+1:][:len(v)], v))
		}
		add(w, -scale/2*dot(w, v), v)
		for i := range w {
			r := a[(k+1+i)*n+k+1:][:len(v)]
			vi, wi := float64(v[i]), float64(w[i])
			for j := range r {
				r[j] = T(float64(r[j]) - (float64(vi*float64(w[j])) + float64(wi*float64(v[j]))))
			}
		}
	}
}

// reflections sets q to the transpose of the product of the reflections that a keeps.
func reflections[T float32 | float64](q, a, scales []T, n int) {
	fill(q, 0)
	for k := range n {
		q[k*n+k] = 1
	}
	for k := n - 3; k >= 0; k-- {
		v := a[k*n+k+1:][:n-k-1]
		for i := k + 1; i < n; i++ {
			r := q[i*n+k+1:][:len(v)]
			add(r, -float64(float64(scales[k])*dot(r, v)), v)
		}
	}
}

// diagonal rotates until nothing is off the diagonal, the rows of q along. It reports
// whether that came to an end.
func diagonal[T float32 | float64](on, off, q []T, n int) bool {
	left := 60 * n // steps; it takes about 2 for each value
	for last := n - 1; last > 0; {
		if negligible(off[last-1], on[last-1], on[last]) {
			last--
			continue
		}
		first := last - 1
		for first > 0 && !negligible(off[first-1], on[first-1], on[first]) {
			first--
		}
		if left--; left < 0 {
			return false
		}
		chase(on, off, q, first, last, n)
	}
	return true
}

// negligible reports whether e is nothing beside its neighbours on the diagonal.
func negligible[T float32 | float64](e, a, b T) bool {
	s := abs(a) + abs(b)
	return s+abs(e) == s
}

func abs[T float32 | float64](x T) T { return max(x, -x) }

// chase is a step of the QR algorithm with Wilkinson's shift, on rows first to last.
func chase[T float32 | float64](on, off, q []T, first, last, n int) {
	half, e := float64((float64(on[last-1])-float64(on[last]))/2), float64(off[last-1])
	root := math.Copysign(math.Sqrt(float64(half*half)+float64(e*e)), half)
	x, z := float64(on[first])-(float64(on[last])-float64(e*e)/(half+root)), float64(off[first])
	for k := first; k < last; k++ {
		r := math.Sqrt(float64(x*x) + float64(z*z))
		c, s := 1.0, 0.0
		if r > 0 {
			c, s = x/r, z/r
		}
		if k > first {
			off[k-1] = T(r)
		}
		a, b, f := float64(on[k]), float64(on[k+1]), float64(off[k])
		cross := float64(2 * float64(float64(c*s)*f))
		on[k] = T(float64(float64(c*c)*a) + cross + float64(float64(s*s)*b))
		on[k+1] = T(float64(float64(s*s)*a) - cross + float64(float64(c*c)*b))
		x = float64(float64(c*s)*(b-a)) + float64((float64(c*c)-float64(s*s))*f)
		off[k] = T(x)
		if k+1 < last {
			z = float64(s * float64(off[k+1]))
			off[k+1] = T(c * float64(off[k+1]))
		}
		rotate(q[k*n:][:n], q[(k+1)*n:][:n], c, s)
	}
}

// rotate replaces x and y by c·x + s·y and c·y - s·x.
func rotate[T float32 | float64](x, y []T, c, s float64) {
	cc, ss := T(c), T(s)
	y = y[:len(x)]
	for i, u := range x {
		v := y[i]
		x[i] = T(cc*u) + T(ss*v)
		y[i] = T(cc*v) - T(ss*u)
	}
}

// order sorts values, and the rows of q with them.
func order[T float32 | float64](values, q []T, n int) {
	m := dense(q, n)
	for i := range n {
		least := i
		for k := i + 1; k < n; k++ {
			if values[k] < values[least] {
				least = k
			}
		}
		if least != i {
			values[i], values[least] = values[least], values[i]
			swapRows(m, i, least, n)
		}
	}
}

// column makes v column k of m, with its largest element positive.
func column[T float32 | float64](m, v []T, k, n int) {
	largest := v[0]
	for _, x := range v {
		if abs(x) > abs(largest) {
			largest = x
		}
	}
	for i, x := range v {
		if largest < 0 {
			x = -x
		}
		m[i*n+k] = x
	}
}

// dot is Σx·y, as four sums of every fourth product.
func dot[T float32 | float64](x, y []T) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += float64(float64(x[i]) * float64(y[i]))
		s1 += float64(float64(x[i+1]) * float64(y[i+1]))
		s2 += float64(float64(x[i+2]) * float64(y[i+2]))
		s3 += float64(float64(x[i+3]) * float64(y[i+3]))
	}
	for ; i < len(x); i++ {
		s0 += float64(float64(x[i]) * float64(y[i]))
	}
	return (s0 + s1) + (s2 + s3)
}

// add adds c·x to y.
func add[T float32 | float64](y []T, c float64, x []T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = T(float64(y[i]) + float64(c*float64(v)))
	}
}
