package formula_test

import (
	"testing"

	"descent/ops"
	"descent/ops/formula"
	"descent/ops/formula/formulatest"
)

// Every operation can be written and read, and so can its derivatives.
func TestRoundTrip(t *testing.T) {
	for _, c := range ops.Cases(formula.Table) {
		if err := formulatest.RoundTrip(c, func(text string) (*formula.Formula, error) { return formula.Parse(text) }); err != nil {
			t.Error(err)
		}
	}
}
