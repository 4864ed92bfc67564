package study

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"descent/bench"
	"descent/internal/numjson"
)

// A difference is a number, or a text, that is not what it is when it is derived again, and
// whose it is.
type difference struct {
	bench.Mismatch
	Optimizer string `json:"optimizer,omitempty"`
}

// shownDifferences is how many are listed.
const shownDifferences = 100

// A verified is how far a verification is, and in the end what it says of the whole.
type verified struct {
	Runs        int          `json:"runs"` // that were done again
	Of          int          `json:"of"`
	Values      int          `json:"values"`    // that were compared
	Differing   int          `json:"differing"` // of them
	Differences []difference `json:"differences"`
	// Shown is what the report shows of the results that it carries, once all runs are
	// done: the page compares it with what it has.
	Shown string `json:"shown,omitempty"`
}

// Verify is the subject verify of a report's engine: it does the study again and compares
// every number of the results, but for measured times.
func Verify(ctx context.Context, question []byte, tell func(part any)) (any, error) {
	var q struct{ Carried string }
	if err := numjson.UnmarshalStrict(question, &q); err != nil {
		return nil, err
	}
	c, err := unpack(q.Carried)
	if err != nil {
		return nil, err
	}
	s, err := c.Study.Bench()
	if err != nil {
		return nil, err
	}
	if here := bench.ThisMachine().Instructions; here != c.Results.Setup.Instructions {
		return nil, fmt.Errorf("the results were made by %s instructions, and here are %s", c.Results.Setup.Instructions, here)
	}
	s.OnRedone = func(v *bench.Verification) { tell(c.told(v)) }
	v, err := c.Results.Verify(ctx, s, 1, 0)
	if err != nil {
		return nil, err
	}
	reply := c.told(v)
	reply.Shown, err = c.Results.Shown()
	return reply, err
}

// told is a verification as a page shows it.
func (c *carried) told(v *bench.Verification) *verified {
	out := &verified{Runs: v.Runs, Of: v.Of, Values: v.Values, Differing: len(v.Mismatches), Differences: []difference{}}
	for _, m := range v.Mismatches[:min(len(v.Mismatches), shownDifferences)] {
		out.Differences = append(out.Differences, difference{m, c.whose(m.Where)})
	}
	return out
}

// whose is the optimizer that something in results is about, "" if it is about several.
func (c *carried) whose(where string) string {
	for _, o := range c.Study.Optimizers {
		if strings.Contains(where, ", "+o+": ") {
			return o
		}
	}
	table, rest, _ := strings.Cut(where, ".")
	number, _, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	switch r := c.Results; {
	case err != nil || i < 0:
	case table == "optimizers" && i < len(r.Optimizers):
		return r.Optimizers[i].Optimizer
	case table == "overall" && i < len(r.Overall):
		return r.Overall[i].Optimizer
	}
	return ""
}

// A Trial is what is asked of the subject try: the study with other optimizers, or more runs
// of each.
type Trial struct {
	Carried    string   `json:"carried"`
	Optimizers []string `json:"optimizers"`
	Seeds      int      `json:"seeds"`
}

// A tried is what came of it.
type tried struct {
	Shown string `json:"shown"` // as a report shows it
	Fresh int    `json:"fresh"` // runs that were done here
	Kept  int    `json:"kept"`  // published ones
}

// maxSeeds bounds the runs that are asked for.
const maxSeeds = 1000

// Try is the subject try of a report's engine: it does those runs that the published results
// do not have, and draws the conclusions of all.
func Try(ctx context.Context, question []byte, tell func(part any)) (any, error) {
	var q Trial
	if err := numjson.UnmarshalStrict(question, &q); err != nil {
		return nil, err
	}
	c, err := unpack(q.Carried)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Seeds < 1 || q.Seeds > maxSeeds:
		return nil, fmt.Errorf("%d scored runs of each optimizer: at least 1, and at most %d", q.Seeds, maxSeeds)
	case slices.ContainsFunc(q.Optimizers, func(o string) bool { return strings.Contains(o, "exec:") }):
		return nil, errors.New("an optimizer that is a program (exec:) cannot run in a page")
	}
	again := c.Study
	again.Optimizers, again.Seeds, again.Diagnose = q.Optimizers, q.Seeds, false
	s, err := again.Bench()
	if err != nil {
		return nil, err
	}
	s.OnJob = func(t bench.Tally) {
		tell(struct {
			Done  int `json:"done"`
			Total int `json:"total"`
		}{t.Done, t.Total})
	}
	r, err := c.Results.Extended(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &tried{}
	published := map[*bench.Outcome]bool{}
	for _, o := range slices.Concat(c.Results.Runs, c.Results.Trials) {
		published[o] = true
	}
	for _, o := range slices.Concat(r.Runs, r.Trials) {
		if published[o] {
			out.Kept++
		} else {
			out.Fresh++
		}
	}
	out.Shown, err = r.Shown()
	return out, err
}
