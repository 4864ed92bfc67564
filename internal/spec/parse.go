package spec

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads one call.
func Parse(text string) (Call, error) {
	chain, err := ParseChain(text)
	if err != nil {
		return Call{}, err
	}
	if len(chain) > 1 {
		return Call{}, &Error{text, chain[1].At, "only one is wanted here"}
	}
	return chain[0], nil
}

// ParseChain reads calls joined by |.
func ParseChain(text string) (Chain, error) {
	p := &parser{text: text}
	chain, err := p.chain()
	if err == nil && p.at < len(text) {
		err = p.fail(p.at, "%q is not expected here", p.rest())
	}
	return chain, err
}

// A Phase is a chain that begins at a step.
type Phase struct {
	From  int
	Chain Chain
}

// ParsePhases reads chains that follow each other: "warmup > 100: cosine".
func ParsePhases(text string) ([]Phase, error) {
	p := &parser{text: text}
	var phases []Phase
	for {
		var next Phase
		if len(phases) > 0 {
			from := p.at
			n, err := strconv.Atoi(p.token())
			if err != nil || n <= phases[len(phases)-1].From || !p.take(':') {
				return nil, p.fail(from, "after > comes a step number, larger than the one before, and a colon, as in > 100: cosine")
			}
			next.From = n
		}
		var err error
		if next.Chain, err = p.chain(); err != nil {
			return nil, err
		}
		phases = append(phases, next)
		if p.at == len(text) {
			return phases, nil
		}
		if !p.take('>') {
			return nil, p.fail(p.at, "%q is not expected here", p.rest())
		}
	}
}

// maxDepth bounds how deep calls may stand in calls.
const maxDepth = 32

type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return failure(p.text, at, format, args...)
}

// rest is what is left, short enough for a message.
func (p *parser) rest() string {
	r := []rune(p.text[p.at:])
	return string(r[:min(len(r), 12)])
}

func (p *parser) space() {
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsSpace(r) {
			return
		}
		p.at += n
	}
}

// take goes past c if it comes next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.at == len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	p.space()
	return true
}

// token is a name, a number or a pattern: all up to a space or a separator.
// Outside brackets, where a phase may begin, > and : separate too.
func (p *parser) token() string {
	p.space()
	from := p.at
	stop := "()[]|,="
	if p.depth == 0 {
		stop += ">:"
	}
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if unicode.IsSpace(r) || strings.ContainsRune(stop, r) {
			break
		}
		p.at += n
	}
	word := p.text[from:p.at]
	p.space()
	return word
}

func (p *parser) chain() (Chain, error) {
	var chain Chain
	for {
		c, err := p.call()
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
		if !p.take('|') {
			return chain, nil
		}
	}
}

func (p *parser) call() (Call, error) {
	p.space()
	c := Call{At: p.at}
	if c.Name = p.token(); c.Name == "" {
		return c, p.fail(c.At, "a name is missing")
	}
	open := p.at
	if !p.take('(') {
		return c, nil
	}
	if p.depth++; p.depth > maxDepth {
		return c, p.fail(open, "too many brackets in brackets")
	}
	defer func() { p.depth--; p.space() }()
	if p.take(')') {
		return c, nil
	}
	for {
		if p.at == len(p.text) {
			return c, p.fail(open, "the closing bracket is missing")
		}
		a, err := p.arg()
		if err != nil {
			return c, err
		}
		if n := len(c.Args); a.Name == "" && n > 0 && c.Args[n-1].Name != "" {
			return c, p.fail(a.At, "settings without a name come first")
		}
		c.Args = append(c.Args, a)
		switch {
		case p.take(','):
		case p.take(')'):
			return c, nil
		case p.at == len(p.text):
			return c, p.fail(open, "the closing bracket is missing")
		default:
			return c, p.fail(p.at, "%q is not expected here", p.rest())
		}
	}
}

// arg reads value or name=value.
func (p *parser) arg() (a Arg, err error) {
	p.space()
	a.At = p.at
	if name := p.token(); name != "" && p.take('=') {
		a.Name = name
	} else {
		p.at = a.At
	}
	a.Value, err = p.value()
	return a, err
}

func (p *parser) value() (Value, error) {
	if p.take('[') {
		return p.list()
	}
	from := p.at
	chain, err := p.chain()
	switch {
	case p.at == from:
		return nil, p.fail(from, "a value is missing")
	case err != nil:
		return nil, err
	case len(chain) > 1 || strings.HasSuffix(strings.TrimSpace(p.text[from:p.at]), ")"):
		return chain, nil
	}
	return scalar(chain[0].Name), nil
}

func scalar(word string) Value {
	if x, err := strconv.ParseFloat(word, 64); err == nil {
		return x
	}
	if lo, hi, ok := strings.Cut(word, ".."); ok {
		a, err := strconv.ParseFloat(lo, 64)
		b, err2 := strconv.ParseFloat(hi, 64)
		if err == nil && err2 == nil {
			return Interval{a, b}
		}
	}
	switch word {
	case "true":
		return true
	case "false":
		return false
	}
	return word
}

func (p *parser) list() (Value, error) {
	var list []float64
	for len(list) == 0 || !p.take(']') {
		from := p.at
		x, err := strconv.ParseFloat(p.token(), 64)
		if err != nil {
			return nil, p.fail(from, "a list holds numbers, such as [1, 0.5]")
		}
		list = append(list, x)
		if p.take(',') {
			continue
		}
		if p.at == len(p.text) {
			return nil, p.fail(p.at, "the closing bracket ] is missing")
		}
	}
	return list, nil
}
