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
	const dir = "lean" // not of any name: programs tell where their modules were
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("%w: is it another generate's, or of one that was killed? Then remove it", err)
	}
	defer os.RemoveAll(dir)
	wasm, err := compiled(dir)
	if err != nil {
		return fmt.Errorf("the engine: %w", err)
	}
	packed, err := compressed(wasm)
	if err != nil {
		return err
	}
	root, err := goSays("env", "GOROOT")
	if err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(root, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join("wasm", "engine.wasm.gz"), packed); err != nil {
		return err
	}
	fmt.Printf("engine: %d bytes, %d compressed\n", len(wasm), len(packed))
	return atomicfile.Write(filepath.Join("wasm", "wasm_exec.js"), script)
}

// small are flags that save a twelfth: functions are called, not copied to where they are
// called, but for those of loops over numbers, which are all in descent/internal.
var small = []string{"-gcflags=github.com/...=-l", "-gcflags=descent/...=-l", "-gcflags=descent/internal/...="}

// compiled is command worker as WebAssembly.
func compiled(dir string) ([]byte, error) {
	mod, err := lean(dir)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "engine.wasm")
	args := []string{"build", "-modfile", mod, "-tags", "nogorgonia", "-trimpath", "-ldflags=-s -w", "-o", file}
	build := exec.Command("go", append(append(args, small...), "./worker")...)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

func compressed(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}
