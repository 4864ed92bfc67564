package optimizers

import (
	"hash/fnv"
	"math"
	"slices"
)

// Every rule once more, as its paper has it: loops over slices of float64, that
// share no code with the rules. plainOf has them all.

// plain is a parameter, and one step of it.
type plain struct {
	name     string
	dims     []int
	x        []float64            // before the step
	mem      map[string][]float64 // what is kept between steps
	eval     string               // which of them is to be evaluated, none if it is x
	raw      []float64            // gradient that the chain began with
	d        []float64            // direction so far
	p        []float64            // value to start from
	lr, size float64
	steps    int
	t        float64                // number of the step, or of the batch
	next     []float64              // value to move to, if a rule has decided
	after    []func(next []float64) // averages
	still    map[string][]float64   // what mem is between batches, nil in a step that counts
	frozen   bool
}

// plainStep is what all parameters share in a step.
type plainStep struct {
	seed     uint64
	loss     float64
	gradient func(x [][]float64) [][]float64
	curve    func(z [][]float64) [][]float64 // the Hessian's product
}

// A link is one rule of a chain.
type link func(s *plainStep, ps []*plain)

// state returns what is kept under a name; it starts at a number.
func (q *plain) state(name string, start float64) []float64 {
	if q.mem[name] == nil {
		q.mem[name] = slices.Repeat([]float64{start}, len(q.x))
	}
	return q.mem[name]
}

// moved is where the parameter goes as things stand.
func (q *plain) moved() []float64 {
	if q.next != nil {
		return q.next
	}
	out := make([]float64, len(q.x))
	for i := range out {
		out[i] = q.p[i] - q.size*q.d[i]
	}
	return out
}

// decayTo moves a running mean towards x.
func decayTo(m *float64, beta, x float64) float64 { *m = beta**m + (1-beta)*x; return *m }

// unbias is 1-βᵗ.
func unbias(beta, t float64) float64 { return 1 - math.Pow(beta, t) }

// each is a link that treats parameters alike, one at a time.
func each(f func(q *plain)) link {
	return func(_ *plainStep, ps []*plain) {
		for _, q := range ps {
			f(q)
		}
	}
}

// elementwise is a link that treats elements alike. It keeps m, v, and w for
// each; direction is a function of the gradient and the number of the step.
func elementwise(path string, start float64, f func(q *plain, g float64, m, v, w *float64) float64) link {
	return each(func(q *plain) {
		m, v, w := q.state(path+"m", start), q.state(path+"v", start), q.state(path+"w", start)
		for i, g := range q.d {
			q.d[i] = f(q, g, &m[i], &v[i], &w[i])
		}
	})
}

func root(x float64) float64 { return math.Sqrt(x) }

func size2(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

func jointSize(ps []*plain) (sum float64) {
	for _, q := range ps {
		sum += size2(q.d) * size2(q.d)
	}
	return math.Sqrt(sum)
}

func rootMean(x []float64) float64 { return size2(x) / math.Sqrt(float64(len(x))) }

func scaled(x []float64, c float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = c * v
	}
	return out
}

// run makes a step of all parameters by a chain.
func (s *plainStep) run(ps []*plain, links []link, lr float64) {
	var x [][]float64
	for _, q := range ps {
		x = append(x, q.x)
	}
	for i, g := range s.gradient(x) {
		q := ps[i]
		q.steps++
		q.t = float64(q.steps)
		q.raw, q.d, q.p, q.lr, q.size = slices.Clone(g), g, slices.Clone(q.x), lr, lr
		q.next, q.after, q.still, q.frozen = nil, nil, nil, false
	}
	for _, l := range links {
		l(s, slices.DeleteFunc(slices.Clone(ps), func(q *plain) bool { return q.frozen }))
	}
	for _, q := range ps {
		if q.frozen {
			continue
		}
		next := q.moved()
		for _, f := range q.after {
			f(next)
		}
		if q.still != nil {
			q.mem = q.still
			continue
		}
		q.x = next
	}
}

// noise has the random numbers of a parameter at a step: SplitMix64 of the
// seed, the place, the step and the element.
func (q *plain) noise(s *plainStep, path string, normal bool) []float64 {
	const golden = 11400714819323198485
	mix := func(z uint64) uint64 {
		z = (z ^ (z >> 30)) * 13787848793156543929
		z = (z ^ (z >> 27)) * 10723151780598845931
		return z ^ (z >> 31)
	}
	h := fnv.New64a()
	h.Write([]byte(path + q.name))
	state := mix((mix(s.seed) ^ h.Sum64()) + uint64(q.t)*golden)
	out := make([]float64, len(q.x))
	for i := range out {
		bits := mix(state + uint64(i)*golden)
		switch {
		case normal: // Box and Muller 1958
			u, v := (float64(bits>>11)+0.5)/(1<<53), float64(mix(bits)>>11)/(1<<53)
			out[i] = math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
		case bits>>63 == 1:
			out[i] = 1
		default:
			out[i] = -1
		}
	}
	return out
}

// multiplied is a·b for an n×k and a k×m matrix.
func multiplied(a, b []float64, n, k, m int) []float64 {
	out := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for l := range k {
				out[i*m+j] += a[i*k+l] * b[l*m+j]
			}
		}
	}
	return out
}

func transposed(a []float64, n, m int) []float64 {
	out := make([]float64, n*m)
	for i := range n {
		for j := range m {
			out[j*n+i] = a[i*m+j]
		}
	}
	return out
}
