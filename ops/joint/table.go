package joint

import (
	"math/rand/v2"
	"strings"

	gt "descent/graph/graphtest"
	"descent/internal/spec"
	"descent/ops"
)

// Table has a row for every operation. A test fails when an exported function of this
// package that makes nodes has no row.
var Table = []ops.Row{
	row("sparsemax", "the probabilities along an axis that are nearest to x, of which most may be 0", "x, 0", 1,
		func(in []*node, a spec.Args) *node { return Sparsemax(in[0], a.Whole("axis")) }, []gt.Domain{gt.Distinct},
		[]gt.Sample{gt.One([]int{2}).With(0), gt.One([]int{5}).With(0), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1), gt.One([]int{2, 3, 4}).With(1), gt.One([]int{0, 3}).With(1)},
		spec.Setting{Name: "axis", Doc: "which axis", Kind: spec.Whole, Range: "[-8,7]", Required: true, By: spec.InOrder, Aliases: []string{"dim"}}),
	row("rank_pairs", "the mean over pairs of a list, of which i is more relevant than j, of log(1 + e^(sⱼ-sᵢ)): rank_pairs(score, relevance)", "", 2,
		func(in []*node, _ spec.Args) *node { return RankPairs(in[0], in[1]) }, []gt.Domain{gt.Normal, grades},
		[]gt.Sample{gt.One([]int{2}, []int{2}), gt.One([]int{5}, []int{5}), gt.One([]int{7}, []int{7}), gt.One([]int{3, 4}, []int{3, 4}), gt.One([]int{2, 2, 3}, []int{2, 2, 3}), gt.One([]int{0, 3}, []int{0, 3})}),
	row("cox", "minus the log partial likelihood of each sample, of a score, a time and an event (0 if it was only seen until then): cox(score, time, event, ties=efron)", "", 3,
		func(in []*node, a spec.Args) *node { return Cox(in[0], in[1], in[2], a.Word("ties") == "efron") }, []gt.Domain{gt.Normal, grades, gt.Bits},
		[]gt.Sample{gt.One([]int{1}, []int{1}, []int{1}), gt.One([]int{2}, []int{2}, []int{2}), gt.One([]int{5}, []int{5}, []int{5}), gt.One([]int{12}, []int{12}, []int{12}),
			efron(1), efron(4), efron(6), efron(12)},
		spec.Setting{Name: "ties", Doc: "how events at one time share what they take: breslow or efron", Kind: spec.Word, Default: "breslow", Choices: []string{"breslow", "efron"}}),
	row("info_nce", "-log softmax(cos(a, b)/temperature) of each row of a and its own of b, among all of them: info_nce(a, b)", "", 2,
		func(in []*node, a spec.Args) *node { return InfoNCE(in[0], in[1], a.Number("temperature")) }, nil,
		[]gt.Sample{gt.One([]int{2, 3}, []int{2, 3}), gt.One([]int{3, 2}, []int{3, 2}), gt.One([]int{4, 2}, []int{4, 2}).With(0.5), gt.One([]int{5, 4}, []int{5, 4}).With(2), gt.One([]int{6, 3}, []int{6, 3}), gt.One([]int{0, 2}, []int{0, 2})},
		spec.Setting{Name: "temperature", Doc: "what cosines are divided by", Kind: spec.Number, Default: 0.1, Range: "(0,inf)", By: spec.InOrder}),
	row("batch_triplet", "max(0, margin + the distance of the farthest vector of its label - that of the nearest of another), of each row: batch_triplet(x, label)", "", 2,
		func(in []*node, a spec.Args) *node { return BatchTriplet(in[0], in[1], a.Number("margin")) }, []gt.Domain{gt.Normal, gt.Below(2)},
		[]gt.Sample{gt.One([]int{2, 3}, []int{2}), gt.One([]int{4, 2}, []int{4}), gt.One([]int{5, 3}, []int{5}).With(3), gt.One([]int{6, 4}, []int{6}).With(5), gt.One([]int{7, 2}, []int{7}).With(0.5), gt.One([]int{0, 2}, []int{0})},
		spec.Setting{Name: "margin", Doc: "the difference that is enough", Kind: spec.Number, Default: 1.0, Range: "(-inf,inf)", By: spec.InOrder}),
	row("ctc ctc_loss", "minus the log probability of the labels of each sequence, over all alignments; logp is steps x sequences x classes: ctc(logp, labels, steps, lengths)", "", 4,
		func(in []*node, a spec.Args) *node {
			return CTC(in[0], in[1], in[2], in[3], CTCOptions{Blank: a.Whole("blank"), ZeroInfinity: a.Flag("zero_infinity")})
		}, []gt.Domain{gt.Range(-3, 0), gt.Below(3), some(3, 5), some(0, 2)},
		[]gt.Sample{gt.One([]int{5, 1, 3}, []int{1, 1}, []int{1}, []int{1}), gt.One([]int{5, 1, 3}, []int{1, 2}, []int{1}, []int{1}), gt.One([]int{5, 2, 3}, []int{2, 2}, []int{2}, []int{2}),
			gt.One([]int{6, 3, 4}, []int{3, 2}, []int{3}, []int{3}).With(3), gt.One([]int{7, 2, 3}, []int{2, 3}, []int{2}, []int{2}).With(2), gt.One([]int{8, 4, 5}, []int{4, 2}, []int{4}, []int{4})},
		spec.Setting{Name: "blank", Doc: "the class of no label", Kind: spec.Whole, Default: 0.0, Range: "[0,2147483647]"},
		spec.Setting{Name: "zero_infinity", Doc: "the loss is 0, not infinite, where labels have no alignment", Kind: spec.Flag, Default: false}),
}

// row is a row of an operation; names are its own and those of other libraries, and
// example what stands in the brackets, if there must be something.
func row(names, doc, example string, inputs int, make func(in []*node, a spec.Args) *node, in []gt.Domain, samples []gt.Sample, settings ...spec.Setting) ops.Row {
	name := strings.Fields(names)
	r := ops.Row{Row: spec.Row{Name: name[0], Aliases: name[1:], Doc: doc, Settings: settings}, Group: "Sequences, lists and batches", Inputs: inputs, Make: make, Domain: in, Samples: samples}
	if example != "" {
		r.Examples = []string{example}
	}
	return r
}

// efron is a sample of n rows with ties.
func efron(n int) gt.Sample {
	return gt.One([]int{n}, []int{n}, []int{n}).By(func(in []*node) *node { return Cox(in[0], in[1], in[2], true) })
}

// grades are few whole numbers, so that there are ties.
var grades = gt.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
	for i := range x {
		x[i] = float64(rng.IntN(4))
	}
}}

// some are whole numbers from lo to hi.
func some(lo, hi int) gt.Domain {
	return gt.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
		for i := range x {
			x[i] = float64(lo + rng.IntN(hi-lo+1))
		}
	}}
}
