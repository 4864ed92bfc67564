package terminal

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"an ordinary line\n\tÄ€😀": "an ordinary line\n\tÄ€😀",
		"\x1b[31mred\x1b[0m":      `\x1b[31mred\x1b[0m`,
		"bell\a, back\b, CR\r":    `bell\x07, back\x08, CR\x0d`,
		"DEL\x7f, CSI\u009b1m":    `DEL\u007f, CSI\u009b1m`,
		"a\u202eb":                `a\u202eb`,
		"raw \x9b and \xff":       `raw \x9b and \xff`,
		"a mark \ufffd":           "a mark \ufffd",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// However a text is cut into writes, the same comes out.
func TestGuardCut(t *testing.T) {
	const text, want = "Ä\x1b€\u009b😀\n", "Ä\\x1b€\\u009b😀\n"
	for i := range len(text) {
		for j := i; j <= len(text); j++ {
			var b bytes.Buffer
			g := NewGuard(&b)
			for _, part := range []string{text[:i], text[i:j], text[j:]} {
				if n, err := g.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			if b.String() != want {
				t.Fatalf("cut at %d and %d: %q, want %q", i, j, b.String(), want)
			}
		}
	}
	var b bytes.Buffer
	if Verbatim(NewGuard(&b)).Write([]byte("\x1b\xff")); b.String() != "\x1b\xff" {
		t.Errorf("data for programs are changed: %q", b.String())
	}
}

type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errors.New("full")
	}
	return len(p), nil
}

// The first error stays known.
func TestGuardError(t *testing.T) {
	g := NewGuard(&full{1})
	if _, err := io.WriteString(g, "a"); err != nil || g.Err() != nil {
		t.Error(err, g.Err())
	}
	if _, err := io.WriteString(g, "b"); err == nil || g.Err() == nil || g.Err().Error() != "full" {
		t.Error(err, g.Err())
	}
}
