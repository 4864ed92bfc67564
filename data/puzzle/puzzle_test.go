package puzzle_test

import (
	"math"
	"slices"
	"testing"

	"descent/data"
	"descent/data/puzzle"
)

const length = 12

// rows are some sequences and their answers.
func rows(t *testing.T, p *puzzle.Puzzle, n int, seed uint64) (x, y []float64) {
	t.Helper()
	r, err := p.Rows(length, n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return gathered(t, r, "x"), gathered(t, r, "y")
}

func gathered(t *testing.T, r data.Rows, name string) []float64 {
	t.Helper()
	a, ok := r.Array(name)
	if !ok {
		t.Fatalf("no array %s", name)
	}
	width, index := 1, make([]int, r.Rows())
	for _, n := range a.Shape() {
		width *= n
	}
	for i := range index {
		index[i] = i
	}
	out := make([]float64, len(index)*width)
	data.GatherArray(out, a, index)
	return out
}

// answered are answers by another way than that in which sequences were made.
var answered = map[string]func(x []float64) []float64{
	"adding": func(x []float64) []float64 {
		sum, marks := 0.0, 0.0
		for i := 0; i < len(x); i += 2 {
			sum += float64(x[i] * x[i+1])
			marks += x[i+1]
		}
		return []float64{sum, marks}[:1+int(marks)%2] // two marks
	},
	"copying": func(x []float64) (y []float64) {
		kinds := []int{}
		for i := 0; i < len(x); i += 10 {
			kinds = append(kinds, slices.Index(x[i:i+10], 1))
		}
		want := append(slices.Repeat([]int{8}, length), append([]int{9}, slices.Repeat([]int{8}, 9)...)...)
		if !slices.Equal(kinds[10:], want) {
			return nil
		}
		for _, k := range kinds[:10] {
			y = append(y, float64(k))
		}
		return y
	},
	"parity": func(x []float64) (y []float64) {
		ones := 0.0
		for _, b := range x {
			ones += b
			y = append(y, math.Mod(ones, 2))
		}
		return y
	},
}

// TestAnswers: answers are what the sequences say, and a guess is as good as is said.
func TestAnswers(t *testing.T) {
	const n = 4000
	for _, p := range puzzle.Table() {
		x, y := rows(t, &p, n, 1)
		inputs, answers := p.Steps(length)*p.Features, p.Answers(length)
		if len(x) != n*inputs || len(y) != n*answers {
			t.Fatalf("%s: %d inputs, %d answers", p.Name, len(x), len(y))
		}
		for i := range n {
			got, want := y[i*answers:(i+1)*answers], answered[p.Name](x[i*inputs:(i+1)*inputs])
			if len(want) != len(got) || !near(got, want) {
				t.Fatalf("%s: answers %v, want %v", p.Name, got, want)
			}
		}
		if g := guess(y, p.Classes); math.Abs(g-p.Guess) > 0.02 {
			t.Errorf("%s: a guess has %v, not %v", p.Name, g, p.Guess)
		}
	}
}

func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) < 1e-12 })
}

// guess is the variance of answers, or the share of the commonest class.
func guess(y []float64, classes int) (g float64) {
	mean, count := 0.0, make([]float64, classes+1)
	for _, v := range y {
		mean += v / float64(len(y))
		if classes > 0 {
			count[int(v)] += 1 / float64(len(y))
		}
	}
	if classes > 0 {
		return slices.Max(count)
	}
	for _, v := range y {
		g += (v - mean) * (v - mean) / float64(len(y))
	}
	return g
}

// TestSequencesAreTheirSeeds: a batch is the same again, and no other.
func TestSequencesAreTheirSeeds(t *testing.T) {
	for _, p := range puzzle.Table() {
		g, err := p.Generator(length, 3, 5)
		if err != nil {
			t.Fatal(err)
		}
		batch := func(seed uint64, epoch, batch int) []float64 {
			r, err := g.Batch(seed, epoch, batch)
			if err != nil {
				t.Fatal(err)
			}
			return gathered(t, r, "x")
		}
		first := batch(1, 0, 0)
		val, _ := rows(t, &p, 5, 1)
		for i, other := range [][]float64{batch(2, 0, 0), batch(1, 1, 0), batch(1, 0, 1), val} {
			if slices.Equal(other, first) {
				t.Errorf("%s: batch %d is another's", p.Name, i)
			}
		}
		if !slices.Equal(batch(1, 0, 0), first) {
			t.Errorf("%s: a batch is another the second time", p.Name)
		}
	}
	p, _ := puzzle.ByName("copying")
	if _, err := p.Generator(1, 1, 1); err == nil {
		t.Error("a length of 1")
	}
	if _, err := p.Generator(5, 0, 1); err == nil {
		t.Error("no batches")
	}
	if _, ok := puzzle.ByName("none"); ok {
		t.Error("a puzzle of no name")
	}
}
