package tuning

import "descent/internal/rng"

// permuted returns where a digit goes in a permutation that a seed, a dimension and a
// place say.
func permuted(seed uint64, k, place int, base, digit uint64) uint64 {
	order := make([]uint64, base)
	for i := range order {
		order[i] = uint64(i)
	}
	state := rng.Mix(seed+rng.Golden*uint64(k+1)) + rng.Golden*uint64(place)
	for i := base - 1; i > 0; i-- {
		state += rng.Golden
		j := rng.Mix(state) % (i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order[digit]
}

// BestOf returns what k of n trials and the default are expected to find: the mean
// score of the one that a criterion chooses, over all subsets of k trials. Scores are
// those of the trials from the best criterion to the worst; better is how many trials
// have a better criterion than the default, whose score is byDefault. With k = 0 there
// is nothing but the default.
//
// Of the subsets, C(n-i,k-1)/C(n,k) have trial i (from 1) as their best: no trial is
// run again. Dodge et al. 2019, https://arxiv.org/abs/1909.03004; without replacement:
// Tang et al. 2020, https://arxiv.org/abs/2009.13826.
func BestOf(k int, scores []float64, better int, byDefault float64) float64 {
	n := len(scores)
	share, left, mean := float64(k)/float64(n), 1.0, 0.0
	if k == 0 {
		return byDefault
	}
	for i := range min(better, n-k+1) {
		mean += float64(share * scores[i])
		left -= share
		share *= float64(n-k-i) / float64(n-1-i) // C(n-i-2,k-1)/C(n-i-1,k-1)
	}
	if better > n-k {
		return mean // some of any k trials is better than the default
	}
	return mean + float64(left*byDefault)
}
