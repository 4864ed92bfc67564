package plot

import (
	"math"
	"testing"
)

// A path begins and ends over a surface where a figure that has it draws its ring and its
// star, and goes along the surface between; what is not shown has no place.
func TestOver(t *testing.T) {
	bowl := func(x, y float64) float64 {
		if x > 1.5 {
			return math.NaN()
		}
		return x*x + y*y
	}
	p := Path{X: []float64{-1, 0.5, 1, 7, 1.9}, Y: []float64{-0.5, 1, -1, 0, 0}}
	fig := &Figure{X: Axis{Min: -2, Max: 2}, Y: Axis{Min: -2, Max: 2}, Layers: []Layer{Surface{F: bowl, N: 41}}}
	over, err := fig.Over(p, Path{})
	if err != nil {
		t.Fatal(err)
	}
	if len(over) != 2 || len(over[0]) != 5 || len(over[1]) != 0 || len(over[0][1]) < 10 || over[0][4] != nil {
		t.Fatalf("%v", over)
	}
	fig.Layers = append(fig.Layers, Path{X: p.X[:3], Y: p.Y[:3]})
	s, err := fig.scene()
	if err != nil {
		t.Fatal(err)
	}
	var ends []point
	for _, i := range s.items {
		if d, ok := i.(dots); ok {
			ends = append(ends, d.at...)
		}
	}
	third := over[0][2]
	for i, got := range [][2]float64{over[0][0][0], third[len(third)-1]} {
		if math.Abs(got[0]-ends[i].x) > 0.06 || math.Abs(got[1]-ends[i].y) > 0.06 {
			t.Errorf("end %d is at %v, and drawn at %v", i, got, ends[i])
		}
	}
	if from := over[0][1][0]; from != over[0][0][0] {
		t.Errorf("a step from %v begins at %v", over[0][0][0], from)
	}
	fig.Layers = nil
	if _, err := fig.Over(p); err == nil {
		t.Error("paths over no surface")
	}
}
