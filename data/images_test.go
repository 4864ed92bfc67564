package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// npy returns the text of a .npy file of version 1.
func npy(descr, shape string, elements string) string {
	header := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }"
	header += strings.Repeat(" ", 64-(10+len(header)+1)%64) + "\n"
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + elements
}

func putAll(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// EMNIST as it is downloaded: its names, letters from 1 to 26, images whose rows
// and columns are exchanged, several sets in one folder.
func TestEMNIST(t *testing.T) {
	folder := putAll(t, map[string]string{
		"emnist-letters-train-images-idx3-ubyte":    idx([]byte{2, 2, 3}, 0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 0),
		"emnist-letters-train-labels-idx1-ubyte":    idx([]byte{2}, 1, 26),
		"emnist-letters-test-images-idx3-ubyte.gz":  zipped(idx([]byte{1, 2, 3}, 1, 2, 3, 4, 5, 6)),
		"emnist-letters-test-labels-idx1-ubyte.gz":  zipped(idx([]byte{1}, 2)),
		"emnist-byclass-mapping.txt":                "0 48\n", // whose images are not there
		"emnist-digits-train-images-idx3-ubyte.gz":  zipped(idx([]byte{2, 1, 1}, 1, 2)),
		"emnist-digits-train-labels-idx1-ubyte.gz":  zipped(idx([]byte{2}, 0, 9)),
		"emnist-digits-readme-idx3-ubyte-is-no.txt": "",
	})
	_, err := Open(folder, CSVOptions{})
	wantError(t, err, `several sets of images, "emnist-digits", "emnist-letters"; name one: `+filepath.Join(folder, "emnist-digits"))
	src, err := Open(filepath.Join(folder, "emnist-letters"), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "an upright image", inputsOf(src.Images)[:6], []float64{0, 0.6, 0.2, 0.8, 0.4, 1}, 1e-15)
	if !slices.Equal(src.Images.Shape, []int{3, 2}) || len(src.Images.Classes) != 26 || src.Images.Classes[0] != "1" || src.Images.Classes[25] != "26" {
		t.Errorf("shape %v, classes %v", src.Images.Shape, src.Images.Classes)
	}
	if !slices.Equal(src.Images.Class, []int{0, 25}) || !slices.Equal(src.Test.Class, []int{1}) {
		t.Errorf("classes %v and %v", src.Images.Class, src.Test.Class)
	}
	if err := src.Images.Check(); err != nil {
		t.Error(err)
	}
	if err := Find(filepath.Join(folder, "emnist-letters")); err != nil {
		t.Error(err)
	}
	if err := Find(filepath.Join(folder, "emnist-byclass")); err == nil {
		t.Error("a set that is not there was found")
	}
}

// The sets of EMNIST as its paper has them: labels from 1 to 26 for letters, 47
// and 62 classes, each with its mapping, images whose columns come one after
// another. Cohen and others 2017, https://arxiv.org/abs/1702.05373.
func TestEMNISTSets(t *testing.T) {
	digits, upper, lower := "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
	merged := digits + upper + "abdefghnqrt" // lower-case letters that look like the upper-case ones are these
	files := map[string]string{}
	put := func(set string, first int, chars string, twice bool) {
		// A seven: its bar is the first row, which the file has as the first pixel of
		// each column.
		var pixels, labels []byte
		var mapping strings.Builder
		for i, c := range chars {
			pixels = append(pixels, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255)
			labels = append(labels, byte(first+i))
			fmt.Fprintf(&mapping, "%d %d", first+i, c)
			if twice {
				fmt.Fprintf(&mapping, " %d", unicode.ToLower(c))
			}
			mapping.WriteString("\r\n")
		}
		n := byte(len(chars))
		for _, part := range []string{"train", "test"} {
			files["emnist-"+set+"-"+part+"-images-idx3-ubyte.gz"] = zipped(idx([]byte{n, 3, 4}, pixels...))
			files["emnist-"+set+"-"+part+"-labels-idx1-ubyte.gz"] = zipped(idx([]byte{n}, labels...))
		}
		files["emnist-"+set+"-mapping.txt"] = mapping.String()
	}
	put("letters", 1, upper, true)
	put("byclass", 0, digits+upper+lower, false)
	put("balanced", 0, merged, false)
	put("bymerge", 0, merged, false)
	put("digits", 0, digits, false)
	put("mnist", 0, digits, false)
	folder := putAll(t, files)
	for set, want := range map[string]struct {
		n           int
		first, last string
	}{"letters": {26, "A/a", "Z/z"}, "byclass": {62, "0", "z"}, "balanced": {47, "0", "t"}, "bymerge": {47, "0", "t"}, "digits": {10, "0", "9"}, "mnist": {10, "0", "9"}} {
		src, err := Open(filepath.Join(folder, "emnist-"+set), CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []*Dataset{src.Images, src.Test} {
			if len(d.Classes) != want.n || d.Classes[0] != want.first || d.Classes[want.n-1] != want.last || d.Class[0] != 0 || d.Class[want.n-1] != want.n-1 {
				t.Errorf("%s: classes %q, %v", set, d.Classes, d.Class)
			}
			near(t, set, inputsOf(d)[:12], []float64{1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1}, 0)
			if !slices.Equal(d.Shape, []int{4, 3}) {
				t.Errorf("%s: shape %v", set, d.Shape)
			}
		}
	}
	for text, want := range map[string]string{"1 A\n": `line 1: "A" is not a number`, "1 65\n2 65\n": `labels 1 and 2 are both called "A"`} {
		files["emnist-letters-mapping.txt"] = text
		_, err := Open(filepath.Join(putAll(t, files), "emnist-letters"), CSVOptions{})
		if err == nil {
			t.Error("no error for", text)
		}
		wantError(t, err, "emnist-letters-mapping.txt: "+want)
	}
}

// Arrays of NumPy as MNIST-C has them, with a channel and labels of any whole
// type, and others.
func TestNPY(t *testing.T) {
	images := npy("|u1", "2, 1, 3, 1", "\x00\x33\xff\x66\x00\x00")
	long := func(v ...byte) (s string) {
		for _, b := range v {
			s += string([]byte{b, 0, 0, 0, 0, 0, 0, 0})
		}
		return s
	}
	for name, c := range map[string]struct{ images, labels string }{
		"MNIST-C":    {images, npy("<i8", "2,", long(3, 0))},
		"version 2":  {"\x93NUMPY\x02\x00" + images[8:10] + "\x00\x00" + images[10:], npy("|u1", "2,", "\x03\x00")},
		"bytes":      {images, npy("|u1", "2, 1", "\x03\x00")},
		"big-endian": {images, npy(">i4", "2,", "\x00\x00\x00\x03\x00\x00\x00\x00")},
		"float32":    {npy("<f4", "2, 1, 3", "\x00\x00\x00\x00\xcd\xcc\x4c\x3e\x00\x00\x80\x3f\xcd\xcc\xcc\x3e\x00\x00\x00\x00\x00\x00\x00\x00"), npy("<u2", "2,", "\x03\x00\x00\x00")},
	} {
		folder := putAll(t, map[string]string{"train_images.npy": c.images, "train_labels.npy": c.labels, "test_images.npy": zipped(c.images), "test_labels.npy": c.labels})
		src, err := Open(folder, CSVOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		near(t, name, inputsOf(src.Images), []float64{0, 0.2, 1, 0.4, 0, 0}, 1e-7)
		if d := src.Test; !slices.Equal(d.Shape, []int{1, 3}) || !slices.Equal(d.Class, []int{3, 0}) || len(d.Classes) != 4 {
			t.Errorf("%s: shape %v, class %v of %v", name, d.Shape, d.Class, d.Classes)
		}
	}
	// Numbers that were bytes are bytes again; others stay what they are.
	for _, c := range []struct {
		name, images string
		in           string // the type that they have
		want         []float64
	}{
		{"wide bytes", npy("<i2", "2, 1, 1", "\x00\x00\xff\x00"), "bytes", []float64{0, 1}},
		{"floats of bytes", npy("<f4", "2, 1, 1", "\x00\x00\x00\x00\x00\x00\x40\x40"), "bytes", []float64{0, 3. / 255}},
		{"floats up to 255", npy("<f4", "2, 1, 1", "\x00\x00\x00\x00\x00\x00\x20\x40"), "float32", []float64{0, float64(float32(2.5 / 255))}},
		{"floats up to 1", npy("<f4", "2, 1, 1", "\x00\x00\x00\x00\x00\x00\x80\x3f"), "float32", []float64{0, 1}},
		{"none is 0 or less", npy("<i2", "2, 1, 1", "\x00\x00\xff\xff"), "float64", []float64{0, -1}},
		{"beyond a byte", npy("<i2", "2, 1, 1", "\x00\x00\x00\x01"), "float64", []float64{0, 256}},
	} {
		d, err := ReadImages(strings.NewReader(c.images), strings.NewReader(idx([]byte{2}, 0, 1)))
		if err != nil || (d.X.bytes != nil) != (c.in == "bytes") || (d.X.f32 != nil) != (c.in == "float32") || (d.X.f64 != nil) != (c.in == "float64") {
			t.Errorf("%s: %v, %+v", c.name, err, d.X)
			continue
		}
		near(t, c.name, inputsOf(d), c.want, 0)
	}
	for _, c := range []struct{ images, labels, want string }{
		{npy("|u1", "2, 1, 3", "\x00"), "", "needs 6 bytes; the file ends after 1"},
		{npy("<c8", "2, 1, 3", ""), "", "elements of type c8"},
		{strings.Replace(images, "False", "True ", 1), "", "in Fortran's order"},
		{npy("|O", "2,", ""), "", "arrays of plain numbers are read"},
		{images[:20], "", "the file ends within the header"},
		{npy("<f4", "2, 1, 1", "\x00\x00\xc0\x7f\x00\x00\xc0\x7f"), "", "pixels that are not finite"},
		{images, npy("<f4", "2,", "\x00\x00\x00\x3f\x00\x00\x00\x3f"), "label 0 is 0.5; labels are whole numbers"},
		{images, npy("|i1", "2,", "\xff\x00"), "label 0 is -1"},
		{images, npy("|u1", "2, 10", strings.Repeat("\x00", 20)), "an array with 2 axes; labels have one"},
	} {
		_, err := ReadImages(strings.NewReader(c.images), strings.NewReader(c.labels))
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
}

func TestImageName(t *testing.T) {
	for name, want := range map[string][3]string{
		"train-images-idx3-ubyte":                  {"", "train", "images"},
		"t10k-labels.idx1-ubyte.gz":                {"", "test", "labels"},
		"emnist-byclass-test-images-idx3-ubyte.gz": {"emnist-byclass", "test", "images"},
		"x_train.npy":                              {"", "train", "images"},
		"labels.npy":                               {"", "train", "labels"},
		"fog_test_labels.NPY":                      {"fog", "test", "labels"},
	} {
		if set, part, role, ok := imageName(name); !ok || [3]string{set, part, role} != want {
			t.Errorf("%s: %q %q %q", name, set, part, role)
		}
	}
	for _, name := range []string{"train.csv", "emnist-letters-mapping.txt", "weights.npy"} {
		if _, _, _, ok := imageName(name); ok {
			t.Errorf("%s was taken for images", name)
		}
	}
}
