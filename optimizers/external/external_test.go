package external_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"descent/graph"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/external"
)

// TestMain makes this binary an optimizer where it is asked to be one.
func TestMain(m *testing.M) {
	if how := os.Getenv("DESCENT_TEST_OPTIMIZER"); how != "" {
		play(how)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play is momentum over the pipe, or a program with one mistake.
func play(how string) {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	var sizes []int
	var old [][]float64
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if plan, is := strings.CutPrefix(line, "init "); is {
			var p struct{ Params []struct{ Shape []int } }
			if err := json.Unmarshal([]byte(plan), &p); err != nil {
				panic(err)
			}
			sizes, old = nil, nil
			for _, q := range p.Params {
				n := 1
				for _, d := range q.Shape {
					n *= d
				}
				sizes = append(sizes, n)
				old = append(old, make([]float64, n))
			}
			fmt.Fprintln(out, "ok")
			out.Flush()
			continue
		}
		var step int
		var lr float64
		fmt.Sscanf(line, "step %d %g", &step, &lr)
		read := func() (all [][]float64) {
			for _, n := range sizes {
				a := make([]float64, n)
				binary.Read(in, binary.LittleEndian, a)
				all = append(all, a)
			}
			return all
		}
		grads, params := read(), read()
		if step == 3 {
			switch how {
			case "ends":
				fmt.Fprintln(os.Stderr, "out of memory, say")
				return
			case "hangs":
				time.Sleep(time.Hour)
			case "prints":
				fmt.Fprintln(out, "epoch 3 of 10")
			case "objects":
				fmt.Fprintln(out, "error a closure is needed")
			case "short":
				fmt.Fprint(out, "ok\n1234")
				out.Flush()
				return
			case "nan":
				params[0][0] = math.NaN()
			}
		}
		fmt.Fprintln(out, "ok")
		for k, p := range params {
			for i := range p {
				old[k][i] = 0.9*old[k][i] + grads[k][i]
				p[i] -= lr * old[k][i]
			}
			binary.Write(out, binary.LittleEndian, p)
		}
		out.Flush()
	}
}

// command makes this binary an optimizer.
func command(t *testing.T, how string) string {
	t.Setenv("DESCENT_TEST_OPTIMIZER", how)
	return "exec: " + os.Args[0]
}

// trained returns the parameters after some steps of a least-squares problem.
func trained(t *testing.T, text string, steps int) ([]float64, error) {
	t.Helper()
	o, err := optimizers.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	w, b := g.Param("w", graph.From(0.5, -1, 2, 0.25, -0.5, 1), 3, 2), g.Param("b", graph.From(1, -1), 2)
	x := g.Array([]float64{1, 2, 3, -1, 0.5, 2, 0, 1, -2, 3, 1, 1}, 4, 3)
	loss := ops.Mean(ops.Square(ops.Add(ops.Tanh(ops.MatMul(x, w)), b)))
	tr := optimizers.Descend(loss, o.Rule)
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		if err := p.Run(graph.Let(tr.LR, []float64{0.05 / float64(1+i%3)})); err != nil {
			return nil, err
		}
	}
	return append(w.Variable().Float64s(), b.Variable().Float64s()...), nil
}

func TestSameBits(t *testing.T) {
	exec := command(t, "well")
	for _, c := range [][2]string{
		{exec, "momentum"},
		{"clip(0.1) | decay(0.1) | " + exec, "clip(0.1) | decay(0.1) | momentum"},
		{exec + " | lookahead(3) | ema(0.5)", "momentum | lookahead(3) | ema(0.5)"},
		{"accumulate(2) | " + exec, "accumulate(2) | momentum"},
	} {
		got, err := trained(t, c[0], 40)
		if err != nil {
			t.Fatal(err)
		}
		want, err := trained(t, c[1], 40)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", c[1], got, want)
		}
	}
}

