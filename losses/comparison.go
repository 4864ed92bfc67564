package losses

import (
	"fmt"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// Losses that compare two or three predictions with each other.

// MarginRanking is the mean of max(0, -order·(x1 - x2)), elementwise: order is 1
// where x1 is to be larger than x2 and -1 where it is to be smaller.
// (torch.nn.MarginRankingLoss)
func MarginRanking(x1, x2, order *graph.Node) *graph.Node {
	return MarginRankingWith(0, Mean)(x1, x2, order)
}

// MarginRankingWith is [MarginRanking] with a margin that the difference is to
// have, max(0, margin - order·(x1 - x2)), and another reduction.
func MarginRankingWith(margin float64, red Reduction) Loss3 {
	c := check("margin_ranking", spec.InRange(anything, "margin", margin), red.check())
	return func(x1, x2, order *node) *node {
		fit := func() error { return allShaped(x1.Shape(), x1, x2, order) }
		if bad := c.bad([]*node{x1, x2, order}, fit); bad != nil {
			return bad
		}
		return red.of(atLeast0(ops.Sub(number(x1, margin), ops.Mul(order, ops.Sub(x1, x2)))))
	}
}

// CosineEmbedding is the mean over samples of 1 - cos(x1, x2) where alike is 1,
// and of max(0, cos(x1, x2)) where it is -1; x1 and x2 are vectors along the
// last axis, which alike does not have. (torch.nn.CosineEmbeddingLoss)
func CosineEmbedding(x1, x2, alike *graph.Node) *graph.Node {
	return CosineEmbeddingWith(0, Mean)(x1, x2, alike)
}

// CosineEmbeddingWith is [CosineEmbedding] with max(0, cos(x1, x2) - margin), a
// margin in [-1, 1], and another reduction.
func CosineEmbeddingWith(margin float64, red Reduction) Loss3 {
	c := check("cosine_embedding", spec.InRange(signed, "margin", margin), red.check())
	return func(x1, x2, alike *node) *node {
		fit := func() error { return vectorsFit(x1, x2, alike) }
		if bad := c.bad([]*node{x1, x2, alike}, fit); bad != nil {
			return bad
		}
		// tiny keeps the cosine with a zero vector 0.
		norm2 := func(x *node) *node { return ops.Shift(tiny, ops.Sum(ops.Square(x), -1)) }
		cos := ops.Div(ops.Sum(ops.Mul(x1, x2), -1), ops.Sqrt(ops.Mul(norm2(x1), norm2(x2))))
		return red.of(bySign(alike, not(cos), atLeast0(ops.Shift(-margin, cos))))
	}
}

// Triplet is the mean over samples of max(0, 1 + |a-p| - |a-n|): an anchor a is
// to be nearer to a positive p than to a negative n, by 1. They are vectors
// along the last axis. (Balntas et al. 2016; torch.nn.TripletMarginLoss)
func Triplet(anchor, positive, negative *graph.Node) *graph.Node {
	return TripletWith(TripletOptions{})(anchor, positive, negative)
}

// TripletOptions are the settings of [TripletWith].
type TripletOptions struct {
	Margin *float64 // replaces the 1; nil is 1
	P      *float64 // the norm, (Σ|x|^P)^(1/P) with P at least 1; nil is 2
	// Swap measures from the positive to the negative where that is nearer
	// than from the anchor.
	Swap bool
	// Eps is added to each difference, so that equal vectors have a gradient;
	// nil is 1e-6.
	Eps       *float64
	Reduction Reduction
}

// TripletWith is [Triplet] with settings.
func TripletWith(o TripletOptions) Loss3 {
	margin, p, eps := or(o.Margin, 1), or(o.P, 2), or(o.Eps, 1e-6)
	c := check("triplet", spec.InRange(anything, "margin", margin), spec.InRange(atLeast1, "p", p), spec.InRange(notNegative, "eps", eps), o.Reduction.check())
	distance := func(x, y *node) *node { return norm(ops.Shift(eps, ops.Sub(x, y)), p) }
	return func(anchor, positive, negative *node) *node {
		fit := func() error {
			if anchor.Shape().Rank() == 0 {
				return fmt.Errorf("the anchor is a scalar; it must be vectors along the last axis")
			}
			return allShaped(anchor.Shape(), anchor, positive, negative)
		}
		if bad := c.bad([]*node{anchor, positive, negative}, fit); bad != nil {
			return bad
		}
		far := distance(anchor, negative)
		if o.Swap {
			far = ops.Min(far, distance(positive, negative))
		}
		return o.Reduction.of(atLeast0(ops.Sub(ops.Shift(margin, distance(anchor, positive)), far)))
	}
}

// norm is the p-norm along the last axis.
func norm(x *node, p float64) *node {
	switch p {
	case 1:
		return ops.Norm1(x, -1)
	case 2:
		return ops.Norm(x, -1)
	}
	return ops.Pow(ops.Sum(ops.Pow(ops.Abs(x), number(x, p)), -1), number(x, 1/p))
}

func allShaped(s graph.Shape, xs ...*node) error {
	for _, x := range xs {
		if x.Shape() != s {
			return fmt.Errorf("the arrays are %v, %v and %v; they must have equal shapes", xs[0].Shape(), xs[1].Shape(), xs[2].Shape())
		}
	}
	return nil
}

func vectorsFit(x1, x2, alike *node) error {
	s := x1.Shape()
	if s.Rank() == 0 || x2.Shape() != s || alike.Shape() != dropAxis(s, s.Rank()-1) {
		return fmt.Errorf("the vectors are %v and %v and the target %v; the vectors must have equal shapes, and the target theirs without the last axis", s, x2.Shape(), alike.Shape())
	}
	return nil
}
