// Package safetensors reads and writes arrays of numbers in the format of
// https://github.com/huggingface/safetensors: a length, a JSON header, and the
// arrays one after the other. Files come from anywhere, so that reading
// believes nothing: sizes are checked before memory is asked for. What is written
// has a checksum, see seal.go.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
)

// A Tensor is a named array, row-major. One of F32 and F64 is set.
type Tensor struct {
	Name  string
	Shape []int
	F32   []float32
	F64   []float64
}

// Of returns values as a tensor of float32 or float64.
func Of(name string, single bool, shape []int, values []float64) Tensor {
	t := Tensor{Name: name, Shape: shape, F64: values}
	if single {
		t.F32, t.F64 = make([]float32, len(values)), nil
		for i, x := range values {
			t.F32[i] = float32(x)
		}
	}
	return t
}

// Float64s returns the elements.
func (t *Tensor) Float64s() []float64 {
	if t.F32 == nil {
		return t.F64
	}
	out := make([]float64, len(t.F32))
	for i, x := range t.F32 {
		out[i] = float64(x)
	}
	return out
}

// A File is what a file holds.
type File struct {
	Tensors []Tensor
	Meta    map[string]string
}

const (
	maxHeader = 16 << 20
	metaKey   = "__metadata__"
)

// entry is a tensor in the header.
type entry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
}

// readers make elements of bytes, by the type of elements: as float32 where that has all of
// them. Encode writes F32 and F64.
var readers = map[string]struct {
	width int
	f32   func(b []byte) float32
	f64   func(b []byte) float64
}{
	"F32":  {width: 4, f32: func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	"F64":  {width: 8, f64: func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	"F16":  {width: 2, f32: func(b []byte) float32 { return Half(binary.LittleEndian.Uint16(b)) }},
	"BF16": {width: 2, f32: func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }},
	"I64":  {width: 8, f64: func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) }},
	"I32":  {width: 4, f64: func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) }},
}

// Half returns the number that has these bits in IEEE's format of 16 bits.
func Half(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, uint32(bits>>10&31), uint32(bits&1023)
	switch exponent {
	case 0: // fraction·2⁻²⁴, which is exact
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 31: // infinite, or no number
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// Encode returns the text of the file. Tensors are written in the order of
// their names, so that equal content makes equal files; the checksum is added. It panics if a shape
// does not fit its elements or two tensors have one name.
func Encode(f File) []byte {
	list := append([]Tensor(nil), f.Tensors...)
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	head := map[string]any{metaKey: withRoom(f.Meta)}
	at := 0
	for _, t := range list {
		e := entry{"F64", append([]int{}, t.Shape...), []int{at, at + 8*len(t.F64)}}
		n := len(t.F64)
		if t.F32 != nil {
			e, n = entry{"F32", e.Shape, []int{at, at + 4*len(t.F32)}}, len(t.F32)
		}
		if size, ok := product(t.Shape); !ok || size != n || head[t.Name] != nil {
			panic(fmt.Sprintf("safetensors: %q of shape %v has %d elements, or is there twice", t.Name, t.Shape, n))
		}
		head[t.Name] = e
		at = e.Offsets[1]
	}
	header, err := json.Marshal(head)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(header)+at), uint64(len(header)))
	out = append(out, header...)
	for _, t := range list {
		for _, x := range t.F32 {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
		}
		for _, x := range t.F64 {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
	}
	seal(out)
	return out
}

// Decode reads the text of a file: tensors in the order of their places. They
// must fill the file without holes, and the checksum, if there is one, must be
// right; it is not in Meta.
func Decode(text []byte) (*File, error) {
	if len(text) < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes are too few", len(text))
	}
	n := binary.LittleEndian.Uint64(text)
	if n > maxHeader || n > uint64(len(text)-8) {
		return nil, fmt.Errorf("safetensors: a header of %d bytes in a file of %d", n, len(text))
	}
	entries, meta, err := decodeHeader(text[8 : 8+n])
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if err := checkSeal(text, 8+int(n), meta); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, body, at := &File{Meta: meta}, text[8+n:], 0
	for _, e := range entries {
		t, end, err := e.read(body, at)
		if err != nil {
			return nil, fmt.Errorf("safetensors: %q: %w", e.name, err)
		}
		f.Tensors, at = append(f.Tensors, t), end
	}
	if at != len(body) {
		return nil, fmt.Errorf("safetensors: %d bytes after the last tensor", len(body)-at)
	}
	return f, nil
}

type namedEntry struct {
	name string
	entry
}

// decodeHeader reads the header key by key, since a JSON object read at once
// would hide that a name is there twice. Entries are returned by place.
func decodeHeader(text []byte) (list []namedEntry, meta map[string]string, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, fmt.Errorf("the header is not a JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		name := key.(string) // the decoder takes no other key
		if seen[name] {
			return nil, nil, fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		if name == metaKey {
			err = dec.Decode(&meta)
		} else {
			e := namedEntry{name: name}
			err = dec.Decode(&e.entry)
			list = append(list, e)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, fmt.Errorf("text after the header")
	}
	for _, e := range list {
		if len(e.Offsets) != 2 {
			return nil, nil, fmt.Errorf("%q: %d offsets, not 2", e.name, len(e.Offsets))
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i].Offsets, list[j].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	return list, meta, nil
}

// read takes the tensor from its place in body, which must begin at at.
func (e *namedEntry) read(body []byte, at int) (t Tensor, end int, err error) {
	r, ok := readers[e.DType]
	if !ok {
		return t, 0, fmt.Errorf("element type %q; F32, F64, F16, BF16, I64 and I32 can be read", e.DType)
	}
	size := r.width
	n, ok := product(e.Shape)
	if !ok || n > len(body)/size {
		return t, 0, fmt.Errorf("shape %v does not fit in %d bytes", e.Shape, len(body))
	}
	if e.Offsets[0] != at || e.Offsets[1] != at+n*size || e.Offsets[1] > len(body) {
		return t, 0, fmt.Errorf("is at %v; expected [%d %d] of %d bytes", e.Offsets, at, at+n*size, len(body))
	}
	t = Tensor{Name: e.name, Shape: e.Shape}
	raw := body[at : at+n*size]
	if r.f32 != nil {
		t.F32 = make([]float32, n)
		for i := range t.F32 {
			t.F32[i] = r.f32(raw[size*i:])
		}
	} else {
		t.F64 = make([]float64, n)
		for i := range t.F64 {
			t.F64[i] = r.f64(raw[size*i:])
		}
	}
	return t, at + n*size, nil
}

// product returns the number of elements of a shape; ok is false if a length
// is negative or the product does not fit.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}
