"""Random least-squares problems and where scipy's trust-region code ends.

python3 generate_squares.py SEED COUNT > problems.json
"""
import json, sys
import numpy as np
from scipy.optimize import least_squares
np.seterr(all="ignore")

# name: (formula, [(parameter, low, high)], range of x)
BASES = {
    "line": ("a*x+b", [("a", -3, 3), ("b", -5, 5)], (-5, 5)),
    "plane": ("a*x+b*z+c", [("a", -3, 3), ("b", -3, 3), ("c", -3, 3)], (-5, 5)),
    "cubic": ("a+b*x+c*x^2+d*x^3", [(p, -2, 2) for p in "abcd"], (-3, 3)),
    "decay": ("a*exp(-b*x)+c", [("a", 1, 10), ("b", 0.1, 2), ("c", -2, 2)], (0, 5)),
    "growth": ("a*exp(b*x)", [("a", 0.1, 5), ("b", 0.05, 0.8)], (0, 5)),
    "twoexp": ("a*exp(-b*x)+c*exp(-d*x)", [("a", 1, 5), ("b", 0.1, 0.6), ("c", 1, 5), ("d", 1, 4)], (0, 6)),
    "rational": ("(a+b*x)/(1+c*x)", [("a", 0.5, 3), ("b", 0.5, 4), ("c", 0.1, 2)], (0, 6)),
    "rational2": ("(a+b*x)/(1+c*x+d*x^2)", [("a", 0.5, 3), ("b", 0.5, 4), ("c", 0.1, 2), ("d", 0.1, 1)], (0, 6)),
    "mm": ("a*x/(b+x)", [("a", 1, 10), ("b", 0.3, 4)], (0.05, 8)),
    "logistic": ("a/(1+exp(-b*(x-c)))", [("a", 1, 8), ("b", 0.5, 3), ("c", -2, 2)], (-5, 5)),
    "logistic4": ("d+(a-d)/(1+exp(b*(x-c)))", [("a", 1, 8), ("b", 0.5, 3), ("c", -2, 2), ("d", -2, 0.5)], (-5, 5)),
    "gauss": ("a*exp(-(x-b)^2/(2*c^2))", [("a", 1, 8), ("b", -2, 2), ("c", 0.4, 2)], (-5, 5)),
    "gaussbase": ("a*exp(-(x-b)^2/(2*c^2))+d", [("a", 1, 8), ("b", -2, 2), ("c", 0.4, 2), ("d", -1, 1)], (-5, 5)),
    "twogauss": ("a*exp(-((x-b)/c)^2)+d*exp(-((x-g)/h)^2)", [("a", 2, 8), ("b", -3, -1), ("c", 0.5, 1.5), ("d", 2, 8), ("g", 1, 3), ("h", 0.5, 1.5)], (-5, 5)),
    "lorentz": ("a/(1+((x-b)/c)^2)", [("a", 1, 8), ("b", -2, 2), ("c", 0.4, 2)], (-5, 5)),
    "power": ("a*x^b", [("a", 0.5, 4), ("b", -1.5, 2.5)], (0.2, 6)),
    "power3": ("a*x^b+c", [("a", 0.5, 4), ("b", 0.3, 2.5), ("c", -2, 2)], (0.2, 6)),
    "product": ("a*(1-exp(-b*x))", [("a", 1, 9), ("b", 0.1, 2)], (0, 6)),
    "gompertz": ("a*exp(-b*exp(-c*x))", [("a", 2, 9), ("b", 0.5, 5), ("c", 0.2, 1.5)], (0, 6)),
    "weibull": ("a-b*exp(-c*x^d)", [("a", 3, 8), ("b", 1, 3), ("c", 0.1, 1), ("d", 0.7, 2)], (0.1, 5)),
    "sine": ("a*sin(b*x+c)", [("a", 1, 4), ("b", 0.5, 2), ("c", -1, 1)], (0, 6)),
    "log": ("a*log(b+x)+c", [("a", 0.5, 3), ("b", 0.5, 4), ("c", -2, 2)], (0, 6)),
    "tanh": ("a*tanh(b*x+c)", [("a", 1, 4), ("b", 0.3, 2), ("c", -1, 1)], (-4, 4)),
    "hill": ("a*x^c/(b^c+x^c)", [("a", 1, 8), ("b", 0.7, 4), ("c", 0.8, 3)], (0.1, 8)),
}

FUNCS = {k: getattr(np, k) for k in ("exp", "log", "sin", "tanh", "sqrt")}


def twist(rng, text, names):
    """Redundant, scaled, shifted or dead parameters: text with more names."""
    import re
    def sub(name, by):
        nonlocal text
        text = re.sub(r"(?<![A-Za-z0-9_])%s(?![A-Za-z0-9_(])" % name, "(" + by + ")", text)
    kind = rng.choice(["plain", "plain", "plain", "sum", "product", "dead", "scaled", "shifted", "two", "offset", "shiftx", "ratio"])
    p = rng.choice(names)
    extra = []  # (name, truth as a function of the truth of p)
    if kind == "sum":
        sub(p, p + "+u"); extra = ["u"]
    elif kind == "product":
        sub(p, p + "*u"); extra = ["u"]
    elif kind == "ratio":
        sub(p, p + "/u"); extra = ["u"]
    elif kind == "dead":
        text += "+0*u"; extra = ["u"]
    elif kind == "two":
        sub(p, p + "+2*u"); extra = ["u"]
        q = rng.choice(names)
        if q != p:
            sub(q, q + "*v"); extra.append("v")
    elif kind == "offset":
        text += "+u-v"; extra = ["u", "v"]
    elif kind == "shiftx":
        text = re.sub(r"(?<![A-Za-z0-9_])x(?![A-Za-z0-9_(])", "(x-u)", text); extra = ["u"]
    scale, shift = {}, {}
    if kind == "scaled":
        e = 10.0 ** rng.integers(-8, 9)
        sub(p, "%r*%s" % (float(e), p)); scale[p] = float(e)
    if kind == "shifted":
        t = float(np.round(rng.uniform(-1, 1) * 10.0 ** rng.integers(0, 5), 3))
        sub(p, "%s-%r" % (p, t)); shift[p] = t
    return kind, text, extra, scale, shift


