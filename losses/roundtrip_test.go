package losses_test

import (
	"testing"

	"descent/losses"
	"descent/ops/formula"
	"descent/ops/formula/formulatest"
)

// Every loss can be written as a formula and read, and so can its derivatives.
func TestRoundTrip(t *testing.T) {
	read := func(text string) (*formula.Formula, error) {
		f, err := losses.Parse(text)
		if err != nil {
			return nil, err
		}
		return f.Formula, nil
	}
	for _, c := range losses.Cases() {
		if err := formulatest.RoundTrip(c, read); err != nil {
			t.Error(err)
		}
	}
}
