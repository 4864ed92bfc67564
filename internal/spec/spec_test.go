package spec

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestParseChain(t *testing.T) {
	for _, c := range []struct {
		text, printed string
		want          Chain
	}{
		{" Adam ", "Adam", Chain{{Name: "Adam", At: 1}}},
		{"a()", "a", Chain{{Name: "a"}}},
		{"a(1) | b( x = 2e-3 ,y=true)", "a(1) | b(x=0.002, y=true)", Chain{
			{Name: "a", Args: []Arg{{Value: 1.0, At: 2}}},
			{Name: "b", At: 7, Args: []Arg{{Name: "x", Value: 2e-3, At: 10}, {Name: "y", Value: true, At: 20}}}}},
		{"a([1, -2e3,inf])", "a([1, -2000, +Inf])", Chain{{Name: "a", Args: []Arg{{Value: []float64{1, -2000, math.Inf(1)}, At: 2}}}}},
		{"a(lr=1e-4..1e-1)", "a(lr=0.0001..0.1)", Chain{{Name: "a", Args: []Arg{{Name: "lr", Value: Interval{1e-4, 0.1}, At: 2}}}}},
		{"a(!*.w|b/c)", "a(!*.w | b/c)", Chain{{Name: "a", Args: []Arg{{At: 2, Value: Chain{{Name: "!*.w", At: 2}, {Name: "b/c", At: 7}}}}}}},
		{"r(c(16, 3) | relu)", "r(c(16, 3) | relu)", Chain{{Name: "r", Args: []Arg{{At: 2, Value: Chain{
			{Name: "c", At: 2, Args: []Arg{{Value: 16.0, At: 4}, {Value: 3.0, At: 8}}}, {Name: "relu", At: 13}}}}}}},
		{"r(c())", "r(c)", Chain{{Name: "r", Args: []Arg{{At: 2, Value: Chain{{Name: "c", At: 2}}}}}}},
		{"é(ß=1)", "é(ß=1)", Chain{{Name: "é", Args: []Arg{{Name: "ß", Value: 1.0, At: 3}}}}},
	} {
		got, err := ParseChain(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %#v, %v", c.text, got, err)
		}
		if got.String() != c.printed {
			t.Errorf("%q prints as %q", c.text, got)
		}
	}
	for _, c := range []struct {
		text, want string
		at         int
	}{
		{"", "a name is missing", 0}, {"a |", "a name is missing", 3}, {"a(", "closing bracket is missing", 1}, {"a(b=1", "closing bracket is missing", 1},
		{"a)", `")" is not expected`, 1}, {"a(b=)", "a value is missing", 4}, {"a(1,)", "a value is missing", 4}, {"a(b=1, 2)", "come first", 7},
		{"a(b c)", `"c)" is not expected`, 4}, {"a([1,x])", "a list holds numbers", 5}, {"a([])", "a list holds numbers", 3}, {"a([1", "] is missing", 4},
		{"a > 3", `"> 3" is not expected`, 2}, {strings.Repeat("a(", 40), "too many brackets", 65},
	} {
		_, err := ParseChain(c.text)
		e, ok := err.(*Error)
		if !ok || !strings.Contains(e.Error(), c.want) || e.At != c.at {
			t.Errorf("%q: %v, want %q at %d", c.text, err, c.want, c.at)
		}
	}
	if _, err := Parse("a | b"); err == nil || !strings.Contains(err.Error(), "only one") {
		t.Error(err)
	}
}

