package schedule

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"descent/internal/spec"
)

// An Entry describes a schedule.
type Entry struct {
	spec.Row
	New   func() Schedule // with its defaults; the rate is 1
	Ends  bool            // it must know the last step, as its setting steps
	Fails string
}

func row(name string, make func() Schedule, ends bool, doc, fails string) Entry {
	return Entry{spec.Row{Name: name, Doc: doc, Structs: func() []any { return []any{make()} }}, make, ends, fails}
}

// Table lists every schedule that can be written by name.
var Table = []Entry{
	row("constant", func() Schedule { return Constant(1) }, false, "a rate that stays; a factor on the first steps", "gradient noise that does not fade: the run circles the solution"),
	row("linear", func() Schedule { return Linear(1, 1, 0, 100) }, true, "a straight line: down as a decay, or up", "the last step must be known"),
	row("exponential", func() Schedule { return Exponential(1, 0.99) }, false, "a rate that falls by a factor at each step", "falls too soon or too late: sensitive to the factor"),
	row("step", func() Schedule { return Staircase(1, 30, 0.1) }, false, "images, by the books of 2015", "each fall must be placed"),
	row("multistep", func() Schedule { return MultiStep(1, 0.1, 30, 60, 90) }, false, "falls at known steps", "each fall must be placed"),
	row("polynomial", func() Schedule { return Polynomial(1, 100, 1) }, true, "a fall to 0 in a known number of steps", "the last step must be known"),
	row("cosine", func() Schedule { return Cosine(1, 100) }, true, "the usual fall to 0, with a warm-up", "the last step must be known"),
	row("restarts", func() Schedule { return Restarts(1, 10) }, false, "several runs in one: average or pick the ends", "each restart loses ground"),
	row("onecycle", func() Schedule { return OneCycle(1, 100) }, true, "fast training at a large rate", "the last step must be known; momentum should go the other way"),
	row("cyclic", func() Schedule { return Cyclic(0.1, 1, 20, 20) }, false, "when no good rate is known", "never settles"),
	row("warmup", func() Schedule { return Warmup(1, 100) }, false, "the first steps of adam and of large batches", "too long a warm-up wastes steps"),
	row("inverse_sqrt", func() Schedule { return InverseSqrt(1, 100) }, false, "transformers of unknown length of run", "never reaches 0"),
	row("inverse_time", func() Schedule { return InverseTime(1, 0.01) }, false, "convex problems: the rate of the theory", "falls too fast at first where it is not strongly convex"),
	row("plateau", func() Schedule { return Plateau(1) }, false, "a rate that falls when the loss of the validation rows stops improving", "noise looks like the end of improvement; whoever runs it must show it the metric"),
	row("wsd", func() Schedule { return WSD(1, 100, 10) }, true, "runs that may be continued before the fall", "the fall must be started by hand when the end is not known"),
}

// Format writes a schedule as it is parsed; one that has no row, such as a
// [Lambda], as Go would.
func Format(s Schedule) string {
	switch s := s.(type) {
	case Product:
		return s.String()
	case Sequence:
		return s.String()
	}
	i := slices.IndexFunc(Table, func(e Entry) bool { return reflect.TypeOf(e.New()) == reflect.TypeOf(s) })
	if i < 0 {
		return fmt.Sprint(s)
	}
	return Table[i].Describe(s).String()
}

// String formats the product as it is parsed: "cosine(steps=10) | warmup".
func (p Product) String() string {
	out := make([]string, len(p))
	for i, s := range p {
		out[i] = Format(s)
	}
	return strings.Join(out, " | ")
}

// String formats the sequence as it is parsed: "warmup > 100: cosine".
func (q Sequence) String() string {
	var b strings.Builder
	for i, p := range q {
		if i > 0 {
			fmt.Fprintf(&b, " > %d: ", p.From)
		}
		b.WriteString(Format(p.Schedule))
	}
	return b.String()
}

// A Spec is a schedule as text has it, which may depend on how long a run is.
type Spec struct {
	phases []spec.Phase
	text   string
}

