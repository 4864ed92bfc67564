package plot

import (
	"errors"
	"fmt"
	"math"
)

// A panel is a figure being drawn into a part of a scene.
type panel struct {
	*scene
	fig    *Figure
	area   rect // all there is
	box    rect // between the axes
	x, y   scale
	xt, yt []tick
	empty  bool // there is no data
	slant  bool // names below the x axis are written aslant
	styles []style
	ground *ground // of a contour or heat map
	key    legend
	title  []string
	notes  []string
}

const (
	pad      = 10.0 // between the picture's edge and what is in it
	tickLen  = 4.0
	tickGap  = 4.0 // from a tick to its label
	labelGap = 6.0
)

// compose draws the figure into an area of a scene.
func (f *Figure) compose(s *scene, area rect, notes []string) error {
	grounds, surface, err := f.check()
	if err != nil {
		return err
	}
	p := &panel{scene: s, fig: f, area: area, styles: styles(f.Layers)}
	b := bounds{x: nothing, y: nothing, logX: f.X.Log, logY: f.Y.Log}
	for _, l := range f.Layers {
		l.extent(&b)
	}
	if err := p.scales(&b); err != nil {
		return err
	}
	p.notes = append(b.notes(), notes...)
	if b.x.empty() && !b.wants {
		p.empty = true
	}
	p.key = newLegend(f, p.styles, area.w()-2*pad)
	if surface != nil {
		return p.drawSurface(*surface)
	}
	if grounds > 0 {
		p.prepare()
	}
	return p.drawPlane()
}

// check reports the first layer that cannot be drawn.
func (f *Figure) check() (grounds int, surface *Surface, err error) {
	others := 0
	for _, l := range f.Layers {
		if l == nil {
			return 0, nil, errors.New("plot: a layer is nil")
		}
		if err := l.check(); err != nil {
			return 0, nil, err
		}
		switch l := l.(type) {
		case Surface:
			grounds++
			surface = &l
		case Contour, Heat:
			grounds++
		case Path:
		default:
			others++
		}
	}
	if grounds > 1 {
		return 0, nil, errors.New("plot: a figure can have only one contour, heat map or surface")
	}
	if surface != nil && others > 0 {
		return 0, nil, errors.New("plot: a surface can be drawn only with paths")
	}
	return grounds, surface, nil
}

// scales settles the axes' ranges.
func (p *panel) scales(b *bounds) (err error) {
	f := p.fig
	if b.wants && (b.x.empty() && f.X.Min == f.X.Max || b.y.empty() && f.Y.Min == f.Y.Max) {
		return errors.New("plot: a contour or surface needs ranges: set Min and Max of both axes, or add a path")
	}
	if p.x, err = newScale(f.X, b.x, b.padX, false); err != nil {
		return err
	}
	p.y, err = newScale(f.Y, b.y, b.padY, b.touchY)
	return err
}

// drawPlane draws a figure with two axes. The legend goes where the data left
// room; if that is nowhere, next to the axes.
func (p *panel) drawPlane() error {
	if err := p.layout(); err != nil {
		return err
	}
	p.drawGrid()
	from := len(p.items)
	p.drawLayers()
	if len(p.key.entries) > 0 && !p.key.findCorner(p.box, p.items[from:]) {
		p.items = p.items[:from-1]
		p.key.side = onRight
		if p.ground != nil || p.key.width() > .3*p.area.w() || p.key.height() > p.box.h() {
			p.key.moveBelow(p.area)
		}
		if err := p.layout(); err != nil {
			return err
		}
		p.drawGrid()
		p.drawLayers()
	}
	p.drawFrame()
	p.drawTails()
	p.drawTitle()
	p.drawLabels()
	p.drawNotes()
	if p.empty {
		p.text(text{s: p.fig.say("no data"), size: titleSize, color: faint, anchor: .5,
			at: point{(p.box.x0 + p.box.x1) / 2, (p.box.y0 + p.box.y1) / 2}})
	}
	if p.ground != nil {
		p.ground.drawBar(p)
	}
	p.key.draw(p)
	return nil
}

func (p *panel) drawLayers() {
	for i, l := range p.fig.Layers {
		l.draw(p, p.styles[i])
	}
}

