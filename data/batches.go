package data

import (
	"fmt"
	"iter"
	"math/bits"
	"math/rand/v2"

	"descent/internal/rng"
)

// Batches says in which order an epoch visits n rows, and in pieces of which
// size. It is a value without state: what an epoch visits depends on the seed
// and the number of the epoch alone, so a run can be resumed at any step.
type Batches struct {
	n, size int
	seed    uint64
	shuffle bool
}

// NewBatches returns the batches of n rows, size rows each; the last batch of
// an epoch is smaller if size does not divide n. Size 0, or one larger than n,
// makes one batch of all rows; size 1 visits single rows. If shuffle is set,
// each epoch has its own order, made from seed; else rows come in order.
// It panics if n or size is negative.
func NewBatches(n, size int, seed uint64, shuffle bool) Batches {
	if n < 0 || size < 0 {
		panic(fmt.Sprintf("data: NewBatches(%d rows, size %d): neither can be negative", n, size))
	}
	if size == 0 || size > n {
		size = n
	}
	return Batches{n, size, seed, shuffle}
}

// Steps returns the number of batches in an epoch.
func (b Batches) Steps() int {
	if b.size == 0 {
		return 0
	}
	return (b.n-1)/b.size + 1
}

// Rows returns the number of rows in an epoch.
func (b Batches) Rows() int { return b.n }

// Size returns the number of rows in each batch but the last, Last in the last.
func (b Batches) Size() int { return b.size }

// Last returns the number of rows in the last batch of an epoch: Size, or
// fewer.
func (b Batches) Last() int { return b.n - max(b.Steps()-1, 0)*b.size }

// Epoch yields the row numbers of each batch of epoch e, counted from 0. Each
// row comes exactly once. The slices are parts of one array made for this call,
// which may be kept but not written to.
func (b Batches) Epoch(e int) iter.Seq[[]int] { return b.From(e, 0) }

// From yields the batches of epoch e that follow its first step batches: the
// rest of an epoch that was interrupted. It panics if e or step is negative.
func (b Batches) From(e, step int) iter.Seq[[]int] {
	if e < 0 || step < 0 {
		panic(fmt.Sprintf("data: Batches.From(epoch %d, step %d): neither can be negative", e, step))
	}
	return func(yield func([]int) bool) {
		order := make([]int, b.n)
		for i := range order {
			order[i] = i
		}
		if b.shuffle {
			newStream(b.seed, streamEpochs+uint64(e)).shuffle(order)
		}
		for s := step; s < b.Steps(); s++ {
			lo, hi := s*b.size, min((s+1)*b.size, b.n)
			if !yield(order[lo:hi:hi]) {
				return
			}
		}
	}
}

// A Number is an element of a batch: float32 or float64 for inputs and
// targets, an integer for classes, tokens and pictures.
type Number interface {
	~float32 | ~float64 | ~int | ~int32 | ~int64 | ~uint8
}

// Gather copies rows of src, a row-major n×width array, to dst, a row-major
// len(rows)×width array, converting each number. It allocates nothing. It
// panics if width is not positive, the size of dst is not len(rows)×width, or a
// row does not exist.
// Numbers above 3.4e38 become infinite when they are delivered as float32.
func Gather[D, S Number](dst []D, src []S, width int, rows []int) {
	gatherSteps(dst, src, width, width, rows)
}

// gatherSteps is Gather of rows that begin step numbers after each other.
func gatherSteps[D, S Number](dst []D, src []S, width, step int, rows []int) {
	if width < 1 || len(dst) != len(rows)*width {
		panic(fmt.Sprintf("data: Gather of %d rows of %d into %d places", len(rows), width, len(dst)))
	}
	n := 0
	if len(src) >= width {
		n = (len(src)-width)/step + 1
	}
	if same, ok := any(src).([]D); ok {
		for i, r := range rows {
			if uint(r) >= uint(n) {
				panic(noRow("Gather", i, r, n))
			}
			copy(dst[i*width:(i+1)*width], same[r*step:r*step+width])
		}
		return
	}
	for i, r := range rows {
		if uint(r) >= uint(n) {
			panic(noRow("Gather", i, r, n))
		}
		to := dst[i*width : (i+1)*width]
		from := src[r*step : r*step+width]
		for j := range to {
			to[j] = D(from[j])
		}
	}
}

// noRow says that the i-th of some row numbers, r, is not that of one of n rows.
func noRow(what string, i, r, n int) string {
	return fmt.Sprintf("data: %s: rows[%d] is %d, there are %d rows, counted from 0", what, i, r, n)
}

// Streams of random numbers that belong to one seed. Splits and epochs draw
// from different ones, so that a row's part says nothing of its place in an
// epoch, and more draws for the one never shift the other.
const (
	streamSplit  = 0
	streamFolds  = 1 << 32 // and on, one for each repeat
	streamDeal   = 1 << 33
	streamEpochs = 1 // epoch e draws from streamEpochs+e
)

// A stream is a seeded source of random numbers. Its shuffle is written here
// because runs must be repeatable under later versions of Go too: the numbers
// of PCG are fixed for good, what rand.Rand makes of them need not be.
type stream struct{ src *rand.PCG }

func newStream(seed, number uint64) stream {
	// Neighbouring seeds and epochs are the usual ones; mixing makes their
	// states unrelated.
	mix := func(z uint64) uint64 { return rng.Mix(z + rng.Golden) }
	return stream{rand.NewPCG(mix(seed), mix(seed^mix(number)))}
}

// below returns a number in [0, n): the high word of n times a random word. Its
// bias is below n/2⁶⁴, far less than any number of epochs could show.
func (s stream) below(n int) int {
	hi, _ := bits.Mul64(s.src.Uint64(), uint64(n))
	return int(hi)
}

// shuffle is the shuffle of Fisher and Yates.
func (s stream) shuffle(p []int) {
	for i := len(p) - 1; i > 0; i-- {
		j := s.below(i + 1)
		p[i], p[j] = p[j], p[i]
	}
}
