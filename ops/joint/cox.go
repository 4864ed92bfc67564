package joint

import (
	"fmt"

	"descent/ops"
)

// Cox returns minus the log partial likelihood of each of n samples with a score (the
// logarithm of its hazard), a time, and an event: 1 if something happened then, 0 if the
// sample was only seen until then, whose part is 0. Of an event it is
// log Σ eˢʲ - sᵢ over the samples that are still there, tⱼ ≥ tᵢ. Of events at one time each
// has all of the others among them (Breslow); with efron, the k-th of d takes the share k/d of
// these from the sum, k = 0, 1, ..., which is nearer to what is true of times that were
// rounded. Both as in R's coxph. (Cox 1972; Efron 1977, https://doi.org/10.1080/01621459.1977.10480613)
func Cox(score, time, event *node, efron bool) *node {
	if b := bad("cox", func() error {
		if s := score.Shape(); s.Rank() != 1 || time.Shape() != s || event.Shape() != s {
			return fmt.Errorf("scores %v, times %v and events %v are not one of each sample", s, time.Shape(), event.Shape())
		}
		return nil
	}, score, time, event); b != nil {
		return b
	}
	none := number(score, never)
	mine, theirs := ops.ExpandDims(time, 1), ops.ExpandDims(time, 0)
	s := ops.ExpandDims(score, 0)
	risk := ops.LogSumExp(ops.Where(ops.LessEqual(mine, theirs), s, none), 1)
	if efron {
		tied := ops.Mul(ops.Equal(mine, theirs), ops.ExpandDims(event, 0))
		place := ops.CumSum(score.Graph().Const(1, score.Shape().Dim(0)), 0)
		before := ops.Sum(ops.Mul(tied, ops.Less(ops.ExpandDims(place, 0), ops.ExpandDims(place, 1))), 1)
		share := ops.Div(before, ops.Max(ops.Sum(tied, 1), number(score, 1)))
		// Of a sample without an event the share may be 1, and nothing be left: it has no part.
		share = ops.Mul(event, share)
		dying := ops.LogSumExp(ops.Where(tied, s, none), 1)
		risk = ops.Add(risk, ops.Log1p(ops.Neg(ops.Mul(share, ops.Exp(ops.Sub(dying, risk))))))
	}
	return ops.Mul(event, ops.Sub(risk, score))
}
