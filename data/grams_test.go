package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/internal/numjson"
)

// reviews are sentences that say whether they are good by a word, and a column of many
// words that says nothing.
func reviews(n int) string {
	r := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("review,city,short,mark\n")
	for i := range n {
		word := []string{"dull", "superb"}[i%2]
		fmt.Fprintf(&b, "\"The %d. thing that I saw, was %s!\",c%d,w%d %s,%s\n", r.IntN(40), word, i%(n/3), r.IntN(30), word, []string{"bad", "good"}[i%2])
	}
	return b.String()
}

// TestGrams: words and pairs of neighbours in any case, whatever is between them, count
// where their hashes are, and nothing else does.
func TestGrams(t *testing.T) {
	of := func(text string) map[int]float64 {
		x, out := make([]float64, 1<<16), map[int]float64{}
		countGrams(x, text)
		for k, v := range x {
			if v != 0 {
				out[k] = v
			}
		}
		return out
	}
	if a, b := of("The cat's hat, 9 Äpfel"), of("  the CAT'S--hat 9 äpfel. "); len(a) != 9 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%v and %v: want 5 words and 4 pairs, twice", a, b)
	}
	twice, once := of("go go"), of("go")
	for k, v := range once {
		if math.Abs(v) != 1 || twice[k] != 2*v || len(twice) != 2 {
			t.Errorf("once %v, twice %v", once, twice)
		}
	}
	if a, b := of("dog bites man"), of("man bites dog"); fmt.Sprint(a) == fmt.Sprint(b) || len(of(" .,! ")) > 0 {
		t.Error("the order of words says nothing, or signs are words")
	}
}

// TestTextInputs: a column of text is weighed counts of one mean square, the same read
// whole, in a stream, and by a schema that was written and read.
func TestTextInputs(t *testing.T) {
	table := mustRead(t, reviews(120), CSVOptions{})
	p, err := Prepare(table, "mark", Options{Fractions: Fractions{Test: 0.2}, Seed: 1, Text: []string{"short"}, Codes: 30})
	if err != nil {
		t.Fatal(err)
	}
	if w := p.Train.Features(); w != 2*Grams+1 || p.Train.Inputs[Grams] != "city" || p.Train.Levels[Grams] != 40 || p.Train.Levels[0] != 0 {
		t.Fatalf("%d inputs, %v", w, p.Schema.Inputs[1])
	}
	w := p.Train.Features()
	for i := range p.Train.Rows() {
		squares := 0.0
		for _, v := range p.Train.X.Row(nil, i)[:Grams] {
			squares += v * v / Grams
		}
		if math.Abs(squares-1) > 1e-12 {
			t.Fatalf("row %d has the mean square %v", i, squares)
		}
	}
	// "was" is in every row, "superb" in half of them.
	weight := func(word string) (v float64) {
		grams(word, Grams, func(at int, _ float64) { v = p.Schema.Inputs[0].Weights[at] })
		return v
	}
	if n := float64(p.Train.Rows()); math.Abs(weight("was")-1) > 1e-12 || math.Abs(weight("superb")-1-math.Log((1+n)/(1+n/2))) > 0.1 {
		t.Errorf("weights %v and %v", weight("was"), weight("superb"))
	}
	file, err := numjson.Marshal(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	s := &Schema{}
	if err := numjson.Unmarshal(file, s); err != nil {
		t.Fatal(err)
	}
	news := "city,short,review\nc3,w1 dull,It was superb\nc999,,\n"
	d, err := s.Apply(mustRead(t, news, CSVOptions{Schema: s}))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := s.Stream(strings.NewReader(news), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	block, err := stream.Next()
	if err != nil || !slices.Equal(block.X.Numbers(), d.X.Numbers()) || !slices.Equal(block.Levels, p.Train.Levels) {
		t.Errorf("a stream has other inputs (%v)", err)
	}
	if d.X.Numbers()[Grams] != float64(slices.Index(s.Inputs[1].Levels, "c3")) || d.X.Numbers()[w+Grams] != -1 || d.Missing != 3 {
		t.Errorf("cities %v and %v, %d missing", d.X.Numbers()[Grams], d.X.Numbers()[w+Grams], d.Missing)
	}
	if row := d.X.Numbers()[w : w+Grams]; slices.Max(row) != 0 || slices.Min(row) != 0 {
		t.Error("a text that is missing has words")
	}
}

// TestTextIsDetected: by more than five words in a cell; columns of few words are not
// codes unless asked for.
func TestTextIsDetected(t *testing.T) {
	table := mustRead(t, reviews(120), CSVOptions{})
	p, err := Prepare(table, "mark", Options{})
	if err != nil || p.Schema.Inputs[0].Kind != Text || p.Schema.Inputs[1].Coded || p.Train.Levels != nil {
		t.Fatalf("%v: %+v", err, p.Schema.Inputs[1])
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Text: []string{"citi"}}, `no column "citi"`},
		{Options{Text: []string{"mark"}}, `column "mark" is no text that is an input; take it out of Text`},
		{Options{Codes: -1}, "-1 Codes"},
	} {
		_, err := Prepare(table, "mark", c.o)
		wantError(t, err, c.want)
	}
	for _, damage := range []func(in *Input){
		func(in *Input) { in.Weights = nil }, func(in *Input) { in.Weights[3] = math.NaN() }, func(in *Input) { in.Coded = true }, func(in *Input) { in.Kind = "image" },
	} {
		in := p.Schema.Inputs[0]
		in.Weights = slices.Clone(in.Weights)
		if damage(&in); in.check() == nil {
			t.Errorf("damaged, and read: %v, coded %v, %d weights", in.Kind, in.Coded, len(in.Weights))
		}
	}
}
