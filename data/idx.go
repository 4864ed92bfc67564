package data

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// ReadImages reads images and their labels in the IDX format of MNIST or as .npy
// files of NumPy, each plain or gzip. Pixels 0..255 become inputs 0..1; Shape is
// that of one image. The classes are the numbers from the smallest label to the
// largest.
//
// Sizes that a file claims are believed only as far as the file goes: it is an
// error, and no large allocation, if the data are shorter or longer than that.
func ReadImages(images, labels io.Reader) (*Dataset, error) {
	d, err := readImages(images, PictureOptions{})
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	if err := d.readLabels(labels, 0); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return d, nameClasses(nil, d)
}

// maxAxes is the largest number of axes of an array; videos have four.
const maxAxes = 4

// idxTypes are the types of elements by their numbers.
var idxTypes = map[byte]array{0x08: {item: 'u', size: 1}, 0x09: {item: 'i', size: 1}, 0x0b: {item: 'i', size: 2}, 0x0c: {item: 'i', size: 4},
	0x0d: {item: 'f', size: 4}, 0x0e: {item: 'f', size: 8}}

// readIDX reads an array: two zero bytes, the type of the elements, the number of
// axes, the length of each axis as four bytes, the elements, all big-endian.
func readIDX(in *bufio.Reader) (*array, error) {
	var magic [4]byte
	if _, err := io.ReadFull(in, magic[:]); err != nil {
		return nil, short(err, "the magic number")
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, fmt.Errorf("begins with % x; an IDX file begins with 00 00, a file of NumPy with 93 4e 55 4d 50 59", magic)
	}
	a, ok := idxTypes[magic[2]]
	if a.order = binary.BigEndian; !ok {
		return nil, fmt.Errorf("elements of type 0x%02x; bytes (0x08, 0x09), whole numbers (0x0b, 0x0c) and floats (0x0d, 0x0e) are known", magic[2])
	}
	if magic[3] == 0 || magic[3] > maxAxes {
		return nil, fmt.Errorf("%d axes; there must be 1 to %d", magic[3], maxAxes)
	}
	lengths := make([]uint32, magic[3])
	if err := binary.Read(in, binary.BigEndian, lengths); err != nil {
		return nil, short(err, "the lengths of the axes")
	}
	for _, n := range lengths {
		if n > math.MaxInt32 {
			return nil, fmt.Errorf("axes of %v elements are too long", lengths)
		}
		a.dims = append(a.dims, int(n))
	}
	return &a, a.read(in)
}
