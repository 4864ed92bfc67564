// Package inspect looks for what is odd about rows before anything is learned from
// them: copies, and columns that tell the target by themselves.
package inspect

import (
	"encoding/binary"
	"hash/maphash"
	"strings"

	"descent/data"
)

// Facts are what there is to know of the rows of a data set.
type Facts struct {
	// Compared is how many rows were compared with each other: all, or none of more
	// than 200,000. Duplicates are equal to one before them, in inputs and target;
	// Contradicting have the inputs of one before them and another target.
	Compared      int `json:"rows_compared"`
	Duplicates    int `json:"duplicate_rows"`
	Contradicting int `json:"contradicting_rows"`
	// Columns are those of a table that are used, Unused those that are not.
	Columns []Column      `json:"columns,omitempty"`
	Unused  []data.Ignore `json:"unused,omitempty"`

	known map[uint64]bool // the training rows
}

// A Column is one of a table, or one part of a column of dates.
type Column struct {
	Name    string    `json:"name"`
	Kind    data.Kind `json:"kind"`
	Missing int       `json:"missing"` // cells of the training rows
	// Range is that of the numbers of the training rows, Words is how many different
	// words there are.
	Range *data.Span `json:"range,omitempty"`
	Words int        `json:"words,omitempty"`
	// Alone is the share of the target that the column explains by itself: 1 is all of
	// it, 0 as much as nothing. See [Facts.Telling].
	Alone float64 `json:"alone"`

	dated bool // it is a part of a date
}

// mostCompared is how many rows are compared; each is remembered.
const mostCompared = 200_000

// Of looks at the rows of all parts.
func Of(p *data.Parts) *Facts {
	f := &Facts{known: map[uint64]bool{}}
	if n := p.Train.Rows() + p.Val.Rows() + p.Test.Rows(); n <= mostCompared {
		f.Compared = n
		f.compare(p)
	}
	if p.Schema != nil {
		f.Unused = p.Schema.Ignored
		if len(p.Train.Shape) <= 1 { // of pixels there are many, and none says anything alone
			f.columns(p)
		}
	}
	return f
}

// compare counts rows that are equal.
func (f *Facts) compare(p *data.Parts) {
	all, inputs := map[uint64]bool{}, map[uint64]bool{}
	for i, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		each(d, func(_ int, input, row uint64) {
			switch {
			case all[row]:
				f.Duplicates++
			case inputs[input]:
				f.Contradicting++
			}
			all[row], inputs[input] = true, true
			if i == 0 {
				f.known[row] = true
			}
		})
	}
}

// Copies returns the rows of a part that are equal to one of training, and the others.
func (f *Facts) Copies(d *data.Dataset) (copies, others []int) {
	each(d, func(i int, _, row uint64) {
		if f.known[row] {
			copies = append(copies, i)
		} else {
			others = append(others, i)
		}
	})
	return copies, others
}

var seed = maphash.MakeSeed()

// each gives f a hash of the inputs of each row, and one of inputs and target.
func each(d *data.Dataset, f func(i int, input, row uint64)) {
	var buffer []byte
	number := func(x uint64) { buffer = binary.LittleEndian.AppendUint64(buffer, x) }
	for i := range d.Rows() {
		buffer = d.X.AppendRow(buffer[:0], i)
		input := maphash.Bytes(seed, buffer)
		switch {
		case d.Class != nil:
			number(uint64(d.Class[i]))
		case d.Y != nil:
			number(bits(d.Y[i]))
		}
		f(i, input, maphash.Bytes(seed, buffer))
	}
}

// name is what an input is called.
func name(in *data.Input) string { return strings.TrimSpace(in.Name + " " + in.Part) }
