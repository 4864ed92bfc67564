package main

import (
	"fmt"
	"math"
	"slices"

	"descent/cmd/descent/internal/draw"
	"descent/internal/plot"
	"descent/train/score"
)

// pageNumbers are the numbers that only the page of a training shows.
type pageNumbers struct {
	Ranking   []rankedClass `json:"ranking,omitempty"`
	Residuals []residual    `json:"residuals,omitempty"`
	Histogram []residualBin `json:"residual_histogram,omitempty"`
	Worst     []worstRow    `json:"worst_rows,omitempty"`
	// Explanation is what the model goes by, of a table.
	Explanation *explanation `json:"explanation,omitempty"`
}

// A rankedClass has the points of the ROC and precision-recall curves of a class.
type rankedClass struct {
	Class  string        `json:"class"`
	Points []rankedPoint `json:"points"`
}

type rankedPoint struct {
	Threshold float64 `json:"threshold"`
	Recall    float64 `json:"recall"`
	False     float64 `json:"false_positive_rate"`
	Precision float64 `json:"precision"`
}

type residual struct {
	Predicted float64 `json:"predicted"`
	Residual  float64 `json:"residual"` // prediction - target
}

type residualBin struct {
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	Rows int     `json:"rows"`
}

const (
	mostPoints = 200  // of a curve
	mostDots   = 1000 // of rows
	mostRanked = 10   // classes with curves
	mostBins   = 24
)

// evenly are the numbers below n, or as many of them, the last among them.
func evenly(n, most int) (at []int) {
	k := min(n, most)
	for i := range k {
		at = append(at, (i+1)*n/k-1)
	}
	return at
}

// ranked are the points of a class, nil if all rows or none are of it.
func (r *report) ranked(c *score.Classes, class int) *rankedClass {
	points := c.Ranking(class)
	if len(points) == 0 {
		return nil
	}
	all := points[len(points)-1]
	if all.Hits == 0 || all.False == 0 {
		return nil
	}
	out := &rankedClass{Class: r.Classes[class]}
	for _, i := range evenly(len(points), mostPoints) {
		x := points[i]
		out.Points = append(out.Points, rankedPoint{x.Threshold, x.Hits / all.Hits, x.False / all.False, x.Hits / (x.Hits + x.False)})
	}
	return out
}

// rankingSection draws what is found at which price, at all thresholds: of two classes
// of the second, of more of each against the others.
func (r *report) rankingSection(c *score.Classes) draw.Section {
	unit := func(label string) plot.Axis { return plot.Axis{Label: label, Min: 0, Max: 1} }
	roc := &plot.Figure{Title: "ROC", X: unit("false positive rate"), Y: unit("recall")}
	pr := &plot.Figure{Title: "Precision and recall", X: unit("recall"), Y: unit("precision")}
	s := draw.Section{Title: "Found, and at which price", Figures: []*plot.Figure{roc, pr},
		Note: "At each threshold of the probability, of each class against the others. Up and to the left, and up and to the right, is better; the grey line is chance."}
	classes := r.Classes[:min(len(r.Classes), mostRanked)]
	if len(classes) < len(r.Classes) {
		s.Note += fmt.Sprintf(" These are the first %d classes.", len(classes))
	}
	for k, name := range classes {
		if x := r.ranked(c, k); x != nil && (c.K > 2 || k == 1) {
			r.Page.Ranking = append(r.Page.Ranking, *x)
			over := plot.Line{Name: name, X: []float64{0}, Y: []float64{0}}
			against := plot.Line{Name: name, Step: true}
			for _, p := range x.Points {
				over.X, over.Y = append(over.X, p.False), append(over.Y, p.Recall)
				against.X, against.Y = append(against.X, p.Recall), append(against.Y, p.Precision)
			}
			roc.Layers, pr.Layers = append(roc.Layers, over), append(pr.Layers, against)
			if c.K == 2 {
				pr.Layers = append(pr.Layers, plot.HRule{At: x.Points[len(x.Points)-1].Precision, Color: plot.Gray})
			}
		}
	}
	roc.Layers = append(roc.Layers, plot.Line{X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true, Color: plot.Gray})
	return s
}

