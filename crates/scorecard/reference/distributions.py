#!/usr/bin/env python3
"""Reference values for src/statistics/distribution.rs, src/statistics/interval.rs and src/statistics/funnel.rs, in 60 digits from the definitions.

chi-square: P(X <= x) as a finite or infinite series; the quantile by bisection.
Student's t: the finite trigonometric form for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4); the quantile by bisection.
binomial: exact fractions.
Only Python's standard library.
"""
from decimal import Decimal as D, getcontext
from fractions import Fraction as F
from math import comb

getcontext().prec = 60
PI = D("3.14159265358979323846264338327950288419716939937510582097494459")


def half_gamma(twice):
    """gamma(twice / 2)"""
    value, k = (D(1), 2) if twice % 2 == 0 else (PI.sqrt(), 1)
    while k < twice:
        value *= D(k) / 2
        k += 2
    return value


def chi_square_cdf(x, degrees):
    a, h = D(degrees) / 2, D(x) / 2
    term = (h ** a) * (-h).exp() / half_gamma(degrees + 2)
    total, k = D(0), 0
    while k < h or term > D(10) ** -58:
        total += term
        k += 1
        term *= h / (a + k)
    return total


def bisect(f, low, high):
    for _ in range(190):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) < 0 else (low, middle)
    return low


def chi_square(p, degrees):
    return bisect(lambda x: chi_square_cdf(x, degrees) - D(p), D(0), D(10 * degrees + 100))


def atan(x):
    if x > D("0.1"):
        return 2 * atan(x / (1 + (1 + x * x).sqrt()))
    total, power, k = D(0), x, 1
    while abs(power) > D(10) ** -62:
        total += power / k if k % 4 == 1 else -power / k
        power *= x * x
        k += 2
    return total


def t_both(t, n):
    """P(|T| <= t), Abramowitz and Stegun 26.7.3 (odd n) and 26.7.4 (even n)"""
    theta = atan(t / D(n).sqrt())
    cos2 = D(n) / (D(n) + t * t)
    sin = t / (D(n) + t * t).sqrt()
    if n % 2:
        total, term, k = D(0), cos2.sqrt(), 1
        while k <= n - 2:
            total += term
            term *= cos2 * (k + 1) / (k + 2)
            k += 2
        return 2 / PI * (theta + sin * total)
    total, term, k = D(0), D(1), 0
    while k <= n - 2:
        total += term
        term *= cos2 * (k + 1) / (k + 2)
        k += 2
    return sin * total


def t975(n):
    return bisect(lambda t: t_both(t, n) - D("0.95"), D(0), D(100))


def spiegelhalter(d, p, q):
    """(r - alpha) / d of Spiegelhalter 2005, appendix A.1.1"""
    p, q, below = F(p), F(q), F(0)
    for r in range(d + 1):
        mass = comb(d, r) * p ** r * (1 - p) ** (d - r)
        if below + mass > q:
            limit = (r - (below + mass - q) / mass) / d
            return float(max(limit, F(0))), r
        below += mass


def wilson(n, d):
    p, d, z = D(n) / D(d), D(d), D("1.959964")
    middle, spread = p + z * z / (2 * d), z * (p * (1 - p) / d + z * z / (4 * d * d)).sqrt()
    return float((middle - spread) / (1 + z * z / d)), float((middle + spread) / (1 + z * z / d))


for p, degrees in [("0.025", 2), ("0.975", 2), ("0.025", 5), ("0.975", 7), ("0.001", 1), ("0.999", 3), ("0.025", 20), ("0.975", 22),
                   ("0.001", 400), ("0.999", 402), ("0.025", 3001), ("0.975", 3003)]:
    print("chi-square", p, degrees, float(chi_square(p, degrees)))
for n in [1, 2, 3, 9, 10, 30, 199, 500, 999, 1000, 5000]:
    print("t 0.975", n, float(t975(n)))
for d, p in [(20, "1/20"), (30, "1/10"), (12, "1/3"), (400, "1/200"), (40, "19/20"), (25, "9/10"), (300, "299/300")]:
    print("binomial", d, p, [spiegelhalter(d, p, q) for q in ["1/1000", "25/1000", "975/1000", "999/1000"]])
for n, d in [(81, 263), (15, 148), (0, 20), (1, 29)]:
    print("wilson", n, d, wilson(n, d))
for n in [0, 1, 5, 9]:
    print("exact count", n, 0.0 if n == 0 else float(chi_square("0.025", 2 * n) / 2), float(chi_square("0.975", 2 * n + 2) / 2))


def byar(count, sign):
    count, z = D(count), sign * D("1.959964")
    return count * (1 - 1 / (9 * count) + z / (3 * count.sqrt())) ** 3


for n in [10, 57, 1000]:
    print("byar", n, float(byar(n, -1)), float(byar(n + 1, 1)))

# One unit of each kind, and the limits around a target for a unit of its size.
Z95, Z998 = D("1.959964"), D("3.090232")
minutes = [7, 9, 10, 12, 15, 8]
n, d = sum(minutes), len(minutes)
variance = D(sum((d * x - n) ** 2 for x in minutes)) / (d * d * (d - 1))
half = t975(d - 1) * (variance / d).sqrt()
print("mean", n, d, sum(x * x for x in minutes), "interval", float(n / D(d) - half), float(n / D(d) + half))
print("mean limits around 11", [float(11 + z * (variance / d).sqrt()) for z in (-Z998, -Z95, Z95, Z998)])
costs, exposure = [700, 1500, 1500, 3000, 9000], 40
n, squares = sum(costs), sum(x * x for x in costs)
half = Z95 * D(squares).sqrt() / exposure
print("amount", n, exposure, squares, "interval", float(max(D(0), n / D(exposure) - half)), float(n / D(exposure) + half))
size = D(squares) / n
print("amount limits around 350", [float(max(D(0), 350 + z * (350 * size / exposure).sqrt())) for z in (-Z998, -Z95, Z95, Z998)])
quantities = [28, 28, 56, 84, 28, 56]
part, whole = 28 + 56, sum(quantities)
effective = D(whole) ** 2 / sum(x * x for x in quantities)
p = D(part) / whole
middle, spread = p + Z95 ** 2 / (2 * effective), Z95 * (p * (1 - p) / effective + Z95 ** 2 / (4 * effective ** 2)).sqrt()
interval = [float((middle + sign * spread) / (1 + Z95 ** 2 / effective)) for sign in (-1, 1)]
print("share", part, whole, sum(x * x for x in quantities), "interval", interval)
limit = lambda z: float(min(D(1), max(D(0), D("0.4") + z * (D("0.4") * D("0.6") / effective).sqrt())))
print("share limits around 0.4", [limit(z) for z in (-Z998, -Z95, Z95, Z998)])
rate = [float(chi_square(p, 2 * 10 + more) / 2 / 200) for p, more in (("0.001", 0), ("0.025", 0), ("0.975", 2), ("0.999", 2))]
print("rate limits of 200 around 0.05", rate)
