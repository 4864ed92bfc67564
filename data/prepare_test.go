package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tol*(1+math.Abs(want[i]))) {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], want[i])
		}
	}
}

// column returns column j of d.X.
func column(d *Dataset, j int) []float64 {
	var v []float64
	for i := range d.Rows() {
		v = append(v, d.X.Row(nil, i)[j])
	}
	return v
}

// Means and deviations of iris as numpy 1.24 computes them.
func TestStandardGolden(t *testing.T) {
	p := mustPrepare(t, "iris", Options{Scaling: Standard})
	var offset, scale []float64
	for _, in := range p.Schema.Inputs {
		offset, scale = append(offset, in.Offset), append(scale, in.Scale)
	}
	near(t, "mean", offset, []float64{5.843333333333334, 3.057333333333333, 3.758, 1.1993333333333334}, 1e-14)
	near(t, "deviation", scale, []float64{0.8253012917851409, 0.43441096773549437, 1.7594040657753032, 0.7596926279021594}, 1e-14)
	near(t, "first row", p.Train.X.Numbers()[:1], []float64{(5.1 - 5.843333333333334) / 0.8253012917851409}, 1e-14)
}

// At the optimum that scikit-learn 1.2.1 found for standardised iris, the
// objective is what it says, which needs every row, its class and its scaling
// to be right.
func TestIrisAgreesWithScikitLearn(t *testing.T) {
	w := [3][5]float64{ // four weights and the bias of each class
		{-0.46683342966786295, 0.46300363059715494, -0.6883977425646326, -0.6448192988267859, -0.29951228583762596},
		{0.10439488836538133, -0.40386978341123886, 0.07692105032004068, -0.137983209024983, 0.5549721507157841},
		{0.36243854130248176, -0.05913384718591619, 0.6114766922445919, 0.7828025078517685, -0.25545986487815864},
	}
	const lambda, want, wantAccuracy = 0.1, 0.5059222135435042, 0.92
	d := mustPrepare(t, "iris", Options{Scaling: Standard}).Train
	loss, right := 0.0, 0
	for i, class := range d.Class {
		var logit [3]float64
		x, sum := d.X.Row(nil, i), 0.0
		for c := range logit {
			logit[c] = w[c][4]
			for j := range 4 {
				logit[c] += w[c][j] * x[j]
			}
			sum += math.Exp(logit[c])
		}
		loss += math.Log(sum) - logit[class]
		if logit[class] == slices.Max(logit[:]) {
			right++
		}
	}
	loss /= float64(d.Rows())
	for _, row := range w {
		for _, v := range row[:4] {
			loss += 0.5 * lambda * v * v
		}
	}
	near(t, "objective", []float64{loss}, []float64{want}, 1e-13)
	near(t, "accuracy", []float64{float64(right) / 150}, []float64{wantAccuracy}, 1e-13)
}

func TestMinMax(t *testing.T) {
	d := mustPrepare(t, "iris", Options{Scaling: MinMax}).Train
	for j := range d.Features() {
		if v := column(d, j); slices.Min(v) != 0 || slices.Max(v) != 1 {
			t.Errorf("input %d is from %v to %v", j, slices.Min(v), slices.Max(v))
		}
	}
	// Fisher's petal lengths are from 1.0 to 6.9.
	near(t, "petal length", d.X.Numbers()[2:3], []float64{(1.4 - 1) / 5.9}, 1e-15)
}

// Large offsets must not cost digits.
func TestMeanAndDeviation(t *testing.T) {
	for _, offset := range []float64{0, 1e6, 1e12, -1e15} {
		m, sd := meanAndDeviation([]float64{offset + 2, offset + 4, offset + 4, offset + 4, offset + 5, offset + 5, offset + 7, offset + 9})
		if m != offset+5 || sd != 2 {
			t.Errorf("offset %g: mean %v, deviation %v", offset, m-offset, sd)
		}
	}
}

