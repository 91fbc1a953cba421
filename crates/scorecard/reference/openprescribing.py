#!/usr/bin/env python3
"""Writes openprescribing/{values,globals}.csv from openprescribing/input.csv, in the columns that OpenPrescribing uses.

A second implementation of measure_calculation in ebmdatalab/openprescribing (MIT), in exact fractions. It computes the value,
lowest-rank percentile over N - 1, deciles by linear interpolation (R type 7), savings at own prices of a unit with the group's
prices as fallback, and totals of the savings. It leaves out practices out of scope. It uses only Python's standard library.
"""
import csv
from fractions import Fraction as F
from pathlib import Path

HERE = Path(__file__).parent / "openprescribing"
BRAND, ALL = "0703021Q0BB", "0703021Q0"
OUT_OF_SCOPE = {"P00011", "P00012"}

units = {}
for row in csv.reader(open(HERE / "input.csv")):
    practice, code, cost, quantity = row[5], row[6], F(row[10]), F(row[11])
    if practice in OUT_OF_SCOPE or not row[12].startswith("2015-09"):
        continue
    u = units.setdefault(practice, dict(qn=F(0), cn=F(0), qd=F(0), cd=F(0)))
    if code.startswith(ALL):
        u["qd"] += quantity
        u["cd"] += cost
        if code.startswith(BRAND):
            u["qn"] += quantity
            u["cn"] += cost

values = sorted(u["qn"] / u["qd"] for u in units.values() if u["qd"])
total = {k: sum(u[k] for u in units.values()) for k in ("qn", "cn", "qd", "cd")}


def quantile(tenth):
    place = F((len(values) - 1) * tenth, 10)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def saving(u, target):
    if not u["qd"]:
        return F(0)
    rest = u["qd"] - u["qn"]
    un = u["cn"] / u["qn"] if u["qn"] else total["cn"] / total["qn"]
    uo = (u["cd"] - u["cn"]) / rest if rest else (total["cd"] - total["cn"]) / (total["qd"] - total["qn"])
    return u["cd"] - (target * u["qd"] * un + (u["qd"] - target * u["qd"]) * uo)


targets = [quantile(t) for t in range(1, 10)]
savings = [f"saving_{t}0" for t in range(1, 10)]
with open(HERE / "values.csv", "w", newline="\n") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["measure", "month", "level", "org", "numerator", "denominator", "calc_value", "percentile"] + savings)
    for practice, u in sorted(units.items()):
        value = u["qn"] / u["qd"] if u["qd"] else None
        percentile = None if value is None else 100 * F(sum(v < value for v in values), len(values) - 1)
        shown = ["" if x is None else float(x) for x in (value, percentile)]
        saved = [float(saving(u, t)) for t in targets]
        writer.writerow(["cerazette", "2015-09-01", "practice", practice, int(u["qn"]), int(u["qd"])] + shown + saved)
with open(HERE / "globals.csv", "w", newline="\n") as out:
    writer = csv.writer(out, lineterminator="\n")
    deciles = [f"p{t}0" for t in range(1, 10)]
    writer.writerow(["measure", "month", "level", "numerator", "denominator", "calc_value"] + deciles + savings)
    all_saved = [float(sum(max(F(0), saving(u, t)) for u in units.values())) for t in targets]
    row = ["cerazette", "2015-09-01", "practice", int(total["qn"]), int(total["qd"]), float(total["qn"] / total["qd"])]
    writer.writerow(row + [float(t) for t in targets] + all_saved)
