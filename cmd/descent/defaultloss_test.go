package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// train and bench measure the same table by the same loss.
func TestDefaultLoss(t *testing.T) {
	path := file(t, "a.csv", table(80))
	for _, c := range []struct{ target, model, want string }{
		{"y", "linear", "mse"}, {"class", "linear", "cross_entropy"}, {"class", "mlp(4)", "cross_entropy"}, {"class", "logistic", "bce_logits"},
	} {
		for _, args := range [][]string{
			{"train", path, "--epochs", "1"},
			{"bench", path, "--epochs", "1", "--seeds", "1", "--optimizer", "sgd(lr=0.01)", "--out", t.TempDir()},
		} {
			args = append(args, "--target", c.target, "--model", c.model, "--json", "-q")
			status, out, errs := descent(args...)
			var r struct {
				Loss     string
				Problems []struct{ Loss string }
			}
			err := json.Unmarshal([]byte(out), &r)
			for _, p := range r.Problems {
				r.Loss = p.Loss
			}
			if err != nil || status != 0 || r.Loss != c.want {
				t.Errorf("%q: status %d, loss %q, want %q: %v %s", args, status, r.Loss, c.want, err, errs)
			}
		}
	}
}

// The probabilities that predict prints are those of the data: inputs that say
// nothing leave the share of the class.
func TestProbabilitiesAreCalibrated(t *testing.T) {
	const rows, rare = 1000, 20
	var b strings.Builder
	b.WriteString("x,class\n")
	for i := range rows {
		class := "common"
		if i%(rows/rare) == 0 {
			class = "rare"
		}
		fmt.Fprintf(&b, "%d,%s\n", i*7919%101, class)
	}
	path, dir := file(t, "a.csv", b.String()), t.TempDir()
	if status, _, errs := descent("train", path, "--target", "class", "--model", "linear", "--epochs", "30", "--lr", "0.03", "--test", "0", "--val", "0", "--out", dir, "-q"); status != 0 {
		t.Fatal(errs)
	}
	status, out, errs := descent("predict", dir, path)
	table, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if status != 0 || err != nil || table[0][2] != "p_rare" {
		t.Fatal(status, err, errs, table[0])
	}
	mean := 0.0
	for _, r := range table[1:] {
		p, err := strconv.ParseFloat(r[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		mean += p / rows
	}
	if want := float64(rare) / rows; math.Abs(mean-want) > 0.2*want {
		t.Errorf("the mean probability of the class is %.4f, its share %.4f", mean, want)
	}
}

// A loss of the user's own sees the target in its own unit. Who has it see
// another one is told so, also with -q.
func TestLossInOtherUnits(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,y\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,%d\n", i, 100+3*i)
	}
	path := file(t, "y.csv", b.String())
	args := []string{"train", path, "--target", "y", "--model", "linear", "--epochs", "1", "-q"}
	mape := slices.Concat(args, []string{"--loss", "mean(abs(pred-target)/abs(target))"})
	for _, c := range []struct {
		args []string
		says bool
	}{{args, false}, {mape, false}, {slices.Concat(mape, []string{"--raw-target=false"}), true}, {slices.Concat(mape, []string{"--raw-target"}), false}} {
		status, _, errs := descent(c.args...)
		if says := strings.Contains(errs, "the target is standardised"); status != 0 || says != c.says {
			t.Errorf("%q: status %d, %q", c.args, status, errs)
		}
	}
}
