package kernel

//go:generate go run -C asm ./vec -out ../vec_amd64.s -stubs ../vec_amd64.go -pkg kernel

// The tables name each kernel once per instruction set. Primitives without one
// have the portable loop.

var vector32 = [...][NumCodes]Func[float32]{
	AVX2: {
		Neg: vecNegF32AVX2, Abs: vecAbsF32AVX2, Sign: vecSignF32AVX2, Sqrt: vecSqrtF32AVX2,
		Floor: vecFloorF32AVX2, Ceil: vecCeilF32AVX2, Round: vecRoundF32AVX2,
		Add: vecAddF32AVX2, Sub: vecSubF32AVX2, Mul: vecMulF32AVX2, Div: vecDivF32AVX2,
		Min: vecMinF32AVX2, Max: vecMaxF32AVX2, Where: vecWhereF32AVX2,
		Lt: vecLtF32AVX2, Le: vecLeF32AVX2, Eq: vecEqF32AVX2, Ne: vecNeF32AVX2,
		Exp: vecExpF32AVX2, Expm1: vecExpm1F32AVX2, Log: vecLogF32AVX2, Log1p: vecLog1pF32AVX2,
		Tanh: vecTanhF32AVX2, Sigmoid: vecSigmoidF32AVX2, Sinh: vecSinhF32AVX2, Cosh: vecCoshF32AVX2, Erf: vecErfF32AVX2,
	},
	AVX512: {
		Neg: vecNegF32AVX512, Abs: vecAbsF32AVX512, Sign: vecSignF32AVX512, Sqrt: vecSqrtF32AVX512,
		Floor: vecFloorF32AVX512, Ceil: vecCeilF32AVX512, Round: vecRoundF32AVX512,
		Add: vecAddF32AVX512, Sub: vecSubF32AVX512, Mul: vecMulF32AVX512, Div: vecDivF32AVX512,
		Min: vecMinF32AVX512, Max: vecMaxF32AVX512, Where: vecWhereF32AVX512,
		Lt: vecLtF32AVX512, Le: vecLeF32AVX512, Eq: vecEqF32AVX512, Ne: vecNeF32AVX512,
		Exp: vecExpF32AVX512, Expm1: vecExpm1F32AVX512, Log: vecLogF32AVX512, Log1p: vecLog1pF32AVX512,
		Tanh: vecTanhF32AVX512, Sigmoid: vecSigmoidF32AVX512, Sinh: vecSinhF32AVX512, Cosh: vecCoshF32AVX512, Erf: vecErfF32AVX512,
	},
}

var vector64 = [...][NumCodes]Func[float64]{
	AVX2: {
		Neg: vecNegF64AVX2, Abs: vecAbsF64AVX2, Sign: vecSignF64AVX2, Sqrt: vecSqrtF64AVX2,
		Floor: vecFloorF64AVX2, Ceil: vecCeilF64AVX2, Round: vecRoundF64AVX2,
		Add: vecAddF64AVX2, Sub: vecSubF64AVX2, Mul: vecMulF64AVX2, Div: vecDivF64AVX2,
		Min: vecMinF64AVX2, Max: vecMaxF64AVX2, Where: vecWhereF64AVX2,
		Lt: vecLtF64AVX2, Le: vecLeF64AVX2, Eq: vecEqF64AVX2, Ne: vecNeF64AVX2,
		Exp: vecExpF64AVX2, Expm1: vecExpm1F64AVX2, Log: vecLogF64AVX2, Log1p: vecLog1pF64AVX2,
		Tanh: vecTanhF64AVX2, Sigmoid: vecSigmoidF64AVX2, Sinh: vecSinhF64AVX2, Cosh: vecCoshF64AVX2,
	},
	AVX512: {
		Neg: vecNegF64AVX512, Abs: vecAbsF64AVX512, Sign: vecSignF64AVX512, Sqrt: vecSqrtF64AVX512,
		Floor: vecFloorF64AVX512, Ceil: vecCeilF64AVX512, Round: vecRoundF64AVX512,
		Add: vecAddF64AVX512, Sub: vecSubF64AVX512, Mul: vecMulF64AVX512, Div: vecDivF64AVX512,
		Min: vecMinF64AVX512, Max: vecMaxF64AVX512, Where: vecWhereF64AVX512,
		Lt: vecLtF64AVX512, Le: vecLeF64AVX512, Eq: vecEqF64AVX512, Ne: vecNeF64AVX512,
		Exp: vecExpF64AVX512, Expm1: vecExpm1F64AVX512, Log: vecLogF64AVX512, Log1p: vecLog1pF64AVX512,
		Tanh: vecTanhF64AVX512, Sigmoid: vecSigmoidF64AVX512, Sinh: vecSinhF64AVX512, Cosh: vecCoshF64AVX512,
	},
}

// assembly returns an instruction set's kernel for a primitive, or nil.
func assembly[T Float](isa ISA, c Code) Func[T] {
	if isa == Portable {
		return nil
	}
	if p := partial[T](isa, c); p != nil {
		return completed(p, portable[T](c), partialDomain[T](c))
	}
	if f, ok := any(vector32[isa][c]).(Func[T]); ok {
		return f
	}
	return any(vector64[isa][c]).(Func[T])
}
