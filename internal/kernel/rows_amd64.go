package kernel

//go:generate go run -C asm ./vec -only tables -out ../rows_amd64.s -stubs ../rows_stubs_amd64.go -pkg kernel

type rowTaker[T Float] func(dst, x, index *T, rows, n, inner int)

var (
	rowTakers32 = [...]rowTaker[float32]{AVX2: vecTakeRowsF32AVX2, AVX512: vecTakeRowsF32AVX512}
	rowTakers64 = [...]rowTaker[float64]{AVX2: vecTakeRowsF64AVX2, AVX512: vecTakeRowsF64AVX512}
)

func takeRows[T Float](isa ISA, dst, x, index *T, rows, n, inner int) {
	if isa == Portable {
		portableTakeRows(dst, x, index, rows, n, inner)
		return
	}
	take, ok := any(rowTakers32[isa]).(rowTaker[T])
	if !ok {
		take = any(rowTakers64[isa]).(rowTaker[T])
	}
	step := rowsPerCall(inner)
	for r := 0; r < rows; r += step {
		take(element(dst, r*inner), x, element(index, r), min(step, rows-r), n, inner)
	}
}
