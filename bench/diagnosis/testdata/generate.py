"""Writes eigenvalues.json: the ends of the spectra of symmetric matrices that the test
makes by the same formulas, by numpy.linalg.eigvalsh (LAPACK's dsyevd)."""

import json

import numpy as np


def sines(n):
    i, j = np.indices((n, n)) + 1.0
    return np.sin(i * j + i + j)


def gram(n):
    i, j = np.indices((n, 5)) + 1.0
    b = np.cos(3 * i + 7 * j * j)
    return b @ b.T


def spiked(n):
    u = np.cos(np.arange(1.0, n + 1))
    return sines(n) + 2 * np.outer(u, u)


kinds = {
    "sines": sines,
    "gram": gram,
    "negative": lambda n: -gram(n),
    "spiked": spiked,
    "identity": lambda n: 3 * np.eye(n),
    "zero": lambda n: np.zeros((n, n)),
}
rows = []
for kind, make in kinds.items():
    for n in [1, 2, 3, 10, 60, 200]:
        values = np.linalg.eigvalsh(make(n))
        rows.append({"kind": kind, "n": n, "lowest": values[0], "largest": values[-1]})
with open("eigenvalues.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
