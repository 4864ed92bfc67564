package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/models/onnx"
	"descent/ops"
)

// classesKey and inputsKey are the metadata of a file of ONNX that name the classes, in
// the order of their numbers, and say what its inputs are.
const (
	classesKey = "descent.classes"
	inputsKey  = "descent.inputs"
)

// A told input says what an input of an exported model takes.
type toldInput struct {
	Name    string `json:"name"`
	Takes   string `json:"takes"`
	Missing string `json:"missing,omitempty"` // what stands for a missing cell
}

// writeONNX is the format of ONNX.
func writeONNX(e *exported) (text []byte, told []string, err error) {
	var inputs []toldInput
	text, err = onnx.Encode(func(rows int) (m *onnx.Model, err error) {
		m, inputs, err = e.onnx(rows)
		return m, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the model cannot be written as ONNX: %w", err)
	}
	for _, in := range inputs {
		line := fmt.Sprintf("input %s: %s", in.Name, in.Takes)
		if in.Missing != "" {
			line += ", " + in.Missing + " where a cell is missing"
		}
		told = append(told, line)
	}
	return text, told, nil
}

// onnx is what the model computes of so many rows, from columns as they are in a table to
// what predict says.
func (e *exported) onnx(rows int) (*onnx.Model, []toldInput, error) {
	g, made, err := e.graph(rows)
	if err != nil {
		return nil, nil, err
	}
	x := g.Leaf("x")
	in := &encoder{g: g, rows: rows}
	encoded := e.encoded(in, x)
	m := &onnx.Model{Name: e.Model.String(), Inputs: in.values}
	if m.Meta, err = e.about(); err != nil {
		return nil, nil, err
	}
	if m.Meta[inputsKey], err = marshalled(in.told); err != nil {
		return nil, nil, err
	}
	if e.Classes > 0 {
		if m.Meta[classesKey], err = marshalled(e.ClassNames); err != nil {
			return nil, nil, err
		}
	}
	var outputs []*graph.Node
	for _, p := range made {
		outputs = append(outputs, p.Node)
	}
	if encoded != x {
		outputs = graph.Substitute(outputs, []*graph.Node{x}, []*graph.Node{encoded})
	}
	m.Outputs = e.outputs(outputs)
	for _, out := range m.Outputs {
		if err := graph.Mistakes(out.Node); err != nil {
			return nil, nil, err
		}
	}
	return m, in.told, nil
}

func marshalled(v any) (string, error) {
	text, err := numjson.Marshal(v)
	return string(text), err
}

// outputs are what predict says, of what the model predicts.
func (e *exported) outputs(made []*graph.Node) []onnx.Value {
	y := made[0]
	switch {
	case e.Text != nil:
		return []onnx.Value{{Name: "logits", Node: y}}
	case e.Series != nil:
		return []onnx.Value{{Name: "forecast", Node: ops.Shift(e.Series.Offset[0], ops.Scale(e.Series.Scale[0], y))}}
	case e.Model.Codes():
		return []onnx.Value{{Name: code, Node: made[1]}, {Name: reconstruction, Node: made[0]}}
	case e.labels():
		return e.labelOutputs(y)
	case e.Targets != nil:
		g, k := y.Graph(), len(e.Targets.Names)
		return []onnx.Value{{Name: "predictions", Node: ops.Add(ops.Mul(y, g.Array(e.Targets.Scale, k)), g.Array(e.Targets.Offset, k))}}
	case e.Classes > 0:
		return e.classOutputs(y)
	}
	y = ops.Slice(y, 1, 0, 1, 1)
	if !e.Raw {
		y = ops.Shift(e.Offset, ops.Scale(e.Scale, y))
	}
	return []onnx.Value{{Name: "prediction", Node: y}}
}

// classOutputs are the probabilities of classes, or other scores, and which it is.
func (e *exported) classOutputs(y *graph.Node) []onnx.Value {
	n, name := y.Shape().Dim(0), "scores"
	one := y.Shape().Dim(1) == 1
	var class *graph.Node
	switch {
	case e.GivesProbabilities():
		if name = "probabilities"; one {
			y = ops.Concat(1, ops.Shift(1, ops.Neg(y)), y)
		}
		decides := y
		if e.Calibration != nil {
			y = calibrated(e.Calibration, y)
			if decides = y; e.Calibration.Favour != nil {
				decides = ops.Mul(y, y.Graph().Array(e.Calibration.Favour, e.Classes))
			}
		}
		class = ops.ArgMax(decides, 1)
	case one:
		class = ops.Greater(y, y.Graph().Const(0))
	default:
		class = ops.ArgMax(y, 1)
	}
	return []onnx.Value{{Name: name, Node: y}, {Name: "class", Node: ops.Reshape(class, n), Whole: true}}
}

// labelOutputs are the probabilities of labels, and which of them a row has.
func (e *exported) labelOutputs(y *graph.Node) []onnx.Value {
	k := y.Shape().Dim(1)
	above := slices.Repeat([]float64{0.5}, k)
	var all []*graph.Node
	for j := range k {
		p := ops.Slice(y, 1, j, j+1, 1)
		if by := e.Targets.Calibrations; by != nil {
			p = ops.Slice(calibrated(&by[j], ops.Concat(1, ops.Shift(1, ops.Neg(p)), p)), 1, 1, 2, 1)
			above[j] = by[j].Threshold()
		}
		all = append(all, p)
	}
	p := ops.Concat(1, all...)
	return []onnx.Value{{Name: "probabilities", Node: p}, {Name: "labels", Node: ops.Greater(p, p.Graph().Array(above, k)), Whole: true}}
}

// encoded are the inputs that the model sees, x, made of what they are in a table, or a
// file of pictures.
func (e *exported) encoded(in *encoder, x *graph.Node) *graph.Node {
	switch {
	case e.Text != nil:
		in.add("tokens", fmt.Sprintf("numbers of tokens, rows x %d", e.Text.Context), "", x)
		return x
	case e.Series != nil:
		s, columns := e.Series, len(e.Series.Columns)
		raw := in.numbers("window", fmt.Sprintf("the last %d steps of %s, as they are", s.Window, strings.Join(s.Columns, ", ")), "", s.Window, columns)
		return ops.Reshape(ops.Div(in.shifted(raw, s.Offset), in.g.Array(s.Scale, columns)), in.rows, e.Series.Features())
	case e.Schema == nil:
		shape := e.RowShape()
		if len(shape) == 2 {
			shape = append([]int{1}, shape...)
		}
		return ops.Reshape(in.numbers("pixels", "pixels from 0 to 1, channels before rows and columns", "", shape...), in.rows, e.Features)
	}
	return in.columns(e.Schema)
}

// An encoder declares inputs of a graph and encodes them.
type encoder struct {
	g      *graph.Graph
	rows   int
	values []onnx.Value
	told   []toldInput
}

func (in *encoder) add(name, takes, missing string, n *graph.Node) *onnx.Value {
	in.values = append(in.values, onnx.Value{Name: name, Node: n})
	in.told = append(in.told, toldInput{name, takes, missing})
	return &in.values[len(in.values)-1]
}

// numbers declares an input of numbers, rows of a shape.
func (in *encoder) numbers(name, takes, missing string, shape ...int) *graph.Node {
	n := in.g.Input(fmt.Sprintf("input %d", len(in.values)), append([]int{in.rows}, shape...)...)
	in.add(name, takes, missing, n)
	return n
}

// shifted takes offsets off. They are two numbers of float32 each, so that numbers near
// them, such as years, lose nothing.
func (in *encoder) shifted(x *graph.Node, offset []float64) *graph.Node {
	rough, rest := make([]float64, len(offset)), make([]float64, len(offset))
	for i, o := range offset {
		rough[i] = float64(float32(o))
		rest[i] = o - rough[i]
	}
	return ops.Sub(ops.Sub(x, in.g.Array(rough, len(offset))), in.g.Array(rest, len(offset)))
}

// columns encodes columns as a schema does.
func (in *encoder) columns(s *data.Schema) *graph.Node {
	var parts []*graph.Node
	for i := 0; i < len(s.Inputs); i++ {
		switch c := &s.Inputs[i]; c.Kind {
		case data.Categorical:
			parts = append(parts, in.words(c))
		case data.Text:
			parts = append(parts, in.numbers(c.Label(), fmt.Sprintf("the text as predict encodes it, %d numbers: words cannot be counted in ONNX", c.Width()), "", c.Width()))
		default:
			end := i + 1
			for end < len(s.Inputs) && s.Inputs[end].Kind == data.Numeric {
				end++
			}
			parts = append(parts, in.scaled(s.Inputs[i:end]))
			i = end - 1
		}
	}
	return ops.Concat(1, parts...)
}

// scaled encodes neighbouring columns of numbers.
func (in *encoder) scaled(columns []data.Input) *graph.Node {
	n := len(columns)
	offset, scale, missing := make([]float64, n), make([]float64, n), make([]float64, n)
	var parts []*graph.Node
	for i := range columns {
		c := &columns[i]
		offset[i], scale[i], missing[i] = c.Offset, c.Scale, (c.Impute-c.Offset)/c.Scale
		parts = append(parts, in.numbers(c.Label(), takesNumber(c.Part), "NaN", 1))
	}
	raw := ops.Concat(1, parts...)
	there := ops.Equal(raw, raw) // NaN is not; more programs have this than a test for it
	return ops.Where(there, ops.Div(in.shifted(raw, offset), in.g.Array(scale, n)), in.g.Array(missing, n))
}

// takesNumber says what a number is that is taken out of a date, or else.
func takesNumber(part string) string {
	switch part {
	case "":
		return "a number"
	case "days":
		return "days of the date since the beginning of 1970, with the part of the day that has passed"
	case "year":
		return "the year of the date"
	}
	return "the " + part + " of the date, counted from 0"
}

// words encodes a column of words: as the number of a level, or as one number for each.
func (in *encoder) words(c *data.Input) *graph.Node {
	takes := "a word"
	if c.Part != "" {
		takes = fmt.Sprintf("the %s of the date: %s", c.Part, strings.Join(c.Levels, ", "))
	}
	level := in.numbers(c.Label(), takes, "an empty word", 1)
	v := &in.values[len(in.values)-1]
	v.Words, v.Otherwise = spellings(c.Levels), float64(slices.Index(c.Levels, data.MissingLevel))
	if c.Coded {
		return level
	}
	return ops.OneHot(ops.Reshape(level, in.rows), len(c.Levels))
}

// spellings are the numbers of levels by their words, and by these in small letters, in
// capitals, and with one capital, unless two levels are then the same.
func spellings(levels []string) map[string]float64 {
	numbers, other := map[string]float64{}, map[string]int{}
	for i, l := range levels {
		numbers[l] = float64(i)
	}
	for i, l := range levels {
		small := []rune(strings.ToLower(l))
		first := strings.ToUpper(string(small[:min(1, len(small))])) + string(small[min(1, len(small)):])
		for _, s := range []string{string(small), strings.ToUpper(l), first} {
			if k, ok := other[s]; ok && k != i {
				i = -1
			}
			other[s] = i
		}
	}
	for s, i := range other {
		if _, exact := numbers[s]; !exact && i >= 0 {
			numbers[s] = float64(i)
		}
	}
	return numbers
}
