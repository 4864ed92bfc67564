package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"testing"
)

func example() File {
	return File{
		Meta: map[string]string{"format": "pt", "note": "a \"quoted\" word"},
		Tensors: []Tensor{
			{Name: "w", Shape: []int{2, 3}, F32: []float32{1, -2, 3.5, 0, float32(math.Inf(1)), 1e-45}},
			{Name: "b", Shape: []int{}, F64: []float64{math.Pi}},
			{Name: "empty", Shape: []int{0, 4}, F32: []float32{}},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	text := Encode(example())
	f, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := Encode(*f); !bytes.Equal(again, text) {
		t.Errorf("encoded again:\n%q\n%q", again, text)
	}
	got := map[string]Tensor{}
	for _, x := range f.Tensors {
		got[x.Name] = x
	}
	for _, x := range example().Tensors {
		if !reflect.DeepEqual(got[x.Name], x) {
			t.Errorf("got %+v, want %+v", got[x.Name], x)
		}
	}
	if !reflect.DeepEqual(f.Meta, example().Meta) {
		t.Errorf("meta %v", f.Meta)
	}
}

// Halves and whole numbers are read as the numbers that they are.
func TestOtherElements(t *testing.T) {
	f, err := Decode(raw(`{"h":{"dtype":"F16","shape":[8],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]},"n":{"dtype":"I64","shape":[],"data_offsets":[20,28]},"i":{"dtype":"I32","shape":[1],"data_offsets":[28,32]}}`,
		"\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x04\x55\x35\x00\xfc\x00\x80"+"\x80\x3f\x49\xc0"+"\xfe\xff\xff\xff\xff\xff\xff\xff"+"\xfd\xff\xff\xff"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{1, -2, 65504, 1. / (1 << 24), 1. / (1 << 14), 0.333251953125, math.Inf(-1), 0}, {1, -3.140625}, {-2}, {-3}} {
		if got := f.Tensors[i].Float64s(); !reflect.DeepEqual(got, want) && i > 0 || i == 0 && !reflect.DeepEqual(got[:7], want[:7]) {
			t.Errorf("%s: %v, not %v", f.Tensors[i].Name, got, want)
		}
	}
	if zero := f.Tensors[0].F32[7]; zero != 0 || !math.Signbit(float64(zero)) {
		t.Errorf("-0 is %v", zero)
	}
	if x := Half(0x7e00); x == x {
		t.Errorf("NaN is %v", x)
	}
}

func raw(header, body string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header+body...)
}

// Files that must be refused, and quickly.
var hostile = map[string][]byte{
	"short":       []byte("abc"),
	"huge header": append(binary.LittleEndian.AppendUint64(nil, 1<<62), "{}"...),
	"not JSON":    raw(`[]`, ""),
	"open":        raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`, "1234"),
	"overflow":    raw(`{"a":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]}}`, "1234"),
	"overlap":     raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
	"hole":        raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "12345678"),
	"trailing":    raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "12345"),
	"short body":  raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, "1234"),
	"negative":    raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}`, ""),
	"offsets":     raw(`{"a":{"dtype":"F32","shape":[1]}}`, "1234"),
	"duplicate":   raw(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, ""),
	"type":        raw(`{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}`, "1"),
	"field":       raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, "1234"),
	"after":       raw(`{}{}`, ""),
}

func TestHostile(t *testing.T) {
	for name, text := range hostile {
		if f, err := Decode(text); err == nil {
			t.Errorf("%s: read as %+v", name, f)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(example()))
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if at := bytes.Index(text, []byte(sealBegin)); at >= 0 && at+len(sealBegin)+len(zeros) <= len(text) {
			copy(text[at+len(sealBegin):], zeros) // a checksum that is right, so that what it hides is tried
			seal(text)
		}
		file, err := Decode(text)
		if err != nil {
			return
		}
		again, err := Decode(Encode(*file))
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Errorf("what was read cannot be written and read: %v", err)
		}
	})
}

// Each bit that changes is noticed.
func TestEveryBitIsSealed(t *testing.T) {
	text := Encode(example())
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		if f, err := Decode(text); err == nil {
			t.Errorf("bit %d of %q: read as %+v", bit, text, f)
		}
		text[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := Decode(text); err != nil {
		t.Error(err)
	}
}
