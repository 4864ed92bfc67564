"""Writes layers/order.json: PyTorch 1.13's quantiles and smallest elements, in the format of
internal/golden (layers.go). Run as: python3 order.py > layers/order.json"""
import json
import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def uniform(seed, shape, lo, hi):
    x = (np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.uint64) + seed * 0x9E3779B9) % 2**32
    x = (x ^ x >> 16) * 0x85EBCA6B % 2**32
    x = (x ^ x >> 13) * 0xC2B2AE35 % 2**32
    x = x ^ x >> 16
    return torch.tensor(lo + (hi - lo) * (x.astype(np.float64) / 2**32)).reshape(shape)


def numbers(t):
    return [int(v) if v == int(v) else v for v in t.detach().reshape(-1).tolist()]


def case(seed, op, args, shape):
    x = uniform(seed, shape, -2, 2).requires_grad_()
    if op == "quantile":
        y = torch.quantile(x, args["q"], dim=args["dim"])
    else:
        y = torch.topk(x, args["k"], dim=args["dim"], largest=False)[0]
    (g,) = torch.autograd.grad((y * uniform(seed + 10, y.shape, -1, 1)).sum(), x)
    return json.dumps({"name": "order/%03d %s" % (seed // 100, op), "op": op, "args": args,
                       "inputs": {"x": {"shape": shape, "seed": seed, "lo": -2, "hi": 2, "grad": True}},
                       "outputs": {"y": {"shape": list(y.shape), "data": numbers(y)}}, "cotangents": {"y": seed + 10}, "grads": {"x": numbers(g)}}, separators=(",", ":"))


lines = []
for q in [0, 0.1, 0.25, 0.5, 0.9, 1]:
    for shape, dim in [([5], 0), ([8], 0), ([3, 4], 1), ([2, 5, 3], 1)]:
        lines.append(case(100 * (len(lines) + 1), "quantile", {"q": q, "dim": dim}, shape))
for k, shape, dim in [(2, [6], 0), (3, [3, 5], 1), (1, [4, 2], 0)]:
    lines.append(case(100 * (len(lines) + 1), "topk", {"k": k, "dim": dim, "largest": False}, shape))
print('{"torch":"%s","cases":[\n%s\n]}' % (torch.__version__, ",\n".join(lines)))
