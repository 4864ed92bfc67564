// Package lab holds the experiments of the five tutorials on gradient descent
// that this project comes from: each claim can be run, seen and checked.
// Experiments are written as a user would write them; every derivative in them
// is taken by the library.
package lab

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/plot"
)

// An Experiment is a row of the lab.
type Experiment struct {
	Name     string
	Tutorial string // row of the notes on the tutorials: "2.5"
	Title    Text
	Claim    Text // what the tutorial says
	Truth    Text // what is so, in a paragraph
	Wrong    bool // the claim is false
	Params   Text
	Free     []Param // what a reader may move
	General  bool    // the claim can be judged wherever they are, not only where the tutorial has them
	Try      string  // a command, or the Go code, that does it
	run      func(*Run)
}

// A Number is a result beside what it should be, which is NaN where a parameter is not the
// tutorial's.
type Number struct {
	Name      string
	Got, Want float64
	Tol       float64 // relative, or absolute below 1e-3
}

// Compared reports whether there is something that the result should be.
func (n Number) Compared() bool { return !math.IsNaN(n.Want) }

// Agrees reports whether the result is what it should be.
func (n Number) Agrees() bool {
	return math.Abs(n.Got-n.Want) <= n.Tol*max(math.Abs(n.Want), 1e-3)
}

// In says the result in a language.
func (n Number) In(lang string) string {
	if !n.Compared() {
		return fmt.Sprintf("%s = %.12g", Label(n.Name).In(lang), n.Got)
	}
	mark := "ok"
	if !n.Agrees() {
		mark = "wrong"
	}
	return fmt.Sprintf(Word("compared", lang), Label(n.Name).In(lang), n.Got, n.Want, n.Tol, Word(mark, lang))
}

func (n Number) String() string { return n.In("en") }

// A Run is what an experiment found.
type Run struct {
	Experiment *Experiment
	Numbers    []Number
	Pictures   []plot.Picture
	Holds      bool // the claim, as measured
	Err        error
	set        map[string]float64
}

// Do runs the experiment. Parameters that are not set are the tutorial's.
func (e *Experiment) Do(set map[string]float64) (r *Run) {
	r = &Run{Experiment: e, Holds: true, set: set}
	if r.Err = e.Check(set); r.Err != nil {
		return r
	}
	defer func() {
		if x := recover(); x != nil {
			err, ok := x.(failure)
			if !ok {
				panic(x)
			}
			r.Err = err.error
		}
	}()
	e.run(r)
	return r
}

// failure ends an experiment that could not be run.
type failure struct{ error }

func must(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// OK reports whether every number is what it should be, and the claim true or
// false as the table says. Of a run with other parameters nothing is known before.
func (r *Run) OK() bool {
	if r.Err != nil || r.Moved() {
		return r.Err == nil
	}
	for _, n := range r.Numbers {
		if !n.Agrees() {
			return false
		}
	}
	return r.Holds != r.Experiment.Wrong
}

// Verdict is the claim's, in words.
func (r *Run) Verdict(lang string) string {
	if r.Holds {
		return Word("holds", lang)
	}
	return Word("false", lang)
}

// PicturesIn returns the pictures with their texts in a language.
func (r *Run) PicturesIn(lang string) []plot.Picture {
	say := func(s string) string { return Label(s).In(lang) }
	for _, p := range r.Pictures {
		switch p := p.(type) {
		case *plot.Figure:
			p.Say = say
		case *plot.Grid:
			p.Say = say
		}
	}
	return r.Pictures
}

// exact records a number of deterministic arithmetic.
func (r *Run) exact(name string, got, want float64) { r.near(name, got, want, 1e-12) }

// near records a number with a tolerance.
func (r *Run) near(name string, got, want, tol float64) {
	if r.Moved() {
		want = math.NaN()
	}
	r.Numbers = append(r.Numbers, Number{name, got, want, tol})
}

// claim records whether the claim holds, as measured.
func (r *Run) claim(holds bool) { r.Holds = r.Holds && holds }

func (r *Run) draw(p ...plot.Picture) { r.Pictures = append(r.Pictures, p...) }

// Table lists all experiments in the order of the tutorials.
func Table() []Experiment {
	var out []Experiment
	for _, part := range [][]Experiment{basics, losses0, programs, lines, steps, landscapes, searches, points, gradients} {
		out = append(out, part...)
	}
	slices.SortStableFunc(out, func(a, b Experiment) int { return cmp.Compare(a.order(), b.order()) })
	return out
}

// place is the number of the tutorial, and of the row of the notes on it.
func (e *Experiment) place() (tutorial, row int) {
	t, r, _ := strings.Cut(e.Tutorial, ".")
	tutorial, _ = strconv.Atoi(t)
	row, _ = strconv.Atoi(r)
	return tutorial, row
}

// order sorts 0.2 before 0.10.
func (e *Experiment) order() int {
	t, n := e.place()
	return 1000*t + n
}

// Source is the title of the tutorial that the claim is from.
func (e *Experiment) Source() Text {
	t, _ := e.place()
	return tutorials[t]
}

// Lookup returns the experiment of that name.
func Lookup(name string) (*Experiment, bool) {
	for _, e := range Table() {
		if e.Name == name {
			return &e, true
		}
	}
	return nil, false
}
