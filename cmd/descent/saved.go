package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"descent/data"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/train"
)

// The files of a trained model's folder, see docs/formats.md. The checkpoint is
// that of the last run; the others are one model.
const (
	modelFile      = "model.json"
	weightsFile    = "model.safetensors"
	checkpointFile = "checkpoint.safetensors"
	logFile        = "log.jsonl"
	membersFile    = "members.safetensors" // the models of --interval, if there are others than the model itself
)

// maxFile is the largest file of a model that is read.
const maxFile = 4 << 30

// modelSet are the files of a folder that are one model.
func modelSet(dir string) atomicfile.Set {
	return atomicfile.Set{Dir: dir, Manifest: modelFile, Limit: maxFile, Sums: func(text []byte) (map[string]string, error) {
		m, err := parseSaved(filepath.Join(dir, modelFile), text)
		if err != nil {
			return nil, err
		}
		sums := map[string]string{weightsFile: m.Weights, logFile: m.Log}
		if m.Weights == "" { // of format 2
			clear(sums)
		}
		if m.Interval != nil && m.Interval.Models != "" {
			sums[membersFile] = m.Interval.Models
		}
		return sums, nil
	}}
}

// savedFormat is the format of model.json that is written. In format 1, schemas
// knew no dates, no ways of writing numbers, and no words for missing cells;
// format 2 had no sums, format 3 no calibration, format 4 no intervals, format 5 no texts,
// no numbers of levels, no flags and no several targets.
const savedFormat = 6

// A saved model is the content of model.json: all that is needed, with the
// weights, to predict.
type saved struct {
	Format  int    `json:"format"`
	Command string `json:"command,omitempty"` // that made it, for people
	Data    string `json:"data"`
	DType   string `json:"dtype"`
	setup
	ClassNames []string       `json:"class_names,omitempty"`
	Target     string         `json:"target"`
	Schema     *data.Schema   `json:"schema,omitempty"` // nil for images
	Interval   *savedInterval `json:"interval,omitempty"`
	// Flags are those that said what was trained, TrainedOn is the sum of the rows that were:
	// of tables.
	Flags     []string `json:"flags,omitempty"`
	TrainedOn string   `json:"trained_on,omitempty"`

	// SHA-256 of the files of those names, and of this one up to here.
	Weights  string `json:"weights,omitempty"`
	Log      string `json:"log,omitempty"`
	Checksum string `json:"checksum,omitempty"`

	shown   int               // which output of an autoencoder is
	weights []byte            // the text of the weights
	members []byte            // that of the other models of the interval, when it is written
	meta    map[string]string // what their metadata must say
}

// dtypes are the element types by name.
var dtypes = map[string]graph.Dtype{"float32": graph.Float32, "float64": graph.Float64}

// schemaKey is the metadata of weights that say which model.json is theirs: the
// SHA-256 of all that is before its own sums.
const schemaKey = "descent.schema"

// How the sums follow what they are of. The text is cut there and compared with it,
// so that each byte counts.
const (
	weightsMember  = ",\n  \"weights\": \""
	logMember      = "\",\n  \"log\": \""
	checksumMember = "\",\n  \"checksum\": \""
	lastMember     = "\"\n}\n"
)

// write replaces the model in a folder by this one.
func (m *saved) write(dir string, t *train.Trainer, log []byte) error {
	text, err := numjson.MarshalIndent(m, "  ")
	if err != nil {
		return err
	}
	text = bytes.TrimSuffix(text, []byte("\n}"))
	weights, err := t.Encode(map[string]string{schemaKey: atomicfile.Sum(text)})
	if err != nil {
		return err
	}
	text = append(text, weightsMember+atomicfile.Sum(weights)+logMember+atomicfile.Sum(log)+checksumMember...)
	text = append(text, atomicfile.Sum(text)+lastMember...)
	files := map[string][]byte{weightsFile: weights, logFile: log}
	if m.members != nil {
		files[membersFile] = m.members
	}
	return modelSet(dir).Replace(text, files)
}

