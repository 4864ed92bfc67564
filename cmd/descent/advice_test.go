package main

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/sources"

	"github.com/spf13/cobra"
)

// withoutFlag are the options of package data that no command has a flag for:
// what is advised about them is not said there.
var withoutFlag = []string{"MaxBytes", "MaxLevels", "Shape"}

// literals calls f with each string in the Go files of a folder but tests, and
// the syntax around it.
func literals(t *testing.T, folder string, f func(text string, around ast.Node)) {
	t.Helper()
	for _, file := range sources.Files(t, folder) {
		ast.PreorderStack(file, nil, func(n ast.Node, stack []ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(stack) > 0 {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				f(text, stack[len(stack)-1])
			}
			return true
		})
	}
}

// Each piece of advice in package data is about an option that has a flag, or is
// known to have none.
func TestAdviceHasFlags(t *testing.T) {
	train := trainCommand()
	found := 0
	literals(t, filepath.Join("..", "..", "data"), func(text string, around ast.Node) {
		kv, ok := around.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != "Option" {
			return
		}
		found++
		c, known := cures[text]
		if known == slices.Contains(withoutFlag, text) {
			t.Errorf("advice about %s: it needs a row in cures, or in withoutFlag, and not both", text)
		}
		if known && (train.Flags().Lookup(c.flag) == nil || c.text == "") && text != "Target" {
			t.Errorf("advice about %s: train has no flag --%s, or nothing is said about it", text, c.flag)
		}
	})
	if found < 10 {
		t.Errorf("%d pieces of advice were found; the test no longer finds them", found)
	}
}

var flagName = regexp.MustCompile(`(?:^|[^a-z0-9-])--([a-z][a-z-]*[a-z])`)

// Each flag that some text of the program names is one of some command.
func TestTextsNameFlagsThatExist(t *testing.T) {
	known := map[string]bool{"help": true, "version": true}
	for _, c := range commands {
		addFlags(known, c())
	}
	if addCluster == nil { // a build with the tag cluster has its flags
		for _, name := range []string{"nats", "credentials", "ca", "silence", "wait"} {
			known[name] = true
		}
	}
	for _, folder := range []string{".", "../../data", "../../bench", "../../internal/calc", "../../losses", "../../optimizers", "../../train", "../../lab"} {
		literals(t, folder, func(text string, _ ast.Node) {
			for _, m := range flagName.FindAllStringSubmatch(text, -1) {
				if !known[m[1]] {
					t.Errorf("%s: %q names --%s, which no command has", folder, text, m[1])
				}
			}
		})
	}
}

func addFlags(known map[string]bool, cmd *cobra.Command) {
	for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
		for _, m := range flagName.FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
			known[m[1]] = true
		}
	}
}

// What a command advises about a table can be followed there: the flags that its
// errors and notes name are its own.
func TestAdviceIsFollowable(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	if status, _, errs := descent("train", file(t, "words.csv", table(40)), "-t", "y", "--out", model, "-q", "--epochs", "1"); status != 0 {
		t.Fatal(errs)
	}
	commands := map[string][]string{
		"train":   {"train", "FILE", "-t", "y", "--epochs", "1", "--val", "0"},
		"bench":   {"bench", "FILE", "-t", "y", "--epochs", "1", "--seeds", "1", "-o", "sgd(lr=0.1)", "--out", t.TempDir(), "-q"},
		"predict": {"predict", model, "FILE"},
		"fit":     {"fit", "y ~ a*x", "FILE", "--start", "a=1"},
	}
	for what, text := range awkward() {
		path := file(t, "awkward.csv", text)
		for name, args := range commands {
			given := slices.Clone(args)
			given[slices.Index(given, "FILE")] = path
			_, out, errs := descent(given...)
			said := out + errs
			for _, m := range flagName.FindAllStringSubmatch(said, -1) {
				if !flagsOf(name)[m[1]] {
					t.Errorf("%s: %s names --%s, which it does not have:\n%s", what, name, m[1], said)
				}
			}
			if strings.Contains(said, "panic") || regexp.MustCompile(`\bset [A-Z][a-zA-Z]+\b`).MatchString(said) {
				t.Errorf("%s: %s: %s", what, name, said)
			}
		}
	}
	wanted := map[bool]int{true: exitUsage, false: exitFailure} // a flag that should be left out is a mistake in the call
	for want, args := range map[string][]string{
		`"tall"; known are "high", "low"; correct it, or give --unknown missing`:       {"predict", model, file(t, "a.csv", "x,z,class\n1,2,tall\n"), "--unknown", "refuse"},
		"iris: an embedded data set is not a CSV file; leave out --no-header":          {"fit", "petal_width ~ a*petal_length", "iris", "--start", "a=1", "--no-header"},
		`different values are; correct it, or give --missing x5 if it stands for none`: {"fit", "price ~ a", file(t, "typo.csv", typo()), "--start", "a=1"},
	} {
		if status, _, errs := descent(args...); status != wanted[strings.Contains(want, "leave out --")] || !strings.HasSuffix(errs, want+"\n") {
			t.Errorf("%q: status %d: %s", args, status, errs)
		}
	}
}

// flagsOf are the flags of a command.
func flagsOf(name string) map[string]bool {
	known := make(map[string]bool)
	for _, c := range commands {
		if cmd := c(); cmd.Name() == name {
			addFlags(known, cmd)
		}
	}
	return known
}

// awkward are tables that package data has something to say about, by what it
// is.
func awkward() map[string]string {
	rows := func(header, row string, n int) string {
		s := header + "\n"
		for i := range n {
			s += strings.NewReplacer("{i}", strconv.Itoa(i), "{date}", "2024-0"+strconv.Itoa(1+i%9)+"-11", "{k}", strconv.Itoa(i%3+1)).Replace(row) + "\n"
		}
		return s
	}
	return map[string]string{
		"semicolons":      rows("x;y", "{i};{i}.5", 40),
		"thousands":       rows("x,y", "\"1,00{k}\",{i}.5", 40),
		"no header":       "1.5,2\n3,4\n5,6\n",
		"a typo":          typo(),
		"names":           rows("x,name,y", "{k},n{i},{i}.5", 40),
		"only names":      rows("name,y", "n{i},{i}.5", 40),
		"target of names": rows("x,y", "{i},n{i}", 40),
		"few numbers":     rows("x,y", "{i}.5,{k}", 40),
		"dates":           rows("date,x,y", "{date},{k},{i}.5", 40),
		"day or month":    rows("date,x,y", "0{k}/02/2024,{k},{i}.5", 40),
		"mixed classes":   strings.Replace(rows("x,y", "{i},{i}", 19), "\n3,3\n", "\n3,n/k\n", 1) + rows("0,0", "{i},{i}", 19) + rows("0,0", "{i},{i}", 19),
		"not a number":    "x,z,class,y\none,2,high,1\n2,3,low,2\n",
		"JSON":            `[{"x": 1}]`,
	}
}
