package fit

import (
	"math"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/leastsq"
	"descent/optimizers/search"
)

// scales are those of what a shape is a function of.
type scales struct {
	lo, hi, span float64
	least, most  float64 // the least and the largest magnitude that is not 0
	n            int     // of different values
	response     float64 // the largest magnitude of the response
	dose         float64 // of the doses; 1 if there are none
}

func scalesOf(x []float64) scales {
	sorted := slices.Compact(slices.Sorted(slices.Values(x)))
	s := scales{lo: sorted[0], hi: sorted[len(sorted)-1], least: math.Inf(1), n: len(sorted)}
	for _, v := range sorted {
		if a := math.Abs(v); a > 0 {
			s.least, s.most = min(s.least, a), max(s.most, a)
		}
	}
	if s.span = s.hi - s.lo; s.span == 0 {
		s.span = max(s.most, 1)
	}
	if s.most == 0 {
		s.least, s.most = 1, 1
	}
	return s
}

// decades are numbers from a to b by about the given factor.
func decades(a, b, by float64) (out []float64) {
	for x := a; x <= b*1.001; x *= by {
		out = append(out, x)
	}
	return out
}

// mapped applies f to numbers.
func mapped(x []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

// What is tried of parameters that are not linear.

func positiveRate(x scales) []float64 { return decades(0.1/x.span, 30/x.span*float64(x.n), 2.5) }

func rate(x scales) []float64 {
	r := positiveRate(x)
	return append(r, mapped(decades(0.1/x.span, 30/x.span, 2.5), func(v float64) float64 { return -v })...)
}

func logRate(x scales) []float64 { return mapped(positiveRate(x), elementary.Log) }

// slowLogRate is a little off logRate, for the slower of two.
func slowLogRate(x scales) []float64 {
	return mapped(decades(0.03/x.span, 10/x.span, 2.5), func(v float64) float64 { return elementary.Log(0.9 * v) })
}

func place(x scales) (out []float64) {
	for k := -4; k <= 16; k++ {
		out = append(out, x.lo+float64(x.span*float64(k)/12))
	}
	return out
}

func width(x scales) []float64 { return decades(x.span/100, x.span, 1.8) }

func size(x scales) []float64 { return decades(x.least/10, 10*x.most, 2) }

func logSize(x scales) []float64 {
	return mapped(decades(1e-4, 1e4, 2), func(v float64) float64 { return elementary.Log(v * x.dose / (x.response * x.span)) })
}

func inverse(x scales) []float64 {
	return mapped(size(x), func(v float64) float64 { return 1 / v })
}

func order(scales) []float64 { return []float64{1, 0.3, 0.5, 0.7, 1.5, 2, 3, 4, 6} }

func exponent(scales) []float64 { return []float64{1, 2, 0.5, 1.5, 3, 4, -0.5, -1, -2, -3, 0.2, -0.2} }

func factor(scales) []float64 { return decades(0.05, 1e5, 2) }

func base(x scales) []float64 {
	return mapped(positiveRate(x), func(v float64) float64 { return elementary.Exp(-v) })
}

// logPowerRate is the logarithm of a rate by a power of x of up to 4.
func logPowerRate(x scales) []float64 {
	return mapped(decades(0.03/elementary.Pow(x.most, 4), 30/x.most, 2.5), elementary.Log)
}

func energy(x scales) []float64 { return decades(8.3*x.most/2, 8.3*x.most*200, 1.3) }

// period tries waves over the span, half a wave apart and finer, up to one for two rows.
func period(x scales) (out []float64) {
	for waves := 0.5; waves <= float64(x.n+1)*0.5; waves += 0.125 {
		out = append(out, x.span/waves)
	}
	return out
}

// guess gives parameters of a shape that have no start the best of what is tried.
func (m *Model) guess() error {
	at := make([]float64, len(m.Params))
	var open, solved []int // positions of parameters that are tried, and solved for
	for k, p := range m.Params {
		switch {
		case !math.IsNaN(p.Start):
			at[k] = p.Start
		case m.shape.Params[k].try == nil:
			solved = append(solved, k)
		default:
			open = append(open, k)
		}
	}
	if len(open)+len(solved) == 0 {
		return nil
	}
	g, err := m.trial()
	if err != nil {
		return err
	}
	g.which = make([]int, len(open))
	tries := make([][]float64, len(open))
	for i, k := range open {
		tries[i] = m.shape.Params[k].try(g.scales)
	}
	best, least := []float64(nil), math.Inf(1)
	for more := true; more; more = g.advance(tries) {
		for i, k := range open {
			at[k] = clamp(m.Params[k].Bound, tries[i][g.which[i]])
		}
		if sum := g.solve(m, at, solved); sum < least {
			best, least = slices.Clone(at), sum
		}
	}
	if g.err != nil {
		return g.err
	}
	if best == nil {
		return fail("%s is not finite for any parameters that were tried: name them in {start}", m.shape.Usage())
	}
	for k := range m.Params {
		m.Params[k].Start = best[k]
	}
	return nil
}

// clamp moves x into a range.
func clamp(b search.Bound, x float64) float64 {
	lo, hi := b.Ends()
	return max(lo, min(hi, x))
}

// A trial evaluates a model at many parameters.
type trial struct {
	s       *system
	program *graph.Program
	y, root []float64 // the response, and roots of the weights, nil if all count alike
	scales  scales
	which   []int // of what is tried of each parameter
	err     error // of an evaluation
}

// trial builds the model, and finds the scales of what its shape is a function of.
func (m *Model) trial() (*trial, error) {
	var err error
	if m.kept, err = m.keep(); err != nil {
		return nil, err
	}
	s, columns, err := m.over(m.Table, m.kept.rows, append(slices.Clone(m.columns), m.responseColumns()...), make([]float64, len(m.Params)), false)
	if err != nil {
		return nil, err
	}
	g := s.model.Graph()
	if s.response, err = m.rowwise(m.Response, "response", g, columns, s.rows); err != nil {
		return nil, err
	}
	t := &trial{s: s, root: m.kept.root}
	if t.y, err = s.observed(); err != nil {
		return nil, err
	}
	values := [][]float64{}
	for _, input := range m.shape.inputs {
		n, err := m.rowwise(input, input.Text, g, columns, s.rows)
		if err != nil {
			return nil, err
		}
		p, err := graph.Compile(n)
		if err == nil {
			err = p.Run(s.feeds...)
		}
		if err != nil {
			return nil, err
		}
		values = append(values, p.Float64s(n))
	}
	if i := slices.IndexFunc(slices.Concat(values...), notFinite); i >= 0 {
		return nil, fail("%s: %s is not finite in some row; name the parameters in {start}, or leave such rows out", m.shape.Usage(), m.shape.inputs[i/s.rows].Text)
	}
	t.scales = scalesOf(values[len(values)-1])
	t.scales.response, t.scales.dose = max(scalesOf(t.y).most, math.SmallestNonzeroFloat64), scalesOf(values[0]).most
	t.program, err = graph.Compile(s.model)
	return t, err
}

// advance goes on to the next combination; it reports whether there is one.
func (t *trial) advance(tries [][]float64) bool {
	for i := range t.which {
		if t.which[i]++; t.which[i] < len(tries[i]) {
			return true
		}
		t.which[i] = 0
	}
	return false
}

// values is the model in each row, weighted.
func (t *trial) values(at []float64) []float64 {
	for k, p := range t.s.params {
		if err := p.Variable().Set(at[k : k+1]); err != nil {
			t.err = err
		}
	}
	if err := t.program.Run(t.s.feeds...); err != nil {
		t.err = err
	}
	return t.weighted(t.program.Float64s(t.s.model))
}

func (t *trial) weighted(v []float64) []float64 {
	for i, r := range t.root {
		v[i] *= r
	}
	return v
}

// solve fills in the parameters that are solved for, and returns the sum of squares.
func (t *trial) solve(m *Model, at []float64, solved []int) float64 {
	y := t.weighted(slices.Clone(t.y))
	if len(solved) > 0 {
		for _, k := range solved {
			at[k] = 0
		}
		rest := t.values(at)
		jac := make([]float64, len(y)*len(solved))
		for c, k := range solved {
			at[k] = 1
			for i, v := range t.values(at) {
				jac[i*len(solved)+c] = v - rest[i]
			}
			at[k] = 0
		}
		for i := range rest {
			rest[i] -= y[i]
		}
		if slices.ContainsFunc(jac, notFinite) || slices.ContainsFunc(rest, notFinite) {
			return math.Inf(1)
		}
		for c, x := range leastsq.New(jac, len(y), len(solved)).Solve(rest) {
			at[solved[c]] = clamp(m.Params[solved[c]].Bound, x)
		}
	}
	sum := 0.0
	for i, v := range t.values(at) {
		sum += float64((v - y[i]) * (v - y[i]))
	}
	if notFinite(sum) {
		return math.Inf(1)
	}
	return sum
}
