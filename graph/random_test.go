package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// randomPool returns random expressions of five parameters, each built from
// earlier ones. Their shapes broadcast against each other and their values stay
// moderate. Some arrays are longer than the pieces that fused loops work on.
func randomPool(rng *rand.Rand, g *graph.Graph, n int) []*node {
	p, q := 3, 4
	if rng.IntN(2) == 0 {
		p, q = 1+rng.IntN(40), 1+rng.IntN(40)
	}
	pool := []*node{g.Param("a", normal, 2, p, q), g.Param("b", normal, p, 1), g.Param("c", normal, q), g.Param("d", normal), g.Param("e", normal, p, q)}
	pick := func() *node { return pool[rng.IntN(len(pool))] }
	for len(pool) < n+5 {
		x, y := pick(), pick()
		var z *node
		switch r := x.Shape().Rank(); rng.IntN(18) {
		case 0:
			z = ops.Add(x, y)
		case 1:
			z = ops.Sub(x, y)
		case 2:
			z = ops.Tanh(ops.Mul(x, y))
		case 3:
			z = ops.Sin(x)
		case 4:
			z = ops.Div(x, ops.Shift(1, ops.Square(y)))
		case 5:
			z = ops.Where(ops.Less(x, y), ops.Scale(0.5, x), ops.Sigmoid(y))
		case 6:
			z = ops.Max(x, y)
		case 7:
			z = ops.Softplus(x)
		case 8:
			if r > 0 {
				a := rng.IntN(r)
				z = ops.Keep(ops.Mean(x, a), x, a)
			}
		case 9:
			z = ops.Mean(x)
		case 10:
			if r == 3 {
				z = ops.Transpose(ops.Transpose(x, 0, 2, 1), 0, 2, 1)
			}
		case 11:
			if r > 0 {
				z = ops.Flip(x, rng.IntN(r))
			}
		case 12:
			if r > 1 {
				z = ops.MatMul(ops.MatMul(x, ops.Transpose(ops.Tanh(x), transposed(r)...)), x)
				z = ops.Tanh(z)
			}
		case 13:
			if r > 0 {
				z = ops.Softmax(x, rng.IntN(r))
			}
		case 14:
			z = ops.Reshape(ops.Sin(ops.Reshape(x, -1)), x.Shape().Dims()...)
		case 16:
			if r == 3 {
				z = ops.Attention(x, ops.Tanh(x), ops.Sin(x), ops.AttentionOptions{})
			}
		case 17:
			if r > 1 {
				z = walked(x, graph.ScanOptions{Reverse: rng.IntN(2) == 0, Every: rng.IntN(3)})
			}
		case 15:
			if r > 0 {
				z = ops.Concat(0, ops.Slice(x, 0, 0, 1, 1), ops.Slice(x, 0, 1, ops.End, 1))
			}
		}
		if z != nil {
			pool = append(pool, z)
		}
	}
	return pool
}

// walked walks along the first axis of x, and carries what becomes of the first part.
func walked(x *node, o graph.ScanOptions) *node {
	first := ops.Reshape(ops.Slice(x, 0, 0, 1, 1), x.Shape().Dims()[1:]...)
	_, ys := graph.Scan([]*node{first}, []*node{x}, o, func(c, x []*node) (next, y []*node) {
		h := ops.Tanh(ops.Add(ops.Scale(0.5, c[0]), ops.Mul(first, ops.Sin(x[0]))))
		return []*node{h}, []*node{ops.Mul(h, c[0])}
	})
	return ys[0]
}

// transposed swaps the last two of r axes.
func transposed(r int) []int {
	order := make([]int, r)
	for i := range order {
		order[i] = i
	}
	order[r-1], order[r-2] = r-2, r-1
	return order
}

