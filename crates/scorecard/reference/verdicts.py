#!/usr/bin/env python3
"""A second implementation of the verdict layer, compared with src/verdict on random questions.

Usage: verdicts.py [SEED [QUESTIONS]]   (defaults: 1 and 600)

It asks `cargo run --release -p scorecard --example verdicts`, prints every difference and exits with 1 if there is one. `just long` runs
it. It shares no code and no method with src/verdict: roots are found by bisection, and tails come from mpmath if that is installed, else
from power series and continued fractions in doubles.
"""
import json
import random
import subprocess
import sys
from math import asin, asinh, ceil, comb, cos, exp, hypot, inf, lgamma, log, pi, sin, sinh, sqrt
from statistics import NormalDist, median

try:
    import mpmath
except ImportError:
    mpmath = None

NORMAL = NormalDist()
Z95, Z998 = NORMAL.inv_cdf(0.975), NORMAL.inv_cdf(0.999)
C0, C1, Q25, T23 = NORMAL.inv_cdf(0.75), NORMAL.inv_cdf(0.9), NORMAL.inv_cdf(0.75), NORMAL.inv_cdf(2 / 3)
FLOOR, UNKNOWN, CAP, CUT = 0.1, 0.35, 0.0025, 3.0


def tail(z):
    """P(Z > z)"""
    from math import erfc
    return erfc(z / sqrt(2)) / 2


def bounded(c):
    """mean of min(z^2, c^2)"""
    return 1 - 2 * tail(c) - 2 * c * NORMAL.pdf(c) + 2 * c * c * tail(c)


K0 = bounded(C0)
KC = (bounded(C1) - C1 * C1 * 2 * tail(CUT)) / (1 - 2 * tail(CUT))


def z_of_tail(p):
    """by bisection on the logarithm of the tail"""
    p = min(max(p, 1e-300), 1 - 2 ** -53)
    if p > 0.5:
        return NORMAL.inv_cdf(1 - p) if p < 0.999999 else -z_of_tail(1 - p)
    return bisect(lambda z: log(tail(z)) - log(p), 0.0, 37.5)


def bisect(f, low, high, steps=200):
    """root of a falling function, or the nearer end"""
    if f(low) <= 0:
        return low
    if f(high) > 0:
        return high
    for _ in range(steps):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


# ------------------------------------------------------------------ tails of counts
def gamma_p(a, x):
    """P(N >= a) of a Poisson count of mean x"""
    if a <= 0 or x <= 0:
        return 1.0 if a <= 0 else 0.0
    if mpmath:
        with mpmath.workdps(30):
            return float(mpmath.gammainc(a, 0, x, regularized=True))
    term = total = 1.0
    k = 0
    while term > total * 1e-18:
        k += 1
        term *= x / (a + k)
        total += term
    return min(1.0, exp(a * log(x) - x - lgamma(a + 1)) * total)


def gamma_q(a, x):
    """P(N < a)"""
    if a <= 0 or x <= 0:
        return 0.0 if a <= 0 else 1.0
    if mpmath:
        with mpmath.workdps(30):
            return float(mpmath.gammainc(a, x, regularized=True))
    if x < a + 1:
        return 1 - gamma_p(a, x)
    fraction = 0.0
    for i in range(5000, 0, -1):
        fraction = i * (i - a) / (x + 2 * i + 1 - a - fraction)
    return exp(a * log(x) - x - lgamma(a)) / (x + 1 - a - fraction)


def beta_i(a, b, x):
    """I of x (a, b)"""
    if a <= 0:
        return 1.0
    if b <= 0 or x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if mpmath:
        with mpmath.workdps(30):
            return float(mpmath.betainc(a, b, 0, x, regularized=True))
    term = total = 1.0
    k = 0
    while term > total * 1e-18:
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        k += 1
    front = lgamma(a + b) - lgamma(a + 1) - lgamma(b) + a * log(x) + b * log(1 - x)
    return min(1.0, exp(front) * total)


# ------------------------------------------------------------------ one unit
def count_root(n):
    return (sqrt(n) + sqrt(n + 1)) / 2


def trial_root(n, d):
    return sqrt(d + 0.5) * (asin(sqrt(min(1, n / (d + 1)))) + asin(sqrt(min(1, (n + 1) / (d + 1))))) / 2


def trial_root0(expected, d):
    return sqrt(d + 0.5) * asin(sqrt(min(1, (expected + 0.25) / (d + 0.5))))


