package kernel

import (
	"fmt"
	"testing"
)

// window is a window that leaves lengths as they are, or divides them by its stride.
func window(in, kernel, stride int) Window {
	return Window{In: in, Out: (in + stride - 1) / stride, Kernel: kernel, Stride: stride, Dilation: 1, Before: kernel / 2}
}

// convLayers are layers of LeNet, a small CNN, ResNet-8, a net of sequences and a
// depthwise-separable block.
var convLayers = []struct {
	name string
	ConvShape
}{
	{"lenet/1-6", ConvShape{Batch: 64, In: 1, Out: 6, Groups: 1, Rows: window(28, 5, 1), Columns: window(28, 5, 1)}},
	{"lenet/6-16", ConvShape{Batch: 64, In: 6, Out: 16, Groups: 1, Rows: Window{In: 14, Out: 10, Kernel: 5, Stride: 1, Dilation: 1}, Columns: Window{In: 14, Out: 10, Kernel: 5, Stride: 1, Dilation: 1}}},
	{"cnn/1-32", ConvShape{Batch: 64, In: 1, Out: 32, Groups: 1, Rows: window(28, 3, 1), Columns: window(28, 3, 1)}},
	{"cnn/32-32", ConvShape{Batch: 64, In: 32, Out: 32, Groups: 1, Rows: window(28, 3, 1), Columns: window(28, 3, 1)}},
	{"cnn/32-64", ConvShape{Batch: 64, In: 32, Out: 64, Groups: 1, Rows: window(14, 3, 1), Columns: window(14, 3, 1)}},
	{"cnn/64-64", ConvShape{Batch: 64, In: 64, Out: 64, Groups: 1, Rows: window(14, 3, 1), Columns: window(14, 3, 1)}},
	{"resnet/3-16", ConvShape{Batch: 32, In: 3, Out: 16, Groups: 1, Rows: window(32, 3, 1), Columns: window(32, 3, 1)}},
	{"resnet/16-16", ConvShape{Batch: 32, In: 16, Out: 16, Groups: 1, Rows: window(32, 3, 1), Columns: window(32, 3, 1)}},
	{"resnet/16-32", ConvShape{Batch: 32, In: 16, Out: 32, Groups: 1, Rows: window(32, 3, 2), Columns: window(32, 3, 2)}},
	{"resnet/32-32", ConvShape{Batch: 32, In: 32, Out: 32, Groups: 1, Rows: window(16, 3, 1), Columns: window(16, 3, 1)}},
	{"resnet/32-64", ConvShape{Batch: 32, In: 32, Out: 64, Groups: 1, Rows: window(16, 3, 2), Columns: window(16, 3, 2)}},
	{"resnet/64-64", ConvShape{Batch: 32, In: 64, Out: 64, Groups: 1, Rows: window(8, 3, 1), Columns: window(8, 3, 1)}},
	{"resnet/1x1", ConvShape{Batch: 32, In: 16, Out: 32, Groups: 1, Rows: window(32, 1, 2), Columns: window(32, 1, 2)}},
	{"sequence/64-64", ConvShape{Batch: 32, In: 64, Out: 64, Groups: 1, Rows: window(1, 1, 1), Columns: window(128, 5, 1)}},
	{"pointwise/64-64", ConvShape{Batch: 32, In: 64, Out: 64, Groups: 1, Rows: window(32, 1, 1), Columns: window(32, 1, 1)}},
	{"depthwise/64", ConvShape{Batch: 32, In: 64, Out: 64, Groups: 64, Rows: window(32, 3, 1), Columns: window(32, 3, 1)}},
}

func BenchmarkConv(b *testing.B) {
	for _, l := range convLayers {
		for mode, way := range []string{ConvForward: "y", ConvInput: "dx", ConvWeights: "dw"} {
			b.Run(fmt.Sprintf("%s/%s", l.name, way), func(b *testing.B) {
				s := l.ConvShape
				s.Mode = ConvMode(mode)
				made := [3]int{2, 0, 1}[mode]
				operands := [3][2]int{{0, 1}, {2, 1}, {0, 2}}[mode]
				n := s.sizes()
				c := NewConv[float32](s)
				dst, x, y := ramp[float32](n[made]), ramp[float32](n[operands[0]]), ramp[float32](n[operands[1]])
				for b.Loop() {
					c.Run(dst, x, y, nil)
				}
				flops := 2 * float64(n[2]) * float64(s.Rows.Kernel*s.Columns.Kernel*s.in())
				b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
