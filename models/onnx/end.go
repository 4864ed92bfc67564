package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// maxPassed bounds the numbers that a last layer gives as it is given them.
const maxPassed = 2048

// end makes the last layer one whose outputs are those of the net.
func (n *Net) end(c *chain, next bool) error {
	if c.tokens {
		return errors.New("its output is its input")
	}
	if n.Link = c.link; c.last("sigmoid") {
		n.Link, c.calls = "sigmoid", c.calls[:len(c.calls)-1]
	}
	c.link = "" // what is added now is before it
	if err := c.absorb(); err != nil {
		return err
	}
	if n.Steps = next && c.last("dense") && c.ofSteps(); n.Steps {
		n.Outputs = c.dims[2]
		return nil
	}
	if err := c.settle(); err != nil {
		return err
	}
	n.Outputs = length(slices.Concat(contiguous(c.dims[1:]).axes...))
	if len(c.dims) > 2 {
		if err := c.layer("flatten", nil, []int{c.dims[0], n.Outputs}); err != nil {
			return err
		}
	}
	if c.last("dense") {
		return nil
	}
	if n.Outputs > maxPassed {
		return fmt.Errorf("%d numbers come out of %s, which is no dense layer; a model of ours ends with one, and at most %d are passed through it", n.Outputs, c.calls, maxPassed)
	}
	return c.layer("dense", module{"weight": identity(n.Outputs)}, c.dims, "units", n.Outputs, "bias", false)
}

// ofTokens tells whether a value has a number for each row of a table that is taken by
// tokens: what comes next.
func (r *reader) ofTokens(output string) bool {
	dims := r.dims[output]
	for _, s := range r.made {
		if s.op == "Gather" && len(s.in) == 2 && r.constants[s.in[1]] == nil && len(dims) > 1 && matrix(r.constant(s, 0)) && r.constant(s, 0).dims[0] == dims[len(dims)-1] {
			return true
		}
	}
	return false
}

// ofSteps tells whether the value is what is made of each step of sequences, or of the last.
func (c *chain) ofSteps() bool {
	if len(c.dims) != 3 {
		return false
	}
	whole := contiguous(c.dims)
	end, _ := whole.slice(1, c.dims[1]-1, 1, 1)
	for _, l := range []layout{whole, end} {
		if same, ok := l.reshape(c.view.dims()); ok && same.equal(c.view) {
			return true
		}
	}
	return false
}
