"""Logs whose lines would be markup, terminal commands or lies about their own order, if anything let them."""
import os, random

SCRIPT = "</script><script>window.owned=1</script><img src=x onerror=window.owned=1>"
TERMINAL = "\033]0;owned\007\033[2J\033[31m"
BIDI = "\u202egnp.exe\u202c\u2066"
MARKDOWN = "[click](javascript:alert(1)) **bold** `code` | cell | # head"
LONG = "A" * 1000000


def write(folder):
    """A service whose errors say all that; the failing requests have one of their routes from it too."""
    os.makedirs(folder)
    r = random.Random(5)
    with open(folder + "/access.log", "w") as access, open(folder + "/app.log", "w") as app, open(folder + "/deploy.log", "w") as deploys:
        deploys.write("2026-11-24T14:09:58Z deployed shop 2.0%s%s %s\n" % (SCRIPT, TERMINAL, MARKDOWN))
        for s in range(1200):
            bad = s >= 600
            for k in range(8):
                failed = bad and k < 4
                path = "/%3Cscript%3E/<b>{x}</b>/" + str(r.randrange(90)) if failed else "/item/%d" % r.randrange(500)
                access.write('10.0.%d.%d - - [24/Nov/2026:14:%02d:%02d +0000] "GET %s HTTP/1.1" %d 900 "-" "%s" rt=%.3f\n'
                             % (r.randrange(4), r.randrange(250), s // 60, s % 60, path, 500 if failed else 200, MARKDOWN, 0.02 + r.random() / 50))
            if bad:
                app.write("2026-11-24 14:%02d:%02d,100 ERROR [shop] cannot render %s %s %s %s%s\n" % (s // 60, s % 60, SCRIPT, TERMINAL, BIDI, MARKDOWN, LONG if s == 700 else ""))
            else:
                app.write("2026-11-24 14:%02d:%02d,100 INFO [shop] served\n" % (s // 60, s % 60))
