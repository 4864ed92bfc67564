package text_test

import (
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/internal/numjson"
	"descent/text"
)

func learn(t *testing.T, kind text.Kind, size int, s string) *text.Vocabulary {
	t.Helper()
	v, err := text.Learn(kind, size, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestThereAndBack: a text is what its tokens stand for, also with a vocabulary that was
// written and read.
func TestThereAndBack(t *testing.T) {
	alice, _ := text.Embedded("alice")
	for _, s := range []string{alice[:5000], "größer als 1 €\n", "a"} {
		for _, kind := range []text.Kind{text.Chars, text.Bytes, text.Pieces} {
			v := learn(t, kind, 100, s)
			file, err := numjson.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			again := &text.Vocabulary{}
			if err := numjson.Unmarshal(file, again); err != nil {
				t.Fatal(err)
			}
			if err := again.Check(); err != nil {
				t.Fatal(err)
			}
			for _, v := range []*text.Vocabulary{v, again} {
				all, err := v.Encode(s)
				if err != nil {
					t.Fatal(err)
				}
				if v.Decode(all) != s || len(all) > 0 && slices.Max(all) >= v.Size() {
					t.Errorf("%s: %q became %q", kind, s, v.Decode(all))
				}
			}
		}
	}
}

// TestPieces joins pairs by hand: aa is there 4 times, then aaa twice, the first of
// several, then aaab.
func TestPieces(t *testing.T) {
	v := learn(t, text.Pieces, 7, "aaabdaaabac")
	if want := []string{"a", "b", "c", "d", "aa", "aaa", "aaab"}; !slices.Equal(v.Tokens, want) {
		t.Errorf("tokens %q, want %q", v.Tokens, want)
	}
	if all, _ := v.Encode("aaabdaaabac"); !slices.Equal(all, []int{6, 3, 6, 0, 2}) {
		t.Errorf("encoded as %v", all)
	}
	if v := learn(t, text.Pieces, 50, "ab ab"); !slices.Equal(v.Tokens, []string{" ", "a", "b", "ab"}) {
		t.Errorf("pieces go beyond words, or are joined that are there once: %q", v.Tokens)
	}
}

func TestTextMistakes(t *testing.T) {
	v := learn(t, text.Chars, 0, "abc")
	_, unknown := v.Encode("abx")
	_, kind := text.Learn("words", 0, "a")
	_, utf8 := text.Learn(text.Chars, 0, "a\xff")
	_, empty := text.Learn(text.Chars, 0, "")
	_, few := text.Learn(text.Pieces, 2, "abc")
	for _, c := range []struct {
		err  error
		want string
	}{
		{unknown, "character 3, 'x'"}, {kind, `tokens "words"`}, {utf8, "not UTF-8"}, {empty, "empty"}, {few, "2 pieces; the text has 3 characters"},
		{(&text.Vocabulary{Kind: "x"}).Check(), "kind"}, {(&text.Vocabulary{Kind: text.Chars}).Check(), "0 tokens"},
		{(&text.Vocabulary{Kind: text.Chars, Tokens: []string{"a", "a"}}).Check(), "twice"}, {(&text.Vocabulary{Kind: text.Chars, Tokens: []string{"ab"}}).Check(), "no character"},
		{(&text.Vocabulary{Kind: text.Pieces, Tokens: []string{"a", "ab"}, Joined: [][2]int{{0, 1}}}).Check(), "not what it is joined of"},
		{(&text.Vocabulary{Kind: text.Bytes, Tokens: []string{"a"}}).Check(), "1 tokens"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
}

func whole(t *testing.T, rows data.Rows, name string) []int {
	t.Helper()
	a, ok := rows.Array(name)
	if !ok {
		t.Fatalf("no array %s", name)
	}
	index := make([]int, rows.Rows())
	for i := range index {
		index[i] = i
	}
	out := make([]int, rows.Rows()*a.Shape()[0])
	data.GatherArray(out, a, index)
	return out
}

func TestWindows(t *testing.T) {
	tokens := make([]int, 23)
	for i := range tokens {
		tokens[i] = i
	}
	w := text.Windows{Tokens: tokens, Length: 5}
	rows, err := w.Rows(100)
	if err != nil {
		t.Fatal(err)
	}
	if x, y := whole(t, rows, "x"), whole(t, rows, "y"); !slices.Equal(x, tokens[:20]) || !slices.Equal(y, tokens[1:21]) {
		t.Errorf("windows %v, followed by %v", x, y)
	}
	if rows, _ := w.Rows(2); !slices.Equal(whole(t, rows, "x"), []int{0, 1, 2, 3, 4, 10, 11, 12, 13, 14}) {
		t.Errorf("two windows: %v", whole(t, rows, "x"))
	}
	g, err := w.Generator(2)
	if err != nil {
		t.Fatal(err)
	}
	if g.Batches != 2 {
		t.Errorf("%d batches", g.Batches)
	}
	seen := map[int]bool{}
	for epoch := range 40 {
		batch, err := g.Batch(1, epoch, 0)
		if err != nil {
			t.Fatal(err)
		}
		x, y := whole(t, batch, "x"), whole(t, batch, "y")
		for i := range x {
			if y[i] != x[i]+1 || i%5 > 0 && x[i] != x[i-1]+1 {
				t.Fatalf("batch %v, followed by %v", x, y)
			}
		}
		again, _ := g.Batch(1, epoch, 0)
		if !slices.Equal(whole(t, again, "x"), x) {
			t.Error("a batch is another the second time")
		}
		seen[x[0]] = true
	}
	if len(seen) < 10 {
		t.Errorf("40 batches begin at %d places", len(seen))
	}
	if _, err := (text.Windows{Tokens: tokens[:5], Length: 5}).Generator(1); err == nil {
		t.Error("a window that nothing follows")
	}
	if _, err := (text.Windows{Tokens: tokens[:5], Length: 5}).Rows(1); err == nil {
		t.Error("a window that nothing follows")
	}
}
