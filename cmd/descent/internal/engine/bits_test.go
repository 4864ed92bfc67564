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
	"descent/internal/numjson"
	"descent/lab"
	"descent/optimizers"
)

// asked are the subjects, and questions about them.
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
}

// TestMain answers questions in place of testing, where it is asked to: the instruction set
// is a process's.
func TestMain(m *testing.M) {
	about := os.Getenv("DESCENT_ANSWER")
	if about == "" {
		os.Exit(m.Run())
	}
	in := bufio.NewScanner(os.Stdin)
	say := func(text []byte) { fmt.Printf("%s\n", text) }
	for in.Scan() {
		say(asked[about].Answer(context.Background(), in.Bytes(), say))
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
	for about, s := range asked {
		t.Run(about, func(t *testing.T) {
			var questions bytes.Buffer
			for _, q := range s.questions(rand.New(rand.NewPCG(1, 2))) {
				text, err := numjson.Marshal(q)
				if err != nil {
					t.Fatal(err)
				}
				questions.Write(append(text, '\n'))
			}
			here := exec.CommandContext(t.Context(), os.Args[0])
			here.Env = append(os.Environ(), "DESCENT_ISA=portable", "DESCENT_ANSWER="+about)
			page := exec.CommandContext(t.Context(), "node", "testdata/answer.js", filepath.Join(filepath.Dir(program), "wasm_exec.js"), program, about)
			compare(t, strings.Split(strings.TrimSpace(questions.String()), "\n"), answers(t, here, questions.Bytes()), answers(t, page, questions.Bytes()))
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
	rules := slices.DeleteFunc(play.Controls(), func(c play.Control) bool {
		return !slices.ContainsFunc(optimizers.Table, func(e optimizers.Entry) bool { return e.Name == c.Name })
	})
	of := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	return play.Question{Net: &play.NetQuestion{
		Points: play.Shapes[rng.IntN(len(play.Shapes))].Name, Rows: 40 + rng.IntN(80), Noise: rng.Float64() / 4, Seed: rng.Uint64N(1000),
		Model: of("linear", "mlp(8,8)", "mlp(6,act=gelu)", "dense(6) | tanh | dense(4) | relu", "dense(8) | norm | tanh", "dense(8) | relu | dropout(0.2)"),
		Loss:  of("bce_logits", "focal"), Optimizers: optimizersOf(rng, 2, rules), Epochs: 1 + rng.IntN(6), Batch: 1 + rng.IntN(32), Penalty: float64(rng.IntN(2)) / 100}}
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
