package data

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// OpenImages reads a folder with images and labels, named as those of MNIST, of
// EMNIST, or as NumPy's:
//
//	train-images-idx3-ubyte   train-labels-idx1-ubyte   t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//	emnist-letters-train-images-idx3-ubyte ...          emnist-letters-test-images-idx3-ubyte ...
//	train_images.npy          train_labels.npy          test_images.npy          test_labels.npy
//	X.npy                     y.npy
//
// each with or without .gz; a file .npz with arrays of such names; a folder of PNG
// and JPEG files, those of each class in a folder of its own, or two such folders,
// train and test; or one such file. Of a folder with several sets, one is named as a
// part of the path: folder/emnist-letters. Images of EMNIST, whose files have
// rows and columns exchanged, are turned upright, and its classes are called as
// emnist-letters-mapping.txt says, if it is there: A/a, not 1. Images without labels
// have no classes. A set that is absent is nil; it is an error if both sets are, or
// if labels have no images. Sets of one folder have the same classes. Errors are those of ReadImages.
func OpenImages(path string, o PictureOptions) (train, test *Dataset, err error) {
	if err := o.check(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	files, err := findImages(path)
	if err != nil {
		return nil, nil, err
	}
	if files == nil {
		return openPictures(path, o)
	}
	if train, err = files.open("train", o); err != nil {
		return nil, nil, err
	}
	if test, err = files.open("test", o); err != nil {
		return nil, nil, err
	}
	if train == nil {
		train, test = test, nil
	}
	if test != nil && !slices.Equal(train.Shape, test.Shape) {
		return nil, nil, fmt.Errorf("%s: images for training are %v, for testing %v", path, train.Shape, test.Shape)
	}
	if test != nil && (train.Class == nil) != (test.Class == nil) {
		return nil, nil, fmt.Errorf("%s: the images for training and those for testing have labels, or neither have", path)
	}
	if len(files.others) > 0 {
		train.Notes = append(train.Notes, Note{Text: fmt.Sprintf("%s: not used are %s", path, list(files.others))})
	}
	if train.Class == nil {
		return train, test, nil
	}
	names, err := files.mapping()
	if err != nil {
		return nil, nil, err
	}
	sets := []*Dataset{train}
	if test != nil {
		sets = append(sets, test)
	}
	if err := nameClasses(names, sets...); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", files.paths[mappingFile], err)
	}
	return train, test, nil
}

// imageFiles are the paths of one set, by part and role: train images.
type imageFiles struct {
	set     string
	paths   map[string]string
	archive string   // whose members they are; "" if they are files
	others  []string // arrays there that are none of these
}

// findImages returns the files of the set at path, nil if there can only be
// pictures.
func findImages(path string) (*imageFiles, error) {
	folder, want := path, ""
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		folder, want = filepath.Dir(path), strings.ToLower(filepath.Base(path))
	}
	if npzFile(want) {
		return findMembers(path)
	}
	if pictureFile(want) {
		return nil, nil
	}
	sets, err := imageSets(folder)
	if err != nil {
		return nil, err
	}
	names := sortedKeys(sets)
	switch {
	case want != "" && sets[want] == nil:
		return nil, fmt.Errorf("%s: no set of images %s", folder, choice(want, "sets", names))
	case want != "":
		return sets[want], nil
	case len(sets) == 0:
		return nil, nil
	case len(sets) > 1:
		return nil, fmt.Errorf("%s: several sets of images, %s; name one: %s", folder, list(names), filepath.Join(folder, names[0]))
	}
	return sets[names[0]], nil
}

// imageSets returns the sets of a folder by name.
func imageSets(folder string) (map[string]*imageFiles, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fileError(folder, err)
	}
	sets := make(map[string]*imageFiles)
	for _, e := range entries { // sorted, so that a plain file comes before its .gz
		set, part, role, ok := imageName(e.Name())
		key := part + " " + role
		if name, is := strings.CutSuffix(strings.ToLower(e.Name()), "-mapping.txt"); is {
			set, key, ok = name, mappingFile, true
		}
		if !ok || e.IsDir() {
			continue
		}
		if sets[set] == nil {
			sets[set] = &imageFiles{set: set, paths: make(map[string]string)}
		}
		if sets[set].paths[key] == "" {
			sets[set].paths[key] = filepath.Join(folder, e.Name())
		}
	}
	maps.DeleteFunc(sets, func(_ string, f *imageFiles) bool { return len(f.paths) == 1 && f.paths[mappingFile] != "" })
	return sets, nil
}

