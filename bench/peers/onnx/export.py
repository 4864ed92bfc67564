"""Writes the nets that predict as ONNX files, and an identity: what a call costs."""
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torch"))
import pictures  # noqa: E402


class Identity(torch.nn.Module):
    def forward(self, x):
        return x * 2


def main(folder):
    os.makedirs(folder, exist_ok=True)
    nets = {name: pictures.predictor(name) for name in ("lenet", "cnn", "resnet8")}
    nets["identity"] = Identity(), torch.zeros(4)
    for name, (net, x) in nets.items():
        torch.onnx.export(net, x, os.path.join(folder, name + ".onnx"), input_names=["x"], opset_version=14)
        x.numpy().astype("float32").tofile(os.path.join(folder, name + ".f32"))
    os.utime(folder, (time.time(), time.time()))


main(sys.argv[1])
