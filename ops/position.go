package ops

import (
	"fmt"

	"descent/graph"
	"descent/internal/elementary"
)

// Where in a sequence something stands, as numbers that a net can use.

// Sinusoid returns, for a vector of positions t, a row of width numbers for each:
//
//	y[t, 2i] = sin(t·base^(-2i/width)),  y[t, 2i+1] = cos(t·base^(-2i/width))
//
// width is even. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5.
func Sinusoid(position *node, width int, base float64) *node {
	a := angles("sinusoid", position, width, base)
	if a.Err() != nil {
		return a
	}
	return Reshape(Stack(-1, Sin(a), Cos(a)), position.Shape().Dim(0), width)
}

// Rotary turns each pair (2i, 2i+1) of the last axis of x, …×T×width, by the angle
// t·base^(-2i/width), t being the position of its step: the product of two vectors
// that are turned so depends on how far apart they are. width is even.
// Su et al. 2021, https://arxiv.org/abs/2104.09864, section 3.2.
func Rotary(x, position *node, base float64) *node {
	if err := graph.Mistakes(x, position); err != nil {
		return graph.Bad(err, "rotary", x, position)
	}
	d := x.Shape().Dims()
	if len(d) < 2 || position.Shape() != graph.Dims(d[len(d)-2]) {
		return graph.Bad(fmt.Errorf("positions of shape %v are not one for each step of %v", position.Shape(), x.Shape()), "rotary", x, position)
	}
	width := d[len(d)-1]
	a := angles("rotary", position, width, base)
	if a.Err() != nil {
		return a
	}
	pairs := Reshape(x, append(d[:len(d)-1:len(d)-1], width/2, 2)...)
	first, second := Squeeze(Slice(pairs, -1, 0, 1, 1), -1), Squeeze(Slice(pairs, -1, 1, 2, 1), -1)
	c, s := Cos(a), Sin(a)
	return Reshape(Stack(-1, Sub(Mul(first, c), Mul(second, s)), Add(Mul(first, s), Mul(second, c))), d...)
}

// angles returns t·base^(-2i/width) for each position and i below width/2.
func angles(name string, position *node, width int, base float64) *node {
	switch {
	case position.Err() != nil:
		return position
	case position.Shape().Rank() != 1:
		return graph.Bad(fmt.Errorf("positions of shape %v are no vector", position.Shape()), name, position)
	case width < 2 || width%2 != 0:
		return graph.Bad(fmt.Errorf("a width of %d; it is even and above 0", width), name, position)
	case !(base > 0):
		return graph.Bad(fmt.Errorf("a base of %v; it is above 0", base), name, position)
	}
	rates := make([]float64, width/2)
	for i := range rates {
		rates[i] = elementary.Pow(base, -2*float64(i)/float64(width))
	}
	return Mul(ExpandDims(position, -1), position.Graph().Array(rates, len(rates)))
}
