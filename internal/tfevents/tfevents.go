// Package tfevents writes event files as TensorBoard reads them: records of a length, an
// Event of TensorFlow's event.proto, and masked CRC-32C sums of both
// (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto,
// tensorflow/core/framework/summary.proto).
package tfevents

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// A Value is a number or, if there is one, a histogram, under a tag such as val/loss.
type Value struct {
	Tag       string
	Scalar    float64 // written as a float32
	Histogram []float64
}

// A Writer writes events.
type Writer struct {
	w    io.Writer
	text []byte
}

// NewWriter begins a file.
func NewWriter(w io.Writer, at time.Time) (*Writer, error) {
	f := &Writer{w: w}
	const version = 3
	return f, f.record(text(event(at, 0), version, []byte("brain.Event:2")))
}

// Write writes values of a step as one event.
func (f *Writer) Write(at time.Time, step int, values ...Value) error {
	const summary = 5
	var all []byte
	for i := range values {
		all = text(all, 1, values[i].encode())
	}
	return f.record(text(event(at, step), summary, all))
}

// event begins an Event.
func event(at time.Time, step int) []byte {
	b := number(nil, 1, float64(at.UnixNano())/1e9)
	return binary.AppendUvarint(append(b, 2<<3), uint64(step))
}

// encode returns a Summary.Value.
func (v *Value) encode() []byte {
	const scalar, histogram, fixed32 = 2, 5, 5
	b := text(nil, 1, []byte(v.Tag))
	if v.Histogram != nil {
		return text(b, histogram, histogramOf(v.Histogram))
	}
	return binary.LittleEndian.AppendUint32(append(b, scalar<<3|fixed32), math.Float32bits(float32(v.Scalar)))
}

// buckets of a histogram, of equal width.
const buckets = 30

// histogramOf returns a HistogramProto of the numbers that are finite.
func histogramOf(x []float64) []byte {
	least, most, n, sum, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0, 0.0
	finite := func(v float64) bool { return v-v == 0 }
	for _, v := range x {
		if finite(v) {
			least, most = min(least, v), max(most, v)
			n, sum, squares = n+1, sum+v, squares+float64(v*v)
		}
	}
	if n == 0 {
		least, most = 0, 0
	}
	width := (most - least) / buckets
	var counts [buckets]float64
	for _, v := range x {
		if finite(v) && width > 0 {
			counts[min(int((v-least)/width), buckets-1)]++
		} else if finite(v) {
			counts[buckets-1]++
		}
	}
	var limits, in []byte
	for i, c := range counts {
		limit := least + float64(width*float64(i+1))
		if i == buckets-1 {
			limit = most
		}
		limits, in = binary.LittleEndian.AppendUint64(limits, math.Float64bits(limit)), binary.LittleEndian.AppendUint64(in, math.Float64bits(c))
	}
	var b []byte
	for i, v := range []float64{least, most, n, sum, squares} {
		b = number(b, i+1, v)
	}
	return text(text(b, 6, limits), 7, in)
}

// number appends a field of 64 bits.
func number(b []byte, field int, x float64) []byte {
	const fixed64 = 1
	return binary.LittleEndian.AppendUint64(append(b, byte(field<<3|fixed64)), math.Float64bits(x))
}

// text appends a field of bytes.
func text(b []byte, field int, content []byte) []byte {
	const bytes = 2
	b = binary.AppendUvarint(append(b, byte(field<<3|bytes)), uint64(len(content)))
	return append(b, content...)
}

// record writes a record.
func (f *Writer) record(content []byte) error {
	b := binary.LittleEndian.AppendUint64(f.text[:0], uint64(len(content)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, content...)
	f.text = binary.LittleEndian.AppendUint32(b, masked(content))
	_, err := f.w.Write(f.text)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is a sum that does not look like one: sums of what has sums in it are bad ones.
func masked(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
