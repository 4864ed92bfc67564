// Package text makes whole numbers, tokens, of a text, and a text of them.
package text

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Kind of token.
type Kind string

// The kinds.
const (
	Chars  Kind = "chars"  // characters that the text has
	Bytes  Kind = "bytes"  // any bytes
	Pieces Kind = "pieces" // characters, and runs of them that are frequent
)

// A Vocabulary has the tokens of a text. It is written as JSON, from which it is made
// again by [Vocabulary.Check].
type Vocabulary struct {
	Kind Kind `json:"kind"`
	// Tokens are what token 0, 1, … stands for; there are none for bytes. Of pieces,
	// characters come first, in their order, and then what two earlier ones make,
	// in the order in which they were joined.
	Tokens []string `json:"tokens,omitempty"`
	// Joined are the two tokens that each piece is made of.
	Joined [][2]int `json:"joined,omitempty"`

	number map[string]int
}

// most is how many tokens a vocabulary may have.
const most = 1 << 16

// Learn returns the vocabulary of a text. Of pieces there are size, or fewer if no two
// neighbours are left that occur twice: the pair of neighbours that is most frequent
// becomes a piece, the first of several, and so on. Pieces do not go beyond the end of
// a line or of a word, whose space is in front of it.
// Sennrich, Haddow, Birch 2015, https://arxiv.org/abs/1508.07909.
func Learn(kind Kind, size int, s string) (*Vocabulary, error) {
	v := &Vocabulary{Kind: kind}
	switch kind {
	case Bytes:
		return v, nil
	case Chars, Pieces:
	default:
		return nil, fmt.Errorf("tokens %q; there are %s, %s and %s", kind, Chars, Bytes, Pieces)
	}
	switch {
	case s == "":
		return nil, errors.New("the text is empty")
	case !utf8.ValidString(s):
		return nil, errors.New("the text is not UTF-8: its tokens can be bytes")
	}
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	for r := range seen {
		v.Tokens = append(v.Tokens, string(r))
	}
	slices.Sort(v.Tokens)
	if err := v.Check(); err != nil {
		return nil, err
	}
	if kind == Pieces {
		if size < len(v.Tokens) || size > most {
			return nil, fmt.Errorf("%d pieces; the text has %d characters, which are pieces, too, and there may be %d", size, len(v.Tokens), most)
		}
		v.join(s, size)
	}
	return v, nil
}

// join adds pieces until there are so many.
func (v *Vocabulary) join(s string, size int) {
	all, err := v.Encode(s)
	if err != nil {
		panic(err) // of its own characters
	}
	for len(v.Tokens) < size {
		count, best, times := map[[2]int]int{}, [2]int{}, 1
		for i := range len(all) - 1 {
			count[[2]int{all[i], all[i+1]}]++
		}
		for i := range len(all) - 1 {
			p := [2]int{all[i], all[i+1]}
			if count[p] > times && !strings.ContainsAny(v.Tokens[p[0]], "\n") && !strings.ContainsAny(v.Tokens[p[1]], " \n") {
				best, times = p, count[p]
			}
		}
		if times == 1 {
			return
		}
		v.number[v.Tokens[best[0]]+v.Tokens[best[1]]] = len(v.Tokens)
		v.Tokens = append(v.Tokens, v.Tokens[best[0]]+v.Tokens[best[1]])
		v.Joined = append(v.Joined, best)
		all = replace(all, best, len(v.Tokens)-1)
	}
}

// replace puts a token in the place of each pair, from the left.
func replace(all []int, pair [2]int, by int) []int {
	out := all[:0]
	for i := 0; i < len(all); i++ {
		if i+1 < len(all) && all[i] == pair[0] && all[i+1] == pair[1] {
			out = append(out, by)
			i++
		} else {
			out = append(out, all[i])
		}
	}
	return out
}

// Check reports what is wrong with a vocabulary that was read, and makes it ready.
func (v *Vocabulary) Check() error {
	chars := len(v.Tokens) - len(v.Joined)
	switch {
	case v.Kind != Chars && v.Kind != Bytes && v.Kind != Pieces:
		return fmt.Errorf("tokens of the kind %q", v.Kind)
	case (v.Kind == Bytes) != (len(v.Tokens) == 0), len(v.Tokens) > most, chars < 0, v.Kind != Pieces && len(v.Joined) > 0:
		return fmt.Errorf("%d tokens, %d of them joined, of the kind %s", len(v.Tokens), len(v.Joined), v.Kind)
	}
	v.number = map[string]int{}
	for i, t := range v.Tokens {
		if i >= chars {
			p := v.Joined[i-chars]
			if min(p[0], p[1]) < 0 || max(p[0], p[1]) >= i || v.Tokens[p[0]]+v.Tokens[p[1]] != t {
				return fmt.Errorf("token %d, %q, is not what it is joined of", i, t)
			}
		} else if r := []rune(t); len(r) != 1 {
			return fmt.Errorf("token %d, %q, is no character", i, t)
		}
		v.number[t] = i
	}
	if v.Kind != Pieces && len(v.number) != len(v.Tokens) {
		return errors.New("a token is there twice")
	}
	return nil
}

// Size returns the number of tokens.
func (v *Vocabulary) Size() int {
	if v.Kind == Bytes {
		return 256
	}
	return len(v.Tokens)
}

// Encode returns the tokens of a text. A character that the vocabulary does not have is
// an error.
func (v *Vocabulary) Encode(s string) (all []int, err error) {
	if v.Kind == Bytes {
		for i := range len(s) {
			all = append(all, int(s[i]))
		}
		return all, nil
	}
	for i, r := range s {
		n, ok := v.number[string(r)]
		if !ok {
			return nil, fmt.Errorf("character %d, %q, was not in the text that was learned", utf8.RuneCountInString(s[:i])+1, r)
		}
		all = append(all, n)
	}
	for k, pair := range v.Joined {
		all = replace(all, pair, len(v.Tokens)-len(v.Joined)+k)
	}
	return all, nil
}

// Decode returns the text of tokens. It panics if there is no such token.
func (v *Vocabulary) Decode(tokens []int) string {
	var b strings.Builder
	for _, t := range tokens {
		if v.Kind == Bytes {
			b.WriteByte(byte(t))
		} else {
			b.WriteString(v.Tokens[t])
		}
	}
	return b.String()
}
