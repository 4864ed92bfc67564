package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/internal/safetensors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Reading believes nothing: each part of a file costs some of a budget, so that a file of
// many small parts takes little more memory than it has bytes, and arrays are no larger
// than what is in them.

// maxParts bounds the nodes, names, settings and lengths of a file.
const maxParts = 200_000

// maxWhole bounds an array of whole numbers, which shapes and axes are.
const maxWhole = 4096

// maxDepth bounds blocks within blocks.
const maxDepth = 8

type decoder struct {
	parts int // left
	depth int
}

// spend takes a part from the budget.
func (d *decoder) spend() error {
	if d.parts--; d.parts < 0 {
		return fmt.Errorf("more than %d parts", maxParts)
	}
	return nil
}

// A field is one of a message.
type field struct {
	number protowire.Number
	kind   protowire.Type
	n      uint64 // of numbers
	text   []byte // of all else
}

// each calls f for each field of a message.
func (d *decoder) each(b []byte, f func(x field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		x := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			x.n, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			x.n = uint64(v)
		case protowire.Fixed64Type:
			x.n, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			x.text, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("a field of type %d", kind)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := d.spend(); err != nil {
			return err
		}
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// decode reads a file.
func decode(text []byte) (*file, error) {
	d := &decoder{parts: maxParts}
	f := &file{opsets: map[string]int{}, meta: map[string]string{}}
	seen := false
	err := d.each(text, func(x field) (err error) {
		switch x.number {
		case 7:
			seen = true
			err = d.block(x.text, &f.block)
		case 8:
			domain, version := "", 0
			err = d.each(x.text, func(x field) error {
				if x.number == 1 {
					domain = string(x.text)
				} else if x.number == 2 {
					version = int(x.n)
				}
				return nil
			})
			f.opsets[domain] = version
		case 14:
			var key, value string
			err = d.each(x.text, func(x field) error {
				if x.number == 1 {
					key = string(x.text)
				} else if x.number == 2 {
					value = string(x.text)
				}
				return nil
			})
			f.meta[key] = value
		}
		return err
	})
	if err == nil && !seen {
		err = errors.New("there is no graph")
	}
	if err != nil {
		return nil, fmt.Errorf("no file of ONNX: %w", err)
	}
	return f, nil
}

func (d *decoder) block(text []byte, g *block) error {
	if d.depth++; d.depth > maxDepth {
		return errors.New("blocks within blocks")
	}
	defer func() { d.depth-- }()
	return d.each(text, func(x field) (err error) {
		switch x.number {
		case 1:
			var s step
			err = d.step(x.text, &s)
			g.nodes = append(g.nodes, s)
		case 2:
			g.name = string(x.text)
		case 5:
			var t tensor
			err = d.tensor(x.text, &t)
			g.constants = append(g.constants, t)
		case 11:
			v := value{}
			err = d.value(x.text, &v)
			g.inputs = append(g.inputs, v)
		case 12:
			v := value{}
			err = d.value(x.text, &v)
			g.outputs = append(g.outputs, v)
		}
		return err
	})
}

func (d *decoder) step(text []byte, s *step) error {
	return d.each(text, func(x field) (err error) {
		switch x.number {
		case 1:
			s.in = append(s.in, string(x.text))
		case 2:
			s.out = append(s.out, string(x.text))
		case 4:
			s.op = string(x.text)
		case 5:
			var a attribute
			err = d.attribute(x.text, &a)
			s.set = append(s.set, a)
		case 7:
			s.domain = string(x.text)
		}
		return err
	})
}

func (d *decoder) attribute(text []byte, a *attribute) error {
	var floats []float32
	var ints []int
	var strings []string
	kind := 0
	err := d.each(text, func(x field) (err error) {
		switch x.number {
		case 1:
			a.name = string(x.text)
		case 2:
			a.value = math.Float32frombits(uint32(x.n))
		case 3:
			a.value = int(x.n)
		case 4:
			a.value = string(x.text)
		case 5:
			t := &tensor{}
			err = d.tensor(x.text, t)
			a.value = t
		case 6:
			g := &block{}
			err = d.block(x.text, g)
			a.value = g
		case 7:
			floats, err = appendFloats(floats, x)
		case 8:
			ints, err = wholes(d, ints, x)
		case 9:
			strings = append(strings, string(x.text))
		case 20:
			kind = int(x.n)
		}
		return err
	})
	switch kind {
	case ofFloats:
		a.value = floats
	case ofInts:
		a.value = ints
	case ofStrings:
		a.value = strings
	}
	return err
}

// wholes adds a whole number, or those of a packed list.
func wholes[T int | int64](d *decoder, list []T, x field) ([]T, error) {
	if x.kind == protowire.VarintType {
		list = append(list, T(x.n))
	}
	for b := x.text; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		if err := d.spend(); err != nil {
			return nil, err
		}
		list, b = append(list, T(v)), b[n:]
	}
	return list, nil
}

// appendFloats adds a number, or those of a packed list.
func appendFloats(list []float32, x field) ([]float32, error) {
	if x.kind == protowire.Fixed32Type {
		return append(list, math.Float32frombits(uint32(x.n))), nil
	}
	if len(x.text)%4 != 0 {
		return nil, errors.New("a list of numbers that is cut off")
	}
	list = slices.Grow(list, len(x.text)/4)
	for b := x.text; len(b) > 0; b = b[4:] {
		list = append(list, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return list, nil
}

// elements are the types of elements that arrays have, with what makes one of its bytes.
var elements = map[int]struct {
	width int
	float func(b []byte) float32
	whole func(b []byte) int64
}{
	1:      {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }, nil},
	10:     {2, func(b []byte) float32 { return safetensors.Half(binary.LittleEndian.Uint16(b)) }, nil},
	16:     {2, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }, nil},
	11:     {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }, nil},
	int32s: {4, nil, func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }},
	int64s: {8, nil, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }},
	2:      {1, func(b []byte) float32 { return float32(b[0]) }, nil}, // masks, which may be large
	bools:  {1, func(b []byte) float32 { return float32(b[0]) }, nil},
}

