package score

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An Aim is what the threshold of a decision between two classes is chosen for: that
// something is as large as it can be, where something else is large enough.
type Aim struct {
	Text  string
	of    func(x decided) float64
	limit func(x decided) float64 // at least least; nil is none
	least float64
}

// decided is what a threshold makes of rows: weights of the second class that are
// found and missed, and of the first that are taken for it and left alone.
type decided struct{ hits, missed, wrong, left float64 }

func (x decided) precision() float64 { return quotient(x.hits, x.hits+x.wrong) }
func (x decided) recall() float64    { return quotient(x.hits, x.hits+x.missed) }
func (x decided) f1() float64        { return quotient(2*x.hits, float64(2*x.hits)+x.wrong+x.missed) }
func (x decided) accuracy() float64  { return quotient(x.hits+x.left, x.hits+x.left+x.wrong+x.missed) }
func (x decided) balanced() float64  { return (x.recall() + quotient(x.left, x.left+x.wrong)) / 2 }

func (x decided) mcc() float64 {
	return quotient(float64(x.hits*x.left)-float64(x.wrong*x.missed),
		math.Sqrt(float64((x.hits+x.wrong)*(x.hits+x.missed)*(x.left+x.wrong)*(x.left+x.missed))))
}

// aims are what can be as large as possible; precision and recall only where the other
// is limited.
var aims = []struct {
	name string
	of   func(decided) float64
	only bool // where something is limited
}{
	{"f1", decided.f1, false}, {"mcc", decided.mcc, false}, {"balanced_accuracy", decided.balanced, false}, {"accuracy", decided.accuracy, false},
	{"recall", decided.recall, true}, {"precision", decided.precision, true},
}

// ParseAim returns the aim of a text: f1, mcc, balanced_accuracy, accuracy;
// cost=FP:FN, what it costs to take the first class for the second and to miss the
// second; recall@precision=0.9, the most of one of both where the other is at least so
// much.
func ParseAim(text string) (Aim, error) {
	a := Aim{Text: text}
	name, limit, limited := strings.Cut(text, "@")
	if costs, ok := strings.CutPrefix(text, "cost="); ok {
		return a, a.cost(costs)
	}
	find := func(name string) func(decided) float64 {
		for _, x := range aims {
			if x.name == name && (!x.only || limited) {
				return x.of
			}
		}
		return nil
	}
	if a.of = find(name); a.of == nil {
		return a, fmt.Errorf("no aim %q for a threshold; there are f1, mcc, balanced_accuracy, accuracy, cost=FP:FN such as cost=1:20, and recall@precision=0.9", text)
	}
	if !limited {
		return a, nil
	}
	of, least, _ := strings.Cut(limit, "=")
	var err error
	if a.least, err = strconv.ParseFloat(least, 64); err != nil || !(a.least > 0 && a.least <= 1) {
		return a, fmt.Errorf("%q: what is after @ is a score and its least value, above 0 and up to 1, such as precision=0.9", text)
	}
	if a.limit = find(of); a.limit == nil {
		return a, fmt.Errorf("%q: no score %q to limit; there are precision, recall, f1, mcc, balanced_accuracy, accuracy", text, of)
	}
	return a, nil
}

// cost makes the aim of a text such as 1:20.
func (a *Aim) cost(text string) error {
	fp, fn, ok := strings.Cut(text, ":")
	wrong, err1 := strconv.ParseFloat(fp, 64)
	missed, err2 := strconv.ParseFloat(fn, 64)
	if !ok || err1 != nil || err2 != nil || !(wrong > 0 && missed > 0) || math.IsInf(wrong, 0) || math.IsInf(missed, 0) {
		return fmt.Errorf("%q: costs are two numbers above 0, such as cost=1:20: of a false alarm, and of a row that is missed", a.Text)
	}
	a.of = func(x decided) float64 { return -float64(wrong*x.wrong) - float64(missed*x.missed) }
	return nil
}

// Choose returns the threshold that serves an aim best on rows of two classes with
// their weights: between two neighbouring probabilities, so that the second class is
// decided for above it. Of equal ones it is the largest. An error says that none is
// as good as the aim demands, with the best there is.
func (a Aim) Choose(c *Classes) (threshold float64, err error) {
	points := c.Ranking(1)
	if c.K != 2 || len(points) == 0 {
		return 0.5, fmt.Errorf("a threshold is for two classes; there are %d, and %d rows", c.K, len(c.Truth))
	}
	all := points[len(points)-1]
	best, nearest, most := math.Inf(-1), 0.0, math.Inf(-1)
	for i := -1; i < len(points); i++ {
		above, at := 1.0, Point{}
		if i >= 0 {
			above, at = points[i].Threshold, points[i]
		}
		below := 0.0
		if i+1 < len(points) {
			below = points[i+1].Threshold
		}
		x := decided{at.Hits, all.Hits - at.Hits, at.False, all.False - at.False}
		if a.limit != nil && a.limit(x) < a.least {
			if reached := a.limit(x); reached > most {
				most, nearest = reached, (above+below)/2
			}
			continue
		}
		if v := a.of(x); v > best {
			best, threshold = v, (above+below)/2
		}
	}
	if math.IsInf(best, -1) {
		return nearest, fmt.Errorf("no threshold reaches %s on the %d rows that it is chosen on; the most is %.3g", a.Text[strings.Index(a.Text, "@")+1:], len(c.Truth), most)
	}
	return threshold, nil
}

// Aimed sets the threshold of the decision between two classes.
func (c *Calibration) Aimed(a Aim, threshold float64) {
	c.Favour, c.Aim = []float64{threshold, 1 - threshold}, a.Text
}
