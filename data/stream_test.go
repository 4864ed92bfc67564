package data

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// gather returns all that a stream gives, and its error if it is not io.EOF.
func gather(st *Stream, keep ...string) (x []float64, kept [][]string, err error) {
	for _, name := range keep {
		if err := st.Keep(name); err != nil {
			return nil, nil, err
		}
	}
	kept = make([][]string, len(keep))
	for {
		d, err := st.Next()
		if err == io.EOF {
			return x, kept, nil
		}
		if err != nil {
			return x, kept, err
		}
		x = append(x, d.X.Numbers()...)
		for i := range kept {
			kept[i] = append(kept[i], st.Kept(i)...)
			if len(st.Kept(i)) != d.Rows() {
				return nil, nil, fmt.Errorf("%d cells are kept of %d rows", len(st.Kept(i)), d.Rows())
			}
		}
	}
}

// houses are n rows of a table as Germans write it; words and missing cells come
// now and then.
func houses(n int) string {
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("id;area;town;built;price\n")
	for i := range n {
		area := fmt.Sprintf("%d,%d", 20+r.IntN(200), r.IntN(10))
		if i%97 == 5 {
			area = ""
		}
		town := []string{"Bern", "Genf", "Chur"}[r.IntN(3)]
		if i%50 == 3 {
			town = strings.ToUpper(town)
		}
		fmt.Fprintf(&b, "%03d;%s;%s;%02d.%02d.%d;%d\n", i, area, town, 1+r.IntN(28), 1+r.IntN(12), 1950+r.IntN(70), r.IntN(1000))
	}
	return b.String()
}

