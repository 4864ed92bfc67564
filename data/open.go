package data

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent/internal/suggest"
)

//go:embed sets
var setFiles embed.FS

// A Set is a data set that is part of the program.
type Set struct {
	Name   string
	Task   Task
	Target string // the last column
	Rows   int
	Inputs int   // columns besides the target, all numeric
	Shape  []int // of one row's inputs, if not simply their number
	About  string
	file   string
}

var sets = []Set{
	{"breast_cancer", Classification, "diagnosis", 569, 30, nil, "benign or malignant, from measures of cell nuclei", "breast_cancer.csv"},
	{"diabetes", Regression, "progression", 442, 10, nil, "progress of the disease within a year, from ten baseline measures", "diabetes.csv"},
	{"digits", Classification, "digit", 1797, 64, []int{8, 8}, "handwritten digits, 8×8 pixels from 0 to 16", "digits.csv.gz"},
	{"iris", Classification, "species", 150, 4, nil, "three species, from the sizes of petals and sepals", "iris.csv"},
	{"wine", Classification, "cultivar", 178, 13, nil, "three cultivars, from a chemical analysis", "wine.csv"},
}

// Embedded lists the data sets that are part of the program, by name. Their
// origin and licences are in sets/README.md.
func Embedded() []Set {
	list := slices.Clone(sets)
	for i := range list {
		list[i].Shape = slices.Clone(list[i].Shape)
	}
	return list
}

// A Source is what Open found: a table, or images.
type Source struct {
	Name string

	// Table is the table, of an embedded set or a CSV file; else nil.
	Table *Table
	// Target and Task are known for embedded sets; else "".
	Target string
	Task   Task
	// Shape is the shape of one row's inputs, if it is known; else nil.
	Shape []int

	// Images are images; else nil. Test is their own test set, nil if there is only
	// one set (which is then Images).
	Images, Test *Dataset
}

// Open opens the embedded set of that name, a table in a file, or in all that match a
// pattern (see [Files]), or images (see OpenImages).
// Embedded sets come first; write ./iris for a file of that name. The options are
// those of ReadCSV; of them, only MaxBytes and Pictures concern images, and
// none an embedded set, so that others are refused.
func Open(name string, o CSVOptions) (*Source, error) {
	set, images, err := look(name)
	switch {
	case err != nil:
		return nil, err
	case images:
		return openFolder(name, o)
	}
	if err := o.noPictures(name); err != nil {
		return nil, err
	}
	if set != nil {
		return set.open(o)
	}
	t, err := OpenCSV(name, o)
	if err != nil {
		return nil, err
	}
	return &Source{Name: name, Table: t}, nil
}

// look tells what a name stands for: an embedded set, images, or else a file of
// text.
func look(name string) (set *Set, images bool, err error) {
	for i := range sets {
		if sets[i].Name == name {
			return &sets[i], false, nil
		}
	}
	images, err = stat(name)
	if _, _, _, image := imageName(filepath.Base(name)); err == nil && image && !images {
		err = fmt.Errorf("%s: images or labels; give the folder that has both: %s", name, filepath.Dir(name))
	}
	return nil, images, err
}

// IsImages tells whether Open finds images under that name, and not a table.
func IsImages(name string) bool {
	_, images, err := look(name)
	return err == nil && images
}

// HasFiles tells whether Open finds under that name images that are files of their
// own, so that rows have names.
func HasFiles(name string) bool {
	if !IsImages(name) {
		return false
	}
	files, err := findImages(name)
	return err == nil && files == nil
}

// Find returns the error of Open for a name of which there is nothing, nil if
// there is something.
func Find(name string) error {
	_, _, err := look(name)
	return err
}

// stat tells whether a name is that of images: a folder, a set in one, a picture, an
// archive of arrays. Else it is a file.
func stat(name string) (images bool, err error) {
	info, err := os.Stat(name)
	switch {
	case err == nil:
		return info.IsDir() || pictureFile(name) || npzFile(name), nil
	case !errors.Is(err, os.ErrNotExist):
		return false, fileError(name, err)
	}
	if sets, err := imageSets(filepath.Dir(name)); err == nil && sets[strings.ToLower(filepath.Base(name))] != nil {
		return true, nil
	}
	if strings.ContainsAny(name, "*?[") {
		if len(Files(name)) == 0 {
			return false, fmt.Errorf("%s: no file matches", name)
		}
		return false, nil
	}
	return false, noSource(name)
}

func noSource(name string) error {
	var names []string
	for _, s := range sets {
		names = append(names, s.Name)
	}
	near := suggest.Nearest(name, names)
	if near != "" {
		near = fmt.Sprintf(" (did you mean %s?)", quote(near))
	}
	return fmt.Errorf("%s: no such file or folder; embedded data sets are %s%s", name, list(names), near)
}

