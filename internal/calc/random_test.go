package calc

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent/losses"
)

// generator writes random formulas of a, b (numbers), v, w (vectors of 3) and
// m (2x3) whose values are smooth where they are evaluated.
type generator struct {
	*rand.Rand
	names *int
}

// next returns a number that was not used before, for a name.
func (g generator) next() int {
	*g.names++
	return *g.names
}

func (g generator) pick(s ...string) string { return s[g.IntN(len(s))] }

// scalar returns a formula for a number.
func (g generator) scalar(depth int) string {
	if depth == 0 {
		return g.pick("a", "b", "a", "b", "2", "0.5", "pi", "v[1]", "w[-1]", "m[1, 0]")
	}
	x := func() string { return g.scalar(depth - 1) }
	v := func() string { return g.vector(depth - 1) }
	switch g.IntN(22) {
	case 0, 1:
		return fmt.Sprintf("(%s + %s)", x(), x())
	case 2, 3:
		return fmt.Sprintf("%s*(%s)", x(), x())
	case 4:
		return fmt.Sprintf("(%s - %s)", x(), x())
	case 5:
		return fmt.Sprintf("%s/(2 + (%s)^2)", x(), x())
	case 6:
		return fmt.Sprintf("(%s)^%s", x(), g.pick("2", "3", "4"))
	case 7:
		return fmt.Sprintf("-%s", x())
	case 8:
		return fmt.Sprintf("%s(%s)", g.pick("sin", "cos", "tanh", "sigmoid", "softplus", "atan", "erf", "gelu", "silu"), x())
	case 9:
		return fmt.Sprintf("exp(-(%s)^2)", x())
	case 10:
		return fmt.Sprintf("log(1.5 + (%s)^2)", x())
	case 11:
		return fmt.Sprintf("sqrt(0.5 + (%s)^2)", x())
	case 12:
		return fmt.Sprintf("(1.2 + sin(%s))^%s", x(), g.pick("a", "0.5", "-1", "-2", "b"))
	case 13, 14:
		return fmt.Sprintf("%s(%s)", g.pick("sum", "mean", "logsumexp", "variance"), v())
	case 15:
		return fmt.Sprintf("norm(3 + sin(%s))", v())
	case 16:
		return fmt.Sprintf("%s @ %s", g.pick("v", "w"), g.pick("v", "w"))
	case 17:
		return fmt.Sprintf("where(a > b, %s, %s)", x(), x())
	case 18:
		return fmt.Sprintf("(let t%[1]d = %[2]s; t%[1]d*sin(t%[1]d))", g.next(), x())
	case 19:
		return fmt.Sprintf("mse(%s, %s)", v(), v())
	case 20:
		return fmt.Sprintf("huber(%s, %s, delta=%s)", v(), v(), g.pick("0.9", "2"))
	}
	return fmt.Sprintf("mean(%s @ transpose(m))", v())
}

// vector returns a formula for a vector of 3.
func (g generator) vector(depth int) string {
	if depth == 0 {
		return g.pick("v", "w", "v", "w", "m[0]", "[1, a, b]", "[1, -2, 0.5]")
	}
	x := func() string { return g.scalar(depth - 1) }
	v := func() string { return g.vector(depth - 1) }
	switch g.IntN(10) {
	case 0, 1:
		return fmt.Sprintf("(%s + %s)", v(), v())
	case 2:
		return fmt.Sprintf("%s*(%s)", v(), x())
	case 3:
		return fmt.Sprintf("(%s - %s)", v(), x())
	case 4:
		return fmt.Sprintf("%s(%s)", g.pick("sin", "tanh", "sigmoid", "softmax", "cos"), v())
	case 5:
		return fmt.Sprintf("([a, b] @ m + %s)", v())
	case 6:
		return fmt.Sprintf("sum(m*(%s), axis=0)", v())
	case 7:
		return fmt.Sprintf("flip(%s)", v())
	case 8:
		return fmt.Sprintf("concat((%s)[1:], (%s)[:1], axis=0)", v(), v())
	}
	return fmt.Sprintf("(%s)^2", v())
}

func (g generator) value(shape ...int) Value {
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := Value{Shape: shape}
	for range n {
		v.Data = append(v.Data, math.Round(1000*(2*g.Float64()-1))/500)
	}
	return v
}

// TestRandomExpressions compares the gradients of 1,000 formulas with
// differences, and with the values of their symbolic derivatives.
func TestRandomExpressions(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2)), new(int)}
	count, longest := 1000, 0
	if testing.Short() {
		count = 100
	}
	for i := range count {
		text := g.scalar(1 + i%4)
		all := []Binding{{"a", g.value()}, {"b", g.value()}, {"v", g.value(3)}, {"w", g.value(3)}, {"m", g.value(2, 3)}}
		var point []Binding
		for _, b := range all {
			if parsed(t, text).Uses(b.Name) {
				point = append(point, b)
			}
		}
		if len(point) == 0 {
			continue
		}
		e, err := At(text, point)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		worst, err := e.Check()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !(worst.Error < 1e-6) {
			t.Errorf("%s at %v: the derivative by %s[%d] is %v, differences say %v", text, point, worst.Name, worst.Element, worst.Derivative, worst.Numeric)
		}
		longest = max(longest, checkSymbolic(t, text, e, point))
	}
	t.Logf("the longest derivative has %d characters", longest)
}

func parsed(t *testing.T, text string) *losses.Formula {
	t.Helper()
	f, err := losses.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

// checkSymbolic parses the symbolic derivatives and computes them.
func checkSymbolic(t *testing.T, text string, e *Expression, point []Binding) (longest int) {
	t.Helper()
	g, err := e.Gradient()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	symbols, err := e.Symbolic()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for i, s := range symbols {
		longest = max(longest, len(s))
		var here []Binding
		for _, b := range point {
			if f := parsed(t, s); f.Uses(b.Name) {
				here = append(here, b)
			}
		}
		d, err := At(s, here)
		if err != nil {
			t.Errorf("%s: d/d%s = %s: %v", text, e.Names[i], s, err)
			continue
		}
		got, err := d.run(d.Node)
		if err != nil {
			t.Fatal(err)
		}
		want := g.Grads[i].Data
		for k, x := range want {
			y := got[0].Data[min(k, len(got[0].Data)-1)] // a number stands for an array of it
			if !(math.Abs(x-y) <= 1e-9*(1+math.Abs(x))) {
				t.Errorf("%s: d/d%s = %s is %v, want %v", text, e.Names[i], s, got[0], g.Grads[i])
				break
			}
		}
	}
	return longest
}
