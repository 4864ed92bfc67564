"""Writes diagnosis.json: gradient, noise scale and the ends of the Hessian's spectrum of a
small net whose numbers the test makes by the same formulas, by PyTorch 1.13 (the whole
Hessian, in float64) and numpy."""

import json

import numpy as np
import torch

ROWS, INPUTS, UNITS, CLASSES = 16, 3, 4, 2


def wave(n, phase):
    return torch.sin(torch.arange(1.0, n + 1, dtype=torch.float64) * 1.7 + phase)


x = wave(ROWS * INPUTS, 0).reshape(ROWS, INPUTS)
y = torch.arange(ROWS) % 3 % CLASSES
sizes = [INPUTS * UNITS, UNITS, UNITS * CLASSES]
start = torch.cat([wave(n, k + 1) for k, n in enumerate(sizes)])


def losses(w):
    w1, b1, w2 = torch.split(w, sizes)
    h = torch.tanh(x @ w1.reshape(INPUTS, UNITS) + b1)
    return torch.nn.functional.cross_entropy(h @ w2.reshape(UNITS, CLASSES), y, reduction="none")


rows = torch.autograd.functional.jacobian(losses, start).numpy()
mean = rows.mean(0)
trace = ((rows - mean) ** 2).sum() / (ROWS - 1)
values = np.linalg.eigvalsh(torch.autograd.functional.hessian(lambda w: losses(w).mean(), start).numpy())
json.dump({"gradient": np.sqrt(mean @ mean), "noise_scale": trace / (mean @ mean),
           "lowest": values[0], "largest": values[-1]}, open("diagnosis.json", "w"))
