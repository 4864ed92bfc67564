package play

import "errors"

// engine is not in the engine.
func engine() (wasm, script []byte, err error) {
	return nil, nil, errors.New("a page does not make pages")
}
