package data

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Numerals says how the numbers of a column are written. The zero value is the
// way of programs: 1234.5, -2e-3.
type Numerals struct {
	Decimal   string `json:"decimal,omitempty"`   // "." or ","; "" is "."
	Thousands string `json:"thousands,omitempty"` // what separates thousands
	Unit      string `json:"unit,omitempty"`      // a sign of currency, %, or a word, which does not change the number
	// Magnitude says that 1.2M is 1200000 beside 3.4K, or $5B.
	Magnitude bool `json:"magnitude,omitempty"`
	// Clock says that they are times, 7:30 or 7:30:15, read as hours.
	Clock bool `json:"clock,omitempty"`
}

// A numeral is a number as it is written.
type numeral struct {
	negative bool
	body     string // digits and what separates them
	exponent string // without the e
	unit     string
	// magnitude stands behind the number, where the unit is before it: $5B.
	magnitude string
}

// magnitudes are what people shorten large numbers with.
var magnitudes = map[string]float64{
	"k": 1e3, "K": 1e3, "Tsd": 1e3, "Tsd.": 1e3, "M": 1e6, "mn": 1e6, "mln": 1e6, "Mio": 1e6, "Mio.": 1e6,
	"B": 1e9, "bn": 1e9, "Bn": 1e9, "Mrd": 1e9, "Mrd.": 1e9, "T": 1e12, "tn": 1e12,
}

// dissect takes a cell apart: -$1,234.50, (12), 5 %, 1.5D+03, 24 months. ok is
// false if it is no number in any country.
func dissect(cell string) (n numeral, ok bool) {
	s := strings.TrimSpace(cell)
	if inner, is := strings.CutPrefix(s, "("); is && strings.HasSuffix(inner, ")") {
		s, n.negative = inner[:len(inner)-1], true
	}
	if s, ok = n.front(s); !ok {
		return n, false
	}
	end := bodyEnd(s)
	if n.body, s = s[:end], s[end:]; !strings.ContainsFunc(n.body, isDigit) {
		return n, false
	}
	s = n.power(s)
	return n, n.back(s)
}

// front takes the sign and the currency off, in either order.
func (n *numeral) front(s string) (rest string, ok bool) {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case isDigit(r) || r == '.' || r == ',':
			return s, true
		case r == '-' || r == '+' || r == '\u2212':
			if n.negative {
				return s, false
			}
			n.negative = r != '+'
		case unicode.IsSpace(r):
		default:
			unit := currency(s)
			if unit == "" || n.unit != "" {
				return s, false
			}
			n.unit, size = unit, len(unit)
		}
		s = s[size:]
	}
	return s, false
}

// currency returns the sign of a currency that s begins with, or "".
func currency(s string) string {
	for _, c := range [...]string{"US$", "R$", "A$", "C$", "NZ$", "HK$", "Rs.", "USD", "EUR", "GBP", "CHF", "JPY"} {
		if strings.HasPrefix(s, c) {
			return c
		}
	}
	if r, size := utf8.DecodeRuneInString(s); unicode.Is(unicode.Sc, r) {
		return s[:size]
	}
	return ""
}

// bodyEnd returns where the digits and their separators end.
func bodyEnd(s string) int {
	end := 0
	for i, r := range s {
		switch {
		case isDigit(r):
			end = i + 1
		case (r == '.' || r == ',') && end == i:
			end = i + 1 // "5." is a number
		case end < i && !isDigit(r): // two separators
			return end
		case !isGroup(r):
			return end
		}
	}
	return end
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isGroup tells whether people separate thousands with r: a point or a comma,
// an apostrophe, an underscore, or a space (usual, no-break, narrow, thin).
func isGroup(r rune) bool {
	switch r {
	case '.', ',', '\'', '\u2019', '_', ' ', '\u00a0', '\u202f', '\u2009':
		return true
	}
	return false
}

// power takes an exponent off: e5, E-3, or Fortran's D+03.
func (n *numeral) power(s string) (rest string) {
	if s == "" || !strings.ContainsRune("eEdD", rune(s[0])) {
		return s
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(rune(s[i])) {
		i++
	}
	if i == digits {
		return s
	}
	n.exponent = s[1:i]
	return s[i:]
}

// back takes a unit off that stands behind the number, or the minus that some
// programs write there.
func (n *numeral) back(s string) bool {
	const most = 12 // letters of a unit
	unit := strings.TrimSpace(s)
	switch {
	case unit == "":
		return true
	case n.unit != "" && n.magnitude == "" && magnitudes[unit] > 0:
		n.magnitude = unit
		return true
	case n.unit != "" || utf8.RuneCountInString(unit) > most || strings.ContainsFunc(unit, isDigit):
		return false
	}
	if strings.HasSuffix(n.body, ".") || strings.HasSuffix(n.body, ",") {
		return false // a place in a list: 1. White
	}
	if unit == "-" && !n.negative {
		n.negative = true
		return true
	}
	n.unit = unit
	return unit == "\u2030" || currency(unit) == unit || !strings.ContainsFunc(unit, unlikeUnit)
}

// unlikeUnit tells what is not part of a unit such as km/h or sq ft.
func unlikeUnit(r rune) bool {
	return !unicode.IsLetter(r) && !strings.ContainsRune("/%\u00b0\u00b2\u00b3\u00b5. ", r)
}

// sameUnit tells whether two units are one, perhaps in the singular and in the
// plural: 1 star, 2 stars.
func sameUnit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	ending, ok := strings.CutPrefix(b, a)
	return ok && (ending == "" || len(a) >= 3 && slices.Contains([]string{"s", "e", "n", "en", "(s)"}, ending))
}

// in reads a number with a decimal sign. group is what separates its thousands,
// 0 if nothing does.
func (n *numeral) in(decimal byte) (v float64, group rune, ok bool) {
	whole, fraction, _ := strings.Cut(n.body, string(decimal))
	if strings.ContainsFunc(fraction, func(r rune) bool { return !isDigit(r) }) {
		return 0, 0, false
	}
	digits, group, ok := ungroup(whole)
	if !ok {
		return 0, 0, false
	}
	text := digits + "." + fraction
	if n.exponent != "" {
		text += "e" + n.exponent
	}
	v, err := strconv.ParseFloat(text, 64)
	if n.negative {
		v = -v
	}
	return v, group, err == nil
}

// ungroup takes the separators out of a whole number: groups of three digits,
// and in India of two before the last three.
func ungroup(s string) (digits string, group rune, ok bool) {
	at := strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) })
	if at < 0 {
		return s, 0, true
	}
	group, _ = utf8.DecodeRuneInString(s[at:])
	groups := strings.Split(s, string(group))
	last := len(groups) - 1
	threes, twos := true, true
	for i, g := range groups {
		if g == "" || strings.ContainsFunc(g, func(r rune) bool { return !isDigit(r) }) {
			return "", 0, false
		}
		if i > 0 {
			threes = threes && len(g) == 3
			twos = twos && (len(g) == 2 || i == last && len(g) == 3)
		}
	}
	first := groups[0]
	twos = twos && len(groups[last]) == 3 && len(first) <= 2
	if first[0] == '0' || !(threes && len(first) <= 3 || twos) {
		return "", 0, false
	}
	return strings.Join(groups, ""), usualGroup(group), true
}

