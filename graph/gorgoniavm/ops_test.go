package gorgoniavm

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"descent/internal/docs"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

type G = gorgonia.ExprGraph

// An opCase is one exported function of gorgonia's that makes nodes, on small
// inputs.
type opCase struct {
	name  string
	shape [][]int // of the inputs; none is a scalar
	made  func(x gorgonia.Nodes) (*gnode, error)
	from  float64 // of the numbers: from, from + spread
	to    float64
	whole map[int][]int // inputs of whole numbers
}

func s(d ...int) []int { return d }

func un(f func(*gnode) (*gnode, error)) func(gorgonia.Nodes) (*gnode, error) {
	return func(x gorgonia.Nodes) (*gnode, error) { return f(x[0]) }
}

func bin(f func(a, b *gnode) (*gnode, error)) func(gorgonia.Nodes) (*gnode, error) {
	return func(x gorgonia.Nodes) (*gnode, error) { return f(x[0], x[1]) }
}

func cmp(f func(a, b *gnode, same bool) (*gnode, error)) func(gorgonia.Nodes) (*gnode, error) {
	return func(x gorgonia.Nodes) (*gnode, error) { return f(x[0], x[1], true) }
}

func bcast(f func(a, b *gnode, l, r []byte) (*gnode, error), l, r []byte) func(gorgonia.Nodes) (*gnode, error) {
	return func(x gorgonia.Nodes) (*gnode, error) { return f(x[0], x[1], l, r) }
}

func bcastCmp(f func(a, b *gnode, same bool, l, r []byte) (*gnode, error)) func(gorgonia.Nodes) (*gnode, error) {
	return func(x gorgonia.Nodes) (*gnode, error) { return f(x[0], x[1], true, nil, []byte{0}) }
}

