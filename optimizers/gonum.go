package optimizers

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Methods of gonum/optimize, with our values and gradients.

// GradientDescent goes down the gradient with a line search: Armijo's, or one
// for the strong Wolfe conditions.
type GradientDescent struct{ Wolfe bool }

// Search implements [Method].
func (m GradientDescent) Search(run *Run) Reason {
	var search optimize.Linesearcher = &optimize.Backtracking{}
	if m.Wolfe {
		search = &optimize.MoreThuente{}
	}
	return byGonum(run, &optimize.GradientDescent{Linesearcher: search, GradStopThreshold: math.NaN()})
}

// ConjugateGradient is the nonlinear method of Polak, Ribière and Polyak,
// restarted where its factor would be negative (PR+). Nocedal, Wright, section
// 5.2.
type ConjugateGradient struct{}

// Search implements [Method].
func (m ConjugateGradient) Search(run *Run) Reason {
	return byGonum(run, &optimize.CG{Variant: &optimize.PolakRibierePolyak{}, GradStopThreshold: math.NaN()})
}

// BFGS is the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno.
// Nocedal, Wright, section 6.1.
type BFGS struct{}

// Search implements [Method].
func (m BFGS) Search(run *Run) Reason {
	return byGonum(run, &optimize.BFGS{GradStopThreshold: math.NaN()})
}

// errStop ends gonum's loop when the run has ended.
var errStop = errors.New("stop")

// visitor passes gonum's iterations on to the run.
type visitor struct{ run *Run }

func (visitor) Init() error { return nil }

func (v visitor) Record(at *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op != optimize.MajorIteration {
		return nil
	}
	if v.run.Visit(at.X, at.F, at.Gradient) {
		return errStop
	}
	return nil
}

// byGonum runs a method of gonum. Evaluations happen in gonum's goroutine, one
// at a time, so a mistake there is carried over by hand.
func byGonum(run *Run, m optimize.Method) Reason {
	var failed any
	var at []float64 // where value and gradient are known
	var f float64
	g := make([]float64, len(run.Problem.Start))
	both := func(x []float64) {
		if failed != nil || len(at) > 0 && equal(at, x) {
			return
		}
		defer func() {
			if e := recover(); e != nil {
				failed, f = e, math.NaN()
			}
		}()
		f = run.Grad(x, g)
		at = append(at[:0], x...)
	}
	p := optimize.Problem{
		Func: func(x []float64) float64 { both(x); return f },
		Grad: func(dst, x []float64) { both(x); copy(dst, g) },
		Status: func() (optimize.Status, error) {
			if failed != nil || run.Exhausted() {
				return optimize.Failure, errStop
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{Converger: optimize.NeverTerminate{}, Recorder: visitor{run}, Concurrent: 1}
	_, err := optimize.Minimize(p, run.Start(), settings, m)
	if failed != nil {
		panic(failed)
	}
	if err != nil && !errors.Is(err, errStop) {
		return NoProgress
	}
	return Finished
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
