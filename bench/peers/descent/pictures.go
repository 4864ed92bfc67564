package main

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
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

// scores are those of a net for so many pictures x.
func scores(g *graph.Graph, name string, batch int) (x, z *node, err error) {
	net, ok := pictures[name]
	if !ok {
		return nil, nil, fmt.Errorf("no net %q", name)
	}
	spec, err := models.Parse(net.text)
	if err != nil {
		return nil, nil, err
	}
	model, err := spec.Build(10)
	if err != nil {
		return nil, nil, err
	}
	x = g.Input("x", append([]int{batch}, net.shape...)...)
	return x, model(x), nil
}

// setWeights gives parameters the weights of every peer.
func setWeights(g *graph.Graph) {
	for k, p := range g.Params() {
		if p.Shape().Rank() > 1 {
			must(p.Variable().Set(peerWeights(100+k, p.Shape())))
		}
	}
}

// predicted is what a net says of one picture.
func predicted(name string) (task, error) {
	g := graph.New(graph.Float32, 1).Evaluation()
	x, z, err := scores(g, name, 1)
	if err != nil {
		return task{}, err
	}
	setWeights(g)
	return called([]*node{z}, nil, graph.Let(x, uniform(1, x.Shape().Size(), -1, 1)))
}

// coders are losses of nets that give back what they see: their input is batch ×
// shape, of numbers from 0 to 1, and with it come so many numbers from lo to hi.
var coders = map[string]struct {
	shape, more []int
	lo, hi      float32
	loss        func(x, more *node) *node
}{
	"vae": {[]int{784}, []int{20}, -1.5, 1.5, vae}, "convae": {[]int{1, 28, 28}, []int{1, 28, 28}, 0, 1, convAE},
}

// vae is the bound of a variational autoencoder of 784 numbers, 400 hidden and 20 latent
// units, in nats for each of a batch.
func vae(x, noise *node) *node {
	h := ops.ReLU(models.Dense(400)(x))
	mu, logvar := models.Dense(20)(h), models.Dense(20)(h)
	z := ops.Add(mu, ops.Mul(noise, ops.Exp(ops.Scale(0.5, logvar))))
	logits := models.Dense(784)(ops.ReLU(models.Dense(400)(z)))
	prior := ops.Sub(ops.Sub(ops.Shift(1, logvar), ops.Square(mu)), ops.Exp(logvar))
	return ops.Sub(ops.Scale(784, losses.BCELogits(logits, x)), ops.Scale(0.5*20, ops.Mean(prior)))
}

// convAE is the mean square error of a convolutional autoencoder.
func convAE(x, target *node) *node {
	g, walk := x.Graph(), ops.ConvOptions{Stride: []int{2}, Padding: []int{1}}
	down := func(x *node, filters int) *node {
		return ops.ReLU(models.ConvWith(models.ConvOptions{ConvOptions: walk, Filters: filters, Kernel: []int{3}})(x))
	}
	up := func(x *node, filters, length int) *node {
		w := g.Param(g.Unique("up.w"), graph.Zeros, x.Shape().Dim(1), filters, 3, 3)
		b := g.Param(g.Unique("up.b"), graph.Zeros, filters)
		return ops.Add(ops.ConvInput(x, w, walk, length, length), ops.Reshape(b, filters, 1, 1))
	}
	y := ops.Sigmoid(up(ops.ReLU(up(down(down(x, 16), 32), 16, 14)), 1, 28))
	return losses.MSE(y, target)
}

// lossOf is the loss of a net for so many pictures x, and what else it is fed: classes, or
// numbers.
func lossOf(g *graph.Graph, name string, batch int) (x, more, loss *node, err error) {
	if c, ok := coders[name]; ok {
		x, more = g.Input("x", append([]int{batch}, c.shape...)...), g.Input("more", append([]int{batch}, c.more...)...)
		return x, more, c.loss(x, more), nil
	}
	x, z, err := scores(g, name, batch)
	if err != nil {
		return nil, nil, nil, err
	}
	more = g.Indices("y", batch)
	return x, more, losses.CrossEntropy(z, more), nil
}

// pictured is a step of Adam on a net of pictures.
func pictured(name string, batch int, team *graph.Team) (task, error) {
	g := graph.New(graph.Float32, 1)
	x, more, loss, err := lossOf(g, name, batch)
	if err != nil {
		return task{}, err
	}
	setWeights(g)
	t := optimizers.Descend(loss, optimizers.Adam())
	each := x.Shape().Size() / batch
	if c, ok := coders[name]; ok {
		return trained(loss, t, 0.001, team, graph.Let(x, uniform(1, batch*each, 0, 1)), graph.Let(more, uniform(2, more.Shape().Size(), c.lo, c.hi)))
	}
	distinct := uniform(1, batch/2*each, -1, 1)
	xs, ys := make([]float32, batch*each), make([]int, batch)
	for i := range batch {
		copy(xs[i*each:(i+1)*each], distinct[i/2*each:])
		ys[i] = int(hash(2, i)>>8) % 10
	}
	return trained(loss, t, 0.001, team, graph.Let(x, xs), graph.Let(more, ys))
}

// compiled builds and compiles a step of a net of pictures, or with more sizes of a
// recurrent one; its number is that of its instructions.
func compiled(name string, sizes []int) task {
	steps, parameters := 0, graph.New(graph.Float32, 1) // they are drawn once
	return task{step: func() {
		var loss *node
		var err error
		if g := parameters.Sibling(); len(sizes) > 1 {
			_, _, loss, err = recurrentLoss(g, name, sizes[0], sizes[1], sizes[2], sizes[3])
		} else {
			_, _, loss, err = lossOf(g, name, sizes[0])
		}
		must(err)
		p, err := graph.Function{Outputs: []*node{loss}, Updates: optimizers.Descend(loss, optimizers.Adam()).Updates}.Compile()
		must(err)
		steps = p.Stats().Steps
	}, number: func() float64 { return float64(steps) }}
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
