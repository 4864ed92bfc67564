#!/usr/bin/env python3
"""Random cases of operations that move elements, by PyTorch in float64, in the format of the other files here:

    python3 generate.py 400 1 > cases.json && go test ./ops/shape -run PyTorch -args -cases $PWD/cases.json
"""
import json
import math
import random
import sys

import torch
import torch.nn.functional as F

rng = random.Random()


def uniform(seed, n, lo=-1.0, hi=1.0):
    m = 2**32 - 1
    out = []
    for i in range(n):
        x = (i + seed * 0x9E3779B9) & m
        x = ((x ^ x >> 16) * 0x85EBCA6B) & m
        x = ((x ^ x >> 13) * 0xC2B2AE35) & m
        out.append(lo + (hi - lo) * ((x ^ x >> 16) / 2**32))
    return out


def drawn(seed, shape, lo=-1.0, hi=1.0):
    return torch.tensor(uniform(seed, math.prod(shape), lo, hi), dtype=torch.float64).reshape(shape)


def picture(axes, least=2, most=6):
    return [rng.randint(1, 2), rng.randint(1, 3)] + [rng.randint(least, most) for _ in range(axes)]


def per_axis(n, lo, hi):
    return [rng.randint(lo, hi) for _ in range(n)]


def pad(mode):
    def make():
        n = rng.randint(1, 3)
        shape = picture(n, 3)
        most = {"constant": 4, "reflect": min(shape[2:]) - 1, "replicate": 4, "circular": min(shape[2:])}[mode]
        ends = [rng.randint(-1 if mode == "constant" else 0, most) for _ in range(2 * n)]
        value = rng.choice([0.0, 1.5]) if mode == "constant" else 0.0
        f = (lambda x: F.pad(x, ends, mode, value)) if mode == "constant" else (lambda x: F.pad(x, ends, mode))
        return {"pad": ends, "value": value}, {"x": shape}, f
    return make


def roll():
    shape = [rng.randint(1, 5) for _ in range(rng.randint(1, 4))]
    dims = rng.sample(range(len(shape)), rng.randint(0, len(shape)))
    shifts = [rng.randint(-7, 7) for _ in dims] or [rng.randint(-7, 7)]
    return {"shifts": shifts, "dims": dims}, {"x": shape}, lambda x: torch.roll(x, shifts, dims)


def triangle(f):
    def make():
        shape = [rng.randint(1, 5) for _ in range(rng.randint(2, 4))]
        k = rng.randint(-4, 4)
        return {"diagonal": k}, {"x": shape}, lambda x: f(x, k)
    return make


def shuffle():
    r, c = rng.randint(1, 3), rng.randint(1, 3)
    return {"factor": r}, {"x": [rng.randint(1, 2), c * r * r, rng.randint(1, 4), rng.randint(1, 4)]}, lambda x: F.pixel_shuffle(x, r)


def unshuffle():
    r = rng.randint(1, 3)
    return {"factor": r}, {"x": [rng.randint(1, 2), rng.randint(1, 3), r * rng.randint(1, 3), r * rng.randint(1, 3)]}, lambda x: F.pixel_unshuffle(x, r)


def channels():
    g = rng.randint(1, 4)
    return {"groups": g}, {"x": [rng.randint(1, 2), g * rng.randint(1, 3), 2, rng.randint(1, 3)]}, lambda x: x.reshape(x.shape[0], g, -1, *x.shape[2:]).transpose(1, 2).reshape(x.shape)


def upsample(mode):
    def make():
        n = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(mode) or rng.randint(1, 3)
        shape = picture(n, 1, 9)
        args = {}
        if rng.random() < 0.5:
            args["size"] = per_axis(n, 1, 12)
        else:
            # where twice as many places come of another scale, PyTorch's gradient is not of its value
            args["scale_factor"] = [rng.choice([1.5, 2.0, 3.0, 1.7, 2.5]) for _ in range(n)]
        if not mode.startswith("nearest"):
            args["align_corners"] = rng.random() < 0.5
        return args, {"x": shape}, lambda x: F.interpolate(x, mode=mode, **args)
    return make


def window():
    n = 2
    k, d, p = per_axis(n, 1, 3), per_axis(n, 1, 2), per_axis(n, 0, 2)
    lengths = [max(1, dd * (kk - 1) + 1 - 2 * pp) + rng.randint(0, 3) for kk, dd, pp in zip(k, d, p)]
    return {"kernel": k, "stride": per_axis(n, 1, 3), "padding": p, "dilation": d}, lengths


def unfold():
    args, lengths = window()
    f = lambda x: F.unfold(x, args["kernel"], args["dilation"], args["padding"], args["stride"])
    return args, {"x": picture(0) + lengths}, f


