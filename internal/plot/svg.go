package plot

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// An svgWriter writes a scene as text.
type svgWriter struct{ bytes.Buffer }

func writeSVG(w io.Writer, draw sketch) error {
	s, err := draw()
	if err != nil {
		return err
	}
	var out svgWriter
	// No ids anywhere: any number of pictures fit in one page. The style lets
	// the picture shrink with a narrow page.
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" style="max-width:100%%;height:auto" font-family="%s">`,
		num(s.w), num(s.h), fontFamily)
	title := clean(s.title)
	if title == "" {
		title = "plot"
	}
	out.WriteString("\n<title>" + escape(title) + "</title>\n")
	for _, i := range s.items {
		i.svg(&out)
		out.WriteByte('\n')
	}
	out.WriteString("</svg>\n")
	_, err = w.Write(out.Bytes())
	return err
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func escape(s string) string { return escaper.Replace(s) }

// tenths rounds to the picture's resolution. Nothing that leaves the layout is
// NaN or far outside; should it ever be, a wrong point is better than a file
// that cannot be read.
func tenths(v float64) int {
	if math.IsNaN(v) {
		return 0
	}
	return int(math.Round(10 * min(max(v, -1e6), 1e6)))
}

func num(v float64) string { return decimal(tenths(v)) }

// decimal writes a number of tenths, as briefly as SVG allows.
func decimal(n int) string {
	s := strconv.Itoa(n / 10)
	if n < 0 && n > -10 {
		s = "-0"
	}
	if n%10 == 0 {
		return strconv.Itoa(n / 10)
	}
	s += "." + strconv.Itoa(max(n%10, -(n%10)))
	return strings.Replace(s, "0.", ".", btoi(n > -10 && n < 10))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c rgba) hex() string {
	if c.r>>4 == c.r&15 && c.g>>4 == c.g&15 && c.b>>4 == c.b&15 {
		return fmt.Sprintf("#%x%x%x", c.r&15, c.g&15, c.b&15)
	}
	return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b)
}

// paint writes a fill or stroke attribute.
func (w *svgWriter) paint(attr string, c rgba) {
	switch {
	case c.a > 0 && c.a < 1:
		fmt.Fprintf(w, ` %s="%s" %[1]s-opacity="%[3]s"`, attr, c.hex(), strconv.FormatFloat(math.Round(c.a*100)/100, 'f', -1, 64))
	case c.a > 0:
		fmt.Fprintf(w, ` %s="%s"`, attr, c.hex())
	case attr == "fill":
		w.WriteString(` fill="none"`)
	}
}

// route writes path data: absolute starts, then steps relative to the last
// rounded point, so rounding errors don't add up.
func (w *svgWriter) route(pts []point, closed bool) {
	var x, y int
	step := "l"
	for i, p := range pts {
		px, py := tenths(p.x), tenths(p.y)
		dx, dy := px-x, py-y
		switch {
		case i == 0:
			w.WriteString("M" + decimal(px))
			w.pair(py)
		case dx == 0 && dy == 0 && len(pts) > 2:
			continue
		default:
			if step != "" {
				w.WriteString(step + decimal(dx))
			} else {
				w.pair(dx)
			}
			step = ""
			w.pair(dy)
		}
		x, y = px, py
	}
	if closed {
		w.WriteByte('z')
	}
}

// pair writes a number after another one; a minus sign separates by itself.
func (w *svgWriter) pair(n int) {
	if n >= 0 {
		w.WriteByte(' ')
	}
	w.WriteString(decimal(n))
}

func (s shape) svg(w *svgWriter) {
	w.WriteString(`<path d="`)
	for _, l := range s.lines {
		w.route(l, s.closed)
	}
	w.WriteByte('"')
	w.paint("fill", s.fill)
	if s.stroke.a > 0 {
		w.paint("stroke", s.stroke)
		if s.width != 1 {
			fmt.Fprintf(w, ` stroke-width="%s"`, num(s.width))
		}
		w.WriteString(` stroke-linejoin="round"`)
	}
	if s.dash != nil {
		w.WriteString(` stroke-dasharray="`)
		for i, d := range s.dash {
			if i > 0 {
				w.WriteByte(' ')
			}
			w.WriteString(num(d))
		}
		w.WriteByte('"')
	}
	w.WriteString("/>")
}

func (f facets) svg(w *svgWriter) {
	fmt.Fprintf(w, `<g fill="currentColor" stroke="currentColor" stroke-width="%s">`, num(seam))
	for _, q := range f {
		w.WriteString(`<path color="` + q.color.hex() + `" d="`)
		w.route(q.pts, true)
		w.WriteString(`"/>`)
	}
	w.WriteString("</g>")
}

func (d dots) svg(w *svgWriter) {
	w.WriteString("<g")
	w.paint("fill", d.fill)
	w.paint("stroke", d.stroke)
	w.WriteByte('>')
	for _, p := range d.at {
		if d.mark == disc {
			fmt.Fprintf(w, `<circle cx="%s" cy="%s" r="%s"/>`, num(p.x), num(p.y), num(d.radius))
			continue
		}
		w.WriteString(`<path d="`)
		w.route(d.mark.outline(p, d.radius), true)
		w.WriteString(`"/>`)
	}
	w.WriteString("</g>")
}

func (t text) svg(w *svgWriter) {
	fmt.Fprintf(w, `<text x="%s" y="%s" font-size="%s"`, num(t.at.x), num(t.at.y), num(t.size))
	switch t.anchor {
	case .5:
		w.WriteString(` text-anchor="middle"`)
	case 1:
		w.WriteString(` text-anchor="end"`)
	}
	if t.turn != 0 {
		fmt.Fprintf(w, ` transform="rotate(%s %s %s)"`, num(t.turn), num(t.at.x), num(t.at.y))
	}
	w.paint("fill", t.color)
	if t.halo {
		w.WriteString(` stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"`)
	}
	w.WriteString(">" + escape(t.s))
	if t.sup != "" {
		fmt.Fprintf(w, `<tspan dy="%s" font-size="%s">%s</tspan>`, num(-supRise*t.size), num(supScale*t.size), escape(t.sup))
	}
	w.WriteString("</text>")
}
