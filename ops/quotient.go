package ops

// Quotient returns a and b if x is a/b. Optimizers use it to round as PyTorch
// does.
func Quotient(x *node) (a, b *node, ok bool) {
	if o, is := x.Op().(op2); is {
		if _, is := o.f.(div); is {
			return x.Arg(0), x.Arg(1), true
		}
	}
	return nil, nil, false
}
