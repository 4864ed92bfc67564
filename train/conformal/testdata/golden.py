"""Intervals and sets by the definitions, for the tests: python3 golden.py > golden.json.

Each interval is made of all n sums and differences, each set by counting rows; quantiles are
numpy's (inverted_cdf), whose index is that of the papers. No line is shared with the Go code."""
import json
from fractions import Fraction

import numpy as np

rng = np.random.default_rng(19)
cases = []
for n, models, level, classes in [(9, 1, 90, 0), (9, 9, 90, 0), (19, 19, 95, 0), (40, 10, 90, 0), (57, 5, 80, 0), (100, 1, 90, 0), (100, 100, 50, 0), (8, 2, 90, 0),
                                  (30, 1, 90, 3), (30, 30, 90, 4), (200, 10, 90, 2), (200, 10, 60, 5), (8, 1, 90, 3)]:
    model = [int(i) for i in rng.permutation(np.arange(n) % models)]
    error = rng.gamma(1.0, 1.0, n) if classes == 0 else rng.uniform(0, 1, n)
    error = [float(x) for x in np.round(error, 2)]  # with ties
    case = {"level": level, "models": models, "model": model, "errors": error}
    alpha = 1 - Fraction(level, 100)
    if classes == 0:
        predicted = [float(x) for x in rng.normal(0, 1, models)]
        up = np.sort([predicted[k] + e for k, e in zip(model, error)])
        down = np.sort([predicted[k] - e for k, e in zip(model, error)])
        lower = int(alpha * (n + 1))                 # floor
        upper = -int(-((1 - alpha) * (n + 1)) // 1)  # ceiling
        case["predicted"] = predicted
        if upper <= n:
            case["interval"] = [float(down[lower - 1]), float(up[upper - 1])]
            q = float(Fraction(upper, n))
            assert up[upper - 1] == np.quantile(up, min(1.0, q - 1e-9), method="inverted_cdf")
    else:
        p = rng.dirichlet(np.full(classes, 0.5), models)
        decided = int(np.argmax(p.mean(0)))
        inside = []
        for c in range(classes):
            below = sum(1 for k, e in zip(model, error) if e < 1 - p[k][c])
            if below < (1 - alpha) * (n + 1) or c == decided:
                inside.append(c)
        case["p"], case["decided"], case["set"] = [[float(x) for x in row] for row in p], decided, inside
    cases.append(case)
print(json.dumps(cases))
