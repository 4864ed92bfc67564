package data

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pngOf returns a picture of some pixels as the text of a file.
func pngOf(t testing.TB, width int, pixels ...color.Color) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, len(pixels)/width))
	for i, c := range pixels {
		m.Set(i%width, i/width, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func greyJPEG(t testing.TB, width, height int, y uint8) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tree writes files into folders.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var (
	black, white = color.Gray{0}, color.Gray{255}
	red          = color.NRGBA{200, 10, 30, 255}
	half         = color.NRGBA{0, 0, 0, 128} // half black on what is behind it
)

func opened(t *testing.T, path string, o PictureOptions) *Source {
	t.Helper()
	src, err := Open(path, CSVOptions{Pictures: o})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Dataset{src.Images, src.Test} {
		if d == nil {
			continue
		}
		if err := d.Check(); err != nil {
			t.Error(err)
		}
	}
	return src
}

// Folders of pictures by class, grey and in color, PNG and JPEG.
func TestPictureFolders(t *testing.T) {
	grey := map[string]string{
		"cat/b.png": pngOf(t, 2, black, white), "cat/a.PNG": pngOf(t, 2, white, half), "dog/one.jpeg": greyJPEG(t, 2, 1, 255),
		"dog/notes.txt": "", "cat/.hidden": "",
	}
	src := opened(t, tree(t, grey), PictureOptions{})
	d := src.Images
	if !slices.Equal(d.X.bytes, []uint8{255, 127, 0, 255, 255, 255}) || !slices.Equal(d.Shape, []int{1, 2}) || !slices.Equal(d.Class, []int{0, 0, 1}) || !slices.Equal(d.Classes, []string{"cat", "dog"}) {
		t.Errorf("%v of %v, classes %v of %v", d.X.bytes, d.Shape, d.Class, d.Classes)
	}
	if want := []string{filepath.Join("cat", "a.PNG"), filepath.Join("cat", "b.png"), filepath.Join("dog", "one.jpeg")}; !slices.Equal(d.Names, want) {
		t.Errorf("names %v", d.Names)
	}
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0].Text, `1 files that are no PNG or JPEG, such as "dog/notes.txt"`) {
		t.Errorf("notes %v", d.Notes)
	}
	p, err := src.Prepare("", Options{Fractions: Fractions{Test: 0.4}, Seed: 1})
	if err != nil || len(p.Notes) != 1 || len(p.Test.Names) != p.Test.Rows() || p.Train.Rows()+p.Test.Rows() != 3 {
		t.Errorf("%+v, %v", p, err)
	}

	// One picture in color makes all of them such; a color is asked for otherwise.
	grey["cat/c.png"] = pngOf(t, 2, red, white)
	folder := tree(t, grey)
	d = opened(t, folder, PictureOptions{}).Images
	want := []uint8{255, 127, 255, 127, 255, 127, 0, 255, 0, 255, 0, 255, 200, 255, 10, 255, 30, 255, 255, 255, 255, 255, 255, 255}
	if !slices.Equal(d.X.bytes, want) || !slices.Equal(d.Shape, []int{3, 1, 2}) {
		t.Errorf("%v of %v", d.X.bytes, d.Shape)
	}
	d = opened(t, folder, PictureOptions{Colors: 1}).Images
	if luma := uint8(69); !slices.Equal(d.X.bytes, []uint8{255, 127, 0, 255, luma, 255, 255, 255}) { // 0.299·200 + 0.587·10 + 0.114·30
		t.Errorf("%v, the red one %d", d.X.bytes, luma)
	}
	d = opened(t, filepath.Join(folder, "cat"), PictureOptions{Colors: 3}).Images
	if d.Class != nil || d.Rows() != 3 || !slices.Equal(d.Shape, []int{3, 1, 2}) {
		t.Errorf("pictures without classes: %+v", d)
	}
	if d = opened(t, filepath.Join(folder, "cat", "b.png"), PictureOptions{}).Images; !slices.Equal(d.X.bytes, []uint8{0, 255}) || d.Names[0] != "b.png" {
		t.Errorf("one picture: %+v", d)
	}

	// Sizes that differ are resized.
	grey["dog/wide.png"] = pngOf(t, 4, black, white, white, white)
	folder = tree(t, grey)
	_, err = Open(folder, CSVOptions{})
	wantError(t, err, "wide.png is 4x1 pixels, "+filepath.Join(folder, "cat", "a.PNG")+" 2x1; set Width and Height to resize them")
	d = opened(t, folder, PictureOptions{Width: 2, Height: 1, Colors: 1}).Images
	if !slices.Equal(d.X.bytes[8:], []uint8{146, 255}) { // weights 3, 3, 1 of 7
		t.Errorf("resized to %v", d.X.bytes[8:])
	}
}

