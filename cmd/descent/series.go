package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"descent/data/series"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers/schedule"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// seriesFlags are those of train that are for a series.
type seriesFlags struct {
	window, horizon, season int
}

func (s *seriesFlags) add(f *pflag.FlagSet) {
	f.IntVar(&s.window, "window", 0, "rows are a series in the order of --time: how many of them the model sees at once")
	f.IntVar(&s.horizon, "horizon", 1, "for a series: how many rows are to be forecast")
	f.IntVar(&s.season, "season", 0, "for a series: rows of a season, for the forecast to compare with (default: found in the training rows)")
}

// forSeries are flags that a series has besides those of all rules.
var forSeries = []string{"window", "horizon", "season", "time", "target", "drop", "val", "monitor", "patience", "min-delta", "report",
	"comma", "no-header", "decimal", "thousands", "missing", "day-first"}

// A seriesReport is what train tells about a series.
type seriesReport struct {
	Data    string   `json:"data"`
	Seed    uint64   `json:"seed"`
	Target  string   `json:"target"`
	Columns []string `json:"columns"`
	Rows    [3]int   `json:"rows"` // of training, validation and testing
	Window  int      `json:"window"`
	Horizon int      `json:"horizon"`
	ruleReport
	Notes []string `json:"notes,omitempty"`
	// Scores are those of the model in the rows of testing, beside other forecasts.
	Scores    series.Scores            `json:"scores"`
	Baselines map[string]series.Scores `json:"baselines"`
	Season    int                      `json:"season,omitempty"`
	Interval  *series.Interval         `json:"interval"`
	Init      *begun                   `json:"init,omitempty"` // the model that it started from
	Out       string                   `json:"out,omitempty"`
}

// A seriesRun is a training on a series.
type seriesRun struct {
	sequenceRun
	r                   seriesReport
	learned, val, tests *series.Series
	pred                []float64 // of the rows of testing
}

// trainSeries is train of rows that follow each other in time.
func (o *trainOptions) trainSeries(cmd *cobra.Command, name string) error {
	if err := o.only(cmd, forSeries, "is not for a series, which --window says that the rows are"); err != nil {
		return err
	}
	switch {
	case o.order.window < 1:
		return usage(fmt.Errorf("--window %d: it is at least 1", o.order.window))
	case o.time == "":
		return usage(errors.New("--window needs --time, the column of dates or numbers that the rows are in the order of"))
	case o.run.Method != nil || o.rateFlag.find:
		return usage(errors.New("a series is trained by a rule, such as adam(lr=0.003): a search with all rows and --lr find are for other tables"))
	case o.Model.Codes():
		return usage(fmt.Errorf("model %s takes no windows of numbers; gru(32) does", o.Model))
	}
	t := &seriesRun{}
	return o.trainSequence(cmd, name, t, &t.sequenceRun)
}

// read reads the series and divides it.
func (t *seriesRun) read(name string) error {
	if err := t.origin.is("a series"); err != nil {
		return err
	}
	src, err := t.source(name)
	if err != nil {
		return err
	}
	if src.Table == nil {
		return usage(fmt.Errorf("%s: pictures; a series is a table", name))
	}
	columns, notes, err := series.Choose(src.Table, t.time, cmp.Or(t.target, src.Target), t.drop)
	if err != nil {
		return usage(err)
	}
	s, err := series.Read(src.Table, t.time, columns)
	if err != nil {
		return err
	}
	for _, n := range src.Table.Notes {
		t.r.Notes = append(t.r.Notes, t.note(n))
	}
	t.r.Notes = append(append(t.r.Notes, notes...), s.Notes...)
	c := &series.Schema{Time: t.time, Columns: columns, Window: t.order.window, Horizon: t.order.horizon}
	c.Offset, c.Scale = make([]float64, len(columns)), make([]float64, len(columns))
	val := 0.15
	if t.given("val") {
		val = t.trainOptions.val
	}
	if t.learned, t.val, t.tests, err = c.Parts(s, val, t.test); err != nil {
		return usage(fmt.Errorf("%s: %w; --window, --horizon, --val and --test say how many there are", called(name), err))
	}
	c.Fit(t.learned)
	if old := t.origin.of; old != nil {
		if !slices.Equal(old.Series.Columns, columns) {
			return usage(fmt.Errorf("--init %s: it is a model of the columns %s, and these are %s: --target and --drop choose columns", t.origin.dir, strings.Join(old.Series.Columns, ", "), strings.Join(columns, ", ")))
		}
		c.Offset, c.Scale = old.Series.Offset, old.Series.Scale
	}
	if err := c.Check(); err != nil {
		return usage(err)
	}
	if t.order.season < 0 || t.order.season > c.Window {
		return usage(fmt.Errorf("--season %d: it is 1 to --window, %d", t.order.season, c.Window))
	}
	t.Series = c
	t.r.Data, t.r.Seed, t.r.Target, t.r.Columns, t.r.Window, t.r.Horizon = called(name), t.seed, c.Target(), columns, c.Window, c.Horizon
	t.r.Rows = [3]int{t.learned.Steps(), t.val.Steps(), t.tests.Steps()}
	return nil
}

