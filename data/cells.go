package data

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// isMissing is the rule for missing cells.
func isMissing(cell string) bool {
	switch len(cell) {
	case 0:
		return true
	case 1:
		return cell == "?"
	case 2, 3, 4: // the usual cell is a number, and compares to none of these
		for _, m := range [...]string{"na", "n/a", "nan", "null"} {
			if strings.EqualFold(cell, m) {
				return true
			}
		}
	}
	return false
}

// number reads a decimal number. Numbers beyond ±1.8e308, and the words inf and
// infinity, are infinite, which the caller refuses.
func number(s string) (v float64, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			// ParseFloat takes more than people call numbers: 0x1p-2, 1_000.
			return infinity(s)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

func infinity(s string) (v float64, ok bool) {
	sign := 1
	switch s[0] {
	case '-':
		s, sign = s[1:], -1
	case '+':
		s = s[1:]
	}
	return math.Inf(sign), strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
}

// numbersOf returns the values of words, if all of them are finite numbers.
func numbersOf(words []string) (values []float64, ok bool) {
	values = make([]float64, len(words))
	for i, w := range words {
		if values[i], ok = number(w); !ok || !finite(values[i]) {
			return nil, false
		}
	}
	return values, true
}

// cells collects the text of one column until its kind can be told. One text
// and the ends of its cells take a quarter of the memory of a slice of strings.
type cells struct {
	name string
	text strings.Builder
	ends []uint32
}

func (c *cells) add(cell string) error {
	if int64(c.text.Len())+int64(len(cell)) > math.MaxUint32 {
		return fmt.Errorf("column %s has more than 4 GiB of text", quote(c.name))
	}
	c.text.WriteString(cell)
	c.ends = append(c.ends, uint32(c.text.Len()))
	return nil
}

// at returns the cell of a row.
func (c *cells) at(row int) string {
	lo := uint32(0)
	if row > 0 {
		lo = c.ends[row-1]
	}
	return c.text.String()[lo:c.ends[row]]
}

// A cellError is an error at one cell of a column.
type cellError struct {
	row int
	err error
}

// column makes a column of the cells: numeric if kind says so, or if it says
// nothing and every cell that is not missing is a number.
func (c *cells) column(kind Kind) (Column, *cellError) {
	if kind == Categorical {
		return c.words(), nil
	}
	values := make([]float64, len(c.ends))
	for row := range values {
		cell := c.at(row)
		v, ok := math.NaN(), true
		if cell != "" {
			v, ok = number(cell)
		}
		switch {
		case !ok && kind == Numeric:
			return Column{}, &cellError{row, fmt.Errorf("%s is not a number", quote(cell))}
		case !ok:
			words := c.words()
			return words, c.typo(&words, row)
		}
		values[row] = v
	}
	for row, v := range values {
		if math.IsInf(v, 0) {
			return Column{}, &cellError{row, fmt.Errorf("%s is infinite; leave the cell empty if the value is missing", quote(c.at(row)))}
		}
	}
	return Column{Name: c.name, Kind: Numeric, Values: values}, nil
}

func (c *cells) words() Column {
	words := make([]string, len(c.ends))
	for row := range words {
		words[row] = c.at(row)
	}
	return Words(c.name, words)
}

// typo refuses columns of numbers with a few cells that are none: a stray word
// among a thousand prices would silently turn each price into a category.
func (c *cells) typo(words *Column, row int) *cellError {
	const few = 20 // "1", "2", "3+" are categories
	if len(words.Levels) <= few {
		return nil
	}
	numbers := 0
	for _, l := range words.Levels {
		if _, ok := number(l); ok {
			numbers++
		}
	}
	if numbers*10 < len(words.Levels)*9 {
		return nil
	}
	return &cellError{row, advise(fmt.Errorf("%s is not a number, as %d of the column's %d different values are", quote(c.at(row)), numbers, len(words.Levels)),
		Advice{Text: "correct it"}, Advice{Text: "list it in Missing", Option: "Missing", Value: c.at(row)},
		Advice{Text: fmt.Sprintf("set the column's kind to %s", Categorical), Option: "Kinds", Value: c.name})}
}
