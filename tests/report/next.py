#!/usr/bin/env python3
"""What the report says to read next shows the lines it cites, and the post-mortem names the facts.

    next.py RCA CASES"""
import bz2, datetime, gzip, json, lzma, os, re, shlex, subprocess, sys

rca, cases = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
env = dict(os.environ, XDG_STATE_HOME="/nonexistent", TZ="UTC", LC_ALL="C.UTF-8", COLUMNS="200", NO_COLOR="1")
FORMS = ("postmortem", "google-sre", "pagerduty", "atlassian", "etsy")
MOST_LINES = 2000  # a command that shows the whole log has shown nothing
words = {"db_connections": "database connections", "slow_query": "slow query", "cdn": "CDN", "upstream": "another service", "resource": "resource exhaustion"}
wrong = []


def run(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=env, timeout=120, check=True).stdout.decode("utf-8", "replace")


def expect(what, ok, detail=""):
    if not ok:
        print("not ok - %s\n  %s" % (what, str(detail)[:400]))
        wrong.append(what)


def plain(markdown):
    return re.sub(r"\\([\\`*_\[\]|#!~])", r"\1", markdown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def line_of(path, n):
    opener = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}.get(os.path.splitext(path)[1], open)
    with opener(path, "rb") as f:
        for i, line in enumerate(f, 1):
            if i == n:
                return line.decode("utf-8", "replace").rstrip("\n")
    return None


def cited(report, path):
    """Lines of the first evidence of each cause in the story that cites @path."""
    for cause in report["incidents"][0]["causes"]:
        for evidence in cause["evidence"]:
            if evidence["refs"] and evidence["refs"][0]["path"] == path:
                return [r["line"] for r in evidence["refs"] if r["path"] == path]
    return []


def commands_show_lines(name, text, report):
    commands = re.findall(r"^(?:Read next|         )  (rca search .*)$", text, re.M)
    evidence = any(e["refs"] for e in report["incidents"][0]["causes"][0]["evidence"])
    expect("%s: says what to read next" % name, commands or not evidence, text)
    for command in commands:
        args = shlex.split(command)
        shown = run(rca, *args[1:]).split("\n")
        path = args[-1]
        expect("%s: %s shows a few lines" % (name, command), 0 < len(shown) <= MOST_LINES, len(shown))
        for n in cited(report, path):
            line = line_of(path, n)
            expect("%s: %s shows line %d" % (name, command, n), line is not None and any(line.startswith(s) for s in shown if s), line)


def clock(t):
    return t[11:19]


def near(a, b, seconds):
    def read(t):
        return datetime.datetime.fromisoformat(t.replace("Z", "+00:00"))
    return abs((read(a) - read(b)).total_seconds()) <= seconds


def sentences_have_sources(name, markdown):
    for line in markdown.split("\n## Sources")[0].split("\n"):
        if re.match(r" *- ", line) and "TODO: " not in line and not re.match(r"- \*\*.*:\*\*", line):
            expect("%s: a sentence has a source" % name, re.search(r"\((requests|logs|weighing|suggestion|`.*`)\)$", line), line)


def facts_are_told(name, form, markdown, report, truth):
    i, text = report["incidents"][0], plain(markdown)
    top = i["causes"][0]
    told = [("its start", clock(i["start"])), ("its impact", "%d of %d requests" % (i["impact"]["failed"], i["impact"]["requests"]))]
    told += [("its end", clock(i["end"]))] if i["end"] else []
    told += [("the cause", top["subject"])] if top["kind"] != "unknown" else [("that the cause is not known", "Not known: ")]
    told += [("a link of the chain", link["subject"]) for link in top["chain"] if link["kind"] != "symptom"]
    told += [("what it was not", "%s: %s" % (words.get(v["kind"], v["kind"]), v["summary"])) for v in i["ruled_out"] if v["verdict"] == "ruled_out"]
    for what, fact in told:
        expect("%s, %s: %s is told" % (name, form, what), fact in text, fact)
    # ... and where the report is right, so is the document.
    expect("%s: the start is that of the truth" % name, near(i["start"], truth["symptom"]["onset"], 10), i["start"])
    root = [r for r in truth["root"] if top["kind"] in [r["kind"], *r["also_ok"]]]
    for r in root:
        expect("%s, %s: the true cause is named" % (name, form), any(m.lower() in text.lower() for m in r["match"]) or not r["match"], r)
    herrings = [k for k in truth["must_rule_out"] if any(v["kind"] == k and v["verdict"] == "ruled_out" for v in i["ruled_out"])]
    for kind in herrings:
        expect("%s, %s: the herring %s is told" % (name, form, kind), words.get(kind, kind) + ": " in text)
    return bool(root)


known = right = 0
for name in sorted(os.listdir(cases)):
    truth, logs = json.load(open("%s/%s/truth.json" % (cases, name))), "%s/%s/logs" % (cases, name)
    report = json.loads(run(rca, "--json", logs))
    if not truth["incident"] or not report["incidents"]:
        expect("%s: says that there is none" % name, "no incident found" in run(rca, "timeline", logs) or report["incidents"])
        continue
    commands_show_lines(name, run(rca, "--utc", logs), report)
    for form in FORMS if name in ("web-stack-outage", "deploy-query", "unknown") else FORMS[:1]:
        markdown = run(rca, "timeline", "--template", form, logs)
        sentences_have_sources("%s, %s" % (name, form), markdown)
        right += facts_are_told(name, form, markdown, report, truth)
        known += bool(truth["root"])
expect("most causes are the true ones", right >= 0.9 * known, (right, known))
print("%d documents, %d name the true cause; %d wrong" % (known, right, len(wrong)))
sys.exit(1 if wrong else 0)
