package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/internal/plot"
)

// A searchReport is what train tells of a search.
type searchReport struct {
	Trials    int      `json:"trials"`
	Trainings int      `json:"trainings"` // of this run and, of an earlier one, in the journal
	Fresh     int      `json:"fresh"`     // of this run
	Seconds   float64  `json:"seconds"`   // of a processor, for these
	Defaults  []string `json:"defaults,omitempty"`
	Score     string   `json:"score"` // that ranks
	// Found is what was chosen, by the flags. Optimistic is its mean score on the folds that
	// it was chosen by, Honest that of what searches in folds found on rows that they have not
	// seen; nil without them.
	Found      map[string]string `json:"found"`
	Optimistic float64           `json:"optimistic"`
	Trained    int               `json:"trained_on"` // rows, of models with that score
	Honest     *foldScore        `json:"honest,omitempty"`
	Mattered   []mattered        `json:"mattered"`
	Each       []trialReport     `json:"each"`

	larger bool // scores are better
}

// A mattered says how much of the variance of scores between trials what was searched
// explains, alone.
type mattered struct {
	What  string  `json:"what"`
	Share float64 `json:"share"`
}

// A trialReport is a trial, and its mean score in the folds that scored it.
type trialReport struct {
	Flags map[string]string `json:"flags"`
	Score float64           `json:"score"`
	Folds int               `json:"folds"`
}

// report tells what a search has found, whose nested score is honest, nil if there is none.
func (x *exploring) report(honest *foldScore) *searchReport {
	e := x.found
	s := &searchReport{Trials: len(e.trials), Trainings: len(e.outcomes), Fresh: e.fresh, Seconds: e.seconds, Defaults: x.defaults, Score: e.by.Name, larger: e.by.Larger}
	best := e.best(0)
	s.Found, s.Optimistic = e.flagsOf(best), e.mean(0, best, searchFolds).Score
	for i := range e.trials {
		folds := e.scored(0, i)
		s.Each = append(s.Each, trialReport{e.flagsOf(i), e.mean(0, i, folds).Score, folds})
	}
	s.Trained, s.Mattered, s.Honest = e.searches[0].trained, e.mattered(), honest
	return s
}

// flagsOf are the values of a trial.
func (e *explorer) flagsOf(trial int) map[string]string {
	flags := map[string]string{}
	for i, c := range e.joint {
		flags[c.Name] = e.trials[trial].Texts[i]
	}
	return flags
}

// scored is how many folds of a search have scored a trial.
func (e *explorer) scored(search, trial int) (n int) {
	for fold := range e.searches[search].parts {
		if _, ok := e.outcomes[placed{search, fold, trial}]; ok {
			n++
		}
	}
	return n
}

