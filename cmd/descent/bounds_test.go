package main

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/optimizers/search"
)

// FuzzBounds: whatever the text, there are ranges with something in them, and a
// variable stays in its own; or an error of one line.
func FuzzBounds(f *testing.F) {
	for _, s := range []string{"x=0:5,y=:1", "x=0:", "x=1e308:1e309", " a = -1 : 1 ", "x=nan:1", "x=0:1,x=0:2", ":", "=:", "x=-0:0", "α=0:inf", "x=0:1,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bounds, err := parseBounds(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		for name, b := range bounds {
			if name == "" || !(b.Lo < b.Hi) {
				t.Fatalf("%q: %q has the range %v", text, name, b)
			}
			if b.Node(graph.New(graph.Float64, 1).Const(0.3)).Err() != nil {
				t.Fatalf("%q: no variable in %v", text, b)
			}
			if x, ok := halfway(b); ok && (x < b.Lo || x > b.Hi) {
				t.Fatalf("%q: %v is not in %v", text, x, b)
			}
		}
	})
}

// halfway is a number between finite bounds.
func halfway(b search.Bound) (float64, bool) {
	x := b.Lo + (b.Hi-b.Lo)/2
	return x, !math.IsInf(b.Lo, 0) && !math.IsInf(b.Hi-b.Lo, 0)
}
