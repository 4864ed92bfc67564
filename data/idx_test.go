package data

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// mnistFolder returns the folder of MNIST's test file, which is too large to
// be part of the repository. It lies beside it.
func mnistFolder(t testing.TB) string {
	folder := filepath.Join("..", "..", "shared", "data", "mnist")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("MNIST is not at %s (from package data); put t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz there to run this test", folder)
	}
	return folder
}

// Counts and sums as numpy computes them from the same files.
func TestMNIST(t *testing.T) {
	src, err := Open(mnistFolder(t), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := src.Images
	if d.Rows() != 10000 || !slices.Equal(d.Shape, []int{28, 28}) || len(d.Classes) != 10 || src.Test != nil {
		t.Fatalf("%d rows of %v, %d classes", d.Rows(), d.Shape, len(d.Classes))
	}
	if got, want := d.Class[:10], []int{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}; !slices.Equal(got, want) {
		t.Errorf("first labels %v, want %v", got, want)
	}
	if got, want := counts(d), []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}; !slices.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
	sum := func(x []float64) (s float64) {
		for _, v := range x {
			s += v
		}
		return s * 255
	}
	x := inputsOf(d)
	near(t, "sums of all, the first, and the last", []float64{sum(x), sum(x[:784]), sum(x[len(x)-784:])}, []float64{264923200, 18454, 41833}, 1e-11)
	if got := x[7*28+6]; got != 84./255 || d.Inputs[7*28+6] != "pixel_7_6" {
		t.Errorf("%s is %v", d.Inputs[7*28+6], got)
	}
	p, err := src.Prepare("", Options{Fractions: Fractions{Val: 0.1, Test: 0.1}, Seed: 1})
	if err != nil || p.Train.Rows() != 8000 || p.Val.Rows() != 1000 || p.Test.Rows() != 1000 {
		t.Errorf("%v", err)
	}
}

// inputsOf returns all inputs as a batch of all rows has them.
func inputsOf(d *Dataset) []float64 {
	x, _ := d.Array("x")
	out := make([]float64, d.Rows()*d.Features())
	GatherArray(out, x, allRows(d.Rows()))
	return out
}

func counts(d *Dataset) []int {
	n := make([]int, len(d.Classes))
	for _, c := range d.Class {
		n[c]++
	}
	return n
}

// idx returns the text of an IDX file.
func idx(dims []byte, elements ...byte) string {
	text := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		text = append(text, 0, 0, 0, d)
	}
	return string(append(text, elements...))
}

func TestReadImages(t *testing.T) {
	images, labels := idx([]byte{2, 1, 3}, 0, 51, 255, 102, 0, 0), idx([]byte{2}, 4, 1)
	for _, text := range [][2]string{{images, labels}, {zipped(images), zipped(labels)}} {
		d, err := ReadImages(strings.NewReader(text[0]), strings.NewReader(text[1]))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		near(t, "inputs", inputsOf(d), []float64{0, 0.2, 1, 0.4, 0, 0}, 0)
		if !slices.Equal(d.Class, []int{3, 0}) || !slices.Equal(d.Classes, []string{"1", "2", "3", "4"}) || !slices.Equal(d.Shape, []int{1, 3}) {
			t.Errorf("%+v", d)
		}
	}
}

