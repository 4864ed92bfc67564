package source_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/kernel"
	"descent/internal/source"
	"descent/models"
	"descent/ops"
)

// others are the layers that cannot be written as source, and what of them.
var others = map[string]string{"upsample": "resample", "pad": "extend"}

// fixed are the layers whose gradients cannot be.
var fixed = map[string]string{"mlp": "uniform", "lenet": "avg_pool_grad", "attention": "attention_grad", "transformer": "attention_grad", "gpt": "attention_grad", "nanogpt": "attention_grad"}

// rowShapes are shapes of rows, of which a layer takes the first that fits.
var rowShapes = [][]int{{12}, {64}, {6, 4}, {6, 64}, {4, 8, 8}, {1, 28, 28}, {3, 16, 16}, {2, 4, 6, 6}}

// A subject is a layer with its input, of one row, and what our program makes of it.
type subject struct {
	name, text string
	x          []float32
	want       []float32
	header     []byte
	err        error
}

// subjectOf writes a layer as source; nil if it takes no row of rowShapes.
func subjectOf(t *testing.T, name, text string, grads bool) *subject {
	t.Helper()
	spec, err := models.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range rowShapes {
		g := graph.New(graph.Float32, 1)
		if !grads {
			g.Evaluation()
		}
		var layer models.Layer
		if spec.Codes() {
			c, _, err := spec.Coder(shape)
			if err != nil {
				continue
			}
			shape = []int{graph.Dims(shape...).Size()}
			layer = func(x *graph.Node) *graph.Node { code, _ := c.Encode(x); return c.Decode(code) }
		} else if layer, err = spec.Layer(); err != nil {
			t.Fatal(err)
		}
		var x *graph.Node
		if spec.Tokens() {
			x = models.Tokens(g, "x", 1, 6, 10)
		} else {
			x = g.Input("x", append([]int{1}, shape...)...)
		}
		y := layer(x)
		if graph.Mistakes(y) != nil || grads && len(g.Params()) == 0 {
			continue
		}
		s := &subject{name: name, text: text}
		outputs := []*graph.Node{y}
		if grads {
			outputs = graph.Grad(ops.Sum(ops.Square(y)), g.Params()...)
		}
		s.run(t, g, x, outputs, spec.Tokens())
		s.write(outputs)
		return s
	}
	return nil
}

// run computes a row.
func (s *subject) run(t *testing.T, g *graph.Graph, x *graph.Node, outputs []*graph.Node, tokens bool) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, v := range g.Store().Variables() {
		values := v.Float64s()
		for i := range values {
			values[i] += 0.1 * r.Float64()
		}
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	p, err := graph.Compile(outputs...)
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]int, x.Shape().Size())
	for i := range whole {
		whole[i] = r.IntN(10)
		s.x = append(s.x, float32(r.NormFloat64()))
	}
	let := graph.Let(x, s.x)
	if tokens {
		let = graph.Let(x, whole)
		for i, k := range whole {
			s.x[i] = float32(k)
		}
	}
	if err := p.Run(let); err != nil {
		t.Fatal(err)
	}
	for _, y := range outputs {
		for _, v := range p.Float64s(y) {
			s.want = append(s.want, float32(v))
		}
	}
}

