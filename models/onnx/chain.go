package onnx

import (
	"errors"
	"fmt"
	"slices"

	"descent/internal/spec"
)

// A module is the arrays of a layer, by PyTorch's names.
type module map[string]*tensor

// A chain is layers one after the other, and what is known of what they make.
type chain struct {
	calls   spec.Chain
	modules []module
	dims    []int   // of what the last layer makes, its rows first
	view    layout  // where the elements of the value that was come to are in that
	by      float64 // what they are to be multiplied by
	tokens  bool    // it is the input yet, which are tokens
	link    string  // what follows the last layer
}

// startOf is the chain of no layers, of a value of some lengths.
func startOf(dims []int) *chain { return &chain{dims: dims, view: contiguous(dims), by: 1} }

// branch is the chain of no layers that goes on from what another has come to.
func (c *chain) branch() *chain {
	return &chain{dims: c.dims, view: c.view, by: 1, tokens: c.tokens}
}

// add adds a layer, with arrays if it has some.
func (c *chain) add(call spec.Call, m module) error {
	switch {
	case c.link != "":
		return fmt.Errorf("%s follows a %s, which is only known at the end", call.Name, c.link)
	case c.tokens && call.Name != "embed":
		return fmt.Errorf("%s follows whole numbers, which are tokens: the first layer takes rows of a table by them, as nn.Embedding does", call.Name)
	}
	if err := c.absorb(); err != nil {
		return err
	}
	c.calls = append(c.calls, call)
	if m != nil {
		c.modules = append(c.modules, m)
	}
	return nil
}

// layer adds a layer that makes an array of some lengths, of settings by name.
func (c *chain) layer(name string, m module, dims []int, settings ...any) error {
	if dims == nil {
		return errors.New("what it makes has lengths that are not known")
	}
	if err := c.add(spec.Of(name, settings...), m); err != nil {
		return err
	}
	c.dims, c.view, c.tokens = dims, contiguous(dims), false
	return nil
}

// last is the last layer, if it has a name.
func (c *chain) last(name string) bool {
	return len(c.calls) > 0 && c.calls[len(c.calls)-1].Name == name
}

// tell changes a setting of the last layer.
func (c *chain) tell(name string, value spec.Value) {
	last := &c.calls[len(c.calls)-1]
	last.Args = slices.Clone(last.Args)
	for i := range last.Args {
		if last.Args[i].Name == name {
			last.Args[i].Value = value
		}
	}
}

// absorb multiplies the arrays of the last layer by what its result is multiplied by. An
// attention that no projection follows has one that changes nothing.
func (c *chain) absorb() error {
	if own := c.unprojected(); own != nil {
		if from := own["in_proj_weight"].dims; from[0] != 3*from[1] {
			return fmt.Errorf("an attention of %d numbers for %d features; an attention has as many", from[0]/3, from[1])
		}
		c.project(own, identity(c.dims[2]).times(c.by), nil)
		c.by = 1
	}
	by := c.by
	if c.by = 1; by == 1 {
		return nil
	}
	if !c.last("dense") && !c.last("embed") {
		return c.affine(&tensor{floats: []float32{float32(by)}}, nil)
	}
	m := module{}
	for name, t := range c.modules[len(c.modules)-1] {
		m[name] = t.times(by)
	}
	c.modules[len(c.modules)-1] = m
	return nil
}

// times is an array multiplied by a number.
func (t *tensor) times(by float64) *tensor {
	out := &tensor{dims: t.dims, floats: make([]float32, len(t.floats))}
	for i, x := range t.floats {
		out.floats[i] = float32(float64(x) * by)
	}
	return out
}

// plain tells whether the value is what the last layer makes, as that makes it.
func (c *chain) plain() bool { return c.view.equal(contiguous(c.dims)) }

// innermost tells whether the last n axes of the value are the last ones of what the last
// layer makes, whatever the others are.
func (c *chain) innermost(n int) bool {
	whole := contiguous(c.dims)
	from, to := len(c.view.axes)-n, len(c.dims)-n
	if from < 0 || to < 0 || !slices.EqualFunc(c.view.axes[from:], whole.axes[to:], slices.Equal) {
		return false
	}
	size := length(slices.Concat(whole.axes[to:]...))
	return c.view.offset%size == 0 && !slices.ContainsFunc(slices.Concat(c.view.axes[:from]...), func(d digit) bool { return d.stride%size != 0 })
}

// widened is the view after the last axis has another length.
func (c *chain) widened(to int) layout {
	from, n := c.dims[len(c.dims)-1], len(c.view.axes)-1
	out := layout{offset: c.view.offset / from * to}
	for _, axis := range c.view.axes[:n] {
		var digits []digit
		for _, d := range axis {
			digits = append(digits, digit{d.n, d.stride / from * to})
		}
		out.axes = append(out.axes, digits)
	}
	out.axes = append(out.axes, merged([]digit{{to, 1}}))
	return out
}

// settle adds the layers that make the value what the last layer makes.
func (c *chain) settle() error {
	for range maxSettled {
		if c.plain() {
			return nil
		}
		done, err := false, error(nil)
		for _, rule := range []func(*chain) (bool, error){(*chain).flattened, (*chain).exchanged, (*chain).shuffled, (*chain).atTheEnd, (*chain).chosen} {
			if done, err = rule(c); done || err != nil {
				break
			}
		}
		if err != nil {
			return err
		}
		if !done {
			break
		}
	}
	return fmt.Errorf("its axes, %v of an array of %v, are in an order that no layer makes", shown(c.view.dims()), shown(c.dims))
}

