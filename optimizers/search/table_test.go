package search

import (
	"reflect"
	"strings"
	"testing"

	"descent/internal/sources"
	"descent/optimizers"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Method{
		"lbfgs": NewLBFGS(), " LBFGS(history=3) ": LBFGS{LR: 1, History: 3}, "lbfgs(fixed=true, lr=0.5)": LBFGS{LR: 0.5, History: 10, NoSearch: true},
		"bfgs": BFGS{}, "cg": ConjugateGradient{}, "newton(inner=7)": NewtonCG{MaxCG: 7}, "steepest(wolfe=true)": GradientDescent{Wolfe: true},
		"lm(once=true)": LevenbergMarquardt{Once: true}, "cmaes(sigma=2)": CMAES{Sigma: 2, Seed: 9}, "annealing(temperature=1)": Annealing{Temperature: 1, Cool: 0.995, Sigma: 0.5, Seed: 9},
		"adam(lr=0.1)": With(optimizers.Adam(), 0.1), "clip(1) | sgd": With(optimizers.Chain{optimizers.Clip(1), optimizers.SGD()}, 1e-3),
	} {
		if got, err := ParseMethod(text, 9); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, %v, want %#v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"lbgfs": `did you mean "lbfgs"?`, "adma": `did you mean "adam"?`, "lbfgs(history=0)": "history=0 is not in [1,inf)", "lbfgs(histry=3)": `did you mean "history"?`,
		"clip(1)": "no rule in it moves", "clip(1) | lbfgs": "stands alone", "sgd(lr=0.1..1)": "is a range", "": "a name is missing", "bfgs(1)": "has no settings",
	} {
		if _, err := ParseMethod(text, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Every method that is a struct with settings has a row; those that are made of
// other methods have none.
func TestEveryMethodHasARow(t *testing.T) {
	listed := map[string]bool{"ByRule": true, "MultiStart": true, "BasinHopping": true, "AugmentedLagrangian": true}
	for _, e := range Table {
		listed[reflect.TypeOf(e.New(1)).Name()] = true
		if e.Doc == "" || e.Fails == "" || e.Source == "" {
			t.Errorf("%s: the table does not say what it is for, when it fails or where it is from", e.Name)
		}
		for _, s := range e.All() {
			if s.Doc == "" {
				t.Errorf("%s: %s has no help", e.Name, s.Name)
			}
		}
	}
	for _, fn := range sources.Functions(t, ".") {
		if name := sources.Receiver(fn); name != "" && fn.Name.Name == "Search" && !listed[name] {
			t.Errorf("%s has no row in Table", name)
		}
	}
}
