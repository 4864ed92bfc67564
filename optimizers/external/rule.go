// Package external makes optimizers of programs in any language. The engine sends such
// a program gradients and parameters over a pipe, step by step, and gets the parameters
// back; docs/external.md has the protocol. The program runs with the rights of who runs
// the engine.
package external

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
	"descent/optimizers/rule"
)

// Rule is an optimizer that is a program of its own, which is started once for each
// training. The program sees all parameters that move, and moves them itself: rules
// before it may change gradients and parameters, rules after it what comes of them.
type Rule struct {
	Command string // program and arguments, separated by spaces
}

// String returns the rule as it is parsed.
func (r Rule) String() string { return "exec: " + r.Command }

// Check reports a command that is missing, or no program.
func (r Rule) Check() error {
	words := strings.Fields(r.Command)
	if len(words) == 0 {
		return errors.New("exec: has no command; exec: python3 optimizer.py is one")
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

// Update implements [rule.Rule] for one parameter alone.
func (r Rule) Update(s *rule.Step) *graph.Node { return rule.Alone(r, s) }

// UpdateAll implements [rule.Joint].
func (r Rule) UpdateAll(steps []*rule.Step) {
	store := steps[0].Old().Graph().Store()
	x := &exchange{store: store, process: store.Attach(r, func() any { return newProcess(r.Command) }).(*process)}
	now := ops.Mul(steps[0].When(), steps[0].T) // 0 where nothing moves
	in := []*graph.Node{now, steps[0].LR}
	for _, s := range steps {
		x.params = append(x.params, param{s.Name(), s.Old().Shape().Dims()})
		in = append(in, s.Grad)
	}
	for _, s := range steps {
		in = append(in, s.Param)
	}
	for i, s := range steps {
		s.Move(graph.Apply(moved{x, i}, in...))
	}
}

// An exchange is what a training says to its program.
type exchange struct {
	*process
	store  *graph.Store
	params []param
}

// param is how a parameter is announced.
type param struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// moved is the i-th parameter after a step, of the number of the step, the rate, all
// gradients and all parameters. All results of a step are one exchange.
type moved struct {
	x *exchange
	i int
}

func (o moved) Name() string { return graph.Title(o.Describe()) }

// Describe implements [graph.Describer].
func (o moved) Describe() graph.Call {
	return graph.CallOf("exec", "command", o.x.command, "result", o.i)
}

func (o moved) Shape(in []graph.Shape) (graph.Shape, error) {
	return in[2+len(o.x.params)+o.i], nil
}

// Grad says that what another program does has no derivative that is known.
func (o moved) Grad(y, _ *graph.Node) []*graph.Node {
	bad := graph.Bad(fmt.Errorf("%s is another program, whose derivative is not known", o.x.command), "gradient", y)
	return []*graph.Node{bad}
}

func (o moved) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	n := len(o.x.params)
	shapes := make([]graph.Shape, n)
	for i, p := range o.x.params {
		shapes[i] = graph.Dims(p.Shape...)
	}
	return b.Kernel(lower.Kernel{Name: o.Name(), Key: o.x,
		F32: func(dst, src [][]float32, _, _ int) { step(o.x, dst, src) },
		F64: func(dst, src [][]float64, _, _ int) { step(o.x, dst, src) },
	}, shapes, in...)[o.i]
}

// step exchanges a step with the program, or copies the parameters where nothing
// moves.
func step[T float32 | float64](x *exchange, dst, src [][]T) {
	n := len(x.params)
	now, lr, grads, params := int(src[0][0]), float64(src[1][0]), src[2:2+n], src[2+n:]
	if now == 0 {
		for i := range dst {
			copy(dst[i], params[i])
		}
		return
	}
	if err := stepWith(x, now, lr, dst, grads, params); err != nil {
		panic(&lower.Failure{Err: fmt.Errorf("the optimizer %q: %w", x.command, err)})
	}
}
