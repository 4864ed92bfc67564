"""Nets that PyTorch writes as ONNX: write.py FOLDER.

For each NAME.onnx there are the input NAME.in and what the net makes of it, NAME.out, float32,
and NAME.shape, the lengths of the input. The files take any number of rows.
"""

import os
import sys
import warnings

import numpy as np
import torch
from torch import nn

warnings.filterwarnings("ignore")


class Of(nn.Module):
    """A function of modules and an input."""

    def __init__(self, f, **modules):
        super().__init__()
        self.f = f
        for name, m in modules.items():
            self.add_module(name, m)

    def forward(self, x):
        return self.f(self, x)


def seq(*layers):
    return nn.Sequential(*layers)


def block(inputs, outputs, stride):
    """A block of a ResNet."""
    body = seq(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
    skip = nn.Identity() if inputs == outputs else seq(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    return Of(lambda m, x: torch.relu(m.body(x) + m.skip(x)), body=body, skip=skip)


NETS = {
    "mlp": (seq(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 8, bias=False), nn.Tanh(), nn.Linear(8, 3), nn.Softmax(1)), (4,), 13),
    "binary": (seq(nn.Linear(4, 8), nn.ELU(0.5), nn.Linear(8, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid()), (4,), 13),
    "acts": (seq(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 8), nn.Mish(), nn.Linear(8, 8), nn.Softplus(), nn.Linear(8, 8), nn.SELU(), nn.Linear(8, 8), nn.Hardtanh(), nn.Linear(8, 2)), (4,), 13),
    "norm": (seq(nn.LayerNorm(4), nn.Linear(4, 8), nn.LayerNorm(8, eps=1e-3), nn.Linear(8, 2), nn.LogSoftmax(-1)), (4,), 13),
    "norm17": (seq(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2)), (4,), 17),
    "old": (seq(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), (4,), 9),
    "conv": (seq(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, (3, 1), stride=(1, 2), groups=2, dilation=(2, 1), padding=(2, 0)), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4 * 2 * 1, 3)), (2, 8, 8), 13),
    "global": (seq(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)), (1, 6, 6), 13),
    "mean": (Of(lambda m, x: m.dense(m.conv(x).mean((2, 3))), conv=nn.Conv2d(1, 4, 3), dense=nn.Linear(4, 2)), (1, 6, 6), 13),
    "view": (Of(lambda m, x: m.dense(m.conv(x).view(x.size(0), -1)), conv=nn.Conv2d(1, 4, 3), dense=nn.Linear(4 * 16, 2)), (1, 6, 6), 13),
    "resnet": (seq(nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU(), block(4, 4, 1), block(4, 8, 2), block(8, 8, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)), (3, 8, 8), 13),
    "joined": (Of(lambda m, x: m.out(torch.cat([m.a(x), torch.relu(m.b(x)), x], 1)), a=nn.Linear(4, 3), b=nn.Linear(4, 2), out=nn.Linear(9, 2)), (4,), 13),
    "rnn": (Of(lambda m, x: m.out(m.cell(x)[0][:, -1]), cell=nn.RNN(4, 5, nonlinearity="relu", batch_first=True), out=nn.Linear(5, 2)), (6, 4), 13),
    "lstm": (Of(lambda m, x: m.out(m.cell(x)[0][:, -1]), cell=nn.LSTM(4, 5, num_layers=2, batch_first=True), out=nn.Linear(5, 2)), (6, 4), 13),
    "states": (Of(lambda m, x: m.out(m.cell(x)[1][0][-1]), cell=nn.LSTM(4, 5, batch_first=True), out=nn.Linear(5, 2)), (6, 4), 13),
    "gru": (Of(lambda m, x: m.out(m.cell(x)[0].flatten(1)), cell=nn.GRU(4, 5, batch_first=True, bidirectional=True), out=nn.Linear(60, 2)), (6, 4), 13),
    "steps": (Of(lambda m, x: m.out(torch.tanh(m.dense(x)).flatten(1)), dense=nn.Linear(4, 3), out=nn.Linear(18, 2)), (6, 4), 13),
}


def main():
    folder = sys.argv[1]
    torch.manual_seed(1)
    for name, (net, shape, opset) in NETS.items():
        net.eval()
        with torch.no_grad():
            for x in net.state_dict().values():
                if x.dtype == torch.float32:
                    x += 0.2 * torch.rand_like(x)
        x = torch.randn(3, *shape)
        path = os.path.join(folder, name)
        torch.onnx.export(net, x, path + ".onnx", opset_version=opset, input_names=["x"], dynamic_axes={"x": {0: "rows"}})
        x.numpy().tofile(path + ".in")
        net(x).detach().numpy().astype(np.float32).tofile(path + ".out")
        with open(path + ".shape", "w") as f:
            f.write(" ".join(str(n) for n in x.shape))


main()
