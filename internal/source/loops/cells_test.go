package loops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// bytesOf is a cell.
func bytesOf(s string) ([]uint8, int) {
	b := make([]uint8, 256)
	return b, copy(b, s)
}

// Numbers are those of strconv, to the last bit.
func TestNumber(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := strings.Fields(`0 -0 +1 1. .5 . - + e5 1e 1e+ 1e5 1E-5 1e400 -1e400 1e-400 5e-324 2.4703282292062327e-324 2.4703282292062328e-324 4.9e-324 2.2250738585072011e-308
		1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308 9007199254740993 9007199254740992.5 0.1 123456789012345678901234567890 1..2 1.2.3 --1 1e5.5 0x10 1_000 1e99999999 0e99999
		100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001e-100`)
	for range 20_000 {
		x := math.Float64frombits(r.Uint64())
		switch r.IntN(4) {
		case 0:
			texts = append(texts, strconv.FormatFloat(x, 'g', r.IntN(20)+1, 64))
		case 1:
			texts = append(texts, strconv.FormatFloat(r.NormFloat64()*1000, 'f', r.IntN(6), 64))
		case 2: // half way between two numbers, and beside
			f := new(strings.Builder)
			fmt.Fprintf(f, "%d", 1<<53+2*r.IntN(1000)+1)
			if r.IntN(2) == 0 {
				fmt.Fprintf(f, ".%0*d", r.IntN(40)+1, r.IntN(2))
			}
			texts = append(texts, f.String())
		default:
			n := make([]byte, r.IntN(200)+1)
			for i := range n {
				n[i] = byte('0' + r.IntN(10))
			}
			texts = append(texts, fmt.Sprintf("%s.%se%d", n, n, r.IntN(700)-350))
		}
	}
	for _, s := range texts {
		if len(s) > 255 {
			continue
		}
		b, n := bytesOf(s)
		got, ok := number(b, n, '.')
		want, err := strconv.ParseFloat(s, 64)
		valid := err == nil && !strings.ContainsAny(s, "xX_nNiI")
		if ok != valid || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s: %v, %v; strconv has %v, %v", s, got, ok, want, err)
		}
	}
}

func TestCells(t *testing.T) {
	for line, want := range map[string]string{
		"a,b":             "a|b",
		" a , b ":         "a|b",
		`"a,b",c`:         "a,b|c",
		`"a ""b""", "c"`:  `a "b"|c`,
		"a,,":             "a||",
		"a\r\n":           "a",
		"":                "",
		"\"line\nbreak\"": "line\nbreak",
	} {
		var got []string
		var cell [256]uint8
		for at := 0; at >= 0; {
			var n int
			n, at = nextCell(line, len(line), at, cell[:])
			got = append(got, string(cell[:n]))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q", line, got)
		}
	}
	var cell [256]uint8
	if n, next := nextCell(strings.Repeat("x", 256), 256, 0, cell[:]); n != -1 || next != -1 {
		t.Error("a cell that is too long:", n)
	}
	if n, next := nextCell("a", 1, -1, cell[:]); n != -1 || next != -1 {
		t.Error("after the last:", n)
	}
}

// Cells become inputs: numbers scaled, words by their places.
func TestInputs(t *testing.T) {
	words := []string{"red", "dark Green", "7", "DARK blue", "x1", "X1", "(missing)"}
	place := func(cell string, refuse bool) (k int, ok bool) {
		b, n := bytesOf(cell)
		x := make([]real, len(words))
		ok = wordInput(x, b, n, words, len(words), 6, false, refuse)
		k = -1
		for i, v := range x {
			if v == 1 {
				k = i
			}
		}
		coded := make([]real, 1)
		if also := wordInput(coded, b, n, words, len(words), 6, true, refuse); also != ok || ok && int(coded[0]) != k {
			t.Errorf("%q: %v, as a number %v", cell, k, coded)
		}
		return k, ok
	}
	for cell, want := range map[string]int{"red": 0, "Red": 0, "RED": 0, "rED": 6, "dark green": 1, "Dark  Green": 1, "7": 2, "7.0": 2, "+7e0": 2, "": 6, "NA": 6, "?": 6, "green": 6, "x1": 4, "X1": 5, "none": 6, "dark blue": 3} {
		if k, ok := place(cell, false); k != want || !ok {
			t.Errorf("%q: %d, want %d", cell, k, want)
		}
	}
	if _, ok := place("green", true); ok {
		t.Error("an unknown word is not refused")
	}
	if _, ok := place("", true); !ok {
		t.Error("a missing cell is refused, though there is a place for it")
	}
	for cell, want := range map[string]real{"3": 1, "5,0": 2, "": 4, "none": 4} {
		b, n := bytesOf(cell)
		x := make([]real, 1)
		if !numberInput(x, b, n, ',', 9, 1, 2) || x[0] != want {
			t.Errorf("%q: %v, want %v", cell, x[0], want)
		}
	}
	b, n := bytesOf("a")
	if x := make([]real, 1); numberInput(x, b, n, '.', 0, 0, 1) || numberInput(x, b, -1, '.', 0, 0, 1) || wordInput(x, b, -1, words, 7, 6, true, false) {
		t.Error("what is no number, or no cell, is read")
	}
}
