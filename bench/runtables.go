package bench

import (
	"fmt"
	"html/template"
	"strings"
)

// runs is the table of single runs.
func (p *part) runs() *table {
	first, second := p.Score, p.scoring().beside
	t := &table{Class: "full", Head: heads("optimizer", "learning rate", "seed", template.HTML("test "+first), template.HTML("test "+second), "steps to target", "end")}
	for _, run := range p.Runs {
		a, b := optional(p.scoring().run(run), p.format), optional(run.TestLoss, short)
		if p.Score == "loss" {
			b = optional(run.TestR2, short)
		}
		steps, end, class := none, "finished", ""
		if k := run.hit(); k > 0 {
			steps = fmt.Sprint(k)
		}
		if run.DivergedAt > 0 {
			end, class = fmt.Sprintf("diverged at step %d", run.DivergedAt), "failed"
		}
		if run.Error != "" {
			end = "given up: " + run.Error
		}
		t.Rows = append(t.Rows, line{run.Optimizer, class, append(cells(rateOf(run.LR), fmt.Sprint(run.Seed), a, b, steps), cell{Text: end, Class: "text"})})
	}
	return t
}

// tried is the table of the settings that were tried.
func (p *part) tried() *table {
	t := &table{Class: "full", Head: heads("optimizer", "learning rate", template.HTML("validation "+p.Score), template.HTML("test "+p.Score), "settings")}
	for _, o := range p.Optimizers {
		trials := p.trialsOf(o.Optimizer)
		for rank, k := range p.order(trials) {
			x := trials[k]
			val, class, note := none, "failed", x.Settings
			if x.DivergedAt == 0 {
				val, class = p.format(p.scoring().chosen(x)), ""
			}
			if rank == 0 {
				note = strings.TrimSpace("chosen " + note)
			}
			if k == 0 {
				note = strings.TrimSpace("the default; " + note)
			}
			score := none
			if s := p.scoring().run(x); s != nil {
				score = p.format(*s)
			}
			t.Rows = append(t.Rows, line{o.Optimizer, class, append(cells(rateText(x.LR), val, score), cell{Text: note, Class: "text"})})
		}
	}
	return t
}
