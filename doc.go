// Package descent is an automatic-differentiation engine for losses of your own,
// small neural nets and honest comparisons of optimizers. The package itself is
// empty: it is where to begin reading.
//
//	graph       build expressions, differentiate and compile them
//	ops         what each operation is: shape, value, gradient; formula: text to nodes and back
//	losses      regression, classes, likelihoods, penalties
//	models      layers and models, in Go and as text
//	optimizers  update rules; schedule: learning rates; search: methods with a driver
//	data        tables, images, splits, batches
//	train       a loss, a rule and batches become a run
//	bench       optimizers compared
//	lab         five tutorials on gradient descent, run and checked
//	cmd/descent the command
//
// A program has four steps: build a scalar of inputs and parameters; ask
// optimizers.Descend for the updates that lower it; compile both into one
// graph.Program; run that with new inputs as often as you like. The example of
// this package is such a program. docs/architecture.md says how it works inside.
package descent
