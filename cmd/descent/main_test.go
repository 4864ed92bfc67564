package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/graph/graphtest"
	"descent/losses"
	"descent/ops/formula"
)

// descent runs the command in this process.
func descent(args ...string) (status int, out, err string) {
	var o, e bytes.Buffer
	status = run(context.Background(), args, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

// file writes a file of the given content.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// table makes a CSV text of n rows with two inputs, a class and a number.
func table(n int) string {
	var b strings.Builder
	b.WriteString("x,z,class,y\n")
	for i := range n {
		x, z := float64(i%7)-3, float64(i*i%11)-5
		class := "low"
		if x+z > 0 {
			class = "high"
		}
		fmt.Fprintf(&b, "%v,%v,%s,%v\n", x, z, class, 3*x-z+0.5)
	}
	return b.String()
}

// names makes a CSV text with a column of n different words.
func names(n int) string {
	b := []byte("name,y\n")
	for i := range n {
		b = fmt.Appendf(b, "n%d,%d.5\n", i, i)
	}
	return string(b)
}

// What goes wrong is told in one line, with the right status, without a panic.
func TestTrainErrors(t *testing.T) {
	good := file(t, "good.csv", table(60))
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string // in the message
	}{
		"no data":             {[]string{"train"}, 2, "0 arguments given; it is called as descent train"},
		"no such file":        {[]string{"train", "nowhere.csv", "--target", "y"}, 2, "no such file"},
		"slip":                {[]string{"train", "digit"}, 2, `did you mean "digits"`},
		"no target":           {[]string{"train", good}, 2, "--target is missing"},
		"wrong column":        {[]string{"train", good, "--target", "clas"}, 2, `did you mean "class"`},
		"drop":                {[]string{"train", good, "--target", "y", "--drop", "q"}, 2, `"q"`},
		"unknown flag":        {[]string{"train", good, "--traget", "y"}, 2, "unknown flag"},
		"unknown command":     {[]string{"trian"}, 2, `did you mean "train"`},
		"bad number":          {[]string{"train", good, "--target", "y", "--epochs", "x"}, 2, "epochs"},
		"no epochs":           {[]string{"train", good, "--target", "y", "--epochs", "0"}, 2, "--epochs 0"},
		"share":               {[]string{"train", good, "--target", "y", "--test", "1.5"}, 2, "1.5"},
		"shares":              {[]string{"train", good, "--target", "y", "--val", "0.5", "--test", "0.5"}, 2, "together they must be below 1"},
		"shares of bench":     {[]string{"bench", good, "--target", "y", "--val", "0.5", "--test", "0.6"}, 2, "together they must be below 1"},
		"negative seed":       {[]string{"train", good, "--target", "y", "--seed", "-1"}, 2, "a seed is a whole number from 0"},
		"no workers":          {[]string{"train", good, "--target", "y", "--workers", "0"}, 2, "--workers 0"},
		"model":               {[]string{"train", good, "--target", "y", "--model", "mpl(3)"}, 2, `"mpl(3)"`},
		"huge model":          {[]string{"train", good, "--target", "y", "--model", "mlp(1000000,1000000)"}, 2, "would have 1e+12 weights"},
		"raw classes":         {[]string{"train", good, "--target", "class", "--raw-target"}, 2, "--raw-target"},
		"activation":          {[]string{"train", good, "--target", "y", "--model", "mlp(3,act=rleu)"}, 2, "did you mean \"relu\""},
		"loss":                {[]string{"train", good, "--target", "y", "--loss", "hubr"}, 2, "huber"},
		"loss of classes":     {[]string{"train", good, "--target", "y", "--loss", "cross_entropy"}, 2, "is for classes"},
		"loss of numbers":     {[]string{"train", good, "--target", "class", "--loss", "poisson_nll"}, 2, "is for numbers"},
		"loss of amounts":     {[]string{"train", file(t, "a.csv", "x,y\n1,0\n2,0\n3,0\n4,2.5\n5,0\n6,0\n"), "--target", "y", "--task", "regression", "--loss", "gamma_nll"}, 1, "is for numbers above 0; the target has 0"},
		"loss of shares":      {[]string{"train", good, "--target", "y", "--loss", "beta_nll"}, 1, "is for numbers between 0 and 1; the target has"},
		"optimizer":           {[]string{"train", good, "--target", "y", "--optimizer", "adma"}, 2, "adam"},
		"no mover":            {[]string{"train", good, "--target", "y", "--optimizer", "clip(1)"}, 2, "no rule in it moves"},
		"task":                {[]string{"train", good, "--target", "y", "--task", "regresion"}, 2, "there are regression, classification"},
		"scaling":             {[]string{"train", good, "--target", "y", "--scaling", "std"}, 2, "there are standard, minmax and none"},
		"unknown":             {[]string{"train", good, "--target", "y", "--unknown", "drop"}, 2, "--unknown"},
		"separator":           {[]string{"train", good, "--target", "y", "--comma", ";;"}, 2, "one ASCII character is needed, or tab, or space"},
		"decimal":             {[]string{"train", good, "--target", "y", "--decimal", ";"}, 2, "there are '.' and ','"},
		"thousands":           {[]string{"train", good, "--target", "y", "--thousands", ".", "--decimal", "."}, 2, "not the decimal sign"},
		"split":               {[]string{"train", good, "--target", "y", "--split", "date"}, 2, "there are random and time"},
		"split without date":  {[]string{"train", good, "--target", "y", "--split", "time"}, 2, "no column of dates by which to split the rows; leave out --split"},
		"slip in a name":      {[]string{"train", good, "--target", "clas"}, 2, `did you mean "class"?`},
		"use of no column":    {[]string{"train", good, "--target", "y", "--use", "q"}, 2, `no column "q"`},
		"one column":          {[]string{"train", file(t, "a.csv", "a:y\n1:2\n3:4\n"), "--target", "y"}, 2, "name what separates them with --comma"},
		"control characters":  {[]string{"train", file(t, "a.csv", strings.Replace(typo(), "x5", "2\x00", 1)), "--target", "price"}, 1, "values are; correct it, or give --categorical price"},
		"workbook":            {[]string{"train", file(t, "a.xlsx", "PK\x03\x04......[Content_Types].xml......xl/workbook.xml"), "--target", "y"}, 1, "an Excel workbook (.xlsx), not text; save the sheet as CSV"},
		"own classes":         {[]string{"train", file(t, "a.csv", names(1500)), "--target", "name"}, 1, "they are no classes; choose another target, or give --task classification"},
		"numbers as header":   {[]string{"train", file(t, "a.csv", "1.5,2\n1,2\n"), "--target", "y"}, 1, "give --no-header"},
		"identifiers":         {[]string{"train", file(t, "a.csv", names(1500)), "--target", "y"}, 1, "give --use name to use it"},
		"constant target":     {[]string{"train", file(t, "a.csv", "x,y\n1,2.5\n2,2.5\n3,2.5\n"), "--target", "y"}, 1, "each row is 2.5"},
		"no rate":             {[]string{"train", good, "--target", "y", "--lr", "fast"}, 2, "neither a positive number nor find"},
		"negative rate":       {[]string{"train", good, "--target", "y", "--lr", "-1"}, 2, "neither a positive number nor find"},
		"two sorts of rate":   {[]string{"train", good, "--target", "y", "--optimizer", "adam(lr=1)", "--lr", "find"}, 2, "--lr find and lr=1"},
		"two rates":           {[]string{"train", good, "--target", "y", "--optimizer", "adam(lr=1)", "--lr", "2"}, 2, "given twice"},
		"schedule":            {[]string{"train", good, "--target", "y", "--schedule", "cosin"}, 2, "cosine"},
		"dtype":               {[]string{"train", good, "--target", "y", "--dtype", "float16"}, 2, "float16"},
		"monitor":             {[]string{"train", good, "--target", "y", "--monitor", "val_accuracy"}, 2, "val_accuracy"},
		"metric":              {[]string{"train", good, "--target", "y", "--metric", "rmsee"}, 2, "--metric: unknown metric \"rmsee\"; did you mean \"rmse\"?"},
		"metric's class":      {[]string{"train", "iris", "--monitor", "val_recall(class=rose)"}, 2, "there are setosa, versicolor, virginica"},
		"metric of scores":    {[]string{"train", "iris", "--loss", "multi_margin", "--metric", "log_loss"}, 2, "loss multi_margin gives none"},
		"calibration":         {[]string{"train", "iris", "--calibrate", "plat"}, 2, "--calibrate: no calibration \"plat\"; there are temperature, platt, isotonic, and none"},
		"calibrated numbers":  {[]string{"train", good, "--target", "y", "--calibrate", "platt"}, 2, "--calibrate is for classes"},
		"calibrated scores":   {[]string{"train", "iris", "--loss", "multi_margin", "--calibrate", "platt"}, 2, "--calibrate needs probabilities, and loss multi_margin gives none"},
		"aim":                 {[]string{"train", "breast_cancer", "--threshold", "f2"}, 2, "there are f1"},
		"aim of many":         {[]string{"train", "iris", "--threshold", "f1"}, 2, "--threshold is for two classes; species has 3"},
		"no weight":           {[]string{"train", file(t, "w.csv", "x,w,y\n1,1,2.5\n2,,4\n3,1,9\n4,2,1.5\n"), "-t", "y", "--weight", "w"}, 1, "w.csv:3: column \"w\": the weight \"(missing)\"; each row needs one of at least 0"},
		"negative weight":     {[]string{"train", file(t, "w.csv", "x,w,y\n1,1,2.5\n2,1,4\n3,-1,9\n4,2,1.5\n"), "-t", "y", "--weight", "w"}, 1, "w.csv:4: column \"w\": the weight \"-1\""},
		"weights of 0":        {[]string{"train", file(t, "w.csv", "x,w,y\n1,0,2.5\n2,0,4\n3,0,9\n4,0,1.5\n5,0,2\n6,0,1\n"), "-t", "y", "--weight", "w"}, 1, "have weight 0"},
		"weights of words":    {[]string{"train", good, "-t", "y", "--weight", "class"}, 2, "column \"class\" has no numbers; weights are numbers of at least 0; leave out --weight class"},
		"weight of no column": {[]string{"train", good, "-t", "y", "--weight", "zz"}, 2, "no column \"zz\""},
		"weight and target":   {[]string{"train", good, "-t", "y", "--weight", "y"}, 2, "\"y\" is the target, and cannot have the weights"},
		"weight and use":      {[]string{"train", good, "-t", "y", "--weight", "z", "--use", "z"}, 2, "it is no input"},
		"weights of a code":   {[]string{"train", "digits", "--model", "autoencoder(3)", "--class-weight", "balanced"}, 2, "are for models that predict a target"},
		"class weights":       {[]string{"train", "iris", "--class-weight", "setosa=1,virginca=2"}, 2, "did you mean \"virginica\"?"},
		"one class weight":    {[]string{"train", "iris", "--class-weight", "setosa=1,virginica=2"}, 2, "class versicolor has no weight"},
		"negative class":      {[]string{"train", "breast_cancer", "--class-weight", "benign=-1,malignant=2"}, 2, "the weight \"-1\" of benign: it is a number above 0"},
		"twice a class":       {[]string{"train", "breast_cancer", "--class-weight", "benign=1,benign=2"}, 2, "class benign is given twice"},
		"word of weights":     {[]string{"train", "breast_cancer", "--class-weight", "balance"}, 2, "balanced, or a weight for each class, such as malignant=20,benign=1"},
		"weighted numbers":    {[]string{"train", good, "-t", "y", "--class-weight", "balanced"}, 2, "the target is a number; --weight names a column"},
		"weighted formula":    {[]string{"train", "breast_cancer", "--loss", "cross_entropy(pred, target)", "--class-weight", "balanced"}, 2, "gives one number for all rows"},
		"weighted sum":        {[]string{"train", "breast_cancer", "--loss", "cross_entropy(reduction=sum)", "--class-weight", "balanced"}, 2, "leave the reduction out"},
		"weighted mixtures":   {[]string{"train", "digits", "--augment", "mixup(0.2)", "--class-weight", "balanced"}, 2, "mixup(0.2) mixes rows"},
		"resume without out":  {[]string{"train", good, "--target", "y", "--resume"}, 2, "--out"},
		"empty file":          {[]string{"train", file(t, "a.csv", ""), "--target", "y"}, 1, "empty"},
		"no rows":             {[]string{"train", file(t, "a.csv", "x,y\n"), "--target", "y"}, 1, "row"},
		"one row":             {[]string{"train", file(t, "a.csv", "x,y\n1,2\n"), "--target", "y"}, 1, "at least 2"},
		"three rows":          {[]string{"train", file(t, "a.csv", "x,y\n1,2.5\n3,4\n5,9\n"), "--target", "y", "--test", "0.1"}, 1, "rows leave none"},
		"constant column":     {[]string{"train", file(t, "a.csv", "x,y\n1,2.5\n1,4\n1,5\n"), "--target", "y", "--test", "0"}, 1, "no inputs are left"},
		"one class":           {[]string{"train", file(t, "a.csv", "x,y\n1,a\n2,a\n3,a\n"), "--target", "y"}, 1, "two classes"},
		"missing target":      {[]string{"train", file(t, "a.csv", "x,y\n1,\n2,\n"), "--target", "y"}, 1, `"y"`},
		"invalid UTF-8":       {[]string{"train", file(t, "a.csv", "x,y\n\xff\xfe,1\n2,3\n"), "--target", "y"}, 1, "UTF-8"},
		"10 MB in one field":  {[]string{"train", file(t, "a.csv", "x,y\n"+strings.Repeat("z", 10<<20)+",1\n"), "--target", "y"}, 1, "longer than"},
		"open quote":          {[]string{"train", file(t, "a.csv", "x,y\n\"1,2\n3,4\n"), "--target", "y"}, 1, "a.csv"},
		"ragged":              {[]string{"train", file(t, "a.csv", "x,y\n1,2\n3\n"), "--target", "y"}, 1, "a.csv:3"},
		"infinite":            {[]string{"train", file(t, "a.csv", "x,y\n1e999,2\n3,4\n"), "--target", "y"}, 1, "infinite"},
		"not a CSV file":      {[]string{"train", file(t, "a.csv", "\x00\x01\x02"), "--target", "y"}, 1, "a.csv"},
		"negative counts":     {[]string{"train", good, "--target", "y", "--loss", "poisson"}, 1, "counts"},
		"diverges":            {[]string{"train", good, "--target", "y", "--optimizer", "sgd(lr=1e30)"}, 1, "diverged at step"},
		"folder":              {[]string{"train", t.TempDir(), "--target", "y"}, 1, ""},
		"out is a file":       {[]string{"train", good, "--target", "y", "--out", good}, 1, "good.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, err := descent(c.args...)
			if status != c.status || !strings.Contains(err, c.want) {
				t.Errorf("status %d, want %d; error %q, want %q in it", status, c.status, err, c.want)
			}
			if strings.Count(err, "\n") != 1 || strings.Contains(err, "panic") || len(err) > 1000 {
				t.Errorf("the error is not one line: %q", err)
			}
			t.Log(strings.TrimSpace(err))
		})
	}
}

