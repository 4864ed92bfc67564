package schedule

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/spec"
)

// rates has every schedule as its formula says, in closed form where ours is a
// recurrence; a test fails without it.
var rates = map[string]func(v settings, t float64) float64{
	"plateau": func(settings, float64) float64 { return 1 }, // nobody shows it a metric
	"constant": func(v settings, t float64) float64 {
		if t < v.n("steps") {
			return v.n("factor")
		}
		return 1
	},
	"linear": func(v settings, t float64) float64 {
		return v.n("start") + (v.n("end")-v.n("start"))*math.Min(1, t/v.n("steps"))
	},
	"exponential": func(v settings, t float64) float64 { return math.Pow(v.n("factor"), t) },
	"step":        func(v settings, t float64) float64 { return math.Pow(v.n("factor"), math.Floor(t/v.n("every"))) },
	"multistep": func(v settings, t float64) float64 {
		x := 1.0
		for _, at := range v["at"].([]float64) {
			if t >= at {
				x *= v.n("factor")
			}
		}
		return x
	},
	"polynomial": func(v settings, t float64) float64 {
		return math.Pow(math.Max(0, 1-t/v.n("steps")), v.n("power"))
	},
	"cosine": func(v settings, t float64) float64 {
		if t < v.n("warmup") {
			return t / v.n("warmup")
		}
		part := (t - v.n("warmup")) / (v.n("steps") - v.n("warmup"))
		if !v["periodic"].(bool) {
			part = math.Min(1, part)
		}
		return half(1, v.n("final")/v.n("lr"), part)
	},
	"restarts": func(v settings, t float64) float64 {
		n := v.n("steps")
		for t >= n {
			t, n = t-n, n*v.n("growth")
		}
		return half(1, v.n("final")/v.n("lr"), t/n)
	},
	"onecycle": func(v settings, t float64) float64 {
		between := half
		if v["linear"].(bool) {
			between = func(a, b, part float64) float64 { return a + (b-a)*part }
		}
		first, end, top := 1/v.n("div"), v.n("steps")-1, v.n("rise")*v.n("steps")-1
		last := first / v.n("final_div")
		t = math.Min(t, end)
		switch down := 2*v.n("rise")*v.n("steps") - 2; {
		case t <= top:
			return between(first, 1, t/top)
		case !v["three"].(bool):
			return between(1, last, (t-top)/(end-top))
		case t <= down:
			return between(1, first, (t-top)/(down-top))
		default:
			return between(first, last, (t-down)/(end-down))
		}
	},
	"cyclic": func(v settings, t float64) float64 {
		period := v.n("up") + v.n("down")
		cycle, at := math.Floor(t/period), math.Mod(t, period)
		height := at / v.n("up")
		if at > v.n("up") {
			height = (period - at) / v.n("down")
		}
		switch v["mode"] {
		case "triangular2":
			height *= math.Pow(0.5, cycle)
		case "exp":
			height *= math.Pow(v.n("decay"), t)
		}
		low := v.n("low") / v.n("lr")
		return low + (1-low)*height
	},
	"warmup": func(v settings, t float64) float64 {
		return v.n("start") + (1-v.n("start"))*math.Min(1, t/v.n("steps"))
	},
	"inverse_sqrt": func(v settings, t float64) float64 {
		if t+1 < v.n("warmup") {
			return (t + 1) / v.n("warmup")
		}
		return math.Sqrt(v.n("warmup") / (t + 1))
	},
	"inverse_time": func(v settings, t float64) float64 { return 1 / (1 + v.n("decay")*t/v.n("steps")) },
	"wsd": func(v settings, t float64) float64 {
		rate := 1.0
		if t < v.n("warmup") {
			rate = t / v.n("warmup")
		}
		if fall := t - (v.n("steps") - v.n("decay")); fall > 0 {
			rate += (v.n("final")/v.n("lr") - rate) * math.Min(1, fall/v.n("decay"))
		}
		return rate
	},
}

// half goes from a to b along half a cosine.
func half(a, b, part float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*part))/2 }

// settings are those of a schedule by name.
type settings map[string]spec.Value

func (v settings) n(name string) float64 { return v[name].(float64) }

