// Package spec is the one way to name things in text. Optimizers, schedules,
// losses, layers, models, metrics, problems and data sets are all written
//
//	name(setting, name=setting, ...)
//
// possibly several joined by |, and each is described by a [Row]: what it is
// for, and its settings with kinds, ranges and defaults. Text is parsed into a
// [Call], a row binds the call's settings to values, and whatever was made of
// them prints as a call again. The package knows nothing of what is named.
package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Value is a setting's value: a float64, a bool, a string, a []float64, an
// [Interval], a [Chain] or a []Chain. nil is no value.
type Value any

// An Interval is what a search may choose a number from, 1e-4..1e-1.
type Interval struct{ Lo, Hi float64 }

// A Call is name(settings).
type Call struct {
	Name string
	Args []Arg
	At   int // where the name begins in the text, in bytes
}

// An Arg is a setting in a call. Those given by position have no name.
type Arg struct {
	Name  string
	Value Value
	At    int
}

// A Chain is calls joined by |, each applied to the result of the one before.
type Chain []Call

// An Error is a mistake in a text.
type Error struct {
	Text string
	At   int // in bytes
	Msg  string
}

func (e *Error) Error() string {
	column := len([]rune(e.Text[:e.At])) + 1
	return fmt.Sprintf("%q: %s (character %d)", e.Text, e.Msg, column)
}

// Of returns the call of a name with settings by name: Of("conv", "stride", 2).
// Values are those of [Value], and ints and []int.
func Of(name string, settings ...any) Call {
	c := Call{Name: name}
	for i := 0; i < len(settings); i += 2 {
		c.Args = append(c.Args, Arg{Name: settings[i].(string), Value: value(settings[i+1])})
	}
	return c
}

func value(x any) Value {
	switch x := x.(type) {
	case int:
		return float64(x)
	case []int:
		list := make([]float64, len(x))
		for i, n := range x {
			list[i] = float64(n)
		}
		return list
	}
	return x
}

// Get returns the value of the setting of that name, nil if there is none.
func (c Call) Get(name string) Value {
	if i := slices.IndexFunc(c.Args, func(a Arg) bool { return a.Name == name }); i >= 0 {
		return c.Args[i].Value
	}
	return nil
}

// String writes the call as it is parsed.
func (c Call) String() string {
	if len(c.Args) == 0 {
		return c.Name
	}
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		if args[i] = Format(a.Value); a.Name != "" {
			args[i] = a.Name + "=" + args[i]
		}
	}
	return c.Name + "(" + strings.Join(args, ", ") + ")"
}

// String writes the chain as it is parsed.
func (c Chain) String() string {
	calls := make([]string, len(c))
	for i, call := range c {
		calls[i] = call.String()
	}
	return strings.Join(calls, " | ")
}

// String writes the interval as it is parsed.
func (i Interval) String() string { return number(i.Lo) + ".." + number(i.Hi) }

// Format writes a value as it is parsed.
func Format(v Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return number(v)
	case Chain:
		if _, word := scalar(v[0].Name).(string); len(v) == 1 && len(v[0].Args) == 0 && !word {
			return v[0].Name + "()" // 00() is a call, 00 a number
		}
	case []Chain:
		list := make([]string, len(v))
		for i, c := range v {
			list[i] = Format(c)
		}
		return strings.Join(list, ", ")
	case []float64:
		list := make([]string, len(v))
		for i, x := range v {
			list[i] = number(x)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return fmt.Sprint(v)
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
