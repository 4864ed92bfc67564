# Makes torch_extra.json: parameters after each of 60 steps of every rule of
# PyTorch 1.13 with its options alone and combined, and the learning rates of
# every schedule. Run as
#	ATEN_CPU_CAPABILITY=default python3 generate_extra.py
# so that torch computes without fused multiply-add.
import itertools, json, math, os, random
import torch
from torch.optim import lr_scheduler as S

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
base = json.load(open(os.path.join(here, "torch_optim_bit_exact.json")))
x0 = [float.fromhex(v) for v in base["x0"]]
G = [[float.fromhex(v) for v in row] for row in base["G"]]


def run(name, **kw):
    p = torch.tensor(x0, requires_grad=True)
    opt = getattr(torch.optim, name)([p], foreach=False, **kw) if name != "x" else None
    rows = []
    for g in G:
        p.grad = torch.tensor(g)
        opt.step()
        rows.append([v.hex() for v in p.tolist()])
    return rows


def combos(**axes):
    keys = list(axes)
    for vals in itertools.product(*axes.values()):
        yield {k: v for k, v in zip(keys, vals) if v is not None}


grid = {
    "SGD": combos(lr=[0.1], momentum=[None, 0.9], dampening=[None, 0.3], nesterov=[None, True], weight_decay=[None, 0.05], maximize=[None, True]),
    "Adagrad": combos(lr=[None, 0.3], lr_decay=[None, 0.05], initial_accumulator_value=[None, 0.1], eps=[None, 1e-3], weight_decay=[None, 0.05], maximize=[None, True]),
    "Adadelta": combos(lr=[None, 0.5], rho=[None, 0.95], eps=[None, 1e-4], weight_decay=[None, 0.05], maximize=[None, True]),
    "RMSprop": combos(lr=[None, 0.1], alpha=[None, 0.9], eps=[None, 1e-3], centered=[None, True], momentum=[None, 0.9], weight_decay=[None, 0.05], maximize=[None, True]),
    "Adam": combos(lr=[None, 0.1], betas=[None, (0.8, 0.95)], eps=[None, 1e-3], amsgrad=[None, True], weight_decay=[None, 0.05], maximize=[None, True]),
    "AdamW": combos(lr=[None, 0.1], betas=[None, (0.8, 0.95)], eps=[None, 1e-3], amsgrad=[None, True], weight_decay=[None, 0.05], maximize=[None, True]),
    "Adamax": combos(lr=[None, 0.1], betas=[None, (0.8, 0.95)], eps=[None, 1e-3], weight_decay=[None, 0.05], maximize=[None, True]),
    "RAdam": combos(lr=[None, 0.1], betas=[None, (0.8, 0.95), (0.9, 0.9)], eps=[None, 1e-3], weight_decay=[None, 0.05]),
    "Rprop": combos(lr=[None, 0.1], etas=[None, (0.4, 1.3)], step_sizes=[None, (1e-3, 0.2)], maximize=[None, True]),
    "ASGD": combos(lr=[None, 0.1], lambd=[None, 0.01], alpha=[None, 0.5], t0=[None, 10], weight_decay=[None, 0.05], maximize=[None, True]),
}
runs = []
for name, options in grid.items():
    for kw in options:
        if kw.get("nesterov") and (kw.get("dampening") or not kw.get("momentum")):
            continue
        rows = run(name, **kw)
        # Only some steps are kept; each depends on all before.
        keep = [0, 2, 9, 29, 59]
        runs.append({"rule": name, "options": kw, "steps": [k + 1 for k in keep], "x": [rows[k] for k in keep]})


def schedule(make, n=60, lr=0.5, **opt):
    p = torch.zeros(1, requires_grad=True)
    o = torch.optim.SGD([p], lr=lr, momentum=0.9)
    s = make(o)
    out = []
    for _ in range(n):
        out.append(o.param_groups[0]["lr"].hex() if isinstance(o.param_groups[0]["lr"], float) else float(o.param_groups[0]["lr"]).hex())
        o.step()
        s.step()
    return out


