package formula

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"descent/internal/spec"
)

// How tightly things bind, for parentheses.
const (
	comparing = iota + 1
	adding
	multiplying
	powering
	atom
)

// writer writes a term; what occurs often and is long gets a name.
type writer struct {
	uses  map[*term]int
	names map[*term]string
	lets  []string
	taken map[string]bool
}

func write(t *term) string {
	w := &writer{uses: map[*term]int{}, names: map[*term]string{}, taken: map[string]bool{}}
	w.count(t)
	body := w.text(t, 0)
	return strings.Join(append(w.lets, body), " ")
}

func (w *writer) count(t *term) {
	if t.kind == leaf {
		w.taken[t.fn] = true
	}
	if w.uses[t]++; w.uses[t] == 1 {
		for _, x := range t.args {
			w.count(x)
		}
	}
}

// longEnough is the length from which a part that is used twice gets a name.
const longEnough = 16

// text writes t in a place that binds as tightly as level.
func (w *writer) text(t *term, level int) string {
	if name, ok := w.names[t]; ok {
		return name
	}
	s, own := w.plain(t)
	if w.uses[t] > 1 && len(s) >= longEnough {
		name := ""
		for i := len(w.names) + 1; name == "" || w.taken[name]; i++ {
			name = fmt.Sprint("t", i)
		}
		w.taken[name] = true
		w.names[t] = name
		w.lets = append(w.lets, fmt.Sprintf("let %s = %s;", name, s))
		return name
	}
	if own < level {
		return "(" + s + ")"
	}
	return s
}

func (w *writer) plain(t *term) (s string, level int) {
	switch t.kind {
	case number:
		return numeral(t.num)
	case leaf:
		return Quote(t.fn), atom
	case sum:
		return w.sum(t), adding
	case product:
		return w.product(t)
	}
	return w.call(t)
}

// numeral writes a number, as a fraction where that is shorter.
func numeral(x float64) (string, int) {
	switch {
	case math.IsNaN(x):
		return "nan", atom
	case math.IsInf(x, 1):
		return "inf", atom
	case math.IsInf(x, -1):
		return "-inf", adding
	}
	level := atom
	if x < 0 {
		level = adding
	}
	if p, q := fraction(x); q > 1 {
		return fmt.Sprintf("%d/%d", p, q), min(level, multiplying)
	}
	return strconv.FormatFloat(x, 'g', -1, 64), level
}

// fraction returns p/q = x with a small q, or q = 1.
func fraction(x float64) (p, q int) {
	if len(strconv.FormatFloat(math.Abs(x), 'g', -1, 64)) <= 8 {
		return 0, 1
	}
	for q := 3; q < 1000; q++ {
		if p := math.Round(x * float64(q)); math.Abs(p) < 1e6 && p/float64(q) == x && p != 0 {
			return int(p), q
		}
	}
	return 0, 1
}

// sum writes a sum, beginning with a term that has no sign if there is one.
func (w *writer) sum(t *term) string {
	var plus, minus []string
	for i, x := range t.args {
		s := w.scaled(math.Abs(t.k[i]), x)
		if t.k[i] < 0 {
			minus = append(minus, s)
		} else {
			plus = append(plus, s)
		}
	}
	if t.num != 0 {
		s, level := numeral(math.Abs(t.num))
		if level < multiplying {
			s = "(" + s + ")"
		}
		if t.num < 0 {
			minus = append(minus, s)
		} else {
			plus = append(plus, s)
		}
	}
	out := strings.Join(plus, " + ")
	for _, s := range minus {
		if out == "" {
			out = "-" + s
		} else {
			out += " - " + s
		}
	}
	return out
}

// scaled writes c·x as a part of a sum.
func (w *writer) scaled(c float64, x *term) string {
	if c == 1 {
		return w.text(x, multiplying)
	}
	if _, named := w.names[x]; x.kind == product && !named && w.uses[x] < 2 {
		t := *x
		t.num *= c
		s, _ := w.product(&t)
		return s
	}
	s, level := numeral(c)
	if level < multiplying {
		s = "(" + s + ")"
	}
	return s + "*" + w.text(x, powering)
}

