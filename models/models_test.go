package models_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"descent/graph"
	"descent/models"
	"descent/ops"
)

// Each initialiser gives the variance it promises.
func TestInits(t *testing.T) {
	s := graph.Dims(60, 40)
	want := map[string]float64{"glorot": 2.0 / 100, "glorot_normal": 2.0 / 100, "he": 2.0 / 60, "he_normal": 2.0 / 60,
		"lecun": 1.0 / 60, "lecun_normal": 1.0 / 60, "orthogonal": 1.0 / 60, "uniform": 0.0025 / 3, "normal": 0.0025, "zeros": 0}
	for _, i := range models.Inits {
		w := make([]float64, s.Size())
		i.Init(rand.New(rand.NewPCG(1, 2)), s, w)
		sum := 0.0
		for _, x := range w {
			sum += x * x
		}
		v, ok := want[i.Name]
		if got := sum / float64(len(w)); !ok || math.Abs(got-v) > 0.1*v {
			t.Errorf("%s: variance %v, want %v", i.Name, got, v)
		}
		i.Init(rand.New(rand.NewPCG(1, 2)), graph.Dims(0, 3), nil) // no elements, no panic
		i.Init(rand.New(rand.NewPCG(1, 2)), graph.Dims(), make([]float64, 1))
	}
}

func TestOrthogonal(t *testing.T) {
	for _, s := range []graph.Shape{graph.Dims(5, 8), graph.Dims(8, 5), graph.Dims(6, 6)} {
		in, out := s.Dim(0), s.Dim(1)
		w := make([]float64, s.Size())
		models.Orthogonal(2)(rand.New(rand.NewPCG(1, 2)), s, w)
		n, at := in, func(i, j int) float64 { return w[i*out+j] }
		if in > out {
			n, at = out, func(i, j int) float64 { return w[j*out+i] }
		}
		for i := range n {
			for k := range n {
				dot, want := 0.0, 0.0
				for j := range max(in, out) {
					dot += at(i, j) * at(k, j)
				}
				if i == k {
					want = 4
				}
				if math.Abs(dot-want) > 1e-14*4 {
					t.Errorf("%v: product of %d and %d is %v, want %v", s, i, k, dot, want)
				}
			}
		}
	}
}

// values compiles and runs a node of no inputs.
func values(t *testing.T, n *graph.Node, fn graph.Function) []float64 {
	t.Helper()
	fn.Outputs = []*graph.Node{n}
	p, err := fn.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return p.Float64s(n)
}

var rows = graph.From(1, 10, 2, 20, 6, 30, 7, 20)

func TestLayerNorm(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	y := values(t, models.LayerNorm()(g.Param("x", rows, 2, 4)), graph.Function{})
	for r := range 2 {
		mean, square := 0.0, 0.0
		for _, v := range y[4*r : 4*r+4] {
			mean += v / 4
			square += v * v / 4
		}
		if math.Abs(mean) > 1e-15 || math.Abs(square-1) > 1e-4 {
			t.Errorf("row %d has mean %v and mean square %v", r, mean, square)
		}
	}
}

// In training batch norm uses the batch and moves its running means, as
// PyTorch does; in evaluation it uses these.
func TestBatchNorm(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	y := values(t, models.BatchNorm(0.1)(g.Param("x", rows, 4, 2)), graph.Function{Updates: g.Kept()})
	for c, want := range []float64{-1.1766961, -1.4142132} { // (1-4)/√(6.5+1e-5), (10-20)/√(50+1e-5)
		if math.Abs(y[c]-want) > 1e-6 {
			t.Errorf("row 0, column %d is %v, want %v", c, y[c], want)
		}
	}
	mean, variance := g.Store().Lookup("batchnorm.mean").Float64s(), g.Store().Lookup("batchnorm.var").Float64s()
	for i, want := range []float64{0.4, 2, 0.9 + 0.1*26.0/3, 0.9 + 0.1*200.0/3} {
		if got := append(mean, variance...)[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("running statistic %d is %v, want %v", i, got, want)
		}
	}
	e := g.Sibling().Evaluation()
	y = values(t, models.BatchNorm(0.1)(e.Param("x", rows, 4, 2)), graph.Function{})
	if want := (1 - mean[0]) / math.Sqrt(variance[0]+1e-5); math.Abs(y[0]-want) > 1e-12 {
		t.Errorf("in evaluation %v, want %v", y[0], want)
	}
	if len(e.Kept()) != 0 {
		t.Error("evaluation changes the running means")
	}
}

