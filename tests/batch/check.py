#!/usr/bin/env python3
"""rca batch over a generated archive: all that was planted is found, nothing else; what comes back is
named; a run that is killed goes on; the number of threads and where the logs are cut change nothing.

    check.py RCA"""
import atexit, json, os, shutil, signal, subprocess, sys, tempfile, time
from datetime import datetime, timedelta

rca = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
home = tempfile.mkdtemp()
atexit.register(shutil.rmtree, home, ignore_errors=True)
env = dict(os.environ, XDG_STATE_HOME=home + "/state", TZ="UTC", LC_ALL="C.UTF-8", NO_COLOR="")
wrong = []
KINDS = {"export": "batch_job", "provider": "upstream", "instance": "instance", "deploy": "deploy", "connections": "db_connections"}


def run(*args, **kw):
    kw = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "env": env, "cwd": home, **kw}
    return subprocess.run([rca, *args], **kw)


def expect(what, ok, detail=""):
    print("%s - %s" % ("ok" if ok else "not ok", what), flush=True)
    if not ok:
        wrong.append(what)
        print("  " + str(detail)[:1500])


def moment(text):
    return datetime.fromisoformat(text.replace("Z", ""))


def archive(name, *args):
    subprocess.run([sys.executable, here + "/archive.py", home + "/" + name, *args], check=True)
    return json.load(open("%s/%s/truth.json" % (home, name)))["incidents"]


def found_for(planted, incidents):
    """The incidents that begin within two minutes of a planted one's start."""
    return [i for i in incidents if abs(moment(i["start"]) - moment(planted["start"])) < timedelta(minutes=2)]


def judge(planted, doc):
    for p in planted:
        found = found_for(p, doc["incidents"])
        expect("planted %s at %s is found once" % (p["kind"], p["start"]), len(found) == 1, [i["start"] for i in doc["incidents"]])
        if len(found) != 1:
            continue
        cause, end = found[0]["causes"][0], found[0]["end"]
        expect("its cause is told", cause["kind"] == KINDS[p["kind"]] and p.get("version", "") in cause["subject"], (cause["kind"], cause["subject"], cause["confidence"]))
        expect("and its end", end and abs(moment(end) - moment(p["end"])) < timedelta(minutes=3), (end, p["end"]))
    extra = [i for i in doc["incidents"] if not any(found_for(p, [i]) for p in planted)]
    expect("nothing is invented", not extra, [(i["start"], i["symptom"]["summary"]) for i in extra])


def judge_recurring(planted, doc):
    for kind, subject in (("batch_job", "nightly-export"), ("upstream", "payments.example.net"), ("instance", "shop-2")):
        rows = [r for r in doc["recurring"] if r["kind"] == kind and subject in r["subject"]]
        expect("%s comes back three times" % subject, [r["count"] for r in rows] == [3] and len(rows[0]["incidents"]) == 3, doc["recurring"])
    ids = {i["id"] for i in doc["incidents"]}
    expect("what comes back names incidents of the document", all(set(r["incidents"]) <= ids for r in doc["recurring"]))
    expect("nothing else comes back but deploys of the shop", sorted(r["kind"] for r in doc["recurring"]) == ["batch_job", "deploy", "instance", "upstream"], doc["recurring"])
    expect("the statement that grows is told", any("order_items" in n and "grows" in n for n in doc["notes"]), doc["notes"])


def whole(planted):
    p = run("batch", "--json", "a/logs")
    doc = json.loads(p.stdout)
    expect("it ran, and kept no state behind", p.returncode == 0 and not os.listdir(home + "/state/rca/batch"), p.stderr)
    judge(planted, doc)
    judge_recurring(planted, doc)
    return p.stdout


def same_bytes(reference):
    expect("the number of threads changes no byte", run("batch", "--json", "--jobs", "1", "a/logs").stdout == reference)
    child = subprocess.Popen([rca, "batch", "--json", "--jobs", "1", "a/logs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=home)
    deadline = time.time() + 60
    pieces = lambda: sum(len(files) for _, _, files in os.walk(home + "/state/rca/batch"))
    while pieces() < 3 and child.poll() is None and time.time() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    expect("killed in the middle, it left what it had read", pieces() >= 3 and child.returncode == -signal.SIGKILL, child.returncode)
    p = run("batch", "--json", "a/logs")
    expect("it goes on from there", b"by an earlier run" in p.stderr, p.stderr)
    expect("and the same bytes come out", p.stdout == reference)


def interrupt(reference):
    child = subprocess.Popen([rca, "batch", "--json", "--jobs", "1", "--state", home + "/kept", "a/logs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=home)
    deadline = time.time() + 60
    while (not os.path.isdir(home + "/kept") or len(os.listdir(home + "/kept")) < 2) and child.poll() is None and time.time() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    expect("SIGINT ends it as a signal does, with nothing on standard output", child.returncode == -signal.SIGINT and not out, (child.returncode, err))
    for name in os.listdir(home + "/kept")[:1]:
        with open("%s/kept/%s" % (home, name), "r+b") as f:
            f.seek(200)
            f.write(b"torn")
    p = run("batch", "--json", "--state", home + "/kept", "a/logs")
    expect("a torn piece of the state is read again", p.stdout == reference, p.stderr)
    n = len(os.listdir(home + "/kept"))
    p = run("batch", "--json", "--state", home + "/kept", "a/logs")
    expect("a state that was named is kept, and nothing is read twice", p.stdout == reference and ("%d of %d pieces" % (n, n)).encode() in p.stderr, p.stderr)


def healthy():
    p = run("batch", "h/logs")
    expect("a healthy archive says so", p.returncode == 0 and p.stdout.startswith(b"No incident in"), p.stdout)
    expect("with --exit-code it exits 0", run("batch", "--exit-code", "h/logs").returncode == 0)


planted = archive("a", "--rate", "0.2")
reference = whole(planted)
same_bytes(reference)
interrupt(reference)
archive("h", "--rate", "0.1", "--healthy", "--days", "10")
healthy()
expect("standard input is refused: it could not be read twice", run("batch", "-").returncode == 2)
print("%d wrong" % len(wrong))
sys.exit(1 if wrong else 0)
