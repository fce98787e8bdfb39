"""Changes, hosts, kernels and traces in the words of the programs that write them."""
import hashlib, json

from databases import ms3, utc


def iso(t):
    return ms3(t).replace(" ", "T")


def z(t):
    return utc(t).strftime("%Y-%m-%dT%H:%M:%SZ")


def words(c):
    return c.get("text") or c.get("note") or "release %s" % c["version"]


# ---- changes: a list of records → the text of one file


def lines(writer):
    return lambda cs: "".join(x + "\n" for c in cs for x in [writer(c)] if x)


@lines
def webhook(c):
    return json.dumps({k: v for k, v in {"event": {"deploy": "deployment", "config": "config", "flag": "feature_flag", "job": "job", "restart": "restart", "scale": "scale"}[c["kind"]], "at": iso(c["t"]) + "Z", "environment": "production",
                                         "service": c["service"], "version": c.get("version"), "status": "success" if c["kind"] == "deploy" else None, "text": c.get("text") or c.get("note") or None, "actor": "ci"}.items() if v is not None})


def kubectl(cs):
    out = []
    for i, c in enumerate(cs):
        if c["kind"] == "deploy":
            out.append({"involvedObject": {"kind": "Deployment", "name": c["service"], "namespace": "prod"}, "reason": "ScalingReplicaSet", "message": "Scaled up replica set %s-%s to 1" % (c["service"], "7d9f8%05x" % (i * 7919)), "type": "Normal", "t": c["t"]})
            out.append({"involvedObject": {"kind": "Pod", "name": "%s-7d9f8%05x-x2k4p" % (c["service"], i * 7919), "namespace": "prod"}, "reason": "Pulled", "message": 'Container image "registry.example/%s:%s" already present on machine' % (c["service"], c["version"]), "type": "Normal", "t": c["t"] + 1})
        else:
            out.append({"involvedObject": {"kind": "ConfigMap" if c["kind"] != "job" else "CronJob", "name": c["service"], "namespace": "prod"}, "reason": {"job": "SuccessfulCreate", "scale": "SuccessfulRescale", "restart": "Killing"}.get(c["kind"], "Updated"), "message": c["text"], "type": "Normal", "t": c["t"]})
    items = [{"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e%d" % i, "namespace": "prod", "creationTimestamp": z(e["t"])}, "firstTimestamp": z(e["t"]), "lastTimestamp": z(e.pop("t")), "count": 1, **e} for i, e in enumerate(out)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1) + "\n"


@lines
def github(c):
    if c["kind"] != "deploy":
        return webhook([c]).strip()
    return json.dumps({"action": "created", "deployment_status": {"state": "success", "created_at": z(c["t"]), "environment": "production", "description": words(c)},
                       "deployment": {"sha": "8f3c1d%034x" % int(hashlib.sha1(c["version"].encode()).hexdigest()[:8], 16), "ref": c["version"], "task": "deploy", "environment": "production", "created_at": z(c["t"] - 90), "creator": {"login": "release-bot"}},
                       "repository": {"name": c["service"], "full_name": "acme/" + c["service"]}, "sender": {"login": "release-bot"}})


@lines
def capistrano(c):
    if c["kind"] == "deploy":
        return "[%s] Branch %s (at 8f3c1d0) of %s deployed as release %s by ci" % (z(c["t"]), c["version"], c["service"], utc(c["t"]).strftime("%Y%m%d%H%M%S"))
    return "[%s] %s: %s" % (z(c["t"]), c["service"], c["text"])


@lines
def chatops(c):
    if c["kind"] == "deploy":
        return "%s deploybot: %s %s rolled out to production by maria (%s)" % (ms3(c["t"])[:19], c["service"], c["version"], words(c))
    return "%s opsbot: %s: %s" % (ms3(c["t"])[:19], c["service"], c["text"])


@lines
def argocd(c):
    if c["kind"] == "deploy":
        return json.dumps({"time": z(c["t"]), "level": "info", "msg": "Sync operation to %s succeeded" % c["version"], "application": c["service"], "dest-namespace": "prod", "dest-server": "https://kubernetes.default.svc", "reason": "OperationCompleted", "type": "Normal"})


