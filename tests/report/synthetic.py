#!/usr/bin/env python3
"""synthetic.py RCA: access logs made to measure, and what a report must say of them.

Each scene is minutes of steady traffic with bursts laid over it: (from second, to second,
route or None for all, share that fails, share that is slow[, status of what fails]). What is asserted is what an
on-call reads first: how many incidents, from when to when, still going on or not."""
import datetime, json, math, os, random, subprocess, sys, tempfile

T0 = datetime.datetime(2026, 3, 4, 10, 0, 0, tzinfo=datetime.timezone.utc)
ROUTES = [("GET", "/", 0.4), ("GET", "/item/%d", 0.3), ("POST", "/cart", 0.2), ("POST", "/pay", 0.1)]


def line(rng, t, method, path, status, took):
    stamp = t.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return '10.0.%d.%d - - [%s] "%s %s HTTP/1.1" %d %d "-" "Mozilla/5.0" rt=%.3f' % (
        rng.randrange(4), rng.randrange(1, 250), stamp, method, path, status, rng.randrange(200, 9000), took)


def traffic(seconds, per_second, bursts, seed=1):
    rng, out = random.Random(seed), []
    at = 0
    while True:
        rate = per_second(at) if callable(per_second) else per_second
        at += 1 / rate
        if at >= seconds:
            break
        method, path, _ = rng.choices(ROUTES, [r[2] for r in ROUTES])[0]
        route, status, took = "%s %s" % (method, path.replace("%d", "{}")), 200, rng.lognormvariate(-3.5, 0.4)
        for a, b, which, fails, slow, *code in bursts:
            if a <= at < b and which in (None, route):
                fails, slow = (x(at) if callable(x) else x for x in (fails, slow))
                status = (code[0] if code else 500) if rng.random() < fails else status
                took += rng.uniform(0.6, 1.2) if rng.random() < slow else 0
        end = T0 + datetime.timedelta(seconds=at + took)
        out.append((end, line(rng, end, method, path.replace("%d", str(rng.randrange(9999))), status, took)))
    return [text for _, text in sorted(out, key=lambda x: x[0])]