// text opens the file of a set.
func (s *Set) text(o CSVOptions) (io.Reader, error) {
	if err := o.onlyMaxBytes(s.Name, "an embedded data set"); err != nil {
		return nil, err
	}
	text, err := setFiles.ReadFile("sets/" + s.file)
	return bytes.NewReader(text), err
}

func (s *Set) open(o CSVOptions) (*Source, error) {
	text, err := s.text(o)
	if err != nil {
		return nil, err
	}
	t, err := ReadCSV(text, CSVOptions{Name: s.Name})
	if err != nil {
		return nil, err
	}
	return &Source{Name: s.Name, Table: t, Target: s.Target, Task: s.Task, Shape: s.Shape}, nil
}

func openFolder(name string, o CSVOptions) (*Source, error) {
	if err := o.onlyMaxBytes(name, "a folder of images"); err != nil {
		return nil, err
	}
	pictures := o.Pictures
	pictures.MaxBytes = cmp.Or(pictures.MaxBytes, o.MaxBytes)
	train, test, err := OpenImages(name, pictures)
	if err != nil {
		return nil, err
	}
	return &Source{Name: name, Images: train, Test: test, Task: Classification, Shape: slices.Clone(train.Shape)}, nil
}

// onlyMaxBytes refuses options that would be without effect.
func (o *CSVOptions) onlyMaxBytes(name, what string) error {
	advice := leaveOut(map[string]bool{"Comma": o.Comma != 0, "NoHeader": o.NoHeader, "Decimal": o.Decimal != "", "Thousands": o.Thousands != "",
		"DayFirst": o.DayFirst, "Kinds": len(o.Kinds) > 0, "Missing": len(o.Missing) > 0})
	if advice == nil {
		return nil
	}
	return advise(fmt.Errorf("%s: %s is not a CSV file", name, what), advice...)
}

// noPictures refuses options for pictures where there are none.
func (o *CSVOptions) noPictures(name string) error {
	p := &o.Pictures
	advice := leaveOut(map[string]bool{"Size": p.Width != 0 || p.Height != 0, "Colors": p.Colors != 0, "Channels": p.Channels != ""})
	if advice == nil {
		return nil
	}
	return advise(fmt.Errorf("%s: a table has no pictures", name), advice...)
}

// Prepare divides the rows into parts: for a table as the function Prepare,
// for images as Split. An empty target means that of the embedded set; its task
// and shape are those of the set then, unless o says otherwise.
//
// Images are inputs already, so options about columns are refused. A folder
// with its own test set keeps it, whatever o.Fractions.Test is. Images without
// classes are an error, unless o.NoTarget is set.
func (s *Source) Prepare(target string, o Options) (*Parts, error) {
	if s.Table == nil && s.Images == nil {
		return nil, errors.New("data: a source without a table or images")
	}
	if s.Table == nil {
		return s.prepareImages(target, o)
	}
	target, o = s.own(target, o)
	return Prepare(s.Table, target, o)
}

// own fills in what is known of an embedded set.
func (s *Source) own(target string, o Options) (string, Options) {
	if target == "" {
		target = s.Target
	}
	if target == s.Target {
		if o.Task == "" {
			o.Task = s.Task
		}
		if o.Shape == nil && len(o.Drop) == 0 && o.Schema == nil {
			o.Shape = s.Shape
		}
	}
	return target, o
}

func (s *Source) prepareImages(target string, o Options) (*Parts, error) {
	if advice := leaveOut(map[string]bool{"Target": target != "" && target != s.Images.Target, "Task": o.Task == Regression, "Scaling": o.Scaling != Unscaled,
		"Drop": len(o.Drop) > 0, "Weight": o.Weight != "", "Use": len(o.Use) > 0, "Group": o.Group != "", "Time": o.Time != "", "Split": o.Split != "", "Unknown": o.Unknown != "", "MaxLevels": o.MaxLevels != 0, "Shape": o.Shape != nil, "Schema": o.Schema != nil}); advice != nil {
		return nil, advise(fmt.Errorf("%s: images have pixels from 0 to 1 and labels", s.Name), advice...)
	}
	if s.Images.Class == nil && !o.NoTarget {
		return nil, fmt.Errorf("%s: its images have no labels; put those of each class in a folder of its own, or a file of labels beside IDX or NumPy files", s.Name)
	}
	if s.Test != nil {
		o.Fractions.Test = 0
	}
	parts, err := Split(s.Images, o.Fractions, o.Seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if s.Test != nil {
		parts.Test = s.Test
	}
	parts.Notes = s.Images.Notes
	return parts, nil
}
