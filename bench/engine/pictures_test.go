package engine

import (
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
)

// A step of a net of pictures allocates nothing, alone or shared, and workers agree to
// the bit.
func TestPictureStep(t *testing.T) {
	spec, err := models.Parse("conv(8, 3) | norm | relu | pool(2) | residual(conv(16, 3, stride=2) | relu) | depthwise(3) | avg_pool(2) | dense(16) | relu | dropout(0.2)")
	if err != nil {
		t.Fatal(err)
	}
	var alone []float64
	for workers := 1; workers <= 3; workers++ {
		model, err := spec.Build(10)
		if err != nil {
			t.Fatal(err)
		}
		g := graph.New(graph.Float32, 1)
		x, y := g.Input("x", 32, 1, 16, 16), g.Indices("y", 32)
		step := optimizers.Descend(losses.CrossEntropy(model(x), y), optimizers.Adam())
		fn := graph.Function{Outputs: []*graph.Node{step.Loss}, Updates: step.Updates}
		if workers > 1 {
			fn.Team = graph.NewTeam(workers)
			defer fn.Team.Close()
		}
		p, err := fn.Compile()
		if err != nil {
			t.Fatal(err)
		}
		images, labels := make([]float32, x.Shape().Size()), make([]int, 32)
		for i := range images {
			images[i] = float32(i*i%31) / 31
		}
		for i := range labels {
			labels[i] = i % 10
		}
		if err := p.Run(graph.Let(x, images), graph.Let(y, labels), graph.Let(step.LR, []float64{0.01})); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() {
			if err := p.Run(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%d workers: %v allocations a step", workers, n)
		}
		var losses []float64
		for range 5 {
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			losses = append(losses, p.Scalar(step.Loss))
		}
		if alone == nil {
			alone = losses
		}
		for i, l := range losses {
			if l != alone[i] {
				t.Errorf("%d workers: loss %d is %v, alone %v", workers, i, l, alone[i])
			}
		}
	}
}
