package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/internal/spec"
)

// Layers of sequences: rows of tables, positions, attention. Programs write an attention in
// many ways: with one product for queries, keys and values or with three, heads that are
// rows or an axis, steps first or rows first, scales and masks anywhere. All of them are
// softmax(q·kᵀ·scale + mask)·v, with q, k and v at places of what dense layers make.

func readEmbed(r *reader, s *step, _ string) (string, func(*chain) error) {
	w := r.constant(s, 0)
	if !matrix(w) || len(s.in) != 2 || s.whole("axis", 0) != 0 || r.constants[s.in[1]] != nil {
		return "", nil
	}
	return s.in[1], func(c *chain) error {
		if !c.tokens {
			return errors.New("rows of a table by what is computed; it is known of the input")
		}
		dims, view, width := c.dims, c.view, w.dims[1]
		if err := c.layer("embed", module{"weight": w}, append(slices.Clone(dims), 1), "width", width, "rows", w.dims[0]); err != nil {
			return err
		}
		c.view = layout{view.offset, append(slices.Clone(view.axes), nil)}
		c.view, c.dims = c.widened(width), append(slices.Clone(dims), width)
		return nil
	}
}

// readAttention reads one that ends with the product of weights and values.
func readAttention(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 {
		return "", nil
	}
	soft := r.source(s.in[0])
	if soft == nil || soft.op != "Softmax" || r.constants[s.in[1]] != nil {
		return "", nil
	}
	z, ok := r.scores(soft.in[0])
	if !ok {
		return "", nil
	}
	in := []string{z.product.in[0], z.product.in[1], s.in[1]}
	return r.fork(in), func(c *chain) error {
		if axis := soft.whole("axis", -1); axis != -1 && axis != len(r.dims[soft.in[0]])-1 {
			return fmt.Errorf("a softmax over axis %d; that of an attention is over the last", axis)
		}
		return r.attend(c, in, z)
	}
}

// source is the node that makes a value, but for those that leave it as it is.
func (r *reader) source(value string) *step {
	s := r.made[value]
	for s != nil && len(s.in) > 0 && (s.op == "Identity" || s.op == "Dropout" || s.op == "Cast") {
		s = r.made[s.in[0]]
	}
	if s == nil || len(s.in) == 0 {
		return nil
	}
	return s
}

// A score is what a softmax is taken of: a product times a scale, with a mask.
type score struct {
	product *step
	scale   float64
	mask    *tensor
	hides   func(x float64) bool // which elements of the mask hide a key
	added   bool                 // the others are added
}

// hidden is what is added to scores that do not count, or less.
const hidden = -1e4

// scores follows a value to the product that it is made of.
func (r *reader) scores(value string) (z score, ok bool) {
	for z.scale = 1; ; {
		s := r.source(value)
		if s == nil {
			return z, false
		}
		from, t := r.operand(s)
		switch {
		case s.op == "MatMul" && len(s.in) == 2 && r.constants[s.in[0]] == nil && r.constants[s.in[1]] == nil:
			z.product = s
			return z, true
		case s.op == "Mul" && t != nil && t.size() == 1:
			z.scale *= t.at(0)
		case s.op == "Div" && t != nil && t.size() == 1 && from == s.in[0]:
			z.scale /= t.at(0)
		case s.op == "Add" && t != nil && z.mask == nil:
			z.mask, z.hides, z.added = t, func(x float64) bool { return x <= hidden }, true
		case s.op == "Where" && len(s.in) == 3 && z.mask == nil:
			if from, ok = z.where(r, s); !ok {
				return z, false
			}
		default:
			return z, false
		}
		value = from
	}
}

// where reads a mask that says where scores do not count.
func (z *score) where(r *reader, s *step) (from string, ok bool) {
	z.mask = r.constants[r.unexpanded(s.in[0])]
	fill, at := r.constants[r.unexpanded(s.in[1])], 1.0
	if from = s.in[2]; fill == nil {
		fill, at, from = r.constants[r.unexpanded(s.in[2])], 0, s.in[1]
	}
	z.hides = func(x float64) bool { return truthOf(x != 0) == at }
	return from, z.mask != nil && fill != nil && fill.size() == 1 && fill.at(0) <= hidden
}

// unexpanded is what a value repeats.
func (r *reader) unexpanded(value string) string {
	for s := r.of(value, "Expand"); s != nil; s = r.of(value, "Expand") {
		value = s.in[0]
	}
	return value
}

// causal tells whether a mask hides all steps behind a step; it may hide none, too.
func (z *score) causal(steps int) (bool, error) {
	if z.mask == nil {
		return false, nil
	}
	n := len(z.mask.dims)
	if z.mask.size() != steps*steps || n < 2 || z.mask.dims[n-1] != steps || z.mask.dims[n-2] != steps {
		return false, fmt.Errorf("a mask of %v for %d steps", z.mask.dims, steps)
	}
	behind, odd := 0, false
	for i := range z.mask.size() {
		switch x := z.mask.at(i); {
		case !z.hides(x):
			odd = odd || z.added && x != 0
		case i%steps > i/steps:
			behind++
		default:
			odd = true
		}
	}
	if odd || behind != 0 && behind != steps*(steps-1)/2 {
		return false, errors.New("a mask that hides other keys than those behind a step, or weighs some")
	}
	return behind > 0, nil
}

