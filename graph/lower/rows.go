package lower

import (
	"fmt"
	"unsafe"

	"descent/internal/kernel"
)

// SoftmaxNLL returns, for N×C logits z and N class indices y, the negative log
// likelihood -log softmax(z)[y] of each row and its gradient with respect to
// the row, softmax(z) - onehot(y), from one pass. A row whose index is no
// class has loss 0 and gradient 0.
func (b *Builder) SoftmaxNLL(z, y Value) (nll, grad Value) {
	s := b.Shape(z)
	n, c := s.Dim(0), s.Dim(1)
	log32, log64 := kernel.Vector[float32](kernel.Log), kernel.Vector[float64](kernel.Log)
	out := b.Kernel(Kernel{
		Name: "softmax_nll",
		Key:  softmaxNLLKey{},
		F32: func(dst, src [][]float32, lo, hi int) {
			softmaxNLL(dst[0][lo*c:hi*c], dst[1][lo:hi], dst[2][lo:hi], src[0][lo*c:hi*c], src[1][lo:hi], c, log32)
		},
		F64: func(dst, src [][]float64, lo, hi int) {
			softmaxNLL(dst[0][lo*c:hi*c], dst[1][lo:hi], dst[2][lo:hi], src[0][lo*c:hi*c], src[1][lo:hi], c, log64)
		},
		Rows: n,
		Work: 20 + 2*c,
		Source: func(dst, src []string) string {
			return fmt.Sprintf("softmaxLoss(%s, %s, %s, %s, %s, %d, %d)", dst[0], dst[1], dst[2], src[0], src[1], n, c)
		},
	}, []Shape{s, Dims(n), Dims(n)}, z, y)
	return out[1], out[0]
}

type softmaxNLLKey struct{}

// unsure is the log p below which the difference of the logarithms is exact enough
// for -log p, and does not underflow. Above it log p itself is.
const unsure = -7

func softmaxNLL[T kernel.Float](grad, nll, lse, z, y []T, c int, log kernel.Func[T]) {
	n := len(y)
	if n*c == 0 {
		clear(nll)
		return
	}
	kernel.SoftmaxRows(&grad[0], &lse[0], &z[0], n, c)
	for i, at := range y {
		if k := int(at); at >= 0 && k < c {
			p := &grad[i*c+k]
			nll[i] = *p
			*p--
			continue
		}
		nll[i] = 1
		clear(grad[i*c : (i+1)*c])
	}
	log(unsafe.SliceData(nll), unsafe.SliceData(nll), nil, nil, n)
	for i, l := range nll {
		if l < unsure {
			nll[i] = lse[i] - z[i*c+int(y[i])]
			continue
		}
		nll[i] = 0 - l // not -0
	}
}
