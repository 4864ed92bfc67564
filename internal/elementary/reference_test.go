package elementary

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// functions has every exported function, with the bound of its error in units in
// the last place.
var functions = map[string]struct {
	f     func(x, y float64) float64
	bound float64
}{
	"exp":     {one(Exp), 0.52},
	"expm1":   {one(Expm1), 0.57},
	"sigmoid": {one(Sigmoid), 0.52},
	"log":     {one(Log), 0.52},
	"log10":   {one(Log10), 0.501},
	"log1p":   {one(Log1p), 0.53},
	"sin":     {one(Sin), 0.52},
	"cos":     {one(Cos), 0.52},
	"tan":     {one(Tan), 0.9},
	"asin":    {one(Asin), 0.65},
	"acos":    {one(Acos), 0.6},
	"atan":    {one(Atan), 0.6},
	"atan2":   {Atan2, 0.6},
	"sinh":    {one(Sinh), 0.53},
	"cosh":    {one(Cosh), 0.53},
	"tanh":    {one(Tanh), 0.55},
	"erf":     {one(Erf), 0.65},
	"pow":     {Pow, 0.501},
	"cbrt":    {one(Cbrt), 0.501},
	"hypot":   {Hypot, 0.76},
}

func one(f func(float64) float64) func(x, y float64) float64 {
	return func(x, _ float64) float64 { return f(x) }
}

// testdata/reference.txt was computed by mpmath with 1400 bits: a function, its
// arguments, the nearest float64, and what that lacks to the result in units in
// its last place. DESCENT_REFERENCE names a file with more of the same.
func TestAccuracy(t *testing.T) {
	name := "testdata/reference.txt"
	if more := os.Getenv("DESCENT_REFERENCE"); more != "" {
		name = more
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	worst, where := map[string]float64{}, map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		w := strings.Fields(lines.Text())
		var v []float64
		for _, s := range w[1:] {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, x)
		}
		n := len(v)
		got, near, lacks := functions[w[0]].f(v[0], v[1]), v[n-2], v[n-1]
		off := math.Abs((got-near)/unit(near) - lacks)
		if !(off <= worst[w[0]]) {
			worst[w[0]], where[w[0]] = off, lines.Text()
		}
	}
	for name, f := range functions {
		t.Logf("%s: at most %.4f", name, worst[name])
		if w, ok := worst[name]; !ok || !(w <= f.bound) {
			t.Errorf("%s is off by %.4f units in the last place, more than %v: %s", name, w, f.bound, where[name])
		}
	}
}

// unit is the unit in the last place of x.
func unit(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-53, -1074))
}
