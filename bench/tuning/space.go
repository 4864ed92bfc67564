// Package tuning chooses settings of optimizers: what is searched (a [Space], read
// from text and from the rows of optimizers), which settings are tried (a low
// discrepancy sequence, the same on every machine), and what a smaller number of
// trials would have found ([BestOf]).
package tuning

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/elementary"
	"descent/internal/spec"
	"descent/optimizers"
	"descent/optimizers/search"
)

// A Track says what is searched for beside the ranges that an optimizer's text gives.
type Track struct {
	spec.Row
	rate, rest bool // learning rates; all other settings that have a range
	free       bool // only what finds the length of its steps itself may take part
}

// Tracks lists every track.
var Tracks = []Track{
	{Row: spec.Row{Name: "default", Doc: "nothing is tuned: what a user gets who gives the name alone"}},
	{Row: spec.Row{Name: "lr", Doc: "the learning rate"}, rate: true},
	{Row: spec.Row{Name: "full", Doc: "every setting for which ranges are published"}, rate: true, rest: true},
	{Row: spec.Row{Name: "self-tuning", Doc: "nothing is tuned, and only what finds the length of its steps itself takes part"}, free: true},
}

// Searches tells whether there are trials at all.
func (t *Track) Searches() bool { return t.rate }

// A Setting is one choice of all numbers.
type Setting struct {
	Optimizer string  // its text, without the learning rate
	LR        float64 // 0 of a method, which has none
}

// A Space is an optimizer's text, and what is to be searched for in it.
type Space struct {
	Default Setting      // of what the text leaves open; LR is the default rate
	Ranges  []spec.Range // "lr" is first; names in a chain may occur twice

	links  []string    // formulas and programs; "" is a call
	calls  []spec.Call // without what is searched for
	call   []int       // of each range: the call that the setting is of
	asked  []bool      // of each range: the text gives it
	method bool
	free   bool
}

// Parse reads an optimizer as [search.Parse] does, with ranges in place of numbers:
//
//	adam(lr=1e-4..1e-1, beta2=0.9..0.9999, eps=1e-10..1e-3)
//
// Numbers that the text gives are not searched for. It is an error if the text does
// not fit the track; with none, only ranges of the text are searched.
func Parse(text string, track *Track) (*Space, error) {
	s, own := &Space{}, track == nil
	if own {
		track = &Track{}
	}
	if err := s.read(text, track); err != nil {
		return nil, err
	}
	o, err := search.Parse(s.text(s.calls))
	if err != nil {
		return nil, err
	}
	s.Default, s.method = Setting{Optimizer: s.text(s.calls), LR: o.LR}, o.Method != nil
	if own {
		return s, nil
	}
	return s, s.fits(text, track)
}

