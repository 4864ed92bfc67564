package bench

import (
	"math"
	"math/rand/v2"

	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/spec"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/ops/linalg"
	"descent/train"
)

// Medium are the workloads that the suite medium has beside those of small: seconds of a
// core each.
var Medium = []Workload{
	{Row: spec.Row{Name: "digits-lenet", Doc: "the convolutional net of 1998, on digits drawn larger and moved", Source: digitsSource}, Data: "digits, 28x28", Model: lenet, Loss: "cross_entropy",
		Rows: enlarged(28, 3), Task: written(lenet, 28, 28), Epochs: 6, Batch: 32, Reference: Reference{0.103, 0.909, 0.85}},
	{Row: spec.Row{Name: "digits-resnet", Doc: "batch norms and short cuts", Source: digitsSource}, Data: "digits, 16x16", Model: "resnet(8, 8)", Loss: "cross_entropy",
		Rows: enlarged(16, 2), Task: written("resnet(8, 8)", 16, 16), Epochs: 6, Batch: 32, Reference: Reference{0.103, 0.975, 0.95}},
	{Row: spec.Row{Name: "digits-dropout", Doc: "dropout and batch norms, which make each step another", Source: digitsSource}, Data: "digits", Model: "mlp(128, 128, norm=batch, dropout=0.3)", Loss: "cross_entropy",
		Rows: embedded("digits"), Task: written("mlp(128, 128, norm=batch, dropout=0.3)", 8, 8), Epochs: 20, Batch: 32, Reference: Reference{0.103, 0.985, 0.96}},
	{Row: spec.Row{Name: "deep-autoencoder", Doc: "eight layers around a bottleneck, in which gradients vanish", Source: "https://doi.org/10.1126/science.1127647"}, Data: "digits, 16x16", Model: "mlp(128, 64, 32, 8, 32, 64, 128)", Loss: "bce of the pixels",
		Rows: unlabelled(enlarged(16, 2)), Task: deepAutoencoder, Epochs: 20, Batch: 32, Reference: Reference{0.696, 0.395, 0.45}},
	{Row: spec.Row{Name: "char-lstm-128", Doc: "a recurrent net over 32 letters", Source: textSource}, Data: "alice", Model: "embed(32) | lstm(128)", Loss: "cross_entropy",
		Rows: windows(32, 800), Task: nextLetter(32, func() models.Layer { return recurrent(32, 128) }), Epochs: 5, Batch: 32, Reference: Reference{3.33, 1.68, 2}},
	{Row: spec.Row{Name: "char-gpt-64", Doc: "two layers of attention over 32 letters", Source: textSource}, Data: "alice", Model: "embed(64) | gpt(layers=2, heads=4)", Loss: "cross_entropy",
		Rows: windows(32, 1600), Task: nextLetter(32, func() models.Layer { return transformer(64, 2, 4) }), Epochs: 4, Batch: 32, Reference: Reference{3.99, 2.12, 2.4}},
	{Row: spec.Row{Name: "heat", Doc: "second derivatives in the loss: the heat equation by a net, scored by its distance from the solution", Source: "https://doi.org/10.1016/j.jcp.2018.10.045"}, Data: "points", Model: "mlp(32,32,32, act=tanh)", Loss: "mse of the residual",
		Rows: places, Task: heat, Epochs: 20, Batch: 64, Reference: Reference{0.087, 0, 0.00001}},
	{Row: spec.Row{Name: "teacher", Doc: "a wide net that learns what another net says, with few rows", Source: "generated"}, Data: "teacher", Model: "mlp(256,256)", Loss: "mse",
		Rows: taught, Task: numbers(func() models.Layer { return models.MLP(ops.ReLU, 256, 256, 1) }), Epochs: 20, Batch: 64, Reference: Reference{1.05, 0.0735, 0.2}},
	{Row: spec.Row{Name: "gaussian-process", Doc: "Cholesky factors in the loss: the lengths of a kernel, of which the last is 8 times the first", Source: "http://gaussianprocess.org/gpml"}, Data: "functions", Model: "kernel of 4 lengths, variance and noise", Loss: "minus the log marginal likelihood",
		Rows: functionsDrawn, Task: gaussianProcess, Epochs: 8, Batch: 32, Reference: Reference{1.42, 0.63, 0.72}},
}