func settingsOf(s Schedule) settings {
	v := settings{}
	for _, f := range spec.Fields(s) {
		v[f.Name] = f.Default
	}
	return v
}

// follows compares a schedule with its formula, in order, at random and from the
// start again.
func follows(t *testing.T, name string, s Schedule) {
	t.Helper()
	f, v, inOrder := rates[name], settingsOf(s), Rates(s)
	for step := range 260 {
		want := v.n("lr") * f(v, float64(step))
		for _, got := range []float64{s.At(step), inOrder(step)} {
			if !(math.Abs(got-want) <= 1e-11*v.n("lr")) {
				t.Errorf("%v, step %d: %v, want %v", s, step, got, want)
				return
			}
		}
	}
	if got, want := inOrder(7), s.At(7); got != want {
		t.Errorf("%v: after 260 steps, step 7 is %v, was %v", s, got, want)
	}
}

func TestSchedulesAgainstFormulas(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if rates[e.Name] == nil {
			t.Errorf("%s has no formula: add it to rates", e.Name)
			continue
		}
		follows(t, e.Name, e.New())
		for _, s := range e.All() {
			before, after := scheduleVariants(t, e, s)
			follows(t, e.Name, before)
			follows(t, e.Name, after)
		}
	}
	if s, err := parsed("onecycle(steps=10, rise=0.1)"); err != nil || s.At(0) != 1 {
		t.Errorf("a cycle without steps that rise starts at %v, %v", s.At(0), err)
	}
	for _, text := range []string{"cosine(steps=7)", "cosine(steps=30, warmup=4)", "polynomial(steps=9)", "linear(end=0, steps=9)"} {
		s, err := parsed(text)
		if err != nil {
			t.Fatal(err)
		}
		if end := s.At(30); end != 0 {
			t.Errorf("%s ends at %v, not at 0", text, end)
		}
	}
	if len(rates) != len(Table) {
		t.Errorf("%d formulas for %d schedules", len(rates), len(Table))
	}
	for _, text := range []string{"cosine(lr=0.3, steps=40, warmup=7, final=0.02)", "cosine(lr=0.3, steps=9, warmup=3, periodic=true)", "linear(lr=2, start=0.2, end=0.7, steps=9)",
		"linear(lr=2, start=0, end=1, steps=9)", "linear(lr=2, start=0, end=0.6, steps=9)", "polynomial(lr=2, steps=30, power=2.5)", "onecycle(lr=0.5, steps=50, three=true, linear=true)",
		"onecycle(lr=0.5, steps=50, rise=0.4, three=true)", "cyclic(lr=2, low=0.5, up=7, down=3, mode=triangular2)", "cyclic(lr=2, low=0.5, up=3, down=7, mode=exp, decay=0.97)",
		"multistep(lr=2, at=[3, 3, 9], factor=0.5)", "wsd(lr=0.4, steps=90, warmup=0, decay=30, final=0.1)", "restarts(lr=2, steps=5, growth=3, final=0.1)", "step(lr=3, every=7, factor=0.5)"} {
		s, err := parsed(text)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(text, "(")
		follows(t, name, s)
	}
}

