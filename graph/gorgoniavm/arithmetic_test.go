package gorgoniavm

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// calculations are what gorgonia's solvers do, of a and b, or of a and a number.
var calculations = map[string]func(a, b *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error){
	"add": func(a, b *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Add(a, b, o...)
	},
	"sub": func(a, b *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Sub(a, b, o...)
	},
	"mul": func(a, b *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Mul(a, b, o...)
	},
	"div": func(a, b *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Div(a, b, o...)
	},
	"by itself": func(a, _ *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Div(a, a, o...)
	},
	"add number": func(a, _ *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Add(a, s, o...)
	},
	"mul number": func(a, _ *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Mul(a, s, o...)
	},
	"number by mul": func(a, _ *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Mul(s, a, o...)
	},
	"sub number": func(a, _ *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Sub(a, s, o...)
	},
	"square": func(a, _ *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Square(a, o...)
	},
	"sqrt": func(a, _ *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.Sqrt(a, o...)
	},
	"inverse root": func(a, _ *tensor.Dense, _ any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		return tensor.InvSqrt(a, o...)
	},
	"clamp": func(a, _ *tensor.Dense, s any, o ...tensor.FuncOpt) (tensor.Tensor, error) {
		low := any(float32(-.3))
		if a.Dtype() == tensor.Float64 {
			low = -.3
		}
		return tensor.Clamp(a, low, s, o...)
	},
}

// TestArithmetic: what the engine of our tensors calculates has the bits of
// gorgonia's, in all ways to ask for it and for all that a tensor may be.
func TestArithmetic(t *testing.T) {
	special := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e-310, 1e-44, 1e38}
	of := func(e tensor.Engine, dt tensor.Dtype, seed int, rows, columns int) *tensor.Dense {
		x := tensor.New(tensor.Of(dt), tensor.WithShape(rows, columns), tensor.WithEngine(e))
		v := values(rows*columns, -1, 1, seed)
		for i := 0; i < len(v); i += 7 {
			v[i] = special[(i/7+seed)%len(special)]
		}
		ok(fill(x, v))
		return x
	}
	kinds := map[string]func(x *tensor.Dense) *tensor.Dense{
		"whole":      func(x *tensor.Dense) *tensor.Dense { return x },
		"shifted":    func(x *tensor.Dense) *tensor.Dense { return x }, // b is a, one row before
		"a column":   func(x *tensor.Dense) *tensor.Dense { return must(x.Slice(nil, tensor.S(1))).(*tensor.Dense) },
		"transposed": func(x *tensor.Dense) *tensor.Dense { ok(x.T()); return x },
		"masked":     func(x *tensor.Dense) *tensor.Dense { x.ResetMask(false); return x },
	}
	ways := []string{"safe", "in place", "added", "reused"}
	show := func(e tensor.Engine, name, kind, way string, dt tensor.Dtype, rows, columns int) string {
		a, b, c := kinds[kind](of(e, dt, 1, rows, columns)), kinds[kind](of(e, dt, 2, rows, columns)), kinds[kind](of(e, dt, 3, rows, columns))
		if kind == "shifted" {
			both := of(e, dt, 1, rows+1, columns)
			b, a = must(both.Slice(tensor.S(0, rows))).(*tensor.Dense), must(both.Slice(tensor.S(1, rows+1))).(*tensor.Dense)
		}
		number := any(float32(.7))
		if dt == tensor.Float64 {
			number = .7
		}
		y, err := calculations[name](a, b, number, map[string][]tensor.FuncOpt{
			"safe": nil, "in place": {tensor.UseUnsafe()}, "added": {tensor.WithIncr(c), tensor.UseUnsafe()}, "reused": {tensor.WithReuse(c)}}[way]...)
		same := y == tensor.Tensor(a)
		return fmt.Sprint(err, same, must(numbers(nil, a)), must(numbers(nil, b)), must(numbers(nil, c)), y)
	}
	for name := range calculations {
		for kind := range kinds {
			for _, way := range ways {
				for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
					for _, d := range [][2]int{{1, 1}, {2, 3}, {3, 2*tile/3 + 5}} {
						if kind != "whole" && d[0] != 2 {
							continue
						}
						got := show(arithmetic{}, name, kind, way, dt, d[0], d[1])
						if want := show(gorgonia.StandardEngine{}, name, kind, way, dt, d[0], d[1]); got != want {
							t.Errorf("%s, %s, %s, %v, %v: %.300s, gorgonia's %.300s", name, kind, way, dt, d, got, want)
						}
					}
				}
			}
		}
	}
}

// TestEngine: what a solver changes has our engine, the rest gorgonia's, or all have
// that which was asked for.
func TestEngine(t *testing.T) {
	type other struct{ gorgonia.StandardEngine }
	for _, c := range []struct {
		opts         []gorgonia.VMOpt
		solved, rest tensor.Engine
	}{
		{[]gorgonia.VMOpt{gorgonia.BindDualValues()}, arithmetic{}, gorgonia.StandardEngine{}},
		{nil, gorgonia.StandardEngine{}, gorgonia.StandardEngine{}},
		{[]gorgonia.VMOpt{gorgonia.BindDualValues(), gorgonia.WithEngine(other{})}, other{}, other{}},
	} {
		m := newSmall()
		ok(gorgonia.Let(m.x, vector(1, 2, 3)))
		ok(must(Compile(m.g, c.opts...)).RunAll())
		of := func(v gorgonia.Value) tensor.Engine { return v.(*tensor.Dense).Engine() }
		product := children(children(m.cost)[0])[0].Value()
		if w, d := of(m.w.Value()), of(must(m.w.Grad())); w != c.solved || d != c.solved || of(product) != c.rest {
			t.Errorf("%v: %T, %T, %T", c, w, d, of(product))
		}
	}
}
