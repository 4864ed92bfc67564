package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"descent/data"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// aside are flags of train that do not say what is trained.
var aside = []string{"out", "report", "watch", "tensorboard", "oof", "json", "quiet", "resume", "checkpoint-every", "workers", "max-memory", "folds", "repeats", "search", "for", "score"}

// runFlags are the flags of a command that say what is trained, as they are given: with
// them the same run can be made again. A rate that was looked for is that which was found.
func (o *trainOptions) runFlags(cmd *cobra.Command) []string {
	flags := givenFlags(cmd.Flags(), aside...)
	for i, f := range flags {
		switch {
		case strings.HasPrefix(f, "--lr="):
			flags[i] = "--lr=" + rateFlag{rate: o.lr}.String()
		case strings.HasPrefix(f, "--target="):
			flags[i] = "--target=" + strings.Join(append([]string{o.target}, o.more...), ",")
		}
	}
	return flags
}

// givenFlags are the flags that were given, but for some, as a command line has them.
func givenFlags(f *pflag.FlagSet, but ...string) (flags []string) {
	f.Visit(func(f *pflag.Flag) {
		if slices.Contains(but, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if v, ok := f.Value.(pflag.SliceValue); ok {
			if values = v.GetSlice(); f.Value.Type() == "stringSlice" {
				values = []string{commas(values)}
			}
		}
		for _, v := range values {
			flags = append(flags, "--"+f.Name+"="+v)
		}
	})
	return flags
}

// commas joins words as flags that are lists read them.
func commas(words []string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(words); err != nil {
		panic(err) // of a buffer
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// rowSum is the SHA-256 of rows as they are trained on.
func rowSum(d *data.Dataset) string {
	h := sha256.New()
	var b []byte
	for _, values := range [][]float64{d.X.Numbers(), d.Y, d.Weight} {
		for _, x := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	}
	for _, c := range d.Class {
		b = binary.LittleEndian.AppendUint64(b, uint64(c))
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// run returns the run that has made a model, ready to be done again, without its data. What
// a file says is not trusted to write anything, nor, unless programs says so, to run any.
func (m *saved) run(cmd *cobra.Command, programs bool) (*trainOptions, error) {
	for _, flag := range m.Flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if !strings.HasPrefix(flag, "--") || slices.Contains(aside, name) {
			return nil, fmt.Errorf("%s: %q is no flag that says what was trained", modelFile, flag)
		}
		if !programs && strings.Contains(value, "exec:") {
			return nil, usage(fmt.Errorf("%s: it would run programs with your rights: %s; give --programs if you trust them", modelFile, value))
		}
	}
	o := &trainOptions{}
	again := o.command()
	again.SetIn(cmd.InOrStdin())
	again.SetErr(cmd.ErrOrStderr())
	if err := again.ParseFlags(m.Flags); err != nil {
		return nil, fmt.Errorf("%s: the flags of its training: %w", modelFile, err)
	}
	return o, o.check(again)
}

// again divides the rows as the training of a model did, and returns a trainer with its
// weights; nil if these are other rows.
func (m *saved) again(o *trainOptions, dir string) (*report, *train.Trainer, error) {
	parts, err := o.parts(o.src)
	if err != nil {
		return nil, nil, nil // which other rows may well be
	}
	r := &report{Data: m.Data, Seed: o.seed, parts: parts}
	t, err := o.ready(r)
	if err != nil || rowSum(parts.Train) != m.TrainedOn {
		return nil, nil, nil
	}
	if err := t.Load(filepath.Join(dir, weightsFile)); err != nil {
		return nil, nil, err
	}
	if o.Targets != nil {
		o.Targets.Calibrations = m.Targets.Calibrations
	}
	o.Calibration = m.Calibration
	return r, t, t.Calibrate(m.Calibration)
}
