package kernel

import (
	"fmt"
	"testing"
)

// productShapes are products of training small and large networks: squares,
// and the forward, weight gradient and input gradient products of layers.
var productShapes = []struct {
	name    string
	m, n, k int
	ta, tb  bool
}{
	{"32", 32, 32, 32, false, false},
	{"64", 64, 64, 64, false, false},
	{"128", 128, 128, 128, false, false},
	{"256", 256, 256, 256, false, false},
	{"512", 512, 512, 512, false, false},
	{"1024", 1024, 1024, 1024, false, false},
	{"64x784x128/fwd", 64, 128, 784, false, false},
	{"64x784x128/wgrad", 784, 128, 64, true, false},
	{"64x784x128/xgrad", 64, 784, 128, false, true},
	{"32x64x32/fwd", 32, 32, 64, false, false},
	{"32x64x32/wgrad", 64, 32, 32, true, false},
	{"32x64x32/xgrad", 32, 64, 32, false, true},
	{"256x1024x1024/fwd", 256, 1024, 1024, false, false},
	{"256x1024x1024/wgrad", 1024, 1024, 256, true, false},
	{"256x1024x1024/xgrad", 256, 1024, 1024, false, true},
	{"64x128x10/fwd", 64, 10, 128, false, false},
	{"64x128x10/wgrad", 128, 10, 64, true, false},
	{"64x128x10/xgrad", 64, 128, 10, false, true},
	{"32x16x3/fwd", 32, 3, 16, false, false},
	{"32x16x3/wgrad", 16, 3, 32, true, false},
	{"32x4x16/wgrad", 4, 16, 32, true, false},
	{"256x784x512/fwd", 256, 512, 784, false, false},
	{"256x784x512/wgrad", 784, 512, 256, true, false},
	{"256x512x256/fwd", 256, 256, 512, false, false},
	{"256x512x256/wgrad", 512, 256, 256, true, false},
	{"256x512x256/xgrad", 256, 512, 256, false, true},
	{"256x256x10/fwd", 256, 10, 256, false, false},
	{"256x256x10/wgrad", 256, 10, 256, true, false},
	{"64x128x1/fwd", 64, 1, 128, false, false},
	{"64x128x1/wgrad", 128, 1, 64, true, false},
	{"64x128x1/xgrad", 64, 128, 1, false, true},
	{"1x128x128/fwd", 1, 128, 128, false, false},
	{"1x128x128/xgrad", 1, 128, 128, false, true},
	{"1x1024x1024/fwd", 1, 1024, 1024, false, false},
	{"1x1024x1024/xgrad", 1, 1024, 1024, false, true},
}

func BenchmarkProduct(b *testing.B) {
	benchmarkProduct[float32](b)
	benchmarkProduct[float64](b)
}

func benchmarkProduct[T Float](b *testing.B) {
	var z T
	for _, s := range productShapes {
		b.Run(fmt.Sprintf("%T/%s", z, s.name), func(b *testing.B) {
			p := NewProduct[T](s.m, s.n, s.k, s.ta, s.tb)
			x, y, c := ramp[T](s.m*s.k), ramp[T](s.k*s.n), ramp[T](s.m*s.n)
			for b.Loop() {
				p.Run(c, x, y)
			}
			flops := 2 * float64(s.m) * float64(s.n) * float64(s.k)
			b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

// ramp returns n aligned numbers between -0.5 and 0.5.
func ramp[T Float](n int) *T {
	p := &Aligned[T](n)[0]
	for i := range n {
		*element(p, i) = T(i%97)/97 - 0.5
	}
	return p
}
