package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"descent/internal/numjson"
)

// scales writes a table of n rows whose three targets have noise of their own, on scales that
// are far apart.
func scales(t *testing.T, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 11))
	var b strings.Builder
	b.WriteString("x,z,large,small,plain\n")
	for range n {
		x, z := rng.NormFloat64(), rng.NormFloat64()
		fmt.Fprintf(&b, "%v,%v,%v,%v,%v\n", x, z, 1e5+1e3*(x*x-z)+500*rng.NormFloat64(), 1e-3*(x+0.3*rng.NormFloat64()), z-x+2*rng.NormFloat64())
	}
	return file(t, "scales.csv", b.String())
}

var scaled = []string{"large", "small", "plain"}

// Of several numbers each has intervals of its own, which hold what they say of fresh rows at
// each level, are as wide as the noise of the target demands, and have the prediction within.
func TestTargetsIntervals(t *testing.T) {
	rows, fresh := scales(t, 400, 1), scales(t, 2000, 2)
	noise := []float64{500, 3e-4, 2}
	for _, c := range []struct {
		method, rows string
		models       int
	}{{"cv+", rows, intervalParts}, {"split", scales(t, 2500, 3), 0}, {"ensemble", scales(t, 2500, 3), ensembleSize - 1}} {
		model := filepath.Join(t.TempDir(), "model")
		r := trainTargets(t, c.rows, "--target", strings.Join(scaled, ","), "--interval="+c.method, "--folds", "0", "--out", model)
		x := r.Interval
		if x == nil || x.Method != c.method || x.Models != c.models || len(x.Targets) != 3 || x.Width != 0 {
			t.Fatalf("%s: %+v", c.method, x)
		}
		for j, of := range x.Targets {
			if of.Target != scaled[j] || of.Covered < 0.8 || x.Covered > of.Covered || !(of.Width > 2*noise[j] && of.Width < 8*noise[j]) {
				t.Errorf("%s: %+v, all %v, noise %v", c.method, of, x.Covered, noise[j])
			}
		}
		var inner []map[string][]float64
		for _, level := range []float64{50, 90} {
			status, out, errs := descent("predict", model, fresh, "--json", "--keep", strings.Join(scaled, ","), "--interval", fmt.Sprint(level))
			var all []struct {
				Row        map[string]string
				Prediction map[string]float64
				Interval   map[string][]float64
			}
			if err := numjson.Unmarshal([]byte(out), &all); status != 0 || err != nil {
				t.Fatalf("status %d, %v: %s", status, err, errs)
			}
			for _, name := range scaled {
				share := 0.0
				for i, row := range all {
					y, _ := strconv.ParseFloat(row.Row[name], 64)
					ends := row.Interval[name]
					if ends[0] <= y && y <= ends[1] {
						share += 100 / float64(len(all))
					}
					if p := row.Prediction[name]; !(ends[0] <= p && p <= ends[1]) || inner != nil && (ends[0] > inner[i][name][0] || ends[1] < inner[i][name][1]) {
						t.Fatalf("%s: row %d: %+v", c.method, i, row)
					}
				}
				if share < level-6 || share > level+10 {
					t.Errorf("%s of %s: %v %% are to be covered, %.1f %% are", c.method, name, level, share)
				}
			}
			inner = nil
			for _, row := range all {
				inner = append(inner, row.Interval)
			}
			if level == 90 {
				sameInCSV(t, model, fresh, inner)
			}
		}
	}
}

// sameInCSV holds the intervals of predict's CSV against those of its JSON.
func sameInCSV(t *testing.T, model, rows string, want []map[string][]float64) {
	t.Helper()
	_, out, _ := descent("predict", model, rows, "--interval", "90")
	lines, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(lines) != len(want)+1 || strings.Join(lines[0], ",") != "large,small,plain,lower_large,upper_large,lower_small,upper_small,lower_plain,upper_plain" {
		t.Fatalf("%d lines, %v, %v", len(lines), lines[0], err)
	}
	for i, line := range lines[1:] {
		for j, name := range scaled {
			for end := range 2 {
				x, _ := strconv.ParseFloat(line[3+2*j+end], 64)
				if w := want[i][name][end]; !(math.Abs(x-w) <= 1e-6*math.Abs(w)+1e-12) {
					t.Fatalf("row %d: %v, want %v", i, line, want[i])
				}
			}
		}
	}
}
