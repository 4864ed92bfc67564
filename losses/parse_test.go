package losses_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
)

func TestByName(t *testing.T) {
	x := array{Dims: []int{3}, Data: numbers{3, -3, 0.5}}
	y := array{Dims: []int{3}, Data: numbers{0, 0, 0}}
	for _, c := range []struct {
		text string
		want float64
	}{
		{"mse(reduction=sum)", 18.25},
		{"huber(reduction=sum)", 2.5 + 2.5 + 0.125},
		{" huber( delta = 2 ,reduction= sum ) ", 4 + 4 + 0.125},
		{"huber_loss(delta=2e0, reduction=sum)", 4 + 4 + 0.125},
		{"smooth_l1(beta=0, reduction=sum)", 6.5},
		{"mae()", 6.5 / 3},
		{"pinball(tau=0.9, reduction=sum)", 0.1*3.5 + 0.9*3},
		{"hinge_embedding(margin=0, reduction=batchmean)", (3 + 3 + 0.5 - 3 + 0) / 3},
	} {
		got, err := run(graph.Float64, named(t, c.text), x, y)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if d := differ(got.value, []float64{c.want}, 1e-15); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
	}
}

func TestByNameMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `"": a name is missing`},
		{"hubber", `unknown loss "hubber"; did you mean "huber"?`},
		{"cross-entropy(weight=[1])", `unknown loss "cross-entropy"; did you mean "cross_entropy"?`},
		{"huber(dleta=1)", `huber has no setting "dleta"; did you mean "delta"?`},
		{"huber(gamma=1)", `huber has no setting "gamma"; its settings are delta, reduction`},
		{"huber(delta)", "delta=delta is not a number"},
		{"huber(delta=1,)", "a value is missing (character 15)"},
		{"huber(delta=1, delta=2)", "delta is given twice"},
		{"huber(delta=1", "the closing bracket is missing (character 6)"},
		{"huber(delta=-1)", "delta=-1 is not in (0,inf)"},
		{"huber(delta=NaN)", "delta=NaN is not in (0,inf)"},
		{"huber(delta=two)", "delta=two is not a number"},
		{"huber(reduction=meen)", `did you mean "mean"?`},
		{"quantile(tau=1)", "tau=1 is not in (0,1)"},
		{"cross_entropy(label_smoothing=1.5)", "label_smoothing=1.5 is not in [0,1]"},
		{"cross_entropy(weight=[1, -2])", "weight[1]=-2 is not in [0,inf)"},
		{"cross_entropy(weight=1)", "weight=1 is not a list of numbers such as [1, 0.5]"},
		{"cross_entropy(weight=[])", "a list holds numbers, such as [1, 0.5]"},
		{"cross_entropy(ignore_index=1.5)", "ignore_index=1.5 is not a whole number"},
		{"poisson_nll(full=yes)", "full=yes is not true or false"},
		{"multi_margin(p=3)", "p=3 is not in [1,2]"},
		{"focal(alpha=2)", "alpha=2 is not in (-inf,1]"},
	} {
		_, err := losses.ByName(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.text, err, c.want)
		}
	}
}
