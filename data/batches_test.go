package data

import (
	"fmt"
	"slices"
	"testing"
)

// The expected orders were computed by a program in Python that follows the
// published definitions of PCG-DXSM, SplitMix64 and the shuffle of Fisher and
// Yates. They must never change: they are what a resumed run relies on.
func TestShuffleGolden(t *testing.T) {
	for _, c := range []struct {
		seed, number uint64
		want         []int
	}{
		{0, 0, []int{8, 6, 5, 4, 7, 2, 0, 9, 3, 1}},
		{1, 1, []int{7, 5, 2, 6, 8, 3, 0, 1, 4, 9}},
		{1, 2, []int{9, 4, 6, 8, 0, 5, 2, 7, 1, 3}},
		{2, 1, []int{8, 5, 6, 4, 0, 2, 9, 3, 7, 1}},
		{1<<64 - 1, 1, []int{7, 8, 0, 2, 3, 4, 5, 1, 6, 9}},
	} {
		got := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		newStream(c.seed, c.number).shuffle(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("seed %d, stream %d: %v, want %v", c.seed, c.number, got, c.want)
		}
	}
	got := slices.Concat(slices.Collect(NewBatches(10, 3, 1, true).Epoch(1))...)
	if want := []int{9, 4, 6, 8, 0, 5, 2, 7, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("epoch 1 of seed 1: %v, want %v", got, want)
	}
}

func TestBatchesCoverEachRowOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 32, 100} {
		for _, size := range []int{0, 1, 2, 7, 31, 32, 33, 1000} {
			for _, shuffle := range []bool{false, true} {
				b := NewBatches(n, size, 5, shuffle)
				t.Run(fmt.Sprint(n, size, shuffle), func(t *testing.T) {
					for e := range 3 {
						checkEpoch(t, b, e, n, shuffle)
					}
				})
			}
		}
	}
}

func checkEpoch(t *testing.T, b Batches, e, n int, shuffle bool) {
	batches := slices.Collect(b.Epoch(e))
	if len(batches) != b.Steps() {
		t.Fatalf("%d batches, Steps is %d", len(batches), b.Steps())
	}
	var all []int
	for i, rows := range batches {
		want := b.Size()
		if i == len(batches)-1 {
			want = b.Last()
		}
		if len(rows) != want || len(rows) == 0 {
			t.Fatalf("batch %d has %d rows, want %d", i, len(rows), want)
		}
		all = append(all, rows...)
	}
	if !shuffle && !slices.IsSorted(all) {
		t.Fatal("rows are not in order")
	}
	slices.Sort(all)
	for i, r := range all {
		if i != r {
			t.Fatalf("row %d is missing or twice", i)
		}
	}
	if len(all) != n {
		t.Fatalf("%d rows, want %d", len(all), n)
	}
	// An interrupted epoch goes on where it was.
	for step := range b.Steps() + 2 {
		rest := slices.Collect(b.From(e, step))
		if !slices.EqualFunc(rest, batches[min(step, len(batches)):], slices.Equal) {
			t.Fatalf("From(%d, %d) is not the rest of the epoch", e, step)
		}
	}
}

// Epochs, seeds and sizes: what changes the order and what does not.
func TestOrderDependsOnSeedAndEpochOnly(t *testing.T) {
	order := func(size int, seed uint64, e int) []int {
		return slices.Concat(slices.Collect(NewBatches(50, size, seed, true).Epoch(e))...)
	}
	a := order(7, 1, 0)
	if !slices.Equal(a, order(7, 1, 0)) || !slices.Equal(a, order(1, 1, 0)) || !slices.Equal(a, order(0, 1, 0)) {
		t.Error("the same seed and epoch gave another order")
	}
	if slices.Equal(a, order(7, 1, 1)) || slices.Equal(a, order(7, 2, 0)) {
		t.Error("another epoch or seed gave the same order")
	}
}

// Each row should be at each place equally often.
func TestShuffleIsFair(t *testing.T) {
	const n, epochs = 6, 6000
	var count [n][n]int
	b := NewBatches(n, 0, 9, true)
	for e := range epochs {
		for rows := range b.Epoch(e) {
			for place, row := range rows {
				count[place][row]++
			}
		}
	}
	chi2 := 0.0
	for _, row := range count {
		for _, c := range row {
			d := float64(c) - epochs/n
			chi2 += d * d / (epochs / n)
		}
	}
	// 25 degrees of freedom: above 60 once in 10,000 seeds, and this is one seed.
	if chi2 > 60 {
		t.Errorf("chi² = %.1f", chi2)
	}
}

func TestBatchesStopEarly(t *testing.T) {
	for rows := range NewBatches(10, 3, 1, true).Epoch(0) {
		if len(rows) != 3 {
			t.Fatal(rows)
		}
		break
	}
}

func TestGather(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	got := make([]float32, 4)
	Gather(got, x, 2, []int{2, 0})
	if want := []float32{5, 6, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	class := make([]int32, 2)
	Gather(class, []int{7, 8, 9}, 1, []int{1, 1})
	if class[0] != 8 || class[1] != 8 {
		t.Errorf("got %v", class)
	}
	rows := []int{2, 0}
	if n := testing.AllocsPerRun(100, func() { Gather(got, x, 2, rows) }); n != 0 {
		t.Errorf("Gather allocates %v times", n)
	}
}

func TestMisusePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"negative rows":  func() { NewBatches(-1, 1, 0, false) },
		"negative size":  func() { NewBatches(1, -1, 0, false) },
		"negative epoch": func() { NewBatches(1, 1, 0, false).Epoch(-1) },
		"negative step":  func() { NewBatches(1, 1, 0, false).From(0, -1) },
		"wrong size":     func() { Gather(make([]int, 3), []int{1, 2}, 1, []int{0, 1}) },
		"no such row":    func() { Gather(make([]int, 1), []int{1, 2}, 1, []int{2}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func BenchmarkGather(b *testing.B) {
	x := make([]float64, 1000*784)
	dst := make([]float32, 64*784)
	for rows := range NewBatches(1000, 64, 1, true).Epoch(0) {
		for b.Loop() {
			Gather(dst, x, 784, rows)
		}
		return
	}
}
