package models_test

import (
	"fmt"
	"maps"
	"math"
)

// cellStep is a step of a recurrent layer for one row: what the input and the state
// make, with biases, and the states.
type cellStep func(in, rec []float64, states [][]float64) (next [][]float64)

func rnnStep(act func(float64) float64) cellStep {
	return func(in, rec []float64, _ [][]float64) [][]float64 {
		h := make([]float64, len(in))
		for i := range h {
			h[i] = act(in[i] + rec[i])
		}
		return [][]float64{h}
	}
}

func lstmStep(in, rec []float64, s [][]float64) [][]float64 {
	n := len(s[0])
	h, c := make([]float64, n), make([]float64, n)
	z := func(k, i int) float64 { return in[k*n+i] + rec[k*n+i] }
	for i := range n {
		c[i] = sigmoid(z(1, i))*s[1][i] + sigmoid(z(0, i))*math.Tanh(z(2, i))
		h[i] = sigmoid(z(3, i)) * math.Tanh(c[i])
	}
	return [][]float64{h, c}
}

func gruStep(in, rec []float64, s [][]float64) [][]float64 {
	n := len(s[0])
	h := make([]float64, n)
	for i := range n {
		r, z := sigmoid(in[i]+rec[i]), sigmoid(in[n+i]+rec[n+i])
		h[i] = (1-z)*math.Tanh(in[2*n+i]+r*rec[2*n+i]) + z*s[0][i]
	}
	return [][]float64{h}
}

func leakyStep(leak float64) cellStep {
	return func(in, rec []float64, s [][]float64) [][]float64 {
		h := rnnStep(math.Tanh)(in, rec, s)[0]
		for i := range h {
			h[i] = (1-leak)*s[0][i] + leak*h[i]
		}
		return [][]float64{h}
	}
}

// recurrentOf walks along sequences of 4 steps, in layers one above the other and both
// ways if asked, and makes a row of the outputs of all steps or of the last.
func recurrentOf(name string, step cellStep, states, units, above int, both, last bool) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next(name)
		n.dims = []int{4, units}
		return rowwise(x, func(r []float64) []float64 {
			var seq, ends [][]float64
			for t := range 4 {
				seq = append(seq, r[t*len(r)/4:(t+1)*len(r)/4])
			}
			for l := range above {
				ends = nil
				outs := make([][]float64, 4)
				for _, suffix := range []string{"", "_reverse"}[:1+map[bool]int{true: 1}[both]] {
					s := make([][]float64, states)
					for i := range s {
						s[i] = make([]float64, units)
					}
					for t := range 4 {
						if suffix != "" {
							t = 3 - t
						}
						at := fmt.Sprintf("_l%d%s", l, suffix)
						s = step(weighed(n, name, "ih"+at, seq[t]), weighed(n, name, "hh"+at, s[0]), s)
						outs[t] = append(outs[t], s[0]...)
					}
					ends = append(ends, s[0])
				}
				seq = outs
			}
			if last {
				seq = ends
			}
			var out []float64
			for _, s := range seq {
				out = append(out, s...)
			}
			return out
		})
	}
}

// weighed is W·x + b.
func weighed(n *net, layer, name string, x []float64) []float64 {
	w, b := n.p[layer+"weight_"+name], n.p[layer+"bias_"+name]
	y := make([]float64, len(w)/len(x))
	for i := range y {
		if b != nil {
			y[i] = b[i]
		}
		for j, v := range x {
			y[i] += w[i*len(x)+j] * v
		}
	}
	return y
}

// eulerOf follows f in steps.
func eulerOf(f layerOracle, steps int, h float64) layerOracle {
	return func(n *net, x matrix) matrix {
		for range steps {
			once := &net{dims: n.dims, p: n.p, train: n.train, count: map[string]int{}}
			d := f(once, x)
			var next matrix
			for i := range x {
				next = append(next, nil)
				for j := range x[i] {
					next[i] = append(next[i], x[i][j]+h*d[i][j])
				}
			}
			x = next
		}
		f(n, x) // its layers have been counted
		return x
	}
}

func init() {
	maps.Copy(layers, map[string]map[string]layerOracle{
		"rnn": {
			"rnn(3)":                          chain(recurrentOf("rnn", rnnStep(math.Tanh), 1, 3, 1, false, false), denseOf),
			"rnn(3, act=relu, last=true)":     chain(recurrentOf("rnn", rnnStep(func(x float64) float64 { return above0(x, 0) }), 1, 3, 1, false, true), denseOf),
			"elman(2, layers=2, bias=false)":  chain(recurrentOf("rnn", rnnStep(math.Tanh), 1, 2, 2, false, false), denseOf),
			"rnn(2, recurrent=glorot) | tanh": chain(recurrentOf("rnn", rnnStep(math.Tanh), 1, 2, 1, false, false), tanhOf, denseOf),
		},
		"lstm": {
			"lstm(3)":                            chain(recurrentOf("lstm", lstmStep, 2, 3, 1, false, false), denseOf),
			"lstm(2, layers=2, last=true)":       chain(recurrentOf("lstm", lstmStep, 2, 2, 2, false, true), denseOf),
			"lstm(2, forget=0, bias=false)":      chain(recurrentOf("lstm", lstmStep, 2, 2, 1, false, false), denseOf),
			"lstm(2) | lstm(3, init=lecun)":      chain(recurrentOf("lstm", lstmStep, 2, 2, 1, false, false), recurrentOf("lstm", lstmStep, 2, 3, 1, false, false), denseOf),
			"lstm(2, bidirectional=true) | tanh": chain(recurrentOf("lstm", lstmStep, 2, 2, 1, true, false), tanhOf, denseOf),
		},
		"gru": {
			"gru(3)":                      chain(recurrentOf("gru", gruStep, 1, 3, 1, false, false), denseOf),
			"gru(3, bias=false) | gru(2)": chain(recurrentOf("gru", gruStep, 1, 3, 1, false, false), recurrentOf("gru", gruStep, 1, 2, 1, false, false), denseOf),
		},
		"leaky": {"leaky(3)": chain(recurrentOf("leaky", leakyStep(0.1), 1, 3, 1, false, false), denseOf), "ctrnn(2, leak=0.5, last=true)": chain(recurrentOf("leaky", leakyStep(0.5), 1, 2, 1, false, true), denseOf)},
		"bidirectional": {
			"bidirectional(gru(2))":                       chain(recurrentOf("gru", gruStep, 1, 2, 1, true, false), denseOf),
			"bidirectional(lstm(2, layers=2, last=true))": chain(recurrentOf("lstm", lstmStep, 2, 2, 2, true, true), denseOf),
		},
		"ode": {"ode(dense(4) | tanh, steps=3, method=euler, time=2)": chain(eulerOf(chain(denseOf, tanhOf), 3, 2./3), denseOf)},
	})
}