// mattered is the share of the variance of scores that each thing that was searched
// explains: of the means over the first folds of all searches, which score all trials, that
// between alternatives, or quarters of a range; what chance explains is taken off (Fisher's
// adjusted R²).
func (e *explorer) mattered() (all []mattered) {
	scores := make([]float64, len(e.trials))
	for i := range scores {
		for s := range e.searches {
			scores[i] += e.outcomes[placed{s, 0, i}].Score / float64(len(e.searches))
		}
	}
	for c, choice := range e.joint {
		if len(choice.Alternatives) > 1 {
			all = append(all, e.explained("which --"+choice.Name, scores, func(i int) int { return e.trials[i].Which[c] }))
		}
		for a, t := range choice.Alternatives {
			for d, r := range t.Ranges {
				what := fmt.Sprintf("--%s: %s", choice.Name, r.Name)
				if len(choice.Alternatives) > 1 {
					what += " of " + t.Text
				}
				all = append(all, e.explained(what, scores, func(i int) int {
					p := &e.trials[i]
					if p.Which[c] != a {
						return -1
					}
					return min(int(4*p.At[c][d]), 3)
				}))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b mattered) int { return int(math.Copysign(1, b.Share-a.Share)) * bool2int(a.Share != b.Share) })
	return all
}

// explained is the adjusted share of the variance that is between groups; of the group -1
// nothing is said.
func (e *explorer) explained(what string, scores []float64, group func(i int) int) mattered {
	sum, n := map[int]float64{}, map[int]float64{}
	total, count := 0.0, 0.0
	for i, x := range scores {
		if g := group(i); g >= 0 && !math.IsNaN(x) {
			sum[g] += x
			n[g]++
			total += x
			count++
		}
	}
	within, all := 0.0, 0.0
	for i, x := range scores {
		if g := group(i); g >= 0 && !math.IsNaN(x) {
			a, b := x-sum[g]/n[g], x-total/count
			within += float64(a * a)
			all += float64(b * b)
		}
	}
	m := mattered{What: what}
	if k := float64(len(n)); count > k && all > 0 {
		m.Share = max(0, 1-within/all*(count-1)/(count-k))
	}
	return m
}

// printSearch prints what a search has found.
func (r *report) printSearch(w io.Writer) {
	if r.Search == nil {
		return
	}
	fmt.Fprintln(w)
	for _, line := range r.Search.lines() {
		fmt.Fprintln(w, line)
	}
}

// lines are what was found and what is said of it.
func (s *searchReport) lines() []string { return append([]string{s.chosen()}, s.says()...) }

// chosen writes the flags of what was found.
func (s *searchReport) chosen() string {
	var flags []string
	for _, c := range chosen {
		if text, ok := s.Found[c.flag]; ok {
			flags = append(flags, "--"+c.flag+" "+quote(text))
		}
	}
	return "found: " + strings.Join(flags, " ")
}

// says puts a search in words.
func (s *searchReport) says() (lines []string) {
	lines = append(lines, fmt.Sprintf("%s %.4f in the %d folds that it was chosen by, of models of %d rows: flattered, since it is the best of %s", s.Score, s.Optimistic, searchFolds, s.Trained, count(s.Trials, "trial")))
	if s.Honest == nil {
		lines = append(lines, "the scores of held-out rows are honest: no trial has seen them; --folds 5 gives an interval, by a search within each fold")
	} else {
		lines = append(lines, fmt.Sprintf("%s %.4f, interval %.4f to %.4f, is honest: of what searches within folds find, on rows that they have not seen", s.Score, s.Honest.Mean, s.Honest.CI.Lo, s.Honest.CI.Hi))
	}
	var parts []string
	for _, m := range s.Mattered {
		if m.Share >= 0.05 {
			parts = append(parts, fmt.Sprintf("%s %.0f %%", m.What, 100*m.Share))
		}
	}
	if len(parts) > 0 {
		lines = append(lines, "what mattered, of the variance between trials: "+strings.Join(parts, ", "))
	}
	cost := fmt.Sprintf("%d trainings", s.Trainings)
	if s.Fresh < s.Trainings {
		cost += fmt.Sprintf(", %d of them from the journal", s.Trainings-s.Fresh)
	}
	if s.Fresh > 0 {
		cost += fmt.Sprintf("; %.3g a second and processor", float64(s.Fresh)/s.Seconds)
	}
	return append(lines, cost+fmt.Sprintf("; --search %d does the same again", s.Trials))
}

// section shows scores by the trial, what mattered, and the best trials.
func (s *searchReport) section() (draw.Section, bool) {
	if s == nil {
		return draw.Section{}, false
	}
	const most = 15
	dots := map[int]*plot.Scatter{}
	best, so := plot.Line{Name: "best so far", Step: true}, math.NaN()
	order := make([]int, len(s.Each))
	var layers []plot.Layer
	for i, t := range s.Each {
		order[i] = i
		if math.IsNaN(t.Score) {
			continue
		}
		if dots[t.Folds] == nil {
			dots[t.Folds] = &plot.Scatter{Name: count(t.Folds, "fold")}
		}
		d := dots[t.Folds]
		d.X, d.Y = append(d.X, float64(i+1)), append(d.Y, t.Score)
		if t.Folds == searchFolds && !(so >= t.Score == s.larger && so != t.Score) {
			so = t.Score
		}
		if !math.IsNaN(so) {
			best.X, best.Y = append(best.X, float64(i+1)), append(best.Y, so)
		}
	}
	for _, n := range rungs {
		if d := dots[n]; d != nil {
			layers = append(layers, *d)
		}
	}
	if len(best.X) > 1 {
		layers = append(layers, best)
	}
	figure := &plot.Figure{X: plot.Axis{Label: "trial"}, Y: plot.Axis{Label: s.Score}, Layers: layers, Width: 860, Height: 340}
	why := draw.Table{Head: []string{"what was searched", "share of the variance between trials"}}
	for _, m := range s.Mattered {
		why.Rows = append(why.Rows, []string{m.What, fmt.Sprintf("%.0f %%", 100*m.Share)})
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.Each[b].Folds - s.Each[a].Folds })
	table := draw.Table{Head: []string{"trial", s.Score, "folds", "flags"}}
	for _, i := range order[:min(most, len(order))] {
		one := searchReport{Found: s.Each[i].Flags}
		table.Rows = append(table.Rows, []string{fmt.Sprint(i + 1), number(s.Each[i].Score, false), fmt.Sprint(s.Each[i].Folds), strings.TrimPrefix(one.chosen(), "found: ")})
	}
	said := s.lines()
	for i, line := range said {
		said[i] = strings.ToUpper(line[:1]) + line[1:]
	}
	return draw.Section{Title: "The search", Note: strings.Join(said, ". ") + ".", Tables: []draw.Table{why, table}, Figures: []*plot.Figure{figure}}, true
}
