package descent_test

import (
	"go/ast"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"descent/internal/sources"
)

// layers are the packages from the bottom up; a package may import those of
// lower layers only. docs/architecture.md says what each is for.
var layers = [][]string{
	{"internal/elementary"},
	{"internal/source/loops", "internal/source/soft"},
	{"internal/source"},
	{"internal/kernel", "internal/digits", "internal/page", "internal/goroutine", "internal/guard", "internal/leastsq", "internal/misuse", "internal/mutants", "internal/numjson", "internal/rng", "internal/sources", "internal/stats", "internal/suggest", "internal/atomicfile", "internal/terminal", "internal/gvalue",
		"internal/safetensors", "internal/ram", "internal/tfevents", "internal/mapped"},
	{"internal/web", "internal/jit", "internal/foreign", "internal/atomicfile/faults", "internal/plot", "internal/spec", "data"},
	{"internal/live", "internal/exec", "internal/docs", "internal/inspect", "data/augment", "data/series", "data/puzzle", "text"},
	{"graph/lower"},
	{"graph"},
	{"graph/graphtest"},
	{"ops"},
	{"ops/shape", "ops/linalg", "ops/joint", "ops/internal/rowtest"},
	{"ops/formula"},
	{"ops/formula/formulatest"},
	{"losses", "models", "optimizers/rule", "optimizers/schedule", "internal/golden"},
	{"optimizers/external", "optimizers/kronecker", "models/torch", "models/onnx"},
	{"optimizers"},
	{"optimizers/search", "graph/gorgoniavm", "train/score", "train/conformal"},
	{"optimizers/search/point", "optimizers/search/fit", "internal/calc", "bench/tuning", "bench/inference", "bench/journal", "bench/bbob", "bench/classic", "bench/diagnosis"},
	{"train", "optimizers/search/minimum"},
	{"internal/baseline", "train/explain", "train/serve"},
	{"bench", "bench/tables", "bench/engine", "bench/peers", "bench/peers/descent"},
	{"lab", "bench/cluster", "cmd/descent/internal/draw", "cmd/descent/internal/tabular"},
	{"cmd/descent/internal/engine", "cmd/descent/internal/play", "cmd/descent/internal/study"},
	{"cmd/descent/internal/engine/worker", "cmd/descent/internal/engine/generate", "cmd/descent/internal/browser"},
	{"cmd/descent"},
}

// plainJSON are the packages whose JSON has no numbers that may be NaN.
var plainJSON = []string{"internal/safetensors", "bench/peers", "bench/peers/descent"}

// shown are the packages that make pictures and pages.
var shown = []string{"internal/plot", "internal/page"}

func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	level := func(pkg string) int {
		return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, strings.TrimPrefix(pkg, "descent/")) })
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		pkg := f[0]
		if name := strings.TrimPrefix(pkg, "descent/"); slices.Contains(f[1:], "encoding/json") && !slices.Contains(plainJSON, name) {
			t.Errorf("%s imports encoding/json, which has no place for NaN: use internal/numjson", pkg)
		}
		if pkg == "descent" {
			continue
		}
		l := level(pkg)
		if l < 0 {
			t.Errorf("%s has no layer: give it one", pkg)
		}
		for _, dep := range f[1:] {
			if strings.HasPrefix(dep, "descent/") && level(dep) >= l {
				t.Errorf("%s imports %s, which is not below it", pkg, dep)
			}
			if strings.HasPrefix(pkg, "descent/optimizers") && slices.Contains(shown, strings.TrimPrefix(dep, "descent/")) {
				t.Errorf("%s imports %s: what is found is drawn by who asked for it", pkg, dep)
			}
		}
	}
}

// NATS' servers are half as large as all else, so only a build with the tag cluster has
// them: one package imports them, and nobody imports that one without the tag.
func TestOnlyAClusterHasServers(t *testing.T) {
	const cluster = "descent/bench/cluster"
	imports := func(tags string) (of map[string][]string) {
		out, err := exec.Command("go", "list", "-tags", tags, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
		if err != nil {
			t.Fatal(err)
		}
		of = map[string][]string{}
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			of[f[0]] = f[1:]
		}
		return of
	}
	for pkg, of := range imports("cluster") {
		if has := slices.ContainsFunc(of, func(s string) bool { return strings.HasPrefix(s, "github.com/nats-io/") }); has != (pkg == cluster) {
			t.Errorf("%s imports NATS: %v", pkg, has)
		}
	}
	for pkg, of := range imports("") {
		if slices.Contains(of, cluster) {
			t.Errorf("%s imports %s without the tag", pkg, cluster)
		}
	}
}

// Everybody who opens a page loads its engine, which has nothing that only other programs
// need.
func TestEngineIsLean(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-tags", "nogorgonia", "./cmd/descent/internal/engine/worker")
	list.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		for _, other := range []string{"gorgonia.org", "google.golang.org", "github.com/spf13", "net/http", "go"} {
			if strings.HasPrefix(pkg+"/", other+"/") {
				t.Errorf("the engine has package %s", pkg)
			}
		}
	}
}

// maxNames is how many names a package may export: what is more than that is two
// packages.
const maxNames = 220

func TestPackagesExportFewNames(t *testing.T) {
	for _, layer := range layers {
		for _, pkg := range layer {
			if n := exported(t, pkg); n > maxNames {
				t.Errorf("%s exports %d names, at most %d are to be learnt", pkg, n, maxNames)
			}
		}
	}
}

// exported counts the functions, methods of exported types, types, constants and
// variables that a package exports.
func exported(t *testing.T, pkg string) (n int) {
	count := func(names ...*ast.Ident) {
		for _, name := range names {
			if name.IsExported() {
				n++
			}
		}
	}
	for _, f := range sources.Files(t, pkg) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if of := sources.Receiver(d); of == "" || ast.IsExported(of) {
					count(d.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						count(s.Name)
					case *ast.ValueSpec:
						count(s.Names...)
					}
				}
			}
		}
	}
	return n
}

// The compiler makes the methods of a generic type in every package in which it meets
// the type. Those of exec are as much work as the rest of the module together, so no
// package above it may meet them, be it in the type of a field.
func TestOnlyExecCompilesExec(t *testing.T) {
	for _, pkg := range []string{"graph", "ops", "train"} {
		object, err := exec.Command("go", "list", "-export", "-f", "{{.Export}}", "descent/"+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		symbols, err := exec.Command("go", "tool", "nm", strings.TrimSpace(string(object))).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split(string(symbols), "\n") {
			if f := strings.SplitN(strings.TrimSpace(s), " ", 3); len(f) == 3 && strings.EqualFold(f[1], "T") && strings.Contains(f[2], "internal/exec.(*Program[") {
				t.Errorf("%s has compiled %s: use exec.Machine, and generic types in functions only", pkg, f[2])
				break
			}
		}
	}
}
