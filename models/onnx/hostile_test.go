package onnx_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"descent/graph"
	"descent/models/onnx"
	"descent/ops"

	"google.golang.org/protobuf/encoding/protowire"
)

// message makes a message of fields of bytes.
func message(fields ...any) (b []byte) {
	for i := 0; i < len(fields); i += 2 {
		number := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(v))
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), v)
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), v)
		}
	}
	return b
}

// whole is a file with a graph of some parts.
func whole(parts ...any) []byte { return message(7, message(parts...)) }

// The parts of a graph: its input, rows of four numbers, and its output.
var (
	fourNumbers = message(1, "x", 2, message(1, message(1, 1, 2, message(1, message(2, "n"), 1, message(1, 4)))))
	output      = message(1, "y")
)

// hostile are files that are refused, with what is said of them.
func hostile() map[string]struct {
	file []byte
	want string
} {
	deep := message(4, "Scan")
	for range 20 {
		deep = message(4, "Scan", 5, message(6, message(1, deep)))
	}
	var sums []byte
	last := "x"
	for i := range 5000 { // each of all before
		name := fmt.Sprint("s", i)
		sums = append(sums, message(1, message(1, last, 1, "x", 2, name, 4, "Add"))...)
		last = name
	}
	sums = append(sums, message(1, message(1, last, 2, "y", 4, "Relu"), 11, fourNumbers, 12, output)...)
	return map[string]struct {
		file []byte
		want string
	}{
		"nothing":          {nil, "there is no graph"},
		"text":             {[]byte("import torch\n"), "no file of ONNX"},
		"cut off":          {whole(12, output)[:5], "no file of ONNX"},
		"blocks in blocks": {whole(1, deep), "blocks within blocks"},
		"too many parts":   {whole(1, bytes.Repeat([]byte{10, 0}, 300_000)), "parts"},
		"huge lengths":     {whole(5, message(1, 1<<40, 2, 1, 8, "w", 9, "abcd")), "lengths"},
		"negative length":  {whole(5, message(1, -1, 2, 1, 8, "w")), "lengths"},
		"too few elements": {whole(5, message(1, 3, 2, 1, 8, "w", 9, "abcd")), "1 elements of lengths [3]"},
		"elsewhere":        {whole(5, message(1, 1, 2, 1, 8, "w", 14, 1)), "in another file"},
		"long list":        {whole(5, message(1, 5000, 2, 7, 8, "w", 9, strings.Repeat("12345678", 5000))), "whole numbers"},
		"no input":         {whole(12, output), "0 inputs"},
		"no output":        {whole(11, fourNumbers), "0 outputs"},
		"from nowhere":     {whole(11, fourNumbers, 12, output), "made of nothing"},
		"in a circle":      {whole(1, message(1, "y", 2, "y", 4, "Relu"), 11, fourNumbers, 12, output), "before it is made"},
		"twice":            {whole(1, message(1, "x", 2, "y", 4, "Relu"), 1, message(1, "x", 2, "y", 4, "Relu"), 11, fourNumbers, 12, output), "two nodes"},
		"unknown":          {whole(1, message(1, "x", 2, "y", 4, "Magic"), 11, fourNumbers, 12, output), "operator Magic"},
		"no operands":      {whole(1, message(2, "y", 4, "Relu"), 11, fourNumbers, 12, output), "operator Relu"},
		"many sums":        {message(7, sums), "operator Add"},
		"unread constants": {whole(5, message(1, 2, 1, 2, 2, 3, 8, "w", 9, "abcd"), 1, message(1, "w", 2, "t", 4, "Transpose"), 1, message(1, "t", 1, "t", 2, "u", 4, "Add"), 1, message(1, "x", 1, "u", 2, "y", 4, "MatMul"), 11, fourNumbers, 12, output),
			"operator MatMul"},
		"another program's": {append(message(1, 8), whole(1, message(1, "x", 2, "y", 4, "Relu", 7, "com.example"), 11, fourNumbers, 12, output)...),
			"operator Relu"},
	}
}

// Files that make no sense are errors that say so, in little time and memory.
func TestHostile(t *testing.T) {
	for name, c := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := onnx.Read(c.file)
		if err == nil {
			_, err = f.Net()
		}
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %s", name, err, c.want)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(4*len(c.file)+64<<20) {
			t.Errorf("%s: %d bytes for a file of %d", name, got, len(c.file))
		}
	}
}

// FuzzRead: no file makes the reader panic.
func FuzzRead(f *testing.F) {
	for _, c := range hostile() {
		if len(c.file) < 4096 {
			f.Add(c.file)
		}
	}
	file, err := onnx.Encode(func(rows int) (*onnx.Model, error) {
		g := graph.New(graph.Float32, 1)
		x := g.Input("x", rows, 4)
		y := ops.ReLU(ops.MatMul(x, g.Param("w", graph.Fill(0.5), 4, 3)))
		return &onnx.Model{Inputs: []onnx.Value{{Name: "x", Node: x}}, Outputs: []onnx.Value{{Name: "y", Node: y}}, Meta: map[string]string{"a": "b"}}, nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	for _, text := range []string{"nanogpt(width=8, layers=1)", "conv(2, 3) | group_norm(2) | pool(3, stride=2, padding=1)", "transformer(2, norm=post)"} {
		file, err := subjectOf(f, text).encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		f, err := onnx.Read(text)
		if err != nil {
			return
		}
		if _, err := f.Weights(); err != nil {
			return
		}
		if net, err := f.Net(); err == nil && net.Weights == nil {
			t.Error("a net without weights")
		}
	})
}
