package main

import "fmt"

// alien are the flags that say what a method has no use for, and why.
var alien = []struct{ flag, why string }{
	{"lr", "it finds the length of its steps itself"},
	{"schedule", "it finds the length of its steps itself"},
	{"batch", "it searches with all rows at once"},
	{"accumulate", "it searches with all rows at once"},
	{"resume", "what it learns of the loss is not in a file; without --resume it searches anew, and a rule such as adam can resume"},
	{"checkpoint-every", "what it learns of the loss is not in a file"},
}

// checkMethod refuses flags that are for rules.
func (o *trainOptions) checkMethod() error {
	for _, f := range alien {
		if o.given(f.flag) {
			return fmt.Errorf("--%s is not for --optimizer %s: %s", f.flag, o.optimizer.Entry.Name, f.why)
		}
	}
	o.run.Batch, o.run.Accumulate = 0, 0
	return nil
}
