"""Layers and nets of sequences."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import peer


def classes(seed, n, *shape):
    return ((peer.hash32(seed, math.prod(shape)) >> 8) % n).view(shape)


def uniform(seed, *shape):
    return peer.uniform(seed, math.prod(shape), -1, 1).view(shape)


class Block(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        b, t, c = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        a = (q * (c // self.heads) ** -.5) @ k.transpose(-2, -1)
        a = (a if mask is None else a + mask).softmax(-1) @ v
        x = x + self.proj(a.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


    def token(self, x, keys, values):
        """One step of one sequence, with the keys and values of those before."""
        c = x.shape[-1]
        q, k, v = self.qkv(self.ln1(x)).view(3, self.heads, 1, c // self.heads).unbind(0)
        k, v = torch.cat([keys, k], 1), torch.cat([values, v], 1)
        a = (q * (c // self.heads) ** -.5) @ k.transpose(-2, -1)
        x = x + self.proj((a.softmax(-1) @ v).view(1, c))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class GPT(nn.Module):
    def __init__(self, layers, width, context, tokens=65):
        super().__init__()
        self.pos, self.emb = nn.Parameter(torch.zeros(context, width)), nn.Embedding(tokens, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, tokens, bias=False)
        self.register_buffer("mask", torch.full((context, context), -math.inf).triu(1))

    def forward(self, x):
        x = self.emb(x) + self.pos
        for b in self.blocks:
            x = b(x, self.mask)
        x = self.head(self.ln(x))
        return x.view(-1, x.shape[-1])


class Token(nn.Module):
    """A GPT that sees one token at a time."""
    def __init__(self, gpt):
        super().__init__()
        self.gpt = gpt

    def forward(self, token, position, keys, values):
        x = self.gpt.emb(token) + self.gpt.pos[position]
        for i, b in enumerate(self.gpt.blocks):
            x = b.token(x, keys[i], values[i])
        return self.gpt.head(self.gpt.ln(x))


class Columns(nn.Module):
    """Each number of a row is a step, x_i w_i + pos_i; one more is read."""
    def __init__(self, columns, layers, width):
        super().__init__()
        self.w, self.pos = nn.Parameter(torch.zeros(columns, width)), nn.Parameter(torch.zeros(columns, width))
        self.pos_read = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        x = torch.cat([self.pos_read.expand(x.shape[0], -1, -1), x.unsqueeze(-1) * self.w + self.pos], 1)
        for b in self.blocks:
            x = b(x, None)
        return self.head(self.ln(x[:, 0]))


def init(model):
    for k, (name, p) in enumerate(model.named_parameters()):
        if p.dim() < 2:
            p.data.fill_(1. if name.endswith("weight") else 0.)
            continue
        bound = .1 if "emb" in name or "pos" in name else 1 / math.sqrt(p[0].numel())
        p.data = uniform(100 + k, *p.shape) * bound
    return model


def predictor():
    """A GPT as it predicts, and token 3 behind 63 others."""
    keys, values = (uniform(s, 4, 4, 63, 32) for s in (1, 2))
    return Token(init(GPT(4, 128, 64))).eval(), (torch.tensor([3]), torch.tensor([63]), keys, values)


def gpt_tasks(layers, width, context, batch):
    x, y = classes(1, 65, batch, context), classes(2, 65, batch * context)

    def make(**options):
        step = peer.training(init(GPT(layers, width, context)), x, y, "adam", **options)
        return step, peer.fall(step)
    return peer.ways(make)


def columns_tasks(columns, layers, width, batch):
    x, y = uniform(1, batch // 2, columns).repeat_interleave(2, 0), classes(2, 10, batch)

    def make(**options):
        step = peer.training(init(Columns(columns, layers, width)), x, y, "adam", **options)
        return step, peer.fall(step)
    return peer.ways(make)


def attention_tasks(kind):
    q, k, v = (uniform(s, 16, 4, 64, 32).requires_grad_() for s in (1, 2, 3))
    g = uniform(4, 16, 4, 64, 32)
    mask = torch.full((64, 64), -math.inf).triu(1) if kind == "causal" else torch.zeros(64, 64)

    def f(q, k, v):
        a = (q * 32 ** -.5) @ k.transpose(-2, -1)
        return (a + mask if kind == "causal" else a).softmax(-1) @ v

    def make(f):
        def step():
            return torch.autograd.grad(f(q, k, v), (q, k, v), g)
        return step, sum(d.abs().double().mean().item() for d in peer.repeated(4, step)) / 3
    ready = {"eager": make(f), "jit": make(torch.jit.trace(f, (q, k, v)))}
    fused = getattr(F, "scaled_dot_product_attention", None)
    if fused:
        ready["sdpa"] = make(lambda q, k, v: fused(q, k, v, is_causal=kind == "causal"))
    return ready


def embedding_tasks(rows, width, taken):
    x, g = classes(1, rows, taken), uniform(2, taken, width)
    w = uniform(3, rows, width).requires_grad_()

    def make(grad):
        return grad, grad().abs().double().sum().item() / (taken * width)
    flat = torch.zeros(rows, width)

    def by_hand():
        w.detach()[x]
        flat.zero_()
        return flat.index_add_(0, x, g)
    return {"dense": make(lambda: torch.autograd.grad(F.embedding(x, w), w, g)[0]),
            "sparse": make(lambda: torch.autograd.grad(F.embedding(x, w, sparse=True), w, g)[0].coalesce().values()),
            "index_add": make(by_hand)}


def tasks(kind, *sizes):
    return {"gpt": gpt_tasks, "columns": columns_tasks, "attention": attention_tasks, "embedding": embedding_tasks}[kind](*sizes)
