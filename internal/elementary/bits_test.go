package elementary

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// Every function has the same bits on every architecture: .ci/portable compares
// what this test writes to DESCENT_BITS, a checksum of the results of each one.
func TestBits(t *testing.T) {
	bodies := map[string]func(x, y float64) float64{
		"student": func(x, y float64) float64 { return StudentTail(x, 1+math.Abs(y)) },
	}
	var names []string
	for name, f := range functions {
		bodies[name] = f.f
	}
	for name := range bodies {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		f, sum, numbers := bodies[name], fnv.New64a(), 0
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 20000 {
			x, y := 3*Normal(r), 3*Normal(r)
			switch i % 4 {
			case 0:
				x *= 0.1
			case 1:
				x, y = 1e3*x, 100*y
			case 2:
				x, y = math.Float64frombits(r.Uint64()), 0.3*y
			}
			z := f(x, y)
			if z != z {
				continue // not-a-numbers differ
			}
			numbers++
			fmt.Fprintf(sum, "%x", math.Float64bits(z))
		}
		if numbers < 5000 {
			t.Errorf("%s has only %d results", name, numbers)
		}
		fmt.Fprintf(&text, "%s %x\n", name, sum.Sum64())
	}
	if path := os.Getenv("DESCENT_BITS"); path != "" {
		if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
