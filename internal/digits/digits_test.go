package digits

import (
	"math"
	"testing"
)

func TestOf(t *testing.T) {
	for x, want := range map[float64]string{math.Copysign(0, -1): "0", 1.0 / 3: "0.3333333333", 12345678901: "1.23456789e+10", -2: "-2", math.Inf(1): "+Inf"} {
		if got := Of(x, 10); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		x    float64
		n    int
		want string
	}{
		{0, 3, "0"}, {math.Copysign(0, -1), 3, "0"}, {0.123456, 3, "0.123"}, {1e-7 / 3, 3, "3.33e-08"}, {-0.5, 4, "-0.5"},
		{999.4, 3, "999"}, {999.6, 3, "1000"}, {1000, 3, "1000"}, {-12345.6, 3, "-12346"}, {999999.4, 3, "999999"}, {1e6, 3, "1e+06"}, {1234567, 3, "1.23e+06"},
		{1234.5, 4, "1234"}, {12345, 4, "12345"}, {123456789, 4, "123456789"}, {1e9, 4, "1e+09"},
		{math.NaN(), 3, "NaN"}, {math.Inf(1), 3, "+Inf"}, {math.Inf(-1), 4, "-Inf"},
	} {
		if got := Short(c.x, c.n, map[int]float64{3: 1e6, 4: 1e9}[c.n]); got != c.want {
			t.Errorf("%v with %d digits: %s, want %s", c.x, c.n, got, c.want)
		}
	}
}
