package plot

import (
	"slices"
	"strings"
)

// Colors gives each name, of an optimizer, a colour that belongs to it: the same
// in all pictures. What is asked for is told by the word that a name ends on, so
// "clip(1) | adam(lr=0.1)" asks for what "adam" does. Where names ask for the
// same, the one that comes first in the alphabet has it, and the others take the
// next that nobody asks for.
func Colors(names ...string) map[string]Color {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	out, taken := map[string]Color{}, map[int]bool{}
	for _, name := range names {
		if n := wish(name); !taken[n] {
			out[name], taken[n] = nth(n), true
		}
	}
	for _, name := range names {
		if out[name] != Auto {
			continue
		}
		n := wish(name)
		for tries := 0; taken[n]; tries++ {
			if n = (n + 1) % cycle; tries >= cycle { // all are taken
				n += cycle * (tries / cycle)
			}
		}
		out[name], taken[n] = nth(n), true
	}
	return out
}

// wish is the number of the colour that a name asks for: FNV-1a of its word. It
// starts so that the usual optimizers ask for different ones.
func wish(name string) int {
	word := name[strings.LastIndexByte(name, '|')+1:]
	word = strings.ToLower(strings.TrimSpace(word))
	if i := strings.IndexFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }); i >= 0 {
		word = word[:i]
	}
	h := uint32(1518)
	for _, c := range []byte(word) {
		h = (h ^ uint32(c)) * 16777619
	}
	return int((h ^ h>>15) % uint32(cycle))
}
