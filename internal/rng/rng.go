// Package rng has the one way in which seeds become random numbers: all random
// numbers of the program are hashes of a seed and of what they are for.
package rng

// Golden is 2⁶⁴ divided by the golden ratio: the step of SplitMix64's counter.
const Golden = 0x9e3779b97f4a7c15

// Mix is the finaliser of SplitMix64: it spreads the bits of z.
// Steele, Lea, Flood 2014, https://doi.org/10.1145/2714064.2660195.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
