// Package digits writes numbers for people, in tables and sentences.
package digits

import (
	"fmt"
	"math"
)

// Of writes x with n significant digits, and with an exponent if it is large.
func Of(x float64, n int) string { return fmt.Sprintf("%.*g", n, x+0) } // -0 is 0

// Short writes x with n significant digits. A large number below full stands in
// full rather than with an exponent: 12346 for three digits, not 1.23e+04.
func Short(x float64, n int, full float64) string {
	if a := math.Abs(x); a >= math.Pow10(n)-0.5 && a < full {
		return fmt.Sprintf("%.0f", x)
	}
	return Of(x, n)
}
