package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"descent/data"
	"descent/data/series"
	"descent/graph"
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

// notForSeries are flags that say something of rows that are not in order, or of classes.
var notForSeries = []string{"task", "scaling", "use", "categorical", "split", "unknown", "raw-target", "weight", "class-weight", "group", "metric", "calibrate", "threshold", "folds", "augment", "context", "tokens"}

// The interval of a forecast is to cover so much.
const intervalLevel = 0.9

// seriesWeights is the largest number of weights of a linear model that is solved to
// compare with.
const seriesWeights = 20_000

// A seriesReport is what train tells about a series.
type seriesReport struct {
	Data      string        `json:"data"`
	Seed      uint64        `json:"seed"`
	Target    string        `json:"target"`
	Columns   []string      `json:"columns"`
	Rows      [3]int        `json:"rows"` // of training, validation and testing
	Window    int           `json:"window"`
	Horizon   int           `json:"horizon"`
	Model     string        `json:"model"`
	Loss      string        `json:"loss"`
	Optimizer string        `json:"optimizer"`
	LR        float64       `json:"lr"`
	Batch     int           `json:"batch"`
	DType     string        `json:"dtype"`
	Memory    int           `json:"memory"`
	Epochs    []train.Epoch `json:"epochs"`
	Notes     []string      `json:"notes,omitempty"`
	// Scores are those of the model in the rows of testing, beside other forecasts.
	Scores    series.Scores            `json:"scores"`
	Baselines map[string]series.Scores `json:"baselines"`
	Season    int                      `json:"season,omitempty"`
	Interval  *series.Interval         `json:"interval"`
	Out       string                   `json:"out,omitempty"`
}

// A seriesRun is a training on a series.
type seriesRun struct {
	*trainOptions
	r                   seriesReport
	learned, val, tests *series.Series
	trainer             *train.Trainer
	command             string
	w                   io.Writer
	pred                []float64 // of the rows of testing
}