// A product multiplies what its schedules are, and a sequence begins each anew.
func TestProductsAndSequences(t *testing.T) {
	for _, c := range []struct {
		text  string
		parts []string
		from  []int // of the parts of a sequence; nil is a product
	}{
		{"exponential(lr=0.5, factor=0.9) | constant(factor=0.2, steps=4)", []string{"exponential(lr=0.5, factor=0.9)", "constant(factor=0.2, steps=4)"}, nil},
		{"step(lr=2, every=3) | exponential(factor=0.8) | linear(start=0.5, end=1, steps=9)", []string{"step(lr=2, every=3)", "exponential(factor=0.8)", "linear(start=0.5, end=1, steps=9)"}, nil},
		{"cosine(lr=0.5, steps=30) | warmup(steps=6)", []string{"cosine(lr=0.5, steps=30)", "warmup(steps=6)"}, nil},
		{"exponential(lr=0.5, factor=0.9) | constant(lr=3)", []string{"exponential(lr=0.5, factor=0.9)", "constant(lr=3)"}, nil},
		{"cosine(lr=0.5, steps=50, periodic=true) | exponential(factor=0.9)", []string{"cosine(lr=0.5, steps=50)", "exponential(factor=0.9)"}, nil},
		{"cosine(lr=0.5, steps=50, final=0.1) | exponential(factor=0.9)", []string{"cosine(lr=0.5, steps=50, final=0.1)", "exponential(factor=0.9)"}, nil},
		{"cosine(lr=0.5, steps=50, final=0.1, periodic=true) | exponential(factor=0.9)", []string{"cosine(lr=0.5, steps=50, final=0.1)", "exponential(factor=0.9)"}, nil},
		{"exponential(factor=0.9) | cosine(lr=0.5, steps=50, warmup=5, periodic=true)", []string{"cosine(lr=0.5, steps=50, warmup=5)", "exponential(factor=0.9)"}, nil},
		{"exponential(factor=0.9) | linear(lr=0.5, start=0, end=1, steps=9)", []string{"linear(lr=0.5, start=0, end=1, steps=9)", "exponential(factor=0.9)"}, nil},
		{"warmup(lr=0.5, steps=10) > 10: exponential(lr=0.5, factor=0.9) > 20: constant(lr=0.1)",
			[]string{"warmup(lr=0.5, steps=10)", "exponential(lr=0.5, factor=0.9)", "constant(lr=0.1)"}, []int{0, 10, 20}},
	} {
		whole, err := parsed(c.text)
		if err != nil {
			t.Fatal(err)
		}
		inOrder := Rates(whole)
		for step := range 40 {
			want := 1.0
			for i, text := range c.parts {
				s, err := parsed(text)
				if err != nil {
					t.Fatal(err)
				}
				switch at := step; {
				case c.from == nil:
					want *= s.At(at)
				case at >= c.from[i]:
					want = s.At(at - c.from[i])
				}
			}
			for _, got := range []float64{whole.At(step), inOrder(step)} {
				if math.Abs(got-want) > 1e-12 {
					t.Errorf("%s, step %d: %v, want %v", c.text, step, got, want)
				}
			}
		}
	}
}

// Plateau in every mode: the metrics and the rates that follow, by hand.
func TestPlateauModes(t *testing.T) {
	for _, c := range []struct {
		set     func(p *PlateauSchedule)
		larger  bool
		metrics []float64
		want    []float64
	}{
		{func(p *PlateauSchedule) {}, false, []float64{10, 9, 9, 9, 9}, []float64{1, 1, 1, 0.5, 0.5}},
		{func(p *PlateauSchedule) { p.Patience = 0 }, false, []float64{10, 9.95, 9.85, 9.85}, []float64{1, 0.5, 0.5, 0.25}},
		{func(p *PlateauSchedule) { p.Absolute, p.Threshold = true, 0.1 }, false, []float64{10, 9.95, 9.92, 9.85}, []float64{1, 1, 0.5, 0.5}},
		{func(p *PlateauSchedule) {}, true, []float64{10, 11, 11.1, 11.1, 12.2}, []float64{1, 1, 1, 0.5, 0.5}},
		{func(p *PlateauSchedule) { p.Absolute, p.Threshold = true, 0.1 }, true, []float64{10, 10.05, 10.2, 10.2, 10.29}, []float64{1, 1, 1, 1, 0.5}},
		{func(p *PlateauSchedule) { p.Cooldown, p.Patience = 2, 0 }, false, []float64{1, 1, 1, 1, 1, 1}, []float64{1, 0.5, 0.5, 0.5, 0.25, 0.25}},
		{func(p *PlateauSchedule) { p.Least, p.Patience = 0.4, 0 }, false, []float64{1, 1, 1, 1}, []float64{1, 0.5, 0.4, 0.4}},
		{func(p *PlateauSchedule) { p.Threshold = 0.5 }, false, []float64{10, 6, 4.9, 4, 4}, []float64{1, 1, 1, 1, 0.5}},
		// Just the threshold is no improvement, and a fall of next to nothing none.
		{func(p *PlateauSchedule) { p.Threshold, p.Patience = 0.5, 0 }, false, []float64{8, 4}, []float64{1, 0.5}},
		{func(p *PlateauSchedule) { p.Threshold, p.Patience = 0.5, 0 }, true, []float64{8, 12}, []float64{1, 0.5}},
		{func(p *PlateauSchedule) { p.Threshold, p.Patience, p.Absolute = 0.5, 0, true }, false, []float64{8, 7.5}, []float64{1, 0.5}},
		{func(p *PlateauSchedule) { p.Threshold, p.Patience, p.Absolute = 0.5, 0, true }, true, []float64{8, 8.5}, []float64{1, 0.5}},
		{func(p *PlateauSchedule) { p.LR, p.Patience = 1e-9, 0 }, false, []float64{1, 1, 1}, []float64{1e-9, 1e-9, 1e-9}},
	} {
		p := Plateau(1)
		p.Factor, p.Patience, p.Threshold = 0.5, 1, 0.01
		c.set(&p)
		if got := shown(p, c.larger, c.metrics...); !slices.Equal(got, c.want) {
			t.Errorf("%+v of %v, larger %v: %v, want %v", p, c.metrics, c.larger, got, c.want)
		}
	}
}

