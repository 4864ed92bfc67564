package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Models of earlier programs predict what they did, to the rounding of float32.
func TestSavedModelsOfFormat1(t *testing.T) {
	for _, name := range []string{"classes", "number"} {
		folder := filepath.Join("testdata", "saved1", name)
		want, err := os.ReadFile(filepath.Join(folder, "predictions.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if status, out, errs := descent("predict", folder, filepath.Join(folder, "rows.csv")); status != 0 || !alike(out, string(want)) {
			t.Errorf("%s: status %d: %s%s", name, status, out, errs)
		}
	}
	// The one that refused unknown words still does.
	rows := file(t, "rows.csv", "area,rooms,town\n100,2,Paris\n")
	status, _, errs := descent("predict", "testdata/saved1/number", rows)
	if want := `unknown level "Paris"; known are "Bern", "Oslo", "Rome"; correct it, or give --unknown missing`; status != exitFailure || !strings.Contains(errs, want) {
		t.Errorf("status %d: %s", status, errs)
	}
	if status, out, errs := descent("predict", "testdata/saved1/number", rows, "--unknown", "missing"); status != 0 || strings.Count(out, "\n") != 2 ||
		!strings.Contains(errs, `note: column "town": 1 of 1 rows have words that training has not seen, which count as missing: "Paris"`) {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

// alike tells whether two texts of CSV have the same words and nearly the same
// numbers.
func alike(a, b string) bool {
	cells := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' })
	}
	return slices.EqualFunc(cells(a), cells(b), func(a, b string) bool {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		return a == b || errX == nil && errY == nil && math.Abs(x-y) <= 1e-5*math.Abs(y)
	})
}

// A model from a table as a spreadsheet writes it predicts rows in the same form,
// which lack the columns that were left out.
func TestTrainAndPredictAsWritten(t *testing.T) {
	var b strings.Builder
	b.WriteString("Nr;Name;Datum;Fl\u00e4che;Ort;Preis\n")
	for i := range 90 {
		area := 40 + i*37%120
		fmt.Fprintf(&b, "%d;Haus %d;%02d.%02d.2023;%d,5;%s;%d.%03d,00 \u20ac\n", i+1, i, i%28+1, i%12+1, area, []string{"Bern", "Rom"}[i%2], area*3/100+1, area*30%1000)
	}
	model := filepath.Join(t.TempDir(), "model")
	status, out, errs := descent("train", file(t, "h.csv", b.String()), "-t", "Preis", "--out", model, "--epochs", "2", "--split", "random")
	if status != 0 {
		t.Fatal(errs)
	}
	for _, want := range []string{
		"note: the fields are separated by ';'; give --comma if that is wrong",
		"note: columns of numbers with the decimal sign \",\": \"Fl\u00e4che\"; give --decimal if that is wrong",
		`note: column "Nr" is not used: it numbers the rows; give --use Nr to use it`,
		`note: column "Name" is not used: nearly each row has its own word`,
		`note: column "Datum": dates, which become inputs for days, month, weekday`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s\nwant %s", out, want)
		}
	}
	status, first, errs := descent("predict", model, file(t, "new.csv", "Fl\u00e4che;Ort;Datum\n80,5;bern;03.04.2023\n"))
	if status != 0 {
		t.Fatal(errs)
	}
	path := file(t, "kept.csv", "Nr;Fl\u00e4che;Ort;Datum\n7;80,5;bern;03.04.2023\n")
	if status, out, errs := descent("predict", model, path, "--keep", "Ort,Nr"); status != 0 || out != "Ort,Nr,"+strings.Replace(first, "\n", "\nbern,7,", 1) {
		t.Errorf("kept: %s%s", out, errs)
	}
	if status, out, errs := descent("predict", model, path, "--keep", "Nr", "--json"); status != 0 || !strings.Contains(out, `"row":{"Nr":"7"}`) {
		t.Errorf("kept: %s%s", out, errs)
	}
	if status, _, errs := descent("predict", model, path, "--keep", "Nummer"); status != exitUsage || !strings.Contains(errs, `no column "Nummer"`) {
		t.Errorf("kept: status %d: %s", status, errs)
	}
	status, again, errs := descent("predict", model, file(t, "new.csv", "Ort,Datum,Fl\u00e4che\nBern,2023-04-03,80.5\n"))
	if status != 0 || first != again {
		t.Errorf("%s%s, and in another form %s", errs, first, again)
	}
}

// What may well be wrong is told also to those who want to hear little.
func TestGuessesAreTold(t *testing.T) {
	text := "x,y\n"
	for i := range 60 {
		text += fmt.Sprintf("%d.5,%d\n", i, i*i%7+1)
	}
	path := file(t, "grades.csv", text)
	const want = `target "y": 4 whole numbers from 1 to 5 are taken as quantities (a regression); give --task classification if that is wrong`
	for _, args := range [][]string{{"-q"}, {"--json"}, nil} {
		status, out, errs := descent(append([]string{"train", path, "-t", "y", "--epochs", "1"}, args...)...)
		if status != 0 || strings.Count(strings.ReplaceAll(out, `\"`, `"`), want) != 1 {
			t.Errorf("%q: status %d: %s%s", args, status, out, errs)
		}
	}
	if _, out, _ := descent("train", path, "-t", "y", "--epochs", "1", "-q", "--task", "classification"); strings.Contains(out, "note:") {
		t.Error(out)
	}
}
