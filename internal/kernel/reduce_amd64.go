package kernel

import "unsafe"

// callElements bounds a call of assembly, which cannot be preempted: the garbage
// collector waits for it.
const callElements = 1 << 17

// A folder reduces the n elements of each row, or the columns of n rows.
type folder[T Float] struct {
	rows    func(dst, src *T, rows, n int)
	columns func(dst, src *T, n, inner int)
}

var folders32 = [...][numFolds]folder[float32]{
	AVX2: {
		FoldSum:    {vecSumRowsF32AVX2, vecSumColumnsF32AVX2},
		FoldProd:   {vecProdRowsF32AVX2, vecProdColumnsF32AVX2},
		FoldMax:    {vecMaxRowsF32AVX2, vecMaxColumnsF32AVX2},
		FoldMin:    {vecMinRowsF32AVX2, vecMinColumnsF32AVX2},
		FoldArgMax: {rows: vecArgMaxRowsF32AVX2},
		FoldArgMin: {rows: vecArgMinRowsF32AVX2},
	},
	AVX512: {
		FoldSum:    {vecSumRowsF32AVX512, vecSumColumnsF32AVX512},
		FoldProd:   {vecProdRowsF32AVX512, vecProdColumnsF32AVX512},
		FoldMax:    {vecMaxRowsF32AVX512, vecMaxColumnsF32AVX512},
		FoldMin:    {vecMinRowsF32AVX512, vecMinColumnsF32AVX512},
		FoldArgMax: {rows: vecArgMaxRowsF32AVX512},
		FoldArgMin: {rows: vecArgMinRowsF32AVX512},
	},
}

var folders64 = [...][numFolds]folder[float64]{
	AVX2: {
		FoldSum:    {vecSumRowsF64AVX2, vecSumColumnsF64AVX2},
		FoldProd:   {vecProdRowsF64AVX2, vecProdColumnsF64AVX2},
		FoldMax:    {vecMaxRowsF64AVX2, vecMaxColumnsF64AVX2},
		FoldMin:    {vecMinRowsF64AVX2, vecMinColumnsF64AVX2},
		FoldArgMax: {rows: vecArgMaxRowsF64AVX2},
		FoldArgMin: {rows: vecArgMinRowsF64AVX2},
	},
	AVX512: {
		FoldSum:    {vecSumRowsF64AVX512, vecSumColumnsF64AVX512},
		FoldProd:   {vecProdRowsF64AVX512, vecProdColumnsF64AVX512},
		FoldMax:    {vecMaxRowsF64AVX512, vecMaxColumnsF64AVX512},
		FoldMin:    {vecMinRowsF64AVX512, vecMinColumnsF64AVX512},
		FoldArgMax: {rows: vecArgMaxRowsF64AVX512},
		FoldArgMin: {rows: vecArgMinRowsF64AVX512},
	},
}

func assemblyReducer[T Float](isa ISA, f Fold) Reducer[T] {
	if isa == Portable {
		return nil
	}
	k, ok := any(folders32[isa][f]).(folder[T])
	if !ok {
		k = any(folders64[isa][f]).(folder[T])
	}
	portable := portableReduce[T](f)
	return func(dst, src *T, outer, n, inner int) {
		switch {
		case inner == 1 && f == FoldSum && n > SumBlock:
			for o := range outer {
				*element(dst, o) = T(total(isa, element(src, o*n), n))
			}
		case inner == 1:
			step := max(1, callElements/max(n, 1))
			for o := 0; o < outer; o += step {
				k.rows(element(dst, o), element(src, o*n), min(step, outer-o), n)
			}
		case k.columns != nil && n*inner > callElements:
			for o := range outer {
				longColumns(isa, f, element(dst, o*inner), element(src, o*n*inner), n, inner)
			}
		case k.columns != nil:
			for o := range outer {
				k.columns(element(dst, o*inner), element(src, o*n*inner), n, inner)
			}
		default:
			portable(dst, src, outer, n, inner)
		}
	}
}

// blockSum sums a row of up to SumBlock elements.
func blockSum[T Float](isa ISA, src *T, n int) float64 {
	var sum float64
	switch p := any(src).(type) {
	case *float32:
		switch isa {
		case AVX512:
			vecWideSumRowsF32AVX512(&sum, p, 1, n)
			return sum
		case AVX2:
			vecWideSumRowsF32AVX2(&sum, p, 1, n)
			return sum
		}
	case *float64:
		switch isa {
		case AVX512:
			vecSumRowsF64AVX512(&sum, p, 1, n)
			return sum
		case AVX2:
			vecSumRowsF64AVX2(&sum, p, 1, n)
			return sum
		}
	}
	return laneFold(unsafe.Slice(src, n), 0, add)
}
