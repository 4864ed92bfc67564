package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// trigger is an output that calls pull once the mark is printed.
type trigger struct {
	printed bytes.Buffer
	mark    string
	pull    func()
}

func (o *trigger) Write(p []byte) (int, error) {
	n, err := o.printed.Write(p)
	if strings.Contains(o.printed.String(), o.mark) {
		o.pull()
	}
	return n, err
}

// A model of pictures that are moved and mixed is trained, saved, resumed to the same
// bits on another number of workers, and predicts; the shape of its inputs is that of
// the data.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	const augment = "shift(1) | rotate(10) | mixup(0.3)"
	const model = "conv(4, 3) | batch_norm | relu | pool(2) | residual(conv(4, 3)) | dense(16) | relu | dropout(rate=0.3)"
	train := func(ctx context.Context, w io.Writer, want int, out string, more ...string) {
		t.Helper()
		var errs bytes.Buffer
		args := append([]string{"train", "digits", "--model", model, "--out", filepath.Join(dir, out), "--lr", "0.003", "--epochs", "4", "--augment", augment}, more...)
		if status := run(ctx, args, nil, w, &errs); status != want {
			t.Fatalf("%v: status %d: %s", args, status, errs.String())
		}
	}
	var printed bytes.Buffer
	train(t.Context(), &printed, 0, "whole")
	if !strings.Contains(printed.String(), "(n, 4, 8, 8)") || !strings.Contains(printed.String(), "each picture is changed in each epoch: "+augment) {
		t.Errorf("the summary is of other pictures:\n%s", printed.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	train(ctx, &trigger{mark: "epoch 2/4", pull: cancel}, exitInterrupted, "halves", "--workers", "1")
	train(t.Context(), io.Discard, 0, "halves", "--resume", "--workers", "3")
	a, err1 := os.ReadFile(filepath.Join(dir, "whole", weightsFile))
	b, err2 := os.ReadFile(filepath.Join(dir, "halves", weightsFile))
	if err1 != nil || err2 != nil || string(a) != string(b) {
		t.Errorf("the weights of a resumed run have other bits, %v, %v", err1, err2)
	}
	train(t.Context(), io.Discard, 0, "alone", "--calibrate", "none") // no second training beside it
	if !reflect.DeepEqual(arraysOf(t, filepath.Join(dir, "whole")), arraysOf(t, filepath.Join(dir, "alone"))) {
		t.Error("the training beside a run changes its pictures")
	}
	var errs bytes.Buffer
	other := []string{"train", "digits", "--model", model, "--out", filepath.Join(dir, "halves"), "--lr", "0.003", "--epochs", "4", "--resume"}
	if status := run(t.Context(), other, nil, io.Discard, &errs); status != exitFailure || !strings.Contains(errs.String(), "augmentation was "+augment+" and is none") {
		t.Errorf("resumed without the augmentation: status %d: %s", status, errs.String())
	}
	m, err := readSaved(filepath.Join(dir, "whole"))
	if err != nil || m.Model.String() != model || len(m.Shape) != 2 || len(m.Mean) != 1 {
		t.Errorf("%v %v, %v", m.Model, m.Shape, err)
	}
	status, out, fault := descent("predict", filepath.Join(dir, "whole"), "digits")
	if status != 0 || strings.Count(out, "\n") < 1797 {
		t.Errorf("status %d: %.200s%s", status, out, fault)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"iris", "--augment", "flip"}, "rows are of shape [4]; pictures are rows x columns"},
		{[]string{"digits", "--augment", "flop"}, `did you mean "flip"`},
		{[]string{"digits", "--augment", "flip", "--scaling", "minmax"}, "--scaling minmax scales each pixel by itself"},
		{[]string{"digits", "--augment", "flip", "-o", "lbfgs"}, "Augment changes batches of Train for a rule"},
	} {
		if status, _, errs := descent(append([]string{"train"}, c.args...)...); status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: status %d: %s", c.args, status, errs)
		}
	}
}

// Models of pictures are shown with their layers, products and memory; a text that
// does not fit is a mistake of usage.
func TestShowPictures(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"lenet", "--classes", "10"}, 0, "lenet is short for conv(6, 5) | relu | avg_pool(2) | conv(16, 5, padding=valid)"},
		{[]string{"lenet", "--classes", "10"}, 0, "mult-adds for one row: 416,520"},
		{[]string{"lenet"}, 0, "MB for intermediate values"},
		{[]string{"conv(4,3)", "--shape", "3,5,5"}, 0, "(n, 4, 5, 5)"},
		{[]string{"conv(4,3)", "--shape", "7"}, 0, "(n, 4, 7)"},
		{[]string{"conv(4,3) | pool(9)", "--shape", "8,8"}, 2, "pool(9) (character 13), whose input is n x 4 x 8 x 8"},
		{[]string{"conv(4,3)", "--shape", "8,0"}, 2, "--shape [8 0]"},
		{[]string{"conv(4,3)", "--shape", "8,8", "--features", "64"}, 2, "one of them"},
	} {
		status, out, errs := descent(append([]string{"show"}, c.args...)...)
		if status != c.status || !strings.Contains(out+errs, c.want) {
			t.Errorf("show %v: status %d: %.300s%s", c.args, status, out, errs)
		}
	}
}

// pageCommands are those of a page in docs, without what is behind two spaces.
func pageCommands(t *testing.T, page string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		command, ok := strings.CutPrefix(line, "    descent ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, "  ")
		var args []string
		for i, part := range strings.Split(command, "'") {
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		all = append(all, args)
	}
	return all
}

// The commands of docs/layers.md do what the page says.
func TestLayersPage(t *testing.T) {
	all := pageCommands(t, "layers.md")
	for _, args := range all {
		if status, out, errs := descent(args...); status != 0 || !strings.Contains(out, "mult-adds") {
			t.Errorf("%v: status %d: %.200s%s", args, status, out, errs)
		}
	}
	if len(all) < 2 {
		t.Errorf("%d commands; the page has more", len(all))
	}
}

// The commands of docs/pictures.md work one after the other, on a folder of a few
// pictures, for an epoch.
func TestPicturesPage(t *testing.T) {
	all, photos := pageCommands(t, "pictures.md"), digitFiles(t, 60, 10)
	t.Chdir(t.TempDir())
	for name, from := range map[string]string{"photos": photos, "new-photos": filepath.Join(photos, "3")} {
		if err := os.CopyFS(name, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	done := 0
	for _, args := range all {
		if slices.Contains(args, "mnist") {
			continue // whose numbers are measured, and are not here
		}
		done++
		if at := slices.Index(args, ">"); at >= 0 {
			args = args[:at]
		}
		if args[0] == "train" {
			args = append(args, "--epochs", "1")
		}
		if status, out, errs := descent(args...); status != 0 || strings.Count(out, "\n") < 5 {
			t.Errorf("%v: status %d: %.200s%s", args, status, out, errs)
		}
	}
	if done != 7 {
		t.Errorf("%d commands; seven are expected", done)
	}
}