var opCases = []opCase{
	{name: "Abs", shape: [][]int{s(2, 3)}, made: un(gorgonia.Abs)},
	{name: "Sign", shape: [][]int{s(2, 3)}, made: un(gorgonia.Sign)},
	{name: "Ceil", shape: [][]int{s(2, 3)}, made: un(gorgonia.Ceil)},
	{name: "Floor", shape: [][]int{s(2, 3)}, made: un(gorgonia.Floor)},
	{name: "Sin", shape: [][]int{s(2, 3)}, made: un(gorgonia.Sin)},
	{name: "Cos", shape: [][]int{s(2, 3)}, made: un(gorgonia.Cos)},
	{name: "Exp", shape: [][]int{s(2, 3)}, made: un(gorgonia.Exp)},
	{name: "Log", shape: [][]int{s(2, 3)}, made: un(gorgonia.Log), from: .2, to: 2},
	{name: "Log2", shape: [][]int{s(2, 3)}, made: un(gorgonia.Log2), from: .2, to: 2},
	{name: "Neg", shape: [][]int{s(2, 3)}, made: un(gorgonia.Neg)},
	{name: "Square", shape: [][]int{s(2, 3)}, made: un(gorgonia.Square)},
	{name: "Sqrt", shape: [][]int{s(2, 3)}, made: un(gorgonia.Sqrt), from: .2, to: 2},
	{name: "Inverse", shape: [][]int{s(2, 3)}, made: un(gorgonia.Inverse), from: .2, to: 2},
	{name: "InverseSqrt", shape: [][]int{s(2, 3)}, made: un(gorgonia.InverseSqrt), from: .2, to: 2},
	{name: "Cube", shape: [][]int{s(2, 3)}, made: un(gorgonia.Cube)},
	{name: "Tanh", shape: [][]int{s(2, 3)}, made: un(gorgonia.Tanh)},
	{name: "Sigmoid", shape: [][]int{s(2, 3)}, made: un(gorgonia.Sigmoid)},
	{name: "Log1p", shape: [][]int{s(2, 3)}, made: un(gorgonia.Log1p), from: -.5, to: 2},
	{name: "Expm1", shape: [][]int{s(2, 3)}, made: un(gorgonia.Expm1)},
	{name: "Softplus", shape: [][]int{s(2, 3)}, made: un(gorgonia.Softplus)},
	{name: "Mish", shape: [][]int{s(2, 3)}, made: un(gorgonia.Mish)},
	{name: "Rectify", shape: [][]int{s(2, 3)}, made: un(gorgonia.Rectify)},
	{name: "LeakyRelu", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.LeakyRelu(x, .1) })},
	{name: "Add", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.Add)},
	{name: "Sub", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.Sub)},
	{name: "HadamardProd", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.HadamardProd)},
	{name: "HadamardProd, a scalar", shape: [][]int{s(2, 3), nil}, made: bin(gorgonia.HadamardProd)},
	{name: "HadamardDiv", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.HadamardDiv), from: .3, to: 2},
	{name: "Div, a scalar", shape: [][]int{s(2, 3), nil}, made: bin(gorgonia.Div), from: .3, to: 2},
	{name: "Sub, from a scalar", shape: [][]int{nil, s(2, 3)}, made: bin(gorgonia.Sub)},
	{name: "Pow", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.Pow), from: .3, to: 2},
	{name: "Lt", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Lt)},
	{name: "Gt", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Gt)},
	{name: "Lte", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Lte)},
	{name: "Gte", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Gte)},
	{name: "Eq", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Eq)},
	{name: "Ne", shape: [][]int{s(2, 3), s(2, 3)}, made: cmp(gorgonia.Ne)},
	{name: "MinBetween", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.MinBetween)},
	{name: "MaxBetween", shape: [][]int{s(2, 3), s(2, 3)}, made: bin(gorgonia.MaxBetween)},
	{name: "BroadcastAdd", shape: [][]int{s(2, 3), s(1, 3)}, made: bcast(gorgonia.BroadcastAdd, nil, []byte{0})},
	{name: "BroadcastSub", shape: [][]int{s(2, 3), s(2, 1)}, made: bcast(gorgonia.BroadcastSub, nil, []byte{1})},
	{name: "BroadcastHadamardProd", shape: [][]int{s(1, 3), s(2, 3)}, made: bcast(gorgonia.BroadcastHadamardProd, []byte{0}, nil)},
	{name: "BroadcastHadamardDiv", shape: [][]int{s(2, 3), s(1, 3)}, made: bcast(gorgonia.BroadcastHadamardDiv, nil, []byte{0}), from: .3, to: 2},
	{name: "BroadcastPow", shape: [][]int{s(2, 3), s(1, 3)}, made: bcast(gorgonia.BroadcastPow, nil, []byte{0}), from: .3, to: 2},
	{name: "BroadcastLt", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastLt)},
	{name: "BroadcastGt", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastGt)},
	{name: "BroadcastLte", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastLte)},
	{name: "BroadcastGte", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastGte)},
	{name: "BroadcastEq", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastEq)},
	{name: "BroadcastNe", shape: [][]int{s(2, 3), s(1, 3)}, made: bcastCmp(gorgonia.BroadcastNe)},
	{name: "Auto", shape: [][]int{s(2, 3), s(1, 3)}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.Auto(gorgonia.BroadcastAdd, a, b) })},
	{name: "Mul, matrices", shape: [][]int{s(2, 3), s(3, 4)}, made: bin(gorgonia.Mul)},
	{name: "Mul, matrix and vector", shape: [][]int{s(2, 3), s(3)}, made: bin(gorgonia.Mul)},
	{name: "Mul, vectors", shape: [][]int{s(3), s(3)}, made: bin(gorgonia.Mul)},
	{name: "OuterProd", shape: [][]int{s(2), s(3)}, made: bin(gorgonia.OuterProd)},
	{name: "BatchedMatMul", shape: [][]int{s(2, 3, 4), s(2, 4, 2)}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.BatchedMatMul(a, b) })},
	{name: "BatchedMatMul, transposed", shape: [][]int{s(2, 4, 3), s(2, 2, 4)}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.BatchedMatMul(a, b, true, true) })},
	{name: "Tensordot", shape: [][]int{s(2, 3, 4), s(4, 3, 2)}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.Tensordot([]int{1, 2}, []int{1, 0}, a, b) })},
	{name: "Tensordot, one axis", shape: [][]int{s(2, 3), s(3, 4)}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.Tensordot([]int{1}, []int{0}, a, b) })},
	{name: "Sum", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Sum(x) })},
	{name: "Sum, along", shape: [][]int{s(2, 3, 2)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Sum(x, 1) })},
	{name: "Mean", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Mean(x) })},
	{name: "Mean, along", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Mean(x, 0) })},
	{name: "Max", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Max(x) })},
	{name: "Max, along", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Max(x, 1) })},
	{name: "Norm", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Norm(x, 1, 2) }), from: .2, to: 2},
	{name: "LogSumExp", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.LogSumExp(x, 1) })},
	{name: "ReduceAdd", shape: [][]int{s(2, 3), s(2, 3), s(2, 3)}, made: func(x gorgonia.Nodes) (*gnode, error) { return gorgonia.ReduceAdd(x) }},
	{name: "ReduceMul", shape: [][]int{s(2, 2), s(2, 2), s(2, 2)}, made: func(x gorgonia.Nodes) (*gnode, error) { return gorgonia.ReduceMul(x) }},
	{name: "SizeOf", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) {
		n, err := gorgonia.SizeOf(1, x)
		if err != nil {
			return nil, err
		}
		return gorgonia.HadamardProd(x, n)
	})},
	{name: "At", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.At(x, 1, 2) })},
	{name: "Slice", shape: [][]int{s(4, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Slice(x, gorgonia.S(1, 3)) })},
	{name: "Slice, one row", shape: [][]int{s(4, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Slice(x, gorgonia.S(2)) })},
	{name: "Slice, columns", shape: [][]int{s(4, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Slice(x, nil, gorgonia.S(0, 2)) })},
	{name: "Slice, with a step", shape: [][]int{s(6)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Slice(x, gorgonia.S(0, 6, 2)) })},
	{name: "Transpose", shape: [][]int{s(2, 3, 4)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Transpose(x, 2, 0, 1) })},
	{name: "Concat", shape: [][]int{s(2, 3), s(2, 2)}, made: func(x gorgonia.Nodes) (*gnode, error) { return gorgonia.Concat(1, x...) }},
	{name: "Unconcat", shape: [][]int{s(2, 4)}, made: un(func(x *gnode) (*gnode, error) {
		parts, err := gorgonia.Unconcat(x, 1, 2)
		if err != nil {
			return nil, err
		}
		return gorgonia.HadamardProd(parts[0], parts[1])
	})},
	{name: "Reshape", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Reshape(x, tensor.Shape{3, 2}) })},
	{name: "Ravel", shape: [][]int{s(2, 3)}, made: un(gorgonia.Ravel)},
	{name: "KeepDims", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.KeepDims(x, false, func(x *gnode) (*gnode, error) { return gorgonia.Sum(x, 1) })
	})},
	{name: "ByIndices", shape: [][]int{s(4, 3), s(3)}, whole: map[int][]int{1: {2, 0, 2}}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.ByIndices(a, b, 0) })},
	{name: "ByIndices, columns", shape: [][]int{s(2, 4), s(2)}, whole: map[int][]int{1: {3, 1}}, made: bin(func(a, b *gnode) (*gnode, error) { return gorgonia.ByIndices(a, b, 1) })},
	{name: "DiagFlat", shape: [][]int{s(3)}, made: un(func(x *gnode) (*gnode, error) {
		y, err := gorgonia.DiagFlat(x)
		if err != nil {
			return nil, err
		}
		return gorgonia.Sum(y)
	})},
	{name: "SoftMax", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.SoftMax(x) })},
	{name: "SoftMax, along 0", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.SoftMax(x, 0) })},
	{name: "LogSoftMax", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.LogSoftMax(x) })},
	{name: "Sparsemax", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Sparsemax(x) })},
	{name: "Sparsemax, along 0", shape: [][]int{s(2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Sparsemax(x, 0) })},
	{name: "BinaryXent", shape: [][]int{s(4), s(4)}, made: bin(gorgonia.BinaryXent), from: .2, to: .8},
	{name: "Im2Col", shape: [][]int{s(2, 2, 5, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.Im2Col(x, tensor.Shape{3, 2}, tensor.Shape{1, 1}, tensor.Shape{2, 1}, tensor.Shape{1, 1})
	})},
	{name: "Im2Col, dilated", shape: [][]int{s(1, 2, 6, 6)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.Im2Col(x, tensor.Shape{2, 2}, tensor.Shape{0, 1}, tensor.Shape{1, 2}, tensor.Shape{2, 3})
	})},
	{name: "Conv2d", shape: [][]int{s(2, 2, 5, 5), s(3, 2, 3, 3)}, made: bin(func(x, f *gnode) (*gnode, error) {
		return gorgonia.Conv2d(x, f, tensor.Shape{3, 3}, []int{1, 1}, []int{2, 2}, []int{1, 1})
	})},
	{name: "Conv2d, dilated", shape: [][]int{s(2, 2, 6, 7), s(3, 2, 2, 3)}, made: bin(func(x, f *gnode) (*gnode, error) {
		return gorgonia.Conv2d(x, f, tensor.Shape{2, 3}, []int{0, 2}, []int{1, 2}, []int{3, 2})
	})},
	{name: "Conv2d, larger than the image", shape: [][]int{s(2, 1, 2, 2), s(2, 1, 3, 3)}, made: bin(func(x, f *gnode) (*gnode, error) {
		return gorgonia.Conv2d(x, f, tensor.Shape{3, 3}, []int{0, 0}, []int{2, 2}, []int{1, 1})
	})},
	{name: "Conv1d", shape: [][]int{s(2, 2, 1, 6), s(3, 2, 1, 3)}, made: bin(func(x, f *gnode) (*gnode, error) { return gorgonia.Conv1d(x, f, 3, 1, 1, 1) })},
	{name: "MaxPool2D", shape: [][]int{s(2, 2, 4, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	})},
	{name: "MaxPool2D, padded", shape: [][]int{s(2, 2, 4, 5)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.MaxPool2D(x, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 2})
	})},
	{name: "MaxPool2D, four paddings", shape: [][]int{s(1, 2, 4, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{1, 0, 0, 1}, []int{1, 1})
	})},
	{name: "MaxPool2D, padded by more than half", shape: [][]int{s(1, 2, 4, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.MaxPool2D(x, tensor.Shape{3, 3}, []int{2, 1}, []int{2, 2})
	})},
	{name: "MaxPool1D", shape: [][]int{s(2, 2, 1, 6)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.MaxPool1D(x, 2, 0, 2) })},
	{name: "AveragePool2D", shape: [][]int{s(2, 2, 4, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	})},
	{name: "AveragePool2D, padded", shape: [][]int{s(2, 2, 4, 4)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.AveragePool2D(x, tensor.Shape{3, 3}, []int{1, 1}, []int{2, 2})
	})},
	{name: "AveragePool2D, four paddings", shape: [][]int{s(1, 2, 4, 5)}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.AveragePool2D(x, tensor.Shape{2, 3}, []int{1, 0, 2, 0}, []int{1, 1})
	})},
	{name: "AveragePool1D", shape: [][]int{s(2, 2, 1, 6)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.AveragePool1D(x, 2, 0, 2) })},
	{name: "GlobalAveragePool2D", shape: [][]int{s(2, 3, 4, 4)}, made: un(gorgonia.GlobalAveragePool2D)},
	{name: "Upsample2D", shape: [][]int{s(2, 2, 2, 3)}, made: un(func(x *gnode) (*gnode, error) { return gorgonia.Upsample2D(x, 2) })},
	{name: "BatchNorm", shape: [][]int{s(4, 3), s(4, 3), s(4, 3)}, made: func(x gorgonia.Nodes) (*gnode, error) {
		y, _, _, _, err := gorgonia.BatchNorm(x[0], x[1], x[2], .1, 1e-5)
		return y, err
	}},
	{name: "BatchNorm, images", shape: [][]int{s(2, 3, 2, 2), s(2, 3, 2, 2), s(2, 3, 2, 2)}, made: func(x gorgonia.Nodes) (*gnode, error) {
		y, _, _, _, err := gorgonia.BatchNorm(x[0], x[1], x[2], .1, 1e-5)
		return y, err
	}},
	{name: "GroupNorm", shape: [][]int{s(2, 4, 2, 2), s(1, 4, 1, 1), s(1, 4, 1, 1)}, made: func(x gorgonia.Nodes) (*gnode, error) {
		return gorgonia.GroupNorm(x[0], x[1], x[2], 2, 4, 1e-5)
	}},
	{name: "CTCLoss", shape: [][]int{s(4, 2, 3), s(2, 2), s(2), s(2)}, whole: map[int][]int{1: {1, 2, 2, 1}, 2: {4, 4}, 3: {2, 1}}, made: func(x gorgonia.Nodes) (*gnode, error) {
		return gorgonia.CTCLoss(gorgonia.Must(gorgonia.LogSoftMax(x[0], 2)), x[1], x[2], x[3], gorgonia.ReductionMean)
	}},
	{name: "CTCLoss, a sum", shape: [][]int{s(4, 2, 3), s(2, 2), s(2), s(2)}, whole: map[int][]int{1: {1, 2, 2, 1}, 2: {4, 4}, 3: {2, 1}}, made: func(x gorgonia.Nodes) (*gnode, error) {
		return gorgonia.CTCLoss(gorgonia.Must(gorgonia.LogSoftMax(x[0], 2)), x[1], x[2], x[3], gorgonia.ReductionSum)
	}},
	{name: "ConvType", shape: [][]int{s(3)}, whole: map[int][]int{0: {3, -1, 2}}, made: un(func(x *gnode) (*gnode, error) {
		return gorgonia.ConvType(x, tensor.Int, tensor.Float64)
	})},
}

