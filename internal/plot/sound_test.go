package plot

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// allowed are the elements of a picture and their attributes; nothing else can
// do any harm.
var allowed = map[string]string{
	"svg":    "xmlns role width height viewBox style font-family",
	"title":  "",
	"g":      "fill fill-opacity stroke stroke-opacity stroke-width",
	"path":   "d fill fill-opacity stroke stroke-opacity stroke-width stroke-linejoin stroke-dasharray color",
	"circle": "cx cy r",
	"text":   "x y font-size text-anchor transform fill stroke stroke-width stroke-linejoin paint-order",
	"tspan":  "dy font-size",
}

// sound reports what is wrong with a picture: not XML, an element or attribute
// that must not be, a number that is none, a point or a text outside.
func sound(svg string) error {
	if !utf8.ValidString(svg) {
		return errors.New("invalid UTF-8")
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	var w, h float64
	var open []map[string]string
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			attrs := map[string]string{"": tok.Name.Local}
			for _, a := range tok.Attr {
				attrs[a.Name.Local] = a.Value
			}
			if err := element(attrs); err != nil {
				return err
			}
			if tok.Name.Local == "svg" {
				w, h = number(attrs["width"]), number(attrs["height"])
			}
			if err := withinPage(attrs, w, h); err != nil {
				return err
			}
			open = append(open, attrs)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if a := open[max(len(open)-1, 0):]; len(a) > 0 && a[0][""] == "text" {
				if err := textWithin(a[0], string(tok), w, h); err != nil {
					return err
				}
			}
		}
	}
}

func element(attrs map[string]string) error {
	names, ok := allowed[attrs[""]]
	if !ok {
		return fmt.Errorf("element <%s>", attrs[""])
	}
	for k, v := range attrs {
		if k != "" && !strings.Contains(" "+names+" ", " "+k+" ") {
			return fmt.Errorf("attribute %s of <%s>", k, attrs[""])
		}
		if strings.Contains(v, "NaN") || strings.Contains(v, "Inf") || strings.Contains(v, "url") {
			return fmt.Errorf("%s=%q", k, v)
		}
	}
	return nil
}

func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// pathTokens splits a path into its letters and numbers.
func pathTokens(d string) (out []string) {
	start := 0
	end := func(i int) {
		if i > start {
			out = append(out, d[start:i])
		}
		start = i
	}
	for i := range len(d) {
		switch c := d[i]; {
		case c == ' ' || c == ',':
			end(i)
			start++
		case c == '-':
			end(i)
		case c >= 'A':
			end(i)
			out = append(out, d[i:i+1])
			start++
		}
	}
	end(len(d))
	return out
}

// withinPage checks a shape's points.
func withinPage(a map[string]string, w, h float64) error {
	check := func(x, y, slack float64) error {
		if !(x >= -slack && x <= w+slack && y >= -slack && y <= h+slack) {
			return fmt.Errorf("point (%g, %g) of <%s> is not within %g x %g", x, y, a[""], w, h)
		}
		return nil
	}
	if a[""] == "circle" {
		return check(number(a["cx"]), number(a["cy"]), 0)
	}
	var x, y float64
	var mode string
	var pair []float64
	for _, tok := range pathTokens(a["d"]) {
		if strings.Contains("Mlz", tok) {
			mode, pair = tok, nil
			continue
		}
		if pair = append(pair, number(tok)); len(pair) < 2 {
			continue
		}
		if mode == "M" {
			x, y = 0, 0
		}
		x, y, pair = x+pair[0], y+pair[1], nil
		if err := check(x, y, .5); err != nil {
			return err
		}
	}
	return nil
}

// textWithin checks that no part of a text is outside, by its own estimate of
// the text's width, with the narrower widths of an ordinary font.
func textWithin(a map[string]string, s string, w, h float64) error {
	size := number(a["font-size"])
	width := .8 * textWidth(s, size)
	from := map[string]float64{"": 0, "middle": -.5, "end": -1}[a["text-anchor"]] * width
	turn := 0.0
	if t := strings.TrimPrefix(a["transform"], "rotate("); t != a["transform"] {
		turn = number(t[:strings.IndexByte(t, ' ')]) * math.Pi / 180
	}
	for _, at := range []float64{from, from + width} {
		x, y := number(a["x"])+at*math.Cos(turn), number(a["y"])+at*math.Sin(turn)
		if !(x >= 0 && x <= w && y >= 0 && y <= h) {
			return fmt.Errorf("text %q at (%g, %g) is not within %g x %g", s, x, y, w, h)
		}
	}
	return nil
}

