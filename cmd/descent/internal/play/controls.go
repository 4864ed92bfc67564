package play

import (
	"cmp"
	"slices"

	"descent/internal/spec"
	"descent/optimizers"
	"descent/optimizers/search"
)

// A Control is an optimizer as the page offers it: what stands in its row.
type Control struct {
	Name     string    `json:"name"`
	Doc      string    `json:"doc"`
	Fails    string    `json:"fails,omitempty"` // when
	Source   string    `json:"source,omitempty"`
	Settings []Setting `json:"settings"`
}

// A Setting is one of an optimizer's.
type Setting struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Kind    string   `json:"kind"` // number, flag or word
	Default any      `json:"default"`
	Choices []string `json:"choices,omitempty"`
	// Of a number: what it can be, in words, and a slider's ends and scale, which is
	// "", log, or below1, evenly in the logarithm of what is left to 1. Without ends there
	// is no slider.
	Range string  `json:"range,omitempty"`
	Lo    float64 `json:"lo,omitempty"`
	Hi    float64 `json:"hi,omitempty"`
	Scale string  `json:"scale,omitempty"`
}

var scales = map[spec.Scale]string{spec.Even: "", spec.Log: "log", spec.Below1: "below1"}

// Controls are the optimizers that a page offers: search methods, and all rules that move.
func Controls() (all []Control) {
	for i := range search.Table {
		e := &search.Table[i]
		if !e.Squares { // a formula is no sum of squares that it would know of
			all = append(all, control(&e.Row, e.Fails))
		}
	}
	for i := range optimizers.Table {
		if e := &optimizers.Table[i]; e.LR > 0 {
			all = append(all, control(&e.Row, e.Fails))
		}
	}
	slices.SortFunc(all, func(a, b Control) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func control(r *spec.Row, fails string) Control {
	c := Control{Name: r.Name, Doc: r.Doc, Fails: fails, Source: r.Source, Settings: []Setting{}}
	for _, s := range r.All() {
		out := Setting{Name: s.Name, Doc: s.Doc, Default: s.Default, Choices: s.Choices, Range: s.Range}
		switch s.Kind {
		case spec.Number, spec.Whole:
			out.Kind = "number"
			out.slider(&s)
		case spec.Flag:
			out.Kind = "flag"
		case spec.Word:
			out.Kind = "word"
		default:
			continue // a list is for whoever writes the text
		}
		if s.Default != nil {
			c.Settings = append(c.Settings, out)
		}
	}
	return c
}

// slider gives a number the ends of what is searched, or of what it can be.
func (out *Setting) slider(s *spec.Setting) {
	switch {
	case s.Name == "lr":
		out.Lo, out.Hi, out.Scale = leastRate, mostRate, "log"
	case s.Search != nil && s.Search.Hi > s.Search.Lo:
		out.Lo, out.Hi, out.Scale = s.Search.Lo, s.Search.Hi, scales[s.Search.Scale]
	case s.Range == "[0,1)" || s.Range == "[0,1]" || s.Range == "(0,1)":
		out.Hi = 1
	}
	if s.Range == "[0,1)" || s.Range == "(0,1)" {
		out.Hi = min(out.Hi, 0.9999)
	}
}
