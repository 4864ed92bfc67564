package bench

import (
	"math"
	"math/rand/v2"

	"descent/data"
	"descent/internal/elementary"
	"descent/internal/rng"
	"descent/internal/stats"
	"descent/text"
)

// embedded divides the rows of an embedded set; targets of a regression are
// standardised.
func embedded(name string) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		src, err := data.Open(name, data.CSVOptions{})
		if err != nil {
			return nil, err
		}
		scaling := data.Standard
		if len(src.Shape) > 1 {
			scaling = data.MinMax
		}
		parts, err := src.Prepare("", data.Options{Scaling: scaling, Fractions: data.Fractions{Val: 0.15, Test: 0.2}, Seed: rng.Mix(uint64(k))})
		if err == nil {
			standardise(parts)
		}
		return parts, err
	}
}

// standardise gives the targets of a regression mean 0 and variance 1 on the training
// rows.
func standardise(p *data.Parts) {
	if p.Train.Y == nil {
		return
	}
	mean, square := stats.Mean(p.Train.Y), 0.0
	for _, y := range p.Train.Y {
		square += float64((y - mean) * (y - mean))
	}
	deviation := math.Sqrt(square / float64(len(p.Train.Y)))
	for _, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		for i := range d.Y {
			d.Y[i] = (d.Y[i] - mean) / deviation
		}
	}
}

// altered divides the digits, and changes the parts.
func altered(k int, change func(part int, d *data.Dataset, r *rand.Rand)) (*data.Parts, error) {
	parts, err := embedded("digits")(k)
	if err != nil {
		return nil, err
	}
	for i, d := range []*data.Dataset{parts.Train, parts.Val, parts.Test} {
		change(i, d, stream("digits", k, i))
	}
	return parts, nil
}

// stream returns the random numbers of a part of a case.
func stream(name string, k, part int) *rand.Rand {
	return rand.New(rand.NewPCG(seedOf(uint64(part), name, k), 0))
}

// mislabelled are the digits, of which a third is called another in training.
func mislabelled(k int) (*data.Parts, error) {
	return altered(k, func(part int, d *data.Dataset, r *rand.Rand) {
		for i := range d.Class {
			if part == 0 && r.IntN(3) == 0 {
				d.Class[i] = (d.Class[i] + 1 + r.IntN(9)) % 10
			}
		}
	})
}

// candidates is of how many lower halves one belongs to the upper.
const candidates = 8

// halves are upper halves of digits, each with its lower half and those of others.
func halves(k int) (*data.Parts, error) {
	return altered(k, func(_ int, d *data.Dataset, r *rand.Rand) {
		n, own := d.Rows(), d.X.Numbers()
		var x []float64
		for i := range n {
			x = append(x, own[64*i:64*i+64]...)
			for range candidates - 1 {
				j := (i + 1 + r.IntN(n-1)) % n
				x = append(x, own[64*j+32:64*j+64]...)
			}
		}
		*d = data.Dataset{X: data.ArrayOf(x, len(x)/n), Inputs: make([]string, len(x)/n)}
	})
}

// drawn makes rows of a seed: row fills in the inputs and returns the target, a class
// if there are classes; it is told whether it is of training. Classes below 0 mean
// that there are no targets.
func drawn(name string, k, rows, inputs, classes int, row func(r *rand.Rand, x []float64, training bool) float64) (*data.Parts, error) {
	var all [3]*data.Dataset
	for part, n := range []int{rows, 100, 400} {
		r := stream(name, k, part)
		x := make([]float64, n*inputs)
		d := &data.Dataset{X: data.ArrayOf(x, inputs), Inputs: make([]string, inputs)}
		if classes > 0 {
			d.Classes = make([]string, classes)
			for c := range d.Classes {
				d.Classes[c] = string(rune('a' + c))
			}
		}
		for i := range n {
			switch y := row(r, x[i*inputs:(i+1)*inputs], part == 0); {
			case classes > 0:
				d.Class = append(d.Class, int(y))
			case classes == 0:
				d.Y = append(d.Y, y)
			}
		}
		all[part] = d
	}
	return &data.Parts{Train: all[0], Val: all[1], Test: all[2]}, nil
}

func normals(r *rand.Rand, x []float64) {
	for i := range x {
		x[i] = elementary.Normal(r)
	}
}

// imbalanced has four normal classes in 8 dimensions, whose means are two off in two
// of them.
func imbalanced(k int) (*data.Parts, error) {
	return drawn("imbalanced", k, 1200, 8, 4, func(r *rand.Rand, x []float64, _ bool) float64 {
		c, u := 0, r.Float64()
		for _, share := range []float64{0.8, 0.95, 0.99} {
			if u > share {
				c++
			}
		}
		normals(r, x)
		x[2*c] += 2
		x[2*c+1] -= 2
		return float64(c)
	})
}

