"""A stack says in which programs' words a world is told; write() leaves its logs in a folder."""
import os, random, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "report"))
import databases, others
from restated import ACCESS, APP, HEAD, clf, combined
from world import T0
from databases import utc


def nginx_timed(r):
    return combined(r) + ' rt=%.3f uct="0.001" urt="%s" ua="%s" us="%s" rid=%s' % (r["took"], "%.3f" % r["took"] if r["peer"] else "-", r["peer"] or "-", r["status"] if r["peer"] else "-", r["id"])


def gunicorn(r):
    return combined(r) + " %d" % int(r["took"] * 1e6)


WEB = dict(ACCESS, nginx_timed=nginx_timed, gunicorn=gunicorn)

STACKS = {
    "java-k8s": dict(site="rest", lang="java", access="envoy", app="ecs", db="pg_json", changes="kubectl", hosts="prometheus"),
    "php-lamp": dict(site="php", lang="php", access="apache_microseconds", app="monolog", db="mariadb", changes="capistrano", hosts="vmstat"),
    "node-mongo": dict(site="graphql", lang="node", access="nginx_timed", app="pino", db="mongo", changes="github", hosts="sadf"),
    "python-rds": dict(site="slugs", lang="python", access="haproxy", app="python_logging", db="pg_rds", changes="chatops", hosts="sar", rate=40),
    "go-traces": dict(site="rpc", lang="go", access="traefik", app="otlp", db="mysql", changes="argocd", hosts=None),
    "java-syslog": dict(site="slugs", lang="java", access="nginx_timed", app="logback", db="pg_syslog", changes="git", hosts="sar", rate=5, seconds=1500, onset=900, end=1260),
    "node-docker": dict(site="rest", lang="node", access="caddy", app="docker", db="pg_csv", changes="csv", hosts="sadf"),
    "quiet-village": dict(site="php", lang="python", access="gunicorn", app="journald", db="pg_berlin", changes="webhook", hosts=None, rate=0.5, seconds=7200, onset=4000, end=6000),
    "no-app-log": dict(site="rest", lang="go", access="nginx_timed", app=None, db="pg", changes="webhook", hosts="vmstat"),
    "only-access": dict(site="slugs", lang="php", access="nginx_timed", app=None, db="none", changes=None, hosts=None),
    "no-changes": dict(site="graphql", lang="python", access="envoy", app="logfmt", db="pg", changes=None, hosts="sar"),
    "busy": dict(site="rest", lang="go", access="nginx_timed", app="logfmt", db="pg", changes="webhook", hosts="prometheus", rate=150, seconds=240, onset=140, end=200),
    "blink": dict(site="rpc", lang="node", access="caddy", app="pino", db="mysql", changes="webhook", hosts="sadf", rate=60, seconds=300, onset=200, end=220),
    "zipkin-shop": dict(site="rest", lang="java", access="iis", app="zipkin", db="none", changes="webhook", hosts=None),
}


def peer(r):
    return "10.0.3.%d:8080" % (11 + r.inst) if r.inst is not None else ""


def access_rows(w, writer):
    rows = []
    for r in w.requests:
        rows.append((T0 + r.t + r.took, {"t": T0 + r.t + r.took, "client": r.client, "method": r.method, "uri": r.uri, "status": r.status, "bytes": r.bytes, "agent": r.agent, "took": r.took, "peer": peer(r), "id": r.id}))
    return HEAD.get(writer, "") + "".join(WEB[writer](row) + "\n" for _, row in sorted(rows, key=lambda x: x[0]))


