package exec

import (
	"fmt"

	"descent/internal/kernel"
)

// A pass improves a program. Passes keep operands before their uses and never
// change a result by a bit, but for uniform constants, which are folded in
// float64, sums with the zeros between places (which make -0 0), reductions of one element, which are that element (a sum of one -0 is 0
// otherwise), products that read a transposed operand in place or are computed transposed, and reductions of
// arrays whose channels are last (the kernel may add in another order).
type pass struct {
	name  string
	why   string
	run   func(*Func)
	joins bool // makes one step of several values: not in checking programs
}

// passes in the order they run.
var passes = []pass{
	{"dead", "first, so that nothing below spends time on unused gradients", dead, false},
	{"simplify", "before cse: folding and algebra make equal what was written differently", simplify, false},
	{"cse", "after simplify; exact, by operands and attributes", cse, false},
	{"dead", "simplify and cse leave the operands of what they replaced", dead, false},
	{"layout", "after cse, which makes one of equal reads", layout, false},
	{"cse", "layout reads an operand for each of its users", cse, false},
	{"dead", "layout leaves what it has gone around", dead, false},
	{"snapshot", "after algebra, which may find that an output is a leaf", snapshot, false},
	{"join", "after dead, which tells what is used once", join, false},
	{"dead", "join leaves the places that it joined", dead, false},
	{"heads", "after join, which makes one place of the gradients of an attention", heads, false},
	{"turn", "after simplify, which makes strided reads of places", turn, false},
	{"dead", "heads and turn leave the copies that they have gone around", dead, false},
	{"epilogue", "after dead, which tells what is used once", epilogue, true},
	{"addProducts", "after epilogue, which draws biases into products", addProducts, true},
	{"descend", "after epilogue, which wants some of the same products", descend, true},
	{"dead", "epilogue, addProducts and descend leave the products that they extended", dead, true},
	{"expand", "after algebra, which drops the broadcasts that maps do by themselves", expand, false},
	{"cross", "scalars live apart from arrays, and only steps care", crossScalars, false},
	{"recompute", "last: cse would undo it", recompute, true},
	{"dead", "recompute leaves what nobody reads any more", dead, true},
	{"loopsInPlace", "after dead, which tells what is used once", loopsInPlace, true},
}

// optimize runs the passes, with check after each if it is not nil.
func (f *Func) optimize(check func(*Func) error, join bool) error {
	for _, p := range passes {
		if p.joins && !join {
			continue
		}
		p.run(f)
		if check != nil {
			if err := check(f); err != nil {
				return fmt.Errorf("after pass %s: %w", p.name, err)
			}
		}
	}
	return nil
}

// dead removes values that no output or update needs. Leaves stay: they are
// the program's interface.
func dead(f *Func) {
	live := make([]bool, len(f.vals))
	for _, v := range f.outputs {
		live[v] = true
	}
	for _, u := range f.updates {
		live[u.Leaf], live[u.Value] = true, true
	}
	for i := len(f.vals) - 1; i >= 0; i-- {
		if f.vals[i].kind == kLeaf {
			live[i] = true
		}
		if live[i] {
			for _, a := range f.vals[i].args {
				live[a] = true
			}
		}
	}
	to := make([]Val, len(f.vals))
	kept := f.vals[:0]
	for i, v := range f.vals {
		if live[i] {
			to[i] = Val(len(kept))
			kept = append(kept, v)
		}
	}
	f.vals = kept
	f.rename(to, true)
}

// rename applies a renumbering to outputs and updates and, if asked, operands.
func (f *Func) rename(to []Val, args bool) {
	if args {
		for i := range f.vals {
			for k, a := range f.vals[i].args {
				f.vals[i].args[k] = to[a]
			}
		}
	}
	for i, v := range f.outputs {
		f.outputs[i] = to[v]
	}
	for i, u := range f.updates {
		f.updates[i] = Update{to[u.Leaf], to[u.Value]}
	}
}

// rewrite visits values in order, with operands already replaced; visit may
// change the value in place, or return another earlier one to use instead.
func rewrite(f *Func, visit func(i Val, v *value) Val) {
	to := make([]Val, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		to[i] = visit(Val(i), v)
	}
	f.rename(to, false)
}

// snapshot copies outputs that are leaves and will be replaced by an update.
func snapshot(f *Func) {
	root := f.roots()
	updated := map[Val]bool{}
	for _, u := range f.updates {
		updated[u.Leaf] = true
	}
	for i, v := range f.outputs {
		if l := root[v]; updated[l] && !f.vals[v].scalar() && !f.vals[l].scalar() {
			f.tag = f.vals[l].tag
			f.outputs[i] = f.Call(&Call{Name: "snapshot", F32: copyCall[float32], F64: copyCall[float64]}, [][]int{f.vals[v].dims}, v)[0]
		}
	}
}

func copyCall[T kernel.Float](dst, src [][]T, _, _ int) { copy(dst[0], src[0]) }
