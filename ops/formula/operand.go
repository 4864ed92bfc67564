package formula

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// number reads a number.
func (s *scanner) number() error {
	start := s.i
	switch {
	case strings.HasPrefix(string(s.src[start:min(start+3, len(s.src))]), "..."):
		return s.fail(start, "write a colon for each axis: x[:, 0]")
	case s.src[start] == '.' && !unicode.IsDigit(s.after(1)):
		return s.fail(start, "there are no properties; a number needs a digit after the point")
	case s.afterOperand():
		return s.missing(leadingDigits.FindString(string(s.src[start:])))
	}
	for s.i < len(s.src) {
		r := s.src[s.i]
		exponent := (r == '+' || r == '-') && s.i > start && strings.ContainsRune("eE", s.src[s.i-1])
		if !isWord(r) && r != '.' && !exponent {
			break
		}
		s.emit(r)
		s.i++
	}
	s.prev = s.src[start:s.i]
	digits, unit := string(s.prev), strings.TrimLeft(string(s.prev), "0123456789.")
	if _, err := strconv.ParseFloat(digits, 64); err == nil && !strings.ContainsAny(digits, "xXpP_") {
		if len(digits) > 18 && unit == "" && !strings.Contains(digits, ".") {
			s.emit('.') // too long for the parser's integers
		}
		return nil
	}
	if len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits[1:2], "xXbBoO") || strings.Contains(digits, "_") {
		return s.fail(start, "%q is not a number: write decimal digits, without _", digits)
	}
	if strings.Contains(digits, "..") {
		return s.fail(start, "there are no ranges; a sum over one is sum(x^k, k, 1, 5)")
	}
	if unit != "" && !strings.ContainsAny(unit[:1], "eE") && unicode.IsLetter([]rune(unit)[0]) && len(unit) < len(digits) {
		return s.fail(start, "%q is not a number; a product is %s*%s", digits, strings.TrimSuffix(digits, unit), unit)
	}
	return s.fail(start, "%q is not a number", digits)
}

// word reads a name.
func (s *scanner) word() error {
	start := s.i
	s.skipModule()
	end := s.i
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	w := string(s.src[s.i:end])
	operator := w == "and" || w == "or"
	switch {
	case slices.Contains(reserved, w):
		return s.fail(start, "%s cannot be a name", w)
	case w == "else":
		return s.otherwise()
	case w == "if" && s.afterOperand():
		return s.conditional()
	case w == "if" && s.peek(end) != '(':
		return s.fail(start, "if stands behind what it chooses: write a if c else b, or where(c, a, b)")
	case !operator && s.afterOperand():
		return s.missing(w)
	}
	top := s.top()
	switch {
	case w == "let":
		s.let = 2 // each takes a part of the tree, which are bounded
		s.lets++
	case s.let == 2:
		s.let = 1
	case w == "not":
		top.power++
	}
	if operator {
		top.power = 0
	}
	for s.i < end { // each rune has its place
		s.take(1, string(s.src[s.i]))
	}
	s.prev = []rune(w)
	return nil
}

// skipModule leaves out the np. of np.exp(x) and np.pi. A variable may have the
// name of a module: np.sum() is its sum.
func (s *scanner) skipModule() {
	if s.afterOperand() {
		return
	}
	known := modules
	at := s.i
	for {
		end := at
		for end < len(s.src) && isWord(s.src[end]) {
			end++
		}
		w := string(s.src[at:end])
		if end+1 < len(s.src) && s.src[end] == '.' && isWord(s.src[end+1]) && known[w] {
			at, known = end+1, submodules
			continue
		}
		_, constant := constants[w]
		if open := strings.TrimLeft(string(s.src[end:min(end+16, len(s.src))]), " "); constant || strings.HasPrefix(open, "(") && !strings.HasPrefix(open, "()") {
			s.i = at
		}
		return
	}
}

// method reads the .sum of x.sum(), or x.T, which desugar makes calls.
func (s *scanner) method() error {
	end := s.i + 1
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	w := string(s.src[s.i+1 : end])
	_, known := s.funcs[w]
	switch hint := properties[w]; {
	case w == "T":
		s.take(end-s.i, ".T")
		s.prev = operand
	case s.peek(end) == '(':
		for s.i < end {
			s.take(1, string(s.src[s.i]))
		}
		s.prev = []rune(w)
	case known:
		return s.fail(s.i, "there are no properties: write .%s()", w)
	case hint != "":
		return s.fail(s.i, "there are no properties: %s", hint)
	default:
		return s.fail(s.i, "there are no properties; a subscript is x[0], and a function %s(x)", w)
	}
	return nil
}

