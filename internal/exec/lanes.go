package exec

import "slices"

// A loop in which a row of a batch is made of rows of the same number alone can be done
// in lanes: the body is made for fewer rows, and each lane takes its rows through all
// steps. Workers then meet once a loop and not several times a step, and what a lane
// carries stays in its worker's cache. Whether there are lanes depends on the loop only,
// and so do the bits.

// laneRows are the rows of a lane. Tests change it.
var laneRows = 16

// laneWork is how many products of two numbers a step of a lane should have at least:
// its steps are small beside that. laneWeights is how many elements the matrices may
// have that rows are multiplied by: all lanes read them, in each step, and should find
// them in the cache of their processor.
const (
	laneWork    = 1 << 16
	laneWeights = 3 << 17
)

// A division of a loop into lanes.
type division struct {
	lanes int
	body  *Func
	parts []int // by leaf: elements of a lane's rows; 0 where all lanes have the same
}

// divide returns the loop's lanes; nil if there are none.
func (l *Loop) divide() *division {
	b := l.Body
	if l.partial() || len(b.outputs) > 0 || len(b.updates) == 0 {
		return nil
	}
	first := b.vals[b.updates[0].Leaf].dims
	if len(first) == 0 || first[0] < 2*laneRows || first[0]%laneRows != 0 {
		return nil
	}
	d := &divider{Loop: l, rows: first[0], rowwise: make([]bool, len(b.vals))}
	d.uses()
	if !d.narrow() || d.work < laneWork*d.rows/laneRows || d.weights > laneWeights {
		return nil
	}
	return &division{d.rows / laneRows, d.out, d.parts}
}

// A divider makes a body for fewer rows.
type divider struct {
	*Loop
	rows    int
	rowwise []bool // by value: the first axis is rows
	all     []bool // by value: an operand that is wanted as a whole
	out     *Func
	parts   []int
	work    int // products of two numbers
	weights int // elements of matrices
}

// uses says which values that are the same for all rows, or captured, are wanted as a
// whole, by a use in which their first axis meets no rows.
func (d *divider) uses() {
	d.all = make([]bool, len(d.Body.vals))
	for i := range slices.Backward(d.Body.vals) {
		v := &d.Body.vals[i]
		for k, a := range v.args {
			x := &d.Body.vals[a]
			whole := false
			switch o, product := v.op.(dot); {
			case product:
				whole = k == 1 || o.ta
			case v.kind == kMap:
				whole = d.all[i] || len(x.dims) != len(v.dims)
			case v.kind == kShape:
				whole = d.all[i] || !d.leads(v.dims)
			}
			d.all[a] = d.all[a] || whole
		}
	}
}

// leads reports whether the first axis may be rows.
func (d *divider) leads(dims []int) bool { return len(dims) > 0 && dims[0] == d.rows }

// free reports whether value i, which depends on no row, has as many rows as are
// wanted.
func (d *divider) free(i int) bool { return d.leads(d.Body.vals[i].dims) && !d.all[i] }

// narrow makes the body of a lane; it is not ok if rows depend on other rows.
func (d *divider) narrow() (ok bool) {
	b := d.Body
	d.out = &Func{vals: slices.Clone(b.vals), leaves: slices.Clone(b.leaves), updates: slices.Clone(b.updates)}
	d.parts = make([]int, len(b.leaves))
	for i := range d.out.vals {
		v := &d.out.vals[i]
		v.args = slices.Clone(v.args)
		if !d.decide(i, v) {
			return false
		}
		if d.rowwise[i] {
			v.dims = slices.Clone(v.dims)
			v.dims[0] = laneRows
			v.n = size(v.dims)
			if v.kind == kLeaf {
				d.out.leaves[v.leaf].Dims, d.parts[v.leaf] = v.dims, v.n
			}
		}
	}
	for _, u := range b.updates {
		if !d.rowwise[u.Leaf] || !d.rowwise[u.Value] {
			return false
		}
	}
	return true
}

// decide says whether the first axis of value i is rows, and changes its operation; it
// is not ok if it depends on several rows.
func (d *divider) decide(i int, v *value) (ok bool) {
	is, none := make([]bool, len(v.args)), true
	for k, a := range v.args {
		is[k] = d.rowwise[a]
		none = none && !is[k]
	}
	if o, product := v.op.(dot); product && len(v.dims) == 2 {
		d.work += o.m * o.n * o.k
		d.weights += o.n * o.k
	}
	switch {
	case v.kind == kLeaf:
		w := d.Leaves[v.leaf]
		d.rowwise[i] = d.leads(v.dims) && (w.Result || w.Step != 0 || !d.all[i])
		return true
	case v.kind == kConst:
		d.rowwise[i] = d.free(i)
		return true
	case none && v.kind == kOperation:
		if g, ok := v.op.(gather); ok && d.free(i) && g.view.Stride[0] == 0 { // a row for all
			g.view.Dims[0] = laneRows
			v.op, d.rowwise[i] = g, true
		}
		return true
	case none:
		return true
	case !d.leads(v.dims):
		return false
	case v.kind == kShape:
		d.rowwise[i] = v.from == 0
	case v.kind == kMap:
		d.rowwise[i] = true
		for k, a := range v.args {
			x := d.Body.vals[a].dims
			if covers := len(x) == len(v.dims) && d.leads(x); covers != is[k] {
				return false
			}
		}
	default:
		v.op = v.op.few(v.dims, d.operands(v), is, laneRows)
		d.rowwise[i] = v.op != nil
	}
	return d.rowwise[i]
}

// operands are the shapes of a value's operands.
func (d *divider) operands(v *value) (dims [][]int) {
	for _, a := range v.args {
		dims = append(dims, d.Body.vals[a].dims)
	}
	return dims
}
