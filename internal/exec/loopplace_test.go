package exec

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/kernel"
)

const placeRows, placeUnits, placeSteps = 32, 24, 6

// twoLoops is a loop that leaves two stacks, p = c·x and q = x - c, beside what it
// carries, c ← (c + p)/2, and one that walks back along both and leaves r = p·d and
// s = q·q - r, with d ← d + q/2. x is where the first begins, too.
func twoLoops(fixed bool) (f *Func, p, r, s Val) {
	f = &Func{}
	part := []int{placeRows, placeUnits}
	stack := slices.Insert(slices.Clone(part), 0, placeSteps)
	x := f.Leaf(Leaf{Name: "x", Dims: stack, Input: !fixed, Fixed: fixed})
	d := f.Leaf(Leaf{Name: "d", Dims: part, Input: true})
	n := size(part)

	b := &Func{}
	var leaves []Val
	for _, name := range []string{"c", "x", "p", "q"} {
		leaves = append(leaves, b.Leaf(Leaf{Name: name, Dims: part}))
	}
	half := b.Const(0.5, part)
	bp := b.Map(kernel.Mul, leaves[0], leaves[1])
	b.Update(leaves[2], bp)
	b.Update(leaves[3], b.Map(kernel.Sub, leaves[1], leaves[0]))
	b.Update(leaves[0], b.Map(kernel.Mul, half, b.Map(kernel.Add, leaves[0], bp)))
	first := f.Loop(&Loop{Name: "there", Body: b, Steps: placeSteps, Results: [][]int{stack, stack, part}, Starts: []Start{{Operand: 1, Result: 2}},
		Leaves: []Walk{{Result: true, Array: 2}, {Step: n}, {Result: true, Step: n}, {Result: true, Array: 1, Step: n}}}, x, d)

	b = &Func{}
	leaves = nil
	for _, name := range []string{"d", "p", "q", "r", "s"} {
		leaves = append(leaves, b.Leaf(Leaf{Name: name, Dims: part}))
	}
	half = b.Const(0.5, part)
	br := b.Map(kernel.Mul, leaves[1], leaves[0])
	b.Update(leaves[3], br)
	b.Update(leaves[4], b.Map(kernel.Sub, b.Map(kernel.Mul, leaves[2], leaves[2]), br))
	b.Update(leaves[0], b.Map(kernel.Add, leaves[0], b.Map(kernel.Mul, half, leaves[2])))
	back := func(w Walk) Walk { w.Start, w.Step = (placeSteps-1)*n, -n; return w }
	second := f.Loop(&Loop{Name: "back", Body: b, Steps: placeSteps, Reverse: true, Results: [][]int{stack, stack}, Own: [][]int{part}, Starts: []Start{{Operand: 2, Result: 2}},
		Leaves: []Walk{{Result: true, Array: 2}, back(Walk{}), back(Walk{Array: 1}), back(Walk{Result: true}), back(Walk{Result: true, Array: 1})}}, first[0], first[1], d)
	return f, first[0], second[0], second[1]
}

// wantTwoLoops is the same, one number after another.
func wantTwoLoops(x, d []float64) (p, r, s []float64) {
	n := len(d)
	p, r, s = make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	for i := range n {
		c := d[i]
		q := make([]float64, placeSteps)
		for t := range placeSteps {
			p[t*n+i], q[t] = c*x[t*n+i], x[t*n+i]-c
			c = 0.5 * (c + p[t*n+i])
		}
		e := d[i]
		for t := placeSteps - 1; t >= 0; t-- {
			r[t*n+i] = p[t*n+i] * e
			s[t*n+i] = float64(q[t]*q[t]) - r[t*n+i]
			e += float64(0.5 * q[t])
		}
	}
	return p, r, s
}

// A loop's stacks are where others were that nobody else reads: the same bits in every
// run, with any workers, and where the others are wanted, not in their place.
func TestLoopsInPlace(t *testing.T) {
	for _, c := range []struct {
		name        string
		keeps       bool // p is an output
		fixed       bool // the first loop is made of what is fixed: but for d, which it starts at
		interpreted bool
		workers     int
		placed      bool
	}{
		{"in place", false, false, false, 1, true},
		{"two workers", false, false, false, 2, true},
		{"without machine code", false, false, true, 1, true},
		{"with weights", false, true, false, 1, true},
		{"wanted", true, false, false, 1, false},
	} {
		f, p, r, s := twoLoops(c.fixed)
		f.Output(r)
		f.Output(s)
		if c.keeps {
			f.Output(p)
		}
		n := placeRows * placeUnits
		x := make([]float64, placeSteps*n)
		for i := range x {
			x[i] = math.Sin(float64(i))
		}
		team := newTeam(c.workers)
		program, err := Compile[float64](f, func(int) []float64 { return x }, Options{Verify: true, Interpret: c.interpreted, Team: team})
		if err != nil {
			t.Fatal(err)
		}
		if !c.fixed {
			copy(program.Input(0), x)
		}
		d := program.Input(1)
		for run := range 3 {
			for i := range d {
				d[i] = math.Cos(float64(i + run))
			}
			wantP, wantR, wantS := wantTwoLoops(x, d)
			program.Run()
			for k, want := range [][]float64{wantR, wantS, wantP}[:len(f.outputs)] {
				if !slices.Equal(program.Output(k), want) {
					t.Errorf("%s, run %d: output %d differs", c.name, run, k)
				}
			}
		}
		if got := strings.Contains(program.Listing(), "in place of operands"); got != c.placed {
			t.Errorf("%s: in place: %v, want %v\n%s", c.name, got, c.placed, program.Listing())
		}
		team.Close()
	}
}

// What is made of variables alone is there in the next run, too: nothing is written over
// it.
func TestLoopsInPlaceOnce(t *testing.T) {
	part := []int{4, 8}
	stack, n := []int{3, 4, 8}, 32
	f := &Func{}
	w := f.Leaf(Leaf{Name: "w", Dims: stack, Fixed: true})
	x := f.Leaf(Leaf{Name: "x", Dims: part, Input: true})
	b := &Func{}
	of, to, also := b.Leaf(Leaf{Dims: part}), b.Leaf(Leaf{Dims: part}), b.Leaf(Leaf{Dims: part})
	b.Update(to, b.Map(kernel.Add, of, of))
	b.Update(also, b.Map(kernel.Mul, of, of))
	once := f.Loop(&Loop{Name: "once", Body: b, Steps: 3, Results: [][]int{stack, stack}, Leaves: []Walk{{Step: n}, {Result: true, Step: n}, {Result: true, Array: 1, Step: n}}}, w)
	b = &Func{}
	of, with, left := b.Leaf(Leaf{Dims: part}), b.Leaf(Leaf{Dims: part, Fixed: true}), b.Leaf(Leaf{Dims: part})
	b.Update(left, b.Map(kernel.Mul, of, with))
	f.Output(f.Loop(&Loop{Name: "each", Body: b, Steps: 3, Results: [][]int{stack}, Leaves: []Walk{{Step: n}, {Array: 1}, {Result: true, Step: n}}}, once[0], x)[0])
	ws := make([]float64, 3*n)
	for i := range ws {
		ws[i] = float64(i)
	}
	p, err := Compile[float64](f, func(int) []float64 { return ws }, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	for run := range 3 {
		for i := range p.Input(1) {
			p.Input(1)[i] = float64(run + 1)
		}
		p.Run()
		for i, got := range p.Output(0) {
			if want := 2 * float64(i) * float64(run+1); got != want {
				t.Fatalf("run %d, element %d: %v, want %v", run, i, got, want)
			}
		}
	}
}
