package study

import (
	_ "embed"
	"html/template"

	"descent/bench"
	"descent/internal/numjson"
	"descent/internal/page"
)

//go:embed live.html
var body string

//go:embed live.css
var style string

//go:embed live.js
var script string

// Live is what makes the report of results answer questions: the engine, and what it does
// again.
func (s *Study) Live(e *page.Engine, r *bench.Results) (*bench.Live, error) {
	packed, err := (&carried{*s, r}).pack()
	if err != nil {
		return nil, err
	}
	state, err := numjson.Marshal(struct {
		Optimizers []string `json:"optimizers"`
		Seeds      int      `json:"seeds"`
	}{s.Optimizers, s.Seeds})
	if err != nil {
		return nil, err
	}
	return &bench.Live{Engine: e, Carried: packed, State: string(state), Body: template.HTML(body), Script: script, Style: style}, nil
}
