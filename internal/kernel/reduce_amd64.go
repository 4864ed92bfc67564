package kernel

import "unsafe"

// callElements bounds a call of assembly, which cannot be preempted: the garbage
// collector waits for it.
const callElements = 1 << 17

// A rowReducer reduces the n elements of each row, or the columns of n rows.
type rowReducer[T Float] struct {
	rows    func(dst, src *T, rows, n int)
	columns func(dst, src *T, n, inner int)
}

var reducers32 = [...][numReductions]rowReducer[float32]{
	AVX2: {
		ReduceSum:    {sumRowsF32AVX2, vecSumColumnsF32AVX2},
		ReduceProd:   {vecProdRowsF32AVX2, vecProdColumnsF32AVX2},
		ReduceMax:    {vecMaxRowsF32AVX2, vecMaxColumnsF32AVX2},
		ReduceMin:    {vecMinRowsF32AVX2, vecMinColumnsF32AVX2},
		ReduceArgMax: {rows: vecArgMaxRowsF32AVX2},
		ReduceArgMin: {rows: vecArgMinRowsF32AVX2},
	},
	AVX512: {
		ReduceSum:    {sumRowsF32AVX512, vecSumColumnsF32AVX512},
		ReduceProd:   {vecProdRowsF32AVX512, vecProdColumnsF32AVX512},
		ReduceMax:    {vecMaxRowsF32AVX512, vecMaxColumnsF32AVX512},
		ReduceMin:    {vecMinRowsF32AVX512, vecMinColumnsF32AVX512},
		ReduceArgMax: {rows: vecArgMaxRowsF32AVX512},
		ReduceArgMin: {rows: vecArgMinRowsF32AVX512},
	},
}

var reducers64 = [...][numReductions]rowReducer[float64]{
	AVX2: {
		ReduceSum:    {vecSumRowsF64AVX2, vecSumColumnsF64AVX2},
		ReduceProd:   {vecProdRowsF64AVX2, vecProdColumnsF64AVX2},
		ReduceMax:    {vecMaxRowsF64AVX2, vecMaxColumnsF64AVX2},
		ReduceMin:    {vecMinRowsF64AVX2, vecMinColumnsF64AVX2},
		ReduceArgMax: {rows: vecArgMaxRowsF64AVX2},
		ReduceArgMin: {rows: vecArgMinRowsF64AVX2},
	},
	AVX512: {
		ReduceSum:    {vecSumRowsF64AVX512, vecSumColumnsF64AVX512},
		ReduceProd:   {vecProdRowsF64AVX512, vecProdColumnsF64AVX512},
		ReduceMax:    {vecMaxRowsF64AVX512, vecMaxColumnsF64AVX512},
		ReduceMin:    {vecMinRowsF64AVX512, vecMinColumnsF64AVX512},
		ReduceArgMax: {rows: vecArgMaxRowsF64AVX512},
		ReduceArgMin: {rows: vecArgMinRowsF64AVX512},
	},
}

func assemblyReducer[T Float](isa ISA, how Reduction) Reducer[T] {
	if isa == Portable {
		return nil
	}
	k, ok := any(reducers32[isa][how]).(rowReducer[T])
	if !ok {
		k = any(reducers64[isa][how]).(rowReducer[T])
	}
	portable := portableReduce[T](how)
	return func(dst, src *T, outer, n, inner int) {
		switch {
		case inner == 1 && how == ReduceSum && n > SumBlock:
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
				longColumns(isa, how, element(dst, o*inner), element(src, o*n*inner), n, inner)
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

func sumRowsF32AVX2(dst, src *float32, rows, n int)   { sumRows(AVX2, dst, src, rows, n) }
func sumRowsF32AVX512(dst, src *float32, rows, n int) { sumRows(AVX512, dst, src, rows, n) }

// blockSum sums a row of up to SumBlock elements.
func blockSum[T Float](isa ISA, src *T, n int) (sum float64) {
	switch p := any(src).(type) {
	case *float32:
		sumRows(isa, &sum, p, 1, n)
		return sum
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
	return laneReduce(unsafe.Slice(src, n), 0, add)
}

func addChains(isa ISA, chains, src *float32, rows, n int) {
	switch isa {
	case AVX512:
		vecChainsF32AVX512(chains, src, rows, n)
	case AVX2:
		vecChainsF32AVX2(chains, src, rows, n)
	default:
		portableAddChains(chains, src, rows, n)
	}
}

func joinChains[D Float](isa ISA, dst *D, chains *float32, n int) {
	switch d := any(dst).(type) {
	case *float32:
		switch isa {
		case AVX512:
			vecJoinChainsF32AVX512(d, chains, n)
			return
		case AVX2:
			vecJoinChainsF32AVX2(d, chains, n)
			return
		}
	case *float64:
		switch isa {
		case AVX512:
			vecWideJoinChainsF32AVX512(d, chains, n)
			return
		case AVX2:
			vecWideJoinChainsF32AVX2(d, chains, n)
			return
		}
	}
	portableJoinChains(dst, chains, n)
}
