"""Log formats of the lab's application, one function each: (config, version, time, level, message, request id, error, traceback, fields) → line."""
import json, os, threading, time


def utc(now, digits):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + (".%09d" % int(now % 1 * 1e9))[:digits + 1]


def structlog(cfg, version, now, level, msg, rid, error, trace, kv):
    record = {**kv, "request_id": rid, "app_version": version, "logger": cfg["service"] + ".web", "level": {"WARN": "warning"}.get(level, level.lower()), "timestamp": utc(now, 6) + "Z", "event": msg}
    return json.dumps({**record, "exception": trace} if error else record)


def zap(cfg, version, now, level, msg, rid, error, trace, kv):
    record = {"level": level.lower(), "ts": round(now, 6), "caller": "web/handler.go:88", "msg": msg, "service": cfg["service"], "build": version, **kv, "req_id": rid}
    return json.dumps({**record, "error": str(error), "stacktrace": trace} if error else record)


def serilog(cfg, version, now, level, msg, rid, error, trace, kv):
    record = {"@t": utc(now, 7) + "Z", "@m": msg, **({} if level == "INFO" else {"@l": {"WARN": "Warning", "ERROR": "Error"}[level]}), **kv, "RequestId": rid, "Application": cfg["service"], "Version": version}
    return json.dumps({**record, "@x": trace} if error else record)


def bracketed(cfg, version, now, level, msg, rid, error, trace, kv):
    line = "[%s+00:00] [%d] [%s] [%s] %s %s" % (utc(now, 3), os.getpid(), level.ljust(5), rid or "-", msg, " ".join("%s=%s" % p for p in kv.items()))
    return line + ("\n" + trace if error else "")


def spring(cfg, version, now, level, msg, rid, error, trace, kv):
    line = "%sZ %5s %d --- [%s] [exec-%d] [%s] o.e.web.RequestLog : %s %s" % (utc(now, 3), level, os.getpid(), cfg["service"], threading.get_ident() % 20, rid, msg, " ".join("%s=%s" % p for p in kv.items()))
    if not error:
        return line
    return line + "\n\norg.example.web.%s: %s\n\tat org.example.web.Dispatcher.handle(Dispatcher.java:210) ~[app.jar!/:%s]\n\tat java.base/java.lang.Thread.run(Thread.java:1583) ~[na:na]\n" % (type(error).__name__, str(error).strip().replace("\n", " "), version)


FORMATS = {f.__name__: f for f in (structlog, zap, serilog, bracketed, spring)}
