"""Writes torch_extra.json: losses and gradients by PyTorch 1.13 in float64.

Run: python3 torch_extra.py > torch_extra.json

Each case names the loss as losses.ByName takes it, the arrays it is called with
(index arrays are marked), its value, and the gradient of the sum of its value
with respect to each array (null where it is not compared). Losses that PyTorch
lacks (hinge, log-cosh, quantile, perceptron, focal) are written here with
PyTorch's primitives, focal as in torchvision.ops.sigmoid_focal_loss.
"""
import itertools, json, math, warnings
import torch
import torch.nn.functional as F

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
T = torch.tensor
rng = torch.Generator().manual_seed(20)
rand = lambda *s: torch.rand(*s, generator=rng)
randn = lambda *s: torch.randn(*s, generator=rng)

cases = []
num = lambda v: v if math.isfinite(v) else "nan" if v != v else "inf" if v > 0 else "-inf"
flat = lambda a: [num(v) for v in a.reshape(-1).tolist()]


def case(spec, f, *arrays, grads=1):
    """Records f(*arrays); grads is how many leading arrays are differentiated."""
    live = [a.clone().requires_grad_(a.is_floating_point() and i < grads) for i, a in enumerate(arrays)]
    y = f(*live)
    y.sum().backward()
    cases.append({
        "loss": spec,
        "in": [{"dims": list(a.shape), "data": flat(a), "index": not a.is_floating_point()} for a in arrays],
        "value": flat(y), "dims": list(y.shape),
        "grad": [None if a.grad is None else flat(a.grad) for a in live],
    })


def reduced(r, y):
    return {"none": lambda: y, "mean": y.mean, "sum": y.sum}[r]()


def spec(name, **o):
    """huber(delta=2, reduction=sum); settings that are None are left out."""
    show = lambda v: str(v).lower() if isinstance(v, bool) else "[" + ", ".join(map(repr, v)) + "]" if isinstance(v, list) else str(v)
    return name + "(" + ", ".join(f"{k}={show(v)}" for k, v in o.items() if v is not None) + ")"


R = ["none", "mean", "sum"]
x43 = T([[.2, -1., .5], [1.5, .3, -.7], [0., .1, .2], [-2., 3., 1.]])
t43 = T([[0., 1., .5], [1., 0., 0.], [0., 0., 1.], [.2, .8, 1.]])
big = T([[1e3, -1e3, 0.], [-1e3, 1e3, 1e3], [999.9, 1000., 1000.1], [-750., 40., -40.]])
x222, t222 = randn(2, 2, 2), randn(2, 2, 2)
ones = lambda a: torch.where(a > 0, 1., -1.)

# Regression: generic points, ties and kinks, a scalar, vectors, large residuals.
pairs = [(x43, t43), (x222, t222), (T([1., -1., 2., -2., 0.]), torch.zeros(5)), (big, big.flip(0)), (T(.3), T(-.9))]
for r, (x, t) in itertools.product(R, pairs):
    case(spec("mse", reduction=r), lambda x, t: F.mse_loss(x, t, reduction=r), x, t, grads=2)
    case(spec("mae", reduction=r), lambda x, t: F.l1_loss(x, t, reduction=r), x, t, grads=2)
    case(spec("log_cosh", reduction=r), lambda x, t: reduced(r, torch.logaddexp(x - t, t - x) - math.log(2)), x, t)
    for d in [.5, 1., 2.]:
        case(spec("huber", delta=d, reduction=r), lambda x, t: F.huber_loss(x, t, delta=d, reduction=r), x, t, grads=2)
        case(spec("smooth_l1", beta=d, reduction=r), lambda x, t: F.smooth_l1_loss(x, t, beta=d, reduction=r), x, t, grads=2)
    for tau in [.1, .5, .9]:
        q = lambda x, t: reduced(r, torch.maximum(tau * (t - x), (tau - 1) * (t - x)))
        case(spec("quantile", tau=tau, reduction=r), q, x, t)
    # By l1_loss, which it is: smooth_l1_loss of PyTorch 1.13 has gradient -1 at 0.
    case(spec("smooth_l1", beta=0, reduction=r), lambda x, t: F.l1_loss(x, t, reduction=r), x, t)
for name, f in [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)]:
    for r in ["mean", "sum"]:
        case(spec(name, reduction=r), lambda x, t: f(x, t, reduction=r), x43[:0], t43[:0])