class Unit:
    """One unit with events n of d; a mean has n = its value and s = its standard error."""

    def __init__(self, kind, n, d, phi, s=None):
        self.kind, self.n, self.d, self.phi, self.s = kind, n, d, phi, s
        if kind == "mean":
            self.a = n / (2 * s)
        else:
            self.a = (trial_root(n, d) if kind == "proportion" else count_root(n)) / sqrt(phi)

    def b(self, mu):
        if self.kind == "mean":
            return mu / (2 * self.s)
        if self.kind == "proportion":
            return trial_root0(min(self.d, mu * self.d), self.d) / sqrt(self.phi)
        return sqrt((mu * self.d + 0.25) / self.phi)

    def expected(self, mu):
        if self.kind == "mean":
            return mu * mu / self.s ** 2
        return self.b(mu) ** 2 if self.kind == "proportion" else mu * self.d / self.phi

    def z_scale(self, mu, g):
        g = max(g, 0.001)
        if self.kind == "mean":
            return (asinh(2 * g * self.a) - asinh(2 * g * self.b(mu))) / g
        return 2 / g * (asinh(g * self.a) - asinh(g * self.b(mu)))

    def rule_1(self, mu, g):
        g = max(g, FLOOR)
        a, b = self.a, self.b(mu)
        if a >= b:
            return self.z_scale(mu, g)
        twice = 2 if self.kind == "mean" else 1
        return 2 * (a - b) / sqrt(1 + (twice * g * b) ** 2)

    def chance(self, mu, upper):
        n, d, e = self.n / self.phi, self.d / self.phi, mu * self.d / self.phi
        if self.kind == "proportion":
            return beta_i(n, d - n + 1, mu) if upper else beta_i(d - n, n + 1, 1 - mu)
        return gamma_p(n, e) if upper else gamma_q(n + 1, e)

    def z(self, mu, g, few):
        z = self.rule_1(mu, g)
        if self.kind != "mean" and abs(z) > 1.5 and mu * self.d / self.phi <= 20000:
            exact = z_of_tail(self.chance(mu, z > 0))
            z = max(0, min(z, exact)) if z > 0 else min(0, max(z, -exact))
        return min(z, 1.9) if few else z

    def weight(self, mu, g):
        e = self.expected(mu)
        return sqrt(e / (1 + g * g * e))


def answer_z(q):
    unit = Unit(q["kind"], q["n"], q["d"], q["phi"])
    mu, g = q["centre"], q["gamma"]
    z = unit.z(mu, g, q["n"] < 5)
    upper = unit.a >= unit.b(mu)
    return {"a": unit.a, "b": unit.b(mu), "z_scale": unit.rule_1(mu, g), "z": z, "chance_tail": max(1e-300, unit.chance(mu, upper)),
            "z_raw": 2 * (unit.a - unit.b(mu)) * sqrt(unit.phi), "p_high": tail(z), "p_low": tail(-z)}


def answer_limits(q):
    kind, d, mu, phi = q["kind"], q["d"], q["centre"], q["phi"]
    z, g = (Z95 if q["z"] == 95 else Z998), max(q["gamma"], FLOOR)
    at = Unit(kind, 0, d, phi)
    b = at.b(mu)
    roots = [(b - z / 2 * sqrt(1 + g * g * b * b)) * sqrt(phi), sinh(asinh(g * b) + z * g / 2) / g * sqrt(phi)]
    low, high = [value_of_root(kind, r, d) for r in roots]
    most = d if kind == "proportion" else int(mu * d + 60 * sqrt(phi * mu * d) + 200 * phi)
    exceeds = [k for k in range(most + 1) if Unit(kind, k, d, phi).chance(mu, True) > tail(z)]
    below = next(k for k in range(most + 1) if Unit(kind, k, d, phi).chance(mu, False) > tail(z))
    return {"lower": min(low, below / d), "upper": max(high, exceeds[-1] / d, 4 / d), "scale_lower": low, "scale_upper": high,
            "chance_lower_count": below, "chance_upper_count": exceeds[-1]}


def value_of_root(kind, r, d):
    if kind == "rate":
        return 0.0 if r <= 0.5 else (r - 1 / (4 * r)) ** 2 / d
    t = 2 * r / sqrt(d + 0.5)
    if t <= asin(sqrt(1 / (d + 1))):
        return 0.0
    if t >= asin(sqrt(d / (d + 1))) + pi / 2:
        return 1.0
    inner = sqrt(max(0.0, 1 - (sin(t) + (sin(t) - 1 / sin(t)) / d) ** 2))
    return (1 - (inner if cos(t) > 0 else -inner)) / 2