// Dropout drops its share, keeps the mean, changes with the batch, and is
// absent in evaluation.
func TestDropout(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	ones := g.Param("x", graph.Fill(1), 100, 100)
	y := models.Dropout(0.3)(ones)
	p, err := graph.Function{Outputs: []*graph.Node{y}, Updates: g.Kept()}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	var runs [2][]float64
	for i := range runs {
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		runs[i] = p.Float64s(y)
		dropped := 0
		for _, v := range runs[i] {
			if v == 0 {
				dropped++
			} else if math.Abs(v-1/0.7) > 1e-6 {
				t.Fatalf("an element is %v", v)
			}
		}
		if dropped < 2850 || dropped > 3150 {
			t.Errorf("%d of 10000 dropped", dropped)
		}
	}
	if reflect.DeepEqual(runs[0], runs[1]) {
		t.Error("two batches have the same mask")
	}
	e := g.Sibling().Evaluation()
	x := e.Param("x", graph.Fill(1), 100, 100)
	if models.Dropout(0.3)(x) != x {
		t.Error("it acts in evaluation")
	}
}

func TestSpecs(t *testing.T) {
	for text, want := range map[string]string{
		"linear": "linear", " softmax ": "linear", "logistic": "linear", "mlp(64)": "mlp(64)", "mlp( 64 , 32 )": "mlp(64, 32)",
		"dense(64)|relu | Dropout(0.2)": "dense(64) | relu | dropout(rate=0.2)", "dense(5, bias=false) | elu(2) | dense(3)": "dense(5, bias=false) | elu(alpha=2) | dense(3)",
		"mlp(4) | layernorm": "mlp(4) | layer_norm", "batch_norm": "batch_norm",
		"mlp(8,act=tanh,dropout=0.2,norm=batch,init=he)": "mlp(8, act=tanh, norm=batch, init=he, dropout=0.2)",
	} {
		s, err := models.Parse(text)
		if err != nil || s.String() != want {
			t.Errorf("%q: %v, %v; want %v", text, s, err, want)
		}
		if again, err := models.Parse(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%q: printed as %v, read as %v", text, s, again)
		}
		g := graph.New(graph.Float32, 1)
		model, err := s.Build(3)
		if err != nil {
			t.Fatal(err)
		}
		if y := model(g.Input("x", 5, 4)); y.Err() != nil || y.Shape() != graph.Dims(5, 3) {
			t.Errorf("%q: %v, %v", text, y, y.Err())
		}
	}
	for text, want := range map[string]string{
		"":                   "a name is missing",
		"mpl(3)":             `did you mean "mlp"`,
		"mlp":                "units is missing, as in mlp(64)",
		"mlp()":              "units is missing",
		"mlp(3":              "closing bracket",
		"mlp(0)":             "units[0]=0 is not in [1,1048576]",
		"mlp(1.5)":           "is not a list of whole numbers",
		"mlp(act=relu)":      "units is missing",
		"mlp(3,act=rleu)":    `did you mean "relu"`,
		"mlp(3,drop=1)":      "has no setting",
		"mlp(3,dropout=1)":   "not in [0,1)",
		"mlp(3,dropout=NaN)": "not in [0,1)",
		"mlp(3,norm=x)":      "layer, batch",
		"mlp(9999999999)":    "is not in",
		"linear(3)":          "no settings",
		"linear | relu":      "stand alone",
		"relu | softmax":     "stand alone",
		"dense(8) | rlu":     `did you mean "relu"`,
		"dense":              "units is missing",
	} {
		if s, err := models.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, s, err, want)
		}
	}
}

// weights counts what training changes of a model for rows of so many numbers.
func weights(s models.Spec, features, outputs int) (int, error) {
	_, sum, err := s.For([]int{features}, outputs)
	if err != nil {
		return 0, err
	}
	return sum.Trainable, nil
}