// power reads raised characters, x² and x⁻¹.
func (s *scanner) power() error {
	start, end := s.i, s.i
	var plain []rune
	for end < len(s.src) && raised[s.src[end]] != 0 {
		plain = append(plain, raised[s.src[end]])
		end++
	}
	text, name := string(plain), string(s.prev)
	_, known := s.funcs[name]
	switch sign := strings.TrimLeft(text, "+-"); {
	case !s.afterOperand():
		return s.fail(start, "%q is a power: a number, a name or a bracket stands before it", string(s.src[start:end]))
	case known && s.peek(end) == '(':
		return s.fail(start, "%s", powerOfFunction(name, text))
	case len(sign) < len(text)-1, len(sign) > 18, sign == "", len([]rune(sign)) > 1 && strings.Trim(sign, "0123456789") != "":
		return s.fail(start, "%q: write ^(...)", string(s.src[start:end]))
	}
	s.top().power++
	s.take(end-start, "^"+text)
	return nil
}

// powerOfFunction says what to write for sin²(x), and for sin⁻¹(x), which has two
// meanings.
func powerOfFunction(name, exponent string) string {
	if strings.HasPrefix(exponent, "-") {
		return fmt.Sprintf("this has two meanings: write 1/%s(x), or the inverse function's name", name)
	}
	return fmt.Sprintf("a power stands after the brackets: write %s(x)^%s", name, exponent)
}

// quotedName reads a name in backquotes.
func (s *scanner) quotedName() error {
	start := s.i
	length := slices.Index(s.src[start+1:], '`')
	switch {
	case length < 0:
		return s.fail(start, "this \"`\" is never closed; a name with spaces stands between two of them")
	case length == 0:
		return s.fail(start, "there is no name between the backquotes")
	case s.afterOperand():
		return s.missing("`")
	case s.let == 2:
		return s.fail(start, "a name that let gives stands without backquotes")
	}
	s.take(length+2, s.placeholder(length))
	return nil
}

// placeholder is what stands for so many runes after a quote.
func (s *scanner) placeholder(length int) string {
	if s.out.quoted == nil {
		s.out.quoted = map[string]string{}
	}
	name := fmt.Sprintf("$%d", len(s.out.quoted))
	s.out.quoted[name] = string(s.src[s.i+1 : s.i+1+length])
	return name
}

// quotedText reads a text that a function is given.
func (s *scanner) quotedText(quote rune) error {
	length := slices.Index(s.src[s.i+1:], quote)
	if length < 0 {
		return s.fail(s.i, "this %s is never closed", string(quote))
	}
	s.take(length+2, `"`+s.placeholder(length)+`"`)
	s.prev = operand
	return nil
}

// Where an operator is missing: sin^2(x) and numbers before brackets.
var (
	raisedFunction = regexp.MustCompile(`([\pL_][\pL_0-9]*)\s*(?:\^|\*\*)\s*\(?(-?\d+)\)?\s*$`)
	leadingDigits  = regexp.MustCompile(`^[0-9.]+`)
	lastOperand    = regexp.MustCompile(`([\pL\p{No}_0-9.]+)\s*$`)
)

// missing says that an operator is missing before a token, and what was
// probably meant.
func (s *scanner) missing(token string) error {
	before := string(s.src[max(0, s.i-200):s.i])
	word := string(s.prev)
	fn, known := s.funcs[word]
	power := raisedFunction.FindStringSubmatch(before)
	if power != nil && s.funcs[power[1]].Name == "" {
		power = nil
	}
	hint := "; a product is " + s.lastOperand() + "*" + token
	switch {
	case between[token] != "":
		hint = ": " + between[token]
	case known && fn.Inputs == 1:
		hint = fmt.Sprintf(": write %s(%s)", word, token)
	case known:
		hint = ": write " + fn.Usage()
	case power != nil:
		hint = ": " + powerOfFunction(power[1], power[2])
	case word == "lambda":
		hint = ": a formula has no functions of its own; lambda is a name"
	case s.closed == "if":
		hint = ": write where(c, a, b), or a if c else b"
	case token == "(":
		hint += "...)"
	case isDigits(s.lastOperand()) && isDigits(token):
		hint = "; a number has no spaces: write " + s.lastOperand() + token
	}
	return s.fail(s.i, "an operator is missing before %q%s", token, hint)
}

// isDigits tells whether a text is nothing but decimal digits.
func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// lastOperand is the number or name that was read last, or brackets.
func (s *scanner) lastOperand() string {
	if m := lastOperand.FindStringSubmatch(string(s.src[max(0, s.i-200):s.i])); m != nil {
		return m[1]
	}
	return "(...)"
}
