package train

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/optimizers"
	"descent/optimizers/schedule"
)

// order describes the batches: a run that goes on with others is another run.
func (f *fit) order() string {
	return fmt.Sprintf("%d rows of %d, batch %d, accumulate %d, seeds %d and %d, in order %v",
		f.batches.Rows(), f.t.task.Features, f.batches.Size(), f.group, f.t.Store().Seed(), f.run.Seed, f.run.InOrder)
}

// What follows from other settings too. That it differs is told only if nothing
// else does.
const (
	ratesKey      = "rates"
	rowsKey       = "data"
	validationKey = "validation data"
)

var derived = []string{ratesKey, rowsKey, validationKey}

// identity says what the run is, by name: a checkpoint is only for the same.
func (f *fit) identity() map[string]string {
	r := &f.run
	m := maps.Clone(r.Settings)
	if m == nil {
		m = map[string]string{}
	}
	m["type"] = f.t.root.Dtype().String()
	m["epochs"] = fmt.Sprint(r.Epochs)
	m["rule"] = withoutAddresses(optimizers.Format(f.t.rule))
	m["early stopping"] = fmt.Sprintf("%s, patience %d, least improvement %v, best weights restored %v", f.monitor, r.Stop.Patience, r.Stop.MinDelta, r.Stop.RestoreBest)
	m["augmentation"] = "none"
	if r.Augment != nil {
		m["augmentation"] = withoutAddresses(r.Augment.String())
	}
	m[ratesKey] = f.describeRates()
	m[rowsKey] = "generated"
	if r.Generate == nil {
		m[rowsKey] = f.t.sum(f.train)
	}
	m[validationKey] = "none"
	if !none(r.Val) {
		m[validationKey] = f.t.sum(r.Val)
	}
	return m
}

// address is what functions and pointers are printed as; it differs from one
// process to the next.
var address = regexp.MustCompile(`0x[0-9a-f]+`)

func withoutAddresses(s string) string { return address.ReplaceAllString(s, "func") }

// describeRates describes the learning rates: as text, and those of a thousand steps, to
// the digits that all instruction sets agree in.
func (f *fit) describeRates() string {
	const samples = 1000
	steps := (f.batches.Steps() + f.group - 1) / f.group * f.run.Epochs
	h, rate := sha256.New(), schedule.Rates(f.run.Schedule)
	for i := range min(steps, samples) {
		fmt.Fprintf(h, "%.6g ", rate(i*max(1, steps/samples)))
	}
	return withoutAddresses(schedule.Format(f.run.Schedule)) + ", " + short(h)
}

func short(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:16] }

// sum is a hash of what the task takes of rows, as programs see it: how the rows
// are kept does not matter.
func (t *Trainer) sum(d data.Rows) string {
	h := sha256.New()
	for _, f := range t.one.fields {
		a, ok := d.Array(f.name)
		if !ok {
			continue
		}
		fmt.Fprintf(h, "%q %d %v %d\n", f.name, f.kind, f.shape, d.Rows())
		switch {
		case f.kind != numbers:
			sumArray[int](h, a)
		case t.root.Dtype() == graph.Float32:
			sumArray[float32](h, a)
		default:
			sumArray[float64](h, a)
		}
	}
	return fmt.Sprintf("%d rows of hash %s", d.Rows(), short(h))
}

func sumArray[T float32 | float64 | int](h hash.Hash, a data.Array) {
	const some = 64 // rows at a time
	var rows []int
	var values []T
	var raw []byte
	width := 1
	for _, n := range a.Shape() {
		width *= n
	}
	for first := 0; first < a.Rows(); first += some {
		rows = rows[:0]
		for i := first; i < min(first+some, a.Rows()); i++ {
			rows = append(rows, i)
		}
		values = slices.Grow(values[:0], some*width)[:len(rows)*width]
		data.GatherArray(values, a, rows)
		raw = appendValues(raw[:0], values)
		h.Write(raw)
	}
}

// appendValues appends the bits of values.
func appendValues(raw []byte, values any) []byte {
	switch v := values.(type) {
	case []float32:
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
	case []float64:
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
		}
	case []int:
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
		}
	}
	return raw
}

// same reports how the run of a checkpoint differs from this one. Checkpoints of
// format 1 tell only what the batches were.
func (f *fit) same(s *runState) error {
	if s.Order != f.order() {
		return fmt.Errorf("it is of another run, which has to go on as it began: the batches were %s and are %s", s.Order, f.order())
	}
	if s.Settings == nil {
		if s.Format > 1 {
			return errors.New("it does not say what run it is of")
		}
		if f.run.Warn != nil {
			f.run.Warn(errors.New("the checkpoint is of an earlier version, which did not keep the settings of a run: they are not compared"))
		}
		return nil
	}
	var plain, follows []string
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		was, is := s.Settings[name], f.settings[name]
		if was == is {
			continue
		}
		line := fmt.Sprintf("%s was %s and is %s", name, cmp.Or(was, "not given"), cmp.Or(is, "not given"))
		if slices.Contains(derived, name) {
			follows = append(follows, line)
		} else {
			plain = append(plain, line)
		}
	}
	if len(plain) == 0 {
		plain = follows
	}
	if len(plain) == 0 {
		return nil
	}
	return fmt.Errorf("it is of another run, which has to go on as it began: %s", strings.Join(plain, ", "))
}
