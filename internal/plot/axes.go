package plot

// drawGrid draws the lines behind the data, as one item.
func (p *panel) drawGrid() {
	var lines [][]point
	if p.ground == nil {
		for _, t := range p.xt {
			if x := p.x.at(t.at); t.major() && p.x.names == nil {
				lines = append(lines, []point{{x, p.box.y0}, {x, p.box.y1}})
			}
		}
		for _, t := range p.yt {
			if y := p.y.at(t.at); t.major() {
				lines = append(lines, []point{{p.box.x0, y}, {p.box.x1, y}})
			}
		}
	}
	p.add(shape{lines: lines, stroke: rule, width: 1})
}

// drawFrame draws the box and its ticks.
func (p *panel) drawFrame() {
	p.add(shape{lines: [][]point{p.box.corners()}, closed: true, stroke: edge, width: 1})
	var ticks [][]point
	length := func(t tick) float64 {
		if t.major() {
			return tickLen
		}
		return tickLen / 2
	}
	for _, t := range p.xt {
		x := p.x.at(t.at)
		ticks = append(ticks, []point{{x, p.box.y1}, {x, p.box.y1 + length(t)}})
		label := text{s: t.s, sup: t.sup, size: tickSize, color: faint, anchor: .5,
			at: point{x, p.box.y1 + tickLen + tickGap + .8*tickSize}}
		if p.slant {
			label.at = point{x + 3, p.box.y1 + tickLen + tickGap + .5*tickSize}
			label.anchor, label.turn = 1, -40
		}
		p.text(label)
	}
	for _, t := range p.yt {
		y := p.y.at(t.at)
		ticks = append(ticks, []point{{p.box.x0 - length(t), y}, {p.box.x0, y}})
		p.text(text{s: t.s, sup: t.sup, size: tickSize, color: faint, anchor: 1,
			at: point{p.box.x0 - tickLen - tickGap, y + .36*tickSize}})
	}
	p.add(shape{lines: ticks, stroke: edge, width: 1})
}

// centred is where a text of a width starts to be in the middle of m, or as
// near to that as it can without leaving the range.
func centred(m, width, lo, hi float64) float64 {
	return max(min(m, hi-width/2), lo+width/2)
}

// drawTitle writes the title above the box.
func (p *panel) drawTitle() {
	for i, t := range p.title {
		x := centred((p.box.x0+p.box.x1)/2, textWidth(t, titleSize), p.area.x0+pad, p.area.x1-pad)
		p.text(text{s: t, size: titleSize, color: ink, anchor: .5,
			at: point{x, p.area.y0 + pad + lineHeight(titleSize)*(float64(i)+.75)}})
	}
}

// drawLabels names the axes.
func (p *panel) drawLabels() {
	s := fit(p.fig.say(p.fig.X.Label), labelSize, p.area.w()-2*pad)
	_, _, below := p.axisRoom()
	p.text(text{s: s, size: labelSize, color: ink, anchor: .5,
		at: point{centred((p.box.x0+p.box.x1)/2, textWidth(s, labelSize), p.area.x0+pad, p.area.x1-pad), p.box.y1 + below - .25*labelSize}})
	top, bottom := p.area.y0+pad, p.box.y1+below // neither title nor notes are there
	s = fit(p.fig.say(p.fig.Y.Label), labelSize, bottom-top)
	p.text(text{s: s, size: labelSize, color: ink, anchor: .5, turn: -90,
		at: point{p.area.x0 + pad + .85*labelSize, centred((p.box.y0+p.box.y1)/2, textWidth(s, labelSize), top, bottom)}})
}

// drawNotes writes what the reader should know at the bottom.
func (p *panel) drawNotes() {
	for i, n := range p.notes {
		y := p.area.y1 - pad - lineHeight(noteSize)*(float64(len(p.notes)-1-i)+.2)
		p.text(text{s: n, size: noteSize, color: faint, at: point{p.area.x0 + pad, y}})
	}
}
