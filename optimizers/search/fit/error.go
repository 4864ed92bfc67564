package fit

import (
	"fmt"
	"regexp"
)

// An Error is a mistake in a model or in how it is to be fitted. Its text has
// settings in it, which an interface may call by names of its own.
type Error struct {
	format string // with the settings in braces, such as {start}
	args   []any
}

func fail(format string, args ...any) error { return &Error{format, args} }

var setting = regexp.MustCompile(`\{[a-z-]+\}`)

// Text is the error with each setting called what name returns for it: for start,
// bounds, loss, weight, sigma and absolute-sigma.
func (e *Error) Text(name func(setting string) string) string {
	format := setting.ReplaceAllStringFunc(e.format, func(s string) string { return name(s[1 : len(s)-1]) })
	return fmt.Errorf(format, e.args...).Error()
}

// Error implements error.
func (e *Error) Error() string { return e.Text(func(setting string) string { return setting }) }
