package bench

import (
	"html"
	"html/template"
	"slices"
	"strings"
)

// A markup writes the parts of a page that follow from numbers, escaping every text. A
// template would do for the report; but the engine of a report writes them, too, and a
// program that executes templates is half as large again, since a template may call any
// method of anything.
type markup struct{ b strings.Builder }

// open begins an element. Attributes are names and values in turn; those of no value are
// left out.
func (m *markup) open(tag string, attributes ...string) {
	m.b.WriteString("<" + tag)
	for pair := range slices.Chunk(attributes, 2) {
		if pair[1] != "" {
			m.b.WriteString(" " + pair[0] + `="` + html.EscapeString(pair[1]) + `"`)
		}
	}
	m.b.WriteString(">")
}

func (m *markup) text(s string)       { m.b.WriteString(html.EscapeString(s)) }
func (m *markup) raw(s template.HTML) { m.b.WriteString(string(s)) }
func (m *markup) end(tag string)      { m.b.WriteString("</" + tag + ">\n") }

// whole writes an element with a text.
func (m *markup) whole(tag, text string, attributes ...string) {
	m.open(tag, attributes...)
	m.text(text)
	m.end(tag)
}

// shown writes what the view shows of its numbers.
func (m *markup) shown(v *view) {
	m.open("section", "class", "verdict")
	m.whole("p", v.Lead, "class", "lead")
	if len(v.Sentences) > 0 {
		m.whole("p", strings.Join(v.Sentences, " "))
	}
	m.end("section")
	for _, w := range v.Warnings {
		m.whole("p", w, "class", "warn")
	}
	for _, s := range v.Sections {
		m.section(s)
	}
}

func (m *markup) section(s section) {
	m.open("section")
	m.whole("h2", s.Title)
	m.table(s.Table)
	m.figures(s.Figures)
	for _, f := range s.Map {
		m.open("div", "class", "map")
		m.raw(f)
		m.end("div")
	}
	if s.Note != "" {
		m.whole("p", s.Note, "class", "note")
	}
	for _, f := range s.Folded {
		m.open("details")
		m.whole("summary", f.Summary)
		m.table(f.Table)
		m.figures(f.Figures)
		if len(f.List) > 0 {
			m.open("ul")
			for _, item := range f.List {
				m.whole("li", item)
			}
			m.end("ul")
		}
		m.end("details")
	}
	m.end("section")
}

func (m *markup) figures(all []template.HTML) {
	if len(all) == 0 {
		return
	}
	m.open("div", "class", "figures")
	for _, f := range all {
		m.open("div")
		m.raw(f)
		m.end("div")
	}
	m.end("div")
}

// table writes a table, if there is one.
func (m *markup) table(t *table) {
	if t == nil {
		return
	}
	m.open("div", "class", "wide")
	m.open("table", "class", t.Class)
	m.open("thead")
	m.open("tr")
	for _, h := range t.Head {
		m.open("th", "class", map[bool]string{true: "text"}[h.Left])
		m.raw(h.Page)
		m.end("th")
	}
	m.end("tr")
	m.end("thead")
	m.open("tbody")
	for _, l := range t.Rows {
		m.open("tr", "class", l.Class)
		m.whole("td", l.Name, "title", l.Name)
		for _, c := range l.Cells {
			m.cell(c)
		}
		m.end("tr")
	}
	m.end("tbody")
	m.end("table")
	m.end("div")
}

func (m *markup) cell(c cell) {
	m.open("td", "class", c.Class, "title", c.Title)
	m.text(c.Text)
	m.raw(c.Picture)
	if c.Small != "" {
		m.whole("small", c.Small)
	}
	m.end("td")
}

// html is what was written.
func (m *markup) html() template.HTML { return template.HTML(m.b.String()) }
