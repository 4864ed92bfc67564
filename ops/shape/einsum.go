package shape

import (
	"fmt"
	"slices"
	"strings"

	"descent/graph"
	"descent/ops"
)

// Einsum returns sums of products of elements, by letters for axes as in NumPy and
// PyTorch: "ij,jk->ik" is a matrix product, "ii->i" a diagonal, "bhqd,bhkd->bhqk" the
// scores of an attention. Each operand has a letter for each axis, or ... for those that
// come first, in the middle or last; axes of one letter have one length, or length 1 and
// are stretched. What the result has no letter for is summed. Without -> it has
// ... and then, in order of the alphabet, capitals first, each letter that is there once.
//
// Operands are multiplied two at a time, those first that make the smallest product.
func Einsum(equation string, xs ...*node) *node {
	if len(xs) == 0 {
		panic("shape: Einsum of nothing")
	}
	if err := graph.Mistakes(xs...); err != nil {
		return graph.Bad(err, "einsum", xs...)
	}
	terms, out, err := read(equation, xs)
	for i := range terms {
		if err == nil {
			terms[i], err = terms[i].diagonal()
		}
	}
	var lengths map[axis]int
	if err == nil {
		lengths, err = lengthsOf(terms)
	}
	if err != nil {
		return graph.Bad(err, "einsum", xs...)
	}
	for i := range terms {
		terms[i] = terms[i].thinned(lengths)
	}
	for len(terms) > 1 {
		i, j := cheapest(terms, out, lengths)
		a, b := terms[i], terms[j]
		terms = slices.Delete(slices.Delete(terms, j, j+1), i, i+1)
		terms = slices.Insert(terms, i, product(a, b, append([]term{{axes: out}}, terms...), lengths))
	}
	return terms[0].summed([]term{{axes: out}}).wide(out, lengths)
}

// An axis is a letter, or of those that ... stands for the last as -1, the one before
// it as -2.
type axis = rune

// A term is an array with a name for each axis.
type term struct {
	x    *node
	axes []axis
}

// read returns the operands with their axes, and those of the result.
func read(equation string, xs []*node) (terms []term, out []axis, err error) {
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	parts := strings.Split(left, ",")
	if len(parts) != len(xs) {
		return nil, nil, fmt.Errorf("%q has %d operands, and there are %d", equation, len(parts), len(xs))
	}
	dots := 0 // the most axes that ... stands for
	for i, p := range parts {
		hidden := xs[i].Shape().Rank() - len([]rune(strings.Replace(p, "...", "", 1)))
		if !strings.Contains(p, "...") && hidden != 0 || hidden < 0 {
			return nil, nil, fmt.Errorf("%q names the axes of operand %d, %v, which has %d", p, i+1, xs[i].Shape(), xs[i].Shape().Rank())
		}
		axes, err := letters(p, hidden)
		if err != nil {
			return nil, nil, err
		}
		dots = max(dots, hidden)
		terms = append(terms, term{xs[i], axes})
	}
	if !explicit {
		return terms, implicit(terms, dots), nil
	}
	if out, err = letters(right, dots); err != nil {
		return nil, nil, err
	}
	for i, a := range out {
		if slices.Contains(out[:i], a) {
			return nil, nil, fmt.Errorf("%q: the result has %q twice", equation, a)
		}
		if a > 0 && !slices.ContainsFunc(terms, func(t term) bool { return slices.Contains(t.axes, a) }) {
			return nil, nil, fmt.Errorf("%q: no operand has %q", equation, a)
		}
	}
	return terms, out, nil
}

// letters are the axes that a part of the equation names.
func letters(part string, hidden int) (axes []axis, err error) {
	before, after, _ := strings.Cut(part, "...")
	for i, side := range []string{before, after} {
		if i == 1 && strings.Contains(part, "...") {
			for k := range hidden {
				axes = append(axes, axis(k-hidden))
			}
		}
		for _, r := range side {
			if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
				return nil, fmt.Errorf("%q in %q is no letter of an axis", r, part)
			}
			axes = append(axes, r)
		}
	}
	return axes, nil
}

// implicit are the axes of a result that the equation does not name.
func implicit(terms []term, dots int) (out []axis) {
	count := map[axis]int{}
	for _, t := range terms {
		for _, a := range t.axes {
			count[a]++
		}
	}
	for k := range dots {
		out = append(out, axis(k-dots))
	}
	for a := 'A'; a <= 'z'; a++ {
		if count[a] == 1 {
			out = append(out, a)
		}
	}
	return out
}

// diagonal is t with one axis for each letter.
func (t term) diagonal() (term, error) {
	s := t.x.Shape()
	dense := strides(s.Dims())
	var axes []axis
	var to, stride []int
	for i, a := range t.axes {
		k := slices.Index(axes, a)
		switch {
		case k < 0:
			axes, to, stride = append(axes, a), append(to, s.Dim(i)), append(stride, dense[i])
		case to[k] != s.Dim(i):
			return t, fmt.Errorf("lengths %d and %d of %q", to[k], s.Dim(i), a)
		default:
			stride[k] += dense[i]
		}
	}
	if len(axes) == len(t.axes) {
		return t, nil
	}
	return term{ops.View(t.x, to, stride, 0), axes}, nil
}

