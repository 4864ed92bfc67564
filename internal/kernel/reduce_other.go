//go:build !amd64

package kernel

import "unsafe"

func assemblyReducer[T Float](ISA, Reduction) Reducer[T] { return nil }

func blockSum[T Float](isa ISA, src *T, n int) (sum float64) {
	if p, single := any(src).(*float32); single {
		sumRows(isa, &sum, p, 1, n)
		return sum
	}
	return laneReduce(unsafe.Slice(src, n), 0, add)
}

func addChains(_ ISA, chains, src *float32, rows, n int) { portableAddChains(chains, src, rows, n) }

func joinChains[D Float](_ ISA, dst *D, chains *float32, n int) { portableJoinChains(dst, chains, n) }

func addColumns[T Float](_ ISA, totals []float64, src *T, rows, n int) {
	portableAddColumns(totals, src, rows, n)
}