// imageName takes the name of a file apart: emnist-letters-train-images-idx3-ubyte
// has the set emnist-letters, the part train, the role images.
func imageName(name string) (set, part, role string, ok bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	if !strings.HasSuffix(name, "ubyte") && !strings.HasSuffix(name, "-int") && !strings.HasSuffix(name, ".npy") {
		return "", "", "", false
	}
	var rest []string
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
		switch word {
		case "idx1", "idx2", "idx3", "idx4", "ubyte", "int", "npy":
		case "train", "training":
			part = "train"
		case "test", "testing", "t10k":
			part = "test"
		case "images", "image", "imgs", "x":
			role = "images"
		case "labels", "label", "y":
			role = "labels"
		default:
			rest = append(rest, word)
		}
	}
	if part == "" {
		part = "train"
	}
	return strings.Join(rest, "-"), part, role, role != ""
}

// open reads a part, nil if it has no files.
func (f *imageFiles) open(part string, o PictureOptions) (*Dataset, error) {
	images, labels := f.paths[part+" images"], f.paths[part+" labels"]
	switch {
	case images == "" && labels == "":
		return nil, nil
	case images == "":
		return nil, fmt.Errorf("%s: %s has no file of images beside it", f.folder(labels), filepath.Base(labels))
	}
	var d *Dataset
	err := f.read(images, func(r io.Reader) (err error) {
		d, err = readImages(r, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(f.set, "emnist") {
		d.transpose()
	}
	if labels == "" {
		return d, nil
	}
	return d, f.read(labels, func(r io.Reader) error { return d.readLabels(r, o.MaxBytes) })
}

// folder is where a file is.
func (f *imageFiles) folder(path string) string {
	return cmp.Or(f.archive, filepath.Dir(path))
}

// read calls read with an open file.
func (f *imageFiles) read(path string, read func(io.Reader) error) error {
	if f.archive != "" {
		return withMember(f.archive, path, read)
	}
	return withFile(path, read)
}

// mappingFile is the key of the file that says what the labels of EMNIST are.
const mappingFile = "mapping"

// mapping reads what labels stand for: lines of a label and the characters that
// it stands for, in numbers, as "1 65 97". No file is no mapping.
func (f *imageFiles) mapping() (map[int]string, error) {
	path := f.paths[mappingFile]
	if path == "" {
		return nil, nil
	}
	names := make(map[int]string)
	return names, withFile(path, func(r io.Reader) error {
		const longest = 1 << 16
		text, err := io.ReadAll(io.LimitReader(r, longest))
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			var numbers []int
			for _, word := range strings.Fields(line) {
				n, err := strconv.Atoi(word)
				if err != nil || n < 0 || n > unicode.MaxRune {
					return fmt.Errorf("line %d: %q is not a number of a label or a character", i+1, word)
				}
				numbers = append(numbers, n)
			}
			if len(numbers) < 2 {
				continue
			}
			var chars []string
			for _, n := range numbers[1:] {
				chars = append(chars, string(rune(n)))
			}
			names[numbers[0]] = strings.Join(chars, "/")
		}
		return nil
	})
}

// transpose exchanges rows and columns of each image.
func (d *Dataset) transpose() {
	if len(d.Shape) != 2 {
		return
	}
	h, w := d.Shape[0], d.Shape[1]
	d.X.transpose(h, w)
	d.Shape = []int{w, h}
	d.Inputs = pixelNames(d.Shape, h*w)
}

// transpose exchanges the h rows and w columns of pictures.
func (a *Array) transpose(h, w int) {
	transpose(a.f64, h, w)
	transpose(a.f32, h, w)
	transpose(a.bytes, h, w)
}

func transpose[T Number](images []T, h, w int) {
	upright := make([]T, h*w)
	for lo := 0; lo < len(images); lo += h * w {
		image := images[lo : lo+h*w]
		for i := range h {
			for j := range w {
				upright[j*h+i] = image[i*w+j]
			}
		}
		copy(image, upright)
	}
}

// withFile calls read with an open file and names the file in its errors.
func withFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