// The numbers of a schema come from the training rows: whatever the other rows
// hold, the schema and the training part stay the same to the bit.
func TestScalingIsFittedOnTrainingRowsOnly(t *testing.T) {
	const n = 60
	for _, scaling := range []Scaling{Unscaled, Standard, MinMax} {
		table := func(spoil func(row int) bool) *Table {
			r := rand.New(rand.NewPCG(7, 7))
			a, b, y := make([]float64, n), make([]float64, n), make([]float64, n)
			for i := range n {
				a[i], b[i], y[i] = r.NormFloat64(), r.Float64(), r.Float64()
				if i%7 == 0 {
					b[i] = math.NaN()
				}
				if spoil(i) {
					a[i], b[i], y[i] = 1e6+float64(i), -1e9, 1e12
				}
			}
			tb, err := NewTable("t", Column{Name: "a", Kind: Numeric, Values: ArrayOf(a, 1)}, Column{Name: "b", Kind: Numeric, Values: ArrayOf(b, 1)}, Column{Name: "y", Kind: Numeric, Values: ArrayOf(y, 1)})
			if err != nil {
				t.Fatal(err)
			}
			return tb
		}
		o := Options{Scaling: scaling, Fractions: Fractions{0.2, 0.3}, Seed: 11}
		rows, err := splitRows(n, nil, o.Fractions, o.Seed)
		if err != nil {
			t.Fatal(err)
		}
		fit := func(spoil func(int) bool) *Parts {
			p, err := Prepare(table(spoil), "y", o)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		clean := fit(func(int) bool { return false })
		held := fit(func(row int) bool { return !slices.Contains(rows[0], row) })
		if !reflect.DeepEqual(clean.Schema, held.Schema) || !slices.Equal(clean.Train.X.Numbers(), held.Train.X.Numbers()) || !slices.Equal(clean.Train.Y, held.Train.Y) {
			t.Errorf("%q: held-out rows changed the training part", scaling)
		}
		if slices.Equal(clean.Test.X.Numbers(), held.Test.X.Numbers()) {
			t.Errorf("%q: the test rows were not changed; the test tests nothing", scaling)
		}
		train := fit(func(row int) bool { return row == rows[0][3] })
		if reflect.DeepEqual(clean.Schema, train.Schema) {
			t.Errorf("%q: a training row did not change the schema", scaling)
		}
	}
}

const people = `id,age,city,smokes,empty,const,y
1,20,Rome,no,,7,1.5
2,30,Oslo,yes,,7,2.5
3,,Oslo,,NA,7,3.5
4,50,Rome,no,,,
5,40,Bern,no,,7,4.5
`

func TestPrepare(t *testing.T) {
	table := mustRead(t, people, CSVOptions{})
	p, err := Prepare(table, "y", Options{Drop: []string{"id"}})
	if err != nil {
		t.Fatal(err)
	}
	d := p.Train
	if got, want := strings.Join(d.Inputs, " "), "age city=Bern city=Oslo city=Rome smokes=no smokes=yes smokes=(missing)"; got != want {
		t.Errorf("inputs %s, want %s", got, want)
	}
	near(t, "X", d.X.Numbers(), []float64{
		20, 0, 0, 1, 1, 0, 0,
		30, 0, 1, 0, 0, 1, 0,
		30, 0, 1, 0, 0, 0, 1, // the mean of 20, 30, 40
		40, 1, 0, 0, 1, 0, 0,
	}, 0)
	near(t, "Y", d.Y, []float64{1.5, 2.5, 3.5, 4.5}, 0)
	if d.Dropped != 1 || d.Missing != 2 || d.Target != "y" || d.Class != nil {
		t.Errorf("%d rows dropped, %d cells missing, target %q", d.Dropped, d.Missing, d.Target)
	}
	want := []string{
		`column "id" is not used: dropped on request`,
		`column "empty" is not used: all values are missing`,
		`column "const" is not used: each value is "7"`,
		`column "age": 1 missing in the training rows, set to their mean 30`,
		`column "smokes": 1 missing in the training rows, as the level (missing)`,
		`target "y": 1 rows left out because it is missing`,
	}
	if got := texts(p.Notes); !slices.Equal(got, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p.Val.Rows() != 0 || p.Test.Rows() != 0 {
		t.Error("parts that were not asked for have rows")
	}
}

func texts(notes []Note) (list []string) {
	for _, n := range notes {
		list = append(list, n.String())
	}
	return list
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		name, cells string
		task        Task
		want        Target
	}{
		{"words", "b a b", "", Target{Task: Classification, Classes: []string{"a", "b"}}},
		{"zero and one", "0 1 1", "", Target{Task: Classification, Classes: []string{"0", "1"}}},
		{"zero to nine", "0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9", "", Target{Task: Classification, Classes: strings.Fields("0 1 2 3 4 5 6 7 8 9")}},
		{"counts", "0 1 2 3 4 5 6 7 8 9 10 11 0 1 2 3 4 5 6 7 8 9 10 11", "", Target{Task: Regression}},
		{"a line", "0 1 2 3 4 5 6 7 8 9", "", Target{Task: Regression}},
		{"a short line", "1 2 3", "", Target{Task: Regression}},
		{"a gap", "0 1 3 4 0 1 3 4", "", Target{Task: Regression}},
		{"three", "1 2 3 1 2 3 1 2 3", "", Target{Task: Classification, Classes: []string{"1", "2", "3"}}},
		{"from one", "1 2 3 4 1 2 3 4 1 2 3 4", "", Target{Task: Regression}},
		{"fractions", "0 1 0.5 0 1 0.5 0 1 0.5", "", Target{Task: Regression}},
		{"two", "4 2 2 2 4 2", "", Target{Task: Classification, Classes: []string{"2", "4"}}},
		{"negative", "-1 0 1 -1 0 1 1 1 1", "", Target{Task: Classification, Classes: []string{"-1", "0", "1"}}},
		{"classes by order", "10 5.5 -1", Classification, Target{Task: Classification, Classes: []string{"-1", "5.5", "10"}}},
		{"number by order", "0 1 2 0 1 2", Regression, Target{Task: Regression}},
	} {
		text := "x,t\n"
		for i, cell := range strings.Fields(c.cells) {
			text += fmt.Sprintf("%d,%s\n", i, cell)
		}
		p, err := Prepare(mustRead(t, text, CSVOptions{}), "t", Options{Task: c.task})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		c.want.Name = "t"
		if !reflect.DeepEqual(p.Schema.Target, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, p.Schema.Target, c.want)
		}
		if p.Train.Class != nil {
			for i, cell := range strings.Fields(c.cells) {
				if got := p.Train.Classes[p.Train.Class[i]]; got != cell {
					t.Errorf("%s: row %d is of class %s, want %s", c.name, i, got, cell)
				}
			}
		}
	}
}

