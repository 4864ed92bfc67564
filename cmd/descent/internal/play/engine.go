//go:build !js

package play

import (
	"embed"
	"errors"
	"io/fs"
)

//go:generate go run ./generate

//go:embed engine
var engineFiles embed.FS

// engine returns the engine, gzipped WebAssembly, and Go's script that starts it.
func engine() (wasm, script []byte, err error) {
	if wasm, err = engineFiles.ReadFile("engine/engine.wasm.gz"); err == nil {
		script, err = engineFiles.ReadFile("engine/wasm_exec.js")
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoEngine
	}
	return wasm, script, err
}