// A store that is reset begins a new training with the same program.
func TestReset(t *testing.T) {
	o, err := optimizers.Parse(command(t, "well"))
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(3), 5)
	tr := optimizers.Descend(ops.Sum(ops.Square(w)), o.Rule)
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	var first []float64
	for range 2 {
		for range 5 {
			if err := p.Run(graph.Let(tr.LR, []float64{0.01})); err != nil {
				t.Fatal(err)
			}
		}
		if first == nil {
			first = w.Variable().Float64s()
		} else if !slices.Equal(first, w.Variable().Float64s()) {
			t.Errorf("%v, then %v", first, w.Variable().Float64s())
		}
		if err := g.Store().Reset(1); err != nil {
			t.Fatal(err)
		}
	}
	// A training that begins elsewhere, as one that is resumed does.
	if err := tr.T.Variable().Set([]float64{7}); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(graph.Let(tr.LR, []float64{0.01})); err == nil || !strings.Contains(err.Error(), "cannot be resumed") {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	for how, want := range map[string]string{
		"ends":    "out of memory, say",
		"prints":  `it answers "epoch 3 of 10", not ok`,
		"objects": "a closure is needed",
		"short":   "answer to step 3 ends after 4 of the 48 bytes",
	} {
		_, err := trained(t, command(t, how), 10)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", how, err, want)
		}
	}
	restore := external.SetPatience(3 * time.Second)
	if _, err := trained(t, command(t, "hangs"), 10); err == nil || !strings.Contains(err.Error(), "has not answered within 3s") {
		t.Errorf("hangs: %v", err)
	}
	restore()
	if x, err := trained(t, command(t, "nan"), 10); err != nil || !math.IsNaN(x[0]) {
		t.Errorf("what is no number is a divergence, as of any rule: %v, %v", x, err)
	}
	for text, want := range map[string]string{
		"exec:":                    "has no command",
		"exec: no-such-program -x": "no-such-program",
		"adam | exec: ":            "has no command",
	} {
		if _, err := optimizers.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", text, err, want)
		}
	}
}

// python is a distribution's, which may have packages of NumPy and PyTorch, or the first
// that is found.
func python() string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	return "python3"
}

// The classes of torch.optim, through torch_optim.py, and the rules of their names.
func TestTorch(t *testing.T) {
	if out, err := exec.Command(python(), "-c", "import torch, numpy").CombinedOutput(); err != nil {
		t.Skipf("skipped: PyTorch is not here: %v %s", err, out[max(0, len(out)-200):])
	}
	// Without it PyTorch rounds a product and a sum once, where ours and its own formulas
	// do twice.
	t.Setenv("ATEN_CPU_CAPABILITY", "default")
	for class, ours := range map[string]string{
		"Adam":                           "adam",
		"Adam amsgrad=True":              "amsgrad",
		"SGD momentum=0.9":               "momentum",
		"AdamW weight_decay=0.1":         "adamw(0.1)",
		"RMSprop":                        "rmsprop",
		"SGD momentum=0.9 nesterov=True": "nesterov",
	} {
		if class != "Adam" && os.Getenv("DESCENT_SLOW") == "" {
			continue // each starts PyTorch
		}
		got, err := trained(t, fmt.Sprintf("exec: %s torch_optim.py %s", python(), class), 200)
		if err != nil {
			t.Fatal(err)
		}
		want, err := trained(t, ours, 200)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", class, got, want)
		}
	}
}

// BenchmarkStep is a step of 64-32-10 through a pipe, whose program reads and writes.
func BenchmarkStep(b *testing.B) {
	b.Setenv("DESCENT_TEST_OPTIMIZER", "well")
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(1), 64*32+32+32*10+10)
	tr := optimizers.Descend(ops.Sum(ops.Square(w)), external.Rule{Command: os.Args[0]})
	p, err := tr.Compile()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := p.Run(graph.Let(tr.LR, []float64{1e-3})); err != nil {
			b.Fatal(err)
		}
	}
}

// The program of docs/external.md is gradient descent.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/external.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```python\n")
	text, _, _ = strings.Cut(text, "```")
	file := t.TempDir() + "/sgd.py"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(python(), "-c", "import numpy").Run(); err != nil {
		t.Skip("skipped: python3 or its numpy is not here")
	}
	got, err := trained(t, "exec: "+python()+" "+file, 20)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := trained(t, "sgd", 20); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, not %v, %v", got, want, err)
	}
}
