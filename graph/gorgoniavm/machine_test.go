package gorgoniavm

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"log"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"descent/graph"
	"descent/internal/guard"
	"descent/optimizers"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// small is Σ(w·x)², with its gradient.
type small struct {
	g    *G
	x, w *gnode
	cost *gnode
}

func newSmall() small {
	m := small{g: gorgonia.NewGraph()}
	m.x, m.w = input(m.g, "x", 3), shared(m.g, "w", array(1, 2, 1, 3))
	m.cost = must(gorgonia.Sum(must(gorgonia.Square(must(gorgonia.HadamardProd(m.w, m.x))))))
	must(gorgonia.Grad(m.cost, m.w))
	return m
}

func vector(x ...float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))
}

// TestFallback: what cannot be compiled runs on gorgonia's machine, and one line
// for each graph says why.
func TestFallback(t *testing.T) {
	var out bytes.Buffer
	o := Options{Log: log.New(&out, "", 0)}
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(0, 1, 1, 2, 2))
	y := must(gorgonia.Sum(must(gorgonia.ApplyOp(&custom{gives: "iop"}, x))))
	must(gorgonia.Grad(y, x))
	for range 2 {
		m := o.NewTapeMachine(g)
		ok(m.RunAll())
		if m.Report().Fallback == nil || y.Value() == nil || !strings.Contains(m.Report().String(), "Iop") {
			t.Errorf("%v", m.Report())
		}
		m.Reset()
		ok(m.Close())
	}
	if got := strings.Count(out.String(), "\n"); got != 1 || !strings.Contains(out.String(), "gorgonia's machine is used") {
		t.Errorf("the log has %q", out.String())
	}
	if _, err := Compile(g); err == nil {
		t.Error("Compile is not strict")
	}
}

// TestManualGradient: the gradient of a root is that which it is given before a run, 1
// where it is given none; roots have any shape then. Gradients of variables add up.
func TestManualGradient(t *testing.T) {
	g := gorgonia.NewGraph()
	w := shared(g, "w", vector(1, 2, 3))
	y := must(gorgonia.Square(w))
	m := NewLispMachine(g, gorgonia.WithManualGradient(), gorgonia.ExecuteBwdOnly())
	if m.Report().Fallback != nil {
		t.Fatal(m.Report())
	}
	want := make([]float64, 3)
	for run, seed := range [][]float64{{1, 1, 1}, {3, 0, -1}, {.5, 2, 1}} {
		if run > 0 {
			gorgonia.WithGrad(vector(seed...))(y)
		}
		ok(m.RunAll())
		for i, x := range []float64{1, 2, 3} {
			want[i] += 2 * x * seed[i]
		}
		if got := must(numbers(nil, must(w.Grad()))); !slices.Equal(got, want) {
			t.Errorf("run %d: the gradient is %v, not %v", run, got, want)
		}
		if got := must(numbers(nil, must(y.Grad()))); !slices.Equal(got, seed) {
			t.Errorf("run %d: the root has %v, not %v", run, got, seed)
		}
	}
	if m := (Options{Log: log.New(io.Discard, "", 0)}).NewLispMachine(g); m.Report().Fallback == nil {
		t.Error("a root that is no scalar has a gradient that nobody gave")
	}
}

// custom is an op of a user's, x², which may fail.
type custom struct{ gives string }

func (o *custom) Arity() int    { return 1 }
func (o *custom) Type() hm.Type { a := hm.TypeVariable('a'); return hm.NewFnType(a, a) }
func (o *custom) InferShape(s ...gorgonia.DimSizer) (tensor.Shape, error) {
	return s[0].(tensor.Shape), nil
}
func (o *custom) ReturnsPtr() bool      { return false }
func (o *custom) CallsExtern() bool     { return false }
func (o *custom) OverwritesInput() int  { return -1 }
func (o *custom) WriteHash(h hash.Hash) { fmt.Fprint(h, "custom ", o.gives) }
func (o *custom) String() string        { return "custom" }
func (o *custom) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *custom) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	switch o.gives {
	case "error":
		return nil, errors.New("not today")
	case "panic":
		panic("never")
	}
	return tensor.Mul(in[0], in[0])
}

