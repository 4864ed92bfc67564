package kernel

import "unsafe"

// ulp bounds the error of the kernels of a primitive, in units in the last
// place, for float32 and float64. A primitive without a bound gives the bits of
// the portable loop.
var ulp = [NumCodes]struct{ single, double float64 }{
	Exp:     {2, 2},
	Log:     {2, 2},
	Tanh:    {2, 4},
	Sigmoid: {2, 4},
	Expm1:   {4, 4},
	Log1p:   {4, 4},
	Erf:     {4, 4},
	Sin:     {4, 4},
	Cos:     {4, 4},
	Tan:     {4, 4},
	Pow:     {4, 4},
}

func ulpBound[T Float](c Code) float64 {
	var zero T
	if unsafe.Sizeof(zero) == 4 {
		return ulp[c].single
	}
	return ulp[c].double
}
