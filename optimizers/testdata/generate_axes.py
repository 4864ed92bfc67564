"""Trajectories of SOAP and PSGD by their authors' own programs, for axes_torch.json:

    python3 generate_axes.py soap.py psgd.py > axes_torch.json

with soap.py of https://github.com/nikhilvyas/SOAP and psgd.py of
https://github.com/lixilinx/psgd_torch. What those draw at random is fixed, as
PSGDRule says: a norm is bounded without random companions, and factors are not
balanced. einsum stands for opt_einsum.
"""
import importlib.util
import json
import sys
import types

import torch

torch.set_default_dtype(torch.float64)
torch.Tensor.float = lambda x: x  # SOAP would take its matrices to float32 and back
STEPS = 30


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Contraction(types.ModuleType):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    @staticmethod
    def get_symbol(i):  # i, i + 26 and i + 805 are axes of their own
        return Contraction.letters[{0: 0, 26: 9, 805: 18}[i - i % 26 if i < 800 else 805] + (i % 26 if i < 800 else i - 805)]

    @staticmethod
    def contract_expression(subscripts, *shapes):
        return lambda *tensors: torch.einsum(subscripts, *tensors)


def bound(part):
    def f(a):
        top = part(a).abs().max() + 1e-36
        a = a / top
        v = a[a.norm(dim=1).argmax()]
        for _ in range(2):
            v = v @ a
            v = v / (v.norm() + 1e-36) @ a
        return top * v.norm()
    return f


def gradients(shape):
    n = 1
    for d in shape:
        n *= d
    for t in range(STEPS):
        x = [0.7 * torch.sin(torch.tensor(1.3 * t + 2.1 * i)) + 0.2 * torch.cos(torch.tensor(0.4 * t * (i + 1))) for i in range(n)]
        yield torch.stack(x).reshape(shape)


def soap(module, shape, **settings):
    p = torch.nn.Parameter(torch.zeros(shape))
    o = module.SOAP([p], lr=0.01, weight_decay=0, **settings)
    out = {"rule": "soap", "shape": list(shape), "settings": settings, "values": []}
    for g in gradients(shape):
        p.grad = g.clone()
        o.step()
        out["values"].append(p.detach().flatten().tolist())
        if "axes" not in out:
            out["axes"] = [q.T.flatten().tolist() if len(q) else [] for q in o.state[p]["Q"]]
    return out


def psgd(module, shape, **settings):
    module.norm_lower_bound_spd = bound(torch.diagonal)
    module.norm_lower_bound_skh = bound(lambda a: a)
    module.torch.rand = lambda *_: torch.tensor(0.5)  # below a probability of 1, above 0.01
    p = torch.nn.Parameter(torch.zeros(shape))
    o = module.KronWhiten([p], lr_params=0.01, damping=0.0, momentum=0.9, **settings)
    out = {"rule": "psgd", "shape": list(shape), "settings": settings, "values": []}
    for g in gradients(shape):
        o.step(lambda: (g * p).sum())
        out["values"].append(p.detach().flatten().tolist())
    return out


sys.modules["opt_einsum"] = Contraction("opt_einsum")
print_, sys.stdout = sys.stdout, sys.stderr
S, P = load("soap", sys.argv[1]), load("psgd", sys.argv[2])
cases = [soap(S, (4, 3)), soap(S, (4, 3), precondition_frequency=3, betas=(0.8, 0.9)), soap(S, (3,)), soap(S, (2, 3, 2), precondition_frequency=4),
         soap(S, (5, 2), max_precond_dim=3, precondition_frequency=2),
         psgd(P, (4, 3)), psgd(P, (3,)), psgd(P, ()), psgd(P, (2, 3, 2), lr_preconditioner=0.3), psgd(P, (3, 3), betaL=0.5), psgd(P, (4, 3), preconditioner_max_size=2)]
json.dump(cases, print_)
