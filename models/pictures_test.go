package models_test

import (
	"math"
	"slices"
)

// Plain loops over pictures: see oracle_test.go.

// convOf convolves with square kernels of k, so many filters, a stride, a dilation,
// groups, and zeros before and after.
func convOf(filters, k, stride, dilation, groups, before, after int) layerOracle {
	return convOf2(filters, [2]int{k, k}, [2]int{stride, stride}, dilation, groups, [2]int{before, before}, [2]int{after, after})
}

func convOf2(filters int, k, stride [2]int, dilation, groups int, before, after [2]int) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next("conv")
		w, b, in := n.p[name+"w"], n.p[name+"b"], n.dims
		out := []int{filters, 0, 0}
		for a := range 2 {
			out[1+a] = (in[1+a]+before[a]+after[a]-dilation*(k[a]-1)-1)/stride[a] + 1
		}
		n.dims = out
		each := in[0] / groups
		return rowwise(x, func(r []float64) (y []float64) {
			eachPlace(out, func(f, i, j int) {
				sum := 0.0
				if b != nil {
					sum = b[f]
				}
				eachPlace([]int{each, k[0], k[1]}, func(c, p, q int) {
					row, col := i*stride[0]+p*dilation-before[0], j*stride[1]+q*dilation-before[1]
					if row >= 0 && row < in[1] && col >= 0 && col < in[2] {
						from := f/(filters/groups)*each + c
						sum += w[((f*each+c)*k[0]+p)*k[1]+q] * r[(from*in[1]+row)*in[2]+col]
					}
				})
				y = append(y, sum)
			})
			return y
		})
	}
}

// eachPlace visits the elements of an array of three axes, in order.
func eachPlace(d []int, visit func(c, i, j int)) {
	for k := range d[0] * d[1] * d[2] {
		visit(k/(d[1]*d[2]), k/d[2]%d[1], k%d[2])
	}
}

func average(x []float64) float64 {
	mean, _ := meanAndVariance(x)
	return mean
}

func largest(x []float64) float64 { return slices.Max(x) }

// poolOf applies f to what windows of k have of the picture.
func poolOf(k, stride, padding int, f func([]float64) float64) layerOracle {
	return func(n *net, x matrix) matrix {
		return windowsOf(n, x, []int{n.dims[0], (n.dims[1]+2*padding-k)/stride + 1, (n.dims[2]+2*padding-k)/stride + 1},
			func(o, _, _ int) (int, int) { return o*stride - padding, o*stride - padding + k }, f)
	}
}

func adaptivePoolOf(f func([]float64) float64) layerOracle {
	return func(n *net, x matrix) matrix {
		return windowsOf(n, x, []int{n.dims[0], 2, 2}, func(o, length, places int) (int, int) {
			return o * length / places, int(math.Ceil(float64((o+1)*length) / float64(places)))
		}, f)
	}
}

// windowsOf applies f to windows, of which span says where they begin and end.
func windowsOf(n *net, x matrix, out []int, span func(o, length, places int) (int, int), f func([]float64) float64) matrix {
	in := n.dims
	n.dims = out
	return rowwise(x, func(r []float64) (y []float64) {
		eachPlace(out, func(c, i, j int) {
			top, bottom := span(i, in[1], out[1])
			left, right := span(j, in[2], out[2])
			var all []float64
			for row := max(top, 0); row < min(bottom, in[1]); row++ {
				for col := max(left, 0); col < min(right, in[2]); col++ {
					all = append(all, r[(c*in[1]+row)*in[2]+col])
				}
			}
			y = append(y, f(all))
		})
		return y
	})
}

func globalPoolOf(f func([]float64) float64) layerOracle {
	return func(n *net, x matrix) matrix {
		each := n.dims[1] * n.dims[2]
		n.dims = []int{n.dims[0]}
		return rowwise(x, func(r []float64) (y []float64) {
			for at := 0; at < len(r); at += each {
				y = append(y, f(r[at:at+each]))
			}
			return y
		})
	}
}

// plus adds what two layers make of the same.
func plus(f, skip layerOracle) layerOracle {
	return func(n *net, x matrix) matrix {
		dims := n.dims
		a := f(n, x)
		n.dims = dims
		b := skip(n, x)
		for i := range a {
			for j := range a[i] {
				a[i][j] += b[i][j]
			}
		}
		return a
	}
}

// beside joins what layers make of the same.
func beside(layers ...layerOracle) layerOracle {
	return func(n *net, x matrix) matrix {
		dims, channels := n.dims, 0
		out := make(matrix, len(x))
		for _, l := range layers {
			n.dims = dims
			for i, r := range l(n, x) {
				out[i] = append(out[i], r...)
			}
			channels += n.dims[0]
		}
		if len(n.dims) == 3 {
			n.dims = []int{channels, n.dims[1], n.dims[2]}
		}
		return out
	}
}

func rmsOnlyOf(_ *net, x matrix) matrix {
	return rowwise(x, func(r []float64) (out []float64) {
		square := 0.0
		for _, v := range r {
			square += v * v / float64(len(r))
		}
		for _, v := range r {
			out = append(out, v/math.Sqrt(square+1e-5))
		}
		return out
	})
}

func rmsNormOf(n *net, x matrix) matrix {
	name := n.next("rmsnorm")
	return rowwise(rmsOnlyOf(n, x), func(r []float64) []float64 {
		for j := range r {
			r[j] *= n.p[name+"gain"][j]
		}
		return r
	})
}

// groupNormOf standardises each of so many groups of channels.
func groupNormOf(groups int, eps ...float64) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next("groupnorm")
		gain, shift := n.p[name+"gain"], n.p[name+"shift"]
		return rowwise(x, func(r []float64) (out []float64) {
			for at := 0; at < len(r); at += len(r) / groups {
				mean, variance := meanAndVariance(r[at : at+len(r)/groups])
				if eps != nil {
					variance += eps[0] - 1e-5
				}
				for j := at; j < at+len(r)/groups; j++ {
					c := j / (len(r) / len(gain))
					out = append(out, standard(r[j], mean, variance, gain[c], shift[c]))
				}
			}
			return out
		})
	}
}

// resnetOf is a residual net of 8 layers, 2 filters to begin with.
func resnetOf(n *net, x matrix) matrix {
	norm := func(filters, k, stride int) layerOracle {
		return chain(convOf(filters, k, stride, 1, 1, k/2, k/2), batchNormOf)
	}
	block := func(filters, stride int) layerOracle {
		skip := layerOracle(identity)
		if stride > 1 {
			skip = norm(filters, 1, stride)
		}
		return chain(plus(chain(norm(filters, 3, stride), reluOf, norm(filters, 3, 1)), skip), reluOf)
	}
	return chain(norm(2, 3, 1), reluOf, block(2, 1), block(4, 2), block(8, 2), globalPoolOf(average), denseOf)(n, x)
}
