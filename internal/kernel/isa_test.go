package kernel

import "testing"

func TestISAChoice(t *testing.T) {
	for _, c := range []struct {
		limit ISA
		name  string
		want  ISA
		bad   bool
	}{
		{AVX2, "", AVX2, false},
		{AVX512, "avx2", AVX2, false},
		{AVX512, "portable", Portable, false},
		{AVX2, "avx512", AVX2, false}, // never raised
		{Portable, "avx2", Portable, false},
		{AVX2, "AVX2", AVX2, true},
		{AVX512, "sse", AVX512, true},
	} {
		got, err := choose(c.limit, c.name)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("choose(%v, %q) = %v, %v; want %v", c.limit, c.name, got, err, c.want)
		}
	}
}

// isas lists the instruction sets that this machine can run, for tests.
func isas() []ISA {
	var s []ISA
	for i := Portable; i <= hardware; i++ {
		s = append(s, i)
	}
	return s
}
