package bench

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/internal/stats"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) && got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestBootstrap(t *testing.T) {
	// Of two numbers 0 and 1, a quarter of the resamples has mean 0 and a
	// quarter 1: the ends of the 95 % interval.
	if got := bootstrap([]float64{0, 1}, stats.Mean, 0.95, 1); got != (Interval{0, 1}) {
		t.Errorf("interval %v", got)
	}
	if got := bootstrap([]float64{3, 3, 3}, stats.Mean, 0.95, 1); got != (Interval{3, 3}) {
		t.Errorf("interval of equal numbers %v", got)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 400)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	m, se := stats.Mean(x), math.Sqrt(squares(x, stats.Mean(x))/399/400)
	got := bootstrap(x, stats.Mean, 0.95, 7)
	near(t, "lower end", got.Lo, m-1.96*se, 0.1*se)
	near(t, "upper end", got.Hi, m+1.96*se, 0.1*se)
	if again := bootstrap(x, stats.Mean, 0.95, 7); again != got {
		t.Errorf("the same seed gives %v and %v", got, again)
	}
}

// By hand, for d = {1 2 6; 3 4 2}: the mean is 3, seeds' means are 3 and 3,
// rows' 2, 3 and 4. MS_seeds = 0. MS_rows = 2·(1+0+1)/2 = 2. The residuals are
// -1 -1 2; 1 1 -2, so MS_rest = 12/2 = 6. Both effects are lost in the rest:
// the variance is 6/6 = 1 with 2 degrees of freedom, whose 97.5 % quantile is
// 4.302653.
func TestCrossedSmall(t *testing.T) {
	d := crossed([][]float64{{1, 2, 6}, {3, 4, 2}})
	near(t, "mean", d.mean, 3, 1e-12)
	near(t, "lower end", d.ci.Lo, 3-4.302653, 1e-6)
	near(t, "upper end", d.ci.Hi, 3+4.302653, 1e-6)
	near(t, "p", d.p, 0.0954659, 1e-6) // t = 3: 2·(1 - F₂(3))
}

// By hand, for d = {0 4; 2 8}: means 3.5; seeds 2 and 5, rows 1 and 6.
// MS_seeds = 2·4.5 = 9, MS_rows = 2·12.5 = 25, residuals ±0.5: MS_rest = 1.
// The variance is (9+25-1)/4 = 8.25, df = 33²/(81+625+1) = 1.540311.
func TestCrossedComponents(t *testing.T) {
	d := crossed([][]float64{{0, 4}, {2, 8}})
	want := studentised(3.5, 8.25, 33.0*33/707)
	near(t, "mean", d.mean, 3.5, 1e-12)
	near(t, "lower end", d.ci.Lo, want.ci.Lo, 1e-9)
	near(t, "p", d.p, want.p, 1e-12)
}

func TestCrossedOneSeedIsAboutRows(t *testing.T) {
	x := []float64{1, 0, 0, -1, 1, 1}
	d, want := crossed([][]float64{x}), paired(x)
	near(t, "mean", d.mean, want.mean, 1e-15)
	near(t, "p", d.p, want.p, 1e-12)
}

func TestNothingIsKnownFromOneNumber(t *testing.T) {
	if d := paired([]float64{5}); d.p != 1 || !math.IsInf(d.ci.Hi, 1) {
		t.Errorf("%+v", d)
	}
	if d := crossed([][]float64{{0, 0}, {0, 0}}); d.p != 1 || d.ci != (Interval{}) {
		t.Errorf("equal methods: %+v", d)
	}
}

// Two methods that differ by chance alone, through seeds and through rows, are
// called different in about 5 % of studies.
func TestCrossedFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ seeds, rows, rest float64 }{{1, 1, 1}, {0.1, 1, 3}, {1, 0.1, 0.1}, {0, 0, 1}} {
		const studies = 2000
		alarms := 0
		for range studies {
			d, row := make([][]float64, 3), make([]float64, 40)
			for r := range row {
				row[r] = c.rows * math.Sqrt(40.0/3) * rng.NormFloat64()
			}
			for s := range d {
				seed := c.seeds * rng.NormFloat64()
				d[s] = make([]float64, len(row))
				for r := range row {
					d[s][r] = seed + row[r] + c.rest*rng.NormFloat64()
				}
			}
			if crossed(d).p < 0.05 {
				alarms++
			}
		}
		if share := float64(alarms) / studies; share > 0.075 {
			t.Errorf("%+v: %.1f %% false alarms", c, 100*share)
		}
	}
}

// The example of Wikipedia's article on the Holm-Bonferroni method.
func TestHolm(t *testing.T) {
	got := holm([]float64{0.01, 0.04, 0.03, 0.005})
	want := []float64{0.03, 0.06, 0.06, 0.02}
	for i := range want {
		near(t, "p", got[i], want[i], 1e-15)
	}
	if holm(nil) == nil || !slices.Equal(holm([]float64{0.9, 0.8}), []float64{1, 1}) {
		t.Error("holm of few")
	}
}

func TestLadder(t *testing.T) {
	for k, want := range map[int]float64{-8: 1e-4, -7: 3e-4, -3: 0.03, -1: 0.3, 0: 1, 1: 3, 2: 10} {
		if got := rate(k); got != want || rung(got) != k {
			t.Errorf("rung %d is %v, on rung %d", k, got, rung(got))
		}
	}
	grid := firstGrid(1e-3)
	if !slices.Equal(grid, []float64{1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1}) {
		t.Errorf("grid %v", grid)
	}
	if off := firstGrid(2e-3); !slices.Contains(off, 2e-3) || !slices.IsSorted(off) || len(off) != 8 {
		t.Errorf("grid of a default that is on no rung: %v", off)
	}
	var at []Point
	for _, lr := range grid {
		at = append(at, Point{LR: lr})
	}
	if got := grow(at, 0.1); !slices.Equal(got, []float64{0.3, 1}) {
		t.Errorf("grown above by %v", got)
	}
	if got := grow(at, 1e-4); !slices.Equal(got, []float64{3e-5, 1e-5}) {
		t.Errorf("grown below by %v", got)
	}
	if got := grow(at, 1e-3); got != nil {
		t.Errorf("grown by %v though the best is inside", got)
	}
}

func TestSensitivity(t *testing.T) {
	point := func(lr, loss float64) Point { return Point{LR: lr, ValLoss: &loss} }
	// Downwards the loss is 4 at one decade: it doubles half-way. Upwards it
	// is 1.5 at one decade and diverges at two.
	ps := []Point{point(0.01, 9), point(0.1, 4), point(1, 1), point(10, 1.5), {LR: 100, Diverged: 1}}
	s := sensitivity(ps, best(ps))
	near(t, "decades", s.Decades, 1.5, 1e-12)
	if s.open() {
		t.Errorf("%+v is open", s)
	}
	s = sensitivity(ps[1:4], 1)
	if !s.OpenAbove || s.OpenBelow {
		t.Errorf("%+v", s)
	}
	if best([]Point{{LR: 1, Diverged: 2}}) != -1 {
		t.Error("a rate at which all runs diverged is the best")
	}
}

func TestSeedsFollowFromTheTrial(t *testing.T) {
	seen := map[uint64]bool{}
	for study := range uint64(20) {
		for _, phase := range []string{"tune", "score"} {
			for rep := range 20 {
				s := seedOf(study, phase, rep)
				if seen[s] || s >= 1<<53 {
					t.Fatalf("seed %d of %d/%s/%d", s, study, phase, rep)
				}
				seen[s] = true
			}
		}
	}
}
