package formula

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// value computes a formula in which x is 3, v is [1,2,3] and m is [[1,2],[3,4]].
func value(text string) ([]float64, graph.Shape, error) {
	f, err := Parse(text)
	if err != nil {
		return nil, graph.Shape{}, err
	}
	g := graph.New(graph.Float64, 0)
	bind := map[string]*graph.Node{
		"x": g.Const(3), "v": g.Array([]float64{1, 2, 3}, 3), "m": g.Array([]float64{1, 2, 3, 4}, 2, 2),
	}
	n, err := f.Build(g, bind)
	if err != nil {
		return nil, graph.Shape{}, err
	}
	p, err := graph.Compile(n)
	if err != nil {
		return nil, graph.Shape{}, err
	}
	if err := p.Run(); err != nil {
		return nil, graph.Shape{}, err
	}
	return p.Float64s(n), n.Shape(), nil
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		text string
		want []float64
	}{
		{"1 + 2*3", []float64{7}},
		{"-2^2", []float64{-4}},
		{"2^-1", []float64{0.5}},
		{"2**3^2", []float64{512}},
		{"-x^2 + 1", []float64{-8}},
		{"2*x^2", []float64{18}},
		{"7 % 4", []float64{3}},
		{"-7 % x", []float64{2}},
		{"mod(-7, x) + fmod(-7, x)", []float64{1}},
		{"gammaln(x) - log(2) + psi(1) - digamma(1) + trigamma(1) - pi^2/6 + expit(0) + ndtr(0)", []float64{1}},
		{"heaviside(0) + heaviside(0, x) + heaviside(-1)", []float64{3.5}},
		{"logaddexp(v, v) - v", []float64{math.Ln2, math.Ln2, math.Ln2}},
		{"isnan([nan, inf, 1]) + 2*isinf([nan, inf, 1]) + 4*isfinite([nan, inf, 1])", []float64{1, 2, 4}},
		{"view(v, [2, 2], [1, 1])", []float64{1, 2, 2, 3}},
		{"place(m, [3], strides=[1, 1])", []float64{1, 5, 4}},
		{"scatter(v, [1, 0, 1], 0, 2)", []float64{2, 4}},
		{"sum(m, axis=0, keepdims=true) + sum(m, 1, keepdim=true)", []float64{7, 9, 11, 13}},
		{"clamp(v, min=1.5, max=2) + clip(v, a_min=0, a_max=0)", []float64{1.5, 2, 2}},
		{"[sinc(0), gamma(5), erfc(0), erfinv(0), logit(0.5), sech(0), betaln(1, 1)]", []float64{1, 24, 1, 0, 0, 1, 0}},
		{"1e-4 + .5", []float64{0.5001}},
		{"100000000000000000000*x - 1e20", []float64{2e20}},
		{"pi", []float64{math.Pi}},
		{"e^x", []float64{math.Exp(3)}},
		{"1 < x < 5", []float64{1}},
		{"x == 3 and not (x > 4)", []float64{1}},
		{"x < 0 or x != 3", []float64{0}},
		{"x > 0 ? 1 : 2", []float64{1}},
		{"where(v > 1.5, v, 0)", []float64{0, 2, 3}},
		{"[1, x, 2]", []float64{1, 3, 2}},
		{"[[1, 2], [3, x]]", []float64{1, 2, 3, 3}},
		{"v @ v", []float64{14}},
		{"m @ [1, 2]", []float64{5, 11}},
		{"matmul(m, m)", []float64{7, 10, 15, 22}},
		{"v[0] + v[-1]", []float64{4}},
		{"v[1:]", []float64{2, 3}},
		{"m[1]", []float64{3, 4}},
		{"m[:, 1]", []float64{2, 4}},
		{"m[1, 0]", []float64{3}},
		{"m[0][1]", []float64{2}},
		{"v[[2, 0]]", []float64{3, 1}},
		{"sum(m, axis=0)", []float64{4, 6}},
		{"sum(m, 1)", []float64{3, 7}},
		{"sum(m, axis=[0, 1])", []float64{10}},
		{"max(v)", []float64{3}},
		{"max(m, axis=1)", []float64{2, 4}},
		{"max(v, 2)", []float64{2, 2, 3}},
		{"min(x, 1, 2)", []float64{1}},
		{"mean(v)", []float64{2}},
		{"norm([3, 4])", []float64{5}},
		{"logsumexp([0, 0])", []float64{math.Ln2}},
		{"clamp(x, lo=0, hi=1)", []float64{1}},
		{"leaky_relu(-x)", []float64{-0.03}},
		{"let a = x + 1; a^2", []float64{16}},
		{"let a = 2; let b = a*x; b - a", []float64{4}},
		{"slice(v, 0, step=2)", []float64{1, 3}},
		{"size(m)*size(m, 0)", []float64{8}},
		{"stack(v, v, axis=0)[1, 2]", []float64{3}},
		{"concat(v, [4])", nil},
		{"concat(v, [4], axis=0)", []float64{1, 2, 3, 4}},
		{"hypot(3, 4) + log2(8) + log10(100)", []float64{10}},
	} {
		got, _, err := value(c.text)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: no error", c.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if len(got) != len(c.want) {
			t.Errorf("%s = %v, want %v", c.text, got, c.want)
			continue
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-14*(1+math.Abs(c.want[i])) {
				t.Errorf("%s = %v, want %v", c.text, got, c.want)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "the formula is empty"},
		{"   ", "the formula is empty"},
		{"sine(x)", `column 1: unknown function "sine"; did you mean "sin"?`},
		{"1 + y", "column 5: y has no value"},
		{"x + vv", `column 5: unknown name "vv"; did you mean "v"?`},
		{"x +", "column 3: the formula ends too early"},
		{"(x", `column 1: this '(' is never closed`},
		{"x)", `column 2: this ")" closes nothing`},
		{"(x]", `column 3: "]" does not close the "(" of column 1`},
		{"2x", `column 1: "2x" is not a number; a product is 2*x`},
		{"2(x)", "column 2: an operator is missing"},
		{"x x", `column 3: an operator is missing before "x"`},
		{"v + m", "column 3: + of 3 and 2x2: shapes 2x2 and 3 do not broadcast"},
		{"m @ v", "column 3: @ of 2x2 and 3"},
		{"sum(x, axis=0)", "column 1: sum of scalar: axis 0 of an array of 0 axes"},
		{"sum(v, axis=x)", "axis must be written as a number"},
		{"sum(v, axi=0)", `column 1: sum has no setting "axi"; did you mean "axis"?`},
		{"sum(v, 0.5)", "sum: axis=[0.5] is not a list of whole numbers"},
		{"clamp(x, 1)", "column 1: clamp: hi is missing, as in clamp(x, -1, 1)"},
		{"where(x, 1)", "column 1: where takes 3 arguments, 2 given: where(x, y, z)"},
		{"sin(x, 1)", "column 1: sin takes no more than 1 argument: sin(x)"},
		{"x = 3", "column 3: = names a value"},
		{"7 // 2", `column 3: "//": write floor(a/b)`},
		{`"a"`, "texts are for functions that take one; a name with spaces stands in backquotes"},
		{`sum("a b")`, "sum takes no text; a name with spaces stands in backquotes"},
		{`einsum("ij->i, m)`, `this " is never closed`},
		{`einsum("i->" + m)`, "this is not part of a formula"},
		{`einsum("ij->k", m)`, "no operand has 'k'"},
		{"2*`living area", "column 3: this \"`\" is never closed"},
		{"``", "no name between"},
		{"2`a b`", "an operator is missing before \"`\""},
		{"`a b`x", "an operator is missing before \"x\""},
		{"`a b`(2)", "an operator is missing before \"(\""},
		{"let `a b` = 2; 3", "without backquotes"},
		{"`a b`+$0", "\"$\" means nothing here"},
		{"x | y", `column 3: "|": write or`},
		{"[1, [2]]", "column 1: the elements of a list have one shape, and these have scalar and 1"},
		{"[]", "column 1: an empty list"},
		{"v[3]", "column 2: index 3 is not in -3..2: the shape is 3"},
		{"v[0, 1]", "column 4: a subscript too many"},
		{"x.y", "there are no properties"},
		{"not x > 4", "column 1: not binds more tightly than >"},
		{"1e400", "is not a number"},
		{"sin", "column 1: sin is a function: write sin(...)"},
		{"v(1)", "column 1: v is a value, not a function"},
		{"broadcast(x, 100000, 100000)", "at most 16777216 elements"},
		{"x in v", "column 3: in cannot be a name"},
		{"let x = 1; x", "column 5: x has a value already"},
		{"onehot([0], 2147483648)", "is not in [0,2147483647]"},
		{"onehot([0], 2147483647)", "at most 16777216 elements"},
		{"onehot(0.5, 3)", "column 8: 0.5 is not an index"},
		{strings.Repeat("(", 100_000) + "x" + strings.Repeat(")", 100_000), "at most 65536 are allowed"},
		{strings.Repeat("(", 30_000) + "x" + strings.Repeat(")", 30_000), "nested more than 256 deep"},
		{strings.Repeat("-", 30_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("x^", 30_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("x?1:", 10_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("not ", 10_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("√", 20_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("|1-", 10_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("x^2²", 1) + strings.Repeat("^-x", 10_000), "a power of a power"},
		{strings.Repeat("x if x else ", 5_000) + "x", "nested more than 256 deep"},
		{strings.Repeat("x if ", 5_000) + "x", "nested more than 256 deep"},
		{"v" + strings.Repeat(".abs()", 10_000), "more than 10000 parts"},
		{strings.Repeat("let a=1;", 1_000) + "x", "column 13: a has a value already"},
		{strings.Repeat("x+", 30_000) + "x", "more than 10000 parts"},
	} {
		_, _, err := value(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: an error of several lines: %v", c.text, err)
		}
	}
}

// Long flat formulas are fine, only deep ones are not.
// Names in backquotes may have any characters, also those of operators, and are
// written in backquotes again.
func TestQuotedNames(t *testing.T) {
	f, err := Parse("`living area`*x - `m/s`[1]^2 + `x`")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(f.Names(), ","), "living area,x,m/s"; got != want {
		t.Fatalf("names %s, want %s", got, want)
	}
	g := graph.New(graph.Float64, 0)
	x := g.Param("living area", graph.Fill(3))
	n, err := f.Build(g, map[string]*graph.Node{"living area": x, "x": g.Const(5), "m/s": g.Array([]float64{1, 2}, 2)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.Compile(n)
	if err == nil {
		err = p.Run()
	}
	if err != nil || p.Scalar(n) != 16 {
		t.Errorf("%v %v, want 16", p.Scalar(n), err)
	}
	text, err := Text(ops.Square(x))
	if err != nil || text[0] != "`living area`^2" {
		t.Errorf("%q %v", text, err)
	}
}

func TestLongFormulas(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("x^2+", 2000) + "1",
		strings.Repeat("-x*", 2000) + "1",
		"[" + strings.Repeat("-x,", 2000) + "1]",
		strings.Repeat("sin(x)+", 2000) + "1",
		manyLets(3000),
		strings.Repeat("x²+", 2000) + "1",
		strings.Repeat("|x|*", 1500) + "√x",
		"m" + strings.Repeat(".T", 4000),
		"x" + strings.Repeat(" + (1 if x else 2)", 1000),
	} {
		if _, _, err := value(text); err != nil {
			t.Errorf("%.20s...: %v", text, err)
		}
	}
}

func manyLets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "let a%d=x;", i)
	}
	return b.String() + "a7"
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"x^2+1", "sum(v, axis=0)", "let a=1; a*v[1:]", "m[:,0] @ [1,2]", "where(x>0, x, -x)", "huber(v, v, delta=2)", "a?b:c", "1e", "x[", "view(v,[2],[1],0)", "place(v,[9],[2])", "v[[0,1]]", "scatter(v,v,0,0,3)",
		"|x|-||x|-1|", "1 if x else 2", "v[::-1]", "v[1:2:3,::]", "√x²", "np.exp(x)", "v.sum().T", "sum(x^k,k,1,3)", "5%", "x⁻¹½", "⌊x⌋‖v‖", "`a b`.T", "if(x,1,2)", "x if x else", "∑∏√", "a.b.c(", "piecewise(x,1,2)", "v[x?1:2:3]", "..", "x!", "math.e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, shape, err := value(text)
		if err != nil {
			return
		}
		g := graph.New(graph.Float64, 0)
		p, _ := Parse(text)
		n, err := p.Build(g, map[string]*graph.Node{"x": g.Param("x", graph.Zeros), "v": g.Param("v", graph.Zeros, 3), "m": g.Param("m", graph.Zeros, 2, 2)})
		if err != nil {
			t.Fatal(err)
		}
		_ = Stable(n)
		written, err := Text(n) // what is written can be read
		if err != nil || len(written[0]) > MaxLength {
			return
		}
		if _, s, err := value(written[0]); err != nil || s != shape {
			t.Errorf("%q is written %q: %v %v, want %v", text, written[0], s, err, shape)
		}
	})
}
