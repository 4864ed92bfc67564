package text

import _ "embed"

// alice is chapters I to VI of Alice's Adventures in Wonderland, by Lewis Carroll
// (1832 to 1898), first published in 1865: public domain. The copy is that of the
// Canterbury corpus, alice29.txt.
//
//go:embed alice.txt
var alice string

// embedded are the texts by name.
var embedded = map[string]string{"alice": alice}

// Names are the names of the embedded texts.
func Names() []string { return []string{"alice"} }

// Embedded returns the embedded text of that name.
func Embedded(name string) (s string, ok bool) {
	s, ok = embedded[name]
	return s, ok
}
