package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/internal/safetensors"
	"descent/text"
)

var aliceText, _ = text.Embedded("alice")

// arraysOf returns the arrays of a saved model by name.
func arraysOf(t *testing.T, dir string) map[string]safetensors.Tensor {
	t.Helper()
	f, err := safetensors.Decode([]byte(textOf(t, dir, weightsFile)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]safetensors.Tensor{}
	for _, x := range f.Tensors {
		all[x.Name] = x
	}
	return all
}

// savedBy runs train, which saves a model, and returns the folder and what it printed.
func savedBy(t *testing.T, args ...string) (dir, out string) {
	t.Helper()
	dir = t.TempDir()
	status, out, err := descent(append([]string{"train"}, append(args, "--out", dir)...)...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, err)
	}
	return dir, out
}

// Frozen arrays of a model that starts from another are that model's, bit for bit, for a
// table, pictures, a text and a series, by rules that decay and methods; what else was taken
// has moved, and the inputs, the vocabulary, the units are those of the first.
func TestInit(t *testing.T) {
	book, sales := file(t, "book.txt", aliceText[:4000]), file(t, "sales.csv", salesText(200))
	series := []string{sales, "--time", "date", "--target", "sales", "--window", "7"}
	for _, c := range []struct {
		name           string
		first, second  []string
		frozen, moving []string
	}{
		{"table", []string{"iris", "--model", "dense(8) | batch_norm | relu | dense(6) | relu"},
			[]string{"iris", "--seed", "5", "--model", "freeze(dense(8) | batch_norm | relu) | dense(6) | relu", "--optimizer", "decay(0.1) | adam(lr=0.01)"},
			[]string{"dense.w", "dense.b", "batchnorm.gain", "batchnorm.shift", "batchnorm.mean", "batchnorm.var"}, []string{"dense2.w", "dense3.w"}},
		{"the model that it had", []string{"wine", "--model", "freeze(dense(8) | tanh) | dense(4) | tanh"}, []string{"wine", "--seed", "5"}, []string{"dense.w"}, []string{"dense2.w"}},
		{"a search", []string{"diabetes", "--model", "mlp(8)"}, []string{"diabetes", "--model", "freeze(dense(8)) | relu", "-o", "lbfgs"}, []string{"dense.w", "dense.b"}, []string{"dense2.w"}},
		{"pictures", []string{"digits", "--model", "conv(4, 3) | relu | pool(2) | dense(8) | relu", "--augment", "shift(1)"},
			[]string{"digits", "--seed", "5", "--model", "freeze(conv(4, 3)) | relu | pool(2) | dense(8) | relu", "--augment", "shift(1)"}, []string{"conv.w", "conv.b"}, []string{"dense.w"}},
		{"text", []string{book, "--model", "embed(8) | gru(6)", "--context", "16"}, []string{file(t, "more.txt", aliceText[500:4000]), "--model", "freeze(embed(8)) | gru(6)"}, []string{"embed.w"}, []string{"gru.weight_hh_l0"}},
		{"series", append(slices.Clone(series), "--model", "gru(4)"), append(slices.Clone(series), "--seed", "5", "--model", "freeze(gru(4))"),
			[]string{"gru.weight_hh_l0", "gru.weight_ih_l0"}, []string{"dense.w"}},
	} {
		m, _ := savedBy(t, append(c.first, "--epochs", "2")...)
		n, out := savedBy(t, append(c.second, "--epochs", "2", "--init", m)...)
		was, is := arraysOf(t, m), arraysOf(t, n)
		for _, name := range c.frozen {
			if _, ok := was[name]; !ok || !reflect.DeepEqual(was[name], is[name]) {
				t.Errorf("%s: %s is %v and was %v", c.name, name, is[name], was[name])
			}
		}
		for _, name := range c.moving {
			if _, ok := was[name]; !ok || reflect.DeepEqual(was[name], is[name]) {
				t.Errorf("%s: %s has not moved, or was not there", c.name, name)
			}
		}
		if !strings.Contains(out, fmt.Sprintf("%d of the model's %d arrays start as they are in %s", len(is), len(is), m)) || !strings.Contains(out, ", frozen") {
			t.Errorf("%s: it does not say what is taken and frozen:\n%s", c.name, out)
		}
		a, b := readModel(t, m), readModel(t, n)
		for _, part := range []string{"shape", "offset", "scale", "channel_mean", "channel_deviation", "features"} {
			if !reflect.DeepEqual(a[part], b[part]) {
				t.Errorf("%s: %s is %v and was %v", c.name, part, b[part], a[part])
			}
		}
		for _, part := range []string{"schema.inputs", "text", "series"} {
			outer, inner, _ := strings.Cut(part, ".")
			x, y := a[outer], b[outer]
			if s, ok := x.(map[string]any); ok && inner != "" {
				x, y = withoutCounts(s[inner]), withoutCounts(y.(map[string]any)[inner])
			} else if ok {
				delete(s, "interval")
				delete(y.(map[string]any), "interval")
			}
			if !reflect.DeepEqual(x, y) {
				t.Errorf("%s: %s is %v and was %v", c.name, part, y, x)
			}
		}
	}
}

