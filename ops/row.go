package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"descent/graph"
	gt "descent/graph/graphtest"
	"descent/internal/spec"
)

// A Row is all that is said of an operation but what its block says: what a
// formula calls it, what it is for, the settings that follow its inputs, and
// where its derivatives are checked.
type Row struct {
	spec.Row // its examples are what stands in the brackets: "x, -1, 1"
	Group    string
	Inputs   int // how many nodes it takes first, -1 for any number; then settings have names
	Make     func(in []*node, a spec.Args) *node
	// Domain says what is fed to each input, the last one to those that remain;
	// nil is normal numbers.
	Domain []gt.Domain
	// Samples are the shapes and numbers to check with; nil stands for those of
	// elementwise operations.
	Samples []gt.Sample
}

// Lookup returns the row of that name, which may be another library's.
func Lookup(name string) (*Row, bool) {
	row, err := spec.Find("operation", Table, name)
	return row, err == nil
}

// Build makes the node with settings by position.
func (r *Row) Build(in []*node, num []float64) *node {
	c := spec.Call{Name: r.Name}
	for _, x := range num {
		c.Args = append(c.Args, spec.Arg{Value: x})
	}
	a, err := r.Bind(c)
	if err != nil {
		return graph.Bad(err, r.Name, in...)
	}
	return r.Make(in, a)
}

// Case returns what to check.
func (r *Row) Case() gt.Case {
	c := gt.Case{Name: r.Name, Inputs: r.Inputs, Build: r.Build, Domain: r.Domain, Samples: r.Samples}
	if c.Samples == nil && len(c.Domain) > r.Inputs {
		c.Samples = gt.Shapes(len(c.Domain))
	}
	return c
}

// Cases returns what to check of the operations of a table.
func Cases(table []Row) []gt.Case {
	out := make([]gt.Case, len(table))
	for i := range table {
		out[i] = table[i].Case()
	}
	return out
}

// row is a row of an operation; names are its own and those of other libraries.
func row(names, doc string, inputs int, make func(in []*node, a spec.Args) *node, settings ...spec.Setting) Row {
	name := strings.Fields(names)
	return Row{Row: spec.Row{Name: name[0], Aliases: name[1:], Doc: doc, Settings: settings}, Inputs: inputs, Make: make}
}

// group names a part of the table.
func group(name string, rows ...Row) []Row {
	for i := range rows {
		rows[i].Group = name
	}
	return rows
}

func (r Row) in(d ...gt.Domain) Row   { r.Domain = d; return r }
func (r Row) at(s ...gt.Sample) Row   { r.Samples = s; return r }
func (r Row) like(example string) Row { r.Examples = []string{example}; return r }
func one(names, doc string, f func(*node) *node, d ...gt.Domain) Row {
	return row(names, doc, 1, func(in []*node, _ spec.Args) *node { return f(in[0]) }).in(d...)
}

func two(names, doc string, f func(_, _ *node) *node, d ...gt.Domain) Row {
	return row(names, doc, 2, func(in []*node, _ spec.Args) *node { return f(in[0], in[1]) }).in(d...)
}

// num1 is an elementwise operation with one number, checked with that.
func num1(names, doc string, f func(*node, float64) *node, s spec.Setting, d gt.Domain, with float64) Row {
	return row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Number(s.Name)) }, s).in(d).at(gt.Shapes(1, with)...)
}

// Settings. Whole numbers are those of 32 bits.
const (
	whole32 = "[-2147483648,2147483647]"
	length  = "[0,2147483647]"
	numbers = "[-inf,inf]"
)

func number(name, doc string, by float64, aliases ...string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Number, Default: by, Range: numbers, By: spec.InOrder, Aliases: aliases}
}

func whole(name, doc string, by int) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Whole, Default: float64(by), Range: whole32, By: spec.InOrder}
}

func flag(name, doc string, aliases ...string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Flag, Default: false, Aliases: aliases}
}