// Data with gaps and words work, and say what was done with them.
func TestTrainWithGaps(t *testing.T) {
	text := "x,town,constant,y\n"
	for i := range 40 {
		x := fmt.Sprint(i)
		if i%9 == 0 {
			x = ""
		}
		text += fmt.Sprintf("%s,%s,7,%v\n", x, []string{"Rome", "Oslo", ""}[i%3], 2.5*float64(i))
	}
	status, out, err := descent("train", file(t, "a.csv", text), "--target", "y", "--epochs", "3")
	if status != 0 {
		t.Fatalf("status %d: %s", status, err)
	}
	for _, want := range []string{`column "constant" is not used`, "missing in the training rows", "regression of y", "R2", "residuals"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// Every loss of the table that fits a task can be trained and saved, and
// predicts.
func TestTrainThenPredict(t *testing.T) {
	path := file(t, "a.csv", table(80))
	for _, c := range []struct{ target, loss, model string }{
		{"y", "mse", "linear"}, {"y", "huber(delta=2)", "mlp(4,act=tanh)"}, {"y", "gaussian_nll", "mlp(4)"},
		{"class", "cross_entropy", "mlp(4,norm=batch,dropout=0.1)"}, {"class", "bce_logits", "logistic"}, {"class", "bce", "linear"},
		{"class", "hinge", "linear"}, {"class", "nll", "softmax"}, {"class", "mse", "mlp(4,norm=layer)"},
	} {
		t.Run(c.loss, func(t *testing.T) {
			dir := t.TempDir()
			status, out, err := descent("train", path, "--target", c.target, "--loss", c.loss, "--model", c.model, "--epochs", "4", "--out", dir, "--json")
			if status != 0 {
				t.Fatalf("status %d: %s", status, err)
			}
			var r report
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if len(r.Epochs) != 4 || r.Scores["loss"] == 0 {
				t.Errorf("%d epochs, scores %v", len(r.Epochs), r.Scores)
			}
			status, out, err = descent("predict", dir, path)
			if status != 0 {
				t.Fatalf("status %d: %s", status, err)
			}
			rows, e := csv.NewReader(strings.NewReader(out)).ReadAll()
			if e != nil || len(rows) != 81 || rows[0][0] != "prediction" {
				t.Errorf("%d lines, %v: %.80s", len(rows), e, out)
			}
			status, out, _ = descent("predict", dir, path, "--json")
			var list []prediction
			if e := json.Unmarshal([]byte(out), &list); status != 0 || e != nil || len(list) != 80 {
				t.Errorf("status %d, %v: %.80s", status, e, out)
			}
			if log, e := os.ReadFile(filepath.Join(dir, logFile)); e != nil || bytes.Count(log, []byte("\n")) != 4 {
				t.Errorf("the log: %v, %s", e, log)
			}
		})
	}
}

func TestPredictErrors(t *testing.T) {
	path := file(t, "a.csv", table(60))
	dir := t.TempDir()
	if status, _, err := descent("train", path, "--target", "class", "--epochs", "2", "--out", dir, "-q"); status != 0 {
		t.Fatal(err)
	}
	broken := t.TempDir()
	text, _ := os.ReadFile(filepath.Join(dir, modelFile))
	os.WriteFile(filepath.Join(broken, modelFile), bytes.Replace(text, []byte(`"features": 3`), []byte(`"features": 30`), 1), 0o644)
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no model":       {[]string{t.TempDir(), path}, 2, "not a folder that train"},
		"damaged":        {[]string{broken, path}, 1, "checksum"},
		"no such file":   {[]string{dir, "nowhere.csv"}, 2, "no such file"},
		"missing column": {[]string{dir, file(t, "b.csv", "x,y\n1,2\n")}, 1, `b.csv: no column "z"`},
		"word":           {[]string{dir, file(t, "b.csv", "x,z,y\na,2,3\n")}, 1, "not a number"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, err := descent(append([]string{"predict"}, c.args...)...)
			if status != c.status || !strings.Contains(err, c.want) || strings.Count(err, "\n") != 1 {
				t.Errorf("status %d, want %d: %q", status, c.status, err)
			}
		})
	}
}

