// Package suggest finds the word that somebody probably meant, for the
// "did you mean" of error messages.
package suggest

import (
	"slices"
	"unicode"
)

// maxLen bounds the work that one hostile word can cause; nobody types a name
// this long by hand.
const maxLen = 128

// Nearest returns the known word that word is most probably a slip of, or ""
// if none is near. Case does not count; a slip is a letter added, left out,
// replaced, or swapped with its neighbour, and a word may have one slip for
// each three letters (at least one). The first of equally near words wins.
func Nearest(word string, known []string) string {
	w := fold(word)
	if len(w) == 0 || len(w) > maxLen {
		return ""
	}
	best, at := max(1, len(w)/3)+1, ""
	for _, k := range known {
		f := fold(k)
		// The distance is at least the difference in length, so words that
		// cannot win need no table.
		if abs(len(f)-len(w)) >= best || len(f) > maxLen {
			continue
		}
		// Replacing every letter is not a slip: "x" is not nearly "y".
		if d := distance(w, f); d < best && d < max(len(w), len(f)) {
			best, at = d, k
		}
	}
	return at
}

// Abbreviated returns the known word that goes on from word, or that word goes
// on from, by the fewest letters: "churned" for "churn"; "" if there is none, or
// they have fewer than three letters in common. Case does not count.
func Abbreviated(word string, known []string) string {
	const enough = 3
	w, best, at := fold(word), maxLen, ""
	for _, k := range known {
		f := fold(k)
		n := min(len(f), len(w))
		if d := abs(len(f) - len(w)); n >= enough && d < best && slices.Equal(f[:n], w[:n]) {
			best, at = d, k
		}
	}
	return at
}

// distance is the optimal string alignment distance: Levenshtein's, with the
// swap of two neighbours as one step.
func distance(a, b []rune) int {
	// Row i of the table is distance(a[:i], b[:j]) for each j; a swap looks
	// two rows back.
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}

func fold(s string) []rune {
	r := []rune(s)
	for i := range r {
		r[i] = unicode.ToLower(r[i])
	}
	return r
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
