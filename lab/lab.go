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

// A Text is in English and in Chinese.
type Text struct{ EN, ZH string }

// In returns the text in a language, "en" or "zh".
func (t Text) In(lang string) string {
	if lang == "zh" {
		return t.ZH
	}
	return t.EN
}

// An Experiment is a row of the lab.
type Experiment struct {
	Name     string
	Tutorial string // row of the notes on the tutorials: "2.5"
	Title    Text
	Claim    Text   // what the tutorial says
	Truth    Text   // what is so, in a paragraph
	Wrong    bool   // the claim is false
	Params   string // parameters
	Try      string // a command, or the Go code, that does it
	run      func(*Run)
}

// A Number is a result beside what it should be.
type Number struct {
	Name      string
	Got, Want float64
	Tol       float64 // relative, or absolute below 1e-3
}

// Agrees reports whether the result is what it should be.
func (n Number) Agrees() bool {
	return math.Abs(n.Got-n.Want) <= n.Tol*max(math.Abs(n.Want), 1e-3)
}

// In says the result in a language.
func (n Number) In(lang string) string {
	says := Text{"%s = %.12g, expected %.12g (tolerance %.0e): %s", "%s = %.12g，期望 %.12g（容差 %.0e）：%s"}
	mark := Text{"ok", "正确"}
	if !n.Agrees() {
		mark = Text{"WRONG", "错误"}
	}
	return fmt.Sprintf(says.In(lang), n.Name, n.Got, n.Want, n.Tol, mark.In(lang))
}

func (n Number) String() string { return n.In("en") }

// A Run is what an experiment found.
type Run struct {
	Experiment *Experiment
	Numbers    []Number
	Pictures   []plot.Picture
	Holds      bool // the claim, as measured
	Err        error
}

// Do runs the experiment.
func (e *Experiment) Do() (r *Run) {
	r = &Run{Experiment: e, Holds: true}
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
// false as the table says.
func (r *Run) OK() bool {
	for _, n := range r.Numbers {
		if !n.Agrees() {
			return false
		}
	}
	return r.Err == nil && r.Holds != r.Experiment.Wrong
}

// Verdict is the claim's, in words.
func (r *Run) Verdict() Text {
	if r.Holds {
		return Text{"the claim holds", "该说法成立"}
	}
	return Text{"the claim is false", "该说法不成立"}
}

// exact records a number of deterministic arithmetic.
func (r *Run) exact(name string, got, want float64) { r.near(name, got, want, 1e-12) }

// near records a number with a tolerance.
func (r *Run) near(name string, got, want, tol float64) {
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

// order sorts 0.2 before 0.10.
func (e *Experiment) order() int {
	tutorial, row, _ := strings.Cut(e.Tutorial, ".")
	t, _ := strconv.Atoi(tutorial)
	n, _ := strconv.Atoi(row)
	return 1000*t + n
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
