package graph_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// A scan has the value, the gradients and the second derivatives of the same steps
// written out.
func TestScan(t *testing.T) {
	const T, B, I, H = 5, 3, 4, 2
	all := map[string][2]cell{"nested": {nested(true, true), nested(false, false)}, "nested in steps": {nested(true, false), nested(false, false)}}
	for name, c := range cells {
		all[name] = [2]cell{c, c}
	}
	for name, c := range all {
		for how, o := range walks {
			for _, ragged := range []bool{false, true} {
				var got [2][]float64
				for k, loop := range []bool{true, false} {
					g := graph.New(graph.Float64, 3)
					o.Name = name
					if ragged {
						o.Lengths = g.State("lengths", graph.From(5, 1, 3), B)
					}
					if name == "nested in steps" {
						loop = false
					}
					r := newRecurrent(g, c[k], loop, o, T, B, I, H)
					got[k] = r.values(t, r.everything(), graph.Function{})
				}
				worst, norm := 0.0, 0.0
				for i, v := range got[0] {
					worst, norm = max(worst, math.Abs(v-got[1][i])), max(norm, math.Abs(v))
				}
				if len(got[0]) != len(got[1]) || !(worst < 1e-12*norm) {
					t.Errorf("%s, %s, ragged %v: differs by %v of %v", name, how, ragged, worst, norm)
				}
			}
		}
	}
}

// Derivatives of scans, of first and second order, agree with differences, at random
// lengths, as float32 too, and computed by gorgonia's machine.
func TestScanDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for name, c := range map[string]cell{"lstm": cells["lstm"], "scale": cells["scale"], "nested": nested(true, true)} {
		var samples []graphtest.Sample
		for range 4 {
			T, B, I, H, k := 1+rng.IntN(4), 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(2), 1
			if name == "lstm" {
				k = 4
			}
			o := graph.ScanOptions{Reverse: rng.IntN(2) == 1, Every: rng.IntN(4)}
			lengths := make([]float64, B)
			for i := range lengths {
				lengths[i] = float64(rng.IntN(T + 1))
			}
			samples = append(samples, graphtest.One([]int{T, B, I}, []int{I, k * H}, []int{H, k * H}, []int{k * H}, []int{B, H}, []int{B, H}).By(func(in []*node) *node {
				g, o := in[0].Graph(), o
				o.Lengths = g.Array(lengths, B)
				last, ys := graph.Scan([]*node{in[5], in[4]}, in[:1], o, c(g, weights{in[1], in[2], in[3], in[4]}))
				return ops.Add(ops.Sum(ops.Sin(ys[0]), 0), ops.Mul(last[0], last[1]))
			}))
		}
		r := graphtest.Check(graphtest.Case{Name: name, Inputs: 6, Samples: samples}, 3)
		if err := r.Err(); err != nil || r.Points2 == 0 {
			t.Error(err, r.Points2)
		}
	}
}

// decay is elementwise, and so nothing that is added up is regrouped.
func decay(c, x []*node) (next, y []*node) {
	h := ops.Add(ops.Scale(0.9, c[0]), ops.Mul(ops.Sin(c[0]), x[0]))
	return []*node{h}, []*node{ops.Square(h), c[0]}
}

// Where the order of sums is the same, a scan and its gradients have the bits of the
// same steps written out, in both element types.
func TestScanBits(t *testing.T) {
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		for how, o := range walks {
			var got [2][]float64
			for k, loop := range []bool{true, false} {
				g := graph.New(dtype, 1)
				x, h0 := g.Input("x", 5, 3, 2), g.Param("h0", graph.Fill(0.7), 3, 2)
				last, ys := run(loop, o, []*node{h0}, []*node{x}, decay)
				loss := ops.Sum(ops.Add(ops.Sum(ops.Add(ys[0], ys[1]), 0), last[0]))
				outs := append([]*node{ys[0], ys[1], last[0]}, graph.Grad(loss, x, h0)...)
				got[k] = recurrent{x: x}.values(t, outs, graph.Function{})
			}
			if !slices.Equal(got[0], got[1]) {
				t.Errorf("%v, %s: differs", dtype, how)
			}
		}
	}
}

// What is computed for all steps at once has its axes where they are in a step, also if
// parts have fewer axes than others and all lengths are equal.
func TestScanOfVectorsAndMatrices(t *testing.T) {
	var got [2][]float64
	for k, loop := range []bool{true, false} {
		g := graph.New(graph.Float64, 1)
		x, v := g.Input("x", 3, 3, 3), g.Param("v", normal, 3, 3)
		_, ys := run(loop, graph.ScanOptions{}, nil, []*node{x, v}, func(_, x []*node) (next, y []*node) {
			return nil, []*node{ops.Mul(x[0], x[1]), ops.Mul(ops.Reshape(x[1], 3, 1), x[0])}
		})
		got[k] = recurrent{x: x}.values(t, ys, graph.Function{})
	}
	if !slices.Equal(got[0], got[1]) {
		t.Errorf("%v, want %v", got[0], got[1])
	}
}

