package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/pflag"

	"descent/losses"
	"descent/models"
	"descent/optimizers/schedule"
)

// flagHeads say what a flag means in all the commands that have it; a command
// adds what it does there.
var flagHeads = map[string]string{
	"batch":       "rows in a batch",
	"bounds":      "ranges that are not left, such as x=0:5,y=:1",
	"context":     "for a text: how many tokens the model sees at once",
	"epochs":      "passes over the training rows",
	"group":       "`column` whose rows of one value are all held out or none, such as the patients of which there are several rows; it is no input",
	"time":        "`column` of dates or numbers that the rows are in the order of: the latest are held out; it is no input",
	"graph":       "file for the expression graph",
	"interval":    "intervals of numbers, and sets of classes, that hold the truth of new rows",
	"json":        "print JSON",
	"loss":        "loss, such as mse, 'huber(delta=2)' or a formula in pred and target",
	"optimizer":   "optimizer, such as sgd, 'adam(lr=0.01)' or 'clip(1) | adam'",
	"programs":    "run the programs (exec:) that a file names, with your rights",
	"out":         "where to put what is made",
	"outside":     "say of each row how far it is outside the numbers of training, in widths of their range; 0 is within",
	"plot":        "file for a picture, .svg or .png",
	"scaling":     "of numeric inputs: standard, minmax or none",
	"score":       "what ranks, and what settings are chosen by",
	"schedule":    "learning rate by the step, such as cosine or linear, which fall to 0, 'warmup(steps=100) | cosine', or constant",
	"seed":        "seed of what is random",
	"shape":       "lengths of a row's inputs, such as 28,28 or 3,32,32",
	"start":       "where to start, such as x=4,y=3 or x=[0,0]",
	"steps":       "number of steps",
	"temperature": "how much is left to chance",
	"test":        "share of the rows held out for the scores",
	"unknown":     "words that training has not seen: missing takes them for missing cells, refuse does not",
	"val":         "share of the rows held out for validation",
	"watch":       "address and port, such as 127.0.0.1:8080, at which browsers see the run go on",
	"weight":      "`column` that says how much each row counts",
	"workers":     "processors to use; results do not depend on it (default: all)",
}

// about describes a flag: what it means everywhere, and here.
func about(name, here string) string { return flagHeads[name] + here }

// parsed is a flag whose text is parsed once, where it is given.
type parsed[T any] struct {
	value *T
	text  string
	parse func(string) (T, error)
}

// textFlag adds such a flag. If it is not given, byDefault stands in the help and
// the value is left as it is.
func textFlag[T any](f *pflag.FlagSet, value *T, name, short, byDefault, usage string, parse func(string) (T, error)) {
	f.VarP(&parsed[T]{value, byDefault, parse}, name, short, usage)
}

// Set implements pflag.Value.
func (p *parsed[T]) Set(text string) error {
	v, err := p.parse(text)
	if err == nil {
		*p.value, p.text = v, text
	}
	return err
}

// String implements pflag.Value.
func (p *parsed[T]) String() string { return p.text }

// Type implements pflag.Value.
func (p *parsed[T]) Type() string { return "string" }

// must is the value of a text of ours.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// modelFlags adds the flags of the model and the loss.
func (s *setup) modelFlags(f *pflag.FlagSet, model string) {
	if model != "" {
		s.Model = must(models.Parse(model))
	}
	textFlag(f, &s.Model, "model", "m", model, "layers joined by |, such as 'dense(64) | relu | dropout(0.2)', or their names: linear, logistic, softmax, mlp(64,32,act=tanh)", models.Parse)
	lossFlag(f, &s.Loss, " (default: what suits the target)")
}

func lossFlag(f *pflag.FlagSet, loss **losses.Spec, here string) {
	textFlag(f, loss, "loss", "l", "", about("loss", here), losses.ByName)
}

func scheduleFlag(f *pflag.FlagSet, s **schedule.Spec, byDefault, here string) {
	textFlag(f, s, "schedule", "", byDefault, about("schedule", here), func(text string) (*schedule.Spec, error) {
		s, err := schedule.Parse(text)
		return &s, err
	})
}

// seedFlag adds the flag of a seed.
func seedFlag(f *pflag.FlagSet, seed *uint64, here string) {
	*seed = 1
	textFlag(f, seed, "seed", "s", "1", about("seed", here), func(text string) (uint64, error) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("a seed is a whole number from 0 to %d", uint64(math.MaxUint64))
		}
		return n, nil
	})
}

// workersFlag adds the flag of workers; 0 is one for each processor.
func workersFlag(f *pflag.FlagSet, workers *int, here string) {
	f.IntVarP(workers, "workers", "w", 0, about("workers", here))
}

// apart refuses shares of held-out rows that leave none for training.
func apart(val, test float64) error {
	if !(val >= 0 && val < 1) || !(test >= 0 && test < 1) {
		return fmt.Errorf("--val %v, --test %v: shares are at least 0 and below 1", val, test)
	}
	if val+test >= 1 {
		return fmt.Errorf("--val %v and --test %v leave no rows for training: together they must be below 1", val, test)
	}
	return nil
}
