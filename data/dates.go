package data

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Dates says how the dates of a column are written, in the notation of
// package time. A time of day, and a zone, may follow in any usual form.
type Dates string

// dateLayouts are the ways to write a date, the preferred first: with 1/2/2006
// before 2/1/2006, a column in which both are possible has the month first.
var dateLayouts = []Dates{
	"2006-1-2", "2006/1/2", "2006.1.2", "2006-1", "2006/1",
	"1/2/2006", "2/1/2006", "2.1.2006", "1-2-2006", "2-1-2006",
	"1/2/06", "2/1/06", "2.1.06", "1-2-06", "2-1-06", "1/2006",
	"2-Jan-2006", "2-Jan-06", "2 Jan 2006", "2 January 2006", "2. January 2006", "2 Jan 06",
	"Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006",
	"Jan-06", "Jan-2006", "Jan 2006", "January 2006", "January-2006", "2006-Jan", "2006 Jan", "2006-Jan-2",
	"Mon, 2 Jan 2006", "Mon 2 Jan 2006", "Monday, 2 January 2006", "Monday, January 2, 2006", "Mon, Jan 2, 2006", "Mon Jan 2, 2006",
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "20060102", "20060102T150405", quarters,
}

// dayFirst pairs layouts that a column may fit both of.
var dayFirst = map[Dates]Dates{
	"1/2/2006": "2/1/2006", "1/2/06": "2/1/06", "1-2-2006": "2-1-2006", "1-2-06": "2-1-06",
}

// clockLayouts are what may follow a date; fractions of a second are
// understood.
var clockLayouts = []string{
	"", " 15:04:05", " 15:04", "T15:04:05", "T15:04:05Z07:00", "T15:04:05-0700", "T15:04", "T15:04Z07:00", " 15:04:05Z07:00", " 15:04:05-0700",
	" 15:04:05 -0700", " 15:04:05 MST", " 3:04:05 PM", " 3:04:05 PM MST", " 3:04 PM", " 3:04PM", " 3:04:05PM", ", 15:04", ", 3:04 PM",
}

// counted is the layout of months of numbered years, 1-01 to 1-12, 2-01 and so
// on, as series are published of which the year does not matter.
const counted Dates = "year-01"

// quarters is the layout of quarters of years, 2024Q1, 2024-Q1 or Q1 2024.
const quarters Dates = "2024Q1"

var quarter = regexp.MustCompile(`^(?:(\d{4})[- ]?Q([1-4])|Q([1-4])[-/ ]?(\d{4}))$`)

// quarterOf reads a cell of that layout: the first day of the quarter.
func quarterOf(cell string) (days float64, ok bool) {
	m := quarter.FindStringSubmatch(strings.ToUpper(cell))
	if m == nil {
		return 0, false
	}
	year, _ := strconv.Atoi(m[1] + m[4])
	q, _ := strconv.Atoi(m[2] + m[3])
	return daysOf(time.Date(year, time.Month(3*q-2), 1, 0, 0, 0, 0, time.UTC)), true
}

// countedMonths reads a cell of that layout: of the year 1 and so on.
func countedMonths(cell string) (days float64, ok bool) {
	year, month, ok := strings.Cut(cell, "-")
	y, errY := strconv.Atoi(year)
	m, errM := strconv.Atoi(month)
	if !ok || errY != nil || errM != nil || len(year) > 2 || len(month) != 2 || y < 1 || m < 1 || m > 12 {
		return 0, false
	}
	return daysOf(time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC)), true
}

// countsMonths tells whether the cells are such months, each the one after that
// before it: 1-01 may be much else.
func (c *cells) countsMonths() bool {
	const least = 6
	before := math.NaN()
	for row := range c.rows() {
		days, ok := countedMonths(c.at(row))
		if !ok || row > 0 && !timeOf(before).AddDate(0, 1, 0).Equal(timeOf(days)) {
			return false
		}
		before = days
	}
	return c.rows() >= least
}

