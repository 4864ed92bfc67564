package optimizers

import "math"

// A Schedule gives the learning rate of each step, counted from 0.
type Schedule func(step int) float64

// Constant is the same learning rate at every step.
func Constant(lr float64) Schedule { return func(int) float64 { return lr } }

// Cosine falls from lr to 0 along half a cosine over the given steps, and
// stays there. Loshchilov, Hutter 2016, https://arxiv.org/abs/1608.03983.
func Cosine(lr float64, steps int) Schedule {
	return func(t int) float64 {
		return lr * (1 + math.Cos(math.Pi*min(float64(t)/float64(steps), 1))) / 2
	}
}
