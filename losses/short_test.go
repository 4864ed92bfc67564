package losses_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
)

// short are the functions for the defaults, by the names of their rows.
var (
	short = map[string]losses.Loss{
		"mse": losses.MSE, "mae": losses.MAE, "huber": losses.Huber(1), "smooth_l1": losses.SmoothL1(1), "log_cosh": losses.LogCosh, "quantile": losses.Quantile(0.5),
		"poisson_nll": losses.PoissonNLL, "kl": losses.KL, "negative_binomial_nll": losses.NegativeBinomialNLL(1), "gamma_nll": losses.GammaNLL(1), "beta_nll": losses.BetaNLL(10), "student_nll": losses.StudentNLL(4, 1), "sparsemax_loss": losses.Sparsemax, "hinge": losses.Hinge, "squared_hinge": losses.SquaredHinge, "perceptron": losses.Perceptron,
		"soft_margin": losses.SoftMargin, "hinge_embedding": losses.HingeEmbedding(1), "bce": losses.BCE, "bce_logits": losses.BCELogits, "focal": losses.Focal(2, 0.25),
		"cross_entropy": losses.CrossEntropy, "nll": losses.NLL, "multi_margin": losses.MultiMargin, "multilabel_soft_margin": losses.MultiLabelSoftMargin,
	}
	short3 = map[string]losses.Loss3{"gaussian_nll": losses.GaussianNLL, "margin_ranking": losses.MarginRanking, "cosine_embedding": losses.CosineEmbedding, "triplet": losses.Triplet}
)

// The functions for the defaults are the rows without settings.
func TestShortForms(t *testing.T) {
	for _, c := range losses.Cases() {
		name := strings.TrimSuffix(c.Name, " of probabilities")
		if strings.Contains(name, "(") {
			continue
		}
		f, f3 := short[name], short3[name]
		if f == nil && f3 == nil {
			t.Errorf("%s has no function for its defaults in short", name)
			continue
		}
		in := draw(c, c.Samples[0], 5)
		if name == "gaussian_nll" { // of means and variances, where the text has both in one array
			in = []array{in[1], in[1], in[1]}
			for i := range in {
				in[i].Data = numbers{}
				for k := range in[1].Dims[0] * in[1].Dims[1] {
					in[i].Data = append(in[i].Data, 0.5+float64((3*i+k)%4))
				}
			}
		}
		want, err := run(graph.Float64, named(t, name), in...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(graph.Float64, func(in []*graph.Node) *graph.Node {
			if f3 != nil {
				return f3(in[0], in[1], in[2])
			}
			return f(in[0], in[1])
		}, in...)
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(got.value, want.value, 0); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if len(short)+len(short3) != len(losses.Table) {
		t.Errorf("%d functions for %d rows", len(short)+len(short3), len(losses.Table))
	}
}

// Samples of the index to ignore count for nothing, also where it is the number
// after the last class, or beyond; with all ignored there is no mean.
func TestIgnoredBeyondTheClasses(t *testing.T) {
	logits := array{Dims: []int{3, 3}, Data: numbers{1, 2, 0, 0.5, -1, 3, 2, 2, 1}}
	few := array{Dims: []int{2, 3}, Data: slices.Concat(logits.Data[:3], logits.Data[6:])}
	for _, loss := range []string{"cross_entropy(%s)", "cross_entropy(label_smoothing=0.2, %s)", "cross_entropy(weight=[0.5, 1, 2], %s)", "nll(%s)"} {
		want, err := run(graph.Float64, named(t, fmt.Sprintf(loss, "ignore_index=-1")), few, array{Dims: []int{2}, Data: numbers{1, 2}, Index: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, ignored := range []float64{0, 3, 4, 7, -1} {
			text := fmt.Sprintf(loss, fmt.Sprint("ignore_index=", ignored))
			got, err := run(graph.Float64, named(t, text), logits, array{Dims: []int{3}, Data: numbers{1, ignored, 2}, Index: true})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if d := differ(got.value, want.value, 1e-15); d != "" {
				t.Errorf("%s: %s", text, d)
			}
			if d := differ(got.grad[0][3:6], []float64{0, 0, 0}, 0); d != "" {
				t.Errorf("%s: gradient of what is ignored: %s", text, d)
			}
		}
	}
}
