"""Reads cards.csv, cards.ndjson and cards.avro of this folder, and compares their rows. Names each library that is missing."""
import csv
import json

with open("cards.csv", encoding="utf-8-sig", newline="") as file:
    rows = list(csv.DictReader(file))
with open("cards.ndjson", encoding="utf-8") as file:
    objects = [json.loads(line) for line in file]
assert len(rows) == len(objects) > 0, (len(rows), len(objects))
for row, one in zip(rows, objects):
    assert row.keys() == one.keys()
    for name, cell in row.items():
        value = one[name]
        if value is None:
            assert cell == "", (name, cell)
        elif isinstance(value, str):
            assert cell in (value, "'" + value), (name, cell, value)
        else:
            assert float(cell) == value, (name, cell, value)
values = [one["value"] for one in objects if one["value"] is not None]
print("csv and json agree on", len(rows), "rows")

try:
    import fastavro
    with open("cards.avro", "rb") as file:
        assert list(fastavro.reader(file)) == objects
    print("fastavro agrees")
except ImportError:
    print("fastavro is not installed")

try:
    import pandas
    frame = pandas.read_csv("cards.csv", encoding="utf-8-sig")
    assert len(frame) == len(objects) and abs(frame["value"].sum() - sum(values)) < 1e-6 * (1 + abs(sum(values)))
    assert frame["value"].isna().sum() == len(objects) - len(values)
    print("pandas agrees")
except ImportError:
    print("pandas is not installed")

try:
    import duckdb
    found = duckdb.sql("select count(*), count(value), sum(value) from read_csv('cards.csv')").fetchall()[0]
    assert found[:2] == (len(objects), len(values)) and abs(found[2] - sum(values)) < 1e-6 * (1 + abs(sum(values))), found
    print("duckdb agrees")
except ImportError:
    print("duckdb is not installed")
