package exec

import (
	"slices"
	"testing"

	"descent/internal/kernel"
)

// Places that do not meet are joined, others are added.
func TestJoin(t *testing.T) {
	box := func(row, col, rows, cols int) kernel.View { // in 4×6
		return kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{rows, cols}, Stride: [kernel.MaxRank]int{6, 1}, Offset: row*6 + col}
	}
	for name, c := range map[string]struct {
		views []kernel.View
		steps int
	}{
		"columns":            {[]kernel.View{box(0, 0, 4, 2), box(0, 2, 4, 2), box(0, 4, 4, 2)}, 1},
		"rows and a corner":  {[]kernel.View{box(0, 0, 2, 6), box(3, 1, 1, 2)}, 1},
		"one column meets":   {[]kernel.View{box(0, 0, 4, 3), box(0, 2, 4, 2)}, 3},
		"every other column": {[]kernel.View{box(0, 0, 4, 3), {Rank: 2, Dims: [kernel.MaxRank]int{4, 3}, Stride: [kernel.MaxRank]int{6, 2}}}, 3},
	} {
		f := &Func{}
		var sum Val
		want := make([]float64, 24)
		for i, v := range c.views {
			x := f.Leaf(Leaf{Name: "x", Dims: v.Dims[:2], Input: true})
			p := f.Place([]int{4, 6}, []Val{x}, []kernel.View{v})
			if i == 0 {
				sum = p
			} else {
				sum = f.Map(kernel.Add, sum, p)
			}
			for k := range v.Len() {
				want[v.Offset+k/v.Dims[1]*v.Stride[0]+k%v.Dims[1]*v.Stride[1]] += float64(10*i + k + 1)
			}
		}
		f.Output(sum)
		p, err := Compile[float64](f, nil, Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range c.views {
			for k := range v.Len() {
				p.Input(i)[k] = float64(10*i + k + 1)
			}
		}
		if p.Run(); !slices.Equal(p.Output(0), want) || len(p.steps) != c.steps {
			t.Errorf("%s: %d steps make %v, want %v in %d", name, len(p.steps), p.Output(0), want, c.steps)
		}
	}
}
