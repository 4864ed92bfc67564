package serve

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"descent/data"
	"descent/internal/numjson"
	"descent/internal/page"
	"descent/internal/web"
)

//go:embed form.html
var formBody string

//go:embed form.css
var formStyle string

var formPage = page.Body(formBody)

// A form is what the page shows.
type form struct {
	Error    string
	Answer   []named
	Notes    []string
	Fields   []field
	Examples []string
}

type named struct{ Name, Value string }

// A field is where a cell is written.
type field struct {
	Name, Label, Hint, Value string
	Choices                  []choice
	Number, Long             bool
}

type choice struct{ Value, Label string }

// mostChoices is how many words a list of a form has at most; more are written.
const mostChoices = 200

// fields are those of the columns of a schema, with values to begin with: means, and the
// first words.
func fields(s *data.Schema) (all []field) {
	if s == nil {
		return nil
	}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if i > 0 && s.Inputs[i-1].Name == in.Name {
			continue // another part of a date
		}
		f := field{Name: fmt.Sprintf("c%d", len(all)), Label: in.Name}
		switch {
		case in.Part != "":
			f.Hint = "a date"
		case in.Kind == data.Text:
			f.Hint, f.Long = "a text", true
		case in.Kind == data.Numeric:
			f.Hint, f.Number, f.Value = "a number", true, written(in, in.Impute)
			if in.Span != nil {
				f.Hint = fmt.Sprintf("%s to %s in training", written(in, in.Span.Lo), written(in, in.Span.Hi))
			}
		default:
			f.words(in.Levels)
		}
		all = append(all, f)
	}
	return all
}

// written is a number as the cells of its column are.
func written(in *data.Input, x float64) string {
	text := fmt.Sprintf("%.4g", x)
	if n := in.Numerals; n != nil && n.Decimal != "" {
		text = strings.Replace(text, ".", n.Decimal, 1)
	}
	return text
}

// words offers those of a column.
func (f *field) words(levels []string) {
	if len(levels) > mostChoices {
		f.Hint, f.Value = fmt.Sprintf("one of %d words, such as %s", len(levels), levels[0]), levels[0]
		return
	}
	for _, l := range levels {
		c := choice{l, l}
		if l == data.MissingLevel {
			c.Value = ""
		}
		f.Choices = append(f.Choices, c)
	}
	f.Value = f.Choices[0].Value
}

// answerForm predicts what was filled in.
func (s *Server) answerForm(w http.ResponseWriter, r *http.Request) {
	f := &form{Fields: fields(s.model.Schema)}
	err := r.ParseForm()
	if err == nil && s.model.Schema == nil {
		err = errors.New("pictures are predicted by POST /predict")
	}
	if err == nil {
		err = s.fill(r, f)
	}
	status := http.StatusOK
	if err != nil {
		status, err = s.status(err)
		f.Error = err.Error()
	}
	s.writeForm(w, r, status, f)
}

// fill fills the form in with what was sent, and with the answer.
func (s *Server) fill(r *http.Request, f *form) error {
	var out bytes.Buffer
	cells := map[string]string{}
	for i := range f.Fields {
		x := &f.Fields[i]
		if !r.PostForm.Has(x.Name) {
			return fmt.Errorf("%q is not in the form: load the page again", x.Label)
		}
		x.Value = r.PostForm.Get(x.Name)
		cells[x.Label] = x.Value
	}
	text, err := numjson.Marshal(cells)
	if err != nil {
		return err
	}
	rows, err := s.rows(bytes.NewReader(text), jsonType)
	if err != nil {
		return err
	}
	if err := s.answer(r.Context(), &out, true, rows); err != nil {
		return err
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		return err
	}
	for i, name := range records[0] {
		f.Answer = append(f.Answer, named{name, records[1][i]})
	}
	for _, n := range rows.Notes() {
		f.Notes = append(f.Notes, n.Text)
	}
	return nil
}

// writeForm writes the page.
func (s *Server) writeForm(w http.ResponseWriter, r *http.Request, status int, f *form) {
	if f.Fields == nil {
		f.Fields = fields(s.model.Schema)
	}
	f.Examples = s.examples(r.Host, f.Fields)
	var b bytes.Buffer
	if err := (page.Page{Title: s.model.Name, Subtitle: s.model.About, Style: formStyle}).Write(&b, formPage, f); err != nil {
		web.Fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // who asked may have gone
}

// examples are calls of a program, with what the form shows.
func (s *Server) examples(host string, fields []field) []string {
	const call = "curl -H 'Content-Type: %s' --data-binary @%s http://%s/predict"
	if s.model.Schema == nil {
		return []string{fmt.Sprintf(call, jsonType, "pictures.json", host), fmt.Sprintf("[[0, 0.5, 1, ...], ...]   numbers of pictures of %v, 0 is black and 1 is white", s.model.Shape)}
	}
	var text strings.Builder
	text.WriteString("[{")
	for i, f := range fields {
		name, _ := numjson.Marshal(f.Label) // of a string
		value, _ := numjson.Marshal(f.Value)
		if f.Number && f.Value != "" && !strings.ContainsAny(f.Value, ",:") {
			value = []byte(f.Value)
		}
		if i > 0 {
			text.WriteString(", ")
		}
		text.Write(name)
		text.WriteString(": ")
		text.Write(value)
	}
	return []string{fmt.Sprintf(call, jsonType, "rows.json", host), text.String() + "}]", fmt.Sprintf(call, csvType, "rows.csv", host)}
}
