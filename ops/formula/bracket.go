package formula

import (
	"fmt"
	"strings"
	"unicode"
)

// open reads ( or [.
func (s *scanner) open(r rune) error {
	b := bracket{close: ')', at: s.i}
	after := s.afterOperand()
	name := after && isWord(s.prev[len(s.prev)-1]) && !unicode.IsDigit(s.prev[0])
	if r == '[' {
		b.close, b.index = ']', after
	} else if b.call = name; after && !name {
		return s.missing("(")
	}
	if name {
		b.name = string(s.prev)
	}
	s.level = append(s.level, b)
	s.take(1, string(r))
	return nil
}

// close reads ), ] or another closing bracket.
func (s *scanner) close(r rune) error {
	top := s.top()
	switch {
	case top.close == 0:
		return s.fail(s.i, "this %q closes nothing", string(r))
	case top.close == wordElse:
		return s.fail(top.at, "this if has no else: write a if c else b")
	case top.close == endOfOperand:
		return s.fail(top.at, "nothing stands after this %q", s.src[top.at])
	case top.close != r:
		return s.fail(s.i, "%q does not close the %q of column %d", string(r), string(s.src[top.at]), top.at+1)
	}
	s.lastStep()
	s.closed = top.name
	s.level = s.level[:len(s.level)-1]
	as := ")"
	if r == ']' {
		as = "]"
	}
	s.take(1, as)
	s.prev = []rune(as)
	return nil
}

// begin opens a bracket that stands for a function.
func (s *scanner) begin(fn string, width int, close rune) {
	s.level = append(s.level, bracket{close: close, at: s.i})
	s.take(width, fn+"(")
	s.prev = []rune("(")
}

// fence reads |x| and the like, whose opening and closing signs may be one: it
// closes where an operand has ended, if one is open.
func (s *scanner) fence(r rune) error {
	f := fences[r]
	double := r == '|' && s.after(1) == '|'
	if !s.afterOperand() {
		s.begin(f.fn, 1, f.close)
		return nil
	}
	n := len(s.level)
	open := s.level[n-1].close == r
	twice := open && s.level[n-2].close == r
	switch {
	case !open && double:
		return s.operator("||", 2)
	case !open:
		product := ""
		if rest := string(s.src[s.i+1:]); strings.ContainsRune(rest, f.close) {
			inner, _, _ := strings.Cut(rest, string(f.close))
			product = fmt.Sprintf("; a product is %s*%c%s%c", s.lastOperand(), r, inner, f.close)
			if s.funcs[string(s.prev)].Name != "" {
				product = fmt.Sprintf("; a function has brackets: %s(%s)", string(s.prev), inner)
			}
		}
		return s.fail(s.i, "%q: write or between conditions%s", string(r), product)
	case double && !twice:
		return s.fail(s.i, "\"||\" has two meanings here: write or between conditions, and abs(x) for |x|")
	case double && s.level[n-2].at == s.level[n-1].at-1:
		return s.fail(s.level[n-2].at, "\"||\" has two meanings: write norm(x), or abs(x)")
	}
	return s.close(r)
}

// prefix reads √ and the like.
func (s *scanner) prefix(r rune) error {
	if s.afterOperand() {
		return s.missing(string(r))
	}
	if s.peek(s.i+1) == '(' && (r == '∑' || r == '∏') { // whose brackets may hold settings
		s.take(1, prefixes[r])
		s.prev = []rune(prefixes[r])
		return nil
	}
	s.begin(prefixes[r], 1, endOfOperand)
	return nil
}

// endOperand ends the operands of signs such as √ before the next token, if that
// does not belong to them. What a power would be of is not clear.
func (s *scanner) endOperand() error {
	for s.top().close == endOfOperand {
		r := s.after(0)
		word := s.prev != nil && isWord(s.prev[len(s.prev)-1]) && !unicode.IsDigit(s.prev[0])
		top := s.top()
		switch {
		case !s.afterOperand():
			if strings.ContainsRune("+-−*/^,;:)]", r) {
				return s.fail(top.at, "%q: write %c(...)", string(s.src[top.at]), s.src[top.at])
			}
			return nil
		case r == '[', r == '(' && word, r == '.':
			return nil
		case r == '^', raised[r] != 0, r == '*' && s.after(1) == '*':
			sign := s.src[top.at]
			return s.fail(s.i, "a power after %q has two meanings: write %c(x^2) or (%cx)^2", string(sign), sign, sign)
		}
		s.level = s.level[:len(s.level)-1]
		s.emit(')')
		s.prev = operand
	}
	return nil
}

// conditional reads the if of a if c else b.
func (s *scanner) conditional() error {
	top := s.top()
	top.power, top.lasting = 0, top.lasting+1
	s.begin("?"+ifMark, len("if"), wordElse)
	return nil
}

// otherwise reads the else of a if c else b.
func (s *scanner) otherwise() error {
	if s.top().close != wordElse || !s.afterOperand() {
		return s.fail(s.i, "there is no if before this else: write a if c else b, or where(c, a, b)")
	}
	s.level = s.level[:len(s.level)-1]
	s.take(len("else"), "):")
	s.prev = []rune(":")
	return nil
}
