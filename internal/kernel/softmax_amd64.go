package kernel

// A rowSoftmax is the kernels of [SoftmaxRows] and [LogSumExpRows] of an
// instruction set. Those that do a row in each lane are for rows of 1 to
// laneRowMax elements; the choice is by the length alone, so that a row has the
// same bits in a batch of any size.
type rowSoftmax[T Float] struct {
	softmax, softmaxLanes     func(dst, lse, src *T, rows, n int)
	logSumExp, logSumExpLanes func(lse, src *T, rows, n int)
}

const laneRowMax = 32

var rowSoftmax32 = [...]rowSoftmax[float32]{
	AVX2: {
		vecSoftmaxRowsF32AVX2, vecSoftmaxLanesF32AVX2,
		vecLogSumExpRowsF32AVX2, vecLogSumExpLanesF32AVX2,
	},
	AVX512: {
		vecSoftmaxRowsF32AVX512, vecSoftmaxLanesF32AVX512,
		vecLogSumExpRowsF32AVX512, vecLogSumExpLanesF32AVX512,
	},
}

var rowSoftmax64 = [...]rowSoftmax[float64]{
	AVX2: {
		vecSoftmaxRowsF64AVX2, vecSoftmaxLanesF64AVX2,
		vecLogSumExpRowsF64AVX2, vecLogSumExpLanesF64AVX2,
	},
	AVX512: {
		vecSoftmaxRowsF64AVX512, vecSoftmaxLanesF64AVX512,
		vecLogSumExpRowsF64AVX512, vecLogSumExpLanesF64AVX512,
	},
}

func rowSoftmaxOf[T Float](isa ISA) *rowSoftmax[T] {
	if k, ok := any(&rowSoftmax32[isa]).(*rowSoftmax[T]); ok {
		return k
	}
	return any(&rowSoftmax64[isa]).(*rowSoftmax[T])
}

func softmaxRows[T Float](isa ISA, dst, lse, src *T, rows, n int) {
	if isa == Portable {
		portableSoftmaxRows(dst, lse, src, rows, n)
		return
	}
	k := rowSoftmaxOf[T](isa)
	f := k.softmax
	if 0 < n && n <= laneRowMax {
		f = k.softmaxLanes
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
	k := rowSoftmaxOf[T](isa)
	f := k.logSumExp
	if 0 < n && n <= laneRowMax {
		f = k.logSumExpLanes
	}
	step := rowsPerCall(n)
	for r := 0; r < rows; r += step {
		f(element(lse, r), element(src, r*n), min(step, rows-r), n)
	}
}
