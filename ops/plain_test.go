package ops_test

import (
	"hash/fnv"
	"math"
	"slices"
)

// What the oracles of values are made of: loops over positions of arrays, and
// functions of one number.

func size(d []int) int {
	n := 1
	for _, k := range d {
		n *= k
	}
	return n
}

func whole(num []float64) (out []int) {
	for _, x := range num {
		out = append(out, int(x))
	}
	return out
}

func axisIn(axis float64, rank int) int { return (int(axis) + rank) % rank }

// position is where an element is in the list of all.
func position(dims, at []int) (p int) {
	for i, d := range dims {
		p = p*d + at[i]
	}
	return p
}

// build makes an array element by element.
func build(dims []int, f func(at []int) float64) array {
	out := array{dims: slices.Clone(dims)}
	at := make([]int, len(dims))
	for range size(dims) {
		out.x = append(out.x, f(at))
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < dims[i] {
				break
			}
			at[i] = 0
		}
	}
	return out
}

// stretched is the element of a that broadcasting puts at a position.
func stretched(a array, at []int) float64 {
	from := slices.Clone(at[len(at)-len(a.dims):])
	for i, d := range a.dims {
		if d == 1 {
			from[i] = 0
		}
	}
	return a.x[position(a.dims, from)]
}

// widest is the shape that shapes broadcast to.
func widest(shapes ...[]int) (out []int) {
	for _, s := range shapes {
		for len(out) < len(s) {
			out = append([]int{1}, out...)
		}
		for i, d := range s {
			if k := len(out) - len(s) + i; out[k] == 1 {
				out[k] = d
			}
		}
	}
	return out
}

// zip acts on elements that broadcasting puts together.
func zip(f func(x ...float64) float64) oracle {
	return func(in []array, _ []float64) array {
		var shapes [][]int
		for _, a := range in {
			shapes = append(shapes, a.dims)
		}
		x := make([]float64, len(in))
		return build(widest(shapes...), func(at []int) float64 {
			for i, a := range in {
				x[i] = stretched(a, at)
			}
			return f(x...)
		})
	}
}

func each(f func(float64) float64) oracle { return zip(func(x ...float64) float64 { return f(x[0]) }) }

func with(f func(x float64, num []float64) float64) oracle {
	return func(in []array, num []float64) array {
		return each(func(x float64) float64 { return f(x, num) })(in, nil)
	}
}

// reducedOf is the set of the axes that numbers name, all if there are none.
func reducedOf(dims []int, num []float64) map[int]bool {
	set := map[int]bool{}
	for i := range dims {
		if len(num) == 0 {
			set[i] = true
		}
	}
	for _, a := range num {
		set[axisIn(a, len(dims))] = true
	}
	return set
}

// line returns the elements of a that agree with a position but for the axes of
// the set.
func line(a array, set map[int]bool, at []int) (x []float64) {
	build(a.dims, func(from []int) float64 {
		for i := range from {
			if !set[i] && from[i] != at[i] {
				return 0
			}
		}
		x = append(x, a.x[position(a.dims, from)])
		return 0
	})
	return x
}

// over reduces the lines along some axes, which are dropped.
func over(f func(x []float64) float64) oracle {
	return func(in []array, num []float64) array {
		a, set := in[0], reducedOf(in[0].dims, num)
		one, left := slices.Clone(a.dims), []int{}
		for i, d := range a.dims {
			if set[i] {
				one[i] = 1
			} else {
				left = append(left, d)
			}
		}
		return array{left, build(one, func(at []int) float64 { return f(line(a, set, at)) }).x}
	}
}

// lines replaces the lines along some axes.
func lines(f func(x []float64) []float64) oracle {
	return func(in []array, num []float64) array {
		a, set := in[0], reducedOf(in[0].dims, num)
		return build(a.dims, func(at []int) float64 {
			place := 0 // within the line
			for i, d := range a.dims {
				if set[i] {
					place = place*d + at[i]
				}
			}
			return f(line(a, set, at))[place]
		})
	}
}

func join(in []array, axis int) array {
	d := slices.Clone(in[0].dims)
	for _, a := range in[1:] {
		d[axis] += a.dims[axis]
	}
	return build(d, func(at []int) float64 {
		at = slices.Clone(at)
		for _, a := range in {
			if n := a.dims[axis]; at[axis] >= n {
				at[axis] -= n
				continue
			}
			return a.x[position(a.dims, at)]
		}
		panic("beyond the last")
	})
}

func matmul(in []array, _ []float64) array {
	x, y := in[0], in[1]
	row, column := len(x.dims) == 1, len(y.dims) == 1
	if row {
		x.dims = append([]int{1}, x.dims...)
	}
	if column {
		y.dims = append(slices.Clone(y.dims), 1)
	}
	nx, ny := len(x.dims), len(y.dims)
	d := append(widest(x.dims[:nx-2], y.dims[:ny-2]), x.dims[nx-2], y.dims[ny-1])
	out := build(d, func(at []int) (sum float64) {
		lead, i, j := at[:len(at)-2], at[len(at)-2], at[len(at)-1]
		of := func(a array, r, c int) float64 {
			n := len(a.dims) - 2
			from := slices.Clone(lead[len(lead)-n:])
			for k := range from {
				from[k] %= a.dims[k]
			}
			return a.x[position(a.dims, append(from, r, c))]
		}
		for k := range x.dims[nx-1] {
			sum += of(x, i, k) * of(y, k, j)
		}
		return sum
	})
	if row {
		out.dims = slices.Delete(out.dims, len(out.dims)-2, len(out.dims)-1)
	}
	if column {
		out.dims = out.dims[:len(out.dims)-1]
	}
	return out
}

