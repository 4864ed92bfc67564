package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"descent/internal/page"
)

// A Crew does the jobs of a study in other processes. Package cluster has one.
type Crew interface {
	// Do does a job, or finds it done. The key stands for the job and all else that its
	// outcome follows from. The error is a [GivenUpError] where all have failed at it.
	Do(ctx context.Context, key string, job Job) (*Outcome, error)
	// Workers returns those that were seen, by name.
	Workers() []Worker
}

// A Worker is a process that does jobs.
type Worker struct {
	Name    string  `json:"name"`
	CPU     string  `json:"cpu"`
	Slots   int     `json:"slots"`   // jobs at a time
	Runs    int     `json:"runs"`    // that it has done
	Seconds float64 `json:"seconds"` // that these took, one after the other
	Gone    bool    `json:"gone"`    // it has left, or has not been heard of
}

// Present counts the workers that are there.
func Present(crew []Worker) (n int) {
	for _, c := range crew {
		if !c.Gone {
			n++
		}
	}
	return n
}

// A GivenUpError says why a job was given up. The study goes on: the job counts as a
// run that diverged. It is not in the journal, so the next start tries it again.
type GivenUpError struct{ Why string }

func (e *GivenUpError) Error() string { return e.Why }

// handedOut is how many jobs a crew has at a time, so that none of its workers waits.
const handedOut = 1024

// width is how many jobs are under way.
func (w *work) width() int {
	if w.Crew != nil {
		return handedOut
	}
	return w.Workers
}

// checkCrew refuses what a crew cannot do.
func (s *Study) checkCrew() error {
	if s.Crew == nil {
		return nil
	}
	if s.Journal == nil {
		return errors.New("a crew needs a journal")
	}
	for _, e := range s.Entrants {
		if strings.Contains(e.Text, "exec:") {
			return fmt.Errorf("%s is a program of this machine, which other workers do not have; leave the crew out", e.Label)
		}
	}
	return nil
}

// givenUp is the outcome of a job that nobody could do.
func (p *pairing) givenUp(job Job, why error) *Outcome {
	job.Budget = cmp.Or(job.Budget, p.info.Budget)
	out := &Outcome{Job: job, DivergedAt: 1, Error: why.Error(), Hits: make([]int, len(Targets))}
	if !p.info.function() {
		out.Hits, out.Trained = []int{0}, &Trained{}
	}
	return out
}

// sayGivenUp tells of runs that nobody could do.
func (r *Results) sayGivenUp() string {
	n, first := 0, (*Outcome)(nil)
	for _, o := range slices.Concat(r.Runs, r.Trials) {
		if o.Error != "" {
			n, first = n+1, cmp.Or(first, o)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Warning: no worker could do %d of the runs, which count as diverged; the first is of %s on %s: %s.", n, first.Optimizer, first.Problem, first.Error)
}

// WriteProgress writes a page that says how far a study is and, of one with a crew, what
// each worker has done; when optimizers can be compared, it is the report of what is
// finished, which says so. It is made anew as often as takes a small share of the time. It
// reads itself again, and in the end is the report.
func (t Tally) WriteProgress(w io.Writer, name string) error {
	if t.soFar != nil {
		if done, err := t.soFar.write(w, t); done || err != nil {
			return err
		}
	}
	p := page.Page{Title: "Optimizers on " + name, Style: pageStyle, Reload: again, Subtitle: "no optimizers can be compared yet"}
	lead := t.String()
	var m markup
	m.section(section{Title: strings.ToUpper(lead[:1]) + lead[1:], Table: crewTable(t.Crew)})
	return p.Write(w, page.Body("{{.}}"), m.html())
}

// again is after how many seconds a page of what is not finished reads itself again.
const again = 5

// crewSection is the part of a page about workers.
func crewSection(crew []Worker) section {
	return section{Title: "Workers", Table: crewTable(crew), Note: "Runs that an earlier start of the study has in its journal are not counted."}
}

// crewTable says what each worker has done, nil if there is no crew.
func crewTable(crew []Worker) *table {
	if len(crew) == 0 {
		return nil
	}
	t := &table{Class: "full", Head: heads("worker", "at a time", "runs", "time of runs", "")}
	for _, c := range crew {
		l := line{Name: c.Name, Cells: cells(fmt.Sprint(c.Slots), fmt.Sprint(c.Runs), fmt.Sprintf("%.1f s", c.Seconds))}
		note := c.CPU
		if c.Gone {
			l.Class, note = "failed", strings.TrimPrefix(c.CPU+", gone", ", ")
		}
		l.Cells = append(l.Cells, cell{Text: note, Class: "text"})
		t.Rows = append(t.Rows, l)
	}
	return t
}
