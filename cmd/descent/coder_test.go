package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Autoencoders are trained on pictures, with labels or without, and on tables; saved,
// resumed to the same bits on another number of workers, predicted, and shown.
func TestCoders(t *testing.T) {
	folder, dir := digitFiles(t, 300, 8), t.TempDir()
	for _, model := range []string{"vae(32, 6)", "autoencoder(6, encoder=conv(4, 3, stride=2) | relu, decoder=dense(32) | relu)"} {
		train := func(ctx context.Context, w io.Writer, want int, out string, more ...string) {
			t.Helper()
			var errs bytes.Buffer
			args := append([]string{"train", folder, "--model", model, "--out", filepath.Join(dir, out), "--epochs", "12", "--lr", "0.005", "--augment", "shift(1)"}, more...)
			if status := run(ctx, args, nil, w, &errs); status != want {
				t.Fatalf("%v: status %d: %s", args, status, errs.String())
			}
		}
		var printed bytes.Buffer
		train(t.Context(), &printed, 0, "whole")
		out := printed.String()
		if !strings.Contains(out, "codes, and reconstructions, from 64 inputs") || !strings.Contains(out, "nats a row") || !strings.Contains(out, "always saying the mean of the training rows: loss 2") {
			t.Errorf("%s: %s", model, out)
		}
		ctx, cancel := context.WithCancel(t.Context())
		train(ctx, &trigger{mark: "epoch  5/12", pull: cancel}, exitInterrupted, "halves", "--workers", "1")
		train(t.Context(), io.Discard, 0, "halves", "--resume", "--workers", "3")
		a, err1 := os.ReadFile(filepath.Join(dir, "whole", weightsFile))
		b, err2 := os.ReadFile(filepath.Join(dir, "halves", weightsFile))
		if err1 != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%s: the weights of a resumed run have other bits, %v, %v", model, err1, err2)
		}
		if err := os.RemoveAll(filepath.Join(dir, "halves")); err != nil {
			t.Fatal(err)
		}
		whole := filepath.Join(dir, "whole")
		codes := predictedRows(t, whole, filepath.Join(folder, "3"))
		if strings.Join(codes[0], ",") != "picture,code_1,code_2,code_3,code_4,code_5,code_6" {
			t.Errorf("%s: columns %v", model, codes[0])
		}
		again := predictedRows(t, whole, filepath.Join(folder, "3"), "--output", "reconstruction")
		if len(again[0]) != 65 || len(again) != len(codes) {
			t.Errorf("%s: %d rows of %d columns", model, len(again), len(again[0]))
		}
		for _, cell := range again[1][1:] {
			if x, err := strconv.ParseFloat(cell, 64); err != nil || x < 0 || x > 1 {
				t.Errorf("%s: a pixel is %s", model, cell)
			}
		}
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"train", filepath.Join(folder, "3"), "--model", "vae(8, 2)", "--epochs", "1"}, 0, "on"},
		{[]string{"train", "wine", "--model", "autoencoder(8, 2)", "--epochs", "2"}, 0, "column cultivar is not used: an autoencoder learns its inputs"},
		{[]string{"train", "wine", "--model", "vae(8, 2)", "--loss", "bce_logits"}, 2, "is for inputs from 0 to 1"},
		{[]string{"train", "wine", "--model", "vae(8, 2)", "--loss", "cross_entropy"}, 2, "cannot compare the inputs"},
		{[]string{"train", "wine", "--model", "vae(8, 2)", "--loss", "mse(reduction=sum)"}, 2, "leave the reduction out"},
		{[]string{"train", "wine", "--model", "vae(8, 2)", "--task", "regression"}, 2, "an autoencoder has none"},
		{[]string{"train", "wine", "--model", "vae(8, 2)", "--loss", "mae", "--epochs", "1", "--json"}, 0, `"task": "autoencoder"`},
		{[]string{"bench", "wine", "--model", "vae(8, 2)"}, 2, "bench compares optimizers on models that predict a target"},
		{[]string{"show", "vae(400, 20)", "--shape", "28,28"}, 0, "draw (Draw)"},
		{[]string{"show", "vae(400, 20)", "--shape", "28,28", "--inference"}, 0, "inference"},
		{[]string{"predict", filepath.Join(dir, "whole"), folder, "--output", "codes"}, 2, "there are code and reconstruction"},
	} {
		if status, out, errs := descent(c.args...); status != c.status || !strings.Contains(out+errs, c.want) {
			t.Errorf("%v: status %d: %s%s", c.args, status, out, errs)
		}
	}
	plain := filepath.Join(dir, "plain")
	if status, _, errs := descent("train", "iris", "--model", "linear", "--out", plain); status != 0 {
		t.Fatal(errs)
	}
	if status, _, errs := descent("predict", plain, "iris", "--output", "code"); status != 2 || !strings.Contains(errs, "--output code is for an autoencoder; the model is linear") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// predictedRows are what predict prints.
func predictedRows(t *testing.T, args ...string) [][]string {
	t.Helper()
	status, out, errs := descent(append([]string{"predict"}, args...)...)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if status != 0 || err != nil {
		t.Fatalf("status %d: %.200s%s%v", status, out, errs, err)
	}
	return rows
}
