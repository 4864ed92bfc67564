package loops

import "math"

// Numbers that are written as texts, see [descent/internal/source.Texts].

// word reads 32 bits, the i-th of texts of 96 each: five characters of 85, from ( on; } and ~
// stand for ? and the backslash.
func word(texts []string, i int) uint32 {
	var v uint32
	for k := i % 96 * 5; k < i%96*5+5; k++ {
		c := texts[i/96][k]
		if c == '}' {
			c = '?'
		}
		if c == '~' {
			c = '\\'
		}
		v = 85*v + uint32(c-'(')
	}
	return v
}

// wide reads the i-th float64.
func wide(texts []string, i int) float64 {
	return math.Float64frombits(uint64(word(texts, 2*i))<<32 | uint64(word(texts, 2*i+1)))
}

// unpack32 sets n elements to float32s.
func unpack32(dst []real, texts []string, n int) {
	for i := 0; i < n; i++ {
		dst[i] = real(math.Float32frombits(word(texts, i)))
	}
}

// unpack64 sets n elements to float64s.
func unpack64(dst []real, texts []string, n int) {
	for i := 0; i < n; i++ {
		dst[i] = real(wide(texts, i))
	}
}