def answer_root(q):
    if q["kind"] == "rate":
        return {"root": count_root(q["n"])} if "n" in q else {"root0": sqrt(q["expected"] + 0.25)}
    return {"root": trial_root(q["n"], q["d"])} if "n" in q else {"root0": trial_root0(q["p"] * q["d"], q["d"])}


# ------------------------------------------------------------------ a network
def units_of(kind, rows, phi):
    """units, flipped"""
    if kind in ("proportion", "share"):
        flipped = median(r[0] / r[1] for r in rows) > 0.5
        rows = [(r[1] - r[0], *r[1:]) if flipped else tuple(r) for r in rows]
        if kind == "proportion":
            return [Unit("proportion", n, d, phi) for n, d in rows], flipped
        effective = [(n / d * (d * d / sq), d * d / sq) for n, d, sq in rows]
        return [Unit("proportion", n, d, phi) for n, d in effective], flipped
    if kind == "rate":
        return [Unit("rate", n, d, phi) for n, d in rows], False
    if kind == "amount":
        typical = median(sq / n for n, d, sq in rows if n > 0)
        sizes = [max(sq / n if n > 0 else 0, typical) for n, d, sq in rows]
        return [Unit("rate", n / size, d / size, phi) for (n, d, _), size in zip(rows, sizes)], False
    own = [(sq - n * n / d) / (d - 1) if d > 1 else 0.0 for n, d, sq in rows]
    c = median(v / (n / d) ** 2 for v, (n, d, _) in zip(own, rows) if d >= 10 and n > 0)
    m = median(n / d for n, d, _ in rows)
    v = [((d - 1) * o + 20 * c * m * m) / (d + 19) for o, (n, d, _) in zip(own, rows)]
    return [Unit("mean", n / d, d, phi, sqrt(phi * x / d)) for x, (n, d, _) in zip(v, rows)], False


def bracket(units):
    if units[0].kind == "mean":
        values = [u.n for u in units if u.n > 0]
        return log(min(values)) - 1, log(max(values))
    high = log(max((u.n + 1) / u.d for u in units))
    return -log(2 * sum(u.d for u in units)), min(0.0, high) if units[0].kind == "proportion" else high


def find_centre(units, g, c, ends):
    def pull(x):
        mu = exp(x)
        return sum(u.weight(mu, g) * min(max(u.z_scale(mu, g), -c), c) for u in units)
    return bisect(pull, *ends)


def find_rare_centre(units, g, ends):
    def pull(x):
        total = 0.0
        for u in units:
            e, n = exp(x) * u.d / u.phi, u.n / u.phi
            total += sqrt(e / (1 + g * g * e)) * ((gamma_q(n, e) + gamma_q(n + 1, e)) / 2 - 0.5)
        return total
    return bisect(pull, *ends, steps=60)


def find_spread(use, mu, c, k, caution):
    m = len(use)
    if m < 10:
        return UNKNOWN
    wanted = k * (m - 1) * (1 - caution / sqrt(m))
    return bisect(lambda g: sum(min(u.z_scale(mu, g) ** 2, c * c) for u in use) - wanted, 0.0, 3.0)


def answer_network(q):
    units, flipped = units_of(q["kind"], q["units"], q["phi"])
    keep, g, ends, passes = [True] * len(units), 0.2, bracket(units), 0
    while True:
        c, k, rounds, caution = (C0, K0, 4, 0) if passes == 0 else (C1, KC, 3, 1)
        kept = [u for u, k_ in zip(units, keep) if k_]
        for _ in range(rounds):
            x = find_centre(kept, max(g, FLOOR), c, ends)
            use = [u for u in kept if u.expected(exp(x)) >= 3]
            g = find_spread(use, exp(x), c, k, caution)
        sizes = [abs(u.z_scale(exp(x), max(g, FLOOR))) for u in units]
        new = [s <= CUT for s in sizes]
        if new.count(False) > len(units) / 4:
            stay = sorted(range(len(units)), key=lambda i: sizes[i])[:ceil(3 * len(units) / 4)]
            new = [i in stay for i in range(len(units))]
        passes += 1
        if passes == 6 or passes > 1 and new == keep:
            break
        keep = new
    kept = [u for u, k_ in zip(units, keep) if k_]
    rare = units[0].kind != "mean" and sum(u.expected(exp(x)) >= 3 for u in units) < len(units) / 2
    if rare:
        x = find_rare_centre(kept, max(g, FLOOR), ends)
        use = [u for u in kept if u.expected(exp(x)) >= 3]
        g = find_spread(use, exp(x), C1, KC, 1)
    mu, plain = exp(x), find_spread(use, exp(x), C1, KC, 0)
    far = sum(abs(u.z_scale(mu, max(g, FLOOR))) > CUT for u in units)
    facts = q["kind"] in ("rate", "proportion")
    z = [u.z(mu, max(g, FLOOR), facts and u.n < 5) * (-1 if flipped else 1) for u in units]
    within = [plain ** 2 * u.expected(mu) for u in units]
    return {"flipped": flipped, "ln_centre": x, "centre": mu, "gamma_cautious": g, "gamma": plain, "rounds": passes, "rare": rare,
            "left_out": [i for i, k_ in enumerate(keep) if not k_], "estimating_units": len(use), "mixed": far > len(units) / 3,
            "z": z, "reliability": [w / (1 + w) for w in within]}


