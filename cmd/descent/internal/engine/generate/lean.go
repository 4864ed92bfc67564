package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"descent/internal/atomicfile"

	"github.com/expr-lang/expr/builtin"
)

// The parser of formulas is that of a language whose functions find methods by their
// names. The linker leaves out no exported method of anything in a program that does, a
// fifth of it here. In a page there is only the parser.

const expr = "github.com/expr-lang/expr"

// lean makes, in a folder, a copy of that module in which a function is its name, and
// returns the go.mod that builds with it.
func lean(dir string) (mod string, err error) {
	from, err := goSays("list", "-m", "-f", "{{.Dir}}", expr)
	if err != nil {
		return "", err
	}
	files, err := read(from)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"builtin.go", "lib.go", "utils.go", "validation.go"} {
		delete(files, filepath.Join("builtin", name))
	}
	files[filepath.Join("builtin", "names.go")] = names()
	// Whether the environment has a function of that name, which ours has not.
	if err := cut(files, filepath.Join("conf", "config.go"), "\tif _, ok := c.Env.Get(&c.NtCache, name); ok {\n\t\treturn true\n\t}\n"); err != nil {
		return "", err
	}
	for name, text := range files {
		name = filepath.Join(dir, "expr", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return "", err
		}
		if err := atomicfile.Write(name, text); err != nil {
			return "", err
		}
	}
	return replaced(dir)
}

// read returns what is built of a module.
func read(root string) (files map[string][]byte, err error) {
	files = map[string][]byte{}
	return files, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err != nil || d.IsDir() || name != "go.mod" && (filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go")) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err = filepath.Rel(root, path)
		files[name] = text
		return err
	})
}

// names is package builtin with names alone.
func names() []byte {
	var b bytes.Buffer
	b.WriteString("package builtin\n\nvar Builtins = []*Function{\n")
	for _, f := range builtin.Builtins {
		fmt.Fprintf(&b, "\t{Name: %q, Predicate: %v},\n", f.Name, f.Predicate)
	}
	fmt.Fprintf(&b, "}\n\nvar Names = %#v\n\nvar Index = map[string]int{\n", builtin.Names)
	for i, f := range builtin.Builtins {
		fmt.Fprintf(&b, "\t%q: %d,\n", f.Name, i)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// cut takes lines, which are there once, from a file.
func cut(files map[string][]byte, name, lines string) error {
	if n := bytes.Count(files[name], []byte(lines)); n != 1 {
		return fmt.Errorf("%s of %s is of another version than generate knows: it has %d times\n%s", name, expr, n, lines)
	}
	files[name] = bytes.Replace(files[name], []byte(lines), nil, 1)
	return nil
}

// replaced writes the go.mod of this module with the copy, and go.sum beside it.
func replaced(dir string) (mod string, err error) {
	from, err := goSays("env", "GOMOD")
	if err != nil {
		return "", err
	}
	root := filepath.Dir(from)
	to, err := filepath.Abs(filepath.Join(dir, "expr"))
	if err == nil {
		to, err = filepath.Rel(root, to)
	}
	if err != nil {
		return "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		if name == "go.mod" {
			text = fmt.Appendf(text, "\nreplace %s => ./%s\n", expr, filepath.ToSlash(to))
		}
		if err := atomicfile.Write(filepath.Join(dir, name), text); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "go.mod"), nil
}

// goSays is a line that command go prints.
func goSays(args ...string) (string, error) {
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
