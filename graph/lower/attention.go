package lower

import (
	"descent/internal/exec"
	"descent/internal/kernel"
)

// An AttentionShape says of what an attention is.
type AttentionShape = kernel.AttentionShape

// Attention returns softmax(scale·q·kᵀ)·v for each pair of a batch and a head,
// pairs × queries × values. A fourth operand is the mask, if s has one. Where the
// weights, the softmax, are many they have no memory of their own.
func (b *Builder) Attention(s AttentionShape, in ...Value) Value {
	y, _ := b.f.Attention(s, vals(in)...)
	return Value(y)
}

// AttentionGrad returns the gradients by q, k and v, of the operands of Attention and
// the gradient by its result.
func (b *Builder) AttentionGrad(s AttentionShape, dy Value, in ...Value) []Value {
	_, weights := b.f.Attention(s, vals(in)...)
	var out []Value
	for _, v := range b.f.AttentionGrad(s, append(vals(in), exec.Val(dy), weights)...) {
		out = append(out, Value(v))
	}
	return out
}