// TestFusionIsExact compiles random expressions, their gradients and products
// with Hessians: fused or not, in whatever order memory is reused, the bits are
// the same. Updates of the parameters, in place where possible, are part of it.
func TestFusionIsExact(t *testing.T) {
	for trial := range 300 {
		rng := rand.New(rand.NewPCG(uint64(trial), 7))
		var got [2][][]float64
		n := 3 + rng.IntN(20)
		seed := rng.Uint64()
		for k, check := range []bool{false, true} {
			g := graph.New(graph.Float64, 5)
			pool := randomPool(rand.New(rand.NewPCG(seed, 1)), g, n)
			loss := ops.Add(ops.Sum(pool[len(pool)-1]), ops.Mean(pool[len(pool)-2]))
			grads := graph.Grad(loss, g.Params()...)
			out := append([]*node{loss}, grads...)
			out = append(out, pool[len(pool)/2:]...)
			if trial%3 == 0 {
				out = append(out, graph.HVP(loss, g.Params(), grads)...)
			}
			fn := graph.Function{Outputs: out, Check: check, Verify: true}
			for i, w := range g.Params() {
				v := ops.Sub(w, ops.Scale(0.1, grads[i]))
				for _, x := range pool { // now and then something else of that shape
					if x.Shape() == w.Shape() && (trial+x.Shape().Size())%5 == 0 {
						v = x
					}
				}
				if trial%2 == 0 {
					fn.Updates = append(fn.Updates, graph.Update{Target: w, Value: v})
				}
			}
			p, err := fn.Compile()
			if err != nil {
				t.Fatalf("trial %d: %v", trial, err)
			}
			for range 3 {
				if err := p.Run(); err != nil {
					t.Fatalf("trial %d: %v", trial, err)
				}
			}
			for _, n := range out {
				got[k] = append(got[k], p.Float64s(n))
			}
			for _, w := range g.Params() {
				got[k] = append(got[k], w.Variable().Float64s())
			}
		}
		if a, b := fmt.Sprint(got[0]), fmt.Sprint(got[1]); a != b {
			t.Fatalf("trial %d:\nfused %v\nalone %v", trial, a, b)
		}
	}
}

// TestFloat32IsClose: the same expressions in float32, where another element
// type takes other paths through memory.
func TestFloat32IsClose(t *testing.T) {
	for trial := range 100 {
		var got [2][]float64
		for k, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
			g := graph.New(dt, 5)
			pool := randomPool(rand.New(rand.NewPCG(uint64(trial), 3)), g, 12)
			loss := ops.Mean(ops.Sin(pool[len(pool)-1]))
			for _, v := range graphtest.Values(t, append(graph.Grad(loss, g.Params()...), loss)...) {
				got[k] = append(got[k], v...)
			}
		}
		if !within(got[1], got[0], 2e-4) {
			t.Errorf("trial %d: float32 %v, float64 %v", trial, got[1], got[0])
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
		g := graph.New(dt, 3)
		x, y, loss := mlp(g, 5)
		scale := g.Input("scale")
		step := g.State("step", graph.Zeros)
		h := ops.Dropout(ops.Take(g.Param("table", normal, 3, 4), y, 0), 0.5, step, "")
		h = ops.Concat(1, h, ops.Slice(ops.Transpose(ops.Transpose(h)), 1, 0, 2, 1))
		loss = ops.Add(ops.Mul(scale, loss), ops.Add(ops.Std(ops.Sub(h, ops.Mean(x))), ops.AMax(h)))
		fn := graph.Function{Outputs: []*node{loss}, Updates: []graph.Update{{Target: step, Value: ops.Shift(1, step)}}}
		for i, d := range graph.Grad(loss, g.Params()...) {
			w := g.Params()[i]
			fn.Updates = append(fn.Updates, graph.Update{Target: w, Value: ops.Sub(w, ops.Scale(0.1, d))})
		}
		p, err := fn.Compile()
		if err != nil {
			t.Fatal(err)
		}
		xs, ys := batchOf(5)
		one := []float64{1}
		feeds := []graph.Feed{graph.Let(x, xs), graph.Let(y, ys), graph.Let(scale, one)}
		if err := p.Run(feeds...); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { p.Run(feeds...) }); n != 0 {
			t.Errorf("%v: %v allocations a run", dt, n)
		}
		if n := testing.AllocsPerRun(100, func() { p.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(scale, one)) }); n != 0 {
			t.Errorf("%v: %v allocations a run with feeds made for it", dt, n)
		}
		if l := p.Scalar(loss); math.IsNaN(l) {
			t.Errorf("loss %v", l)
		}
	}
}
