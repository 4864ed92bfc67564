package models_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/models"
	"descent/ops"
)

// Plain loops over pictures that become larger, and of weights that are made of others:
// see oracle_test.go.

// transposedOf scatters each number of a picture, times a kernel of k.
func transposedOf(filters, k, stride, padding, more, groups int) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next("convtranspose")
		w, b, in := n.p[name+"w"], n.p[name+"b"], n.dims
		length := func(d int) int { return (d-1)*stride - 2*padding + k + more }
		n.dims = []int{filters, length(in[1]), length(in[2])}
		out, each := n.dims, filters/groups
		return rowwise(x, func(r []float64) []float64 {
			y := make([]float64, out[0]*out[1]*out[2])
			eachPlace(out, func(f, i, j int) {
				if b != nil {
					y[(f*out[1]+i)*out[2]+j] = b[f]
				}
			})
			eachPlace(in, func(c, i, j int) {
				eachPlace([]int{each, k, k}, func(f, p, q int) {
					row, col := i*stride+p-padding, j*stride+q-padding
					if row >= 0 && row < out[1] && col >= 0 && col < out[2] {
						to := c/(in[0]/groups)*each + f
						y[(to*out[1]+row)*out[2]+col] += r[(c*in[1]+i)*in[2]+j] * w[((c*each+f)*k+p)*k+q]
					}
				})
			})
			return y
		})
	}
}

// placedOf makes each number of pictures of some lengths of a picture.
func placedOf(dims func(in []int) []int, at func(pixel func(c, i, j int) float64, in, out []int, c, i, j int) float64) layerOracle {
	return func(n *net, x matrix) matrix {
		in := n.dims
		out := dims(in)
		n.dims = out
		return rowwise(x, func(r []float64) (y []float64) {
			pixel := func(c, i, j int) float64 { return r[(c*in[1]+i)*in[2]+j] }
			eachPlace(out, func(c, i, j int) { y = append(y, at(pixel, in, out, c, i, j)) })
			return y
		})
	}
}

func times(k int) func(in []int) []int {
	return func(in []int) []int { return []int{in[0], k * in[1], k * in[2]} }
}

// between is the value at a place between elements, in between them by its distance.
func between(place float64, n int, f func(i int) float64) float64 {
	place = math.Max(0, math.Min(float64(n-1), place))
	low := math.Floor(place)
	return (1-(place-low))*f(int(low)) + (place-low)*f(min(int(low)+1, n-1))
}

var (
	nearestOf = placedOf(times(2), func(pixel func(c, i, j int) float64, _, _ []int, c, i, j int) float64 { return pixel(c, i/2, j/2) })
	linearOf  = placedOf(func(in []int) []int { return []int{in[0], 7, 3} }, func(pixel func(c, i, j int) float64, in, out []int, c, i, j int) float64 {
		row := (float64(i)+0.5)*float64(in[1])/float64(out[1]) - 0.5
		col := (float64(j)+0.5)*float64(in[2])/float64(out[2]) - 0.5
		return between(row, in[1], func(i int) float64 { return between(col, in[2], func(j int) float64 { return pixel(c, i, j) }) })
	})
	cornersOf = placedOf(times(2), func(pixel func(c, i, j int) float64, in, out []int, c, i, j int) float64 {
		row, col := float64(i)*float64(in[1]-1)/float64(out[1]-1), float64(j)*float64(in[2]-1)/float64(out[2]-1)
		return between(row, in[1], func(i int) float64 { return between(col, in[2], func(j int) float64 { return pixel(c, i, j) }) })
	})
	pixelsOf = placedOf(func(in []int) []int { return []int{in[0] / 4, 2 * in[1], 2 * in[2]} }, func(pixel func(c, i, j int) float64, _, _ []int, c, i, j int) float64 {
		return pixel(4*c+2*(i%2)+j%2, i/2, j/2)
	})
)

// framedOf puts a frame around pictures: index is the element that is beyond an end, -1
// for a zero.
func framedOf(left, right, top, bottom int, index func(i, n int) int) layerOracle {
	return placedOf(func(in []int) []int { return []int{in[0], in[1] + top + bottom, in[2] + left + right} }, func(pixel func(c, i, j int) float64, in, _ []int, c, i, j int) float64 {
		i, j = index(i-top, in[1]), index(j-left, in[2])
		if i < 0 || j < 0 {
			return 0
		}
		return pixel(c, i, j)
	})
}

func zerosBeyond(i, n int) int {
	if i >= n {
		return -1
	}
	return i
}

func mirrored(i, n int) int {
	if i < 0 {
		return -i
	}
	return min(i, 2*(n-1)-i)
}

// instanceNormOf standardises each channel of each picture.
func instanceNormOf(eps float64, affine bool) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next("instancenorm")
		each := n.dims[1] * n.dims[2]
		return rowwise(x, func(r []float64) (y []float64) {
			for c := range n.dims[0] {
				mean, variance := meanAndVariance(r[c*each : (c+1)*each])
				for _, v := range r[c*each : (c+1)*each] {
					v = (v - mean) / math.Sqrt(variance+eps)
					if affine {
						v = v*n.p[name+"gain"][c] + n.p[name+"shift"][c]
					}
					y = append(y, v)
				}
			}
			return y
		})
	}
}

