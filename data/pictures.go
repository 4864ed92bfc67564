package data

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// PictureOptions say how pictures are read. The zero value takes them as they are.
type PictureOptions struct {
	// Width and Height, if not 0, are what pictures are resized to, stretched where
	// the ratio of their sides is another. A pixel becomes a mean of those around its
	// place, with weights that fall linearly to 0 over one pixel, of the result where
	// that is smaller: the triangle filter, also called bilinear with antialiasing.
	Width, Height int
	// Colors is 1 for grey, which is 0.299 red + 0.587 green + 0.114 blue, and 3 for
	// red, green and blue. 0 is grey if all pictures are. Arrays keep their channels.
	Colors int
	// Channels says where an array of pictures has its channels: ChannelsFirst or
	// ChannelsLast. "" is first, unless the last of the axes has 1 element, or alone
	// has 3 or 4.
	Channels ChannelAxis
	// MaxBytes bounds each file after decompression, and all pictures of a folder
	// together; 0 means DefaultMaxBytes.
	MaxBytes int64
}

// ChannelAxis says where an array of pictures has its channels.
type ChannelAxis string

// The places of channels.
const (
	ChannelsFirst ChannelAxis = "first" // n × channels × rows × columns
	ChannelsLast  ChannelAxis = "last"  // n × rows × columns × channels
)

// maxSide is the largest width or height that pictures are resized to.
const maxSide = 4096

func (o *PictureOptions) check() error {
	switch {
	case (o.Width != 0 || o.Height != 0) && (o.Width < 1 || o.Height < 1 || o.Width > maxSide || o.Height > maxSide):
		return fmt.Errorf("pictures of %dx%d; both lengths are from 1 to %d", o.Width, o.Height, maxSide)
	case o.Colors != 0 && o.Colors != 1 && o.Colors != 3:
		return fmt.Errorf("pictures of %d colors; there are 1, for grey, and 3", o.Colors)
	case o.Channels != "" && o.Channels != ChannelsFirst && o.Channels != ChannelsLast:
		return unknown("place of channels", string(o.Channels), ChannelsFirst, ChannelsLast)
	}
	return nil
}

// pictureFile tells whether a name is that of a picture.
func pictureFile(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(name)))
}

// The names of folders that are parts of a set, and not classes.
var pictureParts = map[string]string{"train": "train", "training": "train", "test": "test", "testing": "test", "val": "test", "valid": "test", "validation": "test"}

// openPictures reads a folder of pictures: those of each class in a folder of its
// own, or all of them without classes; or two such folders, train and test. A
// single picture is one without a class.
func openPictures(path string, o PictureOptions) (train, test *Dataset, err error) {
	parts := map[string]string{}
	entries, err := readFolder(path)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		part := pictureParts[strings.ToLower(e.Name())]
		if part == "" || !e.IsDir() {
			clear(parts)
			break
		}
		if parts[part] != "" {
			return nil, nil, fmt.Errorf("%s: both %s and %s would be its pictures for testing; put one of them elsewhere", path, filepath.Base(parts[part]), e.Name())
		}
		parts[part] = filepath.Join(path, e.Name())
	}
	if len(parts) == 0 {
		train, err = readPictures(path, o)
		return train, nil, err
	}
	for _, part := range []string{"train", "test"} {
		if parts[part] == "" {
			return nil, nil, fmt.Errorf("%s: no folder %s beside %s", path, part, list(sortedValues(parts)))
		}
	}
	if train, err = readPictures(parts["train"], o); err != nil {
		return nil, nil, err
	}
	o.Colors = 3 // as those for training
	if len(train.Shape) == 2 {
		o.Colors = 1
	}
	if test, err = readPictures(parts["test"], o); err != nil {
		return nil, nil, err
	}
	switch {
	case !slices.Equal(train.Shape, test.Shape):
		return nil, nil, fmt.Errorf("%s: pictures for training are %v, for testing %v", path, train.Shape, test.Shape)
	case !slices.Equal(train.Classes, test.Classes):
		return nil, nil, fmt.Errorf("%s: the classes for training are %s, for testing %s", path, list(train.Classes), list(test.Classes))
	}
	return train, test, nil
}

func sortedValues(m map[string]string) (values []string) {
	for _, key := range sortedKeys(m) {
		values = append(values, filepath.Base(m[key]))
	}
	return values
}

// readFolder lists a folder, without hidden files. What is not a folder is a list
// of itself.
func readFolder(path string) ([]os.DirEntry, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if !info.IsDir() {
		return nil, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	return slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }), nil
}

// A pictureList says where pictures are, and of which class each is.
type pictureList struct {
	root    string
	names   []string // below the root
	class   []int
	classes []string
	others  []string // files that are no pictures
}

// listPictures looks what is in a folder.
func listPictures(path string) (*pictureList, error) {
	l := &pictureList{root: path}
	entries, err := readFolder(path)
	if err != nil {
		return nil, err
	}
	if pictureFile(path) {
		l.root, l.names = filepath.Dir(path), []string{filepath.Base(path)}
		return l, nil
	}
	for _, e := range entries {
		switch {
		case e.IsDir():
			l.classes = append(l.classes, e.Name())
		case pictureFile(e.Name()):
			l.names = append(l.names, e.Name())
		default:
			l.others = append(l.others, e.Name())
		}
	}
	switch {
	case len(l.classes) > 0 && len(l.names) > 0:
		return nil, fmt.Errorf("%s: %s is beside folders such as %s; a picture is in the folder of its class, or there are no folders", path, l.names[0], l.classes[0])
	case len(l.names) > 0:
		return l, nil
	case len(l.classes) > maxClasses:
		return nil, fmt.Errorf("%s: %d folders; there can be %d classes", path, len(l.classes), maxClasses)
	}
	return l, l.listClasses()
}

