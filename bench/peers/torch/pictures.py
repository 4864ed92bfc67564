"""Nets of pictures, in every way that PyTorch offers for them."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

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

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.var = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.dec, self.out = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x, noise):
        h = torch.relu(self.enc(x))
        mu, logvar = self.mu(h), self.var(h)
        logits = self.out(torch.relu(self.dec(mu + noise * torch.exp(.5 * logvar))))
        bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (bce - .5 * (1 + logvar - mu * mu - logvar.exp()).sum()) / x.shape[0]


class ConvAE(nn.Module):
    def __init__(self):
        super().__init__()
        up = {"stride": 2, "padding": 1, "output_padding": 1}
        self.net = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
                                 nn.ConvTranspose2d(32, 16, 3, **up), nn.ReLU(), nn.ConvTranspose2d(16, 1, 3, **up),
                                 nn.Sigmoid())

    def forward(self, x, target):
        return F.mse_loss(self.net(x), target)


# Nets that give back what they see, with their loss: what they see, from 0 to 1, and
# what comes with it.
CODERS = {"vae": (VAE, (784,), (20,), (-1.5, 1.5)), "convae": (ConvAE, (1, 28, 28), (1, 28, 28), (0, 1))}

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


def examples(name, batch):
    if name in CODERS:
        _, shape, more, limits = CODERS[name]
        return (peer.uniform(1, batch * math.prod(shape), 0, 1).view(batch, *shape),
                peer.uniform(2, batch * math.prod(more), *limits).view(batch, *more))
    shape = NETS[name][1]
    return (peer.uniform(1, batch // 2 * math.prod(shape), -1, 1).view(-1, *shape).repeat_interleave(2, 0),
            (peer.hash32(2, batch) >> 8) % 10)


def step(name, batch):
    """A training step, eager."""
    x, y = examples(name, batch)
    coder = name in CODERS
    model = init(CODERS[name][0]() if coder else nn.Sequential(*NETS[name][0]()))
    return peer.training(model, x, y, "adam", loss=model if coder else None)


def tasks(name, batch):
    x, y = examples(name, batch)
    ready = {}
    for way, options in WAYS.items():
        options = dict(options)
        last = options.pop("last", False)
        if last and x.dim() < 4:
            continue
        coder = name in CODERS
        model, data = init(CODERS[name][0]() if coder else nn.Sequential(*NETS[name][0]())), x
        if last:
            model, data = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
        try:
            step = peer.training(model, data, y, "adam", loss=model if coder else None, **options)
            ready[way] = step, peer.fall(step)
        except (TypeError, RuntimeError):
            pass
    return ready


def predictor(name):
    """A net as it predicts, and what it is called with: a picture."""
    make, shape = NETS[name]
    return init(nn.Sequential(*make())).eval(), (peer.uniform(1, math.prod(shape), -1, 1).view(1, *shape),)


def predictions(model, x):
    with torch.no_grad():
        traced = torch.jit.trace(model, x, check_trace=False)
        ways = {"eager": model, "freeze": torch.jit.freeze(traced)}
        try:
            ways["optimize_for_inference"] = torch.jit.optimize_for_inference(torch.jit.trace(model, x))
        except RuntimeError:
            pass
    ready = {}
    for way, f in ways.items():
        def step(f=f):
            with torch.inference_mode():
                return f(*x)
        try:
            ready[way] = step, peer.repeated(4, step).abs().mean().item()
        except RuntimeError:
            pass
    return ready