// lenet is LeNet-5. LeCun, Bottou, Bengio, Haffner 1998, https://doi.org/10.1109/5.726791.
const lenet = "conv(6, 5) | tanh | avg_pool(2) | conv(16, 5, padding=valid) | tanh | avg_pool(2) | dense(120) | tanh | dense(84) | tanh"

// written is the classification by the model of a text, of pictures of that size.
func written(model string, size ...int) func(p *data.Parts) train.Task {
	return func(p *data.Parts) train.Task {
		s, err := models.Parse(model)
		if err != nil {
			panic(err) // the texts are those above
		}
		layer, _, err := s.For(size, len(p.Train.Classes))
		if err != nil {
			panic(err)
		}
		return train.Task{Model: layer, Loss: losses.CrossEntropy, Features: p.Train.Features(), Classes: len(p.Train.Classes), Gives: train.Logits}
	}
}

// enlarged draws the digits in pictures of size x size, by bilinear interpolation, each
// moved by up to some pixels.
func enlarged(size, move int) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		return altered(k, func(_ int, d *data.Dataset, r *rand.Rand) {
			x := make([]float64, d.Rows()*size*size)
			for i := range d.Rows() {
				dy, dx := r.IntN(2*move+1)-move, r.IntN(2*move+1)-move
				enlarge(x[i*size*size:(i+1)*size*size], d.X.Row(nil, i), size, dy, dx)
			}
			d.X, d.Shape, d.Inputs = data.ArrayOf(x, size*size), []int{size, size}, make([]string, size*size)
		})
	}
}

// enlarge draws a picture of 8x8 pixels larger, and moved; what is beyond is 0.
func enlarge(to, from []float64, size, dy, dx int) {
	at := func(y, x int) float64 {
		if y < 0 || y > 7 || x < 0 || x > 7 {
			return 0
		}
		return from[8*y+x]
	}
	scale := 8 / float64(size)
	for i := range size {
		for j := range size {
			v, u := float64((float64(i-dy)+0.5)*scale), float64((float64(j-dx)+0.5)*scale)
			y, x := math.Floor(v-0.5), math.Floor(u-0.5)
			b, a := v-0.5-y, u-0.5-x
			upper := float64((1-a)*at(int(y), int(x))) + float64(a*at(int(y), int(x)+1))
			lower := float64((1-a)*at(int(y)+1, int(x))) + float64(a*at(int(y)+1, int(x)+1))
			to[i*size+j] = float64((1-b)*upper) + float64(b*lower)
		}
	}
}

// unlabelled are rows without what they are.
func unlabelled(rows func(k int) (*data.Parts, error)) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		p, err := rows(k)
		if err == nil {
			for _, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
				d.Class, d.Classes = nil, nil
			}
		}
		return p, err
	}
}

// deepAutoencoder is that of Hinton and Salakhutdinov 2006, smaller.
func deepAutoencoder(p *data.Parts) train.Task {
	n := p.Train.Features()
	net := models.MLP(ops.Tanh, 128, 64, 32, 8, 32, 64, 128, n)
	return lowers(func(b *train.Batch) *node {
		x := ops.Reshape(b.Numbers("x", 16, 16), b.Rows(), n)
		return losses.BCELogits(net(x), x)
	})
}

// places are points of [0,1]x[0,1]: x and t.
func places(k int) (*data.Parts, error) {
	return drawn("places", k, 1280, 2, -1, func(r *rand.Rand, x []float64, _ bool) float64 {
		x[0], x[1] = r.Float64(), r.Float64()
		return 0
	})
}

// heat solves u_t = u_xx/π², u(0,t) = u(1,t) = 0, u(x,0) = sin(πx), whose solution is
// exp(-t)·sin(πx): training sees the equation alone. Raissi, Perdikaris, Karniadakis 2019,
// https://doi.org/10.1016/j.jcp.2018.10.045.
func heat(*data.Parts) train.Task {
	net := models.MLP(ops.Tanh, 32, 32, 32, 1)
	return lowers(func(b *train.Batch) *node {
		both := b.Numbers("x", 2)
		x, t := ops.Slice(both, 1, 0, 1, 1), ops.Slice(both, 1, 1, 2, 1)
		wave := ops.Sin(ops.Scale(math.Pi, x))
		inside := ops.Mul(t, ops.Mul(x, ops.Shift(1, ops.Neg(x)))) // 0 where u is given
		u := ops.Add(wave, ops.Mul(inside, net(ops.Concat(1, x, t))))
		if !b.Training() {
			return losses.MSE(u, ops.Mul(ops.Exp(ops.Neg(t)), wave))
		}
		slopes := graph.Grad(ops.Sum(u), x, t)
		bend := graph.Grad(ops.Sum(slopes[0]), x)[0]
		return losses.MSE(slopes[1], ops.Scale(1/(math.Pi*math.Pi), bend))
	})
}

