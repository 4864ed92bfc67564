package page

import (
	_ "embed"
	"encoding/base64"
	"html/template"
	"iter"
	"slices"
)

// An Engine is a program of WebAssembly that the script of a page puts questions to: it
// runs in a worker, so that the page never waits for it. See engine.js for what the script
// has of it.
type Engine struct {
	WASM    []byte // gzipped
	Start   []byte // Go's script that starts it
	Version string // of the program, for people
}

//go:embed engine.js
var engineScript string

//go:embed dom.js
var domScript string

//go:embed worker.js
var workerScript string

// piece is how much of the engine is in one element, whose text browsers keep as one: between
// elements, what reads the page lets it be painted.
const piece = 48 << 10

// Program is the engine as texts, each of which can be decoded, of which nothing is markup.
func (e *Engine) Program() iter.Seq[template.HTML] {
	return func(yield func(template.HTML) bool) {
		for part := range slices.Chunk(e.WASM, piece) {
			if !yield(template.HTML(base64.StdEncoding.EncodeToString(part))) {
				return
			}
		}
	}
}

// Worker is the script of the worker, likewise.
func (e *Engine) Worker() template.HTML {
	return template.HTML(base64.StdEncoding.EncodeToString(append(e.Start[:len(e.Start):len(e.Start)], workerScript...)))
}