# ------------------------------------------------------------------ design effect, expectations
def answer_signs(q):
    found = []
    for n, d, n2, d2, a, b in q["units"]:
        r = n / d
        v = {"proportion": d * r * (1 - r), "rate": n, "share": r * (1 - r) * d2, "amount": n2, "mean": n2 - n * n / d}[q["kind"]]
        if v > 0:
            found.append((n, sum((x - r * y) ** 2 for x, y in zip(a, b)) / 4 / v))
    chi4 = bisect(lambda t: exp(-t / 2) * (1 + t / 2) - 0.5, 0.0, 20.0) / 4
    med = median(x for n, x in found if n >= 5) / chi4
    usual = [x for _, x in found if x <= 10 * max(1, med)]
    return {"phi": min(20, max(1, sum(usual) / len(usual))), "median_over_expected": med, "units_used": len(usual)}


def answer_months(q):
    rows, months = q["rows"], range(len(q["rows"][0]))
    sums = [(sum(r[m][0] for r in rows), sum(r[m][1] for r in rows)) for m in months]
    rate = [n / d if d else 0.0 for n, d in sums]
    found = []
    for row in rows:
        n, d = sum(m[0] for m in row), sum(m[1] for m in row)
        df = sum(m[1] > 0 for m in row) - 1
        if n == 0 or df < 1 or q["kind"] == "proportion" and n == d:
            continue
        all_ = sum(m[1] * r for m, r in zip(row, rate))
        x2 = 0.0
        for (nm, dm), r in zip(row, rate):
            e = n * dm * r / all_
            v = e * (1 - e / dm) * d / (d - 1) if q["kind"] == "proportion" and dm else e
            if v > 0:
                x2 += (nm - e) ** 2 / v
        found.append((n, x2, df))
    chi11 = bisect(lambda t: gamma_q(5.5, t / 2) - 0.5, 0.0, 60.0) / 11
    large = [x / df for n, x, df in found if n >= 5]
    med = median(large) / chi11 if large else 1.0
    usual = [(x, df) for _, x, df in found if x / df <= 4 * max(1, med)]
    phi = sum(x for x, _ in usual) / sum(df for _, df in usual)
    return {"phi": min(20, max(1, phi)), "median_over_expected": med}


