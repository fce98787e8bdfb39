"""Each command answers out of a ClickHouse or refuses in one sentence that says what to do."""

import json
import subprocess

ANSWERS = [["sources"], ["batch"], ["timeline"], ["analyze"]]
REFUSES = {
    "search x": "SELECT text FROM rca_rows",
    "export --raw --out {out}": "SELECT text FROM rca_rows",
    "store info": "rca sources --store",
    "store verify": "rca sources --store",
    "store compact": "rca sources --store",
    "store prune --older-than 30d": "rca sources --store",
    "deploy app 1.2": "rca deploy without --store",
}


def check(rca, address, case, out, wrong):
    for words in ANSWERS:
        p = subprocess.run([rca, *words, "--store", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if p.returncode or not p.stdout:
            wrong.append(f"{words}: {p}"[:600])
    for line, remedy in REFUSES.items():
        p = subprocess.run([rca, *line.format(out=out).split(), "--store", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if p.returncode not in (1, 2) or p.stdout or p.stderr.count(b"\n") != 1 or remedy.encode() not in p.stderr:
            wrong.append(f"{line}: {p}"[:600])
    got, expected = (json.loads(subprocess.run([rca, "sources", "--json", *a], stdout=subprocess.PIPE).stdout)["sources"] for a in (["--store", address], [case]))
    for a, b in zip(got, expected):
        a["zone"] = "written" if b["zone"] == "written" else a["zone"]  # a store says which
        a["why"] = b["why"]  # a store has compared their clocks as well
    if got != expected:
        wrong.append(f"rca sources --store: {[(a, b) for a, b in zip(got, expected) if a != b]}"[:600])
