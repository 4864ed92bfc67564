package train

import (
	"fmt"

	"descent/data"
)

// Derivatives are those of a trainer's loss, with its penalty, by all parameters as one
// vector, at the parameters that the trainer has when they are asked for. They are
// computed in float64 beside the trainer, which is only read. The loss is that of
// training: batch normalisation takes means of the batch, and dropout the elements of the
// trainer's next step, in every batch the same.
type Derivatives struct {
	of, twin *Trainer
	one      []float64 // the derivatives of a batch
	values   []float64 // of a variable
}

// Derivatives compiles gradients and products with the Hessian for one row, so that every
// mistake is reported here.
func (t *Trainer) Derivatives() (*Derivatives, error) {
	d := &Derivatives{of: t, twin: t.twin()}
	for _, m := range []mode{slope, curve} {
		p, err := d.twin.program(1, m)
		if err != nil {
			return nil, err
		}
		if d.one == nil {
			for _, w := range p.g.Params() {
				d.one = append(d.one, make([]float64, w.Shape().Size())...)
			}
		}
	}
	return d, nil
}

// Size returns the number of parameters.
func (d *Derivatives) Size() int { return len(d.one) }

// Gradients gives each the gradient of the loss of each batch of rows. It is valid until
// each returns.
func (d *Derivatives) Gradients(rows data.Rows, batches [][]int, each func(gradient []float64)) error {
	return d.over(slope, rows, batches, nil, func(p *program) {
		p.derivatives(d.one)
		each(d.one)
	})
}

// Product fills hv with the product of v with the Hessian of the mean of the batches'
// losses.
func (d *Derivatives) Product(rows data.Rows, batches [][]int, v, hv []float64) error {
	if len(v) != len(d.one) || len(hv) != len(d.one) {
		return fmt.Errorf("train: a direction of %d numbers and a product of %d; the model has %d parameters", len(v), len(hv), len(d.one))
	}
	clear(hv)
	return d.over(curve, rows, batches, v, func(p *program) {
		p.derivatives(d.one)
		for i, x := range d.one {
			hv[i] += x / float64(len(batches))
		}
	})
}

// over computes what the mode says for each batch, in direction v if it has one.
func (d *Derivatives) over(m mode, rows data.Rows, batches [][]int, v []float64, each func(p *program)) error {
	if err := d.of.match(rows); err != nil {
		return err
	}
	return d.of.alone(func() error {
		for _, mine := range d.twin.Store().Variables() {
			own := d.of.Store().Lookup(mine.Name())
			if own == nil { // a state that no step has been compiled for
				continue
			}
			d.values = own.Append(d.values[:0])
			if err := mine.Set(d.values); err != nil {
				return err
			}
		}
		for _, b := range batches {
			if err := matchRows(rows, b); err != nil {
				return err
			}
			p, err := d.twin.program(len(b), m)
			if err == nil {
				err = p.load(rows, b, false)
			}
			if err == nil {
				p.direct(v)
				err = p.p.Run(p.feeds...)
			}
			if err != nil {
				return err
			}
			each(p)
		}
		return nil
	})
}
