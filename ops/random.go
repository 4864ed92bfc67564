package ops

import (
	"fmt"
	"hash/fnv"
	"math"

	"descent/graph"
	"descent/graph/lower"
	"descent/internal/elementary"
	"descent/internal/rng"
)

// Random numbers are functions, not streams: each is a hash of the graph's
// seed, the name of the place that draws, the step and the position in the
// array. So they are the same on every machine, for either element type and any
// number of workers, and a run can be repeated or resumed at any step.

// Uniform returns independent numbers between 0 and 1, both excluded, that
// change with step, a scalar that counts. Places with the same name draw the
// same numbers; the name "" stands for a new one.
func Uniform(step *node, name string, lengths ...int) *node {
	return draw(uniform, step, name, lengths)
}

// Normal returns independent numbers of the standard normal distribution, see
// [Uniform].
func Normal(step *node, name string, lengths ...int) *node {
	return draw(normal, step, name, lengths)
}

// Rademacher returns -1 and 1, each with probability ½, see [Uniform].
func Rademacher(step *node, name string, lengths ...int) *node {
	return draw(rademacher, step, name, lengths)
}

// A distribution is what random numbers are of.
type distribution uint8

const (
	uniform distribution = iota
	normal
	rademacher
)

func (d distribution) String() string {
	return [...]string{"uniform", "normal", "rademacher"}[d]
}

func draw(of distribution, step *node, name string, lengths []int) *node {
	if step.Err() != nil {
		return step
	}
	s, err := resolve(-1, lengths)
	if err == nil && step.Shape().Rank() != 0 {
		err = fmt.Errorf("the step is %v, not a scalar", step.Shape())
	}
	if err != nil {
		return graph.Bad(err, of.String(), step)
	}
	g := step.Graph()
	if name == "" {
		name = g.Unique(of.String())
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return graph.Apply(random{of, name, g.Store(), h.Sum64(), s}, step)
}

type random struct {
	of    distribution
	name  string       // of the place that draws
	store *graph.Store // whose seed may change, see [graph.Store.Reset]
	place uint64       // the name's hash
	s     graph.Shape
}

func (o random) Name() string { return graph.Title(o.Describe()) }
func (o random) Describe() call {
	return graph.CallOf(o.of.String(), "lengths", o.s.Dims(), "name", o.name)
}
func (o random) Shape([]graph.Shape) (graph.Shape, error) { return o.s, nil }
func (random) Grad(_, _ *node) []*node                    { return nil }

// Lower hands the step over in two parts, each of which a float32 holds.
func (o random) Lower(b *builder, in []value) value {
	const part = 1 << 20
	high := b.Floor(b.Div(in[0], b.Const(part)))
	low := b.Sub(in[0], b.Mul(high, b.Const(part)))
	return b.Kernel(lower.Kernel{Name: o.of.String(), Key: o, Rows: o.s.Size(), Work: [...]int{uniform: 2, normal: 30, rademacher: 2}[o.of],
		F32: func(dst, src [][]float32, lo, hi int) {
			fill(dst[0], lo, hi, o, uint64(src[0][0])*part+uint64(src[1][0]))
		},
		F64: func(dst, src [][]float64, lo, hi int) {
			fill(dst[0], lo, hi, o, uint64(src[0][0])*part+uint64(src[1][0]))
		},
	}, []graph.Shape{o.s}, high, low)[0]
}

// fill draws the elements lo to hi.
func fill[T float32 | float64](dst []T, lo, hi int, o random, step uint64) {
	key := rng.Mix((rng.Mix(o.store.Seed()) ^ o.place) + step*rng.Golden)
	for i := lo; i < hi; i++ {
		bits := rng.Mix(key + uint64(i)*rng.Golden)
		switch o.of {
		case uniform: // odd multiples of 2⁻²⁴, which both element types hold
			dst[i] = T(bits>>41<<1|1) / (1 << 24)
		case rademacher:
			dst[i] = T(int64(bits>>63)*2 - 1)
		case normal: // Box and Muller 1958, https://doi.org/10.1214/aoms/1177706645
			u := (float64(bits>>11) + 0.5) / (1 << 53)
			v := float64(rng.Mix(bits)>>11) / (1 << 53)
			dst[i] = T(math.Sqrt(-2*elementary.Log(u)) * elementary.Cos(2*math.Pi*v))
		}
	}
}

// Dropout returns x with each element replaced by 0 with probability p, and the
// others divided by 1-p. Which ones changes with step, see [Uniform].
func Dropout(x *node, p float64, step *node, name string) *node {
	if err := graph.Mistakes(x, step); err != nil {
		return graph.Bad(err, "dropout", x, step)
	}
	switch {
	case !(p >= 0 && p <= 1):
		return graph.Bad(fmt.Errorf("probability %v", p), "dropout", x)
	case p == 0:
		return x
	case p == 1:
		return Scale(0, x)
	}
	if name == "" {
		name = x.Graph().Unique("dropout")
	}
	u := Uniform(step, name, x.Shape().Dims()...)
	// A threshold that both element types hold, with the same numbers above it.
	t := math.Ceil(p*(1<<24)) / (1 << 24)
	return Mul(x, Scale(1/(1-p), GreaterEqual(u, constant(x, t))))
}
