"""Writes torch_density.json, in the format of torch_extra.json: losses that are densities, and
that of sparsemax, by PyTorch 1.13 in float64.

Run: python3 torch_density.py > torch_density.json
"""
import itertools, json, math
import torch

torch.set_default_dtype(torch.float64)
T = torch.tensor
cases = []
flat = lambda a: a.reshape(-1).tolist()


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
    """gamma_nll(shape=2, reduction=sum)."""
    return name + "(" + ", ".join(f"{k}={str(v).lower()}" for k, v in o.items()) + ")"


R = ["none", "mean", "sum"]
x43 = T([[.2, -1., .5], [1.5, .3, -.7], [0., .1, .2], [-2., 3., 1.]])
t43 = T([[0., 1., .5], [1., 0., 0.], [0., 0., 1.], [.2, .8, 1.]])
counts = T([[3., 0., 1.], [2., 5., 0.], [1., 1., 1.], [0., 2., 4.]])
y4 = T([2, 0, 1, 0])

# By torch.distributions; what does not depend on the prediction is taken off.
D = torch.distributions
amounts = T([[.4, 1., 2.5], [.1, 3., .7], [1.2, 5., .3], [2., .9, .05]])
parts = T([[.1, .5, .9], [.3, .02, .7], [.99, .4, .6], [.25, .75, .5]])
for r, full in itertools.product(R, [False, True]):
    for al in [1., .3, 4.]:
        def nb(x, y):
            p = -D.NegativeBinomial(1 / T(al), logits=x + math.log(al)).log_prob(y)
            rest = torch.lgamma(1 / T(al)) + torch.lgamma(y + 1) - torch.lgamma(y + 1 / al) - y * math.log(al)
            return reduced(r, p if full else p - rest)
        case(spec("negative_binomial_nll", alpha=al, full=full, reduction=r), nb, x43, counts)
    for k in [1., .5, 3.]:
        def gam(x, y):
            p = -D.Gamma(T(k), k * torch.exp(-x)).log_prob(y)
            rest = math.lgamma(k) - k * math.log(k) - (k - 1) * torch.log(y)
            return reduced(r, p if full else p - rest)
        case(spec("gamma_nll", shape=k, full=full, reduction=r), gam, x43, amounts, grads=2)
    for df, s in [(4., 1.), (1., .5), (30., 2.)]:
        def stu(x, y):
            p = -D.StudentT(T(df), x, s).log_prob(y)
            rest = math.lgamma(df / 2) - math.lgamma((df + 1) / 2) + .5 * math.log(math.pi * df)
            return reduced(r, p if full else p - rest)
        case(spec("student_nll", df=df, scale=s, full=full, reduction=r), stu, x43, t43, grads=2)
for r, ph in itertools.product(R, [10., .5, 200.]):
    case(spec("beta_nll", precision=ph, reduction=r), lambda x, y: reduced(r, -D.Beta(ph * torch.sigmoid(x), ph * torch.sigmoid(-x)).log_prob(y)), x43, parts, grads=2)
for r in R:
    def sparse(z, y):
        down = torch.sort(z, 1, descending=True)[0]
        k = (1 + torch.arange(1, z.shape[1] + 1) * down > down.cumsum(1)).sum(1, keepdim=True)
        tau = (down.cumsum(1).gather(1, k - 1) - 1) / k
        p = torch.relu(z - tau)
        return reduced(r, ((z * z - tau * tau) * (p > 0)).sum(1) / 2 + .5 - z.gather(1, y[:, None])[:, 0])
    case(spec("sparsemax_loss", reduction=r), sparse, x43, y4)
    case(spec("sparsemax_loss", reduction=r), sparse, 3 * x43, T([2, 0, 1, 1]))

head = {"origin": f"torch_density.py with PyTorch {torch.__version__}, float64"}
print("[" + json.dumps(head) + ",\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]")
