package inference

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) && got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Values of scipy 1.10: ttest_rel, and t.ppf(1-0.05/6, 4) for three comparisons.
func TestCompareOneWorkload(t *testing.T) {
	d := [][]float64{{0.3, -0.1, 0.4, 0.2, 0.5}}
	one, three := Compare(d, 1, 0.1), Compare(d, 3, 0.1)
	near(t, "mean", one.Mean, 0.26, 1e-15)
	near(t, "p", one.P, 0.06498591034212063, 1e-12)
	near(t, "lo", one.CI.Lo, -0.025852519098702, 1e-12)
	near(t, "hi", one.CI.Hi, 0.545852519098703, 1e-12)
	near(t, "corrected p", three.P, 3*one.P, 1e-15)
	near(t, "corrected lo", three.CI.Lo, 0.26-3.960786482775424*0.10295630140987, 1e-11)
	if one.Verdict != NotShown || one.Needed < 30 || one.Needed > 50 {
		t.Errorf("%+v; a difference of 0.1 with a deviation of 0.23 needs about (2.8·0.23/0.1)² = 42 runs", one)
	}
}

// One run on each of several workloads has a mean, and nothing else is known.
func TestCompareSingleRuns(t *testing.T) {
	if d := Compare([][]float64{{1}, {2, 4}, {5}}, 1, 0.1); d.Mean != 3 || d.Verdict != NotShown || !math.IsInf(d.CI.Hi, 1) {
		t.Errorf("%+v", d)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		d      [][]float64
		margin float64
		want   Verdict
	}{
		{[][]float64{{1, 1.1, 0.9}}, 0.1, Better}, {[][]float64{{-1, -1.1, -0.9}}, 0.1, Better}, {[][]float64{{0.01, -0.01, 0}}, 0.1, Equivalent},
		{[][]float64{{1, -1, 0.5}}, 0.1, NotShown}, {[][]float64{{5}}, 0.1, NotShown}, {[][]float64{{0, 0, 0}}, 0.1, Equivalent},
		{[][]float64{{1, 1}, {1, 1}}, 0.1, NotShown}, {[][]float64{{2, 2, 2, 2, 2}}, 0.1, NotShown}, {[][]float64{{2, 2, 2, 2, 2, 2}}, 0.1, Better}, {[][]float64{{1, 1.1}, {-1, -1.1}}, 0, NotShown}, {[][]float64{{0, 0}}, 0, NotShown},
	} {
		got := Compare(c.d, 1, c.margin)
		if got.Verdict != c.want {
			t.Errorf("%v: %+v, want %s", c.d, got, c.want)
		}
		if excludes := got.CI.Lo > 0 || got.CI.Hi < 0; excludes != (got.P < Level) {
			t.Errorf("%v: the interval %v does not match p = %v", c.d, got.CI, got.P)
		}
	}
}

// a design of simulated studies: merits are an effect of the workload, of the split,
// which entrants share, and of the run.
type design struct {
	workloads, entrants, runs int
	split, run                func(r *rand.Rand) float64
	better                    float64 // of the first entrant
}

// calls returns in how many of 200 studies some pair is called different.
func (d design) calls(seed uint64) (calls int) {
	r := rand.New(rand.NewPCG(seed, 2))
	for range 200 {
		merits := make([][][]float64, d.entrants) // [entrant][workload][run]
		for e := range merits {
			merits[e] = make([][]float64, d.workloads)
		}
		for w := range d.workloads {
			effect, scale := r.NormFloat64(), 1+float64(w%4)
			for range d.runs {
				split := d.split(r)
				for e := range merits {
					x := effect + scale*(split+d.run(r))
					if e == 0 {
						x += scale * d.better
					}
					merits[e][w] = append(merits[e][w], x)
				}
			}
		}
		different := false
		pairs := d.entrants * (d.entrants - 1) / 2
		for a := range merits {
			for b := range a {
				var strata [][]float64
				for w := range d.workloads {
					var diff []float64
					for i := range d.runs {
						diff = append(diff, merits[a][w][i]-merits[b][w][i])
					}
					strata = append(strata, diff)
				}
				different = different || Compare(strata, pairs, 0).Verdict == Better
			}
		}
		if different {
			calls++
		}
	}
	return calls
}

