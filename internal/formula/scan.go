package formula

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of a formula. They hold before anything is built.
const (
	MaxLength = 64 << 10 // bytes
	MaxDepth  = 256      // of parentheses, signs and powers within each other
	MaxNodes  = 10_000   // of the tree
	MaxSize   = 1 << 24  // elements of an array
)

// expr-lang's grammar lacks a matrix product, settings (axis=0) and subscripts
// of several axes (x[:,0]). scan rewrites them to what it has, which lowering
// undoes by looking at the original text: @ becomes %, the = of a setting
// becomes >, and the comma of a subscript becomes ][.
//
// scan also refuses what expr-lang would accept and we do not mean (comments,
// strings, pipes), and texts that would make its parser recurse too deeply.

// A scanned text is what expr-lang parses.
type scanned struct {
	text []rune
	at   []int // the rune of the original that each one stands for
}

type scanner struct {
	src   []rune
	out   scanned
	i     int
	prev  []rune // token before, nil at the start
	let   int    // 2 after "let", 1 after its name
	level []bracket
}

// A bracket is an open parenthesis or bracket, or the text itself.
type bracket struct {
	close rune
	at    int
	index bool // a subscript
	call  bool // arguments of a function
	// Recursion of the parser that has not ended at this level: of prefixes and
	// powers until the next operator, and of what lasts until it closes.
	power, lasting int
}

// words that expr-lang keeps for itself and we have no use for.
var reserved = []string{"in", "matches", "contains", "startsWith", "endsWith", "nil"}

func scan(text string) (scanned, error) {
	if len(text) > MaxLength {
		return scanned{}, fmt.Errorf("the formula has %d bytes; at most %d are allowed", len(text), MaxLength)
	}
	s := &scanner{src: []rune(text), level: []bracket{{}}}
	for s.i < len(s.src) {
		if unicode.IsSpace(s.src[s.i]) {
			s.emit(' ')
			s.i++
			continue
		}
		if err := s.token(); err != nil {
			return scanned{}, err
		}
		if s.depth() > MaxDepth {
			return scanned{}, s.fail(s.i-1, "the formula is nested more than %d deep", MaxDepth)
		}
	}
	if top := s.level[len(s.level)-1]; top.close != 0 {
		return scanned{}, s.fail(top.at, "this %q is never closed", s.src[top.at])
	}
	if s.prev == nil {
		return scanned{}, fmt.Errorf("the formula is empty")
	}
	return s.out, nil
}

func (s *scanner) depth() int {
	n := 0
	for _, l := range s.level {
		n += 1 + l.power + l.lasting
	}
	return n
}

func (s *scanner) fail(at int, format string, args ...any) error {
	return &Error{Text: string(s.src), At: at, Msg: fmt.Sprintf(format, args...)}
}

// emit puts a rune into the rewritten text.
func (s *scanner) emit(r rune) {
	s.out.text, s.out.at = append(s.out.text, r), append(s.out.at, s.i)
}

