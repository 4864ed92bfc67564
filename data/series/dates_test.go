package series_test

import (
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/data/series"
)

// TestFollowing: what follows some times is written as a calendar has it.
func TestFollowing(t *testing.T) {
	for _, c := range []struct{ name, times, want string }{
		{"days", "2024-02-26 2024-02-27 2024-02-28", "2024-02-29 2024-03-01"},
		{"weeks, one missing", "2024-01-01 2024-01-08 2024-01-22 2024-01-29", "2024-02-05 2024-02-12"},
		{"months", "2023-11-01 2023-12-01 2024-01-01", "2024-02-01 2024-03-01"},
		{"ends of months", "2023-11-30 2023-12-31 2024-01-31", "2024-02-29 2024-03-31"},
		{"a day that February has not", "2023-10-30 2023-11-30 2023-12-30", "2024-01-30 2024-02-29 2024-03-30"},
		{"quarters", "2023-04-01 2023-07-01 2023-10-01", "2024-01-01 2024-04-01"},
		{"years", "2022-06-15 2023-06-15 2024-06-15", "2025-06-15"},
		{"hours", "2024-01-01T22:00 2024-01-01T23:00 2024-01-02T00:00", "2024-01-02 01:00:00|2024-01-02 02:00:00"},
		{"working days", "2024-01-01 2024-01-02 2024-01-03 2024-01-04 2024-01-05 2024-01-08 2024-01-09 2024-01-10 2024-01-11 2024-01-12 2024-01-15 2024-01-16 2024-01-17 2024-01-18 2024-01-19", "2024-01-22 2024-01-23 2024-01-24 2024-01-25 2024-01-26 2024-01-29"},
		{"numbers", "0.1 0.2 0.3", "0.4 0.5"},
	} {
		sep := " "
		if strings.Contains(c.want, "|") || strings.Contains(c.want, ":") {
			sep = "|"
		}
		var text strings.Builder
		text.WriteString("t,y\n")
		for _, at := range strings.Fields(c.times) {
			text.WriteString(at + ",1.5\n")
		}
		table, err := data.ReadCSV(strings.NewReader(text.String()), data.CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := series.Read(table, "t", []string{"y"})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		want, got := strings.Split(c.want, sep), []string(nil)
		for _, at := range s.Following(len(want)) {
			got = append(got, s.Written(at))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
	if after := (&series.Series{Times: []float64{5}}).Following(2); !slices.Equal(after, []float64{6, 7}) {
		t.Errorf("%v follow one step", after)
	}
}
