# Makes calibration.json: probabilities that are calibrated by scikit-learn (1.2.1) and, for the temperature, by SciPy's minimizer.
import json
import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logsumexp
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(2)


def temperature(y, p, w, new):
    z = np.log(p)
    own = z[np.arange(len(y)), y]
    f = lambda b: np.sum(w * (logsumexp(np.exp(b) * z, axis=1) - np.exp(b) * own)) + 2 * b * b
    b = minimize_scalar(f, bounds=(-5, 5), method="bounded", options={"xatol": 1e-12}).x
    q = np.exp(b) * np.log(new)
    return np.exp(q - logsumexp(q, axis=1, keepdims=True))


def platt(y, p, w, new):
    """The objective of sklearn.calibration._sigmoid_calibration, minimised further than its tolerance."""
    f = np.log(p / (1 - p))
    yes, no = w[y].sum(), w[~y].sum()
    t = np.where(y, (yes + 1) / (yes + 2), 1 / (no + 2))
    loss = lambda ab: np.sum(w * (np.logaddexp(0, ab[0] * f + ab[1]) - t * (ab[0] * f + ab[1])))
    slope = lambda ab: (lambda g: np.array([g @ f, g.sum()]))(w * (expit(ab[0] * f + ab[1]) - t))
    ab = minimize(loss, [1, 0], jac=slope, method="BFGS", options={"gtol": 1e-11}).x
    return expit(ab[0] * np.log(new / (1 - new)) + ab[1])


def isotonic(y, p, w, new):
    limit = 1 / (len(y) + 2)
    r = IsotonicRegression(out_of_bounds="clip", y_min=limit, y_max=1 - limit).fit(p, y, sample_weight=w)
    return np.interp(new, r.X_thresholds_, r.y_thresholds_)


def each(f, y, p, w, new):
    k = p.shape[1]
    if k == 2:
        q = f(y == 1, p[:, 1], w, new[:, 1])
        return np.column_stack([1 - q, q])
    q = np.column_stack([f(y == c, p[:, c], w, new[:, c]) for c in range(k)])
    return q / q.sum(1, keepdims=True)


def rows(k, n, digits):
    y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    z = rng.normal(size=(n, k)) * 3
    z[np.arange(n), y] += 2
    p = np.exp(z)
    p = np.round(p / p.sum(1, keepdims=True), digits) + 10.0**-digits  # ties
    return y, np.round(p / p.sum(1, keepdims=True), 6)


cases = []
for k, n, digits in ((2, 40, 2), (3, 60, 2), (5, 80, 3)):
    for weighted in (False, True):
        y, p = rows(k, n, digits)
        w = np.round(rng.exponential(size=n), 2) + 0.01 if weighted else np.ones(n)
        _, new = rows(k, 12, 4)
        v = w * n / w.sum()
        cases.append({"classes": k, "truth": y.tolist(), "p": p.ravel().tolist(), "weight": w.tolist() if weighted else None, "new": new.ravel().tolist(),
                      "temperature": temperature(y, p, v, new).ravel().tolist(), "platt": each(platt, y, p, v, new).ravel().tolist(),
                      "isotonic": each(isotonic, y, p, v, new).ravel().tolist()})
with open("calibration.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
