package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// FuzzStart: whatever --start says, there are names with numbers or an error.
func FuzzStart(f *testing.F) {
	for _, s := range []string{"x=1,y=[1,2]", "b1=500,b2=1e-4", "`dry weight`=2", "x=1/3", "x=", "=1", "x=[[1,2],[3]]", "x=nan", "x=pi^2, y = -inf", "x=[1,", "`=1", "x=zeros(3)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := bindings(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		for _, b := range list {
			size := 1
			for _, n := range b.Value.Shape {
				size *= n
			}
			if b.Name == "" || size != len(b.Value.Data) {
				t.Fatalf("%q: %+v", text, b)
			}
		}
	})
}

// FuzzSaved: whatever model.json holds, it is refused, or what it says is a task
// that is written and read again.
func FuzzSaved(f *testing.F) {
	m, _ := fruitModel(f)
	whole, err := numjson.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, change := range [][2]string{{`"format":1`, `"format":2`}, {`"classes":`, `"classes":-`}, {`mlp`, `mpl`}, {`float32`, `float16`}, {`"features":`, `"features":9`}, {`"shape":[`, `"shape":[-`}} {
		f.Add([]byte(strings.Replace(string(whole), change[0], change[1], 1)))
	}
	f.Add([]byte(strings.TrimSuffix(strings.Replace(string(whole), `"format":1`, `"format":3`, 1), "}") + weightsMember + "1" + logMember + "2" + checksumMember + lastMember))
	f.Fuzz(func(t *testing.T, text []byte) {
		if head, _, ok := bytes.Cut(text, []byte(checksumMember)); ok { // one that is right, so that what it hides is tried
			head = append(bytes.Clone(head), checksumMember...)
			text = append(head, atomicfile.Sum(head)+lastMember...)
		}
		m, err := parseSaved("model.json", text)
		if err != nil {
			return
		}
		if task, err := m.task(); err == nil && (task.Model == nil || task.Loss == nil || task.Features < 1) {
			t.Fatalf("%+v", task)
		}
		m.Format, m.Weights, m.Log, m.Checksum = 2, "", "", ""
		again, err := numjson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseSaved("again", again); err != nil {
			t.Fatalf("what is written is not read: %v", err)
		}
	})
}

