package train

import (
	"fmt"
	"slices"
	"strings"

	"descent/internal/spec"
	"descent/train/score"
)

// Metrics are the metrics by name, the most telling first. Those that fit a task are
// computed by [Trainer.Evaluate]; others if they are asked for, see [ParseMetric]. The
// definitions are scikit-learn's, see [score].
var Metrics = []Metric{
	{Name: "accuracy", Of: OfClasses, Larger: true, Doc: "share of rows whose class is right",
		Classes: (*score.Classes).Accuracy},
	{Name: "log_loss", Of: OfClasses, Probabilities: true, Doc: "mean of -log of the probability of the true class, in nats; never smoothed",
		Classes: (*score.Classes).LogLoss},
	{Name: "brier", Of: OfClasses, Probabilities: true, Doc: "mean squared distance between probabilities and truth",
		Classes: (*score.Classes).Brier},
	{Name: "ece", Of: OfClasses, Probabilities: true, Doc: "how far confidence is from accuracy, mean over 15 bins of confidence",
		Classes: (*score.Classes).ECE},
	{Name: "roc_auc", Of: OfClasses, Larger: true, Probabilities: true, Averaged: true, Doc: "share of pairs of a row of a class and one of another that are in the right order; of more than two classes mean of each against the rest",
		Classes: (*score.Classes).ROCAUC},
	{Name: "average_precision", Of: OfClasses, Larger: true, Probabilities: true, Averaged: true, Doc: "area under precision by recall; of more than two classes mean of each against the rest",
		Classes: (*score.Classes).AveragePrecision},
	{Name: "mcc", Of: OfClasses, Larger: true, Doc: "Matthews' correlation of truth and decision; 0 knows nothing",
		Classes: (*score.Classes).MCC},
	{Name: "balanced_accuracy", Of: OfClasses, Larger: true, Doc: "mean of the recall of the classes",
		Classes: (*score.Classes).BalancedAccuracy},
	top(3), top(5),

	ofClass("precision", "share of what is decided to be of a class that is", score.Precision),
	ofClass("recall", "share of a class that is found", score.Recall),
	ofClass("f1", "harmonic mean of precision and recall of a class", score.F1),
	macro("precision", score.Precision), macro("recall", score.Recall), macro("f1", score.F1),
	byRows("precision", score.Precision), byRows("recall", score.Recall), byRows("f1", score.F1),

	{Name: "r2", Of: OfNumbers, Larger: true, Doc: "share of the variance that is explained",
		Numbers: (*score.Numbers).R2},
	{Name: "rmse", Of: OfNumbers, Unit: true, Doc: "root of the mean of squared errors",
		Numbers: (*score.Numbers).RMSE},
	{Name: "mae", Of: OfNumbers, Unit: true, Doc: "mean of absolute errors",
		Numbers: (*score.Numbers).MAE},
	{Name: "mape", Of: OfNumbers, Doc: "mean of absolute errors as shares of the truth",
		Numbers: (*score.Numbers).MAPE},
	{Name: "pinball", Of: OfNumbers, Unit: true, Doc: "loss of a quantile",
		settings: []spec.Setting{{Name: "tau", Kind: spec.Number, Range: "(0,1)", Default: 0.5, Doc: "which quantile"}},
		set: func(m *Metric, a spec.Args, _ []string) error {
			tau := a.Number("tau")
			m.Numbers = func(x *score.Numbers) float64 { return x.Pinball(tau) }
			return nil
		}},
}

// top is the row of the share of rows whose class is among the k most probable ones,
// where there are more.
func top(k int) Metric {
	return Metric{Name: fmt.Sprintf("top%d", k), Of: OfClasses, Larger: true, Probabilities: true, from: k + 1,
		Doc:     fmt.Sprintf("share of rows whose class is among the %d most probable", k),
		Classes: func(c *score.Classes) float64 { return c.TopK(k) }}
}

// ofClass is the row of a score of a class: of the second of two, or of one that is
// named.
func ofClass(name, doc string, of func(score.Class) float64) Metric {
	m := Metric{Name: name, Of: OfClasses, Larger: true, Detail: true, from: 2, to: 2, Doc: doc + ": the second of two, or class",
		settings: []spec.Setting{{Name: "class", Kind: spec.Word, Doc: "name of the class, or its number from 0"}}}
	at := func(k int) func(c *score.Classes) float64 {
		return func(c *score.Classes) float64 { return of(c.Each()[k]) }
	}
	m.Classes = at(1)
	m.set = func(m *Metric, a spec.Args, classes []string) error {
		if a.Word("class") == "" {
			if len(classes) != 2 {
				return fmt.Errorf("of which class? %s(class=%s), or the mean over all: %s_macro", name, classes[0], name)
			}
			return nil
		}
		k, err := classNamed(a.Word("class"), classes)
		m.Classes = at(k)
		return err
	}
	return m
}

func classNamed(name string, classes []string) (int, error) {
	if k := slices.Index(classes, name); k >= 0 {
		return k, nil
	}
	for k := range classes {
		if fmt.Sprint(k) == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("there is no class %q; there are %s", name, strings.Join(classes, ", "))
}

func macro(name string, of func(score.Class) float64) Metric {
	return Metric{Name: name + "_macro", Of: OfClasses, Larger: true, Detail: true, Doc: name + ", mean over the classes",
		Classes: func(c *score.Classes) float64 { return c.Macro(of) }}
}

func byRows(name string, of func(score.Class) float64) Metric {
	return Metric{Name: name + "_weighted", Of: OfClasses, Larger: true, Detail: true, Doc: name + ", mean over the classes by how many rows they have",
		Classes: func(c *score.Classes) float64 { return c.Weighted(of) }}
}

// named is a metric as a row of the table that text is parsed by.
type named struct {
	spec.Row
	metric *Metric
}

// ParseMetric returns the metric of a text: a name of [Metrics], with settings where it
// has some, such as "pinball(tau=0.9)" or "recall(class=yes)". Classes are the names of
// the classes, none of a regression.
func ParseMetric(text string, classes []string) (Metric, error) {
	c, err := spec.Parse(text)
	if err != nil {
		return Metric{}, err
	}
	var table []named
	for i := range Metrics {
		if m := &Metrics[i]; (m.Of == OfClasses) == (len(classes) > 0) {
			table = append(table, named{spec.Row{Name: m.Name, Doc: m.Doc, Settings: m.settings}, m})
		}
	}
	row, err := spec.Find("metric", table, c.Name)
	if err != nil {
		return Metric{}, err
	}
	a, err := row.Bind(c)
	if err != nil {
		return Metric{}, err
	}
	m := *row.metric
	m.asked = true
	if m.Name = a.Call().String(); m.set != nil {
		if err := m.set(&m, a, classes); err != nil {
			return Metric{}, fmt.Errorf("%s: %w", text, err)
		}
	}
	return m, nil
}
