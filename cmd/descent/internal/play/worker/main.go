//go:build js

// Command worker is the engine of the pages of descent play: it answers the questions of
// a page, in a worker of the browser, for as long as that is open.
package main

import (
	"context"
	"syscall/js"

	"descent/cmd/descent/internal/play"
)

func main() {
	answer := js.FuncOf(func(_ js.Value, args []js.Value) any {
		return string(play.Answer(context.Background(), []byte(args[0].String())))
	})
	js.Global().Call("begin", answer) // of worker.js
	select {}
}