func (o *custom) DiffWRT(n int) []bool { return []bool{true} }
func (o *custom) SymDiff(in gorgonia.Nodes, _, grad *gnode) (gorgonia.Nodes, error) {
	if o.gives == "iop" {
		d, err := gorgonia.ApplyOp(gorgonia.Iop{}, grad)
		return gorgonia.Nodes{d}, err
	}
	twice, err := gorgonia.HadamardProd(gorgonia.NewConstant(2.0), in[0])
	if err != nil {
		return nil, err
	}
	d, err := gorgonia.HadamardProd(twice, grad)
	return gorgonia.Nodes{d}, err
}

// TestCustomOp: an op of a user's runs by its Do, its gradient is its SymDiff, and
// what goes wrong in it is an error.
func TestCustomOp(t *testing.T) {
	for gives, want := range map[string]string{"": "", "error": "not today", "panic": "its Do panics: never"} {
		g := gorgonia.NewGraph()
		x := shared(g, "x", vector(1, -2, 3))
		cost := must(gorgonia.Sum(must(gorgonia.ApplyOp(&custom{gives: gives}, x))))
		must(gorgonia.Grad(cost, x))
		m := must(Compile(g, gorgonia.BindDualValues(x)))
		err := m.RunAll()
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error is %v", gives, err)
			}
			continue
		}
		ok(err)
		if got := floats(must(x.Grad())); far(got, []float64{2, -4, 6}) > 0 || m.Report().ByDo["custom"] == 0 {
			t.Errorf("the gradient is %v; %v", got, m.Report())
		}
	}
}

func TestNoValue(t *testing.T) {
	m := must(Compile(newSmall().g))
	if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "no value bound to node x") {
		t.Errorf("the error is %v", err)
	}
}

// TestWatch: NaNs and infinities are errors that name the node, and a logger is
// told what is watched.
func TestWatch(t *testing.T) {
	for _, c := range []struct {
		bad  float64
		opt  gorgonia.VMOpt
		want string
	}{{math.NaN(), gorgonia.WithNaNWatch(), "NaN found"}, {math.Inf(1), gorgonia.WithInfWatch(), "infinity found"}, {1, gorgonia.WithNaNWatch(), ""}} {
		m := newSmall()
		ok(gorgonia.Let(m.x, vector(1, c.bad, 1)))
		err := must(Compile(m.g, c.opt)).RunAll()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: the error is %v", c.bad, err)
		}
	}
	var out bytes.Buffer
	m := newSmall()
	ok(gorgonia.Let(m.x, vector(1, 2, 3)))
	ok(must(Compile(m.g, gorgonia.WithLogger(log.New(&out, "", 0)), gorgonia.WithWatchlist(m.cost), gorgonia.WithValueFmt("%v"))).RunAll())
	if want := fmt.Sprintln(m.cost, "=", m.cost.Value()); out.String() != want {
		t.Errorf("the log is %q, want %q", out.String(), want)
	}
}

// TestSnapshot: a machine has the nodes of the moment when it was made, or those
// of the program or part that it was given.
func TestSnapshot(t *testing.T) {
	m := newSmall()
	ok(gorgonia.Let(m.x, vector(1, 2, 3)))
	old := must(Compile(m.g))
	double := must(gorgonia.Add(m.cost, m.cost))
	ok(old.RunAll())
	if m.cost.Value() == nil || double.Value() != nil {
		t.Error("a node that is added later is not of the machine")
	}
	prog, locMap, err := gorgonia.CompileFunction(m.g, gorgonia.Nodes{m.x, m.w}, gorgonia.Nodes{double})
	ok(err)
	other := must(Compile(m.g, gorgonia.WithPrecompiled(prog, locMap)))
	ok(other.RunAll())
	if got, want := floats(double.Value())[0], 2*floats(m.cost.Value())[0]; got != want {
		t.Errorf("the compiled function gives %v, want %v", got, want)
	}
	part := must(Compile(m.g.SubgraphRoots(m.cost)))
	before := m.cost.Value()
	ok(part.RunAll())
	if m.cost.Value() == before {
		t.Error("the machine of a part has values of its own")
	}
}

