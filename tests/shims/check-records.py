# SPDX-License-Identifier: Apache-2.0
"""Each line of the file is a record as shims/README.md describes it."""
import json
import sys

TYPES = {"name": str, "policy": str, "answer": str, "pid": int, "ppid": int, "parent": str,
         "parents": str, "cwd": str, "text": str, "url": str, "argv": list}
ANSWERS = {"denied", "succeeded", "served", "printed", "ran"}

lines = open(sys.argv[1], "rb").read().split(b"\n")[:-1]
for line in lines:
    row = json.loads(line.decode("utf-8"))
    assert len(line) + 1 <= 4096, "%d bytes" % len(line)
    assert row.pop("cut", True) is True, row
    assert {k: type(v) for k, v in row.items()} == TYPES, row
    assert row["answer"] in ANSWERS, row
    assert row["parents"].split(" < ")[0] == row["parent"], row
    assert all(type(a) is str for a in row["argv"]), row
assert lines, "no records"
