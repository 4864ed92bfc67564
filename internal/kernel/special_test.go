package kernel

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// specialCodes are the functions that testdata/special.json has values of, with
// the largest error in units of the last place. Where terms of the given size
// cancel, units are those of that size.
var specialCodes = map[Code]struct {
	bound float64
	size  func(first float64) float64 // of the first operand
}{
	Lgamma: {3, func(x float64) float64 {
		if x < 0 {
			return 0.125
		}
		return 0
	}},
	Gamma:     {7, nil},
	Erfc:      {5, nil},
	Erfinv:    {3, nil},
	NormCDF:   {5, nil},
	Polygamma: {10, func(order float64) float64 { return math.Gamma(order + 1) }},
	Sinc:      {5, func(order float64) float64 { return math.Pow(math.Pi, order) }},
	Betaln:    {6, nil},
}

// number is a float64 in JSON.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"inf"`:
		*n = number(math.Inf(1))
		return nil
	case `"-inf"`:
		*n = number(math.Inf(-1))
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// TestSpecialFunctions compares with values of 50 digits.
func TestSpecialFunctions(t *testing.T) {
	data, err := os.ReadFile("testdata/special.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for c, allowed := range specialCodes {
		var rows [][]number
		if err := json.Unmarshal(file[c.String()], &rows); err != nil {
			t.Fatal(c, err)
		}
		worst := 0.0
		for _, r := range rows {
			in, want := r[:len(r)-1], float64(r[len(r)-1])
			got, size := Eval(c, float64(in[0]), float64(in[len(in)-1]), 0), math.Abs(want)
			if allowed.size != nil {
				size = max(size, allowed.size(float64(in[0])))
			}
			e := 0.0
			if got != want {
				e = math.Abs(got-want) / (math.Nextafter(size, math.Inf(1)) - size)
			}
			if worst = max(worst, e); !(e <= allowed.bound) {
				t.Errorf("%v(%v) = %v, want %v: off by %.3g units", c, in, got, want, e)
			}
		}
		t.Logf("%v: %.2g units", c, worst)
	}
}

// TestSpecialEdges is where the functions have poles, overflow or are exact.
func TestSpecialEdges(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, k := range []struct {
		c       Code
		a, b, y float64
	}{
		{Lgamma, nan, 0, nan}, {Lgamma, inf, 0, inf}, {Lgamma, -inf, 0, inf}, {Lgamma, 0, 0, inf}, {Lgamma, -3, 0, inf},
		{Lgamma, 1, 0, 0}, {Lgamma, 2, 0, 0}, {Lgamma, 1e306, 0, inf}, {Lgamma, -1e300, 0, inf},
		{Gamma, nan, 0, nan}, {Gamma, inf, 0, inf}, {Gamma, -inf, 0, nan}, {Gamma, 0, 0, inf}, {Gamma, zero, 0, -inf}, {Gamma, -2, 0, nan},
		{Gamma, 1, 0, 1}, {Gamma, 5, 0, 24}, {Gamma, 23, 0, 1124000727777607680000}, {Gamma, 180, 0, inf}, {Gamma, -200.5, 0, zero}, {Gamma, 1e-320, 0, inf},
		{Erfc, nan, 0, nan}, {Erfc, inf, 0, 0}, {Erfc, -inf, 0, 2}, {Erfc, 0, 0, 1}, {Erfc, 30, 0, 0},
		{Erfinv, nan, 0, nan}, {Erfinv, 1, 0, inf}, {Erfinv, -1, 0, -inf}, {Erfinv, 1.1, 0, nan}, {Erfinv, zero, 0, zero}, {Erfinv, 1e-310, 0, 8.8622692545276e-311},
		{NormCDF, nan, 0, nan}, {NormCDF, inf, 0, 1}, {NormCDF, -inf, 0, 0}, {NormCDF, 0, 0, 0.5},
		{Polygamma, 0, nan, nan}, {Polygamma, 0, inf, inf}, {Polygamma, 1, inf, 0}, {Polygamma, 0, -inf, nan}, {Polygamma, 0, 0, -inf}, {Polygamma, 0, zero, inf},
		{Polygamma, 1, 0, inf}, {Polygamma, 2, 0, -inf}, {Polygamma, 0, -4, nan}, {Polygamma, 1, -4, inf}, {Polygamma, 0.5, 1, nan}, {Polygamma, -1, 1, nan}, {Polygamma, nan, 1, nan},
		{Sinc, 0, 0, 1}, {Sinc, 1, 0, 0}, {Sinc, 0, 3, 0}, {Sinc, 0, nan, nan}, {Sinc, nan, 1, nan},
		{Betaln, 1, 1, 0}, {Betaln, inf, 2, -inf}, {Betaln, nan, 2, nan}, {Betaln, 2, nan, nan}, {Betaln, 0, 2, inf},
		{Fmod, 5, 3, 2}, {Fmod, -5, 3, -2}, {Fmod, 5, 0, nan}, {Fmod, inf, 3, nan}, {Fmod, -2, inf, -2}, {Fmod, nan, 1, nan},
	} {
		if got := Eval(k.c, k.a, k.b, 0); !sameNumber(got, k.y) && math.Abs(got-k.y) > 1e-13*math.Abs(k.y) || math.Signbit(got) != math.Signbit(k.y) && got == got {
			t.Errorf("%v(%v, %v) = %v, want %v", k.c, k.a, k.b, got, k.y)
		}
	}
}
