package main

import (
	"fmt"

	"descent/data"
	"descent/internal/inspect"
	"descent/train"
)

// inspect looks at the rows, and notes what makes scores worthless.
func (r *report) inspect(o *trainOptions) {
	r.Facts = inspect.Of(r.parts)
	leaks := r.leaks(o)
	r.Notes, r.guesses = append(r.Notes, leaks...), append(r.guesses, leaks...)
}

// leaks names the columns that tell the target alone.
func (r *report) leaks(o *trainOptions) (texts []string) {
	if o.Model.Codes() {
		return nil // there is no target
	}
	for _, c := range r.Facts.Telling() {
		texts = append(texts, o.note(data.Note{Text: fmt.Sprintf("column %s alone tells %s (%.3g %% of it): if it is known only when that is, scores are worth nothing", c.Name, r.Target, 100*c.Alone),
			Advice: []data.Advice{{Option: "Drop", Value: c.Name}}}))
	}
	return texts
}

// remarkCopies says how good the model is on the scored rows of which no copy was
// trained on, if there are others.
func (r *report) remarkCopies(o *trainOptions, s *train.Scores, t *train.Trainer, d *data.Dataset) error {
	copies, others := r.Facts.Copies(d)
	if len(copies) == 0 || r.On == "train" {
		return nil
	}
	text := fmt.Sprintf("%d of the %s are copies of training rows", len(copies), r.scored())
	if len(others) > 0 {
		by := o.judgedBy(s)
		alone, err := t.Evaluate(d.Subset(others), by)
		if err != nil {
			return err
		}
		text += fmt.Sprintf("; on the others %s is %s", by, number(alone.Metrics[by], false))
	}
	r.Remarks = append(r.Remarks, text)
	return nil
}
