package kernel

import "unsafe"

// ulp bounds the error of the kernels of a primitive, in units in the last
// place, for float32 and float64. A primitive without a bound gives the bits of
// the portable loop.
var ulp = [NumCodes]struct{ single, double float64 }{
	Exp:     {1.5, 1.5},
	Log:     {1.5, 1.5},
	Tanh:    {2, 2},
	Sigmoid: {2, 2},
	Expm1:   {2, 2},
	Log1p:   {2, 2},
	Sin:     {2, 2},
	Cos:     {2, 2},
	Tan:     {4, 4},
	Sinh:    {2, 2},
	Cosh:    {2, 2},
	Erf:     {single: 1.5},
	Pow:     {single: 1},
}

func ulpBound[T Float](c Code) float64 {
	var zero T
	if unsafe.Sizeof(zero) == 4 {
		return ulp[c].single
	}
	return ulp[c].double
}
