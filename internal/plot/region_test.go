package plot

import (
	"bytes"
	"math"
	"testing"
)

// The edge of a disc is a circle, also where the disc goes beyond the box: there it
// ends; and it is drawn, or what is beyond it is veiled.
func TestRegion(t *testing.T) {
	disc := func(x, y float64) float64 { return x*x + y*y - 1 }
	for _, reach := range []float64{2, 0.9} {
		p := &panel{scene: &scene{}, box: rect{0, 0, 100, 100}}
		p.x = scale{span: span{-reach, reach}, p1: 100}
		p.y = scale{span: span{-reach, reach}, p0: 100}
		count, most := 0, 0.0
		for _, line := range p.outlines(sample(disc, p.x, p.y, 201), 0) {
			for _, part := range p.inner(line) {
				for _, q := range part {
					x, y := (q.x/50-1)*reach, (1-q.y/50)*reach
					most = max(most, math.Abs(math.Hypot(x, y)-1))
					count++
				}
			}
		}
		if count < 20 || most > 0.01 {
			t.Errorf("within ±%v: %d points, up to %v off the circle", reach, count, most)
		}
	}
	for _, edge := range []bool{true, false} {
		f := &Figure{X: Axis{Min: -2, Max: 2}, Y: Axis{Min: -2, Max: 2}, Layers: []Layer{Contour{F: disc, N: 21}}}
		var before, after bytes.Buffer
		if err := f.WriteSVG(&before); err != nil {
			t.Fatal(err)
		}
		f.Layers = append(f.Layers, Region{F: disc, Edge: edge})
		if err := f.WriteSVG(&after); err != nil || after.Len() <= before.Len() {
			t.Errorf("edge %v: nothing more is drawn, %v", edge, err)
		}
	}
	if (Region{}).check() == nil {
		t.Error("a region without a function")
	}
}
