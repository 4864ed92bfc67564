package bench

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// league runs a small study on tracks.
func league(t *testing.T, workers int, tracks ...string) *League {
	t.Helper()
	s := few(t, Functions[:3], "sgd", "adam", "prodigy", "sgd(lr=0.1)")
	s.Name, s.Problems, s.Workers = "both", append(s.Problems, referred(t)), workers
	l, err := s.RunTracks(context.Background(), tracks)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The tracks of a league are what studies of one track are, but for what a league leaves
// out, and come back as they were written.
func TestLeague(t *testing.T) {
	tracks := []string{"default", "lr", "self-tuning"}
	l := league(t, 2, tracks...)
	path := filepath.Join(t.TempDir(), "league")
	var file bytes.Buffer
	if err := l.WriteCompressed(&file); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(path, file.Bytes(), 0o600)
	back, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range l.Tracks {
		if got := r.Setup.Track; got != tracks[i] {
			t.Errorf("track %s, want %s", got, tracks[i])
		}
		if timeless(t, back.Tracks[i]) != timeless(t, r.stated()) {
			t.Errorf("%s: what is read is not what was written", tracks[i])
		}
	}
	if got := l.Tracks[2].labels(); !slices.Equal(got, []string{"prodigy"}) {
		t.Errorf("on self-tuning: %v", got)
	}
	alone := few(t, Functions[:3], "sgd", "adam", "prodigy", "sgd(lr=0.1)")
	alone.Problems, alone.Track = append(alone.Problems, referred(t)), "lr"
	r := run(t, alone)
	if len(r.Runs) != len(l.Tracks[1].Runs) {
		t.Fatalf("%d runs, of the league %d", len(r.Runs), len(l.Tracks[1].Runs))
	}
	for i, o := range r.Runs {
		if of := l.Tracks[1].Runs[i]; o.Seed != of.Seed || !slices.Equal(o.Hits, of.Hits) || o.Trained != nil && *o.TestLoss != *of.TestLoss {
			t.Errorf("run %d is %+v, of the league %+v", i, o, of)
		}
	}
	for i, m := range r.Overall {
		if of := l.Tracks[1].Overall[i]; m.Optimizer != of.Optimizer || m.Rank != of.Rank || m.Score != of.Score || m.CI != of.CI {
			t.Errorf("%+v, of the league %+v", m, of)
		}
	}
	for _, r := range league(t, 2, "self-tuning", "lr").Tracks { // of which the first has not measured all
		for _, label := range r.labels() {
			if r.Measured.of("iris", label) == 0 {
				t.Errorf("track %s has no time of a step of %s", r.Setup.Track, label)
			}
		}
	}
	var one, other bytes.Buffer
	if again := league(t, 1, tracks...); again.WriteTable(&one) != nil || l.WriteTable(&other) != nil || one.String() != other.String() {
		t.Error("one worker gives another league")
	}
	for _, bad := range [][]string{{"lr", "lr"}, {"lr", "fast"}} {
		if _, err := few(t, Functions[:3], "sgd").RunTracks(context.Background(), bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	if _, err := few(t, Functions[:1], "sgd").RunTracks(context.Background(), tracks); err == nil || !strings.Contains(err.Error(), "several problems") {
		t.Errorf("one problem: %v", err)
	}
}

// referred is a net whose scores have a scale.
func referred(t *testing.T) *Net {
	_, n := small(t, "iris", "sgd")
	n.Epochs, n.Reference = 1, &Reference{Constant: 0.3, Tuned: 1, Target: 0.9}
	return n
}

// The page of a league has all tracks, and loads nothing.
func TestLeaguePage(t *testing.T) {
	l := league(t, 2, "default", "lr", "full")
	var b bytes.Buffer
	if err := l.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Every track", "Track default", "Track lr", "Track full", "Kendall", "nothing is tuned"} {
		if !strings.Contains(strings.ToLower(b.String()), strings.ToLower(want)) {
			t.Errorf("no %q on the page", want)
		}
	}
	if len(l.Agreements) != 3 || l.Agreements[0].Optimizers != 4 {
		t.Errorf("%+v", l.Agreements)
	}
}

// An order that is published as it was found agrees wholly, its reverse not at all.
func TestAgree(t *testing.T) {
	l := league(t, 2, "lr", "default")
	r := l.Tracks[0]
	ranked, reversed := map[string]float64{"elsewhere": 7}, map[string]float64{}
	for i, m := range r.Overall {
		ranked[m.Optimizer], reversed[m.Optimizer] = float64(len(r.Overall)-i), float64(len(r.Overall)-i)
	}
	ranked[r.Overall[len(r.Overall)-1].Optimizer] = math.NaN() // diverged, and last
	for _, c := range []struct {
		p    Published
		want float64
	}{
		{Published{Track: "lr", Scores: map[string]map[string]float64{"a": ranked, "b": ranked}}, 1},
		{Published{Track: "lr", Scores: map[string]map[string]float64{"a": reversed}, Lower: []string{"a"}}, -1},
	} {
		x, err := l.Agree(&c.p)
		if err != nil || !(x.Tau*c.want > 0.9) || x.Optimizers != len(r.Overall) || !(x.CI.Lo <= x.Tau && x.Tau <= x.CI.Hi) {
			t.Errorf("%+v, %v, want %v", x, err, c.want)
		}
	}
	few := map[string]map[string]float64{"a": {"sgd": 1, "adam": 2, "other": 3}}
	for want, p := range map[string]Published{`no track "full"`: {Track: "full", Scores: map[string]map[string]float64{"a": ranked}}, "2 optimizers are in both": {Track: "lr", Scores: few}, "0 optimizers": {Track: "lr"}} {
		if _, err := l.Agree(&p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
