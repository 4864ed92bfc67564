"""Writes the nets that predict as ONNX files, with what they are called with, and for each
a net that does nothing with as much: what a call costs."""
import json
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torch"))
import peer  # noqa: E402


class Nothing(torch.nn.Module):
    def forward(self, *x):
        return tuple(a + a for a in x)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for name in ("lenet", "cnn", "resnet8", "lstm", "token"):
        net, x = peer.predictor(name)
        names = [f"x{i}" for i in range(len(x))]
        few = tuple(a.flatten()[:4] for a in x)
        for kind, net, x in ("", net, x), ("-nothing", Nothing(), few):
            path = os.path.join(folder, name + kind)
            torch.onnx.export(net, x, path + ".onnx", input_names=names, opset_version=14)
            with open(path + ".json", "w") as f:
                json.dump([[n, str(a.dtype).split(".")[1], list(a.shape), a.flatten().tolist()] for n, a in zip(names, x)], f)
    os.utime(folder, (time.time(), time.time()))


main(sys.argv[1])