// TestDualValues: with dual values gradients add up until somebody clears them,
// without they are the last; and one node that is the gradient of two variables
// gives each its own.
func TestDualValues(t *testing.T) {
	for _, c := range []struct {
		opts  []gorgonia.VMOpt
		times float64
	}{{nil, 1}, {[]gorgonia.VMOpt{gorgonia.BindDualValues()}, 2}} {
		m := newSmall()
		ok(gorgonia.Let(m.x, vector(1, 2, 3)))
		vm := must(Compile(m.g, c.opts...))
		ok(vm.RunAll())
		once := floats(must(m.w.Grad()))
		for i := range once {
			once[i] *= c.times
		}
		ok(vm.RunAll())
		if twice := floats(must(m.w.Grad())); far(once, twice) > 1e-15 {
			t.Errorf("after two runs the gradient is %v, want %v", twice, once)
		}
	}
	g := gorgonia.NewGraph()
	a, b := shared(g, "a", vector(1, 2)), shared(g, "b", vector(3, 4))
	cost := must(gorgonia.Sum(must(gorgonia.Square(must(gorgonia.Add(a, b))))))
	must(gorgonia.Grad(cost, a, b))
	vm := must(Compile(g))
	ok(vm.RunAll())
	da, db := must(a.Grad()), must(b.Grad())
	if da == db || far(floats(da), []float64{8, 12}) > 0 || far(floats(db), []float64{8, 12}) > 0 {
		t.Errorf("the gradients of a+b are %v and %v", da, db)
	}
}

// TestIntermediate: values and gradients of all nodes are there, and what others
// take apart is made anew.
func TestIntermediate(t *testing.T) {
	for name, make := range map[string]func(*G) *Machine{
		"tape": func(g *G) *Machine { return must(Compile(g)) },
		"lisp": func(g *G) *Machine { return NewLispMachine(g) },
	} {
		g := gorgonia.NewGraph()
		x := shared(g, "x", vector(1, 2, 3))
		h := must(gorgonia.Square(x))
		cost := must(gorgonia.Sum(must(gorgonia.Cube(h))))
		if name == "tape" {
			must(gorgonia.Grad(cost, x))
		}
		m := make(g)
		for range 2 {
			ok(m.RunAll())
			if v, d := floats(h.Value()), floats(must(h.Grad())); far(v, []float64{1, 4, 9}) > 0 || far(d, []float64{3, 48, 243}) > 1e-15 {
				t.Errorf("%s: x² is %v, its gradient %v", name, v, d)
			}
			g.UnbindAllNonInputs()
		}
	}
}

// TestMemory: parameters and gradients are used in place and not beyond, and runs
// allocate nothing.
func TestMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	memory := guard.Take[float64](guard.New(t, 1, 4096), 0, 5, true) // behind it is memory that cannot be touched
	copy(memory, []float64{1, 2, 3, 4, 5})
	w := shared(g, "w", tensor.New(tensor.WithShape(5), tensor.WithBacking(memory)))
	cost := must(gorgonia.Sum(must(gorgonia.Square(w))))
	must(gorgonia.Grad(cost, w))
	m := must(Compile(g, gorgonia.BindDualValues(w)))
	s := Solver(gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.25)))
	vg := gorgonia.NodesToValueGrads(gorgonia.Nodes{w})
	step := func() {
		ok(m.RunAll())
		ok(s.Step(vg))
	}
	step()
	if far(memory, []float64{.5, 1, 1.5, 2, 2.5}) > 0 {
		t.Errorf("the parameter is %v", memory)
	}
	if n := testing.AllocsPerRun(100, step); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// TestNoGrowth runs for long, with another batch each time.
