package plot

import (
	"math"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// pngFont is parsed when the first PNG is drawn, not when the program starts.
var pngFont = sync.OnceValue(func() *sfnt.Font {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return f
})

// em is the font size glyphs are loaded at: a power of two, exact in fixed point.
const em = 1024

// pngText replaces characters Go Regular lacks by others that say the same.
var pngText = strings.NewReplacer("-", "\u00ad", "‖", "||", "ℝ", "R", "★", "*")

// A glyph is a character's outlines for a font size of one, and how far the next
// character is.
type glyph struct {
	lines   [][]point
	advance float64
}

// glyphOf returns a character's glyph; a character the font lacks is a box.
func glyphOf(r rune) (g glyph, ok bool) {
	var buf sfnt.Buffer
	load := r
	if r == '∇' { // mathematics' most wanted of those missing: a delta upside down
		load = 'Δ'
	}
	i, err := pngFont().GlyphIndex(&buf, load)
	if err != nil || i == 0 {
		w := runeWidth(r)
		return glyph{[][]point{
			rect{.08 * w, -.72, .92 * w, 0}.corners(),
			{{.16 * w, -.64}, {.16 * w, -.08}, {.84 * w, -.08}, {.84 * w, -.64}},
		}, w}, false
	}
	segments, err := pngFont().LoadGlyph(&buf, i, fixed.I(em), nil)
	if err != nil {
		return glyph{nil, runeWidth(r)}, false
	}
	g.lines = flatten(segments)
	if r == '∇' {
		for _, l := range g.lines {
			for k, p := range l {
				l[k].y = -.72 - p.y
			}
		}
	}
	if a, err := pngFont().GlyphAdvance(&buf, i, fixed.I(em), font.HintingNone); err == nil {
		g.advance = float64(a) / 64 / em
	}
	return g, true
}

// flatten turns a glyph's curves into short lines.
func flatten(segments sfnt.Segments) [][]point {
	at := func(p fixed.Point26_6) point { return point{float64(p.X) / 64 / em, float64(p.Y) / 64 / em} }
	var out [][]point
	for _, s := range segments {
		if s.Op == sfnt.SegmentOpMoveTo {
			out = append(out, nil)
		}
		l := &out[len(out)-1]
		switch s.Op {
		case sfnt.SegmentOpMoveTo, sfnt.SegmentOpLineTo:
			*l = append(*l, at(s.Args[0]))
		case sfnt.SegmentOpQuadTo: // all that TrueType has
			a, b, c := (*l)[len(*l)-1], at(s.Args[0]), at(s.Args[1])
			const n = 6
			for k := 1; k <= n; k++ {
				t := float64(k) / n
				u := 1 - t
				*l = append(*l, point{u*u*a.x + 2*u*t*b.x + t*t*c.x, u*u*a.y + 2*u*t*b.y + t*t*c.y})
			}
		}
	}
	return out
}

func (t text) raster(c *canvas) {
	type placed struct {
		glyph
		x, y, size float64
	}
	var run []placed
	x := 0.0
	put := func(s string, y, size float64) {
		for _, r := range pngText.Replace(s) {
			g, _ := glyphOf(r)
			run = append(run, placed{g, x, y, size})
			x += g.advance * size
		}
	}
	put(t.s, 0, t.size)
	put(t.sup, -supRise*t.size, t.size*supScale)

	sin, cos := math.Sincos(t.turn * math.Pi / 180)
	var lines [][]point
	for _, g := range run {
		for _, l := range g.lines {
			out := make([]point, len(l))
			for i, p := range l {
				px, py := g.x+p.x*g.size-t.anchor*x, g.y+p.y*g.size
				out[i] = point{t.at.x + px*cos - py*sin, t.at.y + px*sin + py*cos}
			}
			lines = append(lines, out)
		}
	}
	if t.halo {
		c.stroke(lines, true, 3, nil, white)
	}
	c.fill(lines, t.color)
}
