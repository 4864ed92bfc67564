package loops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"descent/internal/kernel"
	"descent/train/score"
)

// portably runs a test again in a process whose kernels are portable, and reports whether
// this is that.
func portably(t *testing.T) bool {
	if kernel.Active() == kernel.Portable {
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "DESCENT_ISA=portable")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// random returns n numbers, some of them 0, -0, infinite or none if they may be.
func random(r *rand.Rand, n int, odd bool) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		if odd && r.IntN(40) == 0 {
			x[i] = []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.NaN())}[r.IntN(4)]
		}
	}
	return x
}

func same[T float32 | float64](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range want {
		if g, w := float64(got[i]), float64(want[i]); math.Float64bits(g) != math.Float64bits(w) && !(g != g && w != w) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// Loops compute what kernels do, bit for bit.
func TestAsKernels(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		m, n, k := 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(20)
		a, b, c := random(r, m*k, true), random(r, k*n, true), random(r, m*n, false)
		for _, o := range []kernel.ProductOptions{{Bias: true, ReLU: true}, {TransA: true}, {TransB: true, Scale: true}} {
			ai, ak, bk, bj := k, 1, n, 1
			if o.TransA {
				ai, ak = 1, m
			}
			if o.TransB {
				bk, bj = 1, k
			}
			got, want, extra := slices.Clone(c), slices.Clone(c), random(r, n, false)
			kernel.NewProductWith[float32](m, n, k, o).RunBias(&want[0], &a[0], &b[0], &extra[0])
			if o.Scale {
				addProduct(got, a, b, extra, m, n, k, ai, ak, bk, bj)
			} else {
				product(got, a, b, m, n, k, ai, ak, bk, bj)
			}
			if o.Bias {
				addRow(got, extra, m, n)
			}
			if o.ReLU {
				rectify(got, m*n)
			}
			same(t, fmt.Sprint("product ", o), got, want)
		}
	}
}

func TestReductions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		outer, n, inner := 1+r.IntN(3), 1+r.IntN(300), 1+r.IntN(3)
		if r.IntN(10) == 0 {
			outer, n, inner = 1, 1+r.IntN(20000), 1
		}
		src := random(r, outer*n*inner, r.IntN(2) == 0)
		if r.IntN(3) == 0 {
			for i := range src {
				src[i] = float32(r.IntN(3)-1) * 0
			}
		}
		for how, f := range map[kernel.Reduction]func(dst, src []float32){
			kernel.ReduceSum:    func(dst, src []float32) { sums(dst, src, outer, n, inner) },
			kernel.ReduceProd:   func(dst, src []float32) { products(dst, src, outer, n, inner) },
			kernel.ReduceMax:    func(dst, src []float32) { extremes(dst, src, outer, n, inner, 1) },
			kernel.ReduceMin:    func(dst, src []float32) { extremes(dst, src, outer, n, inner, -1) },
			kernel.ReduceArgMax: func(dst, src []float32) { places(dst, src, outer, n, inner, 1) },
			kernel.ReduceArgMin: func(dst, src []float32) { places(dst, src, outer, n, inner, -1) },
		} {
			got, want := make([]float32, outer*inner), make([]float32, outer*inner)
			kernel.ReducerOf[float32](how)(&want[0], &src[0], outer, n, inner)
			f(got, src)
			same(t, fmt.Sprintf("%v of %dx%dx%d", how, outer, n, inner), got, want)
		}
	}
}

// Sums of long columns are those of stripes, in the order that package exec has.
func TestColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 16, 700} {
		stripe := kernel.ColumnStripe(n)
		for _, rows := range []int{5 * stripe, 16*stripe + 3, 64*stripe + 17*stripe + 1, 200 * stripe} {
			src := random(r, rows*n, false)
			var blocks [][]float64
			acc := make([]float32, stripe*n)
			for s := 0; s*stripe < rows; s++ {
				if s%kernel.ColumnBlock == 0 {
					blocks = append(blocks, make([]float64, n))
				}
				for i, x := range src[s*stripe*n : min((s+1)*stripe, rows)*n] {
					acc[i] += x
				}
				if s%kernel.ColumnChain == kernel.ColumnChain-1 || (s+1)*stripe >= rows {
					kernel.AddColumns(blocks[len(blocks)-1], &acc[0], stripe, n)
					clear(acc)
				}
			}
			want := make([]float32, n)
			for j := range want {
				for _, b := range blocks[1:] {
					blocks[0][j] += b[j]
				}
				want[j] = float32(blocks[0][j])
			}
			got := make([]float32, n)
			columns(got, src, rows, n, stripe)
			same(t, fmt.Sprintf("columns of %dx%d", rows, n), got, want)
		}
	}
}

func TestRows(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rows, n := 1+r.IntN(4), 1+r.IntN(12)
		z := random(r, rows*n, r.IntN(2) == 0)
		got, want, lse, wantLse := make([]float32, rows*n), make([]float32, rows*n), make([]float32, rows), make([]float32, rows)
		kernel.SoftmaxRows(&want[0], &wantLse[0], &z[0], rows, n)
		softmax(got, lse, z, rows, n)
		same(t, "softmax", append(got, lse...), append(want, wantLse...))

		s := kernel.RowIndex{Outer: 1 + r.IntN(2), N: 1 + r.IntN(5), Count: 1 + r.IntN(6), Inner: 1 + r.IntN(4)}
		index := make([]float32, s.Count)
		for i := range index {
			index[i] = float32(r.IntN(s.N+2) - 1)
		}
		x, dy := random(r, s.Outer*s.N*s.Inner, true), random(r, s.Outer*s.Count*s.Inner, true)
		taken, added := make([]float32, len(dy)), make([]float32, len(x))
		wantTaken, wantAdded := make([]float32, len(dy)), make([]float32, len(x))
		kernel.TakeRows(&s, wantTaken, x, index, 0, s.Outer*s.Count)
		kernel.AddRows(&s, wantAdded, dy, index, 0, s.Outer*s.N)
		take(taken, x, index, s.Outer, s.N, s.Count, s.Inner)
		scatter(added, dy, index, s.Outer, s.N, s.Count, s.Inner)
		same(t, "taken", taken, wantTaken)
		same(t, "added", added, wantAdded)
	}
}

