package data

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// columnOf makes a table with a column of those cells, and others.
func columnOf(cells []string, comma byte, others ...string) string {
	text := "v"
	for i := range others {
		text += fmt.Sprintf("%co%d", comma, i)
	}
	for _, c := range cells {
		text += "\n\"" + strings.ReplaceAll(c, `"`, `""`) + `"`
		for _, o := range others {
			text += fmt.Sprintf("%c\"%s\"", comma, o)
		}
	}
	return text + "\n"
}

// Numbers as people write them, where a column agrees.
func TestNumerals(t *testing.T) {
	for _, c := range []struct {
		cells string // separated by |
		want  []float64
	}{
		{"312,402|1,000|999", []float64{312402, 1000, 999}},
		{"1,234.5|-7|0.25", []float64{1234.5, -7, 0.25}},
		{"1,234,567|12", []float64{1234567, 12}},
		{"12,34,567|1,000", []float64{1234567, 1000}},
		{"1'000|2'345.5", []float64{1000, 2345.5}},
		{"1\u2019000|2\u2019345", []float64{1000, 2345}},
		{"1_000|20_000", []float64{1000, 20000}},
		{"1\u00a0000|2\u202f500|3 500", []float64{1000, 2500, 3500}},
		{"1,5|2,25|3", []float64{1.5, 2.25, 3}},
		{"1.234,5|10.000|-0,5", []float64{1234.5, 10000, -0.5}},
		{"1 234,5|2 000", []float64{1234.5, 2000}},
		{"0,511|44,882", []float64{0.511, 44.882}},
		{"$5|$1,200.50|-$3", []float64{5, 1200.5, -3}},
		{"5 €|1.200,50 €|-3 €", []float64{5, 1200.5, -3}},
		{"US$5|US$6.5", []float64{5, 6.5}},
		{"Rs. 5|Rs. 6", []float64{5, 6}},
		{"5%|12.5 %|0", []float64{5, 12.5, 0}},
		{"(1,234.50)|(3)|7", []float64{-1234.5, -3, 7}},
		{"\u22125|5", []float64{-5, 5}},
		{"1.5D+03|-2.0d-1|7", []float64{1500, -0.2, 7}},
		{"23.4 kmpl|18 kmpl", []float64{23.4, 18}},
		{" 36 months| 60 months", []float64{36, 60}},
		{"8GB|16GB", []float64{8, 16}},
		{"1.37kg|2kg", []float64{1.37, 2}},
		{"25 °C|-3.5 °C", []float64{25, -3.5}},
		{"25°|30°", []float64{25, 30}},
		{"¥1,200|¥900", []float64{1200, 900}},
		{"1,5E+03|2E-1", []float64{1500, 0.2}},
		{"1.234.567|89", []float64{1234567, 89}},
		{"1.234,50-|2,00", []float64{-1234.5, 2}},
		{"1.2M|3.4K|950|-2k", []float64{1.2e6, 3400, 950, -2000}},
		{"$1.5B|$920M|-|$3bn", []float64{1.5e9, 9.2e8, math.NaN(), 3e9}},
		{"1,5 Mio.|2 Mrd.|300 Tsd.", []float64{1.5e6, 2e9, 3e5}},
		{"1.5K|200|3K", []float64{1500, 200, 3000}},
		{"1200 sq ft|950 sq ft", []float64{1200, 950}},
		{"1 star|2 stars|5 stars", []float64{1, 2, 5}},
		{"1 Stunde|3 Stunden", []float64{1, 3}},
		{"300 K|295.5 K|290 K", []float64{300, 295.5, 290}},
		{"7:30|12:00:36|18:45", []float64{7.5, 12.01, 18.75}},
		{"7:30 am|12:15 PM|12:15 AM", []float64{7.5, 12.25, 0.25}},
		{"1,5|-|2,5|n.d.", []float64{1.5, math.NaN(), 2.5, math.NaN()}},
	} {
		table, err := read(columnOf(strings.Split(c.cells, "|"), ','), CSVOptions{Comma: ','})
		if err != nil {
			t.Errorf("%s: %v", c.cells, err)
			continue
		}
		v := &table.Columns[0]
		if v.Kind != Numeric {
			t.Errorf("%s: %s", c.cells, dump(table))
			continue
		}
		for i, want := range c.want {
			if got := v.Values.at(i); math.Abs(got-want) > 1e-12 && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s: %v, want %v", c.cells, v.Values, c.want)
				break
			}
		}
	}
	for _, words := range []string{
		"A11|A12|A14", "1st|2nd|3rd", "1.5|1,5", "$5|€5", "5%|0.05", "1,23,4|2", "1,000.5|1'000.5", "10-19|20-29", "3+|4", "1.2.3|4.5.6",
		"0x10|0x11", "5 cats|6 dogs", "1 2|3 4", "+49 170 55|1", "12A|13B", "5K|3kg", "5 m|5 ms", "3 of|4 off", "$1.5B|€2B", "1. Male|2. Male", "--5-|6", "12:75|1:30", "(5|6)", "--5|5", "192.168.0.1|10.0.0.2",
	} {
		table := mustRead(t, columnOf(strings.Split(words, "|"), ','), CSVOptions{Comma: ','})
		if table.Columns[0].Kind == Numeric {
			t.Errorf("%s: read as numbers %v", words, table.Columns[0].Values)
		}
	}
}

