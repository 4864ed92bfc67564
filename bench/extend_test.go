package bench

import (
	"context"
	"slices"
	"testing"
)

// A study of which a part is done has the results of the study as a whole, and does only
// what is new.
func TestExtended(t *testing.T) {
	for _, kind := range []string{"classes", "both"} {
		done := run(t, kinds[kind](t))
		for what, change := range map[string]func(*Study){
			"nothing":           func(*Study) {},
			"another optimizer": func(s *Study) { s.Entrants[1] = entrants(t, "momentum")[0] },
			"one more":          func(s *Study) { s.Entrants = append(s.Entrants, entrants(t, "adagrad")...) },
			"more seeds":        func(s *Study) { s.Seeds += 2 },
			"more trials":       func(s *Study) { s.Trials++ },
		} {
			s := kinds[kind](t)
			change(s)
			whole := run(t, s)
			again := kinds[kind](t)
			change(again)
			got, err := done.Extended(context.Background(), again)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range got.Runs {
				old := slices.ContainsFunc(done.Runs, func(x *Outcome) bool { return x.Job == o.Job })
				if kept := slices.Contains(done.Runs, o); kept != old {
					t.Errorf("%s, %s: run %d is taken: %v, and is known: %v", kind, what, i, kept, old)
				}
			}
			for _, r := range []*Results{whole, got} { // what is not made again is part of the verdict
				r.Measured, r.Checks = Measured{}, nil
				r.Verdict = r.verdict()
			}
			if timeless(t, whole) != timeless(t, got) {
				t.Errorf("%s, %s: other results than those of the whole study", kind, what)
			}
		}
	}
	other := run(t, kinds["classes"](t))
	other.Setup.Instructions = "another"
	if _, err := other.Extended(context.Background(), kinds["classes"](t)); err == nil {
		t.Error("runs of two instruction sets are joined")
	}
}
