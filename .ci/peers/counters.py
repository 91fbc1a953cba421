#!/usr/bin/env python3
"""The 41 counters of the peers' workload as measures, and Plumbline's rows as the peers' table.

    counters.py measures DIR       writes one measure file for every two counters
    counters.py table < ROWS       reads `plumbline peek clinician-months`, prints the table as CSV
"""
import json
import pathlib
import sys

ITEMS = {"event": "prescription", "amount": "items"}
MODES = ["face_to_face", "telephone", "video", "home", "other"]
ANSWERS = ["very_good", "good", "neither", "poor", "very_poor", "dont_know"]
COUNTERS = (
    [("items", ITEMS), ("quantity", ITEMS | {"amount": "quantity"}), ("cost_pence", ITEMS | {"amount": "cost"}), ("repeat_items", ITEMS | {"repeat": True})]
    + [(f"ch{chapter:02}", ITEMS | {"codes": [f"{chapter:02}"]}) for chapter in range(1, 21)]
    + [("generic", ITEMS | {"generic": True}), ("p0501", ITEMS | {"codes": ["0501"]}), ("p100101", ITEMS | {"codes": ["100101"]})]
    + [(mode, {"event": "attendance", "statuses": ["attended"], "modes": [mode]}) for mode in MODES]
    + [("noshow", {"event": "attendance", "statuses": ["noshow"]}), ("minutes", {"event": "activity", "amount": "minutes"})]
    + [(answer, {"event": "feedback", "answers": [answer]}) for answer in ANSWERS]
    + [("referrals", {"event": "order", "categories": ["referral"]})]
)


def pairs():
    """(measure, its numerator's counter, its denominator's); the last counter is both of its own."""
    for at in range(0, len(COUNTERS), 2):
        first, second = COUNTERS[at], COUNTERS[min(at + 1, len(COUNTERS) - 1)]
        yield f"peers_{at // 2 + 1:02}", first, second


def measures(folder):
    for name, numerator, denominator in pairs():
        sides = [("numerator", numerator[1]), ("denominator", denominator[1])]
        text = f'id = "{name}"\nversion = 1\ntitle = "{numerator[0]} and {denominator[0]}?"\nkind = "amount"\ndomain = "resource"\nunit = "1"\nscale = 1.0\n'
        text += 'direction = "none"\nrationale = "Two counters of the comparison."\nsource = "The workload of the peers"\nchanges = ["1: first version"]\n'
        for side, fields in sides:
            text += f"\n[{side}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items())
        pathlib.Path(folder, f"{name}.toml").write_text(text)


def table(lines):
    """The newest row of each key: a clinician's practice, feed and month; here a clinician has one practice and one feed."""
    rows = {}
    for line in lines:
        peeked = json.loads(line)
        if peeked["schema"] == "clinician-month":
            rows[peeked["key"]] = peeked["value"]
    table = {}
    for row in rows.values():
        counts = {}
        for name, numerator, denominator in pairs():
            sums = row["sums"].get(name, {})
            counts[numerator[0]] = sums.get("numerator", 0)
            counts[denominator[0]] = sums.get("denominator", 0)
        added = table.setdefault((row["clinician"].replace("|", ":"), row["month"]), [0] * len(COUNTERS))
        for at, (counter, _) in enumerate(COUNTERS):
            added[at] += counts[counter]
    for (clinician, month), counts in sorted(table.items()):
        if any(counts):
            print(",".join([clinician, month, *map(str, counts)]))


if sys.argv[1:2] == ["measures"]:
    measures(sys.argv[2])
elif sys.argv[1:] == ["table"]:
    table(sys.stdin)
else:
    sys.exit(__doc__)
