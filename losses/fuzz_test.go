package losses_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
)

// FuzzByName: whatever the text, there is a loss that prints as it is read and
// gives a node or says why not; or an error of one line.
func FuzzByName(f *testing.F) {
	for i := range losses.Table {
		f.Add(losses.Table[i].Name)
		for _, settings := range losses.Table[i].Examples {
			f.Add(losses.Table[i].Name + "(" + settings + ")")
		}
	}
	for _, s := range []string{"huber(delta=-1)", "mse(", "(pred-target)^2", "mean((pred - target)^4) | mse", "ce(weight=[1,2])", "bce(weight=[nan])", "if"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := losses.ByName(text)
		if err != nil {
			if err.Error() == "" || strings.Count(err.Error(), "\n") > 1 {
				t.Fatalf("%q: error %q", text, err)
			}
			return
		}
		if again, err := losses.ByName(s.String()); err != nil || again.String() != s.String() {
			t.Fatalf("%q prints as %q, which is read as %v, %v", text, s, again, err)
		}
		g := graph.New(graph.Float64, 1)
		x, y, z := g.Input("x", 4, 3), g.Input("y", 4, 3), g.Input("z", 4, 3)
		if s.Loss != nil {
			_ = graph.Mistakes(s.Loss(x, y))
			_ = graph.Mistakes(s.Loss(x, g.Indices("class", 4)))
		}
		if s.Loss3 != nil {
			_ = graph.Mistakes(s.Loss3(x, y, z))
		}
	})
}
