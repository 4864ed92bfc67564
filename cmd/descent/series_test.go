package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// salesText is a series with a slope, a season of 7 and an input that matters.
func salesText(days int) string {
	var b strings.Builder
	b.WriteString("date,sales,price,shop\n")
	for i := range days {
		price := 10 + float64(i*i%17)/40
		sales := 100 + 0.1*float64(i) + 20*math.Sin(2*math.Pi*float64(i)/7) - 3*(price-10)
		fmt.Fprintf(&b, "%s,%.3f,%.3f,%s\n", time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), sales, price, []string{"a", "b"}[i%2])
	}
	return b.String()
}

// runPage runs the commands of a page, with files in other places, and returns what
// they print, and how many they are.
func runPage(t *testing.T, page string, places map[string]string) (out string, done int) {
	t.Helper()
	eachCommand(t, page, places, func(_ []string, o string) { out += o; done++ })
	return out, done
}

// eachCommand runs the commands of a page, with files in other places.
func eachCommand(t *testing.T, page string, places map[string]string, printed func(command []string, out string)) {
	t.Helper()
	for line := range strings.Lines(page) {
		command, ok := strings.CutPrefix(line, "    descent ")
		if !ok {
			continue
		}
		args := words(command)
		said := slices.Clone(args)
		for i, a := range args {
			if place, ok := places[a]; ok {
				args[i] = place
			}
		}
		status, out, errs := descent(args...)
		if status != 0 {
			t.Fatalf("%s: status %d: %s", command, status, errs)
		}
		printed(said, out)
	}
}

// TestPageOnSeries runs the commands of docs/series.md.
func TestPageOnSeries(t *testing.T) {
	page, err := os.ReadFile("../../docs/series.md")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"sales.csv": file(t, "sales.csv", salesText(300)), "m": filepath.Join(t.TempDir(), "m"), "r.html": filepath.Join(t.TempDir(), "r.html"), "forecast.svg": filepath.Join(t.TempDir(), "forecast.svg")}
	out, done := runPage(t, string(page), places)
	for _, want := range []string{"a linear model of the window, solved", "what was 7 rows before", "interval: 90 %", "column shop is not used", "date,prediction,low,high\n2020-10-27,"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if text := textOf(t, places["r.html"]); done != 2 || !strings.Contains(text, "Forecasts of held-out rows") || strings.Count(text, "<svg") != 2 {
		t.Errorf("%d commands; the page is %.300s", done, text)
	}
	if text := textOf(t, places["forecast.svg"]); !strings.Contains(text, "from 2020-10-27 to 2020-11-01") || !strings.Contains(text, "90 % interval") {
		t.Errorf("the picture is %.300s", text)
	}
}

// TestSeriesTrains: the model beats the last value, whatever it is made of, and
// forecasts the same for any number of workers.
func TestSeriesTrains(t *testing.T) {
	sales := file(t, "sales.csv", salesText(300))
	for _, model := range []string{"gru(8)", "lstm(8, last=true)", "dense(16) | relu", "linear"} {
		var forecasts [2]string
		for i, workers := range []string{"1", "2"} {
			dir := filepath.Join(t.TempDir(), "m")
			status, out, err := descent("train", sales, "--time", "date", "--target", "sales", "--window", "14", "--horizon", "3", "--model", model, "--epochs", "20", "--lr", "0.02", "--workers", workers, "--out", dir, "--json")
			var r seriesReport
			if status != 0 || json.Unmarshal([]byte(out), &r) != nil {
				t.Fatalf("%s: status %d: %s%s", model, status, out, err)
			}
			if last, linear := r.Baselines["last value"], r.Baselines["linear"]; !(r.Scores.MAE < last.MAE/2) || !(linear.MAE < last.MAE/4) || r.Season != 7 || len(r.Scores.Steps) != 3 || !(r.Interval.Coverage > 0.5) {
				t.Errorf("%s: %+v", model, r)
			}
			if status, forecasts[i], err = descent("predict", dir, sales, "--json"); status != 0 {
				t.Fatalf("%s: status %d: %s", model, status, err)
			}
		}
		var rows []forecastRow
		if err := json.Unmarshal([]byte(forecasts[0]), &rows); err != nil || len(rows) != 3 || forecasts[0] != forecasts[1] || !(rows[2].Low < rows[2].High) {
			t.Errorf("%s: two workers forecast %s, one %s (%v)", model, forecasts[1], forecasts[0], err)
		}
	}
}

