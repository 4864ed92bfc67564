package formula

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
)

// spellings are texts beside the plain ones that they mean.
var spellings = []struct{ text, plain string }{
	{"x²", "x^2"}, {"x⁻¹", "x^(-1)"}, {"2*x¹²", "2*x^12"}, {"-x²", "-(x^2)"}, {"(x+1)²", "(x+1)^2"}, {"2^x²", "2^(x^2)"}, {"v[1]²", "v[1]^2"}, {"sin(x)²", "sin(x)^2"},
	{"let k = 2; xᵏ", "x^2"}, {"x^½", "x^0.5"}, {"¾*x", "0.75*x"}, {"½", "0.5"}, {"x*⅓", "x/3"},
	{"√x", "sqrt(x)"}, {"√(x+1)", "sqrt(x+1)"}, {"√x+1", "sqrt(x)+1"}, {"√v[1]", "sqrt(v[1])"}, {"√√x", "sqrt(sqrt(x))"}, {"1/√x", "1/sqrt(x)"}, {"√sin(1)", "sqrt(sin(1))"},
	{"-√x*2", "-sqrt(x)*2"}, {"∛x", "cbrt(x)"}, {"√|x|", "sqrt(abs(x))"}, {"√v.sum()", "sqrt(sum(v))"},
	{"x − 1", "x-1"}, {"2×x·3÷2", "3*x"}, {"x ≤ 3 ∧ x ≠ 2", "1"}, {"x ≥ 4 ∨ ¬(x > 4)", "1"}, {"e^-∞", "0"}, {"π", "pi"}, {"1 < Infinity", "1"},
	{"Σ(v)", "6"}, {"∑(m, axis=0)", "sum(m, axis=0)"}, {"∏(v)", "6"}, {"∑v", "6"},
	{"|x-4|", "1"}, {"||x|-4|", "1"}, {"|4-|x||", "1"}, {"|x|*|-x|", "9"}, {"-|x|²", "-9"}, {"max(|-x|, 1)", "3"}, {"[|x|, 1]", "[3, 1]"}, {"‖[3, 4]‖", "5"}, {"⌊x/2⌋ + ⌈x/2⌉", "3"},
	{"x > 4 || x > 2", "1"}, {"|x| > 4 or x > 2", "1"},
	{"if(x > 4, 1, 2)", "2"}, {"1 if x > 4 else 2", "2"}, {"1 if x > 4 else 2 if x > 2 else 5", "2"}, {"x + 1 if x > 2 else 0", "4"}, {"sum([1 if x > 2 else 0, 5])", "6"},
	{"x > 4 ? 1 : 2 if x > 2 else 3", "2"}, {"(1 if x < 2 else 7) + 1", "8"}, {"ifelse(x > 4, 1, 2)", "2"}, {"v[1 if 2 else 0]", "2"}, {"v.sum() if x > 2 else 0", "6"},
	{"piecewise(x < 2, 1, x < 4, 2, 3)", "2"}, {"piecewise(x < 2, 1, 3)", "3"}, {"where(x > 2, -x, x)", "-3"},
	{"np.exp(x)", "exp(x)"}, {"torch.exp(x) + np.pi", "exp(x) + pi"}, {"jax.numpy.exp(x)", "exp(x)"}, {"math.sqrt(x)", "sqrt(x)"}, {"tf.math.log(x)", "log(x)"},
	{"tf.reduce_mean(tf.square(v))", "14/3"}, {"np.linalg.norm(v)", "sqrt(14)"}, {"torch.clip(x, 0, 1)", "1"}, {"np.where(x > 2, 1, 0)", "1"},
	{"let np = 2*v; np.sum()", "12"}, {"v.sum()", "6"}, {"(v - 1).pow(2).mean()", "5/3"}, {"m.sum(axis=0)", "[4, 6]"}, {"-v.sum()", "-6"}, {"2^v.max()", "8"}, {"m.T[0]", "[1, 3]"}, {"m.T.sum()", "10"},
	{"fmax(x, 4) + fmin(x, 4)", "7"}, {"fabs(-x)", "3"}, {"v.*v", "v*v"}, {"v.^2", "v^2"}, {"v./2.", "v/2"},
	{"sum(x^k/k, k, 1, 3)", "3 + 9/2 + 9"}, {"prod(k, k, 1, 5)", "120"}, {"sum(sum(i*j, i, 1, j), j, 1, 3)", "25"}, {"sum(v*k, k, 0, 2)", "3*v"}, {"∑(k^2, k, -2, 2)", "10"}, {"v[0] + sum(v[k]*x^k, k, 0, 2)", "1 + 1 + 6 + 27"},
	{"v[::2]", "[1, 3]"}, {"v[::-1]", "[3, 2, 1]"}, {"v[1::]", "[2, 3]"}, {"v[:2:]", "[1, 2]"}, {"v[::]", "v"}, {"v[0:9:2]", "[1, 3]"}, {"v[-1:0:-1]", "[3, 2]"}, {"v[1::-1]", "[2, 1]"}, {"v[9:-9:-2]", "[3, 1]"},
	{"m[:, ::-1]", "[[2, 1], [4, 3]]"}, {"m[::-1, 0]", "[3, 1]"}, {"m[0, ::2]", "[1]"}, {"m[::2, ::-1]", "[[2, 1]]"}, {"v[0:x > 2 ? 1 : 2]", ""},
	{"1e1 + .5", "10.5"}, {"x**2", "9"}, {"2^3^2", "512"}, {"lambda0*x", ""}, {"x % 2", "1"}, {"x <-1", "0"}, {"x--1", "4"},
}

