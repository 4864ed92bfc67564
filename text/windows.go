package text

import (
	"fmt"
	"math/rand/v2"

	"descent/data"
	"descent/internal/rng"
)

// Windows are pieces of a text, of so many tokens, as rows: "x" are their tokens, "y"
// those that follow each.
type Windows struct {
	Tokens []int
	Length int
}

// Generator returns batches of size windows that begin anywhere: as many in an epoch as
// have about as many tokens as the text. They are drawn by the seed, the epoch and the
// number of the batch.
func (w Windows) Generator(size int) (*data.Generator, error) {
	starts := len(w.Tokens) - w.Length
	if w.Length < 1 || size < 1 || starts < 1 {
		return nil, fmt.Errorf("%d tokens are too few for a window of %d and what follows it", len(w.Tokens), w.Length)
	}
	at := make([]int, size)
	x, y := make([]int, size*w.Length), make([]int, size*w.Length)
	return &data.Generator{Batches: max(1, len(w.Tokens)/(size*w.Length)), Size: size,
		Make: func(seed uint64, epoch, batch int) (data.Rows, error) {
			r := rand.New(rand.NewPCG(seed, rng.Mix(uint64(epoch)<<32|uint64(batch))))
			for i := range at {
				at[i] = r.IntN(starts)
			}
			return w.rows(at, x, y)
		}}, nil
}

// Rows returns windows one after another, from the first on: all that are whole, but no
// more than most, which are then spread evenly.
func (w Windows) Rows(most int) (data.Arrays, error) {
	n := (len(w.Tokens) - 1) / max(1, w.Length)
	if n < 1 {
		return nil, fmt.Errorf("%d tokens are too few for a window of %d and what follows it", len(w.Tokens), w.Length)
	}
	at := make([]int, min(n, most))
	for i := range at {
		at[i] = i * n / len(at) * w.Length
	}
	return w.rows(at, make([]int, len(at)*w.Length), make([]int, len(at)*w.Length))
}

// rows fills x and y with the windows that begin at at.
func (w Windows) rows(at, x, y []int) (data.Arrays, error) {
	for i, from := range at {
		copy(x[i*w.Length:], w.Tokens[from:from+w.Length])
		copy(y[i*w.Length:], w.Tokens[from+1:from+w.Length+1])
	}
	xs, err := data.NewArray(x, w.Length)
	if err != nil {
		return nil, err
	}
	ys, err := data.NewArray(y, w.Length)
	return data.Arrays{"x": xs, "y": ys}, err
}
