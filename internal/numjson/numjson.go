// Package numjson writes and reads JSON in which every float64 has a place:
// what JSON has no number for are the strings "nan", "inf" and "-inf". All JSON
// of this module goes through it.
//
// It is encoding/json otherwise: the same tags, methods, order and layout.
package numjson

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	v1 "github.com/go-json-experiment/json/v1"
)

var (
	marshalers = json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(out *jsontext.Encoder, x float64) error { return write(out, x) }),
		json.MarshalToFunc(func(out *jsontext.Encoder, x float32) error { return write(out, float64(x)) }),
	))
	unmarshalers = json.WithUnmarshalers(json.UnmarshalFromFunc(read))
	encoding     = json.JoinOptions(v1.DefaultOptionsV1(), marshalers)
	decoding     = json.JoinOptions(v1.DefaultOptionsV1(), unmarshalers)
)

// names of the numbers that JSON does not have.
var names = map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}

// write writes a number that JSON does not have, and leaves others to the
// caller.
func write(out *jsontext.Encoder, x float64) error {
	switch {
	case math.IsNaN(x):
		return out.WriteToken(jsontext.String("nan"))
	case math.IsInf(x, 1):
		return out.WriteToken(jsontext.String("inf"))
	case math.IsInf(x, -1):
		return out.WriteToken(jsontext.String("-inf"))
	}
	return errors.ErrUnsupported
}

// read is the inverse of write.
func read(in *jsontext.Decoder, x *float64) error {
	if in.PeekKind() != jsontext.KindString {
		return errors.ErrUnsupported
	}
	token, err := in.ReadToken()
	if err != nil {
		return err
	}
	v, ok := names[token.String()]
	if !ok {
		return fmt.Errorf("%q is not a number", token.String())
	}
	*x = v
	return nil
}

// Marshal returns v as one line of JSON.
func Marshal(v any) ([]byte, error) { return json.Marshal(v, encoding) }

// MarshalIndent returns v as JSON of several lines, each level indented.
func MarshalIndent(v any, indent string) ([]byte, error) {
	return json.Marshal(v, encoding, jsontext.WithIndent(indent))
}

// Write writes v as JSON with a newline at the end: of several lines, or one if
// indent is empty.
func Write(w io.Writer, v any, indent string) error {
	text, err := Marshal(v)
	if indent != "" {
		text, err = MarshalIndent(v, indent)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Unmarshal reads JSON into v.
func Unmarshal(text []byte, v any) error { return json.Unmarshal(text, v, decoding) }

// UnmarshalStrict is Unmarshal that refuses members which v does not have.
func UnmarshalStrict(text []byte, v any) error {
	return json.Unmarshal(text, v, decoding, json.RejectUnknownMembers(true))
}
