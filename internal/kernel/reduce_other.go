//go:build !amd64

package kernel

import "unsafe"

func assemblyReducer[T Float](ISA, Reduction) Reducer[T] { return nil }

func blockSum[T Float](_ ISA, src *T, n int) float64 {
	return laneReduce(unsafe.Slice(src, n), 0, add)
}

func addColumns[T Float](_ ISA, totals []float64, src *T, rows, n int) {
	portableAddColumns(totals, src, rows, n)
}
