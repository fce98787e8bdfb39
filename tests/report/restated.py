#!/usr/bin/env python3
"""restated.py RCA DUMP-EVENTS CASES: the same incident in other programs' words has the same cause.

Recorded incidents are written anew as other web servers and loggers would have written them: the access
log by a row of ACCESS, the application's log by a row of APP, one at a time. What an answer owes to the
format it was corrected on shows here: rank 1 must stay a true root, no true root may be ruled out, and a
healthy window must stay silent."""
import datetime, gzip, json, os, re, shutil, subprocess, sys, tempfile

ACCESS, APP = {}, {}
CASES = ["deploy-bug", "deploy-query", "web-stack-outage", "provider-slow", "healthy-busy", "canary"]
COMBINED = re.compile(r'^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+) "[^"]*" "([^"]*)"(.*)$')


def row(table):
    def add(writer):
        table[writer.__name__] = writer
        return writer
    return add


def utc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc)


def iso(t, point="."):
    return utc(t).strftime("%Y-%m-%dT%H:%M:%S") + point + "%03d" % (utc(t).microsecond // 1000)


def clf(t):
    return utc(t).strftime("%d/%b/%Y:%H:%M:%S +0000")


# ---- the web server


def read_access(text):
    out = []
    for line in text.splitlines():
        if line.startswith("{"):
            j = json.loads(line)
            out.append({"t": float(j["msec"]), "client": j["remote_addr"], "method": j["method"], "uri": j["uri"], "status": int(j["status"]), "bytes": int(j["bytes"]), "agent": "curl/8.5.0",
                        "took": float(j["request_time"]), "peer": j["upstream_addr"].split(", ")[-1], "id": j["request_id"]})
            continue
        m = COMBINED.match(line)
        if not m:
            continue
        client, stamp, method, uri, status, size, agent, rest = m.groups()
        named, plain = re.search(r"rt=(\S+).*ua=\"([^\"]*)\" rid=(\S+)", rest), rest.split()
        took, peer, ident = named.groups() if named else (plain[0], plain[2], plain[-1])
        out.append({"t": datetime.datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").timestamp(), "client": client, "method": method, "uri": uri, "status": int(status), "bytes": int(size), "agent": agent,
                    "took": float(took), "peer": peer.split(", ")[-1], "id": ident})
    return sorted(out, key=lambda r: r["t"])


@row(ACCESS)
def combined(r):
    return '%(client)s - - [%(stamp)s] "%(method)s %(uri)s HTTP/1.1" %(status)d %(bytes)d "-" "%(agent)s"' % dict(r, stamp=clf(r["t"]))


@row(ACCESS)
def apache_microseconds(r):
    took = int(r["took"] * 1e6) + int(r["id"][:2] or "0", 16)
    return combined(dict(r, t=r["t"] - r["took"])) + " %d %s" % (took, r["id"])


@row(ACCESS)
def haproxy(r):
    ms, begin = int(r["took"] * 1000), utc(r["t"] - r["took"])
    server = "app/app%s" % r["peer"].split(":")[-1] if ":" in r["peer"] else "app/<NOSRV>"
    return '%s lb1 haproxy[812]: %s:40122 [%s.%03d] www~ %s 0/0/0/%d/%d %d %d - - %s 12/12/3/1/0 0/0 {%s} "%s %s HTTP/1.1"' % (
        utc(r["t"]).strftime("%b %e %H:%M:%S"), r["client"], begin.strftime("%d/%b/%Y:%H:%M:%S"), begin.microsecond // 1000, server, -1 if r["status"] in (502, 504) else ms, ms, r["status"], r["bytes"],
        {502: "SC--", 504: "sH--"}.get(r["status"], "----"), r["id"], r["method"], r["uri"])


@row(ACCESS)
def envoy(r):
    ms, flag = int(r["took"] * 1000), {502: "UF", 504: "UT"}.get(r["status"], "-")
    return '[%sZ] "%s %s HTTP/1.1" %d %s 0 %d %d %s "%s" "%s" "%s" "www.example.test" "%s"' % (
        iso(r["t"] - r["took"]), r["method"], r["uri"], r["status"], flag, r["bytes"], ms, ms if flag == "-" else "-", r["client"], r["agent"], r["id"], r["peer"])


@row(ACCESS)
def traefik(r):
    return json.dumps({"ClientHost": r["client"], "DownstreamContentSize": r["bytes"], "DownstreamStatus": r["status"], "Duration": int(r["took"] * 1e9), "OriginDuration": int(r["took"] * 1e9), "OriginStatus": r["status"],
                       "RequestMethod": r["method"], "RequestPath": r["uri"], "RequestProtocol": "HTTP/1.1", "RouterName": "web@file", "ServiceAddr": r["peer"], "ServiceName": "app@file",
                       "StartUTC": utc(r["t"] - r["took"]).isoformat().replace("+00:00", "Z"), "entryPointName": "web", "level": "info", "msg": "", "request_X-Request-Id": r["id"], "time": utc(r["t"]).strftime("%Y-%m-%dT%H:%M:%SZ")})


@row(ACCESS)
def caddy(r):
    return json.dumps({"level": "error" if r["status"] >= 500 else "info", "ts": r["t"], "logger": "http.log.access.log0", "msg": "handled request", "bytes_read": 0, "duration": r["took"], "size": r["bytes"], "status": r["status"],
                       "request": {"remote_ip": r["client"], "client_ip": r["client"], "proto": "HTTP/1.1", "method": r["method"], "host": "www.example.test", "uri": r["uri"], "headers": {"User-Agent": [r["agent"]], "X-Request-Id": [r["id"]]}}})


@row(ACCESS)
def iis(r):
    path, _, query = r["uri"].partition("?")
    return "%s 10.0.0.5 %s %s %s 80 - %s %s - %d 0 0 %d" % (utc(r["t"]).strftime("%Y-%m-%d %H:%M:%S"), r["method"], path, query or "-", r["client"], r["agent"].replace(" ", "+"), r["status"], int(r["took"] * 1000))


HEAD = {"iis": "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"}


# ---- the application


def read_app(dump, path):
    out = []
    for line in subprocess.run([dump, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode("utf-8", "replace").splitlines():
        j = json.loads(line)
        if "time" not in j:
            continue
        first, _, stack = j.get("body", "").partition("\n")
        if not stack and "exception.type" in j:
            stack = "%s: %s\n\tat com.example.Handler.handle(Handler.java:88)" % (j["exception.type"], j.get("exception.message", ""))
        said = {"method": j.get("http.request.method"), "path": j.get("url.path"), "status": j.get("http.response.status_code"), "request_id": j.get("rca.request.id"),
                "duration_ms": round(j["rca.duration"] / 1e6, 1) if "rca.duration" in j else None}
        text = first if "starting" in first else re.sub(r"\s+(\w+)=(\S+)", "", re.sub(r"^\[[^\]]*\] ", "", first)) or first
        level = j.get("severity") if j.get("severity") in ("debug", "info", "warn", "error") else "info"
        out.append({"t": datetime.datetime.fromisoformat(j["time"].replace("Z", "+00:00")).timestamp(), "level": level, "version": j.get("service.version"), "text": text, "stack": stack,
                    "type": j.get("exception.type"), "says": j.get("exception.message"), "said": {k: v for k, v in said.items() if v is not None}})
    return out


def pairs(r):
    return " ".join("%s=%s" % pair for pair in r["said"].items())


def traced(line, r):
    return line + ("\n" + r["stack"] if r["stack"] else "")


@row(APP)
def pino(r):
    out = {"level": {"debug": 20, "info": 30, "warn": 40, "error": 50}[r["level"]], "time": int(r["t"] * 1000), "pid": 17, "hostname": "ip-10-0-3-7", "name": r["service"], "reqId": r["said"].get("request_id")}
    if "status" in r["said"]:
        out.update(req={"method": r["said"].get("method"), "url": r["said"].get("path")}, res={"statusCode": r["said"]["status"]}, responseTime=r["said"].get("duration_ms"))
    if r["stack"]:
        out["err"] = {"type": r["type"] or "Error", "message": r["says"] or r["text"], "stack": r["stack"]}
    if r["version"]:
        out["version"] = r["version"]
    return json.dumps(dict(out, msg=r["text"]))


@row(APP)
def ecs(r):
    out = {"@timestamp": iso(r["t"]) + "Z", "log.level": r["level"].upper(), "message": r["text"], "ecs.version": "1.2.0", "service.name": r["service"], "log.logger": "com.example.Web"}
    if r["version"]:
        out["service.version"] = r["version"]
    if "status" in r["said"]:
        out.update({"http.request.method": r["said"].get("method"), "url.path": r["said"].get("path"), "http.response.status_code": r["said"]["status"], "event.duration": int(r["said"].get("duration_ms", 0) * 1e6)})
    if r["stack"]:
        out.update({"error.type": r["type"], "error.message": r["says"], "error.stack_trace": r["stack"]})
    return json.dumps(dict(out, **{"trace.id": r["said"].get("request_id")}))


@row(APP)
def serilog(r):
    out = {"@t": iso(r["t"]) + "0000Z", "@mt": r["text"], "Application": r["service"], "RequestId": r["said"].get("request_id")}
    if r["level"] != "info":
        out["@l"] = {"warn": "Warning", "error": "Error", "debug": "Debug"}[r["level"]]
    if "status" in r["said"]:
        out.update({"@mt": "HTTP {RequestMethod} {RequestPath} responded {StatusCode} in {Elapsed:0.0000} ms", "RequestMethod": r["said"].get("method"), "RequestPath": r["said"].get("path"),
                    "StatusCode": r["said"]["status"], "Elapsed": r["said"].get("duration_ms")})
    if r["stack"]:
        out["@x"] = r["stack"]
    return json.dumps(dict(out, Version=r["version"]) if r["version"] else out)


@row(APP)
def logback(r):
    return traced("%s %-5s [http-nio-8080-exec-4] c.e.web.RequestFilter - %s %s" % (iso(r["t"], ",").replace("T", " "), r["level"].upper(), r["text"], pairs(r)), r)


@row(APP)
def python_logging(r):
    return traced("%s - %s - %s - %s %s" % (iso(r["t"], ",").replace("T", " "), r["service"], {"warn": "WARNING"}.get(r["level"], r["level"].upper()), r["text"], pairs(r)), r)


@row(APP)
def logfmt(r):
    line = "ts=%sZ level=%s service=%s %smsg=%s %s" % (iso(r["t"]), r["level"], r["service"], "version=%s " % r["version"] if r["version"] else "", json.dumps(r["text"]), pairs(r))
    return line + (" err=%s stack=%s" % (json.dumps("%s: %s" % (r["type"], r["says"])), json.dumps(r["stack"])) if r["stack"] else "")


@row(APP)
def monolog(r):
    said = dict(r["said"], exception="[object] (%s(code: 0): %s at /srv/app/src/Kernel.php:88)" % (r["type"], r["says"])) if r["stack"] else r["said"]
    return "[%s000+00:00] app.%s: %s %s []" % (iso(r["t"]), {"warn": "WARNING"}.get(r["level"], r["level"].upper()), r["text"], json.dumps(said))


@row(APP)
def journald(r):
    text = traced("%s %s %s" % ({"warn": "WARNING"}.get(r["level"], r["level"].upper()), r["text"], pairs(r)), r)
    return json.dumps({"__REALTIME_TIMESTAMP": str(int(r["t"] * 1e6)), "_HOSTNAME": "web1", "PRIORITY": {"debug": "7", "info": "6", "warn": "4", "error": "3"}[r["level"]], "SYSLOG_IDENTIFIER": r["service"], "_PID": "812", "MESSAGE": text})


@row(APP)
def kubernetes(r):
    return "\n".join("%s123456Z stdout F %s" % (iso(r["t"]), line) for line in python_logging(r).split("\n"))


@row(APP)
def docker(r):
    return "\n".join(json.dumps({"log": line + "\n", "stream": "stdout", "time": iso(r["t"]) + "123456Z"}) for line in logback(r).split("\n"))


# ---- what must hold


def restate_access(case, into, writer):
    shutil.copytree(case, into)
    folder = into + "/logs/nginx"
    text = "".join(gzip.open(folder + "/" + f, "rt").read() for f in sorted(os.listdir(folder)) if f.startswith("access"))
    for f in os.listdir(folder):
        if f.startswith("access"):
            os.remove(folder + "/" + f)
    open(folder + "/access.log", "w").write(HEAD.get(writer, "") + "".join(ACCESS[writer](r) + "\n" for r in read_access(text)))


def restate_app(case, into, writer, dump):
    shutil.copytree(case, into)
    folder = into + "/logs/app"
    for f in sorted(os.listdir(folder)):
        name = re.match(r"(.*?)\.log", f)[1]
        records = [dict(r, service=re.sub(r"-\d+$", "", name)) for r in read_app(dump, folder + "/" + f)]
        os.remove(folder + "/" + f)
        open("%s/%s.log" % (folder, name), "w").write("".join(APP[writer](r) + "\n" for r in records))


def is_root(cause, root):
    words = " ".join([cause["subject"] or "", cause["service"] or ""] + [link["subject"] for link in cause["chain"]]).lower()
    return cause["kind"] in [root["kind"]] + root.get("also_ok", []) and all(m.lower() in words for m in root.get("match", []))


def judge(rca, case):
    truth = json.load(open(case + "/truth.json"))
    p = subprocess.run([rca, "--window", "%s..%s" % (truth["window"]["start"], truth["window"]["end"]), "--json", case + "/logs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.returncode == 0, p.stderr
    incidents = json.loads(p.stdout)["incidents"]
    assert len(incidents) == truth["incident"], "%d incidents" % len(incidents)
    for incident in incidents:
        top = incident["causes"][0]
        assert any(is_root(top, root) for root in truth["root"]), "rank 1: %s %s (%.2f)" % (top["kind"], top["subject"], top["confidence"])
        out = {v["kind"] for v in incident["ruled_out"] if v["verdict"] == "ruled_out"}
        assert not out & {root["kind"] for root in truth["root"]}, "a true root is ruled out"


def main():
    rca, dump, cases = (os.path.abspath(a) for a in sys.argv[1:4])
    done = wrong = 0
    for name in CASES:
        for table, writer in [(ACCESS, w) for w in ACCESS] + [(APP, w) for w in APP]:
            with tempfile.TemporaryDirectory() as d:
                into, why = d + "/" + name, ""
                try:
                    if table is ACCESS:
                        restate_access(cases + "/" + name, into, writer)
                    else:
                        restate_app(cases + "/" + name, into, writer, dump)
                    judge(rca, into)
                except AssertionError as e:
                    why = str(e)
                done, wrong = done + 1, wrong + bool(why)
                if why:
                    print("%s as %s: %s" % (name, writer, why))
    print("%d restated, %d wrong" % (done, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
