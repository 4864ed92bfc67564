package main

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
)

// pictures are nets of pictures: their layers, and the shape of what they see.
var pictures = map[string]struct {
	text  string
	shape []int
}{
	"lenet": {"lenet", []int{1, 28, 28}},
	"cnn": {"conv(32, 3, bias=false) | norm | relu | conv(32, 3, bias=false) | norm | relu | pool(2) | conv(64, 3, bias=false) | norm | relu | " +
		"conv(64, 3, bias=false) | norm | relu | pool(2) | dense(128) | relu", []int{1, 28, 28}},
	"resnet8":   {"resnet(8)", []int{3, 32, 32}},
	"resnet20":  {"resnet(20)", []int{3, 32, 32}},
	"conv1d":    {"conv(64, 5) | relu | conv(64, 5) | relu | conv(64, 5) | relu | global_pool", []int{64, 128}},
	"depthwise": {"depthwise(3, bias=false) | norm | relu | conv(64, 1, bias=false) | norm | relu | global_pool", []int{64, 32, 32}},
}

// pictured is a step of Adam on a net of pictures.
func pictured(name string, batch int, team *graph.Team) (task, error) {
	net, ok := pictures[name]
	if !ok {
		return task{}, fmt.Errorf("no net %q", name)
	}
	spec, err := models.Parse(net.text)
	if err != nil {
		return task{}, err
	}
	model, err := spec.Build(10)
	if err != nil {
		return task{}, err
	}
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", append([]int{batch}, net.shape...)...), g.Indices("y", batch)
	loss := losses.CrossEntropy(model(x), y)
	for k, p := range g.Params() {
		if p.Shape().Rank() > 1 {
			must(p.Variable().Set(peerWeights(100+k, p.Shape())))
		}
	}
	each := x.Shape().Size() / batch
	distinct := uniform(1, batch/2*each, -1, 1)
	xs, ys := make([]float32, batch*each), make([]int, batch)
	for i := range batch {
		copy(xs[i*each:(i+1)*each], distinct[i/2*each:])
		ys[i] = int(hash(2, i)>>8) % 10
	}
	t := optimizers.Descend(loss, optimizers.Adam())
	return trained(loss, t, 0.001, team, graph.Let(x, xs), graph.Let(y, ys))
}

// peerWeights are those of every peer: of a kernel in its order, of a matrix in that of
// its transpose.
func peerWeights(seed int, s graph.Shape) []float64 {
	inputs := s.Size() / s.Dim(0)
	if s.Rank() == 2 {
		inputs = s.Dim(0)
	}
	w := make([]float64, s.Size())
	for i := range w {
		at := i
		if s.Rank() == 2 {
			at = i%s.Dim(0)*s.Dim(1) + i/s.Dim(0)
		}
		w[at] = float64(between(-1, 1, hash(seed, i))) / math.Sqrt(float64(inputs))
	}
	return w
}
