package shape

import (
	"strings"

	gt "descent/graph/graphtest"
	"descent/internal/spec"
	"descent/ops"
)

// row is a row of an operation; names are its own and those of other libraries, and
// example what stands in the brackets.
func row(names, doc, example string, inputs int, make func(in []*node, a spec.Args) *node, samples []gt.Sample, settings ...spec.Setting) ops.Row {
	name := strings.Fields(names)
	return ops.Row{Row: spec.Row{Name: name[0], Aliases: name[1:], Doc: doc, Settings: settings, Examples: []string{example}}, Inputs: inputs, Make: make, Samples: samples}
}

// in is a row that is checked at other numbers than normal ones.
func in(d gt.Domain, r ops.Row) ops.Row { r.Domain = []gt.Domain{d}; return r }

// group names a part of the table.
func group(name string, rows ...ops.Row) []ops.Row {
	for i := range rows {
		rows[i].Group = name
	}
	return rows
}

// Ranges of whole numbers, which are those of 32 bits.
const (
	any32    = "[-2147483648,2147483647]"
	length   = "[0,2147483647]"
	positive = "[1,2147483647]"
)

// whole is a setting that every call gives.
func whole(name, doc, within string, aliases ...string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Whole, Range: within, Required: true, Aliases: aliases, By: spec.InOrder}
}

func wholes(name, doc, within string, aliases ...string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Wholes, Range: within, By: spec.InOrder, One: true, Aliases: aliases}
}

// must is a setting that every call gives.
func must(s spec.Setting) spec.Setting { s.Required = true; return s }

var (
	ends     = must(wholes("ends", "numbers before and after along the last axis, then along the one before it", any32, "pads"))
	fill     = spec.Setting{Name: "value", Doc: "what is put there", Kind: spec.Number, Default: 0.0, Range: "[-inf,inf]", By: spec.InOrder}
	side     = whole("factor", "r: how many pixels a side of a square has", positive, "r", "upscale_factor", "downscale_factor")
	mode     = spec.Setting{Name: "mode", Doc: "what a place is made of: the element before it, the nearest, the two beside it, or two on either side", Kind: spec.Word, Default: "nearest", Choices: []string{"nearest", "nearest_exact", "nearest-exact", "linear", "bilinear", "trilinear", "cubic", "bicubic"}}
	kernel   = must(wholes("kernel", "the lengths of the window", positive, "kernel_size"))
	stride   = wholes("stride", "from place to place", positive, "strides")
	padding  = wholes("padding", "zeros at both ends", length, "pads")
	dilation = wholes("dilation", "from element to element of the window", positive, "dilations")
	groups   = spec.Setting{Name: "groups", Doc: "channels are divided into so many, each by itself", Kind: spec.Whole, Default: 1.0, Range: positive}
	corners  = spec.Setting{Name: "corners", Doc: "first and last elements are at the first and last places", Kind: spec.Flag, Default: false, Aliases: []string{"align_corners"}}
)

// modeOf is the mode of a name, which may be PyTorch's, also for several axes.
func modeOf(a spec.Args) Mode {
	switch m := Mode(a.Word("mode")); m {
	case "nearest-exact":
		return NearestExact
	case "bilinear", "trilinear":
		return Linear
	case "bicubic":
		return Cubic
	default:
		return m
	}
}

func windowOptions(a spec.Args) WindowOptions {
	return WindowOptions{Kernel: a.Wholes("kernel"), Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Dilation: a.Wholes("dilation")}
}

func transposeOptions(a spec.Args) TransposeOptions {
	return TransposeOptions{Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), OutputPadding: a.Wholes("output_padding"), Dilation: a.Wholes("dilation"), Groups: a.Whole("groups")}
}

// around is a frame made of x.
func around(name, doc string, f func(x *node, ends ...int) *node) ops.Row {
	return padded(name, doc, func(in []*node, a spec.Args) *node { return f(in[0], a.Wholes("ends")...) }, f)
}

// padded is a frame, with samples by f: a side, both, two axes, less than nothing.
func padded(names, doc string, make func(in []*node, a spec.Args) *node, f func(x *node, ends ...int) *node, settings ...spec.Setting) ops.Row {
	by := func(ends ...int) func(in []*node) *node {
		return func(in []*node) *node { return f(in[0], ends...) }
	}
	return row(names, doc, "x, [1, 2]", 1, make, []gt.Sample{gt.One([]int{4}).By(by(3, 0)), gt.One([]int{3, 4}).By(by(1, 2)), gt.One([]int{2, 1, 3, 4}).By(by(2, 1, 0, 2)),
		gt.One([]int{3, 3}).By(by(-1, 2, 1, -1)), gt.One([]int{2, 3}).By(by(0, 0)), gt.One([]int{4, 2, 3}).By(by(1, 1, 1, 0, 3, 2)), gt.One([]int{0, 3}).By(by(1, 1))},
		append([]spec.Setting{ends}, settings...)...)
}