// An interrupted run saves and reports, and can be resumed.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	args := []string{"train", "iris", "--epochs", "5", "--out", dir}
	if status := run(ctx, args, nil, &out, &errs); status != exitInterrupted {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	if !strings.Contains(out.String(), "stopped: interrupted") || !strings.Contains(errs.String(), "interrupted after 0 steps") {
		t.Errorf("%s\n%s", out.String(), errs.String())
	}
	status, first, err := descent(append(args, "--resume", "--json")...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, err)
	}
	_, second, _ := descent("train", "iris", "--epochs", "5", "--json")
	var a, b report
	if json.Unmarshal([]byte(first), &a) != nil || json.Unmarshal([]byte(second), &b) != nil || a.Scores["loss"] != b.Scores["loss"] {
		t.Errorf("resumed: %s\nin one go: %s", first, second)
	}
}

func TestShow(t *testing.T) {
	status, out, err := descent("show", "mlp(8)", "--batch", "16")
	if status != 0 || !strings.Contains(out, "Layer (type)") || !strings.Contains(out, "dot[16x4x8]") {
		t.Errorf("status %d: %s\n%s", status, err, out)
	}
	status, out, _ = descent("show", "logistic", "--graph", "-")
	if status != 0 || !strings.HasPrefix(out, "digraph {") || !strings.Contains(out, `label="dense.w\n4x1"`) || strings.Count(out, "{") != strings.Count(out, "}") {
		t.Errorf("status %d: %s", status, out)
	}
	path := filepath.Join(t.TempDir(), "g.dot")
	if status, _, err := descent("show", "linear", "--graph", path); status != 0 {
		t.Error(err)
	} else if text, _ := os.ReadFile(path); !bytes.HasPrefix(text, []byte("digraph {")) {
		t.Errorf("%s", text)
	}
	for _, args := range [][]string{{"show", "nothing"}, {"show", "linear", "--batch", "0"}, {"show", "linear", "--optimizer", "x"}, {"show", "linear", "--loss", "hinge"}} {
		if status, _, err := descent(args...); status != exitUsage || strings.Count(err, "\n") != 1 {
			t.Errorf("%v: status %d: %s", args, status, err)
		}
	}
}