def answer_thinned(q):
    kept = min(q["units"], 2000)
    places = list(range(kept)) if kept == q["units"] else [(2 * k + 1) * q["units"] // 4000 for k in range(2000)]
    return {"first": places[:5], "last": places[-1]}


def answer_roll_up(q):
    mu = q["centre"]
    return {"expected": sum(p["d"] * (p["n_others"] + 11) / (p["d_others"] + 11 / mu) for p in q["parts"])}


def answer_cells(q):
    units = q["units"]
    total = [(sum(c[0] for c in u), sum(c[1] for c in u)) for u in units]
    mu = sum(n for n, _ in total) / sum(d for _, d in total)
    w = [1 / (1 + 0.35 ** 2 * mu * d) for _, d in total]
    rates = [sum(a * u[k][0] for a, u in zip(w, units)) / sum(a * u[k][1] for a, u in zip(w, units)) for k in range(len(units[0]))]
    return {"rates": rates, "expected": [sum(r * c[1] for r, c in zip(rates, u)) for u in units]}


# ------------------------------------------------------------------ card
def answer_findings(q):
    p, m = q["p"], len(q["p"])
    ranks = [k for k, x in enumerate(sorted(p), 1) if x <= q["q"] * k / m]
    k = max(ranks, default=0)
    t = min(q["q"] * k / m, CAP)
    return {"found": [i for i, x in enumerate(p) if k and x <= t], "rank": k, "threshold": t}


def answer_looks(q):
    m = q["measures"]
    at_least = lambda w: sum(comb(m, i) * 0.025 ** i * 0.975 ** (m - i) for i in range(w, m + 1))
    return {"least_worth_a_look": next(w for w in range(m + 2) if at_least(w) <= 0.05), "expected": 0.025 * m}


# ------------------------------------------------------------------ change
def conditional(n1, d1, n0, d0, phi):
    total, share = n1 + n0, d1 / (d1 + d0)
    up = (beta_i(n1, total - n1 + 1, share) + beta_i(n1 + 1, total - n1, share)) / 2
    down = (beta_i(n0, n1 + 1, 1 - share) + (beta_i(n0 + 1, n1, 1 - share) if n1 else 0.0)) / 2
    return (z_of_tail(max(up, 1e-12)) if up <= 0.5 else -z_of_tail(max(down, 1e-12))) / sqrt(phi)


def answer_change(q):
    n1, d1, n0, d0, phi = (q[k] for k in ("n_now", "d_now", "n_before", "d_before", "phi"))
    if q["kind"] == "rate":
        return {"z": conditional(n1, d1, n0, d0, phi)}
    theta = lambda n, d: trial_root(n, d) / sqrt(d + 0.5)
    z = 2 * (theta(n1, d1) - theta(n0, d0) - q["network_shift"]) / sqrt(phi * (1 / (d1 + 0.5) + 1 / (d0 + 0.5)))
    others = 2 * (n1 + n0) > d1 + d0
    rarer = d1 + d0 - n1 - n0 if others else n1 + n0
    out = {"z_scale": z, "rarer_total": rarer, "z": z}
    if rarer < 50:
        exact = -conditional(d1 - n1, d1, d0 - n0, d0, phi) if others else conditional(n1, d1, n0, d0, phi)
        out["z"] = max(0, min(z, exact)) if z > 0 else min(0, max(z, exact))
    return out


def wilson(p, n):
    middle, half = p + Z95 ** 2 / (2 * n), Z95 * sqrt(p * (1 - p) / n + Z95 ** 2 / (4 * n * n))
    low, high = [x / (1 + Z95 ** 2 / n) for x in (middle - half, middle + half)]
    return 0.0 if p == 0 else low, 1.0 if p == 1 else high


def answer_ratio(q):
    n1, d1, n0, d0, phi = (q[k] for k in ("n_now", "d_now", "n_before", "d_before", "phi"))
    low, high = [p / (1 - p) * d0 / d1 for p in wilson(n1 / (n1 + n0), (n1 + n0) / phi)]
    return {"ratio": n1 / d1 / (n0 / d0), "lower": low, "upper": high}


def answer_difference(q):
    n1, d1, n0, d0, phi = (q[k] for k in ("n_now", "d_now", "n_before", "d_before", "phi"))
    p, r = n1 / d1, n0 / d0
    (pl, ph), (rl, rh) = wilson(p, d1 / phi), wilson(r, d0 / phi)
    return {"difference": p - r, "lower": p - r - hypot(p - pl, rh - r), "upper": p - r + hypot(ph - p, r - rl)}


def answer_scan(q):
    z = {int(k): v for k, v in q["z_by_months"].items()}
    months = max(sorted(z), key=lambda k: abs(z[k]))
    return {"p": min(1, 8 * tail(abs(z[months]))), "months": months, "direction": "up" if z[months] > 0 else "down"}


# ------------------------------------------------------------------ points
def clamp(x):
    return min(1.0, max(0.0, x))


def mean_clamped(m, s):
    """by Simpson's rule over the part between 0 and 1"""
    if s == 0:
        return clamp(m)
    low, high = max(0.0, m - 40 * s), min(1.0, m + 40 * s)
    if low >= high:
        return clamp(m)
    steps = 20000
    h = (high - low) / steps
    f = lambda x: tail((x - m) / s)
    inner = f(low) + f(high) + sum((4 if i % 2 else 2) * f(low + i * h) for i in range(1, steps))
    return low * 1.0 + inner * h / 3


def expected_points(t, sd, low, high, available):
    line = lambda x: (x - low) / (high - low)
    ends = sorted(available * clamp(line(t + sign * C1 * sd)) for sign in (-1, 1))
    return available * mean_clamped(line(t), sd / abs(high - low)), *ends


def answer_points(q):
    t, sd = sqrt(q["reliability"]) * q["z_good"], sqrt(1 - q["reliability"])
    points, low, high = expected_points(t, sd, q["t_lower"], q["t_upper"], q["available"])
    return {"place": t, "place_sd": sd, "points": points, "points_low": low, "points_high": high}


def answer_file_points(q):
    size = (lambda v: asin(sqrt(v)) ** 2) if q["kind"] == "proportion" else (lambda v: v)
    low, high = [log(size(q[k]) / size(q["centre"])) / q["gamma"] for k in ("lower", "upper")]
    t, sd = sqrt(q["reliability"]) * q["z"], sqrt(1 - q["reliability"])
    return {"t_lower": low, "t_upper": high, "points": expected_points(t, sd, low, high, q["available"])[0]}


def answer_improvement(q):
    """regression of both true values on both observed ones, as matrices"""
    v1, v0 = [(1 - q[k]) / q[k] for k in ("reliability_now", "reliability_before")]
    o1, o0 = q["z_now"] / sqrt(q["reliability_now"]), q["z_before"] / sqrt(q["reliability_before"])
    true, seen = ((1, 0.8), (0.8, 1)), ((1 + v1, 0.8), (0.8, 1 + v0))
    det = seen[0][0] * seen[1][1] - seen[0][1] * seen[1][0]
    inverse = ((seen[1][1] / det, -seen[0][1] / det), (-seen[1][0] / det, seen[0][0] / det))
    gain = [[sum(true[i][k] * inverse[k][j] for k in (0, 1)) for j in (0, 1)] for i in (0, 1)]
    mean = [g[0] * o1 + g[1] * o0 for g in gain]
    left = [[true[i][j] - sum(gain[i][k] * true[k][j] for k in (0, 1)) for j in (0, 1)] for i in (0, 1)]
    change, sd = mean[0] - mean[1], sqrt(max(0.0, left[0][0] + left[1][1] - 2 * left[0][1]))
    points = q["available"] * clamp((change - T23 * sd - Q25 / 5) / (Q25 - Q25 / 5))
    return {"improvement": change, "improvement_sd": sd, "points": points}


def answer_shrunk(q):
    place = q["gamma"] * sqrt(q["reliability"]) * q["z"]
    if q["kind"] == "proportion":
        return {"shrunk": sin(min(pi / 2, asin(sqrt(q["centre"])) * exp(place / 2))) ** 2}
    return {"shrunk": q["centre"] * exp(place)}


# ------------------------------------------------------------------ random questions
RANDOM = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)