// extendSamples have both directions.
func extendSamples() (all []gt.Sample) {
	for _, c := range []struct {
		x []int
		o extend
	}{
		{[]int{4}, extend{before: 3, after: 2, edge: Reflect}}, {[]int{2, 3}, extend{axis: -1, before: 4, edge: Replicate}}, {[]int{3, 2}, extend{before: 1, after: 3, edge: Circular}},
		{[]int{6, 2}, extend{before: 1, after: 2, edge: Reflect, back: true}}, {[]int{2, 7, 2}, extend{axis: 1, before: 3, after: 1, edge: Replicate, back: true}}, {[]int{2, 6}, extend{axis: 1, before: 1, after: 2, edge: Circular, back: true}},
		{[]int{0, 3}, extend{axis: 1, before: 1, edge: Reflect}},
	} {
		all = append(all, gt.One(c.x).By(func(in []*node) *node { return c.o.of(in[0]) }))
	}
	return all
}

func rolled(shift int, axes ...int) func(in []*node) *node {
	return func(in []*node) *node { return Roll(in[0], []int{shift}, axes...) }
}

func triangular(name, doc string, f func(x *node, diagonal int) *node) ops.Row {
	diagonal := whole("diagonal", "0 is the main one, 1 that above it", any32, "k")
	diagonal.Required, diagonal.Default = false, 0.0
	return row(name, doc, "x", 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Whole("diagonal")) },
		[]gt.Sample{gt.One([]int{1, 1}), gt.One([]int{3, 5}).With(1), gt.One([]int{5, 3}).With(-1), gt.One([]int{2, 3, 3}), gt.One([]int{3, 4}).With(-2), gt.One([]int{2, 2, 3, 2}).With(5), gt.One([]int{0, 3})}, diagonal)
}

func shuffled(names, doc string, f func(x *node, n int) *node, s spec.Setting, samples ...gt.Sample) ops.Row {
	return row(names, doc, "x, 1", 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Whole(s.Name)) }, samples, s)
}

// upsampleSamples are longer and shorter arrays, of all modes.
func upsampleSamples() (all []gt.Sample) {
	for _, c := range []struct {
		x []int
		o UpsampleOptions
	}{
		{[]int{1, 2, 3}, UpsampleOptions{Scale: []float64{2}}}, {[]int{1, 1, 3, 4}, UpsampleOptions{Lengths: []int{5, 6}, Mode: NearestExact}},
		{[]int{2, 1, 3, 2}, UpsampleOptions{Scale: []float64{2, 1.5}, Mode: Linear}}, {[]int{1, 2, 3, 4}, UpsampleOptions{Lengths: []int{5, 3}, Mode: Linear, Corners: true}},
		{[]int{1, 1, 4, 3}, UpsampleOptions{Scale: []float64{2}, Mode: Cubic}}, {[]int{1, 1, 2, 2, 3}, UpsampleOptions{Lengths: []int{3, 4, 2}, Mode: Linear}},
		{[]int{0, 1, 2}, UpsampleOptions{Lengths: []int{4}}},
	} {
		all = append(all, gt.One(c.x).By(func(in []*node) *node { return Upsample(in[0], c.o) }))
	}
	return all
}

// resampleSamples have both directions.
func resampleSamples() (all []gt.Sample) {
	for _, c := range []struct {
		x []int
		o resample
	}{
		{[]int{3}, resample{to: 7, mode: Linear}}, {[]int{3, 2}, resample{to: 5, mode: Cubic}}, {[]int{2, 4, 2}, resample{axis: 1, to: 3, mode: Linear, corners: true}},
		{[]int{2, 7}, resample{axis: -1, to: 3, mode: Linear, back: true}}, {[]int{5, 2}, resample{to: 2, mode: Nearest, back: true}}, {[]int{1, 4}, resample{axis: 1, to: 6, mode: NearestExact, scale: 1.4}},
		{[]int{2, 0}, resample{axis: 1, mode: Nearest}}, {[]int{1}, resample{to: 4, mode: Cubic, corners: true}},
	} {
		all = append(all, gt.One(c.x).By(func(in []*node) *node { return c.o.of(in[0]) }))
	}
	return all
}

// unfoldSamples are windows side by side, overlapping, padded and with gaps.
func unfoldSamples() (all []gt.Sample) {
	for _, c := range windowCases {
		all = append(all, gt.One(c.x).By(func(in []*node) *node { return Unfold(in[0], c.o) }))
	}
	return all
}

