package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Rows of totals, as spreadsheets have them below the data.

// totalWords are what the row below a spreadsheet's data begins with.
var totalWords = []string{"total", "totals", "grand total", "sum", "subtotal", "average", "mean", "summe", "gesamt", "gesamtsumme", "insgesamt", "mittelwert", "durchschnitt",
	"somme", "moyenne", "totale", "totaal", "suma", "media", "итого", "合计", "总计", "合計"}

// totals refuses a last row that begins with such a word, which no other row has
// in that column: its sums would be learned from as the values of a row. Of other
// rows that do it makes a note.
func (t *Table) totals(columns []cells, last int) error {
	at := slices.IndexFunc(columns, func(c cells) bool { return c.at(last) != "" })
	if at < 0 || last < 2 {
		return nil
	}
	c := &columns[at]
	word, count, same := "", 0, 0
	for row := range last + 1 {
		if cell := c.at(row); cell != "" && isTotal(cell) {
			word = cell
			count++
			if strings.EqualFold(cell, c.at(last)) {
				same++
			}
		}
	}
	switch {
	case count == 0:
		return nil
	case same != 1:
		t.Notes = append(t.Notes, Note{Text: fmt.Sprintf("column %s: %d rows are called %s and the like; delete them if they have totals of other rows", quote(c.name), count, quote(word)), Guess: true})
		return nil
	}
	return advise(fmt.Errorf("%s: column %s: the last row begins with %s: it seems to have the totals of the rows above", t.Where(last), quote(c.name), quote(word)),
		Advice{Text: "delete it"}, Advice{Text: "list the word in Missing if the row is one like the others", Option: "Missing", Value: word})
}

func isTotal(cell string) bool {
	const longest = 20
	return len(cell) <= longest && slices.Contains(totalWords, strings.ToLower(strings.TrimRight(cell, " :")))
}

// sums refuses a last row that is not full, and whose numbers are the sums, or the
// means, of those above.
func (t *Table) sums() error {
	const least = 10
	last := t.Rows() - 1
	if last < least || !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.missing(last) }) {
		return nil
	}
	found := false
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Kind != Numeric || c.missing(last) {
			continue
		}
		sum, size, n := 0.0, 0.0, 0.0
		for row := range last {
			if v := c.Values.at(row); !math.IsNaN(v) {
				sum, size, n = sum+v, size+math.Abs(v), n+1
			}
		}
		near := func(x, unit float64) bool { return math.Abs(c.Values.at(last)-x) <= 1e-6*unit }
		if size == 0 || !near(sum, size) && !near(sum/n, size/n) {
			return nil
		}
		found = true
	}
	if !found {
		return nil
	}
	return advise(fmt.Errorf("%s: the last row has the sums, or the means, of the rows above", t.Where(last)), Advice{Text: "delete it"})
}