func normal(sd float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return sd * r.NormFloat64() }
}

// right is the accuracy on so many rows of a model that is right on 97 %.
func right(rows int) func(r *rand.Rand) float64 {
	return func(r *rand.Rand) float64 {
		n := 0
		for range rows {
			if r.Float64() < 0.97 {
				n++
			}
		}
		return float64(n) / float64(rows)
	}
}

// tails are heavy: Student's t with 3 degrees of freedom.
func tails(r *rand.Rand) float64 {
	return r.NormFloat64() / math.Sqrt((math.Pow(r.NormFloat64(), 2)+math.Pow(r.NormFloat64(), 2)+math.Pow(r.NormFloat64(), 2))/3)
}

// Entrants that are the same under other names are called different in at most 17 of
// 200 studies; a true 5 % stays below that in 98.8 % of all tests like this one.
func TestNullEntrants(t *testing.T) {
	for i, d := range []design{
		{1, 2, 3, normal(1), normal(1), 0}, {1, 2, 10, normal(0), normal(1), 0}, {1, 5, 3, normal(3), normal(1), 0}, {1, 5, 10, normal(1), right(360), 0},
		{1, 2, 5, normal(0), right(360), 0}, {20, 2, 3, normal(1), normal(1), 0}, {20, 10, 5, normal(1), normal(1), 0}, {5, 3, 3, normal(0), right(360), 0}, {20, 4, 5, normal(0), tails, 0},
		{1, 2, 2, normal(0), right(30), 0}, {1, 2, 3, normal(0), right(30), 0}, {1, 5, 5, normal(0), right(30), 0}, {1, 2, 10, normal(0), right(30), 0}, {3, 2, 3, normal(0), right(30), 0},
	} {
		if got := d.calls(uint64(i)); got > 17 {
			t.Errorf("%+v: %d of 200 studies call the same different", d, got)
		}
	}
}

// Two entrants 1.5 standard deviations of a run apart are told apart in at least 70 %
// of studies of one workload with 8 seeds. With nothing shared between them, the power
// of the paired t test is 73.1 % (scipy's nct).
func TestPower(t *testing.T) {
	share := math.Sqrt(0.5)
	for _, d := range []design{
		{1, 2, 8, normal(0), normal(1), 1.5}, {1, 2, 8, normal(share), normal(share), 1.5},
	} {
		if got := d.calls(3); got < 140 {
			t.Errorf("%+v: %d of 200 studies tell them apart", d, got)
		}
	}
}

// What is said to be needed is: so many runs show a difference of the margin in four
// of five studies.
func TestNeeded(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var first []float64
	for range 4000 { // so many that their deviation is known to be 1
		first = append(first, r.NormFloat64())
	}
	for _, margin := range []float64{0.3, 1} {
		d := Compare([][]float64{first[:2000]}, 1, margin)
		if d.Verdict != Equivalent { // with 2000 runs it is settled
			t.Fatalf("%+v", d)
		}
		n := needed([][]float64{first}, 1/4000.0, 3999, 1, margin)
		shown := 0
		const studies = 2000
		for range studies {
			var x []float64
			for range n {
				x = append(x, margin+r.NormFloat64())
			}
			if Compare([][]float64{x}, 1, margin).Verdict == Better {
				shown++
			}
		}
		if share := float64(shown) / studies; share < 0.77 || share > 0.87 {
			t.Errorf("%d runs show a difference of %v in %.1f %% of studies", n, margin, 100*share)
		}
	}
}

// The table of Demšar 2006: q(0.05) for 2 to 10 classifiers.
func TestCriticalDifference(t *testing.T) {
	for i, q := range []float64{1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164} {
		k := i + 2
		near(t, "critical difference", CriticalDifference(k, 14), q*math.Sqrt(float64(k*(k+1))/(6*14)), 1e-3*math.Sqrt(float64(k*(k+1))/(6*14)))
	}
	if CriticalDifference(1, 5) != 0 {
		t.Error("one entrant differs from itself")
	}
}

