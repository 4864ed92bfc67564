package score_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"descent/internal/elementary"
	"descent/internal/numjson"
	"descent/train/score"
)

// TestCalibrations: each way to calibrate gives new rows the probabilities of
// scikit-learn, or of SciPy's minimizer; testdata/calibration.py made them.
func TestCalibrations(t *testing.T) {
	text, err := os.ReadFile("testdata/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Classes                      int
		Truth                        []int
		P, Weight, New               []float64
		Temperature, Platt, Isotonic []float64
	}
	if err := numjson.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		want := map[string][]float64{"temperature": c.Temperature, "platt": c.Platt, "isotonic": c.Isotonic}
		held := &score.Classes{K: c.Classes, Truth: c.Truth, Decided: make([]int, len(c.Truth)), P: c.P, Weight: c.Weight}
		for _, row := range score.Calibrations {
			fitted, err := score.Calibrate(row.Name, held, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := fitted.Check(c.Classes); err != nil || fitted.Check(c.Classes+1) == nil && row.Name != "temperature" {
				t.Errorf("%s: %v", row.Name, err)
			}
			for i := 0; i < len(c.New); i += c.Classes {
				p := slices.Clone(c.New[i : i+c.Classes])
				fitted.Apply(p)
				for k := range p {
					if want := want[row.Name][i+k]; !(math.Abs(p[k]-want) < 2e-6) {
						t.Errorf("%s of %d classes: row %d is %v, want %v", row.Name, c.Classes, i/c.Classes, p[k], want)
					}
				}
			}
		}
	}
}

// drawn are rows whose true probabilities of classes are the softmax of logits; a model
// says that of the logits times sure.
func drawn(rng *rand.Rand, n, classes int, sure float64, shift []float64) *score.Classes {
	c := &score.Classes{K: classes, Decided: make([]int, n)}
	for range n {
		true_, said := make([]float64, classes), make([]float64, classes)
		a, b := 0.0, 0.0
		for k := range classes {
			z := 2 * rng.NormFloat64()
			true_[k], said[k] = elementary.Exp(z), elementary.Exp(sure*z)
			if shift != nil {
				said[k] *= shift[k]
			}
			a, b = a+true_[k], b+said[k]
		}
		at, own := rng.Float64()*a, 0
		for ; own < classes-1 && at > true_[own]; own++ {
			at -= true_[own]
		}
		for k := range said {
			said[k] /= b
		}
		c.Truth, c.P = append(c.Truth, own), append(c.P, said...)
	}
	return c
}

// TestCalibrated: a model that is too sure, or not sure enough, or was trained with
// weights of classes, is put right on other rows, and the temperature is that by which
// it was wrong.
func TestCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, sure := range []float64{0.4, 1, 3} {
		for _, shift := range [][]float64{nil, {1, 4, 0.5}} {
			held, other := drawn(rng, 4000, 3, sure, shift), drawn(rng, 4000, 3, sure, shift)
			for _, row := range score.Calibrations {
				c, err := score.Calibrate(row.Name, held, shift)
				if err != nil {
					t.Fatal(err)
				}
				after := c.Applied(other)
				if e := after.ECE(); e > 0.03 || sure != 1 && e > other.ECE() || after.LogLoss() > other.LogLoss()+0.01 {
					t.Errorf("%s, sure %v: ECE %v after %v, log loss %v after %v", row.Name, sure, e, other.ECE(), after.LogLoss(), other.LogLoss())
				}
				if row.Name == "temperature" && math.Abs(c.Temperature/sure-1) > 0.1 {
					t.Errorf("temperature %v, want %v", c.Temperature, sure)
				}
				if row.Name == "temperature" && shift == nil && !(c.After <= c.Before) {
					t.Errorf("log loss %v after %v", c.After, c.Before)
				}
			}
		}
	}
}

// TestFavour: with weights of classes in training, what is decided is what the model
// decided before its probabilities were put right.
func TestFavour(t *testing.T) {
	shift := []float64{1, 4, 0.5}
	held := drawn(rand.New(rand.NewPCG(7, 8)), 500, 3, 1, shift)
	c, err := score.Calibrate("temperature", held, shift)
	if err != nil {
		t.Fatal(err)
	}
	c.Temperature = 1
	for i, k := range c.Applied(held).Decided {
		if p := held.P[3*i : 3*i+3]; p[k] != slices.Max(p) {
			t.Errorf("row %d: %v becomes class %d", i, p, k)
		}
	}
}