// heavyTailed has targets sin(2x₀) + x₁x₂, in training with noise whose variance is
// infinite.
func heavyTailed(k int) (*data.Parts, error) {
	return drawn("heavy-tails", k, 1200, 4, 0, func(r *rand.Rand, x []float64, training bool) float64 {
		normals(r, x)
		y := elementary.Sin(2*x[0]) + float64(x[1]*x[2])
		if training { // by the root of an exponential number: half a χ² of 2 degrees of freedom
			y += float64(0.3 * elementary.Normal(r) / math.Sqrt(-elementary.Log(1-float64(r.Float64()))))
		}
		return y
	})
}

// illConditioned has inputs whose deviations fall from 1 to 0.01, and a target to
// which each contributes as much.
func illConditioned(k int) (*data.Parts, error) {
	return drawn("ill-conditioned", k, 600, 20, 0, func(r *rand.Rand, x []float64, _ bool) (y float64) {
		for i := range x {
			z := elementary.Normal(r)
			y += float64(z * []float64{1, -1}[i%2] / math.Sqrt(20))
			x[i] = float64(z * elementary.Exp(-math.Ln10*2*float64(i)/19))
		}
		return y + float64(0.1*elementary.Normal(r))
	})
}

// noise are rows of 100 normal numbers, of deviation 0.6.
func noise(k int) (*data.Parts, error) {
	return drawn("noise", k, 640, quadraticSize, -1, func(r *rand.Rand, x []float64, _ bool) float64 {
		normals(r, x)
		for i := range x {
			x[i] *= 0.6
		}
		return 0
	})
}

// unused are rows for what does not depend on rows: each is a step.
func unused(k int) (*data.Parts, error) {
	return drawn("unused", k, 100, 1, -1, func(*rand.Rand, []float64, bool) float64 { return 0 })
}

const (
	users, items, rank = 60, 40, 3
	vocabulary, length = 300, 8
)

// ratings are a user, an item and the product of what is theirs.
func ratings(k int) (*data.Parts, error) {
	own := stream("ratings", 0, 3) // the same matrix in all cases
	factors := make([]float64, (users+items)*rank)
	normals(own, factors)
	return drawn("ratings", k, 800, 2, 0, func(r *rand.Rand, x []float64, _ bool) (y float64) {
		u, i := r.IntN(users), users+r.IntN(items)
		x[0], x[1] = float64(u), float64(i)
		for f := range rank {
			y += float64(factors[u*rank+f] * factors[i*rank+f])
		}
		return float64(y/math.Sqrt(rank)) + float64(0.1*elementary.Normal(r))
	})
}

// rareWords are rows of words whose frequency falls as one by their number; the class is
// the sign of the sum of what they mean.
func rareWords(k int) (*data.Parts, error) {
	meaning := make([]float64, vocabulary)
	normals(stream("words", 0, 3), meaning)
	return drawn("words", k, 1600, length, 2, func(r *rand.Rand, x []float64, _ bool) float64 {
		sum := 0.0
		for i := range x {
			w := int(elementary.Exp(r.Float64()*elementary.Log(vocabulary+1))) - 1
			x[i] = float64(min(w, vocabulary-1))
			sum += meaning[int(x[i])]
		}
		if sum > 0 {
			return 1
		}
		return 0
	})
}

const (
	letter  = 27  // a to z, and all else
	ordered = 0.7 // part of the text that is trained on
)

// windows are so many windows of the embedded text.
func windows(window, training int) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		s, _ := text.Embedded("alice")
		return cutOut(letters(s), k, window, training)
	}
}

// cutOut returns windows of a text, of which the last part is held out, and the letter
// after each.
func cutOut(codes []float64, k, window, training int) (*data.Parts, error) {
	cut := int(ordered * float64(len(codes)))
	return drawn("letters", k, training, window+1, -1, func(r *rand.Rand, x []float64, training bool) float64 {
		from := r.IntN(cut - len(x))
		if !training {
			from = cut + r.IntN(len(codes)-cut-len(x))
		}
		copy(x, codes[from:])
		return 0
	})
}

// letters is a text in 27 letters.
func letters(s string) (codes []float64) {
	for _, c := range []byte(s) {
		code := float64(letter - 1)
		if c |= 0x20; c >= 'a' && c <= 'z' {
			code = float64(c - 'a')
		}
		if n := len(codes); n == 0 || code < letter-1 || codes[n-1] < letter-1 {
			codes = append(codes, code)
		}
	}
	return codes
}

// points are places from 0 to 1.
func points(k int) (*data.Parts, error) {
	return drawn("points", k, 640, 1, -1, func(r *rand.Rand, x []float64, _ bool) float64 {
		x[0] = r.Float64()
		return 0
	})
}

const arms = 5

// contexts are 4 numbers, and what each arm would give there.
func contexts(k int) (*data.Parts, error) {
	own := make([]float64, arms*4)
	normals(stream("contexts", 0, 3), own)
	return drawn("contexts", k, 1200, 4+arms, -1, func(r *rand.Rand, x []float64, _ bool) float64 {
		normals(r, x[:4])
		for a := range arms {
			for i := range 4 {
				x[4+a] += float64(own[a*4+i] * x[i] / 2)
			}
			x[4+a] += float64(0.5 * elementary.Normal(r))
		}
		return 0
	})
}
