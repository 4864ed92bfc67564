package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent/data"
	"descent/internal/foreign"
)

// houses is a table with columns of all kinds, some of whose cells are missing.
func houses(n int) string {
	var b strings.Builder
	b.WriteString("year,size,town,sold,street,price,kind,flat\n")
	for i := range n {
		size, town := strconv.Itoa(40+i*7%90), []string{"Ulm", "Bern", "Graz"}[i*i%3]
		sold := time.Date(2019, 1, 1+i*5, 0, 0, 0, 0, time.UTC)
		price := 1000*(i*7%90) + 400*(i*i%3) + i
		if i%11 == 3 {
			size = ""
		}
		if i%13 == 5 {
			town = ""
		}
		flat := []string{"no", "yes"}[i*7%90/45]
		fmt.Fprintf(&b, "%d,%s,%s,%s,street %d,%d,%s,%s\n", 1990+i*3%31, size, town, sold.Format(time.DateOnly), i%60, price, []string{"a", "b", "c"}[i*7%90/30], flat)
	}
	return b.String()
}

// feeds are the inputs of a file of ONNX for the rows of a table: its columns as they are,
// and parts of dates.
func feeds(t *testing.T, inputs []toldInput, table string) map[string]foreign.Array {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head, rows := rows[0], rows[1:]
	all := map[string]foreign.Array{}
	for _, in := range inputs {
		a := foreign.Array{Type: "float32", Dims: []int{len(rows), 1}}
		if in.Missing == "an empty word" {
			a.Type = "string"
		}
		name, part, _ := strings.Cut(in.Name, " ")
		column := slices.Index(head, name)
		if column < 0 {
			t.Fatalf("no column for the input %s", in.Name)
		}
		for _, row := range rows {
			a.Data = append(a.Data, cellOf(t, row[column], part, a.Type))
		}
		all[in.Name] = a
	}
	return all
}

