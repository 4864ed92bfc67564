package gorgoniavm

import (
	"reflect"

	"descent/ops"
	"descent/optimizers"

	"gorgonia.org/gorgonia"
)

// Solver returns a solver with the settings of one of gorgonia's and its rule, as
// one program that works in place on all parameters; it begins with the first
// step. The learning rate is read anew at each step, so gorgonia.WithLearnRate on
// the solver that was given keeps its effect. Solvers of other kinds than
// VanillaSolver, Momentum, RMSPropSolver, AdaGradSolver and AdamSolver are returned
// as they are: BarzilaiBorweinSolver, AdamW (which moves nothing in this version of
// gorgonia; optimizers.NewSolver(optimizers.AdamW(), rate) does), and your own.
func Solver(s gorgonia.Solver) gorgonia.Solver {
	rule, ok := rules[reflect.TypeOf(s)]
	if !ok || checked() != nil {
		return s
	}
	c := config{reflect.ValueOf(s).Elem()}
	if !c.complete() {
		return s
	}
	return &solver{Solver: optimizers.NewSolver(rule(c), c.float("eta")), rate: c.FieldByName("eta")}
}

type solver struct {
	*optimizers.Solver
	rate reflect.Value // of the solver that was given
}

// Step implements gorgonia.Solver.
func (s *solver) Step(model []gorgonia.ValueGrad) error {
	s.LR = s.rate.Float()
	return s.Solver.Step(model)
}

// config is a solver of gorgonia's, whose settings are not exported.
type config struct{ reflect.Value }

// solverFields are the settings of each solver.
var solverFields = map[reflect.Type][]string{
	reflect.TypeFor[gorgonia.VanillaSolver](): {"eta", "clip", "l1reg", "l2reg", "batch", "useClip", "useL1Reg", "useL2Reg"},
	reflect.TypeFor[gorgonia.Momentum]():      {"eta", "momentum", "clip", "l1reg", "l2reg", "batch", "useClip", "useL1Reg", "useL2Reg"},
	reflect.TypeFor[gorgonia.RMSPropSolver](): {"eta", "decay", "eps", "l2reg", "clip", "useClip", "useL2Reg"},
	reflect.TypeFor[gorgonia.AdaGradSolver](): {"eta", "eps", "l2reg", "clip", "useClip", "useL2Reg"},
	reflect.TypeFor[gorgonia.AdamSolver]():    {"eta", "eps", "beta1", "beta2", "clip", "l1reg", "l2reg", "batch", "useClip", "useL1Reg", "useL2Reg"},
}

func (c config) complete() bool {
	for _, name := range solverFields[c.Type()] {
		if f := c.FieldByName(name); !f.IsValid() || !f.CanFloat() && f.Kind() != reflect.Bool {
			return false
		}
	}
	return true
}

func (c config) float(name string) float64 { return c.FieldByName(name).Float() }
func (c config) on(name string) bool       { return c.FieldByName(name).Bool() }

// rules are gorgonia's, as expressions (solvers.go).
var rules = map[reflect.Type]func(config) optimizers.Rule{
	reflect.TypeFor[*gorgonia.VanillaSolver](): func(c config) optimizers.Rule { return vanilla{penaltyOf(c)} },
	reflect.TypeFor[*gorgonia.Momentum](): func(c config) optimizers.Rule {
		return momentum{penaltyOf(c), c.float("momentum")}
	},
	reflect.TypeFor[*gorgonia.RMSPropSolver](): func(c config) optimizers.Rule {
		return rms{root: rootOf(c), keep: c.float("decay"), add: 1 - c.float("decay")}
	},
	reflect.TypeFor[*gorgonia.AdaGradSolver](): func(c config) optimizers.Rule { return rms{root: rootOf(c), keep: 1, add: 1, adagrad: true} },
	reflect.TypeFor[*gorgonia.AdamSolver](): func(c config) optimizers.Rule {
		return adam{penaltyOf(c), c.float("beta1"), c.float("beta2"), c.float("eps")}
	},
}

// A penalty is what most solvers do to a gradient first:
//
//	g ← (g + l1·sign(w) + l2·w)/batch, between -clip and clip
type penalty struct{ l1, l2, batch, clip float64 }

