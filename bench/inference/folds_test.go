package inference

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A draw is rows of inputs and a class, or a number, that depends on two of them.
type draw struct {
	x [][4]float64
	y []float64
}

func drawn(r *rand.Rand, n int, classes bool) (d draw) {
	for range n {
		x := [4]float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		y := x[0] + x[1]/2 + r.NormFloat64()
		if classes {
			y = math.Copysign(1, y)
		}
		d.x, d.y = append(d.x, x), append(d.y, y)
	}
	return d
}

// learn fits y by the inputs one by one, which are independent of each other, on rows
// for which of is true.
func (d draw) learn(of func(i int) bool) (w [4]float64) {
	n := 0.0
	for i, x := range d.x {
		if of(i) {
			for k := range w {
				w[k] += x[k] * d.y[i]
			}
			n++
		}
	}
	for k := range w {
		w[k] /= n
	}
	return w
}

// score is the accuracy, or R2, on rows for which of is true.
func (d draw) score(w [4]float64, classes bool, of func(i int) bool) float64 {
	n, right, wrong, sum, square := 0.0, 0.0, 0.0, 0.0, 0.0
	for i, x := range d.x {
		if !of(i) {
			continue
		}
		p := 0.0
		for k := range w {
			p += w[k] * x[k]
		}
		if (p > 0) == (d.y[i] > 0) {
			right++
		}
		n++
		wrong += (d.y[i] - p) * (d.y[i] - p)
		sum += d.y[i]
		square += d.y[i] * d.y[i]
	}
	if classes {
		return right / n
	}
	return 1 - wrong/(square-sum*sum/n)
}

// The interval of fold scores covers what is expected of models trained on that many
// rows, on fresh rows, in 92 to 98 of 100 draws: of classes and of numbers, of 60 and of
// 150 rows. (Three standard deviations of 500 draws are 0.03, so the test allows 0.5
// more than what is claimed.)
func TestResampledCoverage(t *testing.T) {
	const k, repeats, draws = 5, 4, 500
	all := func(int) bool { return true }
	for _, classes := range []bool{true, false} {
		for _, n := range []int{60, 150} {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			fresh, want := drawn(r, 20000, classes), 0.0
			for range 200 {
				want += fresh.score(drawn(r, n-n/k, classes).learn(all), classes, all) / 200
			}
			covered := 0
			for range draws {
				d := drawn(r, n, classes)
				var scores []float64
				for range repeats {
					fold := r.Perm(n)
					for f := range k {
						w := d.learn(func(i int) bool { return fold[i]%k != f })
						scores = append(scores, d.score(w, classes, func(i int) bool { return fold[i]%k == f }))
					}
				}
				if _, ci := Resampled(scores, 1.0/(k-1)); ci.Lo <= want && want <= ci.Hi {
					covered++
				}
			}
			t.Logf("classes %v, %d rows: %d of %d cover %.4f", classes, n, covered, draws, want)
			if covered < draws*915/1000 || covered > draws*985/1000 {
				t.Errorf("classes %v, %d rows: %d of %d intervals cover %.4f, want 92 to 98 %%", classes, n, covered, draws, want)
			}
		}
	}
}

// By hand: the mean of 1, 2, 3, 6 is 3, s² 14/3, t(0.975, 3) 3.1824463.
func TestResampled(t *testing.T) {
	mean, ci := Resampled([]float64{1, 2, math.NaN(), 3, 6}, 0.25)
	near(t, "mean", mean, 3, 1e-15)
	half := 3.1824463052837 * math.Sqrt((0.25+0.25)*14/3)
	near(t, "low end", ci.Lo, 3-half, 1e-9)
	near(t, "high end", ci.Hi, 3+half, 1e-9)
	if mean, ci := Resampled([]float64{2}, 0.25); mean != 2 || !math.IsInf(ci.Hi, 1) {
		t.Errorf("of one fold %v in %v", mean, ci)
	}
}