const lessons = 20 // inputs of the teacher

// taught are rows of normal numbers, and what a random net of 16 units says of them, of
// variance 1.
func taught(k int) (*data.Parts, error) {
	const units = 16
	own := make([]float64, units*(lessons+1))
	normals(stream("teacher", 0, 3), own)
	parts, err := drawn("teacher", k, 2000, lessons, 0, func(r *rand.Rand, x []float64, _ bool) (y float64) {
		normals(r, x)
		for u := range units {
			sum := 0.0
			for i := range x {
				sum += float64(own[u*(lessons+1)+i] * x[i])
			}
			y += float64(own[u*(lessons+1)+lessons] * elementary.Tanh(sum/math.Sqrt(lessons)*2))
		}
		return y
	})
	if err == nil {
		standardise(parts)
	}
	return parts, err
}

const (
	observed   = 16 // points of each function
	lengths    = 4  // inputs
	halfLog2Pi = 0.9189385332046727
)

// functionsDrawn are functions at some points, and their values with noise: sums of waves
// whose frequencies have the spectrum of a kernel with lengths 1, 2, 4 and 8 Rahimi, Recht
// 2007, https://papers.nips.cc/paper/3182.
func functionsDrawn(k int) (*data.Parts, error) {
	const waves = 32
	return drawn("functions", k, 400, observed*(lengths+1), -1, func(r *rand.Rand, x []float64, _ bool) float64 {
		at, y := x[:observed*lengths], x[observed*lengths:]
		normals(r, at)
		for range waves {
			var frequency [lengths]float64
			for i := range frequency {
				frequency[i] = elementary.Normal(r) / math.Ldexp(1, i)
			}
			phase := float64(2 * math.Pi * r.Float64())
			for p := range y {
				angle := phase
				for i, f := range frequency {
					angle += float64(f * at[p*lengths+i])
				}
				y[p] += float64(math.Sqrt(2./waves) * elementary.Cos(angle))
			}
		}
		for p := range y {
			y[p] += float64(0.1 * elementary.Normal(r))
		}
		return 0
	})
}

// gaussianProcess is minus the log marginal likelihood for each point. Rasmussen, Williams
// 2006, http://gaussianprocess.org/gpml, equation 2.30.
func gaussianProcess(*data.Parts) train.Task {
	return lowers(func(b *train.Batch) *node {
		g, n, rows := b.Graph(), observed, b.Rows()
		logLength, logVariance, logNoise := g.Param("length", graph.Zeros, lengths), g.Param("variance", graph.Zeros), g.Param("noise", graph.Zeros)
		both := b.Numbers("x", observed*(lengths+1))
		x := ops.Reshape(ops.Slice(both, 1, 0, n*lengths, 1), rows, n, lengths)
		y := ops.Reshape(ops.Slice(both, 1, n*lengths, n*(lengths+1), 1), rows, n, 1)
		x = ops.Div(x, ops.Exp(logLength))
		far := ops.Sum(ops.Square(ops.Sub(ops.ExpandDims(x, 1), ops.ExpandDims(x, 2))), -1)
		kernel := ops.Exp(ops.Sub(logVariance, ops.Scale(0.5, far)))
		l := linalg.Cholesky(linalg.AddDiagonal(kernel, ops.Shift(1e-4, ops.Exp(logNoise))))
		half := ops.Square(linalg.SolveTriangular(l, y, linalg.Triangle{}))
		return ops.Shift(halfLog2Pi, ops.Add(ops.Scale(0.5, ops.Mean(half)), ops.Mean(ops.Log(linalg.Diagonal(l)))))
	})
}