func wholes(name, doc string, aliases ...string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Wholes, Range: whole32, By: spec.InOrder, One: true, Aliases: aliases}
}

// rest is a list that may be written without brackets.
func rest(s spec.Setting) spec.Setting { s.By = spec.Rest; return s }

// must is a setting that every call gives.
func must(s spec.Setting) spec.Setting { s.Default, s.Required = nil, true; return s }

var (
	axes     = rest(wholes("axis", "which axes; all if none is given", "axes", "dim"))
	axis     = must(spec.Setting{Name: "axis", Doc: "which axis", Kind: spec.Whole, Range: whole32, Aliases: []string{"dim"}})
	keepdims = flag("keepdims", "keep the axes, with length 1", "keepdim")
	lengths  = rest(wholes("lengths", "the shape of the result", "shape"))
	place    = spec.Setting{Name: "name", Doc: "the place that draws: the same name, the same numbers", Kind: spec.Word}
)

// named is the place that draws, with its default.
func named(by string) spec.Setting { s := place; s.Default = by; return s }

// overSamples are for operations over some axes.
var overSamples = []gt.Sample{
	gt.One([]int{}), gt.One([]int{1}), gt.One([]int{5}), gt.One([]int{3, 4}), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1),
	gt.One([]int{2, 3, 4}).With(0, 2), gt.One([]int{2, 3, 2, 2}).With(1, -1), gt.One([]int{3, 1}).With(1),
	gt.One([]int{0, 3}).With(1), gt.One([]int{2, 0}).With(-1),
}

// over is a reduction over some axes.
func over(names, doc string, f func(*node, ...int) *node, d gt.Domain) Row {
	r := row(names, doc, 1, func(in []*node, a spec.Args) *node { return keepIf(a, f(in[0], a.Wholes("axis")...), in[0]) }, axes, keepdims)
	return r.in(d).at(overSamples...)
}

// across is an operation along some axes that keeps them.
func across(names, doc string, f func(*node, ...int) *node) Row {
	return row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Wholes("axis")...) }, axes).at(overSamples...)
}

// along is a reduction along one axis.
func along(names, doc string, f func(*node, int) *node) Row {
	r := row(names, doc, 1, func(in []*node, a spec.Args) *node { return keepIf(a, f(in[0], a.Whole("axis")), in[0]) }, axis, keepdims)
	return r.in(gt.Distinct).like("x, 0").at(gt.One([]int{1}).With(0), gt.One([]int{5}).With(0), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1),
		gt.One([]int{2, 3, 4}).With(1), gt.One([]int{3, 1}).With(1), gt.One([]int{0, 3}).With(1))
}

// keepIf gives a reduction y of x its axes back if that is asked for.
func keepIf(a spec.Args, y, x *node) *node {
	if !a.Flag("keepdims") || y.Err() != nil {
		return y
	}
	ax := a.Value("axis")
	if one, ok := ax.(float64); ok {
		return Keep(y, x, int(one))
	}
	return Keep(y, x, a.Wholes("axis")...)
}

// choice is the larger or smaller of several arrays, elementwise, or of one over
// some axes.
func choice(names, doc string, pair func(_, _ *node) *node, over func(*node, ...int) *node) Row {
	name := strings.Fields(names)[0]
	r := row(names, doc, -1, func(in []*node, a spec.Args) *node {
		if len(in) == 1 {
			return keepIf(a, over(in[0], a.Wholes("axis")...), in[0])
		}
		if a.Given("axis") || a.Flag("keepdims") {
			return graph.Bad(fmt.Errorf("an axis is for one array, and these are %d", len(in)), name, in...)
		}
		y := in[0]
		for _, x := range in[1:] {
			y = pair(y, x)
		}
		return y
	}, axes, keepdims)
	return r.in(gt.Distinct).at(gt.Shapes(2)...)
}

// nonempty drops the sample that reduces no elements: that is NaN, infinite or
// a mistake.
func nonempty(r Row) Row { return r.at(overSamples[:len(overSamples)-1]...) }

