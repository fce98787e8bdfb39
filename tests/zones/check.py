#!/usr/bin/env python3
"""The zone of a log that writes none is found by comparing its counts with another log's, without shared ids, on
whole, half and quarter hours; `rca sources` states what an analysis states.

    check.py RCA"""
import datetime, json, os, random, subprocess, sys, tempfile

rca = os.path.abspath(sys.argv[1])
ZONES = {"+05:30": 330, "-08:00": -480, "+05:45": 345, "+01:00": 60}


def write(folder, minutes):
    r, t, access, app = random.Random(3), 0, [], []
    while t < 3600:
        t += r.choice([1, 2, 3, 7]) if (t // 300) % 3 else r.choice([5, 9, 20])
        when = datetime.datetime(2026, 11, 24, 10) + datetime.timedelta(seconds=t)
        access.append('10.0.0.1 - - [%s +0000] "GET /orders HTTP/1.1" 200 5 "-" "curl"' % when.strftime("%d/%b/%Y:%H:%M:%S"))
        app.append("%s,%03d INFO [api] order read" % ((when + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S"), r.randrange(999)))
    for name, lines in (("access.log", access), ("api.log", app)):
        with open(os.path.join(folder, name), "w") as f:
            f.write("\n".join(lines) + "\n")


failed = 0
for number, (zone, minutes) in enumerate(ZONES.items(), 1):
    with tempfile.TemporaryDirectory() as home:
        logs = os.path.join(home, "logs")
        os.mkdir(logs)
        write(logs, minutes)
        env = dict(os.environ, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home, TZ="UTC")
        said = []
        for command in (["sources"], []):
            p = subprocess.run([rca, *command, "--json", logs], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, encoding="utf-8")
            said.append(next(s for s in json.loads(p.stdout)["sources"] if s["path"].endswith("api.log")))
        first = [s["first"][:16] for s in said]
        ok = [s["zone"] for s in said] == [zone + " (inferred)"] * 2 and first == ["2026-11-24T10:00"] * 2 and said[0]["clock_offset_s"] == said[1]["clock_offset_s"]
        failed += not ok
        print("%sok %d - zones/%s" % ("" if ok else "not ", number, zone))
        if not ok:
            print("# %s" % [(s["zone"], s["first"], s["clock_offset_s"]) for s in said])

# A log in local time over both changes of the clocks: what comes before and what comes after is where it was.
BERLIN = {"spring": ("2026-03-29 01:30:00", "2026-03-29 03:30:00", "2026-03-29T00:30:00.000Z", "2026-03-29T01:30:00.000Z"),
          "autumn": ("2026-10-25 01:30:00", "2026-10-25 03:30:00", "2026-10-24T23:30:00.000Z", "2026-10-25T02:30:00.000Z")}
for number, (name, (before, after, first, last)) in enumerate(BERLIN.items(), len(ZONES) + 1):
    with tempfile.TemporaryDirectory() as home:
        log = os.path.join(home, "api.log")
        with open(log, "w") as f:
            f.write("%s,000 INFO [api] order read\n%s,000 INFO [api] order read\n" % (before, after))
        env = dict(os.environ, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home, TZ="UTC")
        p = subprocess.run([rca, "--zone", "Europe/Berlin", "--json", log], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, encoding="utf-8")
        said = json.loads(p.stdout)["sources"][0]
        ok = (said["first"], said["last"]) == (first, last)
        failed += not ok
        print("%sok %d - zones/clocks change in %s" % ("" if ok else "not ", number, name))
        if not ok:
            print("# %s %s" % (said["first"], said["last"]))
print("1..%d" % (len(ZONES) + len(BERLIN)))
sys.exit(1 if failed else 0)
