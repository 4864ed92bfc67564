// Package plot draws the pictures of the project's commands and reports, as
// SVG (a file, or inline in an HTML page) and as PNG.
//
// A [Figure] is a value: a title, two axes and a list of layers ([Line],
// [Scatter], [Bars], [HRule], [VRule], [Contour], [Region], [Path], [Heat],
// [Surface], [Text]). It is laid out as a list of lines, areas and texts (a scene), which
// is then written as SVG or rasterised as PNG; both therefore look the same.
//
// The package draws by itself rather than through gonum.org/v1/plot, which was
// measured (v0.17.0): importing it costs every start of the program 1.2 to 2.6 ms
// and 4 MB of memory, for it parses fonts when the program starts, and makes the
// program 7.4 MB bigger (this package: 0.3 ms, 1 MB and 1.4 MB). It has no
// surface, no filled contours between levels, no legend outside the axes and no
// fallback for text its font lacks, so most of this package would be needed all
// the same. Text outlines and anti-aliasing of the PNG come from
// golang.org/x/image, whose font is parsed when the first PNG is drawn.
//
// What a picture promises: the same figure gives the same bytes; text is
// escaped and never leaves the picture; there are no scripts, no ids and no
// references to anything outside, so any number of pictures fit in one page;
// values that cannot be drawn (NaN, infinities, zero on a logarithmic axis)
// leave a gap and are counted in a note below the picture.
package plot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"descent/internal/atomicfile"
)

// A Figure is one picture with one pair of axes. The zero sizes mean 640x400.
type Figure struct {
	Title         string
	X, Y          Axis
	Layers        []Layer             // drawn in this order
	Width, Height float64             // in CSS pixels; a PNG has twice as many
	Say           func(string) string // says each text of the picture in another language; nil: as it is
}

// An Axis says how one coordinate is drawn. With Min == Max (both zero, say)
// the data decides; a NaN leaves only that end to the data.
type Axis struct {
	Label    string // with the unit: "time (s)"
	Log      bool
	Min, Max float64
	Names    []string // if set, what to write at 0, 1, 2, ... instead of numbers
}

// A Grid is a picture of several figures, row by row. Its panels have the size
// of the largest figure.
type Grid struct {
	Title   string
	Cols    int // zero: as square as possible
	Figures []*Figure
	Say     func(string) string // as a figure's, for those that have none
}

// A Picture is a *Figure or a *Grid.
type Picture interface {
	WriteSVG(w io.Writer) error
	WritePNG(w io.Writer) error
	Save(path string) error
}

// Limits keep a wrong size from making a picture nobody can look at, or one
// that fills the memory.
const (
	defaultWidth, defaultHeight = 640, 400
	minSize, maxSize            = 100, 4000
)

// WriteSVG writes the figure as an <svg> element, which is also a whole file.
func (f *Figure) WriteSVG(w io.Writer) error { return writeSVG(w, f.scene) }

// WritePNG writes the figure as a PNG file of two pixels per unit of its size.
func (f *Figure) WritePNG(w io.Writer) error { return writePNG(w, f.scene) }

// Save writes the figure to a file, in the format its name ends with: .svg or
// .png.
func (f *Figure) Save(path string) error { return save(f, path) }

// WriteSVG writes the grid as an <svg> element, which is also a whole file.
func (g *Grid) WriteSVG(w io.Writer) error { return writeSVG(w, g.scene) }

// WritePNG writes the grid as a PNG file of two pixels per unit of its size.
func (g *Grid) WritePNG(w io.Writer) error { return writePNG(w, g.scene) }

// Save writes the grid to a file, in the format its name ends with: .svg or
// .png.
func (g *Grid) Save(path string) error { return save(g, path) }

// save draws before it opens the file: a figure that cannot be drawn leaves a
// file that exists as it was.
func save(p Picture, path string) error {
	var write func(io.Writer) error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg":
		write = p.WriteSVG
	case ".png":
		write = p.WritePNG
	case "":
		return fmt.Errorf("plot: %s: a picture's name must end in .svg or .png", path)
	default:
		return fmt.Errorf("plot: %s: no pictures of kind %s, only .svg and .png", path, ext)
	}
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		return err
	}
	return atomicfile.Write(path, buf.Bytes())
}

// A sketch lays a picture out. The notes are written below what the picture has
// to say itself.
type sketch func(notes ...string) (*scene, error)

func (f *Figure) size() (w, h float64, err error) {
	w, h = f.Width, f.Height
	if w == 0 {
		w = defaultWidth
	}
	if h == 0 {
		h = defaultHeight
	}
	// Written so that NaN fails too.
	if !(w >= minSize && w <= maxSize && h >= minSize && h <= maxSize) {
		return 0, 0, fmt.Errorf("plot: figure %q: size %gx%g is not within %d to %d", clean(f.Title), w, h, minSize, maxSize)
	}
	return w, h, nil
}

func (f *Figure) say(s string) string {
	if f.Say == nil {
		return s
	}
	return f.Say(s)
}

// said is the grid with its own texts, and its figures, in its language.
func (g *Grid) said() *Grid {
	out := *g
	out.Figures = nil
	for _, f := range g.Figures {
		if g.Say != nil && f.Say == nil {
			own := *f
			own.Say, f = g.Say, &own
		}
		out.Figures = append(out.Figures, f)
	}
	if g.Say != nil {
		out.Title = g.Say(g.Title)
	}
	return &out
}

// name is what the whole grid is called: its title, or those of its figures.
func (g *Grid) name() string {
	if g.Title != "" {
		return g.Title
	}
	var titles []string
	for _, f := range g.Figures {
		titles = append(titles, f.say(f.Title))
	}
	return strings.Join(titles, ", ")
}

func (f *Figure) scene(notes ...string) (*scene, error) {
	w, h, err := f.size()
	if err != nil {
		return nil, err
	}
	s := newScene(w, h, f.say(f.Title))
	if err := f.compose(s, rect{0, 0, w, h}, notes); err != nil {
		return nil, err
	}
	return s, nil
}

func (g *Grid) scene(notes ...string) (*scene, error) {
	if len(g.Figures) == 0 {
		return nil, errors.New("plot: a grid without figures")
	}
	g = g.said()
	var w, h float64
	for _, f := range g.Figures {
		fw, fh, err := f.size()
		if err != nil {
			return nil, err
		}
		w, h = max(w, fw), max(h, fh)
	}
	cols := min(g.Cols, len(g.Figures))
	for cols <= 0 || cols*cols < len(g.Figures) && g.Cols <= 0 {
		cols++
	}
	rows := (len(g.Figures) + cols - 1) / cols
	title := wrap(g.Title, titleSize+2, w*float64(cols)-2*pad, 2)
	top := 0.0
	if len(title) > 0 {
		top = pad + lineHeight(titleSize+2)*float64(len(title))
	}
	s := newScene(w*float64(cols), top+h*float64(rows), g.name())
	for i, t := range title {
		s.text(text{at: point{s.w / 2, pad + lineHeight(titleSize+2)*(float64(i)+.75)}, s: t, size: titleSize + 2, anchor: .5, color: ink})
	}
	for i, f := range g.Figures {
		x, y := float64(i%cols)*w, top+float64(i/cols)*h
		extra := notes
		if i < len(g.Figures)-1 {
			extra = nil
		}
		if err := f.compose(s, rect{x, y, x + w, y + h}, extra); err != nil {
			return nil, err
		}
	}
	return s, nil
}
