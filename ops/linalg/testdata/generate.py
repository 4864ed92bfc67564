"""Writes torch.json: values, gradients and products with the Hessian of PyTorch 1.13 in float64,
in the format of internal/golden (layers.go). Run as: python3 generate.py > torch.json"""
import json
import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def uniform(seed, shape):
    n = int(np.prod(shape, dtype=np.int64))
    x = (np.arange(n, dtype=np.uint64) + seed * 0x9E3779B9) % 2**32
    x = (x ^ x >> 16) * 0x85EBCA6B % 2**32
    x = (x ^ x >> 13) * 0xC2B2AE35 % 2**32
    x = x ^ x >> 16
    return torch.tensor(-1 + 2 * (x.astype(np.float64) / 2**32)).reshape(shape)


def definite(x):
    return x @ x.mT + 0.5 * torch.eye(x.shape[-1])


def eigvectors(a):
    v = torch.linalg.eigh((a + a.mT) / 2)[1]
    first = torch.gather(v, -2, v.abs().argmax(-2, keepdim=True))
    return v * torch.sign(first.detach())


def column(f):
    return lambda a, b: f(a, b[:, None])[..., 0] if b.dim() == 1 else f(a, b)


def triangular(upper, transposed, unit):
    def f(a, b):
        a = a if unit else a + 2 * torch.eye(a.shape[-1])
        a, up = (a.mT, not upper) if transposed else (a, upper)
        return torch.linalg.solve_triangular(a.triu() if up else a.tril(), b, upper=bool(up), unitriangular=bool(unit))
    return column(f)


# What is done with x (and b) is the same in linalg_test.go.
OPS = {
    "solve": column(torch.linalg.solve),
    "cholesky": lambda x: torch.linalg.cholesky(definite(x)),
    "cholesky_solve": column(lambda x, b: torch.linalg.solve(definite(x), b)),
    "inverse": lambda x: torch.linalg.inv(x),
    "det": lambda x: torch.linalg.det(x),
    "logdet": lambda x: torch.logdet(definite(x)),
    "log_abs_det": lambda x: torch.linalg.slogdet(x)[1],
    "diagonal": lambda x: torch.diagonal(x, dim1=-2, dim2=-1),
    "diag": lambda x: torch.diag_embed(x),
    "trace": lambda x: torch.diagonal(x, dim1=-2, dim2=-1).sum(-1),
    "eigenvalues": lambda x: torch.linalg.eigvalsh((x + x.mT) / 2),
    "eigenvectors": lambda x: eigvectors(x),
}
for upper in (0, 1):
    for transposed in (0, 1):
        for unit in (0, 1):
            OPS["solve_triangular %d%d%d" % (upper, transposed, unit)] = triangular(upper, transposed, unit)

ONE = [[1, 1], [2, 2], [3, 3], [6, 6], [7, 7], [2, 3, 3], [2, 2, 4, 4]]
TWO = [([1, 1], [1]), ([3, 3], [3]), ([4, 4], [4, 3]), ([7, 7], [7, 2]), ([2, 3, 3], [2, 3, 1]), ([2, 2], [3, 2, 2]), ([2, 1, 3, 3], [2, 3, 2])]


def numbers(t):
    return [int(v) if v == int(v) else v for v in t.detach().reshape(-1).tolist()]


def case(name, op, shapes, seed):
    ins = {k: uniform(seed + i, s).requires_grad_() for i, (k, s) in enumerate(zip("xb", shapes))}
    y = OPS[op](*ins.values())
    loss = (y * uniform(seed + 10, y.shape)).sum()
    grads = torch.autograd.grad(loss, list(ins.values()), create_graph=True)
    along = sum((g * uniform(seed + 20 + i, g.shape)).sum() for i, g in enumerate(grads))
    if along.requires_grad:
        hvp = torch.autograd.grad(along, list(ins.values()), allow_unused=True)
    else:
        hvp = [None] * len(ins)
    c = {"name": name, "op": op, "args": {},
         "inputs": {k: {"shape": list(s), "seed": seed + i, "lo": -1, "hi": 1, "grad": True} for i, (k, s) in enumerate(zip("xb", shapes))},
         "outputs": {"y": {"shape": list(y.shape), "data": numbers(y)}}, "cotangents": {"y": seed + 10},
         "grads": {k: numbers(g) for k, g in zip(ins, grads)},
         "directions": {k: seed + 20 + i for i, k in enumerate(ins)},
         "hvp": {k: numbers(torch.zeros_like(x) if h is None else h) for (k, x), h in zip(ins.items(), hvp)}}
    return json.dumps(c, separators=(",", ":"))


lines = []
for op in OPS:
    shapes = TWO if "solve" in op else [[s] for s in ONE]
    if op in ("diagonal", "trace"):
        shapes = [[[3, 3]], [[2, 4]], [[2, 4, 3]]]
    if op == "diag":
        shapes = [[[3]], [[2, 4]]]
    if op.startswith("solve_triangular"):
        shapes = [TWO[1], TWO[3], TWO[6]]
    for s in shapes:
        lines.append(case("%s %s" % (op, s), op, s, 100 * (len(lines) + 1)))
print('{"torch":"%s","cases":[\n%s\n]}' % (torch.__version__, ",\n".join(lines)))
