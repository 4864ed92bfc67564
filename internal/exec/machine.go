package exec

import "descent/internal/kernel"

// An Array is memory of one of both types of elements; the other is nil.
type Array struct {
	F32 []float32
	F64 []float64
}

func arrayOf[T kernel.Float](s []T) (a Array) {
	switch s := any(s).(type) {
	case []float32:
		a.F32 = s
	case []float64:
		a.F64 = s
	}
	return a
}

// A Machine is a Program, of whatever type its elements are. A package that names a
// generic type compiles all its methods again; who uses machines does not.
type Machine interface {
	Run()
	Renew()
	RunChecked() *NonFinite
	Input(leaf int) Array
	ScalarInput(leaf int) *float64
	Output(i int) Array
	Scalar(i int) float64
	Borrows() bool
	Steps() int
	ArenaBytes() int
	Listing() string
}

type machine[T kernel.Float] struct{ *Program[T] }

func (m machine[T]) Input(leaf int) Array { return arrayOf(m.Program.Input(leaf)) }
func (m machine[T]) Output(i int) Array   { return arrayOf(m.Program.Output(i)) }

// NewMachine is [Compile]; elements are float64 if double, else float32.
func NewMachine(f *Func, double bool, memory func(leaf int) Array, o Options) (Machine, error) {
	if double {
		p, err := Compile(f, func(leaf int) []float64 { return memory(leaf).F64 }, o)
		return machine[float64]{p}, err
	}
	p, err := Compile(f, func(leaf int) []float32 { return memory(leaf).F32 }, o)
	return machine[float32]{p}, err
}

// Bytes returns how much memory a program of f would take for its inputs and its
// intermediate values. It allocates none of it.
func Bytes(f *Func, double bool) (int, error) {
	if double {
		return bytesOf[float64](f)
	}
	return bytesOf[float32](f)
}
