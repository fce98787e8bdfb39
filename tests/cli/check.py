#!/usr/bin/env python3
"""What scripts rely on: exit statuses, streams, signals; and rca search gives grep's lines.

    check.py RCA"""
import atexit, gzip, json, os, pty, random, shutil, signal, subprocess, sys, tempfile, threading, time

rca = os.path.abspath(sys.argv[1])
home = tempfile.mkdtemp()
atexit.register(shutil.rmtree, home, ignore_errors=True)
env = dict(os.environ, XDG_STATE_HOME=home + "/state", TZ="UTC", LC_ALL="C.UTF-8", NO_COLOR="")
wrong = []


def run(*args, **kw):
    kw = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "env": env, "cwd": home, "timeout": 60, **kw}
    return subprocess.run([rca, *args], **kw)


def expect(what, ok, detail=""):
    print("%s - %s" % ("ok" if ok else "not ok", what))
    if not ok:
        wrong.append(what)
        print("  " + str(detail)[:600])


def access_log(path, seconds=1200, fail_from=None):
    """A web server's access log; from second @fail_from on, 4 of 10 requests fail."""
    r = random.Random(7)
    with open(path, "w") as f:
        for s in range(seconds):
            for k in range(10):
                bad = fail_from is not None and s >= fail_from and k < 4
                f.write('10.0.%d.%d - - [24/Nov/2026:14:%02d:%02d +0000] "GET /item/%d HTTP/1.1" %d %d "-" "Mozilla/5.0" rt=%.3f\n'
                        % (r.randrange(4), r.randrange(250), s // 60, s % 60, r.randrange(500), 500 if bad else 200, r.randrange(200, 5000), 0.02 + r.random() / 50))


def statuses():
    log, bad = home + "/access.log", home + "/bad.log"
    access_log(log)
    access_log(bad, fail_from=700)
    p = run("--json", log)
    expect("a healthy log: exit 0, a document on standard output", p.returncode == 0 and p.stdout.startswith(b'{"schema": "rca.report/1"'), p)
    expect("with --exit-code a healthy log still exits 0", run("--exit-code", log).returncode == 0)
    expect("with --exit-code an incident exits 3", run("--exit-code", bad).returncode == 3)
    expect("without it an incident exits 0", run(bad).returncode == 0)
    p = run("--window", "2026-01-01T00:00:00Z..+1h", log)
    expect("nothing inside the window: exit 4, no output, the span that holds data as a window", p.returncode == 4 and not p.stdout and b"--window 2026-11-24T13:59:59Z..2026-11-24T14:20:00Z" in p.stderr, p)
    paste = p.stderr.decode().split("--window ")[1].split()[0]
    expect("that window can be pasted", run("--window", paste, log).returncode == 0)
    p = run("--json", "--window", "2026-11-24T14:00:00Z..+9h", bad)
    narrow = run("--json", bad)
    expect("a window that reaches beyond the logs is analysed as far as they reach", json.loads(p.stdout)["incidents"][0]["start_range"] == json.loads(narrow.stdout)["incidents"][0]["start_range"], p.stderr)
    p = run("--service", "nosuch", bad)
    expect("a service without requests: exit 4, never a clean bill", p.returncode == 4 and b"nosuch" in p.stderr and not p.stdout, p)
    p = run("--route", "GET /nosuch", bad)
    expect("a route without requests: exit 4, naming those that are there", p.returncode == 4 and b"GET /item/{}" in p.stderr, p)
    expect("a route that is there is looked at alone", run("--route", "GET /item/{}", "--exit-code", bad).returncode == 3)
    open(home + "/empty.log", "w").close()
    expect("an empty file: exit 4, named", run("empty.log").returncode == 4 and b"empty.log" in run("empty.log").stderr)
    expect("a file that is not there: exit 4, named", run("./none.log").returncode == 4)
    os.mkdir(home + "/none")
    expect("an empty folder: exit 4 and a sentence", run("none").returncode == 4 and run("none").stderr.strip() != b"")
    p = run(log, "./none.log")
    expect("one file that is not there does not stop the rest, and is named", p.returncode == 0 and b"none.log" in p.stderr, p)
    p = run("--json", log, "./none.log")
    expect("the document is then degraded", p.returncode == 0 and b'"degraded": true' in p.stdout, p.stdout[:200])


def slow_route():
    """One route of eleven is slow for a third of the time: too few requests to be loud for the site."""
    r, path = random.Random(11), home + "/route.log"
    with open(path, "w") as f:
        for s in range(140):
            for k in range(22):
                uri, slow = ("/fare", 0.7 if 60 <= s < 105 else 0) if k % 11 == 0 else ("/item/%d" % r.randrange(500), 0)
                f.write('10.0.%d.%d - - [24/Nov/2026:14:%02d:%02d +0000] "GET %s HTTP/1.1" 200 900 "-" "Mozilla/5.0" rt=%.3f\n'
                        % (r.randrange(4), r.randrange(250), s // 60, s % 60, uri, slow + 0.02 + r.expovariate(30)))
    found = json.loads(run("--json", path).stdout)["incidents"]
    expect("what only one route feels is an incident, of latency", [i["symptom"]["kind"] for i in found] == ["latency"], found)
    expect("and its end is seen", [i["state"] for i in found] == ["over"], found)
    expect("that route leads its impact", [i["impact"]["routes"][0]["route"] for i in found] == ["GET /fare"], found)


def usage():
    for args, hint in ((["anlyze"], "rca analyze"), (["serch"], "rca search"), (["--wndow", "5m", "x"], "--window"), (["--window", "soon", "x"], "30m"), (["--mark", "x", "access.log"], "TIME=TEXT"),
                       (["watch"], "not in this version"), (["mcp"], "not in this version"), (["ingest"], "PATH"), (["deploy", "a"], "VERSION"), (["search", "("] + ["access.log"], "pattern"),
                       (["search", "x"], "PATH"), (["timeline", "--format", "x", "access.log"], "markdown"), (["--color", "x", "access.log"], "auto"), (["--input-format", "nosuch", "access.log"], "nosuch"),
                       (["--json", "--markdown", "access.log"], "exclude"), (["--html", "--markdown", "access.log"], "exclude")):
        p = run(*args)
        expect("usage: rca %s: exit 2 and a hint" % " ".join(args), p.returncode == 2 and not p.stdout and hint in p.stderr.decode(), p)
    p = run("--help")
    expect("--help: exit 0, examples before options, no command that is not there", p.returncode == 0 and b"Examples" in p.stdout and b"watch" not in p.stdout and not p.stderr, p)
    for c in ("analyze", "ingest", "sources", "deploy", "timeline", "search", "batch"):
        p = run(c, "--help")
        expect("rca %s --help: examples first" % c, p.returncode == 0 and 0 < p.stdout.find(b"Examples") < p.stdout.find(b"Options:"), p)


def streams():
    log = home + "/access.log"
    with open("/dev/full", "w") as full:
        for args in (["--json", log], ["sources", log], ["--help"], ["search", "GET", log], ["timeline", log]):
            p = run(*args, stdout=full)
            expect("a full disk under rca %s: exit 1 and why" % args[0], p.returncode == 1 and b"No space left" in p.stderr, p)
    p = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', rca, "--json", log], stderr=subprocess.PIPE, env=env)
    expect("standard output closed: exit 1", p.returncode == 1, p)
    p = subprocess.run(["bash", "-c", '"$0" search . "$1" | head -1 >/dev/null; exit ${PIPESTATUS[0]}', rca, log], stderr=subprocess.PIPE, env=env)
    expect("a reader that goes away: SIGPIPE, 141, not a word", p.returncode == 141 and not p.stderr, p)
    p = run("-", stdin=open(log))
    expect("- reads standard input", p.returncode == 0, p)
    p = run("web=-", stdin=open(log))
    expect("NAME=- reads it as NAME's", p.returncode == 0, p)
    hostile = home + "/h\033[31m\xe2\x80\xae.log"
    os.rename(home + "/empty.log", hostile)
    p = run(hostile, env=dict(env, LC_ALL="C"))
    expect("a path with escape sequences is spelt out", p.returncode == 4 and b"\033" not in p.stderr, p)
    for signum, status in ((signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)):
        r, w = os.pipe()
        child = subprocess.Popen([rca, "-"], stdin=r, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        os.close(r)
        time.sleep(0.3)
        child.send_signal(signum)
        expect("%s ends it as signals do" % signal.Signals(signum).name, child.wait(10) == status, child.returncode)
        os.close(w)


def on_terminal(*args, **more):
    """What a terminal gets. It is held open until a mark behind the last output has come through: a reader of a terminal
    that everybody left may be told so before it was given all."""
    mark, shown = b"\0the end\0", b""
    master, slave = pty.openpty()
    child = subprocess.Popen([rca, *args], stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env={**env, "TERM": "xterm", "COLUMNS": "80", **more})
    end = threading.Thread(target=lambda: (child.wait(), os.write(slave, mark)))
    end.start()
    while mark not in shown:
        shown += os.read(master, 65536)
    end.join()
    os.close(slave)
    os.close(master)
    return child.returncode, shown[: shown.index(mark)].decode()


def pager():
    bad = home + "/bad.log"
    marks = "sed s/^/PAGED:/"
    status, shown = on_terminal(bad, PAGER=marks)
    expect("on a terminal the report is paged", status == 0 and shown.count("PAGED:") > 10, shown)
    expect("RCA_PAGER stands over PAGER; empty or cat is none", "PAGED:" not in on_terminal(bad, PAGER=marks, RCA_PAGER="")[1] and "PAGED:" not in on_terminal(bad, PAGER=marks, RCA_PAGER="cat")[1])
    expect("--no-pager is none", "PAGED:" not in on_terminal("--no-pager", bad, PAGER=marks)[1])
    expect("a document is not paged", "PAGED:" not in on_terminal("--json", bad, PAGER=marks)[1])
    status, shown = on_terminal(bad, PAGER="nosuchpager")
    expect("without the pager the report is printed", status == 0 and "ONGOING" in shown, shown)
    status, shown = on_terminal("--exit-code", bad, PAGER="true")
    expect("a pager that has seen enough is no error", status == 3 and "cannot write" not in shown, (status, shown))
    expect("into a pipe nothing is paged", b"PAGED:" not in run(bad, env=dict(env, PAGER=marks)).stdout)
    expect("colours on a terminal, none with NO_COLOR", "\033[1m" in on_terminal(bad, PAGER="cat", NO_COLOR="")[1] and "\033[" not in on_terminal(bad, PAGER="cat", NO_COLOR="1")[1])


def determinism():
    bad, log = home + "/bad.log", home + "/access.log"
    a, b = run("--json", bad, log), run("--json", log, bad)
    expect("the order of PATHs changes no byte", a.stdout == b.stdout and a.returncode == 0)
    p = run("--json", "--jobs", "1", bad, log), run("--json", "--jobs", "4", bad, log)
    expect("the number of threads changes no byte", p[0].stdout == p[1].stdout == a.stdout)
    p = run("--json", bad, log, env=dict(env, LC_ALL="C", TZ="Asia/Tokyo", LANG="de_DE.UTF-8"))
    expect("nor do locale and time zone", p.stdout == a.stdout)


def stores():
    bad, store = home + "/bad.log", home + "/store"
    p = run("ingest", "--store", store, bad)
    expect("ingest says what it read", p.returncode == 0 and b"12000 records" in p.stdout, p)
    expect("the store answers", run("--store", store, "--exit-code").returncode == 3)
    expect("no store there: exit 1", run("--store", home + "/nosuch").returncode == 1, run("--store", home + "/nosuch"))
    p = run("deploy", "item", "2.0", "--time", "2026-11-24T14:11:30Z")
    expect("deploy records a marker and says so", p.returncode == 0 and b"2026-11-24T14:11:30" in p.stderr, p)
    p = run("--json", bad)
    expect("markers of the default store are read in every analysis", b"item 2.0" in p.stdout, p.stdout[-600:])
    p = run("--json", "--mark", "2026-11-24T14:11:00Z=switched the provider", bad)
    expect("--mark adds a change", b"switched the provider" in p.stdout, p.stdout[-600:])


def search():
    r = random.Random(3)
    data = b"".join(bytes(r.choice(b"abc \n\xc3\xa9") for _ in range(r.randrange(30))) + b"\n" for _ in range(20000)) + b"x" * 600000 + b"abc\nlast abc, no newline"
    path = home + "/text"
    open(path, "wb").write(data)
    for args in (["-F", "abc"], ["abc"], ["a.c"], ["^a"], ["c$"], ["-i", "ABC"], ["-i", "-F", "ABC"], ["-c", "a"], ["-c", "-F", ""], ["-n", "a*"], ["-n", "a b"], ["-C2", "-n", "aabb"], ["-C", "1", "abca"],
                 ["(a|b)c+a"], ["^$"], ["[^a]{5}"], ["-F", "nowhere"], ["ab?c+"], ["abx*c"], ["a[b]c\\x20"], ["c{2}b"], ["\xc3\xa9?abc"]):
        for locale in ("C", "C.UTF-8"):
            e = dict(env, LC_ALL=locale)
            want = subprocess.run(["grep", "-a"] + ([] if "-F" in args else ["-P"]) + args + [path], stdout=subprocess.PIPE, env=e).stdout
            got = run("search", *args, path, env=e)
            expect("search %s in %s is grep's" % (" ".join(args), locale), got.stdout == want and got.returncode == 0, (len(want), len(got.stdout), got.stderr))
    with gzip.open(home + "/text.2.gz", "wb") as f:
        f.write(data)
    n = int(run("search", "-c", "abc", path).stdout)
    expect("compressed siblings are searched too", int(run("search", "-c", "abc", path, home + "/text.2.gz").stdout) == 2 * n)
    log = home + "/bad.log"
    want = sum(" 500 " in l and "14:12:" in l for l in open(log))
    expect("--window narrows to its records", int(run("search", "-c", "--window", "2026-11-24T14:12:00Z..+1m", " 500 ", log).stdout) == want)
    expect("a pattern that explodes is given up, and said", run("search", "(x+x+)+y", path).returncode in (0, 1))


def search_large():
    """A file that is entered by bisection: the same lines, numbers and context as when all of it is read."""
    path, minute = home + "/large.log", 60 * 600
    with open(path, "w") as f:
        for i in range(120000):
            f.write('10.0.0.%d - - [24/Nov/2026:%02d:%02d:%02d +0000] "GET /item/%d HTTP/1.1" %d 12 "-" "Mozilla/5.0 (X11; Linux x86_64)" rt=0.0%02d\n'
                    % (i % 250, i // 36000, i // 600 % 60, i // 10 % 60, i % 977, 500 if i % 41 == 0 else 200, i % 90 + 10))
    window = ["--window", "2026-11-24T02:10:00Z..2026-11-24T02:12:00Z"]
    lines = open(path).read().split("\n")
    want = ["%d:%s" % (n, l) for n, l in enumerate(lines, 1) if " 500 " in l and ("02:10:" in l or "02:11:" in l)]
    got = run("search", *window, "-n", "-F", " 500 ", path).stdout.decode().split("\n")[:-1]
    expect("--window in a large file finds the same lines under their numbers", got == want and len(want) > 20, (len(got), len(want), got[:1], want[:1]))
    got = run("search", *window, "-c", " 50[0] ", path).stdout
    expect("and counts them", got == b"%d\n" % len(want), got)
    got = run("search", *window, "-h", "-C1", "-F", " 500 ", path).stdout.decode().split("\n")[:-1]
    groups = [lines[n - 2:n + 1] for n in (int(w.split(":")[0]) for w in want)]
    expect("with their neighbours", got == "\n--\n".join("\n".join(g) for g in groups).split("\n"), (len(got), got[:4]))
    expect("a window that nothing lies in counts none", run("search", "--window", "2026-11-25T02:10:00Z..+1m", "-c", "GET", path).stdout == b"0\n")
    p = run("search", *window, "GET", "-", stdin=open(path))
    expect("--window on standard input: said, not silently nothing", p.returncode == 2 and b"standard input" in p.stderr, p)


def search_zones():
    """An application that writes local time is searched by the zone that its requests' ids tell."""
    folder = home + "/zones"
    os.mkdir(folder)
    with open(folder + "/access.log", "w") as a, open(folder + "/app.log", "w") as b:
        for i in range(1200):
            at = (14, i // 60 % 60, i % 60)
            a.write('10.0.0.1 - - [24/Nov/2026:%02d:%02d:%02d +0000] "GET /item/%d HTTP/1.1" 200 12 "-" "Mozilla/5.0" rt=0.020 rid=%032x\n' % (*at, i, 7919 * i + 1))
            b.write("2026-11-24 %02d:%02d:%02d,100 INFO shop - served item %d request_id=%032x\n" % (at[0] + 5, at[1], at[2], i, 7919 * i + 1))
    p = run("search", "-c", "--window", "2026-11-24T14:05:00Z..+1m", "served item", folder)
    expect("--window uses the zone that an analysis finds for each log", p.stdout == b"60\n", p)
    p = run("search", "-c", "--window", "2026-11-24T14:05:00Z..+1m", "--service", "nosuch", "served", folder)
    expect("--service narrows as well", p.stdout == b"0\n", p)


def configuration():
    config, log = home + "/config", home + "/bad.log"
    e = dict(env, XDG_CONFIG_HOME=config)
    os.makedirs(config + "/rca")
    path = config + "/rca/rca.conf"

    def write(text):
        with open(path, "w") as f:
            f.write(text)

    write("[rca]\nstor = /x\n")
    p = run("config", "check", env=e)
    expect("an unknown key is named by file and line, with the nearest one", p.returncode == 1 and ("%s:2: unknown key \"stor\" (did you mean \"store\"?)" % path) in p.stderr.decode(), p)
    p = run("--json", log, env=e)
    expect("it is said in every run, and stops none", p.returncode == 0 and b":2: unknown key" in p.stderr, p.stderr)
    for text, hint in (("[rca]\njobs = many\n", ":2: jobs = many: a number"), ("jobs = 2\n", ":1: a key before any group"), ("[rca]\nutc\n", ":2: \"KEY = VALUE\""), ("[rca]\n# x\nzone = Atlantis/X\n", ":3: zone = Atlantis/X: a time zone"),
                       ("[rca]\nwindow = soon\n", ":2: window = soon:"), ("[rca]\nutc = maybe\n", ":2: utc = maybe: yes or no")):
        write(text)
        p = run(log, env=e)
        expect("%r in the configuration: exit 2, file and line" % text, p.returncode == 2 and hint in p.stderr.decode(), p)
    write("[rca]\npaths = %s;%s/access.log\nwindow = 2026-11-24T14:11:00Z..+2m\n[format x]\npattern = ^no line is like that (?<message>.*)$\n" % (log, home))
    p = run("--json", env=e)
    doc = json.loads(p.stdout)
    expect("without a PATH the configured ones are read, and that is said", len(doc["sources"]) == 2 and log.encode() in p.stderr, p.stderr)
    expect("the configured window is used", doc["window"]["start"] == "2026-11-24T14:11:00.000Z", doc["window"])
    window = lambda *args, **more: json.loads(run("--json", *args, log, env=dict(e, **more)).stdout)["window"]["start"][11:16]
    expect("the environment comes before the file, an option before the environment",
           (window(RCA_WINDOW="2026-11-24T14:12:00Z..+2m"), window("--window", "2026-11-24T14:13:00Z..+2m", RCA_WINDOW="2026-11-24T14:12:00Z..+2m")) == ("14:12", "14:13"))
    p = run("config", "show", env=dict(e, RCA_JOBS="3"))
    expect("config show tells what is set and where", b"jobs = 3    # RCA_JOBS" in p.stdout and (":3" in p.stdout.decode()), p.stdout)
    p = run("config", "check", env=dict(e, RCA_CONFIG=home + "/none.conf"))
    expect("a configuration that was named has to be there", p.returncode == 1 and b"none.conf" in p.stderr, p)
    p = run("deploy", "web", "9.9", "--time", "2026-11-24T14:11:30Z", env=dict(e, RCA_STORE=home + "/elsewhere"))
    expect("the configured store is the default store", os.path.isdir(home + "/elsewhere") and b"web 9.9" in run("--json", log, env=dict(e, RCA_STORE=home + "/elsewhere")).stdout, p)


def times():
    """Each form of a time and a window that the manual has."""
    log = home + "/bad.log"
    base = ["--now", "2026-11-24T14:20:00Z", "--utc", "--json", log]
    for window, start, end in (("10m", "14:10", "14:20"), ("2026-11-24T14:05:00Z..2026-11-24T14:10:00Z", "14:05", "14:10"), ("2026-11-24 14:05..+3m", "14:05", "14:08"), ("2026-11-24 14:05:30..14:09", "14:05", "14:09"),
                               ("14:05..", "14:05", "14:20"), ("-15m..-5m", "14:05", "14:15"), ("14:05..now", "14:05", "14:20"), ("1h30m", "12:50", "14:20"), ("2026-11-24T15:05:00+01:00..+2m", "14:05", "14:07"),
                               ("yesterday..now", "00:00", "14:20"), ("@1795529100..+1m", "14:05", "14:06")):
        p = run("--window", window, *base)
        w = json.loads(p.stdout)["window"] if p.returncode == 0 else {"start": "", "end": ""}
        expect("--window %s" % window, (w["start"][11:16], w["end"][11:16]) == (start, end), (w, p.stderr))
    p = run("--window", "15:05..15:08", "--now", "2026-11-24T15:20:00Z", "--json", log, env=dict(env, TZ="Europe/Berlin"))
    expect("a time without a zone is local", json.loads(p.stdout)["window"]["start"][11:16] == "14:05", p.stderr)
    expect("--window that ends before it begins: exit 2", run("--window", "2026-11-24 14:05..2026-11-24 14:00", log).returncode == 2)
    p = run("--baseline", "14:02..14:08", *base)
    expect("--baseline names a time when it was fine", p.returncode == 0 and json.loads(p.stdout)["incidents"], p.stderr)


def years_apart():
    """A stamp of another decade does not keep the rest from being looked at; it is said what was left out."""
    folder = home + "/years"
    os.mkdir(folder)
    line = b'10.0.0.%d - - [%s +0000] "GET /a HTTP/1.1" %d 12 "-" "Mozilla/5.0" rt=0.020\n'
    with open(folder + "/access.log", "wb") as f:
        for i in range(1200):
            f.write(line % (i % 200, b"24/Nov/2026:14:%02d:%02d" % (i // 4 // 60, i // 4 % 60), 500 if i > 900 else 200))
    with open(folder + "/other.log", "wb") as f:
        for year in (2003, 2033):
            f.write(b"".join(line % (i, b"24/Nov/%d:03:07:30" % year, 200) for i in range(40)))
    p = run("--json", folder)
    doc = json.loads(p.stdout)
    expect("where most records are an incident is found", p.returncode == 0 and len(doc["incidents"]) == 1 and doc["window"]["start"] >= "2026-11-24T13:59:59" and doc["window"]["end"] <= "2026-11-24T14:07:31", (p.returncode, doc["window"]))
    expect("what was left out is said", any("more than one analysis holds" in n for n in doc["notes"]), doc["notes"])


def search_store():
    """A store gives the lines of the files that went in, whatever the pattern; ids are found by filters."""
    folder, store, r = home + "/tosearch", home + "/search.store", random.Random(5)
    os.mkdir(folder)
    ids = ["%032x" % r.getrandbits(128) for _ in range(3000)]
    with open(folder + "/access.log", "wb") as f:
        for i, rid in enumerate(ids):
            f.write(b'10.0.0.1 - - [24/Nov/2026:14:%02d:%02d +0000] "GET /item/%d HTTP/1.1" %d 12 "-" "Mozilla/5.0" rt=0.020 rid=%s%s\n'
                    % (i // 60 % 60, i % 60, i, 500 if i % 97 == 0 else 200, rid.encode(), b"\r" if i % 50 == 0 else b""))
    with open(folder + "/app.jsonl", "w") as f:
        for i, rid in enumerate(ids):
            text = "token x%sy for job" % ids[7] if i == 900 else "uses %s again" % ids[11] if i == 901 else "served item %d (pool exhausted)" % i if i % 31 == 0 else "served item %d" % i
            f.write(json.dumps({"time": "2026-11-24T14:%02d:%02d.5Z" % (i // 60 % 60, i % 60), "level": "info", "service": "shop", "request_id": rid, "msg": text}) + "\n")
    with open(folder + "/odd.log", "wb") as f:
        f.write(b"2026-11-24T14:00:00Z \xff\xfe odd \0 bytes 500\n\n2026-11-24T14:00:01Z last, no newline abc %s" % ids[3].encode())
    expect("the store to search is filled", run("ingest", "--store", store, folder).returncode == 0)
    names = sorted(os.listdir(folder))
    for args in (["-F", ids[7]], ["-F", ids[11]], ["-F", ids[3]], ["-F", "%032x" % 12345678901234567890], ["-F", ids[500][:20]], ["-F", "rid=" + ids[9]], [ids[12]], ["-F", "pool exhausted"], ["-i", "POOL"], [" 500 12"],
                 ["-F", "x" + ids[7]], ["-F", "500"], ["rid=[0-9a-f]{30}aa"], ["^$"], ["served item 9[36] .pool"], ["exhauste?d"], ["exhaustedx?"], ["exhausted+\\)"], ["\\x65xhausted"], ["s[e]rved\\b item \\d+7\\b"], ["again|token"], ["served item 3{2}1"], ["Mozilla.*rt=0"], ["-F", "no such line"], ["-n", "-F", ids[2999]], ["-C2", "-n", "-F", ids[1500]], ["-C1", "item 9[36]\\b"]):
        want = subprocess.run(["grep", "-a", "-H"] + ([] if "-F" in args else ["-P"]) + args + names, stdout=subprocess.PIPE, env=env, cwd=folder).stdout
        got = run("search", "--store", store, *args).stdout.replace(folder.encode() + b"/", b"")
        expect("search %s in a store is grep's" % " ".join(args), got == want, (len(want), len(got), got[:300], want[:300]))
    counted = run("search", "--store", store, "-c", "item").stdout
    expect("lines of a store are counted", counted == run("search", "-c", "item", folder).stdout and int(counted) > 5000, counted)
    for window in ("2026-11-24T14:10:00Z..+1m", "2026-11-25T00:00:00Z..+1m"):
        for more in ([], ["--service", "shop"]):
            want, got = (run("search", *where, "-n", "--window", window, *more, "item", *paths).stdout for where, paths in (([], [folder]), (["--store", store], [])))
            expect("--window %s %s in a store finds what it finds in files" % (window, " ".join(more)), got == want, (len(got), len(want)))
    for path in (folder + "/access.log", folder + "/app.jsonl", folder + "/"):
        want, got = (run("search", *where, "-n", "-h", "item", path).stdout for where in ([], ["--store", store]))
        expect("of a store only %s is searched" % path, got == want and want, (len(got), len(want)))
    p = run("search", "--store", store, "x", home + "/nosuch.log")
    expect("a log that the store does not hold is named", p.returncode == 4 and b"nosuch.log" in p.stderr, (p.returncode, p.stderr))
    expect("a store that is not there is named", run("search", "--store", home + "/nostore", "x").returncode == 1)


statuses()
years_apart()
slow_route()
usage()
streams()
pager()
determinism()
stores()
search()
search_large()
search_zones()
search_store()
configuration()
times()
print("%d wrong" % len(wrong))
sys.exit(1 if wrong else 0)
