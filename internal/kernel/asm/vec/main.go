// Command vec writes the vector kernels of package kernel for amd64: the
// primitives, reductions, rows of a softmax, of the weights of an attention and of
// tables.
//
// A formula is written once, in terms of the methods of machine, for all
// instruction sets and element types. Coefficients of polynomials are minimax
// fits (Remez) on the interval that the formula's argument is reduced to, of
// the error relative to the function's value.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	set := flag.NewFlagSet("vec", flag.ExitOnError)
	only := set.String("only", "", "write, instead of all else, the rows of weights or of tables: weights, tables")
	flags := build.NewFlags(set)
	set.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("amd64")
	globals := map[string]operand.Mem{}
	for _, m := range []*machine{
		{isa: avx2}, {isa: avx2, double: true},
		{isa: avx512}, {isa: avx512, double: true},
	} {
		m.Context, m.globals = c, globals
		switch *only {
		case "weights":
			m.weightRows()
			m.weightGradRows()
			continue
		case "tables":
			m.takeRows()
			continue
		}
		for _, k := range kernels() {
			if k.formula != nil && !(k.single && m.double) {
				k.generate(m)
			}
		}
		m.reductions()
		m.softmaxRows("Softmax", false)
		m.softmaxRows("LogSumExp", true)
		m.softmaxLanes("Softmax", false)
		m.softmaxLanes("LogSumExp", true)
	}
	config := flags.Config()
	config.Passes = slices.Insert(config.Passes, 1, pass.Interface(pass.FunctionPass(checkRegisters)))
	os.Exit(build.Main(config, c))
}

// checkRegisters refuses kernels for AVX2 that use more than its 16 registers:
// avo knows 32.
func checkRegisters(f *ir.Function) error {
	if !strings.HasSuffix(f.Name, "AVX2") {
		return nil
	}
	for _, i := range f.Instructions() {
		for _, r := range i.Registers() {
			if p := reg.ToPhysical(r); p != nil && p.Kind() == reg.KindVector && p.PhysicalIndex() > 15 {
				return fmt.Errorf("%s needs too many registers", f.Name)
			}
		}
	}
	return nil
}

func (m *machine) reductions() {
	if m.double {
		m.rows("Sum", "VADDPD", 0)
	} else {
		m.chains()
		m.joinChains("float32")
		m.joinChains("float64")
	}
	m.rows("Prod", "VMULPD", 1)
	for _, onto := range []bool{false, true} {
		m.columns("Sum", "VADDPD", 0, onto)
		m.columns("Prod", "VMULPD", 1, onto)
	}
	for _, e := range extremes() {
		m.extremeRows(e, false)
		m.extremeRows(e, true)
		m.extremeColumns(e, false)
		m.extremeColumns(e, true)
	}
}

func kernels() []kernel {
	var all []kernel
	all = append(all, arithmetic()...)
	all = append(all, elementary()...)
	all = append(all, trigonometric()...)
	all = append(all, power()...)
	return all
}