sched = {
    "step(lr=0.5, every=7, factor=0.3)": schedule(lambda o: S.StepLR(o, 7, 0.3)),
    "multistep(lr=0.5, at=[5, 20, 20, 41], factor=0.3)": schedule(lambda o: S.MultiStepLR(o, [5, 20, 20, 41], 0.3)),
    "constant(lr=0.5, factor=0.25, steps=10)": schedule(lambda o: S.ConstantLR(o, 0.25, 10)),
    "linear(lr=0.5, start=0.3333333333333333, end=1, steps=5)": schedule(lambda o: S.LinearLR(o)),
    "linear(lr=0.5, start=1, end=0.01, steps=50)": schedule(lambda o: S.LinearLR(o, 1, 0.01, 50)),
    "exponential(lr=0.5, factor=0.93)": schedule(lambda o: S.ExponentialLR(o, 0.93)),
    "polynomial(lr=0.5, steps=40, power=1)": schedule(lambda o: S.PolynomialLR(o, 40, 1.0)),
    "polynomial(lr=0.5, steps=40, power=2)": schedule(lambda o: S.PolynomialLR(o, 40, 2.0)),
    "cosine(lr=0.5, steps=20, final=0.01, periodic=true)": schedule(lambda o: S.CosineAnnealingLR(o, 20, 0.01)),
    "cosine(lr=0.5, steps=100)": schedule(lambda o: S.CosineAnnealingLR(o, 100)),
    "restarts(lr=0.5, steps=7, growth=1, final=0)": schedule(lambda o: S.CosineAnnealingWarmRestarts(o, 7)),
    "restarts(lr=0.5, steps=4, growth=3, final=0.02)": schedule(lambda o: S.CosineAnnealingWarmRestarts(o, 4, 3, 0.02)),
    "onecycle(lr=1, steps=60)": schedule(lambda o: S.OneCycleLR(o, 1.0, total_steps=60)),
    "onecycle(lr=1, steps=60, rise=0.4, linear=true, div=10, final_div=100)": schedule(lambda o: S.OneCycleLR(o, 1.0, total_steps=60, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100)),
    "onecycle(lr=1, steps=60, rise=0.3, three=true)": schedule(lambda o: S.OneCycleLR(o, 1.0, total_steps=60, pct_start=0.3, three_phase=True)),
    "constant(lr=0.5, factor=0.25, steps=10) | exponential(factor=0.93)": schedule(lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.25, 10), S.ExponentialLR(o, 0.93)])),
    "linear(lr=0.5, start=0.1, steps=10) | step(every=15, factor=0.5)": schedule(lambda o: S.ChainedScheduler([S.LinearLR(o, 0.1, 1, 10), S.StepLR(o, 15, 0.5)])),
    "constant(lr=0.5, factor=0.1, steps=20) > 20: exponential(lr=0.5, factor=0.9)": schedule(lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)], [20])),
    "linear(lr=0.5, start=0.25, steps=8) > 8: cosine(lr=0.5, steps=30, periodic=true) > 40: step(lr=0.5, every=4, factor=0.5)": schedule(lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.25, 1, 8), S.CosineAnnealingLR(o, 30), S.StepLR(o, 4, 0.5)], [8, 40])),
    "cyclic(low=0.1, lr=1, up=5, down=9)": schedule(lambda o: S.CyclicLR(o, 0.1, 1, 5, 9)),
    "cyclic(low=0.1, lr=1, up=4, down=4, decay=0.97, mode=exp)": schedule(lambda o: S.CyclicLR(o, 0.1, 1, 4, mode="exp_range", gamma=0.97)),
}
json.dump({"meta": {"torch": torch.__version__, "origin": "generate_extra.py, ATEN_CPU_CAPABILITY=default; x0 and G are those of torch_optim_bit_exact.json"},
           "runs": runs, "schedules": sched},
          open(os.path.join(here, "torch_extra.json"), "w"), separators=(",", ":"))
print(len(runs), "runs", len(sched), "schedules", torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends, "cpu") else os.environ.get("ATEN_CPU_CAPABILITY"))
