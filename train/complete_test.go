package train_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// A task that lacks something, or whose predictions would be stretched over the
// targets, is refused.
func TestIncompleteTask(t *testing.T) {
	whole := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 3}
	vector := func(x *graph.Node) *graph.Node { return ops.Sum(x, 1) }
	for want, change := range map[string]func(*train.Task){
		"no Model":     func(task *train.Task) { task.Model = nil },
		"no Loss":      func(task *train.Task) { task.Loss = nil },
		"Features":     func(task *train.Task) { task.Features = 0 },
		"Classes":      func(task *train.Task) { task.Classes = 1 },
		"rows×outputs": func(task *train.Task) { task.Model = vector },
	} {
		task := whole
		change(&task)
		if _, err := train.New(task, optimizers.Adam(), graph.Float32, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if _, err := train.New(whole, nil, graph.Float32, 1); err == nil || !strings.Contains(err.Error(), "no rule") {
		t.Errorf("without a rule: %v", err)
	}
}