func TestReadImagesErrors(t *testing.T) {
	const huge = "\x00\x00\x08\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff"
	const large = "\x00\x00\x08\x03\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00\x00\x20"
	good, label := idx([]byte{1, 1, 2}, 1, 2), idx([]byte{1}, 3)
	for _, c := range []struct{ name, images, labels, want string }{
		{"empty", "", label, "images: the file ends within the magic number"},
		{"no dimensions", good[:7], label, "images: the file ends within the lengths of the axes"},
		{"not IDX", "P5 28 28", label, "images: begins with 50 35 20 32; an IDX file begins with 00 00"},
		{"no type", "\x00\x00\x0a\x01\x00\x00\x00\x01", label, "images: elements of type 0x0a"},
		{"no axes", "\x00\x00\x08\x00", label, "images: 0 axes; there must be 1 to 4"},
		{"many axes", "\x00\x00\x08\xff", label, "images: 255 axes"},
		{"short", good[:len(good)-1], label, "images: an array of [1 1 2] needs 2 bytes; the file ends after 1"},
		{"long", good + "x", label, "images: an array of [1 1 2] needs 2 bytes; the file has more"},
		{"no images", idx([]byte{0, 28, 28}), label, "images: an array of [0 28 28]: each axis must have an element"},
		{"overflow", huge, label, "and all of them must fit in memory"},
		{"claims 512 MB", large, label, "needs 536862720 bytes; the file ends after 0"},
		{"negative", "\x00\x00\x08\x01\xff\xff\xff\xff", label, "axes of [4294967295] elements are too long"},
		{"labels for images", label, label, "images: an array with 1 axis; images have two or more"},
		{"images for labels", good, good, "labels: an array with 3 axes; labels have one"},
		{"too few labels", idx([]byte{2, 1, 1}, 1, 2), label, "labels: 1 labels for 2 images"},
		{"cut gzip", zipped(good)[:24], label, "images: the gzip data end too early"},
		{"damaged checksum", zipped(good)[:len(zipped(good))-8] + "checksum", label, "images: damaged gzip data: gzip: invalid checksum"},
		{"bomb", zipped("\x00\x00\x08\x01\x00\x80\x00\x00" + strings.Repeat("\x00", 8<<20)), label, "expand more than 100 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ReadImages(strings.NewReader(c.images), strings.NewReader(c.labels))
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Fatalf("no error, want %q", c.want)
			}
			wantError(t, err, c.want)
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("%s allocated", size(int64(used)))
			}
		})
	}
}

func TestOpenImages(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(want string) {
		t.Helper()
		_, err := Open(folder, CSVOptions{})
		if err == nil {
			t.Errorf("no error, want %q", want)
		}
		wantError(t, err, want)
	}
	fails("no images; expected folders of PNG or JPEG files, one for each class, or train-images-idx3-ubyte")
	put("train-images-idx3-ubyte", idx([]byte{4, 1, 1}, 1, 2, 3, 4))
	bare, err := Open(folder, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = bare.Prepare("", Options{})
	wantError(t, err, "its images have no labels; put those of each class in a folder of its own")
	if p, err := bare.Prepare("", Options{NoTarget: true, Fractions: Fractions{Test: 0.5}}); err != nil || p.Train.Rows() != 2 || p.Train.Class != nil {
		t.Errorf("%v", err)
	}
	put("train-labels.idx1-ubyte.gz", zipped(idx([]byte{4}, 0, 0, 1, 1)))
	put("t10k-labels-idx1-ubyte", idx([]byte{1}, 2))
	fails("t10k-labels-idx1-ubyte has no file of images beside it")
	put("t10k-images-idx3-ubyte", idx([]byte{1, 1, 2}, 5, 5))
	fails("images for training are [1 1], for testing [1 2]")
	put("t10k-images-idx3-ubyte", idx([]byte{1, 1, 1}, 5))

	src, err := Open(folder, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// Both sets know the class that only the test set has.
	if len(src.Images.Classes) != 3 || len(src.Test.Classes) != 3 {
		t.Errorf("%d and %d classes", len(src.Images.Classes), len(src.Test.Classes))
	}
	p, err := src.Prepare("", Options{Fractions: Fractions{Val: 0.5, Test: 0.25}})
	if err != nil || p.Train.Rows() != 2 || p.Val.Rows() != 2 || p.Test.Rows() != 1 || p.Schema != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if !slices.Equal(counts(p.Train), []int{1, 1, 0}) {
		t.Errorf("classes of the training part: %v", counts(p.Train))
	}
	_, err = src.Prepare("", Options{Scaling: Standard})
	wantError(t, err, "images have pixels from 0 to 1 and labels; leave Scaling out")
	_, err = Open(folder, CSVOptions{NoHeader: true})
	wantError(t, err, "a folder of images is not a CSV file; leave NoHeader out")
	_, err = Open(folder, CSVOptions{MaxBytes: 5})
	wantError(t, err, "more than 5 bytes of data")
	put("train-images-idx3-ubyte", "rubbish")
	fails("train-images-idx3-ubyte: begins with 72 75 62 62")
	_, err = Open(filepath.Join(folder, "train-images-idx3-ubyte"), CSVOptions{})
	wantError(t, err, "images or labels; give the folder")
}