// readSaved reads the model of a folder: what is in all of its files is of one
// model, and as it was saved.
func readSaved(dir string) (*saved, error) {
	text, files, err := modelSet(dir).Load(weightsFile)
	if errors.Is(err, fs.ErrNotExist) && text == nil {
		return nil, usage(fmt.Errorf("%s: not a folder that train --out has made: %w", dir, err))
	}
	if err != nil {
		return nil, err
	}
	m, err := parseSaved(filepath.Join(dir, modelFile), text)
	if err != nil {
		return nil, err
	}
	m.weights = files[weightsFile]
	if schema, _, ok := bytes.Cut(text, []byte(weightsMember)); ok {
		m.meta = map[string]string{schemaKey: atomicfile.Sum(schema)}
	}
	return m, nil
}

// predictor returns the model with its weights, which are then no longer kept as
// text.
func (m *saved) predictor() (*train.Predictor, error) {
	task, err := m.task()
	if err != nil {
		return nil, err
	}
	text := m.weights
	m.weights = nil
	p, err := train.DecodePredictor(task, dtypes[m.DType], text, m.meta)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	return p, nil
}

// parseSaved reads the text of a model.json and checks what the rest of the
// program relies on.
func parseSaved(path string, text []byte) (*saved, error) {
	m, err := unsealed(text)
	if err == nil {
		err = m.checkSums(text)
	}
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// unsealed reads the text of a model.json, whatever its sums are.
func unsealed(text []byte) (*saved, error) {
	var head struct {
		Format int `json:"format"`
	}
	m := &saved{}
	if err := numjson.Unmarshal(text, &head); err != nil {
		return nil, err
	}
	if head.Format < 1 || head.Format > savedFormat {
		return nil, fmt.Errorf("format %d; this program reads formats 1 to %d: predict with the program that wrote it (descent version), or train again", head.Format, savedFormat)
	}
	if err := numjson.UnmarshalStrict(text, m); err != nil {
		return nil, err
	}
	if m.Schema != nil {
		m.Levels = m.Schema.Levels()
	}
	return m, nil
}

// checkSums checks the checksum, which formats 1 and 2 did not have.
func (m *saved) checkSums(text []byte) error {
	if m.Format < 3 && m.Weights == "" && m.Log == "" && m.Checksum == "" {
		return nil
	}
	end := checksumMember + m.Checksum + lastMember
	if m.Weights == "" || m.Log == "" || !bytes.HasSuffix(text, []byte(end)) {
		return errors.New("the file is damaged: its sums are not where they were written")
	}
	if atomicfile.Sum(text[:len(text)-len(m.Checksum+lastMember)]) != m.Checksum {
		return errors.New("the file is damaged, or was edited: its checksum is another")
	}
	return nil
}

func (m *saved) check() error {
	width, inputs := 1, m.Features
	for _, d := range m.Shape {
		width *= d
	}
	if m.Schema != nil {
		inputs = len(m.Schema.Features())
	}
	if m.Shape == nil && m.Schema != nil {
		width = inputs
	}
	switch {
	case dtypes[m.DType] == graph.Dtype{}:
		return fmt.Errorf("dtype %q; there are float32 and float64", m.DType)
	case m.Text != nil:
		return m.Text.check(m.Model)
	case m.Series != nil:
		return m.checkSeries()
	case m.Targets != nil:
		if m.Features != inputs {
			return fmt.Errorf("%d features, the schema has %d", m.Features, inputs)
		}
		if err := m.Targets.check(m.Schema); err != nil || m.Interval == nil {
			return err
		}
		if m.labels() {
			return fmt.Errorf("intervals of labels")
		}
		return m.Interval.check(len(m.Targets.Names))
	case m.Classes < 0 || m.Classes == 1 || len(m.ClassNames) != m.Classes:
		return fmt.Errorf("%d classes with %d names", m.Classes, len(m.ClassNames))
	case m.Features < 1 || m.Features != width || m.Features != inputs:
		return fmt.Errorf("%d features, the schema has %d", m.Features, width)
	case m.Classes == 0 && m.Scale == 0:
		return fmt.Errorf("the target's scale is 0")
	case m.Calibration != nil && !m.GivesProbabilities():
		return fmt.Errorf("a calibration, and loss %s gives no probabilities", m.Loss)
	case m.Calibration != nil:
		if err := m.Calibration.Check(m.Classes); err != nil {
			return err
		}
	}
	if m.Interval != nil {
		if err := m.Interval.check(1); err != nil {
			return err
		}
	}
	return m.checkImages()
}
