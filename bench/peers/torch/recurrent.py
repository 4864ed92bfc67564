"""Nets that walk along sequences, in every way that PyTorch offers for them."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import peer


class Classes(nn.Module):
    """Ten classes from the last state; sequences are steps x batch x inputs."""
    def __init__(self, kind, inputs, units):
        super().__init__()
        self.rnn, self.head = getattr(nn, kind.upper())(inputs, units), nn.Linear(units, 10)

    def forward(self, x):
        return self.head(self.rnn(x)[0][-1])


class Characters(nn.Module):
    """The next character at each step."""
    def __init__(self, kind, inputs, units):
        super().__init__()
        self.emb, self.rnn, self.head = nn.Embedding(65, inputs), nn.LSTM(inputs, units), nn.Linear(units, 65)

    def forward(self, x):
        return self.head(self.rnn(self.emb(x))[0]).view(-1, 65)


WAYS = {"eager": {}, "foreach": {"foreach": True}, "flat": {"flat": True}, "jit+flat": {"jit": True, "flat": True},
        "script+flat": {"script": True, "flat": True}}


def init(model):
    """The k-th parameter, if it has two axes, is drawn from its own numbers; others
    are 0."""
    for k, (name, p) in enumerate(model.named_parameters()):
        if p.dim() < 2:
            p.data.fill_(0.)
            continue
        bound = .1 if "emb" in name else 1 / math.sqrt(p[0].numel())
        p.data = (peer.uniform(100 + k, p.numel(), -1, 1) * bound).view(p.shape)
    return model


def predictor():
    """A net as it predicts, and a sequence."""
    return init(Classes("lstm", 64, 64)).eval(), (peer.uniform(1, 32 * 64, -1, 1).view(32, 1, 64),)


def examples(kind, batch, steps, inputs, units):
    """A net's class, and what it is trained on."""
    if kind == "char":
        make = Characters
        x, y = ((peer.hash32(s, batch * steps) >> 8) % 65 for s in (1, 2))
        x, y = x.view(batch, steps).t().contiguous(), y.view(batch, steps).t().contiguous().view(-1)
    else:
        make = Classes
        x = peer.uniform(1, steps * batch * inputs, -1, 1).view(steps, batch, inputs)
        y = (peer.hash32(2, batch) >> 8) % 10
    return make, x, y


def step(kind, *sizes):
    """A training step, eager."""
    make, x, y = examples(kind, *sizes)
    return peer.training(init(make(kind, *sizes[2:])), x, y, "adam")


def tasks(kind, *sizes):
    make, x, y = examples(kind, *sizes)
    ready = {}
    for way, options in WAYS.items():
        options = dict(options)
        model = init(make(kind, *sizes[2:]))
        if options.pop("script", False):
            model = torch.jit.script(model)
        try:
            step = peer.training(model, x, y, "adam", **options)
            ready[way] = step, peer.fall(step)
        except (TypeError, RuntimeError):
            pass
    return ready
