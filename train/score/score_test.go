package score_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/train"
	"descent/train/score"
)

// A golden case has rows, and what scikit-learn says of them; testdata/golden.py made
// them.
type golden struct {
	Classes      int
	Truth        []float64
	Decided      []int
	P, Predicted []float64
	Weight       []float64
	Each         map[string][]float64
	Scores       map[string]float64
}

func goldens(t *testing.T) (all []golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := numjson.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// classes are the rows of a case.
func (g *golden) classes() *score.Classes {
	c := &score.Classes{K: g.Classes, Decided: g.Decided, P: g.P, Weight: g.Weight}
	for _, y := range g.Truth {
		c.Truth = append(c.Truth, int(y))
	}
	return c
}

// TestGolden: all rows of the table that fit are scikit-learn's, with and without
// weights.
func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for i, g := range goldens(t) {
		var got *train.Scores
		if g.Classes > 0 {
			c := g.classes()
			got = train.Classified(c)
			for k, x := range c.Each() {
				for name, v := range map[string]float64{"precision": x.Precision, "recall": x.Recall, "f1": x.F1, "support": x.Support} {
					near(t, name, v, g.Each[name][k])
				}
			}
		} else {
			quantile, err := train.ParseMetric("pinball(tau=0.9)", nil)
			if err != nil {
				t.Fatal(err)
			}
			got = train.Regressed(&score.Numbers{Truth: g.Truth, Predicted: g.Predicted, Weight: g.Weight}, quantile)
		}
		if len(got.Metrics) != len(g.Scores) {
			t.Errorf("case %d: %d scores, scikit-learn's are %d", i, len(got.Metrics), len(g.Scores))
		}
		for name, want := range g.Scores {
			seen[name] = true
			near(t, name, got.Metrics[name], want)
		}
	}
	for _, m := range train.Metrics {
		if !seen[m.Name] && m.Name != "pinball" { // which is there with a setting
			t.Errorf("no case has %s", m.Name)
		}
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestPairs: the area under the ROC curve is the share of pairs in the right order,
// counted pair by pair, with their weights; of more than two classes each against the
// rest.
func TestPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		const n = 40
		c := &score.Classes{K: 2 + rng.IntN(3), Truth: make([]int, n), Decided: make([]int, n), Weight: make([]float64, n)}
		for i := range n {
			c.Truth[i], c.Weight[i] = rng.IntN(c.K), rng.Float64()
			for range c.K {
				c.P = append(c.P, float64(rng.IntN(8))/8)
			}
		}
		sum, classes := 0.0, 0.0
		for k := range c.K {
			right, all := 0.0, 0.0
			for i := range n {
				for j := range n {
					if c.Truth[i] != k || c.Truth[j] == k {
						continue
					}
					w := c.Weight[i] * c.Weight[j]
					all += w
					switch a, b := c.P[i*c.K+k], c.P[j*c.K+k]; {
					case a > b:
						right += w
					case a == b:
						right += w / 2
					}
				}
			}
			if all > 0 && (c.K > 2 || k == 1) {
				sum += right / all
				classes++
			}
		}
		near(t, "ROC AUC", c.ROCAUC(), sum/classes)
	}
}

// TestWeightsAreCopies: whole weights score as rows that are there so many times.
func TestWeightsAreCopies(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, classes := range []int{2, 3, 7} {
		a, b := &score.Classes{K: classes, Weight: []float64{}}, &score.Classes{K: classes}
		x, y := &score.Numbers{Weight: []float64{}}, &score.Numbers{}
		for range 60 {
			truth, decided, w := rng.IntN(classes), rng.IntN(classes), rng.IntN(4)
			p, sum := make([]float64, classes), 0.0
			for k := range p {
				p[k] = rng.Float64()
				sum += p[k]
			}
			for k := range p {
				p[k] /= sum
			}
			u, v := rng.Float64(), rng.Float64()
			add := func(c *score.Classes, z *score.Numbers) {
				c.Truth, c.Decided, c.P = append(c.Truth, truth), append(c.Decided, decided), append(c.P, p...)
				z.Truth, z.Predicted = append(z.Truth, u), append(z.Predicted, v)
			}
			add(a, x)
			a.Weight, x.Weight = append(a.Weight, float64(w)), append(x.Weight, float64(w))
			for range w {
				add(b, y)
			}
		}
		for name, want := range train.Classified(b).Metrics {
			near(t, name, train.Classified(a).Metrics[name], want)
		}
		for name, want := range train.Regressed(y).Metrics {
			near(t, name, train.Regressed(x).Metrics[name], want)
		}
	}
}

