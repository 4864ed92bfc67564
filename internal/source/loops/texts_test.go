package loops

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// textOf writes words as [descent/internal/source.Texts] does.
func textOf(words []uint32) (texts []string) {
	for i, w := range words {
		c := make([]byte, 5)
		for k := 4; k >= 0; k-- {
			c[k] = strings.NewReplacer("?", "}", "\\", "~").Replace(string(rune(w%85 + '(')))[0]
			w /= 85
		}
		if i%96 == 0 {
			texts = append(texts, "")
		}
		texts[i/96] += string(c)
	}
	return texts
}

func TestTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var narrow, wide []uint32
	want32, want64 := make([]float32, 1000), make([]float32, 1000)
	for i := range 1000 {
		a, b := float32(r.NormFloat64()), r.NormFloat64()
		want32[i], want64[i] = a, float32(b)
		narrow = append(narrow, math.Float32bits(a))
		wide = append(wide, uint32(math.Float64bits(b)>>32), uint32(math.Float64bits(b)))
	}
	got := make([]float32, 1000)
	unpack32(got, textOf(narrow), 1000)
	same(t, "float32s", got, want32)
	unpack64(got, textOf(wide), 1000)
	same(t, "float64s", got, want64)
}
