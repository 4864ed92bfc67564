package train

import (
	"errors"
	"fmt"
	"maps"
	"math"
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

// checkpointFormat is what is written. Format 1, which had no number, had no
// settings and no checksum.
const checkpointFormat = 2

// runState is the position with its history.
type runState struct {
	Format int `json:"format"`
	position
	Order    string            `json:"order"`    // what the batches are, to notice a change
	Settings map[string]string `json:"settings"` // what else the run is, see identity.go
	History  History           `json:"history"`
}

// An UnsavedError says that the last checkpoint of a run could not be written. The
// run itself went on, see [Run].Warn.
type UnsavedError struct{ Err error }

func (e *UnsavedError) Error() string {
	return fmt.Sprintf("train: the checkpoint was not written: %v", e.Err)
}

func (e *UnsavedError) Unwrap() error { return e.Err }

// save writes the checkpoint, if one is wanted. That it cannot be written does not
// end the run; a state that is no good to go on from does.
func (f *fit) save() error {
	if f.run.Checkpoint == "" {
		return nil
	}
	for _, v := range f.t.model {
		if err := finite(v.Name(), v.Float64s()); err != nil {
			return &DivergedError{f.t.step, math.NaN(), err}
		}
	}
	f.unsaved = nil
	if err := f.write(); err != nil {
		f.unsaved = &UnsavedError{err}
		if f.run.Warn != nil {
			f.run.Warn(f.unsaved)
		}
	}
	f.saved = time.Now()
	return nil
}

func (f *fit) write() error {
	f.Seconds = f.elapsed()
	f.Step = f.t.step
	text, err := numjson.Marshal(runState{checkpointFormat, f.position, f.order(), f.settings, f.hist})
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
	return atomicfile.Write(f.run.Checkpoint, safetensors.Encode(file))
}

// load takes the state of a checkpoint over.
func (f *fit) load(path string) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	if err := f.restore(text); err != nil {
		return fmt.Errorf("checkpoint %s: %w", path, err)
	}
	return nil
}

func (f *fit) restore(text []byte) error {
	s, values, err := parseCheckpoint(text)
	if err != nil {
		return err
	}
	if err := f.same(s); err != nil {
		return err
	}
	for _, v := range f.t.model {
		if err := finite(v.Name(), values[v.Name()]); err != nil {
			return err
		}
	}
	var best [][]float64
	for _, v := range f.t.model {
		if w := values[bestPrefix+v.Name()]; w != nil && len(w) == v.Shape().Size() {
			best = append(best, w)
		}
	}
	if n := len(best); n != 0 && n != len(f.t.model) {
		return errors.New("it has only some of the best weights")
	}
	if err := assign(f.t.Store().Variables(), values, ""); err != nil {
		return err
	}
	f.position, f.hist, f.bestWeights, f.t.step = s.position, s.History, best, s.Step
	return nil
}

// parseCheckpoint reads the text of a checkpoint: the state and the values of all
// variables.
func parseCheckpoint(text []byte) (*runState, map[string][]float64, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, nil, err
	}
	s := &runState{}
	if err := numjson.Unmarshal([]byte(file.Meta[runKey]), s); err != nil {
		return nil, nil, fmt.Errorf("no state of a run: %w", err)
	}
	if s.Format > checkpointFormat {
		return nil, nil, fmt.Errorf("format %d; this program reads formats up to %d: go on with the program that wrote it, or without the checkpoint", s.Format, checkpointFormat)
	}
	if s.Step < 0 || s.Epoch < 0 || s.Batch < 0 || s.Wait < 0 {
		return nil, nil, fmt.Errorf("it is at step %d, epoch %d, batch %d", s.Step, s.Epoch, s.Batch)
	}
	values := map[string][]float64{}
	for _, t := range file.Tensors {
		values[t.Name] = t.Float64s()
	}
	return s, values, nil
}

// weights returns the values that evaluation uses, in dst if it is not nil.
func (t *Trainer) weights(dst [][]float64) ([][]float64, error) {
	if dst == nil {
		dst = make([][]float64, len(t.model))
	}
	err := t.averaged(func() error {
		for i, v := range t.model {
			dst[i] = v.Append(dst[i][:0])
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
// as a safetensors file. Rules that average weights save the average. Numbers that
// are not finite are a [DivergedError].
func (t *Trainer) Save(path string) error {
	text, err := t.Encode(nil)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, text)
}

// Encode returns the text of what Save writes, with meta in its metadata.
func (t *Trainer) Encode(meta map[string]string) (text []byte, err error) {
	file := safetensors.File{Meta: map[string]string{"format": "pt"}}
	maps.Copy(file.Meta, meta)
	err = t.alone(func() error {
		weights, err := t.weights(nil)
		if err != nil {
			return err
		}
		for i, w := range weights {
			if err := finite(t.model[i].Name(), w); err != nil {
				return &DivergedError{t.step, math.NaN(), err}
			}
			file.Tensors = append(file.Tensors, tensorOf(t.model[i].Name(), t.model[i], w))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return safetensors.Encode(file), nil
}

// finite reports weights that no model can work with.
func finite(name string, weights []float64) error {
	for _, x := range weights {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%q has a weight that is %v", name, x)
		}
	}
	return nil
}

// Load reads what Save has written. Arrays of another element type are
// converted; there must be one for each, of the right shape, finite, and no other.
func (t *Trainer) Load(path string) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	values, err := decodeModel(text, t.model, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return t.averaged(func() error { return assign(t.model, values, path+": ") })
}

// decodeModel reads the values of a model's variables, with metadata that must be
// there.
func decodeModel(text []byte, model []*graph.Variable, meta map[string]string) (map[string][]float64, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, err
	}
	for key, want := range meta {
		if got := file.Meta[key]; got != want {
			return nil, fmt.Errorf("weights with %s %q, not %q", key, got, want)
		}
	}
	byName := map[string][]float64{}
	for _, x := range file.Tensors {
		byName[x.Name] = x.Float64s()
		if err := finite(x.Name, byName[x.Name]); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(model, func(v *graph.Variable) bool { return v.Name() == x.Name })
		if i < 0 {
			return nil, fmt.Errorf("the model has no %q", x.Name)
		}
		if dims := model[i].Shape().Dims(); !slices.Equal(dims, x.Shape) {
			return nil, fmt.Errorf("%q is %v, the model's is %v", x.Name, x.Shape, dims)
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

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: not a file of at most 4 GiB", path)
	}
	return os.ReadFile(path)
}

// tensorOf returns values as a tensor of a variable's shape.
func tensorOf(name string, v *graph.Variable, values []float64) safetensors.Tensor {
	return safetensors.Of(name, v.Dtype() == graph.Float32, v.Shape().Dims(), values)
}
