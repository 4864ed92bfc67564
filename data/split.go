package data

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Fractions says how much of the data is held out: for validation (choices are
// made on it) and for testing (nothing is chosen on it). The rest is for
// training. The zero value holds out nothing.
type Fractions struct{ Val, Test float64 }

// Parts are the parts of a data set. A part that was not asked for has no
// rows; it is never nil.
type Parts struct {
	Train, Val, Test *Dataset
	// Schema says how a table became inputs; nil for data that are not a table.
	Schema *Schema
	// Latest is the row of Train that is the last in time, from 1; 0 if rows were not held
	// out by time.
	Latest int
	// From has for Train, Val and Test which rows of the table they are, ascending and from
	// 0; nil for data that are not a table.
	From [3][]int
	// Group has the group of each row of Train, numbers from 0; nil if rows have none, see
	// [Options].Group.
	Group []int
	// Notes say what was found out and decided about a table.
	Notes []Note
}

// SplitBy says which rows of a table are held out.
type SplitBy string

// The ways to hold rows out.
const (
	SplitRandom SplitBy = "random" // by the seed; classes keep their shares
	SplitTime   SplitBy = "time"   // the latest for testing, those before for validation
)

// Split divides the rows of d by seed. Each row is in exactly one part, and
// keeps its order there. If d has classes, each part has its share of each of
// them, to one row. It is an error if sizes of d do not fit, a fraction is out of
// range, or a part that was asked for would have no row.
func Split(d *Dataset, f Fractions, seed uint64) (*Parts, error) {
	if err := d.CheckSizes(); err != nil {
		return nil, err
	}
	rows, err := splitRows(d.Rows(), d.Class, f, seed)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return &Parts{Train: d.Subset(rows[0]), Val: d.Subset(rows[1]), Test: d.Subset(rows[2])}, nil
}

// partRows are the row numbers of each part, ascending: training, validation,
// testing.
type partRows [3][]int

var partNames = [3]string{"training", "validation", "testing"}

// splitRows divides the rows 0..n-1; class is nil or has the class of each row.
func splitRows(n int, class []int, f Fractions, seed uint64) (partRows, error) {
	var parts partRows
	if err := f.check(); err != nil {
		return parts, err
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	newStream(seed, streamSplit).shuffle(order)
	if class != nil {
		// Stable, so that the order within each class stays random.
		slices.SortStableFunc(order, func(a, b int) int { return class[a] - class[b] })
	}
	d := dealer{share: f.shares()}
	for lo, hi := 0, 0; lo < n; lo = hi {
		for hi = lo + 1; hi < n && (class == nil || class[order[hi]] == class[order[lo]]); {
			hi++
		}
		at := lo
		for i, k := range d.deal(hi - lo) {
			parts[i] = append(parts[i], order[at:at+k]...)
			at += k
		}
	}
	return parts, parts.finish(n, f)
}

func (f Fractions) check() error {
	if !(f.Val >= 0 && f.Test >= 0 && f.Val+f.Test < 1) {
		return fmt.Errorf("fractions %v for validation and %v for testing: both must be at least 0 and their sum below 1", f.Val, f.Test)
	}
	return nil
}

// shares are the shares of the parts.
func (f Fractions) shares() [3]float64 { return [3]float64{1 - f.Val - f.Test, f.Val, f.Test} }

// finish puts the rows of each part in order, and refuses a part that was asked
// for and is empty: it would only be noticed later, as a metric that is NaN.
func (p *partRows) finish(n int, f Fractions) error {
	for i, share := range f.shares() {
		slices.Sort(p[i])
		if share > 0 && len(p[i]) == 0 && n > 0 {
			return fmt.Errorf("%d rows leave none for %s at fraction %.3g; give more rows, a larger fraction, or 0", n, partNames[i], share)
		}
	}
	return nil
}

// A dealer hands out classes to the parts, one after the other. Each class is
// divided to within one row of its shares; owed carries the rounding from class
// to class, so that the parts as a whole stay near their shares too.
type dealer struct{ share, owed [3]float64 }

// deal divides n rows of one class: what is whole in each share, then the rows
// that are left, each to the part that is owed most.
func (d *dealer) deal(n int) (rows [3]int) {
	// Fractions such as 0.15 are not exact; 100 × 0.15 is 15 whole rows.
	const eps = 1e-9
	left := n
	var open [3]bool
	for i, s := range d.share {
		exact := float64(s * float64(n))
		rows[i] = int(math.Floor(exact + eps))
		open[i] = exact-float64(rows[i]) > eps
		d.owed[i] += exact
		left -= rows[i]
	}
	for ; left > 0; left-- {
		best := 0
		// A class must be in the training part to be learned.
		if rows[0] > 0 {
			for i := range rows {
				if open[i] && (!open[best] || d.owed[i]-float64(rows[i]) > d.owed[best]-float64(rows[best])) {
					best = i
				}
			}
		}
		rows[best]++
		open[best] = false
	}
	for i := range rows {
		d.owed[i] -= float64(rows[i])
	}
	return rows
}

// classes are those of the rows; nil for numbers.
func (p *preparation) classes() (class []int) {
	if p.Schema.Target.Classes == nil {
		return nil
	}
	return indices(p.target, p.Schema.Target.Classes, p.rows)
}

// groups numbers the groups of the rows; nil if there are none. Each row without one is
// a group of its own.
func (p *preparation) groups(o Options) []int {
	if o.Group == "" {
		return nil
	}
	column, err := p.table.Column(o.Group)
	if err != nil {
		return nil // which check has refused
	}
	group, number, next := make([]int, len(p.rows)), map[float64]int{}, 0
	for i, row := range p.rows {
		var key float64
		if column.Kind == Categorical {
			key = float64(column.Codes[row])
		} else {
			key = column.Values.at(row)
		}
		n, known := number[key]
		if !known || column.missing(row) {
			n = next
			number[key] = n
			next++
		}
		group[i] = n
	}
	return group
}

// split divides the rows.
func (p *preparation) split(o Options) (partRows, error) {
	class := p.classes()
	date := p.dates(o)
	if date == nil && o.Split == SplitTime {
		return partRows{}, advise(fmt.Errorf("%s: no column of dates by which to split the rows", p.table.Name), Advice{Text: "leave Split out", Option: "Split", Remove: true})
	}
	var parts partRows
	var err error
	switch {
	case date != nil:
		parts, err = splitByTime(date, p.rows, o.Fractions)
	case o.Group != "":
		parts, err = splitGroups(class, p.groups(o), o.Fractions, o.Seed)
	default:
		parts, err = splitRows(len(p.rows), class, o.Fractions, o.Seed)
	}
	if err != nil {
		return parts, fmt.Errorf("%s: %w", p.table.Name, err)
	}
	if date != nil && o.Split == "" && o.Time == "" && !learnable(p.target, class, p.rows, parts) {
		o.Split = SplitRandom
		p.Notes = append(p.Notes, Note{Text: fmt.Sprintf("the rows are not split by column %s: those before lack a class or have one value of the target only", quote(date.Name))})
		return p.split(o)
	}
	for _, part := range parts {
		for i, at := range part {
			part[i] = p.rows[at]
		}
	}
	if date != nil {
		p.Notes = append(p.Notes, timeNote(date, parts, o)...)
		p.Latest = latest(date, parts[0])
	}
	return parts, nil
}

// splitGroups divides rows so that those of a group are in one part: each group, the
// largest first, goes to the part that lacks most of its share.
func splitGroups(class, group []int, f Fractions, seed uint64) (partRows, error) {
	var parts partRows
	if err := f.check(); err != nil {
		return parts, err
	}
	wanted := 0
	for _, share := range f.shares() {
		wanted += bool2int(share > 0)
	}
	const fine = 20 // parts are made of so many
	groups := slices.Max(group) + 1
	if groups < wanted {
		return parts, fmt.Errorf("%d groups cannot be divided into %d parts: hold out fewer, or give no groups", groups, wanted)
	}
	pieces, err := deal(len(group), class, group, min(fine, groups), newStream(seed, streamSplit))
	if err != nil {
		return parts, err
	}
	shares := f.shares()
	for k, rows := range pieces {
		best, lack := 0, math.Inf(-1)
		empty := 0
		for i, share := range shares {
			empty += bool2int(share > 0 && parts[i] == nil)
		}
		for i, share := range shares {
			last := len(pieces)-k <= empty // of pieces: each goes to a part that has none
			if l := float64(share*float64(len(group))) - float64(len(parts[i])); share > 0 && l > lack && !(last && parts[i] != nil) {
				best, lack = i, l
			}
		}
		parts[best] = append(parts[best], rows...)
	}
	return parts, parts.finish(len(group), f)
}

// groupsOf numbers the groups of some rows of the table.
func (p *preparation) groupsOf(rows []int, o Options) []int {
	some := *p
	some.rows = rows
	return some.groups(o)
}

// birthday are names of dates that say nothing of when a row was made.
var birthday = regexp.MustCompile(`(?i)birth|born|\bdob\b`)

// dates returns the column by which rows are split in time, nil if there is none or
// none is to be.
func (p *preparation) dates(o Options) *Column {
	const few = 5 // different dates make no order of time
	t, target, rows := p.table, p.target, p.rows
	if o.Time != "" {
		c, _ := t.Column(o.Time) // which check has found
		return c
	}
	if o.Split == SplitRandom || o.Group != "" || o.Fractions == (Fractions{}) {
		return nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Kind != Date || c == target || o.Split == "" && slices.Contains(o.Drop, c.Name) {
			continue
		}
		different, present := make(map[float64]bool), 0
		for _, row := range rows {
			if !c.missing(row) {
				different[c.Values.at(row)] = true
				present++
			}
		}
		if len(different) > few && 2*present > len(rows) && !birthday.MatchString(c.Name) || o.Split == SplitTime {
			return c
		}
	}
	return nil
}

// splitByTime gives the latest rows to testing and those before to validation.
// Rows without a date are for training. The result are indices into rows.
func splitByTime(date *Column, rows []int, f Fractions) (partRows, error) {
	var parts partRows
	if err := f.check(); err != nil {
		return parts, err
	}
	order, n := inOrder(date, rows), len(rows)
	test, val := int(math.Round(f.Test*float64(n))), int(math.Round(f.Val*float64(n)))
	test, val = min(test, n), min(val, n-min(test, n))
	first, second := n-test-val, n-test
	if f.Test > 0 {
		second = cut(date, rows, order, 0, second)
	}
	if f.Val > 0 {
		first = cut(date, rows, order[:second], 0, first)
	} else {
		first = second
	}
	parts = partRows{order[:first], order[first:second], order[second:]}
	return parts, parts.finish(n, f)
}

// cut returns where rows in the order of time are best cut near a place that is beyond
// after: where the time changes, so that rows of one time stay together; at itself if it
// changes nowhere.
func cut(date *Column, rows, order []int, after, at int) int {
	changes := func(i int) bool {
		a, b := date.Values.at(rows[order[i-1]]), date.Values.at(rows[order[i]])
		return a != b && !(math.IsNaN(a) && math.IsNaN(b))
	}
	for d := range len(order) {
		for _, i := range []int{at - d, at + d} {
			if i > after && i < len(order) && changes(i) {
				return i
			}
		}
	}
	return at
}

// inOrder are the indices of rows in the order of time; a row without a date comes first.
func inOrder(date *Column, rows []int) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(date.Values.at(rows[a]), date.Values.at(rows[b])) // NaN is the least
	})
	return order
}

