package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"descent/optimizers/search"

	"github.com/spf13/cobra"
)

// check refuses flags that make no sense, before anything is read.
func (o *trainOptions) check(cmd *cobra.Command) error {
	o.given = cmd.Flags().Changed
	if err := o.origin.read(o); err != nil {
		return err
	}
	if err := o.elsewhere(); err != nil {
		return err
	}
	if err := o.exploring.check(o); err != nil {
		return err
	}
	if _, ok := dtypes[o.dtype]; !ok {
		return fmt.Errorf("--dtype %s: there are float32 and float64", o.dtype)
	}
	if o.out != "" && o.optimizer.Method == nil {
		o.run.Checkpoint = filepath.Join(o.out, checkpointFile)
	} else if o.run.Resume && o.out == "" {
		return errors.New("--resume needs --out, the folder of the run to go on with")
	} else if o.given("checkpoint-every") && o.out == "" {
		return errors.New("--checkpoint-every needs --out, the folder of the checkpoints")
	}
	if o.run.CheckpointEvery < 0 {
		return fmt.Errorf("--checkpoint-every %v: it cannot be negative", o.run.CheckpointEvery)
	}
	o.run.CheckpointEvery = max(o.run.CheckpointEvery, 1) // 0 is after each epoch
	if o.given("epochs") && o.run.Epochs < 1 {
		return fmt.Errorf("--epochs %d: at least one is needed", o.run.Epochs)
	}
	val := 0.0
	if o.given("val") {
		val = o.val
	}
	if err := apart(val, o.test); err != nil {
		return err
	}
	if o.given("workers") && o.run.Workers < 1 {
		return fmt.Errorf("--workers %d: at least 1 is needed", o.run.Workers)
	} else if !o.given("workers") {
		o.run.Workers = runtime.GOMAXPROCS(0)
	}
	if o.given("batch") && o.run.Batch < 0 {
		return fmt.Errorf("--batch %d: it cannot be negative; 0 is all rows", o.run.Batch)
	}
	if o.run.Accumulate < 1 || o.run.Stop.Patience < 0 || !(o.run.Stop.MinDelta >= 0) {
		return errors.New("--accumulate must be at least 1, --patience and --min-delta at least 0")
	}
	if err := checkPicture("--report", o.report, ".html"); err != nil {
		return err
	}
	if err := cmp.Or(o.folding.check(o), o.interval.check(), o.checkSample()); err != nil {
		return err
	}
	if o.Model.Codes() && (o.given("task") || o.rawTarget) {
		return errors.New("--task and --raw-target are for a target; an autoencoder has none")
	}
	if err := o.checkData(); err != nil {
		return err
	}
	return o.checkOptimizer()
}

// elsewhere refuses flags of a text or a series where there is none.
func (o *trainOptions) elsewhere() error {
	for _, flag := range forText {
		if o.given(flag) && !o.Model.Tokens() {
			return fmt.Errorf("--%s is for a text, whose model begins with embed, such as nanogpt", flag)
		}
	}
	for _, flag := range []string{"horizon", "season"} {
		if o.given(flag) && !o.given("window") {
			return fmt.Errorf("--%s is for a series: --window says how many rows the model sees at once", flag)
		}
	}
	return nil
}

// checkOptimizer chooses the optimizer and its learning rate.
func (o *trainOptions) checkOptimizer() error {
	if !o.given("optimizer") {
		text := "adam(lr=0.003)"
		if o.given("lr") {
			text = "adam"
		}
		o.optimizer = must(search.Parse(text))
	}
	if o.optimizer.Method != nil {
		o.run.Method = o.optimizer.Method(o.seed)
		return o.checkMethod()
	}
	switch {
	case o.given("lr") && o.optimizer.Given:
		return fmt.Errorf("the learning rate is given twice: --lr %v and lr=%v in --optimizer", o.rateFlag, o.optimizer.LR)
	}
	if o.lr = o.rateFlag.rate; !o.given("lr") || o.rateFlag.find {
		o.lr = o.optimizer.LR // to begin with
	}
	return nil
}
