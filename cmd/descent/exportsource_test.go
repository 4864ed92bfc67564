package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/data"
)

// sourceModels are models whose source is compared with predict, and how they are trained
// on sourceTable.
var sourceModels = []struct {
	name string
	args string
}{
	{"classes", "--target class --drop y,two --model mlp(8) --calibrate isotonic"},
	{"doubles", "--target y --drop class,two --model mlp(8,act=tanh) --dtype float64"},
	{"halves", "--target two --drop y,class --model mlp(4,act=gelu) --unknown refuse --calibrate platt"},
	{"sure", "--target class --drop y,two --model mlp(4,act=sigmoid,norm=batch) --embed 3"},
	{"linear", "--target y --drop class,two --model linear --scaling minmax"},
}

// sourceTable makes rows with numbers, words and dates, of which some are missing; the cells
// that targets have come last.
func sourceTable(r *rand.Rand, n int) string {
	var b strings.Builder
	b.WriteString("a,b,kind,when,class,y,two\n")
	for range n {
		b.WriteString(sourceRow(r, false))
		x := r.NormFloat64()
		fmt.Fprintf(&b, ",%s,%.3f,%s\n", []string{"low", "middle", "high"}[r.IntN(3)], 3+2*x, []string{"no", "yes"}[r.IntN(2)])
	}
	return b.String()
}

// sourceRow makes the cells of a row; wild ones have large numbers and words written in
// other ways, too.
func sourceRow(r *rand.Rand, wild bool) string {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	a, b := fmt.Sprintf("%.2f", r.NormFloat64()), fmt.Sprint(r.IntN(100)-20)
	kind := pick("red", "blue", "dark Green", "7", "12.5", "")
	when := fmt.Sprintf("%d-%02d-%02d %02d:%02d", 2019+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60))
	if r.IntN(10) == 0 {
		a = ""
	}
	if wild {
		a = pick(a, " "+a, "NA", "n/a", "1e30", "-3.0000000000000004e-30", "+.5", "12345678901234567890123", "0.1000000000000000055511151231257827021181583404541015625", "?", "-", "none")
		b = pick(b, "-0", "1e5", `"17"`, "null", fmt.Sprint(r.NormFloat64()))
		kind = pick(kind, "Red", "BLUE", "dark  green", `"dark Green"`, "7.0", "12.50", "NaN", "DARK GREEN")
		when = pick(when, when[:10], when+":59", strings.Replace(when, " ", "T", 1)+":07.25Z", "", "na", fmt.Sprintf("%d-%d-%d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28)))
	}
	return strings.Join([]string{a, b, kind, when}, ",")
}

// portably runs a test again in a process whose kernels are portable, and reports whether
// this is that.
func portably(t *testing.T) bool {
	t.Helper()
	const variable = "DESCENT_ISA"
	if os.Getenv(variable) == "portable" {
		return true
	}
	c := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), variable+"=portable")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "no ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return false
}

// Source in Go and in C, by gcc and by clang, reads the same rows as predict and computes
// the same, bit for bit.
func TestSourcePredicts(t *testing.T) {
	if !portably(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	rows := file(t, "rows.csv", sourceTable(r, 300))
	var lines, want strings.Builder
	for k, m := range sourceModels {
		trained := filepath.Join(dir, "trained", m.name)
		args := append([]string{"train", rows, "--folds", "0", "--epochs", "3", "-q", "--out", trained}, strings.Fields(m.args)...)
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%s: %s", m.name, errs)
		}
		for to, name := range map[string]string{"go": filepath.Join(dir, m.name, "m.go"), "c": filepath.Join(dir, m.name+".h")} {
			if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
				t.Fatal(err)
			}
			if status, _, errs := descent("export", trained, "--to", to, "--out", name); status != 0 {
				t.Fatalf("%s: %s", m.name, errs)
			}
		}
		predictLines(t, r, trained, k, &lines, &want)
	}
	for compiler, program := range sourcePrograms(t, dir) {
		c := exec.Command(program)
		c.Stdin = strings.NewReader(lines.String())
		var errs strings.Builder
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%.2000s", compiler, err, errs.String())
		}
		sameLines(t, compiler, lines.String(), string(out), want.String())
	}
}

// predictLines makes rows for model k, and what predict says of them.
func predictLines(t *testing.T, r *rand.Rand, dir string, k int, lines, want *strings.Builder) {
	const n = 2000
	m, err := readSaved(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.predictor()
	if err != nil {
		t.Fatal(err)
	}
	text := "a,b,kind,when\n"
	var all []string
	for range n {
		row := sourceRow(r, true)
		if m.Schema.Unknown == data.UnknownRefuse && strings.Contains(row, ",NaN,") {
			row = strings.Replace(row, ",NaN,", ",red,", 1)
		}
		all = append(all, row)
		text += row + "\n"
	}
	table, err := data.ReadCSV(strings.NewReader(text), data.CSVOptions{Name: "rows", Schema: m.Schema})
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Schema.Apply(table)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range all {
		fmt.Fprintf(lines, "%d%s\n", k, row)
		out, width, err := p.Predict(d.Subset([]int{i}))
		if err != nil || width != len(out) {
			t.Fatal(err)
		}
		x := m.prediction(out, p)
		if m.Classes == 0 {
			fmt.Fprintf(want, "0 %016x\n", bitsOf(x.number))
			continue
		}
		fmt.Fprintf(want, "0 %s", x.class)
		for _, v := range x.p {
			fmt.Fprintf(want, " %016x", bitsOf(v))
		}
		want.WriteString("\n")
	}
}

// bitsOf are those of a number; all that is none is the same.
func bitsOf(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000000
	}
	return math.Float64bits(x)
}

