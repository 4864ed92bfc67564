package tuning

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/spec"
)

// Rows finds the row of what a call names.
type Rows func(name string) (*spec.Row, error)

// RowsOf are those of a table, which holds what: "optimizer".
func RowsOf[T any, P interface {
	*T
	Spec() *spec.Row
}](what string, table []T) Rows {
	return func(name string) (*spec.Row, error) {
		row, err := spec.Find[T, P](what, table, name)
		if err != nil {
			return nil, err
		}
		return P(row).Spec(), nil
	}
}

// A Text is a text with ranges in place of numbers, such as
// dense(16..128) | dropout(0..0.5), or a range alone.
type Text struct {
	Text   string
	Ranges []spec.Range // named as settings are; in the order of the text

	chain spec.Chain // of calls; nil of a range alone
	whole []bool     // of each range
}

// ParseText reads a text whose calls have rows. One without ranges may be anything.
func ParseText(text string, rows Rows) (*Text, error) {
	t := &Text{Text: text}
	if !strings.Contains(text, "..") {
		return t, nil
	}
	chain, err := spec.ParseChain(text)
	if err != nil {
		return nil, err
	}
	err = t.walk(chain, rows)
	if t.chain = chain; len(t.Ranges) == 0 {
		t.chain = nil // two points that are no range: words of a formula, a file
	}
	return t, err
}

// ParseNumber reads a number, or a range of numbers, of a setting.
func ParseNumber(text string, set spec.Setting) (*Text, error) {
	t := &Text{Text: text}
	lo, hi, ok := strings.Cut(text, "..")
	if !ok {
		return t, nil
	}
	a, err1 := strconv.ParseFloat(lo, 64)
	b, err2 := strconv.ParseFloat(hi, 64)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("%s: a range is two numbers, as in 0.001..0.1", text)
	}
	return t, t.open(&set, spec.Interval{Lo: a, Hi: b})
}

// walk notes the ranges of a chain.
func (t *Text) walk(chain spec.Chain, rows Rows) error {
	for _, c := range chain {
		for i, a := range c.Args {
			inside := spec.Interval{}
			switch v := a.Value.(type) {
			case spec.Chain:
				if err := t.walk(v, rows); err != nil {
					return err
				}
				continue
			case spec.Interval:
				inside = v
			default:
				continue
			}
			row, err := rows(c.Name)
			if err != nil {
				return err
			}
			set, err := row.Takes(c, i)
			if err != nil {
				return err
			}
			if err := t.open(set, inside); err != nil {
				return fmt.Errorf("%s: %w", row.Name, err)
			}
		}
	}
	return nil
}

// open adds a range of a setting.
func (t *Text) open(set *spec.Setting, x spec.Interval) error {
	whole := set.Kind == spec.Whole || set.Kind == spec.Wholes
	switch {
	case !whole && set.Kind != spec.Number && set.Kind != spec.List:
		return fmt.Errorf("%s=%s is not %s", set.Name, x, set.Kind)
	case !(x.Lo < x.Hi):
		return fmt.Errorf("%s=%s: a range goes from a smaller to a larger number", set.Name, x)
	case whole && (x.Lo != math.Trunc(x.Lo) || x.Hi != math.Trunc(x.Hi)):
		return fmt.Errorf("%s=%s: whole numbers are wanted", set.Name, x)
	case set.Search != nil && set.Search.Scale == spec.Log && !(x.Lo > 0):
		return fmt.Errorf("%s=%s: the range is logarithmic, and begins above 0", set.Name, x)
	}
	for _, end := range []float64{x.Lo, x.Hi} {
		if err := spec.InRange(set.Range, set.Name, end); err != nil {
			return err
		}
	}
	t.Ranges, t.whole = append(t.Ranges, spec.Range{Name: set.Name, Interval: x, Scale: scaleOf(*set, x)}), append(t.whole, whole)
	return nil
}

// At returns the text with a number in place of each range: that for u, which is from 0 to
// 1 for each.
func (t *Text) At(u ...float64) string {
	if len(t.Ranges) == 0 {
		return t.Text
	}
	values := make([]float64, len(t.Ranges))
	for k, r := range t.Ranges {
		values[k] = scaled(r, u[k])
		switch {
		case t.whole[k] && r.Scale == spec.Even: // each number has as large a part of it
			values[k] = min(math.Floor(r.Lo+float64(u[k]*(r.Hi-r.Lo+1))), r.Hi)
		case t.whole[k]:
			values[k] = math.Round(values[k])
		}
	}
	if t.chain == nil {
		return spec.Format(values[0])
	}
	return fill(t.chain, &values).String()
}

// fill puts the next of some values in place of each range.
func fill(chain spec.Chain, values *[]float64) spec.Chain {
	out := slices.Clone(chain)
	for i := range out {
		args := slices.Clone(out[i].Args)
		for k := range args {
			switch v := args[k].Value.(type) {
			case spec.Chain:
				args[k].Value = fill(v, values)
			case spec.Interval:
				args[k].Value, *values = (*values)[0], (*values)[1:]
			}
		}
		out[i].Args = args
	}
	return out
}

// A Choice is what a search may choose for one thing: alternatives, each with ranges.
type Choice struct {
	Name         string
	Alternatives []*Text
}

// A Point is what a search has chosen, in the order of its choices.
type Point struct {
	Texts []string
	// Which alternative each is, and where in its ranges, from 0 to 1.
	Which []int
	At    [][]float64
}

// MaxRanges is how many things a [Joint] may choose at once.
var MaxRanges = len(primes)

// Joint is several choices that are made together.
type Joint []Choice

// Size is how many numbers a point takes: for each choice its alternative, if there are
// several, and its ranges, of which alternatives share those that they have.
func (j Joint) Size() (n int) {
	for _, c := range j {
		if len(c.Alternatives) > 1 {
			n++
		}
		most := 0
		for _, t := range c.Alternatives {
			most = max(most, len(t.Ranges))
		}
		n += most
	}
	return n
}

// Draw returns point number i, from 1, of the sequence that a seed says: alternatives and
// ranges are filled evenly, see [Space.Draw]. It panics if Size is more than [MaxRanges].
func (j Joint) Draw(seed uint64, i int) Point {
	if j.Size() > MaxRanges {
		panic("tuning: more ranges than there are dimensions")
	}
	var p Point
	k := 0
	next := func() float64 {
		k++
		return halton(seed, k-1, i)
	}
	for _, c := range j {
		which, most := 0, 0
		if n := len(c.Alternatives); n > 1 {
			which = min(int(next()*float64(n)), n-1)
		}
		for _, t := range c.Alternatives {
			most = max(most, len(t.Ranges))
		}
		at := make([]float64, most)
		for d := range at {
			at[d] = next()
		}
		t := c.Alternatives[which]
		at = at[:len(t.Ranges)]
		p.Texts, p.Which, p.At = append(p.Texts, t.At(at...)), append(p.Which, which), append(p.At, at)
	}
	return p
}

// Opened writes the space as a text with its ranges, those that are published too; without
// that of the rate, unless rate is set.
func (s *Space) Opened(rate bool) string {
	calls := slices.Clone(s.calls)
	for k, r := range s.Ranges {
		if r.Name == "lr" && !rate || s.links[s.call[k]] != "" {
			continue
		}
		c := &calls[s.call[k]]
		c.Args = append(slices.Clip(c.Args), spec.Arg{Name: r.Name, Value: r.Interval})
	}
	return s.text(calls)
}
