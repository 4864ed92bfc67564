"""PyTorch's nets, written as a user would, and what they make of inputs.

nets.py load FOLDER, which has for each case NAME.safetensors, NAME.in, float32, and NAME.shape:
the net loads the file, and NAME.out is what it makes. nets.py save FOLDER: NAME.safetensors
is written, too, of a net with weights of its own, whose modules have other names, in half
precision for every second and third case.
"""

import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn


def load(path):
    """The file of safetensors as a state_dict, by the format's specification."""
    with open(path, "rb") as f:
        text = f.read()
    (n,) = struct.unpack("<Q", text[:8])
    header = json.loads(text[8 : 8 + n])
    assert header.pop("__metadata__")["format"] == "pt"
    types = {"F32": np.float32, "F64": np.float64}
    return {
        name: torch.from_numpy(np.frombuffer(text, types[e["dtype"]], offset=8 + n + e["data_offsets"][0], count=int(np.prod(e["shape"]))).reshape(e["shape"]).copy())
        for name, e in header.items()
    }


def save(path, tensors):
    """Writes a file of safetensors, by the format's specification."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}
    for name, x in sorted(tensors.items()):
        raw = (x.view(torch.int16) if x.dtype == torch.bfloat16 else x).contiguous().numpy().tobytes()
        header[name] = {"dtype": names[x.dtype], "shape": list(x.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    head = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + body)


def renamed(net):
    """The state of a net whose modules are numbered."""
    state = {}
    for i, (name, m) in enumerate(net.named_children()):
        for key, x in m.state_dict().items():
            state[f"body.{i}.{key}"] = x
    return state


class Net(nn.Module):
    """Modules by name, and a function of them and the input."""

    def __init__(self, forward, **modules):
        super().__init__()
        for name, m in modules.items():
            self.add_module(name, m)
        self.f = forward

    def forward(self, x):
        return self.f(self, x)


class Position(nn.Module):
    def __init__(self, time, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(time, width))

    def forward(self, x):
        return x + self.weight


def block(i, act=nn.functional.gelu, pre=True):
    """A block of a transformer of width 8 with 2 heads and 4 times as many hidden units."""
    k = lambda name, n: name if n == 1 else name + str(n)
    names = k("attention", i + 1), k("layernorm", 2 * i + 1), k("layernorm", 2 * i + 2), k("dense", 2 * i + 1), k("dense", 2 * i + 2)
    a, first, second, up, down = names
    modules = {a: nn.MultiheadAttention(8, 2, batch_first=True), first: nn.LayerNorm(8), second: nn.LayerNorm(8), up: nn.Linear(8, 32), down: nn.Linear(32, 8)}

    def forward(m, x, mask=None):
        m = dict(m.named_children())
        attend = lambda x: m[a](x, x, x, attn_mask=mask, need_weights=False)[0]
        feed = lambda x: m[down](act(m[up](x)))
        if pre:
            x = x + attend(m[first](x))
            return x + feed(m[second](x))
        x = m[first](x + attend(x))
        return m[second](x + feed(x))

    return modules, forward


def transformer(pre=True, act=nn.functional.gelu):
    modules, forward = block(0, act, pre)
    return Net(lambda m, x: forward(m, x), **modules)


def gpt():
    (a, f), (b, g) = block(0), block(1)
    mask = torch.triu(torch.full((6, 6), float("-inf")), 1)
    return Net(lambda m, x: m.layernorm5(g(m, f(m, m.position(x), mask), mask)), position=Position(6, 8), **a, **b, layernorm5=nn.LayerNorm(8))


relu = nn.functional.relu
NETS = {
    "dense": lambda: Net(lambda m, x: m.dense2(torch.tanh(m.dense(x))), dense=nn.Linear(5, 7), dense2=nn.Linear(7, 3, bias=False)),
    "conv": lambda: Net(
        lambda m, x: m.dense(relu(m.batchnorm(m.conv2(relu(m.conv(x))))).flatten(1)),
        conv=nn.Conv2d(2, 4, 3, padding=1), conv2=nn.Conv2d(4, 6, 3, stride=2, groups=2, bias=False), batchnorm=nn.BatchNorm2d(6), dense=nn.Linear(6 * 3 * 3, 3)),
    "conv1d": lambda: Net(lambda m, x: m.conv2(m.conv(x)).mean(-1), conv=nn.Conv1d(3, 6, 3, padding=2, dilation=2), conv2=nn.Conv1d(6, 6, 3, padding=1, groups=6)),
    "norms": lambda: Net(lambda m, x: m.dense(m.batchnorm(m.layernorm(m.groupnorm(x))).flatten(1)), groupnorm=nn.GroupNorm(2, 4), layernorm=nn.LayerNorm([4, 5]), batchnorm=nn.BatchNorm1d(4), dense=nn.Linear(20, 3)),
    "rnn": lambda: Net(lambda m, x: m.rnn(x)[0][:, -1], rnn=nn.RNN(4, 5, num_layers=2, batch_first=True)),
    "lstm": lambda: Net(lambda m, x: m.dense(m.lstm(x)[0][:, -1]), lstm=nn.LSTM(4, 5, num_layers=2, batch_first=True), dense=nn.Linear(5, 2)),
    "gru": lambda: Net(lambda m, x: m.gru(x)[0], gru=nn.GRU(4, 5, batch_first=True, bidirectional=True)),
    "embed": lambda: Net(lambda m, x: m.dense(m.embed(x.long())).mean(1), embed=nn.Embedding(9, 8), dense=nn.Linear(8, 3)),
    "attention": lambda: Net(lambda m, x: m.attention(x, x, x, need_weights=False)[0], attention=nn.MultiheadAttention(8, 4, batch_first=True, bias=False)),
    "transformer": lambda: transformer(),
    "after": lambda: transformer(False, relu),
    "gpt": gpt,
    "widen": lambda: Net(
        lambda m, x: m.dense(nn.functional.adaptive_avg_pool2d(nn.functional.pixel_shuffle(relu(m.instancenorm(m.convtranspose(nn.functional.pad(
            nn.functional.interpolate(relu(m.conv(x)), scale_factor=2, mode="bilinear"), [1] * 4, mode="reflect")))), 2), 2).flatten(1)),
        conv=nn.utils.weight_norm(nn.Conv2d(2, 4, 3, padding=1)), convtranspose=nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1),
        instancenorm=nn.InstanceNorm2d(4, affine=True), dense=nn.utils.spectral_norm(nn.Linear(4, 3))),
    "volume": lambda: Net(
        lambda m, x: nn.functional.avg_pool3d(m.convtranspose(nn.functional.max_pool3d(relu(m.conv(x)), 2)), 2).mean((2, 3, 4)),
        conv=nn.Conv3d(2, 3, 3, padding=1), convtranspose=nn.ConvTranspose3d(3, 2, 2, stride=2)),
    "residual": lambda: Net(
        lambda m, x: relu(m.conv2(relu(m.conv(x))) + m.batchnorm(m.conv3(x))).mean((2, 3)),
        conv=nn.Conv2d(2, 4, 3, stride=2, padding=1), conv2=nn.Conv2d(4, 4, 3, padding=1), conv3=nn.Conv2d(2, 4, 1, stride=2, bias=False), batchnorm=nn.BatchNorm2d(4)),
}


def main():
    mode, folder = sys.argv[1:]
    torch.manual_seed(1)
    for k, file in enumerate(sorted(f for f in os.listdir(folder) if f.endswith(".in"))):
        path = os.path.join(folder, file[:-3])
        net = NETS[file[:-3]]()
        if mode == "load":
            net.load_state_dict(load(path + ".safetensors"))
        else:
            kind = [torch.float32, torch.float16, torch.bfloat16][k % 3]
            with torch.no_grad():
                for x in net.state_dict().values():
                    if x.dtype == torch.float32:
                        x += 0.3 * torch.rand_like(x)
                        x.copy_(x.to(kind))
            save(path + ".safetensors", {key: x.to(kind) if x.dtype == torch.float32 else x for key, x in renamed(net).items()})
        net.eval()
        x = np.fromfile(path + ".in", np.float32).reshape([int(d) for d in open(path + ".shape").read().split()])
        net(torch.from_numpy(x)).detach().numpy().astype(np.float32).tofile(path + ".out")


main()
