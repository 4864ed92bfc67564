package optimizers_test

import (
	"fmt"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/spec"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
)

// The page that helps to choose is made from the table; run
//
//	go test ./optimizers -run TestDocs -update
//
// when it is stale.
func TestDocs(t *testing.T) {
	docs.Page(t, "../docs/optimizers.md", page())
	for _, part := range strings.Split(pageHead, "`") { // what the page writes must parse
		if strings.Contains(part, "(") && strings.Contains(part, " | ") && !strings.Contains(part, "\n") {
			if _, err := optimizers.Parse(part); err != nil {
				t.Errorf("the page writes %q: %v", part, err)
			}
		}
	}
}

func page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	group := func(title string, in func(e *optimizers.Entry) bool) {
		fmt.Fprintf(&b, "\n### %s\n\n| name | what it is for | when it fails | settings and defaults | from |\n|---|---|---|---|---|\n", title)
		for i := range optimizers.Table {
			if e := &optimizers.Table[i]; in(e) {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", e.Name, e.Doc, e.Fails, defaults(&e.Row), e.Source)
			}
		}
	}
	group("Rules that move", func(e *optimizers.Entry) bool { return e.LR != 0 })
	group("Links before them", func(e *optimizers.Entry) bool { return e.LR == 0 && !e.After })
	group("Links after them", func(e *optimizers.Entry) bool { return e.LR == 0 && e.After })
	b.WriteString(pageSchedules)
	for i := range schedule.Table {
		e := &schedule.Table[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Name, e.Doc, e.Fails, defaults(&e.Row))
	}
	b.WriteString(pageTail)
	for i := range search.Table {
		e := &search.Table[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", e.Name, e.Doc, e.Fails, defaults(&e.Row), e.Source)
	}
	b.WriteString(pageEnd)
	return b.String()
}

func defaults(row *spec.Row) string {
	var list []string
	for _, s := range row.All() {
		list = append(list, fmt.Sprintf("`%s=%s` %s", s.Name, cell(spec.Format(s.Default)), s.Doc))
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, "; ")
}

// cell keeps a bar from ending a table's cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const pageHead = `# Which optimizer to choose

Made from the table in package optimizers; do not edit.

- **Start with ` + "`adam`" + `**, or ` + "`adamw`" + ` when weights should stay small; rate 1e-3, with ` + "`cosine`" + ` and a warm-up when the number of steps is known.
- **Best final accuracy on images**: ` + "`nesterov`" + ` with a falling rate. It needs its rate tuned; the learning-rate finder helps.
- **The number of steps is not known**: ` + "`schedulefree_adamw`" + `. **The rate is not known**: ` + "`prodigy`, `dog`, `sgd | mechanic`" + `.
- **Large matrices**: ` + "`decay(0.1) | muon`" + `. **Little memory**: ` + "`lion`" + `, ` + "`adafactor`" + `.
- **Gradients burst**: ` + "`clip(1)`" + ` in front. **The batch does not fit**: ` + "`accumulate(4)`" + ` in front.
- **A small, smooth problem without noise**: not a rule but a method, below.

A rule is written with the settings that differ from its defaults; links are joined by |, in the order in which they act:

    clip(1) | decay(0.01, spare=true) | adam(lr=3e-4, beta2=0.98) | lookahead | ema(0.99)

A rule that has no name is written as what it does, with a semicolon after each statement but the last, the direction of the step: g is the gradient, p the parameter,
lr the rate, t the number of the step, any other name a state that starts at 0. What a line of a [formula](formulas.md) may be, it may be.

    m = 0.9*m + g; m
    clip(1) | m = 0.9*m + 0.1*g; v = max(v, abs(g)); m / (v + 1e-8)

A pattern of names, in ` + "`match`" + `, may hold ` + "`*`" + ` for any text, ` + "`|`" + ` between alternatives and ` + "`!`" + ` in front for "not": ` + "`freeze(conv*) | group(!*.b, lr=0.1) | adam`" + `.
After ` + "`ema`, `swa`, `asgd` and `schedulefree`" + ` the weights to evaluate are an average: Training.Eval holds it, Training.Swap puts it in place and back.
A parameter that the loss does not use stays as it is, also under decay, and has no states: PyTorch leaves out what has no gradient. One whose gradient is 0 is moved.

## Rules
`

const pageSchedules = `
## Schedules

A schedule is written in the same way. Those joined by | are multiplied; one after > and a step number begins there:

    warmup(lr=0.1, steps=100) > 100: constant(lr=0.1) > 900: polynomial(lr=0.1, steps=100)

| name | what it is for | when it fails | settings and defaults |
|---|---|---|---|
`

const pageTail = `
A plateau is shown, by train, what is monitored after each epoch, by bench the validation loss at each checkpoint, by a loop of yours whatever you
like (schedule.Start, Course.Watch).

## Methods with a driver

Minimize(ctx, problem, method, stop) evaluates a problem as often as its method wants, until a rule of stop ends it; the result has the best finite point,
the trace and the reason, whose Converged says whether something was found. A value that is not finite is +Inf for every method, so line searches go back
from the edge of a domain; a limit, or the end of the context, ends a method at its next evaluation.

train takes each of them as it takes a rule (-o lbfgs): the loss is then that of all rows (docs/training.md).

MultiStart and BasinHopping, made of other methods, are for several minima that are smooth, not many and not narrow.

| name | what it is for | when it fails | settings and defaults | from |
|---|---|---|---|---|
`

const pageEnd = `
## Gradients of training itself

Since a step is an expression, k steps are one, too: Unroll(t, k) is the loss after k steps, and its gradient with respect to the learning rate, or to
where the parameters start, is as exact as any other.

    t := optimizers.Descend(loss, optimizers.Momentum())
    after := optimizers.Unroll(t, 5)
    slope := graph.Grad(after, t.LR)[0] // of the loss after five steps, by the learning rate

A schedule.Finder makes a curve of the losses at rates from small to large, and knows the rate where the loss fell fastest; Trainer.FindLR of train has the loop.
`