def helm(cs):
    rows = [{"revision": i + 3, "updated": iso(c["t"]) + "Z", "status": "deployed", "chart": "%s-1.4.0" % c["service"], "app_version": c["version"], "description": "Upgrade complete"} for i, c in enumerate(cs) if c["kind"] == "deploy"]
    return json.dumps(rows) + "\n"


def git(cs):
    out = []
    for i, c in reversed(list(enumerate(cs))):
        what = "%s: release %s" % (c["service"], c["version"]) if c["kind"] == "deploy" else "%s: %s" % (c["service"], c["text"])
        out.append("commit %s%s\nAuthor: CI <ci@example.test>\nDate:   %s +0000\n\n    %s\n" % (hashlib.sha1(what.encode()).hexdigest(), " (tag: %s)" % c["version"] if c["kind"] == "deploy" else "", utc(c["t"]).strftime("%a %b %e %H:%M:%S %Y").replace("  ", " "), what))
    return "\n".join(out)


@lines
def systemd(c):
    if c["kind"] == "deploy":
        return "%s web1 systemd[1]: Started %s.service - %s %s." % (utc(c["t"]).strftime("%b %e %H:%M:%S"), c["service"], c["service"], c["version"])
    return "%s web1 %s[812]: %s" % (utc(c["t"]).strftime("%b %e %H:%M:%S"), c["service"], c["text"])


def csv(cs):
    return "time,service,version,kind,summary\n" + "".join('%s,%s,%s,%s,"%s"\n' % (iso(c["t"]) + "Z", c["service"], c.get("version") or "", c["kind"], words(c)) for c in cs)


CHANGES = {"webhook": ("deploys/events.jsonl", webhook), "kubectl": ("k8s/events.json", kubectl), "github": ("ci/deployments.jsonl", github), "capistrano": ("deploys/revisions.log", capistrano),
           "chatops": ("chat/deploys.log", chatops), "argocd": ("argocd/notifications.jsonl", argocd), "git": ("git/log.txt", git), "csv": ("changes/calendar.csv", csv)}


# ---- hosts: samples {"t", "host", cpu, iowait, steal, mem, disk, util, runq} with ratios


def vmstat(s):
    idle = 100 - s["cpu"] * 100 - s["iowait"] * 100 - s["steal"] * 100
    return " %2d  %d      0 %8d  120400 2622484    0    0   218   423  600  944 %2d %2d %3d %2d %2d %s" % (max(1, s["cpu"] * 4), s["iowait"] * 8, 16e6 * (1 - s["mem"]), s["cpu"] * 80, s["cpu"] * 20, max(0, idle), s["iowait"] * 100, s["steal"] * 100, ms3(s["t"])[:19])


def sar(s):
    idle = 100 - s["cpu"] * 100 - s["iowait"] * 100 - s["steal"] * 100
    return "%s        all   %7.2f      0.00   %7.2f   %7.2f   %7.2f   %7.2f" % (utc(s["t"]).strftime("%H:%M:%S"), s["cpu"] * 80, s["cpu"] * 20, s["iowait"] * 100, s["steal"] * 100, max(0, idle))


def sadf(samples, host):
    stats = [{"timestamp": {"date": utc(s["t"]).strftime("%Y-%m-%d"), "time": utc(s["t"]).strftime("%H:%M:%S"), "utc": 1, "interval": 10},
              "cpu-load": [{"cpu": "all", "user": s["cpu"] * 80, "nice": 0.0, "system": s["cpu"] * 20, "iowait": s["iowait"] * 100, "steal": s["steal"] * 100, "idle": max(0, 100 - 100 * (s["cpu"] + s["iowait"] + s["steal"]))}],
              "memory": {"memfree": int(16e6 * (1 - s["mem"])), "avail": int(16e6 * (1 - s["mem"])), "memused": int(16e6 * s["mem"]), "memused-percent": s["mem"] * 100},
              "queue": {"runq-sz": int(s["cpu"] * 4), "plist-sz": 300, "ldavg-1": s["cpu"] * 4, "ldavg-5": 1.0, "ldavg-15": 1.0, "blocked": 0}} for s in samples]
    return json.dumps({"sysstat": {"hosts": [{"nodename": host, "sysname": "Linux", "release": "6.1.0", "machine": "x86_64", "number-of-cpus": 4, "file-date": utc(samples[0]["t"]).strftime("%Y-%m-%d"), "timezone": "UTC", "statistics": stats}]}}) + "\n"