// The loss of a class is minus the logarithm of its probability, and its gradient that
// less 1; what is no class has none.
func TestSoftmaxLoss(t *testing.T) {
	z, y := []float32{1, 2, 3, 90, 0, 0, 1, 1, 1}, []float32{2, 1, -1}
	grad, nll, lse := make([]float32, 9), make([]float32, 3), make([]float32, 3)
	softmaxLoss(grad, nll, lse, z, y, 3, 3)
	e := math.Exp(1) + math.Exp(2) + math.Exp(3)
	for i, want := range []float64{math.Exp(1) / e, math.Exp(2) / e, math.Exp(3)/e - 1, 1, -1, 0, 0, 0, 0} {
		if math.Abs(float64(grad[i])-want) > 1e-7 {
			t.Errorf("gradient %d is %v, want %v", i, grad[i], want)
		}
	}
	for i, want := range []float64{math.Log(e) - 3, 90, 0} {
		if math.Abs(float64(nll[i])-want) > 1e-6 {
			t.Errorf("loss %d is %v, want %v", i, nll[i], want)
		}
	}
}

func TestPrimitives(t *testing.T) {
	for _, x := range []float64{-2, 0, math.Copysign(0, -1), 3, math.Inf(1), math.NaN()} {
		same(t, "sign", []float64{sign(x)}, []float64{kernel.Eval(kernel.Sign, x, 0, 0)})
		same(t, "choose", []float64{choose(x, 1, 2)}, []float64{kernel.Eval(kernel.Where, x, 1, 2)})
		same(t, "truth", []float64{truth(x < 1)}, []float64{kernel.Eval(kernel.Lt, x, 1, 0)})
	}
	wide := make([]float64, 2)
	widen(wide, []float32{1.5, -2}, 2)
	same(t, "widen", wide, []float64{1.5, -2})
}

// Calibrated probabilities are those of package score.
func TestDecisions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 2 + r.IntN(4)
		p := make([]float64, n)
		for k := range p {
			p[k] = r.NormFloat64()
		}
		softmaxWide(p, n)
		sum := 0.0
		for _, x := range p {
			sum += x
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatal("the softmax is", p)
		}
		weights := []float64{1, 2, 0.5, 3, 1}[:n]
		apply := func(c score.Calibration) []float64 {
			q := slices.Clone(p)
			c.Apply(q)
			return q
		}
		got := slices.Clone(p)
		divide(got, weights, n)
		temper(got, n, 1.7)
		same(t, "temperature", got, apply(score.Calibration{Method: "temperature", Temperature: 1.7, Trained: weights}))
		if k, want := favoured(p, weights, n), (&score.Calibration{Favour: weights}).Decide(p); k != want {
			t.Fatal(k, want)
		}
		if k := first(p, n); p[k] != slices.Max(p) {
			t.Fatal(k, p)
		}
		if n > 2 {
			lines, steps := make([]score.Line, n), make([]score.Steps, n)
			a, b := slices.Clone(p), slices.Clone(p)
			for k := range n {
				lines[k] = score.Line{Slope: 1 + float64(k), Offset: 0.5}
				steps[k] = score.Steps{X: []float64{0.1, 0.3, p[0]/2 + 0.4}, Y: []float64{0, 0.2, 0.9}}
				a[k] = alongLine(a[k], lines[k].Slope, lines[k].Offset)
				b[k] = climb(b[k], steps[k].X, steps[k].Y, 3)
			}
			settle(a, n)
			settle(b, n)
			same(t, "lines", a, apply(score.Calibration{Method: "platt", Lines: lines}))
			same(t, "steps", b, apply(score.Calibration{Method: "isotonic", Steps: steps}))
		}
	}
}

// Dates and their parts are those of package time.
func TestDates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		want := time.Date(1400+r.IntN(900), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
		for order, layout := range []string{"2006-1-2 15:04:05", "1/2/2006T15:04:05Z", "02.01.2006 15:04:05"} {
			b, n := bytesOf(want.Format(layout))
			when, state := dateCell(b, n, order, "-/."[order])
			if state != 1 || when != want.UnixMilli() {
				t.Fatalf("%s: %d, %d", b[:n], when, state)
			}
		}
		for part, value := range []float64{float64(want.UnixMilli()) / 86400000, float64(want.Year()), float64(want.Month()) - 1, float64((want.Weekday() + 6) % 7), float64(want.Hour())} {
			if got := datePart(want.UnixMilli(), part); got != value {
				t.Fatalf("%v: part %d is %v, want %v", want, part, got, value)
			}
		}
	}
	for text, state := range map[string]int{"2023-02-29": 0, "2024-02-29": 1, "2024-13-01": 0, "2024-1": 0, "2024-1-1x": 0, "2024-1-1 25:00": 0, "2024-1-1 5:00": 0, "2024-01-01 05:00": 1, "": 2, "na": 2, "2301-1-1": 0, "2024/1/1": 0} {
		b, n := bytesOf(text)
		if _, got := dateCell(b, n, 0, '-'); got != state {
			t.Errorf("%q: state %d, want %d", text, got, state)
		}
	}
}