def problem(rng, bases, limit):
    base = rng.choice(list(bases))
    text, params, (lo, hi) = bases[base]
    kind, text, extra, scale, shift = twist(rng, text, [p for p, _, _ in params])
    rows = int(rng.integers(8, 41)) if rng.random() < 0.93 else len(params) + int(rng.integers(0, 3))
    x = np.sort(rng.uniform(lo, hi, rows)) if rng.random() < 0.5 else np.linspace(lo, hi, rows)
    x = np.round(x, 4)
    z = np.round(rng.uniform(-3, 3, rows), 3)
    if base == "plane" and rng.random() < 0.3:
        z = 2 * x
    names, truth, start = [], [], []
    far = rng.choice([0.1, 0.5, 1.0, 2.0])
    ones = rng.random() < 0.15
    for p, a, b in params:
        t = rng.uniform(a, b)
        s = t * np.exp(far * rng.normal()) if rng.random() < 0.6 else t + far * rng.normal()
        if ones:
            s = 1.0
        t, s = t / scale.get(p, 1) + shift.get(p, 0), s / scale.get(p, 1) + shift.get(p, 0)
        names.append(p); truth.append(t); start.append(s)
    code = compile(text.replace("^", "**"), "m", "eval")
    def model(v, names):
        env = dict(FUNCS, x=x, z=z, **dict(zip(names, v)))
        return np.broadcast_to(np.asarray(eval(code, {"__builtins__": {}}, env), float), x.shape)
    for u in extra:
        names.append(u)
        s = rng.uniform(0.5, 2)
        truth.append(s if kind in ("product", "ratio", "two") else 0.0); start.append(float(s) if not ones else 1.0)
    if kind in ("product", "two", "ratio"):
        truth[len(params):] = [1.0 if kind != "two" or u != "u" else 0.0 for u in extra]
    y = model(truth, names)
    if not np.all(np.isfinite(y)):
        return None
    size = max(np.std(y), 1e-3)
    noise = rng.choice([0, 1e-6, 0.01, 0.05, 0.2, 1.0], p=[.12, .1, .25, .25, .18, .1])
    y = y + noise * size * rng.normal(size=rows)
    if rng.random() < 0.04:
        y = size * rng.normal(size=rows)  # nothing to do with the model
    unit = 10.0 ** rng.integers(-6, 7) if rng.random() < 0.1 and base in ("line", "cubic") else 1.0
    start = [float("%.6g" % s) for s in start]
    bounds = None
    if rng.random() < 0.3:
        bounds = []
        for t, s in zip(truth, start):
            w = abs(t) + 1
            r = rng.random()
            a, b = -np.inf, np.inf
            if r < 0.3: a, b = min(t, s) - w, max(t, s) + w
            elif r < 0.5: a = min(t, s) - 0.3 * w
            elif r < 0.6: b = max(t, s) + 0.3 * w
            elif r < 0.7: a, b = s - 0.5 * abs(t - s) - 0.01 * w, s + 0.5 * abs(t - s) + 0.01 * w  # the truth is outside
            elif r < 0.8 and s > 0: a = 0.0
            bounds.append((float("%.6g" % a), float("%.6g" % b)))
    def res(v):
        return y - model(v, names)
    if not np.all(np.isfinite(res(start))):
        return None
    kw = {}
    if bounds:
        b = np.array(bounds, float).T
        if np.any(b[0] >= start) or np.any(b[1] <= start):
            return None
        kw["bounds"] = (b[0], b[1])
    out = None
    for tol in (1e-8, 1e-14):
        try:
            s = least_squares(res, start, method="trf", ftol=tol, xtol=tol, gtol=tol, max_nfev=limit if tol < 1e-8 else None, **kw)
            if tol == 1e-8:
                status, rss = int(s.status), 2 * float(s.cost)
            out = min(rss, 2 * float(s.cost))
        except Exception:
            if tol == 1e-8:
                status, rss = -1, None
    try:
        s = least_squares(res, truth, method="trf", ftol=1e-14, xtol=1e-14, gtol=1e-14, max_nfev=limit, **kw)
        best = min(2 * float(s.cost), out if out is not None else np.inf)
    except Exception:
        best = out
    q = dict(base=base, kind=kind, formula=text, names=names, start=start, x=x.tolist(), y=[float("%.17g" % v) for v in y],
             status=status, **{k: v if v is not None and np.isfinite(v) else None  # JSON has no infinity
                               for k, v in dict(first=float(np.sum(res(start) ** 2)), rss=rss, tight=out, best=best).items()})
    if "z" in text:
        q["z"] = z.tolist()
    if bounds:
        q["bounds"] = [[None if not np.isfinite(v) else v for v in p] for p in bounds]
    return q


def write(bases, limit):
    """SEED COUNT of the command line: problems of these bases, scipy's tight searches within so many evaluations."""
    rng = np.random.default_rng(int(sys.argv[1]))
    out = []
    while len(out) < int(sys.argv[2]):
        p = problem(rng, bases, limit)
        if p:
            out.append(p)
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    write(BASES, 3000)
