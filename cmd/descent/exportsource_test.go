package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/optimizers"
	"descent/train"

	"github.com/spf13/cobra"
)

// sourceModels are models whose source is compared with predict, and how they are trained
// on sourceTable; those that learn go on with it in source.
var sourceModels = []struct {
	name  string
	args  string
	learn string
}{
	{"classes", "--target class --drop y,two --model mlp(8) --calibrate isotonic", ""},
	{"doubles", "--target y --drop class,two --model mlp(8,act=tanh) --dtype float64", ""},
	{"halves", "--target two --drop y,class --model mlp(4,act=gelu) --unknown refuse --calibrate platt", ""},
	{"sure", "--target class --drop y,two --model mlp(4,act=sigmoid,norm=batch) --embed 3", ""},
	{"linear", "--target y --drop class,two --model linear --scaling minmax", ""},
	{"adam", "--target class --drop y,two --model mlp(8)", "-o adam"},
	{"batches", "--target y --drop class,two --model mlp(4,act=tanh,norm=batch) --dtype float64", "-o clip(1)|adamw --batch 4"},
	{"hinges", "--target two --drop y,class --model mlp(4,act=selu) --embed 3", "-o momentum --batch 2"},
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
			args := []string{"export", trained, "--to", to, "--out", name}
			if m.learn != "" {
				args = append(append(args, "--train"), strings.Fields(m.learn)...)
			}
			if status, _, errs := descent(args...); status != 0 {
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

// predictLines makes rows for model k, and what predict says of them; of a model that
// learns, first rows with targets, and the losses of the steps.
func predictLines(t *testing.T, r *rand.Rand, dir string, k int, lines, want *strings.Builder) {
	m, err := readSaved(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.predictor()
	if err != nil {
		t.Fatal(err)
	}
	predict, by := p.Predict, decider(p)
	if learn := sourceModels[k].learn; learn != "" {
		trainer := trainLines(t, r, m, p, k, lines, want)
		predict, by = trainer.Predict, trainer
	}
	rows, d := wildRows(t, r, m, 1250)
	for i, row := range rows {
		fmt.Fprintf(lines, "%d%s\n", k, row)
		out, width, err := predict(d.Subset([]int{i}))
		if err != nil || width != len(out) {
			t.Fatal(err)
		}
		x := m.prediction(out, by)
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

// wildRows makes rows, and what the model takes them for.
func wildRows(t *testing.T, r *rand.Rand, m *saved, n int) (rows []string, d *data.Dataset) {
	text := "a,b,kind,when\n"
	for range n {
		row := sourceRow(r, true)
		if m.Schema.Unknown == data.UnknownRefuse {
			row = strings.Replace(row, ",NaN,", ",red,", 1)
		}
		rows = append(rows, row)
		text += row + "\n"
	}
	table, err := data.ReadCSV(strings.NewReader(text), data.CSVOptions{Name: "rows", Schema: m.Schema})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = m.Schema.Apply(table); err != nil {
		t.Fatal(err)
	}
	return rows, d
}

// trainLines makes 1,000 training steps of model k: rows with targets, and the losses that
// a trainer has, which it returns.
func trainLines(t *testing.T, r *rand.Rand, m *saved, p *train.Predictor, k int, lines, want *strings.Builder) *train.Trainer {
	e := &exported{saved: m, exportOptions: &exportOptions{batch: 1}, by: p}
	cmd := exportCommand()
	cmd.RunE = func(*cobra.Command, []string) error { return nil }
	if err := cmd.ParseFlags(strings.Fields(sourceModels[k].learn)); err != nil {
		t.Fatal(err)
	}
	fmt.Sscan(cmd.Flag("batch").Value.String(), &e.batch)
	e.optimizer = must(optimizers.Parse(cmd.Flag("optimizer").Value.String()))
	g, _, err := e.graph(1)
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLearner(e, g.Store().Variables())
	if err != nil {
		t.Fatal(err)
	}
	rows, d := wildRows(t, r, m, 200)
	for i := range rows {
		if m.Classes > 0 {
			d.Class = append(d.Class, r.IntN(m.Classes))
		} else {
			d.Y = append(d.Y, r.NormFloat64())
		}
		if slices.ContainsFunc(d.X.Row(nil, i), func(x float64) bool { return math.Abs(x) > 10 }) {
			rows[i] = "" // nothing would be learnt of it but NaN
		}
	}
	d.Classes = m.ClassNames
	for range 1000 {
		var batch []int
		for len(batch) < e.batch {
			i := r.IntN(len(rows))
			if rows[i] == "" {
				continue
			}
			batch = append(batch, i)
			y := ""
			if m.Classes > 0 {
				y = fmt.Sprint(d.Class[i])
			} else {
				y = fmt.Sprint(d.Y[i])
			}
			fmt.Fprintf(lines, "%d%s;%s\n", k, rows[i], y)
			if len(batch) < e.batch {
				want.WriteString("0\n")
			}
		}
		own := *d
		if m.Classes == 0 {
			own.Y = slices.Clone(d.Y)
			m.UnitOf(&own)
		}
		loss, err := l.t.Step(&own, batch, 0.01)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(want, "0 loss %016x\n", bitsOf(loss))
	}
	return l.t
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

// A net of 64-32-10 that learns with Adam is less than 40 KB of source, and its state less
// than 35 KB of memory, all included.
func TestSourceIsSmall(t *testing.T) {
	dir := t.TempDir()
	pictures := filepath.Join(dir, "pictures.npz")
	r := rand.New(rand.NewPCG(1, 2))
	var x, y []uint8
	for range 200 {
		y = append(y, uint8(r.IntN(10)))
		for range 64 {
			x = append(x, uint8(r.IntN(256)))
		}
	}
	writeNPZ(t, pictures, map[string][]uint8{"x.npy": npyOf(x, 200, 8, 8), "y.npy": npyOf(y, 200)})
	model := filepath.Join(dir, "model")
	if status, _, errs := descent("train", pictures, "--model", "mlp(32)", "--epochs", "1", "--folds", "0", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	for _, to := range []string{"go", "c"} {
		out := filepath.Join(dir, "net."+to)
		if status, _, errs := descent("export", model, "--to", to, "--train", "--out", out); status != 0 {
			t.Fatal(errs)
		}
		text := textOf(t, out)
		// The command that made the model is as long as this machine's names of folders.
		m, err := readSaved(model)
		if err != nil {
			t.Fatal(err)
		}
		size := len(text) - len(m.Command)
		t.Logf("%s: %d bytes", to, size)
		if size >= 40_000 {
			t.Errorf("%s: %d bytes", to, size)
		}
		state, memory := 0, 0
		for line := range strings.Lines(text) {
			fmt.Sscanf(strings.TrimSpace(line), map[string]string{"go": "State [%d]float32", "c": "float state[%d];"}[to], &state)
			fmt.Sscanf(strings.TrimSpace(line), map[string]string{"go": "arena [%d]float32", "c": "float arena[%d];"}[to], &memory)
		}
		if state != 3*(64*32+32+32*10+10) || memory == 0 || 4*(state+memory)+8 > 35_000 {
			t.Errorf("%s: %d numbers of state, %d to work in", to, state, memory)
		}
	}
}

// npyOf is an array of bytes as a file of NumPy.
func npyOf(x []uint8, shape ...int) []uint8 {
	head := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%s,), }", strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]"))
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	return append([]uint8("\x93NUMPY\x01\x00"+string([]byte{byte(len(head)), byte(len(head) >> 8)})+head), x...)
}

func writeNPZ(t *testing.T, name string, files map[string][]uint8) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// What source cannot be of is said, and so are flags that do not fit.
func TestSourceErrors(t *testing.T) {
	dir := t.TempDir()
	rows := file(t, "rows.csv", strings.ReplaceAll(sourceTable(rand.New(rand.NewPCG(1, 2)), 60), "a,b,kind", "unit,b,kind"))
	rows2 := file(t, "more.csv", strings.NewReplacer("0.", "$0.", "1.", "$1.", "2.", "$2.").Replace(textOf(t, rows)))
	for name, table := range map[string]string{"plain": rows, "money": rows2} {
		if status, _, errs := descent("train", table, "--target", "y", "--model", "mlp(2)", "--epochs", "1", "--folds", "0", "-q", "--out", filepath.Join(dir, name)); status != 0 {
			t.Fatal(errs)
		}
	}
	out := filepath.Join(dir, "m.h")
	for want, args := range map[string][]string{
		"--train is for source, --to go or c": {"export", filepath.Join(dir, "plain"), "--to", "safetensors", "--train", "--out", out},
		"--batch 0: from 1 to":                {"export", filepath.Join(dir, "plain"), "--to", "c", "--train", "--batch", "0", "--out", out},
		"which it cannot read":                {"export", filepath.Join(dir, "money"), "--to", "c", "--out", out},
	} {
		if status, _, errs := descent(args...); status != exitUsage || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was made")
	}
}