def log_uniform(low, high):
    return exp(RANDOM.uniform(log(low), log(high)))


def poisson(mean):
    if mean > 200:
        return max(0, round(RANDOM.gauss(mean, sqrt(mean))))
    count, product = 0, RANDOM.random()
    while product > exp(-mean):
        count, product = count + 1, product * RANDOM.random()
    return count


def a_count():
    kind, d = RANDOM.choice(["rate", "proportion"]), round(log_uniform(5, 5000))
    centre = RANDOM.choice([0.002, 0.02, 0.1, 0.3, 0.49])
    n = min(d, poisson(centre * d * log_uniform(0.2, 4)))
    return {"kind": kind, "n": n, "d": d, "centre": centre, "gamma": RANDOM.choice([0, 0.08, 0.2, 0.5]), "phi": RANDOM.choice([1, 1.4, 3.7])}


def a_root():
    d = round(log_uniform(1, 20000))
    n = RANDOM.choice([0, RANDOM.randint(0, min(d, 9)), RANDOM.randint(0, d)])
    return RANDOM.choice([{"kind": "rate", "n": n}, {"kind": "rate", "expected": RANDOM.choice([0, log_uniform(1e-3, 1e5)])},
                          {"kind": "proportion", "n": n, "d": d}, {"kind": "proportion", "p": RANDOM.choice([0, RANDOM.random(), 1]), "d": d}])


def a_limit():
    q = a_count()
    q["d"] = min(q["d"], 700)
    del q["n"]
    return q | {"z": RANDOM.choice([95, 998])}


