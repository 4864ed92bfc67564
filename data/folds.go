package data

import (
	"fmt"
	"math"
	"slices"
)

// Folds says how rows are divided again and again, to learn how much a score varies:
// each row is held out once in each repeat.
//
// Classes keep their shares in the rows that are held out. With [Options].Group the rows
// of a group are held out together; the groups are dealt out so that sizes, and classes,
// are as even as groups allow. Where rows are held out by time (see [Options].Time and
// SplitBy) they are cut into K+1 blocks, each but the first is held out once, and what came
// before it is for training (an expanding window); there is one repeat then.
type Folds struct {
	K       int // 2 or more
	Repeats int // 0 means 1
}

func (f Folds) check() error {
	if f.K < 2 || f.Repeats < 0 {
		return fmt.Errorf("data: %d folds, %d repeats: at least 2 folds are needed", f.K, f.Repeats)
	}
	return nil
}

// Divisions are rows divided several times. Several goroutines may use them.
type Divisions struct {
	// Held has for each division the numbers of the rows that are held out, ascending,
	// counted from 0 in the table; divisions of a repeat are side by side.
	Held [][]int
	// Time names the column by which rows are in order; "" if they are not.
	Time string
	// Groups is how many groups there are; 0 if rows have none.
	Groups int

	part func(i int) (*Parts, error)
}

// Len returns the number of divisions.
func (d *Divisions) Len() int { return len(d.Held) }

// Parts makes the parts of division i: Test is what is held out, in the order of Held,
// Train and Val are of the rest.
func (d *Divisions) Parts(i int) (*Parts, error) {
	p, err := d.part(i)
	if err != nil {
		return nil, fmt.Errorf("fold %d: %w", i+1, err)
	}
	return p, nil
}

// Folds divides the rows K·Repeats times, as [Source.Prepare] does once; o.Fractions.Test
// is not looked at. The schema of a division is fitted on its training rows alone.
func (s *Source) Folds(target string, o Options, f Folds) (*Divisions, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	o.Fractions.Test = 0
	if s.Table == nil {
		return s.foldImages(target, o, f)
	}
	target, o = s.own(target, o)
	all, err := begin(s.Table, target, o)
	if err != nil {
		return nil, err
	}
	held, rank, err := all.folds(&o, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Table.Name, err)
	}
	d := &Divisions{Time: o.Time}
	if group := all.groups(o); group != nil {
		d.Groups = slices.Max(group) + 1
	}
	for _, rows := range held {
		numbers := make([]int, len(rows))
		for k, i := range rows {
			numbers[k] = all.rows[i]
		}
		d.Held = append(d.Held, numbers)
	}
	d.part = func(i int) (*Parts, error) {
		p, err := begin(s.Table, target, o)
		if err != nil {
			return nil, err
		}
		split, err := p.around(held[i], rank, o)
		if err != nil {
			return nil, err
		}
		return &p.Parts, p.encode(o, split)
	}
	return d, nil
}

