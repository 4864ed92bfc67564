package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"species", "sepal_length", "adam", "adamw", "sgd", "x"}
	for _, c := range []struct{ word, want string }{
		{"speces", "species"},
		{"Species", "species"},
		{"sepal_lenght", "sepal_length"},
		{"sepal-length", "sepal_length"},
		{"adma", "adam"},
		{"adam", "adam"},
		{"adamW", "adamw"},
		{"sdg", "sgd"},
		{"y", ""},
		{"", ""},
		{"rmsprop", ""},
		{strings.Repeat("a", 1<<20), ""},
	} {
		if got := Nearest(c.word, known); got != c.want {
			t.Errorf("Nearest(%.20q) = %q, want %q", c.word, got, c.want)
		}
	}
	if got := Nearest("ab", nil); got != "" {
		t.Errorf("Nearest of nothing = %q", got)
	}
}

func TestAbbreviated(t *testing.T) {
	known := []string{"churches", "churned", "churning", "sepal_length"}
	for word, want := range map[string]string{"churn": "churned", "CHURN": "churned", "sepal": "sepal_length", "sepal_length_cm": "sepal_length", "se": "", "length": "", "": ""} {
		if got := Abbreviated(word, known); got != want {
			t.Errorf("Abbreviated(%q) = %q, want %q", word, got, want)
		}
	}
}

// The distances are the textbook ones.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"kitten", "sitting", 3},
		{"flaw", "lawn", 2},
		{"ca", "ac", 1},
		{"ca", "abc", 3}, // optimal string alignment, not full Damerau (2)
		{"", "abc", 3},
		{"same", "same", 0},
		{"é", "e", 1},
	} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance([]rune(c.b), []rune(c.a)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
