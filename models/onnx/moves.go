package onnx

import "slices"

// A move is a node that puts elements elsewhere and makes none: by its operand's layout, the
// layouts of what it makes. ok is false where that is not known, or no layout.
type move func(r *reader, s *step, l layout) (out []layout, ok bool)

// moving are those by operator.
var moving map[string]move

func init() {
	moving = map[string]move{
		"Identity": still, "Dropout": still, "Cast": still, "Expand": expand,
		"Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
		"Transpose": transpose, "Slice": slice, "Split": split, "Gather": pick, "DepthToSpace": shuffle,
	}
}

func one(l layout, ok bool) ([]layout, bool) { return []layout{l}, ok }

func still(_ *reader, _ *step, l layout) ([]layout, bool) { return one(l, true) }

// expand repeats elements along axes of one.
func expand(r *reader, s *step, l layout) ([]layout, bool) {
	to, ok := r.list(s, "", 1)
	dims, fits := broadcast(l.dims(), to)
	if !ok || !fits {
		return nil, false
	}
	out := layout{l.offset, slices.Concat(make([][]digit, len(dims)-len(l.axes)), l.axes)}
	for i, n := range dims {
		if n > 1 && length(out.axes[i]) == 1 {
			out.axes[i] = []digit{{n, 0}}
		}
	}
	return one(out, true)
}

// reshape gives an array lengths, of which 0 is as it was and -1 what is left.
func reshape(r *reader, s *step, l layout) ([]layout, bool) {
	to, ok := r.list(s, "shape", 1)
	from, left, size := l.dims(), -1, 1
	for _, n := range from {
		size *= n
	}
	to = slices.Clone(to)
	for i, n := range to {
		switch {
		case n == 0 && i < len(from):
			to[i] = from[i]
		case n == -1 && left < 0:
			left = i
			continue
		}
		if to[i] < 1 || size%to[i] != 0 {
			return nil, false
		}
		size /= to[i]
	}
	if left >= 0 {
		to[left] = size
	}
	if !ok {
		return nil, false
	}
	return one(l.reshape(to))
}

func flatten(_ *reader, s *step, l layout) ([]layout, bool) {
	at, ok := counted(s.whole("axis", 1), len(l.axes)+1)
	if !ok {
		return nil, false
	}
	out := layout{offset: l.offset}
	for _, axes := range [][][]digit{l.axes[:at], l.axes[at:]} {
		out.axes = append(out.axes, merged(slices.Concat(axes...)))
	}
	return one(out, true)
}

// counted is an axis counted from the first of n.
func counted(axis, n int) (int, bool) {
	if axis < 0 {
		axis += n
	}
	return axis, axis >= 0 && axis < n
}

func squeeze(r *reader, s *step, l layout) ([]layout, bool) {
	axes, given := r.list(s, "axes", 1)
	if len(s.in) > 1 && !given {
		return nil, false
	}
	out := layout{offset: l.offset}
	for i, axis := range l.axes {
		gone := length(axis) == 1
		if given && !slices.Contains(axes, i) && !slices.Contains(axes, i-len(l.axes)) {
			gone = false
		}
		if !gone {
			out.axes = append(out.axes, axis)
		}
	}
	return one(out, !given || len(out.axes) == len(l.axes)-len(axes))
}

func unsqueeze(r *reader, s *step, l layout) ([]layout, bool) {
	axes, ok := r.list(s, "axes", 1)
	n := len(l.axes) + len(axes)
	out, rest := layout{offset: l.offset}, l.axes
	for i := range n {
		switch {
		case slices.Contains(axes, i) || slices.Contains(axes, i-n):
			out.axes = append(out.axes, nil)
		case len(rest) > 0:
			out.axes, rest = append(out.axes, rest[0]), rest[1:]
		}
	}
	return one(out, ok && len(rest) == 0 && len(out.axes) == n)
}

func transpose(_ *reader, s *step, l layout) ([]layout, bool) {
	perm := s.wholes("perm")
	if perm == nil {
		for i := range l.axes {
			perm = append(perm, len(l.axes)-1-i)
		}
	}
	return one(l.transpose(perm...))
}