func TestNoGrowth(t *testing.T) {
	m := newSmall()
	batches := []gorgonia.Value{vector(1, 2, 3), vector(3, 2, 1)}
	ok(gorgonia.Let(m.x, batches[0]))
	vm := must(Compile(m.g, gorgonia.BindDualValues(m.w)))
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	run := func(n int) {
		for i := range n {
			ok(gorgonia.Let(m.x, batches[i%2]))
			ok(vm.RunAll())
			vm.Reset()
		}
	}
	run(10)
	before := heap()
	run(100_000)
	if after := heap(); after > before+64<<10 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// TestViews: inputs may be views of any kind.
func TestViews(t *testing.T) {
	data := array(0, 1, 1, 4, 3)
	for i := range 3 {
		g := gorgonia.NewGraph()
		x, w := input(g, "x", 4), shared(g, "w", array(1, 2, 1, 4))
		cost := must(gorgonia.Sum(must(gorgonia.HadamardProd(w, x))))
		vm := must(Compile(g))
		ok(gorgonia.Let(x, must(data.Slice(nil, gorgonia.S(i)))))
		ok(vm.RunAll())
		var want float64
		for k := range 4 {
			want += floats(w.Value())[k] * data.Float64s()[3*k+i]
		}
		if got := floats(cost.Value())[0]; math.Abs(got-want) > 1e-15 {
			t.Errorf("column %d: %v, want %v", i, got, want)
		}
	}
}

// TestSettling: large values that stay where they are are read there, also what is
// put into them later; not where a run leaves its own results.
func TestSettling(t *testing.T) {
	const n = 2 * worthSettling
	g := gorgonia.NewGraph()
	x, w := input(g, "x", n), shared(g, "w", array(1, 2, 1, n))
	next := must(gorgonia.Sub(w, must(gorgonia.HadamardProd(gorgonia.NewConstant(.5), x))))
	m := must(Compile(g))
	data, want := array(0, 1, 2, n), floats(w.Value().(*tensor.Dense).Clone().(*tensor.Dense))
	for i := range 8 {
		if i == 6 {
			data = array(0, 1, 3, n)
		}
		data.Float64s()[i] = float64(i)
		ok(gorgonia.Let(x, data))
		ok(m.RunAll())
		ok(m.Set(w, next))
		for k, v := range data.Float64s() {
			want[k] -= float64(.5 * v)
		}
		if d := far(want, floats(w.Value())); d > 0 {
			t.Fatalf("after run %d the result is off by %v", i, d)
		}
	}
}

// TestOneProgram: what stays where it is needs no other program, in the first run
// or later.
func TestOneProgram(t *testing.T) {
	for _, opts := range [][]gorgonia.VMOpt{nil, {gorgonia.BindDualValues()}} {
		m := newSmall()
		ok(gorgonia.Let(m.x, vector(1, 2, 3)))
		vm := must(Compile(m.g, opts...))
		p := vm.Report().Program
		for range 3 {
			ok(vm.RunAll())
		}
		if vm.Report().Program != p {
			t.Error("the program was made again")
		}
	}
}

// TestGoroutines: machines on the same tensors run at the same time.
func TestGoroutines(t *testing.T) {
	w := array(1, 2, 1, 3)
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			g := gorgonia.NewGraph()
			x := shared(g, "x", vector(float64(k), 1, 2))
			p := shared(g, "w", w)
			cost := must(gorgonia.Sum(must(gorgonia.HadamardProd(p, x))))
			m := must(Compile(g))
			for range 50 {
				ok(m.RunAll())
			}
			if got, want := floats(cost.Value())[0], floats(w)[0]*float64(k)+floats(w)[1]+2*floats(w)[2]; math.Abs(got-want) > 1e-14 {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
	wg.Wait()
}

// TestDropout: a mask of ours, the same for the gradient, another in each run and
// none in evaluation.
func TestDropout(t *testing.T) {
	g := gorgonia.NewGraph()
	ones := array(1, 1, 0, 40, 50)
	x := shared(g, "x", ones)
	y := must(gorgonia.Dropout(x, 0.2))
	cost := must(gorgonia.Sum(y))
	must(gorgonia.Grad(cost, x))
	m := must(Compile(g))
	ok(m.RunAll())
	first := append([]float64(nil), floats(y.Value())...)
	kept := 0
	for i, v := range first {
		if d := floats(must(x.Grad()))[i]; v != d || v != 0 && v != 1/(1-.2) {
			t.Fatalf("element %d is %v, its gradient %v", i, v, d)
		}
		if v != 0 {
			kept++
		}
	}
	if share := float64(kept) / 2000; math.Abs(share-.8) > .05 {
		t.Errorf("%v of the elements are kept", share)
	}
	ok(m.RunAll())
	if far(first, floats(y.Value())) == 0 {
		t.Error("the mask does not change")
	}
	ok(must(Compile(g, gorgonia.EvalMode())).RunAll())
	if far(floats(ones), floats(y.Value())) > 0 {
		t.Error("evaluation drops elements")
	}
	ok(m.RunAll()) // whose op is in evaluation now, as in gorgonia
	if far(floats(ones), floats(y.Value())) > 0 {
		t.Error("the mode of an op is not looked at in each run")
	}
}

// TestRandomNodes: each run draws, and the gradient is that of the value.
func TestRandomNodes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", vector(1, 1, 1))
	noise := gorgonia.GaussianRandomNode(g, tensor.Float64, 0, 1, 3)
	y := must(gorgonia.HadamardProd(x, noise))
	must(gorgonia.Grad(must(gorgonia.Sum(y)), x))
	m := must(Compile(g))
	ok(m.RunAll())
	first := append([]float64(nil), floats(y.Value())...)
	if far(first, floats(must(x.Grad()))) > 0 {
		t.Error("value and gradient have different noise")
	}
	ok(m.RunAll())
	if far(first, floats(y.Value())) == 0 {
		t.Error("two runs have the same noise")
	}
}

// TestTies: where several elements are the largest, each has the whole gradient, as
// in gorgonia.
func TestTies(t *testing.T) {
	for _, along := range [][]int{nil, {0}, {1}, {0, 1}} {
		gradient := func(m func(*G) gorgonia.VM) []float64 {
			g := gorgonia.NewGraph()
			x := shared(g, "x", tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{0, 2, 2, 0, 2, 1})))
			must(gorgonia.Grad(must(gorgonia.Sum(must(gorgonia.Square(must(gorgonia.Max(x, along...)))))), x))
			ok(m(g).RunAll())
			return floats(must(x.Grad()))
		}
		ours := gradient(func(g *G) gorgonia.VM { return must(Compile(g)) })
		theirs := gradient(func(g *G) gorgonia.VM { return gorgonia.NewTapeMachine(g) })
		if far(ours, theirs) > 0 {
			t.Errorf("along %v: %v, gorgonia's %v", along, ours, theirs)
		}
	}
}