def a_network():
    kind = RANDOM.choice(["rate", "proportion", "share", "amount", "mean"])
    rate, spread = RANDOM.choice([0.01, 0.1, 0.4, 0.85]), RANDOM.choice([0.01, 0.15, 0.4])
    outliers, never = RANDOM.choice([0, 0, 2, 6]), RANDOM.choice([0, 0, 0.2, 0.45])
    rows = []
    for i in range(RANDOM.choice([20, 27, 45])):
        factor = exp(RANDOM.gauss(0, spread)) * (3 if i < outliers else 1)
        if kind != "mean" and RANDOM.random() < never:
            factor = 0
        d = round(log_uniform(20, 1500))
        if kind == "mean":
            facts = [max(1, round(10 * factor * RANDOM.lognormvariate(0, 0.6))) for _ in range(d)]
            rows.append([sum(facts), d, sum(x * x for x in facts)])
        elif kind == "amount":
            facts = [max(1, round(RANDOM.lognormvariate(6, 0.8))) for _ in range(poisson(rate * factor * d))]
            rows.append([sum(facts), d, sum(x * x for x in facts)])
        elif kind == "share":
            facts = [RANDOM.choice([28, 56, 84]) for _ in range(d)]
            n = sum(x for x in facts if RANDOM.random() < min(0.98, rate * factor))
            rows.append([n, sum(facts), sum(x * x for x in facts)])
        else:
            n = poisson(rate * factor * d)
            rows.append([min(n, d) if kind == "proportion" else n, d])
    return {"kind": kind, "phi": RANDOM.choice([1, 1.6]), "units": rows}



def a_dispersion_by_signs():
    kind = RANDOM.choice(["proportion", "rate", "share", "amount", "mean"])
    units = []
    for _ in range(RANDOM.randint(12, 25)):
        n = n2 = d = d2 = 0
        a, b = [0] * 4, [0] * 4
        for _ in range(RANDOM.randint(8, 60)):
            signs = [RANDOM.choice([-1, 1]) for _ in range(4)]
            alike = RANDOM.random() < 0.4
            for _ in range(RANDOM.randint(1, 3)):
                size = RANDOM.randint(1, 90) if kind in ("share", "amount", "mean") else 1
                top = size if kind == "mean" or alike else 0
                bottom = size if kind == "share" else 1
                n, n2, d, d2 = n + top, n2 + top * top, d + bottom, d2 + bottom * bottom
                a, b = [x + s * top for x, s in zip(a, signs)], [x + s * bottom for x, s in zip(b, signs)]
        units.append([n, d, n2, d2, a, b])
    return {"kind": kind, "units": units}


def a_dispersion_by_months():
    kind, times = RANDOM.choice(["proportion", "rate"]), RANDOM.choice([1, 2, 5])
    rows = []
    for _ in range(RANDOM.randint(12, 25)):
        row = []
        for _ in range(12):
            d = RANDOM.choice([0, RANDOM.randint(1, 40), RANDOM.randint(1, 40)])
            row.append([times * min(d, poisson(0.2 * d)), times * d])
        rows.append(row)
    return {"kind": kind, "rows": rows}


def a_size():
    units = RANDOM.choice([RANDOM.randint(20, 1999), 2000, RANDOM.randint(2001, 30000)])
    return {"units": units, "kept": min(units, 2000)}


def a_roll_up():
    part = lambda: {"d": RANDOM.randint(1, 3000), "n_others": RANDOM.randint(0, 300), "d_others": RANDOM.randint(0, 3000)}
    return {"centre": RANDOM.choice([0.004, 0.1, 0.6]), "parts": [part() for _ in range(RANDOM.randint(1, 4))]}


def a_case_mix():
    size = RANDOM.randint(2, 16)
    cell = lambda: (lambda d: [RANDOM.randint(0, d), d])(RANDOM.randint(1, 500))
    return {"units": [[cell() for _ in range(size)] for _ in range(RANDOM.randint(3, 20))]}


def a_card():
    p = [RANDOM.choice([RANDOM.random(), log_uniform(1e-7, 0.02)]) for _ in range(RANDOM.randint(1, 30))]
    return {"p": p, "q": RANDOM.choice([0.01, 0.005])}


def a_change(kind=None):
    d1, d0, rate = RANDOM.randint(5, 900), RANDOM.randint(50, 3000), RANDOM.choice([0.003, 0.1, 0.5, 0.96])
    n1, n0 = [min(d, poisson(d * rate * log_uniform(0.4, 2.5))) for d in (d1, d0)]
    q = {"kind": kind or RANDOM.choice(["rate", "proportion"]), "n_now": n1, "d_now": d1, "n_before": n0, "d_before": d0}
    return q | {"network_shift": RANDOM.choice([0, 0.02, -0.05]), "phi": RANDOM.choice([1, 1.7])}


