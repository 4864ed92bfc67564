package data

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Rows of JSON are the table that they are as CSV, in each way in which they are written.
func TestObjects(t *testing.T) {
	want, err := read("size,kind,at.x,at.y,when,ok\n1.5,a,1,2,2024-01-01,true\n-2e3,b c,,5,2024-01-02,false\n,a,7,,2024-02-01,true\n", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{`{"size": 1.5, "kind": "a", "at": {"x": 1, "y": 2}, "when": "2024-01-01", "ok": true}`,
		`{"when": "2024-01-02", "kind": " b c ", "size": -2e3, "ok": false, "at": {"y": 5}}`,
		`{"size": null, "kind": "a", "at": {"x": 7}, "when": "2024-02-01", "ok": true}`}
	for _, text := range []string{strings.Join(rows, "\n"), strings.Join(rows, "\r\n") + "\n\n", " [\n" + strings.Join(rows, ",\n") + "]\n", "\ufeff" + strings.Join(rows, " "), zipped(strings.Join(rows, "\n"))} {
		got, err := read(text, CSVOptions{})
		if err != nil || fmt.Sprint(got.Columns) != fmt.Sprint(want.Columns) {
			t.Errorf("%q: %v\n%+v\nwant\n%+v", text, err, got, want)
			continue
		}
		if where := got.Where(1); where != "t.csv:2" {
			t.Errorf("%q: the second row is at %s", text, where)
		}
	}
}

// A number of JSON is the number also where the rows of training had a decimal comma.
func TestObjectsOfDecimalComma(t *testing.T) {
	table, err := read("x;y\n0,5;1\n1,25;2\n1,5;3\n2,25;4\n", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Prepare(table, "y", Options{Task: Regression})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := parts.Schema.Stream(strings.NewReader(`{"x": 1.125} {"x": "1,125"} {"x": null}`), CSVOptions{JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	mean := parts.Schema.Inputs[0].Impute
	if d, err := stream.Next(); err != nil || !reflect.DeepEqual(d.X.Numbers(), []float64{1.125, 1.125, mean}) {
		t.Errorf("%+v, %v", d, err)
	}
}

// What is wrong in JSON is told with its row.
func TestObjectsRefused(t *testing.T) {
	many := strings.Repeat(`{"a": 1}`+"\n", sampleRows)
	for text, want := range map[string]string{
		"[[1, 2], [3, 4]]":               "row 1: it is not an object with a member for each column",
		"[{}":                            "row 2: JSON: unexpected EOF",
		"[{}, {}]":                       "no row has a member",
		`[{"a": 1}, 3]`:                  "t.csv:2: it is not an object",
		`[{"a": 1}] {"a": 2}`:            "t.csv:2: something stands behind the list of rows",
		`{"a": 1}` + "\n" + `{"a": [1]}`: `t.csv:2: "a" is a list`,
		`{"a": 1, "a": 2}`:               "duplicate object member name",
		`{"a": {"b": 1}, "a.b": 2}`:      `there are two members "a.b"`,
		many + `{"b": 1}`:                `t.csv:51: "b" is in none of the first 50 rows`,
		many + `{"a": 1`:                 "t.csv:51: JSON: unexpected EOF",
		`{"a": 1e999}`:                   "is infinite",
		strings.Repeat(`{"a":`, 20):      `is a list; a cell`,
		`{"a": "` + strings.Repeat("x", maxField+1) + `"}`: `"a" is longer than 1 MiB`,
	} {
		_, err := read(text, CSVOptions{})
		if err == nil {
			t.Errorf("%.40q was read", text)
			continue
		}
		wantError(t, err, want)
	}
	if _, err := read(`{"a": 1}`, CSVOptions{NoHeader: true}); err == nil {
		t.Error("JSON has no header, and NoHeader is without effect")
	}
}

// Files that match a pattern are one table, in the order of their names, whatever the
// order of their columns, and rows are named by their files.
func TestSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a-1.csv": "x,y\n1,2\n3,4\n", "a-2.csv": "y;x\n6;5\n", "a-3.jsonl": `{"y": 8, "x": 7}`, "b-1.csv": "x,z\n1,2\n", "b-2.csv": "x\n1\n", "b-3.csv": "x,z,y\n1,2,3\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := filepath.Join(dir, "a-*")
	src, err := Open(all, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	one, err := read("x,y\n1,2\n3,4\n5,6\n7,8\n", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(src.Table.Columns, one.Columns) {
		t.Errorf("%+v, want %+v", src.Table.Columns, one.Columns)
	}
	for row, want := range []string{"a-1.csv:2", "a-1.csv:3", "a-2.csv:2", "a-3.jsonl:1"} {
		if got := src.Table.Where(row); got != filepath.Join(dir, want) {
			t.Errorf("row %d is at %s, want %s", row, got, want)
		}
	}
	parts, err := Prepare(one, "y", Options{Task: Regression})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := parts.Schema.Open(all, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	want, err := parts.Schema.Apply(one)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := stream.Next(); err != nil || !reflect.DeepEqual(d.X.Numbers(), want.X.Numbers()) || stream.Where(2) != filepath.Join(dir, "a-2.csv:2") {
		t.Errorf("%v, %v at %s", d, err, stream.Where(2))
	}
	for pattern, want := range map[string]string{"b-[12].csv": `b-2.csv: no column "z"`, "b-[13].csv": `b-3.csv: the first file has no column "y"`, "c-*": "no file matches"} {
		_, err := Open(filepath.Join(dir, pattern), CSVOptions{})
		if err == nil {
			t.Errorf("%s was read", pattern)
			continue
		}
		wantError(t, err, want)
	}
}

// An array of NumPy with one axis or two is a table without names of columns.
func TestArrayIsTable(t *testing.T) {
	npy := func(descr, shape, body string) string {
		head := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }\n"
		return "\x93NUMPY\x01\x00" + string([]byte{byte(len(head)), 0}) + head + body
	}
	want, err := read("column_1,column_2\n1,2\n-3,\n", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(npy("<f4", "2, 2", "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\xc0\x00\x00\xc0\x7f"), CSVOptions{})
	if err != nil || fmt.Sprint(got.Columns) != fmt.Sprint(want.Columns) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	for text, want := range map[string]string{npy("|u1", "1, 2, 2", "abcd"): "a table has rows and columns", npy("|u1", "4,", "abc"): "needs 4 bytes", npy("<f4", "1,", "\x00\x00\x80\x7f"): "infinite"} {
		_, err := read(text, CSVOptions{})
		if err == nil {
			t.Errorf("%q was read", text)
			continue
		}
		wantError(t, err, want)
	}
}

// Labels of QMNIST are whole numbers of four bytes, the label in the first of eight
// columns.
func TestLabelsInColumns(t *testing.T) {
	images := "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01ab"
	labels := "\x00\x00\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x03" + "\x00\x00\x00\x01\x00\x00\x01\x00\x00\x00\x02\x00" + "\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x07"
	dir := t.TempDir()
	for name, text := range map[string]string{"qmnist-train-images-idx3-ubyte": images, "qmnist-train-labels-idx2-int": labels} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := Open(dir, CSVOptions{})
	if err != nil || !reflect.DeepEqual(src.Images.Class, []int{1, 0}) {
		t.Errorf("%+v, %v", src, err)
	}
}
