package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"slices"
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
		if c.Kind != Categorical {
			c.Values = c.Values.subset(rows)
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
		if x.shades {
			x = Array{}
		}
		sumArray(h, x) // of the numbers, whatever their type is
		h.Write(d.X.bytes)
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

// sumArray adds numbers, after how many they are.
func sumArray(h hash.Hash, a Array) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(a.size()))
	h.Write(b)
	var values []float64
	eachBlock(a, func(_ int, rows []int) {
		values, b = slices.Grow(values[:0], len(rows)*a.width)[:len(rows)*a.width], b[:0]
		GatherArray(values, a, rows)
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		h.Write(b)
	})
}

func sumNumbers(h hash.Hash, x []float64) { sumArray(h, ArrayOf(x, 1)) }
