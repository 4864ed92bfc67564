package exec

import (
	"fmt"

	"descent/internal/kernel"
)

// attention is softmax(scale·q·kᵀ)·v for pairs of a batch and a head, of operands q,
// k, v and, if there is one, a mask; its results are y and the weights that are kept.
// Its gradient has the operands dy and the kept weights, too, and the results dq, dk
// and dv.
type attention struct {
	plain
	kernel.AttentionShape
	at    kernel.AttentionPlaces
	back  bool
	whole int // elements of the one array that dq, dk and dv fill, or 0: each has its own
}

// Attention adds an attention. weights is one number if none are kept.
func (f *Func) Attention(s kernel.AttentionShape, args ...Val) (y, weights Val) {
	o := attention{AttentionShape: s, at: s.Dense()}
	all := f.operations(o, o.results(), args...)
	return all[0], all[1]
}

// AttentionGrad adds the gradient by q, k and v.
func (f *Func) AttentionGrad(s kernel.AttentionShape, args ...Val) []Val {
	o := attention{AttentionShape: s, at: s.Dense(), back: true}
	return f.operations(o, o.results(), args...)
}

func (o attention) results() [][]int {
	switch {
	case o.whole > 0:
		return [][]int{{o.whole}}
	case o.back:
		return [][]int{{o.Pairs, o.Queries, o.Width}, {o.Pairs, o.Keys, o.Width}, {o.Pairs, o.Keys, o.Values}}
	}
	return [][]int{{o.Pairs, o.Queries, o.Values}, {max(1, o.Pairs*o.Kept())}}
}

func (o attention) line(args []string) string {
	name := "attention"
	if o.back {
		name = "attention_grad"
	}
	return called(fmt.Sprintf("%s[%dx%dx%dx%d]", name, o.Pairs, o.Queries, o.Keys, o.Width), args)
}

func (o attention) verify(_ []int, args [][]int) error {
	want := []int{o.reach(o.at.Q, o.Queries, o.Width), o.reach(o.at.K, o.Keys, o.Width), o.reach(o.at.V, o.Keys, o.Values)}
	if o.Heads > 0 {
		want = append(want, o.Pairs/o.Heads*o.Keys)
	}
	if o.back {
		want = append(want, o.reach(o.at.Y, o.Queries, o.Values), max(1, o.Pairs*o.Kept()))
	}
	wrong := len(args) != len(want)
	for k := 0; !wrong && k < len(want); k++ {
		wrong = size(args[k]) < want[k]
	}
	if wrong {
		return fmt.Errorf("attention of %v", args)
	}
	return nil
}

// reach is how many elements an array must have for the matrices of all pairs.
func (o attention) reach(r kernel.AttentionRows, rows, columns int) int {
	if o.Pairs*rows*columns == 0 {
		return 0
	}
	last := o.Pairs - 1
	return r.Start + last/r.Heads*r.Batch + last%r.Heads*r.Head + (rows-1)*r.Row + columns
}

func (o attention) step(f anyFrame) step {
	return stepOf(o, f, attentionStepOf[float32], attentionStepOf[float64])
}

// attentionStep is the step; a row is a pair.
type attentionStep[T kernel.Float] struct {
	rows
	attention
	workers                 []*kernel.AttentionWorker[T]
	q, k, v, mask, dy, kept []T
	dst                     [][]T
}

func attentionStepOf[T kernel.Float](o attention, f frame[T]) step {
	s := &attentionStep[T]{rows: rowsOf(o.Pairs, o.Nanoseconds()*1000), attention: o, dst: f.outs()}
	in := f.arrays()
	s.q, s.k, s.v, in = in[0], in[1], in[2], in[3:]
	if o.Heads > 0 {
		s.mask, in = in[0], in[1:]
	}
	if o.back {
		s.dy, s.kept = in[0], in[1]
	}
	if o.whole > 0 {
		s.dst = [][]T{s.dst[0], s.dst[0], s.dst[0]}
	}
	s.reserve(1)
	return s
}

func (s *attentionStep[T]) slots(visit func(*uintptr)) {
	for _, x := range []*[]T{&s.q, &s.k, &s.v, &s.mask, &s.dy, &s.kept} {
		if *x != nil {
			visit(start(x))
		}
	}
	for i := range s.dst {
		visit(start(&s.dst[i]))
	}
}

func (s *attentionStep[T]) reserve(workers int) {
	for len(s.workers) < workers {
		s.workers = append(s.workers, kernel.NewAttentionWorker[T](s.AttentionShape, s.at, s.back))
	}
}

func (s *attentionStep[T]) run() { s.pairs(0, s.n, 0) }

func (s *attentionStep[T]) chunk(i, worker int) {
	lo, hi := s.span(i)
	s.pairs(lo, hi, worker)
}

func (s *attentionStep[T]) pairs(lo, hi, worker int) {
	w := s.workers[worker]
	for i := lo; i < hi; i++ {
		if s.back {
			w.Backward(i, s.dst[0], s.dst[1], s.dst[2], s.q, s.k, s.v, s.mask, s.dy, s.kept)
		} else {
			w.Forward(i, s.dst[0], s.dst[1], s.q, s.k, s.v, s.mask)
		}
	}
}
