package graph_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"descent/graph"
	"descent/ops"
)

const (
	goroutines = 4
	runs       = 3000
)

// outcomes counts what came of runs in several goroutines.
type outcomes struct{ right, refused, panicked, wrong atomic.Int64 }

// at runs f in several goroutines at once, each many times; f returns whether its
// result is right. Refused is what returns ErrInUse or panics with a text of the
// guard.
func at(f func(worker, run int) (right bool, err error)) *outcomes {
	var o outcomes
	var all sync.WaitGroup
	for w := range goroutines {
		all.Go(func() {
			for r := range runs {
				o.once(func() (bool, error) { return f(w, r) })
			}
		})
	}
	all.Wait()
	return &o
}

func (o *outcomes) once(f func() (bool, error)) {
	defer func() {
		if r := recover(); r != nil {
			if text := fmt.Sprint(r); !strings.Contains(text, "goroutine") {
				panic(r)
			}
			o.panicked.Add(1)
			o.refused.Add(1)
		}
	}()
	switch right, err := f(); {
	case errors.Is(err, graph.ErrInUse):
		o.refused.Add(1)
	case err != nil || !right:
		o.wrong.Add(1)
	default:
		o.right.Add(1)
	}
}

func (o *outcomes) check(t *testing.T) {
	t.Helper()
	t.Logf("%d right, %d refused (%d by a panic), %d wrong", o.right.Load(), o.refused.Load(), o.panicked.Load(), o.wrong.Load())
	if o.wrong.Load() > 0 || o.right.Load() == 0 || o.right.Load()+o.refused.Load() != goroutines*runs {
		t.Error("not each run is right or refused")
	}
}

// tower is an expression that takes some time.
func tower(x, w *node) *node {
	for range 5 {
		x = ops.Tanh(ops.MatMul(x, w))
	}
	return ops.Sum(x)
}

// TestGoroutinesOnOneProgram: what several goroutines compute by one program at
// once is right or refused.
func TestGoroutinesOnOneProgram(t *testing.T) {
	for _, updates := range []bool{false, true} {
		t.Run(fmt.Sprint("updates ", updates), func(t *testing.T) {
			g := graph.New(graph.Float64, 1)
			x, w := g.Input("x", 8, 8), g.Param("w", normal, 8, 8)
			y := tower(x, w)
			fn := graph.Function{Outputs: []*node{y}}
			if updates {
				fn.Updates = []graph.Update{{Target: g.Scalar("n", 0), Value: ops.Shift(1, g.Leaf("n"))}}
			}
			p, err := fn.Compile()
			if err != nil {
				t.Fatal(err)
			}
			var fed [goroutines][]float64
			var want [goroutines]float64
			for w := range fed {
				fed[w] = make([]float64, 64)
				for i := range fed[w] {
					fed[w][i] = math.Sin(float64(i * (w + 2)))
				}
				if err := p.Run(graph.Let(x, fed[w])); err != nil {
					t.Fatal(err)
				}
				want[w] = p.Scalar(y)
			}
			at(func(worker, _ int) (bool, error) {
				if err := p.Run(graph.Let(x, fed[worker])); err != nil {
					return false, err
				}
				return p.Scalar(y) == want[worker], nil
			}).check(t)
			if updates {
				return
			}
			at(func(worker, _ int) (right bool, err error) { // run and read as one
				err = g.Store().Exclusive(func() error {
					err := p.Run(graph.Let(x, fed[worker]))
					right = p.Scalar(y) == want[worker]
					return err
				})
				return right, err
			}).check(t)
		})
	}
}