// epsilon is what keeps the root of a variance away from 0.
var epsilon = spec.Setting{Name: "eps", Doc: "added to the variance", Kind: spec.Number, Default: 1e-5, Range: "[0,inf)", By: spec.InOrder}

// norms is an operation that divides by the root of a mean square over some axes.
func norms(names, doc string, f func(*node, float64, ...int) *node) Row {
	r := row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Number("eps"), a.Wholes("axis")...) }, axes, epsilon)
	r.Samples = []gt.Sample{gt.One([]int{5}), gt.One([]int{1}), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1), gt.One([]int{2, 3, 4}).With(0, 2),
		gt.One([]int{2, 3, 2, 2}).With(1, -1), gt.One([]int{0, 3}).With(1)}
	return r
}

// spread drops the samples in which all elements are equal.
func spread(r Row) Row {
	r.Samples = []gt.Sample{overSamples[2]}
	for _, s := range overSamples[3:] {
		if n := s.Shapes[0][len(s.Shapes[0])-1]; n > 1 {
			r.Samples = append(r.Samples, s)
		}
	}
	return r
}

// joined is an operation of any number of arrays and an axis.
func joined(names, doc string, f func(int, ...*node) *node) Row {
	return row(names, doc, -1, func(in []*node, a spec.Args) *node { return f(a.Whole("axis"), in...) }, axis).like("x, y, axis=0")
}

// drawn are random numbers, which change with their input.
func drawn(name, by, doc string, f func(*node, string, ...int) *node) Row {
	r := row(name, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Word("name"), a.Wholes("lengths")...) }, lengths, named(by))
	return r.in(counts).at(gt.One([]int{}), gt.One([]int{}).With(1), gt.One([]int{}).With(5),
		gt.One([]int{}).With(3, 4), gt.One([]int{}).With(2, 1, 3), gt.One([]int{}).With(0, 3))
}

// counts are the steps of random numbers, below 1000, and orders those of
// derivatives.
var counts, orders = wholeBelow(1000), wholeBelow(4)

func wholeBelow(n int) gt.Domain {
	return gt.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
		for i := range x {
			x[i] = float64(rng.IntN(n))
		}
	}}
}

var offWhole = gt.Away(-4, -3, -2, -1, 0, 1, 2, 3, 4)

var distinctPositive = gt.Domain{Fill: func(rng *rand.Rand, input int, x []float64) {
	gt.Distinct.Fill(rng, input, x)
	for i := range x {
		x[i] += 5
	}
}}

// makeSlice makes a [Slice]; its stop is a number because it may be infinity,
// which is [End].
func makeSlice(in []*node, a spec.Args) *node {
	stop := a.Number("stop")
	switch {
	case math.IsInf(stop, 1):
		return Slice(in[0], a.Whole("axis"), a.Whole("start"), End, a.Whole("step"))
	case stop != math.Trunc(stop) || math.Abs(stop) > math.MaxInt32:
		return graph.Bad(fmt.Errorf("stop=%v is not a whole number", stop), "slice", in...)
	}
	return Slice(in[0], a.Whole("axis"), a.Whole("start"), int(stop), a.Whole("step"))
}

// makeHeaviside is [Heaviside], and ½ at 0 where nothing is said.
func makeHeaviside(in []*node, _ spec.Args) *node {
	switch len(in) {
	case 1:
		return Heaviside(in[0], constant(in[0], 0.5))
	case 2:
		return Heaviside(in[0], in[1])
	}
	return graph.Bad(fmt.Errorf("takes x and the value at x = 0, %d arguments given", len(in)), "heaviside", in...)
}

// makeMatMul is [MatMul], and the product of transposes that its gradients are.
func makeMatMul(in []*node, a spec.Args) *node {
	if o := (matmul{a.Flag("tx"), a.Flag("ty")}); o != (matmul{}) {
		return graph.Apply(o, in...)
	}
	return MatMul(in[0], in[1])
}
