package train_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// A variational autoencoder of the digits: its loss sees the inputs.
func ExampleTask_autoencoder() {
	src, err := data.Open("digits", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.MinMax, Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	vae := models.NewCoder(models.CoderOptions{Features: 64, Code: 8, Variational: true,
		Encoder: models.Sequential(models.Dense(64), ops.ReLU), Decoder: models.Sequential(models.Dense(64), ops.ReLU)})
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Numbers("x", 64)
		mean, logVariance := vae.Encode(x)
		again := vae.Decode(vae.Draw(mean, logVariance))
		return train.Result{
			Predictions: []train.Prediction{{Name: "code", Node: mean}},
			Losses: []train.Loss{
				{Name: "reconstruction", Weight: 1, Node: ops.Scale(64, losses.BCELogits(again, x))},
				{Name: "divergence", Weight: 1, Node: models.Divergence(mean, logVariance)},
			},
		}
	}}
	t, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	if _, err := t.Fit(context.Background(), train.Run{Train: parts.Train, Epochs: 20, Batch: 32, Schedule: schedule.Constant(0.003)}); err != nil {
		panic(err)
	}
	scores, err := t.Evaluate(parts.Test)
	if err != nil {
		panic(err)
	}
	code, width, err := t.Predict(parts.Test)
	if err != nil {
		panic(err)
	}
	fmt.Println(scores.Loss < 26, len(code)/width, width)
	// Output: true 359 8
}

// The program of docs/pictures.md is that of the example.
func TestAutoencoderPage(t *testing.T) {
	page, err1 := os.ReadFile("../docs/pictures.md")
	example, err2 := os.ReadFile("coder_test.go")
	_, program, ok := strings.Cut(string(page), "```go\nvae :=")
	program, _, _ = strings.Cut("vae :="+program, "```")
	if body := "\t" + strings.ReplaceAll(strings.TrimSpace(program), "\n", "\n\t"); err1 != nil || err2 != nil || !ok || !strings.Contains(string(example), body) {
		t.Error("the program of docs/pictures.md is not in coder_test.go")
	}
}
