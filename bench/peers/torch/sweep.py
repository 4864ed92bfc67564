"""75 trainings on the digits: 5 optimizers, 5 rates, 3 seeds, 20 epochs. As
loops in two processes, and as products of whole stacks of matrices (bmm)."""
import gzip
import math
import os
import time

import torch
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F

import peer

RULES = {
    "sgd": [.01, .03, .1, .3, 1.],
    "momentum": [.003, .01, .03, .1, .3],
    "adagrad": [.003, .01, .03, .1, .3],
    "rmsprop": [.0003, .001, .003, .01, .03],
    "adam": [.0003, .001, .003, .01, .03],
}
JOBS = [(rule, lr, seed) for rule, rates in RULES.items() for lr in rates for seed in range(3)]
ROWS, EPOCHS, BATCH = 1797, 20, 32
SIZES = (64, 32, 10)


def load():
    """Called once in each process."""
    global X, Y, ORDERS
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    path = os.path.join(os.path.dirname(__file__), "..", "..", "..", "data", "sets", "digits.csv.gz")
    with gzip.open(path, "rt") as f:
        table = torch.tensor([[float(c) for c in line.split(",")] for line in list(f)[1:]])
    X, Y = table[:, :64] / 16, table[:, 64].long()
    ORDERS = [[torch.argsort(peer.hash32(1000 + 100 * seed + e, ROWS), stable=True)
               for e in range(EPOCHS)] for seed in range(3)]


def loop(job, way):
    """Trains one net and returns its loss at step 20."""
    rule, lr, seed = job
    step = peer.training(peer.mlp(nn.ReLU, 100 + 10 * seed, SIZES), X[:BATCH], Y[:BATCH], rule, lr, **way)
    done = 0
    for order in ORDERS[seed]:
        for rows in order.split(BATCH):
            l = step(X[rows], Y[rows])
            done += 1
            if done == 20:
                loss = l.item()
    return loss


def bmm(jobs):
    """Trains many nets at once, the parameters of each a row of one matrix; jobs
    with the same optimizer are neighbours. Returns their losses at step 20."""
    params = []
    for _, _, seed in jobs:
        net = peer.mlp(nn.ReLU, 100 + 10 * seed, SIZES)
        params.append(torch.cat([p.data.reshape(-1) for l in net if isinstance(l, nn.Linear)
                                 for p in (l.weight.t(), l.bias)]))
    flat = torch.stack(params).requires_grad_(True)
    k, shapes = len(jobs), [(64, 32), (1, 32), (32, 10), (1, 10)]
    sizes = [math.prod(s) for s in shapes]
    m, v = torch.zeros_like(flat), torch.zeros_like(flat)
    groups = []
    for rule in RULES:
        at = [i for i, j in enumerate(jobs) if j[0] == rule]
        rows = slice(at[0], at[-1] + 1)
        lr = torch.tensor([[jobs[i][1]] for i in at])
        groups.append((rule, rows, lr, m[rows], v[rows]))
    done = 0
    for e in range(EPOCHS):
        order = torch.stack([ORDERS[seed][e] for _, _, seed in jobs])
        for rows in order.split(BATCH, 1):
            x, y = X[rows], Y[rows]
            w1, b1, w2, b2 = (p.view(k, *s) for p, s in zip(flat.split(sizes, 1), shapes))
            z = torch.baddbmm(b2, torch.relu(torch.baddbmm(b1, x, w1)), w2)
            l = F.cross_entropy(z.view(-1, 10), y.reshape(-1), reduction="sum") / rows.shape[1]
            g, = torch.autograd.grad(l, flat)
            done += 1
            if done == 20:
                losses = F.cross_entropy(z.view(-1, 10), y.reshape(-1), reduction="none").view(k, -1).mean(1)
            with torch.no_grad():
                for rule, rows, lr, m, v in groups:
                    update(rule, flat[rows], g[rows], lr, m, v, done)
    return losses.tolist()


def update(rule, p, g, lr, m, v, t):
    if rule == "sgd":
        p.addcmul_(g, lr, value=-1)
    elif rule == "momentum":
        p.addcmul_(m.mul_(.9).add_(g), lr, value=-1)
    elif rule == "adagrad":
        v.addcmul_(g, g)
        p.sub_(g.div_(v.sqrt().add_(1e-10)).mul_(lr))
    elif rule == "rmsprop":
        v.mul_(.99).addcmul_(g, g, value=.01)
        p.sub_(g.div_(v.sqrt().add_(1e-8)).mul_(lr))
    else:
        m.lerp_(g, .1)
        v.mul_(.999).addcmul_(g, g, value=.001)
        root = v.sqrt().div_(math.sqrt(1 - .999 ** t)).add_(1e-8)
        p.sub_((m / root).mul_(lr / (1 - .9 ** t)))


def tasks(how, threads):
    """Returns the ways of doing the sweep. Processes are started before and
    are not part of the time."""
    load()
    pool = mp.get_context("spawn").Pool(2, load)

    def loops(way):
        return lambda: pool.starmap(loop, [(j, way) for j in JOBS], 1)

    def whole():
        torch.set_num_threads(threads)
        return bmm(JOBS)

    def halves():
        return sum(pool.map(bmm, [JOBS[::2], JOBS[1::2]], 1), [])
    ways = {
        "loop": {"2 processes": loops({}), "2 processes, jit+flat": loops({"jit": True, "flat": True})},
        "bmm": {"bmm, 2 threads": whole, "bmm, 2 processes": halves},
    }[how]
    tasks, took = {}, {}
    for name, step in ways.items():
        start = time.perf_counter()
        tasks[name] = step, sum(step()) / len(JOBS)
        took[name] = time.perf_counter() - start
    # one that can only lose is not worth minutes of every round
    return {name: task for name, task in tasks.items() if took[name] < 3 * min(took.values())}
