package fit

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"testing"

	"descent/optimizers/search"
)

// shapesFile may be a longer list of the same generator.
var shapesFile = flag.String("shapes", "../testdata/shapes.json", "fits with scipy's sums of squares")

// A shape is a fit with the sum of squares at the start, and the one that
// scipy's trust-region code reached from there; see ../testdata/README.md.
type shape struct {
	Base, Kind, Formula string
	Names               []string
	Start, X, Y         []float64
	Bounds              [][2]*float64
	Status              int
	First               float64
	RSS                 *float64
}

func (p *shape) params() (params []Parameter) {
	for i, name := range p.Names {
		b := search.Bound{Lo: math.Inf(-1), Hi: math.Inf(1)}
		if p.Bounds != nil {
			if lo := p.Bounds[i][0]; lo != nil {
				b.Lo = *lo
			}
			if hi := p.Bounds[i][1]; hi != nil {
				b.Hi = *hi
			}
		}
		params = append(params, Parameter{Name: name, Start: p.Start[i], Bound: b})
	}
	return params
}

// floor is the sum of squares that rounding of the data makes.
func (p *shape) floor() (sum float64) {
	for _, y := range p.Y {
		sum += 1e-26*y*y + 1e-28
	}
	return sum
}

// NIST's models with parameters too many, and models with kinks, jumps and
// waves: of those that scipy solves nearly all are solved, and what is worse
// is never called converged.
func TestShapesBesideScipy(t *testing.T) {
	var ps []shape
	text, err := os.ReadFile(*shapesFile)
	if err == nil {
		err = json.Unmarshal(text, &ps)
	}
	if err != nil {
		t.Fatal(err)
	}
	solvable, solved := 0, 0
	for i := range ps {
		p := &ps[i]
		name := fmt.Sprintf("%d %s %s: %s from %v", i, p.Base, p.Kind, p.Formula, p.Start)
		m, err := New("y ~ "+p.Formula, table(t, column("x", p.X...), column("y", p.Y...)), p.params(), Weights{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Status > 0 {
			solvable++
		}
		f, err := m.Fit(context.Background(), How{Steps: 10000, Level: 0.95})
		if err != nil {
			t.Logf("refused: %s: %v", name, err)
			continue
		}
		if !(f.RSS <= p.First*(1+1e-12)) {
			t.Errorf("%s: RSS %g, at the start %g", name, f.RSS, p.First)
		}
		if p.RSS == nil {
			continue
		}
		worse := !(f.RSS <= *p.RSS*(1+1e-8)+p.floor())
		if worse && f.Converged {
			t.Errorf("%s: RSS %.12g is called converged, scipy has %.12g: %v", name, f.RSS, *p.RSS, f.at)
		}
		if p.Status > 0 {
			if !worse && f.Converged {
				solved++
			} else {
				t.Logf("not solved: %s: RSS %.12g, scipy %.12g: %v", name, f.RSS, *p.RSS, f.Notes)
			}
		}
	}
	t.Logf("%d of %d solved", solved, solvable)
	if solved < solvable*99/100 {
		t.Errorf("%d of %d are solved", solved, solvable)
	}
}
