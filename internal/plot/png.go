package plot

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/vector"
)

// pixels is how many of a PNG's pixels go to one of the picture's units.
const pixels = 2

func writePNG(w io.Writer, sketch sketch) error {
	s, err := sketch()
	if err != nil {
		return err
	}
	if n := s.missing(); n > 0 {
		// Text that cannot be read must not look as if it were meant so.
		note := fmt.Sprintf("□ is a character that PNG pictures cannot show (%d of them); the SVG shows it", n)
		if s, err = sketch(note); err != nil {
			return err
		}
	}
	c := newCanvas(s.w, s.h, pixels)
	for _, i := range s.items {
		i.raster(c)
	}
	return png.Encode(w, c.img)
}

// missing counts the characters the PNG's font lacks.
func (s *scene) missing() int {
	n := 0
	for _, i := range s.items {
		if t, ok := i.(text); ok {
			for _, r := range pngText.Replace(t.s) {
				if _, ok := glyphOf(r); !ok {
					n++
				}
			}
		}
	}
	return n
}

// A canvas is a scene's pixels. Its methods take lines in the scene's units.
type canvas struct {
	img   *image.RGBA
	ras   *vector.Rasterizer
	scale float64
}

func newCanvas(w, h, scale float64) *canvas {
	r := image.Rect(0, 0, int(math.Ceil(w*scale)), int(math.Ceil(h*scale)))
	c := &canvas{image.NewRGBA(r), vector.NewRasterizer(1, 1), scale}
	draw.Draw(c.img, r, image.White, image.Point{}, draw.Src)
	return c
}

// fill paints the inside of outlines: what they turn around more often in one
// direction than in the other.
func (c *canvas) fill(lines [][]point, col rgba) {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, l := range lines {
		for _, p := range l {
			lo = point{min(lo.x, p.x*c.scale), min(lo.y, p.y*c.scale)}
			hi = point{max(hi.x, p.x*c.scale), max(hi.y, p.y*c.scale)}
		}
	}
	size := c.img.Bounds()
	x0, y0 := math.Floor(max(lo.x, 0)), math.Floor(max(lo.y, 0))
	x1, y1 := math.Ceil(min(hi.x, float64(size.Dx()))), math.Ceil(min(hi.y, float64(size.Dy())))
	if !(x0 < x1 && y0 < y1) || col.a == 0 {
		return
	}
	c.ras.Reset(int(x1-x0), int(y1-y0))
	at := func(p point) (float32, float32) { return float32(p.x*c.scale - x0), float32(p.y*c.scale - y0) }
	for _, l := range lines {
		for i, p := range l {
			if x, y := at(p); i == 0 {
				c.ras.MoveTo(x, y)
			} else {
				c.ras.LineTo(x, y)
			}
		}
		c.ras.ClosePath()
	}
	c.ras.Draw(c.img, image.Rect(int(x0), int(y0), int(x1), int(y1)), image.NewUniform(col), image.Point{})
}

// RGBA makes rgba a color.Color.
func (c rgba) RGBA() (r, g, b, a uint32) {
	f := func(v uint8) uint32 { return uint32(float64(v) * 257 * c.a) }
	return f(c.r), f(c.g), f(c.b), uint32(65535 * c.a)
}

// stroke draws lines of a width: a rectangle for each segment, a disc for each
// joint. All turn the same way, so where they overlap they don't cancel.
func (c *canvas) stroke(lines [][]point, closed bool, width float64, dash []float64, col rgba) {
	var out [][]point
	for _, l := range lines {
		if closed && len(l) > 0 {
			l = append(l[:len(l):len(l)], l[0])
		}
		for _, run := range dashed(l, dash) {
			out = append(out, thick(run, width/2)...)
		}
	}
	c.fill(out, col)
}

func thick(pts []point, r float64) [][]point {
	var out [][]point
	for i, b := range pts {
		if i > 0 {
			a := pts[i-1]
			l := math.Hypot(b.x-a.x, b.y-a.y)
			if l == 0 {
				continue
			}
			nx, ny := r*(b.y-a.y)/l, -r*(b.x-a.x)/l
			out = append(out, []point{{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}})
		}
		if i > 0 && i < len(pts)-1 {
			out = append(out, disc.outline(b, r))
		}
	}
	return out
}

// dashed cuts a polyline into its dashes.
func dashed(pts []point, dash []float64) [][]point {
	if len(dash) == 0 || len(pts) == 0 {
		return [][]point{pts}
	}
	var out [][]point
	k, left, run := 0, dash[0], []point{pts[0]}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		l := math.Hypot(b.x-a.x, b.y-a.y)
		for done := 0.0; done < l; {
			step := min(left, l-done)
			done += step
			left -= step
			p := point{a.x + (b.x-a.x)*done/l, a.y + (b.y-a.y)*done/l}
			if k%2 == 0 {
				run = append(run, p)
			}
			if left > 0 {
				continue
			}
			if k%2 == 0 {
				out = append(out, run)
			}
			k++
			left, run = dash[k%len(dash)], []point{p}
		}
	}
	if k%2 == 0 {
		out = append(out, run)
	}
	return out
}

func (s shape) raster(c *canvas) {
	c.fill(s.lines, s.fill)
	if s.stroke.a > 0 {
		c.stroke(s.lines, s.closed, s.width, s.dash, s.stroke)
	}
}

func (f facets) raster(c *canvas) {
	for _, q := range f {
		c.fill([][]point{q.pts}, q.color)
		c.stroke([][]point{q.pts}, true, seam, nil, q.color)
	}
}

func (d dots) raster(c *canvas) {
	for _, p := range d.at {
		o := [][]point{d.mark.outline(p, d.radius)}
		c.fill(o, d.fill)
		if d.stroke.a > 0 {
			c.stroke(o, true, 1, nil, d.stroke)
		}
	}
}
