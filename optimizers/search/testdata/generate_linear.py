"""Polynomials and Longley's regression with their exact solutions, by rational arithmetic.

python3 generate_linear.py > linear.json
"""
import json, random
from fractions import Fraction as F

def solve(a, y):
    """Least squares of the exact values of floats."""
    a = [[F(v) for v in r] for r in a]; y = [F(v) for v in y]; n = len(a[0])
    m = [[sum(r[i] * r[j] for r in a) for j in range(n)] + [sum(r[i] * v for r, v in zip(a, y))] for i in range(n)]
    inv = [[F(i == j) for j in range(n)] for i in range(n)]
    for i in range(n):
        p = m[i][i]
        m[i] = [v / p for v in m[i]]; inv[i] = [v / p for v in inv[i]]
        for k in range(n):
            if k != i:
                f = m[k][i]
                m[k] = [u - f * v for u, v in zip(m[k], m[i])]; inv[k] = [u - f * v for u, v in zip(inv[k], inv[i])]
    b = [r[n] for r in m]
    rss = sum((v - sum(c * w for c, w in zip(b, r))) ** 2 for r, v in zip(a, y))
    dof = len(y) - n
    return [float(v) for v in b], float(rss), [float(rss / dof * inv[i][i]) ** .5 if dof else 0 for i in range(n)]

out = []
def add(name, formula, names, columns, rows, y):
    b, rss, se = solve(rows, y)
    out.append(dict(base=name, formula=formula, names=names, start=[1.0] * len(names), y=[float(v) for v in y], estimates=b, stderr=se, rss=rss, **columns))

def poly(name, x, y, degree):
    names = ["b%d" % i for i in range(degree + 1)]
    f = "+".join(["b0", "b1*x"] + ["b%d*x^%d" % (i, i) for i in range(2, degree + 1)])
    add(name, f, names, dict(x=x), [[F(v) ** i for i in range(degree + 1)] for v in x], y)

rng = random.Random(9)
x = [float(i) for i in range(21)]
noise = [759,-2048,2048,-2048,2523,-2048,2048,-2048,1838,-2048,2048,-2048,1838,-2048,2048,-2048,2523,-2048,2048,-2048,759]
for k, s in enumerate([0, 1, 100, 10000]):
    poly("whole numbers, degree 5, noise %d" % s, x, [sum(v ** i for i in range(6)) + s * e for v, e in zip(x, noise)], 5)
poly("tenths, degree 5", x, [sum(v ** i / 10.0 ** i for i in range(6)) for v in x], 5)
x = [round(-8.78 + 5.65 * i / 81 + rng.uniform(-.02, .02), 9) for i in range(82)]
poly("degree 10, far from 0", x, [round(0.85 + 0.1 * __import__("math").sin(3 * v) + rng.gauss(0, .003), 4) for v in x], 10)
x = [i / 8 for i in range(25)]
poly("degree 10, nearly exact", x, [sum((-1) ** i * v ** i for i in range(11)) for v in x], 10)
y = [60323,61122,60171,61187,63221,63639,64989,63761,66019,67857,68169,66513,68655,69564,69331,70551]
c = [[83,88.5,88.2,89.5,96.2,98.1,99,100,101.2,104.6,108.4,110.8,112.6,114.2,115.7,116.9],[234289,259426,258054,284599,328975,346999,365385,363112,397469,419180,442769,444546,482704,502601,518173,554894],[2356,2325,3682,3351,2099,1932,1870,3578,2904,2822,2936,4681,3813,3931,4806,4007],[1590,1456,1616,1650,3099,3594,3547,3350,3048,2857,2798,2637,2552,2514,2572,2827],[107608,108632,109773,110929,112075,113270,115094,116219,117388,118734,120445,121950,123366,125368,127852,130081],list(range(1947,1963))]
names = ["b%d" % i for i in range(7)]
add("Longley", "b0+" + "+".join("b%d*x%d" % (i, i) for i in range(1, 7)), names, {"columns": {"x%d" % (i + 1): [float(w) for w in v] for i, v in enumerate(c)}}, [[1.0] + [float(v[i]) for v in c] for i in range(16)], y)
print("[\n" + ",\n".join(json.dumps(o) for o in out) + "\n]")
