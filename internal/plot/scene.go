package plot

import "math"

type point struct{ x, y float64 }

type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) w() float64            { return r.x1 - r.x0 }
func (r rect) h() float64            { return r.y1 - r.y0 }
func (r rect) contains(p point) bool { return p.x >= r.x0 && p.x <= r.x1 && p.y >= r.y0 && p.y <= r.y1 }

// corners goes around the rectangle.
func (r rect) corners() []point {
	return []point{{r.x0, r.y0}, {r.x1, r.y0}, {r.x1, r.y1}, {r.x0, r.y1}}
}

// A scene is a picture as a list of things to draw, y downwards.
type scene struct {
	w, h  float64
	title string
	items []item
	under *draped // the surface that was drawn, if any
}

// An item is a shape, dots, facets or a text.
type item interface {
	svg(w *svgWriter)
	raster(c *canvas)
}

// A shape is one or several polylines, or one area with several outlines (whose
// direction of turning says what is inside: an inner outline turning the other
// way is a hole).
type shape struct {
	lines  [][]point
	closed bool
	fill   rgba // alpha 0: none
	stroke rgba // alpha 0: none
	width  float64
	dash   []float64
}

// A mark is the form of a dot.
type mark int

const (
	disc mark = iota
	square
	triangle
	diamond
	cross
	star
)

// dots is the same mark at several points.
type dots struct {
	mark   mark
	at     []point
	radius float64
	fill   rgba
	stroke rgba
}

// facets are areas side by side, each with a thin outline of its colour that
// closes the seam to the next.
type facets []struct {
	pts   []point
	color rgba
}

const seam = .9

// A text is one line of text. Its anchor is the fraction of its width that lies
// before the point it is written at; it is turned around that point.
type text struct {
	at     point
	s, sup string // sup is written raised and smaller, after s
	size   float64
	anchor float64
	turn   float64 // degrees, clockwise
	color  rgba
	halo   bool // a white outline, for text on top of data
}

func (t text) width() float64 {
	return textWidth(t.s, t.size) + textWidth(t.sup, t.size*supScale)
}

func newScene(w, h float64, title string) *scene {
	s := &scene{w: w, h: h, title: title}
	s.area(rect{0, 0, w, h}.corners(), white)
	return s
}

func (s *scene) add(i item) { s.items = append(s.items, i) }

func (s *scene) text(t text) {
	if t.s != "" {
		s.add(t)
	}
}

func (s *scene) area(pts []point, fill rgba) {
	if len(pts) > 2 {
		s.add(shape{lines: [][]point{pts}, closed: true, fill: fill})
	}
}

func (s *scene) line(a, b point, c rgba, width float64, dash ...float64) {
	s.add(shape{lines: [][]point{{a, b}}, stroke: c, width: width, dash: dash})
}

// outline is the mark's polygon around a point, turning like every other.
func (m mark) outline(p point, r float64) []point {
	at := func(angle, r float64) point {
		sin, cos := math.Sincos(angle)
		return point{p.x + r*sin, p.y - r*cos}
	}
	ring := func(n int, start float64, radii ...float64) []point {
		var out []point
		for i := range n {
			out = append(out, at(start+2*math.Pi*float64(i)/float64(n), r*radii[i%len(radii)]))
		}
		return out
	}
	switch m {
	case square:
		return ring(4, math.Pi/4, 1.25)
	case triangle:
		return ring(3, 0, 1.35)
	case diamond:
		return ring(4, 0, 1.35)
	case cross:
		return ring(12, math.Pi/12, 1.45, 1.45, .53)
	case star:
		return ring(10, 0, 1.6, .7)
	}
	return ring(24, 0, 1)
}