// TestSiblingsAtOnce: programs that only read variables run at the same time,
// and none is refused. Beside one that changes them, they are.
func TestSiblingsAtOnce(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", normal, 8, 8)
	var ps [goroutines]*graph.Program
	var ys [goroutines]*node
	for k := range ps {
		e := g.Sibling()
		ys[k] = tower(e.Const(0.1, 8, 8), e.Param("w", nil, 8, 8))
		var err error
		if ps[k], err = graph.Compile(ys[k]); err != nil {
			t.Fatal(err)
		}
	}
	if err := ps[0].Run(); err != nil {
		t.Fatal(err)
	}
	want := ps[0].Scalar(ys[0])
	evaluate := func(worker, _ int) (bool, error) {
		err := ps[worker].Run()
		return err == nil && ps[worker].Scalar(ys[worker]) == want, err
	}
	o := at(evaluate)
	o.check(t)
	if n := o.refused.Load(); n > 0 {
		t.Errorf("%d evaluations were refused beside others", n)
	}
	train, err := graph.Function{Updates: []graph.Update{{Target: w, Value: ops.Neg(w)}}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	flipped := -want // tanh is odd, and there are five
	at(func(worker, run int) (bool, error) {
		if worker == 0 {
			return true, train.Run()
		}
		err := ps[worker].Run()
		if err != nil {
			return false, err
		}
		got := ps[worker].Scalar(ys[worker])
		return math.Abs(got-want) < 1e-12 || math.Abs(got-flipped) < 1e-12, nil
	}).check(t)
}

// TestGoroutinesOnOneGraph: of two that build one graph, one is told; graphs that
// share a store can be built at once.
func TestGoroutinesOnOneGraph(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 3)
	at(func(worker, run int) (bool, error) {
		y := ops.Sum(ops.Shift(float64(run), ops.Scale(float64(worker), x)))
		return y.Err() == nil && graph.Grad(y, x)[0].Err() == nil, nil
	}).check(t)
	o := at(func(worker, run int) (bool, error) {
		e := g.Sibling()
		n := e.Param(fmt.Sprint("w", run), normal, 2)
		return n.Err() == nil && e.Store().Lookup(fmt.Sprint("w", run)) == n.Variable(), nil
	})
	if o.check(t); o.refused.Load() > 0 {
		t.Errorf("%d siblings were refused", o.refused.Load())
	}
}

// TestVariablesInUse: what a program is changing can neither be set nor read.
func TestVariablesInUse(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(1), 3)
	p, err := graph.Compile(ops.Sum(w))
	if err != nil {
		t.Fatal(err)
	}
	saved := g.Store().Snapshot()
	err = g.Store().Exclusive(func() error {
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for what, err := range map[string]error{
				"Run": p.Run(), "Set": w.Variable().Set([]float64{1, 2, 3}), "Restore": g.Store().Restore(saved),
				"Exclusive": g.Store().Exclusive(func() error { return nil }),
			} {
				if !errors.Is(err, graph.ErrInUse) {
					t.Errorf("%s: %v", what, err)
				}
			}
			for what, f := range map[string]func(){
				"Float64s": func() { w.Variable().Float64s() }, "Snapshot": func() { g.Store().Snapshot() },
			} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s reads", what)
						}
					}()
					f()
				}()
			}
		})
		return g.Store().Exclusive(func() error { return p.Run() }) // its own holder may
	})
	if err != nil {
		t.Error(err)
	}
	if err := p.Run(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestHandedOver: goroutines that take turns are not refused, and one may read
// what another, the only one, has run.
func TestHandedOver(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x")
	y := ops.Square(x)
	p, err := graph.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- p.Run(graph.Let(x, []float64{3})) }()
	if err := <-done; err != nil || p.Scalar(y) != 9 {
		t.Errorf("%v, %v", err, p.Scalar(y))
	}
	var mu sync.Mutex
	o := at(func(worker, _ int) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		err := p.Run(graph.Let(x, []float64{float64(worker)}))
		return p.Scalar(y) == float64(worker*worker), err
	})
	if o.check(t); o.refused.Load() > 0 {
		t.Errorf("%d were refused in turn", o.refused.Load())
	}
}

// TestTeamOfTwo: a team works for one program at a time.
func TestTeamOfTwo(t *testing.T) {
	team := graph.NewTeam(2)
	defer team.Close()
	var ps [goroutines]*graph.Program
	var ys [goroutines]*node
	for k := range ps {
		g := graph.New(graph.Float64, 1)
		ys[k] = ops.Sum(ops.Exp(g.Const(0.5, 100, 100)))
		var err error
		ps[k], err = graph.Function{Outputs: []*node{ys[k]}, Team: team}.Compile()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := ps[0].Run(); err != nil {
		t.Fatal(err)
	}
	want := ps[0].Scalar(ys[0])
	at(func(worker, _ int) (bool, error) {
		err := ps[worker].Run()
		return err == nil && ps[worker].Scalar(ys[worker]) == want, err
	}).check(t)
}
