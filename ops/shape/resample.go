package shape

import (
	"errors"
	"fmt"
	"math"

	"descent/graph"
	"descent/graph/lower"
)

// Arrays between whose elements, or of fewer of which, others are made: each place of
// the result is a weighted sum of a few of the operand's along an axis.

// A Mode says which elements a place between elements is made of.
type Mode string

// The modes. Those of PyTorch's names for several axes are the same along each.
const (
	Nearest      Mode = "nearest"       // the one before i·n/m
	NearestExact Mode = "nearest_exact" // the one that is nearest to the middle of the place
	Linear       Mode = "linear"        // the two beside it, by their distance
	Cubic        Mode = "cubic"         // two on either side: Keys' cubic, a = -0.75
)

// UpsampleOptions say how arrays get other lengths.
type UpsampleOptions struct {
	Mode    Mode      // Nearest if empty
	Lengths []int     // of the result, one or one for each axis; or
	Scale   []float64 // what lengths are multiplied by, and rounded down
	// Corners puts the first and last elements at the first and last places, of
	// linear and cubic modes; else the middles of elements are spread evenly.
	Corners bool
}

// Upsample returns x, images × channels × one to three lengths, with other lengths,
// longer or shorter, as PyTorch's interpolate has it.
func Upsample(x *node, o UpsampleOptions) *node {
	if x.Err() != nil {
		return x
	}
	lengths, err := spatial(x.Shape())
	n := len(lengths)
	to, scale := o.Lengths, o.Scale
	if err == nil && (len(to) == 0) == (len(scale) == 0) {
		err = errors.New("lengths or a scale say what the result is, and not both")
	}
	if err == nil && len(scale) == 0 {
		scale = make([]float64, n)
		to, err = lower.PerAxis("lengths", to, n, 0, 1)
	} else if err == nil {
		to, scale, err = scaled(lengths, scale)
	}
	if err != nil {
		return graph.Bad(err, "upsample", x)
	}
	y := x
	for i := range n { // the last axis first: there are fewer elements yet
		axis := n + 1 - i
		y = Resample(y, axis, to[axis-2], o.Mode, o.Corners, scale[axis-2])
	}
	return y
}

// scaled returns lengths multiplied by a scale for each or one for all.
func scaled(lengths []int, scale []float64) (to []int, each []float64, err error) {
	if len(scale) != 1 && len(scale) != len(lengths) {
		return nil, nil, fmt.Errorf("scale %v: one number, or one for each of %d axes", scale, len(lengths))
	}
	for i, d := range lengths {
		f := scale[min(i, len(scale)-1)]
		n := math.Floor(float64(d) * f)
		if !(n >= 1 && n <= math.MaxInt32) {
			return nil, nil, fmt.Errorf("a length of %d times %v is no length", d, f)
		}
		to, each = append(to, int(n)), append(each, f)
	}
	return to, each, nil
}

// Resample returns x with another length along one axis. A scale that is not 0 is how
// far apart its elements are in the result, in place of the ratio of lengths. Places
// are those of mode, with corners as in [UpsampleOptions].
func Resample(x *node, axis, length int, mode Mode, corners bool, scale float64) *node {
	return resample{axis: axis, to: length, mode: mode, corners: corners, scale: scale}.of(x)
}

// resample is that along one axis, from elements to places; back, its gradient.
type resample struct {
	axis, from, to int
	mode           Mode
	corners        bool
	scale          float64
	back           bool
}

// of applies the operation to x, to being the length of what it makes of x.
func (o resample) of(x *node) *node {
	if x.Err() != nil {
		return x
	}
	var err error
	if o.axis, err = x.Shape().Axis(o.axis); err == nil {
		if o.from = x.Shape().Dim(o.axis); o.back {
			o.from, o.to = o.to, o.from
		}
		if o.mode == "" {
			o.mode = Nearest
		}
		err = o.check()
	}
	if err != nil {
		return graph.Bad(err, "resample", x)
	}
	return graph.Apply(o, x)
}

