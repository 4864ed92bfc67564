package exec

import (
	"slices"
	"testing"

	"descent/internal/kernel"
)

// sums is a loop over the rows of x: it carries their sum, starting at s, and stacks
// what it carried before and after.
func sums(f *Func, x, s Val, steps, n int) []Val {
	body := &Func{}
	was, is := body.Leaf(Leaf{Name: "was", Dims: []int{n}}), body.Leaf(Leaf{Name: "is", Dims: []int{n}})
	row := body.Leaf(Leaf{Name: "row", Dims: []int{n}})
	body.Update(is, body.Map(kernel.Add, was, row))
	l := &Loop{Name: "sums", Body: body, Steps: steps, Results: [][]int{{steps + 1, n}}, Starts: []Start{{Operand: 1}},
		Leaves: []Walk{{Result: true, Step: n}, {Result: true, Start: n, Step: n}, {Step: n}}}
	return f.Loop(l, x, s)
}

func TestLoop(t *testing.T) {
	team := newTeam(2)
	defer team.Close()
	for name, o := range map[string]Options{"": {Verify: true}, "interpreted": {Verify: true, Interpret: true}, "checked": {Verify: true, Check: true}, "team": {Team: team}} {
		f := &Func{}
		x := f.Leaf(Leaf{Name: "x", Dims: []int{3, 2}, Input: true})
		f.Output(f.Map(kernel.Add, sums(f, x, f.Const(0, []int{2}), 3, 2)[0], f.Const(1, nil)))
		p, err := Compile[float64](f, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			copy(p.Input(0), []float64{1, 2, 3, 4, 5, 6})
			if p.Run(); !slices.Equal(p.Output(0), []float64{1, 1, 2, 3, 5, 7, 10, 13}) {
				t.Errorf("%s: %v", name, p.Output(0))
			}
		}
	}
}

// A loop in a listing: what its leaves are, and its steps.
func TestLoopListing(t *testing.T) {
	f := &Func{}
	x := f.Leaf(Leaf{Name: "x", Dims: []int{3, 2}, Input: true})
	f.Output(sums(f, x, f.Const(0, []int{2}), 3, 2)[0])
	p, err := Compile[float32](f, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `  0  %2 = sums: loop of 3 steps x 0  [4 2] @0
     | was [2]: result 0 from 0 in steps of 2
     | is [2]: result 0 from 2 in steps of 2
     | row [2]: operand 0 from 0 in steps of 2
     |   0  region [2]
     |        %3 = add was row  [2] in place of is
     | 1 steps, arena 0 bytes, 0 scalars
1 steps, arena 128 bytes, 0 scalars
`
	if got := p.Listing(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What a loop works in is nobody's while it does: the verifier of plans says so of one
// where it is.
func TestVerifyRooms(t *testing.T) {
	f := &Func{}
	x := f.Leaf(Leaf{Name: "x", Dims: []int{4, 2}, Input: true})
	f.Output(sums(f, x, f.Const(0, []int{2}), 3, 2)[0])
	l, err := prepare[float64](f, nil, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	for v := range l.plan.rooms {
		l.plan.rooms[v] = l.plan.allocs[v].at
	}
	if err := verifyPlan(f, l.groups, l.plan); err == nil {
		t.Error("a loop works where its result is")
	}
}

// A loop that ends early, or does not begin, keeps what it started with and what its steps
// have written; the rest is 0.
func TestLoopEndsEarly(t *testing.T) {
	for _, c := range []struct {
		stop, when float64
		want       []float64
	}{{0, 1, []float64{10, 11, 13, 16}}, {1, 1, []float64{10, 11, 0, 0}}, {0, 0, []float64{10, 0, 0, 0}}} {
		f := &Func{}
		x, when := f.Leaf(Leaf{Name: "x", Dims: []int{3, 1}, Input: true}), f.Leaf(Leaf{Name: "when", Dims: []int{1}, Input: true})
		body := &Func{}
		was, is, row := body.Leaf(Leaf{Name: "was", Dims: []int{1}}), body.Leaf(Leaf{Name: "is", Dims: []int{1}}), body.Leaf(Leaf{Name: "row", Dims: []int{1}})
		body.Update(is, body.Map(kernel.Add, was, row))
		body.Output(body.Const(c.stop, nil))
		l := &Loop{Name: "sums", Body: body, Steps: 3, Results: [][]int{{4, 1}}, Starts: []Start{{Operand: 1}}, Stops: true, Conditional: true,
			Leaves: []Walk{{Result: true, Step: 1}, {Result: true, Start: 1, Step: 1}, {Step: 1}}}
		f.Output(f.Loop(l, x, f.Const(10, []int{1}), when)[0])
		p, err := Compile[float64](f, nil, Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			copy(p.Input(0), []float64{1, 2, 3})
			p.Input(1)[0] = c.when
			if p.Run(); !slices.Equal(p.Output(0), c.want) {
				t.Errorf("stop %v, when %v: %v, want %v", c.stop, c.when, p.Output(0), c.want)
			}
		}
	}
}
