package kernel

var softmax32 = [...]func(dst, lse, src *float32, rows, n int){
	AVX2: vecSoftmaxRowsF32AVX2, AVX512: vecSoftmaxRowsF32AVX512,
}

var softmax64 = [...]func(dst, lse, src *float64, rows, n int){
	AVX2: vecSoftmaxRowsF64AVX2, AVX512: vecSoftmaxRowsF64AVX512,
}

var logSumExp32 = [...]func(lse, src *float32, rows, n int){
	AVX2: vecLogSumExpRowsF32AVX2, AVX512: vecLogSumExpRowsF32AVX512,
}

var logSumExp64 = [...]func(lse, src *float64, rows, n int){
	AVX2: vecLogSumExpRowsF64AVX2, AVX512: vecLogSumExpRowsF64AVX512,
}

func softmaxRows[T Float](isa ISA, dst, lse, src *T, rows, n int) {
	if isa == Portable {
		portableSoftmaxRows(dst, lse, src, rows, n)
		return
	}
	f, ok := any(softmax32[isa]).(func(dst, lse, src *T, rows, n int))
	if !ok {
		f = any(softmax64[isa]).(func(dst, lse, src *T, rows, n int))
	}
	step := rowsPerCall(n)
	for r := 0; r < rows; r += step {
		f(element(dst, r*n), element(lse, r), element(src, r*n), min(step, rows-r), n)
	}
}

func logSumExpRows[T Float](isa ISA, lse, src *T, rows, n int) {
	if isa == Portable {
		portableLogSumExpRows(lse, src, rows, n)
		return
	}
	f, ok := any(logSumExp32[isa]).(func(lse, src *T, rows, n int))
	if !ok {
		f = any(logSumExp64[isa]).(func(lse, src *T, rows, n int))
	}
	step := rowsPerCall(n)
	for r := 0; r < rows; r += step {
		f(element(lse, r), element(src, r*n), min(step, rows-r), n)
	}
}
