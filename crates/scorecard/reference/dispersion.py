#!/usr/bin/env python3
"""Reference values for src/statistics/dispersion.rs, src/chance/reliability.rs and src/chance/trend.rs: twelve proportions, and the BCG trials.

A second implementation of Spiegelhalter 2005, Qual Saf Health Care 14:347, with Python's standard library alone.
"""
from math import asin, log, pi, sin, sqrt
from statistics import NormalDist, quantiles

UNITS = [(3, 60), (12, 80), (9, 100), (30, 120), (14, 140), (2, 160), (45, 180), (22, 200), (19, 95), (8, 110), (0, 40), (25, 50)]
Z_998 = 3.090232


def between(distances, variances, bound, mean_square):
    """tau^2 at which the bounded adjusted z have this mean square, by bisection"""
    def excess(tau2):
        squares = (min(x * x / (v + tau2), bound * bound) for x, v in zip(distances, variances))
        return sum(squares) - mean_square * (len(distances) - 1)
    low, high = 0.0, 1e3
    if excess(low) <= 0:
        return 0.0
    for _ in range(300):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


n, d = sum(u[0] for u in UNITS), sum(u[1] for u in UNITS)
y0 = asin(sqrt(n / d))
y = [asin(sqrt(a / b)) for a, b in UNITS]
s = [1 / (2 * sqrt(b)) for _, b in UNITS]
z = [(a - y0) / b for a, b in zip(y, s)]
cut = quantiles(z, n=10, method="inclusive")
phi = sum(min(max(x, cut[0]), cut[-1]) ** 2 for x in z) / len(z)
a = NormalDist().inv_cdf(0.9)
left = 0.8 - 2 * a * NormalDist().pdf(a) + 0.2 * a * a
print("left of a standard normal's mean square", repr(left))
tau2 = between([b - y0 for b in y], [x * x for x in s], a, left)
print("target", n, d)
print("phi", repr(phi), "tau2", repr(tau2))
last = -1
print("z", repr(z[last]), "adjusted", repr((y[last] - y0) / sqrt(s[last] ** 2 + tau2)))
upper = min(pi / 2, y0 + Z_998 * sqrt(s[last] ** 2 + tau2))
print("upper 99.8 %", repr(sin(upper) ** 2))
reliability = tau2 / (tau2 + s[last] ** 2)
print("reliability", repr(reliability), "shrunk", repr(sin(y0 + reliability * (y[last] - y0)) ** 2))

# Sums of one unit's twelve months, oldest first: numerator and denominator of a proportion.
MONTHS = [(4, 50), (5, 50), (3, 40), (6, 60), (4, 50), (5, 45), (9, 50), (10, 55), (11, 50), (8, 40), (12, 60), (10, 50)]
n, d = sum(m[0] for m in MONTHS), sum(m[1] for m in MONTHS)
own = asin(sqrt(n / d))
up = down = 0.0
for a, b in MONTHS:
    step = (asin(sqrt(a / b)) - own) * 2 * sqrt(b)
    up, down = max(0.0, up + step - 0.5), max(0.0, down - step - 0.5)
print("cusum up", repr(up), "down", repr(down))

BCG = [(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
       (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
       (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)]
risk = [log((a / (a + b)) / (c / (c + e))) for a, b, c, e in BCG]
v = [1 / a - 1 / (a + b) + 1 / c - 1 / (c + e) for a, b, c, e in BCG]


def around(tau2):
    """weights, mean and generalised Q at a variance between trials"""
    w = [1 / (x + tau2) for x in v]
    mean = sum(a * b for a, b in zip(w, risk)) / sum(w)
    return w, mean, sum(a * (b - mean) ** 2 for a, b in zip(w, risk))


def paule_mandel_by_bisection():
    low, high = 0.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if around(middle)[2] > len(v) - 1 else (low, middle)
    return high


def paule_mandel_by_newton():
    tau2 = 0.0
    for _ in range(100):
        w, mean, q = around(tau2)
        tau2 += (q - (len(v) - 1)) / sum(a * a * (b - mean) ** 2 for a, b in zip(w, risk))
    return tau2


def restricted_maximum_likelihood():
    tau2 = 0.0
    for _ in range(500):
        w, mean, _ = around(tau2)
        tau2 = sum(a * a * ((b - mean) ** 2 - c) for a, b, c in zip(w, risk, v)) / sum(a * a for a in w) + 1 / sum(w)
    return tau2


# The software metafor prints Q = 152.2330 and, by REML, tau^2 = 0.3132 and a mean of -0.7145 for these trials: data and
# variances are the same. This script solves the equation of Paule and Mandel in two ways and does not use metafor's figure.
reml = restricted_maximum_likelihood()
print("BCG Q", repr(around(0.0)[2]), "REML tau2", repr(reml), "mean", repr(around(reml)[1]))
print("BCG Paule-Mandel tau2", repr(paule_mandel_by_bisection()), repr(paule_mandel_by_newton()))