func TestPrepareErrors(t *testing.T) {
	words := "w,y\n"
	for i := range 1001 {
		words += fmt.Sprintf("w%d,%d\n", i, i)
	}
	for _, c := range []struct {
		name, text, target string
		o                  Options
		want               string
	}{
		{"no target", people, "", Options{}, `t.csv: no target is named; columns are "id", "age"`},
		{"no such target", people, "yy", Options{}, `t.csv: no column "yy"; columns are`},
		{"no such column to drop", people, "y", Options{Drop: []string{"agee"}}, `t.csv: no column "agee"; columns are "id", "age", "city", "smokes", "empty", "const", "y" (did you mean "age"?)`},
		{"target dropped", people, "y", Options{Drop: []string{"y"}}, `t.csv: "y" is the target; take it out of Drop`},
		{"used and dropped", people, "y", Options{Drop: []string{"age"}, Use: []string{"age"}}, `t.csv: "age" is both to be used and to be dropped; take it out of Use, or take it out of Drop`},
		{"split", people, "y", Options{Split: "date"}, `unknown split "date"; known ones are "random", "time"`},
		{"scaling", people, "y", Options{Scaling: "standart"}, `unknown scaling "standart"; known ones are "standard", "minmax" (did you mean "standard"?)`},
		{"task", people, "y", Options{Task: "classify"}, `unknown task "classify"`},
		{"policy", people, "y", Options{Unknown: "ignore"}, `unknown policy "ignore"; known ones are "missing", "refuse"`},
		{"negative limit", people, "y", Options{MaxLevels: -1}, "MaxLevels is -1"},
		{"one row", "x,y\n1,2\n", "y", Options{}, `t.csv: rows with a value of "y": 1; at least 2 are needed`},
		{"no targets", "x,y\n1,\n2,\n", "y", Options{}, `rows with a value of "y": 0`},
		{"one class", "x,y\n1,a\n2,a\n", "y", Options{}, `t.csv: column "y": each row is "a"; a classification needs two classes`},
		{"one number", "x,y\n1,2\n2,2\n", "y", Options{}, `t.csv: column "y": each row is 2; there is nothing to predict`},
		{"words as numbers", "x,y\n1,a\n2,b\n", "y", Options{Task: Regression}, `t.csv:2: column "y": "a" is not a number`},
		{"own classes", words, "w", Options{}, `t.csv: column "w" has 1001 different words in 1001 rows, such as "w0", "w1", "w10", "w100" and 997 more: they are no classes; choose another target, or set Task`},
		{"too many classes", words, "w", Options{Task: Classification}, `t.csv: column "w" has 1001 different values, too many for classes`},
		{"too many levels", words, "y", Options{Use: []string{"w"}}, `t.csv: column "w": 1001 different words in 1001 rows, each of which would be an input (at most 1000); drop the column, or raise MaxLevels`},
		{"no inputs", "x,y\n1,1\n1,2\n", "y", Options{}, `t.csv: no inputs are left besides the target "y": "x" (each value is "1")`},
		{"target only", "y\n1\n2\n", "y", Options{}, "the table has no other column"},
		{"shape", people, "y", Options{Shape: []int{2, 2}}, "t.csv: shape [2 2] does not hold its"},
		{"too large", "x,y\n-1.5e308,1\n1.5e308,2\n", "y", Options{Scaling: MinMax}, `column "x": values from -1.5e+308 to 1.5e+308 are too large`},
		{"empty part", people, "y", Options{Fractions: Fractions{Test: 0.01}}, "t.csv: 4 rows leave none for testing"},
		{"same input twice", "a=b,a,y\n1,b,1\n2,c,2\n", "y", Options{}, `two inputs would be called "a=b"; rename a column`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Prepare(mustRead(t, c.text, CSVOptions{}), c.target, c.o)
			if err == nil {
				t.Fatalf("no error, want %q", c.want)
			}
			wantError(t, err, c.want)
		})
	}
}

