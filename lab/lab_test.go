package lab

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

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
		if err := WriteBook(&b, runs, lang); err != nil {
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