// prepare chooses what was not given, and makes the trainer.
func (t *seriesRun) prepare() (err error) {
	if t.Loss == nil {
		t.Loss = must(losses.ByName("mse"))
	}
	if !t.given("model") && t.origin.of == nil {
		t.Model = must(models.Parse("gru(32)"))
	}
	if t.run.Epochs == 0 {
		t.run.Epochs = 100
	}
	if t.run.Batch < 0 {
		t.run.Batch = smallBatch
	}
	if t.schedule == nil && !t.given("optimizer") {
		t.schedule = new(must(schedule.Parse("cosine")))
	}
	rows, err := t.Series.Rows(t.learned)
	if err != nil {
		return err
	}
	val, err := t.Series.Rows(t.val)
	if err != nil {
		return err
	}
	t.run.Train, t.run.Val, t.run.Stop.RestoreBest, t.run.Seed, t.run.Explain = rows, val, true, t.seed, true
	return t.build(rows.Rows())
}

// seriesTask is the task of a series: how the target moves on from its last value, which
// is taken off what the window has of the target, so that its level does not matter.
func (s *setup) seriesTask() (train.Task, error) {
	var none train.Task
	c := s.Series
	if row := s.Loss.Row; row.Task != losses.Regression || row.Pred != losses.Real || row.Target != losses.Real {
		return none, fmt.Errorf("loss %s: a series is trained by one that compares numbers, such as mse, mae or huber", row.Name)
	}
	model, sum, err := s.Model.For([]int{c.Window, len(c.Columns)}, c.Horizon)
	if err != nil {
		return none, err
	}
	if err := s.AllowWeights(sum); err != nil {
		return none, err
	}
	last, of := (c.Window-1)*len(c.Columns), make([]float64, c.Features())
	for i := 0; i < len(of); i += len(c.Columns) {
		of[i] = 1 // where targets are in a window
	}
	return train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Numbers("x", c.Features())
		now := ops.Slice(x, 1, last, last+1, 1)
		level := ops.Mul(now, b.Graph().Array(of, 1, c.Features()))
		pred := ops.Add(model(ops.Sub(x, level)), now)
		loss := s.Loss.Loss(pred, b.Numbers("y", c.Horizon))
		return train.Result{Predictions: []train.Prediction{{Name: "forecast", Node: pred}}, Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss}}}
	}}, nil
}

// introduce prints what is going to happen.
func (t *seriesRun) introduce() error {
	c, r := t.Series, &t.r
	_, sum, err := t.Model.For([]int{c.Window, len(c.Columns)}, c.Horizon)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.w, "%s: %s in the order of %s, windows of %d rows of %s; the next %d are forecast\n", r.Data, r.Target, c.Time, c.Window, strings.Join(c.Columns, ", "), c.Horizon)
	fmt.Fprintf(t.w, "%d rows for training, then %d for validation, then %d for testing\n", r.Rows[0], r.Rows[1], r.Rows[2])
	for _, n := range r.Notes {
		fmt.Fprintf(t.w, "note: %s\n", n)
	}
	t.tellRule(fmt.Sprintf("batch %d", t.run.Batch), sum)
	return nil
}

func (t *seriesRun) shown() (string, func(train.Epoch)) { return "", func(train.Epoch) {} }

func (t *seriesRun) settings() map[string]string {
	return map[string]string{"columns": strings.Join(t.r.Columns, ","), "time": t.time, "window": fmt.Sprint(t.r.Window), "horizon": fmt.Sprint(t.r.Horizon), "rows": fmt.Sprint(t.r.Rows)}
}

func (t *seriesRun) saved() *saved  { return &saved{Data: t.r.Data, Target: t.r.Target} }
func (t *seriesRun) reader() string { return "predict" }

func (t *seriesRun) told() any {
	t.r.ruleReport, t.r.Init, t.r.Out = t.rule(), t.origin.tell(), t.out
	return &t.r
}
