package data

import (
	"fmt"
	"slices"
)

// takeInputs makes the inputs those of another schema, whose model is trained further.
func (s *Schema) takeInputs(of *Schema, t *Table, target string, train []int, o Options) error {
	s.Inputs, s.Shape, s.Unknown = slices.Clone(of.Inputs), slices.Clone(of.Shape), of.Unknown
	for _, word := range of.MissingWords {
		if !slices.Contains(s.MissingWords, word) {
			s.MissingWords = append(s.MissingWords, word)
		}
	}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if option, used := o.besides(in.Name, target); used {
			return advise(fmt.Errorf("%s: column %s is an input of the model that is trained further", t.Name, quote(in.Name)), Advice{Text: "name another column in " + option, Option: option, Value: in.Name, Remove: true})
		}
		c, err := t.Column(in.Name)
		if err != nil {
			return advise(fmt.Errorf("%w: it is an input of the model that is trained further", err), Advice{Text: "leave Schema out", Option: "Schema", Remove: true})
		}
		in.Missing = 0
		for _, row := range train {
			in.Missing += bool2int(c.missing(row))
		}
	}
	for i := range t.Columns {
		name := t.Columns[i].Name
		if _, used := o.besides(name, target); !used && !slices.ContainsFunc(s.Inputs, func(in Input) bool { return in.Name == name }) {
			s.Ignored = append(s.Ignored, Ignore{name, "it is no input of the model that is trained further"})
		}
	}
	return nil
}

// besides tells for what a column is used that is no input, if it is.
func (o *Options) besides(name, target string) (option string, used bool) {
	switch name {
	case target:
		return "Target", true
	case o.Weight:
		return "Weight", true
	case o.Group:
		return "Group", true
	case o.Time:
		return "Time", true
	}
	return "", false
}