def a_ratio():
    q = a_change("rate")
    return q | {"n_before": max(1, q["n_before"])}


def a_place():
    ends = RANDOM.choice([(-Q25, Q25), (Q25, -Q25), (0.2, 1.4), (2.0, -1.0)])
    return {"available": RANDOM.choice([3, 10, 44]), "reliability": RANDOM.choice([0, 0.1, 0.5, 0.9, 0.99]),
            "z_good": RANDOM.uniform(-3, 3), "t_lower": ends[0], "t_upper": ends[1]}


def a_file():
    low, high = RANDOM.sample([0.04, 0.1, 0.25, 0.6], 2)
    return {"kind": RANDOM.choice(["rate", "proportion"]), "available": 6, "centre": RANDOM.choice([0.05, 0.2]), "lower": low,
            "upper": high, "gamma": RANDOM.uniform(0.05, 0.6), "z": RANDOM.uniform(-3, 3), "reliability": RANDOM.uniform(0.1, 0.9)}


def a_pair_of_years():
    r = lambda: RANDOM.uniform(0.2, 0.99)
    return {"available": 10, "z_now": RANDOM.uniform(-3, 3), "z_before": RANDOM.uniform(-3, 3), "reliability_now": r(),
            "reliability_before": r()}


def a_shrunk_value():
    return {"kind": RANDOM.choice(["rate", "proportion", "mean"]), "centre": RANDOM.choice([0.03, 0.4]), "gamma": RANDOM.uniform(0.05, 0.8),
            "z": RANDOM.uniform(-4, 4), "reliability": RANDOM.random()}


QUESTIONS = [
    ("root", a_root, answer_root, 2),
    ("z", a_count, answer_z, 12),
    ("limits", a_limit, answer_limits, 4),
    ("network", a_network, answer_network, 3),
    ("signs", a_dispersion_by_signs, answer_signs, 2),
    ("months", a_dispersion_by_months, answer_months, 2),
    ("roll_up", a_roll_up, answer_roll_up, 1),
    ("thinned", a_size, answer_thinned, 1),
    ("cells", a_case_mix, answer_cells, 1),
    ("findings", a_card, answer_findings, 3),
    ("looks", lambda: {"measures": RANDOM.randint(1, 120)}, answer_looks, 1),
    ("change", a_change, answer_change, 8),
    ("ratio", a_ratio, answer_ratio, 2),
    ("difference", lambda: a_change("proportion"), answer_difference, 2),
    ("scan", lambda: {"z_by_months": {str(k): RANDOM.uniform(-4, 4) for k in (1, 2, 3, 4, 6, 9, 12)}}, answer_scan, 1),
    ("points", a_place, answer_points, 2),
    ("file_points", a_file, answer_file_points, 1),
    ("improvement", a_pair_of_years, answer_improvement, 2),
    ("shrunk", a_shrunk_value, answer_shrunk, 1),
]


def same(found, expected, tolerance=1e-8):
    if isinstance(expected, list):
        return len(found) == len(expected) and all(same(f, e) for f, e in zip(found, expected))
    if isinstance(expected, (bool, str)) or found is None:
        return found == expected
    if expected == inf:
        return found is None
    return abs(found - expected) <= tolerance * (1 if abs(expected) > 1e-3 else max(abs(expected), 1e-9))


def main():
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    kinds = RANDOM.choices(QUESTIONS, [w for *_, w in QUESTIONS], k=total)
    asked = [(name, draw(), answer) for name, draw, answer, _ in kinds]
    lines = "".join(json.dumps({"question": name, "in": q}) + "\n" for name, q, _ in asked)
    command = ["cargo", "run", "--quiet", "--release", "-p", "scorecard", "--example", "verdicts"]
    answers = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = 0
    for (name, q, answer), line in zip(asked, answers, strict=True):
        found = json.loads(line)
        for key, value in answer(q).items():
            if "out" not in found or not same(found["out"][key], value):
                wrong += 1
                print(name, json.dumps(q)[:2000], key, found.get("out", found) if "out" not in found else found["out"][key], "not", value)
    print(f"{total} questions, {wrong} differences")
    sys.exit(wrong > 0)


main()
