package augment_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"descent/data"
	"descent/data/augment"
	"descent/graph"
	"descent/internal/docs"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// The table of changes in docs/pictures.md is made from augment.Table; run
//
//	go test ./data/augment -run TestDocs -update
//
// when it is stale. Its program is that of the example.
func TestDocs(t *testing.T) {
	const path = "../../docs/pictures.md"
	page := docs.Part(t, path, "changes", changeTable())
	docs.Program(t, page, "change, err", "docs_test.go")
}

func changeTable() string {
	var b strings.Builder
	b.WriteString("| change | what it does | settings | from |\n|---|---|---|---|\n")
	for i := range augment.Table {
		row := &augment.Table[i]
		text := row.Name
		if row.Examples[0] != "" {
			text += "(" + row.Examples[0] + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", text, row.Doc, docs.Settings(&row.Row), row.Source)
	}
	return b.String()
}

// A small convolutional net for digits that are turned, enlarged and moved.
func Example() {
	src, err := data.Open("digits", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	net := models.Sequential(models.Pictures(8, 8), models.Conv(8, 3), models.BatchNorm(0.1), ops.ReLU, models.Pool(ops.MaxPool, ops.PoolOptions{Kernel: []int{2}}), models.Dense(10))
	t, err := train.New(train.Task{Model: net, Loss: losses.CrossEntropy, Features: 64, Classes: 10}, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	change, err := augment.Parse("rotate(10) | zoom(0.1) | shift(1)")
	if err != nil {
		panic(err)
	}
	history, err := t.Fit(ctx, train.Run{Train: parts.Train, Augment: change, Epochs: 8, Batch: 32, Schedule: schedule.Constant(0.003)})
	if err != nil {
		panic(err)
	}
	scores, err := t.Evaluate(parts.Test)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(history.Epochs), scores.Metrics["accuracy"] > 0.9)
	// Output: 8 true
}
