package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"descent/graph"
	"descent/internal/source"
	"descent/train"
	"descent/train/score"
)

// A sourceText is a model as the text of a file of Go, which is then written in one
// language or another.
type sourceText struct {
	*exported
	real   string // the type of elements
	inputs int    // numbers of a row
	text   strings.Builder
	after  strings.Builder      // declarations that stand behind the text
	tables map[string][]float64 // arrays whose values stand beside the text
	names  map[*graph.Variable]string
	taken  map[string]bool
}

func (s *sourceText) printf(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// newSource writes what a model predicts.
func newSource(e *exported) (*sourceText, error) {
	s := &sourceText{exported: e, real: e.DType, tables: map[string][]float64{}, names: map[*graph.Variable]string{}, taken: map[string]bool{"x": true}}
	if e.Text != nil || e.Series != nil {
		return nil, usage(fmt.Errorf("--to %s writes models of rows and of pictures; this is one of a %s", e.to, map[bool]string{true: "text", false: "series"}[e.Text != nil]))
	}
	g, made, err := e.graph(1)
	if err != nil {
		return nil, err
	}
	s.inputs = e.Features
	s.printf("// Inputs is how many numbers a row has that is predicted.\nconst Inputs = %d\n\n", s.inputs)
	if err := s.parse(); err != nil {
		return nil, err
	}
	out := made[e.shown].Node
	predict := graph.Function{Outputs: []*graph.Node{out}}
	if e.train {
		l, err := newLearner(e, g.Store().Variables())
		if err != nil {
			return nil, err
		}
		return s, s.learns(l, predict)
	}
	program, err := predict.Source(s.leaf)
	if err != nil {
		return nil, fmt.Errorf("%w; --to onnx has the whole model, too", err)
	}
	if err := s.weights(program.Leaves); err != nil {
		return nil, err
	}
	s.printf("// A Model is the memory that predictions work in: one for each thread.\ntype Model struct {\n\tarena [%d]real\n}\n\n", max(program.Arena, 1))
	return s, s.predict(program, out.Shape().Size())
}

// leaf names the array of an input or a variable.
func (s *sourceText) leaf(n *graph.Node) (array string, from int) {
	v := n.Variable()
	if v == nil {
		return n.Name(), 0
	}
	if s.names[v] == "" {
		s.names[v] = s.name(n.Name())
	}
	return s.names[v], 0
}

// name makes a new name of a text.
func (s *sourceText) name(text string) string {
	base := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return '_'
	}, text)
	name := "w_" + base
	for n := 2; s.taken[name]; n++ {
		name = fmt.Sprintf("w_%s_%d", base, n)
	}
	s.taken[name] = true
	return name
}

// weights writes arrays that do not change.
func (s *sourceText) weights(leaves []*graph.Node) error {
	for _, n := range leaves {
		v := n.Variable()
		if v == nil {
			continue
		}
		x := v.Float64s()
		if slices.ContainsFunc(x, func(w float64) bool { return math.IsNaN(w) || math.IsInf(w, 0) }) {
			return fmt.Errorf("%s has numbers that are not finite", n.Name())
		}
		name, _ := s.leaf(n)
		s.tables[name] = x
		s.printf("var %s [%d]real\n\n", name, len(x))
	}
	return nil
}

// predict writes the function that predicts a row.
func (s *sourceText) predict(p *graph.Source, width int) error {
	task, err := s.task()
	if err != nil {
		return err
	}
	out := p.Outputs[0]
	if s.Classes == 0 && s.Targets == nil && !s.Model.Codes() {
		s.printf("// Predict returns the %s of a row.\nfunc (m *Model) Predict(x []real) float64 {\n%s", target(s.saved), p.Statements)
		value := "float64(" + strings.Replace(strings.TrimSuffix(out, ":]")+"]", "[]", "[0]", 1) + ")"
		if !s.Raw {
			value = fmt.Sprintf("%v + float64(%v*%s)", s.Offset, s.Scale, value)
		}
		s.printf("\treturn %s\n}\n\n", value)
		return nil
	}
	if s.Classes == 0 {
		return usage(fmt.Errorf("--to %s: a model of several outputs", s.to))
	}
	s.printf("// Classes is how many there are.\nconst Classes = %d\n\n", s.Classes)
	s.printf("// ClassNames are the names of the classes.\nvar ClassNames = [...]string{%s}\n\n", goStrings(s.ClassNames))
	s.printf("// Predict sets p to the probabilities of the classes of a row, and returns the one that is predicted.\nfunc (m *Model) Predict(x []real, p []float64) int {\n%s", p.Statements)
	s.printf("\twiden(p, %s, %d)\n", out, width)
	s.decide(&task, width)
	s.printf("}\n\n")
	return nil
}

