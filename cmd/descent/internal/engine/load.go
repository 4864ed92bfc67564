//go:build !js

package engine

import (
	"embed"
	"errors"
	"io/fs"

	"descent/internal/page"
)

//go:generate go run ./generate

//go:embed wasm
var files embed.FS

// Load returns the engine of this program, which is of that version. The error may be
// [ErrNone].
func Load(version string) (*page.Engine, error) {
	wasm, err := files.ReadFile("wasm/engine.wasm.gz")
	if err == nil {
		var start []byte
		if start, err = files.ReadFile("wasm/wasm_exec.js"); err == nil {
			return &page.Engine{WASM: wasm, Start: start, Version: version}, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNone
	}
	return nil, err
}