func (o resample) check() error {
	switch {
	case taps[o.mode] == 0:
		return fmt.Errorf("mode %q; there are nearest, nearest_exact, linear, cubic", o.mode)
	case o.corners && taps[o.mode] < 2:
		return errors.New("corners are for the modes linear and cubic")
	case !(o.scale >= 0) || math.IsInf(o.scale, 1):
		return fmt.Errorf("scale %v", o.scale)
	case min(o.from, o.to) < 0 || max(o.from, o.to) > math.MaxInt32:
		return fmt.Errorf("lengths %d and %d", o.from, o.to)
	case o.from == 0 && o.to > 0:
		return errors.New("no elements to make others of")
	}
	return nil
}

func (o resample) Name() string { return graph.Title(o.Describe()) }

func (o resample) Describe() graph.Call {
	length, set := o.to, []any{"mode", string(o.mode)}
	if o.corners {
		set = append(set, "corners", true)
	}
	if o.scale > 0 {
		set = append(set, "scale", o.scale)
	}
	if o.back {
		length, set = o.from, append(set, "back", true)
	}
	return graph.CallOf("resample", append([]any{"axis", o.axis, "length", length}, set...)...)
}

func (o resample) Shape(in []graph.Shape) (graph.Shape, error) {
	d := in[0].Dims()
	d[o.axis] = o.to
	if o.back {
		d[o.axis] = o.from
	}
	return graph.Dims(d...), nil
}

func (o resample) Grad(_, dy *node) []*node {
	o.back = !o.back
	return []*node{graph.Apply(o, dy)}
}

