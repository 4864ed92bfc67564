package data

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// wide encodes a text as UTF-16.
func wide(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// A table is the same however its characters and lines are written.
func TestEncodings(t *testing.T) {
	const text = "name,b\nZoë,1.5\n\"𝄞, clef\",2\n\"two\nlines\",3\n"
	want := dump(mustRead(t, text, CSVOptions{}))
	for name, written := range map[string]string{
		"little-endian":             wide("\ufeff"+text, binary.LittleEndian),
		"big-endian":                wide("\ufeff"+text, binary.BigEndian),
		"little-endian, no mark":    wide(text, binary.LittleEndian),
		"big-endian, no mark":       wide(text, binary.BigEndian),
		"little-endian, compressed": zipped(wide("\ufeff"+text, binary.LittleEndian)),
		"CR":                        strings.ReplaceAll(text, "\n", "\r"),
		"CRLF":                      strings.ReplaceAll(text, "\n", "\r\n"),
		"CR and no end":             strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\r"), "\r"),
	} {
		for _, r := range []io.Reader{strings.NewReader(written), iotest.OneByteReader(strings.NewReader(written))} {
			table, err := ReadCSV(r, CSVOptions{})
			if err != nil || dump(table) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// A text longer than what is looked at, whose lines are counted.
	long := "a,b\r" + strings.Repeat("1,2\r", 50000)
	for name, written := range map[string]string{"CR": long, "UTF-16": wide(long, binary.LittleEndian)} {
		if table, err := read(written, CSVOptions{}); err != nil || table.Rows() != 50000 || table.Where(49999) != "t.csv:50001" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files that are no text with separators are called what they are.
func TestForeignFiles(t *testing.T) {
	tar := strings.Repeat("\x00", 257) + "ustar" + strings.Repeat("\x00", 300)
	for written, want := range map[string]string{
		"PK\x03\x04....[Content_Types].xml....xl/workbook.xml":               "an Excel workbook (.xlsx)",
		"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK": "an OpenDocument spreadsheet (.ods)",
		"PK\x03\x04....train.csv....":                                        "a zip archive",
		"PK\x03\x04....x_train.npy":                                          "an archive of NumPy arrays (.npz)",
		"\xd0\xcf\x11\xe0\xa1\xb1":                                           "an old Excel workbook (.xls)",
		"PAR1\x15\x04":                                                       "a Parquet file",
		"<!DOCTYPE html>\n<html>":                                            "an HTML page",
		"\ufeff\n<HTML lang=\"en\">":                                         "an HTML page",
		"<?xml version=\"1.0\"?>":                                            "an XML file",
		"\x89HDF\r\n":                                                        "an HDF5 file",
		"SQLite format 3\x00":                                                "a SQLite database",
		"BZh91AY":                                                            "compressed with bzip2",
		"\xfd7zXZ\x00":                                                       "compressed with xz",
		"\x28\xb5\x2f\xfd":                                                   "compressed with Zstandard",
		"%PDF-1.4":                                                           "a PDF",
		"@RELATION iris\n@ATTRIBUTE a":                                       "an ARFF file",
		"% 1. Title, by\n%\n@relation iris\n":                                "an ARFF file",
		"+1 1:0.5 3:-1e-3 7:1\n-1 2:4\n":                                     "a file in LIBSVM's format",
		"-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `t` (\n": "SQL, not a table",
		"INSERT INTO t VALUES (1, 2);\n":                                         "SQL, not a table",
		"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n":                         "SQL, not a table",
		"version https://git-lfs.github.com/spec/v1\noid sha256:":                "a pointer of Git LFS",
		zipped(tar): "a tar archive",
	} {
		_, err := read(written, CSVOptions{})
		if err == nil {
			t.Errorf("%.20q was read", written)
		}
		wantError(t, err, "t.csv: "+want)
	}
	for _, fine := range []string{"[a],b\n1,2\n3,4\n", "{x},y\n1,2\n3,4\n", "par10,b\n1,2\n", "set,begin\n1,2\n", "insert,x\ninto,1\n", "-- ,b\n1,2\n"} {
		if _, err := read(fine, CSVOptions{}); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}

func TestQuotes(t *testing.T) {
	for written, want := range map[string]string{
		"size,b\n5\" pipe,1\n12\",2\n":             "size: '5\" pipe' '12\"'\nb: 1 2\n",
		"a,b\n\"x\"\"y\",1\n\"\",2\n":              "a: 'x\"y' _\nb: 1 2\n",
		"a,b\n\"John\" Smith,1\nO\"Neil \"x\",2\n": "a: 'John Smith' 'O\"Neil \"x\"'\nb: 1 2\n",
		"a,b\n\"x\" ,1\n  \"y, z\",2\n":            "a: 'x' 'y, z'\nb: 1 2\n",
		"a\tb\n\"x\ty\"\t1\nz\t\n":                 "a: 'x\ty' 'z'\nb: 1 _\n",
		"a b\n\"x y\"   1\n  z \"2\"  \n":          "a: 'x y' 'z'\nb: 1 2\n",
		"a,b\n1,\"2\"":                             "a: 1\nb: 2\n",
	} {
		if got := dump(mustRead(t, written, CSVOptions{})); got != want {
			t.Errorf("%q: %swant %s", written, got, want)
		}
	}
}

// The separator is found by the lines that agree.
func TestSeparators(t *testing.T) {
	const want = "a: 1.5 2.5 3\nb: 'x' 'y' 'z'\nc: 4 5 6\n"
	for written, note := range map[string]string{
		"a,b,c\n1.5,x,4\n2.5,y,5\n3,z,6\n":                                          "",
		"a;b;c\n1.5;x;4\n2.5;y;5\n3;z;6\n":                                          "the fields are separated by ';'; set Comma if that is wrong",
		"a;b;c\n1,5;x;4\n2,5;y;5\n3;z;6\n":                                          "the fields are separated by ';'; set Comma if that is wrong",
		"a\tb\tc\n1.5\tx\t4\n2.5\ty\t5\n3\tz\t6\n":                                  "the fields are separated by tabs; set Comma if that is wrong",
		"a|b|c\n1.5|x|4\n2.5|y|5\n3|z|6\n":                                          "the fields are separated by '|'; set Comma if that is wrong",
		"  a   b c\n 1.5  x  4\n2.5 \t y 5\n3  z    6  \n":                          "the fields are separated by spaces; set Comma if that is wrong",
		"sep=;\na;b;c\n1.5;x;4\n2.5;y;5\n3;z;6\n":                                   "",
		"\"sep=\t\"\r\na\tb\tc\r\n1.5\tx\t4\r\n2.5\ty\t5\r\n3\tz\t6":                "",
		"# made by hand, on Monday\n#\na,b,c\n1.5,x,4\n2.5,y,5\n# the end\n3,z,6\n": "",
	} {
		table, err := read(written, CSVOptions{})
		if err != nil {
			t.Errorf("%q: %v", written, err)
			continue
		}
		if got := dump(table); got != want {
			t.Errorf("%q:\n%swant\n%s", written, got, want)
		}
		got := strings.Join(texts(table.Notes), "\n")
		if !strings.HasPrefix(got, note) || note == "" && got != "" {
			t.Errorf("%q: note %q, want %q", written, got, note)
		}
	}
	for written, want := range map[string]string{
		"first name,last name\nAnn B,Lee C\nBob D,Kim E\n":     "first name: 'Ann B' 'Bob D'\nlast name: 'Lee C' 'Kim E'\n",
		"#,Name,Type 1\n1,Ivy,Grass\n2,Rex,Fire\n":             "#: 1 2\nName: 'Ivy' 'Rex'\nType 1: 'Grass' 'Fire'\n",
		"# x y\n1 2\n3 4\n":                                    "x: 1 3\ny: 2 4\n",
		"colour,n\n#ff0000,1\n#00ff00,2\n":                     "colour: '#ff0000' '#00ff00'\nn: 1 2\n",
		"\"mpg\" \"cyl\"\n\"Mazda RX4\" 21 6\n\"Fiat\" 32 4\n": "column_1: 'Mazda RX4' 'Fiat'\nmpg: 21 32\ncyl: 6 4\n",
		"carat,cut\n1,0.5,Fair\n2,0.7,Good\n":                  "column_1: 1 2\ncarat: 0.5 0.7\ncut: 'Fair' 'Good'\n",
		"land,1952,1957\nx,1.5,2.5\ny,3.5,4\n":                 "land: 'x' 'y'\n1952: 1.5 3.5\n1957: 2.5 4\n",
		"a;b\n1;2\n":                                           "a: 1\nb: 2\n",
		"a,b\n1,2,\n3,4,\n":                                    "a: 1 3\nb: 2 4\n",
		"a,b,\n1,2\n3,4\n":                                     "a: 1 3\nb: 2 4\n",
		"a,b,\n1,2,\n3,4,x\n":                                  "a: 1 3\nb: 2 4\ncolumn_3: _ 'x'\n",
	} {
		if got := dump(mustRead(t, written, CSVOptions{})); got != want {
			t.Errorf("%q:\n%swant\n%s", written, got, want)
		}
	}
	if got, want := dump(mustRead(t, "1,5;2\n3,5;4\n", CSVOptions{NoHeader: true})), "column_1: 1.5 3.5\ncolumn_2: 2 4\n"; got != want {
		t.Errorf("without a header:\n%swant\n%s", got, want)
	}
}

func TestTitles(t *testing.T) {
	_, err := read("Sales of 2020\n\na,b\n1,2\n", CSVOptions{})
	wantError(t, err, "t.csv:3: 2 fields, the header has 1; if the first line is a title, delete it, or set Comma")
}

// A first line of data is told from names before anything else is said of it.
func TestHeadless(t *testing.T) {
	for _, written := range []string{
		"30,64,1,1\n31,59,2,1\n",
		"A11,6,4,4\nA12,48,2,2\nA11,12,3,1\n",
		"5.1,3.5,1.4,Iris-setosa\n4.9,3.0,1.4,Iris-setosa\n",
		"'no','40-49','no'\n'no','50-59','yes'\n'yes','40-49','no'\n",
		"6.25 0.00 0.7 0\n1.2 18.0 0.3 1\n",
	} {
		_, err := read(written, CSVOptions{})
		if err == nil {
			t.Fatalf("%q was read", written)
		}
		wantError(t, err, "the file seems to have no header; add one, or set NoHeader")
		if _, err := read(written, CSVOptions{NoHeader: true}); err != nil {
			t.Error(err)
		}
	}
	for _, header := range []string{"0,1,2", "1,2,3", "1990,1991,1992", "country,2000,2005,2010", "400.5,401,401.5", "a,5 km,10 km", "age,1st,y"} {
		n := strings.Count(header, ",") + 1
		row := strings.Repeat(",7", n)[1:] + "\n" + strings.Repeat(",8.5", n)[1:] + "\n"
		if strings.HasPrefix(header, "country") {
			row = "x" + row[1:]
		}
		table, err := read(header+"\n"+row, CSVOptions{})
		if err != nil || !slices.Equal(table.Names(), strings.Split(header, ",")) {
			t.Errorf("%s: %v", header, err)
		}
	}
}