def write_hosts(tongue, samples, folder):
    """-> {path: text}"""
    out = {}
    for host in sorted({s["host"] for s in samples}):
        mine = [s for s in samples if s["host"] == host]
        if tongue == "vmstat":
            head = "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- ----------cpu---------- -----timestamp-----\n   r    b         swpd         free         buff        cache   si   so    bi    bo   in   cs  us  sy  id  wa  st                 UTC\n"
            out["%s/%s/vmstat.log" % (folder, host)] = head + "".join(vmstat(s) + "\n" for s in mine)
        elif tongue == "sar":
            out["%s/%s/sar.txt" % (folder, host)] = "Linux 6.1.0-18-amd64 (%s) \t03/13/26 \t_x86_64_\t(4 CPU)\n\n%s        CPU     %%user     %%nice   %%system   %%iowait    %%steal     %%idle\n" % (host, utc(mine[0]["t"] - 10).strftime("%H:%M:%S")) + "".join(sar(s) + "\n" for s in mine)
        elif tongue == "sadf":
            out["%s/%s/sadf.json" % (folder, host)] = sadf(mine, host)
        elif tongue == "prometheus":
            series = [("1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[1m]))", "cpu"), ("iowait", "iowait")]
            result = [{"metric": {"__name__": name, "instance": host + ":9100", "job": "node"}, "values": [[int(s["t"]), "%.4f" % s[key]] for s in mine]} for name, key in (("instance:node_cpu_utilisation:rate1m", "cpu"), ("instance:node_memory_utilisation:ratio", "mem"))]
            out["%s/%s.json" % (folder, host)] = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}) + "\n"
    return out


def kernel(k):
    return "%s %s kernel: %s" % (utc(k["t"]).strftime("%b %e %H:%M:%S"), k["host"], k["text"])


# ---- traces as the only source of the application


def otlp(spans, service):
    out = []
    for s in spans:
        attrs = [{"key": k, "value": {"stringValue": v} if isinstance(v, str) else {"intValue": str(v)}} for k, v in s["attrs"].items()]
        span = {"traceId": s["trace"], "spanId": s["id"], "parentSpanId": s.get("parent", ""), "name": s["name"], "kind": s["kind"], "startTimeUnixNano": str(int(s["t"] * 1e9)), "endTimeUnixNano": str(int((s["t"] + s["took"]) * 1e9)), "attributes": attrs,
                "status": {"code": 2, "message": s["error"][1]} if s.get("error") else {}}
        if s.get("error"):
            span["events"] = [{"timeUnixNano": span["endTimeUnixNano"], "name": "exception", "attributes": [{"key": "exception.type", "value": {"stringValue": s["error"][0]}}, {"key": "exception.message", "value": {"stringValue": s["error"][1]}}]}]
        out.append(json.dumps({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}, {"key": "service.version", "value": {"stringValue": s["version"]}}, {"key": "service.instance.id", "value": {"stringValue": s["inst"]}}]},
                                                  "scopeSpans": [{"scope": {"name": "http"}, "spans": [span]}]}]}))
    return "\n".join(out) + "\n"


def zipkin(spans, service):
    out = []
    for s in spans:
        tags = {k: str(v) for k, v in s["attrs"].items()}
        if s.get("error"):
            tags["error"] = "%s: %s" % s["error"]
        out.append(json.dumps({"traceId": s["trace"], "id": s["id"], "parentId": s.get("parent"), "name": s["name"], "kind": {2: "SERVER", 3: "CLIENT"}[s["kind"]], "timestamp": int(s["t"] * 1e6), "duration": int(s["took"] * 1e6), "localEndpoint": {"serviceName": service}, "tags": tags}))
    return "[" + ",\n".join(out) + "]\n"


TRACES = {"otlp": otlp, "zipkin": zipkin}
