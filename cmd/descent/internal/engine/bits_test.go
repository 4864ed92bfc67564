package engine_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/cmd/descent/internal/engine"
	"descent/cmd/descent/internal/play"
	"descent/cmd/descent/internal/study"
	"descent/data"
	"descent/internal/numjson"
	"descent/lab"
	"descent/models"
	"descent/optimizers"
)

// asked are the subjects, and questions about them: those of the worker.
var asked = map[string]struct {
	engine.Subject
	questions func(rng *rand.Rand) []any
}{
	"play": {play.Answer, func(rng *rand.Rand) (all []any) {
		for range 200 {
			all = append(all, function(rng))
		}
		for range 20 {
			all = append(all, net(rng))
		}
		return all
	}},
	"lab": {lab.Answer, func(rng *rand.Rand) (all []any) {
		for _, e := range lab.Table() {
			all = append(all, lab.Question{Experiment: e.Name, Lang: "en"}, lab.Question{Experiment: e.Name, Lang: "zh", Set: moved(rng, e.Free)})
		}
		return all
	}},
	"verify": {study.Verify, func(rng *rand.Rand) (all []any) {
		for _, s := range studies() {
			all = append(all, struct{ Carried string }{report(&s)})
		}
		return all
	}},
	"try": {study.Try, func(rng *rand.Rand) (all []any) {
		for _, s := range studies() {
			carried := report(&s)
			for range 3 {
				all = append(all, study.Trial{Carried: carried, Optimizers: optimizersOf(rng, 3, rules()), Seeds: s.Seeds + rng.IntN(2)})
			}
		}
		return all
	}},
}

// studies are small ones, of an embedded set, of a file and of functions.
func studies() []study.Study {
	learner := func(name, model string) study.Net {
		spec, err := models.Parse(model)
		if err != nil {
			panic(err)
		}
		return study.Net{Data: name, Model: spec, Epochs: 3, Dtype: "float32", Options: data.Options{Fractions: data.Fractions{Val: 0.2, Test: 0.2}, Scaling: data.Standard}}
	}
	rows := learner("rows.csv", "mlp(4)")
	rows.Target = "price"
	rows.File = &study.File{Text: []byte("area,kind,price\n" + strings.Repeat("1.5,a,3.1\n2.5,b,7\n4,a,8.25\n3,b,9\n2,a,4.5\n", 12)), Options: data.CSVOptions{Name: rows.Data}}
	all := []study.Study{
		{Nets: []study.Net{learner("iris", "dense(8) | tanh")}},
		{Nets: []study.Net{rows}},
		{Suite: "classic", Budget: 20},
	}
	for i := range all {
		s := &all[i]
		s.Name, s.Optimizers, s.Seed, s.Seeds, s.Trials = "bits", []string{"sgd", "adam(lr=0.001..0.1, beta2=0.9..0.99)", "lbfgs"}, 3, 2, 2
	}
	return all
}

// report does a study, and returns what its page carries.
func report(s *study.Study) string {
	done, err := s.Bench()
	if err != nil {
		panic(err)
	}
	r, err := done.Run(context.Background())
	if err != nil {
		panic(err)
	}
	live, err := s.Live(nil, r)
	if err != nil {
		panic(err)
	}
	return live.Carried
}

// TestMain asks or answers questions in place of testing, where it is told to: the
// instruction set is a process's, also that of the results which a question carries.
func TestMain(m *testing.M) {
	say := func(text []byte) { fmt.Printf("%s\n", text) }
	switch about := os.Getenv("DESCENT_ABOUT"); os.Getenv("DESCENT_PART") {
	case "ask":
		for _, q := range asked[about].questions(rand.New(rand.NewPCG(1, 2))) {
			text, err := numjson.Marshal(q)
			if err != nil {
				panic(err)
			}
			say(text)
		}
	case "answer":
		in := bufio.NewScanner(os.Stdin)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			say(asked[about].Answer(context.Background(), in.Bytes(), say))
		}
	default:
		os.Exit(m.Run())
	}
}

// What the engine says in a page is what it says here, with portable instructions, character
// for character: every number, of which texts are the shortest that are read as it.
func TestBits(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("skipped: DESCENT_SLOW=1 puts questions to the engine of pages")
	}
	program, err := filepath.Abs("wasm/engine.wasm.gz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("skipped: ", engine.ErrNone)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: there is no node")
	}
	for about := range asked {
		t.Run(about, func(t *testing.T) {
			here := func(part string) *exec.Cmd {
				c := exec.CommandContext(t.Context(), os.Args[0])
				c.Env = append(os.Environ(), "DESCENT_ISA=portable", "GOMAXPROCS=1", "DESCENT_PART="+part, "DESCENT_ABOUT="+about) // one worker, as in a page
				return c
			}
			questions := answers(t, here("ask"), nil)
			lines := []byte(strings.Join(questions, "\n"))
			page := exec.CommandContext(t.Context(), "node", "testdata/answer.js", filepath.Join(filepath.Dir(program), "wasm_exec.js"), program, about)
			compare(t, questions, answers(t, here("answer"), lines), answers(t, page, lines))
		})
	}
}