# Likelihoods.
counts = T([[3., 0., 1.], [2., 5., 0.], [1., 1., 1.], [0., 2., 4.]])
for r, full in itertools.product(R, [False, True]):
    pn = lambda **o: lambda x, t: F.poisson_nll_loss(x, t, full=full, reduction=r, **o)
    case(spec("poisson_nll", full=full, reduction=r), pn(), x43, counts)
    case(spec("poisson_nll", full=full, reduction=r), pn(), -big.abs(), counts)
    for eps in [1e-8, 1e-2, 0.]:
        rates = x43.abs() + (0. if eps else .1)
        case(spec("poisson_nll", log_input=False, full=full, eps=eps, reduction=r), pn(log_input=False, eps=eps), rates, counts)
    for eps, v in itertools.product([1e-6, .5, 0.], [rand(4, 3) + .1, rand(4, 1) + .1, rand(4) + .1, T([[1e-9, .5, .3]] * 4)]):
        g = lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=full, eps=eps, reduction=r)
        case(spec("gaussian_nll", full=full, eps=eps, reduction=r), g, x43, t43, v, grads=3)
P = T([[.1, .2, .7], [.9, .05, .05], [.3, .3, .4], [0., 1., 0.]])
lp = F.log_softmax(x43, 1)
for r in R + ["batchmean"]:
    case(spec("kl", reduction=r), lambda x, t: F.kl_div(x, t, reduction=r), lp, P)
    case(spec("kl", reduction=r), lambda x, t: F.kl_div(x, t, reduction=r), F.log_softmax(big, 1), P)
    case(spec("kl", log_target=True, reduction=r), lambda x, t: F.kl_div(x, t, reduction=r, log_target=True), lp, F.log_softmax(t43, 1), grads=2)

# Two classes.
for r in R:
    for x in [x43, big]:
        s = ones(t43 - .4)
        if x is x43:
            case(spec("soft_margin", reduction=r), lambda x, s: F.soft_margin_loss(x, s, reduction=r), x, s)
        case(spec("hinge", reduction=r), lambda x, s: reduced(r, F.relu(1 - x * s)), x, s)
        case(spec("squared_hinge", reduction=r), lambda x, s: reduced(r, F.relu(1 - x * s) ** 2), x, s)
        case(spec("perceptron", reduction=r), lambda x, s: reduced(r, F.relu(-x * s)), x, s)
        for m in [1., .5, 0.]:
            he = lambda x, s: F.hinge_embedding_loss(x, s, margin=m, reduction=r)
            case(spec("hinge_embedding", margin=m, reduction=r), he, x, s)
        for w, pw in itertools.product([None, [.5, 1., 2.], [2.]], [None, [1., 2., 3.], [2.], [0.]]):
            bl = lambda x, t: F.binary_cross_entropy_with_logits(
                x, t, weight=w and T(w), pos_weight=pw and T(pw), reduction=r)
            case(spec("bce_logits", weight=w, pos_weight=pw, reduction=r), bl, x, t43)
        wide = rand(4, 3).reshape(-1).tolist()
        bl = lambda x, t: F.binary_cross_entropy_with_logits(
            x, t, weight=T(wide).reshape(4, 3), pos_weight=T(wide).reshape(4, 3), reduction=r)
        case(spec("bce_logits", weight=wide, pos_weight=wide, reduction=r), bl, x, t43)
        for gamma, alpha in itertools.product([0., .5, 1., 2., 5.], [-1., 0., .25, 1.]):
            def focal(x, t):
                p, ce = x.sigmoid(), F.binary_cross_entropy_with_logits(x, t, reduction="none")
                y = ce * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
                return reduced(r, y if alpha < 0 else (alpha * t + (1 - alpha) * (1 - t)) * y)
            if x is big and gamma not in [1., 2.]:
                continue  # pow's derivative at 0
            case(spec("focal", gamma=gamma, alpha=alpha, reduction=r), focal, x, t43)
    for w in [None, [.5, 1., 2.]]:
        b = lambda x, t: F.binary_cross_entropy(x, t, weight=w and T(w), reduction=r)
        case(spec("bce", weight=w, reduction=r), b, x43.sigmoid(), t43)
        case(spec("bce", weight=w, reduction=r), b, T([[0., 1., .5], [1e-30, 1., 0.], [1e-13, 1 - 1e-13, .3]]),
             T([[1., 0., .5], [1., 1., 0.], [1., 0., .3]]))
        for x in [x43, big]:
            ml = lambda x, t: F.multilabel_soft_margin_loss(x, t, weight=w and T(w), reduction=r)
            case(spec("multilabel_soft_margin", weight=w, reduction=r), ml, x, t43.round())