func housesSchema(t *testing.T) *Schema {
	t.Helper()
	table, err := ReadCSV(strings.NewReader(houses(300)), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(table, "price", Options{Scaling: Standard, Drop: []string{"id"}, Task: Regression})
	if err != nil {
		t.Fatal(err)
	}
	return p.Schema
}

// A stream gives what the whole table gives: for tables of several blocks and of
// one, and for every embedded set.
func TestStreamIsApply(t *testing.T) {
	s := housesSchema(t)
	for _, n := range []int{1, 7, blockRows - 1, blockRows, blockRows + 1, 3*blockRows + 5} {
		text := houses(n)
		table, err := ReadCSV(strings.NewReader(text), CSVOptions{Schema: s})
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Apply(table)
		if err != nil {
			t.Fatal(err)
		}
		st, err := s.Stream(strings.NewReader(text), CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		x, kept, err := gather(st, "id", "town")
		if err != nil || !slices.Equal(x, want.X.Numbers()) {
			t.Fatalf("%d rows: %v; %d numbers, want %d", n, err, len(x), len(want.X.Numbers()))
		}
		if kept[0][n-1] != fmt.Sprintf("%03d", n-1) || n > 3 && kept[1][3] != strings.ToUpper(kept[1][3]) {
			t.Errorf("kept %q and %q", kept[0][n-1], kept[1][:min(n, 4)])
		}
	}
	for _, set := range Embedded() {
		src, err := Open(set.Name, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := src.Prepare("", Options{Scaling: Standard})
		if err != nil {
			t.Fatal(err)
		}
		st, err := p.Schema.Open(set.Name, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if x, _, err := gather(st); err != nil || !slices.Equal(x, p.Train.X.Numbers()) {
			t.Errorf("%s: %v; %d numbers, want %d", set.Name, err, len(x), len(p.Train.X.Numbers()))
		}
	}
}

// The first row that is in error is named, whatever comes behind it in its block,
// and those before it are given.
func TestStreamErrors(t *testing.T) {
	s := housesSchema(t)
	s.Unknown = UnknownRefuse
	lines := strings.SplitAfter(houses(3*blockRows), "\n")
	for _, c := range []struct {
		name string
		rows map[int]string // in place of those
		good int
		want string
	}{
		{"a word", map[int]string{2000: "1;x;Bern;01.01.2000;1\n"}, 2000, `csv:2002: column "area": "x" is not a number`},
		{"in the first row", map[int]string{0: "1;x;Bern;01.01.2000;1\n"}, 0, `csv:2: column "area": "x" is not a number`},
		{"in the first block", map[int]string{9: "1;1,5;Bern;never;1\n"}, 9, `csv:11: column "built": "never" is not a date`},
		{"two, the later in the first column", map[int]string{1500: "1;1,5;Basel;01.01.2000;1\n", 1510: "1;x;Bern;01.01.2000;1\n"}, 1500, `csv:1502: column "town": unknown level "Basel"`},
		{"two, the later of the text", map[int]string{1500: "1;1e300;Bern;01.01.2000;1\n", 1501: "1;1,5\n"}, 1501, `csv:1503: 2 fields, the header has 5`},
		{"a ragged row", map[int]string{700: "1\n"}, 700, `csv:702: 1 field, the header has 5`},
		{"another decimal sign", map[int]string{2000: "1;1.52;Bern;01.01.2000;1\n"}, 2000, `csv:2002: column "area": "1.52" is not written as the numbers before it`},
		{"another way to write dates", map[int]string{2000: "1;1,5;Bern;2000-01-01;1\n"}, 2000, `csv:2002: column "built": "2000-01-01" is not written as the dates before it`},
		{"an open quote", map[int]string{2900: "1;1,5;\"Bern;01.01.2000;1\n"}, 2900, `csv:2902: field 3 begins with a quote that is never closed`},
		{"too far to scale", map[int]string{1100: "1;1e308;Bern;01.01.2000;1\n"}, 1100, ``},
		{"no number in what is not used", map[int]string{1100: "x;1,5;Bern;01.01.2000;x\n"}, 3 * blockRows, ``},
	} {
		all := slices.Clone(lines)
		for row, text := range c.rows {
			all[row+1] = text
		}
		in := slices.Clone(s.Inputs)
		if c.name == "too far to scale" {
			s.Inputs[0].Scale = 1e-10
			c.want = `csv:1102: column "area": 1e+308 is too far from the training rows to be scaled`
		}
		st, err := s.Stream(strings.NewReader(strings.Join(all, "")), CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		x, _, err := gather(st)
		if got := len(x) / len(s.Features()); got != c.good {
			t.Errorf("%s: %d rows before the error, want %d", c.name, got, c.good)
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else {
			wantError(t, err, c.want)
		}
		if _, again := st.Next(); err != nil && again != err {
			t.Errorf("%s: then %v", c.name, again)
		}
		s.Inputs = in
	}
	for text, want := range map[string]string{
		"":                         "csv: the file is empty",
		"area;town;built\n":        "csv: a header and no rows",
		"area;built\n1;1.1.2000":   `no column "town"`,
		"area;town\n1;Bern":        `no column "built"`,
		"\x89PNG\r\n\x1a\nabc\x00": "a picture (PNG), not a table",
	} {
		st, err := s.Stream(strings.NewReader(text), CSVOptions{})
		if err == nil {
			_, _, err = gather(st)
		}
		wantError(t, err, want)
	}
	if _, err := s.Open("no such file.csv", CSVOptions{}); err == nil {
		t.Error("a file that is not there was opened")
	}
	st, err := s.Stream(strings.NewReader(houses(1)), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, st.Keep("Town"), `no column "Town"`)
}

// What the first rows do not tell of how numbers are written, later ones may; what
// they tell stays.
func TestStreamForms(t *testing.T) {
	s := &Schema{Target: Target{Name: "y", Task: Regression}, Shape: []int{1}, Unknown: UnknownRefuse,
		Inputs: []Input{{Name: "x", Kind: Numeric, Scale: 1}}}
	column := func(first, then string) string {
		return "x\ty\n" + strings.Repeat(first+"\t1\n", blockRows) + then + "\t1\n"
	}
	for _, c := range []struct {
		first, then string
		value       float64
		wrong       bool
	}{
		{"3", "4.5", 4.5, false},
		{"3", "4,5", 4.5, false},
		{"-", "4,5", 4.5, false},
		{"3", "-", 0, false},
		{"3.5", "4,5", 0, true},
		{"3,5", "4.5", 0, true},
		{"3,5", "1.234,5", 1234.5, false},
		{"3.5", "1,234.5", 1234.5, false},
		{"3", "5 km", 5, false},
		{"3 kg", "5 km", 0, true},
		{"0.05", "5%", 0, true},
		{"3", "inf", 0, true},
		{"3", "word", 0, true},
	} {
		st, err := s.Stream(strings.NewReader(column(c.first, c.then)), CSVOptions{Comma: '\t'})
		if err != nil {
			t.Fatal(err)
		}
		x, _, err := gather(st)
		if c.wrong {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("csv:%d: column \"x\"", blockRows+2)) || len(x) != blockRows {
				t.Errorf("%s, then %s: %v after %d rows", c.first, c.then, err, len(x))
			}
		} else if err != nil || len(x) != blockRows+1 || x[blockRows] != c.value {
			t.Errorf("%s, then %s: %v, %d rows, the last %v", c.first, c.then, err, len(x), x[len(x)-1])
		}
	}
}

// Notes are of all rows together.
func TestStreamNotes(t *testing.T) {
	s := housesSchema(t)
	s.Unknown = UnknownMissing
	text := strings.ReplaceAll(houses(3*blockRows), ";Chur;", ";Basel;")
	st, err := s.Stream(strings.NewReader(text), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := gather(st); err != nil {
		t.Fatal(err)
	}
	n := strings.Count(text, ";Basel;")
	want := fmt.Sprintf(`column "town": %d of %d rows have words that training has not seen, which count as missing: "Basel"`, n, 3*blockRows)
	notes := texts(st.Notes())
	if !slices.Contains(notes, want) || !strings.HasPrefix(notes[0], "the fields are separated by ';'") || len(notes) != 3 {
		t.Errorf("%q\nwant %s", notes, want)
	}
}

// errReader fails after some text.
type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// A text that cannot be read to its end is an error behind the rows before.
func TestStreamBroken(t *testing.T) {
	s, broken := housesSchema(t), errors.New("the line is cut")
	st, err := s.Stream(io.MultiReader(strings.NewReader(houses(5000)), errReader{broken}), CSVOptions{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := gather(st)
	if !errors.Is(err, broken) || len(x) != 5000*len(s.Features()) {
		t.Errorf("%v after %d rows", err, len(x)/len(s.Features()))
	}
}
