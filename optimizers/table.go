package optimizers

import (
	"descent/internal/spec"
	"descent/optimizers/kronecker"
)

// An Entry describes a rule: what it is called, what it is for, and when it
// fails.
type Entry struct {
	spec.Row
	New   func() Rule // with its defaults
	LR    float64     // learning rate to start from; 0 if it is a link that does not move by itself
	After bool        // it stands after the rule that moves, not before
	Fails string
	Free  bool // it finds the length of its steps itself; its rate is a factor that stays 1
}

func row(name string, make func() Rule, lr float64, after bool, doc, fails, source string) Entry {
	e := Entry{spec.Row{Name: name, Doc: doc, Source: source, Structs: func() []any { return links(make()) }}, make, lr, after, fails, false}
	e.Space = []spec.Range{}
	if lr > 0 {
		e.Settings = []spec.Setting{{Name: "lr", Doc: "learning rate", Kind: spec.Number, Range: "[0,inf)", Default: lr}}
		e.Space, e.SpaceSource = []spec.Range{rate(lr/10, lr*100)}, aroundDefault
	}
	return e
}

// searched gives the row ranges that somebody has published.
func (e Entry) searched(source string, ranges ...spec.Range) Entry {
	e.Space, e.SpaceSource = ranges, source
	return e
}

// free says that the rule finds the length of its steps itself.
func (e Entry) free() Entry {
	e.Free = true
	return e
}

// What is searched of rules for which nobody has published ranges, and who has
// published others.
const (
	aroundDefault = "ours: from a tenth of the default rate to a hundred times that"
	crowded       = "Schmidt, Schneider, Hennig 2021, https://arxiv.org/abs/2007.01547"
	algoPerf      = "Dahl et al. 2023, https://arxiv.org/abs/2306.07179"
)

func rate(lo, hi float64) spec.Range {
	return spec.Range{Name: "lr", Interval: spec.Interval{Lo: lo, Hi: hi}, Scale: spec.Log}
}

// memory is the range of a decay, evenly in the logarithm of what is left to 1.
func memory(name string, lo, hi float64) spec.Range {
	return spec.Range{Name: name, Interval: spec.Interval{Lo: lo, Hi: hi}, Scale: spec.Below1}
}

// betas are the rate and the decays of Adam and its relatives, in the ranges of
// crowded.
var betas = []spec.Range{rate(1e-4, 1), memory("beta1", 0.5, 0.999), memory("beta2", 0.8, 0.999)}

// strength is the range of weight decay in algoPerf.
var strength = spec.Range{Name: "lambda", Interval: spec.Interval{Lo: 5e-3, Hi: 1}, Scale: spec.Log}

