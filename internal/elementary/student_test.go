package elementary

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// testdata/student.txt was computed by mpmath: degrees of freedom, t, and the
// tail beyond it. The quantile is the inverse.
func TestStudent(t *testing.T) {
	text, err := os.ReadFile("testdata/student.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var nu, x, want float64
		if _, err := fmt.Sscan(line, &nu, &x, &want); err != nil {
			t.Fatal(err)
		}
		eps := 1e-13*max(1, -math.Log(want)) + 1e-16*nu
		if got := StudentTail(x, nu); math.Abs(got/want-1) > eps {
			t.Errorf("tail of %v with %v degrees of freedom: %v, want %v", x, nu, got, want)
		}
		if got := StudentTail(-x, nu); math.Abs(got-(1-want)) > eps*want+1e-16 {
			t.Errorf("tail of %v with %v degrees of freedom: %v, want %v", -x, nu, got, 1-want)
		}
		if want > 1e-3 {
			if got := StudentQuantile(1-want, nu); math.Abs(got-x) > 10*eps*(1+x) {
				t.Errorf("quantile of %v with %v degrees of freedom: %v, want %v", 1-want, nu, got, x)
			}
			if got := StudentQuantile(want, nu); math.Abs(got+x) > 10*eps*(1+x) {
				t.Errorf("quantile of %v with %v degrees of freedom: %v, want %v", want, nu, got, -x)
			}
		}
	}
}
