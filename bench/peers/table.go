package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
)

// tolerance is how far a peer's number may be from ours, relatively, for the
// work to be the same.
const tolerance = 1e-3

// same tells whether all ways of a result got our number.
func (r *result) same(ours *result) (off float64, ok bool) {
	for _, want := range ours.Check {
		for _, got := range r.Check {
			if d := math.Abs(got-want) / math.Abs(want); !(d <= tolerance) {
				return got, false
			}
		}
	}
	return 0, true
}

// report writes the tables, and the lines that miss an aim.
func report(w io.Writer, works []work, results []*result) {
	find := func(peer, name string, threads int) *result {
		for _, r := range results {
			if r.Peer == peer && r.Work == name && r.Threads == threads && len(r.Times) > 0 {
				return r
			}
		}
		return nil
	}
	fmt.Fprintln(w, machine())
	seen := map[string]bool{}
	for _, r := range results {
		if r.Version != "" && r.Peer != "memcpy" && !seen[r.Peer] {
			seen[r.Peer] = true
			fmt.Fprintf(w, "; %s: %s", r.Peer, r.Version)
		}
	}
	fmt.Fprintf(w, "\n\nMedian / minimum over rounds. A ratio is the peer's median to ours: above 1, descent is faster.\n")
	var missed []string
	for _, threads := range []int{1, 2} {
		columns := []string{}
		for _, p := range append(peers[1:len(peers):len(peers)], peer{name: "memcpy", title: "memcpy of the same bytes"}) {
			for _, k := range works {
				if k.Threads == threads && find(p.name, k.Name, threads) != nil {
					columns = append(columns, p.name)
					fmt.Fprint(w, map[bool]string{true: fmt.Sprintf("\n| %d thread%s | descent |", threads, "s"[:threads-1])}[len(columns) == 1])
					fmt.Fprintf(w, " %s |", p.title)
					break
				}
			}
		}
		if len(columns) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n|---|---|%s\n", strings.Repeat("---|", len(columns)))
		for _, k := range works {
			ours := find("descent", k.Name, threads)
			if k.Threads != threads || ours == nil {
				continue
			}
			_, median, least := ours.best()
			fmt.Fprintf(w, "| %s | %s / %s %s |", k.Title, digits(median), digits(least), k.Kind.unit())
			miss := func(what string, got float64) {
				missed = append(missed, fmt.Sprintf("%s, %d threads: %s %.2f, aim %.4g", k.Title, threads, what, got, k.Aims[what]))
			}
			if aim, ok := k.Aims["ours"]; ok && median > aim {
				miss("ours", median)
			}
			if aim, ok := k.Aims["descent"]; ok {
				if one := find("descent", k.Name, 1); one != nil {
					if _, m, _ := one.best(); m/median < aim {
						miss("descent", m/median)
					}
				}
			}
			for _, name := range columns {
				r := find(name, k.Name, threads)
				if r == nil {
					fmt.Fprint(w, " |")
					continue
				}
				if got, ok := r.same(ours); !ok {
					fmt.Fprintf(w, " other result: %.6g |", got)
					continue
				}
				way, m, l := r.best()
				fmt.Fprintf(w, " **%s** %s / %s", ratio(m/median), digits(m), digits(l))
				if len(r.Times) > 1 {
					fmt.Fprintf(w, " (%s)", way)
				}
				fmt.Fprint(w, " |")
				if aim, ok := k.Aims[name]; ok && m/median < aim {
					miss(name, m/median)
				}
			}
			fmt.Fprintln(w)
		}
	}
	if len(missed) > 0 {
		fmt.Fprintf(w, "\nBelow the aim:\n\n- %s\n", strings.Join(missed, "\n- "))
	}
}

// digits formats a time with three significant digits.
func digits(x float64) string {
	if x >= 100 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

func ratio(x float64) string {
	if x >= 10 {
		return fmt.Sprintf("%.0fx", x)
	}
	return fmt.Sprintf("%.2fx", x)
}

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