// Table lists every rule that can be written by name.
var Table = []Entry{
	row("sgd", func() Rule { return SGD() }, 1e-3, false,
		"a baseline; convex problems; the last bit of accuracy with a falling learning rate",
		"badly scaled problems: the learning rate must suit the steepest direction", "Robbins, Monro 1951, https://doi.org/10.1214/aoms/1177729586").searched(crowded, rate(1e-4, 1)),
	row("momentum", func() Rule { return Momentum() }, 1e-3, false,
		"image models with a schedule; long valleys", "oscillates when lr·curvature nears 2(1+μ)", "Polyak 1964, https://doi.org/10.1016/0041-5553(64)90137-5").searched(crowded, rate(1e-4, 1), memory("momentum", 0, 0.9999)),
	row("nesterov", func() Rule { return Nesterov() }, 1e-3, false,
		"as momentum, a little more stable; smooth convex problems", "amplifies gradient noise as momentum does", "Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html").searched(crowded, rate(1e-4, 1), memory("momentum", 0, 0.9999)),
	row("asgd", func() Rule { return ASGD() }, 1e-3, false,
		"noisy convex problems: evaluate the average", "averaging that starts too early keeps the bad beginning", "Polyak, Juditsky 1992, https://doi.org/10.1137/0330046"),
	row("rprop", func() Rule { return Rprop() }, 0.01, false,
		"small full-batch problems: insensitive to scale", "minibatches: their noise flips signs", "Riedmiller, Braun 1993, https://doi.org/10.1109/ICNN.1993.298623"),
	row("adagrad", func() Rule { return AdaGrad() }, 0.01, false,
		"sparse features, such as counts of words", "the step dies out in long runs", "Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html").searched(crowded, rate(1e-4, 1)),
	row("adadelta", func() Rule { return AdaDelta() }, 1, false,
		"when nothing is to be tuned", "slow start: its first steps are of size √ε", "Zeiler 2012, https://arxiv.org/abs/1212.5701").searched(crowded, rate(1e-4, 1), memory("rho", 0, 0.9999)),
	row("rmsprop", func() Rule { return RMSProp() }, 0.01, false,
		"recurrent nets, reinforcement learning", "no bias correction: the first steps are up to 10 times too long", "Tieleman, Hinton 2012; https://arxiv.org/abs/1308.0850").searched(crowded, rate(1e-4, 1), memory("alpha", 0, 0.9999)),
	row("adam", func() Rule { return Adam() }, 1e-3, false,
		"the first thing to try", "may not converge where rare gradients matter: see amsgrad; l2 in front of it is not weight decay: see adamw", "Kingma, Ba 2014, https://arxiv.org/abs/1412.6980").searched(crowded, betas...),
	row("lazy_adam", func() Rule { return LazyAdam() }, 1e-3, false,
		"embeddings of many rows, of which a batch uses few", "rows that are rare keep old means: their steps are larger than adam's", "SparseAdam, https://pytorch.org/docs/stable/optim.html").searched(crowded, betas...),
	row("amsgrad", func() Rule { return AMSGrad() }, 1e-3, false,
		"adam where rare large gradients matter", "one outlier shortens all later steps", "Reddi, Kale, Kumar 2018, https://arxiv.org/abs/1904.09237").searched(crowded, betas...),
	row("adamw", func() Rule { return AdamW() }, 1e-3, false,
		"transformers, and whatever needs weight decay", "decays biases too: decay(0.01, spare=true) | adam does not", "Loshchilov, Hutter 2017, https://arxiv.org/abs/1711.05101").searched(crowded+"; lambda: "+algoPerf, append(betas, strength)...),
	row("adamax", func() Rule { return Adamax() }, 2e-3, false,
		"embeddings, heavy-tailed gradients", "one outlier shortens the next 1/(1-β2) steps", "Kingma, Ba 2014, https://arxiv.org/abs/1412.6980"),
	row("nadam", func() Rule { return NAdam() }, 2e-3, false,
		"adam with look-ahead: often a little faster", "as adam", "Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ").searched(crowded, betas...),
	row("radam", func() Rule { return RAdam() }, 1e-3, false,
		"adam without a warm-up to tune", "its first 5 steps are plain momentum at the same rate: they diverge where gradients are large", "Liu et al. 2019, https://arxiv.org/abs/1908.03265").searched(crowded, betas...),

	row("adabelief", func() Rule { return AdaBelief() }, 1e-3, false,
		"adam where gradients are steady: longer steps along them", "needs no ε, and is sensitive to a large one", "Zhuang et al. 2020, https://arxiv.org/abs/2010.07468").searched(crowded, betas...),
	row("yogi", func() Rule { return Yogi() }, 0.01, false,
		"sparse gradients, where adam's mean square shrinks too fast", "slow to recover from one large gradient", "Zaheer et al. 2018, https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization"),
	row("adan", func() Rule { return Adan() }, 1e-3, false,
		"vision transformers, large batches", "four states to a parameter", "Xie et al. 2022, https://arxiv.org/abs/2208.06677"),
	row("ademamix", func() Rule { return AdEMAMix() }, 1e-3, false,
		"long runs of language models: remembers ten thousand gradients", "short runs; the slow mean needs a warm-up of its own", "Pagliardini, Ablin, Grangier 2024, https://arxiv.org/abs/2409.03137"),
	row("adopt", func() Rule { return ADOPT() }, 1e-3, false,
		"adam that converges with any β2", "the first step only looks", "Taniguchi et al. 2024, https://arxiv.org/abs/2411.02853"),
	row("qhm", func() Rule { return QHM() }, 1e-3, false,
		"momentum with a long memory that still reacts", "its learning rate is not momentum's: 1/(1-β) times as large", "Ma, Yarats 2018, https://arxiv.org/abs/1810.06801"),
	row("qhadam", func() Rule { return QHAdam() }, 1e-3, false,
		"adam with a long memory that still reacts", "two more settings", "Ma, Yarats 2018, https://arxiv.org/abs/1810.06801"),
	row("lion", func() Rule { return Lion() }, 1e-4, false,
		"large batches, little memory: one state", "small batches; needs 3 to 10 times less learning rate and more decay than adamw", "Chen et al. 2023, https://arxiv.org/abs/2302.06675"),
	row("signsgd", func() Rule { return SignSGD() }, 1e-3, false,
		"gradients of unknown scale; compressed communication", "never settles without a falling learning rate", "Bernstein et al. 2018, https://arxiv.org/abs/1802.04434"),
	row("signum", func() Rule { return Signum() }, 1e-3, false,
		"as signsgd, with momentum against noise", "never settles without a falling learning rate", "Bernstein et al. 2018, https://arxiv.org/abs/1802.04434"),
	row("lars", func() Rule { return LARS() }, 1, false,
		"very large batches of images", "biases and normalisation: leave them to another rule; parameters that start at 0", "You, Gitman, Ginsburg 2017, https://arxiv.org/abs/1708.03888"),
	row("lamb", func() Rule { return LAMB() }, 1e-3, false,
		"very large batches of text", "parameters that start at 0 or should stay small", "You et al. 2019, https://arxiv.org/abs/1904.00962"),
	row("adafactor", func() Rule { return Adafactor() }, 0.01, false,
		"large matrices and little memory: a row and a column for the mean square", "small models: cruder than adam", "Shazeer, Stern 2018, https://arxiv.org/abs/1804.04235"),
	row("muon", func() Rule { return Muon() }, 1e-3, false,
		"hidden matrices of large nets, with decay(0.1) before it", "embeddings and output layers: give them to adamw; costs 15 matrix products a step", "Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; https://arxiv.org/abs/2502.16982"),
	row("shampoo", func() Rule { return kronecker.Shampoo() }, 1e-3, false,
		"matrices whose rows or columns go together: fewer steps than adam's, in adam's length", "each root costs about 60 products of square matrices: worth it where gradients are dear; short runs", "Gupta, Koren, Singer 2018, https://arxiv.org/abs/1802.09568; Anil et al. 2020, https://arxiv.org/abs/2002.09018").searched("of adam, whose steps are as long: "+crowded, betas...),
	row("soap", func() Rule { return kronecker.SOAP() }, 3e-3, false,
		"as shampoo, with less to tune; large batches of language models", "small nets: turning the axes costs more than the gradient does", "Vyas et al. 2024, https://arxiv.org/abs/2409.11321").searched("Vyas et al. 2024, appendix A; decays: "+crowded, append([]spec.Range{rate(3.16e-4, 0.1)}, betas[1:]...)...),
	row("psgd", func() Rule { return kronecker.PSGD() }, 1e-3, false,
		"badly scaled and noisy losses; white gradients without a matrix root", "short runs: the preconditioner has to be learned", "Li 2018, https://arxiv.org/abs/1512.04202; Li 2024, https://arxiv.org/abs/2402.11858"),
	row("adahessian", func() Rule { return AdaHessian() }, 0.1, false,
		"badly scaled smooth losses", "three times the cost of a step; piecewise linear nets have no curvature to see", "Yao et al. 2020, https://arxiv.org/abs/2006.00719"),
	row("sophia", func() Rule { return Sophia() }, 1e-3, false,
		"language models, by curvature", "where curvature is negative it is signum; three times the cost of a step", "Liu et al. 2023, https://arxiv.org/abs/2305.14342"),
	row("schedulefree_sgd", func() Rule { return ScheduleFreeSGD() }, 1e-3, false,
		"momentum without knowing how long the run will be", "evaluate the average, not the parameters", "Defazio et al. 2024, https://arxiv.org/abs/2405.15682"),
	row("schedulefree_adamw", func() Rule { return ScheduleFreeAdamW() }, 2.5e-3, false,
		"adamw without knowing how long the run will be", "evaluate the average, not the parameters", "Defazio et al. 2024, https://arxiv.org/abs/2405.15682"),
	row("prodigy", func() Rule { return Prodigy() }, 1, false,
		"adam when the learning rate is not known", "short runs: the estimate takes some hundred steps; noisy losses", "Mishchenko, Defazio 2023, https://arxiv.org/abs/2306.06101").free(),
	row("polyak", func() Rule { return Polyak() }, 1, false,
		"losses whose least value is known, such as 0 for a model that fits", "a least value that cannot be reached: the step is too long", "Loizou et al. 2020, https://arxiv.org/abs/2002.10542").free(),

	row("dog", func() Rule { return DoG() }, 1, false,
		"plain gradient descent when the learning rate is not known", "evaluate an average of the weights (ema); one start that is far off spoils the run", "Ivgi, Hinder, Carmon 2023, https://arxiv.org/abs/2302.12022").free(),
	row("dowg", func() Rule { return DoWG() }, 1, false,
		"as dog, on smooth losses as well", "noise that does not shrink: steps stay long", "Khaled, Mishchenko, Jin 2023, https://arxiv.org/abs/2305.16284").free(),
	row("dadapt", func() Rule { return DAdapt() }, 1, false,
		"adam when the learning rate is not known", "short runs: the estimate grows from 1e-6", "Defazio, Mishchenko 2023, https://arxiv.org/abs/2301.07733").free(),
	row("cocob", func() Rule { return COCOB() }, 1, false,
		"nothing to tune at all: each element bets for itself", "long runs on noisy losses; ignores weight decay, but not l2", "Orabona, Tommasi 2017, https://arxiv.org/abs/1705.07795").free(),
	row("madgrad", func() Rule { return MADGRAD() }, 0.01, false,
		"adam's speed with sgd's generalisation; sparse and dense features", "weight decay as in adamw: use l2, and less of it", "Defazio, Jelassi 2021, https://arxiv.org/abs/2101.11075"),
	row("ftrl", func() Rule { return FTRL() }, 0.1, false,
		"sparse linear models: l1 makes exact zeros", "deep nets: the step dies out as adagrad's does", "McMahan et al. 2013, https://doi.org/10.1145/2487575.2488200"),
	row("mars", func() Rule { return MARS() }, 3e-3, false,
		"language models: adam with less noise", "gradients are clipped to norm 1 for each parameter", "Yuan et al. 2024, https://arxiv.org/abs/2411.10438"),

	row("decay", func() Rule { return Decay(0.01) }, 0, false,
		"decoupled weight decay, before the rule that moves", "too strong where the learning rate is large: it is multiplied by it", "Loshchilov, Hutter 2017, https://arxiv.org/abs/1711.05101"),
	row("l2", func() Rule { return L2(0.01) }, 0, false,
		"a penalty ½λ‖p‖², before the rule that moves", "adaptive rules divide it away: use decay", "Krogh, Hertz 1991, A simple weight decay can improve generalization"),
	row("group", func() Rule { return Group("*", 1) }, 0, false,
		"another learning rate for some parameters", "it must stand before the rule that moves", "parameter groups, https://pytorch.org/docs/stable/optim.html"),
	row("freeze", func() Rule { return Freeze("*") }, 0, false,
		"fine-tuning: leaves some parameters as they are", "gradients are still computed", "parameter groups, https://pytorch.org/docs/stable/optim.html"),
	row("clip", func() Rule { return Clip(1) }, 0, false,
		"bursts of large gradients: recurrent nets, large batches; first in a chain", "hides a learning rate that is too large", "Pascanu, Mikolov, Bengio 2012, https://arxiv.org/abs/1211.5063"),
	row("clip_value", func() Rule { return ClipValue(1) }, 0, false,
		"single elements that explode", "changes the direction", "Mikolov 2012, Statistical language models based on neural networks"),
	row("clip_each", func() Rule { return ClipEach(1) }, 0, false,
		"parameters of very different scale", "changes the direction of the whole", "clipnorm, https://keras.io/api/optimizers/"),
	row("agc", func() Rule { return AGC() }, 0, false,
		"large batches without normalisation layers", "not for the last layer", "Brock et al. 2021, https://arxiv.org/abs/2102.06171"),
	row("keras_sgd", func() Rule { return KerasSGD() }, 1e-3, false,
		"numbers to compare with Keras: the learning rate is inside the momentum", "as momentum", "https://keras.io/api/optimizers/sgd/"),
	row("keras_adam", func() Rule { return KerasAdam() }, 1e-3, false,
		"numbers to compare with Keras: ε before the correction, 1e-7", "as adam", "https://keras.io/api/optimizers/adam/"),
	row("optax_amsgrad", func() Rule { return OptaxAMSGrad() }, 1e-3, false,
		"numbers to compare with Optax: the largest of the corrected mean squares", "as amsgrad", "https://optax.readthedocs.io/en/latest/api/optimizers.html"),
	row("optax_nadam", func() Rule { return OptaxNAdam() }, 1e-3, false,
		"numbers to compare with Optax: no schedule of the momentum", "as adam", "https://optax.readthedocs.io/en/latest/api/optimizers.html"),
	row("optax_adagrad", func() Rule { return OptaxAdaGrad() }, 0.01, false,
		"numbers to compare with Optax: starts at 0.1, ε under the root", "as adagrad", "https://optax.readthedocs.io/en/latest/api/optimizers.html"),
	row("optax_rmsprop", func() Rule { return OptaxRMSProp() }, 0.01, false,
		"numbers to compare with Optax: decay 0.9, ε under the root", "as rmsprop", "https://optax.readthedocs.io/en/latest/api/optimizers.html"),

	row("maximize", func() Rule { return Maximize() }, 0, false,
		"climbing: rewards, likelihoods, saddle games", "every rule after it climbs", "maximize, https://pytorch.org/docs/stable/optim.html"),
	row("centralize", func() Rule { return Centralize() }, 0, false,
		"convolutional and dense layers: a free regulariser", "the output layer, whose weights may need a mean", "Yong et al. 2020, https://arxiv.org/abs/2004.01461"),
	row("noise", func() Rule { return Noise() }, 0, false,
		"very deep nets that start badly", "must be tuned to the size of the gradient", "Neelakantan et al. 2015, https://arxiv.org/abs/1511.06807"),
	row("accumulate", func() Rule { return Accumulate(4) }, 0, false,
		"batches that do not fit in memory; first in a chain", "a loss that is not a mean over rows: weights differ", "gradient accumulation, https://optax.readthedocs.io/en/latest/api/transformations.html"),
	row("sam", func() Rule { return SAM() }, 0, false,
		"generalisation from few data; first in a chain", "twice the cost of a step", "Foret et al. 2020, https://arxiv.org/abs/2010.01412"),
	row("cautious", func() Rule { return Cautious() }, 0, true,
		"any rule with momentum: no step against the gradient", "noise decides the mask when batches are small", "Liang et al. 2024, https://arxiv.org/abs/2411.16085"),
	row("mechanic", func() Rule { return Mechanic() }, 1, true,
		"any rule without a learning rate to tune", "rules whose step has a fixed length, such as lars and lamb", "Cutkosky, Defazio, Mehta 2023, https://arxiv.org/abs/2306.00144").free(),
	row("lookahead", func() Rule { return Lookahead() }, 0, true,
		"steadier training with any rule", "slower at the start", "Zhang et al. 2019, https://arxiv.org/abs/1907.08610"),
	row("ema", func() Rule { return EMA() }, 0, true,
		"evaluating with steadier weights", "runs shorter than 1/(1-β) steps", "Polyak, Juditsky 1992, https://doi.org/10.1137/0330046"),
	row("swa", func() Rule { return SWA() }, 0, true,
		"the end of a run at a constant learning rate: wide minima", "normalisation statistics must be computed anew", "Izmailov et al. 2018, https://arxiv.org/abs/1803.05407"),
	row("schedulefree", func() Rule { return ScheduleFree() }, 0, true,
		"any rule without momentum, without a schedule", "evaluate the average, not the parameters", "Defazio et al. 2024, https://arxiv.org/abs/2405.15682"),
}