// values are numbers that look random but for being far from each other.
func values(n int, from, to float64, seed int) []float64 {
	x := make([]float64, n)
	for i := range x {
		u := math.Mod(float64(i+1)*0.6180339887498949+float64(seed)*0.3819660112501051, 1)
		x[i] = from + (to-from)*u
	}
	return x
}

// a trial is a graph made of a case, with a cost that weighs all elements.
type trial struct {
	g    *G
	in   gorgonia.Nodes
	y    *gnode
	cost *gnode
	err  error
}

func (c *opCase) try(data [][]float64, differentiate bool) (tr trial) {
	defer func() {
		if r := recover(); r != nil {
			tr.err = fmt.Errorf("panic: %v", r)
		}
	}()
	tr.g = gorgonia.NewGraph()
	var wrt gorgonia.Nodes
	for i, d := range c.shape {
		name := gorgonia.WithName(fmt.Sprint("x", i))
		var n *gnode
		switch w := c.whole[i]; {
		case w != nil:
			n = gorgonia.NewTensor(tr.g, tensor.Int, len(d), gorgonia.WithShape(d...), name, gorgonia.WithValue(tensor.New(tensor.WithShape(d...), tensor.WithBacking(append([]int(nil), w...)))))
		case len(d) == 0:
			n = gorgonia.NewScalar(tr.g, tensor.Float64, name, gorgonia.WithValue(data[i][0]))
		default:
			n = gorgonia.NewTensor(tr.g, tensor.Float64, len(d), gorgonia.WithShape(d...), name,
				gorgonia.WithValue(tensor.New(tensor.WithShape(d...), tensor.WithBacking(append([]float64(nil), data[i]...)))))
		}
		tr.in = append(tr.in, n)
		if c.whole[i] == nil {
			wrt = append(wrt, n)
		}
	}
	if tr.y, tr.err = c.made(tr.in); tr.err != nil {
		return tr
	}
	tr.cost = tr.y
	if !tr.y.IsScalar() {
		sh := tr.y.Shape()
		w := gorgonia.NewTensor(tr.g, tensor.Float64, len(sh), gorgonia.WithShape(sh...), gorgonia.WithName("weights"),
			gorgonia.WithValue(tensor.New(tensor.WithShape(sh...), tensor.WithBacking(values(sh.TotalSize(), -1, 1, 9)))))
		p, err := gorgonia.HadamardProd(w, tr.y)
		if err != nil {
			tr.err = err
			return tr
		}
		if tr.cost, tr.err = gorgonia.Sum(p); tr.err != nil {
			return tr
		}
	}
	if differentiate {
		if _, err := gorgonia.Grad(tr.cost, wrt...); err != nil {
			tr.err = fmt.Errorf("Grad: %w", err)
		}
	}
	return tr
}

