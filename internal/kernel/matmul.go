package kernel

import "unsafe"

type Product[T Float] struct {
	m, n, k int
	ta, tb  bool
}

func NewProduct[T Float](m, n, k int, ta, tb bool) *Product[T] {
	return &Product[T]{m, n, k, ta, tb}
}

func (p *Product[T]) Run(c, a, b *T) {
	m, n, k := p.m, p.n, p.k
	C, A, B := unsafe.Slice(c, m*n), unsafe.Slice(a, m*k), unsafe.Slice(b, k*n)
	clear(C)
	for i := range m {
		row := C[i*n : (i+1)*n]
		for l := range k {
			var x T
			if p.ta {
				x = A[l*m+i]
			} else {
				x = A[i*k+l]
			}
			if p.tb {
				for j := range row {
					row[j] += T(x * B[j*k+l])
				}
				continue
			}
			for j, y := range B[l*n : (l+1)*n] {
				row[j] += T(x * y)
			}
		}
	}
}