// withoutCounts are inputs without the numbers of missing cells, which are the data's.
func withoutCounts(inputs any) any {
	for _, in := range inputs.([]any) {
		delete(in.(map[string]any), "missing")
	}
	return inputs
}

func readModel(t *testing.T, dir string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := numjson.Unmarshal([]byte(textOf(t, dir, modelFile)), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// What does not fit is told by name, also in JSON; folds and the training that probabilities
// are calibrated by start from the weights as well.
func TestInitTells(t *testing.T) {
	m, _ := savedBy(t, "wine", "--model", "dense(8) | relu | dense(5) | relu", "--epochs", "3")
	status, printed, err := descent("train", "wine", "--init", m, "--model", "dense(8) | relu | dense(4) | relu", "--epochs", "1", "--folds", "3", "--repeats", "1", "--json", "-q")
	var r struct {
		Init  begun
		Notes []string
		Folds struct{ Scores map[string]foldScore }
	}
	if e := numjson.Unmarshal([]byte(printed), &r); status != 0 || e != nil {
		t.Fatal(status, err, e)
	}
	if want := []string{"dense.b", "dense.w", "dense3.b"}; !slices.Equal(r.Init.Taken, want) || r.Init.Folder != m {
		t.Errorf("%+v was taken, want %v", r.Init, want)
	}
	if want := []string{"dense2.b", "dense2.w", "dense3.w"}; !slices.Equal(r.Init.Fresh, want) {
		t.Errorf("%v is new, want %v", r.Init.Fresh, want)
	}
	if want := []string{"dense2.b (5, and 4 here)", "dense2.w (8x5, and 8x4 here)", "dense3.w (5x3, and 4x3 here)"}; !slices.Equal(r.Init.Spare, want) {
		t.Errorf("%v was not taken, want %v", r.Init.Spare, want)
	}
	if all := strings.Join(r.Notes, "; "); !strings.Contains(all, "was trained on wine as well") {
		t.Errorf("nothing is said of rows that were learned from: %s", all)
	}
	fresh := r
	fresh.Folds.Scores = nil // which would be written over
	_, printed, _ = descent("train", "wine", "--model", "dense(8) | relu | dense(4) | relu", "--epochs", "1", "--folds", "3", "--repeats", "1", "--json", "-q")
	if err := numjson.Unmarshal([]byte(printed), &fresh); err != nil {
		t.Fatal(err)
	}
	if a, b := r.Folds.Scores["log_loss"].Mean, fresh.Folds.Scores["log_loss"].Mean; !(a < b) {
		t.Errorf("folds after an epoch have log loss %v from weights that have learned, %v from new ones", a, b)
	}
}

func TestInitMistakes(t *testing.T) {
	iris, _ := savedBy(t, "iris", "--epochs", "1")
	book, _ := savedBy(t, file(t, "book.txt", strings.Repeat("To be, or not to be. ", 40)), "--model", "embed(4) | gru(4)", "--context", "8", "--epochs", "1")
	sales := file(t, "sales.csv", salesText(60))
	series, _ := savedBy(t, sales, "--time", "date", "--target", "sales", "--window", "5", "--epochs", "1")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"iris", "--init", "nowhere"}, exitUsage, "--init: nowhere: not a folder"},
		{[]string{"wine", "--init", iris}, exitUsage, `no column "sepal_length"`},
		{[]string{"wine", "--init", iris}, exitUsage, "leave out --init"},
		{[]string{"iris", "--init", iris, "--scaling", "minmax"}, exitUsage, "--scaling"},
		{[]string{"iris", "--init", iris, "--drop", "petal_width"}, exitUsage, "--drop"},
		{[]string{"iris", "--init", iris, "--target", "sepal_length"}, exitUsage, "leave out --target sepal_length"},
		{[]string{"iris", "--init", iris, "--model", "mlp(7, 5)"}, exitFailure, "no parameter of the model has the name and the shape"},
		{[]string{"iris", "--init", iris, "--model", "freeze(dense(3))"}, exitUsage, "frozen"},
		{[]string{"iris", "--init", book, "--model", "mlp(4)"}, exitUsage, "it is a model of a text, and this is a table"},
		{[]string{"iris", "--init", series}, exitUsage, "--window"},
		{[]string{sales, "--init", iris, "--time", "date", "--target", "sales", "--window", "5"}, exitUsage, "it is a model of a table, and this is a series"},
		{[]string{sales, "--init", series, "--time", "date", "--target", "price", "--window", "5"}, exitUsage, "it is a model of the columns"},
		{[]string{"alice", "--init", book}, exitFailure, "was not in the text that was learned"},
		{[]string{"alice", "--init", book, "--tokens", "bytes"}, exitUsage, "--tokens"},
		{[]string{"alice", "--init", iris, "--model", "embed(4) | gru(4)"}, exitUsage, "it is a model of a table, and this is a text"},
	} {
		status, _, err := descent(append([]string{"train", "--epochs", "1"}, c.args...)...)
		if status != c.status || !strings.Contains(err, c.says) {
			t.Errorf("%v: status %d: %s", c.args, status, err)
		}
	}
}