func (s *Source) foldImages(target string, o Options, f Folds) (*Divisions, error) {
	val := o.Fractions.Val
	o.Fractions = Fractions{}
	whole, err := s.prepareImages(target, o)
	if err != nil {
		return nil, err
	}
	all, d := whole.Train, &Divisions{}
	for r := range max(f.Repeats, 1) {
		held, err := deal(all.Rows(), all.Class, nil, f.K, newStream(o.Seed, streamFolds+uint64(r)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		d.Held = append(d.Held, held...)
	}
	d.part = func(i int) (*Parts, error) {
		p, err := Split(all.Subset(others(all.Rows(), d.Held[i])), Fractions{Val: val}, o.Seed)
		if err == nil {
			p.Test = all.Subset(d.Held[i])
		}
		return p, err
	}
	return d, nil
}

// folds returns which of the labelled rows each fold holds out, ascending numbers from 0;
// for rows in the order of time their ranks, too, and sets o.Time.
func (p *preparation) folds(o *Options, f Folds) (held [][]int, rank []int, err error) {
	n, class, group := len(p.rows), p.classes(), p.groups(*o)
	holds := *o
	holds.Fractions.Test = 1 / float64(f.K)
	if date := p.dates(holds); date != nil {
		held, rank, err = p.windows(date, f)
		if err != nil || o.Time != "" || o.Split != "" || learnable(p.target, class, p.rows, partRows{earlier(rank, held[0])}) {
			o.Time = date.Name
			return held, rank, err
		}
		held, o.Split = nil, SplitRandom
	}
	for r := range max(f.Repeats, 1) {
		parts, err := deal(n, class, group, f.K, newStream(o.Seed, streamFolds+uint64(r)))
		if err != nil {
			return nil, nil, err
		}
		held = append(held, parts...)
	}
	return held, nil, nil
}

// windows are the folds of rows in the order of time: the rank of each row, by which
// training rows are chosen, comes second. Rows of one time are in one block.
func (p *preparation) windows(column *Column, f Folds) (held [][]int, rank []int, err error) {
	order, n := inOrder(column, p.rows), len(p.rows)
	rank = make([]int, n)
	for at, i := range order {
		rank[i] = at
	}
	at := cut(column, p.rows, order, 0, n/(f.K+1))
	for k := range f.K {
		end := n
		if k < f.K-1 {
			end = cut(column, p.rows, order, at, (k+2)*n/(f.K+1))
		}
		if at == 0 || end <= at || end == n && k < f.K-1 {
			return nil, nil, fmt.Errorf("%d rows for %d folds in the order of %s: more different times than there are folds are needed: give fewer folds", n, f.K, quote(column.Name))
		}
		rows := slices.Clone(order[at:end])
		slices.Sort(rows)
		held = append(held, rows)
		at = end
	}
	return held, rank, nil
}

// around returns the parts of a division: what is held out is for testing.
func (p *preparation) around(held, rank []int, o Options) (partRows, error) {
	rest := others(len(p.rows), held)
	if rank != nil {
		rest = earlier(rank, held)
	}
	inner := *p
	inner.rows = make([]int, len(rest))
	for k, i := range rest {
		inner.rows[k] = p.rows[i]
	}
	parts, err := inner.split(o)
	if err != nil {
		return parts, err
	}
	p.Latest = inner.Latest
	for _, i := range held {
		parts[2] = append(parts[2], p.rows[i])
	}
	return parts, nil
}

// earlier are the rows that come before all that are held out.
func earlier(rank, held []int) (rows []int) {
	first := math.MaxInt
	for _, i := range held {
		first = min(first, rank[i])
	}
	for i, r := range rank {
		if r < first {
			rows = append(rows, i)
		}
	}
	return rows
}

// others are the numbers below n that are not among rows, which ascend.
func others(n int, rows []int) (rest []int) {
	for i := range n {
		if _, is := slices.BinarySearch(rows, i); !is {
			rest = append(rest, i)
		}
	}
	return rest
}

// Deal divides the rows 0 to n-1 into k parts by a seed: each part has its share of every
// class, and the rows of a group are in one part, with sizes and classes as even as groups
// allow. class and group have a number for each row, or are nil. Rows ascend in each part.
func Deal(n int, class, group []int, k int, seed uint64) ([][]int, error) {
	if k < 1 || n < 0 || class != nil && len(class) != n || group != nil && len(group) != n {
		return nil, fmt.Errorf("data: Deal of %d rows with %d classes and %d groups into %d parts", n, len(class), len(group), k)
	}
	parts, err := deal(n, class, group, k, newStream(seed, streamDeal))
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return parts, nil
}

// deal divides the rows 0 to n-1 into k parts: by class, if there are classes, and groups
// as a whole, if there are groups.
func deal(n int, class, group []int, k int, s stream) ([][]int, error) {
	units := make([][]int, n) // rows that stay together
	for i := range units {
		units[i] = []int{i}
	}
	if group != nil {
		units = make([][]int, slices.Max(group)+1)
		for i, g := range group {
			units[g] = append(units[g], i)
		}
		units = slices.DeleteFunc(units, func(u []int) bool { return u == nil })
	}
	if len(units) < k {
		what := "rows"
		if group != nil {
			what = "groups"
		}
		return nil, fmt.Errorf("%d %s cannot be divided into %d folds: give fewer folds", len(units), what, k)
	}
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	s.shuffle(order)
	parts := make([][]int, k)
	if group == nil {
		if class != nil { // stable, so that the order within each class stays random
			slices.SortStableFunc(order, func(a, b int) int { return class[a] - class[b] })
		}
		for at, i := range order {
			parts[at%k] = append(parts[at%k], i)
		}
	} else {
		slices.SortStableFunc(order, func(a, b int) int { return len(units[b]) - len(units[a]) })
		dealGroups(parts, units, order, class)
	}
	for _, p := range parts {
		slices.Sort(p)
	}
	return parts, nil
}

// dealGroups gives groups, in an order, each to the part that needs it most: whose
// classes, counted in parts of all rows of them, become the least uneven.
func dealGroups(parts, units [][]int, order, class []int) {
	classes := 1
	if class != nil {
		classes = slices.Max(class) + 1
	}
	of := func(row int) int {
		if class == nil {
			return 0
		}
		return class[row]
	}
	all := make([]float64, classes)
	for _, u := range units {
		for _, row := range u {
			all[of(row)]++
		}
	}
	have := make([][]float64, len(parts))
	for i := range have {
		have[i] = make([]float64, classes)
	}
	for _, g := range order {
		best, least := 0, math.Inf(1)
		for i := range parts {
			more := slices.Clone(have[i])
			for _, row := range units[g] {
				more[of(row)] += 1 / all[of(row)]
			}
			cost := 0.0
			for c, x := range more {
				cost += float64(x*x) - float64(have[i][c]*have[i][c])
			}
			if len(parts[i]) == 0 {
				cost -= 1e6 // none stays empty
			}
			if cost < least {
				best, least = i, cost
			}
		}
		for _, row := range units[g] {
			have[best][of(row)] += 1 / all[of(row)]
		}
		parts[best] = append(parts[best], units[g]...)
	}
}

// checkOrder refuses columns of groups and of time that cannot be such.
func (o *Options) checkOrder(t *Table, target string) error {
	if o.Group != "" && (o.Time != "" || o.Split == SplitTime) {
		return advise(fmt.Errorf("%s: rows are divided by groups, or by time, not by both", t.Name), Advice{Text: "leave Group out", Option: "Group", Value: o.Group, Remove: true})
	}
	for option, name := range map[string]string{"Group": o.Group, "Time": o.Time} {
		if name == "" {
			continue
		}
		column, err := t.Column(name)
		remove := Advice{Text: "leave " + option + " out", Option: option, Value: name, Remove: true}
		switch {
		case err != nil:
			return advise(err, remove)
		case name == target:
			return advise(fmt.Errorf("%s: %s is the target, and cannot divide the rows", t.Name, quote(name)), remove)
		case option == "Time" && column.Kind == Categorical:
			return advise(fmt.Errorf("%s: column %s has words, and no order in time: dates or numbers are needed", t.Name, quote(name)), remove)
		}
	}
	return nil
}
