package ops_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/ops/internal/rowtest"
)

// without are the operations whose gradient is 0, or that have none.
const without = "sign floor ceil round stop_gradient less less_equal greater greater_equal equal not_equal argmax argmin onehot uniform normal rademacher " +
	"isnan isinf isfinite heaviside size first_rows max_pool_index adaptive_max_pool_index argcummax argcummin argsort"

func TestTable(t *testing.T) { rowtest.Check(t, ops.Table, strings.Fields(without)...) }

// TestMistakes makes nodes that make no sense: each is reported with what is
// wrong and where.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, v, s := g.Input("x", 3, 4), g.Input("v", 5), g.Input("s")
	empty, label := g.Input("empty", 2, 0), g.Indices("label", 7)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{ops.Add(x, v), "shapes 3x4 and 5 do not broadcast"},
		{ops.Where(x, x, v), "do not broadcast"},
		{ops.Clamp(x, 2, 1), "nothing is between 2 and 1"},
		{ops.Sum(x, 2), "axis 2 of an array of 2 axes"},
		{ops.Mean(x, -3), "axis -3 of an array of 2 axes"},
		{ops.Sum(x, 1, -1), "axis -1 twice"},
		{ops.Softmax(s, 0), "axis 0 of an array of 0 axes"},
		{ops.AMax(empty, 1), "2x0 has no elements to choose from"},
		{ops.ArgMin(empty, 1), "2x0 has no elements to choose from"},
		{ops.MaxFirst(empty, 1), "2x0 has no elements to choose from"},
		{ops.MatMul(x, x), "cannot multiply 3x4 by 3x4"},
		{ops.MatMul(x, s), "matrices have two axes"},
		{ops.MatMul(v, x), "cannot multiply 1x5 by 3x4"},
		{ops.Outer(x, v), "3x4 and 5 are not both vectors"},
		{ops.Dot(s, s), "axis -1 of an array of 0 axes"},
		{ops.Reshape(x, 5, 2), "3x4 has 12 elements, 5x2 has 10"},
		{ops.Reshape(x, 5, -1), "12 elements do not divide into [5 -1]"},
		{ops.Reshape(x, -2), "-2 is not a length"},
		{ops.Reshape(x, 1, 1, 1, 1, 1, 1, 1, 3, 4), "more than 8 axes"},
		{ops.ExpandDims(x, 3), "axis 3 of an array of 3 axes"},
		{ops.Squeeze(x, 0), "axis 0 of 3x4 is not of length 1"},
		{ops.Broadcast(x, 4), "cannot stretch 3x4 to 4"},
		{ops.Transpose(x, 0), "an order of 1 axes for 3x4"},
		{ops.Transpose(x, 0, -2), "axis -2 twice"},
		{ops.Transpose(x, 0, 2), "axis 2 of an array of 2 axes"},
		{ops.Slice(x, 0, 1, 4, 1), "no elements 1 to 4 along axis 0 of 3x4"},
		{ops.Slice(x, 0, -4, 2, 1), "no elements -1 to 2"},
		{ops.Slice(x, 0, 2, 1, 1), "no elements 2 to 1"},
		{ops.Slice(x, 1, 0, 2, 0), "step 0"},
		{ops.Slice(x, 5, 0, 2, 1), "axis 5"},
		{ops.Concat(0, x, v), "cannot join 3x4 and 5 along axis 0"},
		{ops.Concat(0, x, ops.Transpose(x)), "cannot join 3x4 and 4x3 along axis 0"},
		{ops.Concat(2, x, x), "axis 2 of an array of 2 axes"},
		{ops.Stack(0, x, v), "shapes 3x4 and 5 differ"},
		{ops.Stack(4, x, x), "axis 4"},
		{ops.OneHot(label, -1), "depth -1"},
		{ops.Take(x, label, 2), "axis 2 of an array of 2 axes"},
		{ops.Gather(x, label, 1), "indices of shape 7 do not choose along axis 1 of 3x4"},
		{ops.Pick(x, label), "do not choose along axis 1 of 3x4"},
		{ops.Dropout(x, 1.5, s, ""), "probability 1.5"},
		{ops.Dropout(x, 1.00001, s, ""), "probability 1.00001"},
		{ops.Dropout(x, -1e-9, s, ""), "probability -1e-09"},
		{ops.Reshape(x, -1, -1), "-1 is not a length"},
		{ops.MatMul(v, v), "matrices have two axes"},
		{ops.SoftmaxNLL(x, label), "logits are N x C"},
		{ops.SoftmaxNLL(v, v), "logits are N x C"},
		{ops.Uniform(v, "", 3), "the step is 5, not a scalar"},
		{ops.Keep(v, x, 1), "5 has 5 elements, 3x1 has 3"},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "table_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}