func target(m *saved) string {
	if m.Target == "" {
		return "value"
	}
	return m.Target
}

// decide writes what turns outputs into probabilities and a class, as train.Task does.
func (s *sourceText) decide(task *train.Task, width int) {
	decision := fmt.Sprintf("first(p, %d)", width)
	if width == 1 {
		s.printf("\tone := p[0]\n")
		decision = fmt.Sprintf("int(truth(one > %v))", task.Threshold)
	}
	switch {
	case task.Gives == train.Logits && width == 1:
		s.printf("\tp[0], p[1] = Sigmoid(-one), Sigmoid(one)\n")
	case width == 1:
		s.printf("\tp[0], p[1] = 1-one, one\n")
	case task.Gives == train.Logits:
		s.printf("\tsoftmaxWide(p, %d)\n", width)
	}
	if c := task.Calibration; c != nil {
		s.calibrate(c)
		decision = fmt.Sprintf("favoured(p, favour[:], %d)", s.Classes)
	}
	s.printf("\treturn %s\n", decision)
}

// calibrate writes what score.Calibration.Apply does.
func (s *sourceText) calibrate(c *score.Calibration) {
	n := s.Classes
	favour := c.Favour
	if favour == nil {
		favour = slices.Repeat([]float64{1}, n)
	}
	s.table("favour", favour)
	if c.Trained != nil {
		s.table("trained", c.Trained)
		s.printf("\tdivide(p, trained[:], %d)\n", n)
	}
	each := func(write func(k, class int)) {
		if n == 2 {
			write(0, 1)
			s.printf("\tp[0] = 1 - p[1]\n")
			return
		}
		for k := range n {
			write(k, k)
		}
		s.printf("\tsettle(p, %d)\n", n)
	}
	switch c.Method {
	case "temperature":
		s.printf("\ttemper(p, %d, %v)\n", n, c.Temperature)
	case "platt":
		each(func(k, class int) {
			s.printf("\tp[%d] = alongLine(p[%d], %v, %v)\n", class, class, c.Lines[k].Slope, c.Lines[k].Offset)
		})
	case "isotonic":
		each(func(k, class int) {
			x, y := fmt.Sprint("curve_x", k), fmt.Sprint("curve_y", k)
			s.table(x, c.Steps[k].X)
			s.table(y, c.Steps[k].Y)
			s.printf("\tp[%d] = climb(p[%d], %s[:], %s[:], %d)\n", class, class, x, y, len(c.Steps[k].X))
		})
	}
}

// table notes an array of float64s that does not change.
func (s *sourceText) table(name string, values []float64) {
	s.tables[name] = values
	fmt.Fprintf(&s.after, "var %s [%d]float64\n\n", name, len(values))
}

// goStrings writes strings of Go.
func goStrings(all []string) string {
	var quoted []string
	for _, x := range all {
		quoted = append(quoted, fmt.Sprintf("%q", x))
	}
	return strings.Join(quoted, ", ")
}

// unit is the text with what it needs.
func (s *sourceText) unit() (*source.Unit, error) {
	head := "package model\n\n"
	if strings.Contains(s.text.String(), "math.") {
		head += "import \"math\"\n\n"
	}
	return source.Parse(head+s.text.String()+s.after.String(), s.real, s.tables)
}

// base is the name of a file without its ending, as a name of a program.
func base(file string) string {
	name := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return '_'
	}, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	if !unicode.IsLetter(rune(name[0])) {
		name = "model_" + name
	}
	return name
}

