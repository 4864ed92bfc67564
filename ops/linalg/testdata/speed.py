"""Times NumPy on what BenchmarkOps times, with one thread: OPENBLAS_NUM_THREADS=1 python3 speed.py"""
import time
import numpy as np
from scipy.linalg import solve_triangular

n = 200
x = np.random.default_rng(1).uniform(-1, 1, (n, n))
a = x @ x.T + np.eye(n)
for name, f in [("cholesky", lambda: np.linalg.cholesky(a)), ("solve", lambda: np.linalg.solve(x, a)), ("inverse", lambda: np.linalg.inv(x)),
                ("eigenvectors", lambda: np.linalg.eigh(x)), ("solve_triangular", lambda: solve_triangular(x, a, lower=True))]:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    print("%s %.2f ms" % (name, 1e3 * np.median(times)))