func (d *decoder) tensor(text []byte, t *tensor) error {
	var raw []byte
	var doubles []byte
	elem, elsewhere := 0, false
	err := d.each(text, func(x field) (err error) {
		switch x.number {
		case 1:
			t.dims, err = wholes(d, t.dims, x)
		case 2:
			elem = int(x.n)
		case 4:
			t.floats, err = appendFloats(t.floats, x)
		case 5, 7:
			t.ints, err = wholes(d, t.ints, x)
		case 8:
			t.name = string(x.text)
		case 9:
			raw = x.text
		case 10:
			doubles = x.text
		case 14:
			elsewhere = x.n != 0
		}
		return err
	})
	if err == nil && elsewhere {
		err = errors.New("its numbers are in another file; save the model as one file")
	}
	if err == nil {
		err = t.fill(elem, raw, doubles)
	}
	if err != nil {
		return fmt.Errorf("array %q: %w", t.name, err)
	}
	return nil
}

// fill reads the elements of an array, and demands as many as its lengths say. Arrays of
// types that nothing here reads are left empty.
func (t *tensor) fill(elem int, raw, doubles []byte) error {
	e, ok := elements[elem]
	if !ok {
		t.floats, t.ints = nil, nil
		return nil
	}
	if raw == nil {
		raw = doubles
	}
	n := len(raw) / e.width
	if e.whole != nil && n > maxWhole {
		return fmt.Errorf("%d whole numbers; at most %d are read", n, maxWhole)
	}
	if e.float != nil {
		t.floats = slices.Grow(t.floats, n)
	}
	for i := range n {
		if b := raw[i*e.width:]; e.float != nil {
			t.floats = append(t.floats, e.float(b))
		} else {
			t.ints = append(t.ints, e.whole(b))
		}
	}
	size := 1
	for _, d := range t.dims {
		if d < 0 || d > 0 && size > math.MaxInt32/d {
			return fmt.Errorf("lengths %v", t.dims)
		}
		size *= d
	}
	if got := max(len(t.floats), len(t.ints)); got != size {
		return fmt.Errorf("%d elements of lengths %v", got, t.dims)
	}
	return nil
}

func (d *decoder) value(text []byte, v *value) error {
	array := func(text []byte) error {
		return d.each(text, func(x field) error {
			if x.number == 1 {
				v.elem = int(x.n)
				return nil
			}
			return d.each(x.text, func(x field) error {
				length := dim{n: -1}
				err := d.each(x.text, func(x field) error {
					if x.number == 1 {
						length.n = int(x.n)
					} else if x.number == 2 {
						length.name = string(x.text)
					}
					return nil
				})
				v.dims = append(v.dims, length)
				return err
			})
		})
	}
	return d.each(text, func(x field) error {
		switch x.number {
		case 1:
			v.name = string(x.text)
		case 2:
			return d.each(x.text, func(x field) error {
				if x.number == 1 {
					return array(x.text)
				}
				return nil
			})
		}
		return nil
	})
}
