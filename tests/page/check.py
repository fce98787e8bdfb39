#!/usr/bin/env python3
"""The page in headless Chromium, and what hostile log lines come to in every output.

    check.py RCA CASES [AXE]        exit 77: no Chromium to look with

Screenshots go to $RCA_SCREENSHOTS when that is set."""
import json, os, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile

rca, cases = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
axe = open(sys.argv[3]).read() if len(sys.argv) > 3 and os.path.exists(sys.argv[3]) else None
home = tempfile.mkdtemp()
env = dict(os.environ, XDG_STATE_HOME=home + "/state", TZ="UTC", LC_ALL="C.UTF-8", COLUMNS="100", NO_COLOR="1")
LARGEST = 400 * 1000
wrong = []


def run(*args):
    p = subprocess.run([rca, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env, timeout=120)
    expect("rca %s ends well" % " ".join(args[:2]), p.returncode == 0, p.stderr)
    return p.stdout


def expect(what, ok, detail=""):
    print("%s - %s" % ("ok" if ok else "not ok", what))
    if not ok:
        wrong.append(what)
        print("  " + str(detail)[:800])


def page_of(name, *paths):
    path = "%s/%s.html" % (home, name)
    with open(path, "wb") as f:
        f.write(run("--html", *paths))
    return path


def one_hour(path):
    """3600 seconds of a web server and a database that fail in the second half."""
    with open(path + "/access.log", "w") as f, open(path + "/postgresql.log", "w") as db:
        for s in range(3600):
            bad, clock = 1800 <= s < 2700, "14:%02d:%02d" % (s // 60, s % 60)
            for k in range(6):
                f.write('10.0.0.%d - - [24/Nov/2026:%s +0000] "GET /item/%d HTTP/1.1" %d 900 "-" "Mozilla/5.0" rt=%.3f\n' % (s * 6 % 250 + k, clock, k, 500 if bad and k < 2 else 200, 0.02 + 0.7 * (bad and k < 2)))
            for k in range(6):
                db.write("2026-11-24 %s.%03d UTC [%d] LOG:  duration: %d.5 ms  statement: SELECT * FROM table_%d WHERE id = %d\n" % (clock, 100 + k, 100 + k, 700 if bad and k == 3 else 12, k + s % 3 * 6, s))


def looks_right(b, name, path, report):
    b.open(path)
    expect("%s: under %d bytes" % (name, LARGEST), os.path.getsize(path) < LARGEST, os.path.getsize(path))
    expect("%s: asks for no other file" % name, b.script("return performance.getEntriesByType('resource').length") == 0)
    painted = [max(n for _, n in figure) for figure in b.pictures() if figure]
    expect("%s: requests and failing share are drawn" % name, len(painted) >= 2 and min(painted) > 1000, painted)
    for incident in report["incidents"][:1]:
        expect("%s: says first whether it goes on" % name, b.text(".state strong") == {"ongoing": "Still going on", "recovering": "Recovering", "over": "Over"}[incident["state"]])
        top = incident["causes"][0]
        shown = b.text(".cause.first")
        expect("%s: shows the cause and how sure it is" % name, (top["subject"] in shown or top["kind"] == "unknown") and "%.0f %%" % (100 * top["confidence"]) in shown, shown)
        expect("%s: says what to do" % name, top["remedy"] in shown)
        expect("%s: a row for each suspect that is not implicated" % name, len(b.all(".verdicts dl > div")) == sum(v["verdict"] != "implicated" for v in incident["ruled_out"]))
    expect("%s: no wider than its window" % name, b.script("return document.documentElement.scrollWidth <= innerWidth"))
    errors = b.errors()
    expect("%s: no error in the console" % name, errors == [], errors)


def is_used(b, path):
    b.open(path)
    all_time, before = b.text("#shown"), b.pictures()
    b.drag(b.all("#chart-failing .plot canvas")[-1], 0.4, 0.6)
    after = b.pictures()
    expect("dragging zooms", b.text("#shown") != all_time, all_time)
    expect("all charts are zoomed together", len(after) == len(before) and all(x[0] != y[0] for x, y in zip(before, after)))
    b.all("button[data-zoom=all]")[0].click()
    expect("All shows all again", b.text("#shown") == all_time, b.text("#shown"))
    b.all("button[data-zoom=incident]")[0].click()
    expect("Incident goes to it", b.text("#shown") != all_time)
    b.all("button[data-zoom=out]")[0].click()
    b.all("button[data-zoom=all]")[0].click()
    cursor = b.all("#cursor")[0]
    for _ in range(3):
        b.key(cursor, "ARROW_RIGHT")
    values = [o.text for o in b.all(".legend output")]
    expect("arrow keys move one cursor over all charts, which tell their values", len(values) > 2 and all(values) and "UTC" in cursor.get_attribute("aria-valuetext"), values)
    hovered = b.all(".legend output")[0].text
    b.hover(b.all("#chart-requests .plot canvas")[-1])
    expect("so does the pointer", b.all(".legend output")[0].text != hovered or b.text("#cursor-time") != "")
    plain = [figure[0] for figure in b.pictures()]
    b.hover(b.all(".evidence li")[0])
    lit = [figure[0] for figure in b.pictures()]
    expect("evidence under the pointer lights up its span on every chart", all(x != y for x, y in zip(plain, lit)))
    b.all(".evidence .show")[0].click()
    expect("show goes there", b.text("#shown") != all_time)
    b.all("figure .numbers summary")[1].click()
    expect("behind each chart is a table of its numbers", len(b.all("#chart-failing tbody tr")) > 20)
    errors = b.errors()
    expect("nothing of that is an error", errors == [], errors)


ALL = ((1280, "light"), (1280, "dark"), (390, "light"))


def is_accessible(b, name, path, looks):
    for width, scheme in looks:
        b.open(path, width=width, scheme=scheme)
        for details in b.all("details > summary"):
            b.script("arguments[0].parentElement.open = true", details)
        found = b.axe(axe)
        expect("%s: axe finds nothing at %d px, %s" % (name, width, scheme), found == [], found)
        expect("%s: no wider than %d px" % (name, width), b.script("return document.documentElement.scrollWidth <= innerWidth"))
        if os.environ.get("RCA_SCREENSHOTS"):
            b.driver.save_screenshot("%s/%s-%d-%s.png" % (os.environ["RCA_SCREENSHOTS"], name, width, scheme))


def stays_text(b, logs):
    path = page_of("hostile", logs)
    b.open(path)
    expect("hostile: nothing ran", b.script("return window.owned") is None)
    expect("hostile: nothing became an element", b.script("return document.querySelectorAll('img, script:not([type]):not(:last-of-type), b > b, main script, main a').length") == 0)
    expect("hostile: it is shown as text", "<img src=x onerror" in b.script("return document.body.textContent"))
    errors = b.errors()
    expect("hostile: no error in the console", errors == [], errors)
    expect("hostile: a line of 1 MB does not make the page long", os.path.getsize(path) < LARGEST, os.path.getsize(path))


def outputs_are_harmless(logs):
    for args in (["--html"], ["--markdown"], ["--json"], [], ["-v"], ["--explain"], ["timeline"], ["timeline", "--format", "json"], ["timeline", "--format", "html"],
                 *(["timeline", "--template", t] for t in ("google-sre", "pagerduty", "atlassian", "etsy"))):
        out = run(*args, logs)
        text = out.decode("utf-8")
        name = "hostile: rca %s" % (" ".join(args) or "as text")
        expect(name + ": nothing a terminal obeys", not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text.split("!function", 1)[0]))
        expect(name + ": a line of 1 MB is cut", len(out) < LARGEST, len(out))
        if "html" in " ".join(args):
            expect(name + ": no markup from a log", "<img" not in text and text.count("</script>") == 2)
        elif "--markdown" in args or args[:1] == ["timeline"] and "json" not in args:
            expect(name + ": no markup from a log", not re.search(r"<img|<script|(?<!\\)\]\(javascript|(?<!\\)\*\*bold", text))


def main():
    print("# hostile lines in every output")
    logs = home + "/hostile"
    hostile.write(logs)
    outputs_are_harmless(logs)
    tools = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    try:
        from browser import Browser
    except ImportError:
        tools = None, None
    if not all(tools):
        print("# the page itself was not looked at: no Chromium with its driver and python3-selenium (apt-get install chromium chromium-driver python3-selenium)")
        return 1 if wrong else 77
    hour = home + "/hour"
    os.mkdir(hour)
    one_hour(hour)
    b = Browser(*tools)
    try:
        for name in ("web-stack-outage", "deploy-query", "unknown", "healthy"):
            path = page_of(name, "%s/%s/logs" % (cases, name))
            looks_right(b, name, path, json.loads(run("--json", "%s/%s/logs" % (cases, name))))
        looks_right(b, "one hour", page_of("hour", hour), json.loads(run("--json", hour)))
        is_used(b, home + "/web-stack-outage.html")
        stays_text(b, logs)
        if axe:
            document = home + "/document.html"
            with open(document, "wb") as f:
                f.write(run("timeline", "--format", "html", "%s/web-stack-outage/logs" % cases))
            is_accessible(b, "report", home + "/deploy-query.html", ALL)
            is_accessible(b, "healthy", home + "/healthy.html", ALL[:1])
            is_accessible(b, "post-mortem", document, ALL[1:])
        else:
            print("# not checked for accessibility: axe-core is not there (npm ci in tests/page)")
    finally:
        b.close()
    print("%d wrong" % len(wrong))
    return 1 if wrong else 0


try:
    status = main()
finally:
    shutil.rmtree(home, ignore_errors=True)
sys.exit(status)
