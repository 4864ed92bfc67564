package play

import (
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"io"

	"descent/cmd/descent/internal/draw"
	"descent/internal/numjson"
	"descent/internal/page"
)

//go:embed play.html
var body string

//go:embed play.css
var style string

//go:embed play.js
var shared string

//go:embed function.js
var functionMode string

//go:embed net.js
var netMode string

//go:embed worker.js
var worker string

var layout = page.Body(body)

// ErrNoEngine is what a program says that was built without the engine of the page.
var ErrNoEngine = errors.New("this program was built without the engine for browsers: in the sources, do go generate ./cmd/descent/internal/play, then build it again")

// Write writes the playground: one page that needs nothing but itself. The error may be
// [ErrNoEngine].
func Write(w io.Writer, version string) error {
	wasm, start, err := engine()
	if err != nil {
		return err
	}
	tables, err := numjson.Marshal(struct {
		Controls []Control `json:"controls"`
		Examples []Example `json:"examples"`
		Shapes   []Shape   `json:"shapes"`
	}{Controls(), Examples, Shapes})
	if err != nil {
		return err
	}
	p := page.Page{Title: "Descent", Heading: "Descend", Subtitle: "Optimizers on a function that you type, or on a net that learns points.",
		Style: style, Script: draw.FilmScript + shared + functionMode + netMode, Worker: true}
	return p.Write(w, layout, struct {
		Tables, Version string
		Worker, Engine  template.HTML
	}{string(tables), version, encoded(append(start, worker...)), encoded(wasm)})
}

// encoded is bytes as a text of which nothing is markup.
func encoded(b []byte) template.HTML { return template.HTML(base64.StdEncoding.EncodeToString(b)) }
