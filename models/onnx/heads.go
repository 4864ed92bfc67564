package onnx

import (
	"errors"
	"slices"
)

// Queries, keys and values as parts of what dense layers make.

// A projection is what a dense layer makes, of which queries, keys or values are parts.
type projection struct {
	own    *chain // the layers that are theirs alone: the dense one, or none
	module module
	view   layout
}

// projectionOf is that of a branch, which begins where another chain is.
func projectionOf(b, before *chain) (p projection, err error) {
	p = projection{own: b, view: b.view}
	of := b
	if len(b.calls) == 0 {
		of = before
	}
	if !of.last("dense") || len(of.dims) != 3 || len(b.calls) > 1 || of.by != 1 && of != b {
		return p, errors.New("an attention of what no dense layer makes of sequences, batch × time × features")
	}
	p.module = of.modules[len(of.modules)-1]
	return p, nil
}

// exchange exchanges the last two axes, which those of keys are.
func (p *projection) exchange() bool {
	axes := slices.Clone(p.view.axes)
	last := len(axes) - 1
	if last < 1 {
		return false
	}
	axes[last-1], axes[last] = axes[last], axes[last-1]
	p.view.axes = axes
	return true
}

// headed says which features of a projection are those of each head, one head after the
// other.
type headed struct {
	heads    int
	features []int
	lead     [][]digit // the axes before steps and features, whose strides are 0 for rows, 1 for heads
}

// heads finds them.
func (p *projection) heads(rows, steps int) (h headed, err error) {
	made := p.module["weight"].dims[0]
	wrong := errors.New("heads whose numbers are not at equal distances, or steps that are not all")
	n := len(p.view.axes) - 2
	if n < 1 || p.view.offset < 0 || p.view.offset >= made {
		return h, wrong
	}
	apart := p.view.apart([]int{rows, steps, made})
	if !slices.Equal(merged(apart.axes[n]), merged([]digit{{steps, made}})) {
		return h, wrong
	}
	features := layout{offset: p.view.offset}
	h.heads = 1
	for _, axis := range apart.axes[:n] {
		var digits []digit
		for _, d := range axis {
			switch {
			case d == digit{rows, steps * made}:
				digits = append(digits, digit{d.n, 0})
			case d.stride > 0 && d.stride < made:
				features.axes, h.heads = append(features.axes, []digit{d}), h.heads*d.n
				digits = append(digits, digit{d.n, 1})
			default:
				return h, wrong
			}
		}
		h.lead = append(h.lead, digits)
	}
	features.axes = append(features.axes, apart.axes[n+1])
	if length(slices.Concat(p.view.axes...)) != rows*steps*length(slices.Concat(features.axes...)) {
		return h, wrong
	}
	if h.features = features.offsets(); slices.Max(h.features) >= made || slices.Min(h.features) < 0 {
		return h, wrong
	}
	return h, nil
}

// joined is where the numbers of heads are in what an attention makes of so many steps.
func (h headed) joined(steps, width int) (out layout) {
	stride := width
	for _, axis := range h.lead {
		var digits []digit
		for _, d := range axis {
			if d.stride == 0 {
				d.stride = steps * width
			} else {
				stride /= d.n
				d.stride = stride
			}
			digits = append(digits, d)
		}
		out.axes = append(out.axes, merged(digits))
	}
	return layout{axes: append(out.axes, merged([]digit{{steps, width}}), merged([]digit{{width / h.heads, 1}}))}
}

// rows are those of some features of a projection, times a scale, and their biases.
func (p *projection) rows(features []int, scale float64) (w, b []float32) {
	from, width := p.module["weight"], p.module["weight"].dims[1]
	for _, f := range features {
		for _, x := range from.floats[f*width:][:width] {
			w = append(w, float32(float64(x)*scale))
		}
		bias := 0.0
		if t := p.module["bias"]; t != nil {
			bias = float64(t.floats[f])
		}
		b = append(b, float32(bias*scale))
	}
	return w, b
}