// A picture is drawn by Graphviz; without it, that is said.
func TestShowPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.PNG")
	status, _, err := descent("show", "linear", "--graph", path)
	if _, none := exec.LookPath("dot"); none != nil {
		if status != exitFailure || !strings.Contains(err, "needs Graphviz") {
			t.Errorf("status %d: %s", status, err)
		}
		return
	}
	if text, _ := os.ReadFile(path); status != 0 || !bytes.HasPrefix(text, []byte("\x89PNG")) {
		t.Errorf("status %d: %s; %.20q", status, err, text)
	}
}

// --lr is for the optimizer that is chosen when none is given, too.
func TestRateOfTheDefault(t *testing.T) {
	status, out, err := descent("train", "iris", "--lr", "0.01", "--epochs", "1")
	if status != 0 || !strings.Contains(out, "adam at learning rate 0.01") {
		t.Errorf("status %d: %s\n%s", status, err, out)
	}
}

// A loss of a logarithm or logit begins at that of the mean, so that a few epochs suffice
// for targets of any size; what it predicts, saved and read again, is in the target's unit.
func TestLossesWithALink(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("x,amount,share,count\n")
	for i := range 120 {
		x := float64(i%40) / 40
		noise := 1 + 0.1*float64(i%7-3)
		fmt.Fprintf(&rows, "%v,%.4g,%.4g,%d\n", x, 5e4*math.Exp(x)*noise, noise/(1.5+math.Exp(3-4*x)), int(900*math.Exp(x)*noise))
	}
	path := file(t, "links.csv", rows.String())
	for target, loss := range map[string]string{"amount": "gamma_nll(shape=5)", "share": "beta_nll", "count": "negative_binomial_nll(alpha=0.1)"} {
		dir := filepath.Join(t.TempDir(), "m")
		status, out, errs := descent("train", path, "--target", target, "--use", "x", "--loss", loss, "--model", "linear", "--lr", "0.1", "--epochs", "40", "--folds", "0", "--out", dir, "--json")
		var r struct{ Scores map[string]float64 }
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || !(r.Scores["r2"] > 0.6) {
			t.Errorf("%s: status %d, %v, %v %s", target, status, err, r.Scores, errs)
			continue
		}
		_, out, _ = descent("predict", dir, path)
		first, _, _ := strings.Cut(strings.TrimPrefix(out, "prediction\n"), "\n")
		x, err := strconv.ParseFloat(first, 64)
		if want := map[string]float64{"amount": 5e4, "share": 0.05, "count": 900}[target]; err != nil || !(math.Abs(math.Log(x/want)) < 0.5) {
			t.Errorf("%s: predicts %q at x = 0, about %v is right", target, first, want)
		}
		r.Scores = nil // trained further it stays what it is, and begins anew where the loss is another
		for _, loss := range []string{loss, "mse"} {
			if _, out, errs = descent("train", path, "--target", target, "--loss", loss, "--init", dir, "--lr", "0.01", "--epochs", "20", "--folds", "0", "--json"); json.Unmarshal([]byte(out), &r) != nil || !(r.Scores["r2"] > 0.3) {
				t.Errorf("%s from that model, with %s: %v %s", target, loss, r.Scores, errs)
			}
		}
	}
}

