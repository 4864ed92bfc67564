package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
)

// dateOrders are the ways to write dates that exported source reads: in which order, and
// what is between.
var dateOrders = map[data.Dates]struct {
	order   int
	between byte
}{
	"2006-1-2": {0, '-'}, "2006/1/2": {0, '/'}, "2006.1.2": {0, '.'}, "1/2/2006": {1, '/'}, "1-2-2006": {1, '-'}, "2/1/2006": {2, '/'}, "2.1.2006": {2, '.'}, "2-1-2006": {2, '-'},
}

// dateParts are the parts of dates in the order of their numbers in source.
var dateParts = []string{"days", "year", "month", "weekday", "hour"}

// parse writes the function that reads a row of a table.
func (s *sourceText) parse() error {
	schema := s.Schema
	if schema == nil {
		return nil
	}
	var columns []string
	var body strings.Builder
	at := 0
	for i := 0; i < len(schema.Inputs); {
		in := &schema.Inputs[i]
		first := i == 0 || schema.Inputs[i-1].Name != in.Name
		if n := numberRun(schema.Inputs[i:]); n > 1 {
			body.WriteString(s.numbers(schema.Inputs[i:i+n], at, len(columns)))
			for _, in := range schema.Inputs[i : i+n] {
				columns = append(columns, in.Name)
			}
			at, i = at+n, i+n
			continue
		}
		if first {
			columns = append(columns, in.Name)
			body.WriteString("\tsize, at = nextCell(line, n, at, cell[:])\n")
		}
		text, err := s.input(in, at, len(columns), first)
		if err != nil {
			return err
		}
		body.WriteString(text)
		at, i = at+in.Width(), i+1
	}
	s.printf("// Columns are the columns of a row, in the order in which ParseRow wants them.\nvar Columns = [...]string{%s}\n\n", goStrings(columns))
	s.printf("// ParseRow reads a row of comma-separated cells, one for each of Columns, as inputs x. It returns\n"+
		"// 0, or the number of the first cell that is missing or that cannot be read, one more than there are columns if there are more cells.\n"+
		"func ParseRow(line string, x []real) int {\n\tvar cell [256]uint8\n\tn, at, size := len(line), 0, 0\n%s\tif at >= 0 {\n\t\treturn %d\n\t}\n\treturn 0\n}\n\n", body.String(), len(columns)+1)
	return nil
}

// numberRun returns how many of the first inputs are columns of plain numbers.
func numberRun(inputs []data.Input) (n int) {
	for n < len(inputs) && inputs[n].Kind == data.Numeric && inputs[n].Part == "" && inputs[n].Numerals == nil {
		n++
	}
	return n
}

// numbers writes what reads columns of numbers, from column k on.
func (s *sourceText) numbers(inputs []data.Input, at, k int) string {
	var rows []string
	imputed := slices.ContainsFunc(inputs, func(in data.Input) bool { return in.Impute != in.Offset })
	impute := 0
	for _, in := range inputs {
		row := fmt.Sprintf("%v, %v", in.Offset, in.Scale)
		if imputed {
			row, impute = fmt.Sprintf("%s, %v", row, in.Impute), 2
		}
		rows = append(rows, "{"+row+"}")
	}
	table := fmt.Sprintf("scaling%d", k+1)
	s.printf("// %s has what is taken off, what it is divided by, and what stands for a missing number.\nvar %s = [...][%d]float64{%s}\n\n", table, table, 2+impute/2, strings.Join(rows, ", "))
	return fmt.Sprintf("\tfor k := 0; k < %d; k++ {\n\t\tsize, at = nextCell(line, n, at, cell[:])\n\t\tif !numberInput(x[%d+k:], cell[:], size, '.', %s[k][%d], %s[k][0], %s[k][1]) {\n\t\t\treturn %d + k\n\t\t}\n\t}\n",
		len(inputs), at, table, impute, table, table, k+1)
}

// input writes what reads an input from the cell of column k.
func (s *sourceText) input(in *data.Input, at, k int, first bool) (string, error) {
	refused := func(why string) error {
		return usage(fmt.Errorf("--to %s: column %s has %s, which it cannot read; safetensors has the weights alone", s.to, in.Name, why))
	}
	fails := fmt.Sprintf(" {\n\t\treturn %d\n\t}\n", k)
	switch {
	case in.Part != "":
		return s.date(in, at, k, first, refused)
	case in.Kind == data.Text:
		return "", refused("text")
	case in.Kind == data.Numeric:
		decimal := '.'
		if f := in.Numerals; f != nil {
			if f.Decimal == "," {
				decimal = ','
			}
			if (*f != data.Numerals{Decimal: f.Decimal}) {
				return "", refused("numbers with " + f.String())
			}
		}
		return fmt.Sprintf("\tif !numberInput(x[%d:], cell[:], size, %q, %v, %v, %v)", at, decimal, in.Impute, in.Offset, in.Scale) + fails, nil
	}
	words := fmt.Sprintf("words%d", k)
	s.printf("var %s = [...]string{%s}\n\n", words, goStrings(in.Levels))
	return fmt.Sprintf("\tif !wordInput(x[%d:], cell[:], size, %s[:], %d, %d, %v, %v)", at, words, len(in.Levels), slices.Index(in.Levels, data.MissingLevel),
		in.Coded, s.Schema.Unknown == data.UnknownRefuse) + fails, nil
}

// date writes what reads a part of a date.
func (s *sourceText) date(in *data.Input, at, k int, first bool, refused func(string) error) (string, error) {
	form, ok := dateOrders[in.Dates]
	if !ok {
		return "", refused(fmt.Sprintf("dates such as %s", in.Dates))
	}
	text := ""
	if first {
		text = fmt.Sprintf("\twhen%d, state%d := dateCell(cell[:], size, %d, %q)\n\tif state%d == 0 {\n\t\treturn %d\n\t}\n", k, k, form.order, form.between, k, k)
	}
	part := slices.Index(dateParts, in.Part)
	value := fmt.Sprintf("datePart(when%d, %d)", k, part)
	if in.Kind == data.Numeric {
		return text + fmt.Sprintf("\tx[%d] = real((choose(truth(state%d == 1), %s, %v) - %v) / %v)\n", at, k, value, in.Impute, in.Offset, in.Scale), nil
	}
	places := make([]string, len(data.PartWords(in.Part)))
	for i, w := range data.PartWords(in.Part) {
		places[i] = fmt.Sprint(slices.Index(in.Levels, w))
	}
	missing := slices.Index(in.Levels, data.MissingLevel)
	table := fmt.Sprintf("places%d_%d", k, part)
	s.printf("var %s = [...]int{%s}\n\n", table, strings.Join(places, ", "))
	if in.Coded {
		return text + fmt.Sprintf("\tx[%d] = %d\n\tif state%d == 1 && %s[int(%s)] >= 0 {\n\t\tx[%d] = real(%s[int(%s)])\n\t}\n", at, missing, k, table, value, at, table, value), nil
	}
	return text + fmt.Sprintf("\tif state%d == 1 && %s[int(%s)] >= 0 {\n\t\tchoice(x[%d:], %d, %s[int(%s)])\n\t} else {\n\t\tchoice(x[%d:], %d, %d)\n\t}\n",
		k, table, value, at, len(in.Levels), table, value, at, len(in.Levels), missing), nil
}
