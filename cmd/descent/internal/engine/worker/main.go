//go:build js

// Command worker is the engine of pages: it answers their questions, in a worker of the
// browser, for as long as one is open.
package main

import (
	"context"
	"syscall/js"

	"descent/cmd/descent/internal/engine"
	"descent/cmd/descent/internal/play"
	"descent/cmd/descent/internal/study"
	"descent/lab"
)

var subjects = map[string]engine.Subject{
	"lab":    lab.Answer,
	"play":   play.Answer,
	"try":    study.Try,
	"verify": study.Verify,
}

func main() {
	js.Global().Call("begin", js.FuncOf(func(_ js.Value, args []js.Value) any { // of worker.js
		about, question, part, reply := args[0].String(), args[1].String(), args[2], args[3]
		go func() {
			text := subjects[about].Answer(context.Background(), []byte(question), func(text []byte) { part.Invoke(string(text)) })
			reply.Invoke(string(text))
		}()
		return nil
	}))
	select {}
}