func (c *opCase) data() [][]float64 {
	from, to := c.from, c.to
	if from == to {
		from, to = -1.5, 1.5
	}
	var out [][]float64
	for i, d := range c.shape {
		n := 1
		for _, l := range d {
			n *= l
		}
		out = append(out, values(n, from, to, i))
	}
	return out
}

// value is what gorgonia's machine makes of the case, forwards alone.
func (c *opCase) value(data [][]float64) (y, cost []float64, err error) {
	tr := c.try(data, false)
	if tr.err != nil {
		return nil, nil, tr.err
	}
	var yv, cv gorgonia.Value
	gorgonia.Read(tr.y, &yv)
	gorgonia.Read(tr.cost, &cv)
	if err := gorgonia.NewTapeMachine(tr.g).RunAll(); err != nil {
		return nil, nil, err
	}
	return floats(yv), floats(cv), nil
}

// slope is the derivative of gorgonia's cost by input i, by central differences.
func (c *opCase) slope(t *testing.T, data [][]float64, i int) []float64 {
	const h = 1e-5
	out := make([]float64, len(data[i]))
	for k, x := range data[i] {
		at := func(x float64) float64 {
			data[i][k] = x
			_, cost, err := c.value(data)
			if err != nil {
				t.Fatal(err)
			}
			return cost[0]
		}
		out[k] = (at(x+h) - at(x-h)) / (2 * h)
		data[i][k] = x
	}
	return out
}

