package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// Subset returns a source that has these rows alone, by their numbers from 0: of the table,
// or of the images, which then have no test set of their own.
func (s *Source) Subset(rows []int) *Source {
	sub := *s
	if s.Table == nil {
		sub.Images, sub.Test = s.Images.Subset(rows), nil
		return &sub
	}
	t := *s.Table
	t.Columns, t.lines = make([]Column, len(s.Table.Columns)), nil
	for i, c := range s.Table.Columns {
		if c.Values != nil {
			values := make([]float64, len(rows))
			Gather(values, c.Values, 1, rows)
			c.Values = values
		}
		if c.Codes != nil {
			codes := make([]int, len(rows))
			Gather(codes, c.Codes, 1, rows)
			c.Codes = codes
		}
		t.Columns[i] = c
	}
	for k, row := range rows {
		if file, line, ok := s.Table.line(row); ok {
			t.setLine(k, file, line)
		}
	}
	sub.Table = &t
	return &sub
}

// Sum is the SHA-256 of the encoded rows of all parts, in hexadecimal digits.
func (p *Parts) Sum() string {
	h := sha256.New()
	for _, d := range []*Dataset{p.Train, p.Val, p.Test} {
		x := d.X
		if d.Floats != nil { // the sum is that of the same numbers in X
			x = widened(d.Floats)
		}
		sumNumbers(h, x)
		h.Write(d.Pixels)
		sumNumbers(h, d.Y)
		sumNumbers(h, d.Weight)
		classes := make([]float64, len(d.Class))
		for i, c := range d.Class {
			classes[i] = float64(c)
		}
		sumNumbers(h, classes)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func widened(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// sumNumbers adds numbers, after how many they are.
func sumNumbers(h hash.Hash, x []float64) {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 8*len(x)+8), uint64(len(x)))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	h.Write(b)
}