// TestEdges: what is left of the definitions where a class, a variance or all rows are
// missing.
func TestEdges(t *testing.T) {
	one := &score.Classes{K: 2, Truth: []int{0, 0}, Decided: []int{0, 0}, P: []float64{1, 0, 0.5, 0.5}}
	for name, x := range map[string][2]float64{"mcc": {one.MCC(), 0}, "balanced accuracy": {one.BalancedAccuracy(), 1}, "log loss": {one.LogLoss(), math.Ln2 / 2}} {
		near(t, name, x[0], x[1])
	}
	wrong := &score.Classes{K: 2, Truth: []int{1}, Decided: []int{0}, P: []float64{1, 0}}
	near(t, "log loss of the impossible", wrong.LogLoss(), 52*math.Ln2)
	numbers := func(truth, predicted []float64) float64 {
		return (&score.Numbers{Truth: truth, Predicted: predicted}).R2()
	}
	near(t, "R2 without variance", numbers([]float64{2, 2}, []float64{2, 3}), 0)
	near(t, "R2 without error", numbers([]float64{2, 2}, []float64{2, 2}), 1)
	for name, x := range map[string]float64{"ROC AUC of one class": one.ROCAUC(), "average precision of one class": one.AveragePrecision(),
		"R2 of one row": numbers([]float64{1}, []float64{1}), "accuracy of nothing": (&score.Classes{K: 2}).Accuracy(), "ECE of nothing": (&score.Classes{K: 2}).ECE()} {
		if !math.IsNaN(x) {
			t.Errorf("%s is %v, want NaN", name, x)
		}
	}
}

// TestReliability: the bins have all rows, each between its limits.
func TestReliability(t *testing.T) {
	for _, g := range goldens(t) {
		if g.Classes == 0 {
			continue
		}
		c := g.classes()
		sum, want := 0.0, float64(len(c.Truth))
		if c.Weight != nil {
			want = 0
			for _, w := range c.Weight {
				want += w
			}
		}
		for _, b := range c.Reliability() {
			if sum += b.Weight; b.Weight > 0 && !(b.Confidence > b.Lo-1e-12 && b.Confidence <= b.Hi+1e-12 && b.Accuracy >= 0 && b.Accuracy <= 1+1e-12) {
				t.Errorf("%+v", b)
			}
		}
		near(t, "weight of the bins", sum, want)
	}
}

// TestChance: the error that perfect probabilities have by chance is about what they
// have in the mean of many draws.
func TestChance(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{100, 1000} {
		for _, weighted := range []bool{false, true} {
			ece, chance := 0.0, 0.0
			const draws = 200
			for range draws {
				c := &score.Classes{K: 2}
				for range n {
					p := 0.5 + rng.Float64()/2
					truth := 0
					if rng.Float64() < p {
						truth = 1
					}
					c.Truth, c.Decided, c.P = append(c.Truth, truth), append(c.Decided, 1), append(c.P, 1-p, p)
					if weighted {
						c.Weight = append(c.Weight, 2*rng.Float64())
					}
				}
				ece += c.ECE() / draws
				chance += c.ECEByChance() / draws
			}
			if !(math.Abs(chance/ece-1) < 0.05) {
				t.Errorf("%d rows: by chance %v, in the mean of draws %v", n, chance, ece)
			}
		}
	}
}

// TestChecked: lengths that do not fit, and classes that there are not, are reported.
func TestChecked(t *testing.T) {
	for want, err := range map[string]error{
		"1 predictions for 2 rows":                (&score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{1}}).Check(),
		"3 probabilities for 2 rows":              (&score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{1, 1}, P: make([]float64, 3)}).Check(),
		"1 weights for 2 rows":                    (&score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{1, 1}, Weight: make([]float64, 1)}).Check(),
		"row 1 is of class 2":                     (&score.Classes{K: 2, Truth: []int{0, 2}, Decided: []int{1, 1}}).Check(),
		"row 0 is of class 0 and predicted as -1": (&score.Classes{K: 2, Truth: []int{0}, Decided: []int{-1}}).Check(),
		"0 predictions for 1 rows":                (&score.Numbers{Truth: []float64{0}}).Check(),
		"2 weights for 1 rows":                    (&score.Numbers{Truth: []float64{0}, Predicted: []float64{0}, Weight: make([]float64, 2)}).Check(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
