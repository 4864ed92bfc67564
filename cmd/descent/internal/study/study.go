// Package study has studies of optimizers as text and numbers. descent bench makes one of
// its flags and runs it; a report that verifies itself carries one, and its engine runs it
// again.
package study

import (
	"fmt"

	"descent/bench"
	"descent/internal/spec"
	"descent/optimizers/schedule"
)

// A Study is a [bench.Study] as text and numbers.
type Study struct {
	Name       string
	LeftOut    []string
	Optimizers []string // as [bench.Parse] reads them
	Seed       uint64
	Seeds      int
	Track      string
	Trials     int
	Budget     int
	Schedule   string // "" is what each problem says
	Margin     float64
	Diagnose   bool

	Suite string // the problems are those of a suite of this name, in so many dimensions,
	Dims  []int
	Nets  []Net // or nets on rows
}

// Bench is the study, ready to be run.
func (s *Study) Bench() (*bench.Study, error) {
	out := &bench.Study{Name: s.Name, LeftOut: s.LeftOut, Seed: s.Seed, Seeds: s.Seeds, Track: s.Track, Trials: s.Trials, Budget: s.Budget, Margin: s.Margin, Diagnose: s.Diagnose}
	for _, text := range s.Optimizers {
		e, err := bench.Parse(text)
		if err != nil {
			return nil, err
		}
		out.Entrants = append(out.Entrants, e)
	}
	if s.Schedule != "" {
		course, err := schedule.Parse(s.Schedule)
		if err != nil {
			return nil, err
		}
		out.Schedule = &course
	}
	if s.Suite != "" {
		suite, err := spec.Find("suite", bench.Suites, s.Suite)
		if err != nil {
			return nil, err
		}
		out.Problems, _, err = suite.Problems(bench.SuiteOptions{Dims: s.Dims})
		return out, err
	}
	for i := range s.Nets {
		n := &s.Nets[i]
		p, err := n.again(s.Seed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Data, err)
		}
		out.Problems = append(out.Problems, p)
	}
	return out, nil
}

// Carried is how many bytes of files are in the study.
func (s *Study) Carried() (n int) {
	for _, net := range s.Nets {
		if net.File != nil {
			n += len(net.File.Text)
		}
	}
	return n
}
