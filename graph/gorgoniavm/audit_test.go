package gorgoniavm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
)

// TestAudit: of each function's case the audit finds what the table of ops says:
// the variables where gorgonia's gradient is wrong, and by which op.
func TestAudit(t *testing.T) {
	for i := range opCases {
		c := &opCases[i]
		data := c.data()
		o := c.outcome(t)
		tr := c.try(data, true)
		if tr.err != nil || o.theirs == "fails" {
			continue
		}
		found, err := Audit(tr.g)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if wrong := o.theirs == "wrong"; wrong != (len(found) > 0) {
			t.Errorf("%s: gorgonia's gradient is %s, the audit finds %v", c.name, o.theirs, found)
		}
		for _, f := range found {
			if len(f.Ops) != 1 || !slices.Contains(tr.in, f.Variable) || f.Off < 1e-3 {
				t.Errorf("%s: %v", c.name, f)
			}
		}
	}
}

// TestAuditDropout: gorgonia divides the gradient by p in place of 1-p; masks are
// the same for both.
func TestAuditDropout(t *testing.T) {
	g := gorgonia.NewGraph()
	x := shared(g, "x", array(1, 2, 1, 20))
	must(gorgonia.Grad(must(gorgonia.Sum(must(gorgonia.Dropout(x, .2)))), x))
	found := must(Audit(g))
	if len(found) != 1 || found[0].Variable != x || far([]float64{found[0].Off}, []float64{3}) > 1e-12 || !strings.Contains(found[0].String(), "Dropout") {
		t.Errorf("found %v", found)
	}
}

// TestAuditBeside: ops that are right are not named beside one that is wrong,
// whatever they are told by other nodes.
func TestAuditBeside(t *testing.T) {
	g := gorgonia.NewGraph()
	x, b := shared(g, "x", array(1, 2, 1, 3, 4)), shared(g, "b", array(1, 2, 2, 4))
	y := must(gorgonia.Log2(must(gorgonia.BroadcastAdd(must(gorgonia.Square(x)), b, nil, []byte{0}))))
	must(gorgonia.Grad(must(gorgonia.Mean(y)), x, b))
	found := must(Audit(g))
	if len(found) != 2 || len(found[0].Ops) != 1 || len(found[1].Ops) != 1 || !strings.Contains(found[1].Ops[0], "log2") {
		t.Errorf("found %v", found)
	}
}

// TestAuditKeepsStatistics: an audit leaves batch norms as they are.
func TestAuditKeepsStatistics(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w, b := shared(g, "x", array(-1, 1, 1, 4, 3)), shared(g, "w", array(-1, 1, 2, 4, 3)), shared(g, "b", array(-1, 1, 3, 4, 3))
	y, _, _, op, err := gorgonia.BatchNorm(x, w, b, .1, 1e-5)
	ok(err)
	must(gorgonia.Grad(must(gorgonia.Sum(must(gorgonia.Square(y)))), x))
	mean, variance := op.Stats()
	was := append(floats(mean), floats(variance)...)
	if found := must(Audit(g)); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if far(was, append(floats(mean), floats(variance)...)) > 0 {
		t.Error("the running statistics have changed")
	}
}

// elsewhere are functions that return nodes and are not in the table of ops.
var elsewhere = map[string]string{
	"Must": "", "NodeFromAny": "", "NewScalar": "", "NewVector": "", "NewMatrix": "", "NewTensor": "", "NewConstant": "", "NewUniqueNode": "", "NewOrderedNodes": "",
	"ApplyOp": "TestCustomOp", "ApplyOpWithName": "TestCustomOp", "Set": "a statement that does nothing", "Read": "TestPrograms", "OneHotVector": "TestPrograms",
	"UniformRandomNode": "TestRandomNodes", "GaussianRandomNode": "TestRandomNodes", "BinomialRandomNode": "TestRandomNodes", "Dropout": "TestDropout",
	"Grad": "TestPrograms", "Backpropagate": "", "Broadcast": "BroadcastAdd", "YOLOv3": "float32 alone, by its own Do", "UnsafeLet": "", "Lift": "", "LiftResult": "",
}

// TestAllOps: no exported function of gorgonia's that makes a node is forgotten.
func TestAllOps(t *testing.T) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "gorgonia.org/gorgonia").Output()
	ok(err)
	files := must(exec.Command("go", "list", "-f", `{{join .GoFiles " "}}`, "gorgonia.org/gorgonia").Output())
	listed := func(name string) bool {
		return slices.ContainsFunc(opCases, func(c opCase) bool { return c.name == name || strings.HasPrefix(c.name, name+",") })
	}
	n := 0
	for _, file := range strings.Fields(string(files)) {
		f := must(parser.ParseFile(token.NewFileSet(), strings.TrimSpace(string(dir))+"/"+file, nil, 0))
		for _, d := range f.Decls {
			fn, isFunc := d.(*ast.FuncDecl)
			if !isFunc || fn.Recv != nil || !fn.Name.IsExported() || fn.Type.Results == nil {
				continue
			}
			star, isNode := fn.Type.Results.List[0].Type.(*ast.StarExpr)
			if !isNode {
				continue
			}
			if id, isNode := star.X.(*ast.Ident); !isNode || id.Name != "Node" {
				continue
			}
			n++
			if _, ok := elsewhere[fn.Name.Name]; !ok && !listed(fn.Name.Name) {
				t.Errorf("%s makes a node and is in no case", fn.Name.Name)
			}
		}
	}
	if n < 80 {
		t.Errorf("only %d functions were looked at", n)
	}
}