func slice(r *reader, s *step, l layout) ([]layout, bool) {
	starts, ok := r.list(s, "starts", 1)
	ends, also := r.list(s, "ends", 2)
	axes, given := r.list(s, "axes", 3)
	steps, told := r.list(s, "steps", 4)
	if !ok || !also || len(s.in) > 3 && s.in[3] != "" && !given || len(s.in) > 4 && s.in[4] != "" && !told || len(ends) != len(starts) {
		return nil, false
	}
	for i, start := range starts {
		at, step := i, 1
		if given {
			if i >= len(axes) {
				return nil, false
			}
			at = axes[i]
		}
		if told && i < len(steps) {
			step = steps[i]
		}
		if at, ok = counted(at, len(l.axes)); !ok || step == 0 {
			return nil, false
		}
		n := length(l.axes[at])
		from, to := within(start, n), within(ends[i], n)
		many := (to - from + step - 1) / step
		if step < 0 { // from the end, and to before the first
			if from = min(from, n-1); ends[i] < -n {
				to = -1
			}
			many = (from - to - step - 1) / -step
		}
		if l, ok = l.slice(at, from, many, step); !ok {
			return nil, false
		}
	}
	return one(l, true)
}

// within is a place among n, counted from the end if it is negative.
func within(at, n int) int {
	if at < 0 {
		at = max(at, -n) + n
	}
	return min(at, n)
}

func split(r *reader, s *step, l layout) (out []layout, ok bool) {
	at, ok := counted(s.whole("axis", 0), len(l.axes))
	lengths, given := r.list(s, "split", 1)
	if !ok || len(s.in) > 1 && s.in[1] != "" && !given {
		return nil, false
	}
	n := length(l.axes[at])
	if !given {
		lengths = slices.Repeat([]int{(n + len(s.out) - 1) / max(1, len(s.out))}, len(s.out))
		if len(lengths) > 0 {
			lengths[len(lengths)-1] = n - (len(lengths)-1)*lengths[0]
		}
	}
	start := 0
	for _, k := range lengths {
		part, ok := l.slice(at, start, k, 1)
		if !ok {
			return nil, false
		}
		out, start = append(out, part), start+k
	}
	return out, len(out) == len(s.out)
}

// pick takes an element of an axis, or some that are equally far apart.
func pick(r *reader, s *step, l layout) ([]layout, bool) {
	index := r.operandAt(s, 1)
	at, ok := counted(s.whole("axis", 0), len(l.axes))
	if !ok || index == nil || len(index.ints) == 0 || len(index.dims) > 1 {
		return nil, false
	}
	n := length(l.axes[at])
	list := make([]int, len(index.ints))
	for i, k := range index.ints {
		if list[i], ok = counted(int(k), n); !ok {
			return nil, false
		}
	}
	step := 1
	if len(list) > 1 {
		step = list[1] - list[0]
	}
	for i, k := range list {
		if k != list[0]+i*step {
			return nil, false
		}
	}
	out, ok := l.slice(at, list[0], len(list), step)
	if ok && len(index.dims) == 0 {
		out.axes = slices.Delete(slices.Clone(out.axes), at, at+1)
	}
	return one(out, ok)
}

// shuffle makes squares of pixels of as many channels.
func shuffle(_ *reader, s *step, l layout) ([]layout, bool) {
	d, k := l.dims(), s.whole("blocksize", 0)
	if len(d) != 4 || k < 1 || d[1]%(k*k) != 0 {
		return nil, false
	}
	apart, order := []int{d[0], k, k, d[1] / k / k, d[2], d[3]}, []int{0, 3, 4, 1, 5, 2}
	if mode, _ := s.get("mode").(string); mode == "CRD" {
		apart, order = []int{d[0], d[1] / k / k, k, k, d[2], d[3]}, []int{0, 1, 4, 2, 5, 3}
	}
	l, ok := l.reshape(apart)
	if ok {
		l, ok = l.transpose(order...)
	}
	if !ok {
		return nil, false
	}
	return one(l.reshape([]int{d[0], d[1] / k / k, d[2] * k, d[3] * k}))
}