// The numbers in the README are those of the tables.
func TestReadmeCounts(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	smooth := 0 // the others, such as argmax, have nothing to differentiate by
	for _, c := range formula.Table {
		if len(c.Domain) == 0 || slices.ContainsFunc(c.Domain, func(d graphtest.Domain) bool { return !d.Fixed }) {
			smooth++
		}
	}
	if want := fmt.Sprintf("gradients of %d operations and %d losses,", smooth, len(losses.Table)); !bytes.Contains(text, []byte(want)) {
		t.Errorf("README.md does not say %q", want)
	}
}

func TestShowSchedule(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.svg")
	status, out, err := descent("show", "schedule", "cosine(steps=50)", "--plot", path)
	if status != 0 || strings.Count(out, "\n") != 12 || !strings.Contains(out, " 49 step") || !strings.Contains(out, "█") {
		t.Errorf("status %d: %s\n%s", status, err, out)
	}
	if text, _ := os.ReadFile(path); !bytes.Contains(text, []byte("<svg")) {
		t.Errorf("%.100s", text)
	}
	if status, _, _ := descent("show", "schedule", "cosin"); status != exitUsage {
		t.Errorf("status %d", status)
	}
	if status, out, _ := descent("show", "schedule", "constant(lr=0)"); status != 0 {
		t.Error(out)
	}
}

