package text_test

import (
	"context"
	"fmt"
	"math"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/text"
	"descent/train"
)

// A gpt of one block learns what comes next in a text.
func Example() {
	alice, _ := text.Embedded("alice")
	v, err := text.Learn(text.Chars, 0, alice)
	check(err)
	tokens, err := v.Encode(alice)
	check(err)

	const length, batch = 16, 16
	spec, err := models.Parse("embed(16) | gpt(heads=2)")
	check(err)
	model, _, err := spec.ForTokens(length, v.Size())
	check(err)
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Whole("x", length)
		graph.LimitIndex(x, v.Size(), nil)
		next := model(x)
		n := b.Rows() * length
		loss := losses.CrossEntropy(ops.Reshape(next, n, v.Size()), ops.Reshape(b.Whole("y", length), n))
		return train.Result{Predictions: []train.Prediction{{Name: "next", Node: next}}, Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss}}}
	}}
	t, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	check(err)
	windows, err := text.Windows{Tokens: tokens[:20_000], Length: length}.Generator(batch)
	check(err)
	h, err := t.Fit(context.Background(), train.Run{Generate: windows, Epochs: 2, Schedule: schedule.Constant(0.01)})
	check(err)
	fmt.Printf("%d tokens of %d kinds, below 4 bits each: %v\n", len(tokens), v.Size(), h.Epochs[1].Loss/math.Ln2 < 4)
	// Output: 73830 tokens of 67 kinds, below 4 bits each: true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
