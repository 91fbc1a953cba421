#!/usr/bin/env python3
"""Recomputes the content hash of a card's JSON (RFC 8785 and SHA-256) with the standard library alone.

python3 content_hash.py CARD.json prints the hash, and fails if the card names another one.
"""

import hashlib
import json
import sys

OUTSIDE = {
    "schema", "scorecard_id", "revision", "supersedes", "reasons", "cut", "run_id", "engine_version", "measure_set",
    "content_hash", "quality",
}


def number(value):
    """A number as ECMAScript writes it. Python's repr has the same shortest digits in another notation."""
    if isinstance(value, int):
        return str(value)
    sign, digits, exponent = "-" if value < 0 else "", *digits_of(abs(value))
    if not digits:
        return "0"
    count = len(digits)
    if count <= exponent <= 21:
        return sign + digits + "0" * (exponent - count)
    if 0 < exponent <= 21:
        return sign + digits[:exponent] + "." + digits[exponent:]
    if -6 < exponent <= 0:
        return sign + "0." + "0" * -exponent + digits
    power = exponent - 1
    fraction = "." + digits[1:] if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"


def digits_of(value):
    """The shortest digits and the exponent: value = 0.DIGITS x 10^exponent."""
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    exponent = len(whole) + int(power or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    exponent -= len(digits) - len(stripped)
    return stripped.rstrip("0"), exponent


def canonical(value):
    """RFC 8785: members sorted by UTF-16 units, no blanks, the fewest escapes."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(canonical(name) + ":" + canonical(item) for name, item in members) + "}"


def content_hash(card):
    content = {name: value for name, value in card.items() if name not in OUTSIDE}
    return hashlib.sha256(canonical(content).encode("utf-8")).hexdigest()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        card = json.load(file)
    found = content_hash(card)
    print(found)
    if found != card["content_hash"]:
        sys.exit(f"the card names {card['content_hash']}")


if __name__ == "__main__":
    main()
