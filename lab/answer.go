package lab

import (
	"bytes"
	"context"
	"fmt"

	"descent/internal/numjson"
)

// A Question is what the book's script asks: what an experiment gives.
type Question struct {
	Experiment string             `json:"experiment"`
	Set        map[string]float64 `json:"set,omitempty"` // parameters that are not the tutorial's
	Lang       string             `json:"lang"`
}

// A Reply is what it is told.
type Reply struct {
	Pictures []string `json:"pictures"` // SVG
	Lines    []Line   `json:"lines"`
	Verdict  string   `json:"verdict"` // "" where the run says nothing of the claim
	Holds    bool     `json:"holds"`
	Summary  string   `json:"summary"` // how many numbers are as expected; "" where nothing is
}

// Answer answers a [Question] with a [Reply].
func Answer(_ context.Context, question []byte, _ func(part any)) (any, error) {
	var q Question
	if err := numjson.UnmarshalStrict(question, &q); err != nil {
		return nil, err
	}
	e, ok := Lookup(q.Experiment)
	if !ok {
		return nil, fmt.Errorf("no experiment %q", q.Experiment)
	}
	run := e.Do(q.Set)
	if run.Err != nil {
		return nil, run.Err
	}
	r := &Reply{Lines: run.Lines(q.Lang), Holds: run.Holds}
	if run.Judged() {
		r.Verdict = run.Verdict(q.Lang)
	}
	if !run.Moved() {
		right := 0
		for _, n := range run.Numbers {
			if n.Agrees() {
				right++
			}
		}
		r.Summary = fmt.Sprintf(Word("right", q.Lang), right, len(run.Numbers))
	}
	for _, p := range run.PicturesIn(q.Lang) {
		var svg bytes.Buffer
		if err := p.WriteSVG(&svg); err != nil {
			return nil, err
		}
		r.Pictures = append(r.Pictures, svg.String())
	}
	return r, nil
}
