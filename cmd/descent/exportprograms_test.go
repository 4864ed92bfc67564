package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
	b.WriteString("package main\n\nimport (\n\t\"bufio\"\n\t\"fmt\"\n\t\"math\"\n\t\"os\"\n\t\"strings\"\n")
	for _, m := range sourceModels {
		fmt.Fprintf(&b, "\t%s \"source/%s\"\n", m.name, m.name)
	}
	b.WriteString(")\n\nfunc bits(x float64) uint64 {\n\tif x != x {\n\t\treturn 0x7ff8000000000000\n\t}\n\treturn math.Float64bits(x)\n}\n\nfunc main() {\n\tin := bufio.NewScanner(os.Stdin)\n")
	for k, m := range sourceModels {
		real := fmt.Sprint("float", 32+32*strings.Count(m.args, "float64"))
		fmt.Fprintf(&b, "\tvar m%d %s.Model\n", k, m.name)
		if m.learn != "" {
			fmt.Fprintf(&b, "\tm%d.Init()\n\tx%d, y%d, n%d := make([]%s, %s.Inputs*%s.Batch), make([]%s, %s.Batch), 0\n", k, k, k, k, real, m.name, m.name, map[bool]string{true: "int", false: "float64"}[classesOf(t, dir, m.name) > 0], m.name)
			fmt.Fprintf(&b, "\t_ = n%d\n", k)
		}
	}
	b.WriteString("\tfor in.Scan() {\n\t\tline, y, learn := strings.Cut(in.Text(), \";\")\n\t\t_, _ = y, learn\n\t\tswitch line[0] - '0' {\n")
	for k, m := range sourceModels {
		real := fmt.Sprint("float", 32+32*strings.Count(m.args, "float64"))
		fmt.Fprintf(&b, "\t\tcase %d:\n", k)
		if m.learn != "" {
			fmt.Fprintf(&b, "\t\t\tif learn {\n\t\t\t\tfmt.Print(%s.ParseRow(line[1:], x%d[n%d*%s.Inputs:]))\n\t\t\t\tfmt.Sscan(y, &y%d[n%d])\n\t\t\t\tif n%d++; n%d == %s.Batch {\n\t\t\t\t\tn%d = 0\n\t\t\t\t\tfmt.Printf(\" loss %%016x\", bits(m%d.Train(x%d, y%d, 0.01)))\n\t\t\t\t}\n\t\t\t\tbreak\n\t\t\t}\n",
				m.name, k, k, m.name, k, k, k, k, m.name, k, k, k, k)
		}
		fmt.Fprintf(&b, "\t\t\tx := make([]%s, %s.Inputs)\n\t\t\tfmt.Print(%s.ParseRow(line[1:], x))\n", real, m.name, m.name)
		if classesOf(t, dir, m.name) == 0 {
			fmt.Fprintf(&b, "\t\t\tfmt.Printf(\" %%016x\", bits(m%d.Predict(x)))\n", k)
		} else {
			fmt.Fprintf(&b, "\t\t\tp := make([]float64, %s.Classes)\n\t\t\tfmt.Print(\" \", %s.ClassNames[m%d.Predict(x, p)])\n\t\t\tfor _, v := range p {\n\t\t\t\tfmt.Printf(\" %%016x\", bits(v))\n\t\t\t}\n", m.name, m.name, k)
		}
	}
	b.WriteString("\t\t}\n\t\tfmt.Println()\n\t}\n}\n")
	return b.String()
}

func cMain(t *testing.T, dir string) string {
	var b bytes.Buffer
	b.WriteString("#include <stdio.h>\n#include <stdlib.h>\n#include <inttypes.h>\n")
	for _, m := range sourceModels {
		fmt.Fprintf(&b, "#include \"%s.h\"\n", m.name)
	}
	b.WriteString("static uint64_t bits(double x) { uint64_t b; memcpy(&b, &x, sizeof b); return x == x ? b : 0x7ff8000000000000ULL; }\nint main(void) {\n\tchar line[1000];\n")
	for k, m := range sourceModels {
		real := []string{"float", "double"}[strings.Count(m.args, "float64")]
		fmt.Fprintf(&b, "\tstatic %s_model m%d;\n", m.name, k)
		if m.learn != "" {
			fmt.Fprintf(&b, "\t%s_init(&m%d);\n\t%s x%d[%s_inputs * %s_batch];\n\t%s y%d[%s_batch];\n\tint n%d = 0;\n", m.name, k, real, k, m.name, m.name, map[bool]string{true: "int", false: "double"}[classesOf(t, dir, m.name) > 0], k, m.name, k)
		}
	}
	b.WriteString("\twhile (fgets(line, sizeof line, stdin)) {\n\t\tchar *y = strchr(line, ';');\n\t\tif (y) *y++ = 0;\n\t\tswitch (line[0] - '0') {\n")
	for k, m := range sourceModels {
		real := []string{"float", "double"}[strings.Count(m.args, "float64")]
		fmt.Fprintf(&b, "\t\tcase %d: {\n", k)
		if m.learn != "" {
			fmt.Fprintf(&b, "\t\t\tif (y) {\n\t\t\t\tprintf(\"%%d\", (int)%s_parse_row(line + 1, x%d + n%d * %s_inputs));\n\t\t\t\ty%d[n%d] = %s;\n\t\t\t\tif (++n%d == %s_batch) {\n\t\t\t\t\tn%d = 0;\n\t\t\t\t\tprintf(\" loss %%016\" PRIx64, bits(%s_train(&m%d, x%d, y%d, 0.01)));\n\t\t\t\t}\n\t\t\t\tbreak;\n\t\t\t}\n",
				m.name, k, k, m.name, k, k, map[bool]string{true: "atoi(y)", false: "atof(y)"}[classesOf(t, dir, m.name) > 0], k, m.name, k, m.name, k, k, k)
		}
		fmt.Fprintf(&b, "\t\t\t%s x[%s_inputs];\n\t\t\tprintf(\"%%d\", (int)%s_parse_row(line + 1, x));\n", real, m.name, m.name)
		if n := classesOf(t, dir, m.name); n == 0 {
			fmt.Fprintf(&b, "\t\t\tprintf(\" %%016\" PRIx64, bits(%s_predict(&m%d, x)));\n", m.name, k)
		} else {
			fmt.Fprintf(&b, "\t\t\tdouble p[%s_classes];\n\t\t\tprintf(\" %%s\", %s_class_names[%s_predict(&m%d, x, p)]);\n\t\t\tfor (int i = 0; i < %d; i++) printf(\" %%016\" PRIx64, bits(p[i]));\n", m.name, m.name, m.name, k, n)
		}
		b.WriteString("\t\t\tbreak;\n\t\t}\n")
	}
	b.WriteString("\t\t}\n\t\tprintf(\"\\n\");\n\t}\n\treturn 0;\n}\n")
	return b.String()
}
