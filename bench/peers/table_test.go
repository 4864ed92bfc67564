package main

import (
	"slices"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	of := func(peer, work string, threads int, check float64, times ...float64) *result {
		return &result{Peer: peer, Work: work, Threads: threads, Check: map[string]float64{"way": check}, Times: map[string][]float64{"way": times}}
	}
	torch := of("torch", "a", 1, 2, 30, 20, 40)
	torch.Check["flat"], torch.Times["flat"] = 2, []float64{50, 60, 70}
	results := []*result{
		of("descent", "a", 1, 2, 10, 12, 8), torch, of("c", "a", 1, 2.001, 5, 6, 7),
		of("descent", "b", 1, 1, 100), of("torch", "b", 1, 1.01, 200), of("c", "b", 1, 1.003, 200),
		of("descent", "a", 2, 2, 8, 8, 8), of("torch", "a", 2, 2, 80, 90, 100),
		of("descent", "sweep", 2, 1, 1e6),
	}
	works := []work{
		{Name: "a", Title: "A", Threads: 1, Aims: aims{"torch": 2, "c": 1}},
		{Name: "b", Title: "B", Threads: 1, Aims: aims{"torch": 3, "ours": 90}, Within: 5e-3},
		{Name: "a", Title: "A", Threads: 2, Aims: aims{"descent": 1.7, "torch": 5}},
		{Name: "sweep", Title: "Sweep", Threads: 2},
	}
	var b strings.Builder
	report(&b, works, results)
	want := `
| 1 thread | descent | PyTorch | C on OpenBLAS |
|---|---|---|---|
| A | 10 / 8 µs | **3.00x** 30 / 20 (way) | **0.60x** 6 / 5 |
| B | 100 / 100 µs | other result: 1.01 | **2.00x** 200 / 200 |

| 2 threads | descent | two workers to one | PyTorch |
|---|---|---|---|
| A | 8 / 8 µs | **1.25x** | **11x** 90 / 80 |
| Sweep | 1000000 / 1000000 µs |  |  |

Below the aim:

- A, 1 thread: c 0.60, aim 1
- B, 1 thread: ours 100.00, aim 90
- A, 2 threads: descent 1.25, aim 1.7
`
	if _, got, _ := strings.Cut(b.String(), "descent is faster.\n"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args   string
		rounds int
		ms     float64
		bad    bool
	}{
		{"", 9, 50, false}, {"-quick", 3, 5, false}, {"-quick -rounds 7", 7, 5, false}, {"-ms 10", 9, 10, false},
		{"-rounds 0", 0, 50, true}, {"-ms NaN", 9, 0, true}, {"-works (", 9, 50, true}, {"gemm", 9, 50, true}, {"-no", 9, 50, true},
	} {
		o, _, err := parse(strings.Fields(c.args))
		if (err != nil) != c.bad || err == nil && (o.rounds != c.rounds || o.ms != c.ms) {
			t.Errorf("%s: %d rounds of %v ms, %v", c.args, o.rounds, o.ms, err)
		}
	}
}

// Each line of the table is a work of its own: no two have a name and as many threads.
func TestWorks(t *testing.T) {
	type key struct {
		name    string
		threads int
	}
	seen := map[key]bool{}
	for _, w := range works() {
		k := key{w.Name, w.Threads}
		if seen[k] || w.Name == "" || w.Title == "" || w.Threads < 1 {
			t.Errorf("%+v", w)
		}
		seen[k] = true
	}
	for _, w := range slices.Concat(nets(), pictures(), sequences()) {
		if !seen[key{w.Name, 1}] || !seen[key{w.Name, 2}] {
			t.Errorf("%s is not measured with one worker and with two", w.Name)
		}
	}
}
