package spec

import (
	"fmt"
	"slices"
)

// Args are the values of all settings of a row, checked.
type Args struct {
	settings
	values []Value
	given  []bool
}

// Bind gives every setting of the row its value: the call's, or the default.
func (r *Row) Bind(c Call) (Args, error) {
	all := r.All()
	a := Args{settings{r, all}, make([]Value, len(all)), make([]bool, len(all))}
	for i := range all {
		a.values[i] = all[i].Default
	}
	for k, arg := range c.Args {
		i, err := a.takes(arg, k)
		if err != nil {
			return a, err
		}
		if err := a.set(i, arg); err != nil {
			return a, fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	for i, s := range all {
		if s.Required && !a.given[i] {
			return a, fmt.Errorf("%s: %s is missing, as in %s(%s)", r.Name, s.Name, r.Name, r.Examples[0])
		}
	}
	return a, nil
}

// Takes returns the setting that argument i of a call is for.
func (r *Row) Takes(c Call, i int) (*Setting, error) {
	s := settings{r, r.All()}
	at, err := s.takes(c.Args[i], i)
	if err != nil {
		return nil, err
	}
	return &s.all[at], nil
}

// takes returns the index of the setting that argument k is for.
func (s settings) takes(arg Arg, k int) (int, error) {
	if arg.Name == "" {
		return s.position(k)
	}
	return s.named(arg.Name)
}

// set gives setting i the value of an argument.
func (a *Args) set(i int, arg Arg) error {
	s := &a.all[i]
	x := arg.Value
	if s.Kind == Branches {
		one, err := s.convert(x)
		if err != nil {
			return err
		}
		soFar, _ := a.values[i].([]Chain)
		a.values[i], a.given[i] = append(soFar[:len(soFar):len(soFar)], one.([]Chain)...), true
		return nil
	}
	if one, ok := x.(float64); s.By == Rest && (ok && !a.given[i] || arg.Name == "") { // one more of a list
		if !ok {
			return fmt.Errorf("%s is not one of %s", Format(x), s.Kind)
		}
		var soFar []float64
		if a.given[i] {
			soFar = a.values[i].([]float64)
		}
		x = append(soFar[:len(soFar):len(soFar)], one)
	} else if a.given[i] {
		return fmt.Errorf("%s is given twice", s.Name)
	}
	v, err := s.convert(x)
	a.values[i], a.given[i] = v, true
	return err
}

func (a Args) at(name string) int {
	i, err := a.named(name)
	if err != nil {
		panic(err) // of the table
	}
	return i
}

// Row returns the row that the settings are of.
func (a Args) Row() *Row { return a.row }

// Given reports whether the call gave a setting.
func (a Args) Given(name string) bool { return a.given[a.at(name)] }

// Is reports whether there is such a setting, and it has that value.
func (a Args) Is(name string, v Value) bool {
	i := slices.IndexFunc(a.all, func(s Setting) bool { return s.Name == name })
	return i >= 0 && a.values[i] == v
}

// Has reports whether there is a setting of that name.
func (a Args) Has(name string) bool {
	return slices.ContainsFunc(a.all, func(s Setting) bool { return s.Name == name })
}

// Value returns a setting's value, nil if it is unset.
func (a Args) Value(name string) Value { return a.values[a.at(name)] }

// Number returns a number.
func (a Args) Number(name string) float64 { return a.Value(name).(float64) }

// Whole returns a whole number.
func (a Args) Whole(name string) int { return int(a.Number(name)) }

// Flag returns true or false.
func (a Args) Flag(name string) bool { return a.Value(name).(bool) }

// Word returns a word or a text, "" if it is unset.
func (a Args) Word(name string) string { s, _ := a.Value(name).(string); return s }

// List returns a list of numbers, nil if it is unset.
func (a Args) List(name string) []float64 { list, _ := a.Value(name).([]float64); return list }

// Wholes returns a list of whole numbers, nil if it is unset.
func (a Args) Wholes(name string) []int {
	var list []int
	for _, x := range a.List(name) {
		list = append(list, int(x))
	}
	return list
}

// Chain returns calls, nil if they are unset.
func (a Args) Chain(name string) Chain { c, _ := a.Value(name).(Chain); return c }

// Branches returns several of calls.
func (a Args) Branches(name string) []Chain { c, _ := a.Value(name).([]Chain); return c }

// Call returns the call that binds to these values, with what differs from the
// defaults; what every call must give goes without its name.
func (a Args) Call() Call {
	c := Call{Name: a.row.Name}
	for i, s := range a.all {
		v := a.values[i]
		list, _ := v.([]float64)
		if len(list) == 1 && s.One {
			v = list[0] // as it may be given
		}
		switch {
		case Format(a.values[i]) == Format(s.Default):
		case s.Kind == Branches:
			for _, chain := range a.Branches(s.Name) {
				c.Args = append(c.Args, Arg{Value: chain})
			}
		case s.Required && s.By == Rest:
			for _, x := range list {
				c.Args = append(c.Args, Arg{Value: x})
			}
		case s.Required:
			c.Args = append(c.Args, Arg{Value: v})
		default:
			c.Args = append(c.Args, Arg{Name: s.Name, Value: v})
		}
	}
	return c
}
