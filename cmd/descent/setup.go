package main

import (
	"descent/cmd/descent/internal/tabular"
	"descent/data/series"
	"descent/losses"
	"descent/models"
	"descent/train"
)

// A setup is a model and a loss, and what they learn. It is what a saved model needs to be
// built again.
type setup struct {
	tabular.Setup
	// Text is what a model of text has in place of inputs and a target.
	Text *textSetup `json:"text,omitempty"`
	// Series is what a model of a series has in place of them.
	Series *series.Schema `json:"series,omitempty"`
	// Targets is what a model of several targets has in place of one.
	Targets *targetsSetup `json:"targets,omitempty"`
	// Puzzle is what sequences that are made up have in place of them.
	Puzzle *puzzleSetup `json:"-"`
}

// task builds the task.
func (s *setup) task() (train.Task, error) {
	switch {
	case s.Text != nil:
		return s.textTask()
	case s.Series != nil:
		return s.seriesTask()
	case s.Puzzle != nil:
		return s.puzzleTask()
	case s.Targets != nil:
		return s.targetsTask()
	case s.Model.Codes():
		return s.coderTask()
	}
	return s.Task()
}

// labels tells whether any of several labels are learned.
func (s *setup) labels() bool { return s.Targets != nil && s.Targets.Labels }

// DefaultLoss is the loss of a model when none is given.
func (s *setup) DefaultLoss() *losses.Spec {
	if s.labels() {
		return must(losses.ByName("bce_logits"))
	}
	return s.Setup.DefaultLoss()
}

// summary lists the layers of the model.
func (s *setup) summary() (*models.Summary, error) {
	if s.Model.Codes() {
		_, sum, err := s.coder()
		return sum, err
	}
	if s.Targets != nil {
		_, sum, err := s.RowModel(len(s.Targets.Names))
		return sum, err
	}
	task, err := s.task()
	if err != nil {
		return nil, err
	}
	return models.Summarize(task.Model, s.Features)
}
