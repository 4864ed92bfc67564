package kernel

//go:generate go run -C asm ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg kernel
//go:generate go run -C asm ./gemm -lines -out ../lines_amd64.s -stubs ../lines_stubs_amd64.go -pkg kernel

// gemmFor returns the kernels of an instruction set, nil for plain Go. The
// numbers are measured, on Zen 3 for AVX2 and on Zen 4 for AVX-512.
func gemmFor(isa ISA, double bool) *gemmKernels {
	switch {
	case isa == AVX2 && !double:
		return &gemmAVX2F32
	case isa == AVX2:
		return &gemmAVX2F64
	case isa == AVX512 && !double:
		return &gemmAVX512F32
	case isa == AVX512:
		return &gemmAVX512F64
	}
	return nil
}

var gemmAVX2F32 = gemmKernels{
	pair: gemmPairF32AVX2, pairTail: gemmPairTailF32AVX2,
	single: gemmSingleF32AVX2, wide: gemmWideF32AVX2, dots: gemmDotsF32AVX2,
	copyRows: gemmCopyF32AVX2, transpose: gemmTransposeF32AVX2,
	taps: gemmTapsF32AVX2, tapGrads: gemmTapGradsF32AVX2,
	tileIn: gemmTileInF32AVX2, tileOut: gemmTileOutF32AVX2, tileGrad: gemmTileGradF32AVX2,
	tileWeights: gemmTileWeightsF32AVX2, tileSum: gemmTileSumF32AVX2,
	lineIn: gemmLineInF32AVX2, lineOut: gemmLineOutF32AVX2, lineGrad: gemmLineGradF32AVX2,
	lineWeights: gemmLineWeightsF32AVX2, lineSum: gemmLineSumF32AVX2,
	poolMax: gemmPoolMaxF32AVX2, poolMean: gemmPoolMeanF32AVX2,
	poolSet: gemmPoolSetF32AVX2, poolAdd: gemmPoolAddF32AVX2,
	size: 4, lanes: 8, tile: 6, singleTile: 12,
	blockK: 512, packedK: 384,
	gflops: 90, packDeep: true, farA: 4096, keepA: 256 << 10,
}

var gemmAVX2F64 = gemmKernels{
	pair: gemmPairF64AVX2, pairTail: gemmPairTailF64AVX2,
	single: gemmSingleF64AVX2, wide: gemmWideF64AVX2, dots: gemmDotsF64AVX2,
	copyRows: gemmCopyF64AVX2, transpose: gemmTransposeF64AVX2,
	taps: gemmTapsF64AVX2, tapGrads: gemmTapGradsF64AVX2,
	poolMax: gemmPoolMaxF64AVX2, poolMean: gemmPoolMeanF64AVX2,
	poolSet: gemmPoolSetF64AVX2, poolAdd: gemmPoolAddF64AVX2,
	size: 8, lanes: 4, tile: 6, singleTile: 12,
	blockK: 256, packedK: 256,
	gflops: 45, packDeep: true, farA: 4096, keepA: 256 << 10,
}

var gemmAVX512F32 = gemmKernels{
	pair: gemmPairF32AVX512, pairTail: gemmPairTailF32AVX512,
	single: gemmSingleF32AVX512, half: gemmHalfF32AVX512, wide: gemmWideF32AVX512,
	dots:     gemmDotsF32AVX512,
	copyRows: gemmCopyF32AVX512, transpose: gemmTransposeF32AVX512,
	taps: gemmTapsF32AVX512, tapGrads: gemmTapGradsF32AVX512,
	tileIn: gemmTileInF32AVX512, tileOut: gemmTileOutF32AVX512, tileGrad: gemmTileGradF32AVX512,
	tileWeights: gemmTileWeightsF32AVX512, tileSum: gemmTileSumF32AVX512,
	lineIn: gemmLineInF32AVX512, lineOut: gemmLineOutF32AVX512, lineGrad: gemmLineGradF32AVX512,
	lineWeights: gemmLineWeightsF32AVX512, lineSum: gemmLineSumF32AVX512,
	poolMax: gemmPoolMaxF32AVX512, poolMean: gemmPoolMeanF32AVX512,
	poolSet: gemmPoolSetF32AVX512, poolAdd: gemmPoolAddF32AVX512,
	size: 4, lanes: 16, tile: 12, singleTile: 24,
	blockK: 512, packedK: 384,
	gflops: 200, farA: 4096, deepA: 129, keepA: 384 << 10,
}

var gemmAVX512F64 = gemmKernels{
	pair: gemmPairF64AVX512, pairTail: gemmPairTailF64AVX512,
	single: gemmSingleF64AVX512, half: gemmHalfF64AVX512, wide: gemmWideF64AVX512,
	dots:     gemmDotsF64AVX512,
	copyRows: gemmCopyF64AVX512, transpose: gemmTransposeF64AVX512,
	taps: gemmTapsF64AVX512, tapGrads: gemmTapGradsF64AVX512,
	poolMax: gemmPoolMaxF64AVX512, poolMean: gemmPoolMeanF64AVX512,
	poolSet: gemmPoolSetF64AVX512, poolAdd: gemmPoolAddF64AVX512,
	size: 8, lanes: 8, tile: 12, singleTile: 24,
	blockK: 256, packedK: 192,
	gflops: 100, farA: 4096, deepA: 129, keepA: 384 << 10,
}