func penaltyOf(c config) (p penalty) {
	p.batch = c.float("batch")
	if c.on("useL1Reg") {
		p.l1 = c.float("l1reg")
	}
	if c.on("useL2Reg") {
		p.l2 = c.float("l2reg")
	}
	if c.on("useClip") {
		p.clip = c.float("clip")
	}
	return p
}

// of returns the gradient; w is what is penalised.
func (p penalty) of(s *optimizers.Step, w *node) *node {
	g := s.Grad
	if p.l1 != 0 {
		sign := ops.Sign(w)
		if w.Shape().Rank() == 0 { // of a scalar 0 it is 1
			sign = ops.Where(ops.Less(w, s.Const(0)), s.Const(-1), s.Const(1))
		}
		g = ops.Add(g, ops.Scale(p.l1, sign))
	}
	if p.l2 != 0 {
		g = ops.Add(g, ops.Scale(p.l2, w))
	}
	if p.batch > 1 {
		g = ops.Scale(1/p.batch, g)
	}
	if p.clip > 0 {
		g = ops.Clamp(g, -p.clip, p.clip)
	}
	return g
}

type vanilla struct{ penalty }

// Update implements optimizers.Rule.
func (r vanilla) Update(s *optimizers.Step) *node { return r.of(s, s.Param) }

// momentum keeps c ← momentum·c - eta·g and adds it. Of arrays the penalties are of
// c; of scalars gorgonia forgets c.
type momentum struct {
	penalty
	momentum float64
}

// Update implements optimizers.Rule.
func (r momentum) Update(s *optimizers.Step) *node {
	if s.Param.Shape().Rank() == 0 {
		return r.of(s, s.Param)
	}
	c := s.State("c")
	next := ops.Sub(ops.Scale(r.momentum, c), ops.Mul(s.LR, r.of(s, c)))
	s.Set(c, next)
	s.Move(ops.Add(s.Param, next))
	return s.Grad
}

// root is what the solvers that divide by a root have in common.
type root struct{ eps, l2, clip float64 }

func rootOf(c config) (r root) {
	r.eps = c.float("eps")
	if c.on("useL2Reg") {
		r.l2 = c.float("l2reg")
	}
	if c.on("useClip") {
		r.clip = c.float("clip")
	}
	return r
}

// rms keeps c ← keep·c + add·g² and moves by -eta·g/√(c+eps) - l2·w, where g is
// clipped after it was squared. Of scalars AdaGradSolver forgets c, and RMSPropSolver
// does not clip g.
type rms struct {
	root
	keep, add float64
	adagrad   bool
}

// Update implements optimizers.Rule.
func (r rms) Update(s *optimizers.Step) *node {
	c, g := s.State("c"), s.Grad
	next, scalar := ops.Scale(r.add, ops.Square(g)), s.Param.Shape().Rank() == 0
	if !scalar || !r.adagrad {
		next = ops.Add(ops.Scale(r.keep, c), next)
		s.Set(c, next)
	}
	if r.clip > 0 && (r.adagrad || !scalar) {
		g = ops.Clamp(g, -r.clip, r.clip)
	}
	to := ops.Sub(s.Param, ops.Div(ops.Mul(s.LR, g), ops.Sqrt(ops.Shift(r.eps, next))))
	if r.l2 != 0 {
		to = ops.Sub(to, ops.Scale(r.l2, s.Param))
	}
	s.Move(to)
	return s.Grad
}

// adam is Adam with eps beside the corrected root, after the penalties. Kingma, Ba
// 2014, https://arxiv.org/abs/1412.6980, algorithm 1.
type adam struct {
	penalty
	beta1, beta2, eps float64
}

// Update implements optimizers.Rule.
func (r adam) Update(s *optimizers.Step) *node {
	g := r.of(s, s.Param)
	m, v := s.State("m"), s.State("v")
	mean := ops.Add(ops.Scale(r.beta1, m), ops.Scale(1-r.beta1, g))
	square := ops.Add(ops.Scale(r.beta2, v), ops.Scale(1-r.beta2, ops.Square(g)))
	s.Set(m, mean)
	s.Set(v, square)
	corrected := func(x *node, beta float64) *node {
		return ops.Mul(x, ops.Reciprocal(ops.Sub(s.Const(1), ops.Pow(s.Const(beta), s.T))))
	}
	return ops.Div(corrected(mean, r.beta1), ops.Shift(r.eps, ops.Sqrt(corrected(square, r.beta2))))
}
