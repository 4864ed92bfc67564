package onnx

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The parts of a file, with the numbers of their fields in
// https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto.

// Versions that are written.
const (
	irVersion = 8
	opset     = 13
	mlOpset   = 2
	mlDomain  = "ai.onnx.ml" // whose operators take words
)

// The types of elements.
const (
	float32s = 1
	int32s   = 6
	int64s   = 7
	words    = 8
	bools    = 9
)

// A file is a model.
type file struct {
	block
	opsets map[string]int // by domain
	meta   map[string]string
}

// A block is a graph: of a model, or of the steps of a loop.
type block struct {
	name            string
	inputs, outputs []value
	constants       []tensor
	nodes           []step
}

// A value is an input or output.
type value struct {
	name string
	elem int
	dims []dim
}

// A dim is the length of an axis: a number, a name, or neither if it is not known.
type dim struct {
	n    int
	name string
}

// A tensor is an array of constants. One of its lists is set.
type tensor struct {
	name   string
	dims   []int
	floats []float32
	ints   []int64
}

// A step is a node.
type step struct {
	op, domain string
	in, out    []string
	set        []attribute
}

// An attribute is a setting of a node: an int, a float32, a string, a list of one of
// these, or a *block.
type attribute struct {
	name  string
	value any
}

func set(name string, value any) attribute { return attribute{name, value} }

// The wire format.

func appendInt(b []byte, field protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendPart(b []byte, field protowire.Number, part []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), part)
}

func (f *file) encode() (b []byte) {
	b = appendInt(b, 1, irVersion)
	b = appendText(b, 2, "descent")
	b = appendPart(b, 7, f.block.encode())
	for _, domain := range slices.Sorted(maps.Keys(f.opsets)) {
		var part []byte
		if domain != "" {
			part = appendText(part, 1, domain)
		}
		b = appendPart(b, 8, appendInt(part, 2, f.opsets[domain]))
	}
	for _, key := range slices.Sorted(maps.Keys(f.meta)) {
		b = appendPart(b, 14, appendText(appendText(nil, 1, key), 2, f.meta[key]))
	}
	return b
}

func (g *block) encode() (b []byte) {
	for i := range g.nodes {
		b = appendPart(b, 1, g.nodes[i].encode())
	}
	b = appendText(b, 2, g.name)
	for i := range g.constants {
		b = appendPart(b, 5, g.constants[i].encode())
	}
	for _, v := range g.inputs {
		b = appendPart(b, 11, v.encode())
	}
	for _, v := range g.outputs {
		b = appendPart(b, 12, v.encode())
	}
	return b
}

func (s *step) encode() (b []byte) {
	for _, name := range s.in {
		b = appendText(b, 1, name)
	}
	for _, name := range s.out {
		b = appendText(b, 2, name)
	}
	b = appendText(b, 3, s.out[0])
	b = appendText(b, 4, s.op)
	for _, a := range s.set {
		b = appendPart(b, 5, a.encode())
	}
	if s.domain != "" {
		b = appendText(b, 7, s.domain)
	}
	return b
}

// The types of attributes.
const (
	ofFloat = iota + 1
	ofInt
	ofString
	ofTensor
	ofGraph
	ofFloats
	ofInts
	ofStrings
)

func (a *attribute) encode() []byte {
	b, kind := appendText(nil, 1, a.name), 0
	float := func(field protowire.Number, x float32) {
		b = protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), math.Float32bits(x))
	}
	switch v := a.value.(type) {
	case float32:
		kind = ofFloat
		float(2, v)
	case int:
		kind = ofInt
		b = appendInt(b, 3, v)
	case string:
		kind = ofString
		b = appendText(b, 4, v)
	case *block:
		kind = ofGraph
		b = appendPart(b, 6, v.encode())
	case []float32:
		kind = ofFloats
		for _, x := range v {
			float(7, x)
		}
	case []int:
		kind = ofInts
		for _, x := range v {
			b = appendInt(b, 8, x)
		}
	case []string:
		kind = ofStrings
		for _, x := range v {
			b = appendText(b, 9, x)
		}
	}
	return appendInt(b, 20, kind)
}

func (t *tensor) encode() (b []byte) {
	for _, d := range t.dims {
		b = appendInt(b, 1, d)
	}
	var raw []byte
	elem := float32s
	if t.ints != nil {
		elem = int64s
	}
	for _, x := range t.floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	for _, x := range t.ints {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	b = appendInt(b, 2, elem)
	b = appendText(b, 8, t.name)
	return appendPart(b, 9, raw)
}

func (v *value) encode() []byte {
	var shape []byte
	for _, d := range v.dims {
		var part []byte
		switch {
		case d.name != "":
			part = appendText(nil, 2, d.name)
		case d.n >= 0:
			part = appendInt(nil, 1, d.n)
		}
		shape = appendPart(shape, 1, part)
	}
	array := appendPart(appendInt(nil, 1, v.elem), 2, shape)
	return appendPart(appendText(nil, 1, v.name), 2, appendPart(nil, 1, array))
}