// madeOf is a layer whose weights are made of others first: rows has the weights of
// each output, which make changes in place.
func madeOf(kind, from string, outputs, step int, make func(n *net, name string, rows matrix), layer layerOracle) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next(kind)
		n.count[kind]--
		w := slices.Clone(n.p[name+from])
		rows := matrix{}
		for o := range outputs { // of outputs that are a step apart, or side by side
			var r []float64
			for k := range len(w) / outputs {
				if step == 1 {
					r = append(r, w[o*(len(w)/outputs)+k])
				} else {
					r = append(r, w[k*outputs+o])
				}
			}
			rows = append(rows, r)
		}
		make(n, name, rows)
		for o, r := range rows {
			for k, v := range r {
				if step == 1 {
					w[o*len(r)+k] = v
				} else {
					w[k*outputs+o] = v
				}
			}
		}
		n.p[name+"w"] = w
		return layer(n, x)
	}
}

func length(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

func byLength(n *net, name string, rows matrix) {
	for o, r := range rows {
		size := length(r)
		for k := range r {
			r[k] *= n.p[name+"g"][o] / size
		}
	}
}

// bySpectrum divides by uᵀ·w·v, after a step of the power method in training.
func bySpectrum(n *net, name string, rows matrix) {
	u, v := slices.Clone(n.p[name+"u"]), slices.Clone(n.p[name+"v"])
	along := func() (wv []float64) {
		for _, r := range rows {
			sum := 0.0
			for k, x := range r {
				sum += x * v[k]
			}
			wv = append(wv, sum)
		}
		return wv
	}
	if n.train {
		for k := range v {
			v[k] = 0
			for o, r := range rows {
				v[k] += r[k] * u[o]
			}
		}
		size := length(v)
		for k := range v {
			v[k] /= size
		}
		wv := along()
		for o := range u {
			u[o] = wv[o] / length(wv)
		}
	}
	sigma := 0.0
	for o, x := range along() {
		sigma += u[o] * x
	}
	for _, r := range rows {
		for k := range r {
			r[k] /= sigma
		}
	}
}

// Pictures of three lengths go through convolutions and pools.
func TestVolumes(t *testing.T) {
	spec, err := models.Parse("conv3d(4, 3) | relu | pool(2) | conv_transpose(3, 2, stride=2) | avg_pool([1, 2, 3]) | adaptive_pool(2) | batch_norm | upsample(2, mode=linear) | pad(1) | global_pool")
	if err != nil {
		t.Fatal(err)
	}
	layer, err := spec.Layer()
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", models.Normal(1), 2, 1, 4, 6, 6)
	y := layer(x)
	if want := graph.Dims(2, 3); y.Shape() != want {
		t.Fatalf("%v, want %v: %v", y.Shape(), want, y.Err())
	}
	p, err := graph.Compile(ops.Sum(ops.Square(y)), graph.Grad(ops.Sum(ops.Square(y)), x)[0])
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whole channels are dropped, noise has its deviation, and both do nothing in evaluation.
func TestRandomLayers(t *testing.T) {
	for _, c := range []struct {
		layer models.Layer
		check func(channel []float64) error
	}{
		{models.SpatialDropout(0.25), func(channel []float64) error {
			if v := channel[0]; v != 0 && math.Abs(v-4.0/3) > 1e-6 || slices.ContainsFunc(channel, func(x float64) bool { return x != v }) {
				return fmt.Errorf("a channel is %v", channel)
			}
			return nil
		}},
		{models.GaussianNoise(0.5), func(channel []float64) error {
			if mean, variance := meanAndVariance(channel); math.Abs(mean-1) > 0.5 || variance < 0.05 || variance > 0.8 {
				return fmt.Errorf("a channel has the mean %v and the variance %v", mean, variance)
			}
			return nil
		}},
	} {
		g := graph.New(graph.Float32, 1)
		y := c.layer(g.Param("x", graph.Fill(1), 10, 20, 6, 6))
		p, err := graph.Function{Outputs: []*graph.Node{y}, Updates: g.Kept()}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		var runs [2][]float64
		for i := range runs {
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			runs[i] = p.Float64s(y)
			zeros := 0
			for at := 0; at < len(runs[i]); at += 36 {
				if err := c.check(runs[i][at : at+36]); err != nil {
					t.Error(err)
				}
				if runs[i][at] == 0 {
					zeros++
				}
			}
			if zeros > 75 {
				t.Errorf("%d of 200 channels dropped", zeros)
			}
		}
		if slices.Equal(runs[0], runs[1]) {
			t.Error("two batches have the same numbers")
		}
		e := g.Sibling().Evaluation()
		if x := e.Param("x", graph.Fill(1), 10, 20, 6, 6); c.layer(x) != x {
			t.Error("it acts in evaluation")
		}
	}
}

// Weights of a length start as long as others would, and after many steps of the power
// method the largest singular value of spectral ones is 1.
func TestWeightNorms(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	layer := models.DenseWith(models.DenseOptions{Units: 30, Norm: models.Spectral, NoBias: true})
	x := g.Input("x", 1, 40)
	out := layer(x)
	p, err := graph.Function{Outputs: []*graph.Node{out}, Updates: g.Kept()}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if err := p.Run(graph.Let(x, make([]float64, 40))); err != nil {
			t.Fatal(err)
		}
	}
	v := g.Store().Lookup("dense.v").Float64s()
	if err := p.Run(graph.Let(x, v)); err != nil {
		t.Fatal(err)
	}
	if got := length(p.Float64s(out)); math.Abs(got-1) > 1e-6 {
		t.Errorf("the largest singular value is %v", got)
	}
	models.DenseWith(models.DenseOptions{Units: 30, Norm: models.ByLength, Name: "long"})(x)
	for _, got := range g.Store().Lookup("long.g").Float64s() {
		if want := math.Sqrt(40 * 2 / 70.0); math.Abs(got-want) > 0.5*want {
			t.Errorf("weights of length %v, want about %v", got, want)
		}
	}
}
