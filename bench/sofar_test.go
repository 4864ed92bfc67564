package bench

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// seenSoFar runs a study, and looks at its report after each job.
func seenSoFar(t *testing.T, s *Study, tracks []string, look func(p Tally, r *Results, text string)) {
	t.Helper()
	s.OnJob = func(p Tally) {
		r := p.soFar.part(p)
		var b bytes.Buffer
		p.soFar.spare = sparing{}
		if err := p.WriteProgress(&b, "these"); err != nil {
			t.Error(err)
		}
		look(p, r, b.String())
	}
	var err error
	if tracks == nil {
		_, err = s.Run(context.Background())
	} else {
		_, err = s.RunTracks(context.Background(), tracks)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What a report of an unfinished study says is of runs that all optimizers have done, it says
// so, and no difference is stated before all runs of a problem are done. When they are, it has
// the numbers of the end.
func TestSoFar(t *testing.T) {
	s, _ := small(t, "iris", "sgd", "adam", "sgd(lr=0.1)")
	s.Workers = 2
	var last *Results
	pages := 0
	seenSoFar(t, s, nil, func(p Tally, r *Results, text string) {
		if r == nil {
			if last != nil || !strings.Contains(text, "no optimizers can be compared yet") {
				t.Errorf("%d done: %.200s", p.Done, text)
			}
			return
		}
		pages++
		last = r
		each := r.Optimizers[0].Runs
		for _, o := range r.Optimizers {
			if o.Runs != each || each < 1 {
				t.Errorf("%d done: %d runs of %s, %d of %s", p.Done, o.Runs, o.Optimizer, each, r.Optimizers[0].Optimizer)
			}
		}
		stated := strings.Contains(text, "Which differences are shown?") || len(r.Pairs) > 0
		if stated != (each == s.Seeds) || !strings.Contains(text, "Not finished at ") || !strings.Contains(text, "<h2>Results so far</h2>") || strings.Contains(text, "No winner") || strings.Contains(text, "Cost of tuning") {
			t.Errorf("%d runs each: differences are stated: %v, %d pairs, or it is not said that it is not finished", each, stated, len(r.Pairs))
		}
	})
	if pages < 2 {
		t.Fatalf("%d pages", pages)
	}
	s.OnJob = nil
	end := run(t, s)
	for i, want := range end.Optimizers {
		if !reflect.DeepEqual(last.Optimizers[i], want) {
			t.Errorf("in the end %+v, and so far %+v", want, last.Optimizers[i])
		}
	}
	if !reflect.DeepEqual(last.Pairs, end.Pairs) {
		t.Errorf("in the end %+v, and so far %+v", end.Pairs, last.Pairs)
	}
}

// Of a league the tracks that are done are whole, and the one that is not says so.
func TestSoFarOfTracks(t *testing.T) {
	s := few(t, Functions[:2], "sgd", "adam", "sgd(lr=0.1)")
	s.Name, s.Problems = "both", append(s.Problems, referred(t))
	phases := []string{}
	seenSoFar(t, s, []string{"default", "lr"}, func(p Tally, r *Results, text string) {
		if r == nil || r.Setup.Track != "lr" {
			return
		}
		if !strings.Contains(text, "A league of optimizers on the suite both so far") || !strings.Contains(text, "<h2>Track default</h2>") || !strings.Contains(text, "<h2>Track lr so far</h2>") {
			t.Errorf("%s: %.300s", p.Phase, text)
		}
		for _, x := range r.Pairs {
			if x.Problem == "" {
				t.Errorf("%+v over problems that are not done", x)
			}
		}
		phases = append(phases, p.Phase)
	})
	if len(phases) < 2 || slices.Contains(phases, "track lr, choosing settings") {
		t.Errorf("pages in %v", phases)
	}
}

// A report that took long is made anew after many times as long.
func TestSparing(t *testing.T) {
	begin := time.Unix(1000, 0)
	s := sparing{}
	if !s.may(begin) {
		t.Error("the first is not made")
	}
	s.done(begin, begin.Add(2*time.Second))
	if s.may(begin.Add(61*time.Second)) || !s.may(begin.Add(62*time.Second)) {
		t.Errorf("next %v after %v", s.next, begin)
	}
}
