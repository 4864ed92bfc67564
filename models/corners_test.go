package models_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/spec"
	"descent/models"
	"descent/ops"
)

// Each initialiser draws from the interval, or with the deviation, of its
// paper: the numbers of the plain initialiser, which stay in their interval and
// fill it.
func TestInitsExactly(t *testing.T) {
	root := math.Sqrt
	for _, c := range []struct {
		dims    []int
		in, out float64
	}{{[]int{60, 40}, 60, 40}, {[]int{7}, 7, 7}, {[]int{2, 3, 5}, 15, 10}, {[]int{4, 3, 2, 5}, 30, 40}, {nil, 1, 1}} {
		for name, want := range map[string]graph.Init{
			"glorot": models.Uniform(root(6 / (c.in + c.out))), "glorot_normal": models.Normal(root(2 / (c.in + c.out))),
			"he": models.Uniform(root(6 / c.in)), "he_normal": models.Normal(root(2 / c.in)),
			"lecun": models.Uniform(root(3 / c.in)), "lecun_normal": models.Normal(root(1 / c.in)),
			"uniform": models.Uniform(0.05), "normal": models.Normal(0.05),
		} {
			s := graph.Dims(c.dims...)
			got, plain := make([]float64, s.Size()), make([]float64, s.Size())
			for _, i := range models.Inits {
				if i.Name == name {
					i.Init(rand.New(rand.NewPCG(1, 2)), s, got)
				}
			}
			want(rand.New(rand.NewPCG(1, 2)), s, plain)
			if !slices.Equal(got, plain) {
				t.Errorf("%s of %v begins %v, want %v", name, c.dims, got[0], plain[0])
			}
		}
	}
	w := make([]float64, 1e6)
	models.Uniform(2)(rand.New(rand.NewPCG(1, 2)), graph.Dims(len(w)), w)
	if lo, hi := slices.Min(w), slices.Max(w); lo < -2 || hi >= 2 || lo > -1.9999 || hi < 1.9999 {
		t.Errorf("from %v to %v, want -2 to 2", lo, hi)
	}
}

// Dropout counts its batches from 0, one by one.
func TestDropoutCounts(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	y := models.Dropout(0.5)(g.Param("x", graph.Fill(1), 4, 3))
	p, err := graph.Function{Outputs: []*graph.Node{y}, Updates: g.Kept()}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	batch := g.Store().Lookup("dropout.batch")
	for want := range 4 {
		if got := batch.Float64s()[0]; got != float64(want) {
			t.Errorf("batch %d is counted as %v", want, got)
		}
		p.Run()
	}
}

// The models that are functions are what their names say, and one unit, one row
// and one feature are enough.
func TestSmallModels(t *testing.T) {
	for _, c := range []struct {
		name    string
		model   models.Layer
		rows    int
		width   int
		weights int
	}{
		{"linear", models.Linear(), 3, 1, 5}, {"logistic", models.Logistic(), 3, 1, 5}, {"softmax", models.Softmax(3), 2, 3, 15},
		{"one unit", models.Dense(1), 1, 1, 5}, {"mlp", models.MLP(ops.Tanh, 3, 2), 2, 2, 23}, {"batch norm of one row", models.BatchNorm(0.1), 1, 4, 8},
	} {
		g := graph.New(graph.Float64, 1)
		y := c.model(g.Param("x", graph.Fill(0.5), c.rows, 4))
		out := values(t, y, graph.Function{Updates: g.Kept()})
		n := 0
		for _, v := range g.Params() {
			if v.Name() != "x" {
				n += v.Shape().Size()
			}
		}
		if y.Shape() != graph.Dims(c.rows, c.width) || n != c.weights || math.IsNaN(out[0]) {
			t.Errorf("%s: %v with %d weights gives %v, want %d columns and %d weights", c.name, y.Shape(), n, out, c.width, c.weights)
		}
		if v := g.Store().Lookup("batchnorm.var"); v != nil && v.Float64s()[0] != 1 {
			t.Errorf("one row moves the running variance to %v", v.Float64s())
		}
	}
	if err := graph.Mistakes(models.MLP(nil, 3)(graph.New(graph.Float64, 1).Input("x", 1, 2))); err == nil || !strings.Contains(err.Error(), "ops.ReLU is one") {
		t.Errorf("without an activation: %v", err)
	}
}

// The activation of MLP stands between its layers only.
func TestMLPEndsWithItsLastLayer(t *testing.T) {
	calls := 0
	act := func(x *graph.Node) *graph.Node { calls++; return ops.Tanh(x) }
	models.MLP(act, 3, 4, 2)(graph.New(graph.Float64, 1).Input("x", 1, 2))
	if calls != 2 {
		t.Errorf("three layers have %d activations between them", calls)
	}
}

