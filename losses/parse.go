package losses

import (
	"fmt"
	"strings"

	"descent/internal/spec"
)

// A Spec is a loss as text has it: its row, its settings, and the function.
type Spec struct {
	*Row
	Args  spec.Args
	Loss  Loss  // nil for losses of three arrays only
	Loss3 Loss3 // nil for losses of two
	text  string
}

// ByName returns the loss that a text names, with settings in parentheses:
// "mse", "huber(delta=2)", "cross_entropy(weight=[1, 2, 0.5], reduction=sum)".
// Names and settings are those of [Table]. The text may also be a formula in
// pred and target, see [Parse]: "mean(abs(pred - target)^1.5)".
func ByName(text string) (*Spec, error) {
	if IsFormula(text) {
		row, err := formulaRow(text)
		if err != nil {
			return nil, err
		}
		return &Spec{Row: row, Loss: row.make(spec.Args{}), text: text}, nil
	}
	c, err := spec.Parse(text)
	if err != nil {
		return nil, meant(text, true, err)
	}
	row, err := spec.Find("loss", Table, c.Name)
	if err != nil {
		near := strings.Contains(err.Error(), "did you mean")
		return nil, meant(text, !near, fmt.Errorf("%w, and formulas in pred and target", err))
	}
	s, err := row.with(c)
	if err != nil {
		return nil, meant(text, len(c.Args) > 1, fmt.Errorf("loss %q: %w", text, err))
	}
	return s, nil
}

// Residuals returns the function whose squares have the loss as their mean, for
// methods of least squares; nil if the loss is of another kind.
func (s *Spec) Residuals() Loss {
	if s.squares == nil || reductionOf(s.Args) != Mean {
		return nil
	}
	return s.squares
}

// with makes the loss with the settings of a call.
func (row *Row) with(c spec.Call) (*Spec, error) {
	a, err := row.Bind(c)
	if err != nil {
		return nil, err
	}
	s := &Spec{Row: row, Args: a, text: a.Call().String()}
	if row.make != nil {
		s.Loss = row.make(a)
	}
	if row.make3 != nil {
		s.Loss3 = row.make3(a)
	}
	return s, nil
}

// String writes the loss as it is parsed.
func (s Spec) String() string { return s.text }

// MarshalText implements encoding.TextMarshaler.
func (s Spec) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalText implements encoding.TextUnmarshaler by [ByName].
func (s *Spec) UnmarshalText(text []byte) error {
	parsed, err := ByName(string(text))
	if err == nil {
		*s = *parsed
	}
	return err
}

// Ranges of settings.
const (
	positive    = "(0,inf)"
	notNegative = "[0,inf)"
	signed      = "[-1,1]"
	fraction    = "[0,1]"
	atMost1     = "(-inf,1]"
	between     = "(0,1)"
	atLeast1    = "[1,inf)"
	anything    = "(-inf,inf)"
)
