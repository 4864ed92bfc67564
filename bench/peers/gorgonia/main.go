// Command gorgonia is gorgonia's side of the comparison in bench/peers: its
// TapeMachine with its solvers. The README there says what a peer reads and
// writes.
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

	. "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ways are the things worth trying; one has the softmax and its logarithm in
// one op.
var ways = []string{"log(softmax)", "logsoftmax"}

type answer struct {
	Work    string             `json:"work"`
	Version string             `json:"version,omitempty"`
	Error   string             `json:"error,omitempty"`
	Check   map[string]float64 `json:"check,omitempty"`
	US      map[string]float64 `json:"us,omitempty"`
	PeakKB  int                `json:"peak_kb,omitempty"`
}

func main() {
	if len(os.Args) > 2 {
		reply(once(os.Args[2]))
		return
	}
	requests := bufio.NewScanner(os.Stdin)
	var now answer
	var steps map[string]func() float64
	for requests.Scan() {
		var work string
		var ms float64
		fmt.Sscan(requests.Text(), &work, &ms)
		if work != now.Work {
			steps = map[string]func() float64{}
			runtime.GC() // the last work's memory
			now = answer{Work: work, Version: "0.9.18", Check: map[string]float64{}, US: map[string]float64{}}
			for _, way := range ways {
				if step := prepare(work, way); step != nil {
					steps[way], now.Check[way] = step, fall(step)
				}
			}
			if len(steps) == 0 {
				now.Error = "not offered"
			}
		}
		for way, step := range steps {
			now.US[way] = batch(step, ms)
		}
		reply(now)
	}
}

func reply(a answer) {
	text, err := json.Marshal(a)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func repeated(n int, step func() float64) (last float64) {
	for range n {
		last = step()
	}
	return last
}

// fall returns how far the loss falls in the first four updates.
func fall(step func() float64) float64 {
	first := step()
	return first - repeated(4, step)
}

const warmUp = 20 // milliseconds

// batch returns the time of a step in microseconds: the mean over about ms
// milliseconds, after a tenth of that, and at least warmUp, to warm up.
func batch(step func() float64, ms float64) float64 {
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

// hash returns random bits, the same in every peer.
func hash(seed, i int) uint32 {
	x := uint32(i) + uint32(seed)*0x9e3779b9
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

func uniform(seed, n int, lo, hi float32) []float32 {
	u := make([]float32, n)
	for i := range u {
		u[i] = lo + (hi-lo)*(float32(hash(seed, i)>>8)/(1<<24))
	}
	return u
}

// split reads kind-name-1-2-3.
func split(work string) (kind, name string, n []int) {
	kind, rest, _ := strings.Cut(work, "-")
	name, sizes, _ := strings.Cut(rest, "-")
	for _, s := range strings.Split(sizes, "-") {
		k, _ := strconv.Atoi(s)
		n = append(n, k)
	}
	return kind, name, n
}

func prepare(work, way string) func() float64 {
	switch kind, name, n := split(work); {
	case kind == "mlp":
		return mlp(name, way, n[0], n[1:])
	case kind == "rosenbrock" && way == ways[0]:
		return rosenbrock()
	}
	return nil
}

// once does a work that is measured as a whole process.
func once(work string) answer {
	var step func() float64
	steps := 1000
	switch kind, name, n := split(work); kind {
	case "first":
		step, steps = mlp(name, ways[0], n[0], n[1:]), 1
	case "peak":
		step, steps = mlp(name, ways[0], n[0], n[1:]), 20
	case "scalar":
		step = scalar()
	case "logistic":
		step = logistic()
	default:
		return answer{Work: work, Error: "not offered"}
	}
	check := repeated(steps, step)
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kb int
	fmt.Sscan(rest, &kb)
	return answer{Work: work, Check: map[string]float64{ways[0]: check}, PeakKB: kb}
}

// training returns a step that lowers loss, and returns it.
func training(loss *Node, s Solver, params ...*Node) func() float64 {
	var value Value
	Read(loss, &value)
	_, err := Grad(loss, params...)
	must(err)
	m := NewTapeMachine(loss.Graph(), BindDualValues(params...))
	model := NodesToValueGrads(params)
	return func() float64 {
		must(m.RunAll())
		must(s.Step(model))
		m.Reset()
		return float64(value.Data().(float32))
	}
}

func matrix(g *ExprGraph, name string, v []float32, shape ...int) *Node {
	return NewMatrix(g, Float32, WithName(name), WithShape(shape...),
		WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))))
}