// sameLines compares what a program has printed.
func sameLines(t *testing.T, of, in, got, want string) {
	t.Helper()
	i, g, w := bufio.NewScanner(strings.NewReader(in)), bufio.NewScanner(strings.NewReader(got)), bufio.NewScanner(strings.NewReader(want))
	n, bad := 0, 0
	for w.Scan() {
		i.Scan()
		g.Scan()
		if n++; g.Text() != w.Text() {
			if bad++; bad < 5 {
				t.Errorf("%s: of %s\n%s, want\n%s", of, i.Text(), g.Text(), w.Text())
			}
		}
	}
	t.Logf("%s: %d rows, %d differ", of, n, bad)
}

// sourcePrograms builds programs that read a line each of the number of a model and a row,
// and print what the model's source makes of it: with Go, gcc and clang, if they are here.
func sourcePrograms(t *testing.T, dir string) map[string]string {
	programs := map[string]string{"go": buildGo(t, dir, goMain(t, dir))}
	for _, compiler := range []string{"gcc", "clang"} {
		if _, err := exec.LookPath(compiler); err != nil {
			t.Logf("no %s here", compiler)
			continue
		}
		programs[compiler] = buildC(t, compiler, dir, cMain(t, dir))
	}
	return programs
}

func buildGo(t *testing.T, dir, text string) string {
	program := filepath.Join(dir, "go.program")
	for name, text := range map[string]string{"go.mod": "module source\n\ngo 1.24\n", "main.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("go", "build", "-o", program, ".")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.3000s", err, out)
	}
	return program
}

func buildC(t *testing.T, compiler, dir, text string) string {
	program := filepath.Join(dir, compiler+".program")
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(compiler, "-std=c99", "-O3", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", program, "main.c")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%.3000s", compiler, err, out)
	}
	return program
}

// classesOf is how many classes the model of a name has, from its header.
func classesOf(t *testing.T, dir, name string) (n int) {
	for line := range strings.Lines(textOf(t, dir, name+".h")) {
		if _, err := fmt.Sscanf(line, "enum { "+name+"_classes = %d };", &n); err == nil {
			return n
		}
	}
	return 0
}

func goMain(t *testing.T, dir string) string {
	var b bytes.Buffer
	b.WriteString("package main\n\nimport (\n\t\"bufio\"\n\t\"fmt\"\n\t\"math\"\n\t\"os\"\n")
	for _, m := range sourceModels {
		fmt.Fprintf(&b, "\t%s \"source/%s\"\n", m.name, m.name)
	}
	b.WriteString(")\n\nfunc bits(x float64) uint64 {\n\tif x != x {\n\t\treturn 0x7ff8000000000000\n\t}\n\treturn math.Float64bits(x)\n}\n\nfunc main() {\n\tin := bufio.NewScanner(os.Stdin)\n\tfor in.Scan() {\n\t\tline := in.Text()\n\t\tswitch line[0] - '0' {\n")
	for k, m := range sourceModels {
		fmt.Fprintf(&b, "\t\tcase %d:\n\t\t\tvar m %s.Model\n\t\t\tx := make([]float%d, %s.Inputs)\n\t\t\tfmt.Print(%s.ParseRow(line[1:], x))\n", k, m.name, 32+32*strings.Count(m.args, "float64"), m.name, m.name)
		if classesOf(t, dir, m.name) == 0 {
			b.WriteString("\t\t\tfmt.Printf(\" %016x\", bits(m.Predict(x)))\n")
		} else {
			fmt.Fprintf(&b, "\t\t\tp := make([]float64, %s.Classes)\n\t\t\tfmt.Print(\" \", %s.ClassNames[m.Predict(x, p)])\n\t\t\tfor _, v := range p {\n\t\t\t\tfmt.Printf(\" %%016x\", bits(v))\n\t\t\t}\n", m.name, m.name)
		}
	}
	b.WriteString("\t\t}\n\t\tfmt.Println()\n\t}\n}\n")
	return b.String()
}

func cMain(t *testing.T, dir string) string {
	var b bytes.Buffer
	b.WriteString("#include <stdio.h>\n#include <inttypes.h>\n")
	for _, m := range sourceModels {
		fmt.Fprintf(&b, "#include \"%s.h\"\n", m.name)
	}
	b.WriteString("static uint64_t bits(double x) { uint64_t b; memcpy(&b, &x, sizeof b); return x == x ? b : 0x7ff8000000000000ULL; }\n" +
		"int main(void) {\n\tchar line[1000];\n\twhile (fgets(line, sizeof line, stdin)) {\n\t\tswitch (line[0] - '0') {\n")
	for k, m := range sourceModels {
		fmt.Fprintf(&b, "\t\tcase %d: {\n\t\t\tstatic %s_model m;\n\t\t\t%s x[%s_inputs];\n\t\t\tprintf(\"%%d\", (int)%s_parse_row(line + 1, x));\n", k, m.name, []string{"float", "double"}[strings.Count(m.args, "float64")], m.name, m.name)
		if n := classesOf(t, dir, m.name); n == 0 {
			fmt.Fprintf(&b, "\t\t\tprintf(\" %%016\" PRIx64, bits(%s_predict(&m, x)));\n", m.name)
		} else {
			fmt.Fprintf(&b, "\t\t\tdouble p[%s_classes];\n\t\t\tprintf(\" %%s\", %s_class_names[%s_predict(&m, x, p)]);\n\t\t\tfor (int i = 0; i < %d; i++) printf(\" %%016\" PRIx64, bits(p[i]));\n", m.name, m.name, m.name, n)
		}
		b.WriteString("\t\t\tbreak;\n\t\t}\n")
	}
	b.WriteString("\t\t}\n\t\tprintf(\"\\n\");\n\t}\n\treturn 0;\n}\n")
	return b.String()
}
