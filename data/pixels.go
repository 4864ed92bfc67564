package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// readImages reads the inputs of a dataset, at least one image.
func readImages(r io.Reader, o PictureOptions) (*Dataset, error) {
	a, err := readArray(r, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	if len(a.dims) < 2 {
		return nil, fmt.Errorf("an array with %d axis; images have two or more (is this the file of labels?)", len(a.dims))
	}
	shape := a.dims[1:]
	d := &Dataset{Shape: slices.Clone(shape), Target: "label"}
	if d.X, err = a.pixels(); err != nil {
		return nil, err
	}
	if len(shape) == 3 {
		d.placeChannels(o.Channels)
	}
	d.Inputs = pixelNames(d.Shape, a.len()/a.dims[0])
	if o.Width > 0 && len(d.Shape) > 1 {
		d.resize(o.Width, o.Height)
	}
	return d, nil
}

// placeChannels gives images the shape channels × rows × columns, or rows × columns
// if there is one channel.
func (d *Dataset) placeChannels(at ChannelAxis) {
	usual := []int{1, 3, 4}
	first, last := slices.Contains(usual, d.Shape[0]), slices.Contains(usual, d.Shape[2])
	if at == "" {
		at = ChannelsFirst
		other := ChannelsLast
		if last && (!first || d.Shape[2] == 1) {
			at, other = ChannelsLast, ChannelsFirst
		}
		if d.Shape[0] != 1 && d.Shape[2] != 1 {
			what := map[ChannelAxis]string{ChannelsFirst: "channels x rows x columns", ChannelsLast: "rows x columns x channels"}[at]
			d.Notes = append(d.Notes, Note{Text: fmt.Sprintf("images of %dx%dx%d numbers are taken as %s", d.Shape[0], d.Shape[1], d.Shape[2], what), Guess: first == last,
				Advice: []Advice{{Text: fmt.Sprintf("set Channels to %q if that is wrong", other), Option: "Channels", Value: string(other)}}})
		}
	}
	if at == ChannelsLast {
		h, w, c := d.Shape[0], d.Shape[1], d.Shape[2]
		d.X.transpose(h*w, c)
		d.Shape = []int{c, h, w}
	}
	if d.Shape[0] == 1 {
		d.Shape = d.Shape[1:]
	}
}

// pixels returns the pictures of an array. If they were bytes once, they become so again,
// and whatever is from 0 to 255 is divided by that.
func (a *array) pixels() (Array, error) {
	n := a.len()
	width := n / a.dims[0]
	if a.item == 'u' && a.size == 1 {
		return PixelsOf(a.raw, width), nil
	}
	least, most, whole := 0.0, 0.0, true
	for i := range n {
		x := a.at(i)
		if !finite(x) {
			return Array{}, errors.New("pixels that are not finite")
		}
		least, most, whole = min(least, x), max(most, x), whole && x == math.Trunc(x)
	}
	shades := least == 0 && most > 1 && most <= 255
	switch {
	case shades && whole:
		bytes := make([]uint8, n)
		for i := range bytes {
			bytes[i] = uint8(a.at(i))
		}
		return PixelsOf(bytes, width), nil
	case n > maxCells:
		return Array{}, fmt.Errorf("%d pixels need %s; at most %s are allowed", n, size(8*int64(n)), size(8*maxCells))
	case a.item == 'f' && a.size == 4:
		return ArrayOf(values[float32](a, shades), width), nil
	}
	return ArrayOf(values[float64](a, shades), width), nil
}

// values returns the numbers of an array, divided by 255 if they are shades of pictures.
func values[T float32 | float64](a *array, shades bool) []T {
	all := make([]T, a.len())
	for i := range all {
		x := a.at(i)
		if shades {
			x /= 255
		}
		all[i] = T(x)
	}
	return all
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

// readLabels reads the labels of the images that d has into Class.
func (d *Dataset) readLabels(r io.Reader, maxBytes int64) error {
	a, err := readArray(r, maxBytes)
	if err != nil {
		return err
	}
	wide := 1
	if len(a.dims) == 2 && (a.dims[1] == 1 || a.item == 'i' && a.size == 4) { // QMNIST's have columns on who wrote the digit behind the label
		wide = a.dims[1]
	} else if len(a.dims) != 1 {
		return fmt.Errorf("an array with %d axes; labels have one (is this the file of images?)", len(a.dims))
	}
	if n := a.dims[0]; n != d.Rows() {
		return fmt.Errorf("%d labels for %d images", n, d.Rows())
	}
	d.Class = make([]int, d.Rows())
	for i := range d.Class {
		l := a.at(i * wide)
		if l != math.Trunc(l) || l < 0 || l >= maxClasses {
			return fmt.Errorf("label %d is %v; labels are whole numbers from 0", i, l)
		}
		d.Class[i] = int(l)
	}
	return nil
}

// nameClasses names the classes of some sets, from the smallest label to the
// largest of all sets, and counts them from 0. A class is called by its label, if
// names has no other.
func nameClasses(names map[int]string, sets ...*Dataset) error {
	lo, hi := maxClasses, 0
	for _, d := range sets {
		lo, hi = min(lo, slices.Min(d.Class)), max(hi, slices.Max(d.Class))
	}
	classes, labels := make([]string, hi-lo+1), make(map[string]int)
	for k := range classes {
		label := lo + k
		classes[k] = cmp.Or(names[label], strconv.Itoa(label))
		if other, ok := labels[classes[k]]; ok {
			return fmt.Errorf("labels %d and %d are both called %q", other, label, classes[k])
		}
		labels[classes[k]] = label
	}
	for _, d := range sets {
		d.Classes = slices.Clone(classes)
		for i := range d.Class {
			d.Class[i] -= lo
		}
	}
	return nil
}