// What a text says beside its layers: the loss, the layers alone, itself as
// text; and dropout, which mlp puts after each activation.
func TestSpecBeside(t *testing.T) {
	for text, loss := range map[string]string{"logistic": "bce_logits", "linear": "", "mlp(3)": "", "dense(2) | tanh": ""} {
		if s, err := models.Parse(text); err != nil || s.Loss() != loss {
			t.Errorf("%s asks for the loss %q, %v, want %q", text, s.Loss(), err, loss)
		}
	}
	var s models.Spec
	if s.Loss() != "" || s.String() != "linear" {
		t.Errorf("the zero Spec is %v, %q", s, s.Loss())
	}
	if err := s.UnmarshalText([]byte("mlp(3, dropout=0.5)")); err != nil || s.String() != "mlp(3, dropout=0.5)" {
		t.Fatal(s, err)
	}
	if s.UnmarshalText([]byte("mlp(")) == nil {
		t.Error("a model that is none is read")
	}
	if err := s.UnmarshalText([]byte("dense(3) | mlp(5, dropout=0.5)")); err != nil {
		t.Fatal(err)
	}
	layers, err := s.Layer()
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	y := layers(g.Input("x", 2, 4))
	if y.Shape() != graph.Dims(2, 5) || g.Store().Lookup("dropout.batch") == nil {
		t.Errorf("the layers alone give %v; dropout is there: %v", y.Shape(), g.Store().Lookup("dropout.batch") != nil)
	}
	if n, err := weights(s, 4, 2); err != nil || n != 4*3+3+3*5+5+5*2+2 {
		t.Errorf("%d weights, %v", n, err)
	}
}

// layerDefaults are the settings that a row has when none is given; activations
// without settings are left out.
const ofCells = " layers=1 bidirectional=false last=false bias=true init=glorot recurrent=orthogonal"

var layerDefaults = map[string]string{
	"mlp": "act=relu norm= init=glorot dropout=0", "dense": "init=glorot bias=true norm= steps=false", "embed": "rows=0 padding=-1 sd=1",
	"attention": "causal=false rotary=false bias=true", "transformer": "layers=1 hidden=0 causal=false rotary=false norm=pre act=gelu dropout=0", "position": "kind=learned",
	"gpt": "layers=1 hidden=0 position=learned dropout=0", "nanogpt": "width=64 layers=4 heads=4 dropout=0", "dropout": "rate=0.5", "batch_norm": "momentum=0.1 eps=1e-05 affine=true",
	"layer_norm": "axes=0 eps=1e-05 affine=true", "rms_norm": "axes=0 eps=1e-05 affine=true", "group_norm": "eps=1e-05 affine=true",
	"conv": "stride=[1] padding=same dilation=[1] groups=1 init=he bias=true norm=", "depthwise": "stride=[1] padding=same dilation=[1] multiplier=1 init=he bias=true norm=",
	"spatial_dropout": "rate=0.5", "gaussian_noise": "sd=0.1", "instance_norm": "eps=1e-05 affine=false",
	"conv_transpose": "stride=[1] padding=[0] output_padding=[0] dilation=[1] groups=1 init=he bias=true", "upsample": "scale= size= mode=nearest corners=false", "pad": "mode=zeros",
	"pool": "stride= padding=[0] ceil=false", "avg_pool": "stride= padding=[0] ceil=false inside=false", "adaptive_pool": "of=mean", "global_pool": "of=mean",
	"autoencoder": "act=relu encoder= decoder=", "vae": "act=relu encoder= decoder= beta=1",
	"residual": "skip=", "resnet": "depth=8 width=16",
	"rnn": "act=tanh" + ofCells, "lstm": "forget=1" + ofCells, "gru": strings.TrimSpace(ofCells), "leaky": "leak=0.1" + ofCells, "ode": "steps=10 time=1 method=rk4",
	"leaky_relu": "slope=0.01", "elu": "alpha=1",
}

func TestLayerDefaults(t *testing.T) {
	for _, row := range models.Table {
		var got []string
		for _, s := range row.Settings {
			switch {
			case s.Required:
			case s.Default == nil:
				got = append(got, s.Name+"=")
			default:
				got = append(got, s.Name+"="+spec.Format(s.Default))
			}
		}
		if text := strings.Join(got, " "); text != layerDefaults[row.Name] {
			t.Errorf("%s has the defaults %q, want %q", row.Name, text, layerDefaults[row.Name])
		}
	}
}

// A shared layer is listed again without its weights, what belongs to no layer
// by itself.
func TestSummaryOfOddModels(t *testing.T) {
	d := models.Dense(4)
	s, err := models.Summarize(func(x *graph.Node) *graph.Node {
		return ops.Mul(d(d(x)), x.Graph().Param("scale", graph.Fill(1), 4))
	}, 4)
	if err != nil {
		t.Fatal(err)
	}
	text := s.String()
	for _, want := range []string{"dense (Dense)", "dense (Dense, shared)", "scale (variable)", "Total params: 24 (trainable 24)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if len(s.Rows) != 3 || s.Rows[1].Params != 0 || s.Rows[2].Params != 4 {
		t.Errorf("%+v", s.Rows)
	}
	s, err = models.Summarize(models.Sequential(models.Freeze(d, models.BatchNorm(0.1)), models.Dense(2)), 4)
	if want := "(trainable 10, frozen 28, non-trainable 8)"; err != nil || s.Frozen != 28 || !s.Rows[0].Frozen || s.Rows[2].Frozen || !strings.Contains(s.String(), want) || !strings.Contains(s.String(), "dense (Dense, frozen)") {
		t.Errorf("%v\n%v", err, s)
	}
	if _, err := models.Summarize(d, 0); err == nil {
		t.Error("rows of no inputs are summarised")
	}
	if big, err := models.Summarize(models.Dense(1000), 1); err != nil || !strings.Contains(big.String(), "2,000") {
		t.Errorf("%v %v", big, err)
	}
}