func TestQuoteDOT(t *testing.T) {
	if got := quoteDOT("a\"b\\c\nd"); got != `"a\"b\\c\nd"` {
		t.Error(got)
	}
}

func TestVersionAndHelp(t *testing.T) {
	if status, out, _ := descent("--version"); status != 0 || !strings.HasPrefix(out, "descent ") || strings.Count(out, "\n") != 1 {
		t.Errorf("status %d: %q", status, out)
	}
	if status, out, _ := descent(); status != 0 || !strings.Contains(out, "train") {
		t.Errorf("status %d: %q", status, out)
	}
}

// What train chooses by itself is good, on the mean of some seeds: in accuracy,
// and in the log loss, which is that of the probabilities that predict prints.
func TestDefaultsAreGood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for set, want := range map[string]struct{ accuracy, loss float64 }{"digits": {0.97, 0.12}, "iris": {0.95, 0.12}, "breast_cancer": {0.96, 0.16}, "wine": {0.97, 0.1}} {
		mean, loss, seeds := 0.0, 0.0, 10
		for seed := range seeds {
			status, out, err := descent("train", set, "--json", "-q", "--seed", fmt.Sprint(seed+1))
			var r report
			if status != 0 || json.Unmarshal([]byte(out), &r) != nil {
				t.Fatalf("status %d: %s", status, err)
			}
			mean += r.Scores["accuracy"] / float64(seeds)
			loss += r.Scores["loss"] / float64(seeds)
		}
		t.Logf("%s: accuracy %.4f, log loss %.4f", set, mean, loss)
		if mean < want.accuracy || loss > want.loss {
			t.Errorf("%s: accuracy %.4f, log loss %.4f, want %v", set, mean, loss, want)
		}
	}
}
