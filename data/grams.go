package data

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode"

	"descent/internal/elementary"
)

// Grams is how many inputs a column of text becomes.
const Grams = 1024

// Text is the kind of an input that is a text of several words.
const Text Kind = "text"

// grams calls f for each word of a text, in small letters, and each pair of neighbours,
// with the input that it counts for and the sign with which it does: a hash of both, so
// that what meets in one input need not add up.
// Weinberger and others 2009, https://arxiv.org/abs/0902.2206.
func grams(text string, inputs int, f func(at int, sign float64)) {
	word := func(s string) {
		h := fnv.New64a()
		h.Write([]byte(s))
		sum := h.Sum64()
		f(int(sum>>1%uint64(inputs)), []float64{1, -1}[sum&1])
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	})
	for i, w := range words {
		if word(w); i > 0 {
			word(words[i-1] + " " + w)
		}
	}
}

// countGrams fills x with how often the grams of a text occur, each with its sign.
func countGrams(x []float64, text string) {
	clear(x)
	grams(text, len(x), func(at int, sign float64) { x[at] += sign })
}

// fitText makes a column of text the counts of its words and pairs, each weighed by how
// rare it is in the training rows: log((1+n)/(1+rows that have it)) + 1.
func fitText(c *Column, train []int) Input {
	in := Input{Name: c.Name, Kind: Text, Weights: make([]float64, Grams)}
	x := make([]float64, Grams)
	for _, row := range train {
		if c.missing(row) {
			in.Missing++
			continue
		}
		countGrams(x, c.word(row))
		for k, v := range x {
			if v != 0 {
				in.Weights[k]++
			}
		}
	}
	for k, with := range in.Weights {
		in.Weights[k] = elementary.Log(float64(1+len(train))/(1+with)) + 1
	}
	return in
}

// encodeText makes the inputs of the texts of some rows: the weighed counts, times a number
// that makes the mean of their squares 1. A text without words is zeros.
func (in *Input) encodeText(d *Dataset, out *encodedColumn, c *Column, rows []int) {
	c = c.asWords()
	used := make([]bool, len(c.Levels))
	for _, row := range rows {
		if code := c.Codes[row]; code >= 0 {
			used[code] = true
		} else {
			d.Missing++
		}
	}
	out.codes, out.texts = c.Codes, &sparse{}
	x := make([]float64, len(in.Weights))
	for code, text := range c.Levels {
		if clear(x); used[code] {
			in.weighGrams(x, text)
		}
		out.texts.add(x)
	}
}

// weighGrams fills x with the inputs of a text.
func (in *Input) weighGrams(x []float64, text string) {
	countGrams(x, text)
	squares := 0.0
	for k := range x {
		x[k] *= in.Weights[k]
		squares += float64(x[k] * x[k])
	}
	if squares == 0 {
		return
	}
	for k, scale := 0, math.Sqrt(float64(len(x))/squares); k < len(x); k++ {
		x[k] *= scale
	}
}

// checkText reports the weights of a text that is damaged.
func (in *Input) checkText() error {
	if n := len(in.Weights); n == 0 || n > 1<<16 || slices.ContainsFunc(in.Weights, func(w float64) bool { return !finite(w) }) {
		return fmt.Errorf("a text of %d inputs; it has 1 to %d, with weights that are numbers", n, 1<<16)
	}
	return nil
}