// A sourceLanguage is a language that models are written in. usage are lines of a program
// that predicts a row, in which NAME is the model's.
type sourceLanguage struct {
	what, first, middle, last string // of the comment at the head
	memory                    string
	parse, class, value       string
	begin, learn              string // of a model that learns
	write                     func(u *source.Unit, head, name string) ([]byte, error)
}

var sourceLanguages = map[string]sourceLanguage{
	"go": {
		what: "Package NAME", first: "// Code generated by descent export. DO NOT EDIT.\n\n// ", middle: "\n// ", last: "\n",
		memory: "var m NAME.Model\nx := make([]TYPE, NAME.Inputs)",
		parse:  "bad := NAME.ParseRow(`ROW`, x) // 0, or which cell cannot be read",
		class:  "p := make([]float64, NAME.Classes)\nk := m.Predict(x, p) // NAME.ClassNames[k], with the probability p[k]",
		value:  "y := m.Predict(x)",
		begin:  "m.Init()",
		learn:  "loss := m.Train(x, []Y{...}, RATE) // of NAME.Batch rows",
		write:  (*source.Unit).Go,
	},
	"c": {
		what: "NAME.h", first: "/* ", middle: "\n   ", last: " */\n",
		memory: "static NAME_model m;\nTYPE x[NAME_inputs];",
		parse:  "int bad = NAME_parse_row(\"ROW\", x); // 0, or which cell cannot be read",
		class:  "double p[NAME_classes];\nint k = NAME_predict(&m, x, p); // NAME_class_names[k], with the probability p[k]",
		value:  "double y = NAME_predict(&m, x);",
		begin:  "NAME_init(&m);",
		learn:  "Y truth[NAME_batch] = {...};\ndouble loss = NAME_train(&m, x, truth, RATE); // of NAME_batch rows",
		write:  (*source.Unit).C,
	},
}

// writeSource is the format of both languages.
func writeSource(e *exported) (text []byte, told []string, err error) {
	s, err := newSource(e)
	if err != nil {
		return nil, nil, err
	}
	u, err := s.unit()
	if err != nil {
		return nil, nil, err
	}
	l := sourceLanguages[e.to]
	head := strings.Join(s.head(&l), "\n")
	text, err = l.write(u, l.first+strings.ReplaceAll(head, "\n", l.middle)+l.last, base(e.out))
	return text, nil, err
}

// head are the lines at the head of the file: what it is, and how it is called.
func (s *sourceText) head(l *sourceLanguage) []string {
	predicts := "predicts " + target(s.saved)
	lines := []string{
		l.what + " " + predicts + " as the model " + s.Model.String() + " does which was made by",
		"    " + s.Command,
		"It needs no library, allocates nothing, and computes what descent predict does with",
		"DESCENT_ISA=portable, bit for bit. It is yours: use it as you like, under any licence.",
		"",
	}
	usage := []string{l.memory}
	if s.exportOptions.train {
		usage = append(usage, l.begin)
	}
	if s.Schema != nil {
		usage = append(usage, strings.Replace(l.parse, "ROW", "1,2,...", 1))
	}
	if s.Classes > 0 {
		usage = append(usage, l.class)
	} else {
		usage = append(usage, l.value)
	}
	if s.exportOptions.train {
		kinds := map[bool]string{true: "int", false: map[string]string{"go": "float64", "c": "double"}[s.to]}
		usage = append(usage, strings.NewReplacer("Y ", kinds[s.Classes > 0]+" ", "Y{", kinds[s.Classes > 0]+"{", "RATE", fmt.Sprint(s.optimizer.LR)).Replace(l.learn))
	}
	for _, line := range strings.Split(strings.Join(usage, "\n"), "\n") {
		lines = append(lines, "    "+line)
	}
	kinds := map[string]string{"float32": "float32", "float64": "float64"}
	if s.to == "c" {
		kinds = map[string]string{"float32": "float", "float64": "double"}
	}
	for i, line := range lines {
		line = strings.ReplaceAll(strings.ReplaceAll(line, "NAME", base(s.out)), "TYPE", kinds[s.real])
		lines[i] = strings.ReplaceAll(line, "*/", "* /")
	}
	return lines
}
