# Makes golden.json: scores of scikit-learn (1.2.1) of invented rows. ECE is not in it; its oracle is here, with numpy's histogram.
import json
import numpy as np
from sklearn import metrics as m

rng = np.random.default_rng(1)


def ece(y, p, w):
    conf, right = p.max(1), p.argmax(1) == y
    edges = np.arange(16) / 15
    bins = np.clip(np.searchsorted(edges, conf, side="left"), 1, 15)
    return sum(abs(np.sum(w * (bins == b) * (right - conf))) for b in range(1, 16)) / w.sum()


def classes(k, n, digits, weighted, own):
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) * 1.5
    z[np.arange(n), y] += own
    p = np.exp(z)
    p = np.round(p / p.sum(1, keepdims=True), digits)  # ties
    p[:, 0] += 1 - p.sum(1)
    p[:, 0] = np.maximum(p[:, 0], 0)
    p /= p.sum(1, keepdims=True)
    d = p.argmax(1)
    w = np.round(rng.exponential(size=n), 2) if weighted else np.ones(n)
    one = p[:, 1] if k == 2 else p
    hot = (y == 1).astype(int) if k == 2 else np.eye(k, dtype=int)[y]
    square = (p[:, 1] - y) ** 2 if k == 2 else ((p - hot) ** 2).sum(1)
    brier = m.brier_score_loss(y, p[:, 1], sample_weight=w) if k == 2 else np.average(square, weights=w)
    labels = list(range(k))
    prf = lambda average: m.precision_recall_fscore_support(y, d, labels=labels, average=average, sample_weight=w, zero_division=0)
    each = prf(None)
    out = {
        "accuracy": m.accuracy_score(y, d, sample_weight=w), "balanced_accuracy": m.balanced_accuracy_score(y, d, sample_weight=w),
        "mcc": m.matthews_corrcoef(y, d, sample_weight=w), "log_loss": m.log_loss(y, p, labels=labels, sample_weight=w),
        "brier": brier, "ece": ece(y, p, w),
        "roc_auc": m.roc_auc_score(y, one, sample_weight=w, **({} if k == 2 else {"multi_class": "ovr", "average": "macro"})),
        "average_precision": m.average_precision_score(hot, one, sample_weight=w, average="macro"),
    }
    for average in ("macro", "weighted"):
        for name, x in zip(("precision", "recall", "f1"), prf(average)):
            out[name + "_" + average] = x
    if k == 2:
        out["precision"], out["recall"], out["f1"] = (each[i][1] for i in range(3))
    for top in (3, 5):
        if k > top:
            out["top%d" % top] = m.top_k_accuracy_score(y, p, k=top, labels=labels, sample_weight=w)
    return {"classes": k, "truth": y.tolist(), "decided": d.tolist(), "p": p.ravel().tolist(), "weight": w.tolist() if weighted else None,
            "each": {"precision": each[0].tolist(), "recall": each[1].tolist(), "f1": each[2].tolist(), "support": [float(x) for x in each[3]]}, "scores": out}


def numbers(n, weighted):
    y = np.round(rng.normal(size=n) * 3 + 2, 3)
    p = np.round(y + rng.normal(size=n), 3)
    w = np.round(rng.exponential(size=n), 2) if weighted else np.ones(n)
    kw = {"sample_weight": w}
    out = {"r2": m.r2_score(y, p, **kw), "mae": m.mean_absolute_error(y, p, **kw), "rmse": m.mean_squared_error(y, p, squared=False, **kw),
           "mape": m.mean_absolute_percentage_error(y, p, **kw), "pinball(tau=0.9)": m.mean_pinball_loss(y, p, alpha=0.9, **kw)}
    return {"classes": 0, "truth": y.tolist(), "predicted": p.tolist(), "weight": w.tolist() if weighted else None, "scores": out}


cases = [classes(k, n, digits, weighted, own) for k, n, digits, own in ((2, 30, 2, 1), (2, 24, 1, 0), (3, 40, 1, 1), (7, 60, 2, 2)) for weighted in (False, True)]
cases += [numbers(20, False), numbers(20, True)]
with open("golden.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
