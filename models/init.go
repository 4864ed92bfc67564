package models

import (
	"math"
	"math/rand/v2"

	"descent/graph"
	"descent/internal/elementary"
)

// Initialisers of weights. A matrix has inputs × outputs; a kernel of a convolution,
// which has more axes, outputs × inputs × lengths, and each number of a result is
// made of inputs × lengths of them. They differ in the variance they give:
//
//	Glorot  2/(inputs+outputs)  tanh, sigmoid, linear   Glorot, Bengio 2010
//	He      2/inputs            ReLU and its kin         He et al. 2015
//	LeCun   1/inputs            SELU                     LeCun et al. 1998

// Inits are the initialisers by name, as a command line has them.
var Inits = []struct {
	Name string
	Init graph.Init
}{
	{"glorot", Glorot},
	{"glorot_normal", GlorotNormal},
	{"he", He},
	{"he_normal", HeNormal},
	{"lecun", LeCun},
	{"lecun_normal", LeCunNormal},
	{"orthogonal", Orthogonal(1)},
	{"uniform", Uniform(0.05)},
	{"normal", Normal(0.05)},
	{"zeros", graph.Zeros},
}

// Glorot is the uniform initialiser with Glorot's variance.
func Glorot(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, out := fans(s)
	uniform(rng, math.Sqrt(6/float64(in+out)), dst)
}

// GlorotNormal is the normal initialiser with Glorot's variance.
func GlorotNormal(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, out := fans(s)
	normal(rng, math.Sqrt(2/float64(in+out)), dst)
}

// He is the uniform initialiser with He's variance.
func He(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, _ := fans(s)
	uniform(rng, math.Sqrt(6/float64(in)), dst)
}

// HeNormal is the normal initialiser with He's variance.
func HeNormal(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, _ := fans(s)
	normal(rng, math.Sqrt(2/float64(in)), dst)
}

// LeCun is the uniform initialiser with LeCun's variance.
func LeCun(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, _ := fans(s)
	uniform(rng, math.Sqrt(3/float64(in)), dst)
}

// LeCunNormal is the normal initialiser with LeCun's variance.
func LeCunNormal(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, _ := fans(s)
	normal(rng, math.Sqrt(1/float64(in)), dst)
}

// Uniform returns the initialiser that draws from [-limit, limit).
func Uniform(limit float64) graph.Init {
	return func(rng *rand.Rand, _ graph.Shape, dst []float64) { uniform(rng, limit, dst) }
}

// Normal returns the initialiser that draws from N(0, sd²).
func Normal(sd float64) graph.Init {
	return func(rng *rand.Rand, _ graph.Shape, dst []float64) { normal(rng, sd, dst) }
}

// Orthogonal returns the initialiser whose matrix has orthogonal rows or
// columns, whichever are fewer, of length gain. Saxe, McClelland, Ganguli
// 2013, https://arxiv.org/abs/1312.6120.
func Orthogonal(gain float64) graph.Init {
	return func(rng *rand.Rand, s graph.Shape, dst []float64) {
		if len(dst) == 0 {
			return
		}
		normal(rng, 1, dst)
		in, out := fans(s)
		if s.Rank() > 2 { // a row for each output
			in, out = s.Dim(0), len(dst)/s.Dim(0)
		}
		if in > out { // columns, one behind the other meanwhile
			q := transposed(dst, in, out)
			orthonormal(q, out, in)
			copy(dst, transposed(q, out, in))
		} else {
			orthonormal(dst, in, out)
		}
		for i := range dst {
			dst[i] *= gain
		}
	}
}

// orthonormal makes n vectors of a length so, by Gram-Schmidt, twice for accuracy.
func orthonormal(q []float64, n, length int) {
	vector := func(i int) []float64 { return q[i*length:][:length] }
	dot := func(v, u []float64) (sum float64) {
		for j, x := range u {
			sum += float64(v[j] * x)
		}
		return sum
	}
	for i := range n {
		v := vector(i)
		for k := range 2 * i {
			u := vector(k % i)
			c := dot(v, u)
			for j, x := range u {
				v[j] -= float64(c * x)
			}
		}
		norm := math.Sqrt(dot(v, v))
		for j := range v {
			v[j] /= norm
		}
	}
}

// transposed is the transpose of rows × columns.
func transposed(x []float64, rows, columns int) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i%columns*rows+i/columns] = v
	}
	return y
}

// fans returns the numbers of inputs and outputs of a weight of shape s, both
// at least 1.
func fans(s graph.Shape) (in, out int) {
	switch s.Rank() {
	case 0:
		return 1, 1
	case 1:
		return max(s.Dim(0), 1), max(s.Dim(0), 1)
	}
	in, out, lengths := s.Dim(0), s.Dim(1), 1
	if s.Rank() > 2 {
		in, out = out, in
		for i := 2; i < s.Rank(); i++ {
			lengths *= s.Dim(i)
		}
	}
	return max(in*lengths, 1), max(out*lengths, 1)
}

func uniform(rng *rand.Rand, limit float64, dst []float64) {
	for i := range dst {
		dst[i] = limit * (float64(2*float64(rng.Float64())) - 1)
	}
}

func normal(rng *rand.Rand, sd float64, dst []float64) {
	for i := range dst {
		dst[i] = sd * elementary.Normal(rng)
	}
}
