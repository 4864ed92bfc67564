package draw

import (
	"bytes"
	_ "embed"
	"errors"
	"io"
	"math"
	"slices"

	"descent/internal/numjson"
	"descent/internal/page"
	"descent/internal/plot"
)

//go:embed animate.html
var animateBody string

//go:embed animate.css
var animateStyle string

//go:embed film.js
var filmScript string

//go:embed animate.js
var animateScript string

var animation = page.Body(animateBody)

// A Film is a function of one or two variables and paths on it, as pages play them:
// [FilmScript] draws it.
type Film struct {
	Names []string      `json:"names"` // of the axes
	X     [2]float64    `json:"x"`     // what is shown
	Y     [2]float64    `json:"y"`
	N     int           `json:"n,omitempty"`     // cells along each axis
	Grid  []float64     `json:"grid,omitempty"`  // rank of each value from 0 to 1, -1 where there is none
	Curve [][2]*float64 `json:"curve,omitempty"` // of one variable
	Mark  *[2]float64   `json:"mark,omitempty"`  // a point to know of
	Runs  []FilmRun     `json:"runs"`
}

// A FilmRun is one path of a film, which ends where it is lost.
type FilmRun struct {
	Name  string       `json:"name"`
	Color string       `json:"color"`
	Path  [][2]float64 `json:"path"`
	F     []*float64   `json:"f"` // nil where it is not finite
}

// FilmScript is the script that draws a [Film].
var FilmScript = filmScript

// maxFrames bounds the page's size.
const maxFrames = 2000

// Animate writes a page that plays the paths. It needs nothing from outside,
// and its policy lets no other script run.
func (l *Landscape) Animate(w io.Writer, title string) error {
	f, err := l.Film()
	if err != nil {
		return err
	}
	data, err := numjson.Marshal(f)
	if err != nil {
		return err
	}
	p := page.Page{Title: title, Style: animateStyle, Script: FilmScript + animateScript}
	return p.Write(w, animation, string(data))
}

// Film returns the function and its paths as a page plays them.
func (l *Landscape) Film() (*Film, error) {
	if n := len(l.Names); n > 2 {
		return nil, errors.New("an animation needs one or two variables")
	}
	l.frame()
	f := &Film{X: [2]float64{l.lo[0], l.hi[0]}}
	if len(l.Names) == 2 {
		f.Names, f.Y = l.Names, [2]float64{l.lo[1], l.hi[1]}
		f.N, f.Grid = gridSize, l.ranks()
	} else {
		f.Names = []string{l.Names[0], "f"}
		f.Curve, f.Y = l.points()
	}
	if l.Mark != nil {
		f.Mark = &[2]float64{l.Mark[0], l.F(l.Mark)}
		if len(l.Mark) == 2 {
			f.Mark[1] = l.Mark[1]
		}
	}
	for _, p := range l.Paths {
		f.Runs = append(f.Runs, l.filmed(p))
	}
	return f, nil
}

// A Relief is a function of two variables as a surface, and paths on its picture, as a page
// plays them.
type Relief struct {
	SVG  string           `json:"svg"`  // without the paths
	Runs [][][][2]float64 `json:"runs"` // of each of a film's points the line that leads there, in pixels of the picture
}

// Relief returns the function as a surface, and what a film has of its paths.
func (l *Landscape) Relief(f *Film) (*Relief, error) {
	bare := *l
	bare.Paths, bare.Box = nil, [][2]float64{f.X, f.Y}
	fig, err := bare.Picture("", true)
	if err != nil {
		return nil, err
	}
	fig.Width, fig.Height = 640, 480
	var b bytes.Buffer
	if err := fig.WriteSVG(&b); err != nil {
		return nil, err
	}
	var paths []plot.Path
	for _, r := range f.Runs {
		p := plot.Path{}
		for _, at := range r.Path {
			p.X, p.Y = append(p.X, at[0]), append(p.Y, at[1])
		}
		paths = append(paths, p)
	}
	runs, err := fig.Over(paths...)
	return &Relief{b.String(), runs}, err
}

// filmed thins out a long path, and ends it where it is lost.
func (l *Landscape) filmed(p Path) FilmRun {
	out := FilmRun{Name: p.Name, Color: l.colors()[p.Name].Hex()}
	stride := (len(p.X) + maxFrames - 1) / maxFrames
	for i := 0; i < len(p.X); i += max(stride, 1) {
		x := p.X[i]
		at := [2]float64{x[0], p.F[i]}
		if len(x) == 2 {
			at[1] = x[1]
		}
		if finite(at[0]) == nil || finite(at[1]) == nil {
			break
		}
		out.Path = append(out.Path, at)
		out.F = append(out.F, finite(p.F[i]))
	}
	if len(out.Path) == 0 {
		out.Path, out.F = [][2]float64{{l.lo[0], 0}}, []*float64{nil}
	}
	return out
}

func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// gridSize is the number of cells along each axis.
const gridSize = 90

// ranks are the function's values on a grid, each as the share of values below
// it: so the bands are equally large.
func (l *Landscape) ranks() []float64 {
	values := make([]float64, gridSize*gridSize)
	var sorted []float64
	for i := range values {
		x := l.lo[0] + (l.hi[0]-l.lo[0])*(float64(i%gridSize)+0.5)/gridSize
		y := l.lo[1] + (l.hi[1]-l.lo[1])*(float64(i/gridSize)+0.5)/gridSize
		values[i] = l.F([]float64{x, y})
		if finite(values[i]) != nil {
			sorted = append(sorted, values[i])
		}
	}
	slices.Sort(sorted)
	for i, v := range values {
		if finite(v) == nil {
			values[i] = -1
			continue
		}
		k, _ := slices.BinarySearch(sorted, v)
		values[i] = math.Round(1000*float64(k)/float64(len(sorted))) / 1000
	}
	return values
}

// points are the curve of a function of one number, and its range.
func (l *Landscape) points() (curve [][2]*float64, span [2]float64) {
	span = [2]float64{math.Inf(1), math.Inf(-1)}
	for i := range samples {
		x := l.lo[0] + (l.hi[0]-l.lo[0])*float64(i)/(samples-1)
		y := finite(l.F([]float64{x}))
		if y != nil {
			span[0], span[1] = min(span[0], *y), max(span[1], *y)
		}
		curve = append(curve, [2]*float64{&x, y})
	}
	if !(span[0] < span[1]) {
		span = [2]float64{min(span[0], 0) - 1, max(span[0], 0) + 1}
	}
	pad := float64(0.05 * (span[1] - span[0]))
	return curve, [2]float64{span[0] - pad, span[1] + pad}
}
