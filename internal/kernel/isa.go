package kernel

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/cpu"
)

// An ISA is an instruction set that kernels exist for. Each one includes those
// before it.
type ISA uint8

// The instruction sets.
const (
	Portable ISA = iota // plain Go
	AVX2                // AVX2 and FMA
	AVX512              // AVX-512 F, BW, DQ and VL
)

var isaNames = [...]string{"portable", "avx2", "avx512"}

// String returns the name that DESCENT_ISA takes.
func (i ISA) String() string { return isaNames[i] }

// isaVariable lowers the instruction set that [Active] chooses, to test the
// kernels of older machines on a newer one. It never raises it.
const isaVariable = "DESCENT_ISA"

var (
	hardware       = detect()
	active, isaErr = choose(hardware, os.Getenv(isaVariable))
)

// Active returns the instruction set in use. It is chosen once, when the
// program starts.
func Active() ISA { return active }

// ISAError reports a DESCENT_ISA that names no instruction set, and a
// DESCENT_CONV that names no method.
func ISAError() error { return errors.Join(isaErr, methodErr) }

func detect() ISA {
	switch x := &cpu.X86; {
	case x.HasAVX2 && x.HasFMA && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Portable
}

func choose(limit ISA, name string) (ISA, error) {
	if name == "" {
		return limit, nil
	}
	for i, n := range isaNames {
		if n == name {
			return min(limit, ISA(i)), nil
		}
	}
	return limit, fmt.Errorf("%s=%q: want %s", isaVariable, name, strings.Join(isaNames[:], ", "))
}