// A column without a value in the training rows has no mean.
func TestMissingInTrainingRows(t *testing.T) {
	o := Options{Fractions: Fractions{Test: 0.5}, Seed: 1}
	rows, err := splitRows(8, nil, o.Fractions, o.Seed)
	if err != nil {
		t.Fatal(err)
	}
	x, y := make([]float64, 8), make([]float64, 8)
	for i := range x {
		x[i], y[i] = math.NaN(), float64(i)+0.5
	}
	x[rows[2][0]], x[rows[2][1]] = 1, 2
	table, err := NewTable("t", Column{Name: "x", Kind: Numeric, Values: ArrayOf(x, 1)}, Column{Name: "y", Kind: Numeric, Values: ArrayOf(y, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prepare(table, "y", o)
	wantError(t, err, `t: column "x": all values are missing in the training rows`)
}

// What the inputs are does not depend on the seed, even where a level or a
// difference is in one row only.
func TestInputsDoNotDependOnSeed(t *testing.T) {
	text := "w,c,x,y\n"
	for i := range 40 {
		w, c := "common", "0"
		if i == 17 {
			w, c = "rare", "1"
		}
		if i == 18 {
			w = ""
		}
		text += fmt.Sprintf("%s,%s,%d,%d.5\n", w, c, i*i%11, i)
	}
	table := mustRead(t, text, CSVOptions{})
	for seed := range uint64(30) {
		p, err := Prepare(table, "y", Options{Scaling: Standard, Fractions: Fractions{0.2, 0.2}, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Join(p.Train.Inputs, " "), "w=common w=rare w=(missing) c x"; got != want {
			t.Fatalf("seed %d: inputs %s, want %s", seed, got, want)
		}
	}
}

func TestDropAndKeep(t *testing.T) {
	table := mustRead(t, people, CSVOptions{})
	p, err := Prepare(table, "y", Options{KeepConstant: true, Drop: []string{"city", "smokes"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Train.Inputs, []string{"id", "age", "const"}; !slices.Equal(got, want) {
		t.Errorf("inputs %v, want %v", got, want)
	}
	p, err = Prepare(table, "y", Options{Scaling: Standard, Shape: []int{1, 3}, Drop: []string{"city", "smokes"}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "constant column", column(p.Train, 2), []float64{0, 0, 0, 0}, 0)
	if !slices.Equal(p.Train.Shape, []int{1, 3}) {
		t.Errorf("shape %v", p.Train.Shape)
	}
}

// The widest table that is read takes well under a second; time that grows with
// the square of the columns would be a minute.
func TestWideTable(t *testing.T) {
	const n = 65000
	text := strings.Join(numbered("c", n), ",") + "\n"
	for i := range 4 {
		text += strings.Repeat(fmt.Sprintf(",%d.5", i*i), n)[1:] + "\n"
	}
	start := time.Now()
	p, err := Prepare(mustRead(t, text, CSVOptions{}), "c64999", Options{Scaling: Standard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Schema.Apply(mustRead(t, text, CSVOptions{Schema: p.Schema})); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(mustRead(t, text, CSVOptions{}), "c64999", Options{Drop: p.Train.Inputs[1:]}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("%v for %d columns", took, n)
	}
	if p.Train.Features() != n-1 {
		t.Errorf("%d inputs", p.Train.Features())
	}
}
