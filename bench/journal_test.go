package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"descent/bench/journal"
	"descent/data"
	"descent/internal/numjson"
	"descent/train"
)

// counting counts the jobs that are begun on a problem.
type counting struct {
	Problem
	begun *atomic.Int64
}

func (c counting) Begin(a *Attempt) (train.Run, error) {
	c.begun.Add(1)
	return c.Problem.Begin(a)
}

// kept is a study with a journal, and how many jobs it begins.
func kept(t testing.TB, kind, path string) (*Study, *atomic.Int64) {
	t.Helper()
	s := kinds[kind](t)
	j, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	begun := &atomic.Int64{}
	for i, p := range s.Problems {
		if p, ok := p.(Function); ok {
			s.Problems[i] = counting{p, begun}
		}
	}
	s.Journal = j
	return s, begun
}

// A study that was interrupted goes on, and ends with the numbers of one that nobody
// disturbed; what was finished is not done again.
func TestStudyGoesOn(t *testing.T) {
	for kind := range kinds {
		want := timeless(t, run(t, kinds[kind](t)))
		path := filepath.Join(t.TempDir(), "journal")
		for stop := 3; ; stop += 9 {
			s, _ := kept(t, kind, path)
			had := s.Journal.Len()
			ctx, cancel := context.WithCancel(context.Background())
			s.OnJob = func(t Tally) {
				if t.Done == had+stop {
					cancel()
				}
			}
			r, err := s.Run(ctx)
			if err == nil {
				if got := timeless(t, r); got != want {
					t.Errorf("%s: results are others", kind)
				}
				break
			}
			if !errors.Is(err, context.Canceled) || s.Journal.Len() < had+stop || errors.Join(s.Journal.Close()) != nil {
				t.Fatalf("%s: %v, %d runs are kept", kind, err, s.Journal.Len())
			}
		}
	}
	path := filepath.Join(t.TempDir(), "journal")
	s, all := kept(t, "functions", path)
	run(t, s)
	s.Journal.Close()
	s, again := kept(t, "functions", path)
	run(t, s)
	const others = 8 + 1 + 8*timedRounds // jobs to try optimizers, to check, and to time
	if runs := int64(s.Journal.Len()); again.Load() > others || all.Load() < runs || all.Load() > runs+others {
		t.Errorf("%d jobs are begun, and then %d of %d runs", all.Load(), again.Load(), s.Journal.Len())
	}
}

// Runs of another study are not taken: another seed, budget, rule, rows or loss of
// time make other keys.
func TestJournalsAreOfOneStudy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	n := 0
	for i, change := range []func(s *Study, n *Net){
		func(*Study, *Net) {}, func(s *Study, _ *Net) { s.Seed = 9 }, func(s *Study, _ *Net) { s.Budget = 7 },
		func(s *Study, _ *Net) { s.Entrants = entrants(t, "adam(beta1=0.8)", "clip(2) | adam") }, func(_ *Study, n *Net) { n.Batch = 5 },
		func(_ *Study, n *Net) {
			x := n.Parts.Train.X.Numbers()
			x[0] += 1e-9
			n.Parts.Train.X = data.ArrayOf(x, n.Parts.Train.Features())
		}, func(_ *Study, n *Net) { n.Parts.Test.Class[0] ^= 1 },
	} {
		s, net := small(t, "iris", "sgd(lr=0.1)", "adam(lr=0.01)")
		s.Seeds = 2
		change(s, net)
		j, err := journal.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s.Journal = j
		run(t, s)
		if n += len(s.Entrants) * s.Seeds; strings.Contains(s.Entrants[0].Label, "beta1") {
			n += len(s.Entrants) * (s.Trials + 1)
		}
		if j.Len() != n || j.Close() != nil {
			t.Errorf("change %d: %d runs are kept, want %d", i, j.Len(), n)
		}
	}
}

