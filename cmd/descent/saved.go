package main

import (
	"fmt"
	"os"
	"path/filepath"

	"descent/data"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/train"
)

// The files of a trained model's folder.
const (
	modelFile      = "model.json"
	weightsFile    = "model.safetensors"
	checkpointFile = "checkpoint.safetensors"
	logFile        = "log.jsonl"
)

// savedFormat is the format of model.json that is written. In format 1, schemas
// knew no dates, no ways of writing numbers, and no words for missing cells.
const savedFormat = 2

// A saved model is the content of model.json: all that is needed, with the
// weights, to predict.
type saved struct {
	Format  int    `json:"format"`
	Command string `json:"command,omitempty"` // that made it, for people
	Data    string `json:"data"`
	DType   string `json:"dtype"`
	setup
	ClassNames []string     `json:"class_names,omitempty"`
	Target     string       `json:"target"`
	Schema     *data.Schema `json:"schema,omitempty"` // nil for images
	Shape      []int        `json:"shape,omitempty"`  // of images
}

// dtypes are the element types by name.
var dtypes = map[string]graph.Dtype{"float32": graph.Float32, "float64": graph.Float64}

func (m *saved) write(dir string) error {
	text, err := numjson.MarshalIndent(m, "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, modelFile), append(text, '\n'))
}

// readSaved reads model.json, see parseSaved.
func readSaved(dir string) (*saved, error) {
	path := filepath.Join(dir, modelFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: not a folder that train --out has made: %w", dir, err)
	}
	return parseSaved(path, text)
}

// parseSaved reads the text of a model.json and checks what the rest of the
// program relies on.
func parseSaved(path string, text []byte) (*saved, error) {
	m := &saved{}
	if err := numjson.UnmarshalStrict(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	width := 1
	for _, d := range m.Shape {
		width *= d
	}
	if m.Schema != nil {
		width = len(m.Schema.Features())
	}
	var err error
	switch {
	case m.Format < 1 || m.Format > savedFormat:
		err = fmt.Errorf("format %d; this program reads formats 1 to %d", m.Format, savedFormat)
	case dtypes[m.DType] == graph.Dtype{}:
		err = fmt.Errorf("dtype %q; there are float32 and float64", m.DType)
	case m.Classes < 0 || m.Classes == 1 || len(m.ClassNames) != m.Classes:
		err = fmt.Errorf("%d classes with %d names", m.Classes, len(m.ClassNames))
	case m.Features < 1 || m.Features != width:
		err = fmt.Errorf("%d features, the schema has %d", m.Features, width)
	case m.Classes == 0 && m.Scale == 0:
		err = fmt.Errorf("the target's scale is 0")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// predictor returns the model with its weights.
func (m *saved) predictor(dir string) (*train.Predictor, error) {
	task, err := m.task()
	if err != nil {
		return nil, err
	}
	return train.LoadPredictor(task, dtypes[m.DType], filepath.Join(dir, weightsFile))
}