func TestParsePhases(t *testing.T) {
	got, err := ParsePhases("warmup(a=2) > 100: b | c > 1000 : d")
	want := []Phase{{0, Chain{{Name: "warmup", Args: []Arg{{Name: "a", Value: 2.0, At: 7}}}}}, {100, Chain{{Name: "b", At: 19}, {Name: "c", At: 23}}}, {1000, Chain{{Name: "d", At: 34}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"a > b", "a > 5 b", "a > 5: b > 5: c", "a > -1: b", "a >", "a: b"} {
		if _, err := ParsePhases(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// things is a table with a setting of each kind.
var things = []struct{ Row }{{Row{Name: "thing", Aliases: []string{"ding"}, Examples: []string{"2"}, Advice: map[string]string{"wd": "use decay"},
	Settings: []Setting{
		{Name: "n", Kind: Whole, Range: "[1,8]", Required: true},
		{Name: "x", Kind: Number, Default: 0.5, Range: "[0,1)", By: InOrder},
		{Name: "yes", Kind: Flag, Default: false},
		{Name: "word", Kind: Word, Default: "red", Choices: []string{"red", "green"}},
		{Name: "any", Kind: Word},
		{Name: "list", Kind: List, Range: "[0,inf)"},
		{Name: "sub", Kind: Calls},
	}, Space: []Range{{"x", Interval{0.01, 0.9}, Log}}}}, {Row{Name: "many", Examples: []string{"1"}, Settings: []Setting{{Name: "u", Kind: Wholes, Range: "[1,9]", Required: true, By: Rest}, {Name: "k", Kind: Number, Default: 1.0}}}},
	{Row{Name: "fork", Examples: []string{"a, b"}, Settings: []Setting{{Name: "parts", Kind: Branches, Required: true, By: Rest}, {Name: "pad", Kind: Wholes, One: true, Range: "[0,9]", Default: "same", Choices: []string{"same", "valid"}}}}},
	{Row{Name: "bare"}}}

func bind(text string) (Args, error) {
	c, err := Parse(text)
	if err != nil {
		return Args{}, err
	}
	row, err := Find("thing", things, c.Name)
	if err != nil {
		return Args{}, err
	}
	return row.Bind(c)
}

func TestBind(t *testing.T) {
	// The text, and as what it prints: what differs from the defaults.
	for text, want := range map[string]string{
		"thing(3)": "thing(3)", "Thing(n=3, x=0.5)": "thing(3)", "ding(3, 0.25)": "thing(3, x=0.25)", "thing(1, yes=true, word=green)": "thing(1, yes=true, word=green)",
		"thing(1, any=a|b*)": "thing(1, any=a|b*)", "thing(1, any=7)": "thing(1, any=7)", "thing(1, list=[1, 2.5])": "thing(1, list=[1, 2.5])",
		"thing(1, sub=relu)": "thing(1, sub=relu)", "thing(1, sub=conv(3) | relu)": "thing(1, sub=conv(3) | relu)", "thing(1, x=0.1..0.5)": "thing(1, x=0.1..0.5)",
		"many(1, 2, 3)": "many(1, 2, 3)", "many(u=[4, 5], k=2)": "many(4, 5, k=2)", "bare": "bare", "bare()": "bare",
		"thing(1, list=[3])": "thing(1, list=[3])", "fork(a, b(2) | c, pad=valid)": "fork(a, b(2) | c, pad=valid)",
		"fork(a(1), pad=same)": "fork(a(1))", "fork(a, pad=2)": "fork(a, pad=2)", "fork(a, pad=[1, 2])": "fork(a, pad=[1, 2])",
	} {
		a, err := bind(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		printed := a.Call().String()
		if printed != want {
			t.Errorf("%s prints as %s, want %s", text, printed, want)
		}
		if again, err := bind(printed); err != nil || !reflect.DeepEqual(again.values, a.values) {
			t.Errorf("%s prints as %s, which is %v, %v", text, printed, again.values, err)
		}
	}
	for text, want := range map[string]string{
		"thign(3)": `unknown thing "thign"; did you mean "thing"?`, "zzz": "there are thing, many, fork, bare", "thing": "n is missing, as in thing(2)",
		"thing(9)": "n=9 is not in [1,8]", "thing(1.5)": "n=1.5 is not a whole number", "thing(1, 2)": "x=2 is not in [0,1)", "thing(1, 0.1, 0.2)": "only the first 2",
		"thing(1, x=nan)": "not in [0,1)", "thing(1, yes=1)": "yes=1 is not true or false", "thing(1, word=rd)": `did you mean "red"?`, "thing(1, any=f(2))": "any=f(2) is not a word",
		"thing(1, list=3)": "is not a list of numbers", "fork(1)": "parts=1 is not several of calls", "fork": "parts is missing", "fork(a, pad=smae)": `did you mean "same"`, "thing(1, list=[2, -1])": "list[1]=-1 is not in [0,inf)", "thing(1, wd=2)": `has no setting "wd"; use decay`,
		"thing(1, wrod=red)": `did you mean "word"? its settings are n, x`, "thing(1, n=2)": "n is given twice", "thing(1, x=0..0.5)": "above 0", "thing(1, x=0.5..0.1)": "from a smaller to a larger",
		"thing(1, x=0.5..2)": "x=2 is not in", "thing(1..2)": "not searched for", "many(1, x)": "x is not one of a list of whole numbers", "many(1.5)": "is not a list of whole", "bare(1)": "bare has no settings",
		"bare(a=1)": `bare has no setting "a"; it has none`,
	} {
		if _, err := bind(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	a, err := bind("thing(3, 0.25, yes=true, any=q, list=[1, 2], sub=f)")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(a.Whole("n"), a.Number("x"), a.Flag("yes"), a.Word("any"), a.Word("word"), a.List("list"), a.Wholes("list"), a.Chain("sub"), a.Given("any"), a.Given("word"), a.Is("x", 0.25), a.Is("none", nil))
	if want := "3 0.25 true q red [1 2] [1 2] f true false true false\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestStructs(t *testing.T) {
	type first struct {
		FinalLR float64 `help:"the last" range:"(0,inf)"`
		LR      int     `range:"[1,5]"`
		f       int
	}
	type second struct {
		Mode    string `range:"a|b"`
		AMSGrad bool   `name:"amsgrad"`
		At      []int
		LR      int
		Do      func()
	}
	row := Row{Name: "both", Structs: func() []any { return []any{first{1, 2, 0}, second{Mode: "a", At: []int{3}}} }}
	c, err := Parse("both(final_lr=0.5, lr=4, mode=b, amsgrad=true, at=[7, 9])")
	if err != nil {
		t.Fatal(err)
	}
	a, err := row.Bind(c)
	if err != nil {
		t.Fatal(err)
	}
	filled := a.Fill(first{1, 2, 9}, second{Mode: "a", LR: 8})
	x, y := filled[0].(first), filled[1].(second)
	if want := (first{0.5, 4, 9}); x != want {
		t.Errorf("%+v", x)
	}
	if want := (second{Mode: "b", AMSGrad: true, At: []int{7, 9}, LR: 8}); !reflect.DeepEqual(y, want) { // lr is the first's
		t.Errorf("%+v", y)
	}
	if got := row.Describe(x, y).String(); got != c.String() {
		t.Errorf("described as %s", got)
	}
	if err := Check(first{0, 2, 0}); err == nil || err.Error() != "final_lr=0 is not in (0,inf)" {
		t.Error(err)
	}
	if err := Check(second{Mode: "c"}); err == nil || !strings.Contains(err.Error(), "mode=c is unknown") {
		t.Error(err)
	}
	if got := row.Usage(); got != "both(final_lr=1, lr=2, mode=a, amsgrad=false, at=[3])" {
		t.Error(got)
	}
}

func TestOf(t *testing.T) {
	c := Of("sum", "axes", []int{0, 2}, "keep", true, "n", 3)
	if got := c.String(); got != "sum(axes=[0, 2], keep=true, n=3)" {
		t.Error(got)
	}
	if c.Get("n") != 3.0 || c.Get("m") != nil {
		t.Error(c.Get("n"), c.Get("m"))
	}
}

// What parses prints, and what prints parses to the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a(1, b=[2,3]) | c", "r(c(16, 3) | relu)", "a(lr=1..2)", "a > 3: b", "((", "a(b=\xff)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		phases, err := ParsePhases(text)
		if err != nil {
			return
		}
		for _, p := range phases {
			printed := p.Chain.String()
			again, err := ParseChain(printed)
			if err != nil || again.String() != printed {
				t.Errorf("%q prints as %q, which is %q, %v", text, printed, again, err)
			}
		}
	})
}
