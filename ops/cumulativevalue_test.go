package ops_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// alongAxis applies f to each line along the axis that is number k of the settings; what
// it returns may be of another length, and of length 1 the axis goes if drop is set.
func alongAxis(k int, drop bool, f func(x []float64, num []float64) []float64) oracle {
	return func(in []array, num []float64) array {
		d := in[0].dims
		axis := axisIn(num[k], len(d))
		line := func(at []int) []float64 {
			var x []float64
			from := slices.Clone(at)
			for t := range d[axis] {
				from[axis] = t
				x = append(x, in[0].x[position(d, from)])
			}
			return f(x, num)
		}
		to := slices.Clone(d)
		to[axis] = len(f(make([]float64, d[axis]), num))
		if drop {
			return build(slices.Delete(to, axis, axis+1), func(at []int) float64 { return line(slices.Insert(slices.Clone(at), axis, 0))[0] })
		}
		return build(to, func(at []int) float64 { return line(at)[at[axis]] })
	}
}

// runningly makes each element of all up to it.
func runningly(f func(x []float64) float64) oracle {
	return alongAxis(0, false, func(x, _ []float64) (y []float64) {
		for t := range x {
			y = append(y, f(x[:t+1]))
		}
		return y
	})
}

func lastBest(x []float64, sign float64) (best int) {
	for i, v := range x {
		if sign*v >= sign*x[best] {
			best = i
		}
	}
	return best
}

func inOrder(x []float64) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	return at
}

func sortedLine(x, _ []float64) []float64 { y := slices.Clone(x); slices.Sort(y); return y }

func init() {
	maps.Copy(values, map[string]oracle{
		"recurrence": func(in []array, num []float64) array {
			b, axis := in[1], axisIn(num[0], len(in[1].dims))
			var y func(at []int) float64
			y = func(at []int) float64 {
				v, from := b.x[position(b.dims, at)], slices.Clone(at)
				if from[axis]--; from[axis] < 0 {
					return v
				}
				a := in[0].x[0]
				if len(in[0].dims) > 0 {
					a = in[0].x[position(b.dims, at)]
				}
				return v + a*y(from)
			}
			return build(b.dims, y)
		},
		"cumsum": runningly(total), "cumprod": runningly(product), "logcumsumexp": runningly(logSumExp),
		"cummax":    runningly(func(x []float64) float64 { return x[lastBest(x, 1)] }),
		"cummin":    runningly(func(x []float64) float64 { return x[lastBest(x, -1)] }),
		"argcummax": runningly(func(x []float64) float64 { return float64(lastBest(x, 1)) }),
		"argcummin": runningly(func(x []float64) float64 { return float64(lastBest(x, -1)) }),
		"sort":      alongAxis(0, false, sortedLine),
		"argsort": alongAxis(0, false, func(x, _ []float64) (y []float64) {
			for _, i := range inOrder(x) {
				y = append(y, float64(i))
			}
			return y
		}),
		"topk": alongAxis(1, false, func(x, num []float64) []float64 {
			y := sortedLine(x, nil)
			slices.Reverse(y)
			return y[:int(num[0])]
		}),
		"kthvalue": alongAxis(1, true, func(x, num []float64) []float64 { return sortedLine(x, nil)[int(num[0])-1:][:1] }),
		"median":   alongAxis(0, true, func(x, _ []float64) []float64 { return sortedLine(x, nil)[(len(x)-1)/2:][:1] }),
		"sample_quantile": alongAxis(1, true, func(x, num []float64) []float64 {
			y, at := sortedLine(x, nil), num[0]*float64(len(x)-1)
			lo, hi := int(math.Floor(at)), int(math.Ceil(at))
			return []float64{y[lo] + (at-math.Floor(at))*(y[hi]-y[lo])}
		}),
		"differences": alongAxis(1, false, func(x, num []float64) []float64 {
			y := slices.Clone(x)
			for range int(num[0]) {
				for i := range max(len(y)-1, 0) {
					y[i] = y[i+1] - y[i]
				}
				y = y[:max(len(y)-1, 0)]
			}
			return y
		}),
	})
	for _, name := range []string{"recurrence", "cumsum", "cumprod", "logcumsumexp", "sample_quantile", "differences"} {
		rounded[name] = true
	}
}

// A median, a quantile of elements one of which is no number is none, and of infinities
// is what stands in the order.
func TestMiddles(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		y    func(x *node) *node
		x    []float64
		want float64
	}{
		{func(x *node) *node { return ops.Median(x, 0) }, []float64{3, nan, 1}, nan},
		{func(x *node) *node { return ops.SampleQuantile(x, 0, 0) }, []float64{3, nan, 1}, nan},
		{func(x *node) *node { return ops.Median(x, 0) }, []float64{3, -inf, 1, inf}, 1},
		{func(x *node) *node { return ops.SampleQuantile(x, 0.5, 0) }, []float64{3, -inf, 1, inf}, 2},
		{func(x *node) *node { return ops.SampleQuantile(x, 0.25, -1) }, []float64{5, 1, 4, 2, 3}, 2},
	} {
		g := graph.New(graph.Float64, 1)
		if got := graphtest.Values(t, c.y(param(g, "x", c.x...)))[0][0]; got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v: %v, want %v", c.x, got, c.want)
		}
	}
	g := graph.New(graph.Float64, 1)
	for _, q := range []float64{-0.1, 1.1, nan} {
		if err := ops.SampleQuantile(g.Input("x"+fmt.Sprint(q), 3), q, 0).Err(); err == nil || !strings.Contains(err.Error(), "a quantile has one of 0 to 1") {
			t.Error(err)
		}
	}
}
