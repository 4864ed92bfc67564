package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/source"
	"descent/optimizers"
	"descent/train"
)

// learner is the training step of a model, for its source: its states are elements of two
// arrays, one of elements, one of counters.
type learner struct {
	t      *train.Trainer
	rule   optimizers.Optimizer
	batch  int
	step   graph.Function
	places map[string]int // of states and counters in their arrays, by name
	state  []*graph.Variable
	counts []*graph.Variable
	size   int // elements of all states
}

// newLearner builds the training step of so many rows, from the weights of a model.
func newLearner(e *exported, weights []*graph.Variable) (*learner, error) {
	task, err := e.task()
	if err != nil {
		return nil, err
	}
	if e.Model.Codes() || e.Targets != nil {
		return nil, usage(fmt.Errorf("--train is for models of one target"))
	}
	l := &learner{rule: e.optimizer, batch: e.batch, places: map[string]int{}}
	if l.t, err = train.New(task, e.optimizer.Rule, dtypes[e.DType], 0); err != nil {
		return nil, err
	}
	if l.step, err = l.t.Function(e.batch); err != nil {
		return nil, err
	}
	of := map[string]*graph.Variable{}
	for _, v := range weights {
		of[v.Name()] = v
	}
	// Parameters first, which have most of what is not 0.
	for _, params := range []bool{true, false} {
		for _, v := range l.t.Store().Variables() {
			if params != (v.Role() == graph.Param) {
				continue
			}
			if w := of[v.Name()]; w != nil {
				if err := v.Set(w.Float64s()); err != nil {
					return nil, err
				}
			}
			if v.Dtype() != dtypes[e.DType] {
				l.places[v.Name()] = len(l.counts)
				l.counts = append(l.counts, v)
				continue
			}
			l.places[v.Name()] = l.size
			l.state, l.size = append(l.state, v), l.size+v.Shape().Size()
		}
	}
	return l, nil
}

// leaf says where an input or a variable is.
func (l *learner) leaf(n *graph.Node) (array string, from int) {
	at, ok := l.places[n.Name()]
	switch {
	case ok && slices.Contains(l.counts, n.Variable()):
		return "m.Count", at
	case ok:
		return "m.State", at
	case n.Shape().Rank() == 0:
		return "rate", -1
	case n.Name() == "y":
		return "t", 0
	}
	return n.Name(), 0
}

// learns writes a model that learns.
func (s *sourceText) learns(l *learner, predict graph.Function) error {
	p, err := predict.Source(l.leaf)
	if err != nil {
		return err
	}
	step, err := l.step.Source(l.leaf)
	if err != nil {
		return fmt.Errorf("%w; without --train the model only predicts", err)
	}
	counts := ""
	if len(l.counts) > 0 {
		counts = fmt.Sprintf("\tCount [%d]float64\n", len(l.counts))
	}
	s.printf("// A Model has all that is learnt, and what predictions and steps work in; Init comes first. To keep\n"+
		"// its bytes, or those of Count and State, is to keep it.\n"+
		"type Model struct {\n%s\tState [%d]real\n\tarena [%d]real\n}\n\n", counts, l.size, max(p.Arena, step.Arena, 1))
	if err := s.train(l, step); err != nil {
		return err
	}
	return s.predict(p, predict.Outputs[0].Shape().Size())
}

// train writes what learns.
func (s *sourceText) train(l *learner, p *graph.Source) error {
	_, oneHot, err := s.Outputs(s.Loss.Row)
	if err != nil {
		return err
	}
	s.printf("// Batch is how many rows a training step takes.\nconst Batch = %d\n\n", l.batch)
	s.init(l)
	kind, convert, width := "int", "real(y[i])", 1
	switch {
	case s.Classes == 0:
		kind, convert = "float64", "real(y[i])"
		if !s.Raw {
			convert = fmt.Sprintf("real((y[i] - %v) / %v)", s.Offset, s.Scale)
		}
	case oneHot:
		width = s.Classes
	}
	s.printf("// Train learns from Batch rows x, of Inputs numbers each, and what is to be predicted of them, y,\n"+
		"// with a learning rate such as %v: a step of %s. It returns their mean loss before.\n"+
		"func (m *Model) Train(x []real, y []%s, rate float64) float64 {\n\tvar t [%d]real\n\tfor i := 0; i < %d; i++ {\n", l.rule.LR, l.rule.Text, kind, l.batch*width, l.batch)
	if width > 1 {
		s.printf("\t\tt[i*%d+y[i]] = 1\n", width)
	} else {
		s.printf("\t\tt[i] = %s\n", convert)
	}
	s.printf("\t}\n%s\treturn %s\n}\n\n", p.Statements, p.Outputs[0])
	return nil
}

// init writes what sets the states to those that training begins with.
func (s *sourceText) init(l *learner) {
	s.printf("// Init makes m a model as it was exported, before the first step.\nfunc (m *Model) Init() {\n")
	var packed, same []float64
	for i, v := range l.state {
		x, at := v.Float64s(), l.places[v.Name()]
		switch name := fmt.Sprint("packed", at); {
		case v.Role() == graph.Param:
			packed = append(packed, x...) // parameters come first
		case even(append(same, x...)):
			same = append(same, x...)
			if i == len(l.state)-1 || !even(append(same, l.state[i+1].Float64s()...)) {
				s.printf("\tfill(m.State[%d:], %d, %v)\n", at+len(x)-len(same), len(same), x[0])
				same = nil
			}
		default:
			s.pack(name, x)
			s.unpack(name, at, len(x))
		}
	}
	s.pack("packed", packed)
	s.unpack("packed", 0, len(packed))
	for at, v := range l.counts {
		s.printf("\tm.Count[%d] = %v\n", at, v.Float64s()[0])
	}
	s.printf("}\n\n")
}

// even tells whether all numbers are the same.
func even(x []float64) bool {
	for _, v := range x {
		if math.Float64bits(v) != math.Float64bits(x[0]) {
			return false
		}
	}
	return true
}

// pack writes numbers as texts.
func (s *sourceText) pack(name string, x []float64) {
	var words []uint32
	for _, v := range x {
		if s.real == "float32" {
			words = append(words, math.Float32bits(float32(v)))
		} else {
			words = append(words, uint32(math.Float64bits(v)>>32), uint32(math.Float64bits(v)))
		}
	}
	fmt.Fprintf(&s.after, "var %s = [...]string{%s}\n\n", name, goStrings(source.Texts(words)))
}

func (s *sourceText) unpack(name string, at, n int) {
	s.printf("\tunpack%s(m.State[%d:], %s[:], %d)\n", strings.TrimPrefix(s.real, "float"), at, name, n)
}