// months are the names of the months that differ from English ones, short and
// long, in German, French, Spanish, Italian, Portuguese and Dutch.
var months = func() map[string]string {
	names := map[string]string{}
	for _, m := range [][2]string{
		{"Jan", "janv jän ene gen"}, {"Feb", "févr fév fev febr"}, {"Mar", "mär mrz mrt"}, {"Apr", "avr abr"}, {"May", "mag mei"}, {"Jun", "giu"}, {"Jul", "juil lug"},
		{"Aug", "aoû ago"}, {"Sep", "sept set"}, {"Oct", "okt ott out"}, {"Dec", "dez déc dic"},
		{"January", "januar jänner janvier enero gennaio janeiro januari"}, {"February", "februar feber février febrero febbraio fevereiro februari"}, {"March", "märz mars marzo março maart"},
		{"April", "avril abril aprile"}, {"May", "mai mayo maggio maio"}, {"June", "juni juin junio giugno junho"}, {"July", "juli juillet julio luglio julho"}, {"August", "août agosto augustus"},
		{"September", "septembre septiembre settembre setembro"}, {"October", "oktober octobre octubre ottobre outubro"}, {"November", "novembre noviembre novembro"},
		{"December", "dezember décembre diciembre dicembre dezembro"},
	} {
		for _, name := range strings.Fields(m[1]) {
			names[name] = m[0]
		}
	}
	return names
}()

// inEnglish replaces the name of a month by the English one.
func inEnglish(cell string) string {
	for at := 0; at < len(cell); {
		from := strings.IndexFunc(cell[at:], unicode.IsLetter)
		if from < 0 {
			break
		}
		from += at
		to := len(cell)
		if n := strings.IndexFunc(cell[from:], func(r rune) bool { return !unicode.IsLetter(r) }); n >= 0 {
			to = from + n
		}
		if month, ok := months[strings.ToLower(cell[from:to])]; ok {
			return cell[:from] + month + strings.TrimPrefix(cell[to:], ".")
		}
		at = to
	}
	return cell
}

// A dateReader reads cells of one layout. It tries first what followed the
// date last time.
type dateReader struct {
	layout Dates
	clock  int
}

// read returns the days since the beginning of 1970, in Greenwich.
func (d *dateReader) read(cell string) (days float64, ok bool) {
	switch d.layout {
	case counted:
		return countedMonths(cell)
	case quarters:
		return quarterOf(cell)
	}
	const first, last = 1400, 2300 // other years are numbers that look like dates
	if len(cell) < 6 || len(cell) > 40 || !strings.ContainsFunc(cell, isDigit) {
		return 0, false
	}
	cell = strings.TrimSuffix(strings.ToUpper(inEnglish(cell)), " UHR") // AM, PM and zones; months may be in any case
	for k := range clockLayouts {
		at := (d.clock + k) % len(clockLayouts)
		t, err := time.Parse(string(d.layout)+clockLayouts[at], cell)
		if err != nil {
			continue
		}
		d.clock = at
		return daysOf(t), first <= t.Year() && t.Year() <= last
	}
	return 0, false
}

// dates returns the cells as dates, NaN where one is missing, and how they are
// written. other is another way to read them all that is as likely, if there is
// one; first says that the day comes before the month.
func (c *cells) dates(first bool) (values []float64, layout, other Dates, ok bool) {
	if c.countsMonths() {
		values, ok = c.datesAs(counted)
		return values, counted, "", ok
	}
	for _, l := range dateLayouts {
		if layout != "" && dayFirst[layout] != l {
			continue
		}
		v, fits := c.datesAs(l)
		switch {
		case !fits:
		case layout == "":
			values, layout = v, l
		case first:
			return v, l, "", true
		default:
			switch a, b := regularity(values), regularity(v); {
			case a > b:
				return values, layout, "", true
			case a < b:
				return v, l, "", true
			}
			return values, layout, l, true
		}
	}
	return values, layout, "", layout != ""
}

// regularity says how much dates look like a series: those that are in order, and
// of the same day of each month. Of two ways to read them, the one with more of it
// is meant.
func regularity(values []float64) (score int) {
	var present []float64
	days := make(map[int]bool)
	for _, v := range values {
		if !math.IsNaN(v) {
			present = append(present, v)
			days[timeOf(v).Day()] = true
		}
	}
	if slices.IsSorted(present) {
		score += 2
	}
	if len(days) == 1 {
		score++
	}
	return score
}

// datesAs returns the cells as dates of one layout.
func (c *cells) datesAs(layout Dates) (values []float64, ok bool) {
	r := dateReader{layout: layout}
	for row := range c.rows() {
		cell := c.at(row)
		if cell == "" || isBlank(cell) {
			continue
		}
		v, fits := r.read(cell)
		if !fits {
			return nil, false
		}
		if values == nil {
			values = allMissing(c.rows())
		}
		values[row] = v
	}
	return values, values != nil
}