func (o resample) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	to, _ := o.Shape([]graph.Shape{s})
	t := o.table()
	t.length, t.inner = s.Dim(o.axis), strides(s.Dims())[o.axis]
	places := len(t.first) - 1
	w32 := make([]float32, len(t.weight))
	for i, w := range t.weight {
		w32[i] = float32(w)
	}
	return b.Kernel(lower.Kernel{Name: "resample", Key: o, Rows: to.Size() / max(1, places*t.inner), Work: t.inner * (places + len(t.from)),
		F32: func(dst, src [][]float32, lo, hi int) { weigh(dst[0], src[0], &t, w32, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { weigh(dst[0], src[0], &t, t.weight, lo, hi) },
	}, []graph.Shape{to}, in...)[0]
}

// A table says of each place which elements it is made of: those of from[first[i]:first[i+1]],
// times their weights; each if all places have as many. Elements have inner neighbours,
// and length is how many there are.
type table struct {
	first, from   []int32
	weight        []float64
	each          int
	length, inner int
}

// taps is how many elements each mode weighs.
var taps = map[Mode]int{Nearest: 1, NearestExact: 1, Linear: 2, Cubic: 4}

// table is that of the operation.
func (o resample) table() (t table) {
	k := taps[o.mode]
	from, weight := make([]int32, 0, k*o.to), make([]float64, 0, k*o.to)
	for i := range o.to {
		f, w := o.at(i)
		from, weight = append(from, f[:k]...), append(weight, w[:k]...)
	}
	if !o.back {
		for i := range o.to + 1 {
			t.first = append(t.first, int32(k*i))
		}
		t.from, t.weight, t.each = from, weight, k
		return t
	}
	t.first = make([]int32, o.from+1) // elements in order of places: a counting sort
	for _, e := range from {
		t.first[e+1]++
	}
	for e := range o.from {
		t.first[e+1] += t.first[e]
	}
	t.from, t.weight = make([]int32, len(from)), make([]float64, len(from))
	next := append([]int32(nil), t.first...)
	for i, e := range from {
		t.from[next[e]], t.weight[next[e]] = int32(i/k), weight[i]
		next[e]++
	}
	t.each = len(from) / max(1, o.from)
	for e := range o.from {
		if int(t.first[e+1]-t.first[e]) != t.each {
			t.each = 0
		}
	}
	return t
}

// at returns the elements that place i is made of, and their weights.
func (o resample) at(i int) (from [4]int32, w [4]float64) {
	last := float64(o.from - 1)
	step := float64(o.from) / float64(o.to)
	if o.scale > 0 {
		step = 1 / o.scale
	}
	middle := float64(step*(float64(i)+0.5)) - 0.5
	if o.corners {
		if step = 0; o.to > 1 {
			step = last / float64(o.to-1)
		}
		middle = step * float64(i)
	}
	clip := func(x float64) int32 { return int32(min(max(x, 0), last)) }
	switch o.mode {
	case Nearest: // PyTorch rounds to float32, which makes products whole that should be
		from[0], w[0] = clip(math.Floor(float64(float32(step*float64(i))))), 1
	case NearestExact:
		from[0], w[0] = clip(math.Floor(float64(float32(middle+0.5)))), 1
	case Linear:
		middle = min(max(middle, 0), last)
		below := math.Floor(middle)
		part := middle - below
		from[0], from[1] = clip(below), clip(below+1)
		w[0], w[1] = 1-part, part
	default:
		below := math.Floor(middle)
		for j := range from {
			from[j] = clip(below + float64(j-1))
			w[j] = keys(math.Abs(middle - below - float64(j-1)))
		}
	}
	return from, w
}

// keys is the weight of an element at a distance below 2. Keys 1981,
// https://doi.org/10.1109/TASSP.1981.1163711.
func keys(d float64) float64 {
	const a = -0.75
	if d <= 1 {
		return float64((float64((a+2)*d)-(a+3))*float64(d*d)) + 1
	}
	return float64((float64((float64(a*d)-5*a)*d)+8*a)*d) - 4*a
}

// weigh makes the rows lo to hi of dst, a row being all places of an axis.
func weigh[T float32 | float64](dst, src []T, t *table, weight []T, lo, hi int) {
	places := len(t.first) - 1
	for r := lo; r < hi; r++ {
		x, y := src[r*t.length*t.inner:][:t.length*t.inner], dst[r*places*t.inner:][:places*t.inner]
		if t.inner == 1 {
			weighLine(y, x, t, weight)
			continue
		}
		for i := range places {
			weighPlace(y[i*t.inner:][:t.inner], x, t.from[t.first[i]:t.first[i+1]], weight[t.first[i]:t.first[i+1]])
		}
	}
}

// weighLine makes places of one element each.
func weighLine[T float32 | float64](y, x []T, t *table, weight []T) {
	switch t.each {
	case 1:
		from, w := t.from[:len(y)], weight[:len(y)]
		for i := range y {
			y[i] = w[i] * x[from[i]]
		}
	case 2:
		from, w := t.from[:2*len(y)], weight[:2*len(y)]
		for i := range y {
			y[i] = T(w[2*i]*x[from[2*i]]) + T(w[2*i+1]*x[from[2*i+1]])
		}
	default:
		for i := range y {
			sum := T(0)
			from, w := t.from[t.first[i]:t.first[i+1]], weight[t.first[i]:t.first[i+1]]
			for k, e := range from {
				sum += T(w[k] * x[e])
			}
			y[i] = sum
		}
	}
}

// weighPlace makes a place of the elements from, which are as long as it.
func weighPlace[T float32 | float64](y, x []T, from []int32, w []T) {
	n := len(y)
	at := func(k int) []T { return x[int(from[k])*n:][:n] }
	switch len(from) {
	case 0:
		clear(y)
		return
	case 1:
		if w[0] == 1 {
			copy(y, at(0))
			return
		}
		w, a := w[0], at(0)
		for i := range y {
			y[i] = w * a[i]
		}
		return
	}
	w0, w1, a, b := w[0], w[1], at(0), at(1)
	for i := range y {
		y[i] = T(w0*a[i]) + T(w1*b[i])
	}
	for k := 2; k < len(from); k++ {
		w, a := w[k], at(k)
		for i := range y {
			y[i] += T(w * a[i])
		}
	}
}