// read takes the text apart: links that have no row stay as they are.
func (s *Space) read(text string, track *Track) error {
	if !optimizers.Unnamed(text) {
		calls, err := spec.ParseChain(text)
		for i := 0; i < len(calls) && err == nil; i++ {
			err = s.add(calls[i], track)
		}
		return err
	}
	for _, link := range optimizers.Links(text) {
		if optimizers.Unnamed(link) {
			s.links, s.calls = append(s.links, strings.TrimSpace(link)), append(s.calls, spec.Call{})
			if track.rate {
				s.insert(unnamedRate, len(s.calls)-1, false)
			}
			continue
		}
		c, err := spec.Parse(link)
		if err == nil {
			err = s.add(c, track)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unnamedRate is where the rate of a rule without a row is looked for: as sgd's.
var unnamedRate = spec.Range{Name: "lr", Interval: spec.Interval{Lo: 1e-4, Hi: 1}, Scale: spec.Log}

// add adds a call, and what is searched for in it.
func (s *Space) add(c spec.Call, track *Track) error {
	s.links = append(s.links, "")
	if _, err := spec.Find("optimizer", optimizers.Table, c.Name); err != nil { // a method, or unknown
		s.calls = append(s.calls, c)
		return nil
	}
	e, a, err := optimizers.Bind(c)
	if err != nil {
		return err
	}
	s.open(track, e, a, len(s.calls))
	c = a.Call()
	c.Args = slices.DeleteFunc(c.Args, func(x spec.Arg) bool { _, is := x.Value.(spec.Interval); return is })
	s.calls, s.free = append(s.calls, c), s.free || e.Free
	return nil
}

// text joins formulas and calls.
func (s *Space) text(calls []spec.Call) string {
	links := slices.Clone(s.links)
	for i, c := range calls {
		if links[i] == "" {
			links[i] = c.String()
		}
	}
	return strings.Join(links, " | ")
}

// open adds what is searched for in a call.
func (s *Space) open(track *Track, e *optimizers.Entry, a spec.Args, call int) {
	for _, set := range e.All() {
		r := spec.Range{}
		x, asked := a.Value(set.Name).(spec.Interval)
		switch {
		case asked:
			r = spec.Range{Name: set.Name, Interval: x, Scale: scaleOf(set, x)}
		case a.Given(set.Name) || set.Search == nil || set.Search.Interval == (spec.Interval{}):
			continue
		case set.Name == "lr" && track.rate, set.Name != "lr" && track.rest:
			r = *set.Search
		default:
			continue
		}
		s.insert(r, call, asked)
	}
}

// insert adds a range of a call, that of the rate in front.
func (s *Space) insert(r spec.Range, call int, asked bool) {
	at := len(s.Ranges)
	if r.Name == "lr" {
		at = 0
	}
	s.Ranges, s.call, s.asked = slices.Insert(s.Ranges, at, r), slices.Insert(s.call, at, call), slices.Insert(s.asked, at, asked)
}

// scaleOf is the scale of a range that a text gives: that of the published one, or
// what suits the numbers.
func scaleOf(set spec.Setting, x spec.Interval) spec.Scale {
	switch {
	case set.Search != nil && set.Search.Scale != spec.Even:
		return set.Search.Scale
	case set.Kind == spec.Whole || set.Kind == spec.Wholes:
		if x.Lo >= 1 && x.Hi >= 4*x.Lo {
			return spec.Log
		}
		return spec.Even
	case set.Range == "[0,1)" && x.Lo >= 0.5:
		return spec.Below1
	case x.Lo > 0 && x.Hi >= 10*x.Lo:
		return spec.Log
	}
	return spec.Even
}

// ErrTrack is in the error of an optimizer that cannot take part in a track.
var ErrTrack = errors.New("it cannot take part in the track")

// trackError is an [ErrTrack] with its reason.
type trackError string

func (e trackError) Error() string   { return string(e) }
func (e trackError) Is(t error) bool { return t == ErrTrack }

// fits reports why an optimizer cannot take part in a track.
func (s *Space) fits(text string, track *Track) error {
	switch {
	case len(s.Ranges) > 0 && !track.Searches():
		return trackError(fmt.Sprintf("%s has ranges, and the track %s has no trials; write numbers, or choose another track", strings.TrimSpace(text), track.Name))
	case track.free && !s.free && !s.method:
		return trackError(fmt.Sprintf("%s needs a learning rate; on the track %s only what finds the length of its steps itself takes part, such as prodigy or lbfgs", strings.TrimSpace(text), track.Name))
	}
	return nil
}

// Of is the space of a rule that has no text: the rate, around its default.
func Of(byDefault float64, track *Track) *Space {
	s := &Space{Default: Setting{LR: byDefault}}
	if track.rate && byDefault > 0 {
		s.Ranges = []spec.Range{{Name: "lr", Interval: spec.Interval{Lo: byDefault / 10, Hi: byDefault * 100}, Scale: spec.Log}}
		s.call, s.asked = []int{0}, []bool{false}
	}
	return s
}

// Rates sets where learning rates are looked for, for a problem whose scale can be
// anything. A range that the text gives stays.
func (s *Space) Rates(x spec.Interval) {
	if len(s.Ranges) > 0 && s.Ranges[0].Name == "lr" && !s.asked[0] {
		s.Ranges[0].Interval = x
	}
}

// Draw returns setting number i, from 1, of those that a seed says.
func (s *Space) Draw(seed uint64, i int) Setting {
	out, calls := s.Default, slices.Clone(s.calls)
	for k, r := range s.Ranges {
		x := scaled(r, halton(seed, k, i))
		if r.Name == "lr" {
			out.LR = x
			continue
		}
		c := &calls[s.call[k]]
		c.Args = append(slices.Clip(c.Args), spec.Arg{Name: r.Name, Value: x})
	}
	if len(calls) > 0 {
		out.Optimizer = s.text(calls)
	}
	return out
}

// scaled maps a number from 0 to 1 to a range, and rounds it to three digits, of a
// decay what is left to 1, so that it can be written and read.
func scaled(r spec.Range, u float64) float64 {
	even := func(lo, hi float64) float64 { return lo + float64(u*(hi-lo)) }
	logarithmic := func(lo, hi float64) float64 { return elementary.Exp(even(elementary.Log(lo), elementary.Log(hi))) }
	switch r.Scale {
	case spec.Log:
		return rounded(logarithmic(r.Lo, r.Hi), 3)
	case spec.Below1:
		return rounded(1-rounded(logarithmic(1-r.Lo, 1-r.Hi), 3), 12)
	}
	return rounded(even(r.Lo, r.Hi), 3)
}

func rounded(x float64, digits int) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	return y
}

// primes are the bases of the sequence; a space has as many ranges at most as there are.
var primes = []uint64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89}

// halton returns number i of a sequence in dimension k that fills the interval from 0
// to 1 evenly: the digits of i in a prime base behind the point, in reverse, each
// permuted as the seed says, so that dimensions do not move together.
// Halton 1960, https://doi.org/10.1007/BF01386213; with permuted digits for tuning:
// Bousquet et al. 2017, https://arxiv.org/abs/1706.03200.
func halton(seed uint64, k, i int) float64 {
	base := primes[k%len(primes)]
	x, unit := 0.0, 1.0
	for n, place := uint64(i), 0; unit > 1e-9; place++ {
		unit /= float64(base)
		x += float64(unit * float64(permuted(seed, k, place, base, n%base)))
		n /= base
	}
	return math.Min(x, 1)
}
