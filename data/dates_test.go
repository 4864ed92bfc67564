package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Dates in usual ways of writing; the days were computed by Python's datetime.
func TestDates(t *testing.T) {
	const fifth, afternoon, morning = 18691, 18691.72934027778, 18691.25
	for _, c := range []struct {
		cells string // separated by |
		want  []float64
	}{
		{"2021-03-05|1949-01-01|1969-12-31|2099-12-31", []float64{fifth, -7670, -1, 47481}},
		{"2021/3/5|2021/12/31", []float64{fifth, fifth + 301}},
		{"2021-03|2021-04", []float64{fifth - 4, fifth + 27}},
		{"3/5/2021|3/25/2021", []float64{fifth, fifth + 20}},
		{"5/3/2021|25/3/2021", []float64{fifth, fifth + 20}},
		{"05.03.2021|25.03.2021", []float64{fifth, fifth + 20}},
		{"3/5/21|12/31/99", []float64{fifth, 10956}},
		{"05-Mar-21|25-MAR-21", []float64{fifth, fifth + 20}},
		{"5 March 2021|25 march 2021", []float64{fifth, fifth + 20}},
		{"Mar 5, 2021|Apr 1, 2021", []float64{fifth, fifth + 27}},
		{"March 2021|April 2021", []float64{fifth - 4, fifth + 27}},
		{"Fri, 5 Mar 2021|Sat, 6 Mar 2021", []float64{fifth, fifth + 1}},
		{"20210305|20210325|20211231", []float64{fifth, fifth + 20, fifth + 301}},
		{"2021-03-05 17:30:15|2021-03-05 06:00:00", []float64{afternoon, morning}},
		{"2021-03-05T17:30:15Z|2021-03-05T07:00:00+01:00", []float64{afternoon, morning}},
		{"3/5/2021 5:30:15 PM|3/25/2021 6:00:00 am", []float64{afternoon, morning + 20}},
		{"2021-03-05|2021-03-05 06:00", []float64{fifth, morning}},
		{"2021Q1|2021 q2|2020-Q4", []float64{fifth - 63, fifth + 27, fifth - 155}},
		{"Q1 2021|Q2 2021", []float64{fifth - 63, fifth + 27}},
		{"1-11|1-12|2-01|2-02|2-03|2-04", []float64{-718858, -718828, -718797, -718766, -718738, -718707}},
		{"2021-03-05|-|2021-03-06", []float64{fifth, 0, fifth + 1}},
	} {
		table, err := read(columnOf(strings.Split(c.cells, "|"), ','), CSVOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.cells, err)
			continue
		}
		v := table.Columns[0]
		if v.Kind != Date {
			t.Errorf("%s: %s", c.cells, dump(table))
			continue
		}
		for i, cell := range strings.Split(c.cells, "|") {
			if cell == "-" != v.missing(i) {
				t.Errorf("%s: row %d", c.cells, i)
			} else if cell != "-" {
				near(t, cell, v.Values.Numbers()[i:i+1], c.want[i:i+1], 1e-12)
			}
		}
	}
	for _, cells := range []string{"2021-13-01|2021-01-01", "jan|feb|mar", "1/2|3/4", "2021|2022", "1-2-3|4-5-6", "10-11|12-13", "1-01|1-02|1-03", "1-01|1-02|1-03|1-05|1-06|1-07|1-08", "7590-VHVEG|1-1", "99999999|20210305|20210306", "20210305|20210306", "Mar 5|Mar 6"} {
		if v := mustRead(t, columnOf(strings.Split(cells, "|"), ','), CSVOptions{}).Columns[0]; v.Kind == Date {
			t.Errorf("%s: dates %v", cells, v.Values)
		}
	}
	// Which of day and month comes first, where no day tells.
	table := mustRead(t, "d\n3/5/2021\n9/2/2021\n4/7/2021\n", CSVOptions{})
	if got := texts(table.Notes); len(got) != 1 || !table.Notes[0].Guess || !strings.HasPrefix(got[0], `dates are read with the month first, since nothing tells: "d"; set DayFirst`) {
		t.Errorf("%q", got)
	}
	near(t, "month first", table.Columns[0].Values.Numbers(), []float64{fifth, fifth + 181, fifth + 33}, 0)
	table = mustRead(t, "d\n3/5/2021\n9/2/2021\n4/7/2021\n", CSVOptions{DayFirst: true})
	near(t, "day first", table.Columns[0].Values.Numbers(), []float64{fifth + 59, fifth - 24, fifth + 121}, 0)
	if len(table.Notes) != 0 {
		t.Errorf("%q", texts(table.Notes))
	}
	// A series in order, and one of the first of each month, tell.
	for _, text := range []string{"d\n28/2/2021\n1/3/2021\n2/3/2021\n", "d\n9/2/2021\n10/2/2021\n9/3/2021\n", "d\n1/2/2021\n1/3/2021\n1/4/2021\n"} {
		c := mustRead(t, text, CSVOptions{}).Columns[0]
		if got := timeOf(c.Values.at(2)); c.dates != "2/1/2006" || got.Month() < time.March {
			t.Errorf("%q: %s, %v", text, c.dates, got)
		}
	}
	_, err := read("d,e\n"+strings.Repeat("2021-03-05,1\n", 3)+manyDates(40)+"yesterday,2\n", CSVOptions{})
	wantError(t, err, `t.csv:45: column "d": "yesterday" is not a date, as 40 of the column's 41 different values are`)
}