// cellOf is a cell, or a part of a date, as an input has it.
func cellOf(t *testing.T, cell, part, kind string) any {
	t.Helper()
	if part == "" && kind == "string" {
		return cell
	}
	if part == "" && cell == "" {
		return "nan"
	}
	if part == "" {
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	day, err := time.Parse(time.DateOnly, cell)
	if err != nil {
		t.Fatal(err)
	}
	switch part {
	case "days":
		return float64(day.Unix()) / 86400
	case "year":
		return float64(day.Year())
	case "month":
		if kind == "float32" {
			return float64(day.Month()) - 1
		}
		return day.Format("Jan")
	}
	if kind == "float32" {
		return float64(day.Weekday()+6) - 7*math.Floor(float64(day.Weekday()+6)/7)
	}
	return day.Format("Mon")
}

// A told prediction is a row of predict --json.
type toldPrediction struct {
	Prediction    any
	Probabilities map[string]float64
}

// Each kind of model that tables make predicts in onnxruntime, of the columns as they are,
// what predict does, and is valid for ONNX's own checker.
func TestExportONNX(t *testing.T) {
	table := file(t, "houses.csv", houses(120))
	fresh := houses(131)
	fresh = fresh[:strings.Index(fresh, "\n")+1] + strings.Join(strings.SplitAfter(fresh, "\n")[110:], "")
	rows := file(t, "fresh.csv", fresh)
	several := file(t, "weather.csv", weather(60))
	var questions []foreign.Question
	said := map[string][]toldPrediction{}
	for _, c := range []struct{ name, args string }{
		{"number", "-t price -m dense(8)|relu|batch_norm"},
		{"linear", "-t price -m linear --embed 20 --epochs 5"},
		{"embedded", "-t kind -m dense(8)|tanh --embed 20 --calibrate temperature"},
		{"platt", "-t flat -m mlp(8) --loss bce_logits --calibrate platt --threshold f1"},
		{"isotonic", "-t kind -m mlp(8) --calibrate isotonic --drop street"},
		{"double", "-t kind -m mlp(8) --dtype float64 --calibrate none --scaling minmax --drop sold"},
		{"hinge", "-t flat -m mlp(4) --loss hinge --drop sold"},
		{"counts", "-t price -m linear --loss poisson --drop sold,town"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		args := append([]string{"train", table, "--out", dir, "-q", "--epochs", "3"}, strings.Fields(c.args)...)
		if status, _, errs := descent(args...); status != 0 {
			t.Errorf("%s: %s", c.name, errs)
			continue
		}
		questions, said[c.name] = asked(t, questions, c.name, dir, rows, fresh)
	}
	for name, args := range map[string][]string{
		"several": {"--target", "heat,rain"},
		"labels":  {"--target", "hot,wet", "--drop", "heat,rain,tags", "--calibrate", "isotonic", "--threshold", "f1"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		if status, _, errs := descent(append([]string{"train", several, "-q", "--epochs", "3", "--out", dir, "-m", "mlp(4)"}, args...)...); status != 0 {
			t.Fatal(errs)
		}
		questions, said[name] = asked(t, questions, name, dir, several, weather(60))
	}
	t.Run("onnx", func(t *testing.T) { foreign.CheckONNX(t, questions) })
	t.Run("onnxruntime-node", func(t *testing.T) {
		for name, out := range foreign.ONNXRuntime(t, questions) {
			agree(t, name, out, said[name])
		}
	})
}

// asked adds the exported model of a folder, with rows, to the questions, and returns what
// predict says of these.
func asked(t *testing.T, questions []foreign.Question, name, dir, rows, table string) ([]foreign.Question, []toldPrediction) {
	t.Helper()
	out := filepath.Join(dir, "m.onnx")
	if status, _, errs := descent("export", dir, "--to", "onnx", "--out", out); status != 0 {
		t.Fatalf("%s: %s", name, errs)
	}
	e := exportedOf(t, dir)
	_, inputs, err := e.onnx(1)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"predict", dir, rows, "--json"}
	if e.Model.Codes() {
		args = append(args, "--output", "reconstruction")
	}
	status, text, errs := descent(args...)
	if status != 0 {
		t.Fatal(errs)
	}
	var said []toldPrediction
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return append(questions, foreign.Question{Name: name, File: model, Feeds: feeds(t, inputs, table)}), said
}

// agree holds outputs against predictions.
func agree(t *testing.T, name string, out map[string]foreign.Array, said []toldPrediction) {
	t.Helper()
	for i, want := range said {
		var got, wanted []float64
		row := func(output string) {
			all := out[output].Numbers()
			width := len(all) / len(said)
			got = all[i*width : (i+1)*width]
		}
		switch p := want.Prediction.(type) {
		case float64:
			row("prediction")
			wanted = []float64{p}
		case string:
			if row("probabilities"); want.Probabilities == nil {
				row("scores")
				wanted = got
			}
			names := map[string][]string{"platt": {"no", "yes"}, "hinge": {"no", "yes"}}[name]
			if names == nil {
				names = []string{"a", "b", "c"}
			}
			for k := 0; want.Probabilities != nil && k < len(names); k++ {
				wanted = append(wanted, want.Probabilities[names[k]])
			}
			if class := out["class"].Numbers()[i]; names[int(class)] != p {
				t.Errorf("%s: row %d is %s, not %s", name, i, names[int(class)], p)
			}
		case map[string]any:
			row("predictions")
			wanted = []float64{p["heat"].(float64), p["rain"].(float64)}
		case []any:
			if want.Probabilities != nil {
				row("labels")
				for k, name := range []string{"hot", "wet"} {
					if got[k] == 1 != slices.Contains(p, any(name)) {
						t.Errorf("%s: row %d has labels %v, not %v", name, i, got, p)
					}
				}
				row("probabilities")
				wanted = []float64{want.Probabilities["hot"], want.Probabilities["wet"]}
				break
			}
			row("reconstruction")
			for _, x := range p {
				wanted = append(wanted, x.(float64))
			}
		}
		if len(got) != len(wanted) || len(got) == 0 {
			t.Fatalf("%s: %d numbers, not %d", name, len(got), len(wanted))
		}
		for k, w := range wanted {
			if !(math.Abs(got[k]-w) <= 1e-5*max(1, math.Abs(w))) {
				t.Errorf("%s: row %d has %v, not %v", name, i, got, wanted)
				break
			}
		}
	}
}

// A program in Go runs a whole model of columns of numbers, asked for the probabilities: it
// has no ArgMax, which the class is made by.
func TestExportONNXInGo(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("DESCENT_SLOW=1 builds a program of other modules")
	}
	answer := foreign.Clients[0].Build(t)
	table := "x1,x2,kind\n"
	for i := range 60 {
		table += fmt.Sprintf("%d,%d.5,%s\n", 1990+i%20, i*7%11, []string{"a", "b", "c"}[i%3])
	}
	dir, rows := filepath.Join(t.TempDir(), "model"), file(t, "rows.csv", table)
	if status, _, errs := descent("train", rows, "-t", "kind", "-m", "mlp(8)", "--epochs", "3", "-q", "--out", dir); status != 0 {
		t.Fatal(errs)
	}
	questions, said := asked(t, nil, "table", dir, rows, table)
	out, failed := answer(questions[0], "probabilities")
	if failed != "" {
		t.Fatal(failed)
	}
	got := out["probabilities"].Numbers()
	for i, want := range said {
		for k, name := range []string{"a", "b", "c"} {
			if w := want.Probabilities[name]; !(math.Abs(got[3*i+k]-w) <= 1e-5) {
				t.Fatalf("row %d has %v, not %v", i, got[3*i:3*i+3], want.Probabilities)
			}
		}
	}
}

// An other is a model that is not of a table: how it is trained, the one input of its file
// with what goes in, the same as our programs have it, and the output to compare.
type other struct {
	name, train   string
	input, output string
	feed          foreign.Array
	rows          data.Rows
	own           func(e *exported, out []float64) []float64 // in the units of the output
}

// otherModels are models of pictures, series and texts.
func otherModels(t *testing.T) []other {
	t.Helper()
	same := func(_ *exported, out []float64) []float64 { return out }
	photos := digitFiles(t, 40, 8)
	src, err := data.Open(photos, data.CSVOptions{Pictures: data.PictureOptions{Colors: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var pixels []float64
	for _, x := range src.Images.X.Numbers() {
		pixels = append(pixels, float64(float32(x)))
	}
	shown := foreign.Floats(pixels, src.Images.Rows(), 1, 8, 8)
	var walk strings.Builder
	walk.WriteString("day,sales,visits\n")
	var window []float64
	for i := range 60 {
		sales, visits := 1000+i*i%17*10, i*5%11
		fmt.Fprintf(&walk, "%d,%d,%d\n", i, sales, visits)
		if i >= 54 {
			window = append(window, float64(sales), float64(visits))
		}
	}
	tokens := []int{5, 3, 8, 1, 0, 2, 7, 9}
	text := foreign.Array{Type: "int64", Dims: []int{1, len(tokens)}}
	for _, k := range tokens {
		text.Data = append(text.Data, k)
	}
	token, err := data.NewArray(tokens, len(tokens))
	if err != nil {
		t.Fatal(err)
	}
	return []other{
		{"pictures", photos + " -m conv(3,3)|relu|pool(2)|dense(8)|relu --test 0.5", "pixels", "probabilities", shown, src.Images,
			func(e *exported, out []float64) (all []float64) {
				for ; len(out) > 0; out = out[e.Classes:] {
					all = append(all, e.by.Probabilities(out[:e.Classes])...)
				}
				return all
			}},
		{"codes", photos + " -m vae(8,2)", "pixels", reconstruction, shown, src.Images, same},
		{"series", file(t, "sales.csv", walk.String()) + " --time day --target sales --window 6 --horizon 2 -m gru(3)", "window", "forecast", foreign.Floats(window, 1, 6, 2), nil,
			func(e *exported, out []float64) []float64 { return e.Series.Own(out) }},
		{"text", "alice -m embed(4)|gpt(1) --context 8 --batch 400", "tokens", "logits", text, data.Arrays{"x": token}, same},
	}
}

// Pictures, codes of them, series and texts are predicted alike.
func TestExportONNXOfOthers(t *testing.T) {
	var questions []foreign.Question
	want, all := map[string][]float64{}, otherModels(t)
	for _, c := range all {
		dir := filepath.Join(t.TempDir(), "model")
		if status, _, errs := descent(append(append([]string{"train"}, strings.Fields(c.train)...), "--epochs", "1", "-q", "--out", dir)...); status != 0 {
			t.Fatalf("%s: %s", c.name, errs)
		}
		e := exportedOf(t, dir)
		file, told, err := writeONNX(e)
		if err != nil || len(told) != 1 || !strings.HasPrefix(told[0], "input "+c.input+": ") {
			t.Fatalf("%s: %v %v", c.name, told, err)
		}
		if c.rows == nil {
			c.rows = scaledWindow(t, e, c.feed.Numbers())
		}
		out, _, err := e.by.Predict(c.rows)
		if err != nil {
			t.Fatal(err)
		}
		want[c.name] = c.own(e, out)
		questions = append(questions, foreign.Question{Name: c.name, File: file, Feeds: map[string]foreign.Array{c.input: c.feed}})
	}
	t.Run("onnx", func(t *testing.T) { foreign.CheckONNX(t, questions) })
	t.Run("onnxruntime-node", func(t *testing.T) {
		answers := foreign.ONNXRuntime(t, questions)
		for _, c := range all {
			got := answers[c.name][c.output].Numbers()
			if len(got) != len(want[c.name]) {
				t.Fatalf("%s: %d numbers, not %d", c.name, len(got), len(want[c.name]))
			}
			for i, w := range want[c.name] {
				if !(math.Abs(got[i]-w) <= 1e-5*max(1, math.Abs(w))) {
					t.Errorf("%s: number %d is %v, not %v", c.name, i, got[i], w)
					break
				}
			}
		}
	})
}

// What export writes of each kind of model comes back as the same model.
func TestImportOwnOthers(t *testing.T) {
	for _, c := range otherModels(t) {
		dir := filepath.Join(t.TempDir(), "model")
		out, again := filepath.Join(dir, "m.onnx"), filepath.Join(dir, "again")
		for _, args := range [][]string{append(append([]string{"train"}, strings.Fields(c.train)...), "--epochs", "1", "-q", "--out", dir), {"export", dir, "--to", "onnx", "--out", out}, {"import", out, "--out", again}} {
			if status, _, errs := descent(args...); status != 0 {
				t.Fatalf("%s: %v: %s", c.name, args, errs)
			}
		}
		var made [2][]float64
		for i, d := range []string{dir, again} {
			e := exportedOf(t, d)
			if c.rows == nil {
				c.rows = scaledWindow(t, e, c.feed.Numbers())
			}
			var err error
			if made[i], _, err = e.by.Predict(c.rows); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(made[0], made[1]) {
			t.Errorf("%s: %v, not %v", c.name, made[1], made[0])
		}
	}
}

// scaledWindow is a window of a series as the model sees it.
func scaledWindow(t *testing.T, e *exported, window []float64) data.Rows {
	t.Helper()
	x, k := slices.Clone(window), len(e.Series.Columns)
	for i := range x {
		x[i] = (x[i] - e.Series.Offset[i%k]) / e.Series.Scale[i%k]
	}
	a, err := data.NewArray(x, len(x))
	if err != nil {
		t.Fatal(err)
	}
	return data.Arrays{"x": a}
}

// exportedOf is the model of a folder.
func exportedOf(t *testing.T, dir string) *exported {
	t.Helper()
	m, err := readSaved(dir)
	if err != nil {
		t.Fatal(err)
	}
	e := &exported{saved: m}
	if e.by, err = m.predictor(); err != nil {
		t.Fatal(err)
	}
	return e
}
