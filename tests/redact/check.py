#!/usr/bin/env python3
"""Secrets in logs are in nothing that is shown, unless --no-redact asks for them.

    check.py RCA

An incident is made up whose every cited line holds a secret of some kind; each document that rca writes is
searched for each of them. `rca search` is left out on purpose: it shows lines as they stand, as grep does."""
import datetime, os, re, subprocess, sys, tempfile

rca = os.path.abspath(sys.argv[1])
SECRETS = {
    "a token in a URL": "tokCANARYaaaa1111", "a password of a connection string": "pwCANARYbbbb2222", "a bearer token": "brCANARYcccc3333444455556666",
    "an e-mail address": "canary.dddd@private.example", "a card number": "4539 1488 0343 6467",
    "a JWT": "eyJhbGciOiJIUzI1NiJ9.eyJDQU5BUlkiOiJlZWVlIn0.Q0FOQVJZZWVlZQ", "a cookie": "ckCANARYffff7777", "a literal of a statement": "litCANARYgggg8888",
    "a parameter of a statement": "parCANARYhhhh9999", "a password in words": "wdCANARYiiii0000",
}
S = SECRETS


def stamp(second, pattern):
    return (datetime.datetime(2026, 11, 24, 11, 0, 0) + datetime.timedelta(seconds=second)).strftime(pattern)


def write(folder):
    access, app, db = [], [], []
    for t in range(0, 3600, 1):
        bad = 1800 <= t < 2700 and t % 2 == 0
        took = 30.001 if bad else 0.040
        access.append('10.0.%d.%d - - [%s +0000] "GET /orders?token=%s&page=%d HTTP/1.1" %d 512 "https://shop.example/?session_id=%s" "Mozilla/5.0" %.3f'
                      % (t % 7, t % 200, stamp(t, "%d/%b/%Y:%H:%M:%S"), S["a token in a URL"], t % 9, 500 if bad else 200, S["a cookie"], took))
        if bad:
            app.append('%s,123 ERROR [api] request failed: could not connect to postgres://app:%s@db:5432/shop for user %s (Authorization: Bearer %s; Cookie: sid=%s; card %s; jwt %s; password=%s)'
                       % (stamp(t, "%Y-%m-%d %H:%M:%S"), S["a password of a connection string"], S["an e-mail address"], S["a bearer token"], S["a cookie"], S["a card number"], S["a JWT"],
                          S["a password in words"]))
            db.append("%s.123 UTC [77] app@shop LOG:  duration: %d.5 ms  execute <unnamed>: SELECT * FROM orders WHERE note = '%s' AND email = '%s' AND id = $1\n%s.123 UTC [77] app@shop DETAIL:  parameters: $1 = '%s'"
                      % (stamp(t, "%Y-%m-%d %H:%M:%S"), 29000 + t, S["a literal of a statement"], S["an e-mail address"], stamp(t, "%Y-%m-%d %H:%M:%S"), S["a parameter of a statement"]))
        elif t % 10 == 0:
            app.append("%s,123 INFO [api] order placed" % stamp(t, "%Y-%m-%d %H:%M:%S"))
            db.append("%s.123 UTC [78] app@shop LOG:  duration: 12.5 ms  statement: SELECT * FROM orders WHERE note = '%s'" % (stamp(t, "%Y-%m-%d %H:%M:%S"), S["a literal of a statement"]))
    deploy = '{"time":"2026-11-24T11:29:30Z","kind":"deploy","service":"api","version":"2.1.0","by":"%s","note":"token=%s"}' % (S["an e-mail address"], S["a token in a URL"])
    for name, lines in (("access.log", access), ("api.log", app), ("postgresql.log", db), ("deploys.jsonl", [deploy]), ("odd.txt", ["?? password=%s" % S["a password in words"]] * 5)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")


number, failed = 0, 0


def check(name, text, wanted):
    """That none of the secrets (or, for --no-redact, at least one) is in @text."""
    global number, failed
    number += 1
    seen = [kind for kind, secret in SECRETS.items() if secret in text or secret.replace(" ", "") in text]
    ok = bool(seen) if wanted else not seen
    failed += not ok
    print("%sok %d - redact/%s" % ("" if ok else "not ", number, name))
    for kind in [] if ok else seen or ["nothing is shown that was asked for"]:
        where = next((m.group(0) for m in re.finditer(".{0,80}" + re.escape(SECRETS.get(kind, "\0")) + ".{0,40}", text)), "")
        print("#   %s: %s" % (kind, where))


with tempfile.TemporaryDirectory() as home:
    logs = os.path.join(home, "logs")
    os.mkdir(logs)
    write(logs)
    env = dict(os.environ, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home, TZ="UTC", LC_ALL="C.UTF-8", RCA_CONFIG="/dev/null")
    window = ["--window", "2026-11-24T11:00:00Z..2026-11-24T12:00:00Z"]
    runs = {
        "the-report": [*window, logs], "the-report-at-length": [*window, "--explain", logs], "the-document": [*window, "--json", logs], "markdown": [*window, "--markdown", logs],
        "the-page": [*window, "--html", logs], "the-timeline": ["timeline", *window, logs], "the-timeline-as-json": ["timeline", *window, "--format", "json", logs],
        "the-sources": ["sources", logs], "the-sources-explained": ["sources", "--explain", logs], "the-sources-as-json": ["sources", "--json", logs], "the-batch": ["batch", *window, "--json", logs],
    }
    for name, arguments in runs.items():
        p = subprocess.run([rca, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, encoding="utf-8", errors="replace")
        if p.returncode != 0:
            number += 1
            failed += 1
            print("not ok %d - redact/%s: exit %d: %s" % (number, name, p.returncode, p.stderr[:300]))
            continue
        check(name, p.stdout + p.stderr, False)
    for name, arguments in (("no-redact-shows-them", [*window, "--no-redact", "--json", logs]), ("no-redact-explains-with-them", ["sources", "--explain", "--no-redact", logs])):
        p = subprocess.run([rca, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, encoding="utf-8", errors="replace")
        check(name, p.stdout, True)
print("1..%d" % number)
sys.exit(1 if failed else 0)
