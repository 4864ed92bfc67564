"""Checks files of ONNX with its own checker: check.py FILE..."""

import sys

import onnx

for name in sys.argv[1:]:
    model = onnx.load(name)
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as e:
        print(f"{name}: {e}".replace("\n", " "))
