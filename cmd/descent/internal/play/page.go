package play

import (
	_ "embed"
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

var layout = page.Body(body)

// Write writes the playground: one page that needs nothing but itself.
func Write(w io.Writer, e *page.Engine) error {
	tables, err := numjson.Marshal(struct {
		Controls []Control `json:"controls"`
		Examples []Example `json:"examples"`
		Problems []Problem `json:"problems"`
		Shapes   []Shape   `json:"shapes"`
	}{Controls(), Examples, Problems(), Shapes})
	if err != nil {
		return err
	}
	p := page.Page{Title: "Descent", Heading: "Descend", Subtitle: "Optimizers on a function that you type, or on a net that learns points.",
		Style: style, Script: draw.FilmScript + shared + functionMode + netMode, Engine: e}
	return p.Write(w, layout, struct{ Tables, Version string }{string(tables), e.Version})
}
