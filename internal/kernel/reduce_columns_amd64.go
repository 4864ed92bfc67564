package kernel

import "math"

// longColumns folds columns of many elements in calls of bounded length: blocks
// of rows of a strip of columns. Totals go on from one call to the next, so that
// each column is folded in the order that one call would have.
func longColumns[T Float](isa ISA, f Fold, dst, src *T, n, inner int) {
	const strip = 256
	var totals [strip]float64
	for c := 0; c < inner; c += strip {
		w := min(strip, inner-c)
		step := max(columnBlock, callElements/w&^(columnBlock-1))
		for i := range w {
			switch f {
			case FoldSum:
				totals[i] = 0
			case FoldProd:
				totals[i] = 1
			case FoldMax:
				*element(dst, c+i) = T(math.Inf(-1))
			case FoldMin:
				*element(dst, c+i) = T(math.Inf(1))
			}
		}
		for r := 0; r < n; r += step {
			columnsOnto(isa, f, &totals[0], element(dst, c), element(src, r*inner+c), min(step, n-r), w, inner)
		}
		if f == FoldSum || f == FoldProd {
			for i := range w {
				*element(dst, c+i) = T(totals[i])
			}
		}
	}
}

// columnsOnto folds n rows of w elements, which are stride apart, into the totals
// of a sum or product, or into dst. It names each kernel, instead of having them
// in a table, so that the totals can be on the stack.
func columnsOnto[T Float](isa ISA, f Fold, total *float64, dst, src *T, n, w, stride int) {
	switch s := any(src).(type) {
	case *float32:
		d := any(dst).(*float32)
		switch {
		case f == FoldSum && isa == AVX512:
			vecSumColumnsOntoF32AVX512(total, s, n, w, stride)
		case f == FoldSum:
			vecSumColumnsOntoF32AVX2(total, s, n, w, stride)
		case f == FoldProd && isa == AVX512:
			vecProdColumnsOntoF32AVX512(total, s, n, w, stride)
		case f == FoldProd:
			vecProdColumnsOntoF32AVX2(total, s, n, w, stride)
		case f == FoldMax && isa == AVX512:
			vecMaxColumnsOntoF32AVX512(d, s, n, w, stride)
		case f == FoldMax:
			vecMaxColumnsOntoF32AVX2(d, s, n, w, stride)
		case isa == AVX512:
			vecMinColumnsOntoF32AVX512(d, s, n, w, stride)
		default:
			vecMinColumnsOntoF32AVX2(d, s, n, w, stride)
		}
	case *float64:
		d := any(dst).(*float64)
		switch {
		case f == FoldSum && isa == AVX512:
			vecSumColumnsOntoF64AVX512(total, s, n, w, stride)
		case f == FoldSum:
			vecSumColumnsOntoF64AVX2(total, s, n, w, stride)
		case f == FoldProd && isa == AVX512:
			vecProdColumnsOntoF64AVX512(total, s, n, w, stride)
		case f == FoldProd:
			vecProdColumnsOntoF64AVX2(total, s, n, w, stride)
		case f == FoldMax && isa == AVX512:
			vecMaxColumnsOntoF64AVX512(d, s, n, w, stride)
		case f == FoldMax:
			vecMaxColumnsOntoF64AVX2(d, s, n, w, stride)
		case isa == AVX512:
			vecMinColumnsOntoF64AVX512(d, s, n, w, stride)
		default:
			vecMinColumnsOntoF64AVX2(d, s, n, w, stride)
		}
	}
}
