package formula

import (
	"fmt"
	"slices"
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

// expr-lang's grammar lacks a matrix product, settings (axis=0), subscripts of
// several axes (x[:,0]), steps in them (x[::2]) and a if c else b. scan rewrites
// them to what it has, which lowering undoes by looking at the original text: @
// becomes %, the = of a setting becomes >, the comma of a subscript becomes ][,
// its second colon becomes or, with $all for a bound that is left out, and
// a if c else b becomes a ? $if(c) : b, which desugar turns around.
//
// A name in backquotes may have any characters; it goes to the parser as $0, $1,
// ..., which nobody can write, and so does what is in a text, "ij,jk->ik", that a
// function is given. Other spellings (x², √x, |x|, np.exp) become
// those that the rest of the package knows, by the tables of spelling.go.
//
// scan also refuses what expr-lang would accept and we do not mean (comments,
// strings, pipes), and texts that would make its parser recurse too deeply.

// A scanned text is what expr-lang parses.
type scanned struct {
	text []rune
	at   []int // the rune of the original that each one stands for
	// quoted are the names and texts that stood in quotes, by what the parser sees.
	quoted map[string]string
}

type scanner struct {
	src   []rune
	funcs map[string]Func
	out   scanned
	i     int
	prev  []rune // token before, nil at the start
	let   int    // 2 after "let", 1 after its name
	lets  int    // whose ; has not come
	// closed is the function whose brackets were closed last.
	closed string
	level  []bracket
}

// What closes a bracket that is not one: a sign without brackets is closed by
// the end of its operand, if by else.
const (
	endOfOperand rune = -1
	wordElse     rune = -2
)

// A bracket is an open parenthesis or bracket, or the text itself.
type bracket struct {
	close rune
	at    int
	index bool   // a subscript
	call  bool   // arguments of a function
	name  string // which
	// Of a subscript: colons of ?: that have not come, and colons that came.
	choices, colons int
	// Recursion of the parser that has not ended at this level: of prefixes and
	// powers until the next operator, and of what lasts until it closes.
	power, lasting int
}

// The names of what nobody writes.
const (
	allOfAxis = "$all"
	ifMark    = "$if"
)

// words that expr-lang keeps for itself and we have no use for.
var reserved = []string{"in", "matches", "contains", "startsWith", "endsWith", "nil"}

func scan(text string, funcs map[string]Func) (scanned, error) {
	if len(text) > MaxLength {
		return scanned{}, fmt.Errorf("the formula has %d bytes; at most %d are allowed", len(text), MaxLength)
	}
	s := &scanner{src: []rune(text), funcs: funcs, level: []bracket{{}}}
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
	if err := s.endOperand(); err != nil {
		return scanned{}, err
	}
	switch top := s.top(); {
	case top.close == wordElse:
		return scanned{}, s.fail(top.at, "this if has no else: write a if c else b")
	case top.close == endOfOperand:
		return scanned{}, s.fail(top.at, "nothing stands after this %q", s.src[top.at])
	case top.close != 0:
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

func (s *scanner) top() *bracket { return &s.level[len(s.level)-1] }

func (s *scanner) fail(at int, format string, args ...any) error {
	return &Error{Text: string(s.src), At: at, Msg: fmt.Sprintf(format, args...)}
}

// emit puts a rune into the rewritten text.
func (s *scanner) emit(r rune) {
	s.out.text, s.out.at = append(s.out.text, r), append(s.out.at, s.i)
}

// take reads some runes as a token that the parser sees as a text.
func (s *scanner) take(width int, as string) {
	for _, r := range as {
		s.emit(r)
	}
	s.prev = s.src[s.i : s.i+width]
	s.i += width
}

// operand is what prev is after an operand that is no word, so that a bracket
// after it is no call.
var operand = []rune(")")

// afterOperand says whether the token before ends an operand.
func (s *scanner) afterOperand() bool {
	if s.prev == nil {
		return false
	}
	last := s.prev[len(s.prev)-1]
	return isWord(last) && !slices.Contains([]string{"let", "not", "and", "or"}, string(s.prev)) || strings.ContainsRune(")].`", last) || raised[last] != 0
}

func isWord(r rune) bool {
	return r == '_' || (unicode.IsLetter(r) || unicode.IsDigit(r)) && raised[r] == 0 && r != 'ᵀ'
}

// after is the rune n places on, or 0.
func (s *scanner) after(n int) rune {
	if s.i+n < len(s.src) {
		return s.src[s.i+n]
	}
	return 0
}

// peek is the next rune from at that is no space, or 0.
func (s *scanner) peek(at int) rune {
	for ; at < len(s.src); at++ {
		if !unicode.IsSpace(s.src[at]) {
			return s.src[at]
		}
	}
	return 0
}

// token reads one token.
func (s *scanner) token() error {
	if err := s.endOperand(); err != nil {
		return err
	}
	r := s.src[s.i]
	_, fence := fences[r]
	switch {
	case r == '.' && s.afterOperand() && strings.ContainsRune("*/^", s.after(1)):
		return s.sign()
	case r == '.' && s.afterOperand() && isWord(s.after(1)) && !unicode.IsDigit(s.after(1)):
		return s.method()
	case unicode.IsDigit(r) || r == '.':
		return s.number()
	case isWord(r):
		return s.word()
	case r == '`':
		return s.quotedName()
	case (r == '"' || r == '\'') && s.top().call && !s.afterOperand():
		return s.quotedText(r)
	case fence:
		return s.fence(r)
	case prefixes[r] != "":
		return s.prefix(r)
	case raised[r] != 0:
		return s.power()
	case operands[r] != "":
		if s.afterOperand() {
			return s.missing(string(r))
		}
		s.take(1, operands[r])
		s.prev = operand
		return nil
	case strings.ContainsRune("([", r):
		return s.open(r)
	case strings.ContainsRune(")]⌋⌉", r):
		return s.close(r)
	}
	return s.sign()
}

// sign reads an operator, or says what to write instead of what is none.
func (s *scanner) sign() error {
	for width := min(3, len(s.src)-s.i); width > 0; width-- {
		text := string(s.src[s.i : s.i+width])
		if hint, ok := mistaken[text]; ok {
			return s.fail(s.i, "%q: %s", text, hint)
		}
		if op, ok := signs[text]; ok {
			return s.operator(op, width)
		}
	}
	r := s.src[s.i]
	if strings.ContainsRune("+-*/%^@<>!,;?:=", r) {
		return s.operator(string(r), 1)
	}
	if d := lowered(r); d != 0 && s.afterOperand() && isWord(s.prev[0]) {
		return s.fail(s.i, "names have no lowered digits: write %s%c, or x[%c] for an element", string(s.prev), d, d)
	}
	if h, ok := halfwidth(r); ok {
		return s.fail(s.i, "%q: write %c", string(r), h)
	}
	return s.fail(s.i, "%q means nothing here", string(r))
}

// operator reads an operator, or the = of a setting, of some runes.
func (s *scanner) operator(op string, width int) error {
	top := s.top()
	switch {
	case op == "=" && s.let == 1:
		s.let = 0
	case op == "=" && top.call:
		s.take(width, ">")
		return nil
	case op == "=":
		return s.fail(s.i, "= names a value in \"let a = 3; a*x\" only; to compare write ==")
	}
	if err := s.misused(op, width); err != nil {
		return err
	}
	switch {
	case strings.Contains("+-!", op) && !s.afterOperand(), op == "^", op == "**":
		top.power++
	case op == "?":
		top.power, top.lasting, top.choices = 0, top.lasting+1, top.choices+1
	case op == ",":
		s.lastStep()
		top.power, top.lasting, top.choices, top.colons = 0, 0, 0, 0
	case op == ":":
		return s.colon(width)
	default:
		top.power = 0
	}
	switch {
	case op == "@":
		op = "%"
	case op == "," && top.index:
		op = "]["
	case op == ";":
		s.lets--
	}
	s.take(width, op)
	return nil
}

// misused says what is wrong with an operator at its place.
func (s *scanner) misused(op string, width int) error {
	top, next := s.top(), s.peek(s.i+width)
	power := op == "^" || op == "**"
	switch {
	case power && s.prev != nil && raised[s.prev[0]] != 0:
		return s.fail(s.i, "a power of a power: write (x%s)^y with brackets", string(s.prev))
	case op == "%" && s.afterOperand() && (next == 0 || strings.ContainsRune(")],;*/^<>=!&|", next)):
		return s.fail(s.i, "%% is the remainder of a division: write %s/100", string(s.prev))
	case op == "!" && s.afterOperand():
		return s.fail(s.i, "there is no sign for factorials: write gamma(x + 1), or prod(k, k, 1, 5) for that of 5")
	case op == ";" && s.lets == 0 && next != 0:
		return s.fail(s.i, "; stands after let a = 3 only: a text is one formula")
	case op == "," && top.close == 0:
		return s.fail(s.i, "this comma separates nothing: a decimal has a point, as 1.5, and a list brackets, as [1, 2]")
	case op == "," && !top.call && top.close != ']':
		return s.fail(s.i, "this comma separates nothing: a list is [1, 2], and a sum over a range sum(x^k, k, 1, 5)")
	}
	return nil
}

// colon reads the colon of c ? a : b, or one of a subscript.
func (s *scanner) colon(width int) error {
	top := s.top()
	top.power = 0
	if top.choices > 0 || !top.index {
		top.choices = max(top.choices-1, 0)
		s.take(width, ":")
		return nil
	}
	top.colons++
	switch top.colons {
	case 1:
		s.take(width, ":")
	case 2:
		s.emptyBound()
		s.take(width, " or ")
		s.prev = []rune(":")
	default:
		return s.fail(s.i, "a part of an axis is from:to:step")
	}
	return nil
}

// emptyBound puts something in place of a bound that is left out.
func (s *scanner) emptyBound() {
	if s.prev[len(s.prev)-1] == ':' {
		for _, r := range allOfAxis {
			s.emit(r)
		}
	}
}

// lastStep ends a part of a subscript.
func (s *scanner) lastStep() {
	if s.top().colons == 2 {
		s.emptyBound()
	}
}
