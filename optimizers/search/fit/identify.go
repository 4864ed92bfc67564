package fit

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/elementary"
	"descent/internal/leastsq"
	"descent/optimizers/search"
)

// Undetermined are parameters that the data do not determine one by one: they
// can be moved together without a change of the fitted values.
type Undetermined struct {
	Parameters []string `json:"parameters"`
	// Determined are the combinations of them that are, such as "a*b"; none if
	// nothing is.
	Determined []string `json:"determined,omitempty"`
	// Local says that this holds near the estimates only, to first order.
	Local bool `json:"local,omitempty"`
}

func (u Undetermined) String() string {
	are, where := "is", ""
	if len(u.Parameters) > 1 {
		are = "are"
	}
	if u.Local {
		where = " (near the estimates)"
	}
	s := and(u.Parameters) + " " + are + " not determined by these data"
	switch len(u.Determined) {
	case 0:
		return s + ": the fitted values do not depend on " + map[string]string{"is": "it", "are": "them"}[are] + where
	case 1:
		return s + ": only " + u.Determined[0] + " is" + where
	}
	return s + ": only " + and(u.Determined) + " are" + where
}

func and(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// undetermined finds the parameters that the Jacobian does not determine, and
// what of them is.
func (f *Fit) undetermined() error {
	null := f.factor.Null()
	if len(null) == 0 {
		return nil
	}
	s, err := f.model.system(f.at, false)
	if err != nil {
		return err
	}
	p, err := search.ResidualProblem(s.model, s.params, s.feeds...)
	if err != nil {
		return err
	}
	jac := make([]float64, s.rows*len(f.at))
	values := func(x []float64) []float64 {
		out := make([]float64, s.rows)
		p.Residuals(x, out, jac)
		return out
	}
	for _, t := range together(null) {
		t.at, t.values, t.names = f.at, values, f.Names()
		u := t.explain()
		f.Undetermined = append(f.Undetermined, u)
		f.Notes = append(f.Notes, u.String())
	}
	return nil
}

// A bundle is a set of parameters that move together: along each of the
// directions the fitted values do not change, to first order.
type bundle struct {
	params     []int
	directions [][]float64 // by parameter of the bundle
	names      []string    // of all parameters
	at         []float64   // all estimates
	values     func(x []float64) []float64
}

// together divides null vectors into bundles that share no parameter.
func together(null [][]float64) (out []bundle) {
	left := slices.Clone(null)
	for len(left) > 0 {
		in := make([]bool, len(left[0]))
		var mine, others [][]float64
		mark := func(d []float64) {
			mine = append(mine, d)
			for k, x := range d {
				in[k] = in[k] || x != 0
			}
		}
		mark(left[0])
		others = left[1:]
		for grown := true; grown; {
			grown = false
			var rest [][]float64
			for _, d := range others {
				if slices.ContainsFunc(seq(len(d)), func(k int) bool { return in[k] && d[k] != 0 }) {
					mark(d)
					grown = true
				} else {
					rest = append(rest, d)
				}
			}
			others = rest
		}
		t := bundle{}
		for k, yes := range in {
			if yes {
				t.params = append(t.params, k)
			}
		}
		for _, d := range mine {
			short := make([]float64, len(t.params))
			for i, k := range t.params {
				short[i] = d[k]
			}
			t.directions = append(t.directions, short)
		}
		out, left = append(out, t), others
	}
	return out
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// maxTied is the number of parameters up to which products are looked for.
const maxTied = 6

// explain looks for coordinates, each a parameter or its logarithm, in which
// the fitted values stay the same along whole lines: sums, products, and
// products with exponentials of sums. What is constant along these lines is
// determined. If there are none, it is so to first order.
func (t *bundle) explain() Undetermined {
	u := Undetermined{}
	for _, k := range t.params {
		u.Parameters = append(u.Parameters, t.names[k])
	}
	m := len(t.params)
	for _, logs := range masks(m) {
		if lines, ok := t.lines(logs); ok && t.constant(lines, logs) {
			u.Determined = t.invariants(lines, logs)
			return u
		}
	}
	lines, _ := t.lines(0)
	u.Determined, u.Local = t.invariants(lines, 0), true
	return u
}

// masks are the choices of parameters whose logarithm is the coordinate: none,
// all, then the others.
func masks(m int) []int {
	if m > maxTied {
		return []int{0}
	}
	all := 1<<m - 1
	out := []int{0, all}
	for mask := 1; mask < all; mask++ {
		out = append(out, mask)
	}
	return out
}

// lines are the directions in the coordinates, the largest element of each 1.
func (t *bundle) lines(logs int) ([][]float64, bool) {
	var out [][]float64
	for _, d := range t.directions {
		line, size := slices.Clone(d), 0.0
		for i, k := range t.params {
			if logs>>i&1 == 1 {
				line[i] /= t.at[k]
			}
			size = max(size, math.Abs(line[i]))
		}
		for i := range line {
			line[i] /= size
		}
		if notFinite(size) || slices.ContainsFunc(line, notFinite) {
			return nil, false
		}
		out = append(out, line)
	}
	return out, true
}

// constant tells whether the fitted values stay what they are some way along
// the lines, at the estimates and at a point beside them: the line through the
// estimates alone says nothing of other lines.
func (t *bundle) constant(lines [][]float64, logs int) bool {
	beside := slices.Clone(t.at)
	for i, k := range t.params {
		if beside[k] *= 1 + 0.1/float64(i+1); beside[k] == 0 {
			beside[k] = 0.1
		}
	}
	for _, from := range [][]float64{t.at, beside} {
		before := t.values(from)
		scale := 0.0
		for _, v := range before {
			scale = max(scale, math.Abs(v))
		}
		for _, line := range lines {
			for _, h := range []float64{-0.4, 0.1, 0.3} {
				for i, v := range t.values(t.along(from, line, h, logs)) {
					if !(math.Abs(v-before[i]) <= 1e-7*scale) {
						return false
					}
				}
			}
		}
	}
	return true
}

// along goes some way along a line: h is a change of logarithms if there are
// any, else it is relative to the parameters.
func (t *bundle) along(from, line []float64, h float64, logs int) []float64 {
	if logs == 0 {
		reach := 0.0
		for i, k := range t.params {
			reach = max(reach, math.Abs(line[i]*from[k]))
		}
		if reach > 0 {
			h *= reach
		}
	}
	x := slices.Clone(from)
	for i, k := range t.params {
		if logs>>i&1 == 1 {
			x[k] *= elementary.Exp(h * line[i])
		} else {
			x[k] += float64(h * line[i])
		}
	}
	return x
}

// invariants are the combinations of coordinates that are constant along all
// lines, written as formulas.
func (t *bundle) invariants(lines [][]float64, logs int) (out []string) {
	for _, c := range complement(lines) {
		tidy(c, logs)
		var product, sum []string
		for i, x := range c {
			name := t.names[t.params[i]]
			switch {
			case x == 0:
			case logs>>i&1 == 1:
				product = append(product, power(name, x, len(product) == 0))
			default:
				sum = append(sum, multiple(name, x, len(sum) == 0))
			}
		}
		s := strings.Join(product, "")
		switch total := strings.Join(sum, ""); {
		case s == "":
			s = total
		case total != "":
			s += "*exp(" + total + ")"
		}
		out = append(out, s)
	}
	return out
}

// power writes a factor of a product, and multiple a term of a sum.
func power(name string, x float64, first bool) string {
	sign, exponent := "*", ""
	if x < 0 && !first {
		sign, x = "/", -x
	}
	if first {
		sign = ""
	}
	if x != 1 {
		exponent = "^" + strconv.FormatFloat(x, 'g', 6, 64)
	}
	return sign + name + exponent
}

func multiple(name string, x float64, first bool) string {
	sign := " + "
	switch {
	case x < 0 && first:
		sign, x = "-", -x
	case x < 0:
		sign, x = " - ", -x
	case first:
		sign = ""
	}
	if x != 1 {
		name = strconv.FormatFloat(x, 'g', 6, 64) + "*" + name
	}
	return sign + name
}

// complement returns vectors that span what is orthogonal to all lines, with
// few elements.
func complement(lines [][]float64) (out [][]float64) {
	rows := make([][]float64, len(lines))
	for i := range lines {
		rows[i] = slices.Clone(lines[i])
	}
	pivots := leastsq.Reduce(rows)
	for c := range lines[0] {
		if slices.Contains(pivots, c) {
			continue
		}
		v := make([]float64, len(lines[0]))
		v[c] = 1
		for i, p := range pivots {
			v[p] = -rows[i][c]
		}
		out = append(out, v)
	}
	return out
}

// tidy scales v so that its first element is positive and the least, of
// logarithms if there are any, is 1; and rounds what is nearly whole.
func tidy(v []float64, logs int) {
	const small = 1e-7
	least, sign := [2]float64{math.Inf(1), math.Inf(1)}, 0.0
	for i, x := range v {
		if math.Abs(x) < small {
			v[i] = 0
			continue
		}
		kind := logs >> i & 1
		if least[kind] = min(least[kind], math.Abs(x)); sign == 0 {
			sign = math.Copysign(1, x)
		}
	}
	if math.IsInf(least[1], 1) {
		least[1] = least[0]
	}
	for i := range v {
		v[i] = float64(v[i] * (sign / least[1]))
		if whole := math.Round(v[i]); math.Abs(v[i]-whole) < small*math.Abs(whole) {
			v[i] = whole
		}
	}
}
