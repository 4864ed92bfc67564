package exec

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/guard"
	"descent/internal/kernel"
)

// A trial is one random program with its memory.
type trial[T kernel.Float] struct {
	g      *generator
	leaves [][]T // of leaves that are not inputs
	inputs [][]T
	bits   []uint64
}

// newTrial makes the program of a seed. Its leaves are in slabs, or if rooms are
// given at the start or the end of those.
func newTrial[T kernel.Float](seed uint64, of scope, rooms *guard.Rooms) *trial[T] {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &trial[T]{g: randomFunc(rng, of)}
	if seed%3 == 0 {
		t.g.fix()
	}
	t.leaves, t.inputs = make([][]T, len(t.g.slab)), make([][]T, len(t.g.slab))
	slabs := map[int]*Slab[T]{}
	for i, l := range t.g.f.leaves {
		n := size(l.Dims)
		if l.Input {
			t.inputs[i] = make([]T, n)
		} else if rooms != nil {
			t.leaves[i] = guard.Take[T](rooms, i, n, (seed+uint64(i))%3 > 0)
			clear(t.leaves[i])
		} else {
			k := t.g.slab[i]
			t.g.f.leaves[i].Padded = true
			if slabs[k] == nil {
				slabs[k] = &Slab[T]{}
			}
			t.leaves[i] = slabs[k].Take(n)
		}
		for _, m := range [][]T{t.leaves[i], t.inputs[i]} {
			for k := range m {
				m[k] = T(rng.NormFloat64())
				if rng.IntN(8) == 0 {
					m[k] = T([]float64{0, math.Copysign(0, -1), 1, math.Inf(1)}[rng.IntN(4)])
				}
			}
		}
	}
	return t
}

// vary changes inputs before the second run, and fixed leaves before the third, which it
// reports.
func (t *trial[T]) vary(run int) (fixed bool) {
	for i, l := range t.g.f.leaves {
		for _, m := range [][]T{t.leaves[i], t.inputs[i]} {
			for k := range m {
				if run == 1 && l.Input || run == 2 && l.Fixed {
					m[k]++
				}
			}
		}
	}
	return run == 2
}

// put records a number; all NaN are one.
func (t *trial[T]) put(x float64) {
	if x != x {
		x = math.NaN()
	}
	t.bits = append(t.bits, math.Float64bits(x))
}

func (t *trial[T]) putLeaves() {
	for _, m := range t.leaves {
		for _, x := range m {
			t.put(float64(x))
		}
	}
}

// run compiles and runs a program a few times and records all outputs and
// leaves.
func (t *trial[T]) run(o Options) ([]uint64, error) {
	p, err := Compile(t.g.f, func(i int) []T { return t.leaves[i] }, o)
	if err != nil {
		return nil, err
	}
	for run := range 3 {
		if t.vary(run) {
			p.Renew()
		}
		for i, x := range t.inputs {
			switch {
			case x == nil:
			case len(t.g.f.leaves[i].Dims) == 0:
				*p.ScalarInput(i) = float64(x[0])
			default:
				copy(p.Input(i), x)
			}
		}
		p.Run()
		if stopped(p) {
			return nil, errStopped
		}
		for i := range p.outputs {
			if p.outputs[i].scalar != nil {
				t.put(p.Scalar(i))
				continue
			}
			for _, x := range p.Output(i) {
				t.put(float64(x))
			}
		}
		t.putLeaves()
	}
	return t.bits, nil
}

// errStopped says that a loop has met a number that is NaN or infinite in a checking
// program, and ended there.
var errStopped = errors.New("a loop has stopped")

func stopped[T kernel.Float](p *Program[T]) bool {
	return slices.ContainsFunc(p.steps, func(s step) bool {
		l, ok := s.(*loopStep[T])
		return ok && l.bad != nil
	})
}

// oracleBits is what run records, by the oracle.
func oracleBits(seed uint64, of scope) []uint64 {
	t := newTrial[float64](seed, of, nil)
	o := &oracle{f: t.g.f, leaves: make([][]float64, len(t.leaves))}
	for i := range o.leaves {
		o.leaves[i] = t.leaves[i]
		if t.g.f.leaves[i].Input {
			o.leaves[i] = t.inputs[i]
		}
	}
	for run := range 3 {
		t.vary(run)
		for _, out := range o.run() {
			for _, x := range out {
				t.put(x)
			}
		}
		t.putLeaves()
	}
	return t.bits
}

// TestRandomPrograms compares fused machine code, fused interpretation, both
// also shared by a team, one step per value, and the oracle: all must give the
// same bits. DESCENT_SEEDS=from-to runs other seeds.
func TestRandomPrograms(t *testing.T) {
	from, to := uint64(0), uint64(600)
	if s := os.Getenv("DESCENT_SEEDS"); s != "" {
		a, b, _ := strings.Cut(s, "-")
		from, _ = strconv.ParseUint(a, 10, 64)
		to, _ = strconv.ParseUint(b, 10, 64)
	}
	for seed := from; seed < to; seed++ {
		sameBits[float64](t, seed, nil)
		sameBits[float32](t, seed, nil)
	}
}

// FuzzProgram compares one way to run a small program with one step per value,
// and in float64 with the oracle: that is fast enough to find something.
func FuzzProgram(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, byte(seed))
	}
	team := newTeam(3)
	f.Cleanup(team.Close)
	ways := []Options{{}, {Interpret: true}, {Team: team}, {Verify: true}}
	f.Fuzz(func(t *testing.T, seed uint64, way byte) {
		defer func(n int) { chunkWork = n }(chunkWork)
		chunkWork = 10
		o := ways[int(way/2)%len(ways)]
		var err error
		if way%2 == 0 {
			err = compareBits(newTrial[float64](seed, small, nil), o, oracleBits(seed, small))
		} else {
			var want []uint64
			if want, err = newTrial[float32](seed, small, nil).run(Options{Check: true, Interpret: true}); err == nil {
				err = compareBits(newTrial[float32](seed, small, nil), o, want)
			}
		}
		if err != nil && !errors.Is(err, errStopped) {
			t.Fatal(err)
		}
	})
}

// compareBits reports how a trial run with options differs from these bits.
func compareBits[T kernel.Float](x *trial[T], o Options, want []uint64) error {
	got, err := x.run(o)
	if err != nil {
		return fmt.Errorf("%T %+v: %w", T(0), o, err)
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("%T %+v: number %d is %v, want %v", T(0), o, i, math.Float64frombits(got[i]), math.Float64frombits(want[i]))
		}
	}
	return nil
}

func sameBits[T kernel.Float](t *testing.T, seed uint64, rooms *guard.Rooms) {
	t.Helper()
	defer func(n int) { chunkWork = n }(chunkWork)
	chunkWork = 1000
	team := newTeam(3)
	defer team.Close()
	options := []Options{{Check: true, Interpret: true}, {Verify: true}, {Interpret: true, Verify: true}, {Team: team}, {Team: team, Interpret: true}}
	var want []uint64
	if _, double := any(T(0)).(float64); double {
		want = oracleBits(seed, large)
	}
	for _, o := range options {
		x := newTrial[T](seed, large, rooms)
		if want == nil {
			got, err := x.run(o)
			if errors.Is(err, errStopped) {
				continue
			}
			if err != nil {
				t.Fatalf("seed %d %T %+v: %v", seed, T(0), o, err)
			}
			want = got
			continue
		}
		if err := compareBits(x, o, want); err != nil && !errors.Is(err, errStopped) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
