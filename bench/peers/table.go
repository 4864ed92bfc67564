package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"

	"descent/internal/digits"
)

// tolerance is what [work.Within] is if it is not given.
const tolerance = 1e-3

// same tells whether all ways of a result got our number, within a relative error.
func (r *result) same(ours *result, within float64) (off float64, ok bool) {
	if within == 0 {
		within = tolerance
	}
	for _, want := range ours.Check {
		for _, got := range r.Check {
			if d := math.Abs(got-want) / math.Abs(want); !(d <= within) {
				return got, false
			}
		}
	}
	return 0, true
}

// report writes the tables, and the lines that miss an aim.
func report(w io.Writer, works []work, results []*result) {
	fmt.Fprintln(w, machine())
	seen := map[string]bool{}
	for _, r := range results {
		if r.Version != "" && r.Peer != "memcpy" && !seen[r.Peer] {
			seen[r.Peer] = true
			fmt.Fprintf(w, "; %s: %s", r.Peer, r.Version)
		}
	}
	fmt.Fprintf(w, "\n\nMedian / minimum over rounds. A ratio is the peer's median to ours: above 1, descent is faster.\n")
	t := tables{results: results}
	for _, threads := range []int{1, 2} {
		t.write(w, works, threads)
	}
	if len(t.missed) > 0 {
		fmt.Fprintf(w, "\nBelow the aim:\n\n- %s\n", strings.Join(t.missed, "\n- "))
	}
}

// tables writes results and notes what misses an aim.
type tables struct {
	results []*result
	missed  []string
}

func (t *tables) find(peer, work string, threads int) *result {
	for _, r := range t.results {
		if r.Peer == peer && r.Work == work && r.Threads == threads && len(r.Times) > 0 {
			return r
		}
	}
	return nil
}

// write writes the table of so many threads: a row for each work, a column for
// each peer that does one. From two threads on there is a column for our own
// gain over one.
func (t *tables) write(w io.Writer, works []work, threads int) {
	works = slices.DeleteFunc(slices.Clone(works), func(k work) bool {
		return k.Threads != threads || t.find("descent", k.Name, threads) == nil
	})
	var columns []string
	head := "descent"
	if threads > 1 {
		head += " | two workers to one"
	}
	for _, p := range append(peers[1:len(peers):len(peers)], peer{name: "memcpy", title: "memcpy of the same bytes"}) {
		if slices.ContainsFunc(works, func(k work) bool { return t.find(p.name, k.Name, threads) != nil }) {
			columns = append(columns, p.name)
			head += " | " + p.title
		}
	}
	if len(works) == 0 {
		return
	}
	fmt.Fprintf(w, "\n| %s | %s |\n|---%s|\n", count(threads), head, strings.Repeat("|---", strings.Count(head, " | ")+1))
	for _, k := range works {
		ours := t.find("descent", k.Name, threads)
		_, median, least := ours.best()
		cells := []string{k.Title, fmt.Sprintf("%s / %s %s", digits.Short(median, 3, math.Inf(1)), digits.Short(least, 3, math.Inf(1)), k.Kind.unit())}
		if aim, ok := k.Aims["ours"]; ok && median > aim {
			t.miss(k, "ours", median)
		}
		if threads > 1 {
			cells = append(cells, t.gain(k, median))
		}
		for _, name := range columns {
			cells = append(cells, t.cell(k, name, ours))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// gain is what more threads win: the ratio of our time with one to the median
// with more. There is none of a work that is not done with one.
func (t *tables) gain(k work, median float64) string {
	one := t.find("descent", k.Name, 1)
	if one == nil {
		return ""
	}
	_, m, _ := one.best()
	return t.ratio(k, "descent", m/median)
}

// cell compares a peer with our result.
func (t *tables) cell(k work, name string, ours *result) string {
	r := t.find(name, k.Name, k.Threads)
	if r == nil {
		return ""
	}
	if got, ok := r.same(ours, k.Within); !ok {
		return fmt.Sprintf("other result: %.6g", got)
	}
	_, median, _ := ours.best()
	way, m, least := r.best()
	text := fmt.Sprintf("%s %s / %s", t.ratio(k, name, m/median), digits.Short(m, 3, math.Inf(1)), digits.Short(least, 3, math.Inf(1)))
	if len(r.Times) > 1 {
		text += fmt.Sprintf(" (%s)", way)
	}
	return text
}

// ratio formats a ratio, and notes it if it is below its aim.
func (t *tables) ratio(k work, what string, x float64) string {
	if aim, ok := k.Aims[what]; ok && x < aim {
		t.miss(k, what, x)
	}
	if x >= 10 {
		return fmt.Sprintf("**%.0fx**", x)
	}
	return fmt.Sprintf("**%.2fx**", x)
}

func (t *tables) miss(k work, what string, got float64) {
	t.missed = append(t.missed, fmt.Sprintf("%s, %s: %s %.2f, aim %.4g", k.Title, count(k.Threads), what, got, k.Aims[what]))
}

// count says how many threads, one or two.
func count(threads int) string { return fmt.Sprintf("%d thread%s", threads, "s"[:threads-1]) }

// machine names the processor and says how busy it is.
func machine() string {
	name := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
		name, _, _ = strings.Cut(rest, "\n")
	}
	if strings.Contains(string(info), " avx512f ") {
		name += " with AVX-512"
	}
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%s, %d processors, load average %s", name, runtime.NumCPU(), strings.Join(strings.Fields(string(load))[:min(3, len(load))], " "))
}