func TestSpellings(t *testing.T) {
	for _, c := range spellings {
		if c.plain == "" {
			if _, _, err := value(c.text); err == nil {
				t.Errorf("%s: no error", c.text)
			}
			continue
		}
		got, shape, err := value(c.text)
		want, plain, e := value(c.plain)
		if err != nil || e != nil || shape != plain {
			t.Errorf("%s: %v %v, want %v %v", c.text, shape, err, plain, e)
			continue
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-14*(1+math.Abs(want[i])) {
				t.Errorf("%s = %v, want %v", c.text, got, want)
			}
		}
	}
}

// What is written of a formula is read again as the same values.
func TestWritingIsRead(t *testing.T) {
	for _, c := range spellings {
		f, err := Parse(c.text)
		if err != nil || c.plain == "" {
			continue
		}
		g := graph.New(graph.Float64, 0)
		bind := map[string]*graph.Node{"x": g.Param("x", graph.Fill(3)), "v": g.Param("v", graph.From(1, 2, 3), 3), "m": g.Param("m", graph.From(1, 2, 3, 4), 2, 2)}
		n, err := f.Build(g, bind)
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := Text(n)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, _, err := value(text[0])
		want, _, _ := value(c.plain)
		for i := range want {
			if err != nil || len(got) != len(want) || math.Abs(got[i]-want[i]) > 1e-13*(1+math.Abs(want[i])) {
				t.Errorf("%s is written %s: %v %v, want %v", c.text, text[0], got, err, want)
			}
		}
	}
}

