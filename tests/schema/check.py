#!/usr/bin/python3
"""Every document keeps to its schema: of all recorded cases, of all samples of logs, and those that
the golden tests expect. Needs python3-jsonschema (Debian), hence Debian's own Python.

    check.py RCA SOURCE"""
import glob, json, os, subprocess, sys, tempfile

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

rca, root = os.path.abspath(sys.argv[1]), sys.argv[2]
state = tempfile.TemporaryDirectory()
env = dict(os.environ, XDG_STATE_HOME=state.name, RCA_CONFIG="/dev/null", TZ="UTC", LC_ALL="C.UTF-8")
wrong = count = 0


def schema(name):
    with open("%s/cli/schema/%s.json" % (root, name.replace("/", "."))) as f:
        text = json.load(f)
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


schemas = {name: schema(name) for name in ("rca.report/1", "rca.sources/1", "rca.batch/1", "rca.timeline/1")}


def fault(what, text):
    global wrong
    wrong += 1
    print("not ok - %s: %s" % (what, text))


def judge(what, text, kind):
    global count
    count += 1
    doc = json.loads(text)
    if doc["schema"] != kind:
        fault(what, "schema %s, wanted %s" % (doc["schema"], kind))
    for e in list(schemas[kind].iter_errors(doc))[:3]:
        fault(what, "%s: %s" % ("/".join(map(str, e.path)), e.message[:300]))
    return doc


def run(what, kind, *args):
    p = subprocess.run([rca, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=root)
    if p.returncode:
        return fault(what, "exit %d: %s" % (p.returncode, p.stderr.decode()[-300:]))
    return judge(what, p.stdout, kind)


def broken(doc):
    """A schema that takes everything would be none."""
    for change in (lambda d: d.pop("degraded"), lambda d: d["incidents"][0].update(start="yesterday"), lambda d: d["incidents"][0]["causes"][0].update(kind="gremlins"),
                   lambda d: d["incidents"][0]["causes"][0].update(confidence=1.5), lambda d: d["sources"][0].update(lines=-1), lambda d: d["incidents"][0].update(id="x")):
        copy = json.loads(json.dumps(doc))
        change(copy)
        if schemas[doc["schema"]].is_valid(copy):
            fault("a document that is not right", "passes")


for case in sorted(glob.glob(root + "/tests/cases/*/logs")):
    name, logs = case.split("/")[-2], os.path.relpath(case, root)
    report = run(name + " report", "rca.report/1", "--json", logs)
    run(name + " sources", "rca.sources/1", "sources", "--json", logs)
    run(name + " timeline", "rca.timeline/1", "timeline", "--format", "json", logs)
    if name in ("canary", "healthy"):
        batch = run(name + " batch", "rca.batch/1", "batch", "--json", logs)
    if report and report["incidents"] and name == "canary":
        broken(report)
        broken(batch)
run("samples", "rca.sources/1", "sources", "--json", "tests/decoders")
for path in sorted(glob.glob(root + "/tests/golden/**/*.json", recursive=True)):
    with open(path) as f:
        text = f.read()
    judge(os.path.relpath(path, root), text, json.loads(text)["schema"])
print("%d documents, %d faults" % (count, wrong))
sys.exit(1 if wrong or count < 50 else 0)
