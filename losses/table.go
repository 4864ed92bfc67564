package losses

import (
	"errors"
	"slices"

	"descent/graph"
	"descent/internal/spec"
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
	Positives        Domain = "numbers above 0"
	Fractions        Domain = "numbers between 0 and 1"
	Logits           Domain = "logits: scores whose sigmoid or softmax is a probability"
	Probabilities    Domain = "probabilities"
	LogProbabilities Domain = "logarithms of probabilities"
	PlusMinus        Domain = "-1 or 1"
	Classes          Domain = "class indices"
	MeanLogVariance  Domain = "means, then as many logarithms of variances, along the last axis"
)

// A Row says how a loss is named in text, and how it is made. Its examples are
// for three columns or classes.
type Row struct {
	spec.Row
	Task   Task
	Pred   Domain
	Target Domain
	Func   string // the exported function's name

	squares Loss                    // the residuals of whose squares the loss is the mean, nil if it is none
	make    func(a spec.Args) Loss  // nil for losses of three arrays only
	make3   func(a spec.Args) Loss3 // nil for losses of two
}

func setting(name string, by float64, limits, doc string) spec.Setting {
	return spec.Setting{Name: name, Kind: spec.Number, Default: by, Range: limits, Doc: doc}
}

func flag(name string, by bool, doc string) spec.Setting {
	return spec.Setting{Name: name, Kind: spec.Flag, Default: by, Doc: doc}
}

func weights(name, doc string) spec.Setting {
	return spec.Setting{Name: name, Kind: spec.List, Range: notNegative, Doc: doc}
}

var (
	reduction = spec.Setting{Name: "reduction", Kind: spec.Word, Default: "mean", Choices: reductionNames, Doc: "mean, sum, none (a loss each) or batchmean (sum over the first axis's length)"}
	weight    = weights("weight", "a weight for each class")
	columns   = weights("weight", "a weight for each column, or for each element of the last axes")
	ignore    = spec.Setting{Name: "ignore_index", Kind: spec.Whole, Default: -100.0, Range: "", Doc: "the index of samples to ignore"}
	full      = flag("full", false, "add the terms that do not depend on the prediction")
)

func margin(by float64) spec.Setting {
	return setting("margin", by, "", "the distance that is enough")
}

