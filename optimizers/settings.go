package optimizers

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A setting is a field of a rule or schedule. Its name is the field's in lower
// case with underscores, or the name tag; the range tag limits it.
type setting struct {
	name, help, bounds string
	value              reflect.Value
}

// parts returns copies that can be changed of a rule, or of each rule of a
// chain, as pointers.
func parts(x any) []reflect.Value {
	v := reflect.ValueOf(x)
	switch {
	case !v.IsValid():
		return nil
	case v.Kind() == reflect.Slice:
		var all []reflect.Value
		for i := range v.Len() {
			all = append(all, parts(v.Index(i).Interface())...)
		}
		return all
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return []reflect.Value{p}
}

// settings lists the fields of parts.
func settings(parts ...reflect.Value) []setting {
	var all []setting
	for _, p := range parts {
		v := p.Elem()
		if v.Kind() != reflect.Struct {
			continue
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			name := f.Tag.Get("name")
			if name == "" {
				name = snake(f.Name)
			}
			all = append(all, setting{name, f.Tag.Get("help"), f.Tag.Get("range"), v.Field(i)})
		}
	}
	return all
}

// snake turns AMSGrad into amsgrad and FinalLR into final_lr: an underscore
// goes before each word, and a name in capitals is one word.
func snake(name string) string {
	if name == "AMSGrad" {
		return "amsgrad"
	}
	var b strings.Builder
	r := []rune(name)
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) && !unicode.IsUpper(r[i-1]) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// set parses text into the setting.
func (s setting) set(text string) error {
	bad := func() error {
		return fmt.Errorf("%s=%s: %s", s.name, text, map[reflect.Kind]string{reflect.Float64: "not a number",
			reflect.Int: "not a whole number", reflect.Bool: "neither true nor false", reflect.Slice: "not a list such as [5, 20]"}[s.value.Kind()])
	}
	switch s.value.Kind() {
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return bad()
		}
		s.value.SetFloat(x)
	case reflect.Int:
		x, err := strconv.ParseFloat(text, 64) // 1e5 is a whole number
		if err != nil || x != math.Trunc(x) || math.Abs(x) > 1<<53 {
			return bad()
		}
		s.value.SetInt(int64(x))
	case reflect.Bool:
		x, err := strconv.ParseBool(text)
		if err != nil {
			return bad()
		}
		s.value.SetBool(x)
	case reflect.Slice:
		in, ok := strings.CutPrefix(text, "[")
		in, ok2 := strings.CutSuffix(in, "]")
		if !ok || !ok2 {
			return bad()
		}
		var list []int
		for _, f := range strings.FieldsFunc(in, func(r rune) bool { return r == ',' || r == ' ' }) {
			n, err := strconv.Atoi(f)
			if err != nil {
				return bad()
			}
			list = append(list, n)
		}
		s.value.Set(reflect.ValueOf(list))
	default:
		s.value.SetString(text)
	}
	return s.check()
}

// text formats the value as set parses it.
func (s setting) text() string {
	switch s.value.Kind() {
	case reflect.Float64:
		return strconv.FormatFloat(s.value.Float(), 'g', -1, 64)
	case reflect.Slice:
		var list []string
		for i := range s.value.Len() {
			list = append(list, fmt.Sprint(s.value.Index(i)))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return fmt.Sprint(s.value)
}

// check returns an error if a number is outside its range: "[0,1)", "(0,inf)".
func (s setting) check() error {
	var x float64
	switch s.value.Kind() {
	case reflect.Float64:
		x = s.value.Float()
	case reflect.Int:
		x = float64(s.value.Int())
	case reflect.String:
		if strings.ContainsAny(s.value.String(), "(),") {
			return fmt.Errorf("%s=%s: a name pattern has no brackets and commas", s.name, s.value)
		}
		if known := strings.Split(s.bounds, "|"); s.bounds != "" && !slices.Contains(known, s.value.String()) {
			return fmt.Errorf("%s=%s is none of %s", s.name, s.value, strings.Join(known, ", "))
		}
		return nil
	default:
		return nil
	}
	if s.bounds == "" {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s=%s is not a finite number", s.name, s.text())
		}
		return nil
	}
	lo, hi, _ := strings.Cut(s.bounds[1:len(s.bounds)-1], ",")
	a, _ := strconv.ParseFloat(lo, 64)
	b, _ := strconv.ParseFloat(hi, 64)
	above := x > a || x == a && s.bounds[0] == '['
	below := x < b || x == b && s.bounds[len(s.bounds)-1] == ']'
	if !above || !below {
		return fmt.Errorf("%s=%s is not in %s", s.name, s.text(), s.bounds)
	}
	return nil
}

// Check returns what is wrong with the settings of a rule, or nil.
func Check(r Rule) error { return check(r, fmt.Sprint) }

func check(x any, name func(...any) string) error {
	for _, s := range settings(parts(x)...) {
		if err := s.check(); err != nil {
			return fmt.Errorf("%s: %w", name(x), err)
		}
	}
	return nil
}

// differences lists the settings of x that are not those of def, of the same
// type, as name=value.
func differences(x, def any) []string {
	var out []string
	a, b := settings(parts(x)...), settings(parts(def)...)
	for i, s := range a {
		if s.text() != b[i].text() {
			out = append(out, s.name+"="+s.text())
		}
	}
	return out
}
