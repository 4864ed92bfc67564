"""Scores of scikit-learn on splits that bench/tables has written: python3 peers.py SPLITS"""
import os
import sys
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore")  # of MLPs that have not converged
print(f"# Accuracy or R2 on the held-out rows, by bench/tables/peers.py with scikit-learn {sklearn.__version__}, defaults, random_state=0.")
print("table,split,mlp,forest", flush=True)
for name in sorted(os.listdir(sys.argv[1]), key=lambda n: (int(n.split(",")[2][:-4]), n)):
    table, task, split = name[:-4].split(",")
    rows = np.genfromtxt(os.path.join(sys.argv[1], name), delimiter=",", dtype=None, encoding="ascii")
    part = np.array([r[0] for r in rows]) == "train"
    values = np.array([list(r)[1:] for r in rows], dtype=float)
    x, y = values[:, 1:], values[:, 0]
    models = [MLPClassifier, RandomForestClassifier]
    if task == "regression":
        models = [MLPRegressor, RandomForestRegressor]
        y = (y - y[part].mean()) / y[part].std()
    scores = [m(random_state=0).fit(x[part], y[part]).score(x[~part], y[~part]) for m in models]
    print(f"{table},{split},{scores[0]:.6f},{scores[1]:.6f}", flush=True)
