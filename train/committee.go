package train

import (
	"fmt"
	"maps"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/internal/safetensors"
)

// A Committee is the models that several trainings of one task have made: on other rows, or
// with other seeds. One program computes them all, in turn, so that hundreds cost little
// more than their weights. It works for one goroutine at a time.
type Committee struct {
	p       *Predictor
	vars    []*graph.Variable
	members []map[string][]float64 // weights by name
}

// NewCommittee returns a committee of n members, which have no weights yet.
func NewCommittee(task Task, dtype graph.Dtype, n int) (*Committee, error) {
	if err := checkTask(&task, dtype); err != nil {
		return nil, err
	}
	c := &Committee{members: make([]map[string][]float64, n)}
	var err error
	c.p, err = newPredictor(task, dtype, func(vars []*graph.Variable) error {
		c.vars = vars
		return nil
	})
	return c, err
}

// Len returns the number of members.
func (c *Committee) Len() int { return len(c.members) }

// Seat makes what t has learned member k. Goroutines may seat different members at once.
func (c *Committee) Seat(k int, t *Trainer) error {
	values, err := t.weights(nil)
	if err != nil {
		return err
	}
	member := map[string][]float64{}
	for i, v := range t.model {
		if err := finite(v.Name(), values[i]); err != nil {
			return fmt.Errorf("train: member %d: %w", k+1, err)
		}
		member[v.Name()] = values[i]
	}
	c.members[k] = member
	return nil
}

// Predict returns the first prediction of each member for the rows of d, as
// [Predictor.Predict] does.
func (c *Committee) Predict(d data.Rows) (outs [][]float64, width int, err error) {
	for k, m := range c.members {
		if err := assign(c.vars, m, fmt.Sprintf("member %d: ", k+1)); err != nil {
			return nil, 0, fmt.Errorf("train: %w", err)
		}
		out, w, err := c.p.Predict(d)
		if err != nil {
			return nil, 0, err
		}
		outs, width = append(outs, out), w
	}
	return outs, width, nil
}

// Probabilities returns the probability of each class that a row of a member's prediction
// stands for; nil if the task gives none.
func (c *Committee) Probabilities(row []float64) []float64 { return c.p.Probabilities(row) }

// Encode returns the weights of all members as a file of safetensors: each array has one
// more axis, the first, for the members.
func (c *Committee) Encode(meta map[string]string) ([]byte, error) {
	file := safetensors.File{Meta: map[string]string{"format": "pt"}}
	maps.Copy(file.Meta, meta)
	for _, v := range c.vars {
		var all []float64
		for k, m := range c.members {
			if len(m[v.Name()]) != v.Shape().Size() {
				return nil, fmt.Errorf("train: member %d has no %q", k+1, v.Name())
			}
			all = append(all, m[v.Name()]...)
		}
		x := tensorOf(v.Name(), v, all)
		x.Shape = append([]int{len(c.members)}, x.Shape...)
		file.Tensors = append(file.Tensors, x)
	}
	return safetensors.Encode(file), nil
}

// DecodeCommittee returns the committee of a text that [Committee.Encode] has made.
func DecodeCommittee(task Task, dtype graph.Dtype, text []byte) (*Committee, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, err
	}
	if len(file.Tensors) == 0 || len(file.Tensors[0].Shape) == 0 {
		return nil, fmt.Errorf("train: no weights of a committee")
	}
	n := file.Tensors[0].Shape[0]
	c, err := NewCommittee(task, dtype, n)
	if err != nil {
		return nil, err
	}
	for k := range c.members {
		c.members[k] = map[string][]float64{}
	}
	for _, x := range file.Tensors {
		i := slices.IndexFunc(c.vars, func(v *graph.Variable) bool { return v.Name() == x.Name })
		if i < 0 {
			return nil, fmt.Errorf("train: the model has no %q", x.Name)
		}
		if want := append([]int{n}, c.vars[i].Shape().Dims()...); !slices.Equal(x.Shape, want) {
			return nil, fmt.Errorf("train: %q is %v, of %d members it is %v", x.Name, x.Shape, n, want)
		}
		all, size := x.Float64s(), c.vars[i].Shape().Size()
		if err := finite(x.Name, all); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
		for k := range c.members {
			c.members[k][x.Name] = all[k*size : (k+1)*size]
		}
	}
	return c, nil
}