// usualGroup is the usual one of the separators that look alike.
func usualGroup(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == '\u2019':
		return '\''
	}
	return r
}

// clock reads a time of day or a duration as hours.
func clock(cell string) (hours float64, ok bool) {
	s, late := strings.ToUpper(cell), 0.0
	for suffix, h := range map[string]float64{"AM": 0, "PM": 12} {
		if t, is := strings.CutSuffix(s, suffix); is {
			s, late = strings.TrimSpace(t), h
			if strings.HasPrefix(s, "12:") {
				late -= 12
			}
		}
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 || len(parts[0]) > 3 {
		return 0, false
	}
	unit := 1.0
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || p == "" || !isDigit(rune(p[0])) || i > 0 && (v >= 60 || len(p) < 2 || !isDigit(rune(p[1]))) {
			return 0, false
		}
		hours += float64(v * unit)
		unit /= 60
	}
	return hours + late, true
}

// read reads a cell that is written so.
func (f Numerals) read(cell string) (v float64, ok bool) {
	if f.Clock {
		return clock(cell)
	}
	n, ok := dissect(cell)
	factor := 1.0
	if f.Magnitude {
		factor = n.multiply()
	}
	if !ok || n.magnitude != "" || n.unit != "" && !sameUnit(n.unit, f.Unit) {
		return 0, false
	}
	decimal := byte('.')
	if f.Decimal != "" {
		decimal = f.Decimal[0]
	}
	v, group, ok := n.in(decimal)
	return v * factor, ok && (group == 0 || string(group) == f.Thousands)
}

// multiply takes the magnitude off and returns it.
func (n *numeral) multiply() (factor float64) {
	word := n.magnitude
	if word == "" && magnitudes[n.unit] > 0 {
		word, n.unit = n.unit, ""
	}
	if n.magnitude = ""; word == "" {
		return 1
	}
	return magnitudes[word]
}

// magnitudes tells whether the column has several magnitudes, or one that is not
// a unit: beside a currency, or beside numbers without, as in 1.5K and 950. One
// alone, as in 3 M, is a unit, and 12, 13B may be houses.
func (c *cells) magnitudes() bool {
	first, bare, fraction, several := "", false, false, false
	for row := range c.rows() {
		cell := c.at(row)
		if cell == "" || isBlank(cell) {
			continue
		}
		n, ok := dissect(cell)
		switch {
		case !ok || n.unit != "" && magnitudes[n.unit] == 0 && currency(n.unit) != n.unit:
			return false
		case n.magnitude != "":
			several = true
		case magnitudes[n.unit] == 0:
			bare = bare || n.body != "0"
		default:
			several = several || first != "" && n.unit != first
			fraction = fraction || strings.ContainsAny(n.body, ".,")
			first = n.unit
		}
	}
	return several || bare && fraction
}

// numerals tells how the numbers of a column are written, with that decimal
// sign; ok is false if some cell is no number then, or they do not agree.
func (c *cells) numerals(decimal byte) (f Numerals, ok bool) {
	found, bare, percents := false, false, false
	f.Magnitude = c.magnitudes()
	for row := range c.rows() {
		cell := c.at(row)
		if cell == "" || isBlank(cell) {
			continue
		}
		n, ok := dissect(cell)
		if !ok {
			return f, false
		}
		if f.Magnitude {
			n.multiply()
		}
		v, group, ok := n.in(decimal)
		switch {
		case !ok, n.magnitude != "", n.unit != "" && f.Unit != "" && !sameUnit(n.unit, f.Unit),
			group != 0 && f.Thousands != "" && string(group) != f.Thousands:
			return f, false
		case n.unit != "":
			f.Unit = n.unit
			percents = percents || n.unit == "%" || n.unit == "\u2030"
		case v != 0:
			bare = true
		}
		if group != 0 {
			f.Thousands = string(group)
		}
		found = true
	}
	if decimal == ',' {
		f.Decimal = ","
	}
	// 5% and 0.05 in one column are not the same numbers.
	return f, found && !(percents && bare)
}
