"""PyTorch's side of the comparison in bench/peers; the README there says what
a peer reads and writes. A work is done in every way that PyTorch offers and a
user would know of; the runner compares with the fastest."""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def hash32(seed, n):
    """Random bits for each i below n, the same in every peer."""
    mask = 0xFFFFFFFF
    x = (torch.arange(n) + seed * 0x9E3779B9) & mask
    x = ((x ^ x >> 16) * 0x85EBCA6B) & mask
    x = ((x ^ x >> 13) * 0xC2B2AE35) & mask
    return x ^ x >> 16


def uniform(seed, n, lo, hi):
    return lo + (hi - lo) * ((hash32(seed, n) >> 8).float() / (1 << 24))


def examples(batch, width, classes):
    x = uniform(1, batch // 2 * width, -2, 2).view(-1, width).repeat_interleave(2, 0)
    return x, (hash32(2, batch) >> 8) % classes


def mlp(act, seed, sizes):
    layers = []
    for i, (n, units) in enumerate(zip(sizes, sizes[1:])):
        layers += [act()] if i else []
        dense, k = nn.Linear(n, units), 1 / math.sqrt(n)
        dense.weight.data = uniform(seed + i, n * units, -k, k).view(n, units).t().contiguous()
        dense.bias.data.zero_()
        layers.append(dense)
    return nn.Sequential(*layers)


RATES = {"sgd": .1, "momentum": .01, "adagrad": .01, "rmsprop": .001, "adam": .001, "adamw": .001}


def optimizer(name, params, lr=None, **options):
    o, lr = torch.optim, lr or RATES[name]
    if name == "momentum":
        return o.SGD(params, lr, momentum=.9, **options)
    if name == "adamw":
        return o.AdamW(params, lr, weight_decay=.01, **options)
    rule = {"sgd": o.SGD, "adagrad": o.Adagrad, "rmsprop": o.RMSprop, "adam": o.Adam}[name]
    return rule(params, lr, **options)


def flatten(params):
    """Makes all parameters and gradients views of one tensor, so that zeroing
    and the update are one call each, whatever their number."""
    flat = nn.Parameter(torch.cat([p.data.reshape(-1) for p in params]))
    flat.grad = torch.zeros_like(flat)
    at = 0
    for p in params:
        n = p.numel()
        p.data, p.grad = flat.data[at:at + n].view_as(p), flat.grad[at:at + n].view_as(p)
        at += n
    return flat


class Loss(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, y):
        return F.cross_entropy(self.model(x), y)


def training(model, x, y, rule, lr=None, flat=False, jit=False, compiled=False, loss=None, **options):
    """Returns a function that does a training step and returns its loss."""
    loss = loss or Loss(model)
    if jit:
        loss = torch.jit.trace(loss, (x, y))
    if compiled:
        loss = torch.compile(loss)
    if flat:
        whole = flatten(list(model.parameters()))
        o = optimizer(rule, [whole], lr, **options)

        def step(x=x, y=y):
            whole.grad.zero_()
            l = loss(x, y)
            l.backward()
            o.step()
            return l
    else:
        o = optimizer(rule, model.parameters(), lr, **options)

        def step(x=x, y=y):
            o.zero_grad(set_to_none=True)
            l = loss(x, y)
            l.backward()
            o.step()
            return l
    return step


def repeated(n, step):
    for _ in range(n - 1):
        step()
    return step()


def fall(step):
    """How far the loss falls in the first four updates."""
    first = step().item()
    return first - repeated(4, step).item()


WAYS = {
    "eager": {},
    "foreach": {"foreach": True},
    "fused": {"fused": True},  # on CPUs from 2.4 on
    "flat": {"flat": True},
    "jit+flat": {"jit": True, "flat": True},
    "compile": {"compiled": True},  # from 2.0 on
}


def ways(make):
    """Returns the tasks make(**options) for each way that this version has."""
    tasks = {}
    for name, options in WAYS.items():
        try:
            tasks[name] = make(**options)
        except (TypeError, RuntimeError, AttributeError):
            pass
    return tasks


# A task is a function that does the work once and the number that every peer
# must get.

def mlp_tasks(rule, batch, *sizes):
    x, y = examples(batch, sizes[0], sizes[-1])

    def make(**options):
        step = training(mlp(nn.ReLU, 10, sizes), x, y, rule, **options)
        return step, fall(step)
    return ways(make)


def rosenbrock_tasks():
    def f(x, y):
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    def make(f):
        x, y = (torch.tensor(v, requires_grad=True) for v in (-1.2, 1.))

        def step():
            l = f(x, y)
            dx, dy = torch.autograd.grad(l, (x, y))
            with torch.no_grad():
                x.sub_(dx, alpha=2e-4)
                y.sub_(dy, alpha=2e-4)
            return l
        return step, fall(step)
    traced = torch.jit.trace(f, (torch.tensor(0.), torch.tensor(0.)))
    return {"eager": make(f), "jit": make(traced)}


def hvp_tasks(_, batch, *sizes):
    x, y = examples(batch, sizes[0], sizes[-1])
    model = mlp(nn.Tanh, 10, sizes)
    params = list(model.parameters())
    vs = []
    for k, p in enumerate(params):
        n = p.shape[::-1]  # a Linear's weight is transposed
        vs.append(uniform(20 + k, p.numel(), -1, 1).view(n).t().contiguous() if p.dim() == 2 else
                  uniform(20 + k, p.numel(), -1, 1))

    def make(loss):
        def step():
            grads = torch.autograd.grad(loss(x, y), params, create_graph=True)
            return torch.autograd.grad(grads, params, vs)
        hv = repeated(4, step)  # tracing needs a few to settle
        return step, torch.cat([h.reshape(-1) for h in hv]).abs().mean().item()
    return {"eager": make(Loss(model)), "jit": make(torch.jit.trace(Loss(model), (x, y)))}


def update_tasks(rule, n, tensors):
    def make(flat=False, jit=False, compiled=False, **options):
        if jit or compiled or flat and tensors == 1:
            raise TypeError
        params = [nn.Parameter(torch.ones(n // tensors)) for _ in range(tensors)]
        if flat:
            params = [flatten(params)]
        for p in params:
            p.grad = uniform(3, n // tensors, -1, 1).repeat(p.numel() * tensors // n)
        o = optimizer(rule, params, **options)
        repeated(3, o.step)
        return o.step, sum((p.data - 1).abs().double().sum().item() for p in params) / n
    return ways(make)


def map_tasks(name, n):
    f, x = getattr(torch, name), uniform(6, n, .01, 4)
    y = torch.empty_like(x)
    return {"out=": (lambda: f(x, out=y), f(x).abs().double().mean().item())}


def predictor(name):
    """A net as it predicts, and what it is called with."""
    if name == "lstm":
        import recurrent
        return recurrent.predictor()
    if name == "token":
        import sequences
        return sequences.predictor()
    import pictures
    return pictures.predictor(name)


def tasks(work, threads):
    kind, *rest = work.split("-")
    rest = [int(r) if r.isdigit() else r for r in rest]
    if kind == "sweep":
        import sweep
        return sweep.tasks(rest[0], threads)
    if kind == "pictures":
        import pictures
        return pictures.tasks(*rest)
    if kind == "recurrent":
        import recurrent
        return recurrent.tasks(*rest)
    if kind == "infer":
        import pictures
        return pictures.predictions(*predictor(*rest))
    if kind == "norm":
        import norms
        return norms.tasks(*rest)
    if kind in ("gpt", "columns", "attention", "embedding"):
        import sequences
        return sequences.tasks(kind, *rest)
    make = {"mlp": mlp_tasks, "rosenbrock": rosenbrock_tasks, "hvp": hvp_tasks,
            "update": update_tasks, "map": map_tasks}.get(kind)
    return make(*rest) if make else None


WARM_UP = 20  # milliseconds


def batch(step, ms):
    """The time of a step in microseconds: the mean over about ms milliseconds,
    after a tenth of that, and at least WARM_UP, to warm up."""
    start, n, took = time.perf_counter(), 0, 0
    while took == 0 or took < max(ms / 10, WARM_UP):
        step()
        n += 1
        took = (time.perf_counter() - start) * 1e3
    if n == 1 and took > ms:
        return took / n * 1e3
    n = math.ceil(ms * n / took)
    start = time.perf_counter()
    for _ in range(n):
        step()
    return (time.perf_counter() - start) * 1e6 / n


def once(work):
    """Does a work that is measured as a whole process."""
    kind, *rest = work.split("-")
    if kind in ("first", "peak"):
        rule, n, *sizes = rest[0], *map(int, rest[1:])
        x, y = examples(n, sizes[0], sizes[-1])
        step = training(mlp(nn.ReLU, 10, sizes), x, y, rule)
        check = repeated(20 if kind == "peak" else 1, step).item()
    elif kind == "memory":
        import pictures
        import recurrent
        net, *sizes = rest
        check = fall((recurrent if len(sizes) > 1 else pictures).step(net, *(int(n) for n in sizes)))
    elif kind == "scalar":
        x = torch.tensor(5., requires_grad=True)
        for _ in range(1000):
            l = x * x
            dx, = torch.autograd.grad(l, x)
            with torch.no_grad():
                x.sub_(dx, alpha=.001)
        check = l.item()
    elif kind == "logistic":
        x = uniform(7, 300, -2, 2).view(100, 3)
        y = (x @ torch.tensor([1, -2, .5]) + .3 > 0).float()
        w, b = torch.zeros(3, requires_grad=True), torch.zeros(1, requires_grad=True)
        for _ in range(1000):
            l = F.binary_cross_entropy_with_logits(torch.addmv(b, x, w), y)
            dw, db = torch.autograd.grad(l, (w, b))
            with torch.no_grad():
                w.sub_(dw, alpha=.1)
                b.sub_(db, alpha=.1)
        check = l.item()
    else:
        return {"work": work, "error": "not offered"}
    with open("/proc/self/status") as f:
        peak = next(int(l.split()[1]) for l in f if l.startswith("VmHWM:"))
    return {"work": work, "check": {"eager": check}, "peak_kb": peak}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_flush_denormal(True)
    if len(sys.argv) > 2:
        print(json.dumps(once(sys.argv[2])), flush=True)
        return
    now, ready = None, None
    for line in sys.stdin:
        work, ms = line.split()
        if work != now:
            ready = None  # frees the last work's memory
            now, ready = work, tasks(work, int(sys.argv[1]))
        answer = {"work": work, "version": torch.__version__}
        if ready:
            answer["check"] = {name: check for name, (_, check) in ready.items()}
            answer["us"] = {name: batch(step, float(ms)) for name, (step, _) in ready.items()}
        else:
            answer["error"] = "not offered"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