# Many classes: indices and probabilities; extreme logits, ties, more axes.
y4 = T([2, 0, 1, 1])
same = torch.ones(4, 3) * 1e3
x342, y32 = randn(3, 4, 2), torch.randint(0, 4, (3, 2), generator=rng)
x2322, y222 = randn(2, 3, 2, 2), torch.randint(0, 3, (2, 2, 2), generator=rng)
for r, ls in itertools.product(R, [None, .1, 1.]):
    for w in [None, [.5, 1., 2.], [0., 1., 1.]]:
        for x in [x43, big, same]:
            for ig in [None, 0, 1, -7]:
                y = torch.where(y4 == 0, ig, y4) if ig is not None else y4
                ce = lambda x, y: F.cross_entropy(
                    x, y, weight=w and T(w), reduction=r, label_smoothing=ls or 0., **({} if ig is None else {"ignore_index": ig}))
                case(spec("cross_entropy", weight=w, ignore_index=ig, label_smoothing=ls, reduction=r), ce, x, y)
            ce = lambda x, t: F.cross_entropy(x, t, weight=w and T(w), reduction=r, label_smoothing=ls or 0.)
            case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x, P)
            case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x, T([-100, 0, -100, 2]))
            case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x, T([-100] * 4))
        case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x2322, y222)
        case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x2322, F.softmax(randn(2, 3, 2, 2), 1))
        case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x43[3], T(1))
        case(spec("cross_entropy", weight=w, label_smoothing=ls, reduction=r), ce, x43[3], P[0])
    ce = lambda x, y: F.cross_entropy(x, y, reduction=r, label_smoothing=ls or 0., ignore_index=1)
    case(spec("cross_entropy", ignore_index=1, label_smoothing=ls, reduction=r), ce, x342, y32)
    case(spec("cross_entropy", label_smoothing=ls, reduction=r), ce, x43[:0], y4[:0])
for r, w in itertools.product(R, [None, [.5, 1., 2.]]):
    for ig in [None, 0, 1, -7]:
        nl = lambda x, y: F.nll_loss(x, y, weight=w and T(w), reduction=r, **({} if ig is None else {"ignore_index": ig}))
        case(spec("nll", weight=w, ignore_index=ig, reduction=r), nl, lp, y4)
        case(spec("nll", weight=w, ignore_index=ig, reduction=r), nl, lp, T([1, 1, 1, 1]))
        case(spec("nll", weight=w, ignore_index=ig, reduction=r), nl, x2322, y222)
    hole = T([[-1., -math.inf, -.5]] * 4)
    case(spec("nll", weight=w, reduction=r), nl, hole, T([0, 2, 0, 2]))
    for p, m in itertools.product([1, 2], [1., .3, 0.]):
        mm = lambda x, y: F.multi_margin_loss(x, y, p=p, margin=m, weight=w and T(w), reduction=r)
        case(spec("multi_margin", p=p, margin=m, weight=w, reduction=r), mm, x43, y4)
        case(spec("multi_margin", p=p, margin=m, weight=w, reduction=r), mm, T([[1., 0., 1.]] * 4), y4)

# Three arrays.
a, b, c = randn(4, 3), randn(4, 3), randn(4, 3)
s4 = T([1., -1., 1., -1.])
for r in R:
    for m in [0., .5]:
        mr = lambda a, b, s: F.margin_ranking_loss(a, b, s, margin=m, reduction=r)
        case(spec("margin_ranking", margin=m, reduction=r), mr, a[:, 0], b[:, 0], s4, grads=2)
        case(spec("margin_ranking", margin=m, reduction=r), mr, a[:, 0], a[:, 0].clone(), s4, grads=2)
        cs = lambda a, b, s: F.cosine_embedding_loss(a, b, s, margin=m, reduction=r)
        case(spec("cosine_embedding", margin=m, reduction=r), cs, a, b, s4, grads=2)
        case(spec("cosine_embedding", margin=m, reduction=r), cs, torch.zeros(4, 3), b, s4, grads=2)
    for p, swap, m in itertools.product([1., 2., 3.], [False, True], [0., 1.]):
        tr = lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=m, p=p, swap=swap, reduction=r)
        case(spec("triplet", margin=m, p=p, swap=swap, reduction=r), tr, a, b, c, grads=3)
        case(spec("triplet", margin=m, p=p, swap=swap, reduction=r), tr, a, a.clone(), c, grads=3)

head = {"origin": f"torch_extra.py with PyTorch {torch.__version__}, float64"}
print("[" + json.dumps(head) + ",\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]")
