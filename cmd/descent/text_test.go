package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/text"
)

// smallText trains a small model on the beginning of a text, and returns its folder.
func smallText(t *testing.T, more ...string) (dir string, out string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "m")
	args := append([]string{"train", file(t, "book.txt", aliceBegins(4000)), "--model", "embed(8) | gpt(heads=2)", "--context", "16", "--batch", "8", "--epochs", "8", "--out", dir}, more...)
	status, out, err := descent(args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, err)
	}
	return dir, out
}

// aliceBegins is the beginning of a text.
func aliceBegins(characters int) string {
	alice, _ := text.Embedded("alice")
	return alice[:characters]
}

// TestShakespeare runs the commands of docs/text.md on the whole text, with three seeds.
func TestShakespeare(t *testing.T) {
	const whole = "../../../shared/data/text/shakespeare.txt"
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("DESCENT_SLOW=1 trains for half an hour")
	}
	if _, err := os.Stat(whole); err != nil {
		t.Skip(err)
	}
	for _, args := range pageCommands(t, "text.md") {
		if args[1] != "shakespeare.txt" {
			continue
		}
		args[1] = whole
		var bits []float64
		for _, seed := range []string{"1", "2", "3"} {
			status, out, errs := descent(append(args, "--json", "--seed", seed)...)
			var r textReport
			if status != 0 || json.Unmarshal([]byte(out), &r) != nil {
				t.Fatalf("%v: status %d: %s", args, status, errs)
			}
			bits = append(bits, r.Bits)
		}
		slices.Sort(bits)
		t.Logf("%v: %.4f bits a character", args, bits)
		if least := map[bool]float64{true: 2.45, false: 2.55}[strings.Contains(args[3], "lstm")]; !(bits[1] < least) {
			t.Errorf("%v: %v bits a character, the median is to be below %v", args, bits, least)
		}
	}
}

// TestPageOnText runs the commands of docs/text.md.
func TestPageOnText(t *testing.T) {
	page, err := os.ReadFile("../../docs/text.md")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"m": filepath.Join(t.TempDir(), "m"), "r": filepath.Join(t.TempDir(), "r"), "reviews.csv": file(t, "reviews.csv", reviewText(200)), "new.csv": file(t, "new.csv", reviewText(5)), "shakespeare.txt": file(t, "shakespeare.txt", aliceBegins(3000))}
	done := 0
	wants := map[string]string{"train alice": "bits a character", "generate m": "Alice ", "train reviews.csv": "1024 inputs", "train shakespeare.txt": "bits a character", "predict r": "p_bad,p_good"}
	eachCommand(t, string(page), places, func(command []string, out string) {
		if want, ok := wants[strings.Join(command[:2], " ")]; !ok || !strings.Contains(out, want) {
			t.Errorf("%q: %s", command, out)
		}
		done++
	})
	if done != 6 {
		t.Errorf("%d commands", done)
	}
}