NGINX_ERROR = {
    "refused": 'connect() failed (111: Connection refused) while connecting to upstream, client: %(client)s, server: www, request: "%(method)s %(uri)s HTTP/1.1", upstream: "http://%(peer)s%(uri)s", host: "www"',
    "timed_out": 'upstream timed out (110: Connection timed out) while reading response header from upstream, client: %(client)s, server: www, request: "%(method)s %(uri)s HTTP/1.1", upstream: "http://%(peer)s%(uri)s", host: "www"',
    "no_live": 'no live upstreams while connecting to upstream, client: %(client)s, server: www, request: "%(method)s %(uri)s HTTP/1.1", upstream: "http://app%(uri)s", host: "www"',
    "limit": 'limiting requests, excess: 5.884 by zone "perip", client: %(client)s, server: www, request: "%(method)s %(uri)s HTTP/1.1", host: "www"',
    "too_large": 'client intended to send too large body: 2214004 bytes, client: %(client)s, server: www, request: "%(method)s %(uri)s HTTP/1.1", host: "www"',
}


def nginx_errors(w):
    out = []
    for r in w.requests:
        for what in r.extra:
            text = NGINX_ERROR[what] % {"client": r.client, "method": r.method, "uri": r.uri, "peer": peer(r)}
            out.append((r.t + r.took, "%s [error] 811#811: *%d %s" % (utc(T0 + r.t + r.took).strftime("%Y/%m/%d %H:%M:%S"), int(r.t * 10) + 17, text)))
    return "".join(line + "\n" for _, line in sorted(out))


def app_record(w, r):
    said = {"method": r.method, "path": r.uri.split("?")[0], "status": r.status, "request_id": r.id, "duration_ms": round(r.took * 1000, 1)}
    stack = "%s: %s\n\tat com.acme.Handler.handle(Handler.java:88)" % (r.type, r.says) if r.type else ""
    return {"t": T0 + r.t + r.took, "level": r.level, "version": r.version, "text": r.text or "request completed", "stack": stack, "type": r.type, "says": r.says, "said": said, "service": w.site.service}


def app_files(w, writer):
    """-> {path: text}: a file an instance, with a line at each start."""
    out = {}
    for inst in range(w.n_instances):
        rows = [app_record(w, r) for r in w.requests if r.inst == inst and r.level and r.status != 499]
        for t, version in [(0, "4.1.0")] + w.versions.get(inst, []):
            rows.append({"t": T0 + t, "level": "info", "version": version, "text": "%s %s starting, pid %d" % (w.site.service, version, 2000 + inst), "stack": "", "type": None, "says": None, "said": {}, "service": w.site.service})
        for a in w.app:
            if a["inst"] == inst:
                rows.append({"t": T0 + a["t"], "level": a["level"], "version": None, "text": a["text"], "stack": "", "type": None, "says": None, "said": {}, "service": w.site.service})
        out["app/%s-%d.log" % (w.site.service, inst + 1)] = "".join(APP[writer](dict(x)) + "\n" for x in sorted(rows, key=lambda x: x["t"]))
    return out


def spans(w):
    out = []
    for r in w.requests:
        if not r.level or r.inst is None:
            continue
        error = (r.type, r.says) if r.type else None
        route = r.route.path.split("?")[0]
        base = {"trace": r.id, "version": r.version, "inst": "%s-%d" % (w.site.service, r.inst + 1)}
        out.append(dict(base, id=r.id[:16], name="%s %s" % (r.method, route), kind=2, t=T0 + r.t, took=r.took, error=error,
                        attrs={"http.request.method": r.method, "http.route": route, "url.path": r.uri.split("?")[0], "http.response.status_code": r.status}))
        if r.call_ms and r.took > 0:
            died = error and w.site.provider in (r.says or "")
            out.append(dict(base, id=r.id[8:24], parent=r.id[:16], name="POST", kind=3, t=T0 + r.t + 0.001, took=r.took - 0.002 if died else min(r.call_ms / 1000, r.took), error=error if died else None,
                            attrs={"http.request.method": "POST", "server.address": w.site.provider, "url.full": "https://%s/v2/charge" % w.site.provider}))
        for n, s in enumerate(r.statements):
            out.append(dict(base, id="%016x" % (int(r.id[:8], 16) + n + 1), parent=r.id[:16], name="%s %s" % (s[0][0].upper(), s[0][1]), kind=3, t=T0 + r.t + 0.002, took=min(s[1] / 1000, max(r.took, 0.001)), error=None,
                            attrs={"db.system": "mysql", "db.statement": databases.sql({"verb": s[0][0], "table": s[0][1], "column": s[0][2]}), "db.name": w.site.database, "server.address": "db1"}))
    return sorted(out, key=lambda s: s["t"] + s["took"])