// reliabilitySection draws what probabilities are worth.
func (r *report) reliabilitySection() draw.Section {
	total := 0.0
	for _, b := range r.Reliability {
		total += b.Weight
	}
	perfect := plot.Line{Name: "perfect, and chance", Dashed: true, Color: plot.Gray}
	truth := func(p, chance float64) {
		perfect.X, perfect.Y = append(perfect.X, p), append(perfect.Y, p)
		perfect.Lo, perfect.Hi = append(perfect.Lo, max(0, p-chance)), append(perfect.Hi, min(1, p+chance))
	}
	model, share := plot.Line{Name: "the model", Marks: true, Color: plot.Blue}, plot.Bars{Touch: true, Color: plot.Sky}
	truth(0, 0)
	for _, b := range r.Reliability {
		share.X, share.Y = append(share.X, (b.Lo+b.Hi)/2), append(share.Y, b.Weight/total)
		if p := b.Confidence; b.Weight > 0 {
			model.X, model.Y = append(model.X, p), append(model.Y, b.Accuracy)
			truth(p, float64(2*math.Sqrt(max(0, p*(1-p))/b.Weight)))
		}
	}
	truth(1, 0)
	return draw.Section{Title: "Are its probabilities true?", Note: "The rows in bins by the largest probability: how large it is in the mean, and for how many of them it is that of the right class. On the grey line it is true; below, the model is too sure. Two standard errors of so many rows are grey, too.",
		Figures: []*plot.Figure{
			{Title: "Reliability", X: plot.Axis{Label: "probability", Min: 0, Max: 1}, Y: plot.Axis{Label: "share that is right", Min: 0, Max: 1}, Layers: []plot.Layer{perfect, model}},
			{Title: "How sure it is", X: plot.Axis{Label: "probability", Min: 0, Max: 1}, Y: plot.Axis{Label: "share of the rows"}, Layers: []plot.Layer{share}},
		}}
}

// residualSection draws how wrong a regression is.
func (r *report) residualSection(x *score.Numbers) draw.Section {
	dots := plot.Scatter{}
	for _, i := range evenly(len(x.Truth), mostDots) {
		p := residual{x.Predicted[i], x.Predicted[i] - x.Truth[i]}
		r.Page.Residuals = append(r.Page.Residuals, p)
		dots.X, dots.Y = append(dots.X, p.Predicted), append(dots.Y, p.Residual)
	}
	r.Page.Histogram = histogram(x)
	bars := plot.Bars{Touch: true}
	for _, b := range r.Page.Histogram {
		bars.X, bars.Y = append(bars.X, (b.Lo+b.Hi)/2), append(bars.Y, float64(b.Rows))
	}
	what := "prediction - " + r.Target
	return draw.Section{Title: "How wrong it is", Note: "A residual is the prediction less the target. A band that bends or widens is something that the model has not learned.",
		Figures: []*plot.Figure{
			{Title: "Residuals by the prediction", X: plot.Axis{Label: "prediction"}, Y: plot.Axis{Label: what}, Layers: []plot.Layer{plot.HRule{At: 0}, dots}},
			{Title: "Their distribution", X: plot.Axis{Label: what}, Y: plot.Axis{Label: "rows"}, Layers: []plot.Layer{bars}},
		}}
}

// histogram counts residuals in bins of equal width, √n of them.
func histogram(x *score.Numbers) (bins []residualBin) {
	all := make([]float64, len(x.Truth))
	for i, y := range x.Truth {
		all[i] = x.Predicted[i] - y
	}
	lo, hi := slices.Min(all), slices.Max(all)
	n := min(mostBins, int(math.Ceil(math.Sqrt(float64(len(all))))))
	width := (hi - lo) / float64(n)
	if !(width > 0) || math.IsInf(width, 0) {
		return nil
	}
	for i := range n {
		bins = append(bins, residualBin{Lo: lo + float64(float64(i)*width), Hi: lo + float64(float64(i+1)*width)})
	}
	for _, e := range all {
		bins[min(n-1, int((e-lo)/width))].Rows++
	}
	return bins
}
