package main

import (
	"cmp"
	"context"
	"math"

	"descent/data"
	"descent/train"
	"descent/train/conformal"
)

// ensembleMethod is that of intervals which are wider where models disagree.
const ensembleMethod = "ensemble"

// ensembleSize is the number of its models, with the model itself.
const ensembleSize = 5

// ensemble trains models of the same rows with other seeds (a deep ensemble, Lakshminarayanan
// et al. 2017, https://arxiv.org/abs/1612.01474), and takes errors of their mean in units of
// how far they disagree, and a floor: the root of the mean square that they leave of the rows
// that they have learned.
func (c *intervals) ensemble(ctx context.Context, o *trainOptions, p *data.Parts, t *train.Trainer, found *savedInterval, told *intervalReport) error {
	task, err := o.setup.task()
	if err != nil {
		return err
	}
	if c.committee, err = train.NewCommittee(task, dtypes[o.dtype], ensembleSize); err != nil {
		return err
	}
	told.Models, told.Steps, told.trainers = ensembleSize-1, t.Steps(), min(o.run.Workers, ensembleSize-1)
	err = train.CrossValidate(ctx, told.Models, o.run.Workers, func() (func(context.Context, int) error, error) {
		own := *o
		own.run.Workers = 1
		other, err := own.trainer()
		return func(ctx context.Context, i int) error {
			own.run.Seed = o.seed + 1 + uint64(i)
			if err := own.reset(other, own.run.Seed); err != nil {
				return err
			}
			if err := own.again(ctx, other, p.Train, p.Val); err != nil {
				return err
			}
			return c.committee.Seat(i+1, other)
		}, err
	})
	if err := cmp.Or(err, c.committee.Seat(0, t)); err != nil {
		return err
	}
	b := &bounder{setup: &o.setup, found: found, committee: c.committee}
	if o.Classes == 0 {
		learned, err := b.misses(p.Train)
		if err != nil {
			return err
		}
		for j, of := range learned {
			floor := 0.0
			for _, e := range of {
				floor += float64(e*e) / float64(len(of))
			}
			found.of(j).Floor = math.Sqrt(floor)
		}
	}
	e, err := b.misses(c.kept)
	if err == nil {
		found.collect(1, make([]int, c.kept.Rows()), e)
	}
	return err
}

// spread is the mean of what models of an ensemble say, and their standard deviation.
func spread(x []float64) (mean, deviation float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		deviation += float64((v-mean)*(v-mean)) / (n - 1)
	}
	return mean, math.Sqrt(deviation)
}

// meanOf is the mean of probabilities.
func meanOf(p [][]float64) []float64 {
	mean := make([]float64, len(p[0]))
	for _, row := range p {
		for c, x := range row {
			mean[c] += x / float64(len(p))
		}
	}
	return mean
}

// misses are the errors of an ensemble by the target and row: of numbers in units of how far
// its models disagree and the floor; without a floor, in the target's own.
func (b *bounder) misses(d *data.Dataset) ([][]float64, error) {
	outs, width, err := b.committee.Predict(d)
	if err != nil {
		return nil, err
	}
	all := make([][]float64, b.numbers())
	said, p := make([]float64, len(outs)), make([][]float64, len(outs))
	for i := range d.Rows() {
		if b.Classes > 0 {
			for k, out := range outs {
				p[k] = b.committee.Probabilities(out[i*width : (i+1)*width])
			}
			all[0] = append(all[0], conformal.Miss(meanOf(p), d.Class[i]))
			continue
		}
		for j := range all {
			for k, out := range outs {
				said[k] = b.number(out[i*width:(i+1)*width], j)
			}
			mean, apart := spread(said)
			e := math.Abs(b.number(d.Y[i*len(all):(i+1)*len(all)], j) - mean)
			if floor := b.found.of(j).Floor; floor > 0 {
				e /= apart + floor
			}
			all[j] = append(all[j], e)
		}
	}
	return all, nil
}