def statements(w):
    """The statements of requests that the database found slow, and what plights noted."""
    rows = [dict(n, t=T0 + n["t"]) for n in w.db]
    for r in w.requests:
        at = r.t
        for (verb, table, column, _), ms, examined in r.statements:
            at += ms / 1000
            if ms >= 200 and r.status != 499 and not (r.type and "time" in (r.says or "") and ms >= 3000):
                rows.append({"t": T0 + at, "what": "slow", "verb": verb, "table": table, "column": column, "ms": ms, "rows": examined or 30, "db": w.site.database, "pid": 3000 + r.inst if r.inst is not None else 3000, "n": int(r.t * 7) % 5000})
    # what any database says on a quiet day
    rng, t = random.Random(5), 20.0
    while t < w.seconds:
        rows.append({"t": T0 + t, "what": "checkpoint", "db": w.site.database})
        rows.append({"t": T0 + t + 7, "what": "vacuum", "db": w.site.database, "table": "sessions"})
        rows.append({"t": T0 + t + 11, "what": "slow", "verb": "count", "table": "audit", "column": "day", "ms": rng.uniform(250, 700), "rows": 90000, "db": w.site.database})
        t += rng.uniform(25, 60)
    return sorted(rows, key=lambda r: r["t"])


def samples(w):
    out, rng = [], random.Random(9)
    for host in ("web1", "db1"):
        t = 0
        while t < w.seconds:
            s = {"t": T0 + t, "host": host, "cpu": 0.3 + 0.1 * rng.random(), "iowait": 0.01 + 0.02 * rng.random(), "steal": 0.0, "mem": 0.5 + 0.02 * rng.random()}
            for where, how in w.gauges:
                if where == host:
                    s.update({k: f(t) for k, f in how.items()})
            out.append(s)
            t += 10
    return out


def put(folder, rel, text):
    if text:
        path = os.path.join(folder, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)


def write(w, stack, folder):
    name = {"haproxy": "lb/haproxy.log", "envoy": "envoy/access.log", "iis": "iis/u_ex260313.log"}.get(stack["access"], "web/access.log")
    put(folder, name, access_rows(w, stack["access"]))
    if stack["access"].startswith("nginx"):
        put(folder, "web/error.log", nginx_errors(w))
    if stack["app"] in others.TRACES:
        put(folder, "traces/spans.json", others.TRACES[stack["app"]](spans(w), w.site.service))
    elif stack["app"]:
        for rel, text in app_files(w, stack["app"]).items():
            put(folder, rel, text)
    rows = statements(w)
    for rel, writer in databases.DATABASES[stack["db"]].items():
        put(folder, rel, databases.HEADS.get(rel, "") + "".join(x + "\n" for x in map(writer, rows) if x))
    changes = sorted((dict(c, t=T0 + c["t"]) for c in w.changes), key=lambda c: c["t"])
    if stack["changes"] and changes:
        rel, writer = others.CHANGES[stack["changes"]]
        told = [c for c in changes if c["kind"] == "deploy" or stack["changes"] not in ("git", "capistrano", "argocd")]
        put(folder, rel, writer(told))
        put(folder, "ops/events.jsonl", others.webhook([c for c in changes if c not in told]))
    if stack["hosts"]:
        for rel, text in others.write_hosts(stack["hosts"], samples(w), "host").items():
            put(folder, rel, text)
        put(folder, "kernel/kern.log", "".join(others.kernel(dict(k, t=T0 + k["t"])) + "\n" for k in sorted(w.kernel, key=lambda k: k["t"])))
