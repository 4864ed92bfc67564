package bench

import (
	"cmp"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// sharedFolder has data that are not part of this repository.
func sharedFolder() string {
	return cmp.Or(os.Getenv("DESCENT_SHARED"), filepath.Join("..", "..", "shared"))
}

// deepOBS is the folder with the data of DeepOBS' problem quadratic_deep, which
// are not part of this repository. The variable DESCENT_SHARED names another
// place for it.
func deepOBS(t *testing.T) string {
	dir := filepath.Join(sharedFolder(), "data", "deepobs_quadratic")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the data of DeepOBS' quadratic are not there: %v", err)
	}
	return dir
}

func matrix(t *testing.T, path string) (rows int, values []float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		for _, cell := range line {
			x, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, x)
		}
	}
	return len(lines), values
}

// The published baselines of DeepOBS (Schneider, Balles, Hennig 2019,
// https://arxiv.org/abs/1903.05499) on a noisy quadratic of 100 dimensions:
// batches of 128, 7 in an epoch, the same in each. Published are runs of one
// order of rows; the ranges are of 20 orders, by an independent program.
func TestDeepOBSQuadratic(t *testing.T) {
	dir := deepOBS(t)
	n, hessian := matrix(t, filepath.Join(dir, "H.csv"))
	set := func(name string) *data.Dataset {
		rows, x := matrix(t, filepath.Join(dir, name))
		return &data.Dataset{X: data.ArrayOf(x, n), Y: make([]float64, rows), Inputs: make([]string, n), Shape: []int{n}}
	}
	training, test := set("train.csv"), set("test896.csv")
	task := train.Task{Features: n,
		Model: func(x *graph.Node) *graph.Node {
			return ops.Sub(x.Graph().Param("theta", graph.Fill(1), n), x)
		},
		Loss: func(pred, _ *graph.Node) *graph.Node {
			h := pred.Graph().State("H", graph.From(hessian...), n, n)
			return ops.Scale(0.5, ops.Mean(ops.Sum(ops.Mul(ops.MatMul(pred, h), pred), 1)))
		}}
	for _, c := range []struct {
		rule optimizers.Rule
		lr   float64
		want map[int][2]float64 // range of the test loss after so many epochs
	}{
		{optimizers.SGD(), 1.5848931925e-2, map[int][2]float64{0: {353.4467, 353.4469}, 1: {104.8, 105.9}, 100: {86.9, 87.9}}},
		{optimizers.SGDRule{Momentum: 0.99}, 2.5118864315e-3, map[int][2]float64{100: {86.95, 87.2}}},
		{optimizers.Adam(), 3.9810717055e-2, map[int][2]float64{1: {141.3, 142.5}, 100: {86.9, 87.35}}},
	} {
		tr, err := train.New(task, c.rule, graph.Float64, 1)
		if err != nil {
			t.Fatal(err)
		}
		order := rand.New(rand.NewPCG(1, 1)).Perm(training.Rows())
		for epoch := range 101 {
			if want, ok := c.want[epoch]; ok {
				s, err := tr.Evaluate(test)
				if err != nil {
					t.Fatal(err)
				}
				if !(s.Loss >= want[0] && s.Loss <= want[1]) || math.IsNaN(s.Loss) {
					t.Errorf("%v after %d epochs: %v, want %v", c.rule, epoch, s.Loss, want)
				}
			}
			for b := range 7 {
				if _, err := tr.Step(training, order[128*b:128*(b+1)], c.lr); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
