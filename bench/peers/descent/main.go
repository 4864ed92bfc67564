// Command descent is this engine's side of the comparison in bench/peers; the
// README there says what a peer reads and writes.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"descent/graph"
	"descent/internal/kernel"
)

// A task is a work made ready.
type task struct {
	step   func()         // does it once
	number func() float64 // computed from the result; of training, the loss
	trains bool
}

// after returns the number after so many more steps.
func (t task) after(steps int) float64 {
	for range steps {
		t.step()
	}
	return t.number()
}

// check returns what every peer must get: the number, or for training how far
// the loss falls in the first four updates.
func (t task) check() float64 {
	first := t.after(1)
	if t.trains {
		return first - t.after(4)
	}
	return first
}

// answer is what a peer says for a request.
type answer struct {
	Work    string             `json:"work"`
	Version string             `json:"version,omitempty"`
	Error   string             `json:"error,omitempty"`
	Check   map[string]float64 `json:"check,omitempty"`
	US      map[string]float64 `json:"us,omitempty"`
	PeakKB  int                `json:"peak_kb,omitempty"`
}

const variant = "compiled"

func main() {
	threads, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	if len(os.Args) > 2 {
		reply(once(os.Args[2]))
		return
	}
	var team *graph.Team
	if threads > 1 {
		team = graph.NewTeam(threads)
	}
	requests := bufio.NewScanner(os.Stdin)
	var now answer
	var t task
	for requests.Scan() {
		var work string
		var ms float64
		fmt.Sscan(requests.Text(), &work, &ms)
		if work != now.Work {
			t = task{}
			runtime.GC() // the last work's memory
			now = answer{Work: work, Version: fmt.Sprintf("%s %s", runtime.Version(), kernel.Active())}
			if t, err = prepare(work, team); err != nil {
				now.Error = err.Error()
			} else {
				now.Check = map[string]float64{variant: t.check()}
			}
		}
		if now.Error == "" {
			now.US = map[string]float64{variant: batch(t.step, ms)}
		}
		reply(now)
	}
}

func reply(a answer) {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

const warmUp = 20 // milliseconds

// batch returns the time of a step in microseconds: the mean over about ms
// milliseconds, after a tenth of that, and at least warmUp, to warm up.
func batch(step func(), ms float64) float64 {
	start, n := time.Now(), 0
	var took float64
	for took == 0 || took < max(ms/10, warmUp) {
		step()
		n++
		took = float64(time.Since(start).Nanoseconds()) / 1e6
	}
	if n == 1 && took > ms {
		return took / float64(n) * 1e3
	}
	n = int(math.Ceil(ms * float64(n) / took))
	start = time.Now()
	for range n {
		step()
	}
	return float64(time.Since(start).Nanoseconds()) / 1e3 / float64(n)
}

// hash returns the i-th random bits, the same in every peer.
func hash(seed, i int) uint32 {
	x := uint32(i) + uint32(seed)*0x9e3779b9
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

// between makes bits a number from lo to hi.
func between(lo, hi float32, bits uint32) float32 {
	return lo + float32((hi-lo)*(float32(bits>>8)/(1<<24)))
}

// uniform returns n numbers from lo to hi, aligned as the engine's own arrays.
func uniform(seed, n int, lo, hi float32) []float32 {
	u := aligned(n)
	for i := range u {
		u[i] = between(lo, hi, hash(seed, i))
	}
	return u
}

func prepare(work string, team *graph.Team) (task, error) {
	kind, rest, _ := strings.Cut(work, "-")
	name, sizes, _ := strings.Cut(rest, "-")
	n := numbers(sizes)
	switch kind {
	case "mlp":
		return mlp(name, n[0], n[1:], team)
	case "pictures":
		return pictured(name, n[0], team)
	case "compile":
		return compiled(name, n), nil
	case "recurrent":
		return recurrent(name, n[0], n[1], n[2], n[3], team)
	case "infer":
		switch name {
		case "lstm":
			return sequence()
		case "token":
			return token()
		}
		return predicted(name)
	case "norm":
		return norm(name, n)
	case "attention":
		return attention(name)
	case "embedding":
		return embedding(numbers(name)[0], n[0], n[1])
	case "gpt":
		return gpt(numbers(name)[0], n[0], n[1], n[2], team)
	case "columns":
		return columns(numbers(name)[0], n[0], n[1], n[2], team)
	case "hvp":
		return hvp(n[0], n[1:])
	case "rosenbrock":
		return rosenbrock()
	case "update":
		return update(name, n[0], n[1])
	case "map":
		return apply(name, n[0])
	case "gemm":
		return gemm(name, n[0], n[1], n[2]), nil
	case "sweep":
		return sweep(), nil
	}
	return task{}, fmt.Errorf("not offered")
}

func numbers(text string) (n []int) {
	for _, s := range strings.Split(text, "-") {
		k, _ := strconv.Atoi(s)
		n = append(n, k)
	}
	return n
}

// peakKB returns the most memory that the process has had resident.
func peakKB() (kb int) {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(rest, &kb)
	return kb
}