func mlp(rule, way string, batch int, size []int) func() float64 {
	g := NewGraph()
	classes := size[len(size)-1]
	xs, ys := make([]float32, batch*size[0]), make([]float32, batch*classes)
	distinct := uniform(1, batch/2*size[0], -2, 2)
	for i := range batch {
		copy(xs[i*size[0]:(i+1)*size[0]], distinct[i/2*size[0]:])
		ys[i*classes+int(hash(2, i)>>8)%classes] = 1
	}
	h, y := matrix(g, "x", xs, batch, size[0]), matrix(g, "y", ys, batch, classes)
	var params Nodes
	for l, units := range size[1:] {
		if l > 0 {
			h = Must(Rectify(h))
		}
		k := 1 / float32(math.Sqrt(float64(size[l])))
		w := matrix(g, fmt.Sprint("w", l), uniform(10+l, size[l]*units, -k, k), size[l], units)
		b := matrix(g, fmt.Sprint("b", l), make([]float32, units), 1, units)
		h = Must(BroadcastAdd(Must(Mul(h, w)), b, nil, []byte{0}))
		params = append(params, w, b)
	}
	logp := Must(LogSoftMax(h))
	if way == ways[0] {
		logp = Must(Log(Must(SoftMax(h))))
	}
	loss := Must(Neg(Must(Mean(Must(Sum(Must(HadamardProd(logp, y)), 1))))))
	var s Solver = NewVanillaSolver(WithLearnRate(.1))
	if rule == "adam" {
		s = NewAdamSolver(WithLearnRate(.001))
	}
	return training(loss, s, params...)
}

func rosenbrock() func() float64 {
	g := NewGraph()
	x := NewScalar(g, Float32, WithName("x"), WithValue(float32(-1.2)))
	y := NewScalar(g, Float32, WithName("y"), WithValue(float32(1)))
	one, hundred := NewConstant(float32(1)), NewConstant(float32(100))
	a, b := Must(Square(Must(Sub(one, x)))), Must(Square(Must(Sub(y, Must(Square(x))))))
	return training(Must(Add(a, Must(Mul(hundred, b)))), NewVanillaSolver(WithLearnRate(2e-4)), x, y)
}

func scalar() func() float64 {
	g := NewGraph()
	x := NewScalar(g, Float32, WithName("x"), WithValue(float32(5)))
	return training(Must(Square(x)), NewVanillaSolver(WithLearnRate(.001)), x)
}

func logistic() func() float64 {
	g := NewGraph()
	xs, ys := uniform(7, 300, -2, 2), make([]float32, 100)
	for i := range ys {
		if xs[3*i]-2*xs[3*i+1]+xs[3*i+2]/2+.3 > 0 {
			ys[i] = 1
		}
	}
	x, y := matrix(g, "x", xs, 100, 3), matrix(g, "y", ys, 100, 1)
	w := matrix(g, "w", make([]float32, 3), 3, 1)
	b := NewScalar(g, Float32, WithName("b"), WithValue(float32(0)))
	z := Must(Add(Must(Mul(x, w)), b))
	loss := Must(Mean(Must(Sub(Must(Softplus(z)), Must(HadamardProd(y, z))))))
	return training(loss, NewVanillaSolver(WithLearnRate(.1)), w, b)
}
