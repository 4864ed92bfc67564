package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Constraints are printed with their multipliers, or with what violates them, and the
// exit status says whether they hold.
func TestMinConstraints(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "paths.svg")
	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{[]string{"(x-2)^2+(y-1)^2", "--start", "x=2,y=2", "--subject-to", "x == 2*y-1", "--subject-to", "x^2/4+y^2 <= 1", "-o", "newton", "-o", "lbfgs", "--plot", picture}, 0,
			[]string{"f = 1.393464981", "minimum under the constraints", "x == 2*y-1      multiplier 1.5944911", "x^2/4+y^2 <= 1  multiplier 1.8465914"}},
		{[]string{"sum(w^2)", "--start", "w=[0,0,0]", "--subject-to", "sum(w) = total", "--subject-to", "w >= [0.5,0,0]", "total=1"}, 0,
			[]string{"w = [0.5, 0.25, 0.25]", "w >= [0.5,0,0] [0]  multiplier 0.5", "w >= [0.5,0,0] [2]  slack 0.25"}},
		{[]string{"x+y", "--start", "x=1,y=1", "--bounds", "x=0:,y=0:", "--subject-to", "x*y >= 4", "--multistart", "3"}, 0, []string{"f = 4,", "multiplier 0.5"}},
		{[]string{"x^2", "--start", "x=1", "--subject-to", "x >= 1", "--subject-to", "x <= 0"}, 1, []string{"infeasible", "x >= 1 is violated by 0.5, x <= 0 is violated by 0.5"}},
		{[]string{"x", "--start", "x=1,y=1", "--subject-to", "y = 2"}, 1, []string{"unbounded: the value falls without bound under the constraints"}},
		{[]string{"(x-9)^2", "--start", "x=1", "--subject-to", "x <= 3", "--steps", "1", "-o", "sgd(lr=0.001)"}, 1, []string{"not converged after 1 steps", "more --steps"}},
	} {
		status, out, errs := descent(append([]string{"min"}, c.args...)...)
		if status != c.status {
			t.Errorf("%q: status %d: %s%s", c.args, status, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%q: no %q in\n%s%s", c.args, want, out, errs)
			}
		}
	}
	if svg, err := os.ReadFile(picture); err != nil || !strings.Contains(string(svg), "newton") {
		t.Errorf("no path in the picture: %v", err)
	}
}
