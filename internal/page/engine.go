package page

import (
	_ "embed"
	"encoding/base64"
	"html/template"
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

// Program is the engine as a text of which nothing is markup.
func (e *Engine) Program() template.HTML {
	return template.HTML(base64.StdEncoding.EncodeToString(e.WASM))
}

// Worker is the script of the worker, likewise.
func (e *Engine) Worker() template.HTML {
	return template.HTML(base64.StdEncoding.EncodeToString(append(e.Start[:len(e.Start):len(e.Start)], workerScript...)))
}