func foldSamples() (all []gt.Sample) {
	for _, c := range windowCases {
		walks, _ := c.o.walks(c.x[2:])
		columns, places := c.x[1], 1
		for _, w := range walks {
			columns, places = columns*w.kernel, places*w.out
		}
		all = append(all, gt.One([]int{c.x[0], columns, places}).By(func(in []*node) *node { return Fold(in[0], c.o, c.x[2:]...) }))
	}
	return all
}

var windowCases = []struct {
	x []int
	o WindowOptions
}{
	{[]int{2, 1, 5}, WindowOptions{Kernel: []int{3}}}, {[]int{1, 2, 6}, WindowOptions{Kernel: []int{2}, Stride: []int{2}}},
	{[]int{1, 2, 4, 3}, WindowOptions{Kernel: []int{2}}}, {[]int{1, 1, 4, 5}, WindowOptions{Kernel: []int{2, 3}, Padding: []int{1}, Dilation: []int{2, 1}}},
	{[]int{2, 1, 5, 4}, WindowOptions{Kernel: []int{3, 2}, Stride: []int{2, 3}, Padding: []int{1, 0}}}, {[]int{1, 1, 3, 2, 3}, WindowOptions{Kernel: []int{2}}},
	{[]int{0, 1, 3}, WindowOptions{Kernel: []int{2}}},
}

// transposeSamples have one to three axes, and each setting.
func transposeSamples() (all []gt.Sample) {
	for _, c := range []struct {
		x, w []int
		o    TransposeOptions
	}{
		{[]int{2, 2, 3}, []int{2, 3, 2}, TransposeOptions{}}, {[]int{1, 2, 3}, []int{2, 1, 3}, TransposeOptions{Stride: []int{2}, Padding: []int{1}, OutputPadding: []int{1}}},
		{[]int{1, 1, 3}, []int{1, 2, 2}, TransposeOptions{OutputPadding: []int{1}, Dilation: []int{2}}}, {[]int{1, 1, 3}, []int{1, 1, 2}, TransposeOptions{OutputPadding: []int{1}, Dilation: []int{2}, Padding: []int{1}}}, {[]int{1, 4, 2, 3}, []int{4, 1, 3, 2}, TransposeOptions{Groups: 2, Padding: []int{1, 0}}},
		{[]int{2, 2, 2, 2}, []int{2, 2, 2, 3}, TransposeOptions{Stride: []int{3, 2}, OutputPadding: []int{2, 1}}}, {[]int{1, 2, 2, 1, 2}, []int{2, 1, 2, 2, 1}, TransposeOptions{Stride: []int{2, 1, 2}}},
		{[]int{0, 2, 2}, []int{2, 1, 2}, TransposeOptions{}},
	} {
		all = append(all, gt.One(c.x, c.w).By(func(in []*node) *node { return ConvTranspose(in[0], in[1], c.o) }))
	}
	return all
}

func lpSamples() (all []gt.Sample) {
	for _, c := range []struct {
		x []int
		p float64
		o ops.PoolOptions
	}{
		{[]int{2, 2, 5}, 2, ops.PoolOptions{Kernel: []int{2}}}, {[]int{1, 1, 6}, 3, ops.PoolOptions{Kernel: []int{3}, Stride: []int{2}, Ceil: true}}, {[]int{1, 2, 4, 3}, 1, ops.PoolOptions{Kernel: []int{2, 3}}},
		{[]int{1, 1, 4, 4}, 1.5, ops.PoolOptions{Kernel: []int{2}}}, {[]int{1, 1, 2, 3, 2}, 2, ops.PoolOptions{Kernel: []int{2}, Stride: []int{1}}}, {[]int{0, 1, 4}, 2, ops.PoolOptions{Kernel: []int{2}}},
	} {
		all = append(all, gt.One(c.x).By(func(in []*node) *node { return LPPool(in[0], c.p, c.o) }))
	}
	return all
}

// einsumSamples are products, sums, diagonals, dots, three operands, axes that stretch.
func einsumSamples() (all []gt.Sample) {
	for _, c := range []struct {
		equation string
		shapes   [][]int
	}{
		{"ij,jk->ik", [][]int{{3, 4}, {4, 2}}}, {"ii->i", [][]int{{3, 3}}}, {"ij->", [][]int{{2, 3}}}, {"bhqd,bhkd->bhqk", [][]int{{1, 2, 3, 2}, {1, 2, 2, 2}}}, {"i,j", [][]int{{2}, {3}}},
		{"...ij,...kj->k...i", [][]int{{2, 1, 2, 3}, {3, 2, 3}}}, {"bi,oij,bj->bo", [][]int{{2, 3}, {2, 3, 2}, {2, 2}}}, {"aab,bc->ca", [][]int{{2, 2, 3}, {1, 2}}}, {"ij,jk->ik", [][]int{{0, 2}, {2, 3}}},
	} {
		all = append(all, gt.One(c.shapes...).By(func(in []*node) *node { return Einsum(c.equation, in...) }))
	}
	return all
}
