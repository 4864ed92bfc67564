package plot

import (
	"errors"
	"math"
)

// Over lays paths on the picture of the figure's surface: for each point of a path the
// line that leads there from the point before, in the picture's own pixels from its top left.
// It is empty where the surface has no value or is not shown.
func (f *Figure) Over(paths ...Path) ([][][][2]float64, error) {
	s, err := f.scene()
	switch {
	case err != nil:
		return nil, err
	case s.under == nil:
		return nil, errors.New("plot: there is no surface to lay paths on")
	}
	out := make([][][][2]float64, len(paths))
	for i, l := range paths {
		d := l.series()
		var before point
		for k := range d.y {
			at := point{s.under.x.at(d.x[k]), s.under.y.at(d.y[k])}
			if k == 0 {
				before = at
			}
			out[i] = append(out[i], s.under.line(before, at))
			before = at
		}
	}
	return out, nil
}

// line is a straight part of a path on the surface, as it is drawn.
func (d draped) line(a, b point) (out [][2]float64) {
	if math.IsNaN(a.x+a.y+b.x+b.y) || math.IsInf(a.x+a.y+b.x+b.y, 0) {
		return nil
	}
	for _, part := range clipLine([]point{a, b}, floor) {
		lines, _ := d.segment(part[0], part[len(part)-1], rgba{})
		for _, l := range lines {
			for _, q := range l {
				out = append(out, [2]float64{math.Round(10*q.x) / 10, math.Round(10*q.y) / 10})
			}
		}
	}
	return out
}