func floats(v gorgonia.Value) []float64 {
	if v == nil {
		return nil
	}
	x, err := numbers(nil, v)
	if err != nil {
		panic(err)
	}
	return x
}

// far is the largest difference of elements, relative where they are large.
func far(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var worst float64
	for i := range a {
		d := math.Abs(a[i]-b[i]) / math.Max(1, math.Max(math.Abs(a[i]), math.Abs(b[i])))
		if !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// outcome is what the table says of a case.
type outcome struct{ value, theirs, ours, by string }

func (c *opCase) outcome(t *testing.T) (o outcome) {
	data := c.data()
	y, _, err := c.value(data)
	if err != nil {
		return outcome{"none: gorgonia cannot make it", "", "", ""}
	}
	o = outcome{value: "equal", theirs: "right", ours: "right", by: "us"}
	mine, other := c.try(data, true), c.try(data, true)
	differentiable := mine.err == nil
	if !differentiable {
		mine = c.try(data, false)
		o.theirs, o.ours = "none", "none"
	}
	m, err := Compile(mine.g)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	switch got := floats(mine.y.Value()); {
	case len(y) != len(got):
		o.value = "gorgonia's is of another shape"
	case far(y, got) > 1e-12:
		t.Errorf("value %v, gorgonia's %v", got, y)
	}
	if len(m.Report().ByDo) > 0 {
		o.by = "its own Do"
	}
	if !differentiable {
		return o
	}
	runs := gorgonia.NewTapeMachine(other.g).RunAll() == nil
	if !runs {
		o.theirs = "fails"
	}
	for i, x := range mine.in {
		if c.whole[i] != nil {
			continue
		}
		want := c.slope(t, data, i)
		if d := far(want, floats(must(x.Grad()))); !(d <= 1e-8) {
			o.ours = "wrong"
			t.Errorf("our gradient of input %d is %v, by differences %v", i, floats(must(x.Grad())), want)
		}
		if runs && !(far(want, floats(must(other.in[i].Grad()))) <= 1e-8) {
			o.theirs = "wrong"
		}
	}
	return o
}

// TestOps runs every exported function of gorgonia's that makes nodes on both
// machines: values must be equal, and our gradients the slopes of gorgonia's
// values. What comes out is the table of docs/gorgonia.md.
//
//	go test ./graph/gorgoniavm -run TestOps -update
func TestOps(t *testing.T) {
	rows := make([]string, len(opCases))
	for i := range opCases {
		c := &opCases[i]
		t.Run(c.name, func(t *testing.T) {
			o := c.outcome(t)
			rows[i] = fmt.Sprintf("| %s | %s | %s | %s | %s |\n", c.name, o.value, o.theirs, o.ours, o.by)
		})
	}
	if t.Failed() {
		return
	}
	docs.Part(t, "../../docs/gorgonia.md", "table of ops",
		"\n| function | value | gorgonia's gradient | ours | by |\n|---|---|---|---|---|\n"+strings.Join(rows, "")+"\n")
}

// TestOnlyRead runs the same functions with [Options.OnlyRead]: what is read, and the
// gradients, are those of a machine that keeps every node.
func TestOnlyRead(t *testing.T) {
	for i := range opCases {
		c := &opCases[i]
		t.Run(c.name, func(t *testing.T) {
			all, some := c.try(c.data(), true), c.try(c.data(), true)
			if all.err != nil {
				t.Skip("it has no gradient")
			}
			var y gorgonia.Value
			gorgonia.Read(some.y, &y)
			ok(must(Compile(all.g)).RunAll())
			ok(must(Options{OnlyRead: true}.Compile(some.g)).RunAll())
			same := func(what string, want, got gorgonia.Value) {
				if !(far(floats(want), floats(got)) <= 1e-12) {
					t.Errorf("%s is %v, where all is kept %v", what, got, want)
				}
			}
			same("the value", all.y.Value(), y)
			for i := range all.in {
				if c.whole[i] == nil {
					same(fmt.Sprint("the gradient of input ", i), must(all.in[i].Grad()), must(some.in[i].Grad()))
				}
			}
		})
	}
}

// TestConvolutions asks for one step of a program for each convolution and for each
// of its gradients, but for windows that do not fit, and where all is traced: then
// those inside have their gradients, too. Their values they have unless only what is
// read is kept.
func TestConvolutions(t *testing.T) {
	for i := range opCases {
		c := &opCases[i]
		if !strings.HasPrefix(c.name, "Conv2d") && !strings.HasPrefix(c.name, "Conv1d") {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			traced := c.insides(t, Options{}, gorgonia.TraceExec())
			kept, only := c.insides(t, Options{}), c.insides(t, Options{OnlyRead: true})
			for i, n := range traced {
				if v := kept[i].Value(); v == nil || far(floats(n.Value()), floats(v)) > 1e-12 {
					t.Errorf("%v is %v, traced %v", n, v, n.Value())
				}
				opened := c.name == "Conv2d, larger than the image"
				if n.Deriv().Value() == nil || (kept[i].Deriv().Value() != nil) != opened || only[i].Value() != nil {
					t.Errorf("%v: gradients %v, %v; value %v", n, n.Deriv().Value(), kept[i].Deriv().Value(), only[i].Value())
				}
			}
		})
	}
}

// insides runs a convolution and returns the nodes inside.
func (c *opCase) insides(t *testing.T, o Options, opts ...gorgonia.VMOpt) gorgonia.Nodes {
	tr := c.try(c.data(), true)
	m := must(o.Compile(tr.g, opts...))
	ok(m.RunAll())
	one := len(opts) == 0 && c.name != "Conv2d, larger than the image"
	for _, step := range []string{"conv[", "conv_input[", "conv_weights["} {
		if n := strings.Count(m.String(), " "+step); n > 1 || (n == 1) != one {
			t.Errorf("%+v: %d steps %s in\n%v", o, n, step, m)
		}
	}
	_, _, inside := m.src.convolution(tr.y)
	if len(inside) != 5 {
		t.Fatalf("%d nodes inside", len(inside))
	}
	return inside
}
