// Package puzzle makes up sequences whose answers are known, and far from what they
// follow from: whether a model of sequences can learn to keep something.
package puzzle

import (
	"fmt"
	"math/rand/v2"

	"descent/data"
	"descent/internal/rng"
)

// A Puzzle makes sequences of steps, and answers at the last of them.
type Puzzle struct {
	Name, Doc, From string
	// Features are the numbers of a step.
	Features int
	// Classes are those of an answer; 0 if it is a number.
	Classes int
	// Guess is the mean squared error of the best constant, or the share of answers
	// that is right by chance.
	Guess float64

	steps, answers func(length int) int
	// fill makes a sequence, whose inputs are 0 before, and its answers.
	fill func(r *rand.Rand, x, y []float64)
}

// What a step of copying is, besides one of so many symbols.
const (
	symbols = 8
	blank   = symbols
	ask     = symbols + 1
	copied  = 10 // symbols of a sequence
)

var table = []Puzzle{
	{Name: "adding", Doc: "the sum of two of many numbers, which are marked", From: "Hochreiter, Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735",
		Features: 2, Guess: 1.0 / 6, steps: same, answers: func(int) int { return 1 }, fill: adding},
	{Name: "copying", Doc: "ten symbols of eight, after as many blanks as its length", From: "Arjovsky, Shah, Bengio 2016, https://arxiv.org/abs/1511.06464",
		Features: symbols + 2, Classes: symbols, Guess: 1.0 / symbols, steps: func(length int) int { return length + 2*copied }, answers: func(int) int { return copied }, fill: copying},
	{Name: "parity", Doc: "at each step whether the ones so far are odd", From: "Graves 2016, https://arxiv.org/abs/1603.08983",
		Features: 1, Classes: 2, Guess: 0.5, steps: same, answers: same, fill: parity},
}

func same(length int) int { return length }

// Table returns the puzzles.
func Table() []Puzzle { return table }

// ByName returns the puzzle of that name.
func ByName(name string) (p *Puzzle, ok bool) {
	for i := range table {
		if table[i].Name == name {
			return &table[i], true
		}
	}
	return nil, false
}

// Steps is how many steps sequences of a length have, Answers at how many of the last of
// them there is an answer.
func (p *Puzzle) Steps(length int) int { return p.steps(length) }

// Answers is described at [Puzzle.Steps].
func (p *Puzzle) Answers(length int) int { return p.answers(length) }

// adding: a step is a number from 0 to 1 and a mark, which is 1 at one step of the first
// half and one of the second.
func adding(r *rand.Rand, x, y []float64) {
	n := len(x) / 2
	for i := range n {
		x[2*i] = r.Float64()
	}
	for _, at := range []int{r.IntN(n / 2), n/2 + r.IntN(n-n/2)} {
		x[2*at+1] = 1
		y[0] += x[2*at]
	}
}

// copying: a step is one of the symbols, a blank, or asks for the first of them, as the
// one of ten numbers that is 1.
func copying(r *rand.Rand, x, y []float64) {
	n := len(x) / (symbols + 2)
	for i := range n {
		kind := blank
		switch {
		case i < copied:
			kind = r.IntN(symbols)
			y[i] = float64(kind)
		case i == n-copied:
			kind = ask
		}
		x[i*(symbols+2)+kind] = 1
	}
}

// parity: a step is 0 or 1.
func parity(r *rand.Rand, x, y []float64) {
	odd := 0
	for i := range x {
		bit := r.IntN(2)
		odd ^= bit
		x[i], y[i] = float64(bit), float64(odd)
	}
}

// minLength is that of the shortest sequences, maxLength of the longest.
const (
	minLength = 2
	maxLength = 1 << 16
)

// Generator returns batches of size sequences, made up by the seed, the epoch and the
// number of the batch: the array "x" has steps × features numbers a row, "y" the answers,
// classes as whole numbers.
func (p *Puzzle) Generator(length, batches, size int) (*data.Generator, error) {
	if length < minLength || length > maxLength {
		return nil, fmt.Errorf("a length of %d; it is %d to %d", length, minLength, maxLength)
	}
	if size < 1 || batches < 1 {
		return nil, fmt.Errorf("%d batches of %d sequences; there is at least one", batches, size)
	}
	inputs, answers := p.Steps(length)*p.Features, p.Answers(length)
	x, y, classes := make([]float64, size*inputs), make([]float64, size*answers), make([]int, size*answers)
	return &data.Generator{Batches: batches, Size: size, Make: func(seed uint64, epoch, batch int) (data.Rows, error) {
		r := rand.New(rand.NewPCG(seed, rng.Mix(uint64(epoch)<<32|uint64(batch))))
		clear(x)
		clear(y)
		for i := range size {
			p.fill(r, x[i*inputs:(i+1)*inputs], y[i*answers:(i+1)*answers])
		}
		xs, err := data.NewArray(x, p.Steps(length), p.Features)
		if err != nil {
			return nil, err
		}
		ys, err := data.NewArray(y, answers)
		if p.Classes > 0 {
			for i, k := range y {
				classes[i] = int(k)
			}
			ys, err = data.NewArray(classes, answers)
		}
		return data.Arrays{"x": xs, "y": ys}, err
	}}, nil
}

// Rows returns n sequences that no epoch of a generator with this seed has.
func (p *Puzzle) Rows(length, n int, seed uint64) (data.Rows, error) {
	g, err := p.Generator(length, 1, n)
	if err != nil {
		return nil, err
	}
	return g.Batch(rng.Mix(seed^rng.Golden), 0, 0)
}