func TestRanks(t *testing.T) {
	if got := Ranks([]float64{5, 9, 5, 1, math.Inf(-1)}); !slices.Equal(got, []float64{2.5, 1, 2.5, 4, 5}) {
		t.Errorf("ranks %v", got)
	}
	if got := MeanRanks([][]float64{{3, 2, 1}, {1, 3, 2}}); !slices.Equal(got, []float64{2, 1.5, 2.5}) {
		t.Errorf("mean ranks %v", got)
	}
	got := Groups([]float64{1, 1.5, 2.4, 5, 5.5}, 1)
	want := [][]int{{0, 1}, {1, 2}, {3, 4}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("groups %v, want %v", got, want)
	}
}

func TestImprovementAndMiddle(t *testing.T) {
	a, b := [][]float64{{1, 2}, {5, 5}}, [][]float64{{0, 1}, {5, 6}}
	near(t, "improvement", Improvement(a, b), (0.875+0.25)/2, 1e-15)
	near(t, "interquartile mean", InterquartileMean([][]float64{{1, 2, 3, 100}, {-50, 4, 5, 6}}), 3.5, 1e-12)
	near(t, "interquartile mean of six", InterquartileMean([][]float64{{1, 2, 3, 4, 5, 60}}), 3.5, 1e-12) // 1.5 runs at each end are out
	near(t, "interquartile mean of one", InterquartileMean([][]float64{{7}}), 7, 1e-12)
}

// The interval of a mean by the bootstrap is near the normal one, and entrants that
// share their runs differ by no more than their differences do.
func TestBootstrap(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	merits := [][][]float64{{nil, nil}, {nil, nil}}
	for w := range 2 {
		for range 100 {
			x := r.NormFloat64()
			merits[0][w], merits[1][w] = append(merits[0][w], x), append(merits[1][w], x+1)
		}
	}
	mean := func(m [][][]float64) []float64 {
		a := InterquartileMean(m[0])
		return []float64{a, InterquartileMean(m[1]) - a}
	}
	ci := Bootstrap(merits, mean, 1)
	if width := ci[0].Hi - ci[0].Lo; width < 0.2 || width > 0.4 { // 2·1.96·1.1/√200 is 0.30
		t.Errorf("interval %v", ci[0])
	}
	near(t, "difference of what is shared, low", ci[1].Lo, 1, 1e-12)
	near(t, "difference of what is shared, high", ci[1].Hi, 1, 1e-12)
	if again := Bootstrap(merits, mean, 1); again[0] != ci[0] {
		t.Error("the same seed gives another interval")
	}
}

// Values of scipy 1.10's kendalltau; a league that is its own has the same order.
func TestAgreement(t *testing.T) {
	near(t, "tau", Tau([]float64{1, 2, 3, 4, 5, 6}, []float64{2, 1, 4, 3, 6, 5}), 0.6, 1e-15)
	near(t, "tau with equals", Tau([]float64{1, 2, 2, 4, 5}, []float64{3, 1, 2, 2, 5}), 0.2222222222222222, 1e-15)
	r := rand.New(rand.NewPCG(3, 4))
	table := make([][]float64, 30)
	for i := range table {
		table[i] = []float64{2 + r.NormFloat64(), 1.5 + r.NormFloat64(), 1 + r.NormFloat64(), 0.5 + r.NormFloat64(), r.NormFloat64()}
	}
	if tau, ci := Agreement(table, table, true, 1); tau != 1 || ci != (Interval{1, 1}) {
		t.Errorf("with itself: %v, %v", tau, ci)
	}
	if tau, ci := Agreement([][]float64{{5, 4, 3, 2, 1}}, table, false, 1); tau != 1 || !(ci.Lo < 1) || ci.Hi != 1 {
		t.Errorf("with the order that it was drawn from: %v, %v", tau, ci)
	}
	noise := make([][]float64, 30)
	for i := range noise {
		noise[i] = []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
	}
	if _, ci := Agreement(noise, table[:20], false, 1); !(ci.Lo < 0 && ci.Hi > 0) {
		t.Errorf("with noise: %v", ci)
	}
}
