"""Log files as streams of records, for those who change recordings: read, cut into records, tell and move their times.

A record is a line with the lines that continue it. Files that are one document (sadf) are one record."""
import bz2, gzip, io, lzma, os, re, subprocess
from datetime import datetime, timedelta, timezone

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
REQUEST_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
BEGINS = re.compile(r"[0-9]|[{\[]|time=|commit [0-9a-f]|# Time:|# User@Host|[A-Z][a-z]{2} [ 0-9]\d \d\d:")

# All the ways in which the recordings write a time: pattern, parts → (y, m, d, H, M, S), (parts, time) → text.
WAYS = {
    "sadf": (r'"date": ?"(\d{4})-(\d\d)-(\d\d)", ?"time": ?"(\d\d):(\d\d):(\d\d)"', lambda p: p,
             lambda p, t: t.strftime('"date": "%Y-%m-%d", "time": "%H:%M:%S"')),
    "iso": (r"(?<!\d)(\d{4})([-/])(\d\d)[-/](\d\d)([T ]+)(\d?\d):(\d\d):(\d\d)", lambda p: (p[0], p[2], p[3], *p[5:8]),
            lambda p, t: t.strftime("%Y{0}%m{0}%d".format(p[1])) + p[4] + t.strftime("%H:%M:%S")),
    "clf": (r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)", lambda p: (p[2], month(p[1]), p[0], *p[3:6]),
            lambda p, t: t.strftime("%d/{}/%Y:%H:%M:%S").format(MONTHS[t.month - 1])),
    "git": (r"([A-Z][a-z]{2}) ([A-Z][a-z]{2}) (\d\d?) (\d\d):(\d\d):(\d\d) (\d{4})", lambda p: (p[6], month(p[1]), *p[2:6]),
            lambda p, t: t.strftime("%a {} %d %H:%M:%S %Y").format(MONTHS[t.month - 1])),
    "syslog": (r"(?<![A-Za-z])([A-Z][a-z]{2}) ([ 0-9]\d) (\d\d):(\d\d):(\d\d)", lambda p: (2026, month(p[0]), *p[1:5]),
               lambda p, t: "%s %2d %s" % (MONTHS[t.month - 1], t.day, t.strftime("%H:%M:%S"))),
    "short": (r"(?<!\d)(\d\d)(\d\d)(\d\d)( +)(\d?\d):(\d\d):(\d\d)", lambda p: ("20" + p[0], p[1], p[2], *p[4:7]),
              lambda p, t: t.strftime("%y%m%d") + p[3] + t.strftime("%H:%M:%S")),
    "epoch": (r"(?<![0-9a-zA-Z.-])(179\d{7})(\d{9}|\d{6}|\d{3})?(?![0-9a-zA-Z])", None, lambda p, t: "%d%s" % (t.timestamp(), p[1] or "")),
}
TIME = re.compile("|".join("(?P<%s>%s)" % (name, way[0]) for name, way in WAYS.items()))


def month(name):
    return MONTHS.index(name) + 1 if name in MONTHS else 0


def read_time(m):
    """(parts, datetime) of a match of TIME; None when it only looks like a time. Zones are +00:00 in the recordings."""
    first = TIME.groupindex[m.lastgroup]
    parts = m.groups()[first:first + re.compile(WAYS[m.lastgroup][0]).groups]
    try:
        if m.lastgroup == "epoch":
            return parts, datetime.fromtimestamp(int(parts[0]), timezone.utc)
        return parts, datetime(*(int(x) for x in WAYS[m.lastgroup][1](parts)), tzinfo=timezone.utc)
    except ValueError:
        return None


def move(text, by):
    """@text with all times in it moved by @by seconds (whole)."""
    def moved(m):
        have = read_time(m)
        return WAYS[m.lastgroup][2](have[0], have[1] + timedelta(seconds=by)) if have else m[0]
    return TIME.sub(moved, text)


def time_of(record):
    """The first time that @record writes, as seconds; None without one."""
    for m in TIME.finditer(record, 0, 4000):
        have = read_time(m)
        if have:
            fraction = re.match(r"[.,](\d{1,9})", record[m.end():m.end() + 10]) if m.lastgroup != "epoch" or not have[0][1] else None
            part = float("0." + fraction[1]) if fraction else int(have[0][1]) / 10 ** len(have[0][1]) if m.lastgroup == "epoch" and have[0][1] else 0
            return have[1].timestamp() + part
    return None


def text_of(path):
    raw = open(path, "rb").read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    elif raw[:6] == b"\xfd7zXZ\0":
        raw = lzma.decompress(raw)
    elif raw[:3] == b"BZh":
        raw = bz2.decompress(raw)
    elif raw[:4] == b"\x28\xb5\x2f\xfd":
        raw = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    return raw.decode(errors="surrogateescape")


def plain(name):
    return re.sub(r"\.(gz|zst|xz|bz2)$", "", name)


def is_document(text):
    return text.startswith('{"sysstat"')


def records(text):
    if is_document(text):
        yield text
        return
    held = []
    for line in io.StringIO(text, newline=""):
        if held and BEGINS.match(line):
            yield "".join(held)
            held = []
        held.append(line)
    if held:
        yield "".join(held)
