package train

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/internal/safetensors"
)

// A checkpoint is one safetensors file, so that no crash can pair the weights
// of one moment with the position of another: all variables, the best weights
// with best/ in front of their names, and the position as JSON in the metadata.

const (
	bestPrefix = "best/"
	runKey     = "descent.run"
)

// runState is the position with its history.
type runState struct {
	position
	Order   string  `json:"order"` // what the batches are, to notice a change
	History History `json:"history"`
}

// order describes the batches: a run that goes on with others is another run.
func (f *fit) order() string {
	return fmt.Sprintf("%d rows of %d, batch %d, accumulate %d, seeds %d and %d, in order %v",
		f.batches.Rows(), f.t.task.Features, f.batches.Size(), f.group, f.t.Store().Seed(), f.run.Seed, f.run.InOrder)
}

// save writes the checkpoint, if one is wanted.
func (f *fit) save() error {
	if f.run.Checkpoint == "" {
		return nil
	}
	f.Seconds = f.elapsed()
	f.Step = f.t.step
	text, err := numjson.Marshal(runState{f.position, f.order(), f.hist})
	if err != nil {
		return err
	}
	file := safetensors.File{Meta: map[string]string{"format": "pt", runKey: string(text)}}
	for _, v := range f.t.Store().Variables() {
		file.Tensors = append(file.Tensors, tensorOf(v.Name(), v, v.Float64s()))
	}
	if f.bestWeights != nil {
		for i, v := range f.t.model {
			file.Tensors = append(file.Tensors, tensorOf(bestPrefix+v.Name(), v, f.bestWeights[i]))
		}
	}
	if err := atomicfile.Write(f.run.Checkpoint, safetensors.Encode(file)); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	f.saved = time.Now()
	return nil
}

// load takes the state of a checkpoint over.
func (f *fit) load(path string) error {
	file, err := readTensors(path)
	if err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("checkpoint %s: %w", path, err) }
	var s runState
	if err := numjson.Unmarshal([]byte(file.Meta[runKey]), &s); err != nil {
		return fail(fmt.Errorf("no state of a run: %w", err))
	}
	if s.Order != f.order() {
		return fail(fmt.Errorf("it is of another run: %s; this one has %s", s.Order, f.order()))
	}
	byName := map[string][]float64{}
	for _, t := range file.Tensors {
		byName[t.Name] = float64s(t)
	}
	if err := assign(f.t.Store().Variables(), byName, ""); err != nil {
		return fail(err)
	}
	for _, v := range f.t.model {
		if best := byName[bestPrefix+v.Name()]; len(best) == v.Shape().Size() && best != nil {
			f.bestWeights = append(f.bestWeights, best)
		}
	}
	if n := len(f.bestWeights); n != 0 && n != len(f.t.model) {
		return fail(errors.New("it has only some of the best weights"))
	}
	f.position, f.hist, f.t.step = s.position, s.History, s.Step
	return nil
}

// weights returns the values that evaluation uses, in dst if it is not nil.
func (t *Trainer) weights(dst [][]float64) ([][]float64, error) {
	if dst == nil {
		dst = make([][]float64, len(t.model))
	}
	err := t.averaged(func() error {
		for i, v := range t.model {
			dst[i] = v.Float64s()
		}
		return nil
	})
	return dst, err
}

// restoreBest gives the model the weights of its best epoch.
func (f *fit) restoreBest() error {
	return f.t.averaged(func() error {
		for i, v := range f.t.model {
			if err := v.Set(f.bestWeights[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Save writes what evaluation needs, the parameters and the states of layers,
// as a safetensors file. Rules that average weights save the average.
func (t *Trainer) Save(path string) error {
	return t.alone(func() error { return t.save(path) })
}

func (t *Trainer) save(path string) error {
	file := safetensors.File{Meta: map[string]string{"format": "pt"}}
	weights, err := t.weights(nil)
	if err != nil {
		return err
	}
	for i, w := range weights {
		file.Tensors = append(file.Tensors, tensorOf(t.model[i].Name(), t.model[i], w))
	}
	return atomicfile.Write(path, safetensors.Encode(file))
}

// Load reads what Save has written. Arrays of another element type are
// converted; there must be one for each, of the right shape, and no other.
func (t *Trainer) Load(path string) error {
	values, err := readModel(path, t.model)
	if err != nil {
		return err
	}
	return t.averaged(func() error { return assign(t.model, values, path+": ") })
}

// readModel reads the values of a model's variables.
func readModel(path string, model []*graph.Variable) (map[string][]float64, error) {
	file, err := readTensors(path)
	if err != nil {
		return nil, err
	}
	byName := map[string][]float64{}
	for _, x := range file.Tensors {
		byName[x.Name] = float64s(x)
		i := slices.IndexFunc(model, func(v *graph.Variable) bool { return v.Name() == x.Name })
		if i < 0 {
			return nil, fmt.Errorf("%s: the model has no %q", path, x.Name)
		}
		if dims := model[i].Shape().Dims(); !slices.Equal(dims, x.Shape) {
			return nil, fmt.Errorf("%s: %q is %v, the model's is %v", path, x.Name, x.Shape, dims)
		}
	}
	return byName, nil
}

// assign sets all variables, or none.
func assign(vars []*graph.Variable, values map[string][]float64, where string) error {
	for _, v := range vars {
		x, ok := values[v.Name()]
		if !ok {
			return fmt.Errorf("%sit has no %q", where, v.Name())
		}
		if len(x) != v.Shape().Size() {
			return fmt.Errorf("%s%q has %d elements, the model's has %d", where, v.Name(), len(x), v.Shape().Size())
		}
	}
	for name := range values {
		if !strings.HasPrefix(name, bestPrefix) && !slices.ContainsFunc(vars, func(v *graph.Variable) bool { return v.Name() == name }) {
			return fmt.Errorf("%sit has %q, the model does not", where, name)
		}
	}
	for _, v := range vars {
		if err := v.Set(values[v.Name()]); err != nil {
			return err
		}
	}
	return nil
}

// maxFile is the largest file of weights that is read.
const maxFile = 4 << 30

func readTensors(path string) (*safetensors.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: not a file of at most 4 GiB", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// tensorOf returns values as a tensor of a variable's shape.
func tensorOf(name string, v *graph.Variable, values []float64) safetensors.Tensor {
	x := safetensors.Tensor{Name: name, Shape: v.Shape().Dims(), F64: values}
	if v.Dtype() == graph.Float32 {
		x.F32, x.F64 = make([]float32, len(values)), nil
		for i, y := range values {
			x.F32[i] = float32(y)
		}
	}
	return x
}

func float64s(t safetensors.Tensor) []float64 {
	if t.F32 == nil {
		return t.F64
	}
	out := make([]float64, len(t.F32))
	for i, x := range t.F32 {
		out[i] = float64(x)
	}
	return out
}
