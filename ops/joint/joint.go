// Package joint has operations in which elements that belong together are taken together:
// the projection of scores onto probabilities, the alignment of a sequence with labels,
// and losses that compare the samples of a batch with each other.
//
// Losses return one number for each sample, or for each list: how they are reduced is up
// to the caller. All are compositions of package ops, with derivatives of every order.
package joint

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// never is the logarithm of a probability that is 0 beside any other, also in float32; unlike
// -∞ it can be subtracted from itself.
const never = -1e30

func number(x *node, c float64) *node { return x.Graph().Const(c) }

// bad returns a bad node if there is an error, or a mistake in what is given, else nil.
// fit looks at shapes; it is called only if there are some.
func bad(name string, fit func() error, in ...*node) *node {
	err := graph.Mistakes(in...)
	if err == nil {
		err = fit()
	}
	if err == nil {
		return nil
	}
	return graph.Bad(err, name, in...)
}

// Sparsemax returns the probabilities along an axis that are nearest to x: max(x-τ, 0) with
// the τ for which they sum to 1. Unlike those of softmax most may be 0. Where an element is
// exactly τ it has the derivative 0. (Martins, Astudillo 2016, https://arxiv.org/abs/1602.02068)
func Sparsemax(x *node, axis int) *node {
	down := ops.StopGradient(ops.Sort(x, axis, true))
	if down.Err() != nil {
		return down
	}
	over := func(y *node, f func(*node, ...int) *node) *node { return ops.Keep(f(y, axis), x, axis) }
	zero, one := number(x, 0), number(x, 1)
	top := ops.StopGradient(over(x, ops.AMax)) // taken off, so that differences keep their digits
	x, down = ops.Sub(x, top), ops.Sub(down, top)
	// An element has a part if those above it leave something for it.
	rank := ops.CumSum(x.Graph().Const(1, x.Shape().Dims()...), axis)
	fits := ops.Greater(ops.Add(one, ops.Mul(rank, down)), ops.CumSum(down, axis))
	depth := over(ops.Where(fits, ops.Neg(down), zero), ops.AMax)
	out := ops.Less(depth, ops.Neg(x)) // not of a NaN, which stays
	tau := ops.Div(ops.Sub(over(ops.Where(out, zero, x), ops.Sum), one), over(ops.Sub(one, out), ops.Sum))
	return ops.Where(out, zero, ops.Sub(x, tau))
}

// RankPairs returns for each list, along the last axis, the mean of log(1 + e^(sⱼ-sᵢ)) over
// its pairs of which i has the larger relevance; 0 if there is none. It is the logistic
// loss of the order. (Burges et al. 2005, RankNet, https://doi.org/10.1145/1102351.1102363)
func RankPairs(score, relevance *node) *node {
	if b := bad("rank_pairs", func() error {
		if score.Shape() != relevance.Shape() || score.Shape().Rank() == 0 {
			return fmt.Errorf("the scores are %v and the relevances %v; both are lists along the last axis", score.Shape(), relevance.Shape())
		}
		return nil
	}, score, relevance); b != nil {
		return b
	}
	before := ops.Greater(ops.ExpandDims(relevance, -1), ops.ExpandDims(relevance, -2))
	cost := ops.Softplus(ops.Sub(ops.ExpandDims(score, -2), ops.ExpandDims(score, -1)))
	pairs := ops.Sum(before, -2, -1)
	return ops.Div(ops.Sum(ops.Mul(before, cost), -2, -1), ops.Max(pairs, number(score, 1)))
}

// InfoNCE returns for each of n samples -log softmax(cos(aᵢ, bⱼ)/temperature) at j = i, for
// vectors a and b, n×d, of which those of one row belong together: the other rows of b are
// what a is told from. The mean of both directions, InfoNCE(a, b) and InfoNCE(b, a), is the
// loss of CLIP. (Van den Oord et al. 2018, https://arxiv.org/abs/1807.03748)
func InfoNCE(a, b *node, temperature float64) *node {
	if x := bad("info_nce", func() error {
		switch {
		case a.Shape() != b.Shape() || a.Shape().Rank() != 2:
			return fmt.Errorf("%v and %v are not two vectors of each sample", a.Shape(), b.Shape())
		case !(temperature > 0):
			return fmt.Errorf("temperature %v; it is above 0", temperature)
		}
		return nil
	}, a, b); x != nil {
		return x
	}
	alike := ops.LogSoftmax(ops.Scale(1/temperature, ops.Linear(unit(a), unit(b))), 1)
	own := ops.Reshape(ops.CumSum(a.Graph().Const(1, a.Shape().Dim(0)), 0), -1, 1)
	return ops.Neg(ops.Squeeze(ops.Gather(alike, ops.Shift(-1, own), 1), 1))
}

// unit are the rows of x with length 1; those of zeros stay so.
func unit(x *node) *node {
	return ops.Div(x, ops.Sqrt(ops.Shift(1e-12, ops.Keep(ops.Sum(ops.Square(x), 1), x, 1))))
}

// BatchTriplet returns for each of n vectors x, n×d, with labels max(0, margin + p - q): p is
// its distance from the farthest other vector of its label, q that from the nearest of another.
// It is 0 where either is missing. (Hermans, Beyer, Leibe 2017, https://arxiv.org/abs/1703.07737)
func BatchTriplet(x, label *node, margin float64) *node {
	if b := bad("batch_triplet", func() error {
		if s := x.Shape(); s.Rank() != 2 || label.Shape() != graph.Dims(s.Dim(0)) {
			return fmt.Errorf("%v are not vectors with a label each, %v", s, label.Shape())
		}
		return nil
	}, x, label); b != nil {
		return b
	}
	n := x.Shape().Dim(0)
	far := ops.Norm(ops.Sub(ops.ExpandDims(x, 1), ops.ExpandDims(x, 0)), 2)
	same := ops.Equal(ops.ExpandDims(label, 1), ops.ExpandDims(label, 0))
	place := ops.CumSum(x.Graph().Const(1, n), 0)
	other := ops.NotEqual(ops.ExpandDims(place, 1), ops.ExpandDims(place, 0))
	friend, enemy := ops.Mul(same, other), ops.Sub(number(x, 1), same)
	p := ops.AMax(ops.Where(friend, far, number(x, never)), 1)
	q := ops.AMin(ops.Where(enemy, far, number(x, -never)), 1)
	return ops.ReLU(ops.Shift(margin, ops.Sub(p, q)))
}