// A plateau multiplies, waits for its phase, and counts no metric of another.
func TestPlateauAmongOthers(t *testing.T) {
	stuck := []float64{1, 1, 1, 1, 1, 1}
	for text, want := range map[string][]float64{
		"plateau(patience=0, factor=0.5) | constant(lr=4)":                {4, 2, 1, 0.5, 0.25, 0.125},
		"plateau(patience=0, factor=0.5) | warmup(steps=4)":               {0.25, 0.25, 0.1875, 0.125, 0.0625, 0.03125},
		"constant > 3: plateau(patience=0, factor=0.5)":                   {1, 1, 1, 1, 0.5, 0.25},
		"plateau(patience=0, factor=0.5) > 3: constant(lr=3)":             {1, 0.5, 3, 3, 3, 3},
		"plateau(patience=1, factor=0.5) | plateau(patience=2, factor=0)": {1, 1, 0.5, 0, 0, 0},
	} {
		s, err := parsed(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(s, false, stuck...); !slices.Equal(got, want) || !Start(s, false).Watches() {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if s, _ := parsed("cosine | warmup > 9: constant"); Start(s, false).Watches() {
		t.Error("no plateau, and it watches")
	}
}

// scheduleDefaults are the settings that a schedule has when none is given.
var scheduleDefaults = map[string]string{
	"constant":     "lr=1 factor=1 steps=0",
	"linear":       "lr=1 start=1 end=0 steps=100",
	"exponential":  "lr=1 factor=0.99",
	"step":         "lr=1 every=30 factor=0.1",
	"multistep":    "lr=1 at=[30, 60, 90] factor=0.1",
	"polynomial":   "lr=1 steps=100 power=1",
	"cosine":       "lr=1 steps=100 warmup=0 final=0 periodic=false",
	"restarts":     "lr=1 steps=10 growth=1 final=0",
	"onecycle":     "lr=1 steps=100 rise=0.3 div=25 final_div=10000 linear=false three=false",
	"cyclic":       "lr=1 low=0.1 up=20 down=20 mode=triangular decay=1",
	"warmup":       "lr=1 steps=100 start=0",
	"inverse_sqrt": "lr=1 warmup=100",
	"inverse_time": "lr=1 decay=0.01 steps=1",
	"plateau":      "lr=1 factor=0.1 patience=10 threshold=0.0001 absolute=false cooldown=0 least=0",
	"wsd":          "lr=1 steps=100 warmup=10 decay=10 final=0",
}

func TestScheduleDefaults(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		var got []string
		for _, f := range spec.Fields(e.New()) {
			got = append(got, f.Name+"="+spec.Format(f.Default))
		}
		if want := scheduleDefaults[e.Name]; strings.Join(got, " ") != want {
			t.Errorf("%s has the defaults %q, want %q", e.Name, strings.Join(got, " "), want)
		}
	}
}

// Only schedules that must know the last step are told it.
func TestWhoIsToldTheEnd(t *testing.T) {
	told := map[string]bool{"linear": true, "polynomial": true, "cosine": true, "onecycle": true, "wsd": true}
	for i := range Table {
		if e := &Table[i]; e.Ends != told[e.Name] {
			t.Errorf("%s is told the last step: %v", e.Name, e.Ends)
		}
	}
}
