package plot

import (
	"fmt"
	"math"
)

// An entry is what the legend says about a layer.
type entry struct {
	name  string
	line  bool // a line, with a mark in its middle if marks
	marks bool
	area  bool // a patch of colour
	band  bool // a patch of faint colour
	path  bool // a line with a dot
	style style
}

type side int

const (
	inside side = iota
	onRight
	underneath
)

// A legend explains the layers that have names.
type legend struct {
	entries []entry
	side    side
	at      point // top left, when inside
	widest  float64
	say     func(string) string
}

const (
	swatch  = 26.0 // the width of a line in the legend
	keyGap  = 6.0
	keyLine = 18.0
	keyPad  = 8.0
)

// newLegend collects the entries; names are shortened to what a line holds.
func newLegend(f *Figure, styles []style, width float64) legend {
	l := legend{say: f.say}
	for i, layer := range f.Layers {
		e := layer.entry()
		e.name = fit(f.say(e.name), tickSize, min(width-swatch-keyGap, 260))
		e.style = styles[i]
		if e.name == "" || e.style.tail {
			continue
		}
		e.marks = e.marks || e.line && e.style.sparse || e.path
		if e.path {
			e.style.mark = disc
		}
		l.entries = append(l.entries, e)
		l.widest = max(l.widest, textWidth(e.name, tickSize))
	}
	return l
}

func (l *legend) width() float64  { return swatch + keyGap + l.widest + 2*keyPad }
func (l *legend) height() float64 { return keyLine*float64(len(l.entries)) + 2*keyPad - 6 }

// room is what the legend needs right of the box (its width) or below it (its
// height, given how wide it may be).
func (l *legend) room(where side, width float64) float64 {
	switch {
	case len(l.entries) == 0 || l.side != where:
		return 0
	case where == onRight:
		return l.width()
	}
	_, rows := l.flow(width)
	return float64(rows)*keyLine + keyPad
}

// flow arranges the entries in rows: where each starts, and the number of rows.
func (l *legend) flow(width float64) (at []point, rows int) {
	x, y := 0.0, 0
	for _, e := range l.entries {
		w := swatch + keyGap + textWidth(e.name, tickSize)
		if x > 0 && x+w > width {
			x, y = 0, y+1
		}
		at = append(at, point{x, float64(y) * keyLine})
		x += w + 2*keyPad
	}
	return at, y + 1
}

// moveBelow puts the legend below the axes, where it may take a third of the
// height; what does not fit is counted in a last entry.
func (l *legend) moveBelow(area rect) {
	l.side = underneath
	all := len(l.entries)
	for n := all - 1; n > 0; n-- {
		if _, rows := l.flow(area.w() - 2*pad); float64(rows)*keyLine < area.h()/3 {
			return
		}
		l.entries = append(l.entries[:n:n], entry{name: l.say(fmt.Sprintf("and %d more", all-n))})
	}
}

// findCorner looks for a corner of the box where the legend covers nothing.
func (l *legend) findCorner(box rect, items []item) bool {
	w, h := l.width(), l.height()
	const gap = 6
	if w > box.w()-2*gap || h > box.h()-2*gap {
		return false
	}
	xs := []float64{box.x1 - gap - w, box.x0 + gap}
	ys := []float64{box.y0 + gap, box.y1 - gap - h}
	c := inked(box, items)
	for _, x := range xs {
		for _, y := range ys {
			if !c.busy(rect{x, y, x + w, y + h}) {
				l.at = point{x, y}
				return true
			}
		}
	}
	return false
}

// inked draws items coarsely, to see where they are.
func inked(box rect, items []item) *canvas {
	c := newCanvas(box.x1+1, box.y1+1, .5)
	for _, i := range items {
		if t, ok := i.(text); ok { // where it is, without its font
			x := t.at.x - t.anchor*t.width()
			i = shape{lines: [][]point{rect{x, t.at.y - t.size, x + t.width(), t.at.y}.corners()}, fill: ink}
		}
		i.raster(c)
	}
	return c
}

// busy reports whether anything is drawn in a rectangle.
func (c *canvas) busy(r rect) bool {
	b := c.img.Bounds()
	for y := int(r.y0 * c.scale); y < min(int(math.Ceil(r.y1*c.scale)), b.Dy()); y++ {
		for x := int(r.x0 * c.scale); x < min(int(math.Ceil(r.x1*c.scale)), b.Dx()); x++ {
			if p := c.img.RGBAAt(x, y); p.R < 250 || p.G < 250 || p.B < 250 {
				return true
			}
		}
	}
	return false
}

func (l *legend) draw(p *panel) {
	if len(l.entries) == 0 {
		return
	}
	if l.side == underneath {
		at, rows := l.flow(p.area.w() - 2*pad)
		top := p.area.y1 - pad - lineHeight(noteSize)*float64(len(p.notes)) - float64(rows)*keyLine
		left := min(p.box.x0, p.area.x1-pad-l.flowWidth(at))
		for i, e := range l.entries {
			e.draw(p, point{max(left, p.area.x0+pad) + at[i].x, top + at[i].y + keyLine/2})
		}
		return
	}
	at := l.at
	if l.side == onRight {
		at = point{p.area.x1 - l.width(), p.box.y0 - 3}
	} else {
		back := rect{at.x, at.y, at.x + l.width(), at.y + l.height()}
		p.add(shape{lines: [][]point{back.corners()}, closed: true, fill: white.alpha(.85), stroke: rule, width: 1})
	}
	for i, e := range l.entries {
		e.draw(p, point{at.x + keyPad, at.y + keyPad - 3 + keyLine*(float64(i)+.5)})
	}
}

// flowWidth is how wide the rows became.
func (l *legend) flowWidth(at []point) float64 {
	w := 0.0
	for i, e := range l.entries {
		w = max(w, at[i].x+swatch+keyGap+textWidth(e.name, tickSize))
	}
	return w
}

// draw draws one entry, its left middle at a point.
func (e entry) draw(p *panel, at point) {
	st := e.style
	end := point{at.x + swatch, at.y}
	patch := rect{at.x, at.y - 5, end.x, at.y + 5}
	if e.band {
		p.patch(patch, st.color.alpha(bandAlpha))
	}
	if e.area {
		p.patch(rect{at.x + 5, patch.y0, end.x - 5, patch.y1}, st.color)
	}
	if e.line || e.path {
		p.line(at, end, st.color, lineWidth, st.dash...)
	}
	if e.marks {
		p.add(dots{mark: st.mark, at: []point{{(at.x + end.x) / 2, at.y}}, radius: markRadius, fill: st.color})
	}
	p.text(text{s: e.name, size: tickSize, color: ink, at: point{end.x + keyGap, at.y + .36*tickSize}})
}