// The parts of a study, each by a process of its own, are the study.
func TestParts(t *testing.T) {
	for _, kind := range []string{"functions", "full", "both", "inside"} {
		want := timeless(t, run(t, kinds[kind](t)))
		dir := t.TempDir()
		const parts = 3
		all, err := journal.Open(filepath.Join(dir, "all"))
		if err != nil {
			t.Fatal(err)
		}
		runs := 0
		for k := range parts {
			s, _ := kept(t, kind, filepath.Join(dir, fmt.Sprint(k)))
			n, err := s.RunPart(context.Background(), k+1, parts)
			if err != nil {
				t.Fatal(err)
			}
			runs += n
			if _, err := all.Merge(s.Journal); err != nil {
				t.Fatal(err)
			}
		}
		s := kinds[kind](t)
		s.Journal = all
		if r := run(t, s); timeless(t, r) != want || all.Len() != runs || runs != len(r.Runs)+len(r.Trials)+len(r.Diagnoses) {
			t.Errorf("%s: of %d parts with %d runs, %d are kept, and results are others", kind, parts, runs, all.Len())
		}
	}
	s := kinds["functions"](t)
	if _, err := s.RunPart(context.Background(), 1, 2); err == nil || !strings.Contains(err.Error(), "need a journal") {
		t.Error(err)
	}
}

// Results are what is derived from their study, for each kind; and whichever number is
// changed, it is noticed.
func TestVerify(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for kind := range kinds {
		text, err := numjson.Marshal(run(t, kinds[kind](t)))
		if err != nil {
			t.Fatal(err)
		}
		verify := func(change func(tree map[string]any) string) (string, *Verification) {
			var tree map[string]any
			if err := numjson.Unmarshal(text, &tree); err != nil {
				t.Fatal(err)
			}
			where := change(tree)
			changed, err := numjson.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			r, err := parseResults("f", changed)
			if err != nil {
				return where, nil // not results at all
			}
			v, err := r.Verify(context.Background(), kinds[kind](t), 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			return where, v
		}
		if _, v := verify(func(map[string]any) string { return "" }); len(v.Mismatches) > 0 || v.Runs != v.Of {
			t.Errorf("%s: %+v", kind, v)
		}
		for range 12 {
			where, v := verify(func(tree map[string]any) string {
				for _, free := range []string{"measured", "command", "plan", "revision", "format", "checks"} {
					delete(tree, free)
				}
				tree["format"] = resultsFormat
				return tamper(rng, tree)
			})
			if v != nil && len(v.Mismatches) == 0 {
				t.Errorf("%s: a change at %s is not noticed", kind, where)
			}
		}
	}
}

// tamper changes a number somewhere in a tree, and says where.
func tamper(rng *rand.Rand, x any) string {
	for {
		var where []string
		at := x
		for at != nil {
			var set func(any)
			switch a := at.(type) {
			case map[string]any:
				keys := make([]string, 0, len(a))
				for k := range a {
					keys = append(keys, k)
				}
				if len(keys) == 0 {
					at = nil
					continue
				}
				slices.Sort(keys)
				k := keys[rng.IntN(len(keys))]
				where, at, set = append(where, k), a[k], func(x any) { a[k] = x }
			case []any:
				if len(a) == 0 {
					at = nil
					continue
				}
				i := rng.IntN(len(a))
				where, at, set = append(where, fmt.Sprint(i)), a[i], func(x any) { a[i] = x }
			default:
				at = nil
				continue
			}
			if n, ok := at.(float64); ok && where[0] != "format" {
				set(n + 1)
				return strings.Join(where, ".")
			}
		}
	}
}

// Only a part of the runs is done again, by the seed, and digits are forgiving.
func TestVerifySample(t *testing.T) {
	r := run(t, kinds["classes"](t))
	v, err := r.Verify(context.Background(), kinds["classes"](t), 0.4, 0)
	if err != nil || v.Runs < 1 || v.Runs >= v.Of || len(v.Mismatches) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
	for _, o := range r.Runs {
		*o.TestLoss *= 1 + 1e-6
	}
	r.derive()
	r.Verdict = r.verdict()
	for digits, want := range map[int]bool{0: true, 3: false, 7: true} {
		if v, err = r.Verify(context.Background(), kinds["classes"](t), 1, digits); err != nil || (len(v.Mismatches) > 0) != want {
			t.Errorf("to %d digits: %+v, %v", digits, v, err)
		}
	}
}
