package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/internal/kernel"
)

// multihead is an attention of heads side by side in the rows of x, batch × steps ×
// 3·heads·width, its gradient by x from dy, and the transpose of a product.
func multihead(f *Func, batch, heads, steps, width int, causal bool) {
	row := 3 * heads * width
	x := f.Leaf(Leaf{Name: "x", Dims: []int{batch, steps, row}, Input: true})
	dy := f.Leaf(Leaf{Name: "dy", Dims: []int{batch, steps, heads * width}, Input: true})
	head := func(row, at int) (v kernel.View) {
		return kernel.View{Rank: 4, Dims: [kernel.MaxRank]int{batch, heads, steps, width}, Stride: [kernel.MaxRank]int{steps * row, width, row, 1}, Offset: at * heads * width}
	}
	var in []Val
	for at := range 3 {
		in = append(in, f.Gather(x, head(row, at)))
	}
	s := kernel.AttentionShape{Pairs: batch * heads, Queries: steps, Keys: steps, Width: width, Values: width, Scale: 0.5, Causal: causal}
	y, kept := f.Attention(s, in...)
	joined := kernel.View{Rank: 4, Dims: [kernel.MaxRank]int{batch, steps, heads, width}, Stride: [kernel.MaxRank]int{heads * steps * width, width, steps * width, 1}}
	f.Output(f.Reshape(f.Gather(f.Reshape(y, []int{batch, heads, steps, width}), joined), []int{batch * steps, heads * width}))
	d := f.Place([]int{batch, heads, steps, width}, []Val{f.Reshape(dy, []int{batch, steps, heads, width})}, []kernel.View{joined})
	var sum Val
	for at, g := range f.AttentionGrad(s, append(in, d, kept)...) {
		p := f.Place([]int{batch, steps, row}, []Val{f.Reshape(g, []int{batch, heads, steps, width})}, []kernel.View{head(row, at)})
		if sum == 0 {
			sum = p
		} else {
			sum = f.Map(kernel.Add, sum, p)
		}
	}
	f.Output(sum)
	product := f.Dot(f.Reshape(x, []int{batch * steps, row}), f.Reshape(dy, []int{batch * steps, heads * width}), true, false)
	f.Output(f.Gather(product, kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{heads * width, row}, Stride: [kernel.MaxRank]int{1, heads * width}}))
}

// TestHeads compares attentions of heads that lie side by side with the oracle, which
// copies them, and sees that nobody else does. Teams give the same bits.
func TestHeads(t *testing.T) {
	team := NewTeam(2)
	defer team.Close()
	for _, c := range []struct {
		batch, heads, steps, width int
		causal                     bool
	}{{2, 3, 20, 5, true}, {1, 4, 33, 8, false}, {3, 1, 7, 4, true}, {5, 2, 70, 16, true}} {
		name, rng := fmt.Sprintf("%+v", c), rand.New(rand.NewPCG(1, 2))
		var outs [][]float64
		o := &oracle{f: &Func{}}
		multihead(o.f, c.batch, c.heads, c.steps, c.width, c.causal)
		for _, l := range o.f.leaves {
			x := make([]float64, size(l.Dims))
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			o.leaves = append(o.leaves, x)
		}
		for _, team := range []*Team{nil, team} {
			f := &Func{}
			multihead(f, c.batch, c.heads, c.steps, c.width, c.causal)
			p, err := Compile[float64](f, nil, Options{Verify: true, Team: team})
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range o.leaves {
				copy(p.Input(i), x)
			}
			p.Run()
			var all []float64
			for i := range p.outputs {
				all = append(all, p.Output(i)...)
			}
			outs = append(outs, all)
			if l := p.Listing(); strings.Contains(l, "gather") || strings.Contains(l, "place") || len(p.steps) != 3 {
				t.Errorf("%s: copies\n%s", name, l)
			}
		}
		if !slices.Equal(outs[0], outs[1]) {
			t.Errorf("%s: a team gives other bits", name)
		}
		for i, want := range slices.Concat(o.run()...) {
			if got := outs[0][i]; math.Abs(got-want) > 1e-13*(1+math.Abs(want)) {
				t.Fatalf("%s: element %d is %v, want %v", name, i, got, want)
			}
		}
	}
}