// manyDates are n rows of dates and numbers.
func manyDates(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s,%d.5\n", time.Date(2021, 3, 5+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), i*i%17)
	}
	return b.String()
}

// A date becomes numbers, and words where they recur.
func TestDateParts(t *testing.T) {
	p, err := Prepare(mustRead(t, "d,y\n"+manyDates(40), CSVOptions{}), "y", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.Train.Inputs, "|"), "d days|d month|d weekday=Mon|d weekday=Tue|d weekday=Wed|d weekday=Thu|d weekday=Fri|d weekday=Sat|d weekday=Sun"; got != want {
		t.Fatalf("inputs %s", got)
	}
	near(t, "Friday, the fifth of March", p.Train.X.Numbers()[:9], []float64{18691, 2, 0, 0, 0, 0, 1, 0, 0}, 0)
	// Months recur in years; the same day of each month has no weekday to tell.
	text := "d,y\n"
	for i := range 60 {
		text += fmt.Sprintf("%d-%02d,%d.5\n", 2000+i/12, i%12+1, i*i%17)
	}
	if p, err = Prepare(mustRead(t, text, CSVOptions{}), "y", Options{}); err != nil {
		t.Fatal(err)
	}
	if got := p.Train.Inputs; len(got) != 14 || got[1] != "d year" || got[2] != "d month=Jan" || got[13] != "d month=Dec" {
		t.Errorf("inputs %q", got)
	}
	// Times of day, at which hours recur.
	text = "d,y\n"
	for i := range 96 {
		text += fmt.Sprintf("2021-03-%02d %02d:30,%d.5\n", 5+i/24, i%24, i*i%17)
	}
	if p, err = Prepare(mustRead(t, text, CSVOptions{}), "y", Options{}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Train.Inputs, "|"); !strings.HasPrefix(got, "d days|d weekday|d hour=00h|d hour=01h|") {
		t.Errorf("inputs %s", got)
	}
	_, err = Prepare(mustRead(t, "d,y\n"+manyDates(40), CSVOptions{}), "d", Options{})
	wantError(t, err, `column "d" has dates; a model predicts numbers or classes`)
}