// write translates it to C.
func (s *subject) write(outputs []*graph.Node) {
	tables := map[string][]float64{}
	var text strings.Builder
	program, err := graph.Function{Outputs: outputs}.Source(func(n *graph.Node) (string, int) {
		if n.Variable() == nil {
			return "x", 0
		}
		name := "w_" + strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, n.Name())
		if tables[name] == nil {
			tables[name] = n.Variable().Float64s()
			fmt.Fprintf(&text, "var %s [%d]real\n", name, len(tables[name]))
		}
		return name, 0
	})
	if err != nil {
		s.err = err
		return
	}
	fmt.Fprintf(&text, "type Model struct { arena [%d]real }\nfunc (m *Model) Run(x, y []real) {\n%s", max(1, program.Arena), program.Statements)
	at := 0
	for i, y := range outputs {
		if y.Shape().Rank() == 0 {
			fmt.Fprintf(&text, "\ty[%d] = real(%s)\n", at, program.Outputs[i])
		} else {
			fmt.Fprintf(&text, "\tmove(y[%d:], %s, %d)\n", at, program.Outputs[i], y.Shape().Size())
		}
		at += y.Shape().Size()
	}
	text.WriteString("}\n")
	head := "package model\n"
	if strings.Contains(text.String(), "math.") {
		head += "import \"math\"\n"
	}
	u, err := source.Parse(head+text.String(), "float32", tables)
	if err == nil {
		s.header, err = u.C("", s.name)
	}
	s.err = err
}

// TestLayers: every layer is computed by its source in C as by our portable kernels, bit for
// bit, or is one of others.
func TestLayers(t *testing.T) {
	if kernel.Active() != kernel.Portable {
		c := exec.Command(os.Args[0], "-test.v", "-test.run=^TestLayers$")
		c.Env = append(os.Environ(), "DESCENT_ISA=portable")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	layersOf(t, false, others)
	layersOf(t, true, fixed)
}

func layersOf(t *testing.T, grads bool, others map[string]string) {
	var all []*subject
	for _, row := range models.Table {
		texts := []string{row.Name}
		if len(row.Examples) > 0 {
			texts = nil
			for _, e := range row.Examples {
				texts = append(texts, row.Name+"("+e+")")
			}
		}
		var why string
		for _, text := range texts {
			s := subjectOf(t, fmt.Sprintf("l%02d", len(all)), text, grads)
			switch {
			case s == nil && grads: // it has no parameters
			case s == nil:
				t.Errorf("%s: no shape of rows fits", text)
			case s.err != nil:
				why = s.err.Error()
			default:
				all = append(all, s)
			}
		}
		if reason, other := others[row.Name]; other != (why != "") || !strings.Contains(why, reason) {
			t.Errorf("%s: %q, expected %q", row.Name, why, reason)
		}
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no gcc here")
	}
	inC(t, all)
}

// inC compiles layers as one program, and compares what it computes.
func inC(t *testing.T, all []*subject) {
	dir := t.TempDir()
	var main, calls strings.Builder
	var in bytes.Buffer
	main.WriteString("#include <stdio.h>\n")
	for _, s := range all {
		if err := os.WriteFile(filepath.Join(dir, s.name+".h"), s.header, 0o666); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&main, "#include \"%s.h\"\n", s.name)
		fmt.Fprintf(&calls, "\t{\n\t\tstatic %s_model m;\n\t\tstatic float x[%d], y[%d];\n\t\tif (fread(x, sizeof x, 1, stdin) != 1) return 1;\n\t\t%s_run(&m, x, y);\n\t\tfwrite(y, sizeof y, 1, stdout);\n\t}\n", s.name, len(s.x), len(s.want), s.name)
		binary.Write(&in, binary.LittleEndian, s.x)
	}
	main.WriteString("int main(void) {\n" + calls.String() + "\treturn 0;\n}\n")
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(main.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", "program", "main.c")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.3000s", err, out)
	}
	c = exec.Command(filepath.Join(dir, "program"))
	c.Stdin = &in
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	results := bytes.NewReader(out)
	for _, s := range all {
		got := make([]float32, len(s.want))
		if err := binary.Read(results, binary.LittleEndian, got); err != nil {
			t.Fatal(err)
		}
		for i, want := range s.want {
			if math.Float32bits(got[i]) != math.Float32bits(want) && !(got[i] != got[i] && want != want) {
				t.Errorf("%s: element %d of %d is %v, want %v", s.text, i, len(s.want), got[i], want)
				break
			}
		}
	}
	t.Logf("%d layers", len(all))
}
