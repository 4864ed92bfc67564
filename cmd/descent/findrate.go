package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"descent/data"
	"descent/optimizers/schedule"
	"descent/train"
)

// A rateFlag is what --lr says: a learning rate, or that one is to be found.
type rateFlag struct {
	rate float64
	find bool
}

func parseRate(text string) (rateFlag, error) {
	if text == "find" {
		return rateFlag{find: true}, nil
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate > 0) || rate > 1e300 {
		return rateFlag{}, fmt.Errorf("%q is neither a positive number nor find", text)
	}
	return rateFlag{rate: rate}, nil
}

// String formats the flag as it is given.
func (f rateFlag) String() string {
	if f.find {
		return "find"
	}
	return strconv.FormatFloat(f.rate, 'g', -1, 64)
}

// A foundRate is what the learning-rate finder did, for the report.
type foundRate struct {
	LR    float64   `json:"lr"`
	Rates []float64 `json:"rates"` // tried, one a step
	// Losses are those before the steps, smoothed.
	Losses []float64 `json:"losses"`

	exploded bool
}

// findRate tries rates with the optimizer, the batches and the weights of the run,
// which are put back, and takes the one at which the loss fell fastest.
func (o *trainOptions) findRate(ctx context.Context, t *train.Trainer) (*foundRate, error) {
	within := schedule.DefaultRange()
	curve, best, err := t.FindLR(ctx, o.run, within)
	if err != nil {
		return nil, fmt.Errorf("--lr find: %w", err)
	}
	f := &foundRate{LR: best, exploded: len(curve) < within.Steps}
	for _, p := range curve {
		f.Rates, f.Losses = append(f.Rates, p.LR), append(f.Losses, p.Loss)
	}
	o.lr = best
	return f, nil
}

// print says which rate was chosen, and why.
func (f *foundRate) print(w io.Writer) {
	last := len(f.Rates) - 1
	end := fmt.Sprintf("the last was %.3g", f.Rates[last])
	if f.exploded {
		end = fmt.Sprintf("beyond %.3g it exploded", f.Rates[last])
	}
	fmt.Fprintf(w, "learning rate %.4g found: of %d rates from %.3g on, one a step, the loss fell fastest there; %s\n", f.LR, last+1, f.Rates[0], end)
}

// rate returns the schedule: what --schedule says, times the learning rate. A method
// has none.
func (o *trainOptions) rate(rows int) schedule.Schedule {
	if o.run.Method != nil {
		return nil
	}
	if o.schedule == nil {
		return schedule.Constant(o.lr)
	}
	steps := data.NewBatches(rows, o.run.Batch, 0, false).Steps()
	steps = (steps + o.run.Accumulate - 1) / o.run.Accumulate * o.run.Epochs
	return schedule.Product{o.schedule.For(steps), schedule.Constant(o.lr)}
}