// The latest rows are held out, in whatever order they stand.
func TestSplitByTime(t *testing.T) {
	lines := strings.SplitAfter(strings.TrimSuffix(manyDates(40), "\n")+"\n", "\n")[:40]
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[9:], b[9:]) }) // not by time
	table := mustRead(t, "d,y\n"+strings.Join(lines, "")+",3.5\n", CSVOptions{})
	o := Options{Fractions: Fractions{Val: 0.2, Test: 0.1}, Seed: 3}
	p, err := Prepare(table, "y", o)
	if err != nil {
		t.Fatal(err)
	}
	days := func(d *Dataset) []float64 { return column(d, 0) }
	if got := slices.Max(days(p.Train)); got != 18691+27 || p.Train.Rows() != 29 {
		t.Errorf("training: %d rows up to day %v", p.Train.Rows(), got)
	}
	if v := days(p.Val); slices.Min(v) != 18691+28 || slices.Max(v) != 18691+35 || len(v) != 8 {
		t.Errorf("validation: %v", v)
	}
	if v := days(p.Test); slices.Min(v) != 18691+36 || slices.Max(v) != 18691+39 {
		t.Errorf("testing: %v", v)
	}
	if got := strings.Join(texts(p.Notes), "\n"); !strings.Contains(got, `the rows are split by time (column "d"): 2021-03-05 to 2021-04-01 for training, 2021-04-02 to 2021-04-09 for validation, 2021-04-10 to 2021-04-13 for testing; set Split to "random"`) {
		t.Error(got)
	}
	o.Split = SplitRandom
	if p, err = Prepare(table, "y", o); err != nil || slices.Min(days(p.Test)) == 18691+36 {
		t.Errorf("at random: %v", err)
	}
	o.Split = SplitTime
	_, err = Prepare(mustRead(t, people, CSVOptions{}), "y", o)
	wantError(t, err, "no column of dates by which to split the rows; leave Split out")
	// Birthdays are no order of the rows.
	o.Split = ""
	if p, err = Prepare(mustRead(t, "birth date,y\n"+manyDates(40), CSVOptions{}), "y", o); err != nil || strings.Contains(strings.Join(texts(p.Notes), ""), "split by time") {
		t.Errorf("%v", err)
	}
	// A class that comes late only cannot be learned from the rows before.
	late := "d,x,c\n"
	for i, line := range strings.Split(strings.TrimSpace(manyDates(40)), "\n") {
		late += fmt.Sprintf("%s,%s\n", line, []string{"early", "late"}[i/36])
	}
	if p, err = Prepare(mustRead(t, late, CSVOptions{}), "c", o); err != nil || !slices.Contains(p.Train.Class, 1) {
		t.Errorf("%v", err)
	}
	if got := strings.Join(texts(p.Notes), "\n"); !strings.Contains(got, `the rows are not split by column "d"`) {
		t.Error(got)
	}
}

// Names of months in other languages are those of dates, too.
func TestMonthsInOtherLanguages(t *testing.T) {
	for cells, want := range map[string]string{
		"31. Dezember 2024|1. März 2025": "2024-12-31 2025-03-01",
		"Mär 2019|Apr 2019|Mai 2019":     "2019-03-01 2019-04-01 2019-05-01",
		"5 févr. 2020|14 août 2021":      "",
		"5 février 2020|14 août 2021":    "2020-02-05 2021-08-14",
		"05.03.2024 14:30 Uhr":           "2024-03-05",
		"1 enero 2020|2 agosto 2020":     "2020-01-01 2020-08-02",
		"Dez-24|Okt-24":                  "2024-12-01 2024-10-01",
	} {
		var got []string
		c := mustRead(t, columnOf(strings.Split(cells, "|"), ';'), CSVOptions{Comma: ';'}).Columns[0]
		for _, days := range c.Values.Numbers() {
			got = append(got, timeOf(days).Format("2006-01-02"))
		}
		if s := strings.Join(got, " "); s != want || (c.Kind == Date) != (want != "") {
			t.Errorf("%s: %s, %q", cells, c.Kind, s)
		}
	}
}

// Classes that all occur early are split by time; where one comes late only, at random.
func TestClassesByTime(t *testing.T) {
	for late, byTime := range map[bool]bool{false: true, true: false} {
		text := "d,y\n"
		for i := range 30 {
			class := []string{"a", "b", "c"}[i%3]
			if late {
				class = []string{"a", "b", "c"}[max(i%2, i/25*2)]
			}
			text += fmt.Sprintf("2021-03-%02d,%s\n", i+1, class)
		}
		p, err := Prepare(mustRead(t, text, CSVOptions{}), "y", Options{Fractions: Fractions{Test: 0.2}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(texts(p.Notes), "\n")
		if got := strings.Contains(notes, "the rows are split by time"); got != byTime || strings.Contains(notes, "not split by column") == byTime {
			t.Errorf("a class that comes late: %v; %s", late, notes)
		}
	}
}

// Five different dates make no order of time, six do.
func TestFewDates(t *testing.T) {
	for different, byTime := range map[int]bool{5: false, 6: true} {
		text := "d,y\n"
		for i := range 30 {
			text += fmt.Sprintf("2021-03-%02d,%d.5\n", 1+i%different, i*i%17)
		}
		p, err := Prepare(mustRead(t, text, CSVOptions{}), "y", Options{Fractions: Fractions{Test: 0.2}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(texts(p.Notes), "\n"), "the rows are split by time"); got != byTime {
			t.Errorf("%d different dates: split by time %v", different, got)
		}
	}
}