// product writes a product as a fraction.
func (w *writer) product(t *term) (string, int) {
	var over, under []string
	num, level := math.Abs(t.num), multiplying
	if p, q := fraction(num); q > 1 {
		if p != 1 {
			over = append(over, fmt.Sprint(p))
		}
		under = append(under, fmt.Sprint(q))
	} else if num != 1 {
		s, _ := numeral(num)
		over = append(over, s)
	}
	for i, x := range t.args {
		if k := t.k[i]; k < 0 {
			under = append(under, w.power(x, -k))
		} else {
			over = append(over, w.power(x, k))
		}
	}
	if len(over) == 0 {
		over = []string{"1"}
	}
	s := strings.Join(over, "*")
	if len(under) == 1 {
		s += "/" + under[0]
	} else if len(under) > 1 {
		s += "/(" + strings.Join(under, "*") + ")"
	}
	switch {
	case t.num < 0:
		return "-" + s, adding
	case len(over) == 1 && len(under) == 0 && strings.HasSuffix(s, ")") && t.k[0] == 0.5:
		level = atom
	case len(over) == 1 && len(under) == 0 && len(t.args) == 1 && num == 1:
		level = powering
	}
	return s, level
}

func (w *writer) power(x *term, k float64) string {
	switch k {
	case 1:
		return w.text(x, powering)
	case 0.5:
		return "sqrt(" + w.text(x, 0) + ")"
	}
	s, level := numeral(k)
	if level < atom {
		s = "(" + s + ")"
	}
	return w.text(x, atom) + "^" + s
}

func (w *writer) call(t *term) (string, int) {
	switch t.fn {
	case "<", "<=", "==", "!=":
		return w.text(t.args[0], adding) + " " + t.fn + " " + w.text(t.args[1], adding), comparing
	case "^":
		return w.text(t.args[0], atom) + "^" + w.text(t.args[1], atom), powering
	case "@":
		return w.text(t.args[0], powering) + " @ " + w.text(t.args[1], powering), multiplying
	case "list":
		s, _ := list(t.k, t.shape.Dims())
		return s, atom
	case "element":
		return fmt.Sprintf("%s[%v]", w.text(t.args[0], atom), t.k[0]), atom
	}
	var in []string
	for _, x := range t.args {
		in = append(in, w.text(x, 0))
	}
	if t.fn == "vector" {
		return "[" + strings.Join(in, ", ") + "]", atom
	}
	return t.fn + "(" + strings.Join(append(in, written(t)...), ", ") + ")", atom
}

// written are the settings of a call: those that every call gives, and lists that
// need no brackets, by position, others by name.
func written(t *term) (out []string) {
	fn := operations()[t.fn]
	all := fn.All()
	positional := fn.Inputs > 0
	for i, arg := range t.set {
		list, many := arg.Value.([]float64)
		positional = positional && i < len(all) && all[i].Name == arg.Name && (all[i].By == spec.Rest || all[i].Required && !many)
		switch {
		case positional && many:
			for _, x := range list {
				out = append(out, setting(x))
			}
		case positional:
			out = append(out, setting(arg.Value))
		default:
			out = append(out, arg.Name+"="+setting(arg.Value))
		}
	}
	return out
}

// setting writes the value of a setting.
func setting(v spec.Value) string {
	switch v := v.(type) {
	case float64:
		s, _ := numeral(v)
		return s
	case []float64:
		s, _ := list(v, []int{len(v)})
		return s
	case string:
		return Quote(v)
	}
	return spec.Format(v)
}

// list writes nested lists.
func list(values []float64, dims []int) (string, []float64) {
	if len(dims) == 0 {
		return strings.Replace(strconv.FormatFloat(values[0], 'g', -1, 64), "Inf", "inf", 1), values[1:]
	}
	var in []string
	for range dims[0] {
		var s string
		s, values = list(values, dims[1:])
		in = append(in, s)
	}
	return "[" + strings.Join(in, ", ") + "]", values
}