// latest is the last of the rows in time, from 1: of equal ones the last in the file.
func latest(date *Column, rows []int) (at int) {
	for i, row := range rows {
		if !date.missing(row) && (at == 0 || !(date.Values.at(row) < date.Values.at(rows[at-1]))) {
			at = i + 1
		}
	}
	return at
}

// learnable tells whether the training rows have each class, or more than one
// value of the target.
func learnable(target *Column, class, rows []int, parts partRows) bool {
	if class == nil {
		first := rows[parts[0][0]]
		return slices.ContainsFunc(parts[0], func(i int) bool { return !target.equal(rows[i], first) })
	}
	seen := make(map[int]bool)
	for _, i := range parts[0] {
		seen[class[i]] = true
	}
	return len(seen) == slices.Max(class)+1
}

func timeNote(date *Column, parts partRows, o Options) []Note {
	var says []string
	for i, part := range parts {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, row := range part {
			if !date.missing(row) {
				lo, hi = min(lo, date.Values.at(row)), max(hi, date.Values.at(row))
			}
		}
		if lo <= hi {
			from, to := fmt.Sprint(lo), fmt.Sprint(hi)
			if date.Kind == Date {
				from, to = timeOf(lo).Format(time.DateOnly), timeOf(hi).Format(time.DateOnly)
			}
			says = append(says, fmt.Sprintf("%s to %s for %s", from, to, partNames[i]))
		}
	}
	text := fmt.Sprintf("the rows are split by time (column %s): %s", quote(date.Name), strings.Join(says, ", "))
	if o.Time != "" || says == nil {
		return []Note{{Text: text}}
	}
	return []Note{{Text: text,
		Advice: []Advice{{Text: fmt.Sprintf("set Split to %q if their order does not matter", SplitRandom), Option: "Split", Value: string(SplitRandom)}}}}
}

func bool2int(x bool) int {
	if x {
		return 1
	}
	return 0
}
