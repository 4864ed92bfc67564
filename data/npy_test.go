package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The columns of an array are those of its numbers as text, and float32 in memory where each
// number is one.
func TestArraysAreReadAsText(t *testing.T) {
	const n = 5000 // more than a block of cells
	r := rand.New(rand.NewPCG(4, 4))
	single, double, large := make([]float32, 2*n), make([]float64, 2*n), make([]int32, n)
	small := make([]int16, n)
	for i := range n {
		single[2*i], single[2*i+1] = r.Float32(), float32(r.IntN(9))
		double[2*i], double[2*i+1] = r.NormFloat64(), float64(r.IntN(99))/4
		large[i], small[i] = int32(1<<24+i), int16(i%300)
	}
	single[5], double[6] = float32(math.NaN()), math.NaN()
	for name, c := range map[string]struct {
		descr, shape string
		numbers      any
		narrow       []bool
	}{
		"float32":      {"<f4", fmt.Sprintf("%d, 2", n), single, []bool{true, true}},
		"float64":      {"<f8", fmt.Sprintf("%d, 2", n), double, []bool{false, true}},
		"whole":        {"<i2", fmt.Sprintf("%d,", n), small, []bool{true}},
		"large":        {"<i4", fmt.Sprintf("%d,", n), large, []bool{false}},
		"half as much": {"<f2", "6,", []uint16{0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0x7e00}, []bool{true}},
	} {
		var b bytes.Buffer
		if err := binary.Write(&b, binary.LittleEndian, c.numbers); err != nil {
			t.Fatal(err)
		}
		text := npy(c.descr, c.shape, b.String())
		direct := mustRead(t, text, CSVOptions{})
		spelled := mustRead(t, text, CSVOptions{Missing: []string{"nothing"}}) // which makes text of them
		words := mustRead(t, text, CSVOptions{Kinds: map[string]Kind{"column_1": Categorical}}).Columns[0]
		if words.Kind != Categorical || len(words.Codes) != direct.Rows() {
			t.Errorf("%s: %s as words, %d rows", name, words.Kind, len(words.Codes))
		}
		for i, own := range direct.Columns {
			want := spelled.Columns[i]
			same := slices.EqualFunc(own.Values.Numbers(), want.Values.Numbers(), func(a, b float64) bool { return a == b || a != a && b != b })
			if own.Kind != want.Kind || !same || direct.Where(3) != spelled.Where(3) {
				t.Errorf("%s: column %d is %s at %s, as text %s at %s, the same numbers: %v", name, i, own.Kind, direct.Where(3), want.Kind, spelled.Where(3), same)
			}
			if narrow := own.Values.f32 != nil; narrow != c.narrow[i] {
				t.Errorf("%s: column %d is float32: %v", name, i, narrow)
			}
		}
	}
}

// Numbers of two bytes are what IEEE 754 says: all of them, by the sum of their digits.
func TestBinary16(t *testing.T) {
	for bits := range 1 << 16 {
		sum, weight := 0.0, 1.0
		for k := range 10 {
			if weight /= 2; bits>>(9-k)&1 == 1 {
				sum += weight
			}
		}
		exponent := bits >> 10 & 31
		want := math.Pow(2, float64(exponent-15)) * (1 + sum)
		switch {
		case exponent == 0:
			want = math.Pow(2, -14) * sum
		case exponent == 31 && sum == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if bits >= 1<<15 {
			want = -want
		}
		if got := binary16(uint16(bits)); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%#x: %v, want %v", bits, got, want)
		}
	}
}

// Cells come back as they were added, also those of several blocks, of which any number of
// the first is left.
func TestCells(t *testing.T) {
	var c cells
	cell := func(row int) string { return strings.Repeat("x", row%7) }
	for row := range 2*cellRows + 5 {
		c.add(cell(row))
	}
	c.settle()
	for _, n := range []int{2*cellRows + 5, 2 * cellRows, cellRows + 1, 1, 0} {
		if c.cut(n); c.rows() != n {
			t.Fatalf("%d rows, want %d", c.rows(), n)
		}
		for row := range n {
			if c.at(row) != cell(row) {
				t.Fatalf("row %d is %q", row, c.at(row))
			}
		}
		if want := n > 1; (c.first() == 1) != want || c.contains("x") != want || c.contains("y") {
			t.Errorf("%d rows: the first is %d", n, c.first())
		}
	}
}
