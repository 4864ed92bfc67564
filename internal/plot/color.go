package plot

import "math"

// Color is one of the palette's colours, which are told apart by people with
// any kind of colour vision (Okabe and Ito, https://jfly.uni-koeln.de/color).
type Color int

// Auto is the next of the others; figures use them in this order.
const (
	Auto Color = iota
	Blue
	Vermillion
	Green
	Purple
	Orange
	Sky
	Black
	Yellow
	Gray
)

// cycle is how many colours Auto goes through before it starts again, with other
// dashes and marks: thin yellow lines are too faint on white.
const cycle = int(Black)

// nth is the colour of the n-th layer that does not ask for one; from the cycle's
// end on, colours come again, with other dashes and marks.
func nth(n int) Color {
	if n < cycle {
		return Color(n + 1)
	}
	return Gray + Color(n-cycle+1)
}

// number is the n of a colour that is the n-th.
func (c Color) number() int {
	if c > Gray {
		return int(c-Gray) - 1 + cycle
	}
	return max(int(c)-1, 0)
}

// rgba is what the colour looks like.
func (c Color) rgba() rgba {
	if c > Gray {
		return palette[c.number()%cycle+1]
	}
	return palette[max(c, Blue)]
}

// Hex writes the colour as HTML does: #0072b2.
func (c Color) Hex() string { return c.rgba().hex() }

type rgba struct {
	r, g, b uint8
	a       float64
}

var palette = [...]rgba{
	Blue:       {0x00, 0x72, 0xb2, 1},
	Vermillion: {0xd5, 0x5e, 0x00, 1},
	Green:      {0x00, 0x9e, 0x73, 1},
	Purple:     {0xcc, 0x79, 0xa7, 1},
	Orange:     {0xe6, 0x9f, 0x00, 1},
	Sky:        {0x56, 0xb4, 0xe9, 1},
	Black:      {0x00, 0x00, 0x00, 1},
	Yellow:     {0xf0, 0xe4, 0x42, 1},
	Gray:       {0x50, 0x50, 0x50, 1},
}

// The colours of everything that is not data.
var (
	white   = rgba{255, 255, 255, 1}
	ink     = rgba{0x22, 0x22, 0x22, 1} // titles and labels
	faint   = rgba{0x55, 0x55, 0x55, 1} // ticks and notes; 7:1 on white
	edge    = rgba{0x66, 0x66, 0x66, 1} // the frame
	rule    = rgba{0xe4, 0xe4, 0xe4, 1} // grid lines
	unknown = rgba{0xd0, 0xd0, 0xd0, 1} // where there is no value
)

func (c rgba) alpha(a float64) rgba { c.a = a; return c }

// mix goes from c (t=0) to d (t=1).
func (c rgba) mix(d rgba, t float64) rgba {
	f := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + t*(float64(b)-float64(a)))) }
	return rgba{f(c.r, d.r), f(c.g, d.g), f(c.b, d.b), c.a + t*(d.a-c.a)}
}

// luminance is WCAG's relative luminance, 0 to 1.
func (c rgba) luminance() float64 {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.r) + 0.7152*f(c.g) + 0.0722*f(c.b)
}

// textOn is the colour of text on a background, black or white, whichever has
// the greater contrast.
func textOn(bg rgba) rgba {
	l := bg.luminance()
	if (l+0.05)/0.05 >= 1.05/(l+0.05) {
		return rgba{0, 0, 0, 1}
	}
	return white
}

// A ramp is a colour for each number from 0 to 1, ascending or descending in
// luminance throughout so that it survives a black-and-white printer.
type ramp []rgba

// counts is for heat maps: white is nothing.
var counts = ramp{
	{0xff, 0xff, 0xff, 1}, {0xe3, 0xee, 0xf9, 1}, {0xbf, 0xd8, 0xed, 1}, {0x85, 0xbc, 0xdc, 1},
	{0x4a, 0x97, 0xc9, 1}, {0x1d, 0x6c, 0xb1, 1}, {0x08, 0x3e, 0x80, 1},
}

// heights is for contours and surfaces: viridis, low is dark.
var heights = ramp{
	{0x44, 0x01, 0x54, 1}, {0x47, 0x2d, 0x7b, 1}, {0x3b, 0x52, 0x8b, 1}, {0x2c, 0x72, 0x8e, 1},
	{0x21, 0x91, 0x8c, 1}, {0x28, 0xae, 0x80, 1}, {0x5e, 0xc9, 0x62, 1}, {0xad, 0xdc, 0x30, 1}, {0xfd, 0xe7, 0x25, 1},
}

// at interpolates; NaN is unknown.
func (r ramp) at(t float64) rgba {
	if math.IsNaN(t) {
		return unknown
	}
	x := min(max(t, 0), 1) * float64(len(r)-1)
	i := min(int(x), len(r)-2)
	return r[i].mix(r[i+1], x-float64(i))
}

// A style is how one layer looks.
type style struct {
	color  rgba
	dash   []float64 // nil: solid
	mark   mark
	sparse bool    // a long line: a few marks along it instead of dashes
	tail   bool    // of braided curves: smoothed, with its name at its end
	order  float64 // where those marks start, 0 to 1, so that lines' marks keep apart
}

// dashes and marks vary with the colours, so that neither a black-and-white
// print nor colour blindness loses the legend.
var (
	dashes = [][]float64{nil, {7, 3}, {2, 2.5}, {8, 3, 2, 3}, {12, 3}, {5, 2, 2, 2, 2, 2}, {4, 4}}
	marks  = []mark{disc, square, triangle, diamond, cross}
)

// longLine is from how many points dashes are hard to see, for a line may be
// rough.
const longLine = 60

// styles gives each layer its look; layers that pick a colour don't advance the
// others'.
func styles(layers []Layer) []style {
	lines, long, braided := 0, false, braids(layers)
	for _, l := range layers {
		if l, ok := l.(Line); ok {
			lines++
			long = long || len(l.Y) > longLine && !l.Step
		}
	}
	out := make([]style, len(layers))
	next := 0
	for i, l := range layers {
		c, ok := picked(l)
		if !ok {
			continue
		}
		if c == Auto {
			c = nth(next)
			next++
		}
		n := c.number()
		st := style{color: c.rgba()}
		st.mark = marks[n%len(marks)]
		if l, ok := l.(Line); ok {
			st.tail = braided && l.smoothable()
			st.sparse = long && lines > 1 && !l.Marks && !l.Dashed
			if lines > 1 && !long {
				st.dash = dashes[n%len(dashes)]
			}
			if l.Dashed {
				st.dash = dashes[1]
			}
			st.order = float64(n) / float64(lines)
		}
		switch l.(type) {
		case HRule, VRule, Region:
			st.dash = dashes[1]
		}
		out[i] = st
	}
	return out
}

// picked is the colour a layer asked for, if it has any.
func picked(l Layer) (c Color, ok bool) {
	switch l := l.(type) {
	case Line:
		return l.Color, true
	case Scatter:
		return l.Color, true
	case Bars:
		return l.Color, true
	case Path:
		return l.Color, true
	case HRule:
		return orGray(l.Color), true
	case VRule:
		return orGray(l.Color), true
	case Region:
		return orGray(l.Color), true
	}
	return 0, false
}

func orGray(c Color) Color {
	if c == Auto {
		return Gray
	}
	return c
}
