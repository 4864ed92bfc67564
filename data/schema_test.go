package data

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const fruit = `colour,grade,weight,kind
red,1,100,apple
green,2,150,pear
red,3,120,apple
yellow,1,110,lemon
`

func fruitSchema(t *testing.T, o Options) *Schema {
	t.Helper()
	table := mustRead(t, fruit, CSVOptions{Kinds: map[string]Kind{"grade": Categorical}})
	p, err := Prepare(table, "kind", o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Schema
}

func TestApply(t *testing.T) {
	s := fruitSchema(t, Options{Scaling: MinMax})
	// Other order, another column, no target, and grade read as a number.
	d, err := s.Apply(mustRead(t, "weight,extra,grade,colour\n100,x,2,yellow\n,y,1.0,red\n", CSVOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	want := []float64{
		0, 0, 1, 0, 1, 0, 0,
		0, 1, 0, 1, 0, 0, 0.4, // the mean weight is 120
	}
	near(t, "X", d.X.Numbers(), want, 1e-15)
	if d.Y != nil || d.Class != nil || d.Missing != 1 || d.Rows() != 2 {
		t.Errorf("%+v", d)
	}
}

// A level is found however its number is written, also where the new file's
// column holds words too; a word that no level is, is not taken for one.
func TestApplyFindsNumbersAmongWords(t *testing.T) {
	s := fruitSchema(t, Options{Unknown: UnknownMissing})
	grades := s.Inputs[1].Levels // 1, 2, 3, (missing)
	d, err := s.Apply(mustRead(t, "colour,grade,weight\nred,1.0,1\nred,x,1\nred,2e0,1\nred,+3,1\nred,1.5,1\nred,2,1\n", CSVOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	at := len(s.Inputs[0].Levels)
	for i, want := range []int{0, 3, 1, 2, 3, 1} {
		for k := range grades {
			if got := d.X.Row(nil, i)[at+k]; got != float64(map[bool]int{true: 1}[k == want]) {
				t.Errorf("row %d: level %s is %v, want level %s", i, grades[k], got, grades[want])
			}
		}
	}
}

// Rows without a target are predicted, but not measured.
func TestApplyLabelled(t *testing.T) {
	s := fruitSchema(t, Options{})
	table := mustRead(t, "weight,grade,colour,kind\n100,2,green,\n100,1,red,pear\n", CSVOptions{})
	d, err := s.ApplyLabelled(table)
	if err != nil {
		t.Fatal(err)
	}
	if d.Rows() != 1 || d.Dropped != 1 || !slices.Equal(d.Class, []int{2}) || d.Classes[2] != "pear" {
		t.Errorf("%+v", d)
	}
	if d, err = s.Apply(table); err != nil || d.Rows() != 2 {
		t.Errorf("%v", err)
	}
	_, err = s.ApplyLabelled(mustRead(t, "weight,grade,colour,kind\n1,1,red,peer\n", CSVOptions{}))
	wantError(t, err, `t.csv:2: column "kind": unknown class "peer"; known are "apple", "lemon", "pear" (did you mean "pear"?)`)
	_, err = s.ApplyLabelled(mustRead(t, "weight,grade,colour\n1,1,red\n", CSVOptions{}))
	wantError(t, err, `t.csv: no column "kind"; columns are "weight"`)
	_, err = s.ApplyLabelled(mustRead(t, "weight,grade,colour,kind\n1,1,red,\n", CSVOptions{}))
	wantError(t, err, `t.csv: column "kind": the target is missing in every row`)
}

func TestApplyErrors(t *testing.T) {
	s := fruitSchema(t, Options{Scaling: MinMax, Unknown: UnknownRefuse})
	for _, c := range []struct{ text, want string }{
		{"color,grade,weight\nred,1,1\n", `t.csv: no column "colour"; columns are "color", "grade", "weight" (did you mean "color"?)`},
		{"colour,grade,weight\nred,1,1\n\nred,4,1\n", `t.csv:4: column "grade": unknown level "4"; known are "1", "2", "3"; correct it, or set Unknown to "missing" before training`},
		{"colour,grade,weight\ngren,1,1\n", `t.csv:2: column "colour": unknown level "gren"; known are "green", "red", "yellow" (did you mean "green"?)`},
		{"colour,grade,weight\n,1,1\nred,1,1\n", `t.csv:2: column "colour": unknown level "(missing)"`},
		{"colour,grade,weight\nred,1,heavy\n", `t.csv:2: column "weight": "heavy" is not a number`},
		{"colour,grade,weight\nred,1,1\nred,1,heavy\n", `t.csv:3: column "weight": "heavy" is not a number`},
	} {
		_, err := s.Apply(mustRead(t, c.text, CSVOptions{}))
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
}

func TestUnknownMissing(t *testing.T) {
	s := fruitSchema(t, Options{Unknown: UnknownMissing, Drop: []string{"weight"}})
	d, err := s.Apply(mustRead(t, "colour,grade\nblue,\n", CSVOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "X", d.X.Numbers(), []float64{0, 0, 0, 0, 0, 0}, 0) // no level of either column
	if got, want := texts(d.Notes), []string{`column "colour": 1 of 1 rows have words that training has not seen, which count as missing: "blue"`}; d.Missing != 2 || !slices.Equal(got, want) {
		t.Errorf("%d missing, notes %q", d.Missing, got)
	}
}

// Level 01 is not level 1, and is found again if the file is read by s.Kinds.
func TestLevelsThatAreNumbers(t *testing.T) {
	o := CSVOptions{Kinds: map[string]Kind{"zip": Categorical}}
	p, err := Prepare(mustRead(t, "zip,y\n01,1.5\n1,2.5\n2,3.5\n", o), "y", Options{Unknown: UnknownRefuse})
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.Schema.Apply(mustRead(t, "zip\n1\n01\n", CSVOptions{Schema: p.Schema}))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "X", d.X.Numbers(), []float64{0, 1, 0, 1, 0, 0}, 0)
	// Read as a number, 1 could be either; 2 is 2.
	_, err = p.Schema.Apply(mustRead(t, "zip\n1\n", CSVOptions{}))
	wantError(t, err, `unknown level "1"; known are "01", "1", "2"`)
	if _, err = p.Schema.Apply(mustRead(t, "zip\n2.0\n", CSVOptions{})); err != nil {
		t.Error(err)
	}
}

// A schema that went through JSON encodes the same numbers.
func TestSchemaJSON(t *testing.T) {
	for _, s := range []*Schema{
		fruitSchema(t, Options{Scaling: Standard, Unknown: UnknownMissing}),
		mustPrepare(t, "digits", Options{Scaling: Standard}).Schema,
		mustPrepare(t, "diabetes", Options{Scaling: MinMax, Fractions: Fractions{Test: 0.3}}).Schema,
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Schema
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s, &back) {
			t.Errorf("schema changed:\n%+v\n%+v", *s, back)
		}
	}
}

func TestSchemaJSONErrors(t *testing.T) {
	good := `{"inputs":[{"name":"x","kind":"numeric","scale":1},{"name":"w","kind":"categorical","levels":["a","b"]}],` +
		`"target":{"name":"y","task":"classification","classes":["n","p"]},"shape":[3]}`
	var s Schema
	if err := json.Unmarshal([]byte(good), &s); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"scale":1`, `"scale":0`, `schema: input "x": offset 0, scale 0, impute 0: all must be finite`},
		{`"scale":1`, `"scale":1e999`, "schema: "},
		{`"scale":1`, `"scale":1,"scaling":"log"`, `unknown scaling "log"`},
		{`"scale":1`, `"scale":1,"levels":["a"]`, "a numeric column has no levels"},
		{`"scale":1`, `"scale":1,"part":"moon"`, `a date has no numeric part "moon"`},
		{`"kind":"categorical"`, `"kind":"categorical","part":"year"`, `a date has no categorical part "year"`},
		{`"scale":1`, `"scale":1,"numerals":{"decimal":"x"}`, `the decimal sign is "x"`},
		{`"scale":1`, `"scale":1,"clip":2`, `unknown field "clip"`},
		{`"numeric"`, `"number"`, `unknown kind "number"`},
		{`["a","b"]`, `["a","a"]`, `input "w": two levels "a"`},
		{`["a","b"]`, `[]`, "needs levels"},
		{`[3]`, `[4]`, "shape [4] does not hold 3 inputs"},
		{`[3]`, `[-3]`, "shape [-3]"},
		{`[3]`, `[3],"unknown":"guess"`, `unknown policy "guess"`},
		{`"w"`, `"x"`, `two columns are called "x"`},
		{`"w"`, `"y"`, `two columns are called "y"`},
		{`["n","p"]`, `["n"]`, "needs two classes"},
		{`["n","p"]`, `["n","n"]`, `two classes "n"`},
		{`"classification"`, `"regression"`, "a regression has no classes"},
		{`"classification"`, `"ranking"`, `unknown task "ranking"`},
	} {
		err := json.Unmarshal([]byte(strings.Replace(good, c.old, c.new, 1)), &s)
		if err == nil {
			t.Errorf("%s accepted, want %q", c.new, c.want)
		}
		wantError(t, err, c.want)
	}
}