// attend adds an attention.
func (r *reader) attend(c *chain, in []string, z score) error {
	if err := c.absorb(); err != nil {
		return err
	}
	var parts [3]projection
	for i, value := range in {
		b, err := r.walk(value, r.fork(in), c)
		if err != nil {
			return err
		}
		if parts[i], err = projectionOf(b, c); err != nil {
			return err
		}
		if len(b.calls) != len(parts[0].own.calls) {
			return errors.New("queries, keys and values of different layers")
		}
	}
	if !parts[1].exchange() {
		return errors.New("keys of one axis")
	}
	if len(parts[0].own.calls) == 0 { // one dense layer before they part
		n := len(c.calls) - 1
		c.dims = []int{c.dims[0], c.dims[1], parts[0].module["weight"].dims[1]}
		c.calls, c.modules = c.calls[:n], c.modules[:len(c.modules)-1]
	}
	causal, err := z.causal(c.dims[1])
	if err != nil {
		return err
	}
	var heads [3]headed
	for i := range parts {
		if heads[i], err = parts[i].heads(c.dims[0], c.dims[1]); err != nil {
			return err
		}
		if !slices.EqualFunc(heads[i].lead, heads[0].lead, slices.Equal) || len(heads[i].features) != len(heads[0].features) {
			return errors.New("queries, keys and values whose heads are others, or have other lengths")
		}
	}
	n, width := heads[0].heads, len(heads[0].features)
	m, biased := inProjection(parts[:], heads[:], z.scale*math.Sqrt(float64(width/n)))
	if err := c.layer("attention", m, []int{c.dims[0], c.dims[1], width}, "heads", n, "causal", causal, "bias", biased); err != nil {
		return err
	}
	c.view = heads[2].joined(c.dims[1], width)
	return nil
}

// headsOf joins attentions that are put side by side as heads of one.
func (c *chain) headsOf(branches []*chain, axis int) (bool, error) {
	like := spec.Call{}
	w, b := &tensor{dims: []int{0, c.dims[len(c.dims)-1]}}, &tensor{dims: []int{0}}
	heads := 0
	for _, from := range branches {
		if len(from.calls) != 1 || from.unprojected() == nil || !from.plain() || axis != len(from.dims)-1 {
			return false, nil
		}
		if like.Name == "" {
			like = from.calls[0]
		}
		if from.calls[0].String() != like.String() || from.dims[2] != branches[0].dims[2] {
			return false, nil
		}
		n, _ := like.Get("heads").(float64)
		heads += int(n)
	}
	for part := range 3 { // queries, keys, values
		for _, from := range branches {
			m, rows := from.modules[0], from.dims[2]
			w.floats = append(w.floats, m["in_proj_weight"].floats[part*rows*w.dims[1]:][:rows*w.dims[1]]...)
			if bias := m["in_proj_bias"]; bias != nil {
				b.floats = append(b.floats, bias.floats[part*rows:][:rows]...)
			}
			w.dims[0] += rows
		}
	}
	m := module{"in_proj_weight": w}
	if b.floats != nil {
		b.dims[0] = w.dims[0]
		m["in_proj_bias"] = b
	}
	return true, c.layer("attention", m, []int{c.dims[0], c.dims[1], w.dims[0] / 3}, "heads", heads, "causal", like.Get("causal"), "bias", like.Get("bias"))
}

// inProjection are the arrays of queries, keys and values, which are multiplied by what
// scores are multiplied by besides the root of the length of a head.
func inProjection(parts []projection, heads []headed, scale float64) (m module, biased bool) {
	width := len(heads[0].features)
	w, b := &tensor{dims: []int{3 * width, width}}, &tensor{dims: []int{3 * width}}
	for _, by := range []float64{parts[0].own.by, parts[1].own.by} {
		scale *= by
	}
	if math.Abs(scale-1) < 1e-6 {
		scale = 1
	}
	for i, p := range parts {
		rows, biases := p.rows(heads[i].features, []float64{scale, 1, p.own.by}[i])
		w.floats, b.floats = append(w.floats, rows...), append(b.floats, biases...)
		biased = biased || p.module["bias"] != nil
	}
	if m = (module{"in_proj_weight": w}); biased {
		m["in_proj_bias"] = b
	}
	return m, biased
}

// unprojected are the arrays of the last layer, if that is an attention whose last
// projection has not been found yet.
func (c *chain) unprojected() module {
	if c.last("attention") {
		if m := c.modules[len(c.modules)-1]; m["out_proj.weight"] == nil {
			return m
		}
	}
	return nil
}

// project gives an attention its last projection, which is square.
func (c *chain) project(own module, w, b *tensor) {
	width, biased := w.dims[0], own["in_proj_bias"] != nil
	switch {
	case b == nil && biased:
		b = &tensor{dims: []int{width}, floats: make([]float32, width)}
	case b != nil && !biased:
		own["in_proj_bias"] = &tensor{dims: []int{3 * width}, floats: make([]float32, 3*width)}
		c.tell("bias", true)
	}
	if own["out_proj.weight"] = w; b != nil {
		own["out_proj.bias"] = b
	}
}

// identity is the matrix that changes nothing.
func identity(n int) *tensor {
	w := &tensor{dims: []int{n, n}, floats: make([]float32, n*n)}
	for i := range n {
		w.floats[i*n+i] = 1
	}
	return w
}
