"""Any class of torch.optim as an optimizer of descent:

    descent bench --optimizer 'exec: python3 torch_optim.py Adam amsgrad=True'
"""
import ast
import json
import os
import sys

import numpy
import torch

source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what is printed must not stand between the numbers
torch.set_num_threads(1)
settings = dict(a.split("=", 1) for a in sys.argv[2:])
settings = {name: ast.literal_eval(value) for name, value in settings.items()}


def receive(like):
    numbers = source.read(like.numel() * like.element_size())
    dtype = numpy.float64 if like.dtype == torch.float64 else numpy.float32
    return torch.from_numpy(numpy.frombuffer(numbers, dtype).copy()).reshape(like.shape)


for line in iter(source.readline, b""):
    verb, *words = line.decode().split(" ", 1)
    if verb == "init":
        plan = json.loads(words[0])
        dtype = getattr(torch, plan["dtype"])
        torch.manual_seed(plan["seed"])
        params = [torch.zeros(p["shape"], dtype=dtype, requires_grad=True) for p in plan["params"]]
        optimizer = getattr(torch.optim, sys.argv[1])(params, **{"lr": 1e-3, **settings})
        sink.write(b"ok\n")
    else:  # step NUMBER RATE, gradients, parameters
        rate = float(words[0].split()[1])
        for group in optimizer.param_groups:
            group["lr"] = rate
        for p in params:
            p.grad = receive(p)
        for p in params:
            p.data.copy_(receive(p))
        optimizer.step()
        sink.write(b"ok\n" + b"".join(p.detach().numpy().tobytes() for p in params))
    sink.flush()