// numbers makes data of any kind out of bytes.
func numbers(b []byte) []float64 {
	var out []float64
	for ; len(b) >= 9; b = b[9:] {
		v := math.Float64frombits(binary.LittleEndian.Uint64(b[1:]))
		switch b[0] % 4 { // mostly tame numbers
		case 0:
			v = float64(b[1])
		case 1:
			v = float64(int8(b[1])) / 8
		}
		out = append(out, v)
	}
	return out
}

// layersOf makes a figure's layers of anything.
func layersOf(kind byte, label string, v []float64) []Layer {
	n := len(v) / 2
	x, y := v[:n], v[n:2*n]
	f := func(a, b float64) float64 {
		if len(v) == 0 {
			return 0
		}
		return v[int(math.Float64bits(a+7*b)>>44)%len(v)]
	}
	all := []Layer{
		Line{Name: label, X: x, Y: y, Lo: y, Hi: x, Marks: n > 3, Step: n%2 == 0},
		Line{Name: label + "!", Y: v}, Scatter{Name: label, X: y, Y: x}, Bars{Name: label, X: x, Y: y, Lo: y, Hi: x}, Bars{Y: y},
		Path{Name: label, X: x, Y: y},
	}
	for _, a := range v {
		all = append(all, HRule{Name: label, At: a}, VRule{At: a}, Text{X: a, Y: a, S: label})
	}
	switch kind % 5 {
	case 0:
		return []Layer{Contour{Label: label, F: f, N: 7, Log: n%2 == 0}, Region{Name: label, F: f, Edge: n%3 == 0}, all[5]}
	case 1:
		return []Layer{Surface{Z: Axis{Label: label, Log: n%2 == 0}, F: f, N: 5}, all[5]}
	case 2:
		return []Layer{Heat{Label: label, Z: [][]float64{x, y}, Rows: []string{label, "b"}, Numbers: true, Log: n%2 == 0}, all[0]}
	}
	return all[int(kind)%len(all):]
}

// FuzzFigure draws anything: there is either an error or a sound picture; some
// are drawn again and painted.
func FuzzFigure(f *testing.F) {
	for kind := range byte(5) {
		f.Add(nasty, []byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef\xff\xff\xff\xff\xff\xff\xf0\x7f"), kind, kind)
	}
	f.Add("", bytes.Repeat([]byte{3, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f}, 6), byte(3), byte(1))
	f.Fuzz(func(t *testing.T, label string, data []byte, kind, flags byte) {
		label, v := label[:min(len(label), 12)], numbers(data[:min(len(data), 45)])
		fig := &Figure{Title: label, Width: 300, Height: 240, Layers: layersOf(kind, label, v),
			X: Axis{Label: label, Log: flags&1 != 0}, Y: Axis{Label: label, Log: flags&2 != 0}}
		if flags&4 != 0 && len(v) > 1 {
			fig.X.Min, fig.X.Max = v[0], v[1]
		}
		if flags&8 != 0 {
			fig.X.Names = []string{label, label, "c"}
		}
		var svg, again bytes.Buffer
		if err := fig.WriteSVG(&svg); err != nil {
			return
		}
		if err := sound(svg.String()); err != nil {
			t.Fatalf("%v\n%s", err, svg.String())
		}
		n := svg.Len()
		if n%16 == 0 { // to draw again costs as much as to look at it
			if err := fig.WriteSVG(&again); err != nil || !bytes.Equal(svg.Bytes(), again.Bytes()) {
				t.Fatal("the same figure gives other bytes")
			}
		}
		if n%256 == 0 { // to paint costs a hundred times as much
			if err := fig.WritePNG(io.Discard); err != nil && !strings.Contains(err.Error(), "too small") {
				t.Fatal(err)
			}
		}
	})
}