def report(rca, seconds, lines, changes=()):
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "access.log"), "w").write("\n".join(lines) + "\n")
        with open(os.path.join(d, "changes.jsonl"), "w") as f:
            for second, what in changes:
                f.write(json.dumps(dict(what, at=(T0 + datetime.timedelta(seconds=second)).isoformat())) + "\n")
        end = T0 + datetime.timedelta(seconds=seconds)
        p = subprocess.run([rca, "--window", "%s..%s" % (T0.isoformat(), end.isoformat()), "--json", d], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        return json.loads(p.stdout)


def at(text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - T0).total_seconds()


def near(text, second, slack=3):
    assert text is not None and abs(at(text) - second) <= slack, (text, second)


def quiet(r):
    assert not r["incidents"], r["incidents"][0]["symptom"]


def two_bursts_on_different_routes(r):
    assert len(r["incidents"]) == 2, len(r["incidents"])
    near(r["incidents"][0]["start"], 120), near(r["incidents"][0]["end"], 150)
    near(r["incidents"][1]["start"], 190), near(r["incidents"][1]["end"], 220)
    assert [i["impact"]["routes"][0]["route"] for i in r["incidents"]] == ["POST /cart", "GET /item/{}"]


def one_that_flaps(r):
    assert len(r["incidents"]) == 1, len(r["incidents"])
    near(r["incidents"][0]["start"], 120), near(r["incidents"][0]["end"], 220)


def errors_end_and_slowness_lingers(r):
    (i,) = r["incidents"]
    near(i["start"], 120), near(i["end"], 160)
    assert i["state"] == "recovering" and i["symptom"]["kind"] == "http_5xx", i["state"]
    assert i["symptom"]["summary"].endswith("some requests are still slow"), i["symptom"]["summary"]
    assert 0.2 < i["impact"]["failed_ratio"] < 0.4, i["impact"]["failed_ratio"]


def slow_before_it_fails(r):
    (i,) = r["incidents"]
    near(i["start"], 120), near(i["end"], 220)
    assert i["state"] == "over", i["state"]


def still_going_on(r):
    (i,) = r["incidents"]
    near(i["start"], 200)
    assert i["state"] == "ongoing" and i["end"] is None


def only_slow(r):
    (i,) = r["incidents"]
    assert i["symptom"]["kind"] == "latency" and i["impact"]["failed"] == 0
    near(i["start"], 120), near(i["end"], 200)


def a_ramp(r):
    (i,) = r["incidents"]
    assert i["state"] == "ongoing"
    assert 100 <= at(i["start"]) <= 260, i["start"]


def under_way_when_the_window_begins(r):
    (i,) = r["incidents"]
    assert at(i["start"]) <= 1 and i["state"] == "over", i["start"]
    assert "already when the logs begin" in i["symptom"]["summary"], i["symptom"]["summary"]
    near(i["end"], 120, 4)


def turned_away(r):
    (i,) = r["incidents"]
    near(i["start"], 150), near(i["end"], 240)
    assert i["symptom"]["kind"] == "app_errors" and "turned away" in i["symptom"]["summary"], i["symptom"]
    assert 0.6 < i["impact"]["failed_ratio"] < 0.8, i["impact"]["failed_ratio"]
    assert i["causes"][0]["kind"] == "unknown" and not [v for v in i["ruled_out"] if v["verdict"] == "ruled_out"], i["causes"][0]


def missing_traffic(r):
    (i,) = r["incidents"]
    assert i["symptom"]["kind"] == "traffic_drop" and i["severity"] == "critical", i["symptom"]
    near(i["start"], 150, 4), near(i["end"], 240, 4)
    assert not [v for v in i["ruled_out"] if v["verdict"] == "ruled_out" and v["kind"] != "deploy"]


def deploy(version):
    return {"event": "deploy", "component": "shop", "version": version, "status": "succeeded"}


def flag(text):
    return {"event": "feature_flag", "component": "shop", "text": "feature flag new-basket " + text}


def named(r):
    return next(c for c in r["incidents"][0]["causes"] if c["kind"] != "unknown")


def limit(text):
    return {"event": "configuration", "text": "nginx rate limit " + text}


def says(*words):
    def holds(r):
        cause = named(r)
        for word in words:
            assert word in cause["remedy"], cause["remedy"]
        assert cause["undo"] is None, cause["undo"]

    return holds


def no_end_of_it(r):
    assert not [e for e in named(r)["evidence"] if e["kind"] == "recovery"], named(r)["evidence"]
    assert named(r)["remedy"].startswith("roll shop back"), named(r)["remedy"]


def can_be_undone(r):
    cause = named(r)
    assert cause["remedy"] == "roll shop back to 6.2.8" and cause["undo"].startswith("shop 6.2.8"), (cause["remedy"], cause["undo"])


BROKEN = [(150, 240, None, 0.6, 0)]
# name, changes (second, record), bursts, what holds of the advice
ADVICE = [
    ("a-deploy-that-still-fails-can-be-undone", [(20, deploy("6.2.8")), (149, deploy("6.3.0"))], [(150, 300, None, 0.6, 0)], can_be_undone),
    ("the-version-before-ended-it", [(20, deploy("6.2.8")), (149, deploy("6.3.0")), (239, deploy("6.2.8"))], BROKEN, says("6.3.0 was taken back at 10:03:59 (shop 6.2.8)", "keep it out")),
    ("another-version-ended-it", [(20, deploy("6.2.8")), (149, deploy("6.3.0")), (239, deploy("6.3.1"))], BROKEN, says("6.3.0 was taken back at 10:03:59 (shop 6.3.1)")),
    ("a-roll-out-that-is-done-is-not-taken-back", [(149, dict(deploy("6.3.0"), status="in_progress")), (180, deploy("6.3.0"))], [(150, 300, None, 0.6, 0)], no_end_of_it),
    ("a-limit-of-nobody-s-that-was-put-back", [(149, limit("set to 5 r/s")), (239, limit("set to 5 r/s reverted"))], BROKEN, says("taken back at 10:03:59 (nginx rate limit set to 5 r/s reverted)")),
    ("a-flag-that-was-switched-off", [(149, flag("enabled for 100 %")), (239, flag("disabled"))], BROKEN, says("taken back at 10:03:59 (feature flag new-basket disabled)")),
    ("a-flag-nobody-switched-off", [(149, flag("enabled for 100 %"))], BROKEN, says("over since", "no log read here says that it was taken back")),
    ("another-flag-is-not-it", [(149, flag("enabled for 100 %")), (239, {"event": "feature_flag", "component": "shop", "text": "cheaper-shipping disabled"})], BROKEN, says("over since")),
]

SCENES = [
    # name, seconds, requests a second, bursts, what holds
    ("a-steady-site-is-quiet", 300, 20, [], quiet),
    ("a-busy-site-with-a-few-errors-is-quiet", 300, 200, [(0, 300, None, 0.002, 0.01)], quiet),
    ("two-bursts-on-different-routes-are-two-incidents", 300, 30, [(120, 150, "POST /cart", 1, 0), (190, 220, "GET /item/{}", 0.9, 0)], two_bursts_on_different_routes),
    ("the-same-route-again-is-the-same-incident", 300, 30, [(120, 150, "POST /cart", 1, 0), (190, 220, "POST /cart", 1, 0)], one_that_flaps),
    ("errors-that-stopped-are-not-going-on", 300, 30, [(120, 160, None, 0.3, 0.8), (170, 300, "POST /pay", 0, 0.9)], errors_end_and_slowness_lingers),
    ("slow-pages-before-the-errors-are-its-beginning", 300, 30, [(120, 220, None, 0, 0.7), (160, 220, None, 0.4, 0)], slow_before_it_fails),
    ("what-has-not-ended-is-going-on", 300, 30, [(200, 300, None, 0.5, 0)], still_going_on),
    ("slow-without-errors", 300, 30, [(120, 200, None, 0, 0.8)], only_slow),
    ("a-ramp-is-found", 400, 30, [(100, 400, None, lambda t: (t - 100) / 600, 0)], a_ramp),
    ("under-way-when-the-data-begin", 300, 30, [(0, 120, None, 0.5, 0)], under_way_when_the_window_begins),
    ("who-is-turned-away-with-a-4xx-is-missed", 400, 30, [(150, 240, None, 0.7, 0, 403)], turned_away),
    ("a-route-that-is-gone-is-missed", 400, 30, [(150, 240, "GET /item/{}", 1, 0, 404)], lambda r: near(r["incidents"][0]["start"], 150)),
    ("asking-in-vain-on-top-hurts-nobody", 400, lambda t: 90 if 150 <= t < 240 else 30, [(150, 240, None, lambda t: 0.66, 0, 404)], quiet),
    ("wrong-passwords-all-day-are-quiet", 400, 30, [(0, 400, "POST /cart", 0.4, 0, 401)], quiet),
    ("users-who-do-not-come-are-missed", 400, lambda t: 4 if 150 <= t < 240 else 40, [], missing_traffic),
    ("the-end-of-a-surge-is-no-loss", 400, lambda t: 120 if t < 180 else 40, [], quiet),
    ("a-short-surge-is-none-either", 400, lambda t: 120 if 150 <= t < 200 else 40, [], quiet),
    ("an-evening-is-no-loss", 400, lambda t: 60 - 0.12 * t, [], quiet),
    ("a-night-is-no-loss", 12 * 3600, lambda t: 0.22 + 0.18 * math.cos(t / 43200 * 2 * math.pi), [], quiet),
    ("a-load-that-begins-is-no-loss-before-it", 400, lambda t: 3 if t < 120 else 40, [], quiet),
    ("a-request-every-five-seconds", 3600, 0.2, [(1800, 2400, None, 0.9, 0)], lambda r: near(r["incidents"][0]["start"], 1800, 30)),
]


def main():
    rca, bad = os.path.abspath(sys.argv[1]), 0
    scenes = [(*scene, ()) for scene in SCENES] + [(name, 300, 30, bursts, holds, changes) for name, changes, bursts, holds in ADVICE]
    for name, seconds, rate, bursts, holds, changes in scenes:
        why = ""
        try:
            holds(report(rca, seconds, traffic(seconds, rate, bursts), changes))
        except (AssertionError, ValueError, IndexError) as e:
            why, bad = "%s: %s" % (type(e).__name__, e), bad + 1
        print("%-50s %s" % (name, why or "ok"))
    print("%d scenes, %d wrong" % (len(scenes), bad))
    return 1 if bad else 0


sys.exit(main())
