package calc

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

var inf, nan = math.Inf(1), math.NaN()

// at binds x, and y if there are numbers for it, to numbers or vectors.
func at(x, y []float64) []Binding {
	value := func(v []float64) Value {
		if len(v) == 1 {
			return Value{Data: v}
		}
		return Value{Shape: []int{len(v)}, Data: v}
	}
	point := []Binding{{"x", value(x)}}
	if y != nil {
		point = append(point, Binding{"y", value(y)})
	}
	return point
}

// TestTraps: where a value or a derivative stops being finite, or NaN comes from
// infinities, the node is named; what only passes it on is not.
func TestTraps(t *testing.T) {
	masked := []float64{-inf, -inf}
	for _, c := range []struct {
		formula string
		x, y    []float64
		want    []string
	}{
		{"logsumexp(x)", masked, nil, []string{"trap: logsumexp(x): the derivative by its operand is NaN: all 2 elements are -Inf"}},
		{"softmax(x)[0]", masked, nil, []string{"trap: logsoftmax(x): the value is NaN: all 2 elements are -Inf"}},
		{"log_softmax(x)[0]", masked, nil, []string{"trap: logsoftmax(x): the value is NaN: all 2 elements are -Inf",
			"trap: logsoftmax(x): the derivative by its operand is NaN: all 2 elements are -Inf"}},
		{"logsumexp(x)", []float64{-inf, 1}, nil, nil},
		{"softmax(x)[1]", []float64{-inf, 1}, nil, nil},
		{"x*y", []float64{inf}, []float64{0}, []string{"trap: x*y: the value is NaN at x = +Inf at y = 0", "trap: x*y: the derivative by its operand is +Inf"}},
		{"x - y", []float64{inf}, []float64{inf}, []string{"trap: x - y: the value is NaN at x = +Inf at y = +Inf"}},
		{"2*(x - y)", []float64{inf}, []float64{inf}, []string{"trap: x - y: the value is NaN at x = +Inf at y = +Inf"}},
		{"xlogy(x, y)", []float64{0}, []float64{0}, []string{"trap: xlogy(x, y): the derivative by its operand is NaN"}},
		{"norm(x)", []float64{0, inf}, nil, []string{"trap: norm(x): the derivative by its operand is NaN"}},
		{"std(x)", []float64{3, 3}, nil, []string{"kink: norm(x - 0.5*sum(x)): the norm is 0, the derivative there is taken as 0"}},
		{"lgamma(x)", []float64{0}, nil, []string{"trap: lgamma(x): the value is +Inf at x = 0", "trap: lgamma(x): the derivative by its operand is -Inf"}},
		{"max(sqrt(x), 1)", []float64{0}, nil, nil},
		{"mod(x, y)", []float64{6}, []float64{3}, []string{"kink: remainder(x, y): 6 is a multiple of 3, it jumps there, the derivatives are 1 and -floor of the quotient"}},
		{"hypot(x, y)", []float64{0}, []float64{0}, []string{"kink: hypot(x, y): both arguments are 0, the derivative there is taken as 0"}},
		{"cbrt(x)", []float64{0}, nil, []string{"trap: cbrt(x): the derivative by its operand is +Inf"}},
		{"max_first(x, 0)", []float64{3, 1, 3}, nil, []string{"kink: max_first(x, 0): 2 elements are equal, the first gets the derivative"}},
		{"amin(x)", []float64{3, 1, 1}, nil, []string{"kink: amin(x): 2 elements are equal, they share the derivative"}},
		{"sum(max(reshape(x, 2, 1), y))", []float64{1, 2}, []float64{5, 2, 7}, []string{"shapes: max(reshape(x, 2, 1), y): 2x1 and 3 make 2x3; if element by element was meant, reshape one of them",
			"kink: max(reshape(x, 2, 1), y): both sides are 2, each gets half of the derivative (element 4)"}},
		{"sum(relu6(x))", []float64{1, 6}, nil, []string{"kink: hardtanh(x, lo=0, hi=6): the argument is 6, the derivative there is 0 (element 1)"}},
		{"elu(x, alpha=2)", []float64{0}, nil, []string{"kink: elu(x, alpha=2): the argument is 0, the derivative there is alpha"}},
		{"heaviside(x, y)", []float64{0}, []float64{1}, []string{"kink: heaviside(x, y): the argument is 0, it jumps there, the derivative is 0"}},
	} {
		e, err := At(c.formula, at(c.x, c.y))
		if err != nil {
			t.Fatal(c.formula, err)
		}
		remarks, err := e.Remarks()
		if err != nil {
			t.Fatal(c.formula, err)
		}
		var got []string
		for _, r := range remarks {
			got = append(got, r.Kind+": "+r.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s at %v, %v:\n%s\nwant\n%s", c.formula, c.x, c.y, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestSymbolic holds how derivatives are written, and that the text has the
// values of the gradient, also where they are 0, infinite or NaN.
func TestSymbolic(t *testing.T) {
	numbers := [][]float64{{0.7}, {-0.3}, {0}, {2}, {nan}}
	vectors := [][]float64{{1, 2, 3}, {3, 3, 1}, {nan, 1, 2}}
	for _, c := range []struct {
		formula, want string // the derivative by x
		points        [][]float64
	}{
		{"max(x, 1)", "where(1 < x, 1, where(x < 1, 0, where(x == 1, 0.5, nan)))", numbers},
		{"3*min(sqrt(x), 1)", "", numbers},
		{"relu(x)", "where(0 < relu(x), 1, relu(x))", numbers},
		{"relu(x)^2", "", numbers},
		{"clamp(x, 0, 2)", "", numbers},
		{"leaky_relu(x)", "", numbers},
		{"softshrink(x)", "", numbers},
		{"max(x)", "", vectors},
		{"max_first(x, 0)", "", vectors},
		{"norm_inf(x)", "", vectors},
		{"sum(softmax(x)*[1,2,3])", "", vectors},
		{"log_softmax(x)[1]", "", vectors},
		{"sum(view(x,[2,2],[1,1])^2)", "place(2*view(x, lengths=[2, 2], strides=[1, 1]), lengths=[3], strides=[1, 1])", vectors},
		{"lgamma(x)", "digamma(x)", numbers},
		{"digamma(x)", "polygamma(1, x)", numbers},
		{"gamma(x)", "gamma(x)*digamma(x)", numbers},
		{"sinc(x)", "sinc_derivative(1, x)", numbers},
		{"erfc(x)", "", numbers},
		{"erfinv(x)", "", numbers},
		{"normcdf(x)", "", numbers},
		{"logit(x)", "1/(x*(1 - x))", numbers},
		{"log_add_exp(x, 2*x)", "", numbers},
		{"betaln(x, 2)", "", numbers},
		{"sech(x) + csch(x) + coth(x)", "", numbers},
		{"asinh(x) + atanh(x) + acosh(x)", "", numbers},
		{"x*mod(2, x) + x*fmod(-2, x)", "", numbers},
		{"x*heaviside(x, 0.5)", "heaviside(x, 0.5)", numbers},
		{"where(isnan(x) or isinf(x) or not (isfinite(x)), 0, x^2)", "", numbers},
		{"xlogy(x, 2) + xlog1py(x, x)", "", numbers},
	} {
		for i, x := range c.points {
			e, err := At(c.formula, at(x, nil))
			if err != nil {
				t.Fatal(c.formula, err)
			}
			texts, err := e.Symbolic()
			if err != nil {
				t.Fatal(c.formula, err)
			}
			if i == 0 && c.want != "" && texts[0] != c.want {
				t.Errorf("%s: %s, want %s", c.formula, texts[0], c.want)
			}
			want, err := e.Gradient()
			if err != nil {
				t.Fatal(c.formula, err)
			}
			point := at(x, nil)
			if !strings.Contains(texts[0], "x") {
				point = nil
			}
			again, err := At(texts[0], point)
			if err != nil {
				t.Errorf("%s: %s: %v", c.formula, texts[0], err)
				continue
			}
			got, err := again.run(again.Node)
			if err != nil {
				t.Fatal(c.formula, err)
			}
			if g, w := got[0].Data, want.Grads[0].Data; !alike(g, w) {
				t.Errorf("%s at %v: %s is %v, want %v", c.formula, x, texts[0], g, w)
			}
		}
	}
}

func alike(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool {
		return fmt.Sprint(a) == fmt.Sprint(b) || math.Abs(a-b) < 1e-12*max(1, math.Abs(b))
	})
}