// Table has a row for each loss, in the order of the documentation.
var Table = []Row{
	{Row: spec.Row{Name: "mse", Aliases: []string{"mse_loss", "mean_squared_error"}, Doc: "squared error; predicts the mean",
		Examples: []string{"reduction=sum"},
		Settings: []spec.Setting{reduction}},
		Func: "MSE", Task: Regression, Pred: Real, Target: Real,
		squares: ops.Sub,
		make:    func(a spec.Args) Loss { return MSEWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "mae", Aliases: []string{"l1_loss", "mean_absolute_error"}, Doc: "absolute error; predicts the median, bears outliers",
		Settings: []spec.Setting{reduction}},
		Func: "MAE", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss { return MAEWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "huber", Aliases: []string{"huber_loss"}, Doc: "squared error below delta, absolute above",
		Examples: []string{"delta=0.9, reduction=none"},
		Settings: []spec.Setting{setting("delta", 1, positive, "where the loss becomes linear"), reduction}},
		Func: "Huber", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss { return HuberWith(a.Number("delta"), reductionOf(a)) }},

	{Row: spec.Row{Name: "smooth_l1", Aliases: []string{"smooth_l1_loss"}, Doc: "huber(beta)/beta, whose slope far from the target is 1",
		Examples: []string{"beta=0.9", "beta=0"},
		Settings: []spec.Setting{setting("beta", 1, notNegative, "where the loss becomes linear"), reduction}},
		Func: "SmoothL1", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss { return SmoothL1With(a.Number("beta"), reductionOf(a)) }},

	{Row: spec.Row{Name: "log_cosh", Aliases: []string{"logcosh"}, Doc: "log cosh of the error; a smooth huber",
		Settings: []spec.Setting{reduction}},
		Func: "LogCosh", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss { return LogCoshWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "quantile", Aliases: []string{"pinball"}, Doc: "predicts the tau-quantile; sample_quantile is that of numbers",
		Examples: []string{"tau=0.9"},
		Settings: []spec.Setting{setting("tau", 0.5, between, "the share of targets below the prediction"), reduction}},
		Func: "Quantile", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss { return QuantileWith(a.Number("tau"), reductionOf(a)) }},

	{Row: spec.Row{Name: "poisson_nll", Aliases: []string{"poisson", "poisson_nll_loss"}, Doc: "counts, from the logarithm of the expected count",
		Examples: []string{"full=true", "log_input=false"},
		Settings: []spec.Setting{flag("log_input", true, "the prediction is the logarithm of the expected count"), full, setting("eps", 1e-08, notNegative, "added to a count before its logarithm"), reduction}},
		Func: "PoissonNLL", Task: Regression, Pred: Real, Target: Counts,
		make: func(a spec.Args) Loss {
			return PoissonNLLWith(PoissonNLLOptions{Rate: !a.Flag("log_input"), Full: a.Flag("full"), Eps: new(a.Number("eps")), Reduction: reductionOf(a)})
		}},

	{Row: spec.Row{Name: "gaussian_nll", Aliases: []string{"gaussian_nll_loss"}, Doc: "a mean and how sure it is: twice as many predictions as targets",
		Examples: []string{"full=true, eps=0.01"},
		Settings: []spec.Setting{full, setting("eps", 1e-06, notNegative, "the least variance"), reduction}},
		Func: "GaussianNLL", Task: Regression, Pred: MeanLogVariance, Target: Real,
		make: func(a spec.Args) Loss { return meanAndLogVariance(gaussian(a)) }, make3: gaussian},

	{Row: spec.Row{Name: "negative_binomial_nll", Aliases: []string{"negative_binomial"}, Doc: "counts that vary more than Poisson's, from the logarithm of the expected count",
		Examples: []string{"alpha=0.3, full=true"},
		Settings: []spec.Setting{setting("alpha", 1, positive, "the variance is mean + alpha*mean^2"), full, reduction}},
		Func: "NegativeBinomialNLL", Task: Regression, Pred: Real, Target: Counts,
		make: func(a spec.Args) Loss {
			return NegativeBinomialNLLWith(a.Number("alpha"), a.Flag("full"), reductionOf(a))
		}},

	{Row: spec.Row{Name: "gamma_nll", Doc: "amounts above 0 whose error is a part of them, from the logarithm of the expected amount",
		Examples: []string{"shape=2.5, full=true"},
		Settings: []spec.Setting{setting("shape", 1, positive, "the variance is mean^2/shape"), full, reduction}},
		Func: "GammaNLL", Task: Regression, Pred: Real, Target: Positives,
		make: func(a spec.Args) Loss { return GammaNLLWith(a.Number("shape"), a.Flag("full"), reductionOf(a)) }},

	{Row: spec.Row{Name: "beta_nll", Doc: "shares between 0 and 1, from the logit of the expected share",
		Examples: []string{"precision=3"},
		Settings: []spec.Setting{setting("precision", 10, positive, "the variance is m*(1-m)/(1+precision)"), reduction}},
		Func: "BetaNLL", Task: Regression, Pred: Logits, Target: Fractions,
		make: func(a spec.Args) Loss { return BetaNLLWith(a.Number("precision"), reductionOf(a)) }},

	{Row: spec.Row{Name: "student_nll", Aliases: []string{"student_t_nll"}, Doc: "a number whose errors have heavy tails; bears outliers",
		Examples: []string{"df=2.5, scale=0.5, full=true"},
		Settings: []spec.Setting{setting("df", 4, positive, "degrees of freedom"), setting("scale", 1, positive, "of the errors"), full, reduction}},
		Func: "StudentNLL", Task: Regression, Pred: Real, Target: Real,
		make: func(a spec.Args) Loss {
			return StudentNLLWith(a.Number("df"), a.Number("scale"), a.Flag("full"), reductionOf(a))
		}},

	{Row: spec.Row{Name: "kl", Aliases: []string{"kl_div", "kldiv"}, Doc: "Kullback-Leibler divergence from log-probabilities; reduction=batchmean is the mathematical one",
		Examples: []string{"reduction=batchmean", "log_target=true"},
		Settings: []spec.Setting{flag("log_target", false, "the target holds log-probabilities too"), reduction}},
		Func: "KL", Task: Regression, Pred: LogProbabilities, Target: Probabilities,
		make: func(a spec.Args) Loss {
			return KLWith(KLOptions{LogTarget: a.Flag("log_target"), Reduction: reductionOf(a)})
		}},

	{Row: spec.Row{Name: "hinge", Aliases: []string{"hinge_loss"}, Doc: "support vector machines",
		Settings: []spec.Setting{reduction}},
		Func: "Hinge", Task: Signs, Pred: Real, Target: PlusMinus,
		make: func(a spec.Args) Loss { return HingeWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "squared_hinge", Doc: "hinge with a continuous gradient",
		Settings: []spec.Setting{reduction}},
		Func: "SquaredHinge", Task: Signs, Pred: Real, Target: PlusMinus,
		squares: shortfall,
		make:    func(a spec.Args) Loss { return SquaredHingeWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "perceptron", Doc: "hinge without a margin",
		Settings: []spec.Setting{reduction}},
		Func: "Perceptron", Task: Signs, Pred: Real, Target: PlusMinus,
		make: func(a spec.Args) Loss { return PerceptronWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "soft_margin", Aliases: []string{"soft_margin_loss", "logistic"}, Doc: "logistic regression with targets -1 and 1",
		Settings: []spec.Setting{reduction}},
		Func: "SoftMargin", Task: Signs, Pred: Logits, Target: PlusMinus,
		make: func(a spec.Args) Loss { return SoftMarginWith(reductionOf(a)) }},

	{Row: spec.Row{Name: "hinge_embedding", Aliases: []string{"hinge_embedding_loss"}, Doc: "distances that are to be small (1) or large (-1)",
		Examples: []string{"margin=5"},
		Settings: []spec.Setting{margin(1), reduction}},
		Func: "HingeEmbedding", Task: Signs, Pred: Real, Target: PlusMinus,
		make: func(a spec.Args) Loss { return HingeEmbeddingWith(a.Number("margin"), reductionOf(a)) }},

	{Row: spec.Row{Name: "bce", Aliases: []string{"binary_cross_entropy", "bce_loss"}, Doc: "two classes, from a probability",
		Examples: []string{"weight=[0.5, 1, 2]"},
		Settings: []spec.Setting{columns, reduction}},
		Func: "BCE", Task: Binary, Pred: Probabilities, Target: Probabilities,
		make: func(a spec.Args) Loss { return BCEWith(BCEOptions{a.List("weight"), reductionOf(a)}) }},

	{Row: spec.Row{Name: "bce_logits", Aliases: []string{"bce_with_logits", "binary_cross_entropy_with_logits"}, Doc: "two classes, from a logit: logistic regression",
		Examples: []string{"weight=[0.5, 1, 2]", "pos_weight=[1, 2, 3]"},
		Settings: []spec.Setting{columns, weights("pos_weight", "a weight of class 1 for each column"), reduction}},
		Func: "BCELogits", Task: Binary, Pred: Logits, Target: Probabilities,
		make: func(a spec.Args) Loss {
			return BCELogitsWith(BCELogitsOptions{a.List("weight"), a.List("pos_weight"), reductionOf(a)})
		}},

	{Row: spec.Row{Name: "focal", Aliases: []string{"sigmoid_focal_loss", "focal_loss"}, Doc: "bce_logits where easy elements count little, for rare classes",
		Examples: []string{"gamma=0", "gamma=0.5, alpha=-1", "gamma=3, alpha=0.5"},
		Settings: []spec.Setting{setting("gamma", 2, notNegative, "how little easy elements count"), setting("alpha", 0.25, atMost1, "the weight of class 1; below 0 is no weights"), reduction}},
		Func: "Focal", Task: Binary, Pred: Logits, Target: Probabilities,
		make: func(a spec.Args) Loss { return FocalWith(a.Number("gamma"), a.Number("alpha"), reductionOf(a)) }},

	{Row: spec.Row{Name: "cross_entropy", Aliases: []string{"ce", "softmax_cross_entropy"}, Doc: "many classes, from logits",
		Examples: []string{"weight=[0.5, 1, 2]", "label_smoothing=0.1", "weight=[0.5, 1, 2], label_smoothing=0.1, reduction=none"},
		Settings: []spec.Setting{weight, ignore, setting("label_smoothing", 0, fraction, "the part of a target that goes to all classes"), reduction}},
		Func: "CrossEntropy", Task: Classification, Pred: Logits, Target: Classes,
		make: func(a spec.Args) Loss {
			return CrossEntropyWith(CrossEntropyOptions{a.List("weight"), ignored(a), a.Number("label_smoothing"), reductionOf(a)})
		}},

	{Row: spec.Row{Name: "nll", Aliases: []string{"nll_loss"}, Doc: "many classes, from log-probabilities",
		Examples: []string{"weight=[0.5, 1, 2]", "reduction=sum"},
		Settings: []spec.Setting{weight, ignore, reduction}},
		Func: "NLL", Task: Classification, Pred: LogProbabilities, Target: Classes,
		make: func(a spec.Args) Loss {
			return NLLWith(NLLOptions{a.List("weight"), ignored(a), reductionOf(a)})
		}},

	{Row: spec.Row{Name: "sparsemax_loss", Doc: "many classes, from scores; 0 once the score of the class leads by 1",
		Examples: []string{"reduction=sum"},
		Settings: []spec.Setting{ignore, reduction}},
		Func: "Sparsemax", Task: Classification, Pred: Real, Target: Classes,
		make: func(a spec.Args) Loss { return SparsemaxWith(SparsemaxOptions{ignored(a), reductionOf(a)}) }},

	{Row: spec.Row{Name: "multi_margin", Aliases: []string{"multi_margin_loss"}, Doc: "a hinge for many classes",
		Examples: []string{"p=2, weight=[0.5, 1, 2]"},
		Settings: []spec.Setting{spec.Setting{Name: "p", Kind: spec.Whole, Default: 1.0, Range: "[1,2]", Doc: "1, or 2 to square each term"}, margin(1), weight, reduction}},
		Func: "MultiMargin", Task: Classification, Pred: Real, Target: Classes,
		make: func(a spec.Args) Loss {
			return MultiMarginWith(MultiMarginOptions{a.Whole("p") == 2, new(a.Number("margin")), a.List("weight"), reductionOf(a)})
		}},

	{Row: spec.Row{Name: "multilabel_soft_margin", Aliases: []string{"multilabel_soft_margin_loss"}, Doc: "any number of labels for each sample",
		Examples: []string{"weight=[0.5, 1, 2]"},
		Settings: []spec.Setting{columns, reduction}},
		Func: "MultiLabelSoftMargin", Task: Binary, Pred: Logits, Target: Probabilities,
		make: func(a spec.Args) Loss {
			return MultiLabelSoftMarginWith(MultiLabelSoftMarginOptions{a.List("weight"), reductionOf(a)})
		}},

	{Row: spec.Row{Name: "margin_ranking", Aliases: []string{"margin_ranking_loss"}, Doc: "which of two predictions is larger",
		Examples: []string{"margin=0.3"},
		Settings: []spec.Setting{margin(0), reduction}},
		Func: "MarginRanking", Task: Comparison, Pred: Real, Target: PlusMinus,
		make3: func(a spec.Args) Loss3 { return MarginRankingWith(a.Number("margin"), reductionOf(a)) }},

	{Row: spec.Row{Name: "cosine_embedding", Aliases: []string{"cosine_embedding_loss"}, Doc: "whether two vectors have one direction",
		Examples: []string{"margin=0.3"},
		Settings: []spec.Setting{setting("margin", 0, signed, "the cosine that is far enough"), reduction}},
		Func: "CosineEmbedding", Task: Comparison, Pred: Real, Target: PlusMinus,
		make3: func(a spec.Args) Loss3 { return CosineEmbeddingWith(a.Number("margin"), reductionOf(a)) }},

	{Row: spec.Row{Name: "triplet", Aliases: []string{"triplet_margin", "triplet_margin_loss"}, Doc: "an anchor is nearer to a positive than to a negative",
		Examples: []string{"p=1", "p=3, swap=true"},
		Settings: []spec.Setting{margin(1), setting("p", 2, atLeast1, "the norm"), setting("eps", 1e-06, notNegative, "added to each difference"), flag("swap", false, "measure from the positive where that is nearer"), reduction}},
		Func: "Triplet", Task: Comparison, Pred: Real, Target: Real,
		make3: func(a spec.Args) Loss3 {
			return TripletWith(TripletOptions{new(a.Number("margin")), new(a.Number("p")), a.Flag("swap"), new(a.Number("eps")), reductionOf(a)})
		}},
}

func gaussian(a spec.Args) Loss3 {
	return GaussianNLLWith(GaussianNLLOptions{a.Flag("full"), new(a.Number("eps")), reductionOf(a)})
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

// reductionOf is the setting of that name.
func reductionOf(a spec.Args) Reduction {
	return Reduction(slices.Index(reductionNames, a.Word("reduction")))
}

// ignored is the index of samples to ignore, nil if it was not given.
func ignored(a spec.Args) *int {
	if !a.Given("ignore_index") {
		return nil
	}
	return new(a.Whole("ignore_index"))
}
