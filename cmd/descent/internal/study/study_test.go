package study

import (
	"context"
	"strings"
	"testing"

	"descent/data"
	"descent/internal/numjson"
	"descent/internal/page"
	"descent/losses"
	"descent/models"
)

const rows = "area,kind,price\n1.5,a,3.1\n2.5,b,7\n4,a,8.25\n3,b,9\n2,a,4.5\n"

// table is a file with rows.
func table() *File {
	head, body, _ := strings.Cut(rows, "\n")
	return &File{Text: []byte(head + "\n" + strings.Repeat(body, 12)), Options: data.CSVOptions{Name: "rows.csv"}}
}

// net is a net on rows.
func net(t testing.TB, model string, n Net) Net {
	t.Helper()
	var err error
	if n.Model, err = models.Parse(model); err != nil {
		t.Fatal(err)
	}
	n.Options.Fractions, n.Options.Scaling, n.Epochs, n.Dtype = data.Fractions{Val: 0.2, Test: 0.2}, data.Standard, 2, "float32"
	return n
}

// studies are small ones of every kind.
func studies(t testing.TB) map[string]*Study {
	loss, err := losses.ByName("huber(delta=2)")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Study{
		"set":   {Optimizers: []string{"sgd", "adam(lr=0.001..0.1, beta2=0.9..0.99)"}, Nets: []Net{net(t, "mlp(4)", Net{Data: "iris", Score: "balanced_accuracy", ClassWeight: "balanced", Batch: -1})}},
		"file":  {Optimizers: []string{"sgd", "adam"}, Schedule: "constant", Diagnose: true, Nets: []Net{net(t, "linear", Net{Data: "rows.csv", File: table(), Target: "price", Loss: loss})}},
		"suite": {Optimizers: []string{"sgd", "lbfgs"}, Suite: "bbob", Dims: []int{2}, Budget: 10},
	}
}

// done runs a study and returns what a page of it carries.
func done(t testing.TB, s *Study) *carried {
	t.Helper()
	s.Seed, s.Seeds, s.Trials = 3, 2, 1
	study, err := s.Bench()
	if err != nil {
		t.Fatal(err)
	}
	study.Workers = 1
	r, err := study.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &carried{*s, r}
}

