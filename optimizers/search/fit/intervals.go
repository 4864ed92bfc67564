package fit

import (
	"context"
	"reflect"
	"slices"

	"descent/internal/spec"
)

// Intervals make the confidence intervals of a fit's parameters.
type Intervals interface {
	of(ctx context.Context, f *Fit, how How) error
}

// IntervalTable lists the ways to make confidence intervals, the default first.
var IntervalTable = []spec.Row{
	{Name: "wald", Doc: "estimate ± Student's quantile x standard error, as if the model were linear",
		Source: "Bates, Watts 1988, section 2.3", Structs: func() []any { return []any{Wald{}} }},
	{Name: "profile", Doc: "up to where the sum of squares, least over the other parameters, has risen as Student's quantile allows",
		Source: "Bates, Watts 1988, section 6.1", Structs: func() []any { return []any{Profile{}} }},
	{Name: "bootstrap", Doc: "percentiles of fits to rows made of residuals, or of rows, drawn with replacement; for any loss", Examples: []string{"2000, resample=rows"},
		Source: "Efron, Tibshirani 1993, chapters 9 and 13", Structs: func() []any { return []any{Bootstrap{Replicates: 1000, Resample: Residuals}} }},
}

// What a bootstrap draws.
const (
	Residuals = "residuals"
	TableRows = "rows"
)

// Wald makes intervals of the standard errors.
type Wald struct{}

func (Wald) of(context.Context, *Fit, How) error { return nil }

// makeIntervals makes them as asked.
func (f *Fit) makeIntervals(ctx context.Context, how How) error {
	way := how.Intervals
	if way == nil {
		way = Wald{}
	}
	i := slices.IndexFunc(IntervalTable, func(e spec.Row) bool { return reflect.TypeOf(e.Structs()[0]) == reflect.TypeOf(way) })
	f.Intervals = IntervalTable[i].Describe(way).String()
	err := way.of(ctx, f, how)
	if f.Loss != nil && f.samples == nil {
		f.Notes = append(f.Notes, "standard errors are those of least squares; for another loss they are made by the bootstrap")
	}
	return err
}

// ParseIntervals returns the intervals that a text names, such as "bootstrap(2000,
// resample=rows)"; what is drawn follows from the seed.
func ParseIntervals(text string, seed uint64) (Intervals, error) {
	call, err := spec.Parse(text)
	if err != nil {
		return nil, err
	}
	e, err := spec.Find("intervals", IntervalTable, call.Name)
	if err != nil {
		return nil, err
	}
	a, err := e.Bind(call)
	if err != nil {
		return nil, err
	}
	way := a.Fill(e.Structs()...)[0]
	if b, ok := way.(Bootstrap); ok {
		b.Seed = seed
		return b, nil
	}
	return way.(Intervals), nil
}
