package descent_test

import (
	"testing"

	"descent/internal/sources"
)

// Every operation describes itself: a type that lowers itself to primitives has a
// method Describe.
func TestOperationsDescribeThemselves(t *testing.T) {
	methods := map[string]map[string]bool{} // by package and type
	for _, layer := range layers {
		for _, pkg := range layer {
			for _, fn := range sources.Functions(t, pkg) {
				name := pkg + "." + sources.Receiver(fn)
				if methods[name] == nil {
					methods[name] = map[string]bool{}
				}
				methods[name][fn.Name.Name] = true
			}
		}
	}
	count := 0
	for name, m := range methods {
		if m["Lower"] && m["Grad"] {
			count++
			if !m["Describe"] {
				t.Errorf("%s has no method Describe", name)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d operations are found", count)
	}
}
