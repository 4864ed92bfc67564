package draw

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"descent/internal/page"
	"descent/internal/plot"
)

//go:embed training.html
var trainingBody string

//go:embed training.css
var trainingStyle string

var trainingPage = page.Body(trainingBody)

// A Training is the page of a run that has trained a model.
type Training struct {
	Title, Subtitle string
	Lead            string // how good it is
	Sentences       []string
	Sections        []Section
	Command         string
	Summary         string // the layers
	Live            bool   // the run goes on
}

// A Section is what a page shows of one kind, in the order of the fields.
type Section struct {
	Title, Note string
	Confusion   *Confusion
	Tables      []Table
	Figures     []*plot.Figure
	Pictures    []Picture
}

// A Table is columns of text, of which the first names the rows. Fold is what stands in
// its place until it is opened, "" if it is open.
type Table struct {
	Fold string
	Head []string
	Rows [][]string
}

// A Picture is numbers from 0 to 1: rows × columns, or channels × rows × columns, of
// which three are red, green and blue, and else the first is shown.
type Picture struct {
	Shape   []int
	Values  []float64
	Signed  bool   // numbers of either sign: blue below 0, red above
	Caption string // below it
	Alt     string // what it is
}

// Stack returns one picture above another of the same shape, with a row between them.
func Stack(above, below Picture) Picture {
	channels, h, w := above.size()
	out := Picture{Shape: []int{channels, 2*h + 1, w}, Signed: above.Signed, Caption: above.Caption, Alt: above.Alt}
	for c := range channels {
		out.Values = append(out.Values, above.Values[c*h*w:(c+1)*h*w]...)
		for range w {
			out.Values = append(out.Values, 0.5)
		}
		out.Values = append(out.Values, below.Values[c*h*w:(c+1)*h*w]...)
	}
	return out
}

func (p *Picture) size() (channels, height, width int) {
	if len(p.Shape) == 2 {
		return 1, p.Shape[0], p.Shape[1]
	}
	return p.Shape[0], p.Shape[1], p.Shape[2]
}

// image draws the numbers, each as a pixel.
func (p *Picture) image() image.Image {
	channels, h, w := p.size()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	most := 0.0
	for _, x := range p.Values {
		most = max(most, math.Abs(x))
	}
	shade := func(x float64) uint8 { return uint8(math.Round(255 * min(max(x, 0), 1))) }
	for i := range h * w {
		var c color.NRGBA
		switch x := p.Values[i]; {
		case p.Signed && channels != 3:
			c = signed(x / max(most, 1e-30))
		case channels == 3:
			at := func(k int) uint8 {
				x := p.Values[k*h*w+i]
				if p.Signed {
					x = 0.5 + 0.5*x/max(most, 1e-30)
				}
				return shade(x)
			}
			c = color.NRGBA{at(0), at(1), at(2), 255}
		default:
			c = color.NRGBA{shade(x), shade(x), shade(x), 255}
		}
		m.SetNRGBA(i%w, i/w, c)
	}
	return m
}

// signed is the color of a number from -1 to 1: white at 0.
func signed(x float64) color.NRGBA {
	end := color.NRGBA{213, 94, 0, 255}
	if x < 0 {
		end = color.NRGBA{0, 114, 178, 255}
	}
	mix := func(to uint8) uint8 { return uint8(math.Round(255 + float64(math.Abs(x)*(float64(to)-255)))) }
	return color.NRGBA{mix(end.R), mix(end.G), mix(end.B), 255}
}

// shown is a picture as the page has it.
type shown struct {
	URI           template.URL
	Width, Height int
	Alt, Caption  string
}

// largest is how many pixels of the page a side of a picture has at most.
const largest = 84

func (p *Picture) show() (shown, error) {
	_, h, w := p.size()
	var b bytes.Buffer
	if err := png.Encode(&b, p.image()); err != nil {
		return shown{}, err
	}
	scale := largest / float64(w)
	if w < h && h != 2*w+1 { // but for two of them, one above the other
		scale = largest / float64(h)
	}
	return shown{template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())),
		max(1, int(math.Round(scale*float64(w)))), max(1, int(math.Round(scale*float64(h)))), p.Alt, p.Caption}, nil
}

// A Confusion is what is taken for what: a row for each true class.
type Confusion struct {
	Classes []string
	Counts  [][]int
}

// A cell of a confusion has a class of the style sheet.
type cell struct{ Text, Class string }

// Rows are the cells of the table.
func (c *Confusion) Rows() (rows [][]cell) {
	for i, counts := range c.Counts {
		row := []cell{{Text: c.Classes[i]}}
		for k, n := range counts {
			x := cell{Text: fmt.Sprint(n)}
			switch {
			case n == 0:
				x.Text = "·"
			case i == k:
				x.Class = "better"
			default:
				x.Class = "worse"
			}
			row = append(row, x)
		}
		rows = append(rows, row)
	}
	return rows
}

// section is one with its pictures drawn.
type section struct {
	Section
	Figures  []template.HTML
	Pictures []shown
}

func (s *Section) draw() (section, error) {
	out := section{Section: *s}
	for _, f := range s.Figures {
		svg, err := page.SVG(f)
		if err != nil {
			return out, err
		}
		out.Figures = append(out.Figures, svg)
	}
	for i := range s.Pictures {
		p, err := s.Pictures[i].show()
		if err != nil {
			return out, err
		}
		out.Pictures = append(out.Pictures, p)
	}
	return out, nil
}

// Write writes the page. It needs nothing from outside.
func (t *Training) Write(w io.Writer) error {
	view := struct {
		*Training
		Sections []section
	}{Training: t}
	for i := range t.Sections {
		s, err := t.Sections[i].draw()
		if err != nil {
			return err
		}
		view.Sections = append(view.Sections, s)
	}
	return page.Page{Title: t.Title, Subtitle: t.Subtitle, Style: trainingStyle, Images: true}.Write(w, trainingPage, view)
}