func allMissing(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// compact tells whether whole numbers are dates such as 20240131: all are dates
// of three centuries, which other numbers are not by chance.
func (c *cells) compact() bool {
	const least = 3 // different ones
	different := make(map[string]bool)
	for row := range c.rows() {
		cell := c.at(row)
		if cell == "" || isBlank(cell) || different[cell] {
			continue
		}
		if len(cell) != 8 || cell < "18000101" || cell > "20991231" {
			return false
		}
		if _, err := time.Parse("20060102", cell); err != nil {
			return false
		}
		different[cell] = true
	}
	return len(different) >= least
}

// A part is a number that is taken out of a date. One that recurs is words where
// the dates span it twice, since a net cannot learn from the number that
// December is next to January; where it does not, it is a number, for which a
// month that training has not seen is no unknown word.
type part struct {
	name   string
	value  func(t time.Time) float64
	words  []string // the names of the values 0, 1, ..., of a part that recurs
	period float64  // after which it does, in days
}

var parts = []part{
	{name: "days", value: daysOf},
	{name: "year", value: func(t time.Time) float64 { return float64(t.Year()) }},
	{name: "month", value: func(t time.Time) float64 { return float64(t.Month()) - 1 }, period: 365,
		words: []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}},
	{name: "weekday", value: func(t time.Time) float64 { return float64((t.Weekday() + 6) % 7) }, period: 7,
		words: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}},
	{name: "hour", value: func(t time.Time) float64 { return float64(t.Hour()) }, period: 1, words: hours()},
}

func daysOf(t time.Time) float64 { return float64(t.UnixMilli()) / (24 * 3600 * 1000) }

func hours() []string {
	names := make([]string, 24)
	for h := range names {
		names[h] = time.Date(0, 1, 1, h, 0, 0, 0, time.UTC).Format("15h")
	}
	return names
}

// partNamed returns the part of that name, nil if there is none.
func partNamed(name string) *part {
	for i := range parts {
		if parts[i].name == name {
			return &parts[i]
		}
	}
	return nil
}

// timeOf is the date of so many days.
func timeOf(days float64) time.Time {
	return time.UnixMilli(int64(math.Round(days * (24 * 3600 * 1000)))).UTC()
}

// part returns a part of the dates of a column as a column of its own.
func (c *Column) part(p *part, kind Kind) *Column {
	out := &Column{Name: c.Name, Kind: kind}
	if kind == Categorical {
		out.Levels, out.Codes = p.words, make([]int, c.rows())
	}
	var values []float64
	for row := range c.rows() {
		days := c.Values.at(row)
		missing := math.IsNaN(days)
		v := math.NaN()
		if !missing {
			v = p.value(timeOf(days))
		}
		switch {
		case kind == Numeric:
			values = append(values, v)
		case missing:
			out.Codes[row] = -1
		default:
			out.Codes[row] = int(v)
		}
	}
	if kind == Numeric {
		out.Values = narrowed(values)
	}
	return out
}

// partsOf returns the parts, as columns, that tell rows apart: no weekday where
// each date is the same day of its month (or no day is written), no hour where no
// time is.
func (c *Column) partsOf(rows []int) (columns []*Column, names []string) {
	days, clocks := make(map[int]bool), make(map[int]bool)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		if !c.missing(row) {
			t := timeOf(c.Values.at(row))
			days[t.Day()], clocks[t.Hour()] = true, true
			lo, hi = min(lo, c.Values.at(row)), max(hi, c.Values.at(row))
		}
	}
	for i := range parts {
		p := &parts[i]
		if p.name == "weekday" && len(days) < 2 || p.name == "hour" && len(clocks) < 2 {
			continue
		}
		kind := Numeric
		if p.words != nil && hi-lo >= 2*p.period {
			kind = Categorical
		}
		columns, names = append(columns, c.part(p, kind)), append(names, p.name)
	}
	return columns, names
}

// PartWords returns the words of a part of dates that recurs, in the order of its values
// from 0 on; nil of others.
func PartWords(name string) []string {
	if p := partNamed(name); p != nil {
		return p.words
	}
	return nil
}
