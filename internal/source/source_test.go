package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/elementary"
)

// functions are those that models need, of two arguments or of one.
var functions = []struct {
	name string
	f    func(x, y float64) float64
}{
	{"Exp(x)", func(x, _ float64) float64 { return elementary.Exp(x) }},
	{"Expm1(x)", func(x, _ float64) float64 { return elementary.Expm1(x) }},
	{"Log(x)", func(x, _ float64) float64 { return elementary.Log(x) }},
	{"Log1p(x)", func(x, _ float64) float64 { return elementary.Log1p(x) }},
	{"Sin(x)", func(x, _ float64) float64 { return elementary.Sin(x) }},
	{"Cos(x)", func(x, _ float64) float64 { return elementary.Cos(x) }},
	{"Tan(x)", func(x, _ float64) float64 { return elementary.Tan(x) }},
	{"Asin(x)", func(x, _ float64) float64 { return elementary.Asin(x) }},
	{"Acos(x)", func(x, _ float64) float64 { return elementary.Acos(x) }},
	{"Atan(x)", func(x, _ float64) float64 { return elementary.Atan(x) }},
	{"Atan2(x, y)", elementary.Atan2},
	{"Sinh(x)", func(x, _ float64) float64 { return elementary.Sinh(x) }},
	{"Cosh(x)", func(x, _ float64) float64 { return elementary.Cosh(x) }},
	{"Tanh(x)", func(x, _ float64) float64 { return elementary.Tanh(x) }},
	{"Erf(x)", func(x, _ float64) float64 { return elementary.Erf(x) }},
	{"Erfc(x)", func(x, _ float64) float64 { return elementary.Erfc(x) }},
	{"Erfinv(x)", func(x, _ float64) float64 { return elementary.Erfinv(x) }},
	{"NormCDF(x)", func(x, _ float64) float64 { return elementary.NormCDF(x) }},
	{"Sigmoid(x)", func(x, _ float64) float64 { return elementary.Sigmoid(x) }},
	{"Pow(x, y)", elementary.Pow},
}

// compilers are those of C that there are; a test that finds none is skipped.
func compilers(t *testing.T) (names []string) {
	for _, name := range []string{"gcc", "clang"} {
		if _, err := exec.LookPath(name); err == nil {
			names = append(names, name)
		} else {
			t.Logf("no %s here", name)
		}
	}
	if names == nil {
		t.Skip("neither gcc nor clang is here")
	}
	return names
}

// flags are those that exported headers are to be accepted with.
var flags = strings.Fields("-std=c99 -O3 -Wall -Wextra -Werror -pedantic")

// build compiles a program of C.
func build(t *testing.T, compiler string, files map[string]string, further ...string) (program string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	program = filepath.Join(dir, "program")
	cmd := exec.Command(compiler, append(append(append([]string{}, flags...), further...), "-o", program, "main.c")...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%.4000s", compiler, err, text)
	}
	return program
}

// TestElementaryFunctions compares each function in C with Go, bit for bit.
func TestElementaryFunctions(t *testing.T) {
	var text strings.Builder
	text.WriteString("package model\n\nfunc Value(k int, x, y float64) float64 {\n\tswitch k {\n")
	for i, f := range functions {
		fmt.Fprintf(&text, "\tcase %d:\n\t\treturn %s\n", i, f.name)
	}
	text.WriteString("\t}\n\treturn x * y\n}\n")
	u, err := Parse(text.String(), "float32", nil)
	if err != nil {
		t.Fatal(err)
	}
	header, err := u.C("", "m")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	number := func() float64 {
		switch r.IntN(3) {
		case 0:
			return math.Float64frombits(r.Uint64())
		case 1:
			return []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1, -1, 2, 0.5, 5e-324}[r.IntN(10)]
		}
		return r.NormFloat64() * math.Ldexp(1, r.IntN(20)-10)
	}
	var in bytes.Buffer
	var want []float64
	for i := range rows {
		k, x, y := i%len(functions), number(), number()
		binary.Write(&in, binary.LittleEndian, []float64{float64(k), x, y})
		want = append(want, functions[k].f(x, y))
	}
	main := `#include <stdio.h>
#include "m.h"
int main(void) {
	double x[3];
	while (fread(x, sizeof x, 1, stdin) == 1) {
		double y = m_value((int)x[0], x[1], x[2]);
		fwrite(&y, sizeof y, 1, stdout);
	}
	return 0;
}
`
	for _, compiler := range compilers(t) {
		program := build(t, compiler, map[string]string{"m.h": string(header), "main.c": main})
		cmd := exec.Command(program)
		cmd.Stdin = bytes.NewReader(in.Bytes())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float64, rows)
		if err := binary.Read(bytes.NewReader(out), binary.LittleEndian, got); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
				at := in.Bytes()[i*24:]
				x := func(k int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(at[8*k:])) }
				t.Fatalf("%s: %s of %x, %x = %x, Go has %x", compiler, functions[i%len(functions)].name, x(1), x(2), got[i], want[i])
			}
		}
	}
}
