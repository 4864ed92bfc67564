package optimizers

import "slices"

// An Entry describes a rule: what it is called, what it is for, and when it
// fails.
type Entry struct {
	Name  string
	New   func() Rule // with its defaults
	LR    float64     // learning rate to start from; 0 if it is a link that does not move by itself
	For   string
	Fails string
	Paper string
}

// Table lists every rule that can be written by name.
var Table = []Entry{
	{"sgd", func() Rule { return SGD() }, 0.01,
		"a baseline; convex problems; the last bit of accuracy with a falling learning rate",
		"badly scaled problems: the learning rate must suit the steepest direction", "Robbins, Monro 1951, https://doi.org/10.1214/aoms/1177729586"},
	{"momentum", func() Rule { return Momentum() }, 0.01,
		"image models with a schedule; long valleys", "oscillates when lr·curvature nears 2(1+μ)", "Polyak 1964, https://doi.org/10.1016/0041-5553(64)90137-5"},
	{"nesterov", func() Rule { return Nesterov() }, 0.01,
		"as momentum, a little more stable; smooth convex problems", "amplifies gradient noise as momentum does", "Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html"},
	{"asgd", func() Rule { return ASGD() }, 0.01,
		"noisy convex problems: evaluate the average", "averaging that starts too early keeps the bad beginning", "Polyak, Juditsky 1992, https://doi.org/10.1137/0330046"},
	{"rprop", func() Rule { return Rprop() }, 0.01,
		"small full-batch problems: insensitive to scale", "minibatches: their noise flips signs", "Riedmiller, Braun 1993, https://doi.org/10.1109/ICNN.1993.298623"},
	{"adagrad", func() Rule { return AdaGrad() }, 0.01,
		"sparse features, such as counts of words", "the step dies out in long runs", "Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html"},
	{"adadelta", func() Rule { return AdaDelta() }, 1,
		"when nothing is to be tuned", "slow start: its first steps are of size √ε", "Zeiler 2012, https://arxiv.org/abs/1212.5701"},
	{"rmsprop", func() Rule { return RMSProp() }, 0.01,
		"recurrent nets, reinforcement learning", "no bias correction: the first steps are up to 10 times too long", "Tieleman, Hinton 2012; https://arxiv.org/abs/1308.0850"},
	{"adam", func() Rule { return Adam() }, 1e-3,
		"the first thing to try", "may not converge where rare gradients matter: see amsgrad; l2 in front of it is not weight decay: see adamw", "Kingma, Ba 2014, https://arxiv.org/abs/1412.6980"},
	{"amsgrad", func() Rule { return AMSGrad() }, 1e-3,
		"adam where rare large gradients matter", "one outlier shortens all later steps", "Reddi, Kale, Kumar 2018, https://arxiv.org/abs/1904.09237"},
	{"adamw", func() Rule { return AdamW() }, 1e-3,
		"transformers, and whatever needs weight decay", "decays biases too: decay(0.01, spare=true) | adam does not", "Loshchilov, Hutter 2017, https://arxiv.org/abs/1711.05101"},
	{"adamax", func() Rule { return Adamax() }, 2e-3,
		"embeddings, heavy-tailed gradients", "one outlier shortens the next 1/(1-β2) steps", "Kingma, Ba 2014, https://arxiv.org/abs/1412.6980"},
	{"nadam", func() Rule { return NAdam() }, 2e-3,
		"adam with look-ahead: often a little faster", "as adam", "Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ"},
	{"radam", func() Rule { return RAdam() }, 1e-3,
		"adam without a warm-up to tune", "its first 5 steps are plain momentum at the same rate: they diverge where gradients are large", "Liu et al. 2019, https://arxiv.org/abs/1908.03265"},

	{"decay", func() Rule { return Decay(0.01) }, 0,
		"decoupled weight decay, before the rule that moves", "too strong where the learning rate is large: it is multiplied by it", "Loshchilov, Hutter 2017, https://arxiv.org/abs/1711.05101"},
	{"l2", func() Rule { return L2(0.01) }, 0,
		"a penalty ½λ‖p‖², before the rule that moves", "adaptive rules divide it away: use decay", "Krogh, Hertz 1991, A simple weight decay can improve generalization"},
	{"group", func() Rule { return Group("*", 1) }, 0,
		"another learning rate for some parameters", "it must stand before the rule that moves", "parameter groups, https://pytorch.org/docs/stable/optim.html"},
	{"freeze", func() Rule { return Freeze("*") }, 0,
		"fine-tuning: leaves some parameters as they are", "gradients are still computed", "parameter groups, https://pytorch.org/docs/stable/optim.html"},
	{"clip", func() Rule { return Clip(1) }, 0,
		"bursts of large gradients: recurrent nets, large batches; first in a chain", "hides a learning rate that is too large", "Pascanu, Mikolov, Bengio 2012, https://arxiv.org/abs/1211.5063"},
	{"clip_value", func() Rule { return ClipValue(1) }, 0,
		"single elements that explode", "changes the direction", "Mikolov 2012, Statistical language models based on neural networks"},
	{"clip_each", func() Rule { return ClipEach(1) }, 0,
		"parameters of very different scale", "changes the direction of the whole", "clipnorm, https://keras.io/api/optimizers/"},
	{"agc", func() Rule { return AGC() }, 0,
		"large batches without normalisation layers", "not for the last layer", "Brock et al. 2021, https://arxiv.org/abs/2102.06171"},
}

// Names returns the names of all rules, in the table's order.
func Names() []string {
	out := make([]string, len(Table))
	for i := range Table {
		out[i] = Table[i].Name
	}
	return out
}

func lookup(name string) *Entry {
	if i := slices.IndexFunc(Table, func(e Entry) bool { return e.Name == name }); i >= 0 {
		return &Table[i]
	}
	return nil
}
