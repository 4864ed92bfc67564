package data

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"descent/internal/atomicfile"
	"descent/internal/mapped"
)

// A sampled row is one of those that are kept of a file.
type sampledRow struct {
	place, line int // in all rows, from 0; in its file
	file        string
	fields      []string
}

// sample reads all rows and keeps so many of them, each with the same chance
// (Vitter's algorithm R), in their order.
func (t *Table) sample(in *records, header []string, o CSVOptions) ([]cells, error) {
	rng := mathrand.New(mathrand.NewPCG(o.Seed, 0))
	var kept []sampledRow
	for t.all = 0; ; t.all++ {
		fields, line, err := t.row(in, header, t.all)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		at := len(kept)
		if at < o.Sample {
			kept = append(kept, sampledRow{})
		} else if at = rng.IntN(t.all + 1); at >= o.Sample {
			continue
		}
		kept[at] = sampledRow{t.all, line, in.name, slices.Clone(fields)}
	}
	if len(kept) == 0 {
		return nil, noRows(t.Name)
	}
	slices.SortFunc(kept, func(a, b sampledRow) int { return cmp.Compare(a.place, b.place) })
	columns := newCells(header)
	for i, r := range kept {
		t.places = append(t.places, r.place)
		t.setLine(i, r.file, r.line)
		addRow(columns, r.fields, o)
	}
	settle(columns)
	t.Notes = append(t.Notes, t.left()...)
	return columns, nil
}

// All returns the number of rows of the file that the table is of: more than its own if
// it is a sample, see [CSVOptions].Sample.
func (t *Table) All() int { return max(t.all, t.Rows()) }

// Places returns which rows of the file some rows of the table are, both from 0.
func (t *Table) Places(rows []int) []int {
	places := slices.Clone(rows)
	for i, row := range rows {
		if t.places != nil {
			places[i] = t.places[row]
		}
	}
	return places
}

// A Spill is encoded rows with their targets, whose inputs are float32 in a temporary
// file: rows of more than the memory. It implements [Rows].
type Spill struct {
	inputs, target Array
	notes          []Note
	close          func() error
}

// Rows returns the number of rows.
func (s *Spill) Rows() int { return s.inputs.Rows() }

// Array implements [Rows]: x and y.
func (s *Spill) Array(name string) (a Array, ok bool) {
	switch name {
	case "x":
		return s.inputs, true
	case "y":
		return s.target, true
	}
	return a, false
}

// Notes says what was done to the rows that their user should know.
func (s *Spill) Notes() []Note { return s.notes }

// Close gives the file up; no row is to be used after it.
func (s *Spill) Close() error { return s.close() }

// Spill encodes the rows of a file, or of those that match a pattern, but those in
// places that are left out (ascending, from 0) and those without a target, some at a
// time. Targets that are numbers become (y-offset)/scale. The temporary file is in
// [os.TempDir], and gone when the process ends.
func (s *Schema) Spill(name string, o CSVOptions, out []int, offset, scale float64) (*Spill, error) {
	if s.Target.Outputs != nil {
		return nil, fmt.Errorf("%s: several targets cannot be spilled", name)
	}
	files, err := openShelf(name, o)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	st, err := s.stream(files.file, o, files)
	if err != nil {
		return nil, err
	}
	if err := st.withTarget(); err != nil {
		return nil, err
	}
	path := filepath.Join(os.TempDir(), "descent-"+rand.Text())
	file, err := atomicfile.Append(path)
	if err != nil {
		return nil, err
	}
	y, class, err := st.spill(file, out, offset, scale)
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path) // the first error is told
		return nil, err
	}
	spilled := &Spill{notes: st.Notes()}
	numbers, unmap, err := mapped.Floats(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	spilled.close = unmap
	if spilled.inputs, err = NewArray(numbers, s.Shape...); err != nil {
		return nil, err
	}
	if s.Target.Task == Regression {
		spilled.target, err = NewArray(y)
	} else {
		spilled.target, err = NewArray(class)
	}
	return spilled, err
}

// withTarget makes the stream read the target, too.
func (st *Stream) withTarget() error {
	name := st.schema.Target.Name
	at := slices.Index(st.header, name)
	if at < 0 {
		return st.noColumn(name)
	}
	st.fields, st.columns = append(st.fields, at), append(st.columns, cells{name: name})
	st.numeric, st.forms = append(st.numeric, st.schema.Target.Task == Regression), append(st.forms, form{})
	return nil
}

// spill writes the inputs of rows, and returns their targets.
func (st *Stream) spill(w io.Writer, out []int, offset, scale float64) (y []float64, class []int, err error) {
	to := bufio.NewWriterSize(w, 1<<20)
	for st.err == nil {
		n := st.read()
		if n == 0 {
			break
		}
		t := &Table{Name: st.table.Name, lines: st.table.lines}
		if bad := st.fill(t); bad != nil {
			return nil, nil, bad.err
		}
		for i := range t.Columns {
			st.forms[i].learn(&st.columns[i], &t.Columns[i])
		}
		target := &t.Columns[len(t.Columns)-1]
		rows := slices.DeleteFunc(allRows(n), func(row int) bool {
			_, is := slices.BinarySearch(out, st.rows+row)
			return is || target.missing(row)
		})
		st.rows += n
		d, err := st.schema.encodeLabelled(t, target, rows)
		if err != nil {
			return nil, nil, err
		}
		st.saw(d.unseen)
		if err := mapped.Write(to, convert[float32](d.X).f32); err != nil {
			return nil, nil, err
		}
		for _, v := range d.Y {
			y = append(y, (v-offset)/scale)
		}
		class = append(class, d.Class...)
	}
	if st.err != io.EOF {
		return nil, nil, st.err
	}
	return y, class, to.Flush()
}
