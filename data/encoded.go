package data

import "math"

// encoded are rows of a table as the inputs of a model: its cells, and how each becomes a
// number when it is read. A table of float32 or of words takes no more memory than they do.
type encoded struct {
	columns []encodedColumn
	rows    []int // of the table
}

// An encodedColumn makes the inputs of one column, or of one part of a column of dates.
type encodedColumn struct {
	at, width int // its inputs in a row

	// Of numbers, (v-offset)/scale, in which missing cells are impute.
	values                Array
	offset, scale, impute float64

	// Of words, the level of each code, below 0 for none; the last is that of missing cells.
	codes, level []int
	coded        bool // the level is the input

	// Of texts, the inputs that are not 0 of each code.
	texts *sparse
}

// sparse are rows of which most numbers are 0.
type sparse struct {
	ends []int // of the rows, in what follows
	at   []uint16
	x    []float64
}

// add adds a row.
func (s *sparse) add(row []float64) {
	for k, x := range row {
		if x != 0 {
			s.at, s.x = append(s.at, uint16(k)), append(s.x, x)
		}
	}
	s.ends = append(s.ends, len(s.at))
}

// subset are some of the rows.
func (e *encoded) subset(rows []int) *encoded {
	s := &encoded{columns: e.columns, rows: make([]int, len(rows))}
	Gather(s.rows, e.rows, 1, rows)
	return s
}

// gatherEncoded is Gather of rows of a table.
func gatherEncoded[T float32 | float64](dst []T, a Array, rows []int) {
	a.checkGather(len(dst), rows)
	for i := range a.table.columns {
		c := &a.table.columns[i]
		switch {
		case c.texts != nil:
			gatherTexts(dst, a, c, rows)
		case c.codes != nil:
			gatherWords(dst, a, c, rows)
		case c.values.f32 != nil:
			gatherNumbers(dst, c.values.f32, a, c, rows)
		default:
			gatherNumbers(dst, c.values.f64, a, c, rows)
		}
	}
}

func gatherNumbers[T, S float32 | float64](dst []T, values []S, a Array, c *encodedColumn, rows []int) {
	to := c.at
	for _, r := range rows {
		dst[to] = T(c.number(float64(values[a.table.rows[r]])))
		to += a.width
	}
}

// number is the input of a cell.
func (c *encodedColumn) number(cell float64) float64 {
	if math.IsNaN(cell) {
		cell = c.impute
	}
	return (cell - c.offset) / c.scale
}

func gatherWords[T float32 | float64](dst []T, a Array, c *encodedColumn, rows []int) {
	for i, r := range rows {
		to := dst[i*a.width+c.at:][:c.width]
		level := c.levelOf(a.table.rows[r])
		if c.coded {
			to[0] = T(level)
			continue
		}
		clear(to)
		if level >= 0 {
			to[level] = 1
		}
	}
}

// levelOf is the level of the word in a row of the table.
func (c *encodedColumn) levelOf(row int) int {
	if code := c.codes[row]; code >= 0 {
		return c.level[code]
	}
	return c.level[len(c.level)-1]
}

func gatherTexts[T float32 | float64](dst []T, a Array, c *encodedColumn, rows []int) {
	for i, r := range rows {
		to := dst[i*a.width+c.at:][:c.width]
		clear(to)
		code := c.codes[a.table.rows[r]]
		if code < 0 {
			continue
		}
		from := 0
		if code > 0 {
			from = c.texts.ends[code-1]
		}
		for k := from; k < c.texts.ends[code]; k++ {
			to[c.texts.at[k]] = T(c.texts.x[k])
		}
	}
}
