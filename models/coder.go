package models

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/ops"
)

// CoderOptions say how an autoencoder is made.
type CoderOptions struct {
	Features int // numbers of a row
	Code     int // numbers of its code
	// Encoder are the layers before the code, Decoder those after it; nil is none. A
	// dense layer makes the code of what the encoder makes, and one the row of what the
	// decoder makes.
	Encoder, Decoder Layer
	// Variational makes codes distributions: a mean and a variance for each of their
	// numbers, from which a code is drawn.
	Variational bool
}

// A Coder is an autoencoder: it makes a code of a row, and the row again of its code.
// A variational one is that of Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.
type Coder struct {
	o                         CoderOptions
	mean, logVariance, output Layer
	drawing                   graph.Identity
}

// NewCoder returns an autoencoder.
func NewCoder(o CoderOptions) *Coder {
	named := func(name string, units int) Layer { return DenseWith(DenseOptions{Name: name, Units: units}) }
	return &Coder{o: o, mean: named("code", o.Code), logVariance: named("log_variance", o.Code), output: named("output", o.Features)}
}

// Encode returns the codes of n rows, n×Code; of a variational coder the means of their
// distributions, and the logarithms of the variances, which are nil otherwise.
func (c *Coder) Encode(x *node) (code, logVariance *node) {
	if x.Err() == nil && (x.Shape().Rank() != 2 || x.Shape().Dim(1) != c.o.Features) {
		x = graph.Bad(fmt.Errorf("the input is %v; the coder takes rows of %d numbers", x.Shape(), c.o.Features), "encode", x)
	}
	if c.o.Encoder != nil {
		x = c.o.Encoder(x)
	}
	if code = c.mean(x); c.o.Variational {
		logVariance = c.logVariance(x)
	}
	return code, logVariance
}

// Draw draws codes of their distributions, others in each batch of training, and
// always the same in evaluation.
func (c *Coder) Draw(code, logVariance *node) *node {
	if err := graph.Mistakes(code, logVariance); err != nil {
		return graph.Bad(err, "draw", code, logVariance)
	}
	if !c.o.Variational {
		return graph.Bad(errors.New("the coder is not variational: its codes are no distributions"), "draw", code)
	}
	g := code.Graph()
	s := g.Scope(&c.drawing, "draw", "")
	name, batch := s.Name+"/evaluation", g.Const(0)
	if g.Training() {
		name, batch = s.Name, g.Scalar(s.Name+".batch", 0)
		g.Keep(batch, ops.Shift(1, batch))
	}
	noise := ops.Normal(batch, name, code.Shape().Dims()...)
	return g.Mark("Draw", s.Name, ops.Add(code, ops.Mul(noise, ops.Exp(ops.Scale(0.5, logVariance)))))
}

// Decode returns the rows of n codes, n×Features: what a loss compares with the rows.
func (c *Coder) Decode(code *node) *node {
	if code.Err() == nil && (code.Shape().Rank() != 2 || code.Shape().Dim(1) != c.o.Code) {
		code = graph.Bad(fmt.Errorf("the codes are %v; they have %d numbers", code.Shape(), c.o.Code), "decode", code)
	}
	if c.o.Decoder != nil {
		code = c.o.Decoder(code)
	}
	return c.output(code)
}

// Layer makes rows of rows, by way of a code.
func (c *Coder) Layer(x *node) *node {
	code, logVariance := c.Encode(x)
	if c.o.Variational {
		code = c.Draw(code, logVariance)
	}
	return c.Decode(code)
}

// Divergence is how much distributions of codes tell beyond the standard normal one, in
// nats: the mean over rows of ½·Σ(mean² + variance - 1 - log variance), their
// Kullback-Leibler divergence. Added to the negative log-likelihood of the rows by
// codes that were drawn, it bounds that of the rows alone.
func Divergence(mean, logVariance *node) *node {
	if err := graph.Mistakes(mean, logVariance); err != nil {
		return graph.Bad(err, "divergence", mean, logVariance)
	}
	each := ops.Sub(ops.Add(ops.Square(mean), ops.Exp(logVariance)), ops.Shift(1, logVariance))
	return ops.Scale(0.5, ops.Mean(ops.Sum(each, -1)))
}
