"""Nets of pictures, in every way that PyTorch offers for them."""
import math

import torch
import torch.nn as nn

import peer


def conv_norm(i, o, stride=1, k=3, groups=1):
    return [nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]


class Residual(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.body = nn.Sequential(*conv_norm(i, o, stride), nn.ReLU(), *conv_norm(o, o))
        self.skip = nn.Sequential(*conv_norm(i, o, stride, 1)) if stride > 1 else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


def resnet(blocks):
    body = [Residual(w // 2 if k == 0 and w > 16 else w, w, 2 if k == 0 and w > 16 else 1)
            for w in (16, 32, 64) for k in range(blocks)]
    return [*conv_norm(3, 16), nn.ReLU(), *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]


NETS = {
    "lenet": (lambda: [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                       nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                       nn.Linear(84, 10)], (1, 28, 28)),
    "cnn": (lambda: [*conv_norm(1, 32), nn.ReLU(), *conv_norm(32, 32), nn.ReLU(), nn.MaxPool2d(2),
                     *conv_norm(32, 64), nn.ReLU(), *conv_norm(64, 64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                     nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10)], (1, 28, 28)),
    "resnet8": (lambda: resnet(1), (3, 32, 32)),
    "resnet20": (lambda: resnet(3), (3, 32, 32)),
    "conv1d": (lambda: sum(([nn.Conv1d(64, 64, 5, padding=2), nn.ReLU()] for _ in range(3)), []) +
               [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10)], (64, 128)),
    "depthwise": (lambda: [*conv_norm(64, 64, groups=64), nn.ReLU(), *conv_norm(64, 64, k=1), nn.ReLU(),
                           nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)], (64, 32, 32)),
}

WAYS = {
    "eager": {}, "foreach": {"foreach": True}, "flat": {"flat": True}, "jit+flat": {"jit": True, "flat": True},
    "last": {"last": True}, "last+jit": {"last": True, "jit": True, "foreach": True},
}


def init(model):
    """The k-th parameter, if it has two axes, is drawn from its own numbers; other
    biases are 0 and weights 1."""
    for k, (name, p) in enumerate(model.named_parameters()):
        if p.dim() < 2:
            p.data.fill_(1. if name.endswith("weight") else 0.)
            continue
        p.data = (peer.uniform(100 + k, p.numel(), -1, 1) / math.sqrt(p[0].numel())).view(p.shape)
    return model


def tasks(name, batch):
    make, shape = NETS[name]
    x = peer.uniform(1, batch // 2 * math.prod(shape), -1, 1).view(-1, *shape).repeat_interleave(2, 0)
    y = (peer.hash32(2, batch) >> 8) % 10
    ready = {}
    for way, options in WAYS.items():
        options = dict(options)
        last = options.pop("last", False)
        if last and x.dim() < 4:
            continue
        model, data = init(nn.Sequential(*make())), x
        if last:
            model, data = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
        try:
            step = peer.training(model, data, y, "adam", **options)
            ready[way] = step, peer.fall(step)
        except (TypeError, RuntimeError):
            pass
    return ready
