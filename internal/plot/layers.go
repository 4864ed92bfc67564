package plot

import "fmt"

// A Layer is one thing drawn in a figure: [Line], [Scatter], [Bars], [HRule],
// [VRule], [Contour], [Region], [Path], [Heat], [Surface] or [Text].
//
// A layer with a Name has an entry in the legend. A Color of zero takes the
// palette's next. A nil X means 0, 1, 2, ...
type Layer interface {
	// check reports what makes the layer impossible to draw at all.
	check() error
	// extent grows the ranges of the axes by what is to be drawn.
	extent(b *bounds)
	// draw draws.
	draw(p *panel, st style)
	// entry is what the legend shows.
	entry() entry
}

// Line is a curve through points, in the order given.
type Line struct {
	Name   string
	X, Y   []float64
	Lo, Hi []float64 // the edges of a band around the curve; both or neither
	Marks  bool      // mark each point
	Dashed bool      // dash it even if it is the first
	Step   bool      // stairs: each value holds until the next point
	Color  Color
}

// Scatter is a cloud of points.
type Scatter struct {
	Name  string
	X, Y  []float64
	Color Color
}

// Bars is a row of bars from zero; several layers of bars stand side by side.
type Bars struct {
	Name   string
	X, Y   []float64
	Lo, Hi []float64 // the ends of error bars; both or neither
	Touch  bool      // no gap between bars, as in a histogram
	Color  Color
}

// HRule is a horizontal line across the figure.
type HRule struct {
	Name  string
	At    float64
	Color Color // zero: grey
}

// VRule is a vertical line across the figure.
type VRule struct {
	Name  string
	At    float64
	Color Color // zero: grey
}

// Contour is a function of the plane as coloured bands between levels. Where
// the function is NaN, the picture is grey. The axes need ranges, or a path to
// take them from.
type Contour struct {
	Label  string // of the colour bar
	F      func(x, y float64) float64
	Levels []float64 // ascending; nil: about 12 round ones
	Log    bool      // the levels' distances grow from the minimum as powers
	N      int       // samples along each axis; zero: 201
}

// Path is what a method walked: its iterates joined by lines, with a ring at the
// start and a star at the end. On a [Surface], the path lies on it.
type Path struct {
	Name  string
	X, Y  []float64
	Color Color
}

// Heat is a matrix as coloured cells, its first row on top.
type Heat struct {
	Label      string      // of the colour bar
	Z          [][]float64 // rows
	Rows, Cols []string    // names; nil: 0, 1, 2, ...
	Numbers    bool        // write the values into the cells if they fit
	Log        bool        // colours by the logarithm
}

// Surface is a function of the plane as a shaded surface in space. It cannot be
// drawn with any layer but paths; the axes need ranges, or a path to take them
// from.
type Surface struct {
	Z Axis
	F func(x, y float64) float64
	N int // samples along each axis; zero: 61
}

// Text is a remark at a point, shifted where it would leave the figure.
type Text struct {
	X, Y float64
	S    string
}

// A series is the data of one layer, checked.
type series struct {
	x, y, lo, hi []float64
}

// sequence returns 0, 1, ..., n-1.
func sequence(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

// newSeries fills in a nil x.
func newSeries(x, y, lo, hi []float64) series {
	if x == nil {
		x = sequence(len(y))
	}
	return series{x, y, lo, hi}
}

func (l Line) series() series    { return newSeries(l.X, l.Y, l.Lo, l.Hi) }
func (l Scatter) series() series { return newSeries(l.X, l.Y, nil, nil) }
func (l Bars) series() series    { return newSeries(l.X, l.Y, l.Lo, l.Hi) }
func (l Path) series() series    { return newSeries(l.X, l.Y, nil, nil) }

func (s series) check(kind, name string) error {
	who := "plot: " + kind
	if name != "" {
		who = fmt.Sprintf("%s %q", who, clean(name))
	}
	if len(s.x) != len(s.y) {
		return fmt.Errorf("%s: %d x values and %d y values", who, len(s.x), len(s.y))
	}
	if (s.lo != nil || s.hi != nil) && (len(s.lo) != len(s.y) || len(s.hi) != len(s.y)) {
		return fmt.Errorf("%s: %d y values, but %d lower and %d upper ends", who, len(s.y), len(s.lo), len(s.hi))
	}
	return nil
}

func (l Line) check() error    { return l.series().check("line", l.Name) }
func (l Scatter) check() error { return l.series().check("scatter", l.Name) }
func (l Bars) check() error    { return l.series().check("bars", l.Name) }
func (l Path) check() error    { return l.series().check("path", l.Name) }
func (l HRule) check() error   { return nil }
func (l VRule) check() error   { return nil }
func (l Text) check() error    { return nil }

func (l Contour) check() error {
	if err := checkFunction("contour", l.F, l.N); err != nil {
		return err
	}
	for i, v := range l.Levels {
		if !finite(v) || i > 0 && v <= l.Levels[i-1] {
			return fmt.Errorf("plot: contour: levels must be finite and ascend, but level %d is %g", i, v)
		}
	}
	return nil
}

func (l Surface) check() error { return checkFunction("surface", l.F, l.N) }

// checkFunction bounds the number of samples: they are paid for quadratically.
func checkFunction(kind string, f func(x, y float64) float64, n int) error {
	if f == nil {
		return fmt.Errorf("plot: %s without a function", kind)
	}
	if n != 0 && (n < 2 || n > 1001) {
		return fmt.Errorf("plot: %s: %d samples along an axis are not within 2 to 1001", kind, n)
	}
	return nil
}

func (l Heat) check() error {
	for i, row := range l.Z {
		if len(row) != len(l.Z[0]) {
			return fmt.Errorf("plot: heat map: row %d has %d values and row 0 has %d", i, len(row), len(l.Z[0]))
		}
	}
	if l.Rows != nil && len(l.Rows) != len(l.Z) {
		return fmt.Errorf("plot: heat map: %d rows and %d names of rows", len(l.Z), len(l.Rows))
	}
	if l.Cols != nil && len(l.Z) > 0 && len(l.Cols) != len(l.Z[0]) {
		return fmt.Errorf("plot: heat map: %d columns and %d names of columns", len(l.Z[0]), len(l.Cols))
	}
	return nil
}
