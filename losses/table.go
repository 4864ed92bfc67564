package losses

import (
	"errors"

	"descent/graph"
	"descent/ops"
)

// Task is what kind of target a loss takes.
type Task string

// The tasks.
const (
	Regression     Task = "regression"     // a real number
	Binary         Task = "binary"         // 0 or 1, and what is between
	Signs          Task = "signs"          // -1 or 1
	Classification Task = "classification" // a class index
	Comparison     Task = "comparison"     // arrays compared with each other; not in ByName
)

// Domain is what the numbers of a prediction or target mean.
type Domain string

// The domains.
const (
	Real             Domain = "real numbers"
	Counts           Domain = "counts: 0, 1, 2, …"
	Logits           Domain = "logits: scores whose sigmoid or softmax is a probability"
	Probabilities    Domain = "probabilities"
	LogProbabilities Domain = "logarithms of probabilities"
	PlusMinus        Domain = "-1 or 1"
	Classes          Domain = "class indices"
	MeanLogVariance  Domain = "means, then as many logarithms of variances, along the last axis"
)

// A Row says how a loss is named in text, and how it is made.
type Row struct {
	Name     string
	Aliases  []string // other libraries' names
	Doc      string   // what it is for
	Task     Task
	Pred     Domain
	Target   Domain
	Settings []Setting
	Examples []string // settings worth showing, for three columns or classes
	Func     string   // the exported function's name

	make  func(s settings) Loss  // nil for losses of three arrays only
	make3 func(s settings) Loss3 // nil for losses of two
}

// A Setting is a parameter of a loss in text.
type Setting struct {
	Name    string
	Kind    Kind
	Default string // "" is not given
	Range   Range
	Doc     string
}

// Kind is the form of a setting's value.
type Kind string

// The kinds.
const (
	Number Kind = "a number"                        // 0.5
	Whole  Kind = "a whole number"                  // -100
	Flag   Kind = "true or false"                   // true
	List   Kind = "a list of numbers like [1, 0.5]" // [1, 0.5]
	Choice Kind = "mean, sum, none or batchmean"    // sum
)

var (
	reduction = Setting{"reduction", Choice, "mean", Range{}, "mean, sum, none (a loss each) or batchmean (sum over the first axis's length)"}
	weight    = Setting{"weight", List, "", notNegative, "a weight for each class"}
	columns   = Setting{"weight", List, "", notNegative, "a weight for each column, or for each element of the last axes"}
	ignore    = Setting{"ignore_index", Whole, "-100", anything, "the index of samples to ignore"}
	full      = Setting{"full", Flag, "false", Range{}, "add the terms that do not depend on the prediction"}
)

func margin(by string) Setting {
	return Setting{"margin", Number, by, anything, "the distance that is enough"}
}