def fold():
    args, lengths = window()
    shape = list(F.unfold(torch.zeros(picture(0) + lengths), args["kernel"], args["dilation"], args["padding"], args["stride"]).shape)
    args["output"] = lengths
    return args, {"x": shape}, lambda x: F.fold(x, lengths, args["kernel"], args["dilation"], args["padding"], args["stride"])


def transposed(n, f):
    def make():
        g = rng.randint(1, 2)
        stride, dilation = per_axis(n, 1, 3), per_axis(n, 1, 2)
        args = {"stride": stride, "padding": per_axis(n, 0, 2), "dilation": dilation, "groups": g,
                "output_padding": [rng.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]}
        x = [rng.randint(1, 2), g * rng.randint(1, 2)] + per_axis(n, 4, 5)
        w = [x[1], rng.randint(1, 2)] + per_axis(n, 2, 3)
        return args, {"x": x, "weight": w}, lambda x, w: f(x, w, None, *[args[k] for k in ("stride", "padding", "output_padding", "groups", "dilation")])
    return make


def powers(n, f):
    def make():
        k = per_axis(n, 1, 3)
        args = {"p": rng.choice([2, 4]), "kernel": k, "stride": per_axis(n, 1, 3), "ceil_mode": rng.random() < 0.5}
        if n == 1:
            args["kernel"], args["stride"] = k[0], args["stride"][0]
        return args, {"x": picture(n, 3)}, lambda x: f(x, args["p"], args["kernel"], args["stride"], args["ceil_mode"])
    return make


def einsum():
    sizes = {c: rng.randint(1, 3) for c in "abcdeXY"}
    dots = [rng.randint(1, 2) for _ in range(rng.choice([0, 0, 1, 2]))]
    terms, inputs = [], {}
    for name in "pqrs"[:rng.randint(1, 4)]:
        letters = [rng.choice("abcdeXY") for _ in range(rng.randint(0, 3))]
        shape = [sizes[c] if letters.count(c) > 1 or rng.random() < 0.85 else 1 for c in letters]
        if dots and rng.random() < 0.8:
            at, some = rng.randint(0, len(letters)), dots[rng.randint(0, len(dots) - 1):]
            letters.insert(at, "...")
            shape[at:at] = [n if rng.random() < 0.8 else 1 for n in some]
        terms.append("".join(letters))
        inputs[name] = shape
    equation = ",".join(terms)
    if rng.random() < 0.75:
        used = sorted({c for t in terms for c in t if c != "."})
        out = rng.sample(used, rng.randint(0, len(used)))
        if "..." in equation and rng.random() < 0.8:
            out.insert(rng.randint(0, len(out)), "...")
        equation += "->" + "".join(out)
    return {"equation": equation}, inputs, lambda *xs: torch.einsum(equation, *xs)


OPS = {"pad_" + m: pad(m) for m in ["constant", "reflect", "replicate", "circular"]}
OPS.update({"upsample_" + m: upsample(m) for m in ["nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic"]})
OPS.update(einsum=einsum, roll=roll, tril=triangle(torch.tril), triu=triangle(torch.triu), pixel_shuffle=shuffle, pixel_unshuffle=unshuffle,
           channel_shuffle=channels, unfold=unfold, fold=fold, lp_pool1d=powers(1, F.lp_pool1d), lp_pool2d=powers(2, F.lp_pool2d),
           conv_transpose1d=transposed(1, F.conv_transpose1d), conv_transpose2d=transposed(2, F.conv_transpose2d),
           conv_transpose3d=transposed(3, F.conv_transpose3d))


def case(i, op):
    args, shapes, f = OPS[op]()
    inputs, xs = {}, []
    for name, shape in shapes.items():
        seed = rng.randrange(1 << 20)
        inputs[name] = {"shape": shape, "seed": seed, "lo": -1, "hi": 1, "grad": True}
        xs.append(drawn(seed, shape).requires_grad_())
    y = f(*xs)
    by, along = rng.randrange(1 << 20), {name: rng.randrange(1 << 20) for name in inputs}
    first = torch.autograd.grad((y * drawn(by, list(y.shape))).sum(), xs, create_graph=True)
    out = {"name": f"{op} {i}", "op": op, "args": args, "inputs": inputs, "cotangents": {"y": by},
           "outputs": {"y": {"shape": list(y.shape), "data": y.flatten().tolist()}},
           "grads": {n: d.flatten().tolist() for n, d in zip(inputs, first)}}
    if len(xs) > 1:
        total = sum((d * drawn(along[n], list(d.shape))).sum() for n, d in zip(inputs, first))
        second = torch.autograd.grad(total, xs, allow_unused=True)
        out["directions"] = along
        out["hvp"] = {n: (torch.zeros_like(x) if d is None else d).flatten().tolist() for n, d, x in zip(inputs, second, xs)}
    return out


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    only = sys.argv[3:] or list(OPS)
    rng.seed(seed)
    json.dump({"cases": [case(i, only[i % len(only)]) for i in range(count)]}, sys.stdout)


main()