// A run from other weights goes on bit for bit, and not from yet others.
func TestInitResumes(t *testing.T) {
	m, _ := savedBy(t, "iris", "--model", "mlp(8, norm=batch)", "--epochs", "2")
	other, _ := savedBy(t, "iris", "--model", "mlp(8, norm=batch)", "--epochs", "3")
	resumes(t, []string{"train", "iris", "--model", "freeze(dense(8) | batch_norm) | relu | dropout(0.2) | dense(4) | relu", "--folds", "0", "--init", m}, "--init", other)
	book := file(t, "book.txt", aliceText[:4000])
	from, _ := savedBy(t, book, "--model", "embed(8) | gru(6)", "--context", "16", "--epochs", "1")
	other, _ = savedBy(t, book, "--model", "embed(8) | gru(6)", "--context", "16", "--epochs", "2")
	resumes(t, []string{"train", book, "--model", "freeze(embed(8)) | gru(6)", "--batch", "8", "--init", from}, "--init", other)
}

// A table with other words, missing cells and columns is encoded as the first was.
func TestInitEncodes(t *testing.T) {
	row := func(i int, more string) string {
		return fmt.Sprintf("%d,%s%s,%d\n", i%7, []string{"red", "green", "blue"}[i%3], more, i%2)
	}
	var first, second strings.Builder
	first.WriteString("size,color,yes\n")
	second.WriteString("color,size,note,yes\n")
	for i := range 60 {
		first.WriteString(row(i, ""))
		fmt.Fprintf(&second, "%s,%d,%d,%d\n", []string{"green", "pink", ""}[i%3], 100*i, i%5, i%2)
	}
	m, _ := savedBy(t, file(t, "first.csv", first.String()), "--target", "yes", "--epochs", "1")
	n, out := savedBy(t, file(t, "second.csv", second.String()), "--target", "yes", "--epochs", "1", "--init", m)
	a, b := readModel(t, m)["schema"].(map[string]any), readModel(t, n)["schema"].(map[string]any)
	for _, s := range []map[string]any{a, b} {
		withoutCounts(s["inputs"])
	}
	if !reflect.DeepEqual(a["inputs"], b["inputs"]) {
		t.Errorf("inputs are %v and were %v", b["inputs"], a["inputs"])
	}
	for _, say := range []string{`column "note" is not used: it is no input of the model that is trained further`, `"pink"`} {
		if !strings.Contains(out, say) {
			t.Errorf("it does not say %q:\n%s", say, out)
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(arraysOf(t, m))), slices.Sorted(maps.Keys(arraysOf(t, n)))) {
		t.Error("the models have other arrays")
	}
}

// TestPageOnFinetuning runs the commands of docs/finetuning.md, of which the second prints
// its notes.
func TestPageOnFinetuning(t *testing.T) {
	page := textOf(t, "../../docs/finetuning.md")
	t.Chdir(t.TempDir())
	done, printed := 0, ""
	for line := range strings.Lines(page) {
		if note, ok := strings.CutPrefix(line, "    note: "); ok && !strings.Contains(printed, "note: "+note) {
			t.Errorf("nothing says %s, but\n%s", note, printed)
		}
		command, ok := strings.CutPrefix(line, "    descent ")
		if !ok {
			continue
		}
		status, out, err := descent(words(command)...)
		if status != 0 {
			t.Fatalf("%s: status %d: %s", command, status, err)
		}
		done, printed = done+1, printed+out
	}
	if done != 3 {
		t.Errorf("%d commands", done)
	}
}
