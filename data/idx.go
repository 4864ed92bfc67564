package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// ReadIDX reads images and their labels in the IDX format of MNIST, each plain
// or gzip. Pixels 0..255 become inputs 0..1; Shape is that of one image. The
// classes are 0, 1, ... up to the largest label.
//
// Sizes that a file claims are believed only as far as the file goes: it is an
// error, and no large allocation, if the data are shorter or longer than that.
func ReadIDX(images, labels io.Reader) (*Dataset, error) {
	d, err := readImages(images, 0)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	if err := d.readLabels(labels, 0); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return d, nil
}

// OpenIDX reads a folder with IDX files named as those of MNIST:
//
//	train-images-idx3-ubyte   train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte    t10k-labels-idx1-ubyte
//
// each with or without .gz. A set whose two files are both absent is nil; it is
// an error if both sets are, or one file of a set. Sets of one folder have the
// same classes. A file may have maxBytes bytes after decompression; 0 means
// DefaultMaxBytes. Errors are those of ReadIDX.
func OpenIDX(folder string, maxBytes int64) (train, test *Dataset, err error) {
	if train, err = openPair(folder, "train", maxBytes); err != nil {
		return nil, nil, err
	}
	if test, err = openPair(folder, "t10k", maxBytes); err != nil {
		return nil, nil, err
	}
	if train == nil && test == nil {
		return nil, nil, fmt.Errorf("%s: no IDX files; expected train-images-idx3-ubyte, train-labels-idx1-ubyte, or t10k-..., each with or without .gz", folder)
	}
	if train != nil && test != nil {
		all := train.Classes
		if len(test.Classes) > len(all) {
			all = test.Classes
		}
		train.Classes, test.Classes = all, slices.Clone(all)
		if !slices.Equal(train.Shape, test.Shape) {
			return nil, nil, fmt.Errorf("%s: images for training are %v, for testing %v", folder, train.Shape, test.Shape)
		}
	}
	return train, test, nil
}

