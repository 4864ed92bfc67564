package data

import (
	"encoding/json"
	"reflect"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
)

// bounded fails if f allocates out of proportion to its input, of which it may
// read up to limit bytes after decompression.
func bounded(t *testing.T, input, limit int, f func()) {
	// Unlike runtime.ReadMemStats, this does not stop the world.
	total := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(total)
	before := total[0].Value.Uint64()
	f()
	metrics.Read(total)
	if used := total[0].Value.Uint64() - before; used > uint64(64<<20+64*max(input, limit)) {
		t.Errorf("%s allocated for %d bytes", size(int64(used)), input)
	}
}

// FuzzCSV: whatever the text, there is a good table or an error of one line;
// and what is prepared from the table is good too.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		people, fruit, "", "a", "a\n1", "a,b\n1,x\n,NA\n", "\ufeffa;b\r\n1;2\r\n", "a\n\"x\ny\"\n", "a,a\n1,2\n",
		"a\n1e999\n", "a,b\n1\n", "x,y\n1,0\n2,1\n3,0\n", "a\n\xff\n", zipped("a,b\n1,2\n3,4\n"), zipped("a\n1\n")[:12], "\"\n",
		"d;v\n2021-03-05;1.234,5 €\n2021-04-05;7,5 €\n2022-04-05;-\n", "# a b\n1 2\n3 4\n", "sep=|\na|b\n7:30|x\n8:15|X\n", "a\r1'000\r2'000\r",
		"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00",
	} {
		f.Add(text, byte(0), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, comma byte, seed uint64) {
		const limit = 1 << 16
		bounded(t, len(text), limit, func() {
			o := CSVOptions{Name: "t.csv", Comma: comma, NoHeader: seed%5 == 1, MaxBytes: limit}
			table, err := read(text, o)
			if err != nil {
				oneLine(t, err)
				return
			}
			if again, err := NewTable(table.Name, table.Columns...); err != nil || again.Rows() < 1 {
				t.Fatalf("a bad table: %v", err)
			}
			if s := fuzzPrepare(t, table, seed); s != nil {
				fuzzStream(t, s, text, o)
			}
		})
	})
}

// fuzzStream compares a text that is read row by row with the same as a whole.
func fuzzStream(t *testing.T, s *Schema, text string, o CSVOptions) {
	whole := o
	whole.Schema = s
	table, err := read(text, whole)
	var want *Dataset
	if err == nil {
		want, err = s.Apply(table)
	}
	if err != nil || table.Rows() > blockRows || len(text) > blockBytes {
		return // columns that are not used may be wrong, and a block sees less
	}
	st, err := s.Stream(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	if x, _, err := gather(st); err != nil || !slices.Equal(x, want.X.Numbers()) {
		t.Fatalf("row by row: %v\n%v, want\n%v", err, x, want.X)
	}
}

func fuzzPrepare(t *testing.T, table *Table, seed uint64) *Schema {
	o := Options{
		Scaling:   []Scaling{Unscaled, Standard, MinMax}[seed%3],
		Fractions: Fractions{float64(seed%4) / 10, float64(seed%3) / 10},
		Seed:      seed,
		Unknown:   []Unknown{UnknownRefuse, UnknownMissing}[seed%2],
		MaxLevels: 20,
	}
	target := table.Columns[len(table.Columns)-1].Name
	p, err := Prepare(table, target, o)
	if err != nil {
		oneLine(t, err)
		return nil
	}
	rows := 0
	for _, d := range []*Dataset{p.Train, p.Val, p.Test} {
		if err := d.Check(); err != nil {
			t.Fatalf("a bad data set: %v", err)
		}
		rows += d.Rows()
	}
	if rows+p.Schema.Target.Missing != table.Rows() {
		t.Fatalf("%d rows of %d", rows, table.Rows())
	}
	text, err := json.Marshal(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	var back Schema
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	a, errA := p.Schema.ApplyLabelled(table)
	b, errB := back.ApplyLabelled(table)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Fatalf("the schema does not fit its own table: %v, %v", errA, errB)
	}
	return &back
}

func oneLine(t *testing.T, err error) {
	if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 4000 {
		t.Fatalf("not one line: %q", err.Error())
	}
}

// FuzzIDX: whatever the files, there is a good data set or an error of one line.
func FuzzIDX(f *testing.F) {
	images, labels := idx([]byte{2, 1, 3}, 0, 51, 255, 102, 0, 0), idx([]byte{2}, 4, 1)
	f.Add(images, labels)
	f.Add(zipped(images), zipped(labels))
	f.Add("", "")
	f.Add(labels, images)
	f.Add("\x00\x00\x08\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff", labels)
	f.Add("\x00\x00\x08\x04\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01x", labels)
	f.Fuzz(func(t *testing.T, images, labels string) {
		// No limit can be set here, so a small file that expands may cost what
		// the limits for gzip allow, eight bytes for each pixel.
		bounded(t, len(images)+len(labels), 16*ratioAfter/64, func() {
			d, err := ReadImages(strings.NewReader(images), strings.NewReader(labels))
			if err != nil {
				oneLine(t, err)
				return
			}
			if err := d.Check(); err != nil {
				t.Fatalf("a bad data set: %v", err)
			}
		})
	})
}