// Table has a row for each loss, in the order of the documentation.
var Table = []Row{
	{Name: "mse", Aliases: []string{"mse_loss", "mean_squared_error"}, Func: "MSE",
		Doc:      "squared error; predicts the mean",
		Examples: []string{"reduction=sum"},
		Task:     Regression, Pred: Real, Target: Real, Settings: []Setting{reduction},
		make: func(s settings) Loss { return MSEWith(s.reduction()) }},

	{Name: "mae", Aliases: []string{"l1_loss", "mean_absolute_error"}, Func: "MAE",
		Doc:  "absolute error; predicts the median, bears outliers",
		Task: Regression, Pred: Real, Target: Real, Settings: []Setting{reduction},
		make: func(s settings) Loss { return MAEWith(s.reduction()) }},

	{Name: "huber", Aliases: []string{"huber_loss"}, Func: "Huber",
		Doc:      "squared error below delta, absolute above",
		Examples: []string{"delta=0.9, reduction=none"},
		Task:     Regression, Pred: Real, Target: Real,
		Settings: []Setting{{"delta", Number, "1", positive, "where the loss becomes linear"}, reduction},
		make:     func(s settings) Loss { return HuberWith(s.number("delta"), s.reduction()) }},

	{Name: "smooth_l1", Aliases: []string{"smooth_l1_loss"}, Func: "SmoothL1",
		Doc:      "huber(beta)/beta, whose slope far from the target is 1",
		Examples: []string{"beta=0.9", "beta=0"},
		Task:     Regression, Pred: Real, Target: Real,
		Settings: []Setting{{"beta", Number, "1", notNegative, "where the loss becomes linear"}, reduction},
		make:     func(s settings) Loss { return SmoothL1With(s.number("beta"), s.reduction()) }},

	{Name: "log_cosh", Aliases: []string{"logcosh"}, Func: "LogCosh",
		Doc:  "log cosh of the error; a smooth huber",
		Task: Regression, Pred: Real, Target: Real, Settings: []Setting{reduction},
		make: func(s settings) Loss { return LogCoshWith(s.reduction()) }},

	{Name: "quantile", Aliases: []string{"pinball"}, Func: "Quantile",
		Doc:      "predicts the tau-quantile",
		Examples: []string{"tau=0.9"},
		Task:     Regression, Pred: Real, Target: Real,
		Settings: []Setting{{"tau", Number, "0.5", between, "the share of targets below the prediction"}, reduction},
		make:     func(s settings) Loss { return QuantileWith(s.number("tau"), s.reduction()) }},

	{Name: "poisson_nll", Aliases: []string{"poisson", "poisson_nll_loss"}, Func: "PoissonNLL",
		Doc:      "counts, from the logarithm of the expected count",
		Examples: []string{"full=true", "log_input=false"},
		Task:     Regression, Pred: Real, Target: Counts,
		Settings: []Setting{
			{"log_input", Flag, "true", Range{}, "the prediction is the logarithm of the expected count"},
			full, {"eps", Number, "1e-08", notNegative, "added to a count before its logarithm"}, reduction},
		make: func(s settings) Loss {
			return PoissonNLLWith(PoissonNLLOptions{Rate: !s.flag("log_input"), Full: s.flag("full"), Eps: new(s.number("eps")), Reduction: s.reduction()})
		}},

	{Name: "gaussian_nll", Aliases: []string{"gaussian_nll_loss"}, Func: "GaussianNLL",
		Doc:      "a mean and how sure it is: twice as many predictions as targets",
		Examples: []string{"full=true, eps=0.01"},
		Task:     Regression, Pred: MeanLogVariance, Target: Real,
		Settings: []Setting{full, {"eps", Number, "1e-06", notNegative, "the least variance"}, reduction},
		make:     func(s settings) Loss { return meanAndLogVariance(gaussian(s)) }, make3: gaussian},

	{Name: "kl", Aliases: []string{"kl_div", "kldiv"}, Func: "KL",
		Doc:      "Kullback-Leibler divergence from log-probabilities; reduction=batchmean is the mathematical one",
		Examples: []string{"reduction=batchmean", "log_target=true"},
		Task:     Regression, Pred: LogProbabilities, Target: Probabilities,
		Settings: []Setting{{"log_target", Flag, "false", Range{}, "the target holds log-probabilities too"}, reduction},
		make: func(s settings) Loss {
			return KLWith(KLOptions{LogTarget: s.flag("log_target"), Reduction: s.reduction()})
		}},

	{Name: "hinge", Aliases: []string{"hinge_loss"}, Func: "Hinge",
		Doc:  "support vector machines",
		Task: Signs, Pred: Real, Target: PlusMinus, Settings: []Setting{reduction},
		make: func(s settings) Loss { return HingeWith(s.reduction()) }},

	{Name: "squared_hinge", Func: "SquaredHinge",
		Doc:  "hinge with a continuous gradient",
		Task: Signs, Pred: Real, Target: PlusMinus, Settings: []Setting{reduction},
		make: func(s settings) Loss { return SquaredHingeWith(s.reduction()) }},

	{Name: "perceptron", Func: "Perceptron",
		Doc:  "hinge without a margin",
		Task: Signs, Pred: Real, Target: PlusMinus, Settings: []Setting{reduction},
		make: func(s settings) Loss { return PerceptronWith(s.reduction()) }},

	{Name: "soft_margin", Aliases: []string{"soft_margin_loss", "logistic"}, Func: "SoftMargin",
		Doc:  "logistic regression with targets -1 and 1",
		Task: Signs, Pred: Logits, Target: PlusMinus, Settings: []Setting{reduction},
		make: func(s settings) Loss { return SoftMarginWith(s.reduction()) }},

	{Name: "hinge_embedding", Aliases: []string{"hinge_embedding_loss"}, Func: "HingeEmbedding",
		Doc:      "distances that are to be small (1) or large (-1)",
		Examples: []string{"margin=5"},
		Task:     Signs, Pred: Real, Target: PlusMinus, Settings: []Setting{margin("1"), reduction},
		make: func(s settings) Loss { return HingeEmbeddingWith(s.number("margin"), s.reduction()) }},

	{Name: "bce", Aliases: []string{"binary_cross_entropy", "bce_loss"}, Func: "BCE",
		Doc:      "two classes, from a probability",
		Examples: []string{"weight=[0.5, 1, 2]"},
		Task:     Binary, Pred: Probabilities, Target: Probabilities, Settings: []Setting{columns, reduction},
		make: func(s settings) Loss { return BCEWith(BCEOptions{s.list("weight"), s.reduction()}) }},

	{Name: "bce_logits", Aliases: []string{"bce_with_logits", "binary_cross_entropy_with_logits"}, Func: "BCELogits",
		Doc:      "two classes, from a logit: logistic regression",
		Examples: []string{"weight=[0.5, 1, 2]", "pos_weight=[1, 2, 3]"},
		Task:     Binary, Pred: Logits, Target: Probabilities,
		Settings: []Setting{columns, {"pos_weight", List, "", notNegative, "a weight of class 1 for each column"}, reduction},
		make: func(s settings) Loss {
			return BCELogitsWith(BCELogitsOptions{s.list("weight"), s.list("pos_weight"), s.reduction()})
		}},

	{Name: "focal", Aliases: []string{"sigmoid_focal_loss", "focal_loss"}, Func: "Focal",
		Doc:      "bce_logits where easy elements count little, for rare classes",
		Examples: []string{"gamma=0", "gamma=0.5, alpha=-1", "gamma=3, alpha=0.5"},
		Task:     Binary, Pred: Logits, Target: Probabilities,
		Settings: []Setting{
			{"gamma", Number, "2", notNegative, "how little easy elements count"},
			{"alpha", Number, "0.25", atMost1, "the weight of class 1; below 0 is no weights"}, reduction},
		make: func(s settings) Loss { return FocalWith(s.number("gamma"), s.number("alpha"), s.reduction()) }},

	{Name: "cross_entropy", Aliases: []string{"ce", "softmax_cross_entropy"}, Func: "CrossEntropy",
		Doc:      "many classes, from logits",
		Examples: []string{"weight=[0.5, 1, 2]", "label_smoothing=0.1", "weight=[0.5, 1, 2], label_smoothing=0.1, reduction=none"},
		Task:     Classification, Pred: Logits, Target: Classes,
		Settings: []Setting{weight, ignore, {"label_smoothing", Number, "0", fraction, "the part of a target that goes to all classes"}, reduction},
		make: func(s settings) Loss {
			return CrossEntropyWith(CrossEntropyOptions{s.list("weight"), s.whole("ignore_index"), s.number("label_smoothing"), s.reduction()})
		}},

	{Name: "nll", Aliases: []string{"nll_loss"}, Func: "NLL",
		Doc:      "many classes, from log-probabilities",
		Examples: []string{"weight=[0.5, 1, 2]", "reduction=sum"},
		Task:     Classification, Pred: LogProbabilities, Target: Classes,
		Settings: []Setting{weight, ignore, reduction},
		make: func(s settings) Loss {
			return NLLWith(NLLOptions{s.list("weight"), s.whole("ignore_index"), s.reduction()})
		}},

	{Name: "multi_margin", Aliases: []string{"multi_margin_loss"}, Func: "MultiMargin",
		Doc:      "a hinge for many classes",
		Examples: []string{"p=2, weight=[0.5, 1, 2]"},
		Task:     Classification, Pred: Real, Target: Classes,
		Settings: []Setting{{"p", Whole, "1", Range{Min: 1, Max: 2}, "1, or 2 to square each term"}, margin("1"), weight, reduction},
		make: func(s settings) Loss {
			return MultiMarginWith(MultiMarginOptions{or(s.whole("p"), 1) == 2, new(s.number("margin")), s.list("weight"), s.reduction()})
		}},

	{Name: "multilabel_soft_margin", Aliases: []string{"multilabel_soft_margin_loss"}, Func: "MultiLabelSoftMargin",
		Doc:      "any number of labels for each sample",
		Examples: []string{"weight=[0.5, 1, 2]"},
		Task:     Binary, Pred: Logits, Target: Probabilities, Settings: []Setting{columns, reduction},
		make: func(s settings) Loss {
			return MultiLabelSoftMarginWith(MultiLabelSoftMarginOptions{s.list("weight"), s.reduction()})
		}},

	{Name: "margin_ranking", Aliases: []string{"margin_ranking_loss"}, Func: "MarginRanking",
		Doc:      "which of two predictions is larger",
		Examples: []string{"margin=0.3"},
		Task:     Comparison, Pred: Real, Target: PlusMinus, Settings: []Setting{margin("0"), reduction},
		make3: func(s settings) Loss3 { return MarginRankingWith(s.number("margin"), s.reduction()) }},

	{Name: "cosine_embedding", Aliases: []string{"cosine_embedding_loss"}, Func: "CosineEmbedding",
		Doc:      "whether two vectors have one direction",
		Examples: []string{"margin=0.3"},
		Task:     Comparison, Pred: Real, Target: PlusMinus,
		Settings: []Setting{{"margin", Number, "0", signed, "the cosine that is far enough"}, reduction},
		make3:    func(s settings) Loss3 { return CosineEmbeddingWith(s.number("margin"), s.reduction()) }},

	{Name: "triplet", Aliases: []string{"triplet_margin", "triplet_margin_loss"}, Func: "Triplet",
		Doc:      "an anchor is nearer to a positive than to a negative",
		Examples: []string{"p=1", "p=3, swap=true"},
		Task:     Comparison, Pred: Real, Target: Real,
		Settings: []Setting{margin("1"), {"p", Number, "2", atLeast1, "the norm"},
			{"eps", Number, "1e-06", notNegative, "added to each difference"},
			{"swap", Flag, "false", Range{}, "measure from the positive where that is nearer"}, reduction},
		make3: func(s settings) Loss3 {
			return TripletWith(TripletOptions{new(s.number("margin")), new(s.number("p")), s.flag("swap"), new(s.number("eps")), s.reduction()})
		}},
}

func gaussian(s settings) Loss3 {
	return GaussianNLLWith(GaussianNLLOptions{s.flag("full"), new(s.number("eps")), s.reduction()})
}

var errTwice = errors.New("the prediction must have two numbers for each target along its last axis, the means and then the logarithms of the variances")

// meanAndLogVariance makes a loss of two arrays: the prediction holds the means
// and then the logarithms of the variances.
func meanAndLogVariance(loss Loss3) Loss {
	return func(pred, target *graph.Node) *graph.Node {
		if err := graph.Mistakes(pred, target); err != nil {
			return graph.Bad(err, "gaussian_nll", pred, target)
		}
		k := pred.Shape().Rank() - 1
		if k < 0 || pred.Shape().Dim(k)%2 != 0 {
			return graph.Bad(errTwice, "gaussian_nll", pred, target)
		}
		n := pred.Shape().Dim(k)
		mean, logVariance := ops.Slice(pred, k, 0, n/2, 1), ops.Slice(pred, k, n/2, ops.End, 1)
		return loss(mean, target, ops.Exp(logVariance))
	}
}
