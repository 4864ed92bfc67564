package main

import (
	"encoding/json"
	"regexp"
	"strconv"
	"testing"
)

// TestFindRate: train finds a rate, says which and why, and trains with it; the
// JSON has the curve.
func TestFindRate(t *testing.T) {
	status, out, errs := descent("train", "digits", "--lr", "find", "--epochs", "2")
	found := regexp.MustCompile(`learning rate (\S+) found: of \d+ rates .* fell fastest there; beyond`).FindStringSubmatch(out)
	if status != 0 || found == nil {
		t.Fatalf("status %d, %s\n%s", status, out, errs)
	}
	status, out, errs = descent("train", "digits", "--lr", "find", "--epochs", "2", "--json", "-q")
	var r struct {
		LR     float64   `json:"lr"`
		Found  foundRate `json:"found_lr"`
		Epochs []struct {
			LR float64 `json:"lr"`
		} `json:"epochs"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
		t.Fatalf("status %d, %v, %s", status, err, errs)
	}
	if text := strconv.FormatFloat(r.LR, 'g', 4, 64); text != found[1] || r.Found.LR != r.LR || r.Epochs[1].LR != r.LR {
		t.Errorf("rates %v, %v, %v; printed was %s", r.LR, r.Found.LR, r.Epochs[1].LR, found[1])
	}
	if n := len(r.Found.Rates); n < 20 || n != len(r.Found.Losses) || r.LR < 1e-4 || r.LR > 0.1 {
		t.Errorf("rate %v of %d, %d losses", r.LR, n, len(r.Found.Losses))
	}
}