// Parse reads a schedule. Those joined by | are multiplied; one after > and a step
// number begins there:
//
//	cosine(lr=0.1, steps=1000, warmup=100)
//	exponential(lr=0.1) | warmup(steps=50)
//	warmup(lr=0.1, steps=100) > 100: constant(lr=0.1) > 900: polynomial(lr=0.1)
func Parse(text string) (Spec, error) {
	phases, err := spec.ParsePhases(text)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{phases, strings.TrimSpace(text)}
	_, err = s.of(0)
	return s, err
}

// String writes the schedule as it was written.
func (s Spec) String() string { return s.text }

// Schedule returns the schedule as it stands.
func (s Spec) Schedule() Schedule { return s.For(0) }

// For returns the schedule of a run of so many steps: what must know the last
// step, and is not told, ends there.
func (s Spec) For(steps int) Schedule {
	out, err := s.of(steps)
	if err != nil {
		panic(err) // Parse has tried it
	}
	return out
}

// Span returns how many steps show the whole schedule: as many as the text names
// for a run, or else twice the last step that it names; 0 if it names none.
func (s Spec) Span() int {
	run, last := 0, 0
	for _, p := range s.phases {
		last = max(last, p.From)
		for _, c := range p.Chain {
			e, _ := spec.Find("schedule", Table, c.Name)
			a, _ := e.Bind(c) // Parse has tried both
			if _, counts := e.New().(PlateauSchedule); counts {
				continue // what it is shown, not steps
			}
			if e.Ends && a.Given("steps") {
				run = max(run, p.From+a.Whole("steps"))
			}
			for _, set := range e.All() {
				switch {
				case set.Kind == spec.Whole && a.Given(set.Name): // all that are left count steps
					last = max(last, p.From+a.Whole(set.Name))
				case set.Kind == spec.Wholes && a.Given(set.Name):
					last = max(last, p.From+slices.Max(append(a.Wholes(set.Name), 0)))
				}
			}
		}
	}
	if run > 0 {
		return run
	}
	return 2 * last
}

func (s Spec) of(steps int) (Schedule, error) {
	var q Sequence
	for _, p := range s.phases {
		x, err := chained(p.Chain, steps-p.From)
		if err != nil {
			return nil, err
		}
		q = append(q, Phase{p.From, x})
	}
	if len(q) == 1 {
		return q[0].Schedule, nil
	}
	return q, nil
}

// chained makes the product of schedules that are to end after so many steps, if
// that is positive.
func chained(calls spec.Chain, steps int) (Schedule, error) {
	var all Product
	for _, c := range calls {
		e, err := spec.Find("schedule", Table, c.Name)
		if err != nil {
			return nil, err
		}
		a, err := e.Bind(c)
		if err != nil {
			return nil, err
		}
		if e.Ends && steps > 0 && !a.Given("steps") {
			c.Args = append(c.Args, spec.Arg{Name: "steps", Value: float64(steps)})
			if a, err = e.Bind(c); err != nil {
				return nil, err
			}
		}
		all = append(all, a.Fill(e.New())[0].(Schedule))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// Check returns what is wrong with the settings of a schedule, or nil.
func Check(s Schedule) error {
	switch s := s.(type) {
	case nil:
		return errors.New("there is no schedule; Constant(0.01) is one")
	case Product:
		if len(s) == 0 {
			return errors.New("a product of no schedules")
		}
		for _, part := range s {
			if err := Check(part); err != nil {
				return err
			}
		}
		return nil
	case Sequence:
		if len(s) == 0 {
			return errors.New("a sequence of no schedules")
		}
		for i, phase := range s {
			if i > 0 && phase.From <= s[i-1].From {
				return fmt.Errorf("a sequence with a phase from step %d after one from step %d", phase.From, s[i-1].From)
			}
			if err := Check(phase.Schedule); err != nil {
				return err
			}
		}
		return nil
	}
	if err := spec.Check(s); err != nil {
		return fmt.Errorf("%T: %w", s, err)
	}
	return nil
}
