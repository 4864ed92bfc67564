// Package golden reads reference values that other libraries have computed, for
// tests.
package golden

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/numjson"
	"descent/internal/spec"
	"descent/ops"
)

// Read reads a file of JSON.
func Read(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = numjson.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Hexes are numbers whose every bit counts, as texts.
type Hexes []string

// Floats returns the numbers.
func (h Hexes) Floats(t testing.TB) []float64 {
	out := make([]float64, len(h))
	for i, s := range h {
		var err error
		if out[i], err = strconv.ParseFloat(s, 64); err != nil && !strings.Contains(err.Error(), "range") {
			t.Fatal(err)
		}
	}
	return out
}

// A Trajectory has points by the number of the step.
type Trajectory map[string]struct{ X []float64 }

// Compare fails if there is a point of that step, and x differs from it by more
// than 1e-12 of it.
func (tr Trajectory) Compare(t testing.TB, what string, step int, x []float64) {
	t.Helper()
	row, ok := tr[fmt.Sprint(step)]
	if !ok {
		return
	}
	for i, w := range row.X {
		if math.IsNaN(w) && math.IsNaN(x[i]) || w == x[i] {
			continue
		}
		if !(math.Abs(x[i]-w) <= 1e-12*math.Abs(w)) {
			t.Errorf("%s, step %d: x[%d] = %v, want %v", what, step, i, x[i], w)
		}
	}
}

// Problems are functions of two variables that other libraries were run on.
var Problems = map[string]func(x, y *graph.Node) *graph.Node{
	"rosenbrock": func(x, y *graph.Node) *graph.Node {
		return ops.Add(ops.Square(ops.Sub(x.Graph().Const(1), x)), ops.Scale(100, ops.Square(ops.Sub(y, ops.Square(x)))))
	},
	"quad": func(x, y *graph.Node) *graph.Node {
		return ops.Add(ops.Scale(0.5, ops.Add(ops.Square(x), ops.Scale(10, ops.Square(y)))), ops.Scale(0.3, ops.Mul(x, y)))
	},
	"beale": func(x, y *graph.Node) *graph.Node {
		term := func(c float64, k int) *graph.Node {
			p := x.Graph().Const(1)
			for range k {
				p = ops.Mul(p, y)
			}
			return ops.Square(ops.Shift(c, ops.Sub(ops.Mul(x, p), x)))
		}
		return ops.Add(ops.Add(term(1.5, 1), term(2.25, 2)), term(2.625, 3))
	},
	"seed2d": func(x, y *graph.Node) *graph.Node {
		return ops.Add(ops.Add(ops.Square(x), ops.Scale(10, ops.Sin(x))), ops.Add(ops.Square(y), ops.Scale(5, ops.Sin(y))))
	},
}

// Starts are where the problems begin.
var Starts = map[string][]float64{"rosenbrock": {-1.2, 1}, "quad": {3, -2}, "beale": {1, 1}, "seed2d": {4, 3}}

// Changed returns another value that a setting takes, as text: that of values, by
// row.setting or setting, if it has one.
func Changed(row string, s spec.Setting, values map[string]string) string {
	for _, key := range []string{row + "." + s.Name, s.Name} {
		if v, ok := values[key]; ok {
			return v
		}
	}
	try := map[spec.Kind][]string{spec.Flag: {"true", "false"}, spec.Number: {"0.4", "1.7", "0.03"}, spec.Whole: {"3", "4"}}
	for _, v := range try[s.Kind] {
		c, err := spec.Parse("x(" + v + ")")
		if err != nil {
			panic(err)
		}
		one := spec.Row{Settings: []spec.Setting{s}}
		if a, err := one.Bind(c); err == nil && a.Value(s.Name) != s.Default {
			return v
		}
	}
	return ""
}
