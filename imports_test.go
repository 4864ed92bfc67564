package descent_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers are the packages from the bottom up; a package may import those of
// lower layers only. docs/architecture.md says what each is for.
var layers = [][]string{
	{"internal/elementary"},
	{"internal/kernel", "internal/digits", "internal/page", "internal/goroutine", "internal/guard", "internal/leastsq", "internal/misuse", "internal/mutants", "internal/numjson", "internal/rng", "internal/sources", "internal/stats", "internal/suggest", "internal/atomicfile", "internal/terminal", "internal/gvalue",
		"internal/safetensors", "internal/ram"},
	{"internal/jit", "internal/docs", "internal/atomicfile/faults", "internal/plot", "internal/spec", "data"},
	{"internal/exec"},
	{"graph"},
	{"graph/graphtest"},
	{"ops"},
	{"ops/formula"},
	{"ops/formula/formulatest"},
	{"losses", "models", "optimizers", "optimizers/schedule", "internal/golden"},
	{"optimizers/search", "graph/gorgoniavm"},
	{"optimizers/search/point", "optimizers/search/fit", "internal/calc"},
	{"train", "optimizers/search/minimum"},
	{"internal/baseline"},
	{"bench", "bench/tables", "bench/engine", "bench/peers", "bench/peers/descent"},
	{"lab", "cmd/descent/internal/draw"},
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
