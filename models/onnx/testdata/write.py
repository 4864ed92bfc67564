"""Nets that PyTorch writes as ONNX: write.py FOLDER.

For each NAME.onnx there are the input NAME.in and what the net makes of it, NAME.out, float32,
and NAME.shape, the lengths of the input. The files take any number of rows. An input whose
shape is (steps, "tokens") is whole numbers below 11.
"""

import math
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


def heads(x, n):
    return x.view(x.size(0), x.size(1), n, x.size(2) // n).transpose(1, 2)


class Attention(nn.Module):
    """An attention as it is written by hand: a product for queries, keys and values together, or three."""

    def __init__(self, width, n, steps, fused=True, bias=True, causal=True, scale=None, size=None):
        super().__init__()
        self.n, self.fused, self.causal, self.scale = n, fused, causal, scale or (width // n) ** -0.5
        if fused:
            self.c_attn = nn.Linear(width, 3 * width, bias=bias)
        else:
            self.key, self.query, self.value = (nn.Linear(width, size or width, bias=bias) for _ in range(3))
        self.c_proj = nn.Identity() if size else nn.Linear(width, width, bias=bias)
        self.register_buffer("mask", torch.tril(torch.ones(steps, steps)).view(1, 1, steps, steps))

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = self.c_attn(x).split(c, dim=2) if self.fused else (self.query(x), self.key(x), self.value(x))
        q, k, v = heads(q, self.n), heads(k, self.n), heads(v, self.n)
        z = (q @ k.transpose(-2, -1)) * self.scale
        if self.causal:
            z = z.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        return self.c_proj((torch.softmax(z, -1) @ v).transpose(1, 2).contiguous().view(b, t, -1))


class Heads(nn.Module):
    """An attention of which each head is a module."""

    def __init__(self, width, n, steps):
        super().__init__()
        self.heads, self.proj = nn.ModuleList(Attention(width, 1, steps, fused=False, bias=False, size=width // n) for _ in range(n)), nn.Linear(width, width)

    def forward(self, x):
        return self.proj(torch.cat([h(x) for h in self.heads], dim=-1))


class ViT(nn.Module):
    """Heads by einops' manner: one product, three parts of heads, no bias, a scale of queries."""

    def __init__(self, width, n):
        super().__init__()
        self.n, self.qkv, self.out = n, nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.n, c // self.n).permute(2, 0, 3, 1, 4).unbind(0)
        a = (q * (c // self.n) ** -0.5 @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.out((a @ v).transpose(1, 2).reshape(b, t, c))


class Block(nn.Module):
    def __init__(self, attention, width, act=None):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), attention, nn.LayerNorm(width)
        self.mlp = seq(nn.Linear(width, 4 * width), act or nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """nanoGPT's manner: positions that are learned, tied weights, the last step alone if it is told so."""

    def __init__(self, blocks, width=8, steps=6, last=False, tied=False):
        super().__init__()
        self.wte, self.wpe, self.drop = nn.Embedding(11, width), nn.Embedding(steps, width), nn.Dropout(0.1)
        self.h, self.ln_f, self.lm_head, self.last = nn.ModuleList(blocks), nn.LayerNorm(width), nn.Linear(width, 11, bias=False), last
        if tied:
            self.lm_head.weight = self.wte.weight

    def forward(self, x):
        y = self.drop(self.wte(x) + self.wpe(torch.arange(0, x.size(1), dtype=torch.long).unsqueeze(0)))
        for block in self.h:
            y = block(y)
        y = self.ln_f(y)
        return self.lm_head(y[:, [-1], :] if self.last else y)


class Tutorial(nn.Module):
    """The language model of PyTorch's tutorial: steps first, sines and cosines, a mask that is added."""

    def __init__(self, width=8, steps=6):
        super().__init__()
        at = torch.arange(steps).unsqueeze(1) * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        pe = torch.zeros(steps, 1, width)
        pe[:, 0, 0::2], pe[:, 0, 1::2] = torch.sin(at), torch.cos(at)
        self.register_buffer("pe", pe)
        self.width, self.encoder = width, nn.Embedding(11, width)
        self.blocks = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, 2, 16), 2)
        self.decoder = nn.Linear(width, 11)

    def forward(self, x):
        y = self.encoder(x.transpose(0, 1)) * math.sqrt(self.width)
        y = y + self.pe[: y.size(0)]
        mask = torch.triu(torch.ones(y.size(0), y.size(0)) * float("-inf"), diagonal=1)
        return self.decoder(self.blocks(y, mask)).transpose(0, 1)


class Unshifted(nn.Module):
    """A layer norm without a shift, as nanoGPT has it."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return nn.functional.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


class NewGELU(nn.Module):
    """GPT-2's."""

    def forward(self, x):
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


def encoder(**settings):
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **settings)


def mha(m, x, **settings):
    return m.a(x, x, x, **settings)[0]


TOKENS = (6, "tokens")

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
    "both": (Of(lambda m, x: m.out(torch.cat((m.cell(x)[1][-2], m.cell(x)[1][-1]), 1)), cell=nn.GRU(4, 5, batch_first=True, bidirectional=True), out=nn.Linear(10, 2)), (6, 4), 13),
    "topic": (Of(lambda m, x: m.out(m.cell(m.table(x))[1][0][-1]), table=nn.Embedding(11, 4), cell=nn.LSTM(4, 5, batch_first=True), out=nn.Linear(5, 3)), TOKENS, 13),
    "words": (Of(lambda m, x: m.out(m.cell(m.table(x))[0]), table=nn.Embedding(11, 4), cell=nn.LSTM(4, 5, batch_first=True), out=nn.Linear(5, 11)), TOKENS, 13),
    "bag": (Of(lambda m, x: m.out(m.table(x).mean(1)), table=nn.Embedding(11, 4), out=nn.Linear(4, 3)), TOKENS, 13),
    "mha": (Of(mha, a=nn.MultiheadAttention(8, 2, batch_first=True)), (5, 8), 13),
    "mha17": (Of(lambda m, x: mha(m, x, need_weights=False), a=nn.MultiheadAttention(8, 4, batch_first=True, bias=False)), (5, 8), 17),
    "mha9": (Of(mha, a=nn.MultiheadAttention(8, 1, batch_first=True)), (5, 8), 9),
    "masked": (Of(lambda m, x: mha(m, x, attn_mask=torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)), a=nn.MultiheadAttention(8, 2, batch_first=True)), (5, 8), 14),
    "encoder": (encoder(), (5, 8), 13),
    "encoders": (seq(nn.Linear(3, 8), nn.TransformerEncoder(encoder(norm_first=True, activation="gelu"), 2, nn.LayerNorm(8)), nn.Flatten(), nn.Linear(40, 2)), (5, 3), 13),
    "meaned": (Of(lambda m, x: m.out(m.a(x).mean(1)), a=encoder(), out=nn.Linear(8, 2)), (5, 8), 11),
    "firststep": (Of(lambda m, x: torch.tanh(m.out(m.a(x)[:, 0])), a=encoder(), out=nn.Linear(8, 8)), (5, 8), 13),
    "tutorial": (Tutorial(), TOKENS, 14),
    "nanogpt": (GPT([Block(Attention(8, 2, 6), 8) for _ in range(2)], last=True), TOKENS, 13),
    "nanogpt11": (GPT([Block(Attention(8, 2, 6), 8) for _ in range(2)]), TOKENS, 11),
    "nanogpt17": (GPT([Block(Attention(8, 4, 6, bias=False), 8)], tied=True), TOKENS, 17),
    "mingpt": (GPT([Block(Attention(8, 2, 9, fused=False), 8, nn.ReLU())], tied=True), TOKENS, 13),
    "newgelu": (GPT([Block(Attention(8, 2, 6), 8, NewGELU()), Block(Attention(8, 2, 6), 8, nn.GELU("tanh"))]), TOKENS, 13),
    "heads": (GPT([Block(Heads(8, 2, 6), 8, nn.ReLU()), Block(Heads(8, 4, 6), 8, nn.ReLU())]), TOKENS, 13),
    "unscaled": (Of(lambda m, x: m.a(x), a=Attention(8, 2, 5, fused=False, causal=False, scale=0.1)), (5, 8), 13),
    "vit": (seq(Block(ViT(8, 2), 8), nn.LayerNorm(8)), (5, 8), 13),
    "relu": (seq(nn.Linear(4, 3), nn.ReLU()), (4,), 13),
    "pooled": (seq(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (1, 6, 6), 13),
    "map": (seq(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 1), nn.Tanh()), (1, 5, 5), 13),
    "groups": (seq(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.InstanceNorm2d(4, affine=True), nn.InstanceNorm2d(4), nn.Flatten(), nn.Linear(64, 2)), (2, 6, 6), 13),
    "rms": (seq(nn.Linear(4, 8), RMSNorm(8), nn.LayerNorm(8, elementwise_affine=False), nn.Linear(8, 2)), (4,), 13),
    "unshifted": (seq(Unshifted(4), nn.Linear(4, 8), Unshifted(8), nn.Linear(8, 2)), (4,), 13),
    "unshifted17": (seq(Unshifted(4), nn.Linear(4, 8), Unshifted(8), nn.Linear(8, 2)), (4,), 17),
    "wide": (seq(nn.ConvTranspose2d(2, 4, 4, stride=2, padding=1), nn.ReLU(), nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False)), (2, 3, 3), 13),
    "larger": (seq(nn.Upsample(scale_factor=2), nn.Conv2d(2, 4, 3, padding=1), nn.PixelShuffle(2), nn.Upsample(size=(5, 6), mode="bilinear"), nn.Upsample(scale_factor=2, mode="bicubic", align_corners=True)), (2, 3, 3), 13),
    "frame": (seq(nn.ZeroPad2d((1, 2, 0, 1)), nn.ReflectionPad2d(1), nn.ReplicationPad2d((0, 1, 1, 0)), nn.Conv2d(1, 2, 3)), (1, 4, 4), 13),
    "steps": (Of(lambda m, x: m.out(torch.tanh(m.dense(x)).flatten(1)), dense=nn.Linear(4, 3), out=nn.Linear(18, 2)), (6, 4), 13),
}


def main():
    folder = sys.argv[1]
    torch.manual_seed(1)
    for name, (net, shape, opset) in NETS.items():
        net.eval()
        with torch.no_grad():
            for key, x in net.state_dict().items():
                if x.dtype == torch.float32 and not key.endswith("mask"):
                    x += 0.2 * torch.rand_like(x)
        x = torch.randint(11, (3, shape[0])) if shape[-1] == "tokens" else torch.randn(3, *shape)
        path = os.path.join(folder, name)
        torch.onnx.export(net, x, path + ".onnx", opset_version=opset, input_names=["x"], dynamic_axes={"x": {0: "rows"}})
        x.numpy().tofile(path + ".in")
        net(x).detach().numpy().astype(np.float32).tofile(path + ".out")
        with open(path + ".shape", "w") as f:
            f.write(" ".join(str(n) for n in x.shape))


main()
