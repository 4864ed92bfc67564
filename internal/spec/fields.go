package spec

import (
	"reflect"
	"strings"
	"unicode"
)

// The settings of a plain struct are its exported fields. A setting's name is
// the field's in lower case with underscores, or the name tag; the help tag is
// its doc, the range tag limits a number and lists the choices of a word. What
// cannot be written in a text, such as a function, is no setting.

// Fields returns the settings of structs, whose values are the defaults. A name
// that occurs twice is that of the first.
func Fields(structs ...any) []Setting {
	var all []Setting
	each(structs, func(f reflect.StructField, v reflect.Value) {
		s := Setting{Name: fieldName(f), Doc: f.Tag.Get("help"), Kind: kinds[v.Kind()], Default: get(v)}
		if s.Kind == Word {
			if choices := f.Tag.Get("range"); choices != "" {
				s.Choices = strings.Split(choices, "|")
			}
		} else {
			s.Range = f.Tag.Get("range")
		}
		for _, other := range all {
			if other.Name == s.Name {
				return
			}
		}
		all = append(all, s)
	})
	return all
}

// Fill returns copies of structs whose fields are the settings of their names.
func (a Args) Fill(structs ...any) []any {
	copies := make([]any, len(structs))
	for i, x := range structs {
		p := reflect.New(reflect.TypeOf(x))
		p.Elem().Set(reflect.ValueOf(x))
		copies[i] = p.Interface()
	}
	done := map[string]bool{}
	each(copies, func(f reflect.StructField, v reflect.Value) {
		if name := fieldName(f); !done[name] {
			done[name] = true
			set(v, a.Value(name))
		}
	})
	for i, p := range copies {
		copies[i] = reflect.ValueOf(p).Elem().Interface()
	}
	return copies
}

// Check returns what is wrong with the values of structs, or nil.
func Check(structs ...any) error {
	for _, s := range Fields(structs...) {
		if _, err := s.convert(s.Default); err != nil {
			return err
		}
	}
	return nil
}

// Describe returns the call that makes structs of these values: what differs
// from the defaults of the row, whose structs are of the same types.
func (r *Row) Describe(structs ...any) Call {
	c := Call{Name: r.Name}
	defaults := Fields(r.Structs()...)
	for i, s := range Fields(structs...) {
		if Format(s.Default) != Format(defaults[i].Default) {
			c.Args = append(c.Args, Arg{Name: s.Name, Value: s.Default})
		}
	}
	return c
}

var kinds = map[reflect.Kind]Kind{reflect.Float64: Number, reflect.Int: Whole, reflect.Bool: Flag, reflect.String: Word, reflect.Slice: Wholes}

// each visits the exported fields of structs or pointers to them.
func each(structs []any, visit func(reflect.StructField, reflect.Value)) {
	for _, x := range structs {
		v := reflect.Indirect(reflect.ValueOf(x))
		if v.Kind() != reflect.Struct {
			continue // it has no settings
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && kinds[v.Field(i).Kind()] != "" {
				visit(f, v.Field(i))
			}
		}
	}
}

func get(v reflect.Value) Value {
	switch v.Kind() {
	case reflect.Float64:
		return v.Float()
	case reflect.Int:
		return float64(v.Int())
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	}
	return value(v.Interface())
}

func set(v reflect.Value, x Value) {
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(x.(float64))
	case reflect.Int:
		v.SetInt(int64(x.(float64)))
	case reflect.Bool:
		v.SetBool(x.(bool))
	case reflect.String:
		v.SetString(x.(string))
	case reflect.Slice:
		var list []int
		for _, n := range x.([]float64) {
			list = append(list, int(n))
		}
		v.Set(reflect.ValueOf(list))
	}
}

func fieldName(f reflect.StructField) string {
	if name := f.Tag.Get("name"); name != "" {
		return name
	}
	return snake(f.Name)
}

// snake turns FinalLR into final_lr: an underscore goes before each word, and a
// name in capitals is one word.
func snake(name string) string {
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
