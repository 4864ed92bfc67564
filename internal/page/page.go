// Package page builds the HTML pages of this module: one file each that loads
// nothing, looks alike, and can be printed.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var layout string

//go:embed page.css
var common string

// A Page is what stands around a page's body.
type Page struct {
	Lang     string // "" is English
	Title    string
	Heading  string // "" is the title
	Subtitle string
	Style    string  // CSS beside that of all pages
	Script   string  // the only script that may run; "" is none. With an engine, it runs after the page was painted
	Reload   int     // after so many seconds it is read again; 0 is never
	Follows  bool    // the script may listen to the server that the page is from
	Images   bool    // images that are in the page itself, data:, are shown
	Engine   *Engine // what the script puts questions to, in workers, blob:, which may run WebAssembly; nil is none
}

// A Body is the template of a page's body. What it is executed with comes from
// outside: it is escaped, but for values of the types of html/template.
type Body string

// execute parses a template here, and not when the program begins: the linker leaves
// templates out of a program that writes no page, such as the engine of pages.
func (t Body) execute(w io.Writer, data any) error {
	parsed, err := template.New("page").Parse(string(t))
	if err != nil {
		return err
	}
	return parsed.Execute(w, data)
}

// Write writes the page with a body.
func (p Page) Write(w io.Writer, body Body, data any) error {
	var b bytes.Buffer
	if err := body.execute(&b, data); err != nil {
		return err
	}
	if p.Engine != nil {
		p.Script = engineScript + domScript + "painted(() => {\n" + p.Script + "});\n"
	}
	view := struct {
		Page
		Style  template.CSS
		Script template.JS
		Hash   string
		Body   template.HTML
	}{p, template.CSS(common + p.Style), template.JS(p.Script), "", template.HTML(b.String())}
	if view.Lang == "" {
		view.Lang = "en"
	}
	if view.Heading == "" {
		view.Heading = view.Title
	}
	if p.Script != "" {
		sum := sha256.Sum256([]byte(p.Script))
		view.Hash = "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	b.Reset()
	if err := Body(layout).execute(&b, view); err != nil {
		return err
	}
	_, err := w.Write(bytes.Map(printable, b.Bytes()))
	return err
}

// SVG is a picture in a page. Its own texts must be escaped, as those of package
// plot are.
func SVG(p interface{ WriteSVG(w io.Writer) error }) (template.HTML, error) {
	var b bytes.Buffer
	err := p.WriteSVG(&b)
	return template.HTML(b.String()), err
}

// Plain returns s without characters that could control a terminal or turn the
// direction of the text around; ends of lines stay.
func Plain(s string) string { return strings.Map(printable, s) }

// printable replaces control characters, but for the end of a line.
func printable(c rune) rune {
	if c < ' ' && c != '\n' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
		return '\ufffd'
	}
	return c
}