// The same with a product in each step, whose weights are packed once.
func TestScanBitsOfProducts(t *testing.T) {
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		var got [2][]float64
		for k, loop := range []bool{true, false} {
			g := graph.New(dtype, 1)
			x, h0, u := g.Input("x", 5, 40, 50), g.Param("h0", normal, 40, 50), g.Param("u", normal, 50, 50)
			last, ys := run(loop, graph.ScanOptions{}, []*node{h0}, []*node{x}, func(c, x []*node) (next, y []*node) {
				h := ops.Tanh(ops.Add(x[0], ops.Scale(0.1, ops.Linear(ops.Sin(c[0]), u))))
				return []*node{h}, []*node{h}
			})
			outs := []*node{ys[0], last[0], graph.Grad(ops.Sum(ys[0]), h0)[0]}
			got[k] = recurrent{x: x}.values(t, outs, graph.Function{})
		}
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("%v: differs", dtype)
		}
	}
}

// Results are the same bits for any number of workers, and a run allocates nothing.
func TestScanInTeams(t *testing.T) {
	for _, name := range []string{"lstm", "scale"} {
		var one []float64
		for _, n := range []int{1, 2, 3} {
			team := graph.NewTeam(n)
			g := graph.New(graph.Float32, 3)
			r := newRecurrent(g, cells[name], true, graph.ScanOptions{Name: name, Lengths: g.Const(9, 40)}, 9, 40, 30, 50)
			outs := append([]*node{r.loss}, graph.Grad(r.loss, r.wrt...)...)
			got := r.values(t, outs, graph.Function{Team: team})
			if one == nil {
				one = got
			} else if !slices.Equal(one, got) {
				t.Errorf("%s: %d workers make other bits", name, n)
			}
			p, err := graph.Function{Outputs: outs, Team: team}.Compile()
			if err != nil {
				t.Fatal(err)
			}
			in := make([]float32, r.x.Shape().Size())
			if allocs := testing.AllocsPerRun(3, func() { err = p.Run(graph.Let(r.x, in)) }); err != nil || allocs > 0 {
				t.Errorf("%s, %d workers: a run allocates %v times, %v", name, n, allocs, err)
			}
			team.Close()
		}
	}
}

// A program of a thousand steps is as long as one of ten, and what is computed again
// needs no memory.
func TestScanSize(t *testing.T) {
	size := func(steps, every int) (nodes int, s graph.Stats) {
		g := graph.New(graph.Float32, 3)
		r := newRecurrent(g, cells["lstm"], true, graph.ScanOptions{Name: "lstm", Every: every}, steps, 8, 3, 16)
		p, err := graph.Compile(append([]*node{r.loss}, graph.Grad(r.loss, r.wrt[1], r.wrt[2], r.wrt[4])...)...)
		if err != nil {
			t.Fatal(err)
		}
		return g.Len(), p.Stats()
	}
	short, few := size(10, 0)
	long, many := size(1000, 0)
	if short != long || few.Steps != many.Steps {
		t.Errorf("10 steps: %d nodes, %+v; 1000: %d, %+v", short, few, long, many)
	}
	_, again := size(1000, 1)
	_, segments := size(1000, 40)
	if !(segments.ArenaBytes < again.ArenaBytes && again.ArenaBytes < many.ArenaBytes*2/3) {
		t.Errorf("all kept %+v, carried values %+v, those of each 40th step %+v", many, again, segments)
	}
}

