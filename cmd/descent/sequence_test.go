package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"descent/internal/safetensors"

	"github.com/spf13/pflag"
)

// A stopper ends a run when it sees a text.
type stopper struct {
	at   string
	stop func()
}

func (s *stopper) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(s.at)) {
		s.stop()
	}
	return len(p), nil
}

// resumes trains three epochs, once in one go and once interrupted in the second, and
// compares all arrays of model and checkpoint. With other flags there is nothing to go on
// with.
func resumes(t *testing.T, args []string, other ...string) {
	t.Helper()
	var arrays [2]string
	for i, dir := range []string{t.TempDir(), t.TempDir()} {
		args := append(slices.Clone(args), "--epochs", "3", "--checkpoint-every", "0", "--out", dir)
		if i == 1 {
			ctx, cancel := context.WithCancel(context.Background())
			if status := run(ctx, args, strings.NewReader(""), &stopper{"epoch 2/3", cancel}, io.Discard); status != exitInterrupted {
				t.Fatalf("status %d of a run that was stopped", status)
			}
			args = append(args, "--resume")
		}
		if status, out, err := descent(args...); status != 0 {
			t.Fatalf("status %d: %s%s", status, out, err)
		}
		for _, name := range []string{weightsFile, checkpointFile} {
			f, err := safetensors.Decode([]byte(textOf(t, dir, name)))
			if err != nil || len(f.Tensors) == 0 {
				t.Fatalf("%s: %d arrays, %v", name, len(f.Tensors), err)
			}
			arrays[i] += fmt.Sprint(f.Tensors)
		}
		if status, _, err := descent(append(append(args, "--resume"), other...)...); status == 0 || !strings.Contains(err, "another") {
			t.Errorf("%v: status %d: %s", other, status, err)
		}
	}
	if arrays[0] != arrays[1] {
		t.Error("a run that went on has other arrays than one that was not interrupted")
	}
}

// Each flag of train is heeded or refused, for a text, a series and a table.
func TestSequencesRefuse(t *testing.T) {
	sales, book := file(t, "sales.csv", salesText(60)), file(t, "book.txt", strings.Repeat("To be, or not to be. ", 20))
	trainCommand().Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(ruled, f.Name) || f.Name == "help" {
			return
		}
		value := map[string]string{"bool": "true", "int": "3", "float64": "0.2", "duration": "3s"}[f.Value.Type()]
		switch f.Name {
		case "optimizer", "model", "time":
			return // which decide what it is
		case "augment":
			value = "shift(1)"
		case "report":
			value = t.TempDir() + "/r.html"
		case "class-weight":
			value = "balanced"
		default:
			if value == "" {
				value = "x"
			}
		}
		for _, c := range []struct {
			args []string
			own  []string
		}{
			{[]string{"train", book, "--model", "embed(4) | gru(4)", "--context", "8"}, forText},
			{[]string{"train", sales, "--time", "date", "--target", "sales", "--window", "5"}, forSeries},
			{[]string{"train", sales, "--target", "sales,price"}, forTargets},
		} {
			if slices.Contains(c.own, f.Name) {
				continue
			}
			if status, _, err := descent(append(c.args, "--"+f.Name+"="+value)...); status != exitUsage || !strings.Contains(err, "--"+f.Name) {
				t.Errorf("%v --%s=%s: status %d: %s", c.args[2:], f.Name, value, status, err)
			}
		}
	})
}
