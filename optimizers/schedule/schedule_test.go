package schedule

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"descent/internal/golden"
	"descent/internal/spec"
)

// ulps is the distance of two numbers in units of the last place.
func ulps(a, b float64) float64 {
	if a == b {
		return 0
	}
	m := max(math.Abs(a), math.Abs(b))
	return math.Abs(a-b) / (math.Nextafter(m, math.Inf(1)) - m)
}

func compareRates(t *testing.T, name string, s Schedule, want []float64) {
	t.Helper()
	rates := Rates(s)
	for i, w := range want {
		for _, got := range []float64{s.At(i), rates(i)} {
			if ulps(got, w) > 1 && math.Abs(got-w) > 1e-17 {
				t.Errorf("%s, step %d: %v, want %v", name, i, got, w)
			}
		}
	}
}

// parsed is the schedule of a text.
func parsed(text string) (Schedule, error) {
	s, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return s.Schedule(), nil
}

func TestTorchSchedules(t *testing.T) {
	var gold struct {
		Schedules map[string][]float64
		Plateau   struct{ Metrics, LR []float64 }
	}
	golden.Read(t, "../testdata/torch_optim_bit_exact.json", &gold)
	ours := map[string]Schedule{
		"LambdaLR(0.95**e)":                             Lambda(func(t int) float64 { return 0.5 * pow(0.95, float64(t)) }),
		"MultiplicativeLR(0.95)":                        Multiplicative{0.5, func(int) float64 { return 0.95 }},
		"MultiStepLR([5,20],0.1)":                       MultiStep(0.5, 0.1, 5, 20),
		"ConstantLR(1/3,5)":                             ConstantSchedule{0.5, 1.0 / 3, 5},
		"LinearLR(0.1,0.9,12)":                          Linear(0.5, 0.1, 0.9, 12),
		"ExponentialLR(0.9)":                            Exponential(0.5, 0.9),
		"CosineAnnealingLR(20,0.01)":                    CosineSchedule{LR: 0.5, Steps: 20, Final: 0.01, Periodic: true},
		"CosineAnnealingWarmRestarts(5,2,0.01)":         RestartsSchedule{0.5, 5, 2, 0.01},
		"OneCycleLR(max=1,total=40,linear,three_phase)": OneCycleSchedule{LR: 1, Steps: 40, Rise: 0.3, Div: 25, FinalDiv: 1e4, Linear: true, Three: true},
		"CyclicLR(0.1,1,step_up=4,triangular2)":         CyclicSchedule{1, 0.1, 4, 4, "triangular2", 1},
	}
	for name, want := range gold.Schedules {
		if ours[name] == nil {
			t.Errorf("no schedule for %s", name)
			continue
		}
		compareRates(t, name, ours[name], want)
	}
	var extra struct{ Schedules map[string]golden.Hexes }
	golden.Read(t, "../testdata/torch_extra.json", &extra)
	for text, want := range extra.Schedules {
		s, err := parsed(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		compareRates(t, text, s, want.Floats(t))
	}
}

// shown returns the rates after each step at whose end the metric is shown.
func shown(s Schedule, larger bool, metrics ...float64) (rates []float64) {
	c := Start(s, larger)
	for i, m := range metrics {
		c.Watch(i, m)
		rates = append(rates, c.Rate(i+1))
	}
	return rates
}

func TestTorchPlateau(t *testing.T) {
	var gold struct {
		Schedules map[string][]float64
		Plateau   struct{ Metrics, LR []float64 }
	}
	golden.Read(t, "../testdata/torch_optim_bit_exact.json", &gold)
	p := Plateau(0.5)
	p.Factor, p.Patience, p.Cooldown, p.Threshold = 0.5, 2, 1, 0.01
	for i, got := range shown(p, false, gold.Plateau.Metrics...) {
		if got != gold.Plateau.LR[i] {
			t.Errorf("metric %d: %v, want %v", i, got, gold.Plateau.LR[i])
		}
	}
	if shown(Plateau(1), false, math.NaN())[0] != 1 {
		t.Error("one NaN lowers the rate")
	}
}

// What is not PyTorch's is held against its formula.
func TestOtherSchedules(t *testing.T) {
	for _, c := range []struct {
		text string
		want map[int]float64
	}{
		{"cosine(lr=0.1, steps=1000, warmup=100)", map[int]float64{0: 0, 50: 0.05, 100: 0.1, 550: 0.05, 1000: 0, 2000: 0}},
		{"cosine(lr=1, steps=100, final=0.25)", map[int]float64{0: 1, 50: 0.625, 100: 0.25, 300: 0.25}},
		{"warmup(lr=2, steps=4, start=0.5)", map[int]float64{0: 1, 2: 1.5, 4: 2, 9: 2}},
		{"inverse_sqrt(lr=1, warmup=4)", map[int]float64{0: 0.25, 3: 1, 15: 0.5}},
		{"inverse_time(lr=1, decay=1, steps=10)", map[int]float64{0: 1, 10: 0.5, 30: 0.25}},
		{"wsd(lr=1, steps=100, warmup=10, decay=20, final=0.5)", map[int]float64{0: 0, 5: 0.5, 10: 1, 80: 1, 90: 0.75, 100: 0.5, 200: 0.5}},
		{"linear(lr=1, start=0, end=1, steps=4)", map[int]float64{0: 0, 1: 0.25, 4: 1, 8: 1}},
		{"inverse_time(lr=1, decay=1) | warmup(steps=2)", map[int]float64{0: 0, 1: 0.25, 3: 0.25}},
	} {
		s, err := parsed(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for step, want := range c.want {
			for _, got := range []float64{s.At(step), Rates(s)(step)} {
				if math.Abs(got-want) > 1e-12 {
					t.Errorf("%s, step %d: %v, want %v", c.text, step, got, want)
				}
			}
		}
	}
}

func TestScheduleText(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if got := Format(e.New()); got != e.Name {
			t.Errorf("%s prints as %s", e.Name, got)
		}
		for _, s := range e.All() {
			if s.Doc == "" || e.Doc == "" || e.Fails == "" {
				t.Errorf("%s: %s lacks help", e.Name, s.Name)
			}
			scheduleSettingCounts(t, e, s)
		}
	}
	for _, text := range []string{"multistep(at=[5, 20], factor=0.5)", "cosine(lr=0.1, warmup=3) > 100: constant(lr=0.2) | warmup(steps=7)"} {
		s, err := parsed(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := Format(s); got != text {
			t.Errorf("%s prints as %s", text, got)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"cosin", `did you mean "cosine"?`}, {"cosine(step=3)", `did you mean "steps"?`}, {"cosine(lr=-1)", "not in [0,inf)"},
		{"cyclic(mode=saw)", "mode=saw is unknown"}, {"cosine > constant", "step number"}, {"multistep(at=5)", "is not a list"}, {"", "name is missing"},
		{"constant(steps=2.5)", "is not a whole number"}, {"constant > 5: constant > 5: constant", "larger"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}

// scheduleVariants returns a schedule before and after one of its settings
// changes.
func scheduleVariants(t *testing.T, e *Entry, s spec.Setting) (before, after Schedule) {
	t.Helper()
	needs := map[string]string{"constant.factor": "steps=3, ", "constant.steps": "factor=0.5, ", "cyclic.decay": "mode=exp, "}[e.Name+"."+s.Name]
	values := map[string]string{"cyclic.mode": "triangular2", "multistep.at": "[3]", "cyclic.decay": "0.9", "onecycle.div": "5", "onecycle.final_div": "5", "wsd.warmup": "50"}
	before, err := parsed(e.Name + "(" + strings.TrimSuffix(needs, ", ") + ")")
	if err != nil {
		t.Fatal(err)
	}
	after, err = parsed(e.Name + "(" + needs + s.Name + "=" + golden.Changed(e.Name, s, values) + ")")
	if err != nil {
		t.Fatal(err)
	}
	return before, after
}

// scheduleSettingCounts fails if the setting, changed alone, changes no rate.
func scheduleSettingCounts(t *testing.T, e *Entry, s spec.Setting) {
	t.Helper()
	before, after := scheduleVariants(t, e, s)
	var a, b []float64
	x, y := Start(before, false), Start(after, false)
	for i := range 150 {
		a, b = append(a, x.Rate(i)), append(b, y.Rate(i))
		metric := 0.01 - 5e-6*float64(min(i, 60)) // by more than a part of itself, less than a ten thousandth
		x.Watch(i, metric)
		y.Watch(i, metric)
	}
	if reflect.DeepEqual(a, b) {
		t.Errorf("%v and %v are the same", before, after)
	}
}

// A schedule that must know the last step is told it.
func TestScheduleForARun(t *testing.T) {
	for text, want := range map[string]string{
		"cosine": "cosine(steps=50)", "linear": "linear(steps=50)", "cosine(steps=20)": "cosine(steps=20)", "constant": "constant", "wsd | warmup(steps=5)": "wsd(steps=50) | warmup(steps=5)",
		"warmup(steps=10) > 10: polynomial": "warmup(steps=10) > 10: polynomial(steps=40)", "onecycle(div=5)": "onecycle(steps=50, div=5)",
	} {
		spec, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if s := spec.For(50); Format(s) != want {
			t.Errorf("%s: %v, %v, want %s", text, s, err, want)
		}
	}
}

// No float counts the steps.
func TestStepsBeyondFloat32(t *testing.T) {
	for _, s := range []Schedule{InverseSqrt(1, 10), InverseTime(1, 1e-3)} {
		if a, b := s.At(1<<25), s.At(1<<25+1); a == b || math.IsNaN(a) {
			t.Errorf("%v is %v at two steps beyond 2²⁴", s, a)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("warmup(lr=0.1, steps=100) > 100: cosine | step(every=2)")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parsed(text)
		if err != nil {
			return
		}
		again, err := parsed(Format(s))
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("%q prints as %q, %v", text, s, err)
		}
		s.At(3)
	})
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]int{
		"cosine": 0, "constant": 0, "plateau(patience=3)": 0, "exponential(factor=0.9)": 0, "cosine(steps=50)": 50, "cosine(steps=200, warmup=20)": 200, "warmup(steps=30) | cosine": 60,
		"warmup(steps=30) | cosine(steps=300)": 300, "step(every=500)": 1000, "multistep(at=[10, 40, 20])": 80, "cyclic(up=20, down=30)": 60,
		"warmup(lr=0.1, steps=100) > 100: constant(lr=0.1) > 900: polynomial(lr=0.1, steps=100)": 1000, "constant > 70: constant(lr=0.1)": 140,
	} {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Span(); got != want {
			t.Errorf("%s: %d steps, want %d", text, got, want)
		}
	}
}

// A product in a product, such as that of a text and a rate, is computed as its parts.
func TestProductOfProducts(t *testing.T) {
	inner := Product{Warmup(1, 10), Cosine(1, 100)}
	rate := Rates(Product{inner, Constant(0.5)})
	for step := range 30 {
		if got, want := rate(step), 0.5*inner[0].At(step)*inner[1].At(step); math.Abs(got-want) > 1e-15 {
			t.Fatalf("step %d: %v, want %v", step, got, want)
		}
	}
}
