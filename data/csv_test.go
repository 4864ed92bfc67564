package data

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func read(text string, o CSVOptions) (*Table, error) {
	if o.Name == "" {
		o.Name = "t.csv"
	}
	return ReadCSV(strings.NewReader(text), o)
}

func mustRead(t *testing.T, text string, o CSVOptions) *Table {
	t.Helper()
	table, err := read(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// dump prints a table in a form that shows kinds and missing cells.
func dump(t *Table) string {
	var b strings.Builder
	for i := range t.Columns {
		c := &t.Columns[i]
		b.WriteString(c.Name + ":")
		for row := range t.Rows() {
			switch {
			case c.missing(row):
				b.WriteString(" _")
			case c.Kind == Numeric:
				b.WriteString(" " + formatNumber(c.Values.at(row)))
			default:
				b.WriteString(" '" + c.word(row) + "'")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestReadCSV(t *testing.T) {
	const plainText = "a,b\n1,x\n2,y\n"
	const plainWant = "a: 1 2\nb: 'x' 'y'\n"
	for _, c := range []struct {
		name, text string
		o          CSVOptions
		want       string
	}{
		{"plain", plainText, CSVOptions{}, plainWant},
		{"no newline at the end", "a,b\n1,x\n2,y", CSVOptions{}, plainWant},
		{"CRLF", "a,b\r\n1,x\r\n2,y\r\n", CSVOptions{}, plainWant},
		{"BOM", "\ufeffa,b\n1,x\n2,y\n", CSVOptions{}, plainWant},
		{"BOM and quotes", "\ufeff\"a\",b\n1,x\n2,y\n", CSVOptions{}, plainWant},
		{"gzip", zipped(plainText), CSVOptions{}, plainWant},
		{"two gzip members", zipped("a,b\n1,x\n") + zipped("2,y\n"), CSVOptions{}, plainWant},
		{"blank lines", "\na,b\n\n1,x\n\n2,y\n\n", CSVOptions{}, plainWant},
		{"spaces", " a , b\n 1 ,\"x\"\n2, \"y\"\n", CSVOptions{}, plainWant},
		{"semicolons", "a;b\n1;x\n2;y\n", CSVOptions{Comma: ';'}, plainWant},
		{"tabs and empty fields", "a\tb\tc\n1\t\t3\n\t2\t\n", CSVOptions{Comma: '\t'}, "a: 1 _\nb: _ 2\nc: 3 _\n"},
		{"quoted", "a\n\"x, \"\"y\"\"\nz\"\n", CSVOptions{}, "a: 'x, \"y\"\nz'\n"},
		{"missing", "a,b\n1,x\nNA,\nNA,n/a\nNaN,NULL\n?,null\n2,y\n", CSVOptions{}, "a: 1 _ _ _ _ 2\nb: 'x' _ _ _ _ 'y'\n"},
		{"rows of empty cells", "a,b\n1,x\n,\n\"\", \n2,y\n,\n", CSVOptions{}, "a: 1 2\nb: 'x' 'y'\n"},
		{"broken names", "\"a\nb\",\" c \n (m²) \"\n1,2\n", CSVOptions{}, "a b: 1\nc (m²): 2\n"},
		{"Markdown", "| a | b |\n|---|:--:|\n| 1 | x |\n|  | y |\n", CSVOptions{}, "a: 1 _\nb: 'x' 'y'\n"},
		{"MySQL", "+----+------+\n| a  | b    |\n+----+------+\n|  1 | x    |\n|  2 |      |\n+----+------+\n", CSVOptions{}, "a: 1 2\nb: 'x' _\n"},
		{"PostgreSQL", " a |  b\n---+-----\n 1 | x\n 2 | y\n", CSVOptions{}, "a: 1 2\nb: 'x' 'y'\n"},
		{"empty cells at both ends", "a|b|c\n1|2|3\n|5|\n|5|\n", CSVOptions{}, "a: 1 _ _\nb: 2 5 5\nc: 3 _ _\n"},
		{"dashes are missing", "a,b\n--,1\n--,--\n", CSVOptions{}, "a: '--' '--'\nb: 1 _\n"},
		{"texts of Excel", "a,b\n\"=\"\"007\"\"\",1\n=\"x\",2\n", CSVOptions{}, "a: '007' 'x'\nb: 1 2\n"},
		{"header again", "a,b\n1,x\na,b\n2,y\n", CSVOptions{}, "a: 1 2\nb: 'x' 'y'\n"},
		{"years again", "2019,2020\n1,2\n2019,2020\n", CSVOptions{}, "2019: 1 2019\n2020: 2 2020\n"},
		{"titles", "Report 2024;;\n;;\na;b;c\n1;x;2\n2;y;3\n", CSVOptions{}, "a: 1 2\nb: 'x' 'y'\nc: 2 3\n"},
		{"names that are empty", "a,,\n1,2,3\n4,5,6\n", CSVOptions{}, "a: 1 4\ncolumn_2: 2 5\ncolumn_3: 3 6\n"},
		{"no sums", "a,b\n" + strings.Repeat("A,1\n", 10) + ",9\n", CSVOptions{}, "a: " + strings.Repeat("'A' ", 10) + "_\nb: " + strings.Repeat("1 ", 10) + "9\n"},
		{"total above", "a,b\ntotal,1\nx,2\ny,3\n", CSVOptions{}, "a: 'total' 'x' 'y'\nb: 1 2 3\n"},
		{"total twice", "a,b\ntotal,1\nx,2\ntotal,3\n", CSVOptions{}, "a: 'total' 'x' 'total'\nb: 1 2 3\n"},
		{"total is a missing word", "a,b\nx,2\ny,3\ntotal,5\n", CSVOptions{Missing: []string{"total"}}, "a: 'x' 'y' _\nb: 2 3 5\n"},
		{"not missing", "a\nnano\nnone\n-\n??\n", CSVOptions{}, "a: 'nano' 'none' '-' '??'\n"},
		{"also missing", "a,b\n-999,x\n1,none\n", CSVOptions{Missing: []string{"-999", "none"}}, "a: _ 1\nb: 'x' _\n"},
		{"all missing", "a,b\n,1\n,2\n", CSVOptions{}, "a: _ _\nb: 1 2\n"},
		{"numbers", "a\n1e3\n+2\n-.5\n0012\n1e-400\n", CSVOptions{}, "a: 1000 2 -0.5 12 0\n"},
		{"not numbers", "a,b,c\n0x10,1_00,1.2.3\n", CSVOptions{}, "a: '0x10'\nb: '1_00'\nc: '1.2.3'\n"},
		{"words that look infinite", "a\ninf\nflu\n", CSVOptions{}, "a: 'inf' 'flu'\n"},
		{"categorical by order", "zip\n01\n1\n", CSVOptions{Kinds: map[string]Kind{"zip": Categorical}}, "zip: '01' '1'\n"},
		{"numeric by order", "a\nNA\n1\n", CSVOptions{Kinds: map[string]Kind{"a": Numeric}}, "a: _ 1\n"},
		{"no header", "1,x\n2,y\n", CSVOptions{NoHeader: true}, "column_1: 1 2\ncolumn_2: 'x' 'y'\n"},
		{"column without a name", ",b\n0,x\n1,y\n", CSVOptions{}, "column_1: 0 1\nb: 'x' 'y'\n"},
		{"numbered header", "0,1,2\n5,6,7\n", CSVOptions{}, "0: 5\n1: 6\n2: 7\n"},
		{"a mixed category", "a\n1\n2\n3+\n", CSVOptions{}, "a: '1' '2' '3+'\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dump(mustRead(t, c.text, c.o)); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestReadCSVErrors(t *testing.T) {
	prices := func() string {
		var b strings.Builder
		b.WriteString("price\n")
		for i := range 100 {
			b.WriteString(formatNumber(float64(i)+0.25) + "\n")
		}
		return b.String() + "12,O5\n"
	}
	big := strings.Repeat("x", 10<<20)
	for _, c := range []struct {
		name, text string
		o          CSVOptions
		want       string
	}{
		{"empty", "", CSVOptions{}, "t.csv: the file is empty"},
		{"blank", "\n\n", CSVOptions{}, "t.csv: the file is empty"},
		{"only a BOM", "\ufeff", CSVOptions{}, "t.csv: the file is empty"},
		{"header only", "a,b\n", CSVOptions{}, "t.csv: a header and no rows"},
		{"short row", "a,b,c\n1,2,3\n\n1,2\n", CSVOptions{}, "t.csv:4: 2 fields, the header has 3"},
		{"long row", "a,b\n1,2,3\n", CSVOptions{}, "t.csv:2: 3 fields, the header has 2"},
		{"line after a field of two lines", "a,b\n\"x\ny\",2\n1\n", CSVOptions{}, "t.csv:4: 1 field, the header has 2; delete the line if it is a title, a total or a remark, else complete it"},
		{"same name twice", "a,b,a\n1,2,3\n", CSVOptions{}, `t.csv:1: two columns are called "a"; rename one`},
		{"no header", "1.5,2\n3,4\n", CSVOptions{}, `t.csv:1: the first line looks like data ("1.5", "2"): the file seems to have no header; add one, or set NoHeader`},
		{"totals", "town;people\nA;12\nB;7\nC;1.5\nSumme:;20,5\n", CSVOptions{}, `t.csv:5: column "town": the last row begins with "Summe:": it seems to have the totals of the rows above; delete it, or list the word in Missing`},
		{"subtotals and a total", "a,b\nx,1\nsubtotal,1\ny,2\nsubtotal,2\nTotal,3\n", CSVOptions{}, `t.csv:6: column "a": the last row begins with "Total"`},
		{"sums", "town,people\n" + strings.Repeat("A,12\nB,7.5\n", 6) + ",117\n", CSVOptions{}, "t.csv:14: the last row has the sums, or the means, of the rows above; delete it"},
		{"totals below numbers", "id,x\n1,2\n2,3\n3,4\n,\nTOTAL,9\n", CSVOptions{}, `t.csv:6: column "id": the last row begins with "TOTAL"`},
		{"open quote", "a,b\n1,2\n1,\"x\n", CSVOptions{}, `t.csv:3: field 2 begins with a quote that is never closed`},
		{"Latin-1", "a,b\n1,ok\n2,M\xfcnchen\n", CSVOptions{}, `t.csv:3: field 2 is not UTF-8: "M\xfcnchen"; save`},
		{"Latin-1 header", "gr\xf6\xdfe\n1\n", CSVOptions{}, "t.csv:1: field 1 is not UTF-8"},
		{"half a character of UTF-16", "\xff\xfea\x00\n\x00b", CSVOptions{}, "the UTF-16 text ends within a character"},
		{"infinite", "a,b\n1,1\n2,-inf\n", CSVOptions{}, `t.csv:3: column "b": "-inf" is infinite; leave`},
		{"infinite word", "a\n1\nInfinity\n", CSVOptions{}, `t.csv:3: column "a": "Infinity" is infinite`},
		{"too large", "a\n1e999\n", CSVOptions{}, `t.csv:2: column "a": "1e999" is infinite`},
		{"a word among numbers", strings.Replace(prices(), ",", "", 1), CSVOptions{}, `t.csv:102: column "price": "12O5" is not a number, as 100 of the column's 101 different values are`},
		{"a decimal comma among points", strings.TrimSuffix(prices(), "12,O5\n") + "\"7,5\"\n", CSVOptions{}, `t.csv:102: column "price": "7,5" is not a number with the decimal sign '.', as 100 of the column's 101 different values are; correct it`},
		{"not numeric", "a\n1\nx\n", CSVOptions{Kinds: map[string]Kind{"a": Numeric}}, `t.csv:3: column "a": "x" is not a number`},
		{"kind of no column", "age\n1\n", CSVOptions{Kinds: map[string]Kind{"aeg": Numeric}}, `t.csv: no column "aeg"; columns are "age" (did you mean "age"?); take it out of Kinds`},
		{"no such kind", "a\n1\n", CSVOptions{Kinds: map[string]Kind{"a": "numerical"}}, `t.csv: Kinds: column "a": unknown kind "numerical"; known ones are "numeric", "categorical", "date" (did you mean "numeric"?)`},
		{"separator", "a\n1\n", CSVOptions{Comma: '"'}, `t.csv: fields cannot be separated by '"'`},
		{"10 MB field", "a,b\n1,2\n1," + big + "\n", CSVOptions{}, "t.csv:3: field 2 is longer than 1 MiB"},
		{"10 MB quoted field", "a,b\n1,2\n1,\"" + strings.ReplaceAll(big, "xxxxxxxxxx", "xxxxxxxxx\n"), CSVOptions{}, "t.csv:3: field 2 is longer than 1 MiB; is a quote left open?"},
		{"10 MB name", big, CSVOptions{}, "t.csv:1: field 1 is longer than 1 MiB"},
		{"wide line", "a,b\n" + strings.Repeat(",", 1<<17), CSVOptions{}, "t.csv:2: the line has more than 65536 fields"},
		{"long line", "a,b\n" + strings.Repeat(strings.Repeat("x", 1<<19)+",", 40), CSVOptions{}, "t.csv:2: the line is longer than 16 MiB"},
		{"too much text", "a\n" + strings.Repeat("1\n", 1000), CSVOptions{MaxBytes: 1000}, "more than 1000 bytes of data; raise MaxBytes"},
		{"negative limit", "a\n1\n", CSVOptions{MaxBytes: -1}, "t.csv: MaxBytes is -1"},
		{"cut gzip", zipped("a\n1\n2\n")[:20], CSVOptions{}, "the gzip data end too early"},
		{"cut gzip header", "\x1f\x8b\x08", CSVOptions{}, "t.csv: the gzip data end too early"},
		{"damaged gzip", zipped("a\n1\n2\n") + "rubbish!!!", CSVOptions{}, "damaged gzip data: gzip: invalid header"},
		{"gzip bomb", zipped("a\n" + strings.Repeat("0\n", 3<<20)), CSVOptions{}, "expand more than 100 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(c.text, c.o)
			if err == nil {
				t.Fatalf("no error, want %q", c.want)
			}
			wantError(t, err, c.want)
		})
	}
}

// A field without end must be refused before it is in memory.
func TestEndlessFieldIsBounded(t *testing.T) {
	for _, quote := range []string{"", `"`} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		endless := io.MultiReader(strings.NewReader("a\n"+quote), &repeat{"x"})
		if quote != "" {
			endless = io.MultiReader(strings.NewReader("a\n"+quote), &repeat{"x\n"})
		}
		_, err := ReadCSV(endless, CSVOptions{})
		runtime.ReadMemStats(&after)
		wantError(t, err, "longer than 1 MiB")
		if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
			t.Errorf("%s allocated", size(int64(used)))
		}
	}
}

// repeat is a text without end.
type repeat struct{ text string }

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[i%len(r.text)]
	}
	return len(p), nil
}

// The reader's own errors are passed on, however the text is cut into pieces.
func TestReadCSVFromAwkwardReaders(t *testing.T) {
	const text = "a,b\n1,\"x\ny\"\n2,é\n"
	want := dump(mustRead(t, text, CSVOptions{}))
	for name, r := range map[string]io.Reader{
		"one byte":     iotest.OneByteReader(strings.NewReader(text)),
		"half":         iotest.HalfReader(strings.NewReader(text)),
		"data and EOF": iotest.DataErrReader(strings.NewReader(text)),
	} {
		table, err := ReadCSV(r, CSVOptions{})
		if err != nil || dump(table) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ReadCSV(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text))), CSVOptions{Name: "net"})
	wantError(t, err, "timeout")
}

func TestOpenCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte(zipped("a\n1\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if table, err := OpenCSV(path, CSVOptions{}); err != nil || table.Name != path {
		t.Errorf("%v", err)
	}
	_, err := OpenCSV(path+"x", CSVOptions{})
	wantError(t, err, "x.csvx: no such file or directory")
}

func TestLevelOrder(t *testing.T) {
	kinds := CSVOptions{Kinds: map[string]Kind{"n": Categorical, "w": Categorical}}
	table := mustRead(t, "n,w\n10,10\n9,b\n-1,a\n1e1,9\n", kinds)
	if got, want := table.Columns[0].Levels, []string{"-1", "9", "10", "1e1"}; !slices.Equal(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
	if got, want := table.Columns[1].Levels, []string{"10", "9", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
}

func TestNewTable(t *testing.T) {
	a := Column{Name: "a", Kind: Numeric, Values: ArrayOf([]float64{1, math.NaN()}, 1)}
	if table, err := NewTable("mem", a, Words("w", []string{"x", ""})); err != nil || dump(table) != "a: 1 _\nw: 'x' _\n" {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		columns []Column
		want    string
	}{
		{nil, "mem: no rows"},
		{[]Column{{Name: "a", Kind: Numeric}}, "mem: no rows"},
		{[]Column{a, a}, `mem: two columns are called "a"`},
		{[]Column{a, {Name: "b", Kind: Numeric, Values: ArrayOf([]float64{1}, 1)}}, `mem: column "b" has 1 rows, column "a" has 2`},
		{[]Column{{Name: "b", Kind: Numeric, Values: ArrayOf([]float64{1, math.Inf(1)}, 1)}}, `mem: column "b": row 1 is +Inf`},
		{[]Column{{Name: "b", Kind: Categorical, Codes: []int{1}, Levels: []string{"x"}}}, "row 0 has code 1; there are 1 levels"},
		{[]Column{{Name: "b", Kind: Categorical, Codes: []int{0}, Levels: []string{"x", "x"}}}, `two levels "x"`},
		{[]Column{{Name: "b", Values: ArrayOf([]float64{1}, 1)}}, `unknown kind ""`},
	} {
		_, err := NewTable("mem", c.columns...)
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
	table := mustRead(t, "species,sepal\n1,2\n", CSVOptions{Name: "iris.csv"})
	_, err := mustRead(t, "1,2\n3,4\n", CSVOptions{NoHeader: true}).Column("2")
	wantError(t, err, `(did you mean "column_2"?)`)
	_, err = mustRead(t, "churned,x\n3,4\n", CSVOptions{}).Column("churn")
	wantError(t, err, `(did you mean "churned"?)`)
	_, err = table.Column("speces")
	wantError(t, err, `iris.csv: no column "speces"; columns are "species", "sepal" (did you mean "species"?)`)
}

func TestQuote(t *testing.T) {
	if got, want := quote("a\nb"), `"a\nb"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// Cut between characters, never inside one.
	for n := 50; n < 70; n++ {
		got := quote(strings.Repeat("x", n) + strings.Repeat("é", 20))
		if strings.Contains(got, `\x`) || len(got) > 70 {
			t.Errorf("%s", got)
		}
	}
	if got := list(numbered("c", 40)); !strings.HasSuffix(got, `"c11" and 28 more`) {
		t.Errorf("%s", got)
	}
}

// Numbers in a header are names where they count, are years, or have equal steps.
func TestNumbersAsNames(t *testing.T) {
	for header, names := range map[string]bool{
		"0,1,2": true, "1,2,3": true, "2,3,4": true, "5,7,9": true, "400,410.5,421": true, "400,402,421": false, "400,410,419.9": false,
		"1999,2000,2005": true, "1699,1800,1900": false, "2000,1999,1998": false, "5,4,3": false, "x,1,2": true, "x,2,3": false, "1.5,2": false, "5,6": false,
	} {
		row := "9.5" + strings.Repeat(",8.25", strings.Count(header, ",")) + "\n"
		_, err := read(header+"\n"+strings.Repeat(row, 3), CSVOptions{})
		if got := err == nil; got != names {
			t.Errorf("%s: names %v, want %v: %v", header, got, names, err)
		}
	}
}
