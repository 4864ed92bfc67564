package lab

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"descent/internal/page"
	"descent/internal/plot"
)

// Every number of every experiment is what the table says, and every claim as
// true or false.
func TestExperiments(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Table() {
		t.Run(e.Name, func(t *testing.T) {
			if seen[e.Name] {
				t.Error("twice in the table")
			}
			seen[e.Name] = true
			for _, x := range []Text{e.Title, e.Claim, e.Truth} {
				if x.EN == "" || x.ZH == "" {
					t.Error("a text is missing")
				}
			}
			if e.Params.EN == "" || e.Try == "" || e.Tutorial == "" {
				t.Error("parameters, command or tutorial are missing")
			}
			r := e.Do(nil)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if len(r.Numbers) == 0 {
				t.Error("no numbers")
			}
			for _, n := range r.Numbers {
				if !n.Agrees() {
					t.Error(n)
				}
			}
			if r.Holds == e.Wrong {
				t.Errorf("the claim holds: %v, the table says %v", r.Holds, !e.Wrong)
			}
		})
	}
}

var (
	english = regexp.MustCompile(`[A-Za-z]{3,}`)
	// names are what is written so in Chinese, too.
	names = regexp.MustCompile(`\b(SGD|Adam|AdaGrad|RMSProp|PyTorch|JavaScript|Huber|MSE|Hessian|Lipschitz|L1|L2|huber|mse|mae|adam|rmsprop|logit|logistic|sin|sign|tanh|random_state|batch_size|min-max|WRONG|NaN|Inf)\b`)
)

// foreign is the English in a text that should be Chinese.
func foreign(s string) []string { return english.FindAllString(names.ReplaceAllString(s, " "), -1) }

// Each text of the lab is in both languages, or has no word in it; each row of
// the table of labels is needed.
func TestWords(t *testing.T) {
	check := func(of string, text Text) {
		if text.EN == "" || text.ZH == "" && foreign(text.EN) != nil {
			t.Errorf("%s: %q has no Chinese", of, text.EN)
		}
	}
	needed := map[string]bool{}
	see := func(of, label string) {
		if label == "" {
			return
		}
		check(of, Label(label))
		row, _ := labelRow(label)
		needed[row.EN] = true
	}
	for _, e := range Table() {
		check(e.Name, e.Params)
		if e.Source().EN == "" {
			t.Errorf("%s is from no tutorial", e.Name)
		}
		r := e.Do(nil)
		for _, n := range r.Numbers {
			see(e.Name, n.Name)
		}
		for _, p := range r.Pictures {
			say := func(s string) string { see(e.Name, s); return s }
			switch p := p.(type) {
			case *plot.Figure:
				p.Say = say
			case *plot.Grid:
				p.Say = say
			}
			if err := p.WriteSVG(new(bytes.Buffer)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range labels {
		if !needed[row.EN] {
			t.Errorf("no experiment says %q", row.EN)
		}
	}
	for key, text := range words {
		check(key, text)
	}
}

// The book is in one language, but for code and names.
func TestBookLanguages(t *testing.T) {
	var runs []*Run
	for _, e := range Table() {
		runs = append(runs, e.Do(nil))
	}
	for _, lang := range []string{"en", "zh"} {
		var b bytes.Buffer
		if err := WriteBook(&b, runs, lang, nil); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, drop := range []string{`(?s)<style>.*?</style>`, `(?s)<code>.*?</code>`, `<[^>]*>`} {
			text = regexp.MustCompile(drop).ReplaceAllString(text, " ")
		}
		text = html.UnescapeString(text)
		for _, title := range tutorials {
			if !strings.Contains(text, title.In(lang)) {
				t.Errorf("%s: no tutorial is called %q", lang, title.In(lang))
			}
		}
		if lang == "en" {
			if han := regexp.MustCompile(`\p{Han}+`).FindAllString(text, 5); han != nil {
				t.Errorf("Chinese in the English book: %q", han)
			}
			continue
		}
		for _, line := range strings.Split(text, "\n") {
			if words := foreign(line); words != nil {
				t.Errorf("English in the Chinese book: %q in %q", words, strings.TrimSpace(line))
			}
		}
	}
}

// A live book has the same to read as the other, and what its script says in its language.
func TestLiveBook(t *testing.T) {
	e, _ := Lookup("step-sizes")
	runs := []*Run{e.Do(nil)}
	for _, lang := range []string{"en", "zh"} {
		var still, live bytes.Buffer
		for w, with := range map[*bytes.Buffer]*page.Engine{&still: nil, &live: {WASM: []byte("w"), Start: []byte("s")}} {
			if err := WriteBook(w, runs, lang, with); err != nil {
				t.Fatal(err)
			}
		}
		read := func(b *bytes.Buffer) string {
			s := b.String()
			return s[strings.Index(s, "<nav>"):strings.LastIndex(s, "</section>")]
		}
		if read(&still) != read(&live) {
			t.Errorf("%s: what there is to read is not the same", lang)
		}
		tables := regexp.MustCompile(`<div id="tables" hidden>(.*)</div>`).FindStringSubmatch(live.String())
		if tables == nil || strings.Contains(still.String(), "<script") || strings.Contains(still.String(), `id="live"`) {
			t.Fatalf("%s: no tables, or something live in the book to read", lang)
		}
		for _, want := range []string{`"lang":"` + lang + `"`, Word("again", lang), `{"name":"steps","label":"` + Text{"steps", "步数"}.In(lang) + `","lo":1,"hi":50,"default":10,"whole":true}`} {
			if !strings.Contains(html.UnescapeString(tables[1]), want) {
				t.Errorf("%s: the tables lack %s", lang, want)
			}
		}
	}
}

func TestAnswer(t *testing.T) {
	ask := func(question string) (*Reply, error) {
		r, err := Answer(t.Context(), []byte(question), nil)
		if err != nil {
			return nil, err
		}
		return r.(*Reply), nil
	}
	r, err := ask(`{"experiment":"sgd-adam","lang":"en"}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary != "8 of 8 numbers are as expected" || r.Verdict != "the claim is false" || r.Holds || len(r.Pictures) != 2 || r.Lines[0] != (Line{"SGD ends at x", "3.837467106", "3.837467106", true}) {
		t.Errorf("the tutorial's: %+v", r)
	}
	if r, err = ask(`{"experiment":"sgd-adam","set":{"sgd":0.001},"lang":"zh"}`); err != nil {
		t.Fatal(err)
	}
	if r.Summary != "" || r.Verdict != "该说法成立" || !r.Holds || r.Lines[0].Name != "SGD 终点的 x" || r.Lines[0].Want != "" || r.Lines[0].Agrees {
		t.Errorf("moved: %+v", r)
	}
	if r, err = ask(`{"experiment":"step-sizes","set":{"lr3":0.9},"lang":"en"}`); err != nil || r.Verdict != "" {
		t.Errorf("a claim that cannot be judged: %+v, %v", r, err)
	}
	for question, want := range map[string]string{
		`{"experiment":"none"}`:                            `no experiment "none"`,
		`{"experiment":"step-sizes","set":{"lr":1}}`:       "no parameter",
		`{"experiment":"step-sizes","set":{"steps":1e10}}`: "it goes from 1 to 50",
		`{"experiment":"step-sizes","run":1}`:              "run",
		`{`:                                                "unexpected",
	} {
		if _, err := ask(question); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", question, err)
		}
	}
}
