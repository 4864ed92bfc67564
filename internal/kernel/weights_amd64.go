package kernel

//go:generate go run -C asm ./vec -only weights -out ../weights_amd64.s -stubs ../weights_stubs_amd64.go -pkg kernel

// A rowWeights is the kernels of [WeightRows] and [WeightGradRows] of an instruction set.
type rowWeights[T Float] struct {
	weights func(dst, src, scale *T, rows, n, seen, more int)
	grads   func(dp, p, scale *T, rows, n int)
}

var rowWeights32 = [...]rowWeights[float32]{
	AVX2:   {vecWeightRowsF32AVX2, vecWeightGradRowsF32AVX2},
	AVX512: {vecWeightRowsF32AVX512, vecWeightGradRowsF32AVX512},
}

var rowWeights64 = [...]rowWeights[float64]{
	AVX2:   {vecWeightRowsF64AVX2, vecWeightGradRowsF64AVX2},
	AVX512: {vecWeightRowsF64AVX512, vecWeightGradRowsF64AVX512},
}

func rowWeightsOf[T Float](isa ISA) *rowWeights[T] {
	if k, ok := any(&rowWeights32[isa]).(*rowWeights[T]); ok {
		return k
	}
	return any(&rowWeights64[isa]).(*rowWeights[T])
}

func weightRows[T Float](isa ISA, dst, src, scale *T, rows, n, seen, more int) {
	if isa == Portable {
		portableWeightRows(dst, src, scale, rows, n, seen, more)
		return
	}
	step := rowsPerCall(n)
	for r := 0; r < rows; r += step {
		rowWeightsOf[T](isa).weights(element(dst, r*n), element(src, r*n), scale, min(step, rows-r), n, seen+r*more, more)
	}
}

func weightGradRows[T Float](isa ISA, dp, p, scale *T, rows, n int) {
	if isa == Portable {
		portableWeightGradRows(dp, p, scale, rows, n)
		return
	}
	step := rowsPerCall(n)
	for r := 0; r < rows; r += step {
		rowWeightsOf[T](isa).grads(element(dp, r*n), element(p, r*n), scale, min(step, rows-r), n)
	}
}
