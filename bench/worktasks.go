package bench

import (
	"math"

	"descent/bench/classic"
	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// classes is the task of a model with an output for each class.
func classes(model func(n int) models.Layer) func(p *data.Parts) train.Task {
	return func(p *data.Parts) train.Task {
		n := len(p.Train.Classes)
		return train.Task{Model: model(n), Loss: losses.CrossEntropy, Features: p.Train.Features(), Classes: n, Gives: train.Logits}
	}
}

// numbers is the task of a model with one output.
func numbers(model func() models.Layer) func(p *data.Parts) train.Task {
	return func(p *data.Parts) train.Task {
		return train.Task{Model: model(), Loss: losses.MSE, Residuals: ops.Sub, Features: p.Train.Features(), Gives: train.OtherScores}
	}
}

// lowers is the task of losses without a target.
func lowers(loss func(b *train.Batch) *node) train.Task {
	return train.Task{Compute: func(b *train.Batch) train.Result {
		return train.Result{Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss(b)}}}
	}}
}

func convolutions(n int) models.Layer {
	return models.Sequential(models.Pictures(1, 8, 8), models.Conv(8, 3), ops.Tanh, models.Pool(ops.AvgPool, ops.PoolOptions{Kernel: []int{2}}), models.Flatten(), models.Dense(n))
}

func autoencoder(*data.Parts) train.Task {
	net := models.MLP(ops.ReLU, 32, 8, 32, 64)
	return lowers(func(b *train.Batch) *node {
		x := b.Numbers("x", 8, 8)
		x = ops.Reshape(x, b.Rows(), 64)
		return losses.MSE(net(x), x)
	})
}

func variational(*data.Parts) train.Task {
	coder := models.NewCoder(models.CoderOptions{Features: 64, Code: 8, Variational: true,
		Encoder: models.Sequential(models.Dense(32), ops.ReLU), Decoder: models.Sequential(models.Dense(32), ops.ReLU)})
	return lowers(func(b *train.Batch) *node {
		x := ops.Reshape(b.Numbers("x", 8, 8), b.Rows(), 64)
		mean, logVariance := coder.Encode(x)
		again := coder.Decode(coder.Draw(mean, logVariance))
		return ops.Add(ops.Scale(64, losses.BCELogits(again, x)), models.Divergence(mean, logVariance))
	})
}

// contrastive tells by inner products which of several lower halves belongs to an upper
// half. Van den Oord et al. 2018, https://arxiv.org/abs/1807.03748.
func contrastive(p *data.Parts) train.Task {
	upper, lower := models.MLP(ops.ReLU, 32, 16), models.MLP(ops.ReLU, 32, 16)
	return lowers(func(b *train.Batch) *node {
		n := b.Rows()
		x := b.Numbers("x", p.Train.Features())
		a := ops.Reshape(upper(ops.Slice(x, 1, 0, 32, 1)), n, 1, 16)
		c := ops.Reshape(lower(ops.Reshape(ops.Slice(x, 1, 32, 32+32*candidates, 1), n*candidates, 32)), n, candidates, 16)
		alike := ops.LogSoftmax(ops.Scale(0.25, ops.Sum(ops.Mul(a, c), -1)), 1)
		return ops.Neg(ops.Mean(ops.Slice(alike, 1, 0, 1, 1)))
	})
}

const quadraticSize = 100

// noisyQuadratic is ½(w-x)ᵀQ(w-x) for rows x of noise, where Q has curvatures to 1,
// and from 30 to 60 in a tenth of its directions. Schneider, Balles, Hennig 2019,
// https://arxiv.org/abs/1903.05499.
func noisyQuadratic() func(*data.Parts) train.Task {
	r := stream("quadratic", 0, 0)
	curvature, normal := make([]float64, quadraticSize), make([]float64, quadraticSize)
	for i := range curvature {
		if curvature[i] = r.Float64(); i%10 == 0 {
			curvature[i] = 30 + float64(30*curvature[i])
		}
	}
	normals(r, normal)
	return func(*data.Parts) train.Task {
		return lowers(func(b *train.Batch) *node {
			g := b.Graph()
			w := g.Param("w", models.Uniform(2), quadraticSize)
			d := ops.Sub(w, b.Numbers("x", quadraticSize))
			v := g.Array(normal, 1, quadraticSize) // Q is mirrored at the plane across it
			along := ops.Div(ops.Sum(ops.Mul(d, v), 1), ops.Sum(ops.Square(v)))
			d = ops.Sub(d, ops.Mul(v, ops.Scale(2, ops.Reshape(along, b.Rows(), 1))))
			return ops.Scale(0.5, ops.Mean(ops.Sum(ops.Mul(g.Array(curvature, quadraticSize), ops.Square(d)), 1)))
		})
	}
}

// valley is Rosenbrock's function from beside 0.
func valley(*data.Parts) train.Task {
	return lowers(func(b *train.Batch) *node { return classic.Rosenbrock(b.Graph().Param("x", models.Normal(0.1), 100)) })
}

