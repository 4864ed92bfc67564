package losses_test

import (
	"math"
	"regexp"
	"testing"

	"descent/graph"
	"descent/losses"
)

// Each mistake is reported with the line of this file, the loss, and what to
// do.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, row, col := g.Input("x", 4, 3), g.Input("row", 4), g.Input("col", 4, 1)
	t3, p3 := g.Input("t3", 4, 3), g.Input("p3", 2, 3, 5)
	y, y3, s := g.Indices("y", 4), g.Indices("y3", 4, 3), g.Input("s")
	one := 1.0
	for _, c := range []struct {
		node *graph.Node
		want string
	}{
		{losses.MSE(col, row), `mse\(col \(4x1\), row \(4\)\): the prediction is 4x1 and the target 4: declare the target as 4x1, or ops.Reshape`},
		{losses.Huber(1)(x, col), `huber\(.*: the prediction is 4x3 and the target 4x1; they must have equal shapes`},
		{losses.Huber(0)(x, t3), `huber\(.*: delta=0 is not in \(0,inf\)`},
		{losses.Huber(math.NaN())(x, t3), `delta=NaN`},
		{losses.SmoothL1(-1)(x, t3), `smooth_l1.*: beta=-1 is not in \[0,inf\)`},
		{losses.Quantile(1)(x, t3), `quantile.*: tau=1 is not in \(0,1\)`},
		{losses.NegativeBinomialNLL(0)(x, t3), `negative_binomial_nll.*: alpha=0 is not in \(0,inf\)`},
		{losses.GammaNLL(-1)(x, t3), `gamma_nll.*: shape=-1 is not in`},
		{losses.BetaNLL(math.Inf(1))(x, t3), `beta_nll.*: precision=\+?[iI]nf is not in`},
		{losses.StudentNLL(0, 1)(x, t3), `student_nll.*: df=0 is not in`},
		{losses.StudentNLL(4, 0)(x, t3), `student_nll.*: scale=0 is not in`},
		{losses.Sparsemax(x, t3), `sparsemax_loss.*: .*class indices of shape 4`},
		{losses.MSEWith(9)(x, t3), `mse.*: there is no Reduction\(9\)`},
		{losses.MSE(x, y3), `mse.*: the target is an input of whole numbers; declare it with Graph.Input`},
		{losses.BCEWith(losses.BCEOptions{Weight: []float64{1, 2}})(x, t3), `bce.*: weight has 2 numbers; a prediction of shape 4x3 needs 1 or as many as its last axis`},
		{losses.BCELogitsWith(losses.BCELogitsOptions{PosWeight: []float64{1, 2, -1}})(x, t3), `bce_logits.*: pos_weight\[2\]=-1 is not in \[0,inf\)`},
		{losses.Focal(-1, 0)(x, t3), `focal.*: gamma=-1`},
		{losses.CrossEntropy(x, row), `cross_entropy.*: the target holds real numbers; declare class indices with Graph.Indices`},
		{losses.CrossEntropy(x, y3), `cross_entropy.*: the prediction is 4x3, 3 classes along axis 1, and the target 4x3; it must be class indices of shape 4 or`},
		{losses.CrossEntropy(p3, y), `3 classes along axis 1, and the target 4; it must be class indices of shape 2x5`},
		{losses.CrossEntropy(s, y), `the prediction must have an axis of classes`},
		{losses.CrossEntropyWith(losses.CrossEntropyOptions{Weight: []float64{1, 2}})(x, y), `weight has 2 numbers for 3 classes`},
		{losses.CrossEntropyWith(losses.CrossEntropyOptions{Weight: []float64{1, 2}})(x, t3), `weight has 2 numbers for 3 classes`},
		{losses.CrossEntropyWith(losses.CrossEntropyOptions{LabelSmoothing: 1.1})(x, y), `label_smoothing=1.1 is not in \[0,1\]`},
		{losses.CrossEntropyWith(losses.CrossEntropyOptions{IgnoreIndex: new(0)})(x, t3), `ignore_index is for class indices, and the target is probabilities of shape 4x3`},
		{losses.NLL(x, t3), `nll.*: .*class indices of shape 4`},
		{losses.MultiMargin(p3, y), `multi_margin.*: the prediction is 2x3x5; it must be samples x classes`},
		{losses.MultiLabelSoftMargin(s, s), `multilabel_soft_margin.*: the prediction must have an axis of classes`},
		{losses.MultiLabelSoftMargin(x, col), `multilabel_soft_margin.*: .*equal shapes`},
		{losses.GaussianNLL(x, t3, g.Const(1, 3)), `gaussian_nll.*: the mean is 4x3 and the variance 3; they must have equal shapes, or`},
		{losses.Triplet(x, t3, row), `triplet.*: the arrays are 4x3, 4x3 and 4; they must have equal shapes`},
		{losses.TripletWith(losses.TripletOptions{P: new(0.5)})(x, x, x), `triplet.*: p=0.5 is not in \[1,inf\)`},
		{losses.CosineEmbedding(x, t3, t3), `cosine_embedding.*: the vectors are 4x3 and 4x3 and the target 4x3`},
		{losses.CosineEmbeddingWith(2, losses.Mean)(x, t3, row), `cosine_embedding.*: margin=2 is not in \[-1,1\]`},
		{losses.MarginRanking(x, t3, row), `margin_ranking.*: the arrays are`},
		{losses.L2(-one, x), `l2\(.*: strength=-1 is not in \[0,inf\)`},
		{losses.ElasticNet(1, 2, x), `elastic_net.*: l1_ratio=2 is not in \[0,1\]`},
	} {
		if c.node.Err() == nil {
			t.Errorf("no mistake found, want %s", c.want)
			continue
		}
		if got := c.node.Err().Error(); !regexp.MustCompile(`^mistakes_test\.go:\d+: .*` + c.want).MatchString(got) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// A mistake in an input is not reported again by the loss of it.
func TestMistakesOnce(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, y := g.Input("x", 4, 1), g.Input("y", 4)
	bad := losses.MSE(x, y)
	for _, again := range []*graph.Node{losses.MSE(bad, y), losses.CrossEntropy(bad, y), losses.BCELogits(bad, y), losses.Triplet(x, bad, y), losses.L2(1, bad)} {
		if again.Err() != bad.Err() {
			t.Errorf("%v", again.Err())
		}
	}
}

// A class index out of range is an error where it is fed; the ignored one is
// not out of range.
func TestIndexOutOfRange(t *testing.T) {
	for _, c := range []struct {
		text string
		y    float64
		ok   bool
	}{
		{"cross_entropy", 3, false}, {"cross_entropy", -1, false}, {"cross_entropy", -100, true},
		{"cross_entropy(ignore_index=-1)", -1, true}, {"cross_entropy(ignore_index=-1)", -100, false},
		{"nll", 3, false}, {"multi_margin", -100, false},
	} {
		x := array{Dims: []int{2, 3}, Data: numbers{1, 2, 3, 4, 5, 6}}
		_, err := run(graph.Float64, named(t, c.text), x, array{Dims: []int{2}, Data: numbers{0, c.y}, Index: true})
		if (err == nil) != c.ok {
			t.Errorf("%s of class %v: %v", c.text, c.y, err)
		}
	}
}
