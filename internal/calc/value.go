// Package calc is a formula at a point: its value, its derivatives, also as
// formulas and against differences, and what is to be said of it there.
package calc

import (
	"descent/graph"
	"descent/internal/digits"
	"descent/internal/numjson"
	"descent/ops/formula"
)

// A Value is a number or an array.
type Value struct {
	Shape []int // empty for a number
	Data  []float64
}

// Number returns x as a value.
func Number(x float64) Value { return Value{Data: []float64{x}} }

// ParseValue reads a number or a list, which may be computed: "2*pi", "[1, 2]".
func ParseValue(text string) (Value, error) {
	f, err := formula.Parse(text)
	if err != nil {
		return Value{}, err
	}
	g := graph.New(graph.Float64, 0)
	n, err := f.Build(g, nil)
	if err != nil {
		return Value{}, err
	}
	p, err := graph.Compile(n)
	if err != nil {
		return Value{}, err
	}
	if err := p.Run(); err != nil {
		return Value{}, err
	}
	return Value{n.Shape().Dims(), p.Float64s(n)}, nil
}

// MarshalJSON writes a number, or lists within lists; what JSON has no number
// for is "nan", "inf" or "-inf".
func (v Value) MarshalJSON() ([]byte, error) {
	out, _ := nested(v.Shape, v.Data)
	return numjson.Marshal(out)
}

func nested(shape []int, data []float64) (any, []float64) {
	if len(shape) == 0 {
		return data[0] + 0, data[1:] // -0 is 0
	}
	out := make([]any, shape[0])
	for i := range out {
		out[i], data = nested(shape[1:], data)
	}
	return out, data
}

// String writes the value with ten digits.
func (v Value) String() string {
	s, _ := text(v.Shape, v.Data)
	return s
}

func text(shape []int, data []float64) (string, []float64) {
	if len(shape) == 0 {
		return digits.Of(data[0], 10), data[1:]
	}
	s := "["
	for i := range shape[0] {
		if i > 0 {
			s += ", "
		}
		var t string
		t, data = text(shape[1:], data)
		s += t
	}
	return s + "]", data
}
