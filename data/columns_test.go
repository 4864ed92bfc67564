package data

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// passengers is a table with columns that tell rows apart, of n rows.
func passengers(n int) string {
	var b strings.Builder
	b.WriteString("PassengerId,seat,name,remark,ticket,class,fare,y\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%d,Passenger %d,\"went on board at %d and was seen no more\",T%d,%d,%d.5,%d.25\n", 7919*(i+3)%10007, i+1, i, i%24, i*3/4, i%3, i*i%31, i*7%41)
	}
	return b.String()
}

func TestColumnsThatTellRowsApart(t *testing.T) {
	table := mustRead(t, passengers(60), CSVOptions{})
	p, err := Prepare(table, "y", Options{Drop: []string{"remark"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.Train.Inputs, " "), "class fare"; got != want {
		t.Errorf("inputs %s, want %s", got, want)
	}
	want := []string{
		`column "PassengerId" is not used: it numbers the rows; name it in Use to use it`,
		`column "seat" is not used: it numbers the rows; name it in Use to use it`,
		`column "name" is not used: nearly each row has its own word, as with names (60 different ones in 60 rows); name it in Use to use it`,
		`column "remark" is not used: dropped on request`,
		`column "ticket" is not used: nearly each row has its own word, as with names (45 different ones in 60 rows); name it in Use to use it`,
	}
	if got := texts(p.Notes); !slices.Equal(got, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p, err = Prepare(table, "y", Options{Use: []string{"seat", "ticket"}, Drop: []string{"remark"}}); err != nil || p.Train.Features() != 2+1+45 {
		t.Errorf("%v", err)
	}
	_, err = Prepare(table, "y", Options{Use: []string{"seats"}})
	wantError(t, err, `no column "seats"`)
	if p, err = Prepare(table, "y", Options{}); err != nil || !slices.Contains(texts(p.Notes), `column "remark": text, whose words and pairs of words become 1024 inputs; drop the column`) {
		t.Errorf("%v: %q", err, texts(p.Notes))
	}
	if p, err = Prepare(table, "y", Options{Use: []string{"seat", "ticket"}, Drop: []string{"remark"}}); err != nil {
		t.Fatal(err)
	}
	// Columns that were left out are not needed afterwards.
	if d, err := p.Schema.Apply(mustRead(t, "fare,class,seat,ticket\n3.5,1,7,T3\n", CSVOptions{Schema: p.Schema})); err != nil || d.Rows() != 1 {
		t.Errorf("%v", err)
	}
	// Few rows tell nothing, and a count that is all there is is to learn from.
	if p, err = Prepare(mustRead(t, passengers(12), CSVOptions{}), "y", Options{}); err != nil || len(p.Schema.Ignored) != 0 {
		t.Errorf("%v", err)
	}
	line := "x,y\n"
	for i := range 50 {
		line += fmt.Sprintf("%d,%d.5\n", i, 2*i)
	}
	if p, err = Prepare(mustRead(t, line, CSVOptions{}), "y", Options{}); err != nil || !slices.Equal(p.Train.Inputs, []string{"x"}) {
		t.Errorf("%v", err)
	}
	// Years of one row each are no numbers of rows.
	line = "year,z,y\n"
	for i := range 50 {
		line += fmt.Sprintf("%d,%d,%d.5\n", 1960+i, i*i%17, 2*i)
	}
	if p, err = Prepare(mustRead(t, line, CSVOptions{}), "y", Options{}); err != nil || !slices.Equal(p.Train.Inputs, []string{"year", "z"}) {
		t.Errorf("%v", err)
	}
}

// Which task was chosen for numbers that may be classes is said, with the other.
func TestTaskNotes(t *testing.T) {
	for cells, want := range map[string]string{
		"0 1":                         "",
		"1 2":                         `target "t": the numbers 1 and 2 are taken as classes; set Task to "regression" if they are quantities`,
		"-1 1":                        `target "t": the numbers -1 and 1 are taken as classes; set Task to "regression" if they are quantities`,
		"10 20":                       `target "t": the numbers 10 and 20 are taken as classes; set Task to "regression" if they are quantities`,
		"0 1 2 3":                     `target "t": 4 whole numbers from 0 to 3 are taken as classes; set Task to "regression" if they are quantities`,
		"1 2 3 5 6 7":                 `target "t": 6 whole numbers from 1 to 7 are taken as quantities (a regression); set Task to "classification" if they are classes`,
		"0 1 2 3 4 5 6 7 8 9 10 11":   `target "t": 12 whole numbers from 0 to 11 are taken as quantities (a regression); set Task to "classification" if they are classes`,
		"1.5 2.5":                     "",
		"a b":                         "",
		"1 2 3 4 5 6 7 8 9 10 11 n/k": `target "t": 11 numbers and words such as "n/k" are taken as classes; list such words in Missing if they stand for none`,
	} {
		text := "x,t\n"
		for i := range 5 {
			for _, cell := range strings.Fields(cells) {
				text += fmt.Sprintf("%d.5,%s\n", i, cell)
			}
		}
		p, err := Prepare(mustRead(t, text, CSVOptions{}), "t", Options{})
		if err != nil {
			t.Errorf("%s: %v", cells, err)
			continue
		}
		if got := strings.Join(texts(p.Notes), "\n"); got != want || want != "" && !p.Notes[0].Guess {
			t.Errorf("%s: %s\nwant %s", cells, got, want)
		}
	}
	// Numbers that are not written in one way are no classes.
	text := "x,t\n"
	for i := range 60 {
		text += fmt.Sprintf("%d.5,%d%s\n", i, i, []string{" x", " y"}[i%2])
	}
	odd := "x,t\n"
	for i := range 90 {
		odd += fmt.Sprintf("%d.5,%d%s\n", i, i%30, []string{"kg", "lb"}[i%2])
	}
	_, err := Prepare(mustRead(t, odd, CSVOptions{}), "t", Options{})
	wantError(t, err, `column "t" has 30 different words in 90 rows, such as "0kg", "10kg", "11lb", "12kg" and 26 more: they are no classes, and no numbers written in one way`)
	if _, err = Prepare(mustRead(t, odd, CSVOptions{}), "t", Options{Task: Classification}); err != nil {
		t.Error(err)
	}
	_, err = Prepare(mustRead(t, text, CSVOptions{}), "t", Options{})
	wantError(t, err, `column "t" has 60 different words in 60 rows, such as "0 x", "1 y", "10 x", "11 y" and 56 more: they are no classes, and no numbers written in one way; write them alike`)
}

// Many columns with missing cells take one note.
func TestMissingNotes(t *testing.T) {
	text := "a,b,c,d,e,f,y\n,,,,,,0.5\n"
	for i := range 9 {
		text += strings.Repeat(fmt.Sprintf("%d.5,", i*i), 5) + fmt.Sprintf("w%d,%d.5\n", i%2, i)
	}
	p, err := Prepare(mustRead(t, text, CSVOptions{}), "y", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`missing in the training rows, and set to the mean of their column or to the level (missing): "a" 1, "b" 1, "c" 1, "d" 1, "e" 1, "f" 1`}
	if got := texts(p.Notes); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Rows to predict are read as those of training were, however few they are.
func TestReadBySchema(t *testing.T) {
	var b strings.Builder
	b.WriteString("price;when;zip;grade;note;y\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%d.%03d,5 €;%02d/03/2021;%05d;%s;%s;%d,5\n", i%7+1, i*37%1000, i%30+1, 1000+i%3, []string{"Good", "bad"}[i%2], []string{"x", "n.k."}[i%2], i)
	}
	o := CSVOptions{Missing: []string{"n.k."}, Kinds: map[string]Kind{"zip": Categorical}}
	p, err := Prepare(mustRead(t, b.String(), o), "y", Options{Split: SplitRandom})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	var s Schema
	if err := json.Unmarshal(text, &s); err != nil || !reflect.DeepEqual(&s, p.Schema) {
		t.Fatalf("%v: %s", err, text)
	}
	var want []float64
	for _, row := range []string{
		"price;when;zip;grade;note\n1.234;02/04/2021;01001;Good;n.k.\n",         // 1.234 is a thousand, and the second of April
		"price,when,zip,grade,note\n\"1.234,0\",2/4/2021,01001, GOOD ,n.k.\n",   // with another separator
		"price,when,zip,grade,note,rate\n1234.0,2021-04-02,01001.0,good,,0.5\n", // written by a program
	} {
		table, err := read(row, CSVOptions{Schema: &s})
		if err != nil {
			t.Errorf("%q: %v", row, err)
			continue
		}
		d, err := s.Apply(table)
		if err != nil {
			t.Errorf("%q: %v", row, err)
			continue
		}
		if want == nil {
			want = d.X.Numbers()
			near(t, "price", d.X.Numbers()[:1], []float64{1234}, 0)
			near(t, "days", d.X.Numbers()[1:2], []float64{18719}, 0)
		}
		near(t, row, d.X.Numbers(), want, 1e-12)
	}
	// A point is decimal where another column says so, or the user.
	for row, o := range map[string]CSVOptions{
		"price,when,zip,grade,note,rate\n1.234,2021-04-02,1001,Good,x,0.5\n": {Schema: &s},
		"price,when,zip,grade,note\n1.234,2021-04-02,1001,Good,x\n":          {Schema: &s, Decimal: "."},
	} {
		d, err := s.Apply(mustRead(t, row, o))
		if err != nil {
			t.Fatal(err)
		}
		near(t, row, d.X.Numbers()[:1], []float64{1.234}, 0)
	}
	for text, want := range map[string]string{
		"price;when;zip;grade;note\nfree;02/04/2021;01001;Good;x\n": `t.csv:2: column "price": "free" is not a number`,
		"price;when;zip;grade;note\n1;tomorrow;01001;Good;x\n":      `t.csv:2: column "when": "tomorrow" is not a date`,
	} {
		_, err := read(text, CSVOptions{Schema: &s})
		if err == nil {
			t.Errorf("%q was read", text)
		}
		wantError(t, err, want)
	}
	plain := mustRead(t, "price,when,zip,grade,note\n1,soon,2,Good,x\n3,late,4,bad,y\n", CSVOptions{})
	_, err = s.Apply(plain)
	wantError(t, err, `column "when" has no dates, as it had in training`)
}

// The index of pandas is no input, though its rows were drawn or joined; whole
// numbers in the first column of other tables are.
func TestIndexColumns(t *testing.T) {
	for _, c := range []struct {
		name    string
		o       CSVOptions
		index   func(i int) int
		ignored bool
	}{
		{"", CSVOptions{}, func(i int) int { return i }, true},
		{"", CSVOptions{}, func(i int) int { return i * 37 % 101 }, true},
		{"Unnamed: 0", CSVOptions{}, func(i int) int { return i % 20 }, true},
		{"index", CSVOptions{}, func(i int) int { return 3 * (i % 7) }, true},
		{"age", CSVOptions{}, func(i int) int { return i * 37 % 101 }, false},
		{"Unnamed: 0", CSVOptions{}, func(i int) int { return i%20 - 3 }, false},
		{"0", CSVOptions{NoHeader: true}, func(i int) int { return i * 37 % 101 }, false},
	} {
		text := c.name + ",x,y\n"
		if c.o.NoHeader {
			text = ""
		}
		for i := range 60 {
			text += fmt.Sprintf("%d,%d.5,%d.25\n", c.index(i), i%13, i*7%41)
		}
		table := mustRead(t, text, c.o)
		p, err := Prepare(table, table.Columns[2].Name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Schema.Ignored) == 1; got != c.ignored {
			t.Errorf("%q, no header %v: ignored %v", c.name, c.o.NoHeader, p.Schema.Ignored)
		}
	}
}

// Numbers with zeros in front may be codes, which is said.
func TestPaddedNumbers(t *testing.T) {
	for cells, want := range map[string]string{
		"01067,80331,10115": `column "a": numbers with zeros in front, such as "01067", are read as numbers, not as codes; set the column's kind to categorical`,
		"007,012":           `column "a": numbers with zeros in front, such as "007", are read as numbers, not as codes; set the column's kind to categorical`,
		"0,1,0":             "", "01,2,3": "", "10,20": "", "0.5,0.1": "", "-01,-02": "",
	} {
		table := mustRead(t, "a\n"+strings.ReplaceAll(cells, ",", "\n")+"\n", CSVOptions{})
		if got := strings.Join(texts(table.Notes), "\n"); got != want || table.Columns[0].Kind != Numeric {
			t.Errorf("%s: %s", cells, got)
		}
	}
}

// Many words that begin with numbers are told, since they may be meant as numbers.
func TestWordsLikeNumbers(t *testing.T) {
	ratios, ranges := "a\n", "a\n"
	for i := range 40 {
		ratios += fmt.Sprintf("%d:%d\n", i%12+1, i%3+1)
		ranges += []string{"18-24", "25-34", "35-44"}[i%3] + "\n"
	}
	for text, want := range map[string]int{ratios: 1, ranges: 0} {
		if table := mustRead(t, text, CSVOptions{}); len(table.Notes) != want {
			t.Errorf("%.20q: %v", text, table.Notes)
		}
	}
}

func TestSubtotals(t *testing.T) {
	table := mustRead(t, "a,b\nx,1\nSubtotal,1\ny,2\nSubtotal:,2\nz,5\n", CSVOptions{})
	want := `column "a": 2 rows are called "Subtotal:" and the like; delete them if they have totals of other rows`
	if got := texts(table.Notes); !slices.Equal(got, []string{want}) {
		t.Errorf("%q", got)
	}
}
