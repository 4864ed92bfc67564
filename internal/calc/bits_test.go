package calc

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"descent/losses"
	"descent/ops/formula"
)

// testdata/formulas.txt has a formula and a point on each line. Values, gradients
// and Hessians are the same bits on every architecture where DESCENT_ISA is
// portable: .ci/portable compares the file that this test writes to DESCENT_BITS.
func TestFormulas(t *testing.T) {
	text, err := os.ReadFile("testdata/formulas.txt")
	if err != nil {
		t.Fatal(err)
	}
	var bits strings.Builder
	for line := range strings.Lines(string(text)) {
		if err := writeBits(&bits, strings.TrimSpace(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, c := range formula.Table {
		if !mentions(text, c.Name) {
			t.Errorf("no formula has %s", c.Name)
		}
	}
	for _, c := range losses.Table {
		if !mentions(text, c.Name) {
			t.Errorf("no formula has %s", c.Name)
		}
	}
	if path := os.Getenv("DESCENT_BITS"); path != "" {
		if err := os.WriteFile(path, []byte(bits.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func mentions(text []byte, name string) bool {
	return regexp.MustCompile(`\b` + name + `\(`).Match(text)
}

// writeBits writes what a formula's value and derivatives are.
func writeBits(w *strings.Builder, line string) error {
	parts := strings.Split(line, "\t")
	var point []Binding
	for _, b := range parts[1:] {
		name, text, _ := strings.Cut(b, "=")
		v, err := ParseValue(text)
		if err != nil {
			return err
		}
		point = append(point, Binding{name, v})
	}
	e, err := At(parts[0], point)
	if err != nil {
		return err
	}
	g, err := e.Gradient()
	if err != nil {
		return err
	}
	all := g.Value.Data
	for _, v := range g.Grads {
		all = append(all, v.Data...)
	}
	h, err := e.Hessian()
	if err != nil {
		return err
	}
	fmt.Fprint(w, parts[0])
	for _, x := range append(all, h...) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("value and derivatives %v %v", all, h)
		}
		fmt.Fprintf(w, " %016x", math.Float64bits(x))
	}
	fmt.Fprintln(w)
	return nil
}