// openPair reads the set whose files begin with prefix; nil if there is none.
func openPair(folder, prefix string, maxBytes int64) (*Dataset, error) {
	images, err := findIDX(folder, prefix+"-images", "idx3-ubyte")
	if err != nil {
		return nil, err
	}
	labels, err := findIDX(folder, prefix+"-labels", "idx1-ubyte")
	if err != nil || images == "" && labels == "" {
		return nil, err
	}
	if images == "" {
		return nil, fmt.Errorf("%s: %s has no %s-images-idx3-ubyte beside it", folder, filepath.Base(labels), prefix)
	}
	if labels == "" {
		return nil, fmt.Errorf("%s: %s has no %s-labels-idx1-ubyte beside it", folder, filepath.Base(images), prefix)
	}
	var d *Dataset
	err = withFile(images, func(r io.Reader) error {
		d, err = readImages(r, maxBytes)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = withFile(labels, func(r io.Reader) error { return d.readLabels(r, maxBytes) })
	return d, err
}

// findIDX returns the path of a file; some copies of MNIST have a dot in its
// name where the original has a dash.
func findIDX(folder, stem, kind string) (string, error) {
	for _, name := range []string{stem + "-" + kind, stem + "." + kind} {
		for _, suffix := range []string{"", ".gz"} {
			path := filepath.Join(folder, name+suffix)
			switch _, err := os.Stat(path); {
			case err == nil:
				return path, nil
			case !errors.Is(err, os.ErrNotExist):
				return "", fileError(path, err)
			}
		}
	}
	return "", nil
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

// readImages reads the inputs of a dataset, at least one image.
func readImages(r io.Reader, maxBytes int64) (*Dataset, error) {
	dims, pixels, err := readIDX(r, maxBytes)
	if err != nil {
		return nil, err
	}
	if len(dims) < 2 {
		return nil, fmt.Errorf("an array with %d axis; images have two or more (is this the file of labels?)", len(dims))
	}
	if len(pixels) > maxCells {
		return nil, fmt.Errorf("%d pixels need %s; at most %s are allowed", len(pixels), size(8*int64(len(pixels))), size(8*maxCells))
	}
	d := &Dataset{X: make([]float64, len(pixels)), Shape: dims[1:], Target: "label"}
	for i, p := range pixels {
		d.X[i] = float64(p) / 255
	}
	d.Inputs = pixelNames(d.Shape, len(pixels)/dims[0])
	return d, nil
}

// pixelNames names pixels by row and column, or by number if there are other
// axes.
func pixelNames(shape []int, n int) []string {
	if len(shape) != 2 {
		return numbered("x", n)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("pixel_%d_%d", i/shape[1], i%shape[1])
	}
	return names
}

// readLabels reads the classes of the images that d has.
func (d *Dataset) readLabels(r io.Reader, maxBytes int64) error {
	dims, labels, err := readIDX(r, maxBytes)
	if err != nil {
		return err
	}
	if len(dims) != 1 {
		return fmt.Errorf("an array with %d axes; labels have one (is this the file of images?)", len(dims))
	}
	if len(labels) != d.Rows() {
		return fmt.Errorf("%d labels for %d images", len(labels), d.Rows())
	}
	d.Class = make([]int, len(labels))
	for i, l := range labels {
		d.Class[i] = int(l)
	}
	d.Classes = numbered("", int(slices.Max(labels))+1)
	return nil
}

// maxAxes is the largest number of axes of an IDX array; videos have four.
const maxAxes = 4

// readIDX reads an array of bytes: two zero bytes, the type of the elements
// (8: unsigned byte), the number of axes, the length of each axis as four bytes
// (big-endian), the elements.
func readIDX(r io.Reader, maxBytes int64) (dims []int, elements []byte, err error) {
	in, err := plain(r, maxBytes)
	if err != nil {
		return nil, nil, err
	}
	var magic [4]byte
	if _, err := io.ReadFull(in, magic[:]); err != nil {
		return nil, nil, short(err, "the magic number")
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, nil, fmt.Errorf("begins with % x; an IDX file begins with 00 00", magic)
	}
	if magic[2] != 8 {
		return nil, nil, fmt.Errorf("elements of type 0x%02x; only unsigned bytes (0x08) are known", magic[2])
	}
	if magic[3] == 0 || magic[3] > maxAxes {
		return nil, nil, fmt.Errorf("%d axes; there must be 1 to %d", magic[3], maxAxes)
	}
	lengths := make([]uint32, magic[3])
	if err := binary.Read(in, binary.BigEndian, lengths); err != nil {
		return nil, nil, short(err, "the lengths of the axes")
	}
	for _, n := range lengths {
		if n > math.MaxInt32 {
			return nil, nil, fmt.Errorf("axes of %v elements are too long", lengths)
		}
		dims = append(dims, int(n))
	}
	elements, err = readElements(in, dims)
	return dims, elements, err
}

// readElements reads as many bytes as dims say, and insists that no more come.
func readElements(in io.Reader, dims []int) ([]byte, error) {
	want, ok := product(dims)
	if !ok {
		return nil, fmt.Errorf("an array of %v: each axis must have an element, and all of them must fit in memory", dims)
	}
	// The buffer grows with what the file really has.
	var b bytes.Buffer
	b.Grow(min(want, 1<<20))
	got, err := b.ReadFrom(io.LimitReader(in, int64(want)))
	if err != nil {
		return nil, err
	}
	if got < int64(want) {
		return nil, fmt.Errorf("an array of %v needs %d bytes; the file ends after %d", dims, want, got)
	}
	switch _, err := io.ReadFull(in, make([]byte, 1)); {
	case err == nil:
		return nil, fmt.Errorf("an array of %v needs %d bytes; the file has more", dims, want)
	case err != io.EOF:
		// For gzip, the checksum is at the end.
		return nil, err
	}
	return b.Bytes(), nil
}

// short explains a file that ends within its header.
func short(err error, what string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the file ends within %s", what)
	}
	return err
}