func answers(t *testing.T, c *exec.Cmd, questions []byte) []string {
	t.Helper()
	c.Stdin, c.Stderr = bytes.NewReader(questions), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v", c.Args, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// compare compares replies; most of them have to be more than what is wrong with the
// question.
func compare(t *testing.T, questions, here, page []string) {
	t.Helper()
	if len(here) != len(page) || len(here) < len(questions) {
		t.Fatalf("%d questions, %d answers here, %d in a page", len(questions), len(here), len(page))
	}
	failed := 0
	for i, text := range here {
		if strings.HasPrefix(text, `{"error"`) {
			failed++
			t.Logf("%s: %s", questions[i], text)
		}
		if text != page[i] {
			at := 0
			for at < min(len(text), len(page[i])) && text[at] == page[i][at] {
				at++
			}
			from := max(at-80, 0)
			t.Errorf("%s:\nhere …%.160s\npage …%.160s", questions[i], text[from:], page[i][from:])
		}
	}
	if failed > len(questions)/20 {
		t.Errorf("%d of %d questions have no reply", failed, len(questions))
	}
}

// moved are random values of parameters.
func moved(rng *rand.Rand, params []lab.Param) map[string]float64 {
	set := map[string]float64{}
	for _, p := range params {
		v := p.Lo + float64((p.Hi-p.Lo)*rng.Float64())
		if p.Log {
			v = p.Lo * math.Pow(p.Hi/p.Lo, rng.Float64())
		}
		if p.Whole {
			v = math.Floor(v)
		}
		set[p.Name] = v
	}
	return set
}

// function asks about a random formula and random optimizers.
func function(rng *rand.Rand) play.Question {
	formula := fmt.Sprintf("%s + (x^2 + y^2)/%d", term(rng, 4), 2+rng.IntN(20))
	return play.Question{Formula: formula, Start: []float64{rng.NormFloat64(), rng.NormFloat64()}, Optimizers: optimizersOf(rng, 3, play.Controls()), Steps: 1 + rng.IntN(60)}
}

func term(rng *rand.Rand, depth int) string {
	if depth == 0 || rng.IntN(6) == 0 {
		return []string{"x", "y", fmt.Sprint(1 + rng.IntN(9)), strconv.FormatFloat(rng.Float64(), 'g', 3, 64)}[rng.IntN(4)]
	}
	a := func() string { return term(rng, depth-1) }
	unary := strings.Fields("sin cos tanh atan sigmoid softplus erf exp expm1 log1p sqrt abs square relu gelu silu logsigmoid asinh")
	switch rng.IntN(5) {
	case 0:
		return fmt.Sprintf("(%s %c %s)", a(), "+-*"[rng.IntN(3)], a())
	case 1:
		return fmt.Sprintf("%s/(1 + (%s)^2)", a(), a())
	case 2:
		return fmt.Sprintf("%s(%s, %s)", []string{"max", "min", "hypot", "atan2"}[rng.IntN(4)], a(), a())
	}
	return fmt.Sprintf("%s(%s)", unary[rng.IntN(len(unary))], a())
}

// net asks about random points, nets and optimizers.
func net(rng *rand.Rand) play.Question {
	of := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	return play.Question{Net: &play.NetQuestion{
		Points: play.Shapes[rng.IntN(len(play.Shapes))].Name, Rows: 40 + rng.IntN(80), Noise: rng.Float64() / 4, Seed: rng.Uint64N(1000),
		Model: of("linear", "mlp(8,8)", "mlp(6,act=gelu)", "dense(6) | tanh | dense(4) | relu", "dense(8) | norm | tanh", "dense(8) | relu | dropout(0.2)"),
		Loss:  of("bce_logits", "focal"), Optimizers: optimizersOf(rng, 2, rules()), Epochs: 1 + rng.IntN(6), Batch: 1 + rng.IntN(32), Penalty: float64(rng.IntN(2)) / 100}}
}

// rules are the optimizers of the page that train nets.
func rules() []play.Control {
	return slices.DeleteFunc(play.Controls(), func(c play.Control) bool {
		return !slices.ContainsFunc(optimizers.Table, func(e optimizers.Entry) bool { return e.Name == c.Name })
	})
}

// optimizersOf returns texts of n of those that the page offers, with about half of their
// settings at random.
func optimizersOf(rng *rand.Rand, n int, controls []play.Control) (all []string) {
	for range n {
		c := controls[rng.IntN(len(controls))]
		var given []string
		for _, s := range c.Settings {
			if rng.IntN(2) == 0 || s.Name == "lr" {
				if text := setting(rng, s); text != "" {
					given = append(given, s.Name+"="+text)
				}
			}
		}
		text := c.Name
		if given != nil {
			text += "(" + strings.Join(given, ", ") + ")"
		}
		all = append(all, text)
	}
	return all
}

// setting is a random value, "" where a page has no slider.
func setting(rng *rand.Rand, s play.Setting) string {
	switch {
	case s.Kind == "flag":
		return strconv.FormatBool(rng.IntN(2) == 0)
	case s.Kind == "word" && len(s.Choices) > 0:
		return s.Choices[rng.IntN(len(s.Choices))]
	case s.Lo == s.Hi:
		return ""
	}
	u := rng.Float64()
	x := s.Lo + u*(s.Hi-s.Lo)
	switch s.Scale {
	case "log":
		x = s.Lo * math.Pow(s.Hi/s.Lo, u)
	case "below1":
		x = 1 - (1-s.Lo)*math.Pow((1-s.Hi)/(1-s.Lo), u)
	}
	if _, whole := s.Default.(int); whole {
		return strconv.Itoa(int(x))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}
