package kernel

import "math"

// longColumns reduces columns of many elements in calls of bounded length: blocks
// of rows of a strip of columns. Totals go on from one call to the next, so that
// each column is reduced in the order that one call would have.
func longColumns[T Float](isa ISA, how Reduction, dst, src *T, n, inner int) {
	const strip = 256
	var totals [strip]float64
	for c := 0; c < inner; c += strip {
		w := min(strip, inner-c)
		step := max(columnBlock, callElements/w&^(columnBlock-1))
		for i := range w {
			switch how {
			case ReduceSum:
				totals[i] = 0
			case ReduceProd:
				totals[i] = 1
			case ReduceMax:
				*element(dst, c+i) = T(math.Inf(-1))
			case ReduceMin:
				*element(dst, c+i) = T(math.Inf(1))
			}
		}
		for r := 0; r < n; r += step {
			columnsOnto(isa, how, &totals[0], element(dst, c), element(src, r*inner+c), min(step, n-r), w, inner)
		}
		if how == ReduceSum || how == ReduceProd {
			for i := range w {
				*element(dst, c+i) = T(totals[i])
			}
		}
	}
}

// columnsOnto reduces n rows of w elements, which are stride apart, into the totals
// of a sum or product, or into dst. It names each kernel, instead of having them
// in a table, so that the totals can be on the stack.
func columnsOnto[T Float](isa ISA, how Reduction, total *float64, dst, src *T, n, w, stride int) {
	switch s := any(src).(type) {
	case *float32:
		d := any(dst).(*float32)
		switch {
		case how == ReduceSum && isa == AVX512:
			vecSumColumnsOntoF32AVX512(total, s, n, w, stride)
		case how == ReduceSum:
			vecSumColumnsOntoF32AVX2(total, s, n, w, stride)
		case how == ReduceProd && isa == AVX512:
			vecProdColumnsOntoF32AVX512(total, s, n, w, stride)
		case how == ReduceProd:
			vecProdColumnsOntoF32AVX2(total, s, n, w, stride)
		case how == ReduceMax && isa == AVX512:
			vecMaxColumnsOntoF32AVX512(d, s, n, w, stride)
		case how == ReduceMax:
			vecMaxColumnsOntoF32AVX2(d, s, n, w, stride)
		case isa == AVX512:
			vecMinColumnsOntoF32AVX512(d, s, n, w, stride)
		default:
			vecMinColumnsOntoF32AVX2(d, s, n, w, stride)
		}
	case *float64:
		d := any(dst).(*float64)
		switch {
		case how == ReduceSum && isa == AVX512:
			vecSumColumnsOntoF64AVX512(total, s, n, w, stride)
		case how == ReduceSum:
			vecSumColumnsOntoF64AVX2(total, s, n, w, stride)
		case how == ReduceProd && isa == AVX512:
			vecProdColumnsOntoF64AVX512(total, s, n, w, stride)
		case how == ReduceProd:
			vecProdColumnsOntoF64AVX2(total, s, n, w, stride)
		case how == ReduceMax && isa == AVX512:
			vecMaxColumnsOntoF64AVX512(d, s, n, w, stride)
		case how == ReduceMax:
			vecMaxColumnsOntoF64AVX2(d, s, n, w, stride)
		case isa == AVX512:
			vecMinColumnsOntoF64AVX512(d, s, n, w, stride)
		default:
			vecMinColumnsOntoF64AVX2(d, s, n, w, stride)
		}
	}
}

func addColumns[T Float](isa ISA, totals []float64, src *T, rows, n int) {
	if isa == Portable {
		portableAddColumns(totals, src, rows, n)
		return
	}
	columnsOnto(isa, ReduceSum, &totals[0], nil, src, rows, n, n)
}