// maxSettled is more than the layers that it takes.
const maxSettled = 5

// shown are lengths without that of rows, which a file may not tell.
func shown(dims []int) (out []string) {
	for _, n := range dims {
		if n%anyRows == 0 {
			out = append(out, "rows")
		} else {
			out = append(out, fmt.Sprint(n))
		}
	}
	return out
}

// flattened makes rows.
func (c *chain) flattened() (bool, error) {
	if len(c.dims) == 2 || len(c.view.axes) != 2 {
		return false, nil
	}
	dims := c.view.dims()
	if rows, ok := contiguous(c.dims).reshape(dims); !ok || !rows.equal(c.view) || dims[0] != c.dims[0] {
		return false, nil
	}
	return true, c.layer("flatten", nil, dims)
}

// exchanged exchanges the last two of three axes, also if they are divided in other ways
// afterwards.
func (c *chain) exchanged() (bool, error) {
	turned, ok := contiguous(c.dims).transpose(0, 2, 1)
	if !ok {
		return false, nil
	}
	lengths := c.view.dims()
	if after, ok := turned.reshape(lengths); !ok || !after.equal(c.view) {
		return false, nil
	}
	if err := c.layer("transpose", nil, turned.dims()); err != nil {
		return false, err
	}
	c.view, _ = contiguous(c.dims).reshape(lengths)
	return true, nil
}

// shuffled makes squares of pixels, or their like of other axes, of channels.
func (c *chain) shuffled() (bool, error) {
	to, n := c.view.dims(), len(c.dims)-2
	if n < 1 || len(to) != n+2 || to[2]%c.dims[2] != 0 || to[2] == c.dims[2] {
		return false, nil
	}
	k := to[2] / c.dims[2]
	apart, order := slices.Concat(to[:2], slices.Repeat([]int{k}, n), c.dims[2:]), []int{0, 1}
	for i := range n {
		order = append(order, 2+n+i, 2+i)
	}
	l, ok := contiguous(c.dims).reshape(apart)
	if ok {
		l, _ = l.transpose(order...)
		l, ok = l.reshape(to)
	}
	if !ok || !l.equal(c.view) {
		return false, nil
	}
	return true, c.layer("pixel_shuffle", nil, to, "factor", k)
}

// atTheEnd has a recurrent layer give what its last step makes, of both ways if it has two:
// for the way back that is the first step.
func (c *chain) atTheEnd() (bool, error) {
	n := len(c.calls)
	if n == 0 || len(c.dims) != 3 || c.calls[n-1].Get("last") == nil {
		return false, nil
	}
	steps, width := c.dims[1], c.dims[2]
	both, _ := c.calls[n-1].Get("bidirectional").(bool)
	apart, found := backward(steps, width/2), !both || steps == 1
	if c.view.offset != (steps-1)*width {
		return false, nil
	}
	out := layout{}
	for _, axis := range c.view.apart(c.dims).axes {
		var digits []digit
		for _, d := range axis {
			switch {
			case both && d == digit{2, apart}:
				d.stride, found = width/2, true
			case d.stride == steps*width:
				d.stride = width
			case d.stride >= width || d.stride < 0:
				return false, nil
			}
			digits = append(digits, d)
		}
		out.axes = append(out.axes, merged(digits))
	}
	if size := length(slices.Concat(out.axes...)); !found || size != c.dims[0]*width {
		return false, nil
	}
	c.tell("last", true)
	c.dims, c.view = []int{c.dims[0], width}, out
	return true, nil
}

// backward is how far behind the last step of the way forward the last of the way back is.
func backward(steps, units int) int { return units - (steps-1)*2*units }

// maxChosen bounds the weights of a layer that takes one step of a sequence.
const maxChosen = 1 << 22

// chosen takes one step of sequences: by a dense layer whose weights are 1 and 0.
func (c *chain) chosen() (bool, error) {
	if len(c.dims) != 3 || c.view.offset < 0 {
		return false, nil
	}
	rows, steps, width := c.dims[0], c.dims[1], c.dims[2]
	at, ok := contiguous(c.dims).slice(1, c.view.offset/width, 1, 1)
	if !ok {
		return false, nil
	}
	lengths := c.view.dims()
	if same, ok := at.reshape(lengths); !ok || !same.equal(c.view) {
		return false, nil
	}
	if width > maxChosen/width/steps {
		return false, fmt.Errorf("step %d of %d of %d numbers; at most %d can be taken out by a layer", c.view.offset/width+1, steps, width, maxChosen/width/width)
	}
	w := &tensor{dims: []int{width, steps * width}, floats: make([]float32, width*steps*width)}
	for i := range width {
		w.floats[i*steps*width+c.view.offset+i] = 1
	}
	if err := c.layer("dense", module{"weight": w}, []int{rows, width}, "units", width, "bias", false); err != nil {
		return false, err
	}
	c.view, _ = contiguous(c.dims).reshape(lengths)
	return true, nil
}

// timeFirst tells that the steps of sequences come before the rows, which recurrent layers
// of ONNX take.
func (c *chain) timeFirst() error {
	whole := contiguous(c.dims)
	if first, ok := whole.transpose(1, 0, 2); ok && first.equal(c.view) {
		return nil
	}
	if first, ok := whole.transpose(2, 0, 1); ok && first.equal(c.view) {
		if err := c.layer("transpose", nil, []int{c.dims[0], c.dims[2], c.dims[1]}); err != nil {
			return err
		}
		c.view, _ = contiguous(c.dims).transpose(1, 0, 2)
		return nil
	}
	return errors.New("it is known of sequences whose steps come first")
}