// saddle is ‖XXᵀ-M‖²/‖M‖² for a matrix M = AAᵀ, from an X that is near 0.
func saddle() func(*data.Parts) train.Task {
	const n = 20
	a := make([]float64, n*rank)
	normals(stream("saddle", 0, 0), a)
	return func(*data.Parts) train.Task {
		return lowers(func(b *train.Batch) *node {
			g := b.Graph()
			x, half := g.Param("x", models.Normal(1e-4), n, rank), g.Array(a, n, rank)
			m := ops.Linear(half, half)
			return ops.Div(ops.Sum(ops.Square(ops.Sub(ops.Linear(x, x), m))), ops.Sum(ops.Square(m)))
		})
	}
}

// factorisation gives users and items vectors, whose product is a rating.
func factorisation(*data.Parts) train.Task {
	table := models.EmbedWith(models.EmbedOptions{Rows: users + items, Width: rank, Weight: models.Normal(0.3)})
	return lowers(func(b *train.Batch) *node {
		both := table(b.Numbers("x", 2))
		rating := ops.Sum(ops.Mul(ops.Slice(both, 1, 0, 1, 1), ops.Slice(both, 1, 1, 2, 1)), -1)
		return losses.MSE(rating, b.Numbers("y", 1))
	})
}

// bagOfWords adds up what words mean.
func bagOfWords(p *data.Parts) train.Task {
	table, out := models.EmbedWith(models.EmbedOptions{Rows: vocabulary, Width: 8, Weight: models.Normal(0.1)}), models.Dense(2)
	return train.Task{Model: func(x *node) *node { return out(ops.Sum(table(x), 1)) }, Loss: losses.CrossEntropy, Features: p.Train.Features(), Classes: 2, Gives: train.Logits}
}

func recurrent(width, units int) models.Layer {
	lstm := models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(1), Units: units})
	return models.Sequential(models.EmbedWith(models.EmbedOptions{Rows: letter, Width: width}), lstm.Layer(), models.DenseWith(models.DenseOptions{Units: letter, Steps: true}))
}

func transformer(width, layers, heads int) models.Layer {
	chain := []models.Layer{models.EmbedWith(models.EmbedOptions{Rows: letter, Width: width}), models.Positions()}
	for range layers {
		chain = append(chain, models.TransformerWith(models.TransformerOptions{Heads: heads, Causal: true}))
	}
	return models.Sequential(append(chain, models.LayerNorm(), models.DenseWith(models.DenseOptions{Units: letter, Steps: true}))...)
}

// nextLetter is the cross-entropy of the letter after each of a window.
func nextLetter(window int, model func() models.Layer) func(*data.Parts) train.Task {
	return func(*data.Parts) train.Task {
		net := model()
		return lowers(func(b *train.Batch) *node {
			x := b.Numbers("x", window+1)
			each := ops.LogSoftmax(net(ops.Slice(x, 1, 0, window, 1)), 2)
			next := ops.ExpandDims(ops.Slice(x, 1, 1, window+1, 1), 2)
			return ops.Neg(ops.Mean(ops.Gather(each, next, 2)))
		})
	}
}

// physics solves u" = f, u(0) = u(1) = 0 for the u that is sin(2πx): training sees f
// alone, scores are of u. Raissi, Perdikaris, Karniadakis 2019,
// https://doi.org/10.1016/j.jcp.2018.10.045.
func physics(*data.Parts) train.Task {
	net := models.MLP(ops.Tanh, 16, 16, 1)
	return lowers(func(b *train.Batch) *node {
		x := b.Numbers("x", 1)
		wave := ops.Sin(ops.Scale(2*math.Pi, x))
		u := ops.Mul(ops.Mul(x, ops.Shift(1, ops.Neg(x))), net(ops.Scale(2, x))) // 0 at both ends
		if !b.Training() {
			return losses.MSE(u, wave)
		}
		slope := graph.Grad(ops.Sum(u), x)[0]
		bend := graph.Grad(ops.Sum(slope), x)[0]
		return losses.MSE(ops.Scale(0.1, bend), ops.Scale(-0.4*math.Pi*math.Pi, wave))
	})
}

// policy tries an arm by chance and makes it more probable by what it gave; scores are
// of what it gives on average. Williams 1992, https://doi.org/10.1007/BF00992696.
func policy(*data.Parts) train.Task {
	net := models.MLP(ops.Tanh, 16, arms)
	return lowers(func(b *train.Batch) *node {
		g, x := b.Graph(), b.Numbers("x", 4+arms)
		gives, log := ops.Slice(x, 1, 4, 4+arms, 1), ops.LogSoftmax(net(ops.Slice(x, 1, 0, 4, 1)), 1)
		if !b.Training() {
			return ops.Neg(ops.Mean(ops.Sum(ops.Mul(ops.Exp(log), gives), 1)))
		}
		batch := g.Scalar("policy.batch", 0)
		g.Keep(batch, ops.Shift(1, batch))
		chance := ops.Neg(ops.Log(ops.Neg(ops.Log(ops.Uniform(batch, "arm", b.Rows(), arms))))) // Gumbel's
		tried := ops.OneHot(ops.StopGradient(ops.ArgMax(ops.Add(log, chance), 1)), arms)
		return ops.Neg(ops.Mean(ops.Sum(ops.Mul(tried, ops.Mul(log, gives)), 1)))
	})
}
