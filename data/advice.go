package data

import (
	"fmt"
	"strings"
)

// An AdvisedError is an error and what may be done about it. Error says both in
// the words of this package; programs that give its options other names, such
// as flags, can say it in theirs. Functions of this package return it as it is,
// never wrapped.
type AdvisedError struct {
	Err    error
	Advice []Advice // alternatives
}

// Advice is a way to mend what an error is about.
type Advice struct {
	Text string // "set NoHeader"
	// Option is the field of CSVOptions or Options that the text is about, or
	// Target; "" if it is about the data.
	Option string
	// Value is what to set it to, "" if there is no choice or the user has to
	// know. Remove says that the value, or the option, is to be left out.
	Value  string
	Remove bool
}

func (e *AdvisedError) Error() string {
	texts := make([]string, len(e.Advice))
	for i, a := range e.Advice {
		texts[i] = a.Text
	}
	return Advise(e.Err.Error(), texts)
}

func (e *AdvisedError) Unwrap() error { return e.Err }

// Advise adds alternatives to what is wrong: "it is; do this, that, or both".
func Advise(wrong string, alternatives []string) string {
	last := len(alternatives) - 1
	if last < 0 {
		return wrong
	}
	s := strings.Join(alternatives[:last], ", ")
	if last > 0 {
		s += ", or "
	}
	return wrong + "; " + s + alternatives[last]
}

// advise adds advice to an error.
func advise(err error, advice ...Advice) error { return &AdvisedError{err, advice} }

// leaveOut is advice against options that would be without effect: those that
// are set.
func leaveOut(set map[string]bool) (advice []Advice) {
	for _, name := range sortedKeys(set) {
		if set[name] {
			advice = append(advice, Advice{Text: "leave " + name + " out", Option: name, Remove: true})
		}
	}
	return advice
}

// within says where an error is, or is from: "where: error".
func within(where string, err error) error {
	if e, ok := err.(*AdvisedError); ok {
		return &AdvisedError{within(where, e.Err), e.Advice}
	}
	return fmt.Errorf("%s: %w", where, err)
}

// A Note says what was found out or decided that its user should know, and how
// to have it otherwise.
type Note struct {
	Text   string
	Advice []Advice
	// Guess says that it may well be wrong, and should be told to those too who
	// want to hear little.
	Guess bool
}

func (n Note) String() string {
	texts := make([]string, len(n.Advice))
	for i, a := range n.Advice {
		texts[i] = a.Text
	}
	return Advise(n.Text, texts)
}
