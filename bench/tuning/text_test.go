package tuning

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/spec"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
)

var layers = RowsOf("layer", models.Table)

// Ranges may stand wherever a number does: their names, scales, both ends and the middle.
func TestTexts(t *testing.T) {
	for _, c := range []struct {
		text           string
		rows           Rows
		ranges         string
		first, mid, on string
	}{
		{"dense(64) | relu", layers, "", "dense(64) | relu", "dense(64) | relu", "dense(64) | relu"},
		{"dense(16..128) | relu | dropout(0..0.5)", layers, "units=16..128 log, rate=0..0.5", "dense(16) | relu | dropout(0)", "dense(45) | relu | dropout(0.25)", "dense(128) | relu | dropout(0.5)"},
		{"mlp(2..5, 8..8.5e2, act=tanh)", layers, "units=2..5, units=8..850 log", "mlp(2, 8, act=tanh)", "mlp(4, 83, act=tanh)", "mlp(5, 850, act=tanh)"},
		{"residual(dense(4..9) | tanh) | dense(3)", layers, "units=4..9", "residual(dense(4) | tanh) | dense(3)", "residual(dense(7) | tanh) | dense(3)", "residual(dense(9) | tanh) | dense(3)"},
		{"huber(delta=0.5..2)", RowsOf("loss", losses.Table), "delta=0.5..2", "huber(delta=0.5)", "huber(delta=1.25)", "huber(delta=2)"},
		{"decay(0.01..1) | adam(lr=1e-4..1, beta2=0.9..0.999)", RowsOf("optimizer", optimizers.Table), "lambda=0.01..1 log, lr=0.0001..1 log, beta2=0.9..0.999 log of 1-x",
			"decay(0.01) | adam(lr=0.0001, beta2=0.9)", "decay(0.1) | adam(lr=0.01, beta2=0.99)", "decay(1) | adam(lr=1, beta2=0.999)"},
	} {
		x, err := ParseText(c.text, c.rows)
		if err != nil {
			t.Fatal(err)
		}
		var ranges []string
		for _, r := range x.Ranges {
			ranges = append(ranges, strings.TrimSpace(r.Name+"="+r.Interval.String()+" "+string(r.Scale)))
		}
		if got := strings.Join(ranges, ", "); got != c.ranges {
			t.Errorf("%s has the ranges %s, want %s", c.text, got, c.ranges)
		}
		for u, want := range map[float64]string{0: c.first, 0.5: c.mid, 1: c.on} {
			if got := x.At(slices.Repeat([]float64{u}, len(x.Ranges))...); got != want {
				t.Errorf("%s at %v is %s, want %s", c.text, u, got, want)
			}
		}
	}
}

// Each whole number of a range is drawn, as often as the others where the scale is even.
func TestWholeNumbers(t *testing.T) {
	x, err := ParseText("dense(3..8)", layers)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for i := range 6000 {
		n[x.At(halton(1, 0, i+1))]++
	}
	for text, k := range n {
		if math.Abs(float64(k)-1000) > 20 {
			t.Errorf("%s is drawn %d times of 6000", text, k)
		}
	}
	if len(n) != 6 {
		t.Errorf("%d whole numbers of 6: %v", len(n), n)
	}
}

func TestTextMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"dense(8..4)": "smaller to a larger", "dense(1.5..4)": "whole numbers", "dense(0..4)": "not in", "dense(4..8": "bracket", "mpl(4..8)": `did you mean "mlp"`,
		"mlp(4, act=1..2)": "is not a word", "conv(4, 3, bias=0..1)": "true or false", "dropout(0..1)": "not in [0,1)", "dense(64, wdth=1..2)": "no setting",
	} {
		if _, err := ParseText(text, layers); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{"1..x": "two numbers", "4..2": "smaller", "0.5..8": "whole", "0..8": "not in"} {
		if _, err := ParseNumber(text, spec.Setting{Name: "batch", Kind: spec.Whole, Range: "[1,64]"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Points fill alternatives and ranges evenly and apart from each other, follow from seed
// and number alone, and have texts that are read again.
func TestJoint(t *testing.T) {
	read := func(text string) *Text {
		x, err := ParseText(text, layers)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	rate, err := ParseNumber("1e-4..1e-1", spec.Setting{Name: "lr", Kind: spec.Number, Search: &spec.Range{Scale: spec.Log}})
	if err != nil {
		t.Fatal(err)
	}
	j := Joint{{"model", []*Text{read("linear"), read("dense(4..64) | relu | dropout(0..0.5)"), read("dense(8..9) | tanh")}}, {"lr", []*Text{rate}}}
	if n := j.Size(); n != 4 {
		t.Errorf("%d numbers make a point", n)
	}
	const points = 600
	which, both := map[int]int{}, [2][2]int{}
	for i := range points {
		p := j.Draw(3, i+1)
		if q := j.Draw(3, i+1); !slices.Equal(p.Texts, q.Texts) {
			t.Fatal("a point is drawn again as another")
		}
		which[p.Which[0]]++
		if _, err := models.Parse(p.Texts[0]); err != nil {
			t.Error(err)
		}
		if p.Which[0] == 1 {
			both[int(2*p.At[0][1])][int(2*p.At[1][0])]++
		}
	}
	for k := range 3 {
		if n := which[k]; n < points/3-10 || n > points/3+10 {
			t.Errorf("alternative %d is drawn %d times of %d", k, n, points)
		}
	}
	for a := range 2 {
		for b := range 2 {
			if n := both[a][b]; n < points/12-15 || n > points/12+15 {
				t.Errorf("two ranges move together: %v", both)
			}
		}
	}
	if a, b := j.Draw(3, 1), j.Draw(4, 1); slices.Equal(a.Texts, b.Texts) {
		t.Error("another seed draws the same")
	}
}

// What is published for an optimizer is a text with ranges, which is read again.
func TestOpened(t *testing.T) {
	for i := range optimizers.Table {
		name := optimizers.Table[i].Name
		s, err := Parse(name, track(t, "full"))
		if err != nil {
			continue // what moves nothing by itself
		}
		for _, rate := range []bool{true, false} {
			x, err := ParseText(s.Opened(rate), RowsOf("optimizer", optimizers.Table))
			if err != nil {
				t.Fatal(err)
			}
			want := len(s.Ranges)
			if n := len(s.Ranges); !rate && n > 0 && s.Ranges[0].Name == "lr" {
				want--
			}
			if len(x.Ranges) != want {
				t.Errorf("%s: %d ranges of %d in %s", name, len(x.Ranges), want, x.Text)
			}
		}
	}
}