// What is refused names what to write instead, and where.
func TestInstead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2|x-1|", `column 2: "|": write or between conditions; a product is 2*|x-1|`},
		{"||x||", `column 1: "||" has two meanings: write norm(x), or abs(x)`},
		{"|x||x|", `column 3: "||" has two meanings here`},
		{"|x", `column 1: this '|' is never closed`},
		{"(|x)", `column 4: ")" does not close the "|" of column 2`},
		{"2‖v‖", `column 2: "‖": write or between conditions; a product is 2*‖v‖`},
		{"sin²(x)", "column 4: a power stands after the brackets: write sin(x)^2"},
		{"sin^2(x)", "write sin(x)^2"},
		{"sin⁻¹(x)", "write 1/sin(x)"},
		{"sin^-1 (x)", "write 1/sin(x)"},
		{"²", `column 1: "²" is a power`},
		{"x²^3", "column 3: a power of a power: write (x²)^y"},
		{"x²ⁿ", `column 2: "²ⁿ": write ^(...)`},
		{"x²y", `column 3: an operator is missing before "y"`},
		{"½x", `an operator is missing before "x"; a product is ½*x`},
		{"1 000*x", `an operator is missing before "000"; a number has no spaces: write 1000`},
		{"x½", `an operator is missing before "½"; a product is x*½`},
		{"√x²", "column 3: a power after \"√\" has two meanings: write √(x^2) or (√x)^2"},
		{"√x^2", "has two meanings"},
		{"√-x", "column 1: \"√\": write √(...)"},
		{"2√x", `an operator is missing before "√"; a product is 2*√`},
		{"x + √", `column 5: nothing stands after this '√'`},
		{"mᵀ", "write transpose(x)"},
		{"x₁", "column 2: names have no lowered digits: write x1, or x[1] for an element"},
		{"if x > 2 then 1 else 0", "column 1: if stands behind what it chooses: write a if c else b"},
		{"if (x > 2) 1 else 0", "write where(c, a, b), or a if c else b"},
		{"1 if x > 2", "column 3: this if has no else"},
		{"(1 if x > 2)", "column 4: this if has no else"},
		{"1 else 2", "there is no if before this else"},
		{"piecewise(x > 2, 1)", "a value for where none holds at the end"},
		{"lg(x)", "column 1: there is no function \"lg\": it is log10 to some and log2 to others: write log10(x) or log2(x)"},
		{"log(x, 10)", "column 1: log takes no more than 1 argument: log(x); to the base 10, write log10(x)"},
		{"log(x, 3)", "log(x)/log(3)"},
		{"log(x, 2)", "write log2(x)"},
		{"log_2(x)", "write log2(x)"},
		{"x!", "column 2: there is no sign for factorials: write gamma(x + 1), or prod(k, k, 1, 5)"},
		{"5%", "column 2: % is the remainder of a division: write 5/100"},
		{"sum(x^k, k, 1)", "column 10: axes are written as numbers, and a sum over a range is sum(x^k, k, 1, 5)"},
		{"sum(x^k, k=1, 5)", "a sum over a range is sum(x^k, k, 1, 5)"},
		{"sum(x^k for k in v)", `column 9: an operator is missing before "for": a sum over a range is sum(x^k, k, 1, 5)`},
		{"sum(x^k, (k, 1, 5))", "column 12: this comma separates nothing"},
		{"sum(k, k, 1, 1e9)", "more than 10000 terms"},
		{"sum(sum(i, i, 1, 200), j, 1, 200)", "more than 10000 terms"},
		{"sum(k, k, 1, x)", "its ends must be written as whole numbers"},
		{"sum(x, x, 1, 2)", "x has a value already"},
		{"sum(let k = 3; k, k, 1, 2)", "k has a value already"},
		{"sum(sum(k, k, 1, 2), k, 1, 2)", "k has a value already"},
		{"sum(k, k, 2, 1)", "nothing is from 2 to 1"},
		{"1..5", "column 1: there are no ranges"},
		{"v.shape", "column 2: there are no properties: write size(x, 0)"},
		{"v.sum", "column 2: there are no properties: write .sum()"},
		{"v.foo", "there are no properties; a subscript is x[0]"},
		{"v.foo()", `unknown function "foo"`},
		{"v[::0]", "column 5: subscript: a step of 0 goes nowhere"},
		{"v[::x]", "step must be written as a number"},
		{"v[0:1:1:1]", "column 8: a part of an axis is from:to:step"},
		{"v[2:1]", "no elements 2 to 1"},
		{"v[0:1:-1]", "no elements 0 to 1"},
		{"1,5*x", "column 2: this comma separates nothing: a decimal has a point, as 1.5"},
		{"x; x", "column 2: ; stands after let a = 3 only"},
		{"x === 3", `column 3: "===": write ==`},
		{"x <> 3", "write !="},
		{"x := 3", "write let a = 3"},
		{"x mod 2", "column 3: an operator is missing before \"mod\": write %"},
		{"x AND x", "write and"},
		{"sin x", `column 5: an operator is missing before "x": write sin(x)`},
		{"(x+1)(x+2)", "a product is (...)*(...)"},
		{"cot(x)", "write 1/tan(x)"},
		{"diff(x^2, x)", "descent grad prints it"},
		{"integral(x)", "there are no integrals"},
		{`\frac{1}{x}`, "LaTeX is not read"},
		{"＋x", "column 1: \"＋\": write +"},
		{"x'", "the transpose is transpose(x)"},
		{"x±1", "write two formulas"},
		{"sin^(-1)(x)", "write 1/sin(x)"},
		{"abs|x|", "a function has brackets: abs(x)"},
		{"|x|₂", `"₂" means nothing here`},
		{"m[..., 0]", "column 3: write a colon for each axis"},
		{"0x1F*x", "write decimal digits"},
		{"1_000*x", "write decimal digits, without _"},
		{"sum(m, axis=0, keepdims=1)", "keepdims=1 is not true or false"},
		{"lambda x: x^2", "a formula has no functions of its own"},
	} {
		_, _, err := value(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: an error of several lines: %v", c.text, err)
		}
	}
}

// Names without a value that are functions are explained.
func TestExplain(t *testing.T) {
	for _, c := range []struct{ text, name, want string }{
		{"2*exp[x]", "exp", "column 3: exp has no value; it is a function: write exp(...)"},
		{"Sin[x]", "Sin", "column 1: Sin has no value; the function is sin(...)"},
		{"Lg[x] + lg[x]", "lg", "write log10(x) or log2(x)"},
		{"foo.exp(x)", "foo", "foo has no value; a function stands alone: exp(...)"},
		{"d*x", "d", ""},
		{"x", "y", ""},
		{"1 + x(0)", "x", "column 5: x is a value, not a function: a product is x*(...), and an element x[0]"},
	} {
		f, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		err = f.Explain(c.name)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

// The tables name what there is: aliases are of functions, and what is to be
// written can be.
func TestTablesOfSpellings(t *testing.T) {
	for _, row := range Table {
		for _, name := range append([]string{row.Name}, row.Aliases...) {
			if fn := functions()[name]; fn.Name != row.Name {
				t.Errorf("%s is a name of %s and of %s", name, row.Name, fn.Name)
			}
		}
	}
	for name, hint := range instead {
		if _, known := functions()[name]; known {
			t.Errorf("%s is a function", name)
		}
		_, write, ok := strings.Cut(hint, "write ")
		write, _, _ = strings.Cut(write, " for that")
		if !ok || strings.Contains(write, "(c") || strings.Contains(write, ":") || strings.Contains(write, "write the") {
			continue
		}
		for _, text := range strings.Split(write, " or ") {
			if _, _, err := value(text); err != nil && !strings.Contains(hint, "the list alone") && !strings.Contains(hint, "the sums out") {
				t.Errorf("%s: %s: %v", name, text, err)
			}
		}
	}
	for _, t1 := range []map[string]string{signs, mistaken} {
		for key := range t1 {
			if n := len([]rune(key)); n > 3 {
				t.Errorf("%q has %d characters; scan looks at 3", key, n)
			}
		}
	}
}
