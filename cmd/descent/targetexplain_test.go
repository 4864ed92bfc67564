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

// two writes a table of n rows: high follows x, wide follows z, and w tells nothing; as 0 and
// 1 they are tall and broad.
func two(t *testing.T, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 13))
	var b strings.Builder
	b.WriteString("x,z,w,high,wide,tall,broad\n")
	for range n {
		x, z := rng.NormFloat64(), rng.NormFloat64()
		high, wide := 1000+100*x+10*rng.NormFloat64(), 0.01*z+0.001*rng.NormFloat64()
		fmt.Fprintf(&b, "%v,%v,%v,%v,%v,%d,%d\n", x, z, rng.NormFloat64(), high, wide, bool2int(high > 1000), bool2int(wide > 0))
	}
	return file(t, "two.csv", b.String())
}

// Each of several targets has its own columns, the mean both; a row is told with the target
// that is worst in it, and what moved that; rows with influence are found both ways.
func TestTargetsExplain(t *testing.T) {
	table := two(t, 150, 1)
	for _, names := range [][2]string{{"high", "wide"}, {"tall", "broad"}} {
		dir := t.TempDir()
		model, path := filepath.Join(dir, "m"), filepath.Join(dir, "why.csv")
		drop := map[string]string{"high": "tall,broad", "tall": "high,wide"}[names[0]]
		if status, _, errs := descent("train", table, "--target", names[0]+","+names[1], "--drop", drop, "--model", "mlp(8)", "--epochs", "40", "--folds", "0", "-q", "--out", model); status != 0 {
			t.Fatal(errs)
		}
		for _, way := range []string{influenceExact, influenceGradients} {
			status, out, errs := descent("explain", model, table, "--json", "--influence", way, "--attributions", path)
			var x explanation
			if err := numjson.Unmarshal([]byte(out), &x); status != 0 || err != nil {
				t.Fatalf("status %d, %v: %s", status, err, errs)
			}
			mean := map[string]float64{}
			for j, name := range names {
				of, own := x.Targets[name], []string{"x", "z"}[j]
				if len(of) != 3 || of[0].Column != own || !(of[0].CI.Lo > 0) || of[1].Mean > of[0].Mean/4 {
					t.Errorf("%s goes by %+v", name, of)
				}
				for _, c := range of {
					mean[c.Column] += c.Mean / 2
				}
			}
			for _, c := range x.Importance {
				if math.Abs(c.Mean-mean[c.Column]) > 1e-12 || (c.Column == "w") == (c.Mean > 0.1) {
					t.Errorf("%v: %+v, in the mean of both %v", names, c, mean[c.Column])
				}
			}
			d := x.Dependence[0]
			if last := len(d.Mean) - 1; d.Column != "x" || len(d.Mean[0]) != 2 || !(d.Mean[0][0] < d.Mean[last][0]) {
				t.Errorf("%+v", d)
			}
			for _, r := range x.Worst {
				if (r.Target != names[0] && r.Target != names[1]) || len(r.Moved) != 3 || names[0] == "high" && r.Moved[0].Column != map[bool]string{true: "x", false: "z"}[r.Target == "high"] {
					t.Errorf("%+v", r)
				}
			}
			if i := x.Influence; i.Method != way || len(i.Rows) != listedRows || len(i.Rows[0].Truth.(map[string]any)) != 2 {
				t.Errorf("%+v", i)
			}
		}
		addsUp(t, path, 2*150)
		status, out, errs := descent("explain", model, two(t, 40, 2), "--influence", "none")
		if status != 0 || !strings.Contains(out, "among the 40 rows") || !strings.Contains(out, "x, "+names[0]) {
			t.Errorf("fresh rows: status %d: %s%s", status, out, errs)
		}
	}
}

// addsUp checks that what columns do to predictions of a target adds up to how they differ
// between rows. Probabilities are those before they are calibrated, which are others.
func addsUp(t *testing.T, path string, lines int) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(textOf(t, path))).ReadAll()
	if err != nil || len(all) != lines+1 || strings.Join(all[0], ",") != "row,part,target,truth,prediction,x,z,w" {
		t.Fatalf("%d lines, %v, %v", len(all), all[0], err)
	}
	start := map[string]float64{}
	for _, line := range all[1:] {
		var cells [5]float64
		for k := range cells {
			cells[k], _ = strconv.ParseFloat(line[3+k], 64)
		}
		from := cells[1] - cells[2] - cells[3] - cells[4]
		if line[2] != "high" && line[2] != "wide" {
			continue
		}
		if at, ok := start[line[2]]; ok && !(math.Abs(from-at) < map[string]float64{"high": 2, "wide": 2e-4}[line[2]]) {
			t.Errorf("%v: from %v, another from %v", line, from, at)
		}
		start[line[2]] = from
	}
}