func TestWeights(t *testing.T) {
	s, err := models.Parse("mlp(8,5)")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := weights(s, 4, 3); err != nil || got != 4*8+8+8*5+5+5*3+3 {
		t.Errorf("%v weights, %v", got, err)
	}
	// A million million weights are counted without memory for them.
	if s, err = models.Parse("mlp(1048576, 1048576)"); err != nil {
		t.Fatal(err)
	}
	if got, err := weights(s, 1000, 3); err != nil || got < 1<<40 {
		t.Errorf("%v weights, %v", got, err)
	}
	if s, err = models.Parse("dense(4) | relu | dense(5)"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Build(3); err == nil || !strings.Contains(err.Error(), "write dense(3)") {
		t.Error(err)
	}
}

// FuzzParse: whatever the text, there is a model that prints as it is read and
// is built, if it is small, for three outputs, or an error of one line.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"mlp(64,32,act=tanh,dropout=0.2)", "linear(", "dense(3) | relu | batch_norm | dropout(0.5) | elu(2)", "mlp(2, norm=batch)", "logistic", "softmax | relu", "dense(1e6)", "||", "conv(3, 2, padding=[0, 1]) | pool(2) | global_pool",
		"residual(conv(4, 3) | norm, skip=identity) | concat(flatten, dense(3) | relu)", "lenet", "resnet(8, 4)", "depthwise(3) | adaptive_pool([2, 3])"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := models.Parse(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		if again, err := models.Parse(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%q: printed as %v, read as %v, %v", text, s, again, err)
		}
		if n, err := weights(s, 4, 3); err == nil && n <= 0 {
			t.Errorf("%q has %d weights", text, n)
		}
	})
}

// A mistake is reported at the user's line.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	x := g.Input("x", 2, 3)
	for name, y := range map[string]*graph.Node{
		"units":   models.Dense(0)(x),
		"rank":    models.MLP(ops.ReLU, 3)(g.Input("v", 5)),
		"norm":    models.BatchNorm(0.1)(g.Input("w", 5)),
		"dropout": models.Dropout(2)(x),
	} {
		if err := graph.Mistakes(y); err == nil || !strings.HasPrefix(err.Error(), "models_test.go:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A layer that cannot take its input is named, with the input's shape and where in the
// text it is; also inside others, and in what is short for layers.
func TestMisfits(t *testing.T) {
	for text, want := range map[string]string{
		"conv(4, 3) | pool(9)":                 `model "conv(4, 3) | pool(9)": pool(9) (character 14), whose input is n x 4 x 8 x 8: a window of 9 elements does not fit in a length of 8`,
		"residual(conv(3, 3) | group_norm(2))": `group_norm(2) (character 23), whose input is n x 3 x 8 x 8: the channels of`,
		"dense(3) | conv(4, 3)":                "conv(4, 3) (character 12), whose input is n x 3: the input is",
		"conv(4, [3, 3, 3])":                   "conv(4, [3, 3, 3]) (character 1)",
		"conv(4, 3, groups=2)":                 "1 channels do not divide into 2 groups",
		"residual(conv(4, 3, padding=0))":      "say with skip what makes it fit",
		"residual(relu, skip=conv(2, 1))":      "what is added is 1x2x8x8",
		"concat(pool(2), identity)":            "concat(pool(2), identity) (character 1)",
		"resnet(9)":                            "depth=9 is not 6n+2, such as 8 or 14",
		"pool(3, padding=2)":                   "padding 2 is more than half of a window of 3",
		"é | conv(3)":                          `unknown layer "é"`,
		"conv(3, 3, padding=smae)":             `did you mean "same"?`,
		"adaptive_pool([2, 2, 2])":             "one for each of 2 axes",
	} {
		s, err := models.Parse(text)
		if err == nil {
			_, _, err = s.For([]int{8, 8}, 2)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), ".go:") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Names that are short for layers print as these, which are the same model.
func TestLong(t *testing.T) {
	for text, shape := range map[string][]int{"lenet": {28, 28}, "resnet(14, width=4)": {3, 8, 8}, "mlp(3, 2, norm=batch)": {4}, "dense(2) | mlp(3)": {4}} {
		s, err := models.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		long, err := models.Parse(s.Long())
		if err != nil || long.Long() != long.String() {
			t.Errorf("%s is short for %s, %v", text, s.Long(), err)
		}
		_, a, err1 := s.For(shape, 5)
		_, b, err2 := long.For(shape, 5)
		if err1 != nil || err2 != nil || a.String() != b.String() || a.Products == 0 {
			t.Errorf("%s: %v\n%v\n%v, %v", text, a, b, err1, err2)
		}
	}
}

// The numbers of LeNet-5 that everybody counts.
func TestLeNetIsCounted(t *testing.T) {
	s, err := models.Parse("lenet")
	if err != nil {
		t.Fatal(err)
	}
	_, sum, err := s.For([]int{28, 28}, 10)
	if err != nil || sum.Trainable != 61706 || sum.Products != 117600+240000+48000+10080+840 {
		t.Errorf("%v, %v", sum, err)
	}
}
