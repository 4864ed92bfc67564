package optimizers

import (
	"strings"
	"testing"

	"descent/internal/spec"
)

// fromSources are the rates and settings of the rules as their sources have them:
// PyTorch's documentation where it has the rule, else Optax's, Keras's or the
// paper's, as each constructor says. Flags that are off and a match of all
// names are left out.
var fromSources = map[string]string{
	"sgd":                "lr=0.001 momentum=0 dampening=0",
	"momentum":           "lr=0.001 momentum=0.9 dampening=0",
	"nesterov":           "lr=0.001 momentum=0.9 dampening=0 nesterov=true",
	"asgd":               "lr=0.001 lambda=0.0001 alpha=0.75 t0=1e+06",
	"rprop":              "lr=0.01 shrink=0.5 grow=1.2 minimum=1e-06 maximum=50",
	"adagrad":            "lr=0.01 eps=1e-10 lr_decay=0 initial=0",
	"adadelta":           "lr=1 rho=0.9 eps=1e-06",
	"rmsprop":            "lr=0.01 alpha=0.99 eps=1e-08 momentum=0",
	"adam":               "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08",
	"lazy_adam":          "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08",
	"amsgrad":            "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08 amsgrad=true",
	"adamw":              "lr=0.001 lambda=0.01 beta1=0.9 beta2=0.999 eps=1e-08",
	"adamax":             "lr=0.002 beta1=0.9 beta2=0.999 eps=1e-08",
	"nadam":              "lr=0.002 beta1=0.9 beta2=0.999 eps=1e-08 momentum_decay=0.004",
	"radam":              "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08",
	"adabelief":          "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-16",
	"yogi":               "lr=0.01 beta1=0.9 beta2=0.999 eps=0.001 initial=1e-06",
	"adan":               "lr=0.001 beta1=0.98 beta2=0.92 beta3=0.99 eps=1e-08",
	"ademamix":           "lr=0.001 beta1=0.9 beta2=0.999 beta3=0.9999 alpha=5 eps=1e-08",
	"adopt":              "lr=0.001 beta1=0.9 beta2=0.9999 eps=1e-06",
	"qhm":                "lr=0.001 beta=0.999 nu=0.7",
	"qhadam":             "lr=0.001 beta1=0.995 beta2=0.999 nu1=0.7 nu2=1 eps=1e-08",
	"lion":               "lr=0.0001 beta1=0.9 beta2=0.99",
	"signsgd":            "lr=0.001 momentum=0",
	"signum":             "lr=0.001 momentum=0.9",
	"lars":               "lr=1 trust=0.001 momentum=0.9 lambda=0",
	"lamb":               "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-06 lambda=0",
	"adafactor":          "lr=0.01 kappa=0.8 clip=1 eps=0.001 floor=2.220446049250313e-16",
	"muon":               "lr=0.001 momentum=0.95 nesterov=true steps=5 adam_lr=1",
	"shampoo":            "lr=0.001 beta1=0.9 beta2=0.999 eps=0.0001 every=20 longest=1024",
	"soap":               "lr=0.003 beta1=0.95 beta2=0.95 eps=1e-08 every=10 longest=10000",
	"psgd":               "lr=0.001 momentum=0.9 rate=0.1 beta_l=0.9 damping=1e-09 every=1 longest=8192",
	"adahessian":         "lr=0.1 beta1=0.9 beta2=0.999 eps=0.0001",
	"sophia":             "lr=0.001 beta1=0.96 beta2=0.99 gamma=0.01 eps=1e-12 every=10",
	"schedulefree_sgd":   "lr=0.001 momentum=0 dampening=0 beta=0.9",
	"schedulefree_adamw": "lr=0.0025 lambda=0 beta1=0 beta2=0.999 eps=1e-08 beta=0.9",
	"prodigy":            "lr=1 beta1=0.9 beta2=0.999 eps=1e-08 d0=1e-06 coef=1",
	"polyak":             "lr=1 least=0 scale=1",
	"dog":                "lr=1 start=1e-06 eps=1e-08",
	"dowg":               "lr=1 start=0.0001 eps=0.0001",
	"dadapt":             "lr=1 beta1=0.9 beta2=0.999 eps=1e-08 d0=1e-06",
	"cocob":              "lr=1 alpha=100 eps=1e-08",
	"madgrad":            "lr=0.01 momentum=0.9 eps=1e-06",
	"ftrl":               "lr=0.1 beta=1 l1=0 l2=0 initial=0",
	"mars":               "lr=0.003 beta1=0.95 beta2=0.99 eps=1e-08 gamma=0.025 clip=1",
	"mechanic":           "lr=1 lambda=0.01 start=1e-06 betas=6 eps=1e-08",
	"decay":              "lambda=0.01",
	"l2":                 "lambda=0.01",
	"group":              "lr=1",
	"freeze":             "",
	"clip":               "max=1",
	"clip_value":         "max=1",
	"clip_each":          "max=1",
	"agc":                "max=0.01 eps=0.001",
	"keras_sgd":          "lr=0.001 momentum=0.9 dampening=0 velocity=true",
	"keras_adam":         "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-07 eps_hat=true",
	"optax_amsgrad":      "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08 amsgrad=true corrected=true",
	"optax_nadam":        "lr=0.001 beta1=0.9 beta2=0.999 eps=1e-08 nesterov=true",
	"optax_adagrad":      "lr=0.01 eps=1e-07 lr_decay=0 initial=0.1 inside=true",
	"optax_rmsprop":      "lr=0.01 alpha=0.9 eps=1e-08 momentum=0 inside=true",
	"maximize":           "",
	"centralize":         "",
	"noise":              "eta=0.01 gamma=0.55",
	"accumulate":         "steps=4",
	"sam":                "rho=0.05",
	"cautious":           "floor=0.001",
	"lookahead":          "k=6 alpha=0.5",
	"ema":                "beta=0.999",
	"swa":                "start=1 every=1",
	"schedulefree":       "beta=0.9",
}

func TestDefaults(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		var got []string
		if e.LR > 0 {
			got = append(got, "lr="+spec.Format(e.LR))
		}
		for _, s := range spec.Fields(e.Structs()...) {
			if text := s.Name + "=" + spec.Format(s.Default); s.Default != false && text != "match=*" {
				got = append(got, text)
			}
		}
		if want, ok := fromSources[e.Name]; !ok || strings.Join(got, " ") != want {
			t.Errorf("%s has the defaults %q, want %q", e.Name, strings.Join(got, " "), want)
		}
	}
}