// listClasses looks what is in the folders of the classes.
func (l *pictureList) listClasses() error {
	for k, class := range l.classes {
		entries, err := readFolder(filepath.Join(l.root, class))
		if err != nil {
			return err
		}
		had := len(l.names)
		for _, e := range entries {
			name := filepath.Join(class, e.Name())
			switch {
			case e.IsDir():
				return fmt.Errorf("%s: a folder within that of a class; pictures are in %s itself", filepath.Join(l.root, name), class)
			case pictureFile(name):
				l.names, l.class = append(l.names, name), append(l.class, k)
			default:
				l.others = append(l.others, name)
			}
		}
		if len(l.names) == had {
			return fmt.Errorf("%s: no PNG or JPEG files", filepath.Join(l.root, class))
		}
	}
	return nil
}

// readPictures reads the pictures of a folder.
func readPictures(path string, o PictureOptions) (*Dataset, error) {
	l, err := listPictures(path)
	if err != nil {
		return nil, err
	}
	if len(l.names) == 0 {
		return nil, fmt.Errorf("%s: no images; expected folders of PNG or JPEG files, one for each class, or train-images-idx3-ubyte, train-labels-idx1-ubyte, or t10k-..., each with or without .gz, or train_images.npy, train_labels.npy", path)
	}
	all := &pictureRows{list: l, options: o, max: cmp.Or(o.MaxBytes, DefaultMaxBytes)}
	if err := all.read(); err != nil {
		return nil, err
	}
	shape := []int{all.first.height, all.first.width}
	if all.channels > 1 {
		shape = append([]int{all.channels}, shape...)
	}
	width := all.channels * all.first.height * all.first.width
	d := &Dataset{X: PixelsOf(all.pix, width), Shape: shape, Names: l.names, Inputs: pixelNames(shape, width)}
	if l.classes != nil {
		d.Class, d.Classes, d.Target = l.class, l.classes, "class"
	}
	if n := len(l.others); n > 0 {
		d.Notes = append(d.Notes, Note{Text: fmt.Sprintf("%s: left out are %d files that are no PNG or JPEG, such as %s", path, n, quote(l.others[0]))})
	}
	return d, nil
}

// pictureRows gathers pictures as rows of bytes.
type pictureRows struct {
	list     *pictureList
	options  PictureOptions
	max      int64
	first    *picture
	channels int
	pix      []uint8
}

// read reads all pictures: some at a time, each by a goroutine of its own.
func (r *pictureRows) read() error {
	some := make([]*picture, 4*runtime.GOMAXPROCS(0))
	errs := make([]error, len(some))
	for lo := 0; lo < len(r.list.names); lo += len(some) {
		names := r.list.names[lo:min(lo+len(some), len(r.list.names))]
		var wg sync.WaitGroup
		for i, name := range names {
			wg.Go(func() { some[i], errs[i] = readPicture(filepath.Join(r.list.root, name), r.options) })
		}
		wg.Wait()
		for i := range names {
			if errs[i] != nil {
				return errs[i]
			}
			if err := r.add(lo+i, some[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds picture i. The first one in color makes all before it such.
func (r *pictureRows) add(i int, p *picture) error {
	path := func(i int) string { return filepath.Join(r.list.root, r.list.names[i]) }
	if r.first == nil {
		r.first, r.channels = p, p.channels
	}
	f := r.first
	if p.width != f.width || p.height != f.height {
		return advise(fmt.Errorf("%s is %dx%d pixels, %s %dx%d", path(i), p.width, p.height, path(0), f.width, f.height),
			Advice{Text: "set Width and Height to resize them", Option: "Size", Value: fmt.Sprintf("%dx%d", f.width, f.height)})
	}
	plane := f.width * f.height
	if p.channels > r.channels {
		r.pix, r.channels = inColor(r.pix, plane), p.channels
	}
	if r.channels > p.channels {
		p.pix = inColor(p.pix, plane)
	}
	if total := int64(len(r.list.names)) * int64(len(p.pix)); total > r.max {
		return fmt.Errorf("%s: %d pictures of %dx%d take %s, more than %s", r.list.root, len(r.list.names), f.width, f.height, size(total), size(r.max))
	}
	if cap(r.pix) == 0 || cap(r.pix) < len(r.pix)+len(p.pix) {
		r.pix = slices.Grow(r.pix, (len(r.list.names)-i)*len(p.pix))
	}
	r.pix = append(r.pix, p.pix...)
	return nil
}

// inColor repeats each grey picture for red, green and blue.
func inColor(grey []uint8, plane int) []uint8 {
	color := make([]uint8, 0, 3*len(grey))
	for lo := 0; lo < len(grey); lo += plane {
		for range 3 {
			color = append(color, grey[lo:lo+plane]...)
		}
	}
	return color
}