// packed is what a page carries, as text.
func packed(t testing.TB, c *carried) string {
	t.Helper()
	text, err := c.pack()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ask asks a subject.
func ask(t testing.TB, subject func(context.Context, []byte, func(any)) (any, error), question any) (reply any, parts []any, err error) {
	t.Helper()
	text, err := numjson.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	reply, err = subject(t.Context(), text, func(part any) { parts = append(parts, part) })
	return reply, parts, err
}

// Every number is derived again, and none differs; one that was changed is found, and its
// optimizer is named.
func TestVerify(t *testing.T) {
	for name, s := range studies(t) {
		c := done(t, s)
		verify := func() *verified {
			reply, parts, err := ask(t, Verify, map[string]string{"carried": packed(t, c)})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if n := len(c.Results.Runs) + len(c.Results.Trials); len(parts) != n {
				t.Errorf("%s: %d parts of %d runs", name, len(parts), n)
			}
			return reply.(*verified)
		}
		if v := verify(); v.Differing != 0 || v.Runs != v.Of || v.Values < 100 {
			t.Errorf("%s: %+v", name, v)
		} else if shown, err := c.Results.Shown(); err != nil || v.Shown != shown {
			t.Errorf("%s: shown are other results (%v)", name, err)
		}
		c.Results.Optimizers[0].Reached++
		v := verify()
		if whose := c.Results.Optimizers[0].Optimizer; v.Differing != 1 || v.Differences[0].Optimizer != whose || v.Differences[0].Where != "optimizers.0.reached_target" {
			t.Errorf("%s: %s is not found: %+v", name, whose, v.Differences)
		}
		c.Results.Optimizers[0].Reached--
		c.Results.Runs[1].Hits[0]++
		if v := verify(); v.Differing == 0 || v.Differences[0].Optimizer != c.Results.Runs[1].Optimizer && v.Differences[len(v.Differences)-1].Optimizer != c.Results.Runs[1].Optimizer {
			t.Errorf("%s: a run that was changed is not found: %+v", name, v.Differences)
		}
	}
}

// Only what is new is run, and its conclusions are those of the whole study.
func TestTry(t *testing.T) {
	for name, s := range studies(t) {
		c := done(t, s)
		try := func(optimizers []string, seeds int) *tried {
			reply, parts, err := ask(t, Try, Trial{packed(t, c), optimizers, seeds})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if x := reply.(*tried); len(parts) != x.Fresh+x.Kept {
				t.Errorf("%s: %d parts of %d runs", name, len(parts), x.Fresh+x.Kept)
			}
			return reply.(*tried)
		}
		all := len(c.Results.Runs) + len(c.Results.Trials)
		if x := try(s.Optimizers, 2); x.Fresh != 0 || x.Kept != all {
			t.Errorf("%s: the same study has %+v", name, x)
		}
		other := append([]string{"momentum(lr=0.05)"}, s.Optimizers[1:]...)
		x := try(other, 3)
		whole := *s
		whole.Optimizers, whole.Seeds, whole.Diagnose = other, 3, false
		study, err := whole.Bench()
		if err != nil {
			t.Fatal(err)
		}
		r, err := study.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if x.Kept == 0 || x.Fresh == 0 || x.Kept+x.Fresh != len(r.Runs)+len(r.Trials) {
			t.Errorf("%s: %d runs are kept and %d done, of %d", name, x.Kept, x.Fresh, len(r.Runs)+len(r.Trials))
		}
		if lead := strings.Split(r.Verdict[0], "<")[0]; !strings.Contains(x.Shown, strings.ReplaceAll(lead, "'", "&#39;")) {
			t.Errorf("%s: the verdict %q is not shown", name, lead)
		}
	}
}

// What cannot be answered is told.
func TestMistakes(t *testing.T) {
	c := done(t, studies(t)["set"])
	good := packed(t, c)
	c.Results.Setup.Instructions = "other"
	other := packed(t, c)
	c.Results.Optimizers = nil
	none := packed(t, c)
	c.Results.Runs = nil
	empty := packed(t, c)
	for want, q := range map[string]Trial{
		"0 scored runs":                {good, []string{"sgd"}, 0},
		"exec:":                        {good, []string{"exec:sh"}, 1},
		"unknown optimizer":            {good, []string{"sgdd"}, 1},
		"no optimizers to compare":     {good, nil, 1},
		"two optimizers are called":    {good, []string{"sgd", "sgd"}, 1},
		"optimizers are missing":       {none, []string{"sgd"}, 1},
		"runs are missing":             {empty, []string{"sgd"}, 1},
		"done by other instructions":   {other, []string{"sgd"}, 1},
		"what the page carries: illeg": {"?", []string{"sgd"}, 1},
		"what the page carries: gzip":  {"AAAAAAAAAAAAAAAAAAAA", []string{"sgd"}, 1},
	} {
		if _, _, err := ask(t, Try, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, _, err := ask(t, Verify, map[string]string{"carried": other}); err == nil || !strings.Contains(err.Error(), "made by other instructions") {
		t.Error(err)
	}
}

// A report has what it carries, and no mark-up in it.
func TestLive(t *testing.T) {
	c := done(t, studies(t)["file"])
	live, err := c.Study.Live(&page.Engine{Version: "of the test"}, c.Results)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := c.Results.WriteLive(&text, live); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<button id="verify"`, "descent of the test, as WebAssembly", `<div id="carried" hidden>H4sI`, `{&#34;optimizers&#34;:[&#34;sgd&#34;,&#34;adam&#34;],&#34;seeds&#34;:2}`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
	if again, err := unpack(live.Carried); err != nil || again.Study.Carried() != len(table().Text) {
		t.Errorf("%v", err)
	}
	var plain strings.Builder
	if err := c.Results.WriteHTML(&plain); err != nil || strings.Contains(plain.String(), "verify\"") {
		t.Errorf("a plain report has buttons (%v)", err)
	}
}