// words divides a command as a shell does.
func words(command string) (all []string) {
	for i, part := range strings.Split(strings.TrimSpace(command), "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// TestTextTrains: bits are fewer than those of the frequencies, the same for any number
// of workers, and what is saved writes the same for a seed, beyond its context.
func TestTextTrains(t *testing.T) {
	for _, tokens := range []string{"chars", "bytes", "pieces(80)"} {
		dir, out := smallText(t, "--json", "--lr", "0.03", "--tokens", tokens, "--workers", "1")
		var r textReport
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if !(r.Bits < r.Baseline) || len(r.Epochs) != 8 || r.Characters != 4000 {
			t.Errorf("%s: %+v", tokens, r)
		}
		again, _ := smallText(t, "--json", "--lr", "0.03", "--tokens", tokens, "--workers", "2")
		a, b := textOf(t, dir, weightsFile), textOf(t, again, weightsFile)
		if !bytes.Equal([]byte(a)[len(a)/2:], []byte(b)[len(b)/2:]) {
			t.Errorf("%s: two workers train other weights than one", tokens)
		}
		var wrote [3]string
		for i, seed := range []string{"1", "1", "2"} {
			status, out, err := descent("generate", dir, "--prompt", "Alice", "--length", "40", "--seed", seed)
			if status != 0 || !strings.HasPrefix(out, "Alice") {
				t.Fatalf("%s: status %d: %s%s", tokens, status, out, err)
			}
			wrote[i] = out
		}
		if wrote[0] != wrote[1] || wrote[0] == wrote[2] {
			t.Errorf("%s: seeds 1, 1 and 2 wrote %q", tokens, wrote)
		}
		_, cold, _ := descent("generate", dir, "--length", "30", "--temperature", "0", "--seed", "5")
		_, one, _ := descent("generate", dir, "--length", "30", "--top-k", "1", "--seed", "6")
		if cold != one || len(cold) < 30 {
			t.Errorf("%s: the most likely tokens are %q, and of one to choose from %q", tokens, cold, one)
		}
	}
}

// TestTextResumes: a run that is interrupted and goes on is that of one that is not.
func TestTextResumes(t *testing.T) {
	resumes(t, []string{"train", file(t, "book.txt", aliceBegins(4000)), "--model", "embed(8) | gpt(heads=2, dropout=0.1)", "--context", "16", "--batch", "8"}, "--tokens", "bytes")
}

func TestTextMistakes(t *testing.T) {
	dir, _ := smallText(t)
	book := file(t, "book.txt", "To be, or not to be.")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"train", book, "--model", "nanogpt", "--target", "x"}, "--target is for tables"},
		{[]string{"train", book, "--model", "nanogpt", "--tokens", "words"}, "there are chars, bytes and pieces(512)"},
		{[]string{"train", book, "--model", "nanogpt", "--tokens", "pieces(2)"}, "the text has"},
		{[]string{"train", book, "--model", "nanogpt"}, "--context says how long"},
		{[]string{"train", book, "--model", "nanogpt", "--context", "0"}, "--context 0"},
		{[]string{"train", book, "--model", "nanogpt", "--batch", "0"}, "--batch 0"},
		{[]string{"train", book, "--model", "nanogpt", "--loss", "mse", "--context", "4", "--test", "0.4"}, "cross_entropy"},
		{[]string{"train", book, "--model", "nanogpt", "-o", "lbfgs"}, "trained by a rule"},
		{[]string{"train", book, "--model", "embed(8) | conv(2, 3)", "--context", "4", "--test", "0.4"}, "model \"embed(8) | conv(2, 3)\""},
		{[]string{"train", "nothing.txt", "--model", "nanogpt"}, "embedded texts are alice"},
		{[]string{"train", "iris", "--context", "8"}, "--context is for a text"},
		{[]string{"predict", dir, "iris"}, "generate writes on"},
		{[]string{"generate", dir, "--prompt", "\u00e9"}, "was not in the text"},
		{[]string{"generate", dir, "--prompt", ""}, "--prompt is empty"},
		{[]string{"generate", dir, "--temperature", "-1"}, "none is negative"},
		{[]string{"generate", filepath.Join(t.TempDir(), "no")}, "not a folder that train --out has made"},
	} {
		status, _, err := descent(c.args...)
		if status != exitUsage || !strings.Contains(err, c.want) {
			t.Errorf("%q: status %d: %s, want %q", c.args, status, err, c.want)
		}
	}
	iris := filepath.Join(t.TempDir(), "iris")
	if status, _, err := descent("train", "iris", "--epochs", "1", "--out", iris); status != 0 {
		t.Fatal(err)
	}
	if status, _, err := descent("generate", iris); status != exitUsage || !strings.Contains(err, "predict applies it") {
		t.Errorf("status %d: %s", status, err)
	}
	if status, out, err := descent("show", "nanogpt"); status != 0 || !strings.Contains(out, "attention4 (Attention)") {
		t.Errorf("status %d: %s", status, err)
	}
	for _, change := range [][2]string{{`"context": 16`, `"context": 0`}, {`"kind": "chars"`, `"kind": "words"`}} {
		m := &saved{}
		if err := json.Unmarshal([]byte(textOf(t, dir, modelFile)), m); err != nil {
			t.Fatal(err)
		}
		if change[0] == `"context": 16` {
			m.Text.Context = 0
		} else {
			m.Text.Kind = "words"
		}
		if m.check() == nil {
			t.Errorf("%s is read", change[1])
		}
	}
}