// fruitModel trains a small model of a table with words, numbers and gaps.
func fruitModel(t testing.TB) (*saved, *train.Trainer) {
	t.Helper()
	table, err := data.ReadCSV(strings.NewReader("colour,grade,weight,kind\nred,1,100,apple\ngreen,2,150,pear\nred,3,120,apple\nyellow,1,,lemon\n,2,90,lemon\n"), data.CSVOptions{Name: "fruit.csv"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := data.Prepare(table, "kind", data.Options{Scaling: data.Standard, Unknown: data.UnknownMissing})
	if err != nil {
		t.Fatal(err)
	}
	n := len(p.Schema.Features())
	m := &saved{Format: 1, Data: "fruit.csv", DType: "float32", Target: "kind", Schema: p.Schema, ClassNames: p.Schema.Target.Classes}
	m.Model, m.Loss, m.Features, m.Classes = must(models.Parse("mlp(4)")), must(losses.ByName("cross_entropy")), n, 3
	task, err := m.task()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Fit(context.Background(), train.Run{Train: p.Train, Epochs: 2, Batch: 2, Seed: 1, Schedule: schedule.Constant(0.01)}); err != nil {
		t.Fatal(err)
	}
	return m, tr
}

// FuzzCells: whatever the cells of a row that a trained model is given, it is
// refused by an error of one line, or predicted as one of the classes, and
// written as CSV that can be read.
func FuzzCells(f *testing.F) {
	m, tr := fruitModel(f)
	p, err := tr.Predictor()
	if err != nil {
		f.Fatal(err)
	}
	for _, row := range [][3]string{{"red", "1", "100"}, {"blue", "1.0", "-1e308"}, {"", "", ""}, {"re\"d", "01", "NA"}, {"red", "+2", "1e999"}, {"\xff", "0x1", "١"}, {"red", "1e0", "nan"}} {
		f.Add(row[0], row[1], row[2])
	}
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	f.Fuzz(func(t *testing.T, colour, grade, weight string) {
		text := "grade,weight,colour\n" + quote(grade) + "," + quote(weight) + "," + quote(colour) + "\n"
		rows, err := m.Schema.Stream(strings.NewReader(text), data.CSVOptions{Name: "new.csv", MaxBytes: 1 << 16})
		var block *data.Dataset
		if err == nil {
			block, err = rows.Next()
		}
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("not one line: %q", err)
			}
			return
		}
		if _, err := rows.Next(); err != io.EOF || block.Rows() != 1 {
			t.Fatalf("%d rows, then %v", block.Rows(), err)
		}
		var b bytes.Buffer
		to := m.csv(&b, nil, false, false)
		if err := m.predict(p, nil, block, rows.Where, func(_ int, x prediction) error { return to.row(x) }); err != nil {
			large := slices.ContainsFunc(block.X.Numbers(), func(x float64) bool { return math.Abs(x) > 1e6 })
			if !large || !strings.HasPrefix(err.Error(), "new.csv:2: the model computes no number") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if err := to.end(); err != nil {
			t.Fatal(err)
		}
		if _, err := data.ReadCSV(io.MultiReader(&b), data.CSVOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTrainCells: whatever a table holds, training on it is refused by an error of
// one line, or ends with weights that are numbers and a model that predicts the rows
// it has learned from.
func FuzzTrainCells(f *testing.F) {
	f.Add("red", "1", "100", "apple", "blue", "1.0", "-1e308", "pear")
	f.Add("", "", "", "", "NA", "?", "-", "none")
	f.Add("1.234", "5%", "7:30", "2021-03-05", "1,5", "5", "8:15", "2021-04-05")
	f.Add("re\"d", "1e300", "1e-300", "3", "\xff", "0x1", "١", "4")
	trainers := map[[2]int]*train.Trainer{} // by inputs and classes: to compile takes longer than all else
	f.Fuzz(func(t *testing.T, a1, b1, c1, y1, a2, b2, c2, y2 string) {
		text := "a,b,c,y\n"
		for range 3 {
			for _, row := range [][]string{{a1, b1, c1, y1}, {a2, b2, c2, y2}} {
				for i, cell := range row {
					text += `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` + ",\n"[i/3:i/3+1]
				}
			}
		}
		oneLine := func(err error) {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("not one line: %q", err)
			}
		}
		table, err := data.ReadCSV(strings.NewReader(text), data.CSVOptions{Name: "t.csv", MaxBytes: 1 << 16})
		var parts *data.Parts
		if err == nil {
			parts, err = data.Prepare(table, "y", data.Options{Scaling: data.Standard})
		}
		m := &saved{Format: savedFormat, Data: "t.csv", DType: "float32", Target: "y"}
		if err == nil {
			m.Features, m.Classes, m.ClassNames, m.Schema = parts.Train.Features(), len(parts.Train.Classes), parts.Train.Classes, parts.Schema
			m.Model, m.Loss = must(models.Parse("mlp(2)")), m.DefaultLoss()
			err = m.ScaleTarget(parts, false)
		}
		if err != nil {
			oneLine(err)
			return
		}
		key := [2]int{m.Features, m.Classes}
		tr := trainers[key]
		if tr == nil {
			task, err := m.task()
			if err != nil {
				t.Fatal(err)
			}
			if tr, err = train.New(task, optimizers.SGD(), graph.Float32, 1); err != nil {
				t.Fatal(err)
			}
			trainers[key] = tr
		}
		if err := tr.Reset(1); err != nil {
			t.Fatal(err)
		}
		_, err = tr.Fit(context.Background(), train.Run{Train: parts.Train, Epochs: 1, Schedule: schedule.Constant(0.01)})
		if err != nil {
			var d *train.DivergedError
			if !errors.As(err, &d) {
				t.Fatal(err)
			}
			return
		}
		for _, v := range tr.Store().Variables() {
			if slices.ContainsFunc(v.Float64s(), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
				t.Fatalf("%q: %s is %v", text, v.Name(), v.Float64s())
			}
		}
		out, width, err := tr.Predict(parts.Train)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts.Train.Rows() {
			if x := m.prediction(out[i*width:(i+1)*width], tr); m.Classes > 0 && !slices.Contains(m.ClassNames, x.class) || m.Classes == 0 && math.IsNaN(x.number) {
				t.Fatalf("%q: row %d is %+v", text, i, x)
			}
		}
	})
}
