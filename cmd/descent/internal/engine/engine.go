// Package engine is this program inside its own pages, as WebAssembly: a subject is
// what the script of a page asks about, [Load] is the engine for a page. Folder worker is
// the program, generate compiles it, wasm holds what came of that.
package engine

import (
	"context"
	"errors"
	"fmt"

	"descent/internal/numjson"
)

// ErrNone is what a program says that was built without an engine for its pages.
var ErrNone = errors.New("this program was built without the engine for browsers: in the sources, do go generate ./cmd/descent/internal/engine, then build it again")

// A Subject answers a question, which is JSON. What the page is told before the reply goes
// to tell; ctx never ends in a page, where the engine is stopped as a whole.
type Subject func(ctx context.Context, question []byte, tell func(part any)) (reply any, err error)

// Answer answers a question: the text is an object with the reply, or with what is wrong. A
// page may have been changed so that the subject does not stand it; that is told, too, as it
// would otherwise wait for ever.
func (s Subject) Answer(ctx context.Context, question []byte, tell func(text []byte)) (answer []byte) {
	defer func() {
		if r := recover(); r != nil {
			answer = failed(fmt.Errorf("this question has no answer: %v", r))
		}
	}()
	reply, err := s(ctx, question, func(part any) {
		if text, err := numjson.Marshal(part); err == nil {
			tell(text)
		}
	})
	if err == nil {
		var text []byte
		if text, err = numjson.Marshal(struct {
			Reply any `json:"reply"`
		}{reply}); err == nil {
			return text
		}
	}
	return failed(err)
}

// failed is the answer that says what is wrong.
func failed(err error) []byte {
	text, _ := numjson.Marshal(struct {
		Error string `json:"error"`
	}{err.Error()}) // a text can always be written
	return text
}
