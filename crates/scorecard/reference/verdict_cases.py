#!/usr/bin/env python3
"""Writes tests/verdicts/cases.txt from test vectors of the verdict layer: one JSON object a line with `id`, `in` and `out`.

Usage: verdict_cases.py DIRECTORY > crates/scorecard/tests/verdicts/cases.txt

DIRECTORY holds constants.jsonl, places.jsonl, verdicts.jsonl, limits.jsonl, networks.jsonl, design_effect.jsonl, expected.jsonl,
check.jsonl, change.jsonl and points.jsonl. Their reals are decimal strings of 17 digits. A line of the result is:

    QUESTION ID NAME=VALUE... -> NAME=VALUE...

A value is JSON without spaces. A probability below 1e-300 is written as 1e-300, because it counts as that.
"""
import json
import sys
from pathlib import Path

# File and start of an id: question.
QUESTIONS = [
    ("constants", "", "constants"),
    ("places", "", "root"),
    ("verdicts", "", "z"),
    ("limits", "", "limits"),
    ("networks", "", "network"),
    ("design_effect", "signs-", "signs"),
    ("design_effect", "months-", "months"),
    ("expected", "practices-", "roll_up"),
    ("expected", "thinned-", "thinned"),
    ("expected", "strata-", "cells"),
    ("check", "bh-", "findings"),
    ("check", "more-than-chance-", "looks"),
    ("change", "ratio-", "ratio"),
    ("change", "difference-", "difference"),
    ("change", "scan-", "scan"),
    ("change", "", "change"),
    ("points", "quartiles-", "points"),
    ("points", "file-", "file_points"),
    ("points", "improvement-", "improvement"),
    ("points", "shrunk-", "shrunk"),
]


def question(file, name):
    return next(q for f, start, q in QUESTIONS if f == file and name.startswith(start))


def number(text):
    """The JSON number of a decimal string; other strings stay."""
    try:
        value = float(text)
    except ValueError:
        return json.dumps(text)
    return "1e-300" if value == 0 and any(c in "123456789" for c in text.split("e")[0]) or 0 < value < 1e-300 else text


def compact(value):
    if isinstance(value, str):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(compact(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{compact(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def fields(values):
    return [f"{k}={compact(v)}" for k, v in values.items() if k != "fields"]


def line(file, case):
    return " ".join([question(file, case["id"]), case["id"], *fields(case["in"]), "->", *fields(case["out"])])


for file in dict.fromkeys(f for f, _, _ in QUESTIONS):
    for text in (Path(sys.argv[1]) / f"{file}.jsonl").read_text().splitlines():
        print(line(file, json.loads(text)))
