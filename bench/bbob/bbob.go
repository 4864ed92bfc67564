// Package bbob has the 24 noiseless functions of COCO's suite bbob, on which optimizers
// are compared without gradients elsewhere, as expressions: their gradients are exact.
// Hansen, Finck, Ros, Auger 2009, https://hal.inria.fr/inria-00362633; numbers of an
// instance are drawn as in the published program, https://github.com/numbbo/coco: random
// numbers and least values have its bits, rotations are its own to rounding.
package bbob

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
)

type node = graph.Node

// Dimensions that COCO's generator of numbers is made for.
const (
	MinDim = 2
	MaxDim = 40
)

// Targets are COCO's: how far above the minimum a run is to come, 51 values from 100
// to 1e-8, five to a power of ten.
var Targets = targets()

func targets() []float64 {
	out := make([]float64, 51)
	for i := range out {
		out[i] = elementary.Pow(10, float64(10-i)/5)
	}
	return out
}

// A Function is one of them, in a dimension, with the numbers of an instance: where its
// minimum is, how it is turned.
type Function struct {
	*Row
	Number   int // 1 to 24
	Dim      int
	Instance int       // 1, 2, ..., of COCO
	At       []float64 // the lowest point
	Min      float64   // COCO's value there
	Data     []Array   // numbers of the instance, of the same names and lengths in all
}

// An Array is numbers that a function is made of.
type Array struct {
	Name   string
	Dims   []int
	Values []float64
}

// New returns the function of a number, from 1 to 24, in a dimension, from 2 to 40.
// The instances of COCO are numbered from 1.
func New(number, dim, instance int) (*Function, error) {
	switch {
	case number < 1 || number > len(Table):
		return nil, fmt.Errorf("function %d: there are 1 to %d", number, len(Table))
	case dim < MinDim || dim > MaxDim:
		return nil, fmt.Errorf("dimension %d: it is from %d to %d", dim, MinDim, MaxDim)
	case instance < 1 || instance > 1<<16:
		return nil, fmt.Errorf("instance %d: it is from 1 to %d", instance, 1<<16)
	}
	row := &Table[number-1]
	d := &drawn{n: dim, seed: int64(number) + 10000*int64(instance)}
	if row.seed != 0 {
		d.seed = row.seed + 10000*int64(instance)
	}
	f := &Function{Row: row, Number: number, Dim: dim, Instance: instance, Min: lowest(d.seed)}
	row.draw(d)
	f.At, f.Data = slices.Clone(d.at), d.data
	return f, nil
}

// Value returns how far the function is above its minimum at x, a vector: COCO's value
// less [Function.Min]. data are nodes for [Function.Data], in that order; with none,
// the numbers are constants.
func (f *Function) Value(x *node, data ...*node) *node {
	p := point{x: x, n: f.Dim, data: map[string]*node{}}
	for i, a := range f.Data {
		if len(data) > 0 {
			p.data[a.Name] = data[i]
		} else {
			p.data[a.Name] = x.Graph().Array(slices.Clone(a.Values), a.Dims...)
		}
	}
	return f.value(p)
}