// TestSeriesResumes: a run that is interrupted and goes on is that of one that is not.
func TestSeriesResumes(t *testing.T) {
	resumes(t, []string{"train", file(t, "sales.csv", salesText(200)), "--time", "date", "--target", "sales", "--window", "7", "--horizon", "2", "--model", "gru(4) | dropout(0.1)"}, "--drop", "price")
}

func TestSeriesMistakes(t *testing.T) {
	sales, dir := file(t, "sales.csv", salesText(100)), filepath.Join(t.TempDir(), "m")
	series := []string{"--time", "date", "--target", "sales", "--window", "5"}
	if status, _, err := descent(append([]string{"train", sales, "--epochs", "1", "--out", dir}, series...)...); status != 0 {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "iris")
	if status, _, err := descent("train", "iris", "--epochs", "1", "-q", "--out", other); status != 0 {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"predict", other, "iris", "--plot", "f.svg"}, exitUsage, "is no model of one"},
		{append([]string{"train", sales, "--folds", "5"}, series...), exitUsage, "--folds is not for a series"},
		{append([]string{"train", sales, "--window", "0"}, series[:4]...), exitUsage, "--window 0"},
		{[]string{"train", sales, "--window", "5", "--target", "sales"}, exitUsage, "--window needs --time"},
		{[]string{"train", sales, "--window", "5", "--time", "date"}, exitUsage, "--target is missing"},
		{[]string{"train", sales, "--window", "5", "--time", "day", "--target", "sales"}, exitUsage, "no column"},
		{append([]string{"train", sales, "--horizon", "50"}, series...), exitUsage, "too few for a window of 5 and a horizon of 50"},
		{append([]string{"train", sales, "--season", "6"}, series...), exitUsage, "--season 6: it is 1 to --window, 5"},
		{append([]string{"train", sales, "-o", "lbfgs"}, series...), exitUsage, "trained by a rule"},
		{append([]string{"train", sales, "--model", "vae(8, 2)"}, series...), exitUsage, "takes no windows"},
		{append([]string{"train", sales, "--loss", "cross_entropy"}, series...), exitUsage, "compares numbers"},
		{[]string{"train", "iris", "--horizon", "8"}, exitUsage, "--horizon is for a series"},
		{[]string{"predict", dir, sales, "--plot", "f.jpg"}, exitUsage, "--plot f.jpg: the name must end with .svg or .png"},
		{[]string{"predict", dir, sales, "--keep", "date"}, exitUsage, "--keep: a series is forecast as a whole"},
		{[]string{"predict", dir, file(t, "few.csv", salesText(3))}, exitFailure, "3 rows, and the model sees a window of 5"},
		{[]string{"predict", dir, file(t, "other.csv", "date,price\n2020-01-01,3\n2020-01-02,4\n")}, exitFailure, "no column"},
	} {
		status, _, err := descent(c.args...)
		if status != c.status || !strings.Contains(err, c.want) {
			t.Errorf("%q: status %d: %s, want %q", c.args, status, err, c.want)
		}
	}
	m := &saved{}
	if err := json.Unmarshal([]byte(textOf(t, dir, modelFile)), m); err != nil || m.check() != nil {
		t.Fatal(err, m.check())
	}
	if m.Series.Interval = nil; m.check() == nil {
		t.Error("a model without an interval is read")
	}
	if m.Series.Window = 0; m.check() == nil {
		t.Error("a model without a window is read")
	}
}
