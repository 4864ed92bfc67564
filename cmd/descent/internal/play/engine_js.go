package play

// engine is not in the engine: a page makes no pages.
func engine() (wasm, script []byte, err error) { return nil, nil, ErrNoEngine }
