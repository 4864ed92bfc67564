package plot

import (
	"math"
	"strconv"
	"strings"
)

// A tick is a marked place of an axis. A tick without a label is a minor one.
type tick struct {
	at     float64
	s, sup string
}

func (t tick) major() bool { return t.s != "" }

func (t tick) width() float64 {
	return textWidth(t.s, tickSize) + textWidth(t.sup, tickSize*supScale)
}

// widest is the width of the widest label.
func widest(ticks []tick) float64 {
	w := 0.0
	for _, t := range ticks {
		w = max(w, t.width())
	}
	return w
}

// ticks marks a scale at round values, about as many as there is room for: one
// label every so many pixels.
func (s scale) ticks(every float64) []tick {
	n := max(int(math.Abs(s.p1-s.p0)/every), 1)
	switch {
	case s.names != nil:
		return s.named(n)
	case s.log:
		return s.logTicks(n)
	}
	return labelled(s.round(n))
}

// named writes names at 0, 1, 2, ..., leaving some out if there are too many.
func (s scale) named(n int) []tick {
	step := (len(s.names) + n - 1) / max(n, 1)
	var out []tick
	for i := 0; i < len(s.names); i += max(step, 1) {
		if s.within(float64(i)) {
			out = append(out, tick{at: float64(i), s: fit(s.say(s.names[i]), tickSize, s.widest)})
		}
	}
	return out
}

// round returns the multiples of 1, 2 or 5 times a power of ten in the range,
// the finest of those that are at most n steps.
func (s scale) round(n int) []float64 {
	base := math.Pow(10, math.Floor(math.Log10((s.hi-s.lo)/float64(n))))
	var out []float64
	for _, m := range []float64{1, 2, 5, 10} {
		step := m * base
		first, last := math.Ceil(s.lo/step-1e-9), math.Floor(s.hi/step+1e-9)
		if last-first > float64(n) {
			continue
		}
		for k := first; k <= last; k++ {
			v := k * step
			if base < 1 && base > 1e-200 {
				v = k * m / math.Round(1/base) // 3*0.1 is not 0.3, but 3/10 is
			}
			out = append(out, min(max(v, s.lo), s.hi)+0) // +0: no -0
		}
		break
	}
	return out
}

// labelled writes numbers with as many digits as tell them apart.
func labelled(values []float64) []tick {
	big, step := 0.0, math.Inf(1)
	for i, v := range values {
		big = max(big, math.Abs(v))
		if i > 0 {
			step = min(step, math.Abs(v-values[i-1]))
		}
	}
	if math.IsInf(step, 1) {
		step = big
	}
	out := make([]tick, len(values))
	exp, unit := exponent(big), exponent(step)
	for i, v := range values {
		out[i].at = v
		if big == 0 || exp < 5 && unit > -4 {
			out[i].s = minus(strconv.FormatFloat(v, 'f', max(-unit, 0), 64))
			continue
		}
		out[i].s, out[i].sup = scientific(v, exp, exp-unit)
	}
	return out
}

// exponent is the power of ten in v, rounded so that 0.99999999 counts as 1.
func exponent(v float64) int {
	if v == 0 {
		return 0
	}
	return int(math.Floor(math.Log10(math.Abs(v)) + 1e-9))
}

// scientific writes v as a number with so many decimals, times ten to the exp.
func scientific(v float64, exp, decimals int) (s, sup string) {
	if v == 0 {
		return "0", ""
	}
	mant := v / math.Pow(10, float64(exp))
	return minus(strconv.FormatFloat(mant, 'f', min(max(decimals, 0), 12), 64)) + "×10", minus(strconv.Itoa(exp))
}

// minus writes a real minus sign.
func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

// brief writes one number in a few characters.
func brief(v float64) (s, sup string) {
	if math.IsNaN(v) {
		return "–", ""
	}
	a := math.Abs(v)
	if a != 0 && (a >= 1e5 || a < 1e-3) {
		s = strconv.FormatFloat(v, 'e', 1, 64)
		mant, exp, _ := strings.Cut(s, "e")
		e, _ := strconv.Atoi(exp)
		if mant = strings.TrimSuffix(mant, ".0"); mant == "1" {
			return "10", minus(strconv.Itoa(e))
		}
		return minus(mant) + "×10", minus(strconv.Itoa(e))
	}
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if v == math.Trunc(v) {
		r = v
	}
	return minus(strconv.FormatFloat(r, 'f', -1, 64)), ""
}

// logTicks marks powers of ten, with minor ticks between; within less than two
// powers also (or only) 2 and 5 times those, or plain round values.
func (s scale) logTicks(n int) []tick {
	lo, hi := math.Log10(s.lo), math.Log10(s.hi)
	first, last := int(math.Ceil(lo-1e-9)), int(math.Floor(hi+1e-9))
	if hi-lo < .7 {
		return s.narrowTicks(n)
	}
	step := 1
	for (last-first)/step > n {
		step++
	}
	plain := lo > -3.1 && hi < 4.1
	var out []tick
	for k := first - 1; k <= last; k++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow(10, float64(k))
			if !s.within(v) && !(m == 1 && k >= first) {
				continue
			}
			t := tick{at: min(max(v, s.lo), s.hi)}
			switch {
			case m == 1 && (k-first)%step == 0, (m == 2 || m == 5) && last-first < 2 && n > 2*(last-first+1):
				t.s, t.sup = power(m, k, plain)
			case step > 1 && m > 1:
				continue
			}
			out = append(out, t)
		}
	}
	return out
}

// power writes m times ten to the k.
func power(m, k int, plain bool) (s, sup string) {
	if plain {
		return strconv.FormatFloat(float64(m)*math.Pow(10, float64(k)), 'f', max(-k, 0), 64), ""
	}
	if m != 1 {
		s = strconv.Itoa(m) + "×"
	}
	return s + "10", minus(strconv.Itoa(k))
}

func (s scale) narrowTicks(n int) []tick {
	linear := s
	linear.log = false
	return labelled(linear.round(n))
}
