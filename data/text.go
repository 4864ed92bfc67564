package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// sampleSize is how much of a text is looked at to learn how it is written.
const sampleSize = 1 << 16

// newText returns the characters of r as UTF-8: decompressed if they are gzip,
// decoded if they are UTF-16, without a byte order mark. Files of other kinds
// that are taken for tables are refused by name.
func newText(r io.Reader, max int64) (*bufio.Reader, error) {
	text, err := plain(r, max)
	if err != nil {
		return nil, err
	}
	head, err := peek(text)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, numpyMagic) {
		return text, nil
	}
	if what := foreign(head); what != "" {
		return nil, errors.New(what)
	}
	order, mark := utf16Order(head)
	text.Discard(mark)
	if order == nil {
		return text, nil
	}
	return bufio.NewReaderSize(&utf16Reader{in: text, order: order}, sampleSize), nil
}

// peek returns the first bytes of a text.
func peek(text *bufio.Reader) ([]byte, error) {
	head, err := text.Peek(sampleSize)
	if err == io.EOF {
		err = nil
	}
	return head, err
}

// numpyMagic is what arrays of NumPy begin with.
var numpyMagic = []byte("\x93NUMPY")

// A format is a kind of file that is not read: what it begins with, and what to do. Markup may be in upper or lower case.
type format struct{ magic, what string }

var formats = []format{
	{"PAR1", "a Parquet file, not text; save it as CSV (in Python: pandas.read_parquet(...).to_csv(...))"},
	{"ARROW1", "an Arrow file, not text; save it as CSV"},
	{"FEA1", "a Feather file, not text; save it as CSV"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), not text; save the sheet as CSV in a spreadsheet program"},
	{"\x89HDF", "an HDF5 file, not text; save the table in it as CSV"},
	{"SQLite format 3", "a SQLite database, not text; export the table as CSV"},
	{"\x80\x02", "a Python pickle, not text; save the table as CSV"},
	{"\x80\x03", "a Python pickle, not text; save the table as CSV"},
	{"\x80\x04", "a Python pickle, not text; save the table as CSV"},
	{"\x80\x05", "a Python pickle, not text; save the table as CSV"},
	{"RDX2", "an R workspace, not text; save the table with write.csv"},
	{"RDX3", "an R workspace, not text; save the table with write.csv"},
	{"$FL2", "an SPSS file, not text; save it as CSV"},
	{"<stata_dta>", "a Stata file, not text; save it as CSV"},
	{"BZh9", "compressed with bzip2; decompress it first (gzip is read as it is)"},
	{"\xfd7zXZ", "compressed with xz; decompress it first (gzip is read as it is)"},
	{"\x28\xb5\x2f\xfd", "compressed with Zstandard; decompress it first (gzip is read as it is)"},
	{"7z\xbc\xaf", "a 7z archive; unpack it and give the table in it"},
	{"Rar!", "a RAR archive; unpack it and give the table in it"},
	{"%PDF", "a PDF, not text; save the table in it as CSV"},
	{"\x89PNG", "a picture (PNG), not a table"},
	{"\xff\xd8\xff", "a picture (JPEG), not a table"},
	{"version https://git-lfs", "a pointer of Git LFS, not the file itself; fetch it with git lfs pull"},
	{"<!doctype html", "an HTML page, not a table; was it downloaded from a page instead of the link to the file itself?"},
	{"<html", "an HTML page, not a table; was it downloaded from a page instead of the link to the file itself?"},
	{"<table", "a table in HTML, not CSV; save it as CSV"},
	{"<?xml", "an XML file, not CSV; save it as CSV"},
	{"{\\rtf", "an RTF document, not CSV; save it as CSV"},
}

// Texts that are not told by their first bytes.
var (
	arff = regexp.MustCompile(`(?i)^\s*(%[^\n]*\n\s*)*@relation\s`)
	sql  = regexp.MustCompile(`(?is)^(\s*--[^\n]*\n|\s*/\*.*?\*/;?)*\s*(create (table|database)|insert into|drop table|begin( transaction)?;|pragma |set [@\w]+ *=|copy [\w."]+ *\()`)
	svm  = regexp.MustCompile(`^[-+.0-9]+( \d+:[-+.0-9eE]+){2,}\s*\n`)
)

// foreign says what a file is that is no text with separators, "" if it may be
// one.
func foreign(head []byte) string {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	start := string(trimmed[:min(len(trimmed), 32)])
	for _, f := range formats {
		n := len(f.magic)
		if strings.HasPrefix(start, f.magic) || f.magic[0] == '<' && len(start) >= n && strings.EqualFold(start[:n], f.magic) {
			return f.what
		}
	}
	switch {
	case arff.Match(head):
		return "an ARFF file (of Weka), not CSV; save it as CSV"
	case sql.Match(trimmed):
		return "SQL, not a table; load it into its database, and export the table as CSV"
	case svm.Match(trimmed):
		return "a file in LIBSVM's format, not CSV; write each feature into a column of its own"
	case strings.HasPrefix(start, "PK\x03\x04"):
		return zipContent(head)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "a tar archive; unpack it and give the table in it"
	}
	return ""
}

// zipContent says what a zip archive is, by the names of its first entries.
func zipContent(head []byte) string {
	switch {
	case bytes.Contains(head, []byte("xl/")):
		return "an Excel workbook (.xlsx), not text; save the sheet as CSV in a spreadsheet program"
	case bytes.Contains(head, []byte("opendocument.spreadsheet")):
		return "an OpenDocument spreadsheet (.ods), not text; save the sheet as CSV in a spreadsheet program"
	case bytes.Contains(head, []byte(".npy")):
		return "an archive of NumPy arrays (.npz); save each array as a file of its own with numpy.save"
	}
	return "a zip archive (or an Excel workbook, which is one), not text; unpack it and give the table in it, or save the sheet as CSV"
}

// isJSON tells an object or an array of objects or arrays from text that
// begins with a bracket.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	if text[0] == '{' {
		return len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
	}
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}

// utf16Order returns the byte order of UTF-16, nil if the text is none, and the
// length of the byte order mark. Without one, text of mostly ASCII has a zero in
// every second byte.
func utf16Order(head []byte) (order binary.ByteOrder, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte("\ufeff")):
		return nil, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return binary.LittleEndian, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return binary.BigEndian, 2
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half > 0 && zeros[1] > half*3/4 && zeros[0] == 0:
		return binary.LittleEndian, 0
	case half > 0 && zeros[0] > half*3/4 && zeros[1] == 0:
		return binary.BigEndian, 0
	}
	return nil, 0
}

// utf16Reader turns UTF-16 into UTF-8.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	err   error

	buf [4096]byte
	out []byte // the part of buf that was decoded and not yet read
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.decode()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// decode decodes some characters.
func (u *utf16Reader) decode() {
	u.out = u.buf[:0]
	for len(u.out) <= len(u.buf)-utf8.UTFMax {
		var r rune
		if r, u.err = u.unit(); u.err != nil {
			return
		}
		if utf16.IsSurrogate(r) {
			var low rune
			if low, u.err = u.unit(); u.err != nil {
				u.err = fmt.Errorf("the UTF-16 text ends within a character")
				return
			}
			r = utf16.DecodeRune(r, low)
		}
		u.out = utf8.AppendRune(u.out, r)
	}
}

func (u *utf16Reader) unit() (rune, error) {
	var two [2]byte
	_, err := io.ReadFull(u.in, two[:])
	if err == io.ErrUnexpectedEOF {
		err = errors.New("the UTF-16 text ends within a character")
	}
	return rune(u.order.Uint16(two[:])), err
}