// word says whether the token before ends an operand.
func (s *scanner) afterOperand() bool {
	if s.prev == nil {
		return false
	}
	last := s.prev[len(s.prev)-1]
	return isWord(last) && !slices.Contains([]string{"let", "not", "and", "or"}, string(s.prev)) || last == ')' || last == ']' || last == '.'
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// token reads one token.
func (s *scanner) token() error {
	start, r := s.i, s.src[s.i]
	switch {
	case unicode.IsDigit(r) || r == '.':
		return s.number()
	case isWord(r):
		return s.word()
	case strings.ContainsRune("([", r):
		return s.open(r)
	case strings.ContainsRune(")]", r):
		return s.close(r)
	}
	two := string(s.src[start:min(start+2, len(s.src))])
	if slices.Contains([]string{"==", "!=", "<=", ">=", "**", "&&", "||"}, two) {
		return s.operator(two)
	}
	if hint, ok := mistaken[two]; ok {
		return s.fail(start, "%q: %s", two, hint)
	}
	if strings.ContainsRune("+-*/%^@<>!,;?:=", r) {
		return s.operator(string(r))
	}
	if hint, ok := mistaken[string(r)]; ok {
		return s.fail(start, "%q: %s", string(r), hint)
	}
	return s.fail(start, "%q means nothing here", string(r))
}

// mistaken says what to write instead.
var mistaken = map[string]string{
	"//": "write floor(a/b)", "/*": "comments are not allowed", "|": "write or", "&": "write and", "~": "a ~ stands in descent fit only, between response and model",
	"·": "write *", "×": "write *", "−": "write -", "÷": "write /", "²": "write ^2", "³": "write ^3", "{": "write (, or [ for a list", "}": "write ), or ] for a list",
	"\"": "there are no strings", "'": "there are no strings", "`": "there are no strings", "≤": "write <=", "≥": "write >=", "≠": "write !=",
}

// number reads a number.
func (s *scanner) number() error {
	start := s.i
	switch next := s.src[min(start+1, len(s.src)-1)]; {
	case s.src[start] == '.' && !unicode.IsDigit(next):
		return s.fail(start, "there are no properties; a number needs a digit after the point")
	case s.afterOperand():
		return s.fail(start, "an operator is missing before %q", string(s.src[start]))
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
		return nil
	}
	if unit != "" && !strings.ContainsAny(unit[:1], "eE") && unicode.IsLetter([]rune(unit)[0]) && len(unit) < len(digits) {
		return s.fail(start, "%q is not a number; a product is %s*%s", digits, strings.TrimSuffix(digits, unit), unit)
	}
	return s.fail(start, "%q is not a number", digits)
}

// word reads a name.
func (s *scanner) word() error {
	start := s.i
	end := start
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	w := string(s.src[start:end])
	operator := w == "and" || w == "or"
	switch {
	case slices.Contains(reserved, w):
		return s.fail(start, "%s cannot be a name", w)
	case !operator && s.afterOperand():
		return s.fail(start, "an operator is missing before %q", w)
	}
	top := &s.level[len(s.level)-1]
	switch {
	case w == "let":
		s.let = 2 // each takes a part of the tree, which are bounded
	case s.let == 2:
		s.let = 1
	case w == "not":
		top.power++
	}
	if operator {
		top.power = 0
	}
	for ; s.i < end; s.i++ {
		s.emit(s.src[s.i])
	}
	s.prev = s.src[start:end]
	return nil
}

func (s *scanner) open(r rune) error {
	b := bracket{close: ')', at: s.i}
	operand := s.afterOperand()
	name := operand && isWord(s.prev[len(s.prev)-1]) && !unicode.IsDigit(s.prev[0])
	if r == '[' {
		b.close, b.index = ']', operand
	} else if b.call = name; operand && !name {
		return s.fail(s.i, "an operator is missing before %q", "(")
	}
	s.level = append(s.level, b)
	s.emit(r)
	s.prev = s.src[s.i : s.i+1]
	s.i++
	return nil
}

func (s *scanner) close(r rune) error {
	top := s.level[len(s.level)-1]
	if top.close == 0 {
		return s.fail(s.i, "this %q closes nothing", string(r))
	}
	if top.close != r {
		return s.fail(s.i, "%q does not close the %q of column %d", string(r), string(s.src[top.at]), top.at+1)
	}
	s.level = s.level[:len(s.level)-1]
	s.emit(r)
	s.prev = s.src[s.i : s.i+1]
	s.i++
	return nil
}

// operator reads an operator, or the = of a setting.
func (s *scanner) operator(op string) error {
	top := &s.level[len(s.level)-1]
	switch {
	case op == "=" && s.let == 1:
		s.let = 0
	case op == "=" && top.call:
		s.rewrite(op, ">")
		return nil
	case op == "=":
		return s.fail(s.i, "= names a value in \"let a = 3; a*x\" only; to compare write ==")
	}
	switch {
	case strings.Contains("+-!", op) && !s.afterOperand(), op == "^", op == "**":
		top.power++
	case op == "?":
		top.power, top.lasting = 0, top.lasting+1
	case op == ",":
		top.power, top.lasting = 0, 0
	default:
		top.power = 0
	}
	switch {
	case op == "@":
		s.rewrite(op, "%")
	case op == "," && top.index:
		s.rewrite(op, "][")
	default:
		s.rewrite(op, op)
	}
	return nil
}

func (s *scanner) rewrite(op, by string) {
	for _, r := range by {
		s.emit(r)
	}
	n := len([]rune(op))
	s.prev = s.src[s.i : s.i+n]
	s.i += n
}
