"""Normalisations alone, forward and backward."""
import torch
import torch.nn as nn

import peer

NORMS = {"batch": lambda s: nn.BatchNorm2d(s[1]), "layer": lambda s: nn.LayerNorm(s[-1])}


def tasks(name, *shape):
    n, ready = torch.Size(shape).numel(), {}
    for way in ("eager", "jit", "last"):
        if way == "last" and len(shape) < 4:
            continue
        x, d = (peer.uniform(seed, n, -1, 1).view(shape) for seed in (1, 2))
        if way == "last":
            x, d = (a.contiguous(memory_format=torch.channels_last) for a in (x, d))
        x.requires_grad_()
        norm = NORMS[name](shape)
        f = torch.jit.trace(norm, (x,)) if way == "jit" else norm
        wrt = [x, *norm.parameters()]

        def step(f=f, x=x, d=d, wrt=wrt):
            return torch.autograd.grad(f(x), wrt, d)
        ready[way] = step, sum(g.abs().double().mean().item() for g in peer.repeated(4, step))
    return ready
