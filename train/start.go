package train

import (
	"errors"
	"fmt"
	"slices"

	"descent/graph"
	"descent/internal/safetensors"
)

// A Start says what a trainer took of the weights of another, by the names of arrays.
type Start struct {
	Taken []string `json:"taken"` // where names and shapes agree
	Fresh []string `json:"fresh"` // of the model, as they were
	Spare []string `json:"spare"` // which the model has no place for
}

// Start gives the model the weights of a text that [Trainer.Save] has written, of another
// model perhaps, where names and shapes agree: what the one has learned is where the other
// begins. Arrays of another element type are converted. All else stays as [New] or
// [Trainer.Reset] have made it, the states of the rule too, so it is called after them and
// before the first step. It is an error, and nothing is changed, if no parameter agrees, or
// a number is not finite.
func (t *Trainer) Start(text []byte) (*Start, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, err
	}
	values := make([][]float64, len(t.model))
	s, params := &Start{}, 0
	for _, x := range file.Tensors {
		i := slices.IndexFunc(t.model, func(v *graph.Variable) bool { return v.Name() == x.Name })
		if i < 0 || !slices.Equal(t.model[i].Shape().Dims(), x.Shape) {
			s.Spare = append(s.Spare, differs(x, t.model, i))
			continue
		}
		values[i] = x.Float64s()
		if err := finite(x.Name, values[i]); err != nil {
			return nil, err
		}
		if s.Taken = append(s.Taken, x.Name); t.model[i].Role() == graph.Param {
			params++
		}
	}
	if params == 0 {
		return nil, errors.New("no parameter of the model has the name and the shape of one there: build it of the same layers, in the same order")
	}
	for i, v := range t.model {
		if values[i] == nil {
			s.Fresh = append(s.Fresh, v.Name())
		}
	}
	return s, t.alone(func() error {
		for i, v := range t.model {
			if values[i] == nil {
				continue
			}
			if err := v.Set(values[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// differs names an array that has no place among the variables of a model, or, at i, one
// of another shape.
func differs(x safetensors.Tensor, model []*graph.Variable, i int) string {
	if i < 0 {
		return x.Name
	}
	return fmt.Sprintf("%s (%v, and %v here)", x.Name, graph.Dims(x.Shape...), model[i].Shape())
}
