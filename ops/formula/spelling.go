package formula

import (
	"strings"
	"unicode"
)

// Other spellings of what formulas have, and what to write in place of what
// they do not have. Inside there is one way to write a thing: the tables here
// are all that knows of others.

// signs are operators of one or more characters by what they stand for.
var signs = map[string]string{
	"==": "==", "!=": "!=", "<=": "<=", ">=": ">=", "**": "**", "&&": "&&", "||": "||",
	"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "•": "*", "÷": "/", "∕": "/", "⁄": "/",
	"≤": "<=", "≥": ">=", "≠": "!=", "∧": "&&", "∨": "||", "¬": "!",
	".*": "*", "./": "/", ".^": "^", // elementwise in MATLAB and Julia, as all of ours are
}

// operands are characters that are numbers.
var operands = map[rune]string{
	'∞': "inf", '½': "(1/2)", '⅓': "(1/3)", '⅔': "(2/3)", '¼': "(1/4)", '¾': "(3/4)", '⅕': "(1/5)", '⅖': "(2/5)", '⅗': "(3/5)", '⅘': "(4/5)",
	'⅙': "(1/6)", '⅚': "(5/6)", '⅐': "(1/7)", '⅛': "(1/8)", '⅜': "(3/8)", '⅝': "(5/8)", '⅞': "(7/8)", '⅑': "(1/9)", '⅒': "(1/10)",
}

// fences are brackets that stand for a function; bars are closed by what opens
// them.
var fences = map[rune]struct {
	fn    string
	close rune
}{'|': {"abs", '|'}, '‖': {"norm", '‖'}, '⌊': {"floor", '⌋'}, '⌈': {"ceil", '⌉'}}

// prefixes are functions of one character: of what is in brackets, or of the
// number, name or call that follows.
var prefixes = map[rune]string{'√': "sqrt", '∛': "cbrt", '∑': "sum", '∏': "prod"}

// raised are the characters of powers.
var raised = map[rune]rune{
	'⁰': '0', '¹': '1', '²': '2', '³': '3', '⁴': '4', '⁵': '5', '⁶': '6', '⁷': '7', '⁸': '8', '⁹': '9', '⁺': '+', '⁻': '-',
	'ⁿ': 'n', 'ᵏ': 'k', 'ᵐ': 'm', 'ˣ': 'x', 'ʸ': 'y', 'ᵃ': 'a', 'ᵇ': 'b', 'ⁱ': 'i', 'ᵗ': 't',
}

// modules are what other languages put before a name and a point; the packages
// within them are in submodules.
var (
	modules    = words("np numpy jnp jax torch math cmath tf tensorflow keras K F nn Math mx onp anp sp sympy scipy special xp cp cupy")
	submodules = words("numpy nn functional math linalg special backend losses scipy keras activations")
)

// infinite and not a number have several names, too.
var constantAliases = rows("inf Inf infinity Infinity INFINITY\nnan NaN NAN\npi π Pi PI\ne ℯ")

// instead says what to write for functions that are not there.
var instead = func() map[string]string {
	t := map[string]string{
		"lg":        "it is log10 to some and log2 to others: write log10(x) or log2(x)",
		"log_2":     "write log2(x)",
		"log_10":    "write log10(x)",
		"log_e":     "write log(x)",
		"cot":       "write 1/tan(x)",
		"ctg":       "write 1/tan(x)",
		"sec":       "write 1/cos(x)",
		"csc":       "write 1/sin(x)",
		"cosec":     "write 1/sin(x)",
		"factorial": "write gamma(x + 1)",
		"fact":      "write gamma(x + 1)",
		"normpdf":   "write exp(-x^2/2)/sqrt(2*pi)",
		"sqr":       "write x^2",
		"exp10":     "write 10^x",
		"rsqrt":     "write 1/sqrt(x)",
		"trunc":     "write sign(x)*floor(abs(x))",
		"fix":       "write sign(x)*floor(abs(x))",
		"frac":      "write x - floor(x)",
		"len":       "write size(x)",
		"numel":     "write size(x)",
		"count":     "write size(x)",
		"array":     "write the list alone: [1, 2]",
		"tensor":    "write the list alone: [1, 2]",
		"real":      "there are no complex numbers",
		"imag":      "there are no complex numbers",
		"conj":      "there are no complex numbers",
		"cases":     "write where(c, a, b) or piecewise(c1, a, c2, b, otherwise)",
		"switch":    "write where(c, a, b) or piecewise(c1, a, c2, b, otherwise)",
		"select":    "write where(c, a, b) or piecewise(c1, a, c2, b, otherwise)",
	}
	for _, name := range []string{"integral", "integrate", "quad", "trapz"} {
		t[name] = "there are no integrals; a sum over a range is sum(x^k, k, 1, 5)"
	}
	for _, name := range []string{"diff", "derivative", "d", "D", "grad", "gradient", "deriv"} {
		t[name] = "a derivative is no part of a formula; descent grad prints it"
	}
	for _, name := range []string{"limit", "series", "taylor"} {
		t[name] = "formulas have values, they are not transformed"
	}
	return t
}()

