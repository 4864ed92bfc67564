package rule

import (
	"descent/graph"
	"descent/ops"
)

// Tables of embeddings have many rows, of which a batch uses few. A rule that
// leaves alone whatever has gradient 0 then sees only these rows, each once: of the
// parameter, the gradient and the states. What a step costs does not depend on how
// many there are in all.

// A Sparing rule leaves parameter and states as they are where the gradient is 0, or
// in rows of a table that a batch does not use.
type Sparing interface{ Spares() bool }

// spare reports whether all rules do.
func spare(rules []Rule) bool {
	for _, r := range rules {
		if s, ok := r.(Sparing); !ok || !s.Spares() {
			return false
		}
	}
	return true
}

// A table is a parameter, or a state of one, of which a step sees some rows.
type table struct {
	rows  *node           // which, each once; -1 is none
	whole map[*node]*node // by what the step sees
}

// narrow makes the step that of the rows of the parameter which the gradient x of
// the rows at index is for.
func (s *Step) narrow(x, index *node) {
	n := s.old.Shape().Dim(0)
	s.table = &table{rows: ops.FirstRows(index, n), whole: map[*node]*node{}}
	s.Param = s.table.take(s.old)
	s.Begin(ops.SumRows(x, index, n))
}

// take returns what a step sees of a parameter or a state.
func (t *table) take(whole *node) *node {
	if t == nil {
		return whole
	}
	part := ops.Take(whole, t.rows, 0)
	t.whole[part] = whole
	return part
}

// update makes target, or that of which it is a part, take a value.
func (t *table) update(target, value *node) graph.Update {
	if t != nil && t.whole[target] != nil {
		whole := t.whole[target]
		return graph.Update{Target: whole, Value: ops.PutRows(whole, t.rows, value)}
	}
	return graph.Update{Target: target, Value: value}
}
