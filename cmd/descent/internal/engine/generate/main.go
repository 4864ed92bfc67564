// Command generate makes the engine of pages as WebAssembly,
// compressed, and Go's script that starts it. go generate runs it, in the folder of package
// engine.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"descent/internal/atomicfile"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	file := "engine.wasm" // beside the folder that is embedded
	defer os.Remove(file)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./worker")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("the engine: %w", err)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(wasm)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join("wasm", "engine.wasm.gz"), packed.Bytes()); err != nil {
		return err
	}
	fmt.Printf("engine: %d bytes, %d compressed\n", len(wasm), packed.Len())
	return atomicfile.Write(filepath.Join("wasm", "wasm_exec.js"), script)
}