// draw has random numbers as the random rows promise them, by SplitMix64 from
// the graph's seed 1, a name and a step.
func draw(of, name string, step float64, n int) (out []float64) {
	mix := func(z uint64) uint64 {
		z = (z ^ (z >> 30)) * 13787848793156543929
		z = (z ^ (z >> 27)) * 10723151780598845931
		return z ^ (z >> 31)
	}
	const golden = 11400714819323198485
	h := fnv.New64a()
	h.Write([]byte(name))
	state := mix((mix(1) ^ h.Sum64()) + uint64(step)*golden)
	for range n {
		bits := mix(state)
		switch of {
		case "uniform":
			out = append(out, (float64(bits>>41)+0.5)/(1<<23))
		case "rademacher":
			out = append(out, 2*float64(bits>>63)-1)
		case "normal": // Box and Muller 1958
			u, v := (float64(bits>>11)+0.5)/(1<<53), float64(mix(bits)>>11)/(1<<53)
			out = append(out, math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v))
		}
		state += golden
	}
	return out
}

func mapped(x []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

func total(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}

func product(x []float64) float64 {
	p := 1.0
	for _, v := range x {
		p *= v
	}
	return p
}

// first is the index of the first largest element times a sign.
func first(x []float64, sign float64) (at int) {
	for i, v := range x {
		if sign*v > sign*x[at] {
			at = i
		}
	}
	return at
}

func spread(x []float64) float64 {
	mean := total(x) / float64(len(x))
	return total(mapped(x, func(v float64) float64 { return (v - mean) * (v - mean) })) / float64(len(x))
}

func logSumExp(x []float64) float64 {
	if len(x) == 0 {
		return math.Inf(-1)
	}
	top := x[first(x, 1)]
	return top + math.Log(total(mapped(x, func(v float64) float64 { return math.Exp(v - top) })))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// nanOf is NaN if one of the numbers is, else 0.
func nanOf(x ...float64) float64 {
	if slices.ContainsFunc(x, math.IsNaN) {
		return math.NaN()
	}
	return 0
}

func signum(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// limit moves x into lo..hi; NaN stays.
func limit(x, lo, hi float64) float64 {
	switch {
	case x < lo:
		return lo
	case x > hi:
		return hi
	}
	return x
}

// leak is x above 0, else low.
func leak(x, low float64) float64 {
	if x > 0 {
		return x
	}
	return low
}

func sigmoid(x float64) float64 {
	if x < 0 {
		return math.Exp(x) / (1 + math.Exp(x))
	}
	return 1 / (1 + math.Exp(-x))
}

func softplus(x float64) float64 {
	if x > 40 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// ln is math.Log, which is wrong for subnormal numbers on some machines.
func ln(x float64) float64 {
	if x > 0 && x < 0x1p-1000 {
		return math.Log(x*0x1p200) - 200*math.Ln2
	}
	return math.Log(x)
}

// power is math.Pow, which takes the same logarithm.
func power(x ...float64) float64 {
	if x[0] > 0 && x[0] < 0x1p-1000 && math.Abs(x[1]) < 1 {
		return math.Pow(x[0]*0x1p200, x[1]) * math.Exp2(-200*x[1])
	}
	return math.Pow(x[0], x[1])
}

// polygamma is the n-th derivative of digamma for n below 4 and x > 0: by
// recurrence to a large x, and the asymptotic series there.
func polygamma(n int, x float64) float64 {
	sum := 0.0
	sign := []float64{-1, 1, -1, 1}[n]
	factorial := []float64{1, 1, 2, 6}[n]
	for ; x < 30; x++ {
		sum += sign * factorial / math.Pow(x, float64(n+1))
	}
	// log x - 1/2x - Σ B₂ₖ/(2k·x²ᵏ), differentiated n times term by term.
	type term struct{ c, power float64 }
	terms := []term{{-1.0 / 2, -1}, {-1.0 / 12, -2}, {1.0 / 120, -4}, {-1.0 / 252, -6}, {1.0 / 240, -8}, {-1.0 / 132, -10}}
	if n == 0 {
		sum += math.Log(x)
	} else {
		terms = append(terms, term{1, -1}) // the derivative of log x
	}
	for i, t := range terms {
		times := n
		if n > 0 && i == len(terms)-1 {
			times--
		}
		for range times {
			t.c, t.power = t.c*t.power, t.power-1
		}
		sum += t.c * math.Pow(x, t.power)
	}
	return sum
}

func betaln(x, y float64) float64 {
	a, _ := math.Lgamma(x)
	b, _ := math.Lgamma(y)
	c, _ := math.Lgamma(x + y)
	return a + b - c
}

// sincDerivative is the n-th derivative of sin(πx)/πx by its power series, for
// moderate x.
func sincDerivative(n int, x float64) (sum float64) {
	c := 1.0 // (-1)ᵏπ²ᵏ/(2k+1)!
	for k := range 40 {
		if p := 2*k - n; p >= 0 {
			falling := 1.0
			for j := range n {
				falling *= float64(2*k - j)
			}
			sum += c * falling * math.Pow(x, float64(p))
		}
		c *= -math.Pi * math.Pi / float64((2*k+2)*(2*k+3))
	}
	return sum
}
