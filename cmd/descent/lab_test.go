package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"descent/cmd/descent/internal/engine"
	"descent/lab"
)

// shellWords splits a command as a shell does, as far as the lab's need it.
func shellWords(s string) (out []string) {
	word, quoted, any := "", false, false
	for _, r := range s {
		switch {
		case r == '\'':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if any {
				out = append(out, word)
			}
			word, any = "", false
		default:
			word, any = word+string(r), true
		}
	}
	if any {
		out = append(out, word)
	}
	return out
}

// The commands that the lab tells its readers to try work as they stand. A
// search that is cut short, or diverges, says so with a status of 1.
func TestLabCommands(t *testing.T) {
	data, err := filepath.Abs(filepath.Join("..", "..", "lab"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(data, "lab"); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	count := 0
	for _, e := range lab.Table() {
		for _, line := range strings.Split(e.Try, "; ") {
			if strings.HasPrefix(line, "let") || !strings.HasPrefix(line, "descent ") {
				continue
			}
			count++
			status, out, errs := descent(shellWords(line)[1:]...)
			open := strings.HasPrefix(line, "descent min") && (strings.Contains(errs, "not converged after") || strings.Contains(errs, "diverged: after"))
			if status != 0 && !(status == exitFailure && open) {
				t.Errorf("%s: %s: status %d: %s%s", e.Name, line, status, out, errs)
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d commands were tried", count)
	}
}

func TestLab(t *testing.T) {
	dir := t.TempDir()
	status, out, errs := descent("lab", "verify")
	if status != 0 || !strings.Contains(out, " 0 wrong;") {
		t.Errorf("verify: %d %s%s", status, out, errs)
	}
	if status, out, _ := descent("lab"); status != 0 || !strings.Contains(out, "sgd-adam") {
		t.Errorf("list: %d %s", status, out)
	}
	picture := filepath.Join(dir, "p.svg")
	if status, out, _ := descent("lab", "sgd-adam", "--plot", picture); status != 0 || !strings.Contains(out, "the claim is false") {
		t.Errorf("sgd-adam: %d %s", status, out)
	}
	if _, err := os.Stat(picture); err != nil {
		t.Error(err)
	}
	if status, out, _ := descent("lab", "cubic", "--lang", "zh", "--plot", picture); status != 0 || !strings.Contains(out, "该说法不成立") {
		t.Errorf("cubic: %d %s", status, out)
	}
	for _, c := range [][2]string{{"step-sizes --set lr3=0.99,steps=40", "x after 40 steps of 0.99 = 2.22850201975\n"}, {"sgd-adam --set sgd=0.001", "With these parameters: the claim holds"}} {
		args := append(strings.Fields("lab "+c[0]), "--plot", picture)
		if status, out, errs := descent(args...); status != 0 || !strings.Contains(out, c[1]) || strings.Contains(out, "Verdict") {
			t.Errorf("%s: %d %s%s", c[0], status, out, errs)
		}
	}
	for _, c := range [][2]string{{"cubic --set a=9", "a = 9: it goes from -3 to 3"}, {"cubic --set a=[1]", "it is one number"}, {"cubic --set a", "not of the form"}, {"cubic --set d=1", "cubic has a, b, c"}, {"all --out d --set a=1", "--set is for"},
		{"sgd-adma", `did you mean "sgd-adam"`}, {"all", "--out is missing"}, {"verify --out d", "--out is for"},
		{"all --out d --plot p.svg", "--plot is for"}, {"cubic --out d --plot p.svg", "no meaning"}, {"all --out d --json", "--json has no meaning"}} {
		if status, _, errs := descent(append([]string{"lab"}, strings.Fields(c[0])...)...); status != exitUsage || !strings.Contains(errs, c[1]) {
			t.Errorf("%s: %d %s", c[0], status, errs)
		}
	}
	for lang, title := range map[string]string{"en": "claim by claim", "zh": "逐条验证"} {
		out := filepath.Join(dir, lang)
		status, said, errs := descent("lab", "all", "--out", out, "--lang", lang)
		if status != 0 {
			t.Fatal(errs)
		}
		page, err := os.ReadFile(filepath.Join(out, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`<html lang="` + lang + `">`, "default-src 'none'", title, "<svg"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("the book in %s lacks %s", lang, want)
			}
		}
		if lang == "en" && strings.ContainsFunc(string(page), func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Error("there is Chinese in the English book")
		}
		if s := string(page); strings.Contains(s, "src=") || strings.Contains(s, "href=\"http") {
			t.Errorf("the book in %s needs something from outside", lang)
		}
		_, none := engine.Load("") // this test may be built with an engine for pages, or without
		if live := strings.Contains(string(page), "<script>"); live != (none == nil) || live == strings.Contains(said, lab.Word("still", lang)) {
			t.Errorf("live %v, there is an engine: %v, and this is said: %s", live, none, said)
		}
	}
}
