package lab

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"descent/internal/numjson"
	"descent/internal/page"
)

//go:embed book.html
var bookBody string

//go:embed book.css
var bookStyle string

//go:embed book.js
var bookScript string

// A chapter is an experiment in the book.
type chapter struct {
	*Run
	lang     string
	Pictures []template.HTML
}

// What an experiment says is in the book's language.
func (c chapter) Title() string  { return c.Experiment.Title.In(c.lang) }
func (c chapter) Source() string { return c.Experiment.Source().In(c.lang) }
func (c chapter) Claim() string  { return c.Experiment.Claim.In(c.lang) }
func (c chapter) Truth() string  { return c.Experiment.Truth.In(c.lang) }
func (c chapter) Params() string { return c.Experiment.Params.In(c.lang) }
func (c chapter) Ruling() string { return c.Verdict(c.lang) }
func (c chapter) Lines() []Line  { return c.Run.Lines(c.lang) }

// A Line is a number as the book writes it.
type Line struct {
	Name   string `json:"name"`
	Got    string `json:"got"`
	Want   string `json:"want"` // "" where nothing is expected
	Agrees bool   `json:"agrees"`
}

// Lines are the numbers as the book writes them.
func (r *Run) Lines(lang string) (lines []Line) {
	for _, n := range r.Numbers {
		l := Line{Name: Label(n.Name).In(lang), Got: fmt.Sprintf("%.10g", n.Got)}
		if n.Compared() {
			l.Want, l.Agrees = fmt.Sprintf("%.10g", n.Want), n.Agrees()
		}
		lines = append(lines, l)
	}
	return lines
}

// A part of the book is a tutorial.
type part struct {
	Title    string
	Chapters []chapter
}

// WriteBook writes runs as one HTML page that needs nothing from outside, in
// the language lang, "en" or "zh". With an engine that has [Answer] as its subject "lab"
// experiments can be run in the page; without one, or without script, it is to be read.
func WriteBook(w io.Writer, runs []*Run, lang string, e *page.Engine) error {
	var parts []*part
	for _, r := range runs {
		c := chapter{Run: r, lang: lang}
		for _, p := range r.PicturesIn(lang) {
			svg, err := page.SVG(p)
			if err != nil {
				return err
			}
			c.Pictures = append(c.Pictures, svg)
		}
		if len(parts) == 0 || parts[len(parts)-1].Title != c.Source() {
			parts = append(parts, &part{Title: c.Source()})
		}
		last := parts[len(parts)-1]
		last.Chapters = append(last.Chapters, c)
	}
	say := map[string]string{}
	for key, t := range words {
		say[key] = t.In(lang)
	}
	p := page.Page{Lang: lang, Title: say["title"], Style: bookStyle}
	body := map[string]any{"W": say, "Parts": parts}
	if e != nil {
		tables, err := numjson.Marshal(map[string]any{"lang": lang, "say": say, "params": controls(runs, lang)})
		if err != nil {
			return err
		}
		p.Script, p.Engine, body["Tables"] = bookScript, e, string(tables)
	}
	return p.Write(w, page.Body(bookBody), body)
}

// A control is a parameter as the script has it.
type control struct {
	Name    string  `json:"name"`
	Label   string  `json:"label"`
	Lo      float64 `json:"lo"`
	Hi      float64 `json:"hi"`
	Default float64 `json:"default"`
	Log     bool    `json:"log,omitempty"`
	Whole   bool    `json:"whole,omitempty"`
}

// controls are the parameters by the names of the experiments.
func controls(runs []*Run, lang string) map[string][]control {
	all := map[string][]control{}
	for _, r := range runs {
		own := []control{}
		for _, p := range r.Experiment.Free {
			own = append(own, control{p.Name, p.Label.In(lang), p.Lo, p.Hi, p.Default, p.Log, p.Whole})
		}
		all[r.Experiment.Name] = own
	}
	return all
}
