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
	p, err := Prepare(table, "y", Options{})
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
		`column "remark" is not used: it is free text, of 10 words on average; name it in Use to use it`,
		`column "ticket" is not used: nearly each row has its own word, as with names (45 different ones in 60 rows); name it in Use to use it`,
	}
	if got := texts(p.Notes); !slices.Equal(got, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p, err = Prepare(table, "y", Options{Use: []string{"seat", "ticket"}}); err != nil || p.Train.Features() != 2+1+45 {
		t.Errorf("%v", err)
	}
	_, err = Prepare(table, "y", Options{Use: []string{"seats"}})
	wantError(t, err, `no column "seats"`)
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
		odd += fmt.Sprintf("%d.5,%d%s\n", i, i%30, []string{"k", "M"}[i%2])
	}
	_, err := Prepare(mustRead(t, odd, CSVOptions{}), "t", Options{})
	wantError(t, err, `column "t" has 30 different words in 90 rows, such as "0k", "10k", "11M", "12k" and 26 more: they are no classes, and no numbers written in one way`)
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
			want = d.X
			near(t, "price", d.X[:1], []float64{1234}, 0)
			near(t, "days", d.X[1:2], []float64{18719}, 0)
		}
		near(t, row, d.X, want, 1e-12)
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
		near(t, row, d.X[:1], []float64{1.234}, 0)
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
