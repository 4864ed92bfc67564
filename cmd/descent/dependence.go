package main

import (
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/train/explain"
)

// A dependence is how predictions follow an input.
type dependence struct {
	Column string      `json:"column"` // and the part of a date
	At     []any       `json:"at"`     // numbers or words
	Mean   [][]float64 `json:"mean"`   // prediction, or probability of each class
}

// mostValues are those of a column that predictions are averaged at.
const mostValues = 11

// dependences are those of all inputs.
func (e *explainer) dependences() (all []dependence, err error) {
	at := 0
	for i := range e.schema.Inputs {
		in := &e.schema.Inputs[i]
		own := dependence{Column: strings.TrimSpace(in.Name + " " + in.Part)}
		var values [][]float64
		switch {
		case in.Kind == data.Text: // whose inputs mean nothing to people
			at += in.Width()
			continue
		case in.Coded:
			for _, k := range evenly(len(in.Levels), mostValues) {
				values, own.At = append(values, []float64{float64(k)}), append(own.At, in.Levels[k])
			}
		case in.Kind == data.Categorical:
			for k, level := range in.Levels {
				one := make([]float64, len(in.Levels))
				one[k] = 1
				values, own.At = append(values, one), append(own.At, level)
			}
		default:
			var x, row []float64
			for k := range e.on.d.Rows() {
				row = e.on.d.X.Row(row, k)
				x = append(x, row[at])
			}
			slices.Sort(x)
			x = slices.Compact(x)
			for k := range min(len(x), mostValues) {
				v := x[k*(len(x)-1)/max(1, min(len(x), mostValues)-1)]
				values, own.At = append(values, []float64{v}), append(own.At, ownUnit(in, v))
			}
		}
		if own.Mean, err = explain.Dependence(e.on.d, at, values, e.told); err != nil {
			return nil, err
		}
		all = append(all, own)
		at += in.Width()
	}
	return all, nil
}

// ownUnit is a number as it was before it was scaled.
func ownUnit(in *data.Input, x float64) float64 {
	v := float64(x*in.Scale) + in.Offset
	if math.Abs(v) <= 1e-12*math.Abs(in.Offset) { // which is what rounding leaves of 0
		return 0
	}
	return v
}