// layout finds the box: what the axes' labels need depends on the ticks, which
// depend on the box, so it is done twice.
func (p *panel) layout() error {
	a := p.area
	p.title = wrap(p.fig.say(p.fig.Title), titleSize, a.w()-2*pad, 2)
	p.notes = p.wrapNotes()
	p.box = rect{a.x0 + 60, a.y0 + 30, a.x1 - 30, a.y1 - 60}
	for range 2 {
		p.place()
		left, right, below := p.axisRoom()
		top := pad + lineHeight(titleSize)*float64(len(p.title))
		if len(p.title) > 0 {
			top += 4
		}
		below += pad + lineHeight(noteSize)*float64(len(p.notes)) + p.key.room(underneath, a.w()-2*pad)
		right += p.key.room(onRight, 0) + p.tailWidth()
		if p.ground != nil {
			right += p.ground.barWidth()
		}
		p.box = rect{a.x0 + left, a.y0 + max(top, pad+tickSize/2), a.x1 - right, a.y1 - below}
		if err := p.checkRoom(); err != nil {
			return err
		}
	}
	return p.widen()
}

// widen places what has changed with the last box, and takes room from the sides
// where labels still do not fit.
func (p *panel) widen() error {
	for range 4 {
		p.place()
		left, right, _ := p.axisRoom()
		x0, x1 := max(p.box.x0, p.area.x0+left), min(p.box.x1, p.area.x1-right)
		if x0 == p.box.x0 && x1 == p.box.x1 {
			break
		}
		p.box.x0, p.box.x1 = x0, x1
		if err := p.checkRoom(); err != nil {
			return err
		}
	}
	return nil
}

// checkRoom reports a picture so small that its labels leave no room for it.
func (p *panel) checkRoom() error {
	if p.box.w() < 20 || p.box.h() < 20 {
		return fmt.Errorf("plot: figure %q: %gx%g is too small for its labels", clean(p.fig.Title), p.area.w(), p.area.h())
	}
	return nil
}

func (p *panel) wrapNotes() []string {
	var out []string
	for _, n := range p.notes {
		out = append(out, wrap(p.fig.say(n), noteSize, p.area.w()-2*pad, 2)...)
	}
	return out[:min(len(out), 6)]
}

// place puts the scales on the box and finds their ticks, as many as there is
// room for.
func (p *panel) place() {
	p.x.widest, p.y.widest = p.area.w()/4, p.area.w()/4
	p.x.say, p.y.say = p.fig.say, p.fig.say
	p.x.p0, p.x.p1 = p.box.x0, p.box.x1
	p.y.p0, p.y.p1 = p.box.y1, p.box.y0
	if p.ground != nil && p.ground.flip {
		p.y.p0, p.y.p1 = p.y.p1, p.y.p0
	}
	every := 45.0
	if p.y.names != nil {
		every = 15
	}
	p.yt = p.y.ticks(every)
	p.slant = false
	if p.x.names != nil {
		p.xt = p.x.ticks(15)
		p.slant = p.crowded()
		return
	}
	for every = 60.0; every < 2*p.box.w(); every *= 1.25 {
		p.xt = p.x.ticks(every)
		if !p.crowded() {
			return
		}
	}
}

// crowded reports whether labels below the x axis touch.
func (p *panel) crowded() bool {
	end := math.Inf(-1)
	for _, t := range p.xt {
		if !t.major() {
			continue
		}
		x := p.x.at(t.at)
		if x-t.width()/2 < end+8 {
			return true
		}
		end = x + t.width()/2
	}
	return false
}

// slope is the angle of names that don't fit side by side.
const slope = 40 * math.Pi / 180

// axisRoom is what ticks and labels need around the box.
func (p *panel) axisRoom() (left, right, below float64) {
	left = pad + widest(p.yt) + tickLen + tickGap
	if p.fig.Y.Label != "" {
		left += lineHeight(labelSize) + 2
	}
	right = pad + 4
	below = tickLen + lineHeight(tickSize)
	if p.fig.X.Label != "" {
		below += lineHeight(labelSize) + 2
	}
	low := 0.0
	for _, t := range p.xt {
		w := t.width()
		if p.slant {
			left = max(left, pad+w*math.Cos(slope)-(p.x.at(t.at)-p.box.x0))
			low = max(low, w*math.Sin(slope))
			continue
		}
		right = max(right, pad+w/2-(p.box.x1-p.x.at(t.at)))
		left = max(left, pad+w/2-(p.x.at(t.at)-p.box.x0))
	}
	return left, right, below + low
}