// TestRightRows: a temperature of rows that are all right is one that can be believed.
func TestRightRows(t *testing.T) {
	c, err := score.Calibrate("temperature", &score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{0, 1}, P: []float64{0.9, 0.1, 0.2, 0.8}}, nil)
	if err != nil || !(c.Temperature > 0.5 && c.Temperature < 1) {
		t.Errorf("%v, %v", c, err)
	}
}

// TestAims: no threshold is better on the rows than the one that is chosen, by trying
// them all.
func TestAims(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, text := range []string{"f1", "mcc", "balanced_accuracy", "accuracy", "cost=1:20", "cost=3:1", "recall@precision=0.6", "precision@recall=0.7", "accuracy@recall=0.9"} {
		aim, err := score.ParseAim(text)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			c := drawn(rng, 60, 2, 1, []float64{3, 1})
			c.Weight = make([]float64, 60)
			for i := range c.Weight {
				c.Weight[i] = rng.Float64()
			}
			threshold, err := aim.Choose(c)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := worth(text, c, threshold)
			if !ok {
				t.Errorf("%s: %v is not enough at %v", text, got, threshold)
			}
			for i := range c.Truth {
				if best, ok := worth(text, c, c.P[2*i+1]); ok && best > got+1e-12 {
					t.Errorf("%s: %v at %v, %v at %v", text, got, threshold, best, c.P[2*i+1])
				}
			}
		}
	}
}

// worth is what an aim wants to be large at a threshold, by the scores of decisions,
// and whether what it limits is large enough.
func worth(text string, c *score.Classes, threshold float64) (float64, bool) {
	x := &score.Classes{K: 2, Truth: c.Truth, Weight: c.Weight, Decided: make([]int, len(c.Truth))}
	for i := range x.Decided {
		if c.P[2*i+1] > threshold {
			x.Decided[i] = 1
		}
	}
	yes, table := x.Each()[1], x.Confusion()
	switch text {
	case "f1":
		return yes.F1, true
	case "mcc":
		return x.MCC(), true
	case "balanced_accuracy":
		return x.BalancedAccuracy(), true
	case "accuracy":
		return x.Accuracy(), true
	case "cost=1:20":
		return -table[0][1] - 20*table[1][0], true
	case "cost=3:1":
		return -3*table[0][1] - table[1][0], true
	case "recall@precision=0.6":
		return yes.Recall, yes.Precision >= 0.6
	case "precision@recall=0.7":
		return yes.Precision, yes.Recall >= 0.7
	}
	return x.Accuracy(), yes.Recall >= 0.9
}

// TestAimsAreChecked: what is wrong with the text of an aim is said, and that no
// threshold is good enough.
func TestAimsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"f2": "there are f1", "": "there are f1", "recall": "there are f1", "cost=1": "two numbers above 0", "cost=0:1": "two numbers above 0",
		"recall@precision": "least value", "recall@precision=2": "least value", "recall@speed=0.5": `no score "speed"`,
	} {
		if _, err := score.ParseAim(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	aim, err := score.ParseAim("recall@precision=0.9")
	if err != nil {
		t.Fatal(err)
	}
	threshold, err := aim.Choose(&score.Classes{K: 2, Truth: []int{1, 0, 0, 1}, Decided: make([]int, 4), P: []float64{0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4}[:8]})
	if err != nil || threshold != 0.35 {
		t.Errorf("%v, %v", threshold, err)
	}
	threshold, err = aim.Choose(&score.Classes{K: 2, Truth: []int{1, 0, 0, 0}, Decided: make([]int, 4), P: []float64{0.7, 0.3, 0.8, 0.2, 0.6, 0.4, 0.9, 0.1}})
	if err == nil || !strings.Contains(err.Error(), "no threshold reaches precision=0.9 on the 4 rows that it is chosen on; the most is 0.5") || threshold != 0.25 {
		t.Errorf("%v, %v", threshold, err)
	}
}