// lengthsOf returns that of each axis.
func lengthsOf(terms []term) (map[axis]int, error) {
	lengths := map[axis]int{}
	for _, t := range terms {
		for i, a := range t.axes {
			n := t.x.Shape().Dim(i)
			if was, known := lengths[a]; known && was != n && was != 1 && n != 1 {
				name := string(a)
				if a < 0 {
					name = "..."
				}
				return nil, fmt.Errorf("lengths %d and %d of %s", was, n, name)
			}
			if lengths[a] <= 1 || n != 1 {
				lengths[a] = n
			}
		}
	}
	return lengths, nil
}

// thinned is t without axes that are stretched.
func (t term) thinned(lengths map[axis]int) term {
	var axes []axis
	var to []int
	for i, a := range t.axes {
		if n := t.x.Shape().Dim(i); n == lengths[a] {
			axes, to = append(axes, a), append(to, n)
		}
	}
	return term{ops.Reshape(t.x, to...), axes}
}

// needed reports whether a term has the axis.
func needed(a axis, terms []term) bool {
	return slices.ContainsFunc(terms, func(t term) bool { return slices.Contains(t.axes, a) })
}

// summed is t without the axes that no other term needs.
func (t term) summed(others []term) term {
	var over []int
	var axes []axis
	for i, a := range t.axes {
		if needed(a, others) {
			axes = append(axes, a)
		} else {
			over = append(over, i)
		}
	}
	if len(over) == 0 {
		return t
	}
	return term{ops.Sum(t.x, over...), axes}
}

// wide is t's array with its axes in that order, and of length 1 where it has none.
func (t term) wide(axes []axis, lengths map[axis]int) *node {
	var order, to []int
	for _, a := range axes {
		if i := slices.Index(t.axes, a); i >= 0 {
			order, to = append(order, i), append(to, lengths[a])
		} else {
			to = append(to, 1)
		}
	}
	x := t.x
	if len(order) > 0 { // else none is none in particular
		x = ops.Transpose(x, order...)
	}
	return ops.Reshape(x, to...)
}

// cheapest returns the two terms whose product is the smallest.
func cheapest(terms []term, out []axis, lengths map[axis]int) (first, second int) {
	least := -1.0
	for i := range terms {
		for j := range i {
			others := []term{{axes: out}}
			for k, t := range terms {
				if k != i && k != j {
					others = append(others, t)
				}
			}
			size := 1.0
			for _, a := range union(terms[j].axes, terms[i].axes) {
				if needed(a, others) {
					size *= float64(lengths[a])
				}
			}
			if least < 0 || size < least {
				least, first, second = size, j, i
			}
		}
	}
	return first, second
}

// union are the axes of both.
func union(a, b []axis) []axis {
	all := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}

// product multiplies two terms, and sums what the others do not need: as a product of
// matrices if there is such a sum and an axis that one alone has, else element by
// element.
func product(a, b term, others []term, lengths map[axis]int) term {
	a, b = a.summed(append(others, b)), b.summed(append(others, a))
	var both, sum, left, right []axis
	for _, x := range union(a.axes, b.axes) {
		switch inA, inB := slices.Contains(a.axes, x), slices.Contains(b.axes, x); {
		case inA && inB && needed(x, others):
			both = append(both, x)
		case inA && inB:
			sum = append(sum, x)
		case inA:
			left = append(left, x)
		default:
			right = append(right, x)
		}
	}
	if len(sum) == 0 || len(left)+len(right) == 0 {
		axes := union(a.axes, b.axes)
		return term{ops.Mul(a.wide(axes, lengths), b.wide(axes, lengths)), axes}.summed(others)
	}
	if len(left) > 0 && len(right) > 0 && slices.Index(others[0].axes, right[0]) < slices.Index(others[0].axes, left[0]) {
		a, b, left, right = b, a, right, left // the order that is wanted
	}
	matrix := func(t term, rows, columns []axis) *node {
		x := t.wide(slices.Concat(both, rows, columns), lengths)
		d := []int{graph.Dims(lengthsIn(both, lengths)...).Size(), graph.Dims(lengthsIn(rows, lengths)...).Size(), graph.Dims(lengthsIn(columns, lengths)...).Size()}
		if len(both) == 0 {
			d = d[1:]
		}
		return ops.Reshape(x, d...)
	}
	axes := slices.Concat(both, left, right)
	return term{ops.Reshape(ops.MatMul(matrix(a, left, sum), matrix(b, sum, right)), lengthsIn(axes, lengths)...), axes}
}

// lengthsIn lists the lengths of axes.
func lengthsIn(axes []axis, lengths map[axis]int) (list []int) {
	for _, a := range axes {
		list = append(list, lengths[a])
	}
	return list
}