// A condition ends the loop after the step in which it holds.
func TestScanStops(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		g := graph.New(graph.Float64, 1)
		limit := g.Input("limit")
		numbers := g.Array([]float64{1, 2, 3, 4, 5, 6}, 6)
		o := graph.ScanOptions{Reverse: reverse, Stop: func(next, _ []*node) *node { return ops.Less(limit, next[0]) }}
		last, ys := graph.Scan([]*node{g.Const(0)}, []*node{numbers}, o, func(c, x []*node) (next, y []*node) {
			sum := ops.Add(c[0], x[0])
			return []*node{sum}, []*node{sum, c[0]}
		})
		p, err := graph.Function{Outputs: append(last, ys...), Verify: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for limit0, want := range map[float64][]float64{100: {21, 1, 3, 6, 10, 15, 21, 0, 1, 3, 6, 10, 15}, 5: {6, 1, 3, 6, 0, 0, 0, 0, 1, 3, 0, 0, 0}, -1: {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
			if reverse {
				want = map[float64][]float64{100: {21, 21, 20, 18, 15, 11, 6, 20, 18, 15, 11, 6, 0}, 5: {6, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0}, -1: {6, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0}}[limit0]
			}
			if err := p.Run(graph.Let(limit, []float64{limit0})); err != nil {
				t.Fatal(err)
			}
			got := []float64{p.Scalar(last[0])}
			got = append(append(got, p.Float64s(ys[0])...), p.Float64s(ys[1])...)
			if !slices.Equal(got, want) {
				t.Errorf("reverse %v, up to %v: %v, want %v", reverse, limit0, got, want)
			}
		}
		if err := graph.Mistakes(graph.Grad(ops.Sum(ys[0]), numbers)...); err == nil || !strings.Contains(err.Error(), "has no gradient") {
			t.Error(err)
		}
	}
}

// Where the condition is 0 there is no step: nothing is computed that could go wrong,
// carried values stay, stacks are 0, and so do gradients, of both orders, go past the
// loop. Elsewhere all is as without a condition.
func TestScanWhen(t *testing.T) {
	for name, c := range map[string]cell{"lstm": cells["lstm"], "nested": nested(true, true)} {
		for how, o := range walks {
			values := func(when float64) []float64 {
				g := graph.New(graph.Float64, 3)
				o.Name, o.When = name, g.State("when", graph.Fill(when))
				if when < 0 {
					o.When = nil
				}
				r := newRecurrent(g, c, true, o, 4, 3, 2, 2)
				return r.values(t, r.everything(), graph.Function{})
			}
			if always, got := values(-1), values(1); !within(got, always, 1e-12) {
				t.Errorf("%s, %s: %v on a condition that holds, want %v", name, how, got, always)
			}
		}
	}
	for how, o := range walks {
		g := graph.New(graph.Float32, 1)
		x, h0, when := g.Input("x", 3, 2), g.Param("h0", graph.Fill(0.5), 2), g.Input("when")
		o.When = when
		last, ys := graph.Scan([]*node{h0}, []*node{x}, o, func(c, x []*node) (next, y []*node) {
			h := ops.Mul(c[0], ops.Log(ops.Mul(x[0], c[0])))
			return []*node{h}, []*node{h, c[0]}
		})
		outs := append(append(last, ys...), graph.Grad(ops.Add(ops.Sum(last[0]), ops.Add(ops.Sum(ys[0]), ops.Sum(ys[1]))), h0, x)...)
		p, err := graph.Function{Outputs: outs, Check: true, Verify: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		zero := make([]float64, 6)
		for _, on := range []float64{0, 1, 0} {
			err := p.Run(graph.Let(x, []float64{1, -1, 1, -1, 1, -1}), graph.Let(when, []float64{on}))
			if (err != nil) != (on == 1) {
				t.Errorf("%s, on %v: a logarithm of -1 is reported as %v", how, on, err)
			}
			for i, want := range [][]float64{{0.5, 0.5}, zero, zero, {1, 1}, zero} {
				if got := p.Float64s(outs[i]); on == 0 && !slices.Equal(got, want) {
					t.Errorf("%s, output %d: %v, want %v", how, i, got, want)
				}
			}
		}
	}
}

// What does not fit is said with the place of the body.
func TestScanMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, h, lengths := g.Input("x", 4, 3), g.Const(0, 3), g.Const(2, 3)
	one := func(o graph.ScanOptions, init, xs []*node, body func(c, x []*node) (next, y []*node)) error {
		last, ys := graph.Scan(init, xs, o, body)
		return graph.Mistakes(append(last, ys...)...)
	}
	same := func(c, x []*node) (next, y []*node) { return c, x }
	var kept *node
	for want, f := range map[string]func() error{
		"carry 0 is 3, next is 4": func() error {
			return one(graph.ScanOptions{}, []*node{h}, []*node{x}, func(c, x []*node) (next, y []*node) { return []*node{ops.Concat(0, c[0], g.Const(1, 1))}, nil })
		},
		"scan_test.go": func() error {
			return one(graph.ScanOptions{}, []*node{h}, []*node{x}, func(c, x []*node) (next, y []*node) { return []*node{ops.Sum(c[0])}, nil })
		},
		"2 carried values, a step returns 1": func() error {
			return one(graph.ScanOptions{}, []*node{h, h}, []*node{x}, func(c, x []*node) (next, y []*node) { return c[:1], nil })
		},
		"shapes 3 and 2 do not broadcast": func() error {
			return one(graph.ScanOptions{}, []*node{h}, []*node{x}, func(c, x []*node) (next, y []*node) { return []*node{ops.Add(x[0], g.Const(1, 2))}, x })
		},
		"x 1 is 3, which has 3 parts for 4 steps": func() error { return one(graph.ScanOptions{}, nil, []*node{x, h}, same) },
		"x 0 is a scalar":                         func() error { return one(graph.ScanOptions{}, nil, []*node{g.Const(1)}, same) },
		"0 steps":                                 func() error { return one(graph.ScanOptions{}, []*node{h}, nil, same) },
		"lengths are a vector, not 4x3":           func() error { return one(graph.ScanOptions{Lengths: x}, []*node{h}, []*node{x}, same) },
		"its first axis is a batch of so many": func() error {
			return one(graph.ScanOptions{Lengths: lengths}, []*node{g.Const(1, 2)}, []*node{x}, same)
		},
		"belongs to another graph": func() error {
			return one(graph.ScanOptions{}, []*node{h}, []*node{x}, func(c, x []*node) (next, y []*node) { return []*node{graph.New(graph.Float64, 1).Const(1, 3)}, nil })
		},
		"ends the loop is 3, not a scalar": func() error {
			return one(graph.ScanOptions{Stop: func(next, y []*node) *node { return next[0] }}, []*node{h}, []*node{x}, same)
		},
		"there are steps is 3, not a scalar": func() error { return one(graph.ScanOptions{When: h}, []*node{h}, []*node{x}, same) },
		"is given is used outside": func() error {
			graph.Scan([]*node{h}, nil, graph.ScanOptions{Steps: 2}, func(c, x []*node) (next, y []*node) { kept = c[0]; return c, nil })
			_, err := graph.Compile(ops.Exp(kept))
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A checking program names the loop, and the part where a value is not finite.
func TestScanNotFinite(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		g := graph.New(graph.Float64, 1)
		x := g.Input("x", 6)
		last, _ := graph.Scan([]*node{g.Const(1)}, []*node{x}, graph.ScanOptions{Name: "leak", Reverse: reverse}, func(c, x []*node) (next, y []*node) {
			return []*node{ops.Add(c[0], ops.Log(x[0]))}, nil
		})
		p, err := graph.Function{Outputs: last, Check: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(graph.Let(x, []float64{1, 1, 1, 1, 1, 1})); err != nil || p.Scalar(last[0]) != 1 {
			t.Error(err)
		}
		deep, _ := graph.Scan([]*node{g.Const(1)}, []*node{x}, graph.ScanOptions{Name: "outer"}, func(c, x []*node) (next, y []*node) {
			inner, _ := graph.Scan(c, nil, graph.ScanOptions{Name: "inner", Steps: 3, Reverse: reverse}, func(c, _ []*node) (next, y []*node) {
				return []*node{ops.Div(c[0], ops.Sub(x[0], c[0]))}, nil
			})
			return inner, nil
		})
		p, err = graph.Function{Outputs: deep, Check: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		// The carried value is 1/(2-1) = 1 in the first step, and 1/(1-1) in the second.
		err = p.Run(graph.Let(x, []float64{2, 1, 1, 1, 1, 1}))
		var bad *graph.NonFiniteError
		want := map[bool]string{false: "in step 1.0 of inner", true: "in step 1.2 of inner"}[reverse]
		if !errors.As(err, &bad) || !strings.HasPrefix(bad.Error(), "div(") || !strings.HasSuffix(bad.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A scan of other nodes is the scan of what they are replaced by, with its gradients.
func TestScanSubstituted(t *testing.T) {
	for _, name := range []string{"lstm", "nested"} {
		c := cells["lstm"]
		if name == "nested" {
			c = nested(true, true)
		}
		halved := func(w *node) *node { return ops.Scale(0.5, w) }
		one := graph.New(graph.Float64, 3)
		r := newRecurrent(one, func(g *graph.Graph, w weights) func(c, x []*node) (next, y []*node) {
			return c(g, weights{halved(w.w), halved(w.u), w.b, w.s})
		}, true, graph.ScanOptions{Name: name}, 4, 3, 2, 2)
		want := r.values(t, r.everything(), graph.Function{})

		other := graph.New(graph.Float64, 3)
		r = newRecurrent(other, c, true, graph.ScanOptions{Name: name}, 4, 3, 2, 2)
		graph.Grad(r.loss, r.wrt...) // the loop keeps more than its results
		r.loss = graph.Substitute([]*node{r.loss}, r.wrt[:2], []*node{halved(r.wrt[0]), halved(r.wrt[1])})[0]
		got := r.values(t, r.everything(), graph.Function{})
		if !within(got, want, 1e-12) {
			t.Errorf("%s: %v, want %v", name, got[:3], want[:3])
		}
	}
}