// Parts of a folder that is divided already.
func TestPictureParts(t *testing.T) {
	files := map[string]string{"train/a/1.png": pngOf(t, 1, black), "train/b/1.png": pngOf(t, 1, red), "Test/a/1.png": pngOf(t, 1, white), "Test/b/2.png": pngOf(t, 1, white)}
	src := opened(t, tree(t, files), PictureOptions{})
	if src.Images.Rows() != 2 || src.Test.Rows() != 2 || !slices.Equal(src.Test.Shape, []int{3, 1, 1}) {
		t.Errorf("%v and %v", src.Images, src.Test)
	}
	for _, c := range []struct{ add, want string }{
		{"val/a/1.png", "would be its pictures for testing"},
		{"Test/c/1.png", `the classes for training are "a", "b", for testing "a", "b", "c"`},
	} {
		more := map[string]string{c.add: pngOf(t, 1, white)}
		for name, text := range files {
			more[name] = text
		}
		_, err := Open(tree(t, more), CSVOptions{})
		wantError(t, err, c.want)
	}
	_, err := Open(tree(t, map[string]string{"train/a/1.png": ""}), CSVOptions{})
	wantError(t, err, `no folder test beside "train"`)
}

// What is wrong is named with its file.
func TestPictureErrors(t *testing.T) {
	good := pngOf(t, 1, black)
	header := []byte(pngOf(t, 1, black))
	copy(header[16:], "\x00\x01\x00\x00\x00\x01\x00\x00") // 65536x65536, with a wrong checksum
	for _, c := range []struct {
		files map[string]string
		o     PictureOptions
		want  string
	}{
		{map[string]string{"a/1.png": good, "2.png": good}, PictureOptions{}, "2.png is beside folders such as a"},
		{map[string]string{"a/1.png": good, "b/x.txt": ""}, PictureOptions{}, "b: no PNG or JPEG files"},
		{map[string]string{"a/b/1.png": good}, PictureOptions{}, filepath.Join("a", "b") + ": a folder within that of a class"},
		{map[string]string{"a/1.png": "text"}, PictureOptions{}, filepath.Join("a", "1.png") + ": neither PNG nor JPEG"},
		{map[string]string{"a/1.png": good[:len(good)-20]}, PictureOptions{}, "1.png: a damaged picture"},
		{map[string]string{"a/1.png": string(header)}, PictureOptions{}, "1.png: a damaged picture"},
		{map[string]string{"a/1.png": good}, PictureOptions{Width: 5}, "pictures of 5x0; both lengths are from 1 to 4096"},
		{map[string]string{"a/1.png": good}, PictureOptions{Colors: 2}, "pictures of 2 colors"},
		{map[string]string{"a/1.png": good}, PictureOptions{Channels: "frist"}, `did you mean "first"`},
		{map[string]string{"a/1.png": good, "a/2.png": good}, PictureOptions{MaxBytes: 1}, "2 pictures of 1x1 take 2 bytes, more than 1 bytes"},
		{map[string]string{"readme": ""}, PictureOptions{}, "no images; expected folders of PNG or JPEG files"},
	} {
		_, err := Open(tree(t, c.files), CSVOptions{Pictures: c.o})
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
	large := []byte(greyJPEG(t, 1, 1, 0))
	copy(large[bytes.Index(large, []byte("\xff\xc0"))+5:], "\xff\xff\xff\xff")
	_, err := decodePicture(bytes.NewReader(large))
	wantError(t, err, "65535x65535 pixels; a picture has at least one, and at most 33 million")
	_, err = Open("iris", CSVOptions{Pictures: PictureOptions{Width: 3, Height: 3}})
	wantError(t, err, "iris: a table has no pictures; leave Size out")
}

// Pictures of any sort become bytes.
func TestPictureOf(t *testing.T) {
	r := image.Rect(3, 5, 4, 6)
	colors := image.NewPaletted(r, color.Palette{red})
	deep := image.NewGray16(r)
	deep.Set(3, 5, color.Gray16{0x7fff})
	for name, c := range map[string]struct {
		m    image.Image
		want []uint8
	}{
		"paletted": {colors, []uint8{200, 10, 30}}, "16 bits": {deep, []uint8{127}}, "part of a larger one": {image.NewGray(image.Rect(0, 0, 9, 9)).SubImage(r), []uint8{0}},
		"nothing": {image.NewNRGBA(r), []uint8{255}},
	} {
		if p := pictureOf(c.m); !slices.Equal(p.pix, c.want) || p.width != 1 || p.height != 1 || p.channels != len(c.want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Against PyTorch's, see testdata/resize.py.
func TestResize(t *testing.T) {
	text, err := os.ReadFile("testdata/resize.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		In    []float64
		Cases []struct {
			Height, Width int
			Want          []float64
		}
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) == 0 {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		d := &Dataset{X: ArrayOf(append(slices.Clone(file.In), file.In...), 70), Shape: []int{2, 5, 7}}
		d.resize(c.Width, c.Height)
		near(t, "resized", d.X.Numbers(), append(slices.Clone(c.Want), c.Want...), 1e-9)
		d = &Dataset{X: PixelsOf(make([]uint8, 35), 35), Shape: []int{5, 7}}
		for i, x := range file.In {
			d.X.bytes[i] = uint8(x)
		}
		d.resize(c.Width, c.Height)
		for i, b := range d.X.bytes {
			if math.Abs(float64(b)-c.Want[i]) > 0.5+1e-9 {
				t.Errorf("%dx%d: byte %d is %d, want %v", c.Width, c.Height, i, b, c.Want[i])
			}
		}
		if !slices.Equal(d.Shape, []int{c.Height, c.Width}) || len(d.Inputs) != c.Height*c.Width {
			t.Errorf("shape %v, %d inputs", d.Shape, len(d.Inputs))
		}
	}
}

// Where the channels of an array are.
func TestChannels(t *testing.T) {
	array := func(shape string, n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(i)
		}
		return npy("|u1", shape, string(text))
	}
	for _, c := range []struct {
		name, images string
		at           ChannelAxis
		shape        []int
		second       uint8 // of the first picture
		notes        int
	}{
		{"rows x columns", array("1, 2, 5", 10), "", []int{2, 5}, 1, 0},
		{"one channel, last", array("1, 2, 5, 1", 10), "", []int{2, 5}, 1, 0},
		{"one channel, first", array("1, 1, 2, 5", 10), "", []int{2, 5}, 1, 0},
		{"three, last", array("1, 2, 5, 3", 30), "", []int{3, 2, 5}, 3, 1},
		{"three, first", array("1, 3, 2, 5", 30), "", []int{3, 2, 5}, 1, 1},
		{"either", array("1, 3, 2, 3", 18), "", []int{3, 2, 3}, 1, 1},
		{"neither", array("1, 2, 2, 5", 20), "", []int{2, 2, 5}, 1, 1},
		{"said", array("1, 3, 2, 3", 18), ChannelsLast, []int{3, 3, 2}, 3, 0},
		{"said, too", array("1, 2, 5, 3", 30), ChannelsFirst, []int{2, 5, 3}, 1, 0},
	} {
		folder := putAll(t, map[string]string{"X.npy": c.images})
		d := opened(t, folder, PictureOptions{Channels: c.at}).Images
		if !slices.Equal(d.Shape, c.shape) || d.X.bytes[1] != c.second || len(d.Notes) != c.notes {
			t.Errorf("%s: shape %v, bytes %v, notes %v", c.name, d.Shape, d.X.bytes, d.Notes)
		}
	}
	folder := putAll(t, map[string]string{"X.npy": array("1, 5, 4, 3", 60), "y.npy": npy("|u1", "1,", "\x01")})
	if d := opened(t, folder, PictureOptions{Width: 2, Height: 1}).Images; !slices.Equal(d.Shape, []int{3, 1, 2}) {
		t.Errorf("resized to %v", d.Shape)
	}
}

// npz returns the text of an archive.
func npz(t testing.TB, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err == nil {
			_, err = w.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNPZ(t *testing.T) {
	x, y := npy("|u1", "2, 1, 2", "\x01\x02\x03\x04"), npy("<i2", "2,", "\x05\x00\x06\x00")
	path := filepath.Join(putAll(t, map[string]string{"a.npz": npz(t, "X.npy", x, "y.npy", y, "mean.npy", x)}), "a.npz")
	src := opened(t, path, PictureOptions{})
	if d := src.Images; !slices.Equal(d.X.bytes, []uint8{1, 2, 3, 4}) || !slices.Equal(d.Class, []int{0, 1}) || !slices.Equal(d.Classes, []string{"5", "6"}) || len(d.Notes) != 1 {
		t.Errorf("%+v", d)
	}
	if !IsImages(path) || Find(path) != nil {
		t.Error("not found")
	}
	parts := filepath.Join(putAll(t, map[string]string{"b.NPZ": npz(t, "x_train.npy", x, "y_train.npy", y, "x_test.npy", x, "y_test.npy", y)}), "b.NPZ")
	if src = opened(t, parts, PictureOptions{}); src.Test.Rows() != 2 {
		t.Errorf("%+v", src.Test)
	}
	zeros := npy("|u1", "9000000, 1, 1", strings.Repeat("\x00", 9_000_000))
	for _, c := range []struct{ text, want string }{
		{"", "a.npz: not an archive that numpy.savez has written"},
		{npz(t, "X.npy", x, "y.npy", y)[:80], "a.npz: not an archive"},
		{npz(t, "arr_0.npy", x), `a.npz: its arrays are "arr_0"; expected X and y`},
		{npz(t, "X.npy", x, "images.npy", x), "both X and images are train images"},
		{npz(t, "X.npy", "P5"), "a.npz: X.npy: the file ends within the magic number"},
		{npz(t, "X.npy", x, "y.npy", x), "a.npz: y.npy: an array with 3 axes; labels have one"},
		{npz(t, "X.npy", zeros), "a.npz: X.npy expands more than 100 times"},
	} {
		_, err := Open(filepath.Join(putAll(t, map[string]string{"a.npz": c.text}), "a.npz"), CSVOptions{})
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
}

// IDX files of all types, as http://yann.lecun.com/exdb/mnist has them.
func TestIDXTypes(t *testing.T) {
	for _, c := range []struct {
		kind     byte
		elements string
		want     []float64
	}{
		{0x08, "\x00\xff", []float64{0, 1}}, {0x09, "\x01\xff", []float64{1, -1}}, {0x0b, "\x00\x00\x00\xff", []float64{0, 1}},
		{0x0c, "\x00\x00\x01\x00\xff\xff\xff\xfe", []float64{256, -2}}, {0x0d, "\x3f\x00\x00\x00\xbf\x80\x00\x00", []float64{0.5, -1}},
		{0x0e, "\x3f\xe0\x00\x00\x00\x00\x00\x00\xbf\xf0\x00\x00\x00\x00\x00\x00", []float64{0.5, -1}},
	} {
		images := "\x00\x00" + string([]byte{c.kind}) + "\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01" + c.elements
		d, err := ReadImages(strings.NewReader(images), strings.NewReader(idx([]byte{2}, 0, 1)))
		if err != nil {
			t.Errorf("type %#x: %v", c.kind, err)
			continue
		}
		near(t, "elements", inputsOf(d), c.want, 0)
	}
}

// Whatever the file, there is a good picture or an error of one line.
func FuzzPicture(f *testing.F) {
	f.Add(pngOf(f, 2, black, red))
	f.Add(pngOf(f, 2, white, half)[:40])
	f.Add(greyJPEG(f, 3, 2, 9))
	f.Add("\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if c, _, err := image.DecodeConfig(strings.NewReader(text)); err == nil && c.Width*c.Height > 1<<20 && c.Width <= maxPixels/max(c.Height, 1) {
			return // that takes its time
		}
		p, err := decodePicture(strings.NewReader(text))
		if err != nil {
			oneLine(t, err)
			return
		}
		if len(p.pix) != p.channels*p.height*p.width || len(p.pix) == 0 {
			t.Fatalf("%d bytes for %dx%dx%d", len(p.pix), p.channels, p.height, p.width)
		}
		p.grey()
		p.resize(3, 2)
		if len(p.pix) != 6 {
			t.Fatalf("%d bytes when it is resized", len(p.pix))
		}
	})
}

// Whatever the archive, there are good data or an error of one line.
func FuzzNPZ(f *testing.F) {
	x, y := npy("|u1", "2, 1, 2, 3", strings.Repeat("\x01\x02", 6)), npy("<i2", "2,", "\x05\x00\x06\x00")
	f.Add(npz(f, "X.npy", x, "y.npy", y))
	f.Add(npz(f, "X.npy", y, "y.npy", x))
	f.Add(npz(f, "X.npy", x)[:100])
	f.Add("")
	path := filepath.Join(f.TempDir(), "a.npz")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		bounded(t, len(text), 16*ratioAfter/64, func() {
			d, _, err := OpenImages(path, PictureOptions{})
			if err != nil {
				oneLine(t, err)
				return
			}
			if err := d.Check(); err != nil {
				t.Fatalf("bad data: %v", err)
			}
		})
	})
}