// What a comma or a point means where one column does not tell, the others do,
// or else the separator; or the user says it.
func TestDecimalSign(t *testing.T) {
	for _, c := range []struct {
		cell, other string
		comma       byte
		o           CSVOptions
		want        float64
	}{
		{"1,234", "", ',', CSVOptions{}, 1234},
		{"1,234", "", ';', CSVOptions{}, 1.234},
		{"1,234", "", '\t', CSVOptions{}, 1234},
		{"1,234", "0,51", ',', CSVOptions{}, 1.234},
		{"1,234", "0.51", ';', CSVOptions{}, 1234},
		{"1.234", "", ';', CSVOptions{}, 1.234},
		{"1.234", "0,51", ';', CSVOptions{}, 1234},
		{"1.234", "0.51", ';', CSVOptions{}, 1.234},
		{"1,234", "", ',', CSVOptions{Decimal: ","}, 1.234},
		{"1,234", "", ';', CSVOptions{Decimal: "."}, 1234},
		{"1,234", "", ';', CSVOptions{Thousands: ","}, 1234},
		{"1.234", "", ',', CSVOptions{Thousands: "."}, 1234},
		{"1.234", "", ',', CSVOptions{Decimal: ","}, 1234},
	} {
		others := []string{}
		if c.other != "" {
			others = append(others, c.other)
		} else {
			others = append(others, "w")
		}
		c.o.Comma = c.comma
		table := mustRead(t, columnOf([]string{c.cell, c.cell}, c.comma, others...), c.o)
		if v := table.Columns[0]; v.Kind != Numeric || v.Values.at(1) != c.want {
			t.Errorf("%+v: %s", c, dump(table))
		}
	}
	_, err := read("a\n1\n", CSVOptions{Decimal: ";"})
	wantError(t, err, `the decimal sign cannot be ";"`)
	_, err = read("a\n1\n", CSVOptions{Thousands: "x"})
	wantError(t, err, `thousands cannot be separated by "x"`)
	_, err = read("a\n1\n", CSVOptions{Thousands: ".", Decimal: "."})
	wantError(t, err, `the decimal sign and what separates thousands are both "."`)
}

func TestMissingWords(t *testing.T) {
	for _, word := range []string{"", "?", "NA", "n/a", "NaN", "-nan", "null", "<NA>", "#N/A", `\N`, "1.#QNAN", "-1.#IND", "#DIV/0!", "None", "-", ".", "--", "\u2014", "missing"} {
		table := mustRead(t, columnOf([]string{"1.5", word, "2"}, ',', "w"), CSVOptions{})
		if v := table.Columns[0]; v.Kind != Numeric || !math.IsNaN(v.Values.at(1)) || v.Values.at(2) != 2 {
			t.Errorf("%q: %s", word, dump(table))
		}
	}
	// Among words, these are words: the classes + and -, the level none.
	for _, cells := range []string{"+|-|+", "none|mild|none", "unknown|yes|no"} {
		table := mustRead(t, columnOf(strings.Split(cells, "|"), ','), CSVOptions{})
		if got, want := dump(table), "v: '"+strings.ReplaceAll(cells, "|", "' '")+"'\n"; got != want {
			t.Errorf("%s: %s", cells, got)
		}
	}
	table := mustRead(t, "a,b\n-999.0,x\n-999,T\n1,t\n", CSVOptions{Missing: []string{"-999", "T"}})
	if got, want := dump(table), "a: _ _ 1\nb: 'x' _ _\n"; got != want {
		t.Errorf("%swant %s", got, want)
	}
}

// Words that differ in case and spaces only are one, written as most often.
func TestSpellings(t *testing.T) {
	if table := mustRead(t, "v\nhid\nhId\nHid\niPod\nÉtat\nÉTAT\nétat\nà la\nÀ LA\n", CSVOptions{}); len(table.Columns[0].Levels) != 5 {
		t.Errorf("levels %q", table.Columns[0].Levels)
	}
	table := mustRead(t, "v\nyes\nYes\nYES\nYes\nno\n No\nnot  so\nNot so\n", CSVOptions{})
	if got, want := dump(table), "v: 'Yes' 'Yes' 'Yes' 'Yes' 'no' 'no' 'not  so' 'not  so'\n"; got != want {
		t.Errorf("%swant %s", got, want)
	}
	if got := strings.Join(texts(table.Notes), ""); !strings.HasPrefix(got, `column "v": words that differ only in case and spaces are one, such as "No", "Not so", "YES", "yes"`) {
		t.Error(got)
	}
}