// TestElements: comparisons have Bool values, float32 graphs float32 values, and
// both together are computed as float64.
func TestElements(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("x"), gorgonia.WithValue(tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{-1, 0, 2}))))
	positive := must(gorgonia.Gt(x, gorgonia.NewConstant(float32(0)), false))
	total := must(gorgonia.Sum(x))
	z := shared(g, "z", vector(1, 2))
	twice := must(gorgonia.Add(z, z))
	ok(must(Compile(g)).RunAll())
	if got := fmt.Sprint(positive.Value().Data(), total.Value().Data(), twice.Value().Data()); got != "[false false true] 1 [2 4]" {
		t.Error(got)
	}
	if _, isFloat32 := total.Value().Data().(float32); !isFloat32 {
		t.Errorf("the sum is %T", total.Value().Data())
	}
}

// TestImport: an imported graph goes on with our optimizers, in the user's
// tensors, and has derivatives of derivatives.
func TestImport(t *testing.T) {
	m := newSmall()
	ok(gorgonia.Let(m.x, vector(1, 2, 3)))
	im := must(Import(m.g))
	cost, w := im.Node(m.cost), im.Node(m.w)
	if im.Costs[0] != cost || w.Role() != graph.Param || im.Node(m.w.Deriv()) == nil {
		t.Fatal("cost, parameter or gradient is missing")
	}
	hvp := graph.HVP(cost, []*graph.Node{w}, []*graph.Node{im.Graph.Const(1, 3)})[0]
	p := must(graph.Compile(hvp))
	ok(p.Run(must(im.Feeds())...))
	if got := p.Float64s(hvp); far(got, []float64{2, 8, 18}) > 1e-15 {
		t.Errorf("the Hessian's rows add up to %v", got)
	}
	step := optimizers.Descend(cost, optimizers.SGD(), w)
	train := must(graph.Function{Outputs: []*graph.Node{step.Loss}, Updates: step.Updates}.Compile())
	before := floats(m.w.Value())[0]
	ok(train.Run(append(must(im.Feeds()), graph.Let(step.LR, []float64{.1}))...))
	if got, want := floats(m.w.Value())[0], before-.1*2*before; math.Abs(got-want) > 1e-15 {
		t.Errorf("the user's tensor holds %v, want %v", got, want)
	}
}