// trainSeries is train of rows that follow each other in time.
func (o *trainOptions) trainSeries(cmd *cobra.Command, name string) error {
	for _, flag := range notForSeries {
		if o.given(flag) {
			return usage(fmt.Errorf("--%s is not for a series, which --window says that the rows are", flag))
		}
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
	t := &seriesRun{trainOptions: o, w: o.progress(cmd), command: commandLine(cmd, []string{name})}
	if err := t.read(name); err != nil {
		return err
	}
	if err := t.prepare(); err != nil {
		return err
	}
	if err := writable(o.report); err != nil {
		return err
	}
	release, err := o.claim(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer release()
	if err := t.introduce(); err != nil {
		return err
	}
	return t.finish(cmd, t.fit(cmd.Context()))
}

// read reads the series and divides it.
func (t *seriesRun) read(name string) error {
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
	if !t.given("model") {
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
	task, err := t.setup.task()
	if err != nil {
		return usage(err)
	}
	if t.r.Memory, err = train.Memory(task, t.optimizer.Rule, dtypes[t.dtype], t.run); err != nil {
		return err
	}
	if err := t.memory.allow("the run", int64(t.r.Memory)); err != nil {
		return err
	}
	if t.trainer, err = train.New(task, t.optimizer.Rule, dtypes[t.dtype], t.seed); err != nil {
		return err
	}
	t.run.Schedule = t.rate(rows.Rows())
	r := &t.r
	r.Model, r.Loss, r.Optimizer, r.LR, r.Batch, r.DType, r.Out = t.Model.String(), t.Loss.String(), t.optimizer.Text, t.lr, t.run.Batch, t.dtype, t.out
	return usage(t.run.Check(t.trainer))
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
	if err := s.allowWeights(sum); err != nil {
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
	fmt.Fprintf(t.w, "memory: about %s for the run\n%s, loss %s, %s at learning rate %.4g, batch %d, seed %d, %s\n\n%s\n", amount(int64(r.Memory)), r.Model, r.Loss, r.Optimizer, r.LR, r.Batch, r.Seed, r.DType, sum)
	if _, e := os.Stat(t.run.Checkpoint); t.run.Resume && e != nil {
		fmt.Fprintf(t.w, "note: no checkpoint in %s to resume from: a fresh run\n", t.out)
	}
	return nil
}

// fit trains.
func (t *seriesRun) fit(ctx context.Context) error {
	show := train.NewDisplay(t.w, t.run.Epochs, "loss")
	t.run.OnBatch, t.run.OnEpoch = show.Batch, show.Epoch
	schedule := "constant"
	if t.schedule != nil {
		schedule = t.schedule.String()
	}
	t.run.Settings = map[string]string{"model": t.r.Model, "loss": t.r.Loss, "schedule": schedule, "learning rate": fmt.Sprint(t.lr), "columns": strings.Join(t.r.Columns, ","),
		"time": t.time, "window": fmt.Sprint(t.r.Window), "horizon": fmt.Sprint(t.r.Horizon), "rows": fmt.Sprint(t.r.Rows)}
	history, err := t.trainer.Fit(ctx, t.run)
	if history != nil {
		t.r.Epochs = history.Epochs
	}
	show.Close()
	if _, ok := err.(*train.UnsavedError); ok {
		return nil
	}
	if err != nil && t.log != nil {
		t.log.flush()
	}
	return err
}

// finish scores and saves.
func (t *seriesRun) finish(cmd *cobra.Command, err error) error {
	canceled := errors.Is(err, context.Canceled)
	if err != nil && !canceled {
		return err
	}
	if err := t.score(context.WithoutCancel(cmd.Context())); err != nil {
		return err
	}
	if t.out != "" {
		m := &saved{Format: savedFormat, Command: strings.Join(os.Args, " "), Data: t.r.Data, DType: t.dtype, Target: t.r.Target, setup: t.setup}
		if err := m.write(t.out, t.trainer, t.log.text.Bytes()); err != nil {
			return fmt.Errorf("the model was not saved: %w", err)
		}
	}
	if t.report != "" {
		if err := t.writePage(); err != nil {
			return err
		}
	}
	if t.json {
		err = printJSON(cmd.OutOrStdout(), &t.r)
	} else {
		err = t.print(cmd.OutOrStdout())
	}
	if canceled && err == nil {
		return &interrupted{t.trainer.Steps(), t.run.Checkpoint != "", false}
	}
	return err
}

// forecasts returns what a trainer says of the windows of a series, in the target's unit.
func (t *seriesRun) forecasts(by *train.Trainer, s *series.Series) ([]float64, error) {
	rows, err := t.Series.Rows(s)
	if err != nil {
		return nil, err
	}
	pred, _, err := by.Predict(rows)
	return t.Series.Own(pred), err
}

// score finds the interval in the rows of validation, and scores the model and what it
// is compared with in those of testing.
func (t *seriesRun) score(ctx context.Context) error {
	c, r := t.Series, &t.r
	pred, err := t.forecasts(t.trainer, t.val)
	if err != nil {
		return err
	}
	c.Interval = series.NewInterval(intervalLevel, pred, c.Truth(t.val), c.Horizon)
	if t.pred, err = t.forecasts(t.trainer, t.tests); err != nil {
		return err
	}
	truth := c.Truth(t.tests)
	c.Interval.Coverage = c.Interval.Covers(t.pred, truth)
	r.Interval, r.Scores = c.Interval, series.Score(t.pred, truth, c.Horizon)
	r.Baselines = map[string]series.Scores{"last value": series.Score(c.Seasonal(t.tests, 1), truth, c.Horizon)}
	if r.Season = t.order.season; r.Season == 0 {
		r.Season = c.Season(t.learned)
	}
	if r.Season > 1 {
		r.Baselines["seasonal"] = series.Score(c.Seasonal(t.tests, r.Season), truth, c.Horizon)
	}
	if (c.Features()+1)*c.Horizon <= seriesWeights {
		if pred, err = t.linear(ctx); err != nil {
			return err
		}
		r.Baselines["linear"] = series.Score(pred, truth, c.Horizon)
	}
	return nil
}

// linear returns the forecasts of the rows of testing by a linear model of the window
// that is solved in those of training, with a small penalty.
func (t *seriesRun) linear(ctx context.Context) ([]float64, error) {
	plain := setup{Loss: must(losses.ByName("mse")), Series: t.Series}
	task, err := plain.task()
	if err != nil {
		return nil, err
	}
	by, err := train.New(task, t.optimizer.Rule, graph.Float64, t.seed)
	if err != nil {
		return nil, err
	}
	rows := t.run.Train
	strength := 1 / float64(rows.Rows()*t.Series.Horizon)
	_, err = by.Solve(ctx, rows, func(params []*graph.Node) *graph.Node {
		sum := ops.Sum(ops.Square(params[0]))
		for _, p := range params[1:] {
			sum = ops.Add(sum, ops.Sum(ops.Square(p)))
		}
		return ops.Scale(strength, sum)
	})
	if err != nil {
		return nil, err
	}
	return t.forecasts(by, t.tests)
}

// compared are the forecasts that a model is compared with, in the order of tables.
var compared = []string{"last value", "seasonal", "linear"}

// headline says how good the forecasts are.
func (t *seriesRun) headline() string {
	windows := len(t.pred) / t.r.Horizon
	return fmt.Sprintf("in %d windows of the last %d rows, held out: mean absolute error %.4g, root of the mean square %.4g", windows, t.r.Rows[2], t.r.Scores.MAE, t.r.Scores.RMSE)
}

// sentences say what the model is to be compared with, and what its interval is worth.
func (t *seriesRun) sentences() (lines []string) {
	r := &t.r
	for _, name := range compared {
		s, ok := r.Baselines[name]
		if !ok {
			continue
		}
		switch name {
		case "seasonal":
			name = fmt.Sprintf("what was %d rows before", r.Season)
		case "linear":
			name = "a linear model of the window, solved"
		}
		lines = append(lines, fmt.Sprintf("%s: mean absolute error %.4g, root of the mean square %.4g", name, s.MAE, s.RMSE))
	}
	return append(lines, fmt.Sprintf("interval: %.0f %% of the errors in %d windows of validation; it covers %.1f %% of the held-out rows", 100*r.Interval.Level, r.Interval.Windows, 100*r.Interval.Coverage))
}

func (t *seriesRun) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.headline())
	for _, line := range t.sentences() {
		fmt.Fprintln(w, line)
	}
	fmt.Fprint(w, "\nmean absolute error by the step\n   step      model")
	for _, name := range compared {
		if _, ok := t.r.Baselines[name]; ok {
			fmt.Fprintf(w, " %10s", name)
		}
	}
	for h, e := range t.r.Scores.Steps {
		fmt.Fprintf(w, "\n%7d %10.4g", h+1, e)
		for _, name := range compared {
			if s, ok := t.r.Baselines[name]; ok {
				fmt.Fprintf(w, " %10.4g", s.Steps[h])
			}
		}
	}
	if t.out == "" {
		_, err := fmt.Fprintln(w, "\n\nnothing is kept of this run: --out FOLDER saves the model, for predict")
		return err
	}
	_, err := fmt.Fprintf(w, "\n\nsaved in %s: %s, %s, %s, %s\n", t.out, weightsFile, modelFile, checkpointFile, logFile)
	return err
}

// check reports a model of a series that was not saved so.
func (m *saved) checkSeries() error {
	if err := m.Series.Check(); err != nil {
		return err
	}
	if m.Series.Interval == nil || math.IsNaN(m.Series.Interval.Level) {
		return errors.New("a series without the interval of its forecasts")
	}
	return nil
}

// forecast predicts what follows the last rows of a table.
func (o *predictOptions) forecast(w io.Writer, m *saved, name string) error {
	for _, flag := range []string{"keep", "unknown", "outside", "output"} {
		if o.cmd.Flags().Changed(flag) {
			return usage(fmt.Errorf("--%s: a series is forecast as a whole; --%s is for rows that are predicted one by one", flag, flag))
		}
	}
	src, err := o.open(name, nil)
	if err != nil {
		return err
	}
	if src.Table == nil {
		return o.otherKind(m, name)
	}
	s, err := series.Read(src.Table, m.Series.Time, m.Series.Columns)
	if err != nil {
		return err
	}
	var notes []data.Note
	for _, n := range s.Notes {
		notes = append(notes, data.Note{Text: n})
	}
	o.tell(notes)
	x, err := m.Series.Last(s)
	if err != nil {
		return fmt.Errorf("%s: %w", called(name), err)
	}
	p, err := m.predictor()
	if err != nil {
		return err
	}
	pred, _, err := p.Predict(x)
	if err != nil {
		return err
	}
	return m.printForecast(w, m.Series.Own(pred), o.json)
}

// A forecastRow is a step of a forecast, as JSON has it.
type forecastRow struct {
	Step       int     `json:"step"`
	Prediction float64 `json:"prediction"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

func (m *saved) printForecast(w io.Writer, pred []float64, json bool) error {
	var rows []forecastRow
	for h, y := range pred {
		if math.IsNaN(y) {
			return fmt.Errorf("step %d: the model computes no number; the rows are too far from those that it was trained on", h+1)
		}
		rows = append(rows, forecastRow{h + 1, y, y + m.Series.Interval.Low[h], y + m.Series.Interval.High[h]})
	}
	if json {
		return printJSON(w, rows)
	}
	fmt.Fprintln(w, "step,prediction,low,high")
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%d,%.7g,%.7g,%.7g\n", r.Step, r.Prediction, r.Low, r.High); err != nil {
			return err
		}
	}
	return nil
}
