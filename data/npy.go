package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An array is what a file of numbers has.
type array struct {
	dims  []int
	item  byte // 'u', 'i', 'f' or 'b', as NumPy has it
	size  int  // bytes of an element
	order binary.ByteOrder
	raw   []byte
}

// readArray reads an array in the format of IDX or of NumPy, by content.
func readArray(r io.Reader, maxBytes int64) (*array, error) {
	in, err := plain(r, maxBytes)
	if err != nil {
		return nil, err
	}
	if magic, _ := in.Peek(len(numpyMagic)); bytes.Equal(magic, numpyMagic) {
		return readNPY(in)
	}
	return readIDX(in)
}

// len is the number of elements.
func (a *array) len() int { return len(a.raw) / a.size }

// at returns an element.
func (a *array) at(i int) float64 {
	b := a.raw[i*a.size : (i+1)*a.size]
	var bits uint64
	switch a.size {
	case 1:
		bits = uint64(b[0])
	case 2:
		bits = uint64(a.order.Uint16(b))
	case 4:
		bits = uint64(a.order.Uint32(b))
	case 8:
		bits = a.order.Uint64(b)
	}
	switch {
	case a.item == 'f' && a.size == 2:
		return binary16(uint16(bits))
	case a.item == 'f' && a.size == 4:
		return float64(math.Float32frombits(uint32(bits)))
	case a.item == 'f':
		return math.Float64frombits(bits)
	case a.item == 'i':
		shift := 64 - 8*a.size
		return float64(int64(bits<<shift) >> shift)
	}
	return float64(bits)
}

// binary16 is a number of two bytes, by IEEE 754: a sign, five bits of an exponent, ten of a fraction.
func binary16(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	x := math.Ldexp(fraction, -24) // subnormal
	switch {
	case exponent == 31 && fraction > 0:
		return math.NaN()
	case exponent == 31:
		x = math.Inf(1)
	case exponent > 0:
		x = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		return -x
	}
	return x
}

// width is the number of columns of a table.
func (a *array) width() int {
	if len(a.dims) == 2 {
		return a.dims[1]
	}
	return 1
}

// column returns a column of a table, as float32 if each number of the array is one by its
// type, or each of the column is.
func (a *array) column(place int) Array {
	if a.size < 4 || a.item == 'f' && a.size == 4 {
		return ArrayOf(numbersAt[float32](a, place), 1)
	}
	return narrowed(numbersAt[float64](a, place))
}

func numbersAt[T float32 | float64](a *array, place int) []T {
	all := make([]T, a.dims[0])
	for row := range all {
		all[row] = T(a.at(row*a.width() + place))
	}
	return all
}

// read reads as many bytes as dims say, and insists that no more come.
func (a *array) read(in io.Reader) error {
	n, ok := product(a.dims)
	if !ok || n > math.MaxInt/a.size {
		return fmt.Errorf("an array of %v: each axis must have an element, and all of them must fit in memory", a.dims)
	}
	want := n * a.size
	// The memory grows with what the file really has, and never beyond it.
	for len(a.raw) < want {
		more := make([]byte, min(want, max(2*len(a.raw), 1<<20)))
		had := copy(more, a.raw)
		got, err := io.ReadFull(in, more[had:])
		a.raw = more
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return fmt.Errorf("an array of %v needs %d bytes; the file ends after %d", a.dims, want, had+got)
		case err != nil:
			return err
		}
	}
	switch _, err := io.ReadFull(in, make([]byte, 1)); {
	case err == nil:
		return fmt.Errorf("an array of %v needs %d bytes; the file has more", a.dims, want)
	case err != io.EOF:
		// For gzip, the checksum is at the end.
		return err
	}
	return nil
}

// What the header of a .npy file says, a dictionary of Python.
var (
	npyType  = regexp.MustCompile(`'descr':\s*'([<>|=]?)([a-zA-Z])(\d+)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

// readNPY reads an array as numpy.save writes it,
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: six bytes
// and two of the version, the length of the header as two bytes (four from
// version 2), the header, the elements.
func readNPY(in *bufio.Reader) (*array, error) {
	const maxHeader = 1 << 16
	var start [8]byte
	if _, err := io.ReadFull(in, start[:]); err != nil {
		return nil, short(err, "the magic number")
	}
	length := make([]byte, 2)
	if start[6] > 1 {
		length = make([]byte, 4)
	}
	if _, err := io.ReadFull(in, length); err != nil {
		return nil, short(err, "the length of the header")
	}
	n := int(length[0]) | int(length[1])<<8
	if len(length) == 4 {
		n = int(binary.LittleEndian.Uint32(length))
	}
	if n > maxHeader {
		return nil, fmt.Errorf("a header of %s", size(int64(n)))
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, short(err, "the header")
	}
	a, err := parseNPY(string(header))
	if err != nil {
		return nil, err
	}
	return a, a.read(in)
}

// parseNPY reads the header.
func parseNPY(header string) (*array, error) {
	kind, order, shape := npyType.FindStringSubmatch(header), npyOrder.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	switch {
	case kind == nil || order == nil || shape == nil:
		return nil, fmt.Errorf("the header is %s; arrays of plain numbers are read", quote(strings.TrimSpace(header)))
	case order[1] == "True":
		return nil, errors.New("an array in Fortran's order; save numpy.ascontiguousarray of it")
	}
	a := &array{item: kind[2][0], order: binary.LittleEndian}
	if kind[1] == ">" {
		a.order = binary.BigEndian
	}
	switch kind[2] + kind[3] {
	case "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "b1":
		a.size, _ = strconv.Atoi(kind[3])
	default:
		return nil, fmt.Errorf("elements of type %s%s; whole numbers, float16, float32 and float64 are read", kind[2], kind[3])
	}
	for _, d := range strings.Split(shape[1], ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		k, err := strconv.Atoi(d)
		if err != nil || k > math.MaxInt32 {
			return nil, fmt.Errorf("an axis of %s elements is too long", d)
		}
		a.dims = append(a.dims, k)
	}
	if len(a.dims) == 0 || len(a.dims) > maxAxes {
		return nil, fmt.Errorf("%d axes; there must be 1 to %d", len(a.dims), maxAxes)
	}
	return a, nil
}

// short explains a file that ends within its header.
func short(err error, what string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the file ends within %s", what)
	}
	return err
}

// arrayRows are the rows of an array of numbers, as cells.
type arrayRows struct {
	of     *array
	width  int
	row    int
	fields []string
}

// newArrayRows reads an array of one axis, or two.
func newArrayRows(in *bufio.Reader) (*arrayRows, error) {
	a, err := readNPY(in)
	if err != nil {
		return nil, err
	}
	width := a.width()
	if len(a.dims) > 2 || width > maxFields {
		return nil, fmt.Errorf("an array of %v; a table has rows and columns, of which at most %d", a.dims, maxFields)
	}
	return &arrayRows{of: a, width: width, fields: make([]string, width)}, nil
}

func (a *arrayRows) names() []string { return numberedNames(a.width) }

func (a *arrayRows) next() (fields []string, line int, err error) {
	if a.row == a.of.dims[0] {
		return nil, 0, io.EOF
	}
	for i := range a.fields {
		a.fields[i] = a.cell(a.row, i)
	}
	a.row++
	return a.fields, a.row, nil
}

// cell returns a number as programs write it.
func (a *arrayRows) cell(row, column int) string {
	return strconv.FormatFloat(a.of.at(row*a.width+column), 'g', -1, 64)
}
