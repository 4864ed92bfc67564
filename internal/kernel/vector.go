package kernel

import "unsafe"

// A Func is one vector primitive over n elements: dst[i] = f(a[i], b[i], c[i]).
// Operands beyond the primitive's arity are ignored and may be nil. dst may be
// equal to an operand; it may not overlap one in any other way.
type Func[T Float] func(dst, a, b, c *T, n int)

// Vector returns the fastest loop for a primitive on this machine.
func Vector[T Float](c Code) Func[T] { return vector[T](Active(), c) }

func vector[T Float](isa ISA, c Code) Func[T] {
	if f := assembly[T](isa, c); f != nil {
		return f
	}
	return portable[T](c)
}

// portable returns the plain Go loop. Primitives that are one machine
// instruction are computed in T; the others in float64 and rounded once.
func portable[T Float](c Code) Func[T] {
	switch c {
	case Neg:
		return map1(func(a T) T { return -a })
	case Add:
		return func(dst, a, b, _ *T, n int) {
			d, x, y := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
			for i := range d {
				d[i] = x[i] + y[i]
			}
		}
	case Sub:
		return func(dst, a, b, _ *T, n int) {
			d, x, y := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
			for i := range d {
				d[i] = x[i] - y[i]
			}
		}
	case Mul:
		return func(dst, a, b, _ *T, n int) {
			d, x, y := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
			for i := range d {
				d[i] = x[i] * y[i]
			}
		}
	case Div:
		return func(dst, a, b, _ *T, n int) {
			d, x, y := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
			for i := range d {
				d[i] = x[i] / y[i]
			}
		}
	}
	f := codes[c].eval
	switch codes[c].arity {
	case 1:
		return map1(func(a T) T { return T(f(float64(a), 0, 0)) })
	case 2:
		return func(dst, a, b, _ *T, n int) {
			d, x, y := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
			for i := range d {
				d[i] = T(f(float64(x[i]), float64(y[i]), 0))
			}
		}
	}
	return func(dst, a, b, c *T, n int) {
		d, x, y, z := unsafe.Slice(dst, n), unsafe.Slice(a, n), unsafe.Slice(b, n), unsafe.Slice(c, n)
		for i := range d {
			d[i] = T(f(float64(x[i]), float64(y[i]), float64(z[i])))
		}
	}
}

func map1[T Float](f func(T) T) Func[T] {
	return func(dst, a, _, _ *T, n int) {
		d, x := unsafe.Slice(dst, n), unsafe.Slice(a, n)
		for i := range d {
			d[i] = f(x[i])
		}
	}
}