// mistaken says what to write instead of signs.
var mistaken = map[string]string{
	"===": "write ==", "!==": "write !=", "**=": "there are no assignments; let a = 3; a*x names a part",
	"//": "write floor(a/b)", "/*": "comments are not allowed", "<>": "write !=", "=<": "write <=", "=>": "write >=", "->": "write where(c, a, b) for a choice",
	":=": "write let a = 3; a*x", "^^": "write ^", "%%": "write %", "%/%": "write floor(a/b)", "<<": "write x*2^n", ">>": "write floor(x/2^n)",
	"+=": "there are no assignments", "-=": "there are no assignments", "*=": "there are no assignments", "/=": "write != to compare; there are no assignments",
	"&": "write and", "~": "a ~ stands in descent fit only, between response and model",
	"{": "write (, or [ for a list", "}": "write ), or ] for a list", "\"": "texts are for functions that take one; a name with spaces stands in backquotes",
	"'": "texts are for functions that take one; a name with spaces stands in backquotes, and the transpose is transpose(x)",
	"#": "comments are not allowed", "\\": "LaTeX is not read; write a/b, sqrt(x), x^2", "≈": "write abs(a - b) < 0.001", "≡": "write ==",
	"—": "write -", "±": "write two formulas", "∓": "write two formulas", "°": "write *pi/180", "‰": "write /1000", "∂": "descent grad prints derivatives", "∇": "descent grad prints gradients",
	"∫": "there are no integrals", "∜": "write x^(1/4)", "…": "write all of it", "“": "there are no strings", "”": "there are no strings", "’": "write transpose(x)",
	"ᵀ": "write transpose(x)", "⊙": "write *", "⊗": "write outer(x, y)", "∘": "write *", "∈": "write conditions with <= and and", "→": "write where(c, a, b) for a choice", "′": "descent grad prints derivatives",
}

// between are words that stand where an operator should.
var between = map[string]string{
	"mod": "write %", "rem": "write %", "div": "write floor(a/b)", "AND": "write and", "OR": "write or", "And": "write and", "Or": "write or", "xor": "write a != b",
	"XOR": "write a != b", "is": "write ==", "eq": "write ==", "times": "write *", "plus": "write +", "minus": "write -", "over": "write /",
	"for":  "a sum over a range is sum(x^k, k, 1, 5)",
	"then": "write where(c, a, b), or a if c else b", "elif": "write where(c1, a, where(c2, b, c))", "where": "write where(c, a, b), or let r = y - x; r^2", "unless": "write where(c, a, b)",
}

// properties are what other languages write after a point without brackets.
var properties = map[string]string{
	"shape": "write size(x, 0) for the length of an axis", "size": "write size(x)", "ndim": "write a number", "mT": "write transpose(x)",
	"real": "there are no complex numbers", "imag": "there are no complex numbers", "data": "write stop_gradient(x)", "values": "write the name alone",
}

func words(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// rows reads lines of a name and its aliases into a map from alias to name.
func rows(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		name := ""
		for i, w := range strings.Fields(line) {
			if i == 0 {
				name = w
			} else {
				out[w] = name
			}
		}
	}
	return out
}

// lowered is a character written below the line as it is on the line, or 0.
func lowered(r rune) rune {
	if r >= '₀' && r <= '₉' {
		return '0' + r - '₀'
	}
	return 0
}

// halfwidth is the character that a full-width one, as in Japanese text, stands
// for.
func halfwidth(r rune) (rune, bool) {
	return r - 0xFEE0, r >= 0xFF01 && r <= 0xFF5E && !unicode.IsLetter(r)
}
