package augment

import (
	"math"

	"descent/internal/spec"
)

// A Row is a change of pictures.
type Row struct {
	spec.Row
	// One of these: a move, something painted into the picture, or the share that a
	// picture of a batch has in its mixture with another.
	move  func(a spec.Args, d *draws, s size) move
	paint func(a spec.Args, d *draws, picture []float32, s size)
	mix   func(a spec.Args, d *draws) float64
}

const lengths = "[0,4096]"

func rate(by float64) spec.Setting {
	return spec.Setting{Name: "rate", Doc: "probability", Kind: spec.Number, Default: by, Range: "[0,1]"}
}

// Table has a row for each change.
var Table = []Row{
	{Row: spec.Row{Name: "shift", Doc: "moves by a whole number of pixels in each direction, up to so many", Examples: []string{"2"},
		Settings: []spec.Setting{{Name: "pixels", Doc: "at most", Kind: spec.Whole, Required: true, Range: lengths}}},
		move: func(a spec.Args, d *draws, _ size) move {
			n := a.Whole("pixels")
			return shift(float64(d.whole(2*n+1)-n), float64(d.whole(2*n+1)-n))
		}},
	{Row: spec.Row{Name: "flip", Doc: "exchanges left and right, or top and bottom", Examples: []string{"", "vertical=true"},
		Settings: []spec.Setting{rate(0.5), {Name: "vertical", Doc: "top and bottom", Kind: spec.Flag, Default: false}}},
		move: func(a spec.Args, d *draws, _ size) move {
			switch {
			case d.number() >= a.Number("rate"):
				return still
			case a.Flag("vertical"):
				return move{yy: -1, xx: 1}
			}
			return move{yy: 1, xx: -1}
		}},
	{Row: spec.Row{Name: "rotate", Doc: "turns about the middle by an angle up to so many degrees, either way", Examples: []string{"10"},
		Settings: []spec.Setting{{Name: "degrees", Doc: "at most", Kind: spec.Number, Required: true, Range: "[0,180]"}}},
		move: func(a spec.Args, d *draws, _ size) move {
			return turn(a.Number("degrees") / 180 * math.Pi * d.signed())
		}},
	{Row: spec.Row{Name: "zoom", Doc: "enlarges or shrinks about the middle, up to so much of the size", Examples: []string{"0.1"},
		Settings: []spec.Setting{{Name: "by", Doc: "at most", Kind: spec.Number, Required: true, Range: "[0,1)"}}},
		move: func(a spec.Args, d *draws, _ size) move { return zoom(1 / (1 + float64(a.Number("by")*d.signed()))) }},
	{Row: spec.Row{Name: "shear", Doc: "slants by an angle up to so many degrees, either way", Examples: []string{"10"},
		Settings: []spec.Setting{{Name: "degrees", Doc: "at most", Kind: spec.Number, Required: true, Range: "[0,60]"}}},
		move: func(a spec.Args, d *draws, _ size) move {
			return slant(a.Number("degrees") / 180 * math.Pi * d.signed())
		}},
	{Row: spec.Row{Name: "crop", Doc: "cuts out a window at a random place, whose sides are a random share of the picture's, and stretches it to its size", Examples: []string{"0.8"},
		Settings: []spec.Setting{{Name: "share", Doc: "at least", Kind: spec.Number, Required: true, Range: "(0,1]"}}},
		move: func(a spec.Args, d *draws, s size) move {
			least := a.Number("share")
			part := least + float64((1-least)*d.number())
			m := zoom(part)
			m.y, m.x = float64((1-part)/2*d.signed())*float64(s.height), float64((1-part)/2*d.signed())*float64(s.width)
			return m
		}},
	{Row: spec.Row{Name: "cutout", Doc: "sets a square to 0 whose middle is anywhere", Examples: []string{"8"}, Source: "DeVries, Taylor 2017, https://arxiv.org/abs/1708.04552",
		Settings: []spec.Setting{{Name: "side", Doc: "of the square, in pixels", Kind: spec.Whole, Required: true, Range: "[1,4096]"}, rate(1)}},
		paint: cutout},
	{Row: spec.Row{Name: "mixup", Doc: "mixes each picture of a batch, and its target, with another; the share has a beta(alpha, alpha) distribution", Examples: []string{"0.2"}, Source: "Zhang et al. 2018, https://arxiv.org/abs/1710.09412",
		Settings: []spec.Setting{{Name: "alpha", Doc: "of the distribution; the smaller, the less is mixed", Kind: spec.Number, Required: true, Range: "(0,1]"}}},
		mix: func(a spec.Args, d *draws) float64 { return d.beta(a.Number("alpha")) }},
}

func cutout(a spec.Args, d *draws, picture []float32, s size) {
	hit := d.number() < a.Number("rate")
	side, y, x := a.Whole("side"), d.whole(s.height), d.whole(s.width)
	if !hit {
		return
	}
	top, left := y-side/2, x-side/2
	for c := range s.channels {
		for y := max(top, 0); y < min(top+side, s.height); y++ {
			at := (c*s.height + y) * s.width
			clear(picture[at+min(max(left, 0), s.width) : at+max(min(left+side, s.width), 0)])
		}
	}
}
