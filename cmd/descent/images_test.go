package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/data"
)

// digitFiles writes some digits as files of PNG, each class in a folder of its own.
func digitFiles(t *testing.T, rows int, size int) string {
	t.Helper()
	src, err := data.Open("digits", data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, root := parts.Train, t.TempDir()
	for i := range rows {
		m, row := image.NewGray(image.Rect(0, 0, size, size)), d.X.Row(nil, i)
		for y := range size {
			for x := range size {
				m.SetGray(x, y, color.Gray{uint8(15 * row[y*8/size*8+x*8/size])})
			}
		}
		name := filepath.Join(root, d.Classes[d.Class[i]], fmt.Sprintf("%04d.png", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(name)
		if err == nil {
			err = png.Encode(f, m)
		}
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Folders of pictures are trained on, and predicted as they were read then: in their
// size, colors and scale, with classes or without, or one by one.
func TestPictureFolders(t *testing.T) {
	folder, model := digitFiles(t, 600, 12), filepath.Join(t.TempDir(), "m")
	status, out, errs := descent("train", folder, "--size", "8x8", "--scaling", "standard", "--model", "conv(8, 3) | relu | pool(2) | dense(32) | relu", "--epochs", "15", "--out", model, "--seed", "1")
	if status != 0 || !strings.Contains(out, "classification of class into 10 classes from 64 inputs") {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	m, err := readSaved(model)
	if err != nil || !m.Resized || len(m.Mean) != 1 || m.Mean[0] < 0.2 || m.Deviation[0] < 0.2 || m.ClassNames[3] != "3" {
		t.Errorf("%+v, %v", m.setup, err)
	}
	three := filepath.Join(folder, "3")
	status, out, errs = descent("predict", model, three)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || !strings.HasPrefix(lines[0], "picture,prediction,p_0,") || !strings.HasPrefix(lines[1], "0003.png,3,") {
		t.Fatalf("status %d: %.300s%s", status, out, errs)
	}
	if right := strings.Count(out, ".png,3,"); right < 9*(len(lines)-1)/10 {
		t.Errorf("%d of %d are right", right, len(lines)-1)
	}
	status, one, errs := descent("predict", model, filepath.Join(three, "0003.png"), "--json")
	if status != 0 || !strings.HasPrefix(one, `[{"row":{"picture":"0003.png"},"prediction":"3"`) {
		t.Errorf("status %d: %s%s", status, one, errs)
	}
	if _, all, _ := descent("predict", model, folder); strings.Count(all, "\n") != 601 || !strings.Contains(all, filepath.Join("3", "0003.png")+","+strings.SplitN(lines[1], ",", 2)[1]) {
		t.Errorf("other predictions where there are classes: %.300s", all)
	}

	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"train", three}, 1, "its images have no labels; put those of each class in a folder of its own"},
		{[]string{"train", folder, "--size", "8"}, 2, "--size 8: a width and a height are wanted"},
		{[]string{"train", folder, "--colors", "blue"}, 2, "--colors blue: there are grey and rgb"},
		{[]string{"train", folder, "--channels", "2"}, 2, "--channels 2: there are first and last"},
		{[]string{"train", "iris", "--size", "8x8"}, 2, "iris: a table has no pictures; leave out --size"},
		{[]string{"train", folder, "--scaling", "minmax"}, 2, "images have pixels from 0 to 1 and labels; leave out --scaling"},
		{[]string{"predict", model, "iris"}, 2, "it needs the same kind of data"},
	} {
		if status, out, errs := descent(c.args...); status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%v: status %d: %s%s", c.args, status, out, errs)
		}
	}
	plain := filepath.Join(t.TempDir(), "m")
	if status, out, errs := descent("train", folder, "--model", "linear", "--epochs", "1", "--out", plain); status != 0 {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	if status, _, errs := descent("predict", plain, digitFiles(t, 1, 9)); status != 2 || !strings.Contains(errs, "images of [9 9]; the model was trained on [12 12], and train --size would have it resize them") {
		t.Errorf("status %d: %s", status, errs)
	}
}
